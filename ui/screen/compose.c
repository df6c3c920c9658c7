/* SPDX-License-Identifier: MIT */
#include "compose.h"

#include <stdlib.h>
#include <string.h>

#include "question.h"
#include "screen.h"
#include "signals.h"

void compose_text(struct app *a, const char *text,
                  void (*done)(struct app *, const char *text, size_t n))
{
    struct error err;
    external_editor_prepare(&a->composer.external);
    screen_leave();
    if (external_editor_start(&a->composer.external, text, strlen(text), &err)) {
        a->composer.composed = done;
        return;
    }
    screen_enter();
    external_editor_over(&a->composer.external);
    app_notice(a, "%s", err.text);
}

void compose_check(struct app *a)
{
    struct buf text = {0};
    struct error err;
    int status;
    bool repaired;
    if (!a->composer.external.pid || !external_editor_ended(&a->composer.external, &status))
        return;
    signals_expect_late();
    screen_enter();
    external_editor_over(&a->composer.external);
    a->wants |= REACT_DIRTY;
    if (!external_editor_end(&a->composer.external, status, EDITOR_MAX_BYTES, &text, &repaired,
                             &err)) {
        app_notice(a, "%s", err.text);
        return;
    }
    a->composer.composed(a, text.data ? text.data : "", text.len);
    if (repaired)
        app_notice(a, "Bytes that are not UTF-8 became U+FFFD");
    buf_free(&text);
}

static void take_composed(struct app *a, const char *text, size_t n)
{
    editor_set(&a->composer.editor, text, n);
}

void compose_input(struct app *a)
{
    char *text = editor_expand(&a->composer.editor);
    compose_text(a, text, take_composed);
    free(text);
}
