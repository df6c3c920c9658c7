/* SPDX-License-Identifier: MIT
 *
 * options: one table of every setting: name, type, range, step, default, help. The YAML key, the
 * flag, the slider, --help and the man page all come from its rows.
 */
#ifndef QINS_OPTIONS_H
#define QINS_OPTIONS_H

#include "base.h"
#include "sampler.h"

enum option_type { OPTION_FLOAT, OPTION_INT, OPTION_STRING, OPTION_BOOL, OPTION_CHOICE };

/* Where a value came from; a higher source wins. */
enum option_source {
    SOURCE_DEFAULT,
    SOURCE_MODEL, /* the model's generation_config.json */
    SOURCE_PRESET,
    SOURCE_ENV,
    SOURCE_FLAG,
    SOURCE_USER, /* changed while running */
};

enum option_id {
    OPT_TEMPERATURE,
    OPT_TOP_P,
    OPT_TOP_K,
    OPT_MIN_P,
    OPT_REPEAT_PENALTY,
    OPT_REPEAT_LAST_N,
    OPT_MAX_TOKENS,
    OPT_TOP_P_RULE,
    OPT_SEED,
    OPT_MODEL,
    OPT_SYSTEM,
    OPT_CONTEXT,
    OPT_THREADS,
    OPT_CPU,
    OPT_PRESET,
    N_OPTIONS
};

struct option_row {
    enum option_id id;
    const char *name;       /* YAML key: "top_p"; the flag is "--top-p" */
    const char *aliases;    /* further YAML keys, space-separated, or NULL */
    char short_flag;        /* 0: none */
    enum option_type type;
    double min, max, step;  /* numbers; step is the slider's */
    double slider_min, slider_max; /* what keys move over; values outside may be typed */
    const char *choices;    /* OPTION_CHOICE: space-separated */
    const char *initial;    /* default as text; "" = unset */
    const char *help;       /* one line, lower case, no full stop */
};

struct option_value {
    double number;
    char *text; /* strings and choices; owned */
    enum option_source source;
};

struct options {
    struct option_value values[N_OPTIONS];
};

extern const struct option_row option_table[N_OPTIONS];

void options_init(struct options *o);
void options_free(struct options *o);
/* Parses and checks text for one option; keeps the old value when its source is stronger. The
 * message names option, value and range; the caller adds the place. */
bool options_set(struct options *o, enum option_id id, const char *text, enum option_source source,
                 struct error *err);
/* Moves a number by n steps within its slider's range. */
void options_step(struct options *o, enum option_id id, int n_steps);
void options_reset(struct options *o, enum option_id id);
/* By YAML name or alias; -1 when unknown; *nearest (or NULL) gets the best guess, or NULL. */
int options_find(const char *name, const char **nearest);

double options_number(const struct options *o, enum option_id id);
const char *options_text(const struct options *o, enum option_id id); /* "" when unset */
struct sampling options_sampling(const struct options *o);

#endif
