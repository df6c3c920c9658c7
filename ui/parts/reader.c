/* SPDX-License-Identifier: MIT */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

void reader_init(struct reader *r)
{
    *r = (struct reader){0};
    transcript_init(&r->transcript);
    transcript_init(&r->pager);
}

void reader_free(struct reader *r)
{
    transcript_free(&r->transcript);
    transcript_free(&r->pager);
    buf_free(&r->find);
    free(r->folds);
}

bool reader_shows_raw(const struct reader *r, const struct options *o)
{
    return r->raw != (strcmp(options_text(o, OPT_MARKDOWN), "true") != 0);
}

enum emoji reader_emoji(const struct options *o)
{
    const char *how = options_text(o, OPT_EMOJI);
    return strcmp(how, "safe") == 0    ? EMOJI_SAFE
           : strcmp(how, "ascii") == 0 ? EMOJI_ASCII
                                       : EMOJI_NATIVE;
}

static struct fold *fold_of(const struct reader *r, const struct conversation *c, int32_t number)
{
    for (size_t i = 0; i < r->n_folds; i++)
        if (r->folds[i].number == number && r->folds[i].time == c->messages[number].time)
            return &r->folds[i];
    return NULL;
}

bool reader_is_open(const struct reader *r, const struct conversation *c, int32_t number)
{
    const struct fold *fold = fold_of(r, c, number);
    return fold ? fold->open : r->all_open && c->messages[number].role != CHAT_USER;
}

void reader_fold(struct reader *r, const struct conversation *c, int32_t number, bool open)
{
    struct fold *fold = fold_of(r, c, number);
    if (!fold) {
        r->folds = xgrow(r->folds, r->n_folds, &r->cap_folds, sizeof *r->folds);
        fold = &r->folds[r->n_folds++];
    }
    *fold = (struct fold){c->messages[number].time, number, open};
}

void reader_fold_all(struct reader *r, bool open)
{
    r->n_folds = 0;
    r->all_open = open;
}

bool reader_scroll(struct transcript *pane, enum action action)
{
    int page = pane->height > 2 ? pane->height - 1 : 1, half = page / 2 > 0 ? page / 2 : 1;
    switch (action) {
    case ACT_PAGE_UP: transcript_scroll(pane, -page); return true;
    case ACT_PAGE_DOWN: transcript_scroll(pane, page); return true;
    case ACT_HALF_UP: transcript_scroll(pane, -half); return true;
    case ACT_HALF_DOWN: transcript_scroll(pane, half); return true;
    case ACT_LINE_UP: transcript_scroll(pane, -1); return true;
    case ACT_LINE_DOWN: transcript_scroll(pane, 1); return true;
    case ACT_SCROLL_TOP: transcript_top(pane); return true;
    case ACT_SCROLL_BOTTOM: transcript_bottom(pane); return true;
    case ACT_MESSAGE_PREVIOUS: transcript_jump(pane, -1); return true;
    case ACT_MESSAGE_NEXT: transcript_jump(pane, 1); return true;
    default: return false;
    }
}
