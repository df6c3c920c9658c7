/* SPDX-License-Identifier: MIT */
#include "question.h"

void app_notice(struct app *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    prompt_vnotice(&a->prompt, format, args);
    va_end(args);
    a->wants |= REACT_DIRTY;
}

void app_ask(struct app *a, void (*answer)(struct app *, bool yes), const char *question)
{
    a->prompt.answer = answer;
    app_notice(a, "%s (y/n)", question);
    layers_push(&a->layers, LAYER_QUESTION);
}

void question_drop(struct app *a)
{
    a->prompt.answer = NULL;
    prompt_forget(&a->prompt);
    layers_close(&a->layers, LAYER_QUESTION);
}

unsigned question_key(struct app *a, int32_t key)
{
    void (*answer)(struct app *, bool) = a->prompt.answer;
    bool yes = key == 'y' || key == 'Y';
    if (!yes && key != 'n' && key != 'N' && key != K_ESC && key != (K_CTRL | 'c'))
        return REACT_TAKEN; /* the question stays */
    question_drop(a);
    answer(a, yes); /* which may ask the next question */
    return REACT_TAKEN;
}
