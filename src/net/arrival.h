/* SPDX-License-Identifier: MIT
 *
 * arrival: what has come of a model's weights, between the thread that downloads them and the one
 * that converts them meanwhile. Their files lie one behind the other, in the order in which they
 * are downloaded, as one stream of bytes; the converter waits for a position in it.
 *
 * What has come is not verified. Each file is when it is whole, and only the end of the stream says
 * that all of them are: what was made of the bytes counts from then on. Bytes that are taken back
 * (a file that is downloaded again from its start) make the whole arrival ARRIVAL_LOST: who has
 * read them begins again when the download is over.
 */
#ifndef QINS_ARRIVAL_H
#define QINS_ARRIVAL_H

#include "base.h"
#include "blob_hash.h"

/* A file of the stream; does not change from arrival_begin on. */
struct arriving_file {
    struct arrival *arrival;
    char *name;
    uint64_t bytes, begin; /* where it begins in the stream */
    char sha256[BLOB_NAME_MAX + 1];
    struct buf header; /* its first bytes, with the list of its tensors */
};

enum arrival_state {
    ARRIVAL_COMES,
    ARRIVAL_THERE,
    ARRIVAL_LOST, /* bytes were taken back, or the download has failed */
};
#define ARRIVAL_END UINT64_MAX /* a position: all is there and verified */

struct arrival;

struct arrival *arrival_new(void);
void arrival_free(struct arrival *a); /* NULL is fine */

/* ---- for who downloads; a NULL arrival and names that were not added are passed over ---- */

/* In the order of the stream. Takes the header over. */
void arrival_add(struct arrival *a, const char *name, uint64_t bytes, const char *sha256,
                 struct buf *header);
/* All are added, and what else the model needs is in the folder. */
void arrival_begin(struct arrival *a, const char *folder);
/* The file's first n bytes are there, to be read from fd, which is not kept. */
void arrival_grow(struct arrival *a, const char *name, int fd, uint64_t n);
/* All of it is at `path`, and verified. */
void arrival_whole(struct arrival *a, const char *name, const char *path);
/* The file begins again. */
void arrival_take_back(struct arrival *a, const char *name);
/* Nothing more comes; all is verified, or the download has failed. */
void arrival_end(struct arrival *a, bool verified);

/* ---- for who converts ---- */

/* -> the folder, when arrival_begin was called; NULL: not within `ms`, or never. */
const char *arrival_folder(struct arrival *a, double ms);
/* -> NULL: not among them, or a is NULL. After arrival_begin. */
const struct arriving_file *arrival_find(const struct arrival *a, const char *name);
/* Waits for at most `ms` until all before this position is there. */
enum arrival_state arrival_wait(struct arrival *a, uint64_t position, double ms);
/* How much of the stream is there, and how long it is. */
uint64_t arrival_come(struct arrival *a);
uint64_t arrival_bytes(const struct arrival *a);
/* Of a file that has begun: -> fd, to close, for reads at offsets alone; -1: *err. */
int arrival_open(const struct arriving_file *f, struct error *err);
/* Whether a whole file is at its path as it was when it was verified. */
bool arrival_unchanged(const struct arriving_file *f, struct error *err);

#endif
