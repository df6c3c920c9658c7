/* SPDX-License-Identifier: MIT
 *
 * Compressed .qins files: headers, index, dictionary and chunks.
 */
#include <unistd.h>

#include "compressed.h"
#include "fuzz.h"

static void read_all(const struct compressed *c)
{
    enum { MOST = 1 << 16 };
    struct compressed_reader r;
    struct error err = {0};
    compressed_reader_init(&r, c);
    for (size_t i = 0; i < c->n_chunks && i < 64; i++) {
        const struct compressed_chunk *chunk = &c->chunks[i];
        FUZZ_CHECK(chunk->stored <= c->most_stored && chunk->bytes <= c->chunk_bytes);
        FUZZ_CHECK(chunk->to + chunk->bytes <= c->file_bytes);
        void *out = xmalloc(chunk->bytes);
        compressed_read(&r, i, out, &err);
        free(out);
    }
    compressed_reader_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct compressed c = {0};
    struct error err = {0};
    const char *path;
    if (FUZZ_DIES())
        return 0;
    int fd = fuzz_file(data, n, &path);
    if (compressed_open(&c, path, &err)) {
        read_all(&c);
        compressed_close(&c);
    } else {
        FUZZ_CHECK(err.code && err.text[0]);
    }
    close(fd);
    return 0;
}
