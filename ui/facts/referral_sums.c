/* SPDX-License-Identifier: MIT
 *
 * Sums that the starter cannot do: all but additions and subtractions up to 20 and products of
 * numbers up to 10. Dates, times, versions, scores and telephone numbers are no sums.
 */
#include "referral_internal.h"

#define NUMBER "[0-9]+([.,][0-9]+)?"
#define LARGE "(2[1-9]|[3-9][0-9]|[0-9]{3,}|[0-9]+[.,][0-9]+)"
#define TENS                                                                                       \
    "(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|dozen)"

/* What somebody says who wants a number. */
static const char asks[] =
    "what is|how much( is)?|calculate|compute|work out|solve|equals?|result of|sum of|product "
    "of|what "
    "are|is it|add|multiply|divide|subtract|difference between|please|tell me";

/* The whole message is a sum: digits, signs and brackets. */
static const char only_sum[] =
    "^[[:space:]]*[-(]*[0-9][0-9., ()]*([-+*/x^%][-0-9., ()]*[0-9)]+ *)+[=? "
    "]*[[:space:]]*$";
/* No sum although signs stand between digits. */
static const char only_date[] =
    "^ *([0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|[0-9]{3}-[0-9]{4}|24/7|"
    "50/50|9/11|16/9|4/3|[0-9]/[0-9]{4}|0[0-9]/"
    "[0-9]{2}|1-[0-9]{3}-[0-9]{3}-[0-9]{4}|[12][0-9]{3}-[12][0-9]{3}|[0-9]{3}-[0-9]{3}-[0-9]{4}) "
    "*[?.]*$";

static bool has_large_sign(const char *s)
{
    return referral_finds(s, LARGE
                          " *([+*^]|plus|minus|times|divided by|multiplied by|to the power of)"
                          " *[-(]*[0-9]") ||
           referral_finds(
               s, "[0-9]\\)* *([+*^]|plus|minus|times|divided by|multiplied by|to the power of)"
                  " *[-(]*" LARGE) ||
           referral_finds(s, LARGE " ([-x/]) " NUMBER) ||
           referral_finds(s, NUMBER " ([-x/]) " LARGE) ||
           referral_finds(
               s, "(1[1-9]|20)\\)* *([*x]|times) *[0-9]|[0-9]\\)* *([*x]|times) *(1[1-9]|20)") ||
           referral_finds(s, NUMBER " */ *" NUMBER " *[-+*/] *" NUMBER) ||
           referral_finds(s, "[0-9] *(divided by|to the power of|\\^|\\*\\*) *[0-9]|[0-9] / [0-9]");
}

/* "37*24", "12 x 14 =", "(3 + 4) * 12": more than the starter can. */
static bool is_only_a_sum(const char *s)
{
    static const char small[] =
        "^[[:space:]]*(1?[0-9]|20) *[-+] *(1?[0-9]|20) *[=?. ]*$|^[[:space:]]*"
        "(10|[0-9]) *[*x] *(10|[0-9]) *[=?. ]*$";
    return referral_finds(s, only_sum) && !referral_finds(s, only_date) &&
           !referral_finds(s, small);
}

static bool asks_for_large(const char *s, const char *words)
{
    return referral_has(words, asks) &&
           !referral_finds(
               s, "is (24/7|9/11|50/50)|[0-9]{1,4}[-/][0-9]{1,2}[-/][0-9]{2,4}|\\+[0-9]{2} |"
                  "[0-9]+x[0-9]+ (screen|pixels?|resolution|trucks?|grid)|born|open 24/7") &&
           (has_large_sign(s) || referral_finds(s, "[0-9]+(/|x|-)[0-9]+ *(=|\\?|$)"));
}

/* 1/2 + 1/3, 8 divided by 3, 15 % of 80, roots, powers, averages, units, equations. */
static bool is_hard(const char *s, const char *words)
{
    return referral_finds(s, NUMBER " *(%|percent|per cent) (of|from|off) "
                                    "\\$?" NUMBER) ||
           referral_has(
               words,
               "(square|cube) root of [0-9]+|logarithm of [0-9]+|log of [0-9]+|factorial of "
               "[0-9a-z]+|(sine|cosine|tangent) of [0-9]+|(is|are) [0-9]+ (a )?prime( number)?|"
               "[0-9]+(th|st|nd|rd) prime|average of [0-9]+.*|mean of [0-9]+.*|sum of "
               "[0-9]+ .*|convert [0-9.]+ .*|solve( for)? .*[0-9].*|[0-9.]+ (divided by|to the "
               "power of) [0-9.]+|(a |one )?(half|third|quarter) (plus|minus|times) .*|[0-9]+ "
               "squared|[0-9]+ cubed|sqrt [0-9]+|(half|double|a third|a quarter|twice) (of "
               ")?[0-9]+|[0-9]+ "
               "(percent|per cent) .*(on|from|off) .*[0-9]+( .*)?|[0-9.]+ "
               "(feet|foot|miles?|km|cm|inches|"
               "pounds|kg|celsius|fahrenheit|degrees "
               "[a-z]+|ounces|liters|litres|gallons|meters|metres) (in|"
               "to|into|as) [a-z]+|(multiply|divide|add|subtract) [0-9.]+ (by|and|from|to|with) "
               "[0-9.]+") ||
           referral_has(words,
                        "(how many|how much) (minutes?|seconds?|hours?|days?|weeks?|months?|km|"
                        "kilomet(er|re)s?|miles|met(er|re)s|feet|inches|cm|pounds|kilos?|kg|"
                        "grams|ounces|lit(er|re)s|gallons|cups|dollars|euros|cents) (is|are|in|"
                        "make)( [a-z]+)? ([2-9]|[1-9][0-9]+)[0-9.]* ?[a-z]+") ||
           referral_has(words,
                        TENS "( [a-z]+)? (plus|minus|times|divided by|multiplied by) [a-z]+|[a-z]+ "
                             "(plus|times|divided by|multiplied by) " TENS ".*");
}

/* "If I have 45 apples and eat 17, how many are left?" */
static bool is_told(const char *words)
{
    return referral_has(words, "([2-9]|[1-9][0-9]+) .* ([2-9]|[1-9][0-9]+)( .*)?") &&
           referral_has(
               words,
               "how (many|much)( [a-z]+)* (left|altogether|in total|remain(s|ing)?|do i have|"
               "does (he|she) have|do they have|together|in all|have (left|now)|does it "
               "cost|do i (pay|get)|change|each)|how (far|long|fast|many) (does|do|did|will|can) "
               ".*|how old (is|will|was)|in total|altogether") &&
           referral_has(words, LARGE "|1[1-9]|20|divid(e|ed)|shar(e|ed|es)|times|each");
}

bool referral_is_sum(const char *s, const char *words)
{
    return is_only_a_sum(s) || asks_for_large(s, words) || is_hard(s, words) || is_told(words);
}
