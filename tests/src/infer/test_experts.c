/* SPDX-License-Identifier: MIT
 *
 * Experts: each one's weights are its own in every format, tokens gathered by expert have the bits
 * that they have alone, and the number of threads changes none. Expected weights are those of the
 * f32 file, whose logits test_miniatures.c holds against the original implementation.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "expert_fetch.h"
#include "miniature.h"

enum { N_THREADS = 3, N_DRAFTS = 5 };

/* ---- weights --------------------------------------------------------------------------- */

static double relative_error(const struct kernels *k, const struct matrix *w,
                             const struct matrix *exact)
{
    size_t n = (size_t)w->rows * w->cols;
    float *x = xcalloc(n, sizeof *x), *y = xcalloc(n, sizeof *y);
    double error = 0, sum = 0;
    k->dequant[w->format](w, 0, w->rows, x);
    k->dequant[exact->format](exact, 0, exact->rows, y);
    for (size_t i = 0; i < n; i++) {
        error += (double)(x[i] - y[i]) * (x[i] - y[i]);
        sum += (double)y[i] * y[i];
    }
    free(x);
    free(y);
    return sqrt(error / sum);
}

/* Of a wrong expert it would be near 1.4. */
static double error_allowed(enum format f)
{
    return f == FORMAT_F32     ? 0
           : f == FORMAT_BF16  ? 0.004
           : f <= FORMAT_QINS8 ? 0.05
           : f == FORMAT_QINS2 ? 0.4
                               : 0.2;
}

static void check_weights(const struct kernels *k, const struct model *m, const struct model *exact)
{
    for (uint32_t i = 0; i < m->config.n_layers; i++) {
        const struct experts *a = m->layers[i].experts, *b = exact->layers[i].experts;
        assert_int_equal(a->n, b->n);
        for (uint32_t e = 0; e < a->n; e++) {
            const struct matrix *of_a[] = {&a->gate_up[0][e], &a->gate_up[1][e], &a->down[e]};
            const struct matrix *of_b[] = {&b->gate_up[0][e], &b->gate_up[1][e], &b->down[e]};
            for (int j = 0; j < 3; j++)
                if (!(relative_error(k, of_a[j], of_b[j]) <= error_allowed(of_a[j]->format)))
                    fail_msg("%s: layer %u, expert %u, matrix %d: error %g",
                             format_info(m->format)->name, i, e, j,
                             relative_error(k, of_a[j], of_b[j]));
        }
    }
}

static void check_weights_of(const char *folder)
{
    struct kernels k;
    kernels_init(&k, cpu_flags());
    struct model *exact = mini_open(folder, FORMAT_F32);
    for (enum format f = 0; f < N_FORMATS; f++) {
        struct model *m = mini_open(folder, f);
        check_weights(&k, m, exact);
        model_close(m);
    }
    model_close(exact);
}

static void test_weights_of_each_expert(void **state)
{
    (void)state;
    char folder[4096];
    mini_path(folder, sizeof folder, "gpt-oss", true);
    check_weights_of(folder);
}

static void test_weights_of_numbered_experts(void **state)
{
    (void)state;
    char folder[4096];
    mini_path(folder, sizeof folder, "qwen3-moe", false);
    check_weights_of(folder);
}

/* ---- bits ------------------------------------------------------------------------------ */

static struct session *new_session(const struct model *m, struct pool *p, const struct kernels *k,
                                   uint32_t chunk)
{
    struct error err = {0};
    struct session_options o = {.ctx_len = 200, .kv = KV_INT8, .chunk = chunk};
    struct session *s = session_new(m, p, k, &o, &err);
    if (!s)
        fail_msg("%s", err.text);
    return s;
}

/* Drafts in one pass, as one after another. */
static void check_drafts(const struct model *m, struct pool *p, const struct kernels *k,
                         const int32_t *ids, uint32_t n)
{
    struct session *a = new_session(m, p, k, 16), *b = new_session(m, p, k, 16);
    session_sync(a, ids, n - N_DRAFTS, NULL, NULL);
    session_sync(b, ids, n - N_DRAFTS, NULL, NULL);
    session_sync_last(a, ids, n, N_DRAFTS, NULL, NULL);
    for (uint32_t i = 0; i < N_DRAFTS; i++) {
        session_sync(b, ids, n - N_DRAFTS + 1 + i, NULL, NULL);
        if (memcmp(session_logits_at(a, i), session_logits(b), MINI_VOCAB * sizeof(float)) != 0)
            fail_msg("%s: draft %u has other bits", format_info(m->format)->name, i);
    }
    session_free(a);
    session_free(b);
}

static void check_threads(const struct model *m, struct pool *one, struct pool *several,
                          const struct kernels *k, const int32_t *ids, uint32_t n)
{
    struct session *a = new_session(m, one, k, 0), *b = new_session(m, several, k, 0);
    session_sync(a, ids, n, NULL, NULL);
    session_sync(b, ids, n, NULL, NULL);
    assert_memory_equal(session_logits(a), session_logits(b), MINI_VOCAB * sizeof(float));
    session_free(a);
    session_free(b);
}

static void test_bits_are_those_of_one_token(void **state)
{
    (void)state;
    struct miniature *mini = mini_new("gpt-oss", true);
    const struct mini_case *c = &mini->cases[mini->n_cases - 1];
    struct pool *one = pool_new(1), *several = pool_new(N_THREADS);
    struct kernels k;
    kernels_init(&k, cpu_flags());
    for (enum format f = 0; f < N_FORMATS; f++) {
        struct model *m = mini_open(mini->folder, f);
        check_drafts(m, one, &k, c->ids, 40);
        check_threads(m, one, several, &k, c->ids, c->n_prompt);
        model_close(m);
    }
    pool_free(one);
    pool_free(several);
    free(mini);
}

/* ---- what is not in memory ------------------------------------------------------------- */

/* A matrix of 4 MiB in a file that the page cache was told to drop; skips if it keeps it. */
static void test_what_has_to_be_read_is_counted(void **state)
{
    (void)state;
#ifdef POSIX_FADV_DONTNEED
    enum { BYTES = 4 << 20 };
    char *folder = temp_folder(), *path = path_join(folder, "weights"), *zeros = xcalloc(BYTES, 1);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(write(fd, zeros, BYTES), BYTES);
    assert_int_equal(fsync(fd), 0);
    posix_fadvise(fd, 0, BYTES, POSIX_FADV_DONTNEED);
    const volatile uint8_t *p = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
    assert_true(p != MAP_FAILED);
    struct matrix w = matrix_shape(FORMAT_F32, 1024, 1024);
    w.data = (const void *)(uintptr_t)p;
    struct expert_fetch f = {.is_mapped = true, .n_watched = 1};
    expert_fetch_matrix(&f, &w);
    bool is_evicted = f.missed_bytes > BYTES / 2;
    uint64_t missed = f.missed_bytes, sum = 0;
    for (size_t i = 0; i < BYTES; i += 512)
        sum += p[i];
    assert_int_equal(sum, 0);
    f.n_watched = 1;
    expert_fetch_matrix(&f, &w); /* all of it is there now */
    assert_int_equal(f.missed_bytes, missed);
    assert_int_equal(f.needed_bytes, 2 * BYTES);
    munmap((void *)(uintptr_t)p, BYTES);
    close(fd);
    remove_folder(folder);
    free(path);
    free(zeros);
    if (!is_evicted) {
        printf("the page cache kept the file\n");
        skip();
    }
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_of_each_expert),
        cmocka_unit_test(test_weights_of_numbered_experts),
        cmocka_unit_test(test_bits_are_those_of_one_token),
        cmocka_unit_test(test_what_has_to_be_read_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
