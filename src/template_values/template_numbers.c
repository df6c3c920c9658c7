/* SPDX-License-Identifier: MIT */
#include "template_numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "template_strings.h"

enum { MAX_NUMBER = 400 };

/* Without white space around it and '_' between digits. -> false: no number. */
static bool plain(struct work *w, struct value s, char out[MAX_NUMBER])
{
    struct value missing = {.kind = KIND_MISSING};
    s = string_strip(w, s, missing, STRIP_LEFT | STRIP_RIGHT);
    const char *bytes = string_bytes(s);
    size_t n = 0;
    if (s.len == 0 || s.len >= MAX_NUMBER)
        return false;
    for (uint32_t i = 0; i < s.len; i++) {
        bool between = i > 0 && i + 1 < s.len && bytes[i - 1] != '_' && bytes[i + 1] != '_';
        if (bytes[i] == '_' && between)
            continue;
        if ((unsigned char)bytes[i] <= ' ' || bytes[i] == '_')
            return false;
        out[n++] = bytes[i];
    }
    out[n] = '\0';
    return true;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

static int prefix(const char *s)
{
    char c = s[0] == '0' ? (char)(s[1] | 0x20) : 0;
    return c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
}

bool number_int(struct work *w, struct value s, int base, int64_t *out)
{
    char text[MAX_NUMBER];
    if (!plain(w, s, text))
        return false;
    const char *p = text;
    bool negative = *p == '-';
    p += *p == '-' || *p == '+';
    int written = prefix(p);
    if (written && (base == 0 || base == written)) {
        base = written;
        p += 2;
    }
    base = base ? base : 10;
    if (!*p)
        return false;
    for (*out = 0; *p; p++)
        if (digit(*p) >= base || __builtin_mul_overflow(*out, base, out) ||
            __builtin_add_overflow(*out, negative ? -digit(*p) : digit(*p), out))
            return false;
    return true;
}

bool number_float(struct work *w, struct value s, double *out)
{
    char text[MAX_NUMBER], *end;
    if (!plain(w, s, text))
        return false;
    const char *p = text + (*text == '-' || *text == '+');
    bool name =
        strcasecmp(p, "inf") == 0 || strcasecmp(p, "infinity") == 0 || strcasecmp(p, "nan") == 0;
    if (!name && strspn(p, "0123456789.eE+-") != strlen(p))
        return false;
    *out = strtod(text, &end);
    return *end == '\0' && end > text;
}

double number_round(double f, int digits)
{
    char text[700];
    if (!isfinite(f) || digits > 300)
        return f;
    if (digits < 0) {
        double unit = pow(10, -digits);
        return isfinite(unit) ? nearbyint(f / unit) * unit : 0;
    }
    snprintf(text, sizeof text, "%.*f", digits, f);
    return strtod(text, NULL);
}
