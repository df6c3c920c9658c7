/* SPDX-License-Identifier: MIT */
#include "settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"
#include "hub_ref.h"
#include "models.h"
#include "places.h"
#include "preset.h"
#include "yaml_reader.h"

#define LAST_FILE "last.yaml"

/* ---- lines ---------------------------------------------------------------------------- */

static void put_line(struct buf *out, const struct options *o, enum option_id id)
{
    char *text = options_format(o, id);
    enum option_type type = option_table[id].type;
    buf_printf(out, "%s: ", option_table[id].name);
    if (type == OPTION_STRING || (type == OPTION_STOPS && *text && *text != '['))
        yaml_put_text(out, text);
    else
        buf_puts(out, type == OPTION_STOPS && !*text ? "[]" : text);
    buf_puts(out, "\n");
    free(text);
}

/* Which option a line at the left edge sets; -1: none. */
static int option_of(const char *line, size_t n)
{
    size_t key = 0;
    while (key < n &&
           (line[key] == '_' || line[key] == '-' || (line[key] >= 'a' && line[key] <= 'z')))
        key++;
    if (key == 0 || key == n || line[key] != ':')
        return -1;
    char *name = xstrndup(line, key);
    int id = options_find(name, NULL);
    free(name);
    return id;
}

/* Belongs to the value of the line above: indented, or an item of a list. */
static bool goes_on(const char *line, size_t n)
{
    return n > 0 &&
           (line[0] == ' ' || line[0] == '\t' || (line[0] == '-' && n > 1 && line[1] == ' '));
}

static bool is_among(int id, const enum option_id *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((int)ids[i] == id)
            return true;
    return false;
}

/* The text without the lines of these options. */
static void copy_others(struct buf *out, const struct buf *text, const enum option_id *ids,
                        size_t n)
{
    bool skips = false;
    for (size_t at = 0; at < text->len;) {
        const char *line = text->data + at, *end = memchr(line, '\n', text->len - at);
        size_t len = end ? (size_t)(end - line) : text->len - at;
        skips = goes_on(line, len) ? skips : is_among(option_of(line, len), ids, n);
        if (!skips) {
            buf_append(out, line, len);
            buf_puts(out, "\n");
        }
        at += len + 1;
    }
}

/* ---- config.yaml ---------------------------------------------------------------------- */

/* Who may read the file stays as it was; at first nobody else: it may tell how a key is had. */
static bool write_file(const char *path, const struct buf *text, struct error *err)
{
    char *next = xasprintf("%s.new-%d", path, (int)getpid());
    struct stat old;
    int fd = open_restarted(next, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    bool ok = fd >= 0 && fchmod(fd, stat(path, &old) == 0 ? old.st_mode & 0777 : 0600) == 0 &&
              write_whole(fd, text->data, text->len, 0) == text->len && fsync(fd) == 0;
    ok = (fd < 0 || close(fd) == 0) && ok && rename(next, path) == 0;
    if (!ok) {
        error_set(err, EX_CANTCREAT, "%s: cannot be written: %s", path, strerror(errno));
        unlink(next);
    }
    free(next);
    return ok;
}

/* A link (to where somebody keeps dotfiles) stays one. */
static char *config_path(struct error *err)
{
    char *folder = places_user_folder();
    if (!folder)
        return error_set_null(err, EX_CANTCREAT, "no folder for settings: HOME is not set");
    char *path = places_make_private(folder, err) ? path_join(folder, "config.yaml") : NULL;
    char *real = path ? real_path(path) : NULL;
    free(folder);
    if (!real)
        return path;
    free(path);
    return real;
}

static bool is_readable(const struct buf *text, const char *path, struct error *err)
{
    struct options o;
    options_init(&o);
    bool ok = preset_read(&o, text->data, text->len, path, SOURCE_PRESET, err);
    options_free(&o);
    return ok;
}

char *settings_save(const struct options *o, const enum option_id *ids, size_t n, struct error *err)
{
    struct buf old = {0}, text = {0};
    char *path = config_path(err);
    bool ok = path && (!is_file(path) || read_file(&old, path, YAML_MAX_BYTES, err));
    if (ok) {
        copy_others(&text, &old, ids, n);
        for (size_t i = 0; i < n; i++)
            put_line(&text, o, ids[i]);
        buf_append(&text, "", 0);
        ok = is_readable(&text, path, err) && write_file(path, &text, err);
    }
    buf_free(&old);
    buf_free(&text);
    if (ok)
        return path;
    free(path);
    return NULL;
}

/* ---- what was used last --------------------------------------------------------------- */

static bool is_wanted(const struct options *o)
{
    return options_number(o, OPT_REMEMBER) != 0;
}

static char *last_path(void)
{
    char *folder = places_state_folder(), *path = folder ? path_join(folder, LAST_FILE) : NULL;
    free(folder);
    return path;
}

/* One on the hub can be fetched again. */
static bool is_there(const char *model)
{
    struct hub_ref ref;
    struct error ignored;
    char *path = models_find(model, &ignored);
    bool is = path && access(path, F_OK) == 0;
    free(path);
    if (is || !hub_ref_parse(&ref, model))
        return is;
    hub_ref_free(&ref);
    return true;
}

static void take(struct options *o, const struct options *last, enum option_id id)
{
    struct error ignored;
    if (*options_text(last, id) && options_source(o, id) == SOURCE_DEFAULT)
        options_set(o, id, options_text(last, id), SOURCE_PRESET, &ignored);
}

void settings_recall(struct options *o, char **gone)
{
    struct options last;
    struct error ignored;
    struct buf text = {0};
    char *path = is_wanted(o) ? last_path() : NULL;
    *gone = NULL;
    options_init(&last);
    if (path && read_file(&text, path, YAML_MAX_BYTES, &ignored) &&
        preset_read(&last, text.data, text.len, path, SOURCE_PRESET, &ignored)) {
        const char *model = options_text(&last, OPT_MODEL);
        if (!*model || is_there(model))
            take(o, &last, OPT_MODEL);
        else
            *gone = xstrdup(model);
        take(o, &last, OPT_PRESET);
    }
    options_free(&last);
    buf_free(&text);
    free(path);
}

/* A model of an engine elsewhere is not remembered: it would be asked without being chosen. */
void settings_remember(const struct options *o, const char *model)
{
    if (!is_wanted(o) || strncmp(model, ENGINE_REMOTE, strlen(ENGINE_REMOTE)) == 0)
        return;
    struct buf text = {0};
    struct error ignored;
    char *folder = places_state_folder(), *path = last_path();
    char *real = real_path(model); /* a name of the hub or of a list stays what it is */
    if (folder && path && places_make_private(folder, &ignored)) {
        buf_puts(&text, "model: ");
        yaml_put_text(&text, real ? real : model);
        buf_puts(&text, "\n");
        if (*options_text(o, OPT_PRESET))
            put_line(&text, o, OPT_PRESET);
        write_file(path, &text, &ignored);
    }
    buf_free(&text);
    free(real);
    free(path);
    free(folder);
}
