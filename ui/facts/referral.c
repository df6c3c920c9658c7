/* SPDX-License-Identifier: MIT */
#include "referral.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "referral_internal.h"

static const char *const answers[] = {
    [ANSWER_SORROW] =
        "I am so sorry that it is this bad. I am only a small computer program, but a real person "
        "can help you now. Please call your local emergency number (112, 911, 999) or a crisis "
        "line: 988 in the US and Canada, 116 123 in the UK and Ireland; findahelpline.com lists "
        "them for every country. Or go to someone you trust, and do not stay alone. You matter.",
    [ANSWER_FRIEND_SORROW] =
        "I am so sorry. Please take it seriously: stay with them, listen, and get help together. "
        "Call your local emergency number (112, 911, 999) if it is urgent, or a crisis line, "
        "which is there for friends and families too: 988 in the US and Canada, 116 123 in the UK "
        "and Ireland; findahelpline.com lists them for every country. I am only a small computer "
        "program.",
    [ANSWER_EMERGENCY] =
        "This can be an emergency. Please call your local emergency number (112, 911, 999) or a "
        "poison centre right now, and tell someone near you. Do not wait for me: I am only a "
        "small program, I invent things, and I cannot help here.",
    [ANSWER_ANIMAL] =
        "That can poison an animal, or hurt it badly. If it has happened, please call a vet or an "
        "animal poison line right now, even if nothing can be seen yet. Do not wait for me: I am "
        "only a small program that invents things.",
    [ANSWER_CHEMICALS] =
        "No, please do not. That can poison you, and some cleaners make a deadly gas when they "
        "are mixed. If it has already happened, go into fresh air and call your emergency number "
        "or a poison centre. I am only a small program that invents things: do not rely on me "
        "here.",
    [ANSWER_MEDICINE] =
        "I cannot give advice about health: I am a very small model and invent things. Please ask "
        "a doctor or a pharmacist. If it is bad or urgent, call your local emergency number.",
    [ANSWER_BURDEN] =
        "I am sorry that it is so hard. You deserve help, and there is help: please talk to a "
        "doctor or to someone you trust. If you feel very bad or not safe, call your local "
        "emergency number or a crisis line (findahelpline.com lists them, also for eating and "
        "addiction). I am only a small program that invents things, so I cannot advise you.",
    [ANSWER_DANGER] =
        "Please do not. That is dangerous, and people die of such things. Ask someone who knows, "
        "and if you are a child, ask a grown-up first. I am only a small program that invents "
        "things: do not rely on me here.",
    [ANSWER_HARM] =
        "I will not help with that: someone could be badly hurt. If you are angry or afraid, "
        "please talk to a person you trust. If anyone is in danger, call your local emergency "
        "number.",
    [ANSWER_VIOLENCE] =
        "I am sorry. This is not your fault, and you did right to say it. I am only a small "
        "computer program, so please tell a person you trust today: a grown-up, if you are a "
        "child. If you are in danger, call your local emergency number (112, 911, 999). "
        "childhelplineinternational.org lists helplines for children, findahelpline.com for "
        "everybody.",
    [ANSWER_STRANGERS] =
        "Please be careful. Do not meet them or go with them, and send no address and no "
        "pictures, whatever they say or promise. This is not your fault, and you need not keep it "
        "secret: tell a grown-up you trust today. If you are in danger, call your local emergency "
        "number; childhelplineinternational.org lists helplines for children. I am only a small "
        "computer program.",
    [ANSWER_SUM] =
        "I cannot work that out: I only know sums with small numbers, and would invent a result. "
        "Please use a calculator.",
};

/* The first rule that matches counts. */
static const struct referral_rules *const lists[] = {
    &referral_self,   &referral_hints,  &referral_tongues, &referral_urgent, &referral_people,
    &referral_health, &referral_danger, &referral_home,    &referral_body};
enum {
    N_LISTS = sizeof lists / sizeof *lists,
    N_KNOWN = 2048, /* twice as many as there are patterns */
    MOST_STEPS = 100000,
};

/* A story is asked for; or words are what is talked about. */
static const char stories[] =
    "(tell|telling|write|give|make|read|invent|continue|start|begin|want|like|love|hear|do you "
    "know|need|about|short|another|long|funny) ([a-z]+ )*(story|stories|tale|fable|poem|joke|song|"
    "rhyme|novel|riddle|limerick|haiku|play)|(story|tale|fable|poem|joke|fairy tale)( [a-z]+)? "
    "(about|of|with|where|in which)|continue|once upon a time";
static const char word_talk[] =
    "metaphors?|idioms?|phrase|saying|proverb|rhymes? with|synonyms?|antonyms?|spell|spelled|"
    "translate|definition of|lyrics|etymology|pun|meaning of the word|the word|past tense|anime|"
    "movie|film|band|album|tv show|video game|costume|legos?|monopoly|minecraft|nerf|who "
    "(invented|discovered|played|sang|wrote)|history of|recipe for (a |an |the )?(poison ivy|bath "
    "bombs?)";

/* Compiled once: patterns are static texts. */
static const pcre2_code *compiled(const char *pattern, bool whole_words)
{
    static struct {
        const char *pattern;
        pcre2_code *code;
    } known[N_KNOWN];
    size_t at = ((uintptr_t)pattern >> 2) % N_KNOWN;
    while (known[at].pattern && known[at].pattern != pattern)
        at = (at + 1) % N_KNOWN;
    if (known[at].pattern)
        return known[at].code;
    int fault;
    PCRE2_SIZE place;
    char *text = xasprintf(whole_words ? " (?:%s) " : "%s", pattern);
    known[at].code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                                   PCRE2_CASELESS | PCRE2_NO_AUTO_CAPTURE, &fault, &place, NULL);
    free(text);
    if (!known[at].code) /* patterns are right: a test compiles them all */
        die(EX_OSERR, "out of memory");
    known[at].pattern = pattern;
    return known[at].code;
}

/* What takes too many steps is not found. */
static bool finds(const pcre2_code *code, const char *text)
{
    static pcre2_match_data *data;
    static pcre2_match_context *limits;
    data = data ? data : xgiven(pcre2_match_data_create(1, NULL));
    limits = limits ? limits : xgiven(pcre2_match_context_create(NULL));
    pcre2_set_match_limit(limits, MOST_STEPS);
    int found = pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, data, limits);
    if (found == PCRE2_ERROR_NOMEMORY)
        die(EX_OSERR, "out of memory");
    return found >= 0;
}

bool referral_finds(const char *text, const char *pattern)
{
    return finds(compiled(pattern, false), text);
}

bool referral_has(const char *words, const char *pattern)
{
    return finds(compiled(pattern, true), words);
}

static bool matches(const struct referral_rule *r, const char *words)
{
    for (int i = 0; i < MOST_PARTS && r->parts[i]; i++)
        if (!referral_has(words, r->parts[i]))
            return false;
    return !r->unless || !referral_has(words, r->unless);
}

/* Two sentences that follow each other, and each by itself: what the one excuses, the other must
 * not. */
static bool matches_sentences(const struct referral_rule *r, const char *sentences)
{
    struct buf pair = {0};
    bool found = false;
    for (const char *s = sentences, *end; !found && (end = strchr(s, '\n')); s = end + 1) {
        size_t before = pair.len;
        buf_append(&pair, s, (size_t)(end - s));
        found = matches(r, pair.data) || (before && matches(r, pair.data + before));
        memmove(pair.data, pair.data + before, pair.len - before + 1);
        pair.len -= before;
    }
    buf_free(&pair);
    return found;
}

static const struct referral_rule *first_match(const struct referral_rules *l,
                                               const char *sentences, bool fiction)
{
    for (size_t i = 0; i < l->n; i++)
        if ((!fiction || l->rules[i].anywhere) && matches_sentences(&l->rules[i], sentences))
            return &l->rules[i];
    return NULL;
}

static const char *answer_to(const char *message, const char *sentences)
{
    bool fiction = referral_has(sentences, stories) || referral_has(sentences, word_talk);
    for (size_t i = 0; i < N_LISTS; i++) {
        const struct referral_rule *found = first_match(lists[i], sentences, fiction);
        if (found)
            return answers[found->answer];
    }
    return !fiction && referral_is_sum(message, sentences) ? answers[ANSWER_SUM] : NULL;
}

const char *referral_for(const char *message)
{
    struct buf part = {0}, sentences = {0};
    size_t n = strlen(message), half = REFERRAL_MAX / 2;
    buf_append(&part, message, n <= REFERRAL_MAX ? n : half);
    if (n > REFERRAL_MAX) {
        buf_puts(&part, "\n\n");
        buf_append(&part, message + n - half, half);
    }
    referral_words(&sentences, part.data, part.len);
    const char *answer = sentences.len ? answer_to(part.data, sentences.data) : NULL;
    buf_free(&part);
    buf_free(&sentences);
    return answer;
}
