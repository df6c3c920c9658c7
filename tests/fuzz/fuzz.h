/* SPDX-License-Identifier: MIT
 *
 * fuzz: what every fuzzer of a parser needs. A fuzzer is one file, fuzz_NAME.c, with a function
 * LLVMFuzzerTestOneInput. Built by clang with -Dfuzz=true it looks for inputs that make the parser
 * fail; in every other build replay.c gives it its seeds and what once failed.
 */
#ifndef QINS_FUZZ_H
#define QINS_FUZZ_H

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max); /* libFuzzer's */

/* What must hold for every input. */
#define FUZZ_CHECK(ok) ((ok) ? (void)0 : fuzz_found(#ok, __FILE__, __LINE__))
_Noreturn void fuzz_found(const char *what, const char *file, int line);

/* Memory that ran out ends the program (die of base.h), and is no finding: the input ends here, and
 * what it had allocated is no leak. First in LLVMFuzzerTestOneInput:
 *     if (FUZZ_DIES())
 *         return 0; */
#define FUZZ_DIES() (fuzz_arm(), setjmp(fuzz_way_out) != 0)
extern jmp_buf fuzz_way_out;
void fuzz_arm(void);

/* The input as a text to read, whose last bytes decide how. */
struct feed {
    const char *text; /* copied: reading behind it is noticed */
    size_t n;
    uint32_t random; /* the state of fuzz_below; from the bytes that are not text */
};

/* The last n_choices bytes become choices; 0 each if there are not so many. */
struct feed fuzz_feed(const uint8_t *data, size_t n, uint8_t *choices, size_t n_choices);
void fuzz_feed_free(struct feed *f);
/* A number below `end`, which follows from the input. */
uint32_t fuzz_below(struct feed *f, uint32_t end);
/* How many of the left bytes come next, 1 to left: pieces of a few bytes, or of many. */
size_t fuzz_piece(struct feed *f, size_t left);

/* The bytes as a file, which the next call replaces. -> fd */
int fuzz_file(const void *bytes, size_t n, const char **path);
/* A folder for this process, in memory if there is such a one; its end removes it if it is empty.
 */
const char *fuzz_folder(void);

/* Valid UTF-8 without control characters but '\n' and '\t'. */
bool fuzz_is_fit_to_print(const char *s, size_t n);

#endif
