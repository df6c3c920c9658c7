/* SPDX-License-Identifier: MIT
 *
 * template_loop: the `loop` of a for statement. Items are taken one by one, and one ahead only if
 * loop.last or loop.nextitem asks, since the filter of a loop may depend on what its body does.
 */
#ifndef QINS_TEMPLATE_LOOP_H
#define QINS_TEMPLATE_LOOP_H

#include "template_walk.h"

struct loop {
    struct walk walk;
    /* Whether the loop's `if` lets an item pass; NULL: all do. */
    bool (*passes)(struct work *w, struct loop *l, struct value item);
    void *runner; /* whoever runs the loop, and what it needs in order to do so */
    const void *statement;
    void *scope;
    struct list *rest; /* fetched in order to count; NULL: not yet */
    uint32_t n_rest_used;
    int64_t index0, length; /* length -1: not yet known */
    uint32_t depth0;        /* of recursive loops */
    bool recursive;
    struct value before, current, after; /* MISSING: none; `after`: not fetched yet */
    struct value last_changed;
};

void loop_start(struct loop *l, struct work *w, struct value of);
bool loop_next(struct work *w, struct loop *l);
/* loop.index and so on. -> false: it has no such attribute. */
bool loop_attribute(struct work *w, struct loop *l, const char *name, size_t n, struct value *out);
/* loop.cycle and loop.changed. */
struct value loop_cycle(struct work *w, const struct loop *l, const struct list *values);
struct value loop_changed(struct work *w, struct loop *l, struct list *values);

#endif
