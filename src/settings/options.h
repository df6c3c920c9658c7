/* SPDX-License-Identifier: MIT
 *
 * options: one table of every setting: name, type, range, step, default, help. The YAML key, the
 * flag, the slider, --help and the man page all come from its rows.
 */
#ifndef QINS_OPTIONS_H
#define QINS_OPTIONS_H

#include "base.h"
#include "sampler.h"
#include "stops.h"
#include "thinking.h"

enum option_type {
    OPTION_FLOAT,
    OPTION_INT,
    OPTION_STRING,
    OPTION_BOOL,
    OPTION_CHOICE,
    OPTION_STOPS, /* a list of texts (stops.h) */
};

/* Where a value came from; a higher source wins. Each source has a layer of its own, so that taking
 * one away (another preset, a slider reset) shows again what lies below. */
enum option_source {
    SOURCE_DEFAULT,
    SOURCE_MODEL,  /* the model's generation_config.json */
    SOURCE_PRESET, /* the user's config.yaml, then the preset */
    SOURCE_ENV,
    SOURCE_FLAG,
    SOURCE_USER, /* changed while running */
    N_SOURCES
};

enum option_id {
    OPT_TEMPERATURE,
    OPT_TOP_P,
    OPT_TOP_K,
    OPT_MIN_P,
    OPT_REPEAT_PENALTY,
    OPT_REPEAT_LAST_N,
    OPT_PRESENCE_PENALTY,
    OPT_FREQUENCY_PENALTY,
    OPT_MAX_TOKENS,
    OPT_THINK,
    OPT_THINK_TOKENS,
    OPT_SHOW_THINKING,
    OPT_TOP_P_RULE,
    OPT_SEED,
    OPT_STOP,
    OPT_MODEL,
    OPT_TEMPLATE,
    OPT_SYSTEM,
    OPT_CONTEXT,
    OPT_THREADS,
    OPT_CPU,
    OPT_PRESET,
    OPT_FORMAT,
    OPT_THEME,
    OPT_COLOR,
    OPT_MOUSE,
    OPT_MARKDOWN,
    OPT_EMOJI,
    OPT_CLIPBOARD,
    OPT_LINKS,
    OPT_TITLE,
    OPT_NOTIFY,
    OPT_NOTIFY_AFTER,
    OPT_KEYMAP,
    OPT_PASTE_CONFIRM,
    OPT_SPECULATE,
    OPT_KV,
    OPT_GEMM,
    OPT_WEIGHTS,
    OPT_KEEP_CONTEXT,
    OPT_CONTEXT_FULL,
    OPT_REMEMBER,
    OPT_SERVER,
    OPT_SERVER_MODEL,
    OPT_KEY_COMMAND,
    OPT_KEY_FILE,
    OPT_SERVER_TIMEOUT,
    N_OPTIONS
};

struct option_row {
    const char *name;    /* YAML key: "top_p"; the flag is "--top-p", the variable QINS_TOP_P */
    const char *aliases; /* further YAML keys and flags, space-separated, or NULL */
    char short_flag;     /* 0: none */
    enum option_type type;
    double min, max, step;         /* numbers; step is the slider's */
    double slider_min, slider_max; /* what keys move over; values outside may be typed */
    const char *choices;           /* OPTION_CHOICE: space-separated */
    const char *initial;           /* default as text; "" = unset */
    const char *meta;              /* what --help calls the value: "N", "TEXT"; NULL: a flag alone
                                      says true */
    const char *help;              /* one line, lower case, no full stop */
    const char *manual;            /* sentences for the manual page, mdoc */
    bool rare;                     /* --help leaves it to --help-all */
    bool is_fixed;                 /* the engine is started with it: cannot change while running */
    bool from_model;               /* a model's generation_config.json may recommend a value */
};

struct option_value {
    bool set;
    double number;
    char *text; /* strings and choices; owned */
};

struct options {
    struct option_value layers[N_OPTIONS][N_SOURCES];
};

extern const struct option_row option_table[N_OPTIONS];

void options_init(struct options *o); /* defaults only */
void options_free(struct options *o);

/* Parses and checks text for one option and keeps it in this source's layer. The message names
 * option, value and range; the caller adds the place. Its code is EX_USAGE. */
bool options_set(struct options *o, enum option_id id, const char *text, enum option_source source,
                 struct error *err);
/* Takes a value out of one layer. */
void options_unset(struct options *o, enum option_id id, enum option_source source);
/* Moves every value of `from`'s layer into the same layer of `to`. */
void options_move_layer(struct options *to, struct options *from, enum option_source source);
/* QINS_TEMPERATURE and so on; empty variables count as absent. */
bool options_read_env(struct options *o, struct error *err);

/* Moves a number by n steps within its slider's range (SOURCE_USER). */
void options_step(struct options *o, enum option_id id, int n_steps);
/* What was there before the user changed it. */
void options_reset(struct options *o, enum option_id id);

/* By YAML name or alias, '-' equals '_'; -1 when unknown; *nearest (or NULL) gets the best
 * guess, or NULL. */
int options_find(const char *name, const char **nearest);

double options_number(const struct options *o, enum option_id id);
const char *options_text(const struct options *o, enum option_id id); /* "" when unset */
enum option_source options_source(const struct options *o, enum option_id id);
const char *option_source_name(enum option_source source); /* "default", "flag", ... */
/* The value as options_set would read it: "0.7". Numbers always with a point. Caller frees. */
char *options_format(const struct options *o, enum option_id id);
/* What may be given: "0 to 2", "one of spec, nucleus", "text". -> out */
char *option_range(const struct option_row *row, char *out, size_t n);

/* Adds a text to the list of this source's layer; OPTION_STOPS alone. */
bool options_add_stop(struct options *o, enum option_id id, const char *text,
                      enum option_source source, struct error *err);
/* Whether it is one of those of an engine on another machine: config.yaml, not a preset, may have
 * them. */
bool options_is_of_server(enum option_id id);
struct stops options_stops(const struct options *o);
struct thinking_request options_thinking(const struct options *o);
struct sampling options_sampling(const struct options *o);
uint64_t options_seed(const struct options *o); /* a new random one if seed is -1 */

#endif
