/* SPDX-License-Identifier: MIT
 *
 * Kept contexts: a whole file of each of two shapes of cache, edited; with a digest that was made
 * anew, as somebody would who wants it to be taken for whole. What was not changed comes back with
 * the bits that it had.
 */
#include <openssl/evp.h>
#include <unistd.h>

#include "edits.h"
#include "kernels.h"
#include "kv_file.h"

#define CONFIG(more)                                                                               \
    "{\"model_type\":\"mistral\",\"architectures\":[\"MistralForCausalLM\"],\"hidden_size\":16,"   \
    "\"intermediate_size\":24,\"num_hidden_layers\":2,\"num_attention_heads\":2,"                  \
    "\"num_key_value_heads\":1,\"vocab_size\":20,\"max_position_embeddings\":256,"                 \
    "\"rms_norm_eps\":1e-5,\"rope_theta\":10000.0,\"hidden_act\":\"silu\"" more "}"

enum {
    N_TOKENS = 90,
    HEAD_BYTES = 112,
    DIGEST_AT = 80, /* in the head: all before it, then ids, digests and reference, are hashed */
    N_AT = 40,
    REFERENCE_AT = 64,
    TAIL = 24, /* bytes of somebody else behind the file */
};

static struct shape {
    struct kv kv, other; /* what is written, what it is read into */
    struct buf file;
} shapes[2];
static const uint8_t identity[KV_DIGEST] = "identity";
static struct pool *pool;
static int32_t ids[N_TOKENS];

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_kept: %s\n", what);
    exit(EX_SOFTWARE);
}

static void make_shape(struct shape *s, const char *config, enum kv_type type)
{
    static struct model_config c;
    static struct kernels k;
    struct error err = {0};
    const char *path;
    must(config_parse(&c, config, strlen(config), "config", NULL, 0, "", &err), err.text);
    kernels_init(&k, 0);
    must(kv_reserve(&s->kv, &c, &k, type, 256, 16, &err), err.text);
    must(kv_reserve(&s->other, &c, &k, type, 256, 16, &err), err.text);
    for (uint32_t pos = 0; pos < N_TOKENS; pos++) {
        float x[16];
        ids[pos] = (int32_t)pos % 20;
        for (int i = 0; i < 16; i++)
            x[i] = (float)((pos * 7 + (unsigned)i * 13) % 64) / 16.0f - 2.0f;
        kv_make_room(&s->kv, pos, 1);
        for (uint32_t l = 0; l < c.n_layers; l++)
            kv_store(&s->kv, l, 0, pos, x, x + 8);
    }
    int fd = fuzz_file("", 0, &path);
    must(kv_file_write(fd, identity, &s->kv, ids, N_TOKENS, false, TAIL, pool), "cannot write");
    uint64_t n = kv_file_bytes(&s->kv, N_TOKENS);
    must(write_whole(fd, "behind the file, a tail.", TAIL, n) == TAIL, "cannot write");
    must(read_file(&s->file, path, 1 << 20, &err), err.text);
    close(fd);
}

/* The head's digest, over as much as the head says there is. */
static void sign(struct buf *file)
{
    uint32_t n;
    uint64_t n_reference;
    if (file->len < HEAD_BYTES)
        return;
    memcpy(&n, file->data + N_AT, sizeof n);
    memcpy(&n_reference, file->data + REFERENCE_AT, sizeof n_reference);
    uint64_t n_rest = (uint64_t)n * 4 + ((uint64_t)n + KV_STEP - 1) / KV_STEP * KV_DIGEST;
    if (n_reference > file->len || n_rest + n_reference + HEAD_BYTES > file->len)
        return;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_DigestInit_ex(md, EVP_sha256(), NULL);
    EVP_DigestUpdate(md, file->data, DIGEST_AT);
    EVP_DigestUpdate(md, file->data + HEAD_BYTES, n_rest + n_reference);
    EVP_DigestFinal_ex(md, (uint8_t *)file->data + DIGEST_AT, NULL);
    EVP_MD_CTX_free(md);
}

static void check_bits(const struct shape *s, uint32_t n, uint32_t from)
{
    for (uint32_t i = 0; i < kv_n_runs(&s->kv); i++) {
        struct kv_run a = kv_run(&s->kv, i), b = kv_run(&s->other, i);
        uint32_t first = a.slides ? from : 0;
        FUZZ_CHECK(memcmp(a.at + (a.slides ? first - s->kv.from : 0) * a.position_bytes, b.at,
                          (n - first) * a.position_bytes) == 0);
    }
}

static void read_it(struct shape *s, const struct kv_file *f, uint32_t n_wanted, bool is_changed)
{
    uint32_t n = n_wanted < f->n ? n_wanted : f->n, from = 0;
    if (!n || !kv_file_reaches(f, &s->other, n))
        return;
    kv_clear(&s->other);
    kv_hold(&s->other, n);
    uint32_t got = kv_file_read(f, &s->other, n, &from, pool, NULL, NULL);
    FUZZ_CHECK(got <= n && (is_changed || got == n));
    if (!is_changed && from <= got)
        check_bits(s, got, from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *path;
    struct kv_file f;
    if (FUZZ_DIES())
        return 0;
    if (!pool) {
        pool = pool_new(1);
        make_shape(&shapes[0], CONFIG(""), KV_INT8);
        make_shape(&shapes[1], CONFIG(",\"sliding_window\":32"), KV_BF16);
    }
    uint8_t choice = n ? data[0] : 0, n_wanted = n > 1 ? data[1] : N_TOKENS;
    struct shape *s = &shapes[choice & 1];
    struct buf file = edits_apply(&s->file, data + 2, n > 2 ? n - 2 : 0, HEAD_BYTES);
    if (choice & 2)
        sign(&file);
    bool is_changed = file.len != s->file.len || memcmp(file.data, s->file.data, file.len) != 0;
    int fd = fuzz_file(file.data, file.len, &path);
    if (kv_file_open(&f, fd, identity, &s->other)) {
        read_it(s, &f, n_wanted, is_changed);
        kv_file_close(&f);
    } else {
        FUZZ_CHECK(is_changed);
    }
    buf_free(&file);
    return 0;
}
