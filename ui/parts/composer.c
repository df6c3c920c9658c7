/* SPDX-License-Identifier: MIT */
#include "composer.h"

#include "keys.h"
#include "vi.h"

void composer_free(struct composer *c)
{
    editor_free(&c->editor);
    buf_free(&c->waiting);
    file_hint_free(&c->files);
}

bool composer_waits(const struct composer *c)
{
    return c->editor.search.on || c->prefix != PREFIX_NONE;
}

static void insert_quoted(struct composer *c, int32_t key, struct prompt *p)
{
    if (key == K_TAB)
        editor_type(&c->editor, '\t');
    else if (key == K_ENTER || key == (K_CTRL | 'j'))
        editor_type(&c->editor, '\n');
    else if (key >= 0x20 && key < K_NONE)
        editor_type(&c->editor, key);
    else
        prompt_notice(p, "A message cannot hold control characters");
}

bool composer_key(struct composer *c, int32_t *key, struct prompt *p)
{
    enum composer_prefix prefix = c->prefix;
    if (c->editor.search.on && editor_search_key(&c->editor, *key))
        return true;
    c->prefix = PREFIX_NONE;
    if (prefix == PREFIX_QUOTE) {
        insert_quoted(c, *key, p);
        return true;
    }
    if (prefix == PREFIX_CTRL_X) {
        *key |= K_CTRL_X;
        return false;
    }
    if (*key == (K_CTRL | 'x')) {
        c->prefix = PREFIX_CTRL_X;
        prompt_notice(p, "Ctrl-X -");
        return true;
    }
    return vi_key(&c->editor, *key);
}

void composer_act(struct composer *c, enum action action, struct prompt *p)
{
    if (action == ACT_QUOTED_INSERT) {
        c->prefix = PREFIX_QUOTE;
        prompt_notice(p, "Ctrl-Q -");
    } else {
        editor_act(&c->editor, action);
    }
}

void composer_paste_start(struct composer *c)
{
    c->prefix = PREFIX_NONE;
    if (c->editor.search.on)
        editor_search_key(&c->editor, K_ESC);
    editor_paste_start(&c->editor);
}

void composer_tell_if_full(struct composer *c, struct prompt *p)
{
    if (c->editor.full)
        prompt_notice(p, "The input is full: it holds at most %d MB", EDITOR_MAX_BYTES >> 20);
    c->editor.full = false;
}
