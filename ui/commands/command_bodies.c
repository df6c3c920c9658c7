/* SPDX-License-Identifier: MIT */
#include "command_bodies.h"

#include "about.h"
#include "chat_bench.h"
#include "chat_compact.h"
#include "chat_compare.h"
#include "chat_conversations.h"
#include "chat_find.h"
#include "chat_model.h"
#include "chat_settings.h"
#include "chat_thinking.h"
#include "chat_tokens.h"
#include "chat_versions.h"

/* ---- conversations and versions ------------------------------------------------------- */

void run_new(struct chat_session *s, const char *argument)
{
    (void)argument;
    chat_new(s);
    chat_notice(s, "A new conversation");
}

void run_open(struct chat_session *s, const char *argument)
{
    chat_open_command(s, argument);
}

void run_save(struct chat_session *s, const char *argument)
{
    chat_save_command(s, argument);
}

void run_export(struct chat_session *s, const char *argument)
{
    chat_export(s, argument);
}

void run_regen(struct chat_session *s, const char *argument)
{
    (void)argument;
    chat_regenerate(s);
}

void run_edit(struct chat_session *s, const char *argument)
{
    chat_edit(s, argument);
}

void run_undo(struct chat_session *s, const char *argument)
{
    (void)argument;
    chat_undo(s);
}

void run_continue(struct chat_session *s, const char *argument)
{
    (void)argument;
    chat_continue(s);
}

void run_compact(struct chat_session *s, const char *argument)
{
    chat_compact(s, argument);
}

void run_branch(struct chat_session *s, const char *argument)
{
    chat_branch(s, argument);
}

/* ---- settings ------------------------------------------------------------------------- */

void run_system(struct chat_session *s, const char *argument)
{
    chat_system(s, argument);
}

void run_preset(struct chat_session *s, const char *argument)
{
    chat_choose_preset(s, argument);
}

void run_model(struct chat_session *s, const char *argument)
{
    chat_choose_model(s, argument);
}

void run_set(struct chat_session *s, const char *argument)
{
    chat_set(s, argument);
}

void run_json(struct chat_session *s, const char *argument)
{
    chat_json(s, argument);
}

void run_think(struct chat_session *s, const char *argument)
{
    chat_think(s, argument);
}

/* ---- pages and numbers ---------------------------------------------------------------- */

void run_about(struct chat_session *s, const char *argument)
{
    struct buf text = {0};
    (void)argument;
    about(&text, s->ready ? s->model_name : NULL, &s->status);
    s->face->page(s->self, "About QINS", text.data);
    buf_free(&text);
}

void run_thinking(struct chat_session *s, const char *argument)
{
    (void)argument;
    chat_show_thinking(s);
}

void run_stats(struct chat_session *s, const char *argument)
{
    struct buf text = {0};
    (void)argument;
    chat_read_memory(s);
    status_report(&s->status, s->face->full_screen, &text);
    s->face->page(s->self, "Numbers", text.data);
    buf_free(&text);
}

void run_bench(struct chat_session *s, const char *argument)
{
    (void)argument;
    chat_bench(s);
}

void run_tokens(struct chat_session *s, const char *argument)
{
    chat_tokens(s, argument);
}

void run_compare(struct chat_session *s, const char *argument)
{
    chat_compare(s, argument);
}

/* ---- reading -------------------------------------------------------------------------- */

void run_find(struct chat_session *s, const char *argument)
{
    if (s->face->find)
        s->face->find(s->self, argument);
    else
        chat_find(s, argument);
}

void run_copy(struct chat_session *s, const char *argument)
{
    s->face->copy(s->self, argument);
}

void run_raw(struct chat_session *s, const char *argument)
{
    (void)argument;
    s->face->raw(s->self);
}

void run_bare(struct chat_session *s, const char *argument)
{
    (void)argument;
    s->face->bare(s->self);
}

void run_quit(struct chat_session *s, const char *argument)
{
    (void)argument;
    s->face->quit(s->self);
}
