/* SPDX-License-Identifier: MIT
 *
 * The process writes lines into a pipe: "s MS PHASE RSS PSS", at the end "r JSON" or "e CODE TEXT".
 * It writes ten times per second, so that it does not outlive its reader.
 */
#include "memory_side.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_pair.h"
#include "conditions.h"
#include "memory_limits.h"
#include "model_folder.h"
#include "system.h"
#include "widened.h"

enum { SAMPLE_MS = 100, PSS_EVERY = 5, DRAW_MS = 100 };
#define SMALL_BYTES (1ull << 29) /* whose PSS is told at once */

/* ---- in the process ------------------------------------------------------------------- */

struct teller {
    FILE *out;
    pthread_mutex_t lock; /* out */
    double start_ms;
    _Atomic int phase;
    atomic_bool stop;
};

static void tell_sample(struct teller *t, uint64_t pss)
{
    pthread_mutex_lock(&t->lock);
    fprintf(t->out, "s %.0f %d %llu %llu\n", now_ms() - t->start_ms, atomic_load(&t->phase),
            (unsigned long long)system_memory_use().rss_bytes, (unsigned long long)pss);
    fflush(t->out);
    pthread_mutex_unlock(&t->lock);
}

static void *tell_samples(void *arg)
{
    struct teller *t = arg;
    uint64_t pss = 0;
    for (unsigned i = 0; !atomic_load(&t->stop); i++) {
        if (i % PSS_EVERY == 0 || system_memory_use().rss_bytes < SMALL_BYTES)
            pss = pss_bytes();
        tell_sample(t, pss);
        usleep(SAMPLE_MS * 1000);
    }
    return NULL;
}

/* A folder in f32, or in bf16 if that would not fit memory. */
static enum format fitting_format(const char *path, enum format wanted)
{
    struct checkpoint c;
    struct error ignored;
    const uint64_t available = memory_free();
    if (wanted != FORMAT_F32 || !checkpoint_is_source(path) || !available ||
        !checkpoint_open(&c, path, &ignored))
        return wanted;
    bool fits = 4 * config_n_params(&c.config) < available / 10 * 9;
    checkpoint_close(&c);
    return fits ? FORMAT_F32 : FORMAT_BF16;
}

static bool check_room(const struct bench *b, bool widens, struct error *err)
{
    struct checkpoint c;
    const uint64_t available = memory_free();
    if (widens || !checkpoint_is_source(b->model_path) || !available)
        return true;
    if (!checkpoint_open(&c, b->model_path, err))
        return false;
    uint64_t bytes = config_n_params(&c.config) * (b->format == FORMAT_F32 ? 4 : 2);
    checkpoint_close(&c);
    return (b->format != FORMAT_F32 && b->format != FORMAT_BF16) || bytes < available ||
           error_set(err, EX_UNAVAILABLE,
                     "%s: in %s it takes %.1f GB of memory, and %.1f GB are free", b->model_path,
                     format_info(b->format)->name, (double)bytes * 1e-9, (double)available * 1e-9);
}

static bool open_side(struct bench *b, bool widens, struct error *err)
{
    b->format = fitting_format(b->model_path, b->format);
    if (!check_room(b, widens, err) || !bench_open(b, err))
        return false;
    struct model *wide = widens ? model_widen(b->model, &b->kernels, b->pool, err) : b->model;
    if (!wide)
        return false;
    if (widens)
        model_close(b->model);
    b->model = wide;
    return true;
}

static bool answer_all(const struct quality_side *side, const struct tokenizer *t,
                       const char *prompts, uint32_t n, json_t *facts, struct error *err)
{
    json_t *list = json_array();
    double prompt_ms = 0, generate_ms = 0, n_prompt = 0, n_made = 0;
    bool ok = true;
    json_object_set_new(facts, "answers", list);
    while (ok && *prompts) {
        size_t length = strcspn(prompts, "\n");
        char *prompt = answer_prompt(prompts, length);
        struct answer a = {0};
        ok = length == 0 || answer_make(&a, side, t, prompt, n, err);
        json_t *ids = json_array();
        for (size_t i = 0; i < a.made.n; i++)
            json_array_append_new(ids, json_integer(a.made.ids[i]));
        if (ok && length > 0)
            json_array_append_new(
                list, json_pack("{s:s, s:s, s:O}", "prompt", prompt, "text", a.text, "ids", ids));
        prompt_ms += a.prompt_ms;
        n_prompt += a.n_prompt;
        generate_ms += a.generate_ms;
        n_made += (double)a.made.n;
        json_decref(ids);
        answer_free(&a);
        free(prompt);
        prompts += length;
        prompts += *prompts == '\n';
    }
    json_object_set_new(facts, "prompt_tokens_per_s",
                        json_real(prompt_ms > 0 ? 1e3 * n_prompt / prompt_ms : 0));
    json_object_set_new(facts, "generate_tokens_per_s",
                        json_real(generate_ms > 0 ? 1e3 * n_made / generate_ms : 0));
    return ok;
}

static bool measure(struct teller *t, struct bench *b, const struct memory_side *m,
                    const char *prompts, json_t *facts, struct error *err)
{
    double start = now_ms();
    if (!open_side(b, m->widens, err))
        return false;
    json_object_set_new(facts, "load_ms", json_real(now_ms() - start));
    json_object_set_new(facts, "format", json_string(format_info(b->model->format)->name));
    json_object_set_new(facts, "level", json_string(b->kernels.level));
    json_object_set_new(facts, "image_bytes", json_integer((json_int_t)b->model->file_bytes));
    json_object_set_new(facts, "n_params", json_integer((json_int_t)b->model->n_params));
    atomic_store(&t->phase, PHASE_ANSWERING);
    struct quality_side side = {b->model, &b->kernels, b->pool, bench_kv(b, 0), b->gemm, NULL};
    struct tokenizer *tokenizer = model_tokenizer(b->model, err);
    bool ok = tokenizer && answer_all(&side, tokenizer, prompts, b->n_generate, facts, err);
    tokenizer_free(tokenizer);
    return ok;
}

static void tell_end(struct teller *t, bool ok, const json_t *facts, const struct error *err)
{
    pthread_mutex_lock(&t->lock);
    if (ok) {
        fputs("r ", t->out);
        json_dumpf(facts, t->out, JSON_COMPACT);
        fputc('\n', t->out);
    } else {
        fprintf(t->out, "e %d %s\n", err->code, err->text);
    }
    fflush(t->out);
    pthread_mutex_unlock(&t->lock);
}

/* The parent says it. */
static void end_silently(void)
{
    _exit(EX_OSERR);
}

/* Never returns: memory goes with the process. */
static _Noreturn void be_process(const struct memory_side *m, const struct bench *b,
                                 const char *prompts, int fd)
{
    die_hook(end_silently);
    struct teller t = {.out = fdopen(fd, "w"), .start_ms = now_ms()};
    struct bench own = *b;
    struct error err = {0};
    pthread_t thread;
    json_t *facts = json_object();
    static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        signal(endings[i], SIG_DFL);
    pthread_mutex_init(&t.lock, NULL);
    own.model_path = m->path;
    if (!t.out || pthread_create(&thread, NULL, tell_samples, &t) != 0)
        _exit(EX_OSERR);
    bool ok = measure(&t, &own, m, prompts, facts, &err);
    if (ok)
        tell_sample(&t, pss_bytes());
    tell_end(&t, ok, facts, &err);
    _exit(0);
}

/* ---- reading it ----------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* Without SA_RESTART: poll returns. */
static void catch_signals(struct sigaction before[3], bool restores)
{
    static const int endings[3] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    for (int i = 0; i < 3; i++)
        sigaction(endings[i], restores ? &before[i] : &action, restores ? NULL : &before[i]);
}

static bool take_line(struct memory_side *m, char *line, struct error *err)
{
    unsigned long long rss, pss;
    struct memory_sample s;
    int phase, code, at = 0;
    if (sscanf(line, "s %lf %d %llu %llu", &s.ms, &phase, &rss, &pss) == 4) {
        s.phase = phase ? PHASE_ANSWERING : PHASE_LOADING;
        s.rss = rss;
        s.pss = pss;
        m->samples = xgrow(m->samples, m->n_samples, &m->cap_samples, sizeof *m->samples);
        m->samples[m->n_samples++] = s;
    } else if (line[0] == 'r') {
        m->facts = json_loads(line + 2, 0, NULL);
    } else if (sscanf(line, "e %d %n", &code, &at) == 1) {
        return error_set(err, code ? code : EX_SOFTWARE, "%s", line + at);
    }
    return true;
}

/* Whole lines of what has come; the rest stays. */
static bool take_lines(struct memory_side *m, struct buf *text, struct error *err)
{
    bool ok = true;
    char *line = text->data, *end;
    while (ok && line && (end = strchr(line, '\n'))) {
        *end = '\0';
        ok = take_line(m, line, err);
        line = end + 1;
    }
    size_t rest = line ? strlen(line) : 0, at = line ? (size_t)(line - text->data) : 0;
    if (line)
        memmove(text->data, text->data + at, rest + 1);
    text->len = rest;
    return ok;
}

static bool read_all(struct memory_side *m, int fd, void (*draw)(void *arg), void *arg,
                     struct error *err)
{
    struct buf text = {0};
    char bytes[4096];
    double drawn = 0;
    bool ok = true;
    for (ssize_t n = 1; ok && n != 0;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = interrupted ? -1 : poll(&p, 1, 1000);
        n = ready > 0 ? read(fd, bytes, sizeof bytes) : 1;
        if (interrupted)
            ok = error_set(err, EXIT_INTERRUPTED, "interrupted");
        else if (ready > 0 && n > 0) {
            buf_append(&text, bytes, (size_t)n);
            ok = take_lines(m, &text, err);
        }
        if (ok && now_ms() - drawn > DRAW_MS) {
            draw(arg);
            drawn = now_ms();
        }
    }
    buf_free(&text);
    return ok;
}

/* How the process ended, if it did not say so itself. */
static bool check_end(const struct memory_side *m, int status, struct error *err)
{
    if (m->facts)
        return true;
    if (WIFSIGNALED(status))
        return error_set(err, EX_SOFTWARE, "%s: its process ended by signal %d (%s)%s", m->path,
                         WTERMSIG(status), strsignal(WTERMSIG(status)),
                         WTERMSIG(status) == SIGKILL ? "; out of memory?" : "");
    if (WEXITSTATUS(status) == EX_OSERR)
        return error_set(err, EX_OSERR, "%s: its process ran out of memory", m->path);
    return error_set(err, EX_SOFTWARE, "%s: its process ended with code %d before it had answered",
                     m->path, WEXITSTATUS(status));
}

static bool watch(struct memory_side *m, pid_t child, int fd, void (*draw)(void *arg), void *arg,
                  struct error *err)
{
    struct rusage use = {0};
    int status = 0;
    bool ok = read_all(m, fd, draw, arg, err);
    if (!ok)
        kill(child, SIGKILL);
    while (wait4(child, &status, 0, &use) < 0 && errno == EINTR)
        ;
    m->max_rss = (uint64_t)use.ru_maxrss * system_facts.max_rss_unit;
    return ok && check_end(m, status, err);
}

bool memory_side_run(struct memory_side *m, const struct bench *b, const char *prompts,
                     void (*draw)(void *arg), void *arg, struct error *err)
{
    int ends[2];
    struct sigaction before[3];
    if (pipe(ends) != 0)
        return error_set(err, EX_OSERR, "no pipe: %s", strerror(errno));
    fflush(NULL);
    catch_signals(before, false);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        be_process(m, b, prompts, ends[1]);
    }
    close(ends[1]);
    bool ok = child > 0 ? watch(m, child, ends[0], draw, arg, err)
                        : error_set(err, EX_OSERR, "no process: %s", strerror(errno));
    close(ends[0]);
    catch_signals(before, true);
    return ok;
}

void memory_side_free(struct memory_side *m)
{
    free(m->samples);
    json_decref(m->facts);
}

uint64_t memory_peak(const struct memory_side *m)
{
    uint64_t most = m->max_rss;
    for (size_t i = 0; i < m->n_samples; i++)
        most = m->samples[i].rss > most ? m->samples[i].rss : most;
    return most;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

uint64_t memory_steady(const struct memory_side *m, bool pss)
{
    uint64_t *values = xcalloc(m->n_samples + 1, sizeof *values), middle;
    size_t n = 0;
    for (size_t i = 0; i < m->n_samples; i++)
        if (m->samples[i].phase == PHASE_ANSWERING)
            values[n++] = pss ? m->samples[i].pss : m->samples[i].rss;
    qsort(values, n, sizeof *values, by_value);
    middle = n ? values[n / 2] : 0;
    free(values);
    return middle;
}
