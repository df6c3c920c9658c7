/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "kernels.h"
#include "nearest.h"
#include "number.h"

enum { MAX_NAMES = 96 };

static bool is_number(const struct option_row *row)
{
    return row->type == OPTION_FLOAT || row->type == OPTION_INT;
}

static bool is_choice(const char *choices, const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || strchr(text, ' '))
        return false;
    for (const char *c = choices; c; c = strchr(c, ' ')) {
        c += *c == ' ';
        if (strncmp(c, text, len) == 0 && (c[len] == ' ' || c[len] == '\0'))
            return true;
    }
    return false;
}

/* ---- layers --------------------------------------------------------------------------- */

void options_init(struct options *o)
{
    *o = (struct options){0};
    for (int id = 0; id < N_OPTIONS; id++) {
        struct error err;
        if (!options_set(o, (enum option_id)id, option_table[id].initial, SOURCE_DEFAULT, &err))
            die(EX_SOFTWARE, "option table: %s", err.text);
    }
}

void options_free(struct options *o)
{
    for (int id = 0; id < N_OPTIONS; id++)
        for (int source = 0; source < N_SOURCES; source++)
            free(o->layers[id][source].text);
    *o = (struct options){0};
}

static bool value_parse(const struct option_row *row, const char *text, struct option_value *v)
{
    struct stops stops;
    switch (row->type) {
    case OPTION_INT:
    case OPTION_FLOAT:
        return number_parse(text, &v->number) && v->number >= row->min && v->number <= row->max &&
               (row->type == OPTION_FLOAT || v->number == rint(v->number));
    case OPTION_BOOL:
        v->number = strcmp(text, "true") == 0;
        return v->number != 0 || strcmp(text, "false") == 0;
    case OPTION_CHOICE: return is_choice(row->choices, text);
    case OPTION_STRING: return true;
    case OPTION_STOPS: return stops_parse(&stops, text);
    }
    return false;
}

bool options_set(struct options *o, enum option_id id, const char *text, enum option_source source,
                 struct error *err)
{
    const struct option_row *row = &option_table[id];
    struct option_value v = {.set = true};
    char range[128];
    if (!value_parse(row, text, &v))
        return error_set(err, EX_USAGE, "%s: \"%.200s\" is not %s", row->name, text,
                         option_range(row, range, sizeof range));
    if (!is_number(row))
        v.text = xstrdup(text);
    options_unset(o, id, source);
    o->layers[id][source] = v;
    return true;
}

void options_unset(struct options *o, enum option_id id, enum option_source source)
{
    free(o->layers[id][source].text);
    o->layers[id][source] = (struct option_value){0};
}

void options_move_layer(struct options *to, struct options *from, enum option_source source)
{
    for (int id = 0; id < N_OPTIONS; id++) {
        if (!from->layers[id][source].set)
            continue;
        options_unset(to, (enum option_id)id, source);
        to->layers[id][source] = from->layers[id][source];
        from->layers[id][source] = (struct option_value){0};
    }
}

enum option_source options_source(const struct options *o, enum option_id id)
{
    int source = N_SOURCES - 1;
    while (source > SOURCE_DEFAULT && !o->layers[id][source].set)
        source--;
    return (enum option_source)source;
}

static const struct option_value *effective(const struct options *o, enum option_id id)
{
    return &o->layers[id][options_source(o, id)];
}

double options_number(const struct options *o, enum option_id id)
{
    return effective(o, id)->number;
}

const char *options_text(const struct options *o, enum option_id id)
{
    const char *text = effective(o, id)->text;
    return text ? text : "";
}

const char *option_source_name(enum option_source source)
{
    static const char *const names[N_SOURCES] = {
        "default", "model", "preset", "environment", "flag", "user",
    };
    return names[source];
}

bool options_is_of_server(enum option_id id)
{
    return id >= OPT_SERVER && id <= OPT_SERVER_TIMEOUT;
}

char *options_format(const struct options *o, enum option_id id)
{
    char number[32];
    struct buf list = {0};
    struct stops stops;
    if (option_table[id].type == OPTION_STOPS && stops_parse(&stops, options_text(o, id))) {
        stops_format(&stops, &list);
        buf_append(&list, "", 0);
        return list.data;
    }
    return xstrdup(is_number(&option_table[id]) ? number_format(options_number(o, id), number)
                                                : options_text(o, id));
}

/* ---- the environment ------------------------------------------------------------------ */

bool options_read_env(struct options *o, struct error *err)
{
    for (int id = 0; id < N_OPTIONS; id++) {
        char name[64];
        snprintf(name, sizeof name, "QINS_%s", option_table[id].name);
        for (char *c = name; *c; c++)
            *c = (char)toupper((unsigned char)*c);
        const char *text = getenv(name);
        struct error inner;
        if (text && *text && !options_set(o, (enum option_id)id, text, SOURCE_ENV, &inner))
            return error_set(err, EX_CONFIG, "environment variable %s: %s", name, inner.text);
    }
    return true;
}

/* ---- sliders -------------------------------------------------------------------------- */

void options_step(struct options *o, enum option_id id, int n_steps)
{
    const struct option_row *row = &option_table[id];
    assert(is_number(row));
    /* On the grid of steps, so that 0.1 + 0.2 is 0.3; max tokens' 50, 100, ... 2000 end in 2048. */
    double steps = options_number(o, id) / row->step;
    double from = n_steps > 0 ? floor(steps + 1e-6) : ceil(steps - 1e-6);
    double x = (from + n_steps) * row->step;
    x = x < row->slider_min ? row->slider_min : x > row->slider_max ? row->slider_max : x;
    char text[32];
    struct error err;
    if (!options_set(o, id, number_format(x, text), SOURCE_USER, &err))
        die(EX_SOFTWARE, "slider: %s", err.text);
}

void options_reset(struct options *o, enum option_id id)
{
    options_unset(o, id, SOURCE_USER);
}

/* ---- names ---------------------------------------------------------------------------- */

struct names {
    char text[MAX_NAMES][32];
    const char *list[MAX_NAMES];
    int ids[MAX_NAMES];
    size_t n;
};

static void names_add(struct names *names, const char *name, size_t len, int id)
{
    assert(names->n < MAX_NAMES && len < sizeof names->text[0]);
    char *text = names->text[names->n];
    memcpy(text, name, len);
    text[len] = '\0';
    names->list[names->n] = text;
    names->ids[names->n++] = id;
}

static void names_collect(struct names *names)
{
    names->n = 0;
    for (int id = 0; id < N_OPTIONS; id++) {
        names_add(names, option_table[id].name, strlen(option_table[id].name), id);
        const char *alias = option_table[id].aliases;
        while (alias && *alias) {
            size_t len = strcspn(alias, " ");
            names_add(names, alias, len, id);
            alias += len + (alias[len] == ' ');
        }
    }
}

int options_find(const char *name, const char **nearest_name)
{
    struct names names;
    char plain[64];
    size_t len = strlen(name);
    if (nearest_name)
        *nearest_name = NULL;
    if (len == 0 || len >= sizeof plain)
        return -1;
    for (size_t i = 0; i <= len; i++)
        plain[i] = name[i] == '-' ? '_' : name[i];
    names_collect(&names);
    for (size_t i = 0; i < names.n; i++)
        if (strcmp(names.list[i], plain) == 0)
            return names.ids[i];
    const char *guess = nearest(plain, names.list, names.n);
    for (size_t i = 0; nearest_name && i < names.n; i++)
        if (names.list[i] == guess)
            *nearest_name = option_table[names.ids[i]].name;
    return -1;
}

/* ---- what the engine needs ------------------------------------------------------------ */

bool options_add_stop(struct options *o, enum option_id id, const char *text,
                      enum option_source source, struct error *err)
{
    const char *now = o->layers[id][source].text;
    struct stops stops;
    struct buf list = {0};
    char range[128];
    if (!stops_parse(&stops, now ? now : "") || !stops_add(&stops, text, strlen(text)))
        return error_set(err, EX_USAGE, "%s: \"%.200s\" is not %s", option_table[id].name, text,
                         option_range(&option_table[id], range, sizeof range));
    stops_format(&stops, &list);
    bool ok = options_set(o, id, list.data, source, err);
    buf_free(&list);
    return ok;
}

struct stops options_stops(const struct options *o)
{
    struct stops stops;
    stops_parse(&stops, options_text(o, OPT_STOP));
    return stops;
}

struct sampling options_sampling(const struct options *o)
{
    return (struct sampling){
        .temperature = (float)options_number(o, OPT_TEMPERATURE),
        .top_p = (float)options_number(o, OPT_TOP_P),
        .min_p = (float)options_number(o, OPT_MIN_P),
        .repeat_penalty = (float)options_number(o, OPT_REPEAT_PENALTY),
        .presence_penalty = (float)options_number(o, OPT_PRESENCE_PENALTY),
        .frequency_penalty = (float)options_number(o, OPT_FREQUENCY_PENALTY),
        .top_k = (int32_t)options_number(o, OPT_TOP_K),
        .repeat_last_n = (int32_t)options_number(o, OPT_REPEAT_LAST_N),
        .top_p_rule =
            strcmp(options_text(o, OPT_TOP_P_RULE), "nucleus") == 0 ? TOP_P_NUCLEUS : TOP_P_SPEC,
    };
}

struct thinking_request options_thinking(const struct options *o)
{
    struct thinking_request r = {.budget = (uint32_t)options_number(o, OPT_THINK_TOKENS)};
    think_mode_from_name(options_text(o, OPT_THINK), &r.mode);
    return r;
}

uint64_t options_seed(const struct options *o)
{
    double seed = options_number(o, OPT_SEED);
    uint64_t drawn;
    if (seed >= 0)
        return (uint64_t)seed;
    if (getentropy(&drawn, sizeof drawn) != 0)
        die(EX_OSERR, "no random numbers from the system");
    return drawn >> 11; /* one that --seed could name */
}
