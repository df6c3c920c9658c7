/* SPDX-License-Identifier: MIT
 *
 * choice: multiple-choice questions. The answer of a model is the choice whose text has the highest
 * log-likelihood per byte after the question.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_pair.h"
#include "json.h"

enum { MAX_FILE = 1 << 28, MAX_CHOICES = 26 };

struct tasks {
    json_t **items; /* [n] checked */
    size_t n, cap;
};

/* ---- reading -------------------------------------------------------------------------- */

static bool check_task(const json_t *task, const char *name, struct error *err)
{
    const json_t *choices = json_object_get(task, "choices"),
                 *answer = json_object_get(task, "answer");
    size_t n = json_array_size(choices);
    bool ok = json_is_string(json_object_get(task, "question")) && n >= 2 && n <= MAX_CHOICES &&
              json_is_integer(answer) && json_integer_value(answer) >= 0 &&
              json_integer_value(answer) < (json_int_t)n;
    for (size_t i = 0; ok && i < n; i++)
        ok = json_string_length(json_array_get(choices, i)) > 0;
    return ok ||
           error_set(
               err, EX_DATAERR,
               "%s: {\"question\":TEXT,\"choices\":[2 to %d TEXTS],\"answer\":INDEX} expected",
               name, MAX_CHOICES);
}

static bool add_task(struct tasks *t, const char *line, size_t n, const char *name,
                     struct error *err)
{
    json_t *task = json_parse(line, n, name, err);
    if (!task || !check_task(task, name, err)) {
        json_decref(task);
        return false;
    }
    t->items = xgrow(t->items, t->n, &t->cap, sizeof *t->items);
    t->items[t->n++] = task;
    return true;
}

static bool read_tasks(struct tasks *t, const struct bench *b, struct error *err)
{
    struct buf text = {0};
    bool ok = read_file(&text, b->file, MAX_FILE, err);
    const char *line = text.data, *end = text.data + text.len;
    for (size_t number = 1; ok && line < end && (!b->limit || t->n < b->limit); number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t n = (size_t)((stop ? stop : end) - line);
        char *name = xasprintf("%s:%zu", b->file, number);
        if (n > 0)
            ok = add_task(t, line, n, name, err);
        free(name);
        line += n + 1;
    }
    buf_free(&text);
    return ok && (t->n > 0 || error_set(err, EX_DATAERR, "%s: no question", b->file));
}

static void free_tasks(struct tasks *t)
{
    for (size_t i = 0; i < t->n; i++)
        json_decref(t->items[i]);
    free(t->items);
}

/* ---- answering ------------------------------------------------------------------------ */

struct scoring {
    const int32_t *ids;
    uint32_t vocab;
    double sum; /* of ln p */
};

static void add_token(void *arg, uint32_t pos, const float *logits)
{
    struct scoring *s = arg;
    float max = logits[0];
    double sum = 0;
    for (uint32_t i = 1; i < s->vocab; i++)
        max = logits[i] > max ? logits[i] : max;
    for (uint32_t i = 0; i < s->vocab; i++)
        sum += (double)expf(logits[i] - max);
    s->sum += (double)(logits[s->ids[pos + 1]] - max) - log(sum);
}

/* Ids of question and choice; the choice's begin where they first differ from those of the question
 * alone. A text longer than the context loses its beginning. */
static bool likelihood(struct session *s, const struct tokenizer *t, const char *question,
                       const char *choice, double *out, struct error *err)
{
    struct ids alone = {0}, whole = {0};
    char *text = xasprintf("%s %s", question, choice);
    tokenizer_push_prefix(t, &alone);
    tokenizer_push_prefix(t, &whole);
    const bool ok = quality_encode(t, question, strlen(question), &alone, err) &&
                    quality_encode(t, text, strlen(text), &whole, err);
    size_t from = 0;
    while (from < alone.n && from < whole.n && alone.ids[from] == whole.ids[from])
        from++;
    from += from == 0;
    size_t skip = whole.n > session_ctx(s) ? whole.n - session_ctx(s) : 0;
    from = from > skip ? from : skip + 1;
    uint32_t n = (uint32_t)(whole.n - skip);
    bool *wanted = xcalloc(n, sizeof *wanted);
    for (size_t i = from - skip; i < n; i++)
        wanted[i - 1] = true;
    struct scoring scoring = {whole.ids + skip, 0, 0};
    scoring.vocab = tokenizer_size(t);
    if (ok && n > 1)
        session_score(s, scoring.ids, n - 1, wanted, add_token, &scoring);
    free(wanted);
    free(text);
    ids_free(&alone);
    ids_free(&whole);
    *out = scoring.sum / (double)strlen(choice);
    return ok;
}

static bool choose(struct session *s, const struct tokenizer *t, const json_t *task, bool *is_right,
                   struct error *err)
{
    const char *question = json_string_value(json_object_get(task, "question"));
    const json_t *choices = json_object_get(task, "choices");
    size_t best = 0;
    double most = -INFINITY;
    for (size_t i = 0; i < json_array_size(choices); i++) {
        double x;
        if (!likelihood(s, t, question, json_string_value(json_array_get(choices, i)), &x, err))
            return false;
        if (x > most) {
            most = x;
            best = i;
        }
    }
    *is_right = best == (size_t)json_integer_value(json_object_get(task, "answer"));
    return true;
}

/* ---- counting ------------------------------------------------------------------------- */

struct score {
    size_t n, right[2], only[2]; /* only: right where the other one is wrong */
};

static double share(size_t part, size_t n)
{
    return (double)part / (double)n;
}

/* Wilson's interval, 95 %. */
static void interval(size_t right, size_t n, double ends[2])
{
    const double z = 1.959964, p = share(right, n), m = (double)n;
    double centre = (p + z * z / (2 * m)) / (1 + z * z / m);
    double half = z / (1 + z * z / m) * sqrt(p * (1 - p) / m + z * z / (4 * m * m));
    ends[0] = centre - half;
    ends[1] = centre + half;
}

/* Of the share of right answers, the questions the same: model less reference. */
static struct estimate difference(const struct score *s)
{
    double n = (double)s->n, d = ((double)s->only[0] - (double)s->only[1]) / n;
    double squares = ((double)s->only[0] + (double)s->only[1]) / n;
    return (struct estimate){d, sqrt((squares - d * d) / n)};
}

static bool answer_all(const struct bench_pair *p, struct session *const *s,
                       const struct tasks *tasks, struct score *score, struct error *err)
{
    bool shows = isatty(STDERR_FILENO) == 1, ok = true;
    double start = now_ms();
    score->n = tasks->n;
    for (size_t i = 0; ok && i < tasks->n; i++) {
        bool right[2] = {false};
        for (uint32_t m = 0; ok && m < p->n; m++)
            ok = choose(s[m], p->tokenizer[m], tasks->items[i], &right[m], err);
        for (uint32_t m = 0; m < p->n; m++) {
            score->right[m] += right[m];
            score->only[m] += right[m] && !right[!m];
        }
        if (shows)
            fprintf(stderr, "\r%zu of %zu questions, %.0f s left   ", i + 1, tasks->n,
                    (now_ms() - start) / 1e3 / (double)(i + 1) * (double)(tasks->n - i - 1));
    }
    if (shows)
        fprintf(stderr, "\r%*s\r", 56, "");
    return ok;
}

static void print_table(const struct bench_pair *p, const struct score *s)
{
    for (uint32_t i = 0; i < p->n; i++) {
        double ends[2];
        char *path = bench_path_text(p->paths[i]);
        interval(s->right[i], s->n, ends);
        printf("%-10s %6.2f %% right of %zu (95 %%: %.2f to %.2f)  %s\n", i ? "reference" : "model",
               100 * share(s->right[i], s->n), s->n, 100 * ends[0], 100 * ends[1], path);
        free(path);
    }
    struct estimate d = difference(s);
    if (p->n > 1)
        printf("%-10s %+6.2f +- %.2f points: %zu right here alone, %zu there alone\n", "difference",
               100 * d.value, 100 * d.error, s->only[0], s->only[1]);
}

static void print_json(const struct bench_pair *p, const struct score *s)
{
    json_t *root = json_object();
    static const char *const prefix[2] = {"", "reference_"};
    char key[40];
    for (uint32_t i = 0; i < p->n; i++) {
        double ends[2];
        char *path = bench_path_text(p->paths[i]);
        interval(s->right[i], s->n, ends);
        json_object_set_new(root, i ? "reference" : "model", json_string(path));
        snprintf(key, sizeof key, "%saccuracy", prefix[i]);
        json_object_set_new(root, key, json_real(share(s->right[i], s->n)));
        snprintf(key, sizeof key, "%sinterval", prefix[i]);
        json_object_set_new(root, key, json_pack("[f, f]", ends[0], ends[1]));
        free(path);
    }
    json_object_set_new(root, "questions", json_integer((json_int_t)s->n));
    struct estimate d = difference(s);
    if (p->n > 1)
        json_object_update_new(root, json_pack("{s:f, s:f, s:I, s:I}", "difference", d.value,
                                               "difference_error", d.error, "only_model",
                                               (json_int_t)s->only[0], "only_reference",
                                               (json_int_t)s->only[1]));
    json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(root);
}

bool bench_choice(struct bench *b, struct error *err)
{
    struct bench_pair p;
    struct tasks tasks = {0};
    struct score score = {0};
    struct session *s[2] = {NULL, NULL};
    bool ok = bench_needs_file(b, "choice: --file", err) && read_tasks(&tasks, b, err) &&
              bench_pair_open(&p, b, err);
    if (ok) {
        for (uint32_t i = 0; ok && i < p.n; i++) {
            const struct quality_side *side = &p.side[i];
            struct session_options o = {
                .ctx_len = quality_chunk(side->model), .kv = side->kv, .gemm = side->gemm};
            s[i] = session_new(side->model, side->pool, side->kernels, &o, err);
            ok = s[i] != NULL;
        }
        ok = ok && answer_all(&p, s, &tasks, &score, err);
        if (ok && b->json)
            print_json(&p, &score);
        else if (ok)
            print_table(&p, &score);
        for (uint32_t i = 0; i < p.n; i++)
            session_free(s[i]);
        bench_pair_close(&p);
    }
    free_tasks(&tasks);
    return ok;
}
