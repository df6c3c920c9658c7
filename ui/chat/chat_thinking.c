/* SPDX-License-Identifier: MIT */
#include "chat_thinking.h"

#include <string.h>

#include "options.h"
#include "units.h"

/* ---- /think --------------------------------------------------------------------------- */

static void tell_mode(struct chat_session *s)
{
    const struct thinking_info *can = &s->status.can_think;
    const char *now = options_text(s->options, OPT_THINK);
    if (!can->kind)
        chat_notice(s, "This model does not think before it answers");
    else if (can->has_effort)
        chat_notice(s, "Thinking is %s; /think low, medium, high or auto changes it%s", now,
                    can->can_switch ? ", /think off stops it" : "");
    else if (can->can_switch)
        chat_notice(s, "Thinking is %s; /think on, off or auto changes it", now);
    else
        chat_notice(s,
                    "This model's template has no switch for thinking; /set think_tokens N limits "
                    "it");
}

/* What a model that thinks makes of a mode that its template does not know, or NULL. */
static const char *objection(const struct thinking_info *can, enum think_mode mode)
{
    if (mode == THINK_OFF && !can->can_switch)
        return can->has_effort
                   ? "this model always thinks; low is the least"
                   : "but this model's template has no such switch; /set think_tokens N "
                     "limits it";
    if (mode == THINK_ON && can->has_effort)
        return "this model knows efforts, not on; it takes its own (see /think low, medium, high)";
    if (mode >= THINK_LOW && !can->has_effort)
        return can->can_switch ? "this model knows only on and off; that means on"
                               : "but this model's template knows no effort";
    return NULL;
}

void chat_think(struct chat_session *s, const char *mode)
{
    struct error err;
    enum think_mode asked;
    if (!*mode) {
        tell_mode(s);
        return;
    }
    if (!options_set(s->options, OPT_THINK, mode, SOURCE_USER, &err) ||
        !think_mode_from_name(mode, &asked)) {
        chat_notice(s, "%s", err.text);
        return;
    }
    chat_apply_options(s);
    if (s->ready && !s->status.can_think.kind) {
        chat_notice(s, "Thinking is %s for other models; this one does not think before it answers",
                    mode);
        return;
    }
    const char *but = s->ready ? objection(&s->status.can_think, asked) : NULL;
    chat_notice(s, "Thinking is %s from your next message on%s%s", mode, but ? ": " : "",
                but ? but : "");
}

void chat_think_next(struct chat_session *s)
{
    static const char *const modes[] = {"off", "low", "medium", "high", "off", "on"};
    const struct thinking_info *can = &s->status.can_think;
    const char *now = options_text(s->options, OPT_THINK);
    size_t first = can->has_effort ? !can->can_switch : 4, n = can->has_effort ? 4 : 6, at = first;
    while (at < n && strcmp(modes[at], now) != 0)
        at++;
    if (!s->ready)
        chat_notice(s, "The model is still loading");
    else if (!can->kind || (!can->has_effort && !can->can_switch))
        tell_mode(s);
    else
        chat_think(s, modes[at + 1 < n ? at + 1 : first]);
}

/* ---- /thinking ------------------------------------------------------------------------ */

char *thought_line(const struct message *m, bool running, char *out, size_t n)
{
    char time[32] = "", tokens[48] = "";
    if (m->thinking_ms > 0)
        format_ms(m->thinking_ms, time, sizeof time);
    if (m->n_thinking > 0)
        snprintf(tokens, sizeof tokens, ", %u token%s", m->n_thinking,
                 m->n_thinking == 1 ? "" : "s");
    snprintf(out, n, "%s%s%s%s", running ? "Thinking" : "Thought",
             !*time    ? ""
             : running ? ", "
                       : " for ",
             time, tokens);
    return out;
}

void chat_show_thinking(struct chat_session *s)
{
    const struct conversation *c = &s->conversation;
    int32_t last = conversation_last(c, CHAT_ASSISTANT);
    const struct message *m = last == NO_MESSAGE ? NULL : &c->messages[last];
    if (!m || !m->thinking.len)
        chat_notice(s, m ? "The model did not think before its last answer"
                         : "There is no answer yet");
    else if (s->face->show_thinking)
        s->face->show_thinking(s->self);
    else
        s->face->page(s->self, "Thinking", m->thinking.data);
}
