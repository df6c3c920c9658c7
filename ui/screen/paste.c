/* SPDX-License-Identifier: MIT */
#include "paste.h"

#include <stdlib.h>

#include "question.h"

static void answer_paste(struct app *a, bool yes)
{
    if (yes)
        editor_take_paste(&a->composer.editor);
    else
        editor_drop_paste(&a->composer.editor);
}

void paste_start(struct app *a)
{
    a->focus = FOCUS_INPUT;
    sliders_forget(&a->sliders);
    question_drop(a); /* a second paste takes the place of one that waits */
    composer_paste_start(&a->composer);
}

void paste_end(struct app *a)
{
    struct editor *e = &a->composer.editor;
    editor_paste_end(e);
    size_t lines = editor_pasted_lines(e);
    double most = options_number(a->chat.options, OPT_PASTE_CONFIRM);
    if (most > 0 && (double)lines > most && e->pasted.len <= EDITOR_MAX_BYTES) {
        char *question = xasprintf("Insert a paste of %zu lines?", lines);
        app_ask(a, answer_paste, question);
        free(question);
        return;
    }
    size_t n_folded = e->folded_pastes.n;
    editor_take_paste(e);
    if (e->folded_pastes.n > n_folded && n_folded == 0)
        app_notice(a, "A long paste is shown folded and sent whole; Ctrl-O unfolds it");
}
