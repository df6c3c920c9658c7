/* SPDX-License-Identifier: MIT
 *
 * What a model thinks, in lines: to be seen by whoever asked for it (show_thinking), else one line
 * says how long it took.
 */
#include <string.h>

#include "chat_thinking.h"
#include "plain_internal.h"

static bool is_shown(const struct plain *p)
{
    return options_number(&p->cli->options, OPT_SHOW_THINKING) != 0;
}

/* For a pipe, as other programs mark it. */
static void put(struct plain *p, const char *marker)
{
    output_text(&p->out, marker, strlen(marker));
}

void line_thinking_begin(struct plain *p)
{
    p->thinks = true;
    p->shows_thinking = is_shown(p);
    if (p->shows_thinking && !line_chat_speaks(p))
        put(p, "<think>\n");
    else if (!p->shows_thinking && line_chat_speaks(p))
        line_chat_say(p, "Thinking ...");
}

void line_thinking_end(struct plain *p, const struct message *m)
{
    char line[96];
    if (!p->thinks)
        return;
    p->thinks = false;
    if (p->shows_thinking && !line_chat_speaks(p))
        put(p, "\n</think>\n\n");
    else if (!p->shows_thinking && m && line_chat_speaks(p))
        line_chat_say(p, "%s; /thinking shows it.", thought_line(m, false, line, sizeof line));
}
