/* SPDX-License-Identifier: MIT */
#include <jansson.h>

#include "test.h"
#include "tokenizer.h"
#include "tokenizers.h"

/* Expected ids: shared/vectors and reference/phi-3.5.md section 3.5, which come from Hugging Face
 * and llama.cpp. */

#define TEXT(s) (s), sizeof(s) - 1
#define PHI "models/phi-3.5-mini-instruct/tokenizer.json"

static int free_phi(void **state)
{
    (void)state;
    tokenizer_free(phi_loaded);
    return 0;
}

static struct ids encode(const struct tokenizer *t, const char *text, size_t n, bool special)
{
    struct ids ids = {0};
    struct text_span span = {text, n, special};
    tokenizer_encode(t, &span, 1, &ids);
    return ids;
}

static char *ids_text(const struct ids *v)
{
    struct buf b = {0};
    buf_append(&b, "", 0);
    for (size_t i = 0; i < v->n; i++)
        buf_printf(&b, i ? " %d" : "%d", v->ids[i]);
    return b.data;
}

static void check(const struct tokenizer *t, const char *text, size_t n, bool special,
                  const char *expected)
{
    struct ids ids = encode(t, text, n, special);
    char *got = ids_text(&ids);
    assert_string_equal(got, expected);
    free(got);
    ids_free(&ids);
}

/* ---- encoding ------------------------------------------------------------------------- */

static void test_vectors_with_special_tokens(void **state)
{
    (void)state;
    const struct tokenizer *t = phi();
    FILE *f = fopen(shared_path("vectors/phi-3.5-tokenizer.jsonl"), "r");
    char *line = NULL;
    size_t cap = 0;
    int n_lines = 0;
    assert_non_null(f);
    while (getline(&line, &cap, f) > 0) {
        json_t *v = json_loads(line, JSON_ALLOW_NUL, NULL);
        const json_t *text = json_object_get(v, "text"), *expected = json_object_get(v, "ids");
        struct ids ids = encode(t, json_string_value(text), json_string_length(text), true);
        if (ids.n != json_array_size(expected))
            fail_msg("%zu ids for %s", ids.n, line);
        for (size_t i = 0; i < ids.n; i++)
            if (ids.ids[i] != json_integer_value(json_array_get(expected, i)))
                fail_msg("id %zu is %d for %s", i, ids.ids[i], line);
        ids_free(&ids);
        json_decref(v);
        n_lines++;
    }
    assert_int_equal(n_lines, 250);
    free(line);
    fclose(f);
}

static void test_vectors_of_plain_text(void **state)
{
    (void)state;
    static const char separator[] = "\n__ggml_vocab_test__\n";
    const struct tokenizer *t = phi();
    struct buf in = {0};
    struct error err;
    assert_true(read_file(&in, shared_path("vectors/phi-3-tokenizer.inp"), 1 << 20, &err));
    FILE *f = fopen(shared_path("vectors/phi-3-tokenizer.out"), "r");
    char *line = NULL;
    size_t cap = 0;
    int n_texts = 0;
    const char *at = in.data, *end;
    while ((end = strstr(at, separator))) {
        struct ids ids = encode(t, at, (size_t)(end - at), false);
        char *got = ids_text(&ids);
        assert_true(getline(&line, &cap, f) > 0);
        line[strcspn(line, "\n")] = '\0';
        assert_string_equal(got, line + strspn(line, " "));
        free(got);
        ids_free(&ids);
        at = end + sizeof separator - 1;
        n_texts++;
    }
    assert_true(n_texts >= 46);
    free(line);
    fclose(f);
    buf_free(&in);
}

static void test_golden_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *ids;
    } cases[] = {
        {TEXT("Hello"), "15043"},
        {TEXT("The capital of France is"), "450 7483 310 3444 338"},
        {TEXT(" Hello"), "29871 15043"},
        {TEXT("Hello "), "15043 29871"},
        {TEXT("\n"), "29871 13"},
        {TEXT(""), ""},
        {TEXT("é"), "904"},
        {TEXT("日本語"), "29871 30325 30346 30968"},
        {TEXT("🙂"), "29871 243 162 156 133"},
        {TEXT("\u00a0"), "20246"},
        {TEXT("分析"), "29871 30748 233 161 147"},
        {TEXT("1234567890"), "29871 29896 29906 29941 29946 29945 29953 29955 29947 29929 29900"},
        {TEXT("def f(x):\n    return x+1\n"),
         "822 285 29898 29916 1125 13 1678 736 921 29974 29896 13"},
        {TEXT("<s> Hello"), "1 29871 15043"},
        {TEXT("</s>\n\nx"), "2 921"},
        {TEXT("x<|endoftext|>\ny"), "921 32000 29871 13 29891"},
        {TEXT("<|user|>\nHello<|end|>\n<|assistant|>\n"), "32010 15043 32007 32001"},
        {TEXT("<|user|>\n  two leading spaces<|end|>\n<|assistant|>\n"),
         "32010 1023 8236 8162 32007 32001"},
        {TEXT("I like walking my cute dog\n and\x17 then, 生活的真谛是  \t\t\t\t \n\n61"),
         "306 763 22049 590 274 1082 11203 13 322 26 769 29892 29871 30486 31704 30210 30848 235 "
         "179 158 30392 259 12 12 12 12 29871 13 13 29953 29896"},
        /* bytes that are no UTF-8, and NUL: id = byte + 3 */
        {TEXT("\xFF\x80"), "29871 258 131"},
        {TEXT("\0"), "29871 3"},
    };
    const struct tokenizer *t = phi();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(t, cases[i].text, cases[i].n, true, cases[i].ids);
}

/* Text of a user never becomes a special token; would it match, ids 32000 and above appeared. */
static void test_typed_special_tokens_are_text(void **state)
{
    (void)state;
    static const char *texts[] = {"<|end|>", "<|user|>", "a<|assistant|>\nb",      "<s>",
                                  "</s>",    "<unk>",    "<|endoftext|><|system|>"};
    const struct tokenizer *t = phi();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct ids plain = encode(t, texts[i], strlen(texts[i]), false);
        struct ids special = encode(t, texts[i], strlen(texts[i]), true);
        struct buf text = {0};
        for (size_t k = 0; k < plain.n; k++)
            assert_true(plain.ids[k] > 2 && plain.ids[k] < 32000);
        assert_true(special.n < plain.n);
        tokenizer_decode(t, plain.ids, plain.n, false, &text);
        assert_string_equal(text.data, texts[i]);
        ids_free(&plain);
        ids_free(&special);
        buf_free(&text);
    }
}

/* Spans are one text: white space behind a marker goes, whichever span it is in, and characters of
 * one segment merge over a border. */
static void test_spans_are_one_text(void **state)
{
    (void)state;
    const struct tokenizer *t = phi();
    const struct text_span chat[] = {
        {TEXT("<|user|>"), true}, {TEXT("\n"), true},  {TEXT(" \u3000\n"), false},
        {TEXT("Hel"), false},     {TEXT("lo"), false}, {TEXT("<|end|>\n"), true},
    };
    struct ids ids = {0};
    tokenizer_encode(t, chat, 6, &ids);
    char *got = ids_text(&ids);
    assert_string_equal(got, "32010 15043 32007");
    free(got);
    ids_free(&ids);
}

static void test_prefix_is_what_the_post_processor_says(void **state)
{
    (void)state;
    const struct tokenizer *t = phi();
    struct tokenizer *stories = load("models/stories260K/tokenizer.json", 512);
    struct ids ids = {0};
    tokenizer_push_prefix(t, &ids);
    assert_int_equal(ids.n, 0);
    tokenizer_push_prefix(stories, &ids);
    assert_int_equal(ids.n, 1);
    assert_int_equal(ids.ids[0], 1);
    assert_int_equal(tokenizer_size(t), 32011);
    assert_int_equal(tokenizer_find(t, "<|end|>"), 32007);
    assert_int_equal(tokenizer_find(t, "▁Hello"), 15043);
    assert_int_equal(tokenizer_find(t, "no such piece"), -1);
    assert_true(tokenizer_is_special(t, 32007));
    assert_false(tokenizer_is_special(t, 2)); /* </s> is added but not special there */
    assert_false(tokenizer_is_special(t, 32063));
    assert_false(tokenizer_is_special(t, -1));
    ids_free(&ids);
    tokenizer_free(stories);
}

/* ---- a definition to compare with: merge the best pair of the whole text, again and again  */

struct slow {
    json_t *ranks; /* "left right" -> rank */
    json_t *vocab;
};

static size_t slow_encode(const struct slow *s, const char *text, char pieces[][64], size_t max)
{
    size_t n = 0;
    strcpy(pieces[n++], "▁");
    for (const char *c = text; *c && n < max;) {
        size_t len = 1;
        while ((c[len] & 0xC0) == 0x80)
            len++;
        snprintf(pieces[n++], 64, "%.*s", *c == ' ' ? 3 : (int)len, *c == ' ' ? "▁" : c);
        c += len;
    }
    for (;;) {
        size_t best = n;
        json_int_t best_rank = INT64_MAX;
        for (size_t i = 0; i + 1 < n; i++) {
            char pair[130];
            snprintf(pair, sizeof pair, "%.63s %.63s", pieces[i], pieces[i + 1]);
            const json_t *rank = json_object_get(s->ranks, pair);
            if (rank && json_integer_value(rank) < best_rank) {
                best_rank = json_integer_value(rank);
                best = i;
            }
        }
        if (best == n)
            return n;
        char joint[128];
        snprintf(joint, sizeof joint, "%.63s%.63s", pieces[best], pieces[best + 1]);
        snprintf(pieces[best], 64, "%.63s", joint);
        memmove(pieces[best + 1], pieces[best + 2], (n - best - 2) * 64);
        n--;
    }
}

static void test_random_text_equals_the_definition(void **state)
{
    (void)state;
    static const char *parts[] = {" ",    "  ",    "a",  "e",  "th", "in",  " the", "s",
                                  "ing",  "A",     "x1", "\n", "é",  "日",  "▁",    ".",
                                  "aaaa", "Hello", "er", "\t", "ll", "    "};
    json_t *root = json_load_file(shared_path(PHI), 0, NULL);
    const json_t *model = json_object_get(root, "model");
    struct slow s = {json_object(), json_object_get(model, "vocab")};
    size_t rank;
    json_t *merge;
    json_array_foreach(json_object_get(model, "merges"), rank, merge)
        json_object_set_new(s.ranks, json_string_value(merge), json_integer((json_int_t)rank));
    const struct tokenizer *t = phi();
    const char *given = getenv("QINS_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : 1;
    printf("seed %u (QINS_SEED)\n", seed);
    for (int round = 0; round < 60; round++) {
        char text[256] = "";
        static char pieces[400][64];
        for (int i = 0; i < 24; i++) {
            seed = seed * 1664525u + 1013904223u;
            strcat(text, parts[(seed >> 16) % (sizeof parts / sizeof *parts)]);
        }
        size_t n = slow_encode(&s, text, pieces, 400), k = 0;
        struct ids ids = encode(t, text, strlen(text), false);
        for (size_t i = 0; i < n; i++) {
            const json_t *id = json_object_get(s.vocab, pieces[i]);
            for (size_t b = 0; !id && b < strlen(pieces[i]); b++)
                assert_int_equal(ids.ids[k++], 3 + (unsigned char)pieces[i][b]);
            if (id && ids.ids[k++] != json_integer_value(id))
                fail_msg("round %d: id %zu is %d, not %s, in \"%s\"", round, k - 1, ids.ids[k - 1],
                         pieces[i], text);
        }
        assert_int_equal(k, ids.n);
        ids_free(&ids);
    }
    json_decref(s.ranks);
    json_decref(root);
}

/* Long text without a space: "aaaa" pieces, in far less than quadratic time (a quadratic merge of
 * this text would take hours). */
static void test_long_text_without_spaces(void **state)
{
    (void)state;
    enum { N = 1 << 18 };
    const struct tokenizer *t = phi();
    char *text = xmalloc(N);
    memset(text, 'a', N);
    struct ids ids = encode(t, text, N, false);
    struct buf back = {0};
    tokenizer_decode(t, ids.ids, ids.n, false, &back);
    assert_int_equal(back.len, N);
    assert_memory_equal(back.data, text, N);
    assert_true(ids.n < N / 2);
    buf_free(&back);
    ids_free(&ids);
    free(text);
}

/* ---- decoding ------------------------------------------------------------------------- */

static void check_stream(const struct tokenizer *t, const int32_t *ids, size_t n, bool keep,
                         const char *pieces /* joined by '|' */)
{
    struct detokenizer d;
    struct buf out = {0};
    detokenizer_init(&d, t, keep);
    for (size_t i = 0; i < n; i++) {
        detokenizer_push(&d, ids[i], &out);
        buf_puts(&out, "|");
    }
    detokenizer_end(&d, &out);
    assert_string_equal(out.data, pieces);
    buf_free(&out);
}

#define IDS(...) (const int32_t[]){__VA_ARGS__}, sizeof((int32_t[]){__VA_ARGS__}) / 4

static void test_streaming_yields_whole_characters(void **state)
{
    (void)state;
    const struct tokenizer *t = phi();
    check_stream(t, IDS(15043, 3186), false, "Hello| world|");
    check_stream(t, IDS(29871, 243, 162, 156, 133), false, "||||🙂|");
    check_stream(t, IDS(243, 162, 15043), false, "||\uFFFD\uFFFD Hello|");
    check_stream(t, IDS(243, 162, 243, 162, 156, 133), false, "||\uFFFD\uFFFD|||🙂|");
    check_stream(t, IDS(258, 131), false, "\uFFFD|\uFFFD|");
    check_stream(t, IDS(229), false, "|\uFFFD");
    check_stream(t, IDS(13, 13), false, "\n|\n|");
    check_stream(t, IDS(35, 15043), false, "| Hello|"); /* byte 0x20: the one leading space */
    check_stream(t, IDS(259, 15043), false, " | Hello|");
    check_stream(t, IDS(32010, 15043, 32007), false, "|Hello||");
    check_stream(t, IDS(32010, 15043, 32007), true, "<|user|>| Hello|<|end|>|");
    check_stream(t, IDS(15043, 2, 32063, -1, 100000), false, "Hello|</s>||||");
}

static void check_decode(const struct tokenizer *t, const int32_t *ids, size_t n, bool keep,
                         const char *expected)
{
    struct buf out = {0};
    buf_puts(&out, ">");
    tokenizer_decode(t, ids, n, keep, &out);
    assert_string_equal(out.data + 1, expected);
    buf_free(&out);
}

static void test_decoding_a_whole_sequence(void **state)
{
    (void)state;
    const struct tokenizer *t = phi();
    check_decode(t, IDS(32010, 15043), true, "<|user|> Hello"); /* HF issue 30590 */
    check_decode(t, IDS(32010, 15043), false, "Hello");
    check_decode(t, IDS(231, 192, 163, 258, 15043), false, "\uFFFD\uFFFD\uFFFD\uFFFD Hello");
    check_decode(t, IDS(231, 192, 163, 15043), false, "你 Hello"); /* E4 BD A0 */
    check_decode(t, IDS(231), false, "\uFFFD");
}

/* decode(encode(x)) = x for valid UTF-8: "▁" aside, which is a space afterwards. */
static void test_round_trip(void **state)
{
    (void)state;
    static const char *texts[] = {"Hello world",
                                  " x",
                                  "  a  b \n\n\tc",
                                  "é日本語🙂\u200D\u0301",
                                  "int main(void)\n{\n    return 0;\n}\n",
                                  "  ",
                                  " "};
    const struct tokenizer *t = phi();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct ids ids = encode(t, texts[i], strlen(texts[i]), false);
        struct detokenizer d;
        struct buf stream = {0};
        detokenizer_init(&d, t, false);
        for (size_t k = 0; k < ids.n; k++)
            detokenizer_push(&d, ids.ids[k], &stream);
        detokenizer_end(&d, &stream);
        assert_string_equal(stream.data, texts[i]);
        check_decode(t, ids.ids, ids.n, false, texts[i]);
        buf_free(&stream);
        ids_free(&ids);
    }
}

/* ---- the same text in other tokens ---------------------------------------------------- */

static void check_common(const int32_t *a, size_t n_a, const int32_t *b, size_t n_b, size_t in_a,
                         size_t in_b)
{
    struct common_text c = tokenizer_common(phi(), a, n_a, b, n_b),
                       d = tokenizer_common(phi(), b, n_b, a, n_a);
    assert_int_equal(c.n_a, in_a);
    assert_int_equal(c.n_b, in_b);
    assert_int_equal(d.n_a, in_b);
    assert_int_equal(d.n_b, in_a);
}

/* 15043 "▁Hello", 29871 "▁", 259 "▁▁", 3186 "▁world"; bytes are their value + 3. */
static void test_one_text_in_two_ways(void **state)
{
    (void)state;
    struct ids typed = encode(phi(), "Hello<|end|>", 12, false);
    check_common(IDS(15043, 3186), IDS(15043, 3186), 2, 2);
    check_common(IDS(15043, 3186), IDS(15043, 3187), 1, 1);
    check_common(IDS(29871, 75, 104, 111, 111, 114, 3186), IDS(15043, 3186), 7, 2);
    check_common(IDS(29871, 75, 104, 111, 111, 115, 3186), IDS(15043, 3186), 0, 0);
    check_common(IDS(29871, 75), IDS(15043), 0, 0); /* no whole token of the other */
    check_common(IDS(15043, 29871, 75), IDS(15043, 15043), 1, 1);
    check_common(IDS(15043, 32007), typed.ids, typed.n, 1, 1); /* typed, it is no end */
    check_common(IDS(15043, 32007, 3186), IDS(15043, 3186), 1, 1);
    /* Decoding drops a space at the beginning of a text, and there alone. */
    check_common(IDS(32001, 75, 104, 111, 111, 114), IDS(32001, 15043), 6, 2);
    check_common(IDS(3186, 75, 104, 111, 111, 114), IDS(3186, 15043), 1, 1);
    check_common(IDS(32001, 259, 75), IDS(32001, 15043), 1, 1);
    check_common(IDS(32001, 29871, 75), IDS(32001, 75), 3, 2);
    check_common(IDS(15043, 35, 75), IDS(15043, 29871, 75), 3, 3); /* a space as a byte */
    check_common(IDS(15043, -1), IDS(15043, 100000), 1, 1);
    check_common(IDS(-1), IDS(), 0, 0);
    ids_free(&typed);
}

/* Any tokens against those of their text. No longer pair of beginnings says the same. */
static void test_common_text_is_the_longest(void **state)
{
    (void)state;
    enum { N = 12 };
    const struct tokenizer *t = phi();
    uint32_t seed = 1;
    for (int round = 0; round < 200; round++) {
        int32_t a[N];
        struct buf text = {0};
        for (int i = 0; i < N; i++) {
            seed = seed * 1664525u + 1013904223u;
            a[i] = (int32_t)(i % 3 == 1 ? 32 + 3 + seed % 90
                                        : 259 + seed % 3000); /* a byte, a piece */
        }
        tokenizer_decode(t, a, N, false, &text);
        struct ids b = encode(t, text.data, text.len, false);
        if (round % 2 && b.n > 4)
            b.ids[b.n / 2] = 300 + (int32_t)(seed % 1000);
        struct common_text c = tokenizer_common(t, a, N, b.ids, b.n), most = {0};
        for (size_t i = 0; i <= N; i++)
            for (size_t k = 0; k <= b.n; k++) {
                struct buf x = {0}, y = {0};
                buf_puts(&x, ">");
                buf_puts(&y, ">"); /* so that no space is dropped */
                int32_t first = 3 + '>';
                struct ids p = {0}, q = {0};
                ids_push(&p, first);
                ids_push(&q, first);
                for (size_t z = 0; z < i; z++)
                    ids_push(&p, a[z]);
                for (size_t z = 0; z < k; z++)
                    ids_push(&q, b.ids[z]);
                tokenizer_decode(t, p.ids, p.n, false, &x);
                tokenizer_decode(t, q.ids, q.n, false, &y);
                if (strcmp(x.data, y.data) == 0 && i >= most.n_a && k >= most.n_b)
                    most = (struct common_text){i, k};
                ids_free(&p);
                ids_free(&q);
                buf_free(&x);
                buf_free(&y);
            }
        assert_int_equal(c.n_a, most.n_a);
        assert_int_equal(c.n_b, most.n_b);
        ids_free(&b);
        buf_free(&text);
    }
}

/* ---- files that are not as they should be --------------------------------------------- */

/* A small tokenizer.json to spoil: ids 0..2 special, 3..258 bytes, then "▁" "a" "b" "ab" "▁a". */
static json_t *small(void)
{
    json_t *vocab = json_object(), *added = json_array();
    static const char *specials[] = {"<unk>", "<s>", "</s>"};
    static const char *pieces[] = {"▁", "a", "b", "ab", "▁a"};
    for (int i = 0; i < 3; i++) {
        json_object_set_new(vocab, specials[i], json_integer(i));
        json_array_append_new(
            added, json_pack("{s:i,s:s,s:b}", "id", i, "content", specials[i], "special", 1));
    }
    for (int i = 0; i < 256; i++) {
        char name[16];
        snprintf(name, sizeof name, "<0x%02X>", i);
        json_object_set_new(vocab, name, json_integer(3 + i));
    }
    for (int i = 0; i < 5; i++)
        json_object_set_new(vocab, pieces[i], json_integer(259 + i));
    return json_pack("{s:{s:s,s:b,s:o,s:[s,[s,s]]},s:o,s:{s:s,s:[{s:s,s:s},{s:s,s:{s:s},s:s}]},"
                     "s:{s:s,s:[{s:s,s:{s:s},s:s},{s:s},{s:s},{s:s,s:s,s:i,s:i}]}}",
                     "model", "type", "BPE", "byte_fallback", 1, "vocab", vocab, "merges", "a b",
                     "▁", "a", "added_tokens", added, "normalizer", "type", "Sequence",
                     "normalizers", "type", "Prepend", "prepend", "▁", "type", "Replace", "pattern",
                     "String", " ", "content", "▁", "decoder", "type", "Sequence", "decoders",
                     "type", "Replace", "pattern", "String", "▁", "content", " ", "type",
                     "ByteFallback", "type", "Fuse", "type", "Strip", "content", " ", "start", 1,
                     "stop", 0);
}

static struct tokenizer *load_json(json_t *root, uint32_t vocab, struct error *err)
{
    char *text = json_dumps(root, 0);
    struct tokenizer *t = tokenizer_new(text, strlen(text), "t.json", vocab, err);
    free(text);
    return t;
}

static void test_small_file_is_fine(void **state)
{
    (void)state;
    struct error err = {0};
    json_t *root = small();
    struct tokenizer *t = load_json(root, 264, &err);
    if (!t)
        fail_msg("%s", err.text);
    check(t, TEXT("ab"), false, "259 262"); /* "a b" has the lower rank */
    check(t, TEXT("aab"), false, "263 262");
    check(t, TEXT("<s>a"), true, "1 263");
    tokenizer_free(t);
    json_decref(root);
}

static json_t *at(json_t *root, const char *key, const char *inner)
{
    json_t *v = *key == '.' ? root : json_object_get(root, key);
    return inner ? json_object_get(v, inner) : v;
}

struct spoil {
    const char *key, *inner; /* where: an object or array */
    const char *member;      /* of an object; NULL: append to the array */
    const char *value;       /* JSON; NULL: delete */
    const char *message;     /* what the refusal must say */
};

static void test_spoilt_files_are_refused(void **state)
{
    (void)state;
    static const struct spoil spoils[] = {
        {"model", NULL, "type", "\"WordPiece\"", "model type is \"WordPiece\""},
        {"model", NULL, "type", "\"Unigram\"", "model type is \"Unigram\""},
        {"model", NULL, "type", "\"WordLevel\"", "model type is \"WordLevel\""},
        {"model", NULL, "unk_token", "\"<x>\"", "unk_token \"<x>\""},
        {"model", NULL, "end_of_word_suffix", "\"</w>\"", "suffix"},
        {"model", NULL, "dropout", "0.1", "dropout"},
        {"model", NULL, "continuing_subword_prefix", "\"##\"", "prefix"},
        {"model", NULL, "vocab", "[]", "vocab"},
        {"model", NULL, "vocab", "{}", "vocab"},
        {"model", NULL, "merges", "{}", "merges"},
        {"model", "vocab", "a", "-1", "not an integer"},
        {"model", "vocab", "a", "1.5", "not an integer"},
        {"model", "vocab", "a", "\"5\"", "not an integer"},
        {"model", "vocab", "a", "2147483648", "beyond the model's"},
        {"model", "vocab", "a", "9223372036854775807", "beyond the model's"},
        {"model", "vocab", "a", "264", "beyond the model's 264"},
        {"model", "vocab", "a", "261", "id 261 is both"},
        {"model", "vocab", "b", NULL, "not a piece"},
        {"model", "vocab", "", "264", "beyond"},
        {"model", "vocab", "<0x-1>", "264", "beyond"},
        {"model", "merges", NULL, "\"a x\"", "names \"x\", which is not a piece"},
        {"model", "merges", NULL, "\"b b\"", "names \"bb\", which is not a piece"},
        {"model", "merges", NULL, "\"ab\"", "not a pair"},
        {"model", "merges", NULL, "\"a  b\"", "not a pair"},
        {"model", "merges", NULL, "[\"a\"]", "not a pair"},
        {"model", "merges", NULL, "7", "not a pair"},
        {"normalizer", NULL, "type", "\"Nmt\"", "normalizer: type \"Nmt\" is not known; NFC"},
        {"normalizer", NULL, "type", "\"Replace\"", "no pattern"},
        {"decoder", NULL, "type", "\"CTC\"", "decoder: type \"CTC\" is not known; ByteLevel"},
        {"decoder", NULL, "type", "\"Metaspace\"", "replacement"},
        {".", NULL, "pre_tokenizer", "{\"type\":\"BertPreTokenizer\"}",
         "pre_tokenizer: type \"BertPreTokenizer\" is not known; ByteLevel"},
        {".", NULL, "pre_tokenizer",
         "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"a(\"},\"behavior\":\"Isolated\"}",
         "regular expression \"a(\""},
        {".", NULL, "pre_tokenizer",
         "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"a\"},\"behavior\":\"Odd\"}",
         "behavior \"Odd\" is not known; Removed"},
        {".", NULL, "post_processor", "{\"type\":\"BertProcessing\"}",
         "post_processor: type \"BertProcessing\" is not known; TemplateProcessing"},
        {"added_tokens", NULL, NULL, "{\"id\":264,\"content\":\"<x>\"}", "beyond"},
        {"added_tokens", NULL, NULL, "{\"id\":-2,\"content\":\"<x>\"}", "not an integer"},
        {"added_tokens", NULL, NULL, "{\"id\":5,\"content\":\"<x>\"}", "id 5 is both"},
        {"added_tokens", NULL, NULL, "{\"id\":5,\"content\":\"<s>\"}", "has ids 1 and 5"},
        {"added_tokens", NULL, NULL, "{\"id\":1,\"content\":\"<s>\"}", "has ids 1 and 1"},
        {"added_tokens", NULL, NULL, "{\"id\":5,\"content\":\"\"}", "no content"},
        {"added_tokens", NULL, NULL, "{\"id\":262,\"content\":\"ab\",\"special\":true}",
         "special tokens out of text"},
    };
    for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++) {
        const struct spoil *s = &spoils[i];
        json_t *root = small(), *where = at(root, s->key, s->inner);
        json_t *value = s->value ? json_loads(s->value, JSON_DECODE_ANY, NULL) : NULL;
        struct error err = {0};
        if (!s->member)
            assert_int_equal(json_array_append_new(where, value), 0);
        else if (value)
            json_object_set_new(where, s->member, value);
        else
            json_object_del(where, s->member);
        if (load_json(root, 264, &err))
            fail_msg("case %zu is accepted", i);
        assert_int_equal(err.code, EX_DATAERR);
        if (!strstr(err.text, s->message) || strncmp(err.text, "t.json: ", 8) != 0)
            fail_msg("case %zu says: %s", i, err.text);
        json_decref(root);
    }
}

static void check_refused(const char *text, size_t n, const char *message)
{
    struct error err = {0};
    assert_null(tokenizer_new(text, n, "t.json", 264, &err));
    if (!strstr(err.text, message))
        fail_msg("says: %s", err.text);
}

/* Ids may have gaps; a byte without a piece falls back to the unknown token; the last of two equal
 * merges counts. */
static void test_vocabulary_oddities(void **state)
{
    (void)state;
    struct error err;
    json_t *root = small(), *vocab = at(root, "model", "vocab"),
           *merges = at(root, "model", "merges");
    json_object_set_new(vocab, "", json_integer(264));
    assert_null(load_json(root, 1000, &err));
    assert_non_null(strstr(err.text, "empty"));
    json_object_del(vocab, "");
    json_object_set_new(vocab, "far", json_integer(999));
    json_object_set_new(vocab, "<0x-1>", json_integer(270));
    json_object_del(vocab, "<0x43>");
    json_object_set_new(at(root, "model", NULL), "unk_token", json_string("<unk>"));
    json_array_append_new(merges, json_string("a b")); /* now behind "▁ a" */
    struct tokenizer *t = load_json(root, 1000, &err);
    if (!t)
        fail_msg("%s", err.text);
    assert_int_equal(tokenizer_size(t), 1000);
    assert_int_equal(tokenizer_find(t, "far"), 999);
    check(t, TEXT("C"), false, "259 0");
    check(t, TEXT("B"), false, "259 69");
    check(t, TEXT("ab"), false, "263 261");
    tokenizer_free(t);
    json_object_set_new(vocab, "farther", json_integer(2000000));
    assert_null(load_json(root, 3000000, &err));
    assert_non_null(strstr(err.text, "far behind"));
    json_decref(root);
}

static void test_broken_json_is_refused(void **state)
{
    (void)state;
    char deep[100000];
    memset(deep, '[', sizeof deep);
    check_refused(deep, sizeof deep, "not valid JSON");
    check_refused(TEXT("{\"model\":{\"type\":\"BPE\",\"type\":\"BPE\"}}"), "not valid JSON");
    check_refused(TEXT("{\"a\":\"\\ud800\"}"), "not valid JSON");
    check_refused(TEXT("{} x"), "not valid JSON");
    check_refused(TEXT(""), "not valid JSON");
    check_refused(TEXT("[]"), "not an object");
    check_refused(TEXT("{}"), "model");
    check_refused("", (size_t)65 << 20, "at most");
}

/* A special token "a": what a person types still comes back, and is not that token. */
static void test_special_token_that_is_a_letter(void **state)
{
    (void)state;
    struct error err = {0};
    json_t *root = small();
    json_array_clear(at(root, "model", "merges"));
    json_array_append_new(at(root, "added_tokens", NULL),
                          json_pack("{s:i,s:s,s:b}", "id", 260, "content", "a", "special", 1));
    struct tokenizer *t = load_json(root, 264, &err);
    if (!t)
        fail_msg("%s", err.text);
    check(t, TEXT("a"), true, "260");
    check(t, TEXT("a"), false, "259 100"); /* "▁", byte 0x61 */
    check_decode(t, IDS(259, 100), false, "a");
    tokenizer_free(t);
    json_decref(root);
}

static void test_added_tokens_longest_first_and_stripping(void **state)
{
    (void)state;
    struct error err = {0};
    json_t *root = small(), *added = at(root, "added_tokens", NULL);
    json_array_append_new(added, json_pack("{s:i,s:s}", "id", 264, "content", "<x"));
    json_array_append_new(added, json_pack("{s:i,s:s}", "id", 265, "content", "<x>y"));
    json_array_append_new(added,
                          json_pack("{s:i,s:s,s:b}", "id", 266, "content", "<l>", "lstrip", 1));
    struct tokenizer *t = load_json(root, 1000, &err);
    if (!t)
        fail_msg("%s", err.text);
    check(t, TEXT("<x>y"), true, "265");
    check(t, TEXT("<x>z"), true, "264 259 65 125"); /* "▁>z" by bytes */
    check(t, TEXT("a \u00A0<l>b"), true, "263 266 259 261");
    check(t, TEXT(" \n<l>"), true, "266");
    const struct text_span spans[] = {{TEXT("a "), false}, {TEXT("<l>"), true}};
    struct ids ids = {0};
    tokenizer_encode(t, spans, 2, &ids);
    assert_int_equal(ids.n, 2);
    assert_int_equal(ids.ids[0], 263);
    ids_free(&ids);
    tokenizer_free(t);
    json_decref(root);
}

/* Changes of single bytes in the small file: it is refused, or works without harm. */
static void test_mutated_files_do_no_harm(void **state)
{
    (void)state;
    json_t *root = small();
    char *text = json_dumps(root, 0);
    size_t n = strlen(text);
    uint32_t seed = 1;
    int n_loaded = 0;
    for (int round = 0; round < 2000; round++) {
        char *copy = xstrndup(text, n);
        for (int i = 0; i < 1 + round % 3; i++) {
            seed = seed * 1664525u + 1013904223u;
            uint32_t where = (seed >> 8) % (uint32_t)n;
            seed = seed * 1664525u + 1013904223u;
            copy[where] = seed >> 31 ? copy[(seed >> 8) % (uint32_t)n] : (char)(seed >> 16);
        }
        struct error err = {0};
        struct tokenizer *t = tokenizer_new(copy, n, "t.json", 300, &err);
        if (t) {
            struct ids ids = encode(t, TEXT("ab a<s>b\xFF é"), true);
            for (size_t i = 0; i < ids.n; i++)
                assert_true(ids.ids[i] >= 0 && ids.ids[i] < 300);
            ids_free(&ids);
            n_loaded++;
        } else {
            assert_int_equal(err.code, EX_DATAERR);
        }
        tokenizer_free(t);
        free(copy);
    }
    assert_true(n_loaded > 0);
    free(text);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_with_special_tokens),
        cmocka_unit_test(test_vectors_of_plain_text),
        cmocka_unit_test(test_golden_vectors),
        cmocka_unit_test(test_typed_special_tokens_are_text),
        cmocka_unit_test(test_spans_are_one_text),
        cmocka_unit_test(test_prefix_is_what_the_post_processor_says),
        cmocka_unit_test(test_random_text_equals_the_definition),
        cmocka_unit_test(test_long_text_without_spaces),
        cmocka_unit_test(test_streaming_yields_whole_characters),
        cmocka_unit_test(test_decoding_a_whole_sequence),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_small_file_is_fine),
        cmocka_unit_test(test_spoilt_files_are_refused),
        cmocka_unit_test(test_vocabulary_oddities),
        cmocka_unit_test(test_broken_json_is_refused),
        cmocka_unit_test(test_one_text_in_two_ways),
        cmocka_unit_test(test_common_text_is_the_longest),
        cmocka_unit_test(test_special_token_that_is_a_letter),
        cmocka_unit_test(test_added_tokens_longest_first_and_stripping),
        cmocka_unit_test(test_mutated_files_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, free_phi);
}
