/* SPDX-License-Identifier: MIT */
#include "chat_shape.h"

#include <string.h>

#include "grammar_file.h"

static void take(struct chat_session *s, struct grammar *g)
{
    grammar_free(s->grammar);
    s->grammar = g;
}

static void read_schema(struct chat_session *s, const char *path)
{
    struct error err;
    struct grammar *g = grammar_read_file(path, GRAMMAR_JSON_SCHEMA, &err);
    if (!g) {
        chat_notice(s, "%s", err.text);
        return;
    }
    take(s, g);
    chat_notice(s, "From your next message on, answers fit %s; /json off ends it", path);
}

void chat_json(struct chat_session *s, const char *argument)
{
    if (strcmp(argument, "off") == 0) {
        chat_notice(s, s->grammar ? "From your next message on, answers have any shape"
                                  : "Answers have any shape already");
        take(s, NULL);
    } else if (*argument) {
        read_schema(s, argument);
    } else {
        take(s, grammar_of_json());
        chat_notice(s, "From your next message on, answers are JSON objects; /json off ends it");
    }
}
