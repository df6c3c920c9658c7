/* SPDX-License-Identifier: MIT */
#include "chat_face.h"

#include <string.h>

#include "attention.h"
#include "chat_files.h"
#include "chat_settings.h"
#include "chat_thinking.h"
#include "chat_turn.h"
#include "chat_versions.h"
#include "compose.h"
#include "copy.h"
#include "find.h"
#include "fold.h"
#include "lists.h"
#include "look.h"
#include "pager.h"
#include "question.h"
#include "token_layer.h"

/* ---- the conversation ----------------------------------------------------------------- */

static void show_versions(struct app *a, int32_t number)
{
    int which, n = conversation_versions(&a->chat.conversation, number, &which);
    transcript_versions(&a->reader.transcript, which, n);
}

/* The line of the last item's thinking, and whether the rest of it is shown. */
static void show_thought(struct app *a, int32_t number)
{
    struct transcript *t = &a->reader.transcript;
    const struct conversation *c = &a->chat.conversation;
    char line[96];
    transcript_thought(t, thought_line(&c->messages[number], t->items[t->n - 1].thought.running,
                                       line, sizeof line));
    transcript_open(t, t->n - 1, reader_is_open(&a->reader, c, number));
}

/* The files in a message of the user stand before it as the thinking before an answer. */
static void show_files(struct app *a, int32_t number)
{
    struct transcript *t = &a->reader.transcript;
    const struct conversation *c = &a->chat.conversation;
    char line[96];
    struct buf files = {0};
    if (!chat_files_line(&a->chat, number, line, sizeof line))
        return;
    chat_files_text(&c->messages[number], &files);
    transcript_think(t, files.data, files.len);
    transcript_thought(t, line);
    transcript_open(t, t->n - 1, reader_is_open(&a->reader, c, number));
    buf_free(&files);
}

static void show_message(struct app *a, int32_t number)
{
    struct transcript *t = &a->reader.transcript;
    const struct message *m = &a->chat.conversation.messages[number];
    transcript_add(t, m->role == CHAT_USER ? ITEM_USER : ITEM_ANSWER, "", 0);
    if (m->thinking.len)
        transcript_think(t, m->thinking.data, m->thinking.len);
    show_files(a, number);
    size_t n;
    const char *typed = chat_files_typed(m, &n);
    if (n)
        transcript_append(t, typed, n);
    show_versions(a, number);
    if (!m->open)
        transcript_finish(t, chat_mark_of(m));
    if (m->thinking.len)
        show_thought(a, number);
}

static void path_changed(void *self, bool elsewhere)
{
    struct app *a = self;
    (void)elsewhere;
    a->composer.rewriting = false;
    token_layer_close(a);
    transcript_clear(&a->reader.transcript);
    for (size_t i = 0; i < a->chat.conversation.n_path; i++)
        show_message(a, a->chat.conversation.path[i]);
    transcript_bottom(&a->reader.transcript);
    a->wants |= REACT_DIRTY;
}

static void said(void *self, int32_t number)
{
    show_message(self, number);
}

static bool answer_is_open(const struct transcript *t)
{
    return t->n && t->items[t->n - 1].kind == ITEM_ANSWER && !t->items[t->n - 1].ended;
}

static void answers(void *self, int32_t number)
{
    struct app *a = self;
    if (!answer_is_open(&a->reader.transcript)) {
        transcript_add(&a->reader.transcript, ITEM_ANSWER, "", 0);
        transcript_bottom(&a->reader.transcript);
    }
    if (number != NO_MESSAGE)
        show_versions(a, number);
    a->wants |= REACT_DIRTY;
}

static bool is_thinking(const struct transcript *t)
{
    return t->n && t->items[t->n - 1].thought.running;
}

static void thinking(void *self, const char *text, size_t n)
{
    struct app *a = self;
    transcript_think(&a->reader.transcript, text, n);
    show_thought(a, a->chat.writing);
}

static void text(void *self, const char *text, size_t n)
{
    struct app *a = self;
    struct transcript *t = &a->reader.transcript;
    bool thought = is_thinking(t);
    transcript_append(t, text, n);
    if (thought)
        show_thought(a, a->chat.writing);
}

static void answered(void *self, const char *mark)
{
    struct app *a = self;
    struct transcript *t = &a->reader.transcript;
    transcript_finish(t, mark);
    if (t->items[t->n - 1].thought.there)
        show_thought(a, a->chat.writing);
    attention_answered(a);
}

static void note(void *self, const char *text)
{
    struct app *a = self;
    transcript_add(&a->reader.transcript, ITEM_NOTE, "", 0);
    transcript_finish(&a->reader.transcript, text);
    a->wants |= REACT_DIRTY;
}

/* ---- telling, asking ------------------------------------------------------------------ */

static void changed(void *self)
{
    struct app *a = self;
    a->composer.editor.vi.on = strcmp(options_text(a->chat.options, OPT_KEYMAP), "vi") == 0;
    sliders_for_model(&a->sliders, &a->chat.status);
    fold_by_option(a);
    if (a->chat.turn && is_thinking(&a->reader.transcript))
        show_thought(a, a->chat.writing);
    a->wants |= REACT_DIRTY;
}

static void notice(void *self, const char *text)
{
    app_notice(self, "%s", text);
}

static void page(void *self, const char *name, const char *text)
{
    pager_open(self, name, text);
}

static void reply(struct app *a, bool yes)
{
    chat_reply(&a->chat, yes);
}

static bool ask(void *self, const char *question)
{
    app_ask(self, reply, question);
    return true;
}

static void list(void *self, enum chat_list which)
{
    switch (which) {
    case CHAT_CONVERSATIONS: lists_conversations(self); break;
    case CHAT_BRANCHES: lists_branches(self); break;
    case CHAT_MODELS: lists_models(self); break;
    }
}

/* ---- writing -------------------------------------------------------------------------- */

static void rewrite(void *self, int32_t number)
{
    struct app *a = self;
    const struct message *m = &a->chat.conversation.messages[number];
    size_t n;
    const char *typed = chat_files_typed(m, &n);
    editor_set(&a->composer.editor, typed, n);
    a->focus = FOCUS_INPUT;
    a->composer.rewriting = true;
    a->composer.rewritten = number;
    app_notice(a, "Enter %s it as a new version (the old one is kept); Esc cancels",
               m->role == CHAT_USER ? "sends" : "keeps");
}

void chat_face_send(struct app *a, const char *text, size_t n)
{
    if (!a->composer.rewriting) {
        chat_send(&a->chat, text, n);
        return;
    }
    a->composer.rewriting = false;
    chat_rewrite(&a->chat, a->composer.rewritten, text, n);
}

static void take_system(struct app *a, const char *text, size_t n)
{
    (void)n;
    chat_take_system(&a->chat, text);
}

static void edit_system(void *self, const char *now)
{
    compose_text(self, now, take_system);
}

/* ---- what only the screen has --------------------------------------------------------- */

static void quit(void *self)
{
    ((struct app *)self)->wants |= REACT_QUIT;
}

static void add_help(void *self, struct buf *out, bool before)
{
    (void)self;
    if (before)
        keymap_help(out);
}

static bool look(void *self, struct error *err)
{
    return look_apply(self, err);
}

/* Whoever writes a message meanwhile goes on: the layer would take the keys. */
static void show_tokens(struct app *a, int32_t number, bool compares)
{
    if (a->composer.editor.text.len)
        app_notice(a, compares ? "Compared: /compare shows it" : "Known now: /tokens shows them");
    else
        token_layer_open(a, number, compares);
}

static void tokens(void *self, int32_t number)
{
    show_tokens(self, number, false);
}

static void compared(void *self, int32_t number)
{
    show_tokens(self, number, true);
}

static void find(void *self, const char *text)
{
    find_text(self, text);
}

static void copy(void *self, const char *what)
{
    copy_command(self, what);
}

static void raw(void *self)
{
    look_toggle_raw(self);
}

static void bare(void *self)
{
    look_toggle_bare(self);
}

const struct chat_face screen_chat_face = {
    .full_screen = true,
    .stop_key = "Esc",
    .path_changed = path_changed,
    .said = said,
    .answers = answers,
    .text = text,
    .thinking = thinking,
    .answered = answered,
    .note = note,
    .changed = changed,
    .notice = notice,
    .page = page,
    .ask = ask,
    .list = list,
    .rewrite = rewrite,
    .edit_system = edit_system,
    .quit = quit,
    .add_help = add_help,
    .look = look,
    .tokens = tokens,
    .compared = compared,
    .find = find,
    .copy = copy,
    .raw = raw,
    .bare = bare,
};
