/* SPDX-License-Identifier: MIT */
#include "number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#if __has_include(<xlocale.h>)
#include <xlocale.h>
#endif

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
}

/* -> the locale to go back to. */
static locale_t enter_c_locale(void)
{
    pthread_once(&c_locale_once, make_c_locale);
    return c_locale ? uselocale(c_locale) : (locale_t)0;
}

static void leave_c_locale(locale_t before)
{
    if (before)
        uselocale(before);
}

static const char *skip_digits(const char *s)
{
    while (*s >= '0' && *s <= '9')
        s++;
    return s;
}

static bool is_decimal(const char *s)
{
    s += *s == '+' || *s == '-';
    const char *end = skip_digits(s);
    if (end == s || (*s == '0' && end > s + 1))
        return false;
    s = end;
    if (*s == '.') {
        end = skip_digits(s + 1);
        if (end == s + 1)
            return false;
        s = end;
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '+' || *s == '-';
        end = skip_digits(s);
        if (end == s)
            return false;
        s = end;
    }
    return *s == '\0';
}

bool number_parse(const char *text, double *out)
{
    if (!is_decimal(text))
        return false;
    locale_t before = enter_c_locale();
    double x = strtod(text, NULL);
    leave_c_locale(before);
    if (!isfinite(x))
        return false;
    *out = x;
    return true;
}

char *number_format(double x, char out[32])
{
    locale_t before = enter_c_locale();
    if (x == rint(x) && fabs(x) < 0x1p53) {
        snprintf(out, 32, "%.0f", x + 0.0); /* no "-0" */
    } else {
        for (int digits = 6; digits <= 9; digits++) {
            snprintf(out, 32, "%.*g", digits, x);
            if ((float)strtod(out, NULL) == (float)x)
                break;
        }
    }
    leave_c_locale(before);
    return out;
}
