/* SPDX-License-Identifier: MIT */
#include "lists.h"

#include <stdlib.h>
#include <string.h>

#include "chat_model.h"
#include "models.h"
#include "picker_layer.h"
#include "question.h"
#include "units.h"

static void choose(struct app *a, size_t i)
{
    struct model_list l = a->list.models;
    a->list.models = (struct model_list){0};
    picker_layer_close(a);
    if (l.items[i].problem)
        app_notice(a, "%s: %s", l.items[i].name, l.items[i].problem);
    else
        chat_choose_model(&a->chat, l.items[i].path);
    models_free(&l);
}

static void act(struct app *a, enum picker_result result, int32_t key)
{
    (void)key;
    const struct picker_item *item = picker_selected(&a->list.picker);
    if (result == PICKER_CHOSEN && item) {
        choose(a, (size_t)item->key);
    } else if (result == PICKER_CLOSED) {
        models_free(&a->list.models);
        picker_layer_close(a);
    }
}

static void add(struct picker *p, size_t i, const struct model_entry *m)
{
    char text[64], memory[24];
    struct picker_item *item = picker_add(p, (int64_t)i, m->name, strlen(m->name));
    if (m->problem) {
        picker_text(&item->columns[1], m->is_unread ? "" : "broken");
        picker_text(&item->detail, m->problem);
        return;
    }
    picker_text(&item->columns[1], format_bytes(m->bytes, text, sizeof text));
    picker_text(&item->columns[2], m->format);
    snprintf(text, sizeof text, "%u tokens", m->ctx_len);
    if (m->memory_bytes)
        snprintf(text, sizeof text, "%u tokens, needs %s", m->ctx_len,
                 format_bytes(m->memory_bytes, memory, sizeof memory));
    picker_text(&item->columns[3], text);
    char *detail =
        xasprintf("%s, from %s%s%s", m->path, m->source ? m->source : "an unknown source",
                  m->loss ? "; " : "", m->loss ? m->loss : "");
    picker_text(&item->detail, detail);
    free(detail);
}

enum { MOST_MS = 300 }; /* that a key waits for a list */

void lists_models(struct app *a)
{
    struct picker *p = &a->list.picker;
    models_free(&a->list.models);
    models_list_within(&a->list.models, MOST_MS);
    engine_measure_models(&a->list.models);
    picker_init(p, "Models", "No .qins files in $QINS_MODELS, ~/.local/share/qins/models or here");
    p->verb = "load";
    for (size_t i = 0; i < a->list.models.n; i++)
        add(p, i, &a->list.models.items[i]);
    picker_ready(p);
    for (size_t i = 0; i < a->list.models.n; i++)
        if (strcmp(a->list.models.items[i].path, a->chat.model_path) == 0)
            picker_select(p, (int64_t)i);
    picker_layer_open(a, act);
}
