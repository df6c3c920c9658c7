/* SPDX-License-Identifier: MIT */
#include "saved_chats.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "export.h"
#include "number.h"
#include "places.h"

enum {
    TELL_MS = 1000, /* of waiting before a line says why */
    STEP_MS = 10,
};

char *saved_chats_when(int64_t ms, char *out, size_t size)
{
    time_t then = (time_t)(ms / 1000), now = time(NULL);
    struct tm t, today;
    localtime_r(&then, &t);
    localtime_r(&now, &today);
    bool same_day = t.tm_year == today.tm_year && t.tm_yday == today.tm_yday;
    if (strftime(out, size, same_day ? "%H:%M" : "%Y-%m-%d", &t) == 0)
        out[0] = '\0';
    return out;
}

int64_t saved_chats_find(struct saving *s, const char *what, struct error *err)
{
    struct store_list list = {0};
    struct store *store = saving_store(s, err);
    double number;
    bool by_number = number_parse(what, &number) && number >= 1 && number <= SAVED_CHATS_MAX_LISTED;
    size_t i = by_number ? (size_t)number - 1 : 0;
    int64_t id = 0;
    if (store && store_find(store, by_number ? "" : what, SAVED_CHATS_MAX_LISTED, &list, err)) {
        if (i < list.n)
            id = list.entries[i].id;
        else
            error_set(err, EX_NOINPUT, "No conversation matches %.100s; /open lists them all",
                      what);
    }
    store_list_free(&list);
    return id;
}

char *saved_chats_save(struct saving *s, struct conversation *c, const char *title)
{
    struct error err;
    if (!c->n)
        return xstrdup("Nothing to save yet");
    if (*title) {
        free(c->title);
        c->title = xstrdup(title);
        c->title_changed = true;
    }
    if (!saving_store(s, &err))
        return xstrdup(err.text);
    if (!saving_now(s, c)) {
        free(saving_news(s)); /* the same */
        return xstrdup(s->reason);
    }
    return xasprintf("Saved as \"%s\"%s", c->title, *title ? "" : "; messages are saved as you go");
}

/* Whether the argument begins with this word, which is then passed over. */
static bool take_word(const char **argument, const char *word)
{
    size_t n = strlen(word);
    bool is = strncmp(*argument, word, n) == 0 && (*argument)[n] == ' ';
    *argument += is ? n + strspn(*argument + n, " ") : 0;
    return is;
}

char *saved_chats_export(const struct conversation *c, const char *argument)
{
    bool replace = false, answers_alone = false, more = true;
    const char *path = argument;
    struct error err;
    while (more) {
        more = take_word(&path, "--force");
        replace |= more;
        bool alone = take_word(&path, "--no-thinking");
        answers_alone |= alone;
        more |= alone;
    }
    if (!*path)
        return xstrdup("/export FILE writes the conversation: .md or .jsonl what is shown, .json "
                       "all branches; --no-thinking leaves out what the model thought");
    char *full = places_typed(path);
    struct stat st;
    char *line;
    if (!replace && stat(full, &st) == 0 && S_ISREG(st.st_mode))
        line = xasprintf("%s already exists; /export --force %s replaces it", full, path);
    else if (export_file(c, full, !answers_alone, replace, &err))
        line = xasprintf("Saved to %s", full);
    else
        line = xstrdup(err.text);
    free(full);
    return line;
}

bool saved_chats_context(struct engine *e, bool (*told_to_go)(void))
{
    double told = now_ms() + TELL_MS;
    struct event event;
    engine_keep(e);
    while (engine_is_keeping(e)) {
        if (told > 0 && now_ms() > told) {
            fputs(
                "qins-tui: writing the prompt cache, so that reopening is fast; Ctrl-C skips it\n",
                stderr);
            told = 0;
        }
        while (engine_next(e, &event))
            continue; /* its turn cannot end otherwise */
        poll(NULL, 0, STEP_MS);
        if (told_to_go())
            return false;
    }
    return true;
}
