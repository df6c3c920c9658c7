/* SPDX-License-Identifier: MIT
 *
 * speed: prompts and generation at several lengths and numbers of threads, each beside its limit by
 * the same threads in the same run: generation reads every weight and the cache once per token, so
 * a plain read of them is its limit; that of prompts are the integer products.
 */
#include <math.h>
#include <stdlib.h>

#include "bench.h"
#include "conditions.h"
#include "distribution.h"
#include "graph.h"
#include "plain_read.h"
#include "system.h"
#include "weights_ready.h"

#define LOADED_PERCENT 5.0 /* CPU time of others from which on a number is marked */

enum { MAX_REPEATS = 100, MAX_RUNS = 3 * MAX_LIST * MAX_LIST, PEAK_CHUNKS = 1500 /* 0.3 s */ };

/* Repeats of one measurement, sorted: least, middle (the lower one of two), greatest. */
struct samples {
    double min, median, max;
};

/* Prompts of one length, or generation at one length of context. */
struct run {
    bool is_prompt;
    uint32_t n_threads, length; /* tokens of the prompt, or in the cache when generation begins */
    struct samples per_s;       /* tokens per second; 0: nothing was generated */
    double foreign;             /* percent; < 0: unknown */
    double read_gb_per_s;       /* of the weights where they lie */
    double private_gb_per_s;    /* of private memory in huge pages */
    uint64_t bytes_per_token;   /* weights and cache */
    double read_fraction;       /* of what the plain read would allow, at the median */
    double products_per_ns;     /* of a prompt, at the median */
    double peak_per_ns;         /* of products in registers; 0: unknown, or not integers */
};

struct report {
    struct machine machine;
    struct weights_ready weights;
    struct page_use pages; /* of the weights */
    enum gemm gemm;        /* as chosen */
    struct run runs[MAX_RUNS];
    uint32_t n_runs;
    struct profile profile; /* the generation with the median rate, first context */
    struct system_memory memory;
    uint64_t pss;
    uint64_t weight_bytes; /* that a token reads */
    uint64_t expert_bytes; /* of them, experts that it chooses: as the model's shape makes it */
    double read_expert_bytes, missed_expert_bytes; /* per generated token, as measured */
    double experts_gb_per_s; /* a plain read of as many at random; 0: not measured */
};

/* ---- measuring ------------------------------------------------------------------------ */

/* Ids spread over the vocabulary; speed does not depend on which. */
static void push_prompt(struct ids *ids, uint32_t n, uint32_t vocab)
{
    uint64_t state = 1;
    for (uint32_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        ids_push(ids, (int32_t)((state >> 33) % vocab));
    }
}

static double per_second(uint32_t n, double ms)
{
    return ms > 0 ? n * 1e3 / ms : 0;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static struct samples sorted(const double *values, uint32_t n)
{
    double copy[MAX_REPEATS];
    for (uint32_t i = 0; i < n; i++)
        copy[i] = values[i];
    qsort(copy, n, sizeof *copy, ascending);
    return (struct samples){copy[0], copy[(n - 1) / 2], copy[n - 1]};
}

static double prompt_once(struct bench *b, struct session *s, uint32_t length)
{
    struct ids ids = {0};
    push_prompt(&ids, length, b->model->config.vocab);
    session_truncate(s, 0);
    double start = now_ms();
    session_sync(s, ids.ids, length, NULL, NULL);
    logits_best(session_logits(s), b->model->config.vocab);
    double ms = now_ms() - start;
    ids_free(&ids);
    return per_second(length, ms);
}

/* Generation begins with `context` tokens in the cache, one at least. */
static double generate_once(struct bench *b, struct session *s, uint32_t context,
                            struct profile *profile, struct report *report)
{
    uint64_t needed[2], missed[2];
    uint32_t vocab = b->model->config.vocab, length = context ? context : 1;
    struct ids ids = {0};
    push_prompt(&ids, length, vocab);
    if (b->is_filled)
        bench_fill(s, ids.ids, length);
    session_sync(s, ids.ids, length, NULL, NULL);
    int32_t next = (int32_t)logits_best(session_logits(s), vocab);
    session_expert_reads(s, &needed[0], &missed[0]);
    double start = now_ms();
    profile_start(profile);
    pool_set_profile(b->pool, b->profile ? profile : NULL);
    for (uint32_t i = 0; i < b->n_generate; i++) {
        ids_push(&ids, next);
        session_sync(s, ids.ids, (uint32_t)ids.n, NULL, NULL);
        next = (int32_t)logits_best(session_logits(s), vocab);
        profile_lap(pool_profile(b->pool), OP_SAMPLE);
    }
    pool_set_profile(b->pool, NULL);
    double ms = now_ms() - start;
    session_expert_reads(s, &needed[1], &missed[1]);
    if (b->n_generate) {
        report->read_expert_bytes = (double)(needed[1] - needed[0]) / b->n_generate;
        report->missed_expert_bytes = (double)(missed[1] - missed[0]) / b->n_generate;
    }
    ids_free(&ids);
    session_truncate(s, length);
    return per_second(b->n_generate, ms);
}

/* One product for each weight that a token goes through; the head, for the last token alone, and
 * the embedding are left out. */
static uint64_t products_per_token(const struct model *m)
{
    const uint64_t embedding = (uint64_t)m->config.vocab * m->config.dim;
    return m->n_active_params - embedding * (m->config.tied ? 1 : 2);
}

static double integer_peak(const struct bench *b, const struct report *r)
{
    return gemm_uses_int8(r->gemm, &b->kernels, b->model->format)
               ? bench_dot_peak(&b->kernels, b->pool, PEAK_CHUNKS)
               : 0;
}

/* The peak before each repeat: with all units busy, CPUs slow down after a while. */
static void measure_prompt(struct bench *b, struct session *s, struct run *run,
                           const struct report *report)
{
    double rates[MAX_REPEATS], peaks[MAX_REPEATS];
    for (uint32_t i = 0; i < b->n_repeats; i++) {
        peaks[i] = integer_peak(b, report);
        rates[i] = prompt_once(b, s, run->length);
    }
    run->per_s = sorted(rates, b->n_repeats);
    run->peak_per_ns = sorted(peaks, b->n_repeats).median;
    run->products_per_ns = run->per_s.median * (double)products_per_token(b->model) * 1e-9;
}

static void measure_generation(struct bench *b, struct session *s, struct run *run,
                               struct profile *median, struct report *report)
{
    double rates[MAX_REPEATS];
    struct profile *profiles = xcalloc(b->n_repeats, sizeof *profiles);
    for (uint32_t i = 0; i < b->n_repeats; i++)
        rates[i] = generate_once(b, s, run->length, &profiles[i], report);
    run->per_s = sorted(rates, b->n_repeats);
    for (uint32_t i = 0; median && i < b->n_repeats; i++)
        if (rates[i] == run->per_s.median)
            *median = profiles[i];
    /* on average half of the tokens are there; a state is read and written */
    const struct state *state = session_state(s);
    const uint32_t first = run->length ? run->length : 1;
    run->bytes_per_token += kv_bytes(session_kv(s), first + b->n_generate / 2) +
                            2 * (uint64_t)state->n_floats * sizeof(float);
    free(profiles);
}

static void measure(struct bench *b, struct session *s, struct reading *reading, struct run run,
                    struct report *report)
{
    run.n_threads = pool_size(b->pool);
    run.bytes_per_token = report->weight_bytes;
    run.read_gb_per_s = reading_rate(reading, b->pool);
    struct load start = load_now();
    if (run.is_prompt)
        measure_prompt(b, s, &run, report);
    else
        measure_generation(b, s, &run, report->profile.last_ns ? NULL : &report->profile, report);
    struct load end = load_now();
    run.foreign = load_foreign(&start, &end);
    run.read_gb_per_s = fmax(run.read_gb_per_s, reading_rate(reading, b->pool));
    run.private_gb_per_s = reading_private_rate(reading, b->pool);
    if (run.read_gb_per_s > 0 && !run.is_prompt)
        run.read_fraction =
            run.per_s.median * (double)run.bytes_per_token / (run.read_gb_per_s * 1e9);
    report->runs[report->n_runs++] = run;
}

/* Everything with one number of threads. */
static bool measure_threads(struct bench *b, struct reading *reading, struct report *report,
                            struct error *err)
{
    uint32_t longest = 1;
    for (uint32_t i = 0; i < b->prompts.n; i++)
        longest = b->prompts.values[i] > longest ? b->prompts.values[i] : longest;
    for (uint32_t i = 0; i < b->contexts.n; i++) {
        uint32_t c = b->contexts.values[i] ? b->contexts.values[i] : 1;
        longest = c + b->n_generate > longest ? c + b->n_generate : longest;
    }
    struct session_options o = {.ctx_len = longest, .kv = bench_kv(b, 0), .gemm = b->gemm};
    struct session *s = session_new(b->model, b->pool, &b->kernels, &o, err);
    if (!s)
        return false;
    report->gemm = session_gemm(s);
    prompt_once(b, s, 1); /* the first touch of weights and scratch is not measured */
    for (uint32_t i = 0; i < b->prompts.n; i++)
        measure(b, s, reading, (struct run){.is_prompt = true, .length = b->prompts.values[i]},
                report);
    for (uint32_t i = 0; i < b->contexts.n; i++)
        measure(b, s, reading, (struct run){.length = b->contexts.values[i]}, report);
    report->memory = system_memory_use();
    report->pages = page_use(b->model->file.file.data, b->model->file.file.size);
    report->pss = pss_bytes();
    session_free(s);
    return true;
}

/* ---- output --------------------------------------------------------------------------- */

static const struct run *first_run(const struct report *r, bool is_prompt)
{
    for (uint32_t i = 0; i < r->n_runs; i++)
        if (r->runs[i].is_prompt == is_prompt)
            return &r->runs[i];
    return NULL;
}

static double per_gb(const struct bench *b, double rate)
{
    return b->model->file_bytes ? rate / ((double)b->model->file_bytes * 1e-9) : 0;
}

static void json_member(const char *name, double x, const char *end)
{
    printf("\"%s\":", name);
    bench_json_number(x);
    fputs(end, stdout);
}

/* Rates of nothing are unknown, not 0. */
static double known(double x)
{
    return x > 0 ? x : NAN;
}

static void json_run(const struct run *run)
{
    printf("{\"kind\":\"%s\",", run->is_prompt ? "prompt" : "generate");
    json_member("threads", run->n_threads, ",");
    json_member(run->is_prompt ? "prompt_tokens" : "context_tokens", run->length, ",");
    fputs("\"tokens_per_s\":{", stdout);
    json_member("min", known(run->per_s.min), ",");
    json_member("median", known(run->per_s.median), ",");
    json_member("max", known(run->per_s.max), "},");
    if (!run->is_prompt) {
        json_member("bytes_per_token", (double)run->bytes_per_token, ",");
        json_member("read_fraction", known(run->read_fraction), ",");
    } else {
        json_member("products_per_ns", known(run->products_per_ns), ",");
        json_member("peak_products_per_ns", known(run->peak_per_ns), ",");
    }
    json_member("read_gb_per_s", run->read_gb_per_s, ",");
    json_member("private_read_gb_per_s", known(run->private_gb_per_s), ",");
    json_member("foreign_cpu_percent", run->foreign < 0 ? NAN : run->foreign, "}");
}

static bool has_format(const struct bench *b, enum format f)
{
    return b->model->format == f || b->model->head.format == f || b->model->embed.format == f;
}

static const char *plan_origin(const struct read_choice *c)
{
    static const char *const names[] = {
        [PLAN_DEFAULT] = "default", [PLAN_KEPT] = "kept", [PLAN_MEASURED] = "measured"};
    return names[c->origin];
}

static void json_plans(const struct bench *b, const struct report *r)
{
    const char *comma = "";
    fputs("\"read_plans\":{", stdout);
    for (enum format f = 0; f < N_FORMATS; f++) {
        const struct read_choice *c = &r->weights.choices[f];
        if (!has_format(b, f))
            continue;
        printf("%s\"%s\":{\"streams\":%u,\"twice\":%s,\"ahead\":%u,\"origin\":\"%s\"}", comma,
               format_info(f)->name, c->plan.streams, c->plan.twice ? "true" : "false",
               c->plan.ahead, plan_origin(c));
        comma = ",";
    }
    fputs("},", stdout);
}

/* The first prompt and generation, then all. */
static void print_json(const struct bench *b, const struct report *r)
{
    const struct run *prompt = first_run(r, true), *generate = first_run(r, false);
    putchar('{');
    json_member("prompt_tokens_per_s", prompt->per_s.median, ",");
    json_member("generate_tokens_per_s", known(generate->per_s.median), ",");
    json_member("generate_tokens_per_s_per_gb", known(per_gb(b, generate->per_s.median)), ",");
    json_member("load_ms", b->load_ms, ",");
    json_member("first_token_ms", prompt->length * 1e3 / prompt->per_s.median, ",");
    json_member("rss_bytes", (double)r->memory.rss_bytes, ",");
    json_member("pss_bytes", r->pss ? (double)r->pss : NAN, ",");
    json_member("model_bytes", (double)b->model->file_bytes, ",");
    json_member("weights_bytes", (double)r->pages.bytes, ",");
    json_member("weights_huge_bytes", (double)r->pages.huge_bytes, ",");
    json_member("weights_private_bytes", (double)r->pages.private_bytes, ",");
    json_member("copy_gain", known(r->weights.gain), ",");
    json_plans(b, r);
    json_member("read_gb_per_s", generate->read_gb_per_s, ",");
    json_member("read_fraction", known(generate->read_fraction), ",");
    json_member("bytes_per_token", (double)generate->bytes_per_token, ",");
    if (r->expert_bytes > 0) {
        json_member("expert_bytes_per_token", r->read_expert_bytes, ",");
        json_member("missed_expert_bytes_per_token", r->missed_expert_bytes, ",");
        json_member("chosen_expert_bytes", (double)r->expert_bytes, ",");
        json_member("random_experts_gb_per_s", known(r->experts_gb_per_s), ",");
    }
    json_member("prompt_tokens", prompt->length, ",");
    json_member("generated_tokens", b->n_generate, ",");
    json_member("repeats", b->n_repeats, ",");
    json_member("threads", generate->n_threads, ",");
    json_member("usable_cpus", r->machine.usable_cpus, ",");
    json_member("quota_cpus", known(r->machine.quota), ",");
    bench_json_machine(&r->machine);
    if (b->profile) {
        bench_json_profile(&r->profile, b->n_generate);
        putchar(',');
    }
    fputs("\"runs\":[", stdout);
    for (uint32_t i = 0; i < r->n_runs; i++) {
        if (i)
            putchar(',');
        json_run(&r->runs[i]);
    }
    printf("],\"cpu\":\"%s\",\"format\":\"%s\",\"kv\":\"%s\",\"gemm\":\"%s\"}\n", b->kernels.level,
           format_info(b->model->format)->name, kv_type_name(bench_kv(b, 0)), gemm_name(r->gemm));
}

static void table_row(const struct run *run, uint32_t n_generate, uint32_t usable_cpus)
{
    printf("%7u  %-8s %7u  ", run->n_threads, run->is_prompt ? "prompt" : "generate", run->length);
    if (!run->is_prompt && n_generate == 0) {
        puts("-");
        return;
    }
    printf("%9.2f %9.2f %9.2f", run->per_s.min, run->per_s.median, run->per_s.max);
    if (run->is_prompt)
        printf("  %8s  %6s", "", "");
    else
        printf("  %8.3f  %5.1f%%", (double)run->bytes_per_token * 1e-9, 100 * run->read_fraction);
    printf("  %6.2f", run->read_gb_per_s);
    if (run->private_gb_per_s > 0)
        printf("  %6.2f", run->private_gb_per_s);
    if (run->foreign >= LOADED_PERCENT)
        printf("  others had %.0f%% of the CPU", run->foreign);
    if (run->n_threads > usable_cpus)
        printf("  more threads than CPUs");
    putchar('\n');
}

/* How the time of a token grows with what lies before it, and how rates grow with threads. */
static void print_growth(const struct report *r, bool is_prompt, bool by_threads)
{
    const struct run *first = first_run(r, is_prompt);
    double most = 0;
    uint32_t n = 0;
    for (int draw = 0; draw < 2; draw++) {
        if (draw && n > 1)
            printf("\n%s by %s\n",
                   by_threads  ? is_prompt ? "prompt, tokens/s" : "generate, tokens/s"
                   : is_prompt ? "prompt, ms/token"
                               : "generate, ms/token",
                   by_threads  ? "threads"
                   : is_prompt ? "length"
                               : "context");
        for (uint32_t i = 0; i < r->n_runs; i++) {
            const struct run *run = &r->runs[i];
            bool other =
                by_threads ? run->length != first->length : run->n_threads != first->n_threads;
            if (run->is_prompt != is_prompt || other || !(run->per_s.median > 0))
                continue;
            double value = by_threads ? run->per_s.median : 1e3 / run->per_s.median;
            if (draw && n > 1) {
                printf("%7u %9.2f  ", by_threads ? run->n_threads : run->length, value);
                graph_bar(value, most);
            }
            most = fmax(most, value);
            n += !draw;
        }
    }
}

static void print_products(const struct report *r)
{
    for (uint32_t i = 0; i < r->n_runs; i++) {
        const struct run *run = &r->runs[i];
        if (run->peak_per_ns > 0)
            printf("prompt of %u, %u threads: %.0f products per ns, %.0f%% of the %.0f that they "
                   "make in registers\n",
                   run->length, run->n_threads, run->products_per_ns,
                   100 * run->products_per_ns / run->peak_per_ns, run->peak_per_ns);
    }
}

static void print_experts(const struct bench *b, const struct report *r)
{
    if (r->expert_bytes == 0 || b->n_generate == 0)
        return;
    const struct model *m = b->model;
    printf("\nexperts  %u of %u in a layer, %.2f of %.2f billion weights for a token\n",
           m->config.experts.n_used, m->config.experts.n, (double)m->n_active_params * 1e-9,
           (double)m->n_params * 1e-9);
    printf("         %.1f MB of them read per token, %.1f of that not in memory; the chosen ones "
           "have %.1f MB",
           r->read_expert_bytes * 1e-6, r->missed_expert_bytes * 1e-6,
           (double)r->expert_bytes * 1e-6);
    if (r->experts_gb_per_s > 0)
        printf("\n         a plain read of as many at random: %.2f GB/s", r->experts_gb_per_s);
}

/* Where they lie, and how the kernels read them. */
static void print_weights(const struct bench *b, const struct report *r)
{
    const struct page_use *p = &r->pages;
    printf(
        "\nweights  %.2f GB in memory: %.2f of the mapped file, %.2f private; %.2f in pages of 2 "
        "MiB",
        (double)p->bytes * 1e-9, (double)(p->bytes - p->private_bytes) * 1e-9,
        (double)p->private_bytes * 1e-9, (double)p->huge_bytes * 1e-9);
    if (r->weights.gain > 0)
        printf("; private ones %.2f times as fast", r->weights.gain);
    for (enum format f = 0; f < N_FORMATS; f++) {
        const struct read_choice *c = &r->weights.choices[f];
        if (has_format(b, f))
            printf("\n         %s: %u streams, each line asked for %s, %u bytes ahead (%s)",
                   format_info(f)->name, c->plan.streams, c->plan.twice ? "twice" : "once",
                   c->plan.ahead, plan_origin(c));
    }
}

static void print_table(const struct bench *b, const struct report *r)
{
    const struct run *generate = first_run(r, false);
    bench_print_machine(&r->machine);
    printf("model    %.2f GB %s, %s kernels, prompts by %s, cache in %s, loaded in %.1f ms\n",
           (double)b->model->file_bytes * 1e-9, format_info(b->model->format)->name,
           b->kernels.level, gemm_name(r->gemm), kv_type_name(bench_kv(b, 0)), b->load_ms);
    printf("memory   %.3f GB resident: %.3f private, %.3f mapped",
           (double)r->memory.rss_bytes * 1e-9, (double)r->memory.private_bytes * 1e-9,
           (double)r->memory.mapped_bytes * 1e-9);
    if (r->pss)
        printf("; %.3f with shared pages divided", (double)r->pss * 1e-9);
    print_experts(b, r);
    if (b->n_generate)
        printf("\nrate     %.2f tokens/s a GB of model", per_gb(b, generate->per_s.median));
    print_weights(b, r);
    printf(
        "\n\n                           tokens/s, %3u repeats       GB read      of   plain read, "
        "GB/s\n",
        b->n_repeats);
    puts("threads  what      tokens        min    median       max    /token    read   these "
         "private");
    for (uint32_t i = 0; i < r->n_runs; i++)
        table_row(&r->runs[i], b->n_generate, r->machine.usable_cpus);
    print_products(r);
    for (int is_prompt = 1; is_prompt >= 0; is_prompt--)
        for (int by_threads = 0; by_threads < 2; by_threads++)
            print_growth(r, is_prompt, by_threads);
    if (b->profile) {
        putchar('\n');
        bench_print_profile(b, &r->profile, b->n_generate);
    }
}

/* Tiles of the experts that a token goes through. */
static uint64_t chosen_bytes(const struct model *m)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < m->config.n_layers; i++) {
        const struct experts *e = m->layers[i].experts;
        for (uint32_t p = 0; e && p < e->n_gate_up; p++)
            bytes += e->n_used * matrix_data_bytes(e->gate_up[p]);
        if (e)
            bytes += e->n_used * matrix_data_bytes(e->down);
    }
    return bytes;
}

static bool go_on(void *arg, uint64_t done, uint64_t total)
{
    (void)arg, (void)done, (void)total;
    return true;
}

/* As the engine does it; a copy is made at once. */
static bool place_weights(struct bench *b, struct weights_ready *w, struct error *err)
{
    if (!weights_load(w, b->model, b->weights, b->pool, go_on, NULL, err))
        return false;
    weights_ready(w, b->model, b->weights, &b->kernels, b->pool);
    while (w->copies)
        weights_ready_step(w, b->pool);
    return true;
}

bool bench_speed(struct bench *b, struct error *err)
{
    if (!bench_open(b, err))
        return false;
    struct report *report = xcalloc(1, sizeof *report);
    report->machine = machine_now();
    struct reading *reading = reading_new();
    reading_add_weights(reading, b->model);
    report->weight_bytes = reading_bytes(reading);
    report->expert_bytes = chosen_bytes(b->model);
    bool ok = place_weights(b, &report->weights, err) && measure_threads(b, reading, report, err);
    for (uint32_t i = 1; ok && i < b->threads.n; i++) {
        pool_free(b->pool);
        b->pool = pool_new(b->threads.values[i]);
        weights_ready(&report->weights, b->model, WEIGHTS_MAP, &b->kernels, b->pool);
        ok = measure_threads(b, reading, report, err);
    }
    /* of a file that memory does not hold it would be the disk's, and take minutes */
    if (ok && report->expert_bytes > 0 && b->n_generate > 0 && report->missed_expert_bytes == 0)
        report->experts_gb_per_s = reading_experts_rate(b->model, b->pool);
    if (ok && b->json)
        print_json(b, report);
    else if (ok)
        print_table(b, report);
    reading_free(reading);
    weights_ready_end(&report->weights);
    free(report);
    bench_close(b);
    return ok;
}
