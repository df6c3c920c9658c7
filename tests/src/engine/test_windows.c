/* SPDX-License-Identifier: MIT
 *
 * What sliding layers have forgotten: edits, shorter texts and drafts at every distance, and caches
 * from a file, give the logits of a cache that forgets nothing.
 */
#include <fcntl.h>
#include <unistd.h>

#include "../infer/miniature.h"
#include "kv_file.h"

struct world {
    struct kernels k;
    struct pool *pool;
    struct miniature *mini;
    struct model *m;
    const struct mini_case *c;
};

static void setup(struct world *w, const char *name)
{
    *w = (struct world){.pool = pool_new(1), .mini = mini_new(name, true)};
    kernels_init(&w->k, cpu_flags());
    w->m = mini_open(w->mini->folder, FORMAT_F32);
    w->c = &w->mini->cases[w->mini->n_cases - 1];
    assert_true(w->c->n > 60);
}

static void teardown(struct world *w)
{
    model_close(w->m);
    pool_free(w->pool);
    free(w->mini);
}

static struct session *session_of(const struct world *w, enum kv_type kv, uint32_t spare)
{
    struct error err = {0};
    struct session_options o = {.ctx_len = 200, .kv = kv, .chunk = 8, .spare = spare};
    struct session *s = session_new(w->m, w->pool, &w->k, &o, &err);
    if (!s)
        fail_msg("%s", err.text);
    return s;
}

/* The same bits after the same passes; else what other passes, and roundings of a cache that flip,
 * make of it. */
static void check_same(const struct session *a, const struct session *b, enum kv_type kv,
                       bool same_passes, const char *what, uint32_t n)
{
    static const float bounds[] = {[KV_F32] = 1e-4f, [KV_BF16] = 1e-2f, [KV_INT8] = 3e-2f};
    for (uint32_t i = 0; i < MINI_VOCAB; i++)
        if (fabsf(session_logits(a)[i] - session_logits(b)[i]) > (same_passes ? 0 : bounds[kv]))
            fail_msg("%s, %u tokens: logit %u is %.9g, not %.9g", what, n, i,
                     (double)session_logits(a)[i], (double)session_logits(b)[i]);
}

/* All around the edge of what is held, some elsewhere. */
static uint32_t next_cut(uint32_t cut)
{
    return cut + (cut >= 25 && cut < 40 ? 1 : 6);
}

/* A text of 64 tokens that is evaluated, then one that leaves it after `cut` and goes on by 1, 2 or
 * 9 others. */
static void check_cuts(const struct world *w, enum kv_type kv)
{
    bool held_some = false, lost_some = false;
    for (uint32_t cut = 1; cut < 64; cut = next_cut(cut))
        for (uint32_t more = 1; more <= 9; more += more == 2 ? 7 : 1) {
            struct session *ring = session_of(w, kv, 1), *whole = session_of(w, kv, 200);
            int32_t ids[100];
            memcpy(ids, w->c->ids, sizeof ids);
            for (uint32_t n = 30; n <= 64; n++) {
                session_sync(ring, ids, n, NULL, NULL);
                session_sync(whole, ids, n, NULL, NULL);
            }
            bool held = session_holds(ring, cut);
            held_some |= held && cut < 64;
            lost_some |= !held;
            for (uint32_t i = 0; i < more; i++)
                ids[cut + i] ^= 1;
            session_sync(ring, ids, cut + more, NULL, NULL);
            assert_int_equal(session_reused(ring), held ? cut : 0);
            session_sync(whole, ids, cut + more, NULL, NULL);
            check_same(ring, whole, kv, held, "cut", cut);
            assert_true(session_kv_bytes(ring) <= session_kv_bytes(whole));
            session_free(ring);
            session_free(whole);
        }
    assert_true(held_some && lost_some);
}

static void test_texts_that_leave_the_one_before(void **state)
{
    static const char *const names[] = {"gemma2", "exaone4"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world w;
        setup(&w, names[i]);
        for (enum kv_type kv = KV_F32; kv <= KV_INT8; kv++)
            check_cuts(&w, kv);
        teardown(&w);
    }
}

/* Drafts that are refused, at every distance from where positions move. */
static void test_drafts(void **state)
{
    (void)state;
    struct world w;
    setup(&w, "exaone4");
    struct session *ring = session_of(&w, KV_F32, 1), *whole = session_of(&w, KV_F32, 200);
    int32_t ids[100];
    memcpy(ids, w.c->ids, sizeof ids);
    for (uint32_t n = 1; n < 90; n++) {
        int32_t draft[100];
        memcpy(draft, ids, sizeof ids);
        for (uint32_t i = n + 1; i < n + 6; i++)
            draft[i] ^= 3;
        session_sync(ring, ids, n, NULL, NULL);
        if (n > 1)
            assert_int_equal(session_reused(ring), n - 1);
        session_sync(whole, ids, n, NULL, NULL);
        check_same(ring, whole, KV_F32, true, "draft", n);
        session_sync_last(ring, draft, n + 6, 6, NULL, NULL);
        session_sync_last(whole, draft, n + 6, 6, NULL, NULL);
    }
    session_free(ring);
    session_free(whole);
    teardown(&w);
}

/* A cache that was written after 64 tokens, read for the first n of them. */
static void check_file(const struct world *w, enum kv_type kv, int fd, uint32_t spare)
{
    static const uint8_t identity[KV_DIGEST] = {1};
    for (uint32_t n = 1; n <= 64; n += n < 30 ? 7 : 1) {
        struct kv_file f;
        struct session *s = session_of(w, kv, spare), *whole = session_of(w, kv, 200);
        uint32_t from = 0;
        assert_true(kv_file_open(&f, dup(fd), identity, session_kv(s)));
        assert_int_equal(f.n, 64);
        assert_true(kv_file_reaches(&f, session_kv(s), 64));
        if (kv_file_reaches(&f, session_kv(s), n)) {
            session_hold(s, n);
            uint32_t got = kv_file_read(&f, session_kv(s), n, &from, w->pool, NULL, NULL);
            assert_int_equal(got, n);
            assert_int_equal(session_adopt(s, f.ids, n, from, false), n);
            session_sync(s, w->c->ids, 70, NULL, NULL);
            assert_int_equal(session_reused(s), n);
            session_sync(whole, w->c->ids, 70, NULL, NULL);
            check_same(s, whole, kv, false, "file", n);
        } else {
            assert_true(n < 64);
        }
        kv_file_close(&f);
        session_free(s);
        session_free(whole);
    }
}

static void check_files(const struct world *w)
{
    static const uint8_t identity[KV_DIGEST] = {1};
    for (enum kv_type kv = KV_F32; kv <= KV_INT8; kv++)
        for (uint32_t spare = 1; spare < 100; spare += 30) {
            char *folder = temp_folder(), *path = path_join(folder, "kv");
            int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
            struct session *s = session_of(w, kv, spare);
            assert_true(fd >= 0);
            session_sync(s, w->c->ids, 64, NULL, NULL);
            assert_true(
                kv_file_write(fd, identity, session_kv(s), w->c->ids, 64, false, 0, w->pool));
            assert_int_equal(lseek(fd, 0, SEEK_END), kv_file_bytes(session_kv(s), 64));
            check_file(w, kv, fd, spare);
            check_file(w, kv, fd, 1);
            session_free(s);
            close(fd);
            remove_folder(folder);
            free(path);
        }
}

static void test_files(void **state)
{
    (void)state;
    struct world w;
    setup(&w, "gemma2");
    check_files(&w);
    teardown(&w);
}

/* Gemma 4: heads of two sizes, and layers that look at the keys and values of others. */
static void test_shared_layers(void **state)
{
    (void)state;
    struct world w;
    setup(&w, "gemma4-wide");
    for (enum kv_type kv = KV_F32; kv <= KV_INT8; kv++)
        check_cuts(&w, kv);
    check_files(&w);
    teardown(&w);
}

/* Two sliding layers store two heads of 16, two full ones one of 32. The two layers that share
 * theirs take nothing. */
static void test_memory_of_shared_layers(void **state)
{
    static const struct {
        enum kv_type kv;
        uint32_t bytes, scale_bytes;
    } types[] = {{KV_F32, 4, 0}, {KV_BF16, 2, 0}, {KV_INT8, 1, 4}};
    (void)state;
    struct world w;
    setup(&w, "gemma4-wide");
    for (size_t i = 0; i < 3; i++) {
        struct session *s = session_of(&w, types[i].kv, 1);
        uint32_t sliding = 2 * 2 * 2 * (16 * types[i].bytes + types[i].scale_bytes);
        uint32_t full = 2 * 2 * (32 * types[i].bytes + types[i].scale_bytes);
        uint32_t ring = session_kv(s)->ring;
        session_sync(s, w.c->ids, 10, NULL, NULL);
        assert_int_equal(session_kv_bytes(s), 10 * (sliding + full));
        session_sync(s, w.c->ids, 64, NULL, NULL);
        assert_true(ring < 64);
        assert_int_equal(session_kv_bytes(s), 64 * full + ring * sliding);
        session_free(s);
    }
    teardown(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_that_leave_the_one_before),
        cmocka_unit_test(test_drafts),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_shared_layers),
        cmocka_unit_test(test_memory_of_shared_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
