/* SPDX-License-Identifier: MIT
 *
 * referral_internal: rules of referral, and the plain words that they are matched with.
 */
#ifndef QINS_REFERRAL_INTERNAL_H
#define QINS_REFERRAL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base.h"

enum referral_answer {
    ANSWER_SORROW,
    ANSWER_FRIEND_SORROW,
    ANSWER_EMERGENCY,
    ANSWER_ANIMAL,
    ANSWER_CHEMICALS,
    ANSWER_MEDICINE,
    ANSWER_BURDEN,
    ANSWER_DANGER,
    ANSWER_HARM,
    ANSWER_VIOLENCE,
    ANSWER_STRANGERS,
    ANSWER_SUM,
};

enum { MOST_PARTS = 3 };

/* Parts are extended regular expressions of whole words, all of which must be found in a sentence
 * or in two that follow each other, and `unless` in none of it. */
struct referral_rule {
    enum referral_answer answer;
    const char *parts[MOST_PARTS]; /* NULL: none */
    const char *unless;            /* or NULL */
    bool anywhere; /* also if a story is asked for, or if words are what is talked about */
};
struct referral_rules {
    const struct referral_rule *rules; /* [n] */
    size_t n;
};
extern const struct referral_rules referral_self, referral_tongues, referral_urgent,
    referral_people, referral_health, referral_danger, referral_body, referral_home, referral_hints;

/* The sentences of s[0..n) in lower case, without signs, in words that rules know: "I'm gonna" is
 * "i am going to". Each ends with a newline and has a blank before and behind every word. */
void referral_words(struct buf *out, const char *s, size_t n);
/* Is a sum asked for that the starter cannot do? `s` as it was written, `words` as above. */
bool referral_is_sum(const char *s, const char *words);
/* A regular expression of whole words; without capitals. */
bool referral_has(const char *words, const char *pattern);
bool referral_finds(const char *text, const char *pattern); /* anywhere, also inside of words */

#endif
