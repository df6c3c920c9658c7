/* SPDX-License-Identifier: MIT
 *
 * composer: what is being written: the line editor, the first key of a two-key binding, and which
 * message the text is a new version of.
 */
#ifndef QINS_COMPOSER_H
#define QINS_COMPOSER_H

#include "editor.h"
#include "external_editor.h"
#include "file_hint.h"
#include "keymap.h"
#include "prompt.h"

struct app;

enum composer_prefix { PREFIX_NONE, PREFIX_CTRL_X, PREFIX_QUOTE };

struct composer {
    struct editor editor;
    enum composer_prefix prefix;     /* the key before, which waits for another one */
    struct buf waiting;              /* a message that is sent when the answer has ended */
    struct file_hint files;          /* what the text will put into the message */
    bool told_ascii;                 /* that the screen shows no other characters */
    bool rewriting;                  /* the input is a new version of ... */
    int32_t rewritten;               /* ... this message */
    struct external_editor external; /* the editor program that has the terminal */
    void (*composed)(struct app *a, const char *text, size_t n);
};

void composer_free(struct composer *c);
/* The next key is for the composer, whatever it is bound to. */
bool composer_waits(const struct composer *c);
/* What comes before the key map: the search through the history, two-key bindings, vi. -> true: the
 * key is done; false: *key is to be looked up, with K_CTRL_X if Ctrl-X came before. */
bool composer_key(struct composer *c, int32_t *key, struct prompt *p);
void composer_act(struct composer *c, enum action action, struct prompt *p);
/* A paste begins: what waited for a key is over. */
void composer_paste_start(struct composer *c);
/* Says so if the editor has refused text for want of room. */
void composer_tell_if_full(struct composer *c, struct prompt *p);

#endif
