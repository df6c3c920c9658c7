/* SPDX-License-Identifier: MIT
 *
 * A line that is typed: /commands, what Tab makes of it, and the filter of pastes.
 */
#include "command.h"
#include "complete.h"
#include "fuzz.h"
#include "paste_filter.h"
#include "utf8.h"

/* Names of files and folders of this machine are no matter for a fuzzer. */
static bool completes_files(const char *line)
{
    const char *argument;
    const struct command *c = command_find(line, &argument);
    return c && (c->argument == ARGUMENT_FILE || c->argument == ARGUMENT_MODEL ||
                 c->argument == ARGUMENT_PRESET || c->argument == ARGUMENT_OPTION);
}

static void complete_at(const char *line, size_t at)
{
    struct completion c = {0};
    complete(line, at, &c);
    FUZZ_CHECK(c.from <= at);
    for (size_t i = 0; i < c.n; i++)
        FUZZ_CHECK(strlen(c.words[i]) >= c.n_common);
    completion_free(&c);
}

static void check_filter(struct feed *f)
{
    struct paste_filter filter = {0};
    struct buf pieces = {0}, whole = {0};
    for (size_t at = 0, n; at < f->n; at += n) {
        n = fuzz_piece(f, f->n - at);
        paste_filter_add(&filter, f->text + at, n, &pieces);
    }
    paste_filter_end(&filter, &pieces);
    paste_filter_text(f->text, f->n, &whole);
    FUZZ_CHECK(pieces.len == whole.len);
    FUZZ_CHECK(!whole.len || memcmp(pieces.data, whole.data, whole.len) == 0);
    for (size_t at = 0; at < whole.len;) {
        int32_t cp;
        at += utf8_decode(whole.data + at, whole.len - at, &cp);
        FUZZ_CHECK(cp >= 32 || cp == '\n' || cp == '\t');
    }
    buf_free(&pieces);
    buf_free(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t choice;
    const char *argument = NULL;
    if (FUZZ_DIES())
        return 0;
    struct feed f = fuzz_feed(data, n, &choice, 1);
    char *line = xstrndup(f.text, f.n);
    size_t n_line = strlen(line);
    enum command_kind kind = command_parse(line, &argument);
    FUZZ_CHECK(kind == COMMAND_UNKNOWN || !argument ||
               (argument >= line && argument <= line + n_line));
    command_nearest(line);
    if (!completes_files(line))
        complete_at(line, choice < n_line ? choice : n_line);
    check_filter(&f);
    free(line);
    fuzz_feed_free(&f);
    return 0;
}
