/* SPDX-License-Identifier: MIT */
#include "chat_command.h"

#include <string.h>

#include "command.h"
#include "command_bodies.h"

void chat_help(struct chat_session *s)
{
    struct buf text = {0};
    s->face->add_help(s->self, &text, true);
    command_help(&text, s->face->full_screen);
    s->face->add_help(s->self, &text, false);
    s->face->page(s->self, "Help", text.data);
    buf_free(&text);
}

void run_help(struct chat_session *s, const char *argument)
{
    (void)argument;
    chat_help(s);
}

static bool names_option(const char *line)
{
    char name[40];
    const char *near;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(line + 1, " \t"), line + 1);
    return line[0] == '/' && options_find(name, &near) >= 0;
}

static void refuse(struct chat_session *s, const struct command *known, const char *line)
{
    const char *nearest = command_nearest(line);
    if (known)
        chat_notice(s, "/%s takes no argument", known->name);
    else if (names_option(line))
        chat_notice(s, "Unknown command. Did you mean /set %.*s?", (int)strcspn(line + 1, " \t"),
                    line + 1);
    else if (nearest)
        chat_notice(s, "Unknown command. Did you mean /%s?", nearest);
    else
        chat_notice(s, "Unknown command. To send text that starts with a slash, type // first.");
}

void chat_command(struct chat_session *s, const char *line)
{
    const char *argument;
    const struct command *c = command_find(line, &argument);
    if (!c || (c->argument == ARGUMENT_NONE && *argument))
        refuse(s, c, line);
    else if (c->not_in_lines && !s->face->full_screen)
        chat_notice(s, "%s", c->not_in_lines);
    else
        c->run(s, argument);
}
