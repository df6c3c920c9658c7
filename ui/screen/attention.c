/* SPDX-License-Identifier: MIT */
#include "attention.h"

#include <stdlib.h>
#include <string.h>

#include "sanitise.h"
#include "screen.h"
#include "utf8.h"

enum { TITLE_BYTES = 80 };

/* Whole characters of them. -> bytes */
static size_t fitting(const char *text, size_t most)
{
    const size_t n = strlen(text);
    size_t at = 0;
    for (size_t used; at < n; at += used) {
        used = utf8_cluster(text + at, n - at);
        if (at + used > most)
            break;
    }
    return at;
}

void attention_title(struct app *a)
{
    if (strcmp(options_text(a->chat.options, OPT_TITLE), "true") != 0)
        return;
    const char *title = a->chat.conversation.title ? a->chat.conversation.title : "";
    char *clean = sanitise_text(title, strlen(title), true);
    char *text =
        xasprintf("%.*s%sqins-tui", (int)fitting(clean, TITLE_BYTES), clean, *clean ? " - " : "");
    screen_set_title(text);
    free(text);
    free(clean);
}

/* rxvt and foot know OSC 777 alone; most others OSC 9; those that know both would show two. */
static void ask_for_notification(const char *text)
{
    const char *term = getenv("TERM"), *tmux = getenv("TMUX");
    const bool old = term && (strncmp(term, "rxvt", 4) == 0 || strncmp(term, "foot", 4) == 0);
    const bool inside = tmux && *tmux;
    char *sequence = xasprintf("%s\033]%s;%s\a%s", inside ? "\033Ptmux;\033" : "",
                               old ? "777;notify;qins-tui" : "9", text, inside ? "\033\\" : "");
    screen_send(sequence, strlen(sequence));
    free(sequence);
}

static bool looks_elsewhere(const struct app *a, double long_ms)
{
    return a->sight == SIGHT_AWAY ||
           (a->sight == SIGHT_UNKNOWN && now_ms() - a->last_input >= long_ms);
}

void attention_answered(struct app *a)
{
    const char *how = options_text(a->chat.options, OPT_NOTIFY);
    const double long_ms = options_number(a->chat.options, OPT_NOTIFY_AFTER) * 1e3;
    const double ms = now_ms() - a->chat.turn_started;
    if (strcmp(how, "off") == 0 || ms < long_ms || !looks_elsewhere(a, long_ms))
        return;
    screen_send("\a", 1);
    if (strcmp(how, "desktop") != 0 || !screen_has_osc())
        return;
    char *text = xasprintf("qins-tui: answered after %.0f s", ms * 1e-3);
    ask_for_notification(text);
    free(text);
}
