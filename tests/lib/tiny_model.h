/* SPDX-License-Identifier: MIT
 *
 * tiny_model: model folders of a few kilobytes, written by hand, so that tests can break any part.
 */
#ifndef QINS_TINY_MODEL_H
#define QINS_TINY_MODEL_H

#include "base.h"
#include "test.h"

/* One llama layer: dim 16, 2 heads and 1 kv head of 8, ffn 24, vocab 20, tied head. */
#define TINY_CONFIG                                                                                \
    "{\"model_type\":\"llama\",\"architectures\":[\"LlamaForCausalLM\"],\"hidden_size\":16,"       \
    "\"intermediate_size\":24,\"num_hidden_layers\":1,\"num_attention_heads\":2,"                  \
    "\"num_key_value_heads\":1,\"vocab_size\":20,\"max_position_embeddings\":64,"                  \
    "\"rms_norm_eps\":1e-5,\"rope_theta\":10000.0,\"rope_scaling\":null,\"hidden_act\":\"silu\","  \
    "\"tie_word_embeddings\":true,\"bos_token_id\":1,\"eos_token_id\":2}"

struct tiny_tensor {
    const char *name;
    unsigned rows, cols; /* rows 0: a vector */
};

static const struct tiny_tensor tiny_tensors[] = {
    {"model.embed_tokens.weight", 20, 16},
    {"model.layers.0.input_layernorm.weight", 0, 16},
    {"model.layers.0.self_attn.q_proj.weight", 16, 16},
    {"model.layers.0.self_attn.k_proj.weight", 8, 16},
    {"model.layers.0.self_attn.v_proj.weight", 8, 16},
    {"model.layers.0.self_attn.o_proj.weight", 16, 16},
    {"model.layers.0.post_attention_layernorm.weight", 0, 16},
    {"model.layers.0.mlp.gate_proj.weight", 24, 16},
    {"model.layers.0.mlp.up_proj.weight", 24, 16},
    {"model.layers.0.mlp.down_proj.weight", 16, 24},
    {"model.norm.weight", 0, 16},
};
enum { N_TINY = sizeof tiny_tensors / sizeof *tiny_tensors };

static inline unsigned tiny_size(const struct tiny_tensor *t)
{
    return (t->rows ? t->rows : 1) * t->cols;
}

/* Weight i of a tensor: both signs, many sizes, an exact zero; exact in bf16 and f16 too. */
static inline float tiny_weight(const struct tiny_tensor *t, unsigned i)
{
    unsigned h = (unsigned)(t - tiny_tensors) * 7919u + i * 2654435761u;
    h ^= h >> 15;
    return i == 5 ? 0.0f : (float)((int)(h % 255) - 127) / 256.0f;
}

static inline void write_bytes(const char *folder, const char *name, const void *bytes, size_t n)
{
    char *path = path_join(folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    free(path);
}

static inline void write_text(const char *folder, const char *name, const char *text)
{
    write_bytes(folder, name, text, strlen(text));
}

/* A safetensors file from a header and what follows it. */
static inline struct buf st_file(const char *header, const void *data, size_t n_data)
{
    struct buf b = {0};
    uint8_t length[8];
    for (unsigned i = 0; i < 8; i++)
        length[i] = (uint8_t)((uint64_t)strlen(header) >> (8 * i));
    buf_append(&b, length, sizeof length);
    buf_puts(&b, header);
    buf_append(&b, data, n_data);
    return b;
}

/* Tensors [first, last) as float32 in a safetensors file. */
static inline struct buf tiny_shard(unsigned first, unsigned last)
{
    struct buf header = {0}, data = {0};
    for (unsigned i = first; i < last; i++) {
        const struct tiny_tensor *t = &tiny_tensors[i];
        size_t begin = data.len;
        for (unsigned k = 0; k < tiny_size(t); k++) {
            float w = tiny_weight(t, k);
            buf_append(&data, &w, sizeof w);
        }
        buf_printf(&header, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[", i > first ? "," : "{",
                   t->name);
        if (t->rows)
            buf_printf(&header, "%u,", t->rows);
        buf_printf(&header, "%u],\"data_offsets\":[%zu,%zu]}", t->cols, begin, data.len);
    }
    buf_puts(&header, "}");
    struct buf file = st_file(header.data, data.data, data.len);
    buf_free(&header);
    buf_free(&data);
    return file;
}

static inline void tiny_rest(const char *folder)
{
    write_text(folder, "config.json", TINY_CONFIG);
    write_text(folder, "tokenizer.json", "{\"tiny\":true}");
}

/* One file. */
static inline void tiny_folder(const char *folder)
{
    struct buf file = tiny_shard(0, N_TINY);
    tiny_rest(folder);
    write_bytes(folder, "model.safetensors", file.data, file.len);
    buf_free(&file);
}

/* Text of the index that places the first 4 tensors in a.safetensors, the others in b.safetensors.
 */
static inline struct buf tiny_index(void)
{
    struct buf b = {0};
    buf_puts(&b, "{\"metadata\":{\"total_size\":-1},\"weight_map\":{");
    for (unsigned i = 0; i < N_TINY; i++)
        buf_printf(&b, "%s\"%s\":\"%c.safetensors\"", i ? "," : "", tiny_tensors[i].name,
                   i < 4 ? 'a' : 'b');
    buf_puts(&b, "}}");
    return b;
}

static inline void tiny_sharded(const char *folder)
{
    struct buf a = tiny_shard(0, 4), b = tiny_shard(4, N_TINY), index = tiny_index();
    tiny_rest(folder);
    write_bytes(folder, "a.safetensors", a.data, a.len);
    write_bytes(folder, "b.safetensors", b.data, b.len);
    write_bytes(folder, "model.safetensors.index.json", index.data, index.len);
    buf_free(&a);
    buf_free(&b);
    buf_free(&index);
}

#endif
