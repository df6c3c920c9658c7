/* SPDX-License-Identifier: MIT */
#include "template_format_spec.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "template_escape.h"
#include "template_print.h"

const char *spec_read_number(struct work *w, const char *s, const char *end, uint32_t max,
                             uint32_t *out)
{
    *out = 0;
    for (; s < end && *s >= '0' && *s <= '9'; s++)
        if ((*out = *out * 10 + (uint32_t)(*s - '0')) > max)
            work_fail(w, "a width or precision of more than %u", max);
    return s;
}

/* ---- one value ------------------------------------------------------------------------------ */

static void pad(struct work *w, struct text *to, struct value s, const struct format_spec *f,
                char align)
{
    uint32_t chars = string_chars(w, s), n = f->width > chars ? f->width - chars : 0;
    uint32_t before = align == '<' ? 0 : align == '^' ? n / 2 : n;
    for (uint32_t i = 0; i < before; i++)
        text_append(w, to, f->fill, f->fill_bytes, true);
    text_append_string(w, to, s);
    for (uint32_t i = before; i < n; i++)
        text_append(w, to, f->fill, f->fill_bytes, true);
    work_step(w, n / 8);
}

/* Digits in groups of three, or of four for other bases. */
static void group(char *digits, size_t size, char comma)
{
    size_t n = strspn(digits, "0123456789"), commas = n ? (n - 1) / 3 : 0,
           rest = strlen(digits) - n;
    if (n + commas + rest + 1 > size)
        return;
    memmove(digits + n + commas, digits + n, rest + 1);
    for (size_t from = n, to = n + commas, k = 0; from-- > 0 && commas; k++) {
        if (k && k % 3 == 0)
            digits[--to] = comma;
        digits[--to] = digits[from];
    }
}

static void int_digits(struct work *w, const struct format_spec *f, uint64_t x, char *out,
                       size_t size)
{
    char type = f->type ? f->type : 'd';
    const char *prefix = !f->alternate ? ""
                         : type == 'x' ? "0x"
                         : type == 'X' ? "0X"
                         : type == 'o' ? "0o"
                         : type == 'b' ? "0b"
                                       : "";
    if (type == 'x')
        snprintf(out, size, "%s%" PRIx64, prefix, x);
    else if (type == 'X')
        snprintf(out, size, "%s%" PRIX64, prefix, x);
    else if (type == 'o')
        snprintf(out, size, "%s%" PRIo64, prefix, x);
    else if (type == 'd' || type == 'n')
        snprintf(out, size, "%" PRIu64, x);
    else if (type == 'b') {
        int bits = 1;
        while (bits < 64 && x >> bits)
            bits++;
        size_t n = (size_t)snprintf(out, size, "%s", prefix);
        while (bits--)
            out[n++] = (char)('0' + (x >> bits & 1));
        out[n] = '\0';
    } else {
        work_fail(w, "Unknown format code '%c' for object of type 'int'", type);
    }
}

static void float_digits(struct work *w, const struct format_spec *f, double x, char *out,
                         size_t size)
{
    char type = f->type ? f->type : f->precision >= 0 ? 'g' : 'r', c[16];
    int precision = f->precision >= 0 ? f->precision : 6;
    if (type == 'r') {
        print_float(x, out);
    } else if (type == '%') {
        snprintf(out, size, "%.*f%%", precision, x * 100);
    } else if (strchr("eEfFgGn", type)) {
        snprintf(c, sizeof c, "%%%s.*%c", f->alternate ? "#" : "", type == 'n' ? 'g' : type);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(out, size, c, precision, x);
#pragma GCC diagnostic pop
        if (!f->type && !strpbrk(out, ".en") && x == rint(x)) /* "2." + precision: Python adds .0 */
            snprintf(out + strlen(out), size - strlen(out), ".0");
    } else {
        work_fail(w, "Unknown format code '%c' for object of type 'float'", type);
    }
}

static bool is_int_type(char type)
{
    return type == 0 || (type && strchr("dnxXob", type));
}

void spec_print_number(struct work *w, struct text *to, struct value v, const struct format_spec *f)
{
    char digits[700];
    int64_t i = 0;
    bool whole = value_as_int(v, &i) && is_int_type(f->type), negative;
    if (whole) {
        negative = i < 0;
        int_digits(w, f, negative ? -(uint64_t)i : (uint64_t)i, digits, sizeof digits);
    } else {
        double x = value_as_float(v);
        negative = signbit(x) && !isnan(x);
        float_digits(w, f, fabs(x), digits, sizeof digits);
    }
    if (f->comma)
        group(digits, sizeof digits, f->comma);
    const char *sign = negative ? "-" : f->sign == '+' ? "+" : f->sign == ' ' ? " " : "";
    size_t n = strlen(sign) + strlen(digits), zeros = 0;
    bool from_template = !(v.flags & VALUE_DATA);
    struct text *t = text_new(w);
    if ((f->zero && !f->align) || f->align == '=')
        zeros = f->width > n ? f->width - n : 0;
    text_puts(w, t, sign);
    for (; zeros; zeros--)
        text_append(w, t, f->zero && !f->align ? "0" : f->fill, 1, true);
    text_append(w, t, digits, strlen(digits), from_template);
    pad(w, to, text_string(t), f, f->align && f->align != '=' ? f->align : '>');
}

void spec_print_string(struct work *w, struct text *to, struct value s, const struct format_spec *f)
{
    if (f->precision >= 0 && (uint32_t)f->precision < string_chars(w, s))
        s = string_slice(s, 0, string_offset(w, s, (uint32_t)f->precision));
    if (f->markup)
        s = value_escape(w, s);
    pad(w, to, s, f, f->align ? f->align : '<');
}
