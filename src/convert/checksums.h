/* SPDX-License-Identifier: MIT
 *
 * checksums: the SHA-256 of every tensor of a .qins file, kept in its metadata (META_CHECKSUMS), so
 * that damage to a file can be found and named. JSON: tensor name -> hexadecimal; the name
 * "__metadata__" stands for the entries that decide how the model computes. A compressed file has
 * them twice: of what is stored, and in the header that is inside of what it decodes to.
 */
#ifndef QINS_CHECKSUMS_H
#define QINS_CHECKSUMS_H

#include "convert.h"
#include "pool.h"

struct checksum_options {
    convert_progress_fn *progress; /* or NULL */
    void *arg;
};

/* Text of as many bytes as the checksums of a file with this layout will take. Caller frees. */
char *checksums_blank(const struct file_layout *l);
/* The checksums of a file whose tensors are in place. Caller frees; NULL: *err. */
char *checksums_of_file(const char *path, struct pool *pool, const struct checksum_options *o,
                        struct error *err);

struct damaged_tensor {
    char *name;          /* raw: sanitise before printing */
    uint64_t begin, end; /* bytes of the file */
};

struct checksum_report {
    size_t n_tensors;
    uint64_t n_bytes;               /* of the tensors, decoded if the file is compressed */
    uint64_t compressed_bytes;      /* as they are stored; 0: the file is not compressed */
    struct damaged_tensor *damaged; /* [n_damaged] */
    size_t n_damaged;
};

/* Compares a file with the checksums in it. -> false with EX_DATAERR when something is damaged
 * (*report says what), with EX_UNAVAILABLE when it holds no checksums. Free the report in any case.
 */
bool checksums_verify(const char *path, unsigned n_threads, const struct checksum_options *o,
                      struct checksum_report *report, struct error *err);
void checksum_report_free(struct checksum_report *report);

#endif
