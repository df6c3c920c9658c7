/* SPDX-License-Identifier: MIT */
#include "lists.h"

#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "chat_model.h"
#include "models.h"
#include "picker_layer.h"
#include "question.h"
#include "units.h"

/* Keys of the list's models come first, then those of known ones. */
static void choose(struct app *a, size_t i)
{
    struct model_list l = a->list.models;
    a->list.models = (struct model_list){0};
    picker_layer_close(a);
    if (i >= l.n)
        chat_choose_model(&a->chat, known_models[i - l.n].name);
    else if (l.items[i].problem)
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

static bool is_here(const struct model_list *l, const struct known_model *m)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->items[i].source && strcmp(l->items[i].source, m->id) == 0)
            return true;
    return false;
}

static void add_download(struct picker *p, size_t key, const struct known_model *m)
{
    char size[24];
    struct picker_item *item = picker_add(p, (int64_t)key, m->name, strlen(m->name));
    char *detail = advice_download(m), *text = xasprintf("%s, %s: %s", m->id, m->licence, detail);
    snprintf(size, sizeof size, "%.1f GB", m->download_gb);
    picker_text(&item->columns[1], size);
    picker_text(&item->columns[3], "to download");
    picker_text(&item->detail, text);
    free(detail);
    free(text);
}

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
    for (size_t i = 0; i < n_known_models && engine_can_download(); i++)
        if (known_models[i].is_offered && !is_here(&a->list.models, &known_models[i]))
            add_download(p, a->list.models.n + i, &known_models[i]);
    picker_ready(p);
    for (size_t i = 0; i < a->list.models.n; i++)
        if (strcmp(a->list.models.items[i].path, a->chat.model_path) == 0)
            picker_select(p, (int64_t)i);
    picker_layer_open(a, act);
}
