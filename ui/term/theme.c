/* SPDX-License-Identifier: MIT */
#include "theme.h"

#include <limits.h>
#include <string.h>

#include "named_file.h"
#include "nearest.h"
#include "number.h"
#include "yaml_reader.h"

enum { MAX_WORDS = 64 };

#define COLOUR(c) ((c) + 1)
#define B ATTRIBUTE_BOLD
#define D ATTRIBUTE_DIM

/* clang-format off */
static const struct {
    const char *name;
    struct look look;
} roles[N_STYLES] = {
    [STYLE_TEXT]    = {"text",    {0}},
    [STYLE_DIM]     = {"dim",     {.attributes = D}},
    [STYLE_BOLD]    = {"bold",    {.attributes = B}},
    [STYLE_TITLE]   = {"title",   {.attributes = B}},
    [STYLE_USER]    = {"user",    {COLOUR(6), 0, B}},
    [STYLE_ANSWER]  = {"answer",  {COLOUR(2), 0, B}},
    [STYLE_NOTE]    = {"note",    {COLOUR(5)}},
    [STYLE_ACCENT]  = {"accent",  {COLOUR(6), 0, B}},
    [STYLE_BADGE]   = {"badge",   {.attributes = ATTRIBUTE_REVERSE}},
    [STYLE_WARNING] = {"warning", {COLOUR(1), 0, B}},
    [STYLE_BORDER]  = {"border",  {.attributes = D}},
    [STYLE_GRAPH]   = {"graph",   {COLOUR(6)}},
    [STYLE_HEADING] = {"heading", {COLOUR(6), 0, B}},
    [STYLE_EMPHASIS] = {"emphasis", {.attributes = ATTRIBUTE_ITALIC}},
    [STYLE_CODE]    = {"code",    {COLOUR(2)}},
    [STYLE_LINK]    = {"link",    {.attributes = ATTRIBUTE_UNDERLINE}},
    [STYLE_STRIKE]  = {"strike",  {.attributes = D}},
    [STYLE_KEYWORD] = {"keyword", {.attributes = B}},
    [STYLE_STRING]  = {"string",  {COLOUR(2)}},
    [STYLE_COMMENT] = {"comment", {.attributes = D}},
    [STYLE_NUMBER]  = {"number",  {COLOUR(6)}},
    [STYLE_THINKING] = {"thinking", {.attributes = D}},
    [STYLE_MATCH]   = {"match",   {.attributes = ATTRIBUTE_REVERSE}},
    [STYLE_MATCH_HERE] = {"match-here", {COLOUR(3), 0, ATTRIBUTE_REVERSE | B}},
};

static const struct word {
    const char *name;
    int colour; /* as in struct look; -1: an attribute */
    unsigned attribute;
} words[] = {
    {"default", 0, 0},          {"black", COLOUR(0), 0},        {"red", COLOUR(1), 0},
    {"green", COLOUR(2), 0},    {"yellow", COLOUR(3), 0},       {"blue", COLOUR(4), 0},
    {"magenta", COLOUR(5), 0},  {"cyan", COLOUR(6), 0},         {"white", COLOUR(7), 0},
    {"grey", COLOUR(8), 0},     {"bright-red", COLOUR(9), 0},   {"bright-green", COLOUR(10), 0},
    {"bright-yellow", COLOUR(11), 0}, {"bright-blue", COLOUR(12), 0},
    {"bright-magenta", COLOUR(13), 0}, {"bright-cyan", COLOUR(14), 0},
    {"bright-white", COLOUR(15), 0},
    {"plain", -1, 0},           {"bold", -1, B},                {"dim", -1, D},
    {"italic", -1, ATTRIBUTE_ITALIC}, {"underline", -1, ATTRIBUTE_UNDERLINE},
    {"reverse", -1, ATTRIBUTE_REVERSE},
};
/* clang-format on */
enum { N_WORDS = sizeof words / sizeof *words };

const char *style_name(enum style style)
{
    return roles[style].name;
}

void theme_init(struct theme *t)
{
    for (int i = 0; i < N_STYLES; i++)
        t->looks[i] = roles[i].look;
}

/* ---- reading -------------------------------------------------------------------------- */

struct file {
    struct theme theme;
    bool seen[N_STYLES], seen_description;
};

static bool refuse_word(struct yaml_reader *r, const yaml_event_t *value, const char *role,
                        const char *word)
{
    const char *names[N_WORDS];
    for (int i = 0; i < N_WORDS; i++)
        names[i] = words[i].name;
    const char *guess = nearest(word, names, N_WORDS);
    return reader_refuse(
        r, value->start_mark,
        "%s: \"%.40s\" is not a colour (a name, or 0 to 255) or an attribute%s%s%s", role, word,
        guess ? "; did you mean " : "", guess ? guess : "", guess ? "?" : "");
}

/* A name of the table, or the number of a colour. -> false: neither. */
static bool find_word(const char *text, struct word *out)
{
    double x;
    for (int i = 0; i < N_WORDS; i++)
        if (strcmp(words[i].name, text) == 0) {
            *out = words[i];
            return true;
        }
    if (!number_parse(text, &x) || x < 0 || x > 255 || x != (int)x)
        return false;
    *out = (struct word){.colour = COLOUR((int)x)};
    return true;
}

/* "bold cyan on 236" */
static bool read_look(struct yaml_reader *r, const char *role, const yaml_event_t *value,
                      struct look *look)
{
    const char *s = reader_text(value);
    int n_colours[2] = {0, 0}, ground = 0; /* 1 behind "on" */
    *look = (struct look){0};
    for (s += strspn(s, " "); *s; s += strspn(s, " ")) {
        char text[24];
        size_t n = strcspn(s, " ");
        snprintf(text, sizeof text, "%.*s", (int)(n < sizeof text ? n : sizeof text - 1), s);
        s += n;
        struct word word;
        if (strcmp(text, "on") == 0 && ground == 0) {
            ground = 1;
            continue;
        }
        if (!find_word(text, &word))
            return refuse_word(r, value, role, text);
        if (word.colour >= 0 && n_colours[ground]++)
            return reader_refuse(r, value->start_mark,
                                 "%s: \"%s\" is one colour too many; "
                                 "the form is \"bold cyan on black\"",
                                 role, text);
        if (word.colour < 0)
            look->attributes |= word.attribute;
        else
            *(ground ? &look->bg : &look->fg) = word.colour;
    }
    return ground == 0 || n_colours[1] ||
           reader_refuse(r, value->start_mark, "%s: a colour is missing after \"on\"", role);
}

static bool find_role(struct yaml_reader *r, const yaml_event_t *key, int *style)
{
    const char *names[N_STYLES];
    for (int i = 0; i < N_STYLES; i++) {
        names[i] = roles[i].name;
        *style = i;
        if (strcmp(names[i], reader_text(key)) == 0)
            return true;
    }
    const char *guess = nearest(reader_text(key), names, N_STYLES);
    return reader_refuse(r, key->start_mark, "unknown role \"%.40s\"%s%s%s", reader_text(key),
                         guess ? "; did you mean " : "; qins.yaml(5) lists them",
                         guess ? guess : "", guess ? "?" : "");
}

static bool take_pair(void *context, struct yaml_reader *r, const yaml_event_t *key,
                      const yaml_event_t *value)
{
    struct file *f = context;
    bool description = strcmp(reader_text(key), "description") == 0;
    int style = 0;
    if (!reader_check_scalar(r, reader_text(key), value) ||
        (!description && !find_role(r, key, &style)))
        return false;
    bool *seen = description ? &f->seen_description : &f->seen[style];
    if (*seen)
        return reader_refuse(r, key->start_mark, "%s: given twice", reader_text(key));
    *seen = true;
    return description ? reader_check_text(r, "description", value)
                       : read_look(r, roles[style].name, value, &f->theme.looks[style]);
}

bool theme_read(struct theme *t, const char *yaml, size_t n, const char *name, struct error *err)
{
    struct file f = {.theme = *t};
    bool ok = reader_read(yaml, n, name, "user: bold cyan", take_pair, &f, err);
    if (ok)
        *t = f.theme;
    return ok;
}

bool theme_load(struct theme *t, const char *name, struct error *err)
{
    struct buf yaml = {0};
    char *path = named_file("theme", name, err);
    bool ok = path != NULL;
    theme_init(t);
    if (!ok && strcmp(name, "default") == 0)
        return true; /* no file is needed for what is built in */
    if (ok && !read_file(&yaml, path, YAML_MAX_BYTES, err)) {
        err->code = EX_CONFIG;
        ok = false;
    }
    ok = ok && theme_read(t, yaml.data, yaml.len, path, err);
    buf_free(&yaml);
    free(path);
    return ok;
}

/* ---- fewer colours -------------------------------------------------------------------- */

/* The palette of xterm: 16 colours, a cube of 6, 24 greys. */
static void rgb_of(int c, int rgb[3])
{
    static const int base[8][3] = {{0, 0, 0},   {205, 0, 0},   {0, 205, 0},   {205, 205, 0},
                                   {0, 0, 238}, {205, 0, 205}, {0, 205, 205}, {229, 229, 229}};
    static const int bright[8][3] = {{127, 127, 127}, {255, 0, 0},    {0, 255, 0},
                                     {255, 255, 0},   {92, 92, 255},  {255, 0, 255},
                                     {0, 255, 255},   {255, 255, 255}};
    for (int i = 0, unit = 36; i < 3; i++, unit /= 6) {
        int level = c < 16 ? 0 : (c - 16) / unit % 6;
        rgb[i] = c < 8      ? base[c][i]
                 : c < 16   ? bright[c - 8][i]
                 : c >= 232 ? 8 + 10 * (c - 232)
                 : level    ? 55 + 40 * level
                            : 0;
    }
}

int colour_among(int c, int n)
{
    int rgb[3], best = 0, best_distance = INT_MAX;
    if (c < n)
        return c;
    rgb_of(c, rgb);
    for (int i = 0; i < n && i < 16; i++) {
        int of[3], distance = 0;
        rgb_of(i, of);
        for (int j = 0; j < 3; j++)
            distance += (rgb[j] - of[j]) * (rgb[j] - of[j]);
        if (distance < best_distance) {
            best_distance = distance;
            best = i;
        }
    }
    return best;
}
