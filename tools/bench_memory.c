/* SPDX-License-Identifier: MIT
 *
 * memory: an original and what QINS makes of it, one after the other, each in a process of its own:
 * what they take, how fast they answer, and what.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench_pair.h"
#include "memory_graph.h"
#include "outfile.h"

enum { MAX_FILE = 1 << 20, ANSWER_TOKENS = 48, COLUMNS = 80 };

struct view {
    struct memory_side sides[2];
    int columns, n_drawn; /* lines of the graph on the terminal */
    bool is_terminal, has_colours, shows;
};

static int terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : COLUMNS;
}

static void view_init(struct view *v, const struct bench *b)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    v->is_terminal = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
    v->has_colours = v->is_terminal && !(no_color && *no_color);
    v->columns = v->is_terminal ? terminal_columns() : COLUMNS;
    v->shows = !b->json;
}

static void draw(void *arg)
{
    struct view *v = arg;
    if (!v->shows || !v->is_terminal)
        return;
    if (v->n_drawn)
        printf("\033[%dA", v->n_drawn);
    v->n_drawn = memory_graph_print(v->sides, v->columns, v->has_colours);
    fflush(stdout);
}

/* The last state; elsewhere than on a terminal the only one. */
static void draw_last(struct view *v)
{
    if (v->is_terminal)
        draw(v);
    else
        memory_graph_print(v->sides, v->columns, false);
}

/* ---- table ---------------------------------------------------------------------------- */

static double number(const struct memory_side *m, const char *key)
{
    return json_number_value(json_object_get(m->facts, key));
}

static double per_weight(const struct memory_side *m, double bytes)
{
    double n = number(m, "n_params");
    return n > 0 ? bytes / n : 0;
}

static void print_bytes(const char *name, const struct memory_side s[2], const uint64_t bytes[2])
{
    char a[16], c[16];
    if (bytes[0] == 0 || bytes[1] == 0)
        return; /* the system does not tell */
    printf("%-30s %15s %15s %8.2fx\n", name, memory_text(bytes[0], a), memory_text(bytes[1], c),
           (double)bytes[0] / (double)bytes[1]);
    (void)s;
}

static void print_number(const char *name, double a, double b, int digits)
{
    printf("%-30s %15.*f %15.*f\n", name, digits, a, digits, b);
}

static void print_table(const struct memory_side s[2])
{
    char title[2][48];
    const uint64_t image[2] = {(uint64_t)number(&s[0], "image_bytes"),
                               (uint64_t)number(&s[1], "image_bytes")};
    const uint64_t peak[2] = {memory_peak(&s[0]), memory_peak(&s[1])};
    const uint64_t rss[2] = {memory_steady(&s[0], false), memory_steady(&s[1], false)};
    const uint64_t pss[2] = {memory_steady(&s[0], true), memory_steady(&s[1], true)};
    printf("\n%-30s %15s %15s\n", "", memory_title(&s[0], title[0]), memory_title(&s[1], title[1]));
    print_bytes("model", s, image);
    print_number("  bytes per weight", per_weight(&s[0], (double)image[0]),
                 per_weight(&s[1], (double)image[1]), 3);
    print_bytes("resident at most", s, peak);
    print_bytes("resident while answering", s, rss);
    print_bytes("  shared pages divided (PSS)", s, pss);
    print_number("loaded in, seconds", number(&s[0], "load_ms") / 1e3,
                 number(&s[1], "load_ms") / 1e3, 2);
    print_number("prompt, tokens/s", number(&s[0], "prompt_tokens_per_s"),
                 number(&s[1], "prompt_tokens_per_s"), 1);
    print_number("answer, tokens/s", number(&s[0], "generate_tokens_per_s"),
                 number(&s[1], "generate_tokens_per_s"), 1);
}

static const char *text_of(const json_t *answer, const char *key)
{
    const char *text = json_string_value(json_object_get(answer, key));
    return text ? text : "";
}

static size_t same_ids(const json_t *a, const json_t *b)
{
    size_t n = 0;
    while (n < json_array_size(a) && n < json_array_size(b) &&
           json_equal(json_array_get(a, n), json_array_get(b, n)))
        n++;
    return n;
}

static void print_answers(const struct view *v)
{
    const json_t *a = json_object_get(v->sides[0].facts, "answers"),
                 *b = json_object_get(v->sides[1].facts, "answers");
    putchar('\n');
    for (size_t i = 0; i < json_array_size(a) && i < json_array_size(b); i++) {
        const json_t *x = json_array_get(a, i), *y = json_array_get(b, i);
        char *prompt = bench_path_text(text_of(x, "prompt")),
             *left = answer_shown(text_of(x, "text")), *right = answer_shown(text_of(y, "text"));
        printf("> %s\n  (the first %zu tokens are the same)\n", prompt,
               same_ids(json_object_get(x, "ids"), json_object_get(y, "ids")));
        answer_print_columns(left, right, v->columns / 2);
        free(prompt);
        free(left);
        free(right);
    }
}

/* ---- JSON ----------------------------------------------------------------------------- */

static json_t *samples_json(const struct memory_side *m)
{
    static const char *const phases[N_PHASES] = {"loading", "answering"};
    json_t *list = json_array();
    for (size_t i = 0; i < m->n_samples; i++) {
        const struct memory_sample *s = &m->samples[i];
        json_array_append_new(list, json_pack("{s:f, s:s, s:I, s:I}", "ms", s->ms, "phase",
                                              phases[s->phase], "rss_bytes", (json_int_t)s->rss,
                                              "pss_bytes", (json_int_t)s->pss));
    }
    return list;
}

static void print_json(const struct memory_side s[2])
{
    json_t *models = json_array();
    for (int i = 0; i < 2; i++) {
        char *path = bench_path_text(s[i].path);
        json_t *o = json_pack("{s:s, s:b, s:I, s:I, s:I, s:f, s:o}", "path", path, "original",
                              s[i].is_original, "peak_rss_bytes", (json_int_t)memory_peak(&s[i]),
                              "steady_rss_bytes", (json_int_t)memory_steady(&s[i], false),
                              "steady_pss_bytes", (json_int_t)memory_steady(&s[i], true),
                              "bytes_per_weight", per_weight(&s[i], number(&s[i], "image_bytes")),
                              "samples", samples_json(&s[i]));
        json_object_update(o, s[i].facts);
        json_array_append_new(models, o);
        free(path);
    }
    json_t *root = json_pack("{s:o}", "models", models);
    json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(root);
}

/* ---- the command ---------------------------------------------------------------------- */

static bool is_there(const char *path, struct error *err)
{
    return access(path, R_OK) == 0 ||
           error_set(err, EX_NOINPUT, "%s: cannot open: %s", path, strerror(errno));
}

static bool run_both(struct view *v, const struct bench *b, const char *prompts, struct error *err)
{
    for (int i = 0; i < 2; i++)
        if (!memory_side_run(&v->sides[i], b, prompts, draw, v, err))
            return false;
    return true;
}

static bool write_svg(struct outfile *file, const struct memory_side sides[2], struct error *err)
{
    struct buf text = {0};
    memory_graph_svg(sides, &text);
    bool ok = outfile_write(file, 0, text.data, text.len, err);
    buf_free(&text);
    if (ok)
        return outfile_commit(file, err);
    outfile_abandon(file);
    return false;
}

static void show(struct view *v, const struct bench *b)
{
    if (b->json) {
        print_json(v->sides);
        return;
    }
    draw_last(v);
    print_table(v->sides);
    print_answers(v);
}

bool bench_memory(struct bench *b, struct error *err)
{
    struct view v = {.sides = {{.path = b->against ? b->against : b->model_path,
                                .widens = !b->against,
                                .is_original = true},
                               {.path = b->model_path}}};
    struct buf prompts = {0};
    struct outfile svg;
    view_init(&v, b);
    b->n_generate = b->has_n_generate ? b->n_generate : ANSWER_TOKENS;
    if (!is_there(b->model_path, err) || !is_there(v.sides[0].path, err) ||
        (b->file && !read_file(&prompts, b->file, MAX_FILE, err)) ||
        (b->svg && !outfile_open(&svg, b->svg, true, "svg xmlns=", err))) {
        buf_free(&prompts);
        return false;
    }
    bool ok = run_both(&v, b, prompts.data ? prompts.data : answer_prompts, err);
    if (ok && b->svg)
        ok = write_svg(&svg, v.sides, err);
    else if (b->svg)
        outfile_abandon(&svg);
    if (ok)
        show(&v, b);
    memory_side_free(&v.sides[0]);
    memory_side_free(&v.sides[1]);
    buf_free(&prompts);
    return ok;
}
