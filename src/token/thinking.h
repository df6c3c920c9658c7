/* SPDX-License-Identifier: MIT
 *
 * thinking: what a model says to itself before its answer, as a part of its own. Models mark it in
 * a few ways (<think> ... </think>, gpt-oss's channels, [THINK] ... [/THINK], Gemma 4's channel): a
 * table of kinds, of which a model's template and tokenizer decide one.
 *
 * A splitter takes the tokens of an answer as they come and tells thinking from answer. It sees
 * only what the model generated, so nothing that a person writes is ever thinking.
 */
#ifndef QINS_THINKING_H
#define QINS_THINKING_H

#include "base.h"

/* Whether a model is asked to think, and how much. AUTO: as its template does by itself. */
enum think_mode { THINK_AUTO, THINK_ON, THINK_OFF, THINK_LOW, THINK_MEDIUM, THINK_HIGH };

/* "auto", "on", "off", "low", "medium", "high"; -> false: none of these. */
bool think_mode_from_name(const char *name, enum think_mode *mode);
const char *think_mode_name(enum think_mode mode);

struct thinking_request {
    enum think_mode mode;
    uint32_t budget; /* tokens of thinking after which it is closed; 0: no limit */
};

/* What a model knows of thinking. */
struct thinking_info {
    const char *kind; /* how it marks thinking: "think", "channel" ...; NULL: it does not think */
    bool can_switch;  /* its template knows on and off */
    bool has_effort;  /* ... and low, medium, high */
};

#endif
