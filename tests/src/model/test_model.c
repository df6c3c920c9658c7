/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model.h"
#include "model_folder.h"
#include "tiny_model.h"

static struct model *open_folder(const char *folder, enum format format)
{
    struct error err = {0};
    struct convert_options o = {.format = format, .n_threads = 2};
    struct model *m = model_open_folder(folder, &o, &err);
    if (!m)
        fail_msg("%s", err.text);
    return m;
}

static void test_every_supported_folder_opens_in_every_format(void **state)
{
    static const char *const folders[] = {"fixtures/phi3",      "fixtures/phi3-cross",
                                          "fixtures/phi4",      "fixtures/llama",
                                          "models/stories260K", "models/stories260K-phi3"};
    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        for (enum format f = 0; f < N_FORMATS; f++) {
            struct model *m = open_folder(shared_path(folders[i]), f);
            assert_int_equal(m->format, f);
            assert_true(m->tokenizer_bytes > 0);
            assert_int_equal(m->n_params, config_n_params(&m->config));
            model_close(m);
        }
    }
}

/* What the source says, read here by position: f16 by its definition, bf16 by its bits. */
static float source_value(const uint8_t *p, enum st_dtype dtype)
{
    uint16_t half;
    float w;
    memcpy(&half, p, 2);
    if (dtype == ST_F32) {
        memcpy(&w, p, 4);
    } else if (dtype == ST_BF16) {
        uint32_t bits = (uint32_t)half << 16;
        memcpy(&w, &bits, 4);
    } else {
        int exponent = half >> 10 & 31, fraction = half & 1023;
        w = exponent ? ldexpf((float)(1024 + fraction), exponent - 25)
                     : ldexpf((float)fraction, -24);
        w = half >> 15 ? -w : w;
    }
    return w;
}

static void test_f32_models_are_their_sources(void **state)
{
    static const char *const folders[] = {"fixtures/phi3", "fixtures/phi3-cross", "fixtures/phi4"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct error err;
        struct safetensors st;
        char *path = path_join(shared_path(folders[i]), "model.safetensors");
        assert_true(safetensors_open(&st, path, &err));
        struct model *m = open_folder(shared_path(folders[i]), FORMAT_F32);
        const struct st_tensor *t = safetensors_find(&st, "model.layers.1.mlp.gate_up_proj.weight");
        const struct matrix *w = &m->layers[1].gate_up[0];
        size_t size = st_dtype_bytes(t->dtype);
        assert_int_equal(w->rows, 2 * m->config.ffn_dim);
        for (size_t k = 0; k < (size_t)w->rows * w->cols; k++)
            assert_true(((const float *)w->data)[k] ==
                        source_value(st.data + t->begin + k * size, t->dtype));
        model_close(m);
        safetensors_close(&st);
        free(path);
    }
}

/* ---- damaged files -------------------------------------------------------------------- */

/* The bytes of a tiny .qins file, aligned as a mapping is. */
static uint8_t *tiny_image(enum format format, size_t *size)
{
    struct checkpoint c;
    struct convert_report report;
    struct convert_options o = {.format = format, .n_threads = 1, .hash_source = true};
    struct error err;
    const char *folder = temp_folder();
    tiny_folder(folder);
    if (!checkpoint_open(&c, folder, &err))
        fail_msg("%s", err.text);
    void *image = convert_to_memory(&c, &o, size, &report, &err);
    assert_non_null(image);
    checkpoint_close(&c);
    remove_folder(folder);
    return image;
}

static bool opens(const uint8_t *bytes, size_t n, struct error *err)
{
    *err = (struct error){0};
    struct model *m = model_open_bytes(bytes, n, "file", err);
    if (!m) {
        assert_int_equal(err->code, EX_DATAERR);
        return false;
    }
    assert_int_equal(m->config.n_layers, 1);
    assert_int_equal(m->config.dim, 16);
    assert_int_equal(m->layers[0].qkv[0].rows, 16);
    model_close(m);
    return true;
}

/* A copy that ends where its allocation ends, so that a sanitiser sees every read behind it. */
static bool copy_opens(const uint8_t *bytes, size_t n, struct error *err)
{
    void *copy = NULL;
    assert_int_equal(posix_memalign(&copy, QINS_PAGE, n ? n : 1), 0);
    memcpy(copy, bytes, n);
    bool ok = opens(copy, n, err);
    free(copy);
    return ok;
}

static size_t header_bytes(const uint8_t *image)
{
    uint64_t n;
    memcpy(&n, image, 8);
    return 8 + (size_t)n;
}

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    struct error err;
    size_t size;
    uint8_t *image = tiny_image(FORMAT_QINS8, &size);
    assert_true(copy_opens(image, size, &err));
    for (size_t n = 0; n < size; n++)
        assert_false(copy_opens(image, n, &err));
    munmap(image, size);
}

static void test_every_flipped_byte_of_the_header_is_survived(void **state)
{
    static const uint8_t flips[] = {0x01, 0x20, 0xff};
    (void)state;
    struct error err;
    size_t size;
    uint8_t *image = tiny_image(FORMAT_QINS9ROW, &size);
    size_t n_text = header_bytes(image);
    while (image[n_text - 1] == ' ')
        n_text--;
    for (size_t i = 0; i < n_text + 2; i++) {
        uint8_t was = image[i];
        for (size_t f = 0; f < sizeof flips; f++) {
            image[i] = was ^ flips[f];
            opens(image, size, &err); /* the same shapes, or refused */
        }
        image[i] = was;
    }
    assert_true(opens(image, size, &err));
    munmap(image, size);
}

/* Replaces one text in the header by another of the same length. */
static void patch(uint8_t *image, const char *from, const char *to)
{
    uint8_t *at = memmem(image, header_bytes(image), from, strlen(from));
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
}

static void assert_refused_when(const char *from, const char *to, const char *why)
{
    struct error err;
    size_t size;
    uint8_t *image = tiny_image(FORMAT_QINS4, &size);
    patch(image, from, to);
    if (opens(image, size, &err))
        fail_msg("accepted: %s", to);
    if (!strstr(err.text, why))
        fail_msg("%s: refused with: %s\n without saying: %s", to, err.text, why);
    munmap(image, size);
}

static void test_metadata_is_checked(void **state)
{
    (void)state;
    assert_refused_when("\"qins.version\":\"2\"", "\"qins.version\":\"3\"", "version 3");
    assert_refused_when("\"qins.version\"", "\"pins.version\"", "not a .qins file");
    assert_refused_when("\"qins.format\":\"qins4\"", "\"qins.format\":\"qins5\"",
                        "\"qins5\" is not known");
    assert_refused_when("\"qins.format\":\"qins4\"", "\"qins.format\":\"qins8\"",
                        "has not the type");
    assert_refused_when("\"qins.config\"", "\"pins.config\"", "qins.config");
    assert_refused_when("num_hidden_layers\\\":1", "num_hidden_layers\\\":0", "num_hidden_layers");
    assert_refused_when("num_hidden_layers\\\":1", "num_hidden_layers\\\":2", "missing");
    assert_refused_when("vocab_size\\\":20", "vocab_size\\\":99", "has not the type");
    assert_refused_when("\"shape\":[1,16]", "\"shape\":[16,1]", "has not the type");
    assert_refused_when("\"tokenizer.json\":", "\"tokenizer.jsom\":", "tokenizer.json");
    assert_refused_when("hidden_act\\\":\\\"silu", "hidden_act\\\":\\\"gelu", "silu");
}

static float *plane(uint8_t *image, size_t size, const char *name)
{
    struct safetensors st;
    struct error err;
    assert_true(safetensors_parse(&st, image, size, "image", &err));
    const struct st_tensor *t = safetensors_find(&st, name);
    assert_non_null(t);
    float *p = (float *)(void *)(image + (st.data - image) + t->begin);
    safetensors_close(&st);
    return p;
}

static void test_scales_that_make_no_sense(void **state)
{
    static const struct {
        enum format format;
        const char *name;
        unsigned index;
        float value;
    } cases[] = {
        {FORMAT_QINS4, "model.layers.0.mlp.down_proj.weight.row", 3, NAN},
        {FORMAT_QINS4, "model.layers.0.mlp.down_proj.weight.row", 15, INFINITY},
        {FORMAT_QINS4, "model.layers.0.mlp.down_proj.weight.row", 0, -1},
        {FORMAT_QINS8, "model.embed_tokens.weight.row", 31, NAN}, /* of padding */
        {FORMAT_QINS9, "model.layers.0.mlp.up_proj.weight.range", 0, NAN},
        {FORMAT_QINS9, "model.layers.0.mlp.up_proj.weight.range", 1, 1000},
        {FORMAT_QINS9, "model.layers.0.mlp.up_proj.weight.range", 1, -50}, /* max below min */
        {FORMAT_QINS9ROW, "model.layers.0.mlp.up_proj.weight.row", 40, 500},
        {FORMAT_F32, "model.norm.weight", 2, INFINITY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err;
        size_t size;
        uint8_t *image = tiny_image(cases[i].format, &size);
        plane(image, size, cases[i].name)[cases[i].index] = cases[i].value;
        if (opens(image, size, &err))
            fail_msg("accepted: %s[%u]", cases[i].name, cases[i].index);
        assert_non_null(strstr(err.text, "damaged"));
        munmap(image, size);
    }
}

static void test_a_tensor_too_many_is_refused(void **state)
{
    (void)state;
    struct error err;
    size_t size;
    uint8_t *image = tiny_image(FORMAT_QINS8, &size);
    struct buf b = {0};
    size_t n = header_bytes(image), n_text = n;
    while (image[n_text - 1] != '}')
        n_text--;
    buf_append(&b, image, n_text - 1);
    buf_printf(&b, ",\"more\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%zu,%zu]}}",
               size - n, size - n + 1);
    while (b.len < n)
        buf_puts(&b, " ");
    assert_int_equal(b.len, n); /* it fitted into the padding */
    buf_append(&b, image + n, size - n);
    buf_puts(&b, "x");
    assert_false(copy_opens((uint8_t *)b.data, b.len, &err));
    assert_non_null(strstr(err.text, "tensors"));
    buf_free(&b);
    munmap(image, size);
}

static void test_planes_that_are_not_aligned_are_refused(void **state)
{
    (void)state;
    struct error err;
    size_t size;
    uint8_t *image = tiny_image(FORMAT_QINS8, &size), *copy = NULL;
    assert_int_equal(posix_memalign((void **)&copy, 64, size + 64), 0);
    memcpy(copy + 4, image, size);
    assert_false(opens(copy + 4, size, &err));
    assert_non_null(strstr(err.text, "aligned"));
    free(copy);
    munmap(image, size);
}

static void test_files_that_are_no_model(void **state)
{
    (void)state;
    struct error err;
    const char *folder = temp_folder();
    char *path = path_join(folder, "x.qins");
    assert_null(model_open(path, &err));
    assert_int_equal(err.code, EX_NOINPUT);
    assert_null(model_open(folder, &err));
    assert_null(model_open("/dev/zero", &err));
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(model_open(path, &err));
    assert_int_equal(unlink(path), 0);
    tiny_folder(folder);
    free(path);
    path = path_join(folder, "model.safetensors"); /* a checkpoint's file, not ours */
    assert_null(model_open(path, &err));
    assert_non_null(strstr(err.text, "qins-convert"));
    uint8_t ones[512];
    memset(ones, 0xff, sizeof ones);
    write_bytes(folder, "ones", ones, sizeof ones);
    free(path);
    path = path_join(folder, "ones");
    assert_null(model_open(path, &err));
    free(path);
    remove_folder(folder);
}

#ifdef __linux__
static void touch(const struct model *m)
{
    volatile uint64_t sum = 0;
    const uint8_t *data = m->layers[0].qkv->data;
    for (size_t i = 0; i < matrix_data_bytes(m->layers[0].qkv); i++)
        sum += data[i];
}

/* Resident bytes of the mapping that `at` lies in, and its proportional share; 0: not told. */
static void mapping(const void *at, double *rss, double *pss)
{
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[4096];
    bool inside = false;
    *rss = *pss = 0;
    while (f && fgets(line, sizeof line, f)) {
        unsigned long long from, to, kib;
        if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
            inside = from <= (uintptr_t)at && (uintptr_t)at < to;
        else if (inside && sscanf(line, "Rss: %llu", &kib) == 1)
            *rss = (double)kib * 1024;
        else if (inside && sscanf(line, "Pss: %llu", &kib) == 1)
            *pss = (double)kib * 1024;
    }
    if (f)
        fclose(f);
}

/* Each opens the file by itself: the weights are in memory once, and each has half of them. */
static void test_two_programs_share_the_weights(void **state)
{
    (void)state;
    struct error err = {0};
    const char *folder = temp_folder();
    char command[1024], path[512];
    int ready[2];
    double rss, alone, pss;
    snprintf(path, sizeof path, "%s/m.qins", folder);
    snprintf(command, sizeof command, "cp '%s/models/starter.qins' '%s'", getenv("QINS_SOURCE"),
             path);
    assert_int_equal(system(command), 0);
    assert_int_equal(pipe(ready), 0);
    pid_t other = fork();
    assert_true(other >= 0);
    if (other == 0) { /* opens and reads it when told, and stays */
        char c;
        close(ready[1]);
        ssize_t n = read(ready[0], &c, 1);
        struct model *m = model_open(path, &err);
        if (n != 1 || !m)
            _exit(1);
        touch(m);
        raise(SIGSTOP);
        _exit(0);
    }
    struct model *m = model_open(path, &err);
    assert_non_null(m);
    touch(m);
    mapping(m->layers[0].qkv->data, &rss, &alone);
    assert_int_equal(write(ready[1], "x", 1), 1);
    int status;
    assert_int_equal(waitpid(other, &status, WUNTRACED), other);
    assert_true(WIFSTOPPED(status));
    mapping(m->layers[0].qkv->data, &rss, &pss);
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    model_close(m);
    remove_folder(folder);
    close(ready[0]);
    close(ready[1]);
    if (rss == 0 || alone == 0)
        skip();                     /* an emulator may not tell */
    assert_true(alone > 0.9 * rss); /* nobody else has it */
    assert_true(pss > 0.4 * rss && pss < 0.6 * rss);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_supported_folder_opens_in_every_format),
        cmocka_unit_test(test_f32_models_are_their_sources),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_every_flipped_byte_of_the_header_is_survived),
        cmocka_unit_test(test_metadata_is_checked),
        cmocka_unit_test(test_scales_that_make_no_sense),
        cmocka_unit_test(test_a_tensor_too_many_is_refused),
        cmocka_unit_test(test_planes_that_are_not_aligned_are_refused),
        cmocka_unit_test(test_files_that_are_no_model),
#ifdef __linux__
        cmocka_unit_test(test_two_programs_share_the_weights),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
