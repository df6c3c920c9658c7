/* SPDX-License-Identifier: MIT
 *
 * compressed: .qins files whose tensors are compressed with zstd. Such a file is a safetensors file
 * that holds another one, the *inner* file, in pieces that all cores decode at once:
 *   compressed.header      the inner file's length and JSON, as one chunk
 *   compressed.dictionary  of all chunks; absent: none
 *   NAME                   an inner tensor, cut into chunks of chunk_bytes (the last one is
 * shorter) compressed.index       u32 LE: stored bytes of every chunk of every tensor, in inner
 * order all U8. A chunk is one zstd frame that states its decoded size and ends with its XXH64, so
 * that damage is found while it is decoded. The metadata are the inner file's, but for the version,
 * the checksums (here of what is stored) and META_COMPRESSED.
 */
#ifndef QINS_COMPRESSED_H
#define QINS_COMPRESSED_H

#include "safetensors.h"

/* JSON: {"method":"zstd","level":N,"chunk_bytes":N,"header_bytes":N,"file_bytes":N}; the last two
 * are the inner file's. */
#define META_COMPRESSED "qins.compressed"
#define TENSOR_INNER_HEADER "compressed.header"
#define TENSOR_INDEX "compressed.index"
#define TENSOR_DICTIONARY "compressed.dictionary"

enum {
    COMPRESSED_LEAST_CHUNK = 1 << 12,
    COMPRESSED_MOST_CHUNK = 1 << 24,
    COMPRESSED_MOST_GROWTH = 64 /* times that a file may grow: no model does */
};

struct compressed_chunk {
    uint64_t from, to; /* where it begins in the file, and in the inner file */
    uint32_t stored, bytes;
};

struct compressed {
    struct safetensors outer, inner; /* headers */
    struct buf header;               /* of the inner file, as it stands there */
    uint64_t file_bytes;             /* of the inner file */
    uint64_t chunk_bytes;
    struct compressed_chunk *chunks; /* [n_chunks] in the order of the inner file */
    size_t n_chunks;
    uint32_t most_stored; /* of one chunk */
    int fd;
    void *dictionary;
};

/* What a function of zstd has returned, if it is not that memory was too little: that ends the
 * program. */
size_t compressed_result(size_t result);

bool compressed_is(const struct safetensors *st);
/* What it says that it is when decoded; 0: it is not compressed. */
uint64_t compressed_inner_bytes(const struct safetensors *st);

/* Validates headers and index; nothing of the size of the inner file is allocated. On failure
 * nothing stays open. */
bool compressed_open(struct compressed *c, const char *path, struct error *err);
void compressed_close(struct compressed *c);

/* What one thread decodes with. */
struct compressed_reader {
    const struct compressed *c;
    void *context;
    uint8_t *stored; /* [most_stored] */
};
void compressed_reader_init(struct compressed_reader *r, const struct compressed *c);
void compressed_reader_free(struct compressed_reader *r);
/* Decodes a chunk into out[chunk->bytes]. */
bool compressed_read(struct compressed_reader *r, size_t chunk, void *out, struct error *err);

/* -> the inner file in anonymous memory (huge_memory_free), decoded by every CPU that this
 * process may use; huge pages where the system has them. Refuses what does not fit memory. */
void *compressed_decode(const char *path, size_t *size, uint64_t *stored_bytes, struct error *err);

#endif
