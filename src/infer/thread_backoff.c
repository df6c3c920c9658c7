/* SPDX-License-Identifier: MIT */
#include "thread_backoff.h"

enum {
    WINDOW_MS = 100, /* of work between judgements: some slices of a scheduler */
    FIRST_PAUSE_MS = 1000,
    LONGEST_PAUSE_MS = 8000,
};

void thread_backoff_init(struct thread_backoff *c, unsigned n_threads)
{
    *c = (struct thread_backoff){
        .n_threads = n_threads, .n_active = n_threads, .pause_ms = FIRST_PAUSE_MS};
}

static bool is_too_many(const struct thread_backoff *c, double cpu_ms)
{
    double away = c->spent_ms - (cpu_ms - c->cpu_ms); /* from a CPU */
    return away > (c->n_active < 4 ? 0.6 / c->n_active : 0.15) * c->spent_ms;
}

static void drop_one(struct thread_backoff *c, double now_ms)
{
    c->pause_ms = !c->trying ? FIRST_PAUSE_MS : 2 * c->pause_ms;
    if (c->pause_ms > LONGEST_PAUSE_MS)
        c->pause_ms = LONGEST_PAUSE_MS;
    c->n_active--;
    c->until_ms = now_ms + c->pause_ms;
}

bool thread_backoff_note(struct thread_backoff *c, double spent_ms)
{
    c->spent_ms += spent_ms;
    return c->spent_ms >= WINDOW_MS;
}

bool thread_backoff_judge(struct thread_backoff *c, double now_ms, double cpu_ms)
{
    unsigned before = c->n_active;
    bool many = c->n_active > 1 && is_too_many(c, cpu_ms), trying = false;
    if (many && (c->suspected || c->trying)) {
        drop_one(c, now_ms);
        many = false;
    } else if (!many && c->n_active < c->n_threads && now_ms >= c->until_ms) {
        c->n_active++;
        trying = true;
    }
    c->suspected = many;
    c->trying = trying;
    c->spent_ms = 0;
    c->cpu_ms = cpu_ms;
    return c->n_active != before;
}
