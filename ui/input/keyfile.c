/* SPDX-License-Identifier: MIT */
#include "keyfile.h"

#include <stdlib.h>
#include <string.h>

#include "keymap.h"
#include "keys.h"
#include "nearest.h"
#include "places.h"
#include "yaml_reader.h"

static const struct {
    const char *name;
    unsigned where;
} places[] = {
    {"everywhere", IN_ALL},
    {"input", IN_INPUT},
    {"sliders", IN_SIDEBAR},
    {"chat", IN_CHAT},
};
enum { N_PLACES = sizeof places / sizeof *places };

/* One line of the file. */
struct line {
    unsigned where;
    int32_t key;
    enum action action;
    yaml_mark_t at;
};

struct file {
    struct line *lines; /* [n] */
    size_t n, cap;
    unsigned where; /* of the place that is being read */
};

/* ---- one line ------------------------------------------------------------------------- */

static bool refuse_key(struct yaml_reader *r, const yaml_event_t *key)
{
    const char *names[2 * N_ACTIONS];
    char words[2 * N_ACTIONS][40];
    size_t n, used = 0;
    const struct binding *rows = keymap_bindings(&n);
    for (size_t i = 0; i < n && used < 2 * N_ACTIONS; i++, used++)
        names[used] = key_word(rows[i].key, words[used], sizeof words[used]);
    const char *guess = nearest(reader_text(key), names, used);
    return reader_refuse(r, key->start_mark, "\"%.60s\" is not a key%s%s%s", reader_text(key),
                         guess ? "; did you mean " : "; such as ctrl-g, alt-enter, f5, \"k\"",
                         guess ? guess : "", guess ? "?" : "");
}

static bool find_action(struct yaml_reader *r, const yaml_event_t *value, enum action *action)
{
    const char *names[N_ACTIONS], *text = reader_text(value);
    for (int i = 0; i < N_ACTIONS; i++) {
        names[i] = action_name((enum action)i);
        *action = (enum action)i;
        if (strcmp(names[i], text) == 0)
            return true;
    }
    const char *guess = nearest(text, names, N_ACTIONS);
    return reader_refuse(r, value->start_mark, "unknown action \"%.60s\"%s%s%s", text,
                         guess ? "; did you mean " : "; qins-tui --dump-keys lists them",
                         guess ? guess : "", guess ? "?" : "");
}

/* Two lines must not speak of one key in one place. */
static bool check_conflict(const struct file *f, struct yaml_reader *r, const struct line *new)
{
    char name[40];
    for (size_t i = 0; i < f->n; i++)
        if (f->lines[i].key == new->key && (f->lines[i].where & new->where))
            return reader_refuse(r, new->at, "%s is already bound to %s in line %zu",
                                 key_word(new->key, name, sizeof name),
                                 action_name(f->lines[i].action), f->lines[i].at.line + 1);
    return true;
}

static bool take_line(void *context, struct yaml_reader *r, const yaml_event_t *key,
                      const yaml_event_t *value)
{
    struct file *f = context;
    struct line new = {
        .where = f->where, .key = key_parse(reader_text(key)), .at = key->start_mark};
    if (new.key == K_NONE)
        return refuse_key(r, key);
    if ((new.where &IN_INPUT) && new.key >= ' ' && new.key < K_NONE)
        return reader_refuse(r, key->start_mark,
                             "\"%.60s\" types a character in the input; add ctrl- or alt-",
                             reader_text(key));
    if (!reader_check_scalar(r, reader_text(key), value) || !find_action(r, value, &new.action) ||
        !check_conflict(f, r, &new))
        return false;
    f->lines = xgrow(f->lines, f->n, &f->cap, sizeof *f->lines);
    f->lines[f->n++] = new;
    return true;
}

static bool take_place(void *context, struct yaml_reader *r, const yaml_event_t *key,
                       const yaml_event_t *value)
{
    struct file *f = context;
    const char *names[N_PLACES];
    for (int i = 0; i < N_PLACES; i++) {
        names[i] = places[i].name;
        if (strcmp(names[i], reader_text(key)) != 0)
            continue;
        if (value->type != YAML_MAPPING_START_EVENT)
            return reader_refuse(r, value->start_mark,
                                 "%s: lines of the form \"ctrl-g: edit-in-editor\" are expected",
                                 names[i]);
        f->where = places[i].where;
        return reader_pairs(r, take_line, f);
    }
    const char *guess = nearest(reader_text(key), names, N_PLACES);
    return reader_refuse(r, key->start_mark, "unknown place \"%.60s\"%s%s%s", reader_text(key),
                         guess ? "; did you mean "
                               : "; there are: everywhere, input, sliders, chat",
                         guess ? guess : "", guess ? "?" : "");
}

/* ---- files ---------------------------------------------------------------------------- */

bool keyfile_read(const char *yaml, size_t n, const char *name, struct error *err)
{
    struct file f = {0};
    bool ok = reader_read(yaml, n, name, "input:", take_place, &f, err);
    for (size_t i = 0; ok && i < f.n; i++)
        keymap_bind(f.lines[i].where, f.lines[i].key, f.lines[i].action);
    free(f.lines);
    return ok;
}

bool keyfile_load(struct error *err)
{
    char *path = places_user_file("keys.yaml");
    struct buf yaml = {0};
    bool ok = true;
    if (path && is_file(path)) {
        ok = read_file(&yaml, path, YAML_MAX_BYTES, err);
        if (!ok)
            err->code = EX_CONFIG;
        ok = ok && keyfile_read(yaml.data ? yaml.data : "", yaml.len, path, err);
    }
    buf_free(&yaml);
    free(path);
    return ok;
}

/* Bindings of several places, but not of all, stand in each of them. */
static bool stands_in(unsigned where, unsigned place)
{
    return where == IN_ALL ? place == IN_ALL : place != IN_ALL && (where & place);
}

static void dump_line(struct buf *out, int32_t key, enum action action, const char *help)
{
    char word[40], quoted[48];
    key_word(key, word, sizeof word);
    bool plain = strlen(word) > 1 && !strpbrk(word, "<>\\'\"");
    snprintf(quoted, sizeof quoted, plain ? "%s" : *word == '\'' ? "\"%s\"" : "'%s'", word);
    buf_printf(out, "  %s:%*s %s # %s\n", quoted,
               strlen(quoted) < 15 ? (int)(15 - strlen(quoted)) : 0, "", action_name(action), help);
}

/* Bound when nothing is changed, and to nothing now. */
static bool is_unbound(size_t row, unsigned place)
{
    for (int focus = 0; focus < N_FOCUS; focus++)
        if ((place & 1u << focus) && keymap_find((enum focus)focus, keymap[row].key) != ACT_NONE)
            return false;
    return stands_in(keymap[row].where, place);
}

void keyfile_dump(struct buf *out)
{
    size_t n;
    const struct binding *rows = keymap_bindings(&n);
    for (int p = 0; p < N_PLACES; p++) {
        unsigned place = places[p].where;
        buf_printf(out, "%s:\n", places[p].name);
        for (size_t i = 0; i < n; i++)
            if (stands_in(rows[i].where, place))
                dump_line(out, rows[i].key, rows[i].action, rows[i].help);
        for (size_t i = 0; i < n_keymap; i++)
            if (is_unbound(i, place))
                dump_line(out, keymap[i].key, ACT_NONE, "nothing");
    }
}
