/* SPDX-License-Identifier: MIT */
#include "exchange.h"

#include <stdlib.h>

struct exchange *exchange_new(struct completion_request *r, exchange_wake_fn *wake, void *arg)
{
    struct exchange *x = xcalloc(1, sizeof *x);
    x->request = *r;
    *r = (struct completion_request){0};
    x->wake = wake;
    x->wake_arg = arg;
    x->submitted_ms = now_ms();
    x->usage.n_prompt = (uint32_t)x->request.ids.n;
    atomic_store(&x->n_users, 1);
    pthread_mutex_init(&x->lock, NULL);
    return x;
}

void exchange_use(struct exchange *x)
{
    atomic_fetch_add(&x->n_users, 1);
}

void exchange_free(struct exchange *x)
{
    if (!x || atomic_fetch_sub(&x->n_users, 1) > 1)
        return;
    completion_request_free(&x->request);
    buf_free(&x->text);
    buf_free(&x->thinking);
    pthread_mutex_destroy(&x->lock);
    free(x);
}

/* With the lock held. */
static void wake(struct exchange *x)
{
    if (!x->waits)
        return;
    x->waits = false;
    x->wake(x->wake_arg);
}

static void move(struct buf *to, struct buf *from)
{
    buf_append(to, from->data, from->len);
    from->len = 0;
}

void exchange_push(struct exchange *x, struct buf *text, struct buf *thinking,
                   const struct exchange_usage *usage)
{
    const bool is_news = text->len + thinking->len > 0;
    pthread_mutex_lock(&x->lock);
    x->usage = *usage;
    if (text->len > 0)
        move(&x->text, text);
    if (thinking->len > 0)
        move(&x->thinking, thinking);
    if (is_news && x->request.stream)
        wake(x);
    pthread_mutex_unlock(&x->lock);
}

void exchange_finish(struct exchange *x, enum exchange_end end, const struct error *failure)
{
    pthread_mutex_lock(&x->lock);
    x->end = end;
    if (failure)
        x->failure = *failure;
    wake(x);
    pthread_mutex_unlock(&x->lock);
}

bool exchange_take(struct exchange *x, bool until_end, struct exchange_news *out,
                   void (*sleep)(void *arg), void *arg)
{
    pthread_mutex_lock(&x->lock);
    const bool has_text = x->text.len + x->thinking.len > 0;
    const bool is_news = x->end != EXCHANGE_OPEN || (has_text && !until_end);
    if (is_news) {
        *out = (struct exchange_news){x->text, x->thinking, x->end, x->usage};
        x->text = x->thinking = (struct buf){0};
    } else {
        x->waits = true;
        sleep(arg);
    }
    pthread_mutex_unlock(&x->lock);
    return is_news;
}

void exchange_cancel(struct exchange *x)
{
    atomic_store(&x->cancelled, true);
    pthread_mutex_lock(&x->lock);
    wake(x);
    pthread_mutex_unlock(&x->lock);
}

void exchange_leave(struct exchange *x)
{
    atomic_store(&x->cancelled, true);
    pthread_mutex_lock(&x->lock);
    x->waits = false;
    pthread_mutex_unlock(&x->lock);
}
