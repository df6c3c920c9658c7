/* SPDX-License-Identifier: MIT */
#include "models.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compressed.h"
#include "config.h"
#include "foreign_models.h"
#include "gguf.h"
#include "gguf_entry.h"
#include "hub.h"
#include "json.h"
#include "known_models.h"
#include "nearest.h"
#include "places.h"
#include "safetensors.h"
#include "sanitise.h"
#include "stated_loss.h"
#include "utf8.h"
#include "weights_file.h"

static const char suffix[] = ".qins";
enum { N_SUFFIX = sizeof suffix - 1, NAME_CELLS = 36 };

static bool has_suffix(const char *name, const char *end)
{
    size_t n = strlen(name), n_end = strlen(end);
    return n > n_end && strcmp(name + n - n_end, end) == 0;
}

/* ---- one file ------------------------------------------------------------------------- */

static char *copy_of(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

/* Whether tokenizer_config.json has a chat template. It may be large: its key is looked for, which
 * no text in it can spell, since its quotes would be escaped. */
static const char *template_of(const char *tokenizer_config_json)
{
    static const char key[] = "\"chat_template\"";
    const char *at = tokenizer_config_json ? strstr(tokenizer_config_json, key) : NULL;
    if (!at || (at > tokenizer_config_json && at[-1] == '\\'))
        return "none";
    at += sizeof key - 1;
    at += strspn(at, " \t\r\n");
    at += *at == ':';
    return strncmp(at + strspn(at, " \t\r\n"), "null", 4) == 0 ? "none" : "own";
}

static char *loss_of(const struct safetensors *st)
{
    struct buf text = {0};
    stated_loss_describe(safetensors_meta(st, META_LOSS), &text);
    return text.data;
}

static bool read_header(struct model_entry *m, struct error *err)
{
    struct safetensors st;
    struct model_config c;
    if (!safetensors_open_header(&st, m->path, err))
        return false;
    const char *config = safetensors_meta(&st, META_CONFIG),
               *format = safetensors_meta(&st, META_FORMAT);
    enum format f;
    bool ok = config && format && format_from_name(format, &f);
    if (!ok)
        error_set(err, EX_DATAERR, "%s: not a .qins file: qins-convert writes them", m->path);
    ok = ok && config_parse(&c, config, strlen(config), m->path, NULL, 0, NULL, err);
    if (ok) {
        m->format = format_info(f)->name;
        m->ctx_len = c.orig_ctx < c.max_ctx ? c.orig_ctx : c.max_ctx;
        m->source = copy_of(safetensors_meta(&st, META_SOURCE));
        m->template = template_of(safetensors_meta(&st, META_TOKENIZER_CONFIG));
        m->loss = loss_of(&st);
        m->is_compressed = compressed_is(&st);
    }
    safetensors_close(&st);
    return ok;
}

/* The reason without the path in front. */
static char *reason(const char *path, const struct error *err)
{
    size_t n = strlen(path);
    bool named = strncmp(err->text, path, n) == 0 && strncmp(err->text + n, ": ", 2) == 0;
    return xstrdup(err->text + (named ? n + 2 : 0));
}

/* -> false: not in the list at all. */
static bool read_gguf(struct model_entry *m)
{
    struct gguf_entry e;
    struct error err;
    if (gguf_entry_read(&e, m->path, &err)) {
        m->format = e.format;
        m->ctx_len = e.ctx_len;
        m->template = e.template;
    } else if (e.is_model) {
        m->problem = reason(m->path, &err);
    }
    return e.is_model;
}

/* By what the path leads to, so that a link is no second model. */
static bool is_listed(const struct model_list *l, const char *path)
{
    struct stat st;
    bool listed = false;
    for (size_t i = 0; !listed && i < l->n && stat(path, &st) == 0; i++)
        listed = l->items[i].device == (uint64_t)st.st_dev && l->items[i].inode == st.st_ino;
    return listed;
}

static void free_entry(struct model_entry *m)
{
    free(m->path);
    free(m->name);
    free(m->source);
    free(m->loss);
    free(m->problem);
}

/* -> false: not in the list at all. */
static bool read_entry(struct model_entry *m, double until_ms)
{
    struct error err;
    struct stat st;
    int fd = open_regular(m->path, &m->bytes, &err);
    if (fd < 0) {
        m->problem = reason(m->path, &err);
        return true;
    }
    if (fstat(fd, &st) == 0) {
        m->device = st.st_dev;
        m->inode = st.st_ino;
    }
    close(fd);
    if (until_ms > 0 && now_ms() > until_ms) {
        m->is_unread = true;
        m->problem =
            xstrdup("not looked at, since the list takes long; /model and its name opens it");
        return true;
    }
    if (gguf_is_file(m->path))
        return read_gguf(m);
    if (!read_header(m, &err))
        m->problem = reason(m->path, &err);
    return true;
}

/* name NULL: the file's. */
static void add_file(struct model_list *l, const char *path, const char *name, const char *place)
{
    struct model_entry m = {.path = xstrdup(path), .place = place};
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    m.name = name ? xstrdup(name)
                  : xstrndup(base, strlen(base) - (has_suffix(base, suffix) ? N_SUFFIX : 0));
    if (!read_entry(&m, l->until_ms)) {
        free_entry(&m);
        return;
    }
    l->items = xgrow(l->items, l->n, &l->cap, sizeof *l->items);
    l->items[l->n++] = m;
}

/* ---- places --------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct model_entry *)a)->name, ((const struct model_entry *)b)->name);
}

static void add_folder(struct model_list *l, const char *folder, const char *place)
{
    size_t before = l->n;
    DIR *dir = folder_open(folder);
    struct dirent *entry;
    while (dir && l->n < MODELS_MAX && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.' ||
            (!has_suffix(entry->d_name, suffix) && !foreign_models_is_file(entry->d_name)))
            continue;
        char *path = path_join(folder, entry->d_name);
        if (!is_listed(l, path))
            add_file(l, path, NULL, place);
        free(path);
    }
    if (dir)
        closedir(dir);
    if (l->n > before)
        qsort(l->items + before, l->n - before, sizeof *l->items, compare_names);
}

static void add_folders(struct model_list *l, const char *list, const char *place)
{
    while (list && *list) {
        size_t n = strcspn(list, ":");
        char *given = xstrndup(list, n), *folder = places_typed(given);
        if (n)
            add_folder(l, folder, place);
        free(folder);
        free(given);
        list += n + (list[n] == ':');
    }
}

static void add_foreign(struct model_list *l)
{
    struct foreign_models f;
    foreign_models_list(&f);
    for (size_t i = 0; i < f.n && l->n < MODELS_MAX; i++)
        if (!is_listed(l, f.items[i].path))
            add_file(l, f.items[i].path, f.items[i].name, f.items[i].program);
    foreign_models_free(&f);
}

static void list(struct model_list *l)
{
    char *user = places_models_folder(), *starter = places_data_file("models/starter.qins");
    add_folders(l, getenv("QINS_MODELS"), "QINS_MODELS");
    if (user)
        add_folder(l, user, "user");
    add_folder(l, ".", "here");
    if (is_file(starter) && !is_listed(l, starter))
        add_file(l, starter, NULL, "starter");
    l->n_own = l->n;
    add_foreign(l);
    free(user);
    free(starter);
}

void models_list(struct model_list *l)
{
    *l = (struct model_list){0};
    list(l);
}

void models_list_within(struct model_list *l, double ms)
{
    *l = (struct model_list){.until_ms = now_ms() + ms};
    list(l);
}

void models_add_folder(struct model_list *l, const char *folder)
{
    add_folder(l, folder, "beside");
}

void models_free(struct model_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free_entry(&l->items[i]);
    }
    free(l->items);
    *l = (struct model_list){0};
}

/* ---- finding one ---------------------------------------------------------------------- */

/* A file of others that people try; the rest is left to whoever opens the model. */
static bool refuse_part(const char *path, struct error *err)
{
    if (has_suffix(path, ".safetensors"))
        return error_set(err, EX_DATAERR,
                         "%s: this is only part of a model; give the folder that contains it",
                         path);
    return true;
}

static char *path_of_name(const struct model_list *l, const char *name)
{
    size_t n = strlen(name) - (has_suffix(name, suffix) ? N_SUFFIX : 0);
    for (size_t i = 0; i < l->n; i++)
        if (strlen(l->items[i].name) == n && strncmp(l->items[i].name, name, n) == 0)
            return xstrdup(l->items[i].path);
    return NULL;
}

static void names_of(const struct model_list *l, struct buf *out)
{
    for (size_t i = 0; i < l->n; i++)
        if (!l->items[i].problem)
            buf_printf(out, "%s%.60s", out->len ? ", " : "", l->items[i].name);
}

static char *refuse_name(const struct model_list *l, const char *name, struct error *err)
{
    const char *names[64], *guess;
    struct buf all = {0};
    size_t n = 0;
    for (size_t i = 0; i < l->n && n < 64; i++)
        names[n++] = l->items[i].name;
    for (size_t i = 0; i < n_known_models && n < 64; i++)
        names[n++] = known_models[i].name;
    guess = nearest(name, names, n);
    names_of(l, &all);
    if (guess)
        error_set(err, EX_NOINPUT, "%.300s: no such file or model; did you mean %s?", name, guess);
    else if (all.len)
        error_set(err, EX_NOINPUT, "%.300s: no such file or model; there are: %.500s", name,
                  all.data);
    else
        error_set(err, EX_NOINPUT, "%.300s: no such file or model", name);
    buf_free(&all);
    return NULL;
}

/* The folder of a name of the hub; if that holds GGUF files alone, the one that is there. */
static char *find_on_hub(const char *name, struct error *err)
{
    char *folder = hub_find(name, err), *config = folder ? path_join(folder, "config.json") : NULL;
    char *file = folder && !is_file(config) ? foreign_models_only(name, err) : NULL;
    bool is_whole = folder && is_file(config);
    free(config);
    if (is_whole)
        return folder;
    free(folder);
    return file;
}

static char *find(const char *name, struct error *err)
{
    struct model_list l = {0};
    char *path = NULL;
    bool is_there = access(name, F_OK) == 0;
    if (!is_there && foreign_models_is_name(name))
        return foreign_models_find(name, err);
    if (!is_there && hub_is_name(name))
        return find_on_hub(name, err);
    if (is_there || strchr(name, '/'))
        return refuse_part(name, err) ? xstrdup(name) : NULL;
    models_list(&l);
    path = path_of_name(&l, name);
    if (!path)
        refuse_name(&l, name, err);
    models_free(&l);
    return path;
}

char *models_find(const char *name, struct error *err)
{
    char *typed = places_typed(name), *path = find(typed, err);
    free(typed);
    return path;
}

/* Of items [first, end) those that can be used. -> how many; *one: the last of them. */
static size_t count_good(const struct model_list *l, size_t first, size_t end,
                         const struct model_entry **one)
{
    size_t n = 0;
    for (size_t i = first; i < end; i++) {
        if (l->items[i].problem)
            continue;
        *one = &l->items[i];
        n++;
    }
    return n;
}

/* Those of other programs count only if there are none of our own. */
char *models_default(struct error *err)
{
    struct model_list l;
    struct buf names = {0};
    const struct model_entry *one = NULL;
    char *path = NULL, *starter = places_data_file("models/starter.qins");
    if (is_file(starter))
        return starter;
    free(starter);
    models_list(&l);
    size_t n_good = count_good(&l, 0, l.n_own, &one);
    if (n_good == 0)
        n_good = count_good(&l, l.n_own, l.n, &one);
    names_of(&l, &names);
    if (n_good == 0)
        error_set(
            err, EX_NOINPUT,
            "no model: give one with -m, a .qins file (qins-convert makes them), a GGUF file, a "
            "Hugging Face model folder, or a name that is downloaded: qins-tui smollm2 (--models "
            "--known lists some)");
    else if (n_good > 1)
        error_set(err, EX_NOINPUT, "which model? -m NAME, one of: %.800s", names.data);
    else
        path = xstrdup(one->path);
    buf_free(&names);
    models_free(&l);
    return path;
}

/* ---- showing them --------------------------------------------------------------------- */

static void put_cells(struct buf *out, const char *raw, size_t cells)
{
    char *shown = sanitise_text(raw, strlen(raw), true);
    size_t width = utf8_width(shown, strlen(shown));
    buf_printf(out, "%s%*s", shown, width < cells ? (int)(cells - width) : 0, "");
    free(shown);
}

void models_table(const struct model_list *l, struct buf *out)
{
    char bytes[32];
    for (size_t i = 0; i < l->n; i++) {
        const struct model_entry *m = &l->items[i];
        put_cells(out, m->name, NAME_CELLS);
        if (m->problem) {
            buf_puts(out, "  broken: ");
            put_cells(out, m->problem, 0);
        } else {
            snprintf(bytes, sizeof bytes, "%.1f MB", (double)m->bytes * 1e-6);
            buf_printf(out, " %10s  %-9s %7u tokens  %s%s", bytes, m->format, m->ctx_len, m->place,
                       m->template && strcmp(m->template, "none") == 0 ? ", no template" : "");
            if (m->is_compressed)
                buf_puts(out, ", compressed");
            if (m->memory_bytes)
                buf_printf(out, "  needs %.2f GB", (double)m->memory_bytes * 1e-9);
            if (m->loss)
                buf_printf(out, "  %s", m->loss);
        }
        buf_puts(out, "\n");
    }
    if (l->n == 0)
        buf_puts(out, "No models found. qins-convert makes .qins files; put them into a folder of "
                      "QINS_MODELS or ~/.local/share/qins/models.\n");
}

/* JSON takes UTF-8 alone; other names show as a screen would show them. */
static json_t *text_json(const char *raw)
{
    json_t *text = raw ? json_string(raw) : json_null();
    if (!text) {
        char *shown = sanitise_text(raw, strlen(raw), true);
        text = json_string(shown);
        free(shown);
    }
    return text;
}

void models_json(const struct model_list *l, struct buf *out)
{
    json_t *list = json_array();
    for (size_t i = 0; i < l->n; i++) {
        const struct model_entry *m = &l->items[i];
        json_t *item = json_object();
        json_object_set_new(item, "name", text_json(m->name));
        json_object_set_new(item, "path", text_json(m->path));
        json_object_set_new(item, "place", json_string(m->place));
        json_object_set_new(item, "bytes", json_integer((json_int_t)m->bytes));
        if (m->problem) {
            json_object_set_new(item, "problem", text_json(m->problem));
        } else {
            json_object_set_new(item, "format", json_string(m->format));
            json_object_set_new(item, "context", json_integer(m->ctx_len));
            if (m->memory_bytes)
                json_object_set_new(item, "memory", json_integer((json_int_t)m->memory_bytes));
            json_object_set_new(item, "source", text_json(m->source));
            json_object_set_new(item, "template", text_json(m->template));
            if (m->is_compressed)
                json_object_set_new(item, "compressed", json_true());
            if (m->loss)
                json_object_set_new(item, "loss", json_string(m->loss));
        }
        json_array_append_new(list, item);
    }
    char *text = json_dumps(list, JSON_INDENT(1));
    buf_printf(out, "%s\n", text);
    free(text);
    json_decref(list);
}
