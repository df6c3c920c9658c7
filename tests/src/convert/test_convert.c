/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "convert.h"
#include "model.h"
#include "tiny_model.h"

static const char *folder; /* holds a tiny model */
static char *out, *partial;

static int make_folder(void **state)
{
    (void)state;
    folder = temp_folder();
    tiny_folder(folder);
    out = path_join(folder, "out.qins");
    partial = path_join(folder, "out.qins.partial");
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    remove_folder(folder);
    free(out);
    free(partial);
    return 0;
}

static bool convert(const struct convert_options *o, struct error *err)
{
    struct checkpoint c;
    struct convert_report report;
    *err = (struct error){0};
    if (!checkpoint_open(&c, folder, err))
        return false;
    bool ok = convert_to_file(&c, o, out, &report, err);
    checkpoint_close(&c);
    return ok;
}

static void assert_fails(const struct convert_options *o, int code, const char *why)
{
    struct error err;
    if (convert(o, &err))
        fail_msg("accepted, though: %s", why);
    if (!strstr(err.text, why))
        fail_msg("refused with: %s\n without saying: %s", err.text, why);
    assert_int_equal(err.code, code);
}

static const struct convert_options plain = {.format = FORMAT_QINS4, .n_threads = 1};

/* ---- what is written ------------------------------------------------------------------ */

static struct model *open_as(enum format format)
{
    struct error err;
    struct convert_options o = {
        .format = format, .n_threads = 2, .hash_source = true, .replace = true};
    if (!convert(&o, &err))
        fail_msg("%s", err.text);
    struct model *m = model_open(out, &err);
    if (!m)
        fail_msg("%s", err.text);
    return m;
}

static void decode(const struct matrix *m, float *w)
{
    struct kernels k;
    kernels_init(&k, 0);
    k.dequant[m->format](m, 0, m->rows, w);
}

static void test_f32_and_bf16_keep_these_weights_exactly(void **state)
{
    (void)state;
    for (enum format f = FORMAT_F32; f <= FORMAT_BF16; f++) {
        struct model *m = open_as(f);
        const struct layer *l = &m->layers[0];
        const struct matrix *matrices[N_TINY] = {
            &m->embed, NULL,           &l->qkv[0],     &l->qkv[1], &l->qkv[2], &l->attn_out,
            NULL,      &l->gate_up[0], &l->gate_up[1], &l->down,   NULL};
        const float *norms[N_TINY] = {NULL,          l->attn_norm.weight, NULL, NULL, NULL,
                                      NULL,          l->ffn_norm.weight,  NULL, NULL, NULL,
                                      m->norm.weight};
        for (unsigned i = 0; i < N_TINY; i++) {
            float w[24 * 24];
            if (matrices[i])
                decode(matrices[i], w);
            else
                memcpy(w, norms[i], tiny_size(&tiny_tensors[i]) * sizeof *w);
            for (unsigned k = 0; k < tiny_size(&tiny_tensors[i]); k++)
                assert_true(w[k] == tiny_weight(&tiny_tensors[i], k));
        }
        assert_int_equal(l->n_qkv, 3);
        assert_int_equal(l->n_gate_up, 2);
        assert_ptr_equal(m->head.data, m->embed.data);
        model_close(m);
    }
}

/* Every weight of a real model: the sign, and the error that each format may make. Of one level
 * against its neighbours: half a step of the log (formats.md, section 4). */
static void test_qins_formats_keep_signs_and_stay_near(void **state)
{
    static const double most_rms[N_FORMATS] = {0, 0.002, 0.02, 0.01, 0.01, 0.08, 0.07, 0.145, 0.31};
    (void)state;
    struct checkpoint c;
    struct error err;
    const char *model = shared_path("models/stories260K");
    struct safetensors source;
    char *path = path_join(model, "model.safetensors");
    assert_true(checkpoint_open(&c, model, &err));
    assert_true(safetensors_open(&source, path, &err));
    for (enum format f = 0; f < N_FORMATS; f++) {
        struct convert_options o = {.format = f};
        struct convert_report r;
        size_t size;
        void *image = convert_to_memory(&c, &o, &size, &r, &err);
        struct model *m = model_open_bytes(image, size, "memory", &err);
        const struct st_tensor *t =
            safetensors_find(&source, "model.layers.4.mlp.down_proj.weight");
        const float *w = (const float *)(const void *)(source.data + t->begin);
        float *back = malloc(64 * 172 * sizeof *back);
        double error = 0, sum = 0;
        decode(&m->layers[4].down, back);
        for (int i = 0; i < 64 * 172; i++) {
            assert_true(!signbit(back[i]) == !(w[i] < 0));
            error += pow((double)back[i] - (double)w[i], 2);
            sum += pow((double)w[i], 2);
        }
        assert_true(sqrt(error / sum) <= most_rms[f]);
        assert_int_equal(r.total.n_sign_kept, r.total.n);
        assert_int_equal(r.n_params, config_n_params(&c.config));
        assert_int_equal(r.bytes_after, size);
        free(back);
        model_close(m);
        munmap(image, size);
    }
    safetensors_close(&source);
    checkpoint_close(&c);
    free(path);
}

static void test_threads_and_way_do_not_change_a_byte(void **state)
{
    (void)state;
    struct checkpoint c;
    struct error err;
    struct convert_report r;
    const char *model = shared_path("fixtures/phi3");
    assert_true(checkpoint_open(&c, model, &err));
    for (enum format f = 0; f < N_FORMATS; f++) {
        struct convert_options one = {
            .format = f, .n_threads = 1, .hash_source = true, .replace = true};
        struct convert_options three = {.format = f, .n_threads = 3, .hash_source = true};
        struct mapping file;
        size_t size;
        void *image = convert_to_memory(&c, &three, &size, &r, &err);
        assert_non_null(image);
        assert_true(convert_to_file(&c, &one, out, &r, &err));
        assert_true(map_file(&file, out, &err));
        /* behind the headers: only a file holds checksums of its tensors */
        uint64_t head, head_in_memory;
        memcpy(&head, file.data, sizeof head);
        memcpy(&head_in_memory, image, sizeof head_in_memory);
        assert_int_equal(file.size - head, size - head_in_memory);
        assert_memory_equal((const uint8_t *)file.data + 8 + head,
                            (const uint8_t *)image + 8 + head_in_memory, size - 8 - head_in_memory);
        unmap_file(&file);
        munmap(image, size);
    }
    checkpoint_close(&c);
}

enum { BIG_VOCAB = 35000 }; /* more than two chunks of work, the last group of rows half full */

/* The tiny model with a vocabulary of 35000; -> its embedding. */
static float *big_folder(void)
{
    struct buf rest = tiny_shard(1, N_TINY), index = {0}, config = {0};
    size_t n = (size_t)BIG_VOCAB * 16;
    float *w = malloc(n * sizeof *w);
    for (size_t i = 0; i < n; i++)
        w[i] = tiny_weight(&tiny_tensors[0], (unsigned)i);
    char *header =
        xasprintf("{\"%s\":{\"dtype\":\"F32\",\"shape\":[%d,16],\"data_offsets\":[0,%zu]}}",
                  tiny_tensors[0].name, BIG_VOCAB, n * sizeof *w);
    struct buf embed = st_file(header, w, n * sizeof *w);
    buf_puts(&index, "{\"weight_map\":{");
    for (unsigned i = 0; i < N_TINY; i++)
        buf_printf(&index, "%s\"%s\":\"%c.safetensors\"", i ? "," : "", tiny_tensors[i].name,
                   i ? 'b' : 'a');
    buf_puts(&index, "}}");
    const char *at = strstr(TINY_CONFIG, "\"vocab_size\":20");
    buf_append(&config, TINY_CONFIG, (size_t)(at - TINY_CONFIG));
    buf_printf(&config, "\"vocab_size\":%d%s", BIG_VOCAB, at + strlen("\"vocab_size\":20"));
    write_text(folder, "config.json", config.data);
    write_text(folder, "model.safetensors.index.json", index.data);
    write_bytes(folder, "a.safetensors", embed.data, embed.len);
    write_bytes(folder, "b.safetensors", rest.data, rest.len);
    char *single = path_join(folder, "model.safetensors");
    assert_int_equal(unlink(single), 0);
    free(single);
    free(header);
    buf_free(&rest);
    buf_free(&index);
    buf_free(&config);
    buf_free(&embed);
    return w;
}

/* Work is done in chunks; a matrix of several is what the codec makes of the whole. */
static void test_a_matrix_of_several_chunks(void **state)
{
    (void)state;
    float *w = big_folder();
    for (enum format f = 0; f < N_FORMATS; f++) {
        struct model *m = open_as(f);
        struct matrix whole = matrix_shape(m->embed.format, BIG_VOCAB, 16);
        struct qins_range range = QINS_RANGE_EMPTY;
        void *data = xaligned(matrix_data_bytes(&whole));
        float *row = xaligned(matrix_row_bytes(&whole));
        qins_range_add(&range, w, (size_t)BIG_VOCAB * 16);
        qins_range_finish(&range);
        qins_encode(&whole, &range, 0, BIG_VOCAB, w, data, row, NULL);
        assert_memory_equal(m->embed.data, data, matrix_data_bytes(&whole));
        if (m->embed.row)
            assert_memory_equal(m->embed.row, row, matrix_row_bytes(&whole));
        free(data);
        free(row);
        model_close(m);
    }
    free(w);
}

static void test_metadata_and_hashes(void **state)
{
    (void)state;
    write_text(folder, "generation_config.json", "{\"eos_token_id\":[3]}");
    struct model *m = open_as(FORMAT_QINS8);
    assert_string_equal(safetensors_meta(&m->file, META_CONFIG), TINY_CONFIG);
    assert_string_equal(safetensors_meta(&m->file, META_FORMAT), "qins8");
    assert_string_equal(m->source, strrchr(folder, '/') + 1);
    assert_int_equal(m->config.stop[0], 3);
    assert_null(m->tokenizer_config_json);
    assert_int_equal(m->tokenizer_bytes, strlen("{\"tiny\":true}"));
    assert_memory_equal(m->tokenizer_json, "{\"tiny\":true}", m->tokenizer_bytes);
    json_t *hashes = json_loads(safetensors_meta(&m->file, META_HASHES), 0, NULL);
    assert_int_equal(json_object_size(hashes), 4);
    /* printf '{"tiny":true}' | sha256sum */
    assert_string_equal(json_string_value(json_object_get(hashes, "tokenizer.json")),
                        "bbf4bb70bc84d7bd89fe56c409ec95ebfb251dfbbf918517278361a17c0ca207");
    json_decref(hashes);
    model_close(m);
}

/* ---- weights that are refused --------------------------------------------------------- */

static void set_weight(unsigned tensor, unsigned index, float value)
{
    struct buf file = tiny_shard(0, N_TINY);
    uint64_t at;
    memcpy(&at, file.data, 8);
    at += 8;
    for (unsigned i = 0; i < tensor; i++)
        at += tiny_size(&tiny_tensors[i]) * sizeof value;
    memcpy(file.data + at + index * sizeof value, &value, sizeof value);
    write_bytes(folder, "model.safetensors", file.data, file.len);
    buf_free(&file);
}

static void test_nan_and_infinity_are_refused_before_there_is_output(void **state)
{
    (void)state;
    set_weight(9, 100, NAN);
    assert_fails(&plain, EX_DATAERR,
                 "mlp.down_proj.weight\": 1 of its weights are NaN or infinite, the "
                 "first at index 100");
    set_weight(1, 3, -INFINITY);
    assert_fails(&plain, EX_DATAERR, "input_layernorm.weight\": 1 of");
    assert_false(is_file(out));
    assert_false(is_file(partial));
}

static void test_odd_weights_are_defined(void **state)
{
    static const float odd[] = {-0.0f, 1e-45f, -1e-39f, 3e38f, -3e38f, 1e-9f};
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        set_weight(2, 7, odd[i]);
        for (enum format f = 0; f < N_FORMATS; f++) {
            struct model *m = open_as(f);
            float w[16 * 16];
            decode(&m->layers[0].qkv[0], w);
            assert_true(isfinite(w[7]));
            assert_true(odd[i] == 0 || w[7] == 0 || (w[7] < 0) == (odd[i] < 0));
            model_close(m);
        }
    }
}

static void test_a_tensor_of_zeros_decodes_to_zeros(void **state)
{
    (void)state;
    struct buf file = tiny_shard(0, N_TINY);
    uint64_t n;
    memcpy(&n, file.data, 8);
    memset(file.data + 8 + n, 0, file.len - 8 - n);
    write_bytes(folder, "model.safetensors", file.data, file.len);
    buf_free(&file);
    for (enum format f = 0; f < N_FORMATS; f++) {
        struct model *m = open_as(f);
        float w[16 * 24];
        decode(&m->layers[0].down, w);
        for (int i = 0; i < 16 * 24; i++)
            assert_true(w[i] == 0);
        if (format_info(f)->is_qins)
            assert_true(m->layers[0].down.log_min == -10 && m->layers[0].down.log_max == 0);
        model_close(m);
    }
}

/* ---- the output file ------------------------------------------------------------------ */

static void test_what_is_there_is_not_overwritten(void **state)
{
    (void)state;
    struct convert_options force = plain;
    force.replace = true;
    write_text(folder, "out.qins", "mine");
    assert_fails(&plain, EX_CANTCREAT, "exists");
    struct error err;
    assert_true(convert(&force, &err));
    assert_int_equal(unlink(out), 0);
    write_text(folder, "notes", "mine");
    assert_int_equal(symlink("notes", out), 0);
    assert_fails(&force, EX_CANTCREAT, "not a regular file");
    assert_int_equal(unlink(out), 0);
    assert_int_equal(mkdir(out, 0700), 0);
    assert_fails(&force, EX_CANTCREAT, "not a regular file");
}

static void test_a_source_is_never_the_output(void **state)
{
    (void)state;
    struct convert_options force = plain;
    struct checkpoint c;
    struct convert_report r;
    struct error err;
    force.replace = true;
    char *shard = path_join(folder, "model.safetensors"), *link_path = path_join(folder, "hard");
    assert_int_equal(link(shard, link_path), 0);
    assert_true(checkpoint_open(&c, folder, &err));
    assert_false(convert_to_file(&c, &force, shard, &r, &err));
    assert_int_equal(err.code, EX_CANTCREAT);
    assert_false(convert_to_file(&c, &force, link_path, &r, &err));
    assert_int_equal(err.code, EX_CANTCREAT);
    assert_true(checkpoint_unchanged(&c, &err));
    checkpoint_close(&c);
    free(shard);
    free(link_path);
}

static void test_places_where_nothing_can_be_created(void **state)
{
    static const char *const places[] = {"/nonexistent/x.qins", "/proc/x.qins", "/dev/null/x.qins",
                                         ""};
    (void)state;
    struct checkpoint c;
    struct convert_report r;
    struct error err;
    assert_true(checkpoint_open(&c, folder, &err));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        assert_false(convert_to_file(&c, &plain, places[i], &r, &err));
        assert_int_equal(err.code, EX_CANTCREAT);
    }
    checkpoint_close(&c);
}

static void test_leftovers(void **state)
{
    (void)state;
    struct error err;
    write_text(folder, "out.qins.partial", "somebody's notes");
    assert_fails(&plain, EX_CANTCREAT, "not left by a conversion");
    write_text(folder, "out.qins.partial", "12345678{\"__metadata__\":{\"qins.version\":\"1\"");
    assert_true(convert(&plain, &err)); /* a killed conversion's */
    assert_false(is_file(partial));
    assert_int_equal(unlink(out), 0);
    assert_int_equal(symlink("victim", partial), 0);
    assert_fails(&plain, EX_CANTCREAT, "cannot create");
    char *victim = path_join(folder, "victim");
    assert_false(is_file(victim));
    free(victim);
}

static void test_a_second_conversion_of_the_same_output_is_refused(void **state)
{
    (void)state;
    int fd = open(partial, O_RDWR | O_CREAT, 0600);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_fails(&plain, EX_CANTCREAT, "another conversion");
    assert_true(is_file(partial)); /* the other's: left alone */
    close(fd);
    struct error err;
    assert_true(convert(&plain, &err));
}

/* A limit on the size of files is a disk that is full at that byte. */
static void test_a_full_disk_at_any_byte(void **state)
{
    (void)state;
    struct error err;
    struct stat st;
    assert_true(convert(&plain, &err));
    assert_int_equal(stat(out, &st), 0);
    for (off_t limit = 0; limit < st.st_size; limit += st.st_size / 11) {
        assert_int_equal(unlink(out) == 0 || limit > 0, 1);
        pid_t child = fork();
        if (child == 0) {
            struct rlimit r = {(rlim_t)limit, (rlim_t)limit};
            signal(SIGXFSZ, SIG_IGN);
            setrlimit(RLIMIT_FSIZE, &r);
            _exit(convert(&plain, &err) ? 0 : err.code);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), EX_IOERR);
        assert_false(is_file(out));
        assert_false(is_file(partial));
    }
}

/* ---- while it runs -------------------------------------------------------------------- */

struct event_at {
    int calls_left;
    void (*act)(void);
};

static bool act_later(void *arg, const struct convert_progress *p)
{
    struct event_at *e = arg;
    (void)p;
    if (e->calls_left-- != 0)
        return true;
    if (!e->act)
        return false;
    e->act();
    return true;
}

static void test_an_interruption_leaves_nothing(void **state)
{
    (void)state;
    int n = 0;
    for (;; n++) { /* at each report that there is */
        struct event_at e = {n, NULL};
        struct convert_options o = {.format = FORMAT_QINS4,
                                    .n_threads = 2,
                                    .hash_source = true,
                                    .progress = act_later,
                                    .arg = &e};
        struct error err;
        if (convert(&o, &err))
            break;
        assert_int_equal(err.code, EXIT_INTERRUPTED);
        assert_false(is_file(out));
        assert_false(is_file(partial));
    }
    assert_true(n >= 4);
}

static void grow_source(void)
{
    char *path = path_join(folder, "model.safetensors");
    FILE *f = fopen(path, "ab");
    fputc('x', f);
    fclose(f);
    free(path);
}

static void shrink_source(void)
{
    char *path = path_join(folder, "model.safetensors");
    assert_int_equal(truncate(path, 2000), 0);
    free(path);
}

static void change_config(void)
{
    write_text(folder, "config.json", TINY_CONFIG " ");
}

static void test_a_source_that_changes_is_noticed(void **state)
{
    static void (*const acts[])(void) = {grow_source, shrink_source, change_config};
    (void)state;
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        for (int when = 0; when < 4; when++) {
            struct event_at e = {when, acts[i]};
            struct convert_options o = {
                .format = FORMAT_QINS8, .n_threads = 2, .progress = act_later, .arg = &e};
            assert_fails(&o, EX_DATAERR, "");
            assert_false(is_file(out));
            assert_false(is_file(partial));
            tiny_folder(folder);
        }
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, drop_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_f32_and_bf16_keep_these_weights_exactly),
        TEST(test_qins_formats_keep_signs_and_stay_near),
        TEST(test_threads_and_way_do_not_change_a_byte),
        TEST(test_a_matrix_of_several_chunks),
        TEST(test_metadata_and_hashes),
        TEST(test_nan_and_infinity_are_refused_before_there_is_output),
        TEST(test_odd_weights_are_defined),
        TEST(test_a_tensor_of_zeros_decodes_to_zeros),
        TEST(test_what_is_there_is_not_overwritten),
        TEST(test_a_source_is_never_the_output),
        TEST(test_places_where_nothing_can_be_created),
        TEST(test_leftovers),
        TEST(test_a_second_conversion_of_the_same_output_is_refused),
        TEST(test_a_full_disk_at_any_byte),
        TEST(test_an_interruption_leaves_nothing),
        TEST(test_a_source_that_changes_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
