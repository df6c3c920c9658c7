/* SPDX-License-Identifier: MIT */
#include "inspect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph.h"
#include "qins.h"
#include "sanitise.h"

#define EXAMPLE -0.490955f /* of the specification */

static char *shown_name(const struct inspected *t)
{
    return sanitise_text(t->weight->name, strlen(t->weight->name), true);
}

static double relative_rms(const struct inspect_sums *s)
{
    return s->sum_sq > 0 ? sqrt(s->sum_sq_err / s->sum_sq) : 0;
}

static double mean_relative(const struct inspect_sums *s)
{
    return s->n_rel ? s->sum_rel / (double)s->n_rel : 0;
}

/* ---- table ---------------------------------------------------------------------------- */

void inspect_print_head(bool is_compared)
{
    printf("%-48s %-9s %13s %6s %6s %9s %9s", "tensor", "format", "shape", "bits", "stored",
           "log_min", "log_max");
    printf(is_compared ? " %9s %9s %9s %6s\n" : "\n", "rel. RMS", "mean rel.", "largest", "signs");
}

void inspect_print_row(const struct inspected *t)
{
    char shape[32], *name = shown_name(t);
    if (t->weight->n_experts)
        snprintf(shape, sizeof shape, "%ux%ux%u", t->weight->n_experts, t->m.rows, t->m.cols);
    else
        snprintf(shape, sizeof shape, "%ux%u", t->m.rows, t->m.cols);
    printf("%-48s %-9s %13s %6.3f %6.3f", name, format_info(t->m.format)->name, shape, t->bits,
           t->stored);
    if (format_info(t->m.format)->is_qins)
        printf(" %9.4f %9.4f", (double)t->m.log_min, (double)t->m.log_max);
    else
        printf(" %9s %9s", "", "");
    if (t->is_compared)
        printf(" %7.3f %% %7.3f %% %9.3g %6llu", 100 * relative_rms(&t->sums),
               100 * mean_relative(&t->sums), t->sums.max_err, (unsigned long long)t->sums.n_lost);
    putchar('\n');
    free(name);
}

/* ---- one tensor ----------------------------------------------------------------------- */

static void print_facts(const struct inspected *t)
{
    const struct format_info *f = format_info(t->m.format);
    const struct inspect_sums *s = &t->sums;
    char *name = shown_name(t);
    printf("\n%s\n  ", name);
    if (t->weight->n_experts)
        printf("%u experts, each ", t->weight->n_experts);
    printf("%u x %u, %s, %.3f bits per weight (%.3f stored, with padding and range)", t->m.rows,
           t->m.cols, f->name, t->bits, t->stored);
    if (f->block)
        printf(", blocks of %u columns", f->block);
    printf("\n  range    log_min %.4f, log_max %.4f: |w| of the original from %.4g to %.4g\n",
           (double)t->m.log_min, (double)t->m.log_max, exp((double)t->m.log_min),
           exp((double)t->m.log_max));
    printf("  signs    %.2f %% negative", 100.0 * (double)s->n_negative / (double)s->n);
    if (t->is_compared) {
        printf(", %llu lost\n", (unsigned long long)s->n_lost);
        printf("  error    relative RMS %.4f %%, mean relative %.4f %%, largest %.4g at row %u, "
               "column %u",
               100 * relative_rms(s), 100 * mean_relative(s), s->max_err, s->max_row, s->max_col);
    }
    putchar('\n');
    free(name);
}

/* Few codes are lines with a bar, many a plot. */
static void print_codes(const struct inspected *t)
{
    const uint32_t steps = qins_view_steps(t->m.format);
    const uint64_t *codes = t->sums.codes;
    uint64_t max = 0;
    for (int i = 0; i < N_STORED; i++)
        max = codes[i] > max ? codes[i] : max;
    printf("\n  codes, each over the range of its own %s; 1 is the largest\n",
           format_info(t->m.format)->block ? "block" : "row or tensor");
    if (steps > 7) {
        graph_histogram(codes, N_STORED, "  ");
        return;
    }
    for (uint32_t k = 0; k <= steps; k++) {
        const uint32_t stored = 1 + (k * 254 + steps / 2) / steps; /* as in qins_view */
        printf("  %3u %6.2f %%  ", stored, 100.0 * (double)codes[stored] / (double)t->sums.n);
        graph_bar((double)codes[stored], (double)max);
    }
    if (codes[0])
        printf("  0 (rows of zeros) %.2f %%\n", 100.0 * (double)codes[0] / (double)t->sums.n);
}

static void print_weights(const struct inspected *t)
{
    printf("\n  the largest weights and the first\n  %6s %6s %12s %6s %4s %9s %9s %10s %12s", "row",
           "column", "value", "stored", "sign", "log_min", "log_max", "eps", "by the law");
    printf(t->is_compared ? " %12s\n" : "\n", "original");
    for (uint32_t i = 0; i < t->n_weights; i++) {
        const struct inspect_weight *w = &t->weights[i];
        printf("  %6u %6u %12.6g %6u %+4d %9.4f %9.4f %10.4g %12.6g", w->row, w->col,
               (double)w->value, w->view.stored, w->view.sign, w->view.log_min, w->view.log_max,
               w->view.eps, qins_view_value(&w->view));
        if (t->is_compared)
            printf(" %12.6g", (double)w->original);
        putchar('\n');
    }
}

void inspect_print_tensor(const struct inspected *t)
{
    print_facts(t);
    if (!format_info(t->m.format)->is_qins)
        return;
    print_codes(t);
    printf("\n  stored as the specification has it, over the range of the whole tensor\n");
    graph_histogram(t->sums.stored, N_STORED, "  ");
    print_weights(t);
}

/* ---- JSON ----------------------------------------------------------------------------- */

static json_t *counts_json(const uint64_t counts[N_STORED])
{
    json_t *array = json_array();
    for (int i = 0; i < N_STORED; i++)
        json_array_append_new(array, json_integer((json_int_t)counts[i]));
    return array;
}

static json_t *weight_json(const struct inspect_weight *w, bool is_compared)
{
    json_t *one = json_pack(
        "{s:I, s:I, s:f, s:i, s:i, s:f, s:f, s:f, s:f, s:i}", "row", (json_int_t)w->row, "column",
        (json_int_t)w->col, "value", (double)w->value, "stored", w->view.stored, "sign",
        w->view.sign, "log_min", w->view.log_min, "log_max", w->view.log_max, "eps", w->view.eps,
        "by_the_law", qins_view_value(&w->view), "stored_in_tensor", w->stored);
    if (is_compared)
        json_object_set_new(one, "original", json_real((double)w->original));
    return one;
}

json_t *inspect_json(const struct inspected *t)
{
    const struct inspect_sums *s = &t->sums;
    bool is_qins = format_info(t->m.format)->is_qins;
    json_t *o = json_pack("{s:s, s:s, s:I, s:I, s:f, s:f}", "name", t->weight->name, "format",
                          format_info(t->m.format)->name, "rows", (json_int_t)t->m.rows, "columns",
                          (json_int_t)t->m.cols, "bits_per_weight", t->bits,
                          "bits_per_weight_stored", t->stored);
    if (t->weight->n_experts)
        json_object_set_new(o, "experts", json_integer(t->weight->n_experts));
    if (is_qins) {
        json_object_set_new(o, "log_min", json_real((double)t->m.log_min));
        json_object_set_new(o, "log_max", json_real((double)t->m.log_max));
    }
    if (t->is_compared) {
        json_object_set_new(o, "relative_rms_error", json_real(relative_rms(s)));
        json_object_set_new(o, "mean_relative_error", json_real(mean_relative(s)));
        json_object_set_new(o, "max_error", json_real(s->max_err));
        json_object_set_new(o, "max_error_row", json_integer(s->max_row));
        json_object_set_new(o, "max_error_column", json_integer(s->max_col));
        json_object_set_new(o, "signs_lost", json_integer((json_int_t)s->n_lost));
    }
    if (t->is_counted) {
        json_object_set_new(o, "weights", json_integer((json_int_t)s->n));
        json_object_set_new(o, "negative", json_integer((json_int_t)s->n_negative));
    }
    if (t->is_counted && is_qins) {
        json_t *weights = json_array();
        for (uint32_t i = 0; i < t->n_weights; i++)
            json_array_append_new(weights, weight_json(&t->weights[i], t->is_compared));
        json_object_set_new(o, "codes", counts_json(s->codes));
        json_object_set_new(o, "stored", counts_json(s->stored));
        json_object_set_new(o, "examples", weights);
    }
    return o;
}

/* ---- the specification's example ------------------------------------------------------ */

struct example {
    float log_min, log_max, back;
    uint8_t stored;
};

static struct example example_over(const struct matrix *m)
{
    struct example e = {.log_max = (float)log((double)fabsf(EXAMPLE))};
    e.log_min = m && m->log_min < e.log_max ? m->log_min : -10;
    e.stored = qins_stored(EXAMPLE, e.log_min, e.log_max);
    e.back = qins_value(e.stored, -1, e.log_min, e.log_max);
    return e;
}

void inspect_print_example(const struct matrix *m)
{
    struct example e = example_over(m);
    printf("\nthe specification's example: %g, the largest of its layer (log_min %.4f, log_max "
           "%.4f): stored %u, sign -1, back %g\n",
           (double)EXAMPLE, (double)e.log_min, (double)e.log_max, e.stored, (double)e.back);
}

json_t *inspect_json_example(const struct matrix *m)
{
    struct example e = example_over(m);
    return json_pack("{s:f, s:f, s:f, s:i, s:i, s:f}", "value", (double)EXAMPLE, "log_min",
                     (double)e.log_min, "log_max", (double)e.log_max, "stored", e.stored, "sign",
                     -1, "back", (double)e.back);
}
