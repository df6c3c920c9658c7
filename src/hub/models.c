/* SPDX-License-Identifier: MIT */
#include "models.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "hub.h"
#include "json.h"
#include "nearest.h"
#include "places.h"
#include "safetensors.h"
#include "sanitise.h"
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

/* By what the path leads to, so that a link is no second model. */
static bool is_listed(const struct model_list *l, const char *path)
{
    struct stat st;
    bool listed = false;
    for (size_t i = 0; !listed && i < l->n && stat(path, &st) == 0; i++)
        listed = l->items[i].device == st.st_dev && l->items[i].inode == st.st_ino;
    return listed;
}

static void add_file(struct model_list *l, const char *path, const char *place)
{
    struct error err;
    struct model_entry m = {.path = xstrdup(path), .place = place};
    struct stat st;
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    int fd = open_regular(path, &m.bytes, &err);
    if (stat(path, &st) == 0) {
        m.device = st.st_dev;
        m.inode = st.st_ino;
    }
    m.name = xstrndup(base, strlen(base) - (has_suffix(base, suffix) ? N_SUFFIX : 0));
    if (fd >= 0)
        close(fd);
    if (fd < 0 || !read_header(&m, &err))
        m.problem = reason(path, &err);
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
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && l->n < MODELS_MAX && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.' || !has_suffix(entry->d_name, suffix))
            continue;
        char *path = path_join(folder, entry->d_name);
        if (!is_listed(l, path))
            add_file(l, path, place);
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
        char *folder = xstrndup(list, n);
        if (n)
            add_folder(l, folder, place);
        free(folder);
        list += n + (list[n] == ':');
    }
}

void models_list(struct model_list *l)
{
    char *user = places_models_folder(), *starter = places_data_file("models/starter.qins");
    *l = (struct model_list){0};
    add_folders(l, getenv("QINS_MODELS"), "QINS_MODELS");
    if (user)
        add_folder(l, user, "user");
    add_folder(l, ".", "here");
    if (is_file(starter) && !is_listed(l, starter))
        add_file(l, starter, "starter");
    free(user);
    free(starter);
}

void models_free(struct model_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->items[i].path);
        free(l->items[i].name);
        free(l->items[i].source);
        free(l->items[i].problem);
    }
    free(l->items);
    *l = (struct model_list){0};
}

/* ---- finding one ---------------------------------------------------------------------- */

/* Files of others that people try; the rest is left to whoever opens the model. */
static bool refuse_foreign(const char *path, struct error *err)
{
    char magic[4] = "";
    int fd = is_file(path) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    bool gguf = fd >= 0 && read(fd, magic, 4) == 4 && memcmp(magic, "GGUF", 4) == 0;
    if (fd >= 0)
        close(fd);
    if (gguf)
        return error_set(err, EX_DATAERR,
                         "%s: a GGUF file, whose weights are rounded already; convert the model's "
                         "original folder (config.json, *.safetensors) with qins-convert",
                         path);
    if (has_suffix(path, ".safetensors"))
        return error_set(err, EX_DATAERR,
                         "%s: part of a model; give the folder that holds it and config.json",
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

char *models_find(const char *name, struct error *err)
{
    struct model_list l = {0};
    char *path = NULL;
    if (access(name, F_OK) != 0 && hub_is_name(name))
        return hub_find(name, err);
    if (access(name, F_OK) == 0 || strchr(name, '/'))
        return refuse_foreign(name, err) ? xstrdup(name) : NULL;
    models_list(&l);
    path = path_of_name(&l, name);
    if (!path)
        refuse_name(&l, name, err);
    models_free(&l);
    return path;
}

char *models_default(struct error *err)
{
    struct model_list l;
    struct buf names = {0};
    char *path = NULL, *starter = places_data_file("models/starter.qins");
    size_t n_good = 0;
    if (is_file(starter))
        return starter;
    free(starter);
    models_list(&l);
    for (size_t i = 0; i < l.n; i++)
        if (!l.items[i].problem && n_good++ == 0)
            path = xstrdup(l.items[i].path);
    names_of(&l, &names);
    if (n_good == 0)
        error_set(err, EX_NOINPUT,
                  "no model: give one with -m, a .qins file (qins-convert makes them) or a Hugging "
                  "Face model folder");
    else if (n_good > 1)
        error_set(err, EX_NOINPUT, "which model? -m NAME, one of: %.800s", names.data);
    if (n_good != 1) {
        free(path);
        path = NULL;
    }
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
            buf_printf(out, " %10s  %-9s %7u tokens  %s", bytes, m->format, m->ctx_len, m->place);
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
            json_object_set_new(item, "source", text_json(m->source));
        }
        json_array_append_new(list, item);
    }
    char *text = json_dumps(list, JSON_INDENT(1));
    buf_printf(out, "%s\n", text);
    free(text);
    json_decref(list);
}
