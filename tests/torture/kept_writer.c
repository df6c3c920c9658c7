/* SPDX-License-Identifier: MIT
 *
 * kept_writer MODEL FOLDER write   writes contexts into FOLDER, one after another, until it is
 *                                  killed; "ready" on stdout before the first
 * kept_writer MODEL FOLDER check   one of them is resumed: every number is as it was evaluated.
 *                                  Prints how many tokens came back, and how many unfinished files
 *                                  lie there after one more was written. 1: something is wrong
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prompt_cache.h"

enum { N_CONTEXTS = 3, N_IDS = 600, CONTEXT = 1024 };

struct world {
    struct model *m;
    struct kernels k;
    struct pool *pool;
    struct session *sessions[N_CONTEXTS], *other;
    int32_t ids[N_CONTEXTS][N_IDS];
    const char *folder;
};

static struct prompt_cache *cache_of(struct world *w)
{
    return prompt_cache_new(w->folder, (uint64_t)1 << 40, w->m, &w->k, GEMM_AUTO, KV_INT8, w->pool);
}

static struct session *session_of(struct world *w)
{
    struct error err = {0};
    struct session_options o = {.ctx_len = CONTEXT, .kv = KV_INT8};
    struct session *s = session_new(w->m, w->pool, &w->k, &o, &err);
    if (!s)
        die(err.code, "%s", err.text);
    return s;
}

static uint32_t length_of(int i)
{
    return (uint32_t)(N_IDS - i * 100);
}

static void evaluate(struct world *w)
{
    for (int i = 0; i < N_CONTEXTS; i++) {
        w->sessions[i] = session_of(w);
        for (int p = 0; p < N_IDS; p++)
            w->ids[i][p] = (p * (i + 3) + i) % (int)w->m->config.vocab;
        session_sync(w->sessions[i], w->ids[i], length_of(i), NULL, NULL);
    }
    w->other = session_of(w);
}

static void write_for_ever(struct world *w)
{
    struct prompt_cache *c = cache_of(w);
    puts("ready");
    fflush(stdout);
    for (int i = 0;; i = (i + 1) % N_CONTEXTS) {
        if (!prompt_cache_write(c, w->sessions[i], i + 1))
            die(EX_IOERR, "cannot write");
        prompt_cache_commit(c);
    }
}

/* -> false: other numbers came back. */
static bool is_same(const struct kv *a, const struct kv *b, uint32_t n)
{
    size_t n_reference;
    for (uint32_t i = 0; i < kv_n_runs(a); i++) {
        struct kv_run x = kv_run(a, i), y = kv_run(b, i);
        if (memcmp(x.at, y.at, x.position_bytes * n) != 0)
            return false;
    }
    const void *x = kv_reference(a, &n_reference), *y = kv_reference(b, &n_reference);
    return !x || memcmp(x, y, n_reference) == 0;
}

static unsigned count_unfinished(const char *folder)
{
    unsigned n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));)
        n += strncmp(e->d_name, "unfinished-", 11) == 0;
    if (d)
        closedir(d);
    return n;
}

static int check(struct world *w)
{
    struct prompt_cache *c = cache_of(w);
    int bad = 0;
    for (int i = 0; i < N_CONTEXTS; i++) {
        struct ids want = {0};
        ids_append(&want, w->ids[i], length_of(i));
        ids_push(&want, 1);
        session_truncate(w->other, 0);
        uint32_t n = prompt_cache_resume(c, w->other, NULL, &want, NULL, NULL);
        bool same = is_same(session_kv(w->sessions[i]), session_kv(w->other), n);
        printf("%u%s ", n, same ? "" : " DIFFERS");
        bad += !same;
        ids_free(&want);
    }
    bool written = prompt_cache_write(c, w->sessions[0], 1);
    prompt_cache_commit(c);
    unsigned n_left = count_unfinished(w->folder);
    printf("%s, %u unfinished\n", written ? "written" : "NOT WRITTEN", n_left);
    prompt_cache_free(c);
    return bad || !written || n_left;
}

int main(int argc, char **argv)
{
    static struct world w;
    struct error err = {0};
    if (argc != 4)
        return EX_USAGE;
    w.folder = argv[2];
    w.m = model_open(argv[1], &err);
    if (!w.m)
        die(err.code, "%s", err.text);
    w.pool = pool_new(1);
    kernels_init(&w.k, 0);
    evaluate(&w);
    if (strcmp(argv[3], "write") == 0)
        write_for_ever(&w);
    return check(&w);
}
