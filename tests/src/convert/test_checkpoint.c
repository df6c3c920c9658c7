/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "checkpoint.h"
#include "tiny_model.h"

static const char *folder; /* a fresh one for each test */

static int make_folder(void **state)
{
    (void)state;
    folder = temp_folder();
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static void assert_opens(void)
{
    struct checkpoint c;
    struct error err;
    if (!checkpoint_open(&c, folder, &err))
        fail_msg("%s", err.text);
    checkpoint_close(&c);
}

static void assert_refused(const char *why)
{
    struct checkpoint c;
    struct error err = {0};
    if (checkpoint_open(&c, folder, &err))
        fail_msg("accepted, though: %s", why);
    if (!strstr(err.text, why))
        fail_msg("refused with: %s\n without saying: %s", err.text, why);
    assert_true(err.code == EX_DATAERR || err.code == EX_NOINPUT);
}

/* The index with one text replaced by another. */
static void write_index(const char *from, const char *to)
{
    struct buf index = tiny_index(), out = {0};
    char *at = strstr(index.data, from);
    assert_non_null(at);
    buf_append(&out, index.data, (size_t)(at - index.data));
    buf_puts(&out, to);
    buf_puts(&out, at + strlen(from));
    write_bytes(folder, "model.safetensors.index.json", out.data, out.len);
    buf_free(&index);
    buf_free(&out);
}

static void remove_file(const char *name)
{
    char *path = path_join(folder, name);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void link_to(const char *target, const char *name)
{
    char *path = path_join(folder, name);
    assert_int_equal(symlink(target, path), 0);
    free(path);
}

static void test_one_file_and_two_shards_open(void **state)
{
    (void)state;
    struct checkpoint c;
    struct error err;
    tiny_sharded(folder);
    assert_true(checkpoint_open(&c, folder, &err));
    assert_int_equal(c.n_shards, 2);
    assert_string_equal(c.shard_names[1], "b.safetensors");
    const struct source_tensor *t = checkpoint_find(&c, "model.norm.weight");
    assert_non_null(t);
    assert_string_equal(checkpoint_file(&c, t)->name, "b.safetensors");
    assert_int_equal(c.n_sources, 5); /* config, tokenizer, index, shards */
    assert_string_equal(c.sources[c.first_shard + 1].name, "b.safetensors");
    checkpoint_close(&c);
    tiny_folder(folder);
    assert_opens();
}

static void test_files_that_are_missing(void **state)
{
    (void)state;
    assert_refused("config.json");
    tiny_rest(folder);
    assert_refused("model.safetensors.index.json");
    tiny_folder(folder);
    remove_file("tokenizer.json");
    assert_refused("tokenizer.json");
}

static void test_shards_that_are_not_whole(void **state)
{
    (void)state;
    tiny_sharded(folder);
    remove_file("b.safetensors");
    assert_refused("b.safetensors");
    struct buf b = tiny_shard(4, N_TINY);
    write_bytes(folder, "b.safetensors", b.data, b.len - 1);
    assert_refused("truncated");
    write_bytes(folder, "b.safetensors", b.data, b.len);
    assert_opens();
    buf_free(&b);
}

static void test_index_and_shards_disagree(void **state)
{
    (void)state;
    tiny_sharded(folder);
    write_index("norm.weight\":\"b.", "norm.weight\":\"a.");
    assert_refused("which the index places in a.safetensors");
    write_index("\"model.norm.weight\":\"b.safetensors\"", "\"no.weight\":\"b.safetensors\"");
    assert_refused("no file");
    write_index("\"model.norm.weight\"", "\"extra\":\"a.safetensors\",\"model.norm.weight\"");
    assert_refused("\"extra\" is not in a.safetensors");
    write_index("weight_map", "weight_mop");
    assert_refused("weight_map");
    write_index("\"weight_map\":{", "\"weight_map\":{},\"x\":{");
    assert_refused("0 shards");
    write_index("-1", "1e300"); /* total_size is never used */
    assert_opens();
    /* both shards hold every tensor */
    struct buf all = tiny_shard(0, N_TINY);
    write_bytes(folder, "a.safetensors", all.data, all.len);
    assert_refused("a.safetensors: holds tensor");
    buf_free(&all);
    /* the two are swapped */
    tiny_sharded(folder);
    struct buf a = tiny_shard(4, N_TINY), b = tiny_shard(0, 4);
    write_bytes(folder, "a.safetensors", a.data, a.len);
    write_bytes(folder, "b.safetensors", b.data, b.len);
    assert_refused("holds tensor");
    buf_free(&a);
    buf_free(&b);
}

static void test_shard_names_that_lead_elsewhere(void **state)
{
    static const char *const names[] = {"../a.safetensors",
                                        "/etc/passwd",
                                        "a/../../b.safetensors",
                                        "C:\\\\a.safetensors",
                                        "",
                                        "a\\u0000.safetensors",
                                        "\\u001b[2J.safetensors",
                                        ".safetensors",
                                        "a b.safetensors",
                                        ".hidden.safetensors",
                                        "a.bin",
                                        "\xc3\xa9.safetensors"};
    (void)state;
    tiny_sharded(folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        write_index("a.safetensors", names[i]);
        assert_refused("plain name");
    }
    write_index("\"a.safetensors\"", "7");
    assert_refused("plain name");
    struct buf longest = {0};
    for (int i = 0; i < 5000; i++)
        buf_puts(&longest, "a");
    buf_puts(&longest, ".safetensors");
    write_index("a.safetensors", longest.data);
    assert_refused("plain name");
    buf_free(&longest);
}

static void test_links(void **state)
{
    (void)state;
    char *blobs = path_join(folder, "blobs");
    tiny_folder(folder);
    assert_int_equal(mkdir(blobs, 0700), 0);
    struct buf file = tiny_shard(0, N_TINY);
    write_bytes(blobs, "0123abcd", file.data, file.len);
    buf_free(&file);
    remove_file("model.safetensors");
    link_to("blobs/0123abcd", "model.safetensors"); /* as the Hugging Face cache has it */
    assert_opens();
    static const char *const bad[] = {"/dev/zero", "/dev/stdin", "blobs",
                                      "fifo",      "nothing",    "model.safetensors"};
    char *fifo = path_join(folder, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct checkpoint c;
        struct error err;
        remove_file("model.safetensors");
        link_to(bad[i], "model.safetensors");
        assert_false(checkpoint_open(&c, folder, &err));
    }
    free(fifo);
    free(blobs);
}

static void test_tensors_against_the_config(void **state)
{
    (void)state;
    tiny_folder(folder);
    static const struct {
        const char *from, *to, *why;
    } cases[] = {
        {"\"vocab_size\":20", "\"vocab_size\":21",
         "shape [20, 16], but config.json makes it [21, 16]"},
        {"\"num_hidden_layers\":1", "\"num_hidden_layers\":2", "model.layers.1."},
        {"\"intermediate_size\":24", "\"intermediate_size\":25", "gate_proj"},
        {"\"tie_word_embeddings\":true", "\"tie_word_embeddings\":false",
         "lm_head.weight\" is missing"},
        {"\"num_key_value_heads\":1", "\"num_key_value_heads\":2", "k_proj"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf config = {0};
        const char *at = strstr(TINY_CONFIG, cases[i].from);
        buf_append(&config, TINY_CONFIG, (size_t)(at - TINY_CONFIG));
        buf_puts(&config, cases[i].to);
        buf_puts(&config, at + strlen(cases[i].from));
        write_text(folder, "config.json", config.data);
        assert_refused(cases[i].why);
        buf_free(&config);
    }
}

/* The file with one more tensor of 4 bytes, called `name`. */
static void add_tensor(const char *name, const char *dtype)
{
    struct buf file = tiny_shard(0, N_TINY), header = {0};
    uint64_t n;
    memcpy(&n, file.data, 8);
    size_t n_data = file.len - 8 - n;
    buf_append(&header, file.data + 8, n - 1);
    buf_printf(&header, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[1],\"data_offsets\":[%zu,%zu]}}",
               name, dtype, n_data, n_data + 4);
    buf_puts(&file, "abcd");
    struct buf out = st_file(header.data, file.data + 8 + n, n_data + 4);
    write_bytes(folder, "model.safetensors", out.data, out.len);
    buf_free(&file);
    buf_free(&header);
    buf_free(&out);
}

static void test_tensors_that_do_not_belong(void **state)
{
    (void)state;
    tiny_folder(folder);
    add_tensor("model.layers.0.self_attn.q_proj.bias", "F32");
    assert_refused("q_proj.bias\" is not part");
    add_tensor("lm_head.weight", "F32");
    assert_refused("tie_word_embeddings");
    add_tensor("__qins_tokenizer.json", "F32");
    assert_refused("not part");
    add_tensor("model.layers.0.self_attn.rotary_emb.inv_freq", "F32");
    assert_opens();
}

/* The tiny model as the text part of one that also sees: its tensors below `model` and a tensor of
 * the other part, called `other`. */
static void write_text_part(const char *model, const char *other)
{
    struct buf file = tiny_shard(0, N_TINY), header = {0}, config = {0};
    uint64_t n;
    memcpy(&n, file.data, 8);
    const char *at = file.data + 8, *end = at + n - 1, *next;
    for (; (next = memmem(at, (size_t)(end - at), "\"model.", 7)); at = next + 7) {
        buf_append(&header, at, (size_t)(next - at));
        buf_printf(&header, "\"%s", model);
    }
    buf_append(&header, at, (size_t)(end - at));
    size_t n_data = file.len - 8 - n;
    buf_printf(&header, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%zu,%zu]}}",
               other, n_data, n_data + 4);
    buf_puts(&file, "abcd");
    struct buf out = st_file(header.data, file.data + 8 + n, n_data + 4);
    write_bytes(folder, "model.safetensors", out.data, out.len);
    buf_printf(&config,
               "{\"model_type\":\"sees\",\"architectures\":[\"SeesForConditionalGeneration\"],"
               "\"vision_config\":{\"depth\":7},\"image_token_index\":9,\"text_config\":%s}",
               TINY_CONFIG);
    write_text(folder, "config.json", config.data);
    buf_free(&file);
    buf_free(&header);
    buf_free(&config);
    buf_free(&out);
}

static void test_the_text_part_of_a_larger_model(void **state)
{
    static const struct {
        const char *model, *other;
    } layouts[] = {{"model.language_model.", "model.vision_tower.a.weight"},
                   {"language_model.model.", "vision_tower.a.weight"},
                   {"model.", "multi_modal_projector.weight"}};
    (void)state;
    tiny_folder(folder);
    for (size_t i = 0; i < 3; i++) {
        struct checkpoint c;
        struct error err;
        write_text_part(layouts[i].model, layouts[i].other);
        if (!checkpoint_open(&c, folder, &err))
            fail_msg("%s", err.text);
        assert_true(c.config.is_text_part);
        assert_int_equal(c.n_left_out, 1);
        assert_non_null(checkpoint_find(&c, "model.layers.0.mlp.up_proj.weight"));
        checkpoint_close(&c);
    }
    write_text_part("model.language_model.", "model.language_model.more.weight");
    assert_refused("more.weight\" is not part");
    write_text_part("model.language_model.", "model.vision_tower.a.weight");
    write_text(folder, "config.json", TINY_CONFIG); /* a text model has no other parts */
    assert_refused("vision_tower.a.weight\" is not part");
}

static void test_dtypes_that_are_no_weights(void **state)
{
    (void)state;
    tiny_folder(folder);
    struct buf file = tiny_shard(0, N_TINY);
    memcpy(strstr(file.data + 8, "F32"), "I32", 3);
    write_bytes(folder, "model.safetensors", file.data, file.len);
    assert_refused("dtype I32 is not supported; supported: F32, F16, BF16");
    buf_free(&file);
}

static void test_texts_that_are_no_json(void **state)
{
    (void)state;
    tiny_folder(folder);
    write_text(folder, "tokenizer_config.json", "{\"a\":\"\xff\"}");
    assert_refused("tokenizer_config.json");
    write_text(folder, "tokenizer_config.json", "{}");
    write_text(folder, "generation_config.json", "{");
    assert_refused("generation_config.json");
    write_text(folder, "generation_config.json", "{}");
    assert_opens();
    write_text(folder, "config.json", "[1]");
    assert_refused("not a JSON object");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, drop_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_file_and_two_shards_open),    TEST(test_files_that_are_missing),
        TEST(test_shards_that_are_not_whole),       TEST(test_index_and_shards_disagree),
        TEST(test_shard_names_that_lead_elsewhere), TEST(test_links),
        TEST(test_tensors_against_the_config),      TEST(test_tensors_that_do_not_belong),
        TEST(test_dtypes_that_are_no_weights),      TEST(test_the_text_part_of_a_larger_model),
        TEST(test_texts_that_are_no_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
