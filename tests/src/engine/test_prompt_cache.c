/* SPDX-License-Identifier: MIT
 *
 * keep: what was evaluated comes back from the disk with the bits that it had, or not at all:
 * prefixes, every kind of cache, damage, files of others, the bound, rights; and the engine's part
 * of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "json.h"
#include "model_folder.h"
#include "next_event.h"
#include "prompt_cache.h"
#include "test.h"

enum { MAX_IDS = 128, PAGE = 4096 /* that blocks begin at */ };
#define LOTS ((uint64_t)1 << 40)

static char *cache; /* XDG_CACHE_HOME */
static char *folder;

static int set_up(void **state)
{
    (void)state;
    cache = temp_folder();
    folder = path_join(cache, "qins");
    setenv("XDG_CACHE_HOME", cache, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(cache);
    free(folder);
    return 0;
}

/* ---- sessions ------------------------------------------------------------------------- */

struct world {
    struct model *m;
    struct kernels k;
    struct pool *pool;
    enum kv_type kv;
    struct prompt_cache *keep;
    int32_t ids[MAX_IDS]; /* a prompt of the fixture and its greedy continuation */
    uint32_t n;
};

static void open_keep(struct world *w, uint64_t max_bytes)
{
    prompt_cache_free(w->keep);
    w->keep = prompt_cache_new(folder, max_bytes, w->m, &w->k, GEMM_AUTO, w->kv, w->pool);
}

static void setup(struct world *w, const char *fixture, enum format format, enum kv_type kv)
{
    char name[128];
    struct error err = {0};
    struct buf text = {0};
    *w = (struct world){.kv = kv};
    snprintf(name, sizeof name, "fixtures/%s/expected.json", fixture);
    assert_true(read_file(&text, shared_path(name), 1 << 24, &err));
    json_t *j = json_parse(text.data, text.len, name, &err);
    const json_t *cases = json_object_get(j, "cases");
    const json_t *last = json_array_get(cases, json_array_size(cases) - 1);
    const char *const lists[] = {"prompt", "greedy"};
    for (int l = 0; l < 2; l++)
        for (size_t i = 0; i < json_array_size(json_object_get(last, lists[l])); i++)
            w->ids[w->n++] =
                (int32_t)json_integer_value(json_array_get(json_object_get(last, lists[l]), i));
    json_decref(j);
    buf_free(&text);
    snprintf(name, sizeof name, "fixtures/%s", fixture);
    struct convert_options o = {.format = format, .n_threads = 1};
    w->m = model_open_folder(shared_path(name), &o, &err);
    if (!w->m)
        fail_msg("%s", err.text);
    kernels_init(&w->k, cpu_flags());
    w->pool = pool_new(2);
    open_keep(w, LOTS);
}

static void teardown(struct world *w)
{
    prompt_cache_free(w->keep);
    model_close(w->m);
    pool_free(w->pool);
}

static struct session *session_of(struct world *w)
{
    struct error err = {0};
    struct session_options o = {.ctx_len = MAX_IDS, .kv = w->kv};
    struct session *s = session_new(w->m, w->pool, &w->k, &o, &err);
    if (!s)
        fail_msg("%s", err.text);
    return s;
}

/* One that has evaluated these ids. */
static struct session *session_with(struct world *w, const int32_t *ids, uint32_t n)
{
    struct session *s = session_of(w);
    session_sync(s, ids, n, NULL, NULL);
    return s;
}

static void put(struct world *w, const struct session *s, int64_t conversation)
{
    assert_true(prompt_cache_write(w->keep, s, conversation));
    prompt_cache_commit(w->keep);
}

static uint32_t resume(struct world *w, struct session *s, const int32_t *ids, uint32_t n)
{
    struct ids copy = {0};
    for (uint32_t i = 0; i < n; i++)
        ids_push(&copy, ids[i]);
    uint32_t n_read = prompt_cache_resume(w->keep, s, NULL, &copy, NULL, NULL);
    assert_memory_equal(copy.ids, ids, n * sizeof *ids);
    ids_free(&copy);
    return n_read;
}

/* Logits after each further token, in both. */
static void check_same_bits(struct world *w, struct session *a, struct session *b,
                            const int32_t *ids, uint32_t n)
{
    for (; n <= w->n; n++) {
        session_sync(a, ids, n, NULL, NULL);
        session_sync(b, ids, n, NULL, NULL);
        assert_memory_equal(session_logits(a), session_logits(b),
                            w->m->config.vocab * sizeof(float));
    }
}

/* The only file of ours, or NULL; caller frees. */
static char *only_file(void)
{
    char *path = NULL, command[600];
    snprintf(command, sizeof command, "find '%s' -name '*.kv'", folder);
    FILE *p = popen(command, "r");
    char line[600];
    while (fgets(line, sizeof line, p)) {
        assert_null(path);
        line[strcspn(line, "\n")] = '\0';
        path = xstrdup(line);
    }
    pclose(p);
    return path;
}

static int count_files(const char *pattern)
{
    char command[600];
    int n = -1;
    snprintf(command, sizeof command, "find '%s' -name '%s' 2>/dev/null | wc -l", folder, pattern);
    FILE *p = popen(command, "r");
    assert_int_equal(fscanf(p, "%d", &n), 1);
    pclose(p);
    return n;
}

/* ---- bits ----------------------------------------------------------------------------- */

static void test_what_comes_back_has_the_bits_that_it_had(void **state)
{
    (void)state;
    const char *const fixtures[] = {"phi3", "phi3-cross", "phi4", "llama", "hf/lfm2", "hf/qwen3.5"};
    for (int f = 0; f < 6; f++)
        for (enum kv_type kv = KV_F32; kv <= KV_INT8; kv++) {
            struct world w;
            setup(&w, fixtures[f], kv == KV_F32 ? FORMAT_F32 : FORMAT_QINS8, kv);
            uint32_t n = w.n - 4;
            struct session *a = session_with(&w, w.ids, n), *b = session_of(&w);
            put(&w, a, 7);
            assert_int_equal(prompt_cache_missing(w.keep, a), 0);
            assert_int_equal(resume(&w, b, w.ids, n + 1), n);
            assert_int_equal(session_len(b), n);
            check_same_bits(&w, a, b, w.ids, n + 1);
            session_free(a);
            session_free(b);
            teardown(&w);
            remove_folder(folder);
        }
}

/* A text that is only its beginning, of any length: what is read is cut there. */
static void test_any_common_beginning_is_used(void **state)
{
    (void)state;
    struct world w;
    setup(&w, "phi3", FORMAT_F32, KV_INT8);
    struct session *a = session_with(&w, w.ids, w.n);
    put(&w, a, 1);
    session_free(a);
    const uint32_t cuts[] = {1, 5, 15, 16, 17, 40};
    for (int i = 0; i < 6; i++) {
        int32_t ids[MAX_IDS];
        struct session *b = session_of(&w);
        a = session_with(&w, w.ids, w.n);
        memcpy(ids, w.ids, sizeof ids);
        ids[cuts[i]] ^= 1;
        assert_int_equal(resume(&w, b, ids, w.n), cuts[i]);
        assert_int_equal(resume(&w, b, ids, w.n), 0); /* it has them now */
        session_sync(b, ids, w.n, NULL, NULL);
        assert_int_equal(session_reused(b), cuts[i]);
        session_truncate(a, cuts[i]); /* the same passes */
        check_same_bits(&w, a, b, ids, w.n);
        session_free(a);
        session_free(b);
    }
    teardown(&w);
}

static void test_the_file_with_most_is_taken(void **state)
{
    (void)state;
    struct world w;
    setup(&w, "phi3", FORMAT_F32, KV_F32);
    for (int64_t id = 1; id <= 3; id++) {
        const uint32_t n[] = {0, 20, 50, 30};
        struct session *s = session_with(&w, w.ids, n[id]);
        put(&w, s, id);
        session_free(s);
    }
    struct session *b = session_with(&w, w.ids, 35);
    assert_int_equal(prompt_cache_missing(w.keep, b), 0);
    assert_int_equal(resume(&w, b, w.ids, w.n), 50);
    session_truncate(b, 0);
    assert_int_equal(resume(&w, b, w.ids, 50), 49); /* the last is evaluated in any case */
    assert_int_equal(resume(&w, b, w.ids, 50), 0);
    session_free(b);
    b = session_with(&w, w.ids, 60);
    assert_int_equal(prompt_cache_missing(w.keep, b), 10);
    assert_int_equal(resume(&w, b, w.ids, w.n), 0);
    session_free(b);
    teardown(&w);
}

/* phi3-cross: up to 32 tokens take other rotary factors than more. */
static void test_other_rotary_factors_are_another_context(void **state)
{
    (void)state;
    struct world w;
    setup(&w, "phi3-cross", FORMAT_F32, KV_F32);
    struct session *a = session_with(&w, w.ids, 30), *b = session_of(&w);
    put(&w, a, 1);
    assert_int_equal(resume(&w, b, w.ids, 33), 0);
    assert_int_equal(resume(&w, b, w.ids, 32), 30);
    session_sync(a, w.ids, 40, NULL, NULL);
    put(&w, a, 1);
    session_truncate(b, 0);
    assert_int_equal(resume(&w, b, w.ids, 32), 0);
    assert_int_equal(resume(&w, b, w.ids, 50), 40);
    session_free(a);
    session_free(b);
    teardown(&w);
}

/* ---- files that are not ours ---------------------------------------------------------- */

static void flip(const char *path, off_t at)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* Damage anywhere, or an end anywhere: what is used has its bits, and is all that comes before. */
static void test_damage_is_never_used(void **state)
{
    (void)state;
    enum { N = 40, HEAD = 112, BLOCKS = 3 }; /* of 16 tokens */
    struct world w;
    struct stat st;
    size_t reference;
    setup(&w, "phi3", FORMAT_F32, KV_INT8);
    struct session *a = session_with(&w, w.ids, N);
    put(&w, a, 1);
    char *path = only_file();
    assert_int_equal(stat(path, &st), 0);
    kv_reference(session_kv(a), &reference);
    off_t head = HEAD + N * 4 + BLOCKS * KV_DIGEST + (off_t)reference,
          position = (off_t)kv_bytes(session_kv(a), 1);
    off_t blocks = st.st_size - N * position;
    assert_in_range(blocks - head, 0, PAGE - 1);
    for (off_t at = 0; at < 2 * st.st_size; at += at % st.st_size < HEAD + N * 4 ? 7 : 997) {
        off_t place = at % st.st_size;
        bool cut = at >= st.st_size;
        struct session *b = session_of(&w);
        put(&w, a, 1);
        if (cut)
            assert_int_equal(truncate(path, place), 0);
        else
            flip(path, place);
        uint32_t n = resume(&w, b, w.ids, w.n);
        uint32_t whole = cut || place < head ? 0
                         : place < blocks    ? N /* filling */
                                             : (uint32_t)((place - blocks) / position) / 16 * 16;
        assert_int_equal(n, whole);
        assert_int_equal(session_len(b), n);
        assert_int_equal(access(path, F_OK) == 0, !cut && place >= head);
        for (uint32_t i = 0; i < kv_n_runs(session_kv(a)); i++) {
            struct kv_run x = kv_run(session_kv(a), i), y = kv_run(session_kv(b), i);
            assert_memory_equal(x.at, y.at, n * x.position_bytes);
        }
        session_free(b);
    }
    free(path);
    session_free(a);
    teardown(&w);
}

/* A question of 20 tokens and its answer, then a second question. */
static struct session *session_of_a_chat(struct world *w)
{
    struct session *s = session_with(w, w->ids, 20);
    for (uint32_t n = 21; n <= 30; n++)
        session_sync(s, w->ids, n, NULL, NULL);
    session_sync(s, w->ids, 40, NULL, NULL);
    return s;
}

/* 42 ids, of which the first n_kept went through the steps of such a chat. */
static struct session *session_of_the_same_steps(struct world *w, const int32_t *ids,
                                                 uint32_t n_kept)
{
    struct session *s = session_with(w, ids, n_kept ? 20 : 42);
    for (uint32_t n = 21; n <= 30 && n <= n_kept; n++)
        session_sync(s, ids, n, NULL, NULL);
    if (n_kept > 30)
        session_sync(s, ids, n_kept, NULL, NULL);
    session_sync(s, ids, 42, NULL, NULL);
    return s;
}

/* Of layers with a state: the end, and where the last answers and questions began. Some weights of
 * Qwen3.5 are float: their products depend on the number of tokens that go together in the last
 * bits. */
static void test_states_come_back_too(void **state)
{
    (void)state;
    const char *const fixtures[] = {"hf/lfm2", "hf/qwen3.5"};
    for (int f = 0; f < 2; f++) {
        struct world w;
        setup(&w, fixtures[f], FORMAT_QINS8, KV_INT8);
        struct session *a = session_of_a_chat(&w);
        put(&w, a, 1);
        assert_int_equal(prompt_cache_missing(w.keep, a), 0);
        static const struct {
            uint32_t changed, kept;
        } cases[] = {{41, 40}, {39, 39}, {38, 30}, {30, 30}, {29, 0}, {19, 0}};
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            int32_t ids[MAX_IDS];
            struct session *b = session_of(&w);
            memcpy(ids, w.ids, sizeof ids);
            ids[cases[i].changed] ^= 1;
            assert_int_equal(resume(&w, b, ids, 42), cases[i].kept);
            session_sync(b, ids, 42, NULL, NULL);
            assert_int_equal(session_reused(b), cases[i].kept);
            struct session *fresh = session_of_the_same_steps(&w, ids, cases[i].kept);
            assert_memory_equal(session_logits(fresh), session_logits(b),
                                w.m->config.vocab * sizeof(float));
            session_free(fresh);
            session_free(b);
        }
        session_free(a);
        teardown(&w);
        remove_folder(folder);
    }
}

/* Damage or an end anywhere behind the keys and values: a state that is not whole is not used. */
static void test_damaged_states_are_never_used(void **state)
{
    (void)state;
    struct world w;
    struct stat st;
    setup(&w, "hf/qwen3.5", FORMAT_QINS8, KV_INT8);
    struct session *a = session_of_a_chat(&w);
    put(&w, a, 1);
    char *path = only_file();
    assert_int_equal(stat(path, &st), 0);
    const off_t tail = (off_t)kv_file_bytes(session_kv(a), 40);
    assert_int_equal(st.st_size, tail + (off_t)state_file_bytes(session_state(a), 40));
    const off_t one = (off_t)(session_state(a)->n_floats * sizeof(float));
    const off_t states = st.st_size - 3 * one;
    for (off_t at = tail; at < 2 * st.st_size - tail; at += 499) {
        bool cut = at >= st.st_size;
        off_t place = cut ? at - st.st_size + tail : at;
        struct session *b = session_of(&w);
        put(&w, a, 1);
        if (cut)
            assert_int_equal(truncate(path, place), 0);
        else
            flip(path, place);
        uint32_t n = resume(&w, b, w.ids, 41);
        if (cut)
            assert_int_equal(n, 0);
        else if (place < states)
            assert_true(n == 0 || n == 40); /* 40: filling */
        else
            assert_int_equal(n, place < states + 2 * one ? 40 : 39);
        session_free(b);
    }
    free(path);
    session_free(a);
    teardown(&w);
}

/* Of another model, format, kind of cache or CPU level: not seen, and left alone. */
static void test_only_files_of_the_same_numbers_are_used(void **state)
{
    (void)state;
    struct world w, other;
    setup(&w, "phi3", FORMAT_QINS8, KV_F32);
    struct session *a = session_with(&w, w.ids, 40);
    put(&w, a, 1);
    const struct {
        const char *fixture;
        enum format format;
        enum kv_type kv;
        const char *level;
    } others[] = {{"phi3-cross", FORMAT_QINS8, KV_F32, "auto"},
                  {"phi3", FORMAT_QINS4, KV_F32, "auto"},
                  {"phi3", FORMAT_QINS8, KV_BF16, "auto"},
                  {"phi3", FORMAT_QINS8, KV_F32, "scalar"}};
    for (int i = 0; i < 4; i++) {
        unsigned flags;
        setup(&other, others[i].fixture, others[i].format, others[i].kv);
        assert_true(cpu_flags_from_name(others[i].level, &flags));
        kernels_init(&other.k, flags);
        open_keep(&other, LOTS);
        struct session *b = session_of(&other);
        assert_int_equal(resume(&other, b, w.ids, 40), 0);
        session_free(b);
        teardown(&other);
    }
    session_truncate(a, 0);
    assert_int_equal(resume(&w, a, w.ids, 41), 40);
    session_free(a);
    teardown(&w);
}

/* ---- the folder ----------------------------------------------------------------------- */

static void test_folder_and_files_are_for_their_owner_alone(void **state)
{
    (void)state;
    struct world w;
    struct stat st;
    mode_t before = umask(0);
    setup(&w, "phi3", FORMAT_F32, KV_F32);
    struct session *a = session_with(&w, w.ids, 40);
    put(&w, a, 9223372036854775807);
    umask(before);
    char *path = only_file();
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    /* A link in its place is not followed, and is replaced. */
    char *elsewhere = path_join(cache, "elsewhere");
    assert_int_equal(rename(path, elsewhere), 0);
    assert_int_equal(symlink(elsewhere, path), 0);
    session_truncate(a, 0);
    assert_int_equal(resume(&w, a, w.ids, 41), 0);
    session_sync(a, w.ids, 30, NULL, NULL);
    put(&w, a, 9223372036854775807);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    free(path);
    free(elsewhere);
    session_free(a);
    teardown(&w);
}

static void set_used(int64_t conversation, time_t when)
{
    char command[600];
    snprintf(command, sizeof command, "touch -d @%lld '%s'/*-%lld.kv", (long long)when, folder,
             (long long)conversation);
    assert_int_equal(system(command), 0);
}

static void test_the_bound_holds_and_the_least_used_goes(void **state)
{
    (void)state;
    struct world w;
    setup(&w, "phi3", FORMAT_F32, KV_F32);
    struct session *a = session_with(&w, w.ids, 40);
    uint64_t one = kv_file_bytes(session_kv(a), 40);
    open_keep(&w, 3 * one);
    for (int64_t id = 1; id <= 3; id++) {
        int32_t ids[MAX_IDS];
        memcpy(ids, w.ids, sizeof ids);
        ids[0] = (int32_t)id;
        session_sync(a, ids, 40, NULL, NULL);
        put(&w, a, id);
        set_used(id, 1000 * id);
    }
    int32_t ids[MAX_IDS];
    memcpy(ids, w.ids, sizeof ids);
    ids[0] = 1;
    assert_int_equal(resume(&w, a, ids, 41), 40); /* used: now the newest */
    session_sync(a, w.ids, 40, NULL, NULL);
    put(&w, a, 3); /* takes the place of its own */
    assert_int_equal(count_files("*.kv"), 3);
    put(&w, a, 4);
    assert_int_equal(count_files("*.kv"), 3);
    assert_int_equal(count_files("*-2.kv"), 0);
    /* A context above the bound: its beginning. */
    session_sync(a, w.ids, w.n, NULL, NULL);
    open_keep(&w, one);
    put(&w, a, 5);
    assert_int_equal(count_files("*.kv"), 1);
    assert_int_equal(prompt_cache_missing(w.keep, a), 0);
    session_truncate(a, 0);
    uint32_t n = resume(&w, a, w.ids, w.n);
    assert_in_range(n, 36, 40);
    session_free(a);
    teardown(&w);
}

static void test_a_full_disk_and_an_unusable_folder_are_no_errors(void **state)
{
    (void)state;
    struct world w;
    struct rlimit before, small = {.rlim_cur = 20000};
    setup(&w, "phi3", FORMAT_F32, KV_F32);
    struct session *a = session_with(&w, w.ids, 40);
    assert_true(kv_file_bytes(session_kv(a), 40) > small.rlim_cur);
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    bool written = prompt_cache_write(w.keep, a, 1);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(written);
    prompt_cache_commit(w.keep);
    assert_int_equal(count_files("*"), 1); /* the folder alone */
    /* A leftover of a writer that is gone goes with the next one. */
    char *leftover = path_join(folder, "unfinished-abcdef");
    int fd = open(leftover, O_CREAT | O_WRONLY, 0600);
    close(fd);
    put(&w, a, 1);
    assert_int_equal(access(leftover, F_OK), -1);
    free(leftover);
    const char *const nowhere[] = {"/dev/null", "/proc/qins"};
    for (int i = 0; i < 2; i++) {
        prompt_cache_free(w.keep);
        w.keep = prompt_cache_new(nowhere[i], LOTS, w.m, &w.k, GEMM_AUTO, w.kv, w.pool);
        assert_false(prompt_cache_write(w.keep, a, 1));
        assert_int_equal(resume(&w, a, w.ids, w.n), 0);
        prompt_cache_forget(nowhere[i], 1);
    }
    session_free(a);
    teardown(&w);
}

static void test_forgetting_removes_one_conversation_of_all_models(void **state)
{
    (void)state;
    struct world w, other;
    setup(&w, "phi3", FORMAT_F32, KV_F32);
    setup(&other, "phi3", FORMAT_F32, KV_BF16);
    struct session *a = session_with(&w, w.ids, 40), *b = session_with(&other, w.ids, 40);
    for (int64_t id = 1; id <= 11; id += 10) {
        put(&w, a, id);
        put(&other, b, id);
    }
    char *note = path_join(folder, "0123456789abcdef-1.kv.txt");
    close(open(note, O_CREAT | O_WRONLY, 0600));
    prompt_cache_forget(folder, 1);
    assert_int_equal(count_files("*.kv"), 2);
    assert_int_equal(count_files("*-11.kv"), 2);
    assert_int_equal(access(note, F_OK), 0);
    free(note);
    session_free(a);
    session_free(b);
    teardown(&w);
    teardown(&other);
}

/* ---- the engine ----------------------------------------------------------------------- */

struct talk {
    struct engine *e;
    struct chat chat;
    int64_t conversation;
    bool knows_ids; /* of answers: false where their text was read from a file */
};

static char *starter(void)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/models/starter.qins", getenv("QINS_SOURCE"));
    return path;
}

static struct engine *start(char *model, uint64_t prompt_cache_bytes, double worth_ms)
{
    struct engine_options o = {.model = model,
                               .n_threads = 2,
                               .format = "f32",
                               .prompt_cache_bytes = prompt_cache_bytes,
                               .keep_worth_ms = worth_ms};
    struct engine *e = engine_start(&o);
    while (next_event(e).type == EVENT_LOADING)
        continue;
    if (!engine_info(e))
        fail_msg("%s", engine_error(e)->text);
    return e;
}

/* A question and its answer, which joins the chat. -> the numbers of the turn */
static struct turn_stats say(struct talk *t, const char *text, uint32_t max_tokens)
{
    struct event event;
    struct buf answer = {0};
    chat_add(&t->chat, CHAT_USER, text, strlen(text));
    uint32_t turn = engine_submit(t->e, &(struct turn_request){.chat = &t->chat,
                                                               .max_tokens = max_tokens,
                                                               .conversation = t->conversation});
    while ((event = next_event(t->e)).type != EVENT_DONE || event.turn != turn)
        if (event.type == EVENT_TEXT)
            buf_append(&answer, event.text, event.n_text);
    chat_add(&t->chat, CHAT_ASSISTANT, answer.data ? answer.data : "", answer.len);
    if (t->knows_ids)
        engine_turn_ids(t->e, turn, &t->chat.messages[t->chat.n - 1].ids);
    buf_free(&answer);
    return event.stats;
}

static const char *last(const struct talk *t)
{
    return t->chat.messages[t->chat.n - 1].text.data;
}

static void wait_until_kept(struct engine *e)
{
    for (int ms = 0; engine_is_keeping(e); ms += 10) {
        assert_true(ms < EVENT_WAIT_MS);
        poll(NULL, 0, 10);
    }
}

static const char *const questions[] = {"Tell me a story about a rabbit and a kite.",
                                        "Who are you?", "Tell me a story about a cat and a boat."};

/* The program ends and begins again between questions, and then has only the text of its answers.
 * At a high temperature the model cuts them into other tokens than the tokenizer does. All answers
 * are those of a program that stayed. */
static void test_a_conversation_goes_on_after_a_restart(void **state)
{
    (void)state;
    const float temperatures[] = {0, 2};
    for (int i = 0; i < 2; i++) {
        struct sampling sampling = {
            .temperature = temperatures[i], .top_p = 1, .repeat_penalty = 1};
        struct talk stays = {.e = start(starter(), 0, 0), .knows_ids = true};
        struct talk leaves = {.e = start(starter(), LOTS, 0), .conversation = 3};
        uint32_t n_before = 0;
        engine_set_sampling(stays.e, &sampling);
        for (int q = 0; q < 3; q++) {
            engine_set_sampling(leaves.e, &sampling);
            struct turn_stats a = say(&stays, questions[q], 40), b = say(&leaves, questions[q], 40);
            assert_string_equal(last(&stays), last(&leaves));
            assert_int_equal(a.n_prompt, b.n_prompt);
            assert_int_equal(a.n_kept, 0);
            assert_int_equal(b.n_kept, n_before);
            assert_int_equal(b.n_reused, b.n_kept);
            n_before = b.n_ctx_used;
            engine_keep(leaves.e);
            engine_stop(leaves.e); /* waits for it */
            assert_int_equal(count_files("*-3.kv"), 1);
            leaves.e = start(starter(), LOTS, 0);
        }
        engine_stop(stays.e);
        engine_stop(leaves.e);
        chat_free(&stays.chat);
        chat_free(&leaves.chat);
        remove_folder(folder);
    }
}

static uint32_t count_tokens(const char *folder_path, const char *text)
{
    struct error err = {0};
    struct buf json = {0};
    struct ids ids = {0};
    const struct text_span span = {text, strlen(text), true};
    char *path = path_join(folder_path, "tokenizer.json");
    assert_true(read_file(&json, path, 1 << 24, &err));
    struct tokenizer *t = tokenizer_new(json.data, json.len, path, 0, &err);
    assert_non_null(t);
    assert_true(tokenizer_encode_more(t, &span, 1, &ids));
    uint32_t n = (uint32_t)ids.n;
    ids_free(&ids);
    tokenizer_free(t);
    buf_free(&json);
    free(path);
    return n;
}

/* The same of models whose layers keep a state, with the tokens of its answers: random weights
 * write what no text gives back. A question is shown again as it was. So is an answer by LFM2's
 * template, and nothing is evaluated again. Qwen3.5's opens a thinking that the next prompt has no
 * more: the context is of use as far as the question went. */
static void test_a_conversation_with_a_state_goes_on_after_a_restart(void **state)
{
    (void)state;
    static const struct {
        const char *name, *not_again; /* behind the question */
    } fixtures[] = {{"fixtures/hf/lfm2", NULL},
                    {"fixtures/hf/lfm2-moe", NULL},
                    {"fixtures/hf/qwen3.5", "\n<|im_start|>assistant\n<think>\n"},
                    {"fixtures/hf/qwen3.5-moe", "\n<|im_start|>assistant\n<think>\n"}};
    const struct sampling sampling = {.temperature = 0, .top_p = 1, .repeat_penalty = 1};
    for (size_t f = 0; f < sizeof fixtures / sizeof *fixtures; f++) {
        char model[4096];
        snprintf(model, sizeof model, "%s", shared_path(fixtures[f].name));
        const char *not_again = fixtures[f].not_again;
        const uint32_t n_not_again = not_again ? count_tokens(model, not_again) : 0;
        struct talk stays = {.e = start(model, 0, 0), .knows_ids = true};
        struct talk leaves = {.e = start(model, LOTS, 0), .knows_ids = true, .conversation = 3};
        uint32_t n_before = 0;
        engine_set_sampling(stays.e, &sampling);
        for (int q = 0; q < 3; q++) {
            engine_set_sampling(leaves.e, &sampling);
            struct turn_stats a = say(&stays, questions[q], 12), b = say(&leaves, questions[q], 12);
            assert_string_equal(last(&stays), last(&leaves));
            assert_int_equal(a.n_prompt, b.n_prompt);
            assert_int_equal(a.n_kept, 0);
            assert_int_equal(a.n_reused, n_before); /* in memory it is the same */
            assert_int_equal(b.n_kept, n_before);
            assert_int_equal(b.n_reused, n_before);
            n_before = not_again ? b.n_prompt - n_not_again : b.n_ctx_used;
            assert_in_range(n_before, 1, b.n_ctx_used);
            engine_keep(leaves.e);
            engine_stop(leaves.e); /* waits for it */
            assert_int_equal(count_files("*-3.kv"), 1);
            leaves.e = start(model, LOTS, 0);
        }
        engine_stop(stays.e);
        engine_stop(leaves.e);
        chat_free(&stays.chat);
        chat_free(&leaves.chat);
        remove_folder(folder);
    }
}

/* Nothing is written of what is not saved, is not worth it, or where it is switched off. */
static void test_what_is_not_to_be_kept_is_not(void **state)
{
    (void)state;
    const struct {
        int64_t conversation;
        uint64_t bytes;
        double worth_ms;
    } ways[] = {{0, LOTS, 0}, {1, 0, 0}, {1, LOTS, 1e9}};
    for (int i = 0; i < 3; i++) {
        struct talk t = {.e = start(starter(), ways[i].bytes, ways[i].worth_ms),
                         .conversation = ways[i].conversation};
        engine_keep(t.e); /* nothing was said yet */
        say(&t, questions[0], 40);
        engine_keep(t.e);
        wait_until_kept(t.e);
        engine_stop(t.e);
        chat_free(&t.chat);
        assert_int_equal(count_files("*.kv"), 0);
    }
}

/* A conversation without a word since it was opened owns nothing; a private turn takes the session
 * away from the one before it. */
static void test_a_context_is_kept_under_the_conversation_that_it_is_of(void **state)
{
    (void)state;
    struct talk t = {.e = start(starter(), LOTS, 0), .conversation = 1};
    say(&t, questions[0], 40);
    engine_keep(t.e);
    engine_keep(t.e); /* another one was opened, and left at once */
    wait_until_kept(t.e);
    assert_int_equal(count_files("*-1.kv"), 1);
    t.conversation = 0;
    remove_folder(folder);
    say(&t, questions[1], 40);
    engine_keep(t.e);
    wait_until_kept(t.e);
    assert_int_equal(count_files("*.kv"), 0);
    engine_stop(t.e);
    chat_free(&t.chat);
}

static void test_a_deleted_conversation_leaves_nothing(void **state)
{
    (void)state;
    struct talk t = {.e = start(starter(), LOTS, 0), .conversation = 1};
    for (useconds_t i = 0; i < 40; i++) { /* before, while and after it is written */
        say(&t, questions[0], 8);
        engine_keep(t.e);
        usleep(50 * i);
        engine_forget(t.e, 1);
        engine_keep(t.e);
        wait_until_kept(t.e);
        assert_int_equal(count_files("*.kv"), 0);
        chat_free(&t.chat);
    }
    engine_stop(t.e);
    assert_int_equal(count_files("unfinished-*"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_what_comes_back_has_the_bits_that_it_had),
        TEST(test_any_common_beginning_is_used),
        TEST(test_the_file_with_most_is_taken),
        TEST(test_other_rotary_factors_are_another_context),
        TEST(test_damage_is_never_used),
        TEST(test_states_come_back_too),
        TEST(test_damaged_states_are_never_used),
        TEST(test_only_files_of_the_same_numbers_are_used),
        TEST(test_folder_and_files_are_for_their_owner_alone),
        TEST(test_the_bound_holds_and_the_least_used_goes),
        TEST(test_a_full_disk_and_an_unusable_folder_are_no_errors),
        TEST(test_forgetting_removes_one_conversation_of_all_models),
        TEST(test_a_conversation_goes_on_after_a_restart),
        TEST(test_a_conversation_with_a_state_goes_on_after_a_restart),
        TEST(test_what_is_not_to_be_kept_is_not),
        TEST(test_a_context_is_kept_under_the_conversation_that_it_is_of),
        TEST(test_a_deleted_conversation_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
