/* SPDX-License-Identifier: MIT
 *
 * What people type -> plain words. Only what the rules need is known here: short forms, the words
 * that stand for others, and slips in words that no other common word is near to.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "referral_internal.h"
#include "utf8.h"

static const struct short_form {
    const char *typed, *words;
} short_forms[] = {
    {"im", "i am"},
    {"iam", "i am"},
    {"ive", "i have"},
    {"id", "i would"},
    {"i'll", "i will"},
    {"u", "you"},
    {"ur", "your"},
    {"youre", "you are"},
    {"hes", "he is"},
    {"shes", "she is"},
    {"its", "it is"},
    {"theyre", "they are"},
    {"theres", "there is"},
    {"whats", "what is"},
    {"wheres", "where is"},
    {"hows", "how is"},
    {"he'll", "he will"},
    {"she'll", "she will"},
    {"dont", "do not"},
    {"dnt", "do not"},
    {"doesnt", "does not"},
    {"didnt", "did not"},
    {"cant", "cannot"},
    {"couldnt", "could not"},
    {"wont", "will not"},
    {"wouldnt", "would not"},
    {"isnt", "is not"},
    {"arent", "are not"},
    {"wasnt", "was not"},
    {"werent", "were not"},
    {"havent", "have not"},
    {"hasnt", "has not"},
    {"shouldnt", "should not"},
    {"wanna", "want to"},
    {"wana", "want to"},
    {"gonna", "going to"},
    {"gunna", "going to"},
    {"gotta", "have to"},
    {"anymore", "any more"},
    {"noone", "nobody"},
    {"idk", "i do not know"},
    {"idc", "i do not care"},
    {"w/o", "without"},
    {"theyll", "they will"},
    {"itll", "it will"},
    {"kms", "kill myself"},
    {"kys", "kill yourself"},
    {"unalive", "kill"},
    {"unaliving", "killing"},
    {"sewerslide", "suicide"},
    {"od'd", "overdosed"},
    {"od'ed", "overdosed"},
    {"od", "overdose"},
    {"oding", "overdosing"},
    {"mum", "mother"},
    {"mom", "mother"},
    {"mama", "mother"},
    {"mummy", "mother"},
    {"mommy", "mother"},
    {"mam", "mother"},
    {"dad", "father"},
    {"daddy", "father"},
    {"papa", "father"},
    {"stepdad", "father"},
    {"stepfather", "father"},
    {"stepmother", "mother"},
    {"stepmum", "mother"},
    {"stepmom", "mother"},
    {"grandma", "grandmother"},
    {"granny", "grandmother"},
    {"nan", "grandmother"},
    {"grandpa", "grandfather"},
    {"granddad", "grandfather"},
    {"bf", "boyfriend"},
    {"gf", "girlfriend"},
    {"bro", "brother"},
    {"pic", "picture"},
    {"pics", "pictures"},
    {"fone", "phone"},
    {"plz", "please"},
    {"pls", "please"},
    {"meds", "medicine"},
    {"bleech", "bleach"},
    {"bleatch", "bleach"},
    {"breath", "breathe"},
    {"clorine", "chlorine"},
    {"suiside", "suicide"},
    {"sucide", "suicide"},
};

/* Slips are mended in these: one letter missing, doubled or wrong, or two that changed places. */
static const char *const known_words[] = {
    "suicide",       "suicidal",    "myself",       "overdose",       "overdosed",
    "overdosing",    "breathing",   "swallowed",    "paracetamol",    "ibuprofen",
    "acetaminophen", "ammonia",     "pregnant",     "antibiotics",    "antidepressants",
    "alcohol",       "unconscious", "stomach",      "headache",       "mushrooms",
    "depressed",     "depression",  "cocaine",      "electrocuted",   "medicine",
    "chocolate",     "anorexia",    "temperature",  "poisonous",      "diabetes",
    "pneumonia",     "explosives",  "self-harming", "hallucinations", "mouthwash",
};
/* In these only letters that changed places, since other words are near. */
static const char *const short_words[] = {"want",  "kill",   "poison",  "bleach", "drank",
                                          "pills", "hurts",  "suicide", "heroin", "tablets",
                                          "raped", "abused", "bleeding"};
#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool letters_changed_places(const char *typed, const char *word)
{
    size_t n = strlen(word), i = 0;
    if (strlen(typed) != n)
        return false;
    while (i < n && typed[i] == word[i])
        i++;
    return i + 1 < n && typed[i] == word[i + 1] && typed[i + 1] == word[i] &&
           strcmp(typed + i + 2, word + i + 2) == 0;
}

/* One letter is missing, too much or wrong; not the first. */
static bool is_one_letter_off(const char *typed, const char *word)
{
    size_t a = strlen(typed), b = strlen(word), i = 0;
    if (typed[0] != word[0] || a + 1 < b || b + 1 < a)
        return false;
    while (i < a && i < b && typed[i] == word[i])
        i++;
    if (i == a || i == b)
        return true;
    return strcmp(typed + i + (a >= b), word + i + (b >= a)) == 0;
}

static const char *plain_word(const char *typed)
{
    size_t n = strlen(typed);
    for (size_t i = 0; i < COUNT(short_forms); i++)
        if (strcmp(typed, short_forms[i].typed) == 0)
            return short_forms[i].words;
    for (size_t i = 0; n >= 4 && i < COUNT(short_words); i++)
        if (letters_changed_places(typed, short_words[i]))
            return short_words[i];
    for (size_t i = 0; i < COUNT(known_words); i++)
        if (strcmp(typed, known_words[i]) == 0)
            return typed;
    for (size_t i = 0; n >= 5 && i < COUNT(known_words); i++)
        if (letters_changed_places(typed, known_words[i]) ||
            is_one_letter_off(typed, known_words[i]))
            return known_words[i];
    return typed;
}

static void remove_apostrophes(char *word)
{
    char *to = word;
    for (const char *c = word; *c; c++)
        if (*c != '\'')
            *to++ = *c;
    *to = '\0';
}

/* As it is typed if such a form is known, else without its apostrophes: "dont", "mother". */
static void add_word(struct buf *out, struct buf *word)
{
    if (!word->len)
        return;
    bool of_someone = word->len > 2 && strcmp(word->data + word->len - 2, "'s") == 0;
    const char *plain = plain_word(word->data);
    if (plain == word->data) {
        remove_apostrophes(word->data);
        plain = plain_word(word->data);
    }
    if (plain == word->data && of_someone)
        word->data[strlen(word->data) - 1] = '\0';
    if (*plain)
        buf_printf(out, "%s%s ", out->len && out->data[out->len - 1] == ' ' ? "" : " ", plain);
    word->len = 0;
}

static void end_sentence(struct buf *out)
{
    if (out->len && out->data[out->len - 1] == ' ')
        buf_puts(out, "\n");
}

static int32_t without_capital(int32_t cp)
{
    return cp == 0x2019 || cp == 0x2018 || cp == '`' ? '\'' : utf8_to_case(cp, false);
}

void referral_words(struct buf *out, const char *s, size_t n)
{
    struct buf word = {0};
    int32_t cp;
    for (size_t i = 0, used; i < n; i += used) {
        char letter[4];
        used = utf8_decode(s + i, n - i, &cp);
        cp = without_capital(cp);
        bool between = word.len && i + used < n && isalnum((unsigned char)s[i + used]);
        bool apostrophe = cp == '\'' && between;
        bool point = cp == '.' && between && isdigit((unsigned char)s[i + used]);
        if (cp > 0 && (utf8_is_word(cp) || apostrophe || point)) {
            buf_append(&word, letter, utf8_encode(cp, letter));
            continue;
        }
        add_word(out, &word);
        bool blank_line = cp == '\n' && i + used < n && s[i + used] == '\n';
        if (cp > 0 && (strchr(".!?;", cp < 128 ? (int)cp : 'a') || cp == 0x3002 || blank_line))
            end_sentence(out);
    }
    add_word(out, &word);
    end_sentence(out);
    buf_free(&word);
}
