/* SPDX-License-Identifier: MIT */
#include "read_plans.h"

#include <sys/stat.h>
#include <unistd.h>

#include "huge_memory.h"
#include "places.h"
#include "test.h"

/* A model of one matrix, large enough to be measured. Its memory is never written. */
struct large {
    struct model m;
    struct layer layer;
    struct kernels k;
    struct pool *pool;
    void *data;
    size_t bytes;
    char *file;
    const char *folder;
};

static void open_large(struct large *l, unsigned flags)
{
    enum { COLS = 3072, ROWS = 16 * 6000 };
    *l = (struct large){0};
    struct matrix w = matrix_shape(FORMAT_QINS4, ROWS, COLS);
    l->bytes = matrix_data_bytes(&w);
    l->data = huge_memory_new(l->bytes);
    assert_non_null(l->data);
    w.data = l->data;
    w.row = xaligned(matrix_row_bytes(&w));
    l->layer.down = w;
    l->m = (struct model){.layers = &l->layer, .file_bytes = l->bytes};
    l->m.config.n_layers = 1;
    kernels_init(&l->k, flags);
    l->pool = pool_new(2);
    l->folder = temp_folder();
    setenv("XDG_CACHE_HOME", l->folder, 1);
    l->file = read_plans_file();
    assert_non_null(l->file);
}

static void close_large(struct large *l)
{
    char *folder = places_cache_folder();
    unlink(l->file);
    rmdir(folder);
    remove_folder(l->folder);
    free(folder);
    free(l->file);
    pool_free(l->pool);
    free((void *)(uintptr_t)l->layer.down.row);
    huge_memory_free(l->data, l->bytes);
}

static void skip_without_plans(struct large *l)
{
    if (l->k.reads_plans)
        return;
    close_large(l);
    printf("SKIPPED: this CPU's kernels know no plans\n");
    skip();
}

static struct read_choice choose(struct large *l)
{
    struct read_choice choices[N_FORMATS];
    read_plans_choose(&l->m, &l->k, l->pool, l->file, choices);
    const struct read_plan *p = &l->layer.down.read, *q = &choices[FORMAT_QINS4].plan;
    assert_true(p->streams == q->streams && p->twice == q->twice && p->ahead == q->ahead);
    return choices[FORMAT_QINS4];
}

static void test_a_choice_is_measured_once(void **state)
{
    (void)state;
    struct large l;
    open_large(&l, cpu_flags());
    skip_without_plans(&l);
    assert_int_equal(choose(&l).origin, PLAN_MEASURED);
    struct read_plan plan = l.layer.down.read;
    l.layer.down.read = (struct read_plan){0};
    assert_int_equal(choose(&l).origin, PLAN_KEPT);
    assert_true(plan.streams == l.layer.down.read.streams);
    assert_true(plan.ahead == l.layer.down.read.ahead);
    close_large(&l);
}

static void test_kernels_without_plans_measure_nothing(void **state)
{
    (void)state;
    struct large l;
    open_large(&l, 0);
    assert_int_equal(choose(&l).origin, PLAN_DEFAULT);
    assert_false(is_file(l.file));
    close_large(&l);
}

static void test_a_file_that_makes_no_sense_is_rewritten(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "7",
        "{\"plans\":7}",
        "{\"plans\":{}} x",
        "{\"plans\":[[[[[[[[[[",
        "{\"plans\":{\"%s\":7}}",
        "{\"plans\":{\"%s\":{}}}",
        "{\"plans\":{\"%s\":{\"streams\":3,\"twice\":false,\"ahead\":1088}}}",
        "{\"plans\":{\"%s\":{\"streams\":4,\"twice\":false,\"ahead\":-1}}}",
        "{\"plans\":{\"%s\":{\"streams\":4,\"twice\":false,\"ahead\":18446744073709551615}}}",
        "{\"plans\":{\"%s\":{\"streams\":\"4\",\"twice\":0,\"ahead\":1088}}}",
    };
    (void)state;
    struct large l;
    open_large(&l, cpu_flags());
    skip_without_plans(&l);
    choose(&l);
    struct buf kept = {0};
    struct error err;
    assert_true(read_file(&kept, l.file, 1 << 16, &err));
    char *key = strstr(kept.data, "\"plans\":{\"");
    assert_non_null(key);
    key += strlen("\"plans\":{\"");
    *strchr(key, '"') = '\0';
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        FILE *f = fopen(l.file, "w");
        assert_non_null(f);
        const char *at = strstr(texts[i], "%s");
        if (at)
            fprintf(f, "%.*s%s%s", (int)(at - texts[i]), texts[i], key, at + 2);
        else
            fputs(texts[i], f);
        fclose(f);
        if (choose(&l).origin != PLAN_MEASURED)
            fail_msg("taken: %s", texts[i]);
        assert_int_equal(choose(&l).origin, PLAN_KEPT);
    }
    buf_free(&kept);
    close_large(&l);
}

static void test_a_gain_is_measured(void **state)
{
    (void)state;
    struct large l;
    open_large(&l, cpu_flags());
    assert_true(read_plans_gain(&l.m, &l.k, l.pool) > 0);
    l.layer.down.data = NULL;
    assert_true(read_plans_gain(&l.m, &l.k, l.pool) == 0);
    close_large(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_choice_is_measured_once),
        cmocka_unit_test(test_kernels_without_plans_measure_nothing),
        cmocka_unit_test(test_a_file_that_makes_no_sense_is_rewritten),
        cmocka_unit_test(test_a_gain_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
