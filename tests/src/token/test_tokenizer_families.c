/* SPDX-License-Identifier: MIT
 *
 * Families of tokenizers. Expected values: shared/vectors/tokenizers, by the tokenizers library
 * 0.23; a part of two of them stands in tests/data. Examples of single steps are those of the
 * library's documentation (https://huggingface.co/docs/tokenizers/api/pre-tokenizers).
 */
#include <jansson.h>
#include <unistd.h>

#include "test.h"
#include "tokenizer_internal.h"

#define TEXT(s) (s), sizeof(s) - 1

/* ---- reading ------------------------------------------------------------------------------ */

static struct buf read_command(const char *command)
{
    struct buf out = {0};
    char chunk[1 << 16];
    size_t n;
    FILE *f = popen(command, "r");
    assert_non_null(f);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        buf_append(&out, chunk, n);
    assert_int_equal(pclose(f), 0);
    return out;
}

/* FOLDER/FAMILY/tokenizer.json, or its .zst */
static struct tokenizer *load(const char *folder, const char *family, struct error *err)
{
    char command[1200];
    snprintf(command, sizeof command,
             "cd '%s/%s' && if [ -e tokenizer.json ]; then cat tokenizer.json; "
             "else zstd -dqc tokenizer.json.zst; fi",
             folder, family);
    struct buf json = read_command(command);
    struct tokenizer *t = tokenizer_new(json.data, json.len, family, 0, err);
    buf_free(&json);
    return t;
}

static struct ids encode(const struct tokenizer *t, const char *text, size_t n, bool special)
{
    struct ids ids = {0};
    struct text_span span = {text, n, special};
    if (special)
        tokenizer_push_prefix(t, &ids);
    assert_true(tokenizer_encode(t, &span, 1, &ids));
    if (special)
        tokenizer_push_suffix(t, &ids);
    return ids;
}

static void check_ids(const struct tokenizer *t, const json_t *text, bool special,
                      const json_t *expected, const char *family)
{
    struct ids ids = encode(t, json_string_value(text), json_string_length(text), special);
    bool same = ids.n == json_array_size(expected);
    for (size_t i = 0; same && i < ids.n; i++)
        same = ids.ids[i] == json_integer_value(json_array_get(expected, i));
    if (!same)
        fail_msg("%s: other ids for \"%s\"", family, json_string_value(text));
    ids_free(&ids);
}

static struct buf stream(const struct tokenizer *t, const struct ids *ids)
{
    struct buf out = {0};
    struct detokenizer d;
    buf_append(&out, "", 0);
    detokenizer_init(&d, t, false);
    for (size_t i = 0; i < ids->n; i++) {
        detokenizer_push(&d, ids->ids[i], &out);
        json_t *whole = json_stringn(out.data, out.len); /* complete UTF-8 only */
        assert_non_null(whole);
        json_decref(whole);
    }
    detokenizer_end(&d, &out);
    return out;
}

static void check_decoded(const struct tokenizer *t, const json_t *v, const char *family)
{
    const json_t *plain = json_object_get(v, "plain"), *decoded = json_object_get(v, "decoded");
    struct ids ids = {0};
    struct buf out = {0};
    buf_append(&out, "", 0);
    for (size_t i = 0; i < json_array_size(plain); i++)
        ids_push(&ids, (int32_t)json_integer_value(json_array_get(plain, i)));
    tokenizer_decode(t, ids.ids, ids.n, false, &out);
    if (out.len != json_string_length(decoded) ||
        memcmp(out.data, json_string_value(decoded), out.len) != 0)
        fail_msg("%s: decodes \"%s\"", family, out.data);
    struct buf streamed = stream(t, &ids);
    assert_int_equal(streamed.len, out.len);
    assert_memory_equal(streamed.data, out.data, out.len);
    buf_free(&streamed);
    buf_free(&out);
    ids_free(&ids);
}

/* Every vector: ids with specials, plain ids and decoding if no added token is spelled. */
static int check_vectors(const struct tokenizer *t, const char *folder, const char *family)
{
    char path[1200], *line = NULL;
    size_t cap = 0;
    int n = 0;
    snprintf(path, sizeof path, "%s/%s/vectors.jsonl", folder, family);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    for (; getline(&line, &cap, f) > 0; n++) {
        json_t *v = json_loads(line, JSON_ALLOW_NUL, NULL);
        const json_t *text = json_object_get(v, "text");
        check_ids(t, text, true, json_object_get(v, "ids"), family);
        if (!strchr(json_string_value(text), '<')) {
            check_ids(t, text, false, json_object_get(v, "plain"), family);
            check_decoded(t, v, family);
        }
        json_decref(v);
    }
    free(line);
    fclose(f);
    return n;
}

/* From JSON, and from its image somewhere else in memory. */
static void check_family(const char *folder, const char *family, int n_vectors)
{
    struct error err;
    size_t n;
    struct tokenizer *t = load(folder, family, &err);
    if (!t)
        fail_msg("%s", err.text);
    assert_true(check_vectors(t, folder, family) >= n_vectors);
    const void *image = tokenizer_image(t, &n);
    void *copy = xaligned(n);
    memcpy(copy, image, n);
    tokenizer_free(t);
    t = tokenizer_open(copy, n, family, 0, &err);
    if (!t)
        fail_msg("%s", err.text);
    assert_true(check_vectors(t, folder, family) >= n_vectors);
    tokenizer_free(t);
    free(copy);
}

static void test_vectors_of_two_families(void **state)
{
    (void)state;
    char folder[1024];
    snprintf(folder, sizeof folder, "%s/tests/data/tokenizers", getenv("QINS_SOURCE"));
    check_family(folder, "qwen35", 60);
    check_family(folder, "gemma", 60);
}

static void test_vectors_of_all_families(void **state)
{
    (void)state;
    static const char *const families[] = {"deepseek",        "gemma",   "gpt2",
                                           "gpt4o",           "granite", "llama3",
                                           "qwen2",           "qwen35",  "metaspace-always",
                                           "metaspace-first", "smollm",  "tekken",
                                           "qwen3",           "gpt-oss", "llama-3.1",
                                           "gemma-3"};
    const char *folder = shared_path("vectors/tokenizers");
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        check_family(folder, families[i], 390);
}

/* ---- small tokenizers ---------------------------------------------------------------------- */

/* `members`: of tokenizer.json, beside a model of the letters a and b, "ab", and bytes if asked. */
static struct tokenizer *small(const char *members, struct error *err)
{
    struct buf json = {0};
    buf_printf(
        &json,
        "{\"model\":{\"type\":\"BPE\",\"unk_token\":\"?\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,"
        "\"?\":3,\" \":4,\"-\":5,\"\xE2\x96\x81\":6,\"c\":7},\"merges\":[\"a b\"]}%s%s}",
        *members ? "," : "", members);
    struct tokenizer *t = tokenizer_new(json.data, json.len, "small", 0, err);
    buf_free(&json);
    return t;
}

static void check_small(const char *members, const char *text, bool special, const char *expected)
{
    struct error err;
    struct buf got = {0};
    struct tokenizer *t = small(members, &err);
    if (!t)
        fail_msg("%s: %s", members, err.text);
    struct ids ids = encode(t, text, strlen(text), special);
    buf_append(&got, "", 0);
    for (size_t i = 0; i < ids.n; i++)
        buf_printf(&got, i ? " %d" : "%d", ids.ids[i]);
    if (strcmp(got.data, expected) != 0)
        fail_msg("%s\n\"%s\": %s, not %s", members, text, got.data, expected);
    ids_free(&ids);
    buf_free(&got);
    tokenizer_free(t);
}

/* The words of a text, joined by "|". */
static bool add_word(void *arg, const char *s, size_t n)
{
    struct buf *words = arg;
    if (words->len)
        buf_puts(words, "|");
    buf_append(words, s, n);
    return true;
}

#include "pretokenizer.h"

static void check_words(const char *step, const char *text, const char *expected)
{
    struct error err;
    struct buf words = {0}, members = {0};
    buf_printf(&members, "\"pre_tokenizer\":%s", step);
    struct tokenizer *t = small(members.data, &err);
    if (!t)
        fail_msg("%s: %s", step, err.text);
    struct pretokenizer p = {.steps = t->image.steps,
                             .matchers = t->matchers,
                             .n_steps = t->image.header->n_steps,
                             .strings = t->image.strings,
                             .scratch = regexp_scratch_new(strlen(text)),
                             .word = add_word,
                             .arg = &words};
    assert_true(pretokenize(&p, text, strlen(text), true));
    if (!words.data || strcmp(words.data, expected) != 0)
        fail_msg("%s: %s, not %s", step, words.data ? words.data : "nothing", expected);
    regexp_scratch_free(p.scratch);
    pretokenizer_free(&p);
    buf_free(&words);
    buf_free(&members);
    tokenizer_free(t);
}

#define SPLIT(pattern, behaviour)                                                                  \
    "{\"type\":\"Split\",\"pattern\":" pattern ",\"behavior\":\"" behaviour "\"}"
#define DASH "{\"String\":\"-\"}"

/* "the-final--countdown" of the documentation. */
static void test_what_becomes_of_matches(void **state)
{
    (void)state;
    const char *text = "the-final--countdown";
    check_words(SPLIT(DASH, "Removed"), text, "the|final|countdown");
    check_words(SPLIT(DASH, "Isolated"), text, "the|-|final|-|-|countdown");
    check_words(SPLIT(DASH, "MergedWithPrevious"), text, "the-|final-|-|countdown");
    check_words(SPLIT(DASH, "MergedWithNext"), text, "the|-final|-|-countdown");
    check_words(SPLIT(DASH, "Contiguous"), text, "the|-|final|--|countdown");
    check_words("{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\w+\"},\"behavior\":\"Removed\","
                "\"invert\":true}",
                text, "the|final|countdown");
    check_words(SPLIT("{\"Regex\":\"(?=-)\"}", "Isolated"), "a-b", "a|-b");
}

static void test_pre_tokenizers(void **state)
{
    (void)state;
    check_words("{\"type\":\"Whitespace\"}", "Hello there!", "Hello|there|!");
    check_words("{\"type\":\"WhitespaceSplit\"}", " Hello\tthere! ", "Hello|there!");
    check_words("{\"type\":\"Punctuation\"}", "Hello?", "Hello|?");
    check_words("{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"}", "a?!b", "a|?!|b");
    check_words("{\"type\":\"Digits\",\"individual_digits\":true}", "Call 911!", "Call |9|1|1|!");
    check_words("{\"type\":\"Digits\",\"individual_digits\":false}", "Call 911!", "Call |911|!");
    check_words("{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"always\"}",
                "Hey   you", "_Hey|_|_|_you");
    check_words("{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"never\"}",
                "Hey you", "Hey|_you");
    check_words("{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"always\","
                "\"split\":false}",
                "Hey you", "_Hey_you");
    check_words("{\"type\":\"ByteLevel\",\"add_prefix_space\":true}", "Hello friend, how are you?",
                " Hello| friend|,| how| are| you|?");
    check_words("{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Punctuation\"},"
                "{\"type\":\"WhitespaceSplit\"}]}",
                "I can't.", "I|can|'|t|.");
    /* not the last one: its characters are seen */
    check_words("{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"ByteLevel\","
                "\"add_prefix_space\":false,\"use_regex\":false},{\"type\":\"Punctuation\"}]}",
                "a b.",
                "a\xC4\xA0"
                "b|.");
}

#define ADDED(content, flags)                                                                      \
    "\"added_tokens\":[{\"id\":9,\"content\":\"" content "\",\"special\":true" flags "}]"

static void test_flags_of_added_tokens(void **state)
{
    (void)state;
    check_small(ADDED("<x>", ""), "a <x> b", true, "0 4 9 4 1");
    check_small(ADDED("<x>", ""), "a <x> b", false, "0 4 3 3 3 4 1");
    check_small(ADDED("<x>", ",\"lstrip\":true"), "a <x> b", true, "0 9 4 1");
    check_small(ADDED("<x>", ",\"rstrip\":true"), "a <x> b", true, "0 4 9 1");
    check_small(ADDED("cc", ",\"single_word\":true"), "acc cc", true, "0 7 7 4 9");
    check_small(ADDED("C", ",\"normalized\":true") ",\"normalizer\":{\"type\":\"Lowercase\"}", "aC",
                true, "0 9");
    check_small(ADDED("C", "") ",\"normalizer\":{\"type\":\"Lowercase\"}", "ac", true, "0 7");
    /* white space is no markup: recognised in what people write, too */
    check_small("\"added_tokens\":[{\"id\":9,\"content\":\"  \"},{\"id\":10,\"content\":\"<>\"}]",
                "a  b<>", false, "0 9 1 3 3");
}

/* A token in the normal form counts only if all of it is the template's. */
static void test_spans_in_the_normal_form(void **state)
{
    (void)state;
    struct error err;
    struct tokenizer *t =
        small(ADDED("\xC3\xA9", ",\"normalized\":true") ",\"normalizer\":{\"type\":\"NFC\"}", &err);
    if (!t)
        fail_msg("%s", err.text);
    const struct text_span whole[] = {{TEXT("a"), false}, {TEXT("e\xCC\x81"), true}};
    const struct text_span torn[] = {{TEXT("ae"), false}, {TEXT("\xCC\x81"), true}};
    struct ids ids = {0};
    assert_true(tokenizer_encode(t, whole, 2, &ids));
    assert_true(ids.n == 2 && ids.ids[1] == 9);
    ids.n = 0;
    assert_true(tokenizer_encode(t, torn, 2, &ids));
    assert_true(ids.n == 2 && ids.ids[1] == 3);
    ids_free(&ids);
    tokenizer_free(t);
}

#define NORMALIZER(step) "\"normalizer\":" step

static void test_normalizers(void **state)
{
    (void)state;
    check_small(NORMALIZER("{\"type\":\"NFKC\"}"), "\xEF\xBD\x81\xE2\x82\x81", false, "0 3");
    check_small(NORMALIZER("{\"type\":\"NFD\"}"), "\xC3\xA0", false, "0 3"); /* a, grave */
    check_small(NORMALIZER("{\"type\":\"NFC\"}"), "a\xCC\x80", false, "3");
    check_small(NORMALIZER("{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":false}"),
                " \xE2\x80\x83"
                "a ",
                false, "0 4");
    check_small(
        NORMALIZER("{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" +\"},\"content\":\"-\"}"),
        "a  b", false, "0 5 1");
    check_small(NORMALIZER("{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\","
                           "\"prepend\":\"a\"},{\"type\":\"Lowercase\"}]}"),
                "B", false, "2");
}

static void test_unknown_characters(void **state)
{
    (void)state;
    struct error err;
    check_small("", "axxb", false, "0 3 3 1");
    char json[] = "{\"model\":{\"type\":\"BPE\",\"unk_token\":\"?\",\"fuse_unk\":true,"
                  "\"vocab\":{\"a\":0,\"?\":1},\"merges\":[]}}";
    struct tokenizer *t = tokenizer_new(json, sizeof json - 1, "fused", 0, &err);
    struct ids ids = encode(t, TEXT("xxax"), false);
    assert_true(ids.n == 3 && ids.ids[0] == 1 && ids.ids[1] == 0 && ids.ids[2] == 1);
    ids_free(&ids);
    tokenizer_free(t);
}

/* ---- decoders ------------------------------------------------------------------------------ */

static void check_decoder(const char *decoder, const int32_t *ids, size_t n, const char *expected)
{
    struct error err;
    struct buf out = {0}, members = {0};
    struct ids list = {0};
    buf_printf(&members, "\"decoder\":%s", decoder);
    struct tokenizer *t = small(members.data, &err);
    if (!t)
        fail_msg("%s: %s", decoder, err.text);
    ids_append(&list, ids, n);
    buf_append(&out, "", 0);
    tokenizer_decode(t, ids, n, false, &out);
    struct buf streamed = stream(t, &list);
    if (strcmp(out.data, expected) != 0 || strcmp(streamed.data, expected) != 0)
        fail_msg("%s: \"%s\", streamed \"%s\", not \"%s\"", decoder, out.data, streamed.data,
                 expected);
    ids_free(&list);
    buf_free(&out);
    buf_free(&streamed);
    buf_free(&members);
    tokenizer_free(t);
}

#define IDS(...) (const int32_t[]){__VA_ARGS__}, sizeof((int32_t[]){__VA_ARGS__}) / 4

static void test_decoders(void **state)
{
    (void)state;
    check_decoder("null", IDS(0, 1), "a b");
    check_decoder("{\"type\":\"Fuse\"}", IDS(0, 4, 1), "a b");
    check_decoder("{\"type\":\"Metaspace\",\"replacement\":\"\xE2\x96\x81\"}", IDS(6, 0, 6, 1),
                  "a b");
    check_decoder(
        "{\"type\":\"Metaspace\",\"replacement\":\"\xE2\x96\x81\",\"prepend_scheme\":\"never\"}",
        IDS(6, 0), " a");
    check_decoder("{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Fuse\"},{\"type\":\"Replace\","
                  "\"pattern\":{\"String\":\"a-\"},\"content\":\"+\"}]}",
                  IDS(0, 0, 5, 1, 0), "a+ba"); /* across tokens */
    check_decoder("{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Fuse\"},{\"type\":\"Strip\","
                  "\"content\":\"-\",\"start\":1,\"stop\":1}]}",
                  IDS(5, 5, 0, 5, 1, 5, 5), "-a-b-");
}

/* ---- hostile files ------------------------------------------------------------------------- */

static struct tokenizer *local(const char *family)
{
    char folder[1024];
    struct error err;
    snprintf(folder, sizeof folder, "%s/tests/data/tokenizers", getenv("QINS_SOURCE"));
    struct tokenizer *t = load(folder, family, &err);
    if (!t)
        fail_msg("%s", err.text);
    return t;
}

static void use(struct tokenizer *t)
{
    struct buf text = {0};
    struct ids ids = {0};
    const struct text_span spans[] = {{TEXT("the\xFF e\xCC\x81 12 <s>"), true},
                                      {TEXT("<s> \xE6\x97\xA5\xE6\x9C\xAC aaaa"), false}};
    tokenizer_encode(t, spans, 2, &ids);
    for (size_t i = 0; i < ids.n; i++)
        assert_true(ids.ids[i] >= 0 && (uint32_t)ids.ids[i] < tokenizer_size(t));
    tokenizer_decode(t, ids.ids, ids.n, true, &text);
    buf_free(&text);
    ids_free(&ids);
}

/* Changes of single bytes in the header and everywhere: refused, or used without harm. */
static void test_mutated_images_do_no_harm(void **state)
{
    (void)state;
    struct tokenizer *t = local("gemma");
    size_t n;
    const void *image = tokenizer_image(t, &n);
    char *copy = xaligned(n);
    uint32_t seed = 1, n_opened = 0;
    for (int round = 0; round < 3000; round++) {
        struct error err = {0};
        memcpy(copy, image, n);
        for (int i = 0; i < 1 + round % 3; i++) {
            seed = seed * 1664525u + 1013904223u;
            size_t where = round % 2 ? (seed >> 8) % sizeof(struct image_header) : (seed >> 4) % n;
            seed = seed * 1664525u + 1013904223u;
            copy[where] = (char)(seed >> 16);
        }
        struct tokenizer *m = tokenizer_open(copy, n, "image", 0, &err);
        if (m) {
            use(m);
            n_opened++;
        } else {
            assert_int_equal(err.code, EX_DATAERR);
        }
        tokenizer_free(m);
    }
    assert_true(n_opened > 0);
    free(copy);
    tokenizer_free(t);
}

static void test_images_are_refused(void **state)
{
    (void)state;
    struct tokenizer *t = local("gemma");
    struct error err;
    size_t n;
    const void *image = tokenizer_image(t, &n);
    char *copy = xaligned(n);
    struct image_header *h = (struct image_header *)(void *)copy;
    static const struct {
        size_t at;
        uint32_t value;
        const char *says;
    } cases[] = {
        {0, 0, "no compiled tokenizer"},
        {offsetof(struct image_header, version), 2, "version 2"},
        {offsetof(struct image_header, n_bytes), 64, "counts"},
        {offsetof(struct image_header, n_ids), UINT32_MAX, "counts"},
        {offsetof(struct image_header, n_steps), 65, "counts"},
        {offsetof(struct image_header, n_join_bits), 33, "counts"},
        {offsetof(struct image_header, unk), 1u << 20, "unknown token"},
        {sizeof *h, 1, "offset of piece"},
        {sizeof *h + 4, UINT32_MAX, "piece"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(copy, image, n);
        memcpy(copy + cases[i].at, &cases[i].value, sizeof cases[i].value);
        assert_null(tokenizer_open(copy, n, "image", 0, &err));
        if (!strstr(err.text, cases[i].says))
            fail_msg("case %zu says: %s", i, err.text);
    }
    memcpy(copy, image, n);
    assert_null(tokenizer_open(copy, n, "image", 100, &err));
    assert_non_null(strstr(err.text, "100 embeddings"));
    assert_null(tokenizer_open(copy, n - 64, "image", 0, &err));
    assert_null(tokenizer_open(copy, 10, "image", 0, &err));
    assert_null(tokenizer_open(copy + 4, n - 64, "image", 0, &err));
    free(copy);
    tokenizer_free(t);
}

/* A pattern that takes exponential time gives up, and the text is encoded anyway. */
static void test_a_hostile_pattern_gives_up(void **state)
{
    (void)state;
    struct error err;
    struct tokenizer *t =
        small("\"pre_tokenizer\":" SPLIT("{\"Regex\":\"(a|aa)+[xy]\"}", "Isolated"), &err);
    if (!t)
        fail_msg("%s", err.text);
    char text[200];
    memset(text, 'a', sizeof text);
    struct text_span span = {text, sizeof text, false};
    struct ids ids = {0};
    assert_false(tokenizer_encode(t, &span, 1, &ids));
    assert_int_equal(ids.n, sizeof text);
    assert_false(tokenizer_gave_up(&err));
    assert_non_null(strstr(err.text, "too many steps"));
    ids_free(&ids);
    tokenizer_free(t);
}

/* Work grows as the text does: counted, not timed. */
static void test_a_word_of_a_million_letters(void **state)
{
    (void)state;
    enum { N = 1 << 20 };
    struct tokenizer *t = local("qwen35");
    struct bpe_work work = {0};
    struct ids ids = {0};
    for (int i = 0; i < N; i++)
        bpe_add(&work, (uint32_t)t->level_ids[i % 1000 < 900 ? 'e' : 'a' + i % 13]);
    bpe_finish(&t->image.merges, &work, &ids);
    assert_true(ids.n > 0 && ids.n < N);
    assert_true(work.n_steps < 8 * (uint64_t)N);
    bpe_work_free(&work);
    ids_free(&ids);
    tokenizer_free(t);
}

/* ---- regular expressions -------------------------------------------------------------------- */

static void check_regexp(const char *source, const char *text, const char *match)
{
    struct error err;
    struct regexp *r = regexp_new(source, strlen(source), "t.json", "test", &err);
    if (!r)
        fail_msg("%s", err.text);
    struct regexp_scratch *scratch = regexp_scratch_new(100);
    size_t start, end;
    enum found found = regexp_find(r, scratch, text, strlen(text), 0, &start, &end);
    if (!match) {
        assert_int_equal(found, FOUND_NOTHING);
    } else if (found != FOUND_MATCH || end - start != strlen(match) ||
               memcmp(text + start, match, end - start) != 0) {
        fail_msg("%s does not find \"%s\" in \"%s\"", source, match, text);
    }
    regexp_scratch_free(scratch);
    regexp_free(r);
}

/* https://github.com/kkos/oniguruma/blob/master/doc/RE */
static void test_oniguruma_syntax(void **state)
{
    (void)state;
    check_regexp("\\h+", "xyz1Fg", "1F");
    check_regexp("[a-w&&[^c-g]z]+", "cdabwz", "abw");
    check_regexp("[\\p{L}&&[^a-c]]+", "abcde1", "de");
    check_regexp("[a[^b-z]]+", "bcA1ad", "A1a");
    check_regexp("(?m:a.c)", "a\nc", "a\nc");
    check_regexp("a.c", "a\nc", NULL);
    check_regexp("^b$", "a\nb\nc", "b");
    check_regexp("a{,2}b", "aaab", "aab");
    check_regexp("1{1,3}+", "11111", "11111");
    check_regexp("a?+a", "a", NULL);
    check_regexp("\\s", "\xE1\xA0\x8E", NULL); /* U+180E is no white space */
    check_regexp("\\s", "\xE3\x80\x80", "\xE3\x80\x80");
    check_regexp("\\w+", "a\xCC\x81_\xD9\xA3", "a\xCC\x81_\xD9\xA3");
    check_regexp("\\p{Alpha}+", "12ab", "ab");
    check_regexp("\\p{^Letter}+", "ab12", "12");
    check_regexp("[[:digit:]x]+", "a1x", "1x");
    check_regexp("(?i:k)", "\xE2\x84\xAA", "\xE2\x84\xAA"); /* the Kelvin sign */
    check_regexp("\\u0061", "a", "a");
}

static void test_bad_expressions_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"a(", "[a",    "[a&&", "\\p{L", "\\p{Nonsense}",
                                      "*",  "(?~a)", "a\\"};
    struct error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (regexp_new(bad[i], strlen(bad[i]), "t.json", "normalizer", &err))
            fail_msg("%s is accepted", bad[i]);
        if (strncmp(err.text, "t.json: normalizer: regular expression", 38) != 0)
            fail_msg("%s", err.text);
    }
    char deep[1000];
    memset(deep, '[', sizeof deep);
    assert_null(regexp_new(deep, sizeof deep, "t.json", "decoder", &err));
    memset(deep, '(', sizeof deep);
    assert_null(regexp_new(deep, sizeof deep, "t.json", "decoder", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_of_two_families),
        cmocka_unit_test(test_vectors_of_all_families),
        cmocka_unit_test(test_what_becomes_of_matches),
        cmocka_unit_test(test_pre_tokenizers),
        cmocka_unit_test(test_flags_of_added_tokens),
        cmocka_unit_test(test_spans_in_the_normal_form),
        cmocka_unit_test(test_normalizers),
        cmocka_unit_test(test_unknown_characters),
        cmocka_unit_test(test_decoders),
        cmocka_unit_test(test_images_are_refused),
        cmocka_unit_test(test_mutated_images_do_no_harm),
        cmocka_unit_test(test_a_hostile_pattern_gives_up),
        cmocka_unit_test(test_a_word_of_a_million_letters),
        cmocka_unit_test(test_oniguruma_syntax),
        cmocka_unit_test(test_bad_expressions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
