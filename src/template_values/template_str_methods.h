/* SPDX-License-Identifier: MIT
 *
 * template_str_methods: the methods of strings.
 */
#ifndef QINS_TEMPLATE_STR_METHODS_H
#define QINS_TEMPLATE_STR_METHODS_H

#include "template_arguments.h"
#include "template_method_names.h"

struct value str_method_call(struct work *w, struct value s, enum method m,
                             const struct arguments *a);

#endif
