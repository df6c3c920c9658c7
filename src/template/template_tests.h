/* SPDX-License-Identifier: MIT
 *
 * template_tests: what may stand behind `is`.
 */
#ifndef QINS_TEMPLATE_TESTS_H
#define QINS_TEMPLATE_TESTS_H

#include "template_arguments.h"

/* -> which test, or -1. */
int test_find(const char *name, size_t n);
bool test_run(struct work *w, int test, struct value v, const struct arguments *a);

#endif
