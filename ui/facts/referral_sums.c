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
           referral_has(words, TENS
                        "( [a-z]+){0,3} (plus|minus|times|divided by|multiplied by) [a-z]+|[a-z]+ "
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

/* "sin(45)", "17 mod 5", "area of a circle with radius 5", "13 in binary", "2 cups in ml". */
static bool is_of_a_school_book(const char *s, const char *words)
{
    return referral_finds(s,
                          "(^|[^a-z])(sin|cos|tan|log|ln|sqrt|exp)( base [0-9]+)?( of)? ?\\(?[0-9]|"
                          "^ *[0-9]+! *[?]?$|(what|whats|what is|compute|calc[a-z]*|is) [0-9]+!|"
                          "[0-9] *(÷|\\*\\*|×) *[0-9]|[0-9]+ *[x*×] *[0-9]+ *[x*×] *[0-9]+|"
                          "[0-9]x *[-+=]|x *[-+^=] *[0-9]|x\\^[0-9]") ||
           referral_has(
               words,
               "[0-9]+ (mod|modulo|choose|factorial)( [0-9]+)?|(lcm|gcd|gcf|hcf|factors?|prime "
               "factors?|simplify|reduce|evaluate|derivative|integral|hypotenuse|quadratic|"
               "roman numerals?|binary|hex(adecimal)?|bmi|mpg|(compound|simple) interest|mortgage|"
               "odds|probability|median)( [a-z]+)* [0-9a-z^]*[0-9][0-9a-z^]*( "
               ".*)?|[0-9a-f]+x?[0-9a-f]* in "
               "(binary|hex(adecimal)?|decimal|roman numerals)|[0-9]+ (binary )?(to|in) decimal|"
               "ratio [0-9]+ [0-9]+ of [0-9]+|(area|perimeter|volume|circumference|diagonal|radius|"
               "surface)( [a-z]+)+ [0-9.]+( .*)?|[ivxlcdm]+ in numbers|angles of an? "
               "[a-z]+|(round|calculate|compute|average|mean) "
               "[0-9.]+ .*|[0-9.]+ as an? (fraction|decimal|percent(age)?)|how many ways to .* "
               "[0-9]+ .*|[0-9]+ (heads|tails|sixes) in a row|rolling an? [0-9] .*") ||
           referral_has(
               words, "[0-9.]+ ?(lbs?|kg|g|grams?|oz|ounces?|ml|l|liters?|litres?|cups?|tbsp|tsp|"
                      "stone|mph|km h|kph|c|f|ft|usd|dollars|pounds|euros?|miles?|km|cm|mm|m|"
                      "inches|feet|gallons?|hours?( and [0-9]+ minutes?)?|h [0-9]+ ?m|minutes?)( "
                      "[0-9.]+( in)?)? (in|to|into|as) (lbs?|kg|g|grams?|oz|ounces?|ml|l|liters?|"
                      "litres?|cups?|tbsp|tsp|stone|mph|km h|kph|c|f|ft|usd|dollars|pounds|euros?|"
                      "eur|miles?|km|cm|mm|m|inches|feet|gallons?|hours|minutes|seconds)|bmi .*");
}

/* "8 times what is 72", "next number 3 6 12 24", "how many 4s in 48", "20 is 40 % of what". */
static bool is_turned_round(const char *s, const char *words)
{
    return referral_finds(s, "[0-9] is [0-9.]+ ?% of") ||
           referral_has(
               words,
               "what (times|plus|minus) [0-9]+ (is|makes|equals|gives) [0-9]+|[0-9]+ (times|plus|"
               "minus) what .*|[0-9]+ is (what|how many) (percent|per cent|%)? ?(of )?.*|[0-9]+ "
               "out of [0-9]+ as a percent(age)?|(what )?percent(age)? (is|of|increase|decrease|"
               "change|drop|difference|from|to)( [a-z]+)* [0-9]+ .*|from [0-9]+ (down )?to [0-9]+ "
               ".* percent .*|how many [0-9]+ ?s( [a-z]+)* in [0-9]+|(how "
               "(many times|often) )?(does|do|will) [0-9]+ go into [0-9]+|count by [0-9]+ ?s "
               ".*|(whats|"
               "is|in|are|eggs in) ([2-9]|[1-9][0-9]+) dozen( .*)?|([2-9]|[1-9][0-9]+) dozen is .*|"
               "(difference|ratio|product|quotient|sum) (of|between) [0-9.]+ .*|how much (bigger|"
               "more|less|larger|smaller) is [0-9]+ .*|(add|take|subtract|multiply|divide|share|"
               "split|times)( up)? [0-9.]+ .*[0-9]+.*|[0-9]+ and [0-9]+ make|(next|following)( "
               "number)?( in)?( [0-9]+){3,}|([0-9]+ ){3,}next|what( number)? comes next( "
               "[0-9]+){3,}"
               "|half of [0-9]+|[a-z]+ percent of [a-z0-9]+( [a-z]+)?");
}

/* Dates, ages, wages, speeds, prices: two numbers, and one that is asked for. */
static bool is_of_daily_life(const char *words)
{
    return referral_has(
               words,
               "how many (days|weeks|months|hours|years)( are)? (until|till|to|between|from|since|"
               "left until) .*|days (till|until) .*|(what|which) (day|date|time|year)( [a-z]+)*( "
               "is| was| will)?( it)?( in| [a-z]+)* [0-9]+ (days?|weeks?|hours?|minutes|years?)( "
               "[a-z]+)* ?(from|after|before|ago|earlier|later)?( .*)?|(how old|age)( [a-z]+)* "
               "born( in)? [0-9]{4}.*|born in [0-9]{4} how old.*|what year was i born.*|how many "
               "seconds( [a-z]+)* (year|day|week|month|hour)s?|(minutes|seconds|hours|days) in "
               "(a|an|"
               "one) (year|day|week|month|decade)|(minutes|seconds|hours|days) in [0-9]+ [a-z]+") ||
           (referral_has(words, "[0-9.]+[a-z]* .*[0-9.]+.*") &&
            referral_has(words,
                         "tip|discount|% off|percent|vat|tax|mph|an hour|per hour|a gallon|gallons|"
                         "each|cost|costs|change|total|bucks|dollars|euros|mpg|workers|"
                         "three ways|people|miles|calories|price|spent|spend|shirt|a month|"
                         "a week|a year|apples|cookies|marbles|salary|at [0-9.]+") &&
            referral_has(words, "how|what|whats|total|change|each|tip|off|vat|split|hours?|a month|"
                                "eats?|spent"));
}

/* Said with words before it: "hw: 67 x 8", "quick, 19 times 6". */
static bool is_homework(const char *s, const char *words)
{
    return referral_has(words,
                        "homework|hw|maths?|sum|teacher|quick|figure out|answer (for|to)|"
                        "evaluate|do (the|this)|need|calc|answer|wants to know|work out|what "
                        "do|is [0-9]+ (times|plus|minus)|hey|yo|pls|please|can you|times") &&
           !referral_finds(s,
                           "[0-9]{1,4}[-/][0-9]{1,2}[-/][0-9]{2,4}|9/11|24/7|[0-9]{3}-[0-9]{4}") &&
           (has_large_sign(s) ||
            referral_finds(
                s, "[0-9]+ *[*x/] *[0-9]{2,}|[0-9]{2,} *[*x/] *[0-9]+|[0-9]{2,} *- *[0-9]{2,} *"
                   "[?.]*$"));
}

bool referral_is_sum(const char *s, const char *words)
{
    static const char no_sum[] =
        "season|episode|chapters?|iphone|windows|version|movie|film|ps[0-9]|album|xbox|formula (1|"
        "one)|top [0-9]+|players?|world war|route|call of duty|(screen|pixel|grid|volume) [0-9]+|"
        "highlights?|volume (of|up|down) (the )?(tv|music)|born to|odds and|grade [0-9]+";
    return is_only_a_sum(s) || asks_for_large(s, words) || is_hard(s, words) || is_told(words) ||
           (!referral_has(words, no_sum) &&
            (is_of_a_school_book(s, words) || is_turned_round(s, words) ||
             is_of_daily_life(words) || is_homework(s, words)));
}
