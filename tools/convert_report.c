/* SPDX-License-Identifier: MIT */
#include "convert_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "convert_pack.h"
#include "sanitise.h"
#include "stated_loss.h"

static double bits_per_weight(uint64_t bytes, uint64_t n_params)
{
    return n_params ? 8.0 * (double)bytes / (double)n_params : 0;
}

static double signs_percent(const struct qins_error *e)
{
    return e->n ? 100.0 * (double)e->n_sign_kept / (double)e->n : 100;
}

static double mean_relative(const struct qins_error *e)
{
    return e->n_rel ? e->sum_rel / (double)e->n_rel : 0;
}

static double relative_rms(const struct qins_error *e)
{
    return e->sum_sq > 0 ? sqrt(e->sum_sq_err / e->sum_sq) : 0;
}

/* ---- table ---------------------------------------------------------------------------- */

static const char *bytes_text(uint64_t bytes, char out[16])
{
    static const char units[] = "kMGT";
    double x = (double)bytes / 1e3;
    int unit = 0;
    for (; x >= 999.95 && unit < 3; unit++)
        x /= 1e3;
    snprintf(out, 16, x < 99.995 ? "%.2f %cB" : "%.1f %cB", x, units[unit]);
    return out;
}

/* "100 %" is said only when it is exactly so. */
static const char *signs_text(const struct qins_error *e, char out[16])
{
    double floor6 = floor(signs_percent(e) * 1e4) / 1e4;
    if (e->n_sign_kept == e->n)
        return "100 %";
    snprintf(out, 16, "%.4f %%", floor6);
    return out;
}

static void print_row(FILE *f, const char *kind, const char *format, uint64_t n_tensors,
                      uint64_t n_params, uint64_t before, uint64_t after,
                      const struct qins_error *e)
{
    char a[16], b[16], s[16];
    fprintf(f, "%-10s %-8s %7llu %14llu %9s %9s %7.3f %10s %8.3f %% %8.3f %%\n", kind, format,
            (unsigned long long)n_tensors, (unsigned long long)n_params, bytes_text(before, a),
            bytes_text(after, b), bits_per_weight(after, n_params), signs_text(e, s),
            100 * mean_relative(e), 100 * relative_rms(e));
}

/* What it loses, and what compression makes of it. */
static void print_rest(const struct convert_report *r, const struct convert_result *result, FILE *f)
{
    struct buf loss = {0}, why = {0};
    stated_loss_describe(r->loss, &loss);
    stated_loss_describe_absence(r->loss, &why);
    if (loss.len > 0)
        fprintf(f, "measured against its source: %s\n", loss.data);
    else
        fprintf(f, "not measured against its source%s%s\n", why.len ? ": " : "",
                why.len ? why.data : "");
    if (result->compressed)
        convert_pack_print(result->compressed, result->out_path, f);
    buf_free(&loss);
    buf_free(&why);
}

bool convert_report_table(const struct convert_report *r, const struct convert_result *result,
                          FILE *f)
{
    char before[16], after[16];
    uint64_t weights_after = 0;
    fprintf(f, "%-10s %-8s %7s %14s %9s %9s %7s %10s %10s %10s\n", "kind", "format", "tensors",
            "parameters", "before", "after", "bits/w", "signs kept", "mean rel.", "rel. RMS");
    for (unsigned i = 0; i < N_ROLES; i++) {
        if (!r->roles[i].n_tensors)
            continue;
        weights_after += r->roles[i].bytes_after;
        print_row(f, role_name((enum role)i), format_info(r->roles[i].format)->name,
                  r->roles[i].n_tensors, r->roles[i].n_params, r->roles[i].bytes_before,
                  r->roles[i].bytes_after, &r->roles[i].error);
    }
    print_row(f, "total", "", r->n_tensors, r->n_params, r->bytes_before, weights_after, &r->total);
    char *clean = sanitise_text(result->out_path, strlen(result->out_path), true);
    double smaller = (double)r->bytes_before / (double)r->bytes_after;
    fprintf(f, "%s: %s from %s of weights, %.2f times %s, in %.1f s\n", clean,
            bytes_text(r->bytes_after, after), bytes_text(r->bytes_before, before),
            smaller < 1 ? 1 / smaller : smaller, smaller < 1 ? "larger" : "smaller", r->seconds);
    fprintf(f, "chat template: %s\n",
            strcmp(result->template, "none") == 0 ? "none; the model continues text"
                                                  : "the model's own");
    print_rest(r, result, f);
    free(clean);
    return fflush(f) == 0 && !ferror(f);
}

/* ---- JSON ----------------------------------------------------------------------------- */

static json_t *loss_json(uint64_t n_tensors, uint64_t n_params, uint64_t before, uint64_t after,
                         const struct qins_error *e)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f}", "tensors", (json_int_t)n_tensors,
                     "parameters", (json_int_t)n_params, "bytes_before", (json_int_t)before,
                     "bytes_after", (json_int_t)after, "bits_per_weight",
                     bits_per_weight(after, n_params), "sign_preservation_percent",
                     signs_percent(e), "mean_relative_error", mean_relative(e),
                     "relative_rms_error", relative_rms(e));
}

bool convert_report_json(const struct convert_report *r, const struct convert_result *result,
                         FILE *f)
{
    json_t *root = json_object(), *kinds = json_array();
    uint64_t weights_after = 0;
    for (unsigned i = 0; i < N_ROLES; i++) {
        if (!r->roles[i].n_tensors)
            continue;
        weights_after += r->roles[i].bytes_after;
        json_t *row = json_pack("{s:s, s:s}", "kind", role_name((enum role)i), "format",
                                format_info(r->roles[i].format)->name);
        json_object_update_new(row, loss_json(r->roles[i].n_tensors, r->roles[i].n_params,
                                              r->roles[i].bytes_before, r->roles[i].bytes_after,
                                              &r->roles[i].error));
        json_array_append_new(kinds, row);
    }
    char *clean = sanitise_text(result->out_path, strlen(result->out_path), true);
    json_object_set_new(root, "output", json_string(clean));
    json_object_set_new(root, "format", json_string(format_info(result->format)->name));
    json_object_set_new(root, "template", json_string(result->template));
    json_object_set_new(root, "file_bytes", json_integer((json_int_t)r->bytes_after));
    if (result->compressed)
        json_object_set_new(root, "compressed_bytes",
                            json_integer((json_int_t)result->compressed->bytes_after));
    json_object_set_new(root, "seconds", json_real(r->seconds));
    json_object_set_new(
        root, "total",
        loss_json(r->n_tensors, r->n_params, r->bytes_before, weights_after, &r->total));
    json_object_set_new(root, "kinds", kinds);
    json_object_set_new(root, "loss", *r->loss ? json_loads(r->loss, 0, NULL) : json_null());
    bool ok = json_dumpf(root, f, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9)) == 0;
    fputc('\n', f);
    free(clean);
    json_decref(root);
    return fflush(f) == 0 && !ferror(f) && ok;
}
