/* SPDX-License-Identifier: MIT */
#include "saving.h"

#include <stdlib.h>

void saving_free(struct saving *s)
{
    store_close(s->store);
    free(s->folder);
    free(s->reason);
    buf_free(&s->news);
    *s = (struct saving){0};
}

static void tell(struct saving *s, const char *text)
{
    buf_free(&s->news);
    buf_puts(&s->news, text);
}

char *saving_news(struct saving *s)
{
    char *news = s->news.data;
    s->news = (struct buf){0};
    return news;
}

static void set_aside(struct saving *s)
{
    struct error err;
    char *name = store_set_aside(s->folder, &err);
    char *text =
        name ? xasprintf("The file of saved conversations is damaged; it was renamed to %s", name)
             : xstrdup(err.text);
    tell(s, text);
    free(text);
    free(name);
}

/* A damaged file gives way to a new one. A disk that does not answer looks the same at first, but
 * not when the file is opened anew: so it is damaged when that is said twice. */
static void take_damage(struct saving *s)
{
    if (s->suspected)
        set_aside(s);
    s->suspected = !s->suspected;
}

static void close_store(struct saving *s)
{
    store_close(s->store);
    s->store = NULL;
}

struct store *saving_store(struct saving *s, struct error *err)
{
    if (s->off)
        return error_set_null(err, EX_UNAVAILABLE, "Nothing is saved: --no-save");
    if (!s->folder)
        return error_set_null(err, EX_UNAVAILABLE, "Nothing can be saved: HOME is not set");
    if (s->store && store_state(s->store) != STORE_GOOD) {
        bool damaged = store_state(s->store) == STORE_DAMAGED;
        close_store(s);
        if (damaged)
            take_damage(s);
    }
    if (!s->store)
        s->store = store_open(s->folder, err);
    for (int i = 0; i < 2 && !s->store && store_state(NULL) == STORE_DAMAGED; i++) {
        take_damage(s);
        s->store = store_open(s->folder, err);
    }
    return s->store;
}

void saving_later(struct saving *s)
{
    double pause = s->failed ? SAVE_RETRY_MS : SAVE_EVERY_MS;
    if (pause < SAVE_PAUSE * s->took_ms)
        pause = SAVE_PAUSE * s->took_ms;
    if (!s->off && s->due <= 0)
        s->due = now_ms() + pause;
}

static void fail(struct saving *s, const struct error *err)
{
    char *text = xasprintf("Not saved: %s", err->text);
    if (!s->failed && !s->news.len)
        tell(s, text);
    free(s->reason);
    s->reason = text;
    s->failed = true;
    s->due = s->folder ? now_ms() + SAVE_RETRY_MS : 0;
}

bool saving_now(struct saving *s, struct conversation *c)
{
    struct error err;
    double start = now_ms();
    s->due = 0;
    if (s->off || !conversation_unsaved(c))
        return !s->off;
    for (int attempt = 0; attempt < 3; attempt++) {
        struct store *store = saving_store(s, &err);
        if (!store)
            break;
        if (store_save(store, c, &err)) {
            s->failed = s->suspected = false;
            s->took_ms = now_ms() - start;
            return true;
        }
        enum store_state state = store_state(store);
        if (state == STORE_GOOD || state == STORE_READ_ONLY)
            break;
        if (state == STORE_REPLACED || s->suspected)
            conversation_detach(c); /* it goes, whole, into the file that is there now */
    }
    fail(s, &err);
    return false;
}

void saving_release(struct saving *s)
{
    if (s->store)
        store_release(s->store);
}
