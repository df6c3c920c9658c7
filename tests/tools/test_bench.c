/* SPDX-License-Identifier: MIT
 *
 * qins-bench as people run it: what is on stdout, what on stderr, and the exit code.
 */
#include <math.h>
#include <sys/wait.h>

#include "json.h"
#include "test.h"

struct output {
    struct buf text; /* stdout */
    int code;
};

/* Runs the program; $QS in the arguments is the shared folder. stderr joins where asked. */
static struct output run(const char *arguments, bool with_stderr)
{
    struct output out = {0};
    const char *build = getenv("QINS_BUILD"), *shared = shared_path("");
    char *command = xasprintf("QS='%s'; LC_ALL=de_DE.UTF-8 '%s/tools/qins-bench' %s %s", shared,
                              build ? build : ".", arguments, with_stderr ? "2>&1" : "2>/dev/null");
    FILE *f = popen(command, "r");
    char chunk[4096];
    size_t n;
    assert_non_null(f);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        buf_append(&out.text, chunk, n);
    int status = pclose(f);
    out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    buf_append(&out.text, "", 0);
    free(command);
    return out;
}

static void expect_text(const char *arguments, const char *want)
{
    struct output out = run(arguments, false);
    assert_int_equal(out.code, 0);
    assert_string_equal(out.text.data, want);
    buf_free(&out.text);
}

static json_t *expect_json(const char *arguments)
{
    struct error err;
    struct output out = run(arguments, false);
    assert_int_equal(out.code, 0);
    json_t *j = json_parse(out.text.data, out.text.len, "qins-bench", &err);
    assert_non_null(j);
    buf_free(&out.text);
    return j;
}

/* Ids from shared/vectors/phi-3.5-tokenizer.jsonl and the <s> of Llama's post-processor. */
static void test_tokens(void **state)
{
    (void)state;
    const char *text = "'\\frac{a}{b} + \\sqrt{2}'",
               *ids = "320 1154 29912 29874 1157 29890 29913 718 320 3676 29912 29906 29913";
    char arguments[512], want[256];
    snprintf(arguments, sizeof arguments, "tokens \"$QS/models/phi-3.5-mini-instruct\" %s", text);
    snprintf(want, sizeof want, "%s\n", ids);
    expect_text(arguments, want);
    snprintf(arguments, sizeof arguments,
             "tokens --decode \"$QS/models/phi-3.5-mini-instruct\" '%s'", ids);
    expect_text(arguments, "\\frac{a}{b} + \\sqrt{2}");
    expect_text("tokens \"$QS/models/phi-3.5-mini-instruct\" '<|end|>'", "32007\n");
    expect_text("tokens \"$QS/models/stories260K\" - < /dev/null", "1\n");
}

static void check_case(const char *fixture, const json_t *example)
{
    struct buf arguments = {0};
    const json_t *prompt = json_object_get(example, "prompt"),
                 *greedy = json_object_get(example, "greedy"),
                 *logits = json_object_get(example, "logits");
    buf_printf(&arguments, "logits \"$QS/fixtures/%s\" --json --greedy %zu --ids ", fixture,
               json_array_size(greedy));
    for (size_t i = 0; i < json_array_size(prompt); i++)
        buf_printf(&arguments, "%s%lld", i ? "," : "",
                   (long long)json_integer_value(json_array_get(prompt, i)));
    json_t *j = expect_json(arguments.data);
    assert_true(json_equal(json_object_get(j, "greedy"), greedy));
    const json_t *got = json_object_get(j, "logits");
    assert_int_equal(json_array_size(got), json_array_size(logits));
    for (size_t i = 0; i < json_array_size(logits); i++)
        assert_true(fabs(json_number_value(json_array_get(got, i)) -
                         json_number_value(json_array_get(logits, i))) <= 1e-3);
    json_decref(j);
    buf_free(&arguments);
}

static void test_logits(void **state)
{
    (void)state;
    const char *const fixtures[] = {"phi3", "phi3-cross", "phi4", "llama"};
    for (size_t f = 0; f < sizeof fixtures / sizeof *fixtures; f++) {
        struct error err;
        struct buf text = {0};
        char name[64];
        snprintf(name, sizeof name, "fixtures/%s/expected.json", fixtures[f]);
        assert_true(read_file(&text, shared_path(name), 1 << 24, &err));
        json_t *expected = json_parse(text.data, text.len, name, &err);
        const json_t *cases = json_object_get(expected, "cases");
        for (size_t i = 0; i < json_array_size(cases); i++)
            check_case(fixtures[f], json_array_get(cases, i));
        json_decref(expected);
        buf_free(&text);
    }
}

/* ---- perplexity ----------------------------------------------------------------------- */

static void write_file(const char *folder, const char *name, const char *text, size_t n)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* {"ids":[1,a,b,...],"scored":...}: n ids of a vocabulary of 512. */
static void add_document(struct buf *out, uint32_t n, const char *scored)
{
    buf_puts(out, "{\"ids\":[1");
    for (uint32_t i = 1; i < n; i++)
        buf_printf(out, ",%u", 3 + (i * 2654435761u + n) % 1021 % 509);
    buf_printf(out, "]%s}\n", scored);
}

static const json_t *source(const json_t *j, size_t model, size_t file)
{
    const json_t *m = json_array_get(json_object_get(j, "models"), model);
    return json_array_get(json_object_get(m, "sources"), file);
}

static double value(const json_t *object, const char *key)
{
    assert_true(json_is_number(json_object_get(object, key)));
    return json_number_value(json_object_get(object, key));
}

/* Means of -ln p by shared/oracle/reference.py in float64, over the same windows. */
static void test_perplexity_matches_the_reference(void **state)
{
    (void)state;
    const struct {
        const char *fixture;
        uint32_t window;
        double nats;
    } cases[] = {
        {"phi3", 32, 14.2671978},       {"phi3", 64, 14.4611829}, {"phi3-cross", 32, 14.1625890},
        {"phi3-cross", 64, 14.1780588}, {"phi4", 32, 7.1902568},  {"phi4", 64, 7.3789529},
        {"llama", 32, 7.0783553},       {"llama", 64, 7.1056458},
    };
    const char *folder = temp_folder();
    struct buf text = {0};
    add_document(&text, 1, "");
    add_document(&text, 2, "");
    add_document(&text, 30, "");
    add_document(&text, 70, ",\"scored\":[[3,20],[25,26],[40,70]]");
    add_document(&text, 100, ",\"scored\":[[0,0],[0,100]]");
    write_file(folder, "five.jsonl", text.data, text.len);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char arguments[512];
        snprintf(arguments, sizeof arguments,
                 "perplexity \"$QS/fixtures/%s\" '%s/five.jsonl' --window %u --json",
                 cases[i].fixture, folder, cases[i].window);
        json_t *j = expect_json(arguments);
        const json_t *s = source(j, 0, 0);
        assert_int_equal(value(s, "documents"), 5);
        assert_int_equal(value(s, "tokens"), 177);
        assert_true(fabs(value(s, "nats_per_token") - cases[i].nats) < 1e-5);
        assert_true(fabs(value(s, "perplexity") / exp(cases[i].nats) - 1) < 1e-5);
        json_decref(j);
    }
    buf_free(&text);
    remove_folder(folder);
}

/* The same documents as text and as ids; the value is the float64 reference's. */
static void test_perplexity_of_text(void **state)
{
    (void)state;
    const char *folder = temp_folder(), story[] = "Once upon a time, there was a little girl.",
               two[] = "Once upon a time, there was a little girl.\n<|endoftext|>\r\n\n"
                       "<|endoftext|>\nOnce upon a time, there was a little girl.\r\n"
                       "<|endoftext|>\n";
    char arguments[512];
    write_file(folder, "one.txt", story, sizeof story - 1);
    write_file(folder, "two.txt", two, sizeof two - 1);
    snprintf(arguments, sizeof arguments,
             "perplexity \"$QS/models/stories260K\" '%s/one.txt' '%s/two.txt' --json", folder,
             folder);
    json_t *j = expect_json(arguments);
    assert_int_equal(value(source(j, 0, 0), "documents"), 1);
    assert_int_equal(value(source(j, 0, 1), "documents"), 2);
    assert_true(fabs(value(source(j, 0, 0), "nats_per_token") - 0.5292275) < 1e-5);
    assert_true(fabs(value(source(j, 0, 1), "nats_per_token") - 0.5292275) < 1e-5);
    assert_int_equal(value(source(j, 0, 1), "tokens"), 2 * value(source(j, 0, 0), "tokens"));
    json_decref(j);
    remove_folder(folder);
}

/* ln p of every id after the first `n` ids. */
static void log_p(const char *model, const int *ids, int n, double *out /* [512] */)
{
    struct buf arguments = {0};
    double sum = 0;
    buf_printf(&arguments, "logits '%s' --json --ids ", model);
    for (int i = 0; i < n; i++)
        buf_printf(&arguments, "%s%d", i ? "," : "", ids[i]);
    json_t *j = expect_json(arguments.data);
    for (size_t i = 0; i < 512; i++)
        sum += exp(out[i] = json_number_value(json_array_get(json_object_get(j, "logits"), i)));
    for (size_t i = 0; i < 512; i++)
        out[i] -= log(sum);
    json_decref(j);
    buf_free(&arguments);
}

/* Against what the logits of each prefix say. */
static void test_models_are_compared_with_the_first(void **state)
{
    (void)state;
    const int ids[] = {1, 403, 407, 261, 378};
    const char *folder = temp_folder(), *build = getenv("QINS_BUILD");
    const char *const formats[] = {"f32", "qins4"};
    char path[2][512], command[1600];
    double p[2][512], nats[2] = {0}, kl = 0;
    for (int m = 0; m < 2; m++) {
        snprintf(path[m], sizeof path[m], "%s/%s.qins", folder, formats[m]);
        snprintf(command, sizeof command,
                 "'%s/tools/qins-convert' -q -f %s -o '%s' '%s' > '%s/report'", build ? build : ".",
                 formats[m], path[m], shared_path("models/stories260K"), folder);
        assert_int_equal(system(command), 0);
    }
    for (int n = 1; n < 5; n++) {
        for (int m = 0; m < 2; m++) {
            log_p(path[m], ids, n, p[m]);
            nats[m] -= p[m][ids[n]] / 4;
        }
        for (int i = 0; i < 512; i++)
            kl += exp(p[0][i]) * (p[0][i] - p[1][i]) / 4;
    }
    const char line[] = "{\"ids\":[1,403,407,261,378]}";
    write_file(folder, "x.jsonl", line, sizeof line - 1);
    snprintf(command, sizeof command, "perplexity '%s' '%s' '%s' '%s/x.jsonl' --json", path[0],
             path[1], path[0], folder);
    json_t *j = expect_json(command);
    for (int m = 0; m < 2; m++)
        assert_true(fabs(value(source(j, (size_t)m, 0), "nats_per_token") - nats[m]) < 1e-4);
    assert_true(fabs(value(source(j, 1, 0), "kl_to_first") - kl) < 1e-4 && kl > 1e-3);
    assert_true(value(source(j, 0, 0), "kl_to_first") == 0);
    assert_true(value(source(j, 2, 0), "kl_to_first") == 0); /* the first again */
    json_decref(j);
    remove_folder(folder);
}

static void test_other_tokens_are_not_compared(void **state)
{
    (void)state;
    const char *folder = temp_folder(), *model = shared_path("models/stories260K");
    char text[1024];
    snprintf(
        text, sizeof text,
        "cp -r '%s' '%s/other' && chmod -R u+w '%s/other' && echo >> '%s/other/tokenizer.json'",
        model, folder, folder, folder);
    assert_int_equal(system(text), 0);
    snprintf(text, sizeof text, "perplexity '%s' '%s/other' x", model, folder);
    struct output out = run(text, true);
    assert_int_equal(out.code, 64);
    assert_non_null(strstr(out.text.data, "another tokenizer"));
    buf_free(&out.text);
    remove_folder(folder);
}

static void test_broken_token_files_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *text, *says;
    } cases[] = {
        {"", "no token"},
        {"{\"ids\":[1]}\n", "no token"},
        {"{\"ids\":[1,2],\"scored\":[[0,1]]}\n", "no token"}, /* nothing stands before it */
        {"{\"ids\":[]}\n{\"ids\":[1,512]}\n", "x.jsonl:2"},
        {"{\"ids\":[1,-1]}\n", "item 1"},
        {"{\"ids\":[1,1.5]}\n", "item 1"},
        {"{\"ids\":[1,\"2\"]}\n", "item 1"},
        {"{\"ids\":7}\n", "\"ids\""},
        {"[1,2]\n", "object"},
        {"{\"ids\":[1,2]\n", "JSON"},
        {"{\"ids\":[1,2],\"scored\":[[1,3]]}\n", "pair 0"},
        {"{\"ids\":[1,2],\"scored\":[[1,2],[1,2]]}\n", "pair 1"},
        {"{\"ids\":[1,2],\"scored\":[[1]]}\n", "pair 0"},
        {"{\"ids\":[1,2],\"scored\":[1,2]}\n", "pair 0"},
        {"{\"ids\":[1,2],\"scored\":{}}\n", "\"scored\""},
    };
    const char *folder = temp_folder();
    char arguments[512];
    snprintf(arguments, sizeof arguments, "perplexity \"$QS/models/stories260K\" '%s/x.jsonl'",
             folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file(folder, "x.jsonl", cases[i].text, strlen(cases[i].text));
        struct output out = run(arguments, true);
        const char *line = strstr(out.text.data, "qins-bench:");
        if (out.code != 65 || !line || !strstr(line, cases[i].says))
            fail_msg("%s: code %d, said %s", cases[i].text, out.code, out.text.data);
        buf_free(&out.text);
    }
    remove_folder(folder);
}

static void test_speed_without_generation_divides_nothing_by_zero(void **state)
{
    (void)state;
    const char *const keys[] = {"prompt_tokens_per_s", "load_ms",     "first_token_ms",
                                "rss_bytes",           "model_bytes", "read_gb_per_s"};
    const char *const runs[] = {"-n 0", "-p 1 -n 3", "-t 1 -p 20 -n 2 -f qins4 --cpu scalar"};
    for (size_t r = 0; r < sizeof runs / sizeof *runs; r++) {
        char arguments[256];
        snprintf(arguments, sizeof arguments, "speed \"$QS/models/stories260K\" --json -p 10 %s",
                 runs[r]);
        json_t *j = expect_json(arguments);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            assert_true(json_number_value(json_object_get(j, keys[k])) > 0);
        const json_t *rate = json_object_get(j, "generate_tokens_per_s");
        assert_true(r == 0 ? json_is_null(rate) : json_number_value(rate) > 0);
        json_decref(j);
    }
}

static double number(const json_t *j, const char *key)
{
    if (!json_is_number(json_object_get(j, key)))
        fail_msg("%s is no number", key);
    return json_number_value(json_object_get(j, key));
}

static void test_speed_at_several_lengths_and_threads(void **state)
{
    (void)state;
    json_t *j = expect_json("speed \"$QS/models/stories260K\" --json -p 20,5 -c 0,30,60 -n 7 -r 4 "
                            "-t 1,3"),
           *run;
    size_t i;
    uint32_t n_prompts = 0;
    double last_bytes = 0;
    const json_t *runs = json_object_get(j, "runs");
    assert_int_equal(json_array_size(runs), 10);
    json_array_foreach(runs, i, run)
    {
        const json_t *rate = json_object_get(run, "tokens_per_s");
        bool is_prompt = strcmp(json_string_value(json_object_get(run, "kind")), "prompt") == 0;
        assert_true(0 < number(rate, "min") && number(rate, "min") <= number(rate, "median"));
        assert_true(number(rate, "median") <= number(rate, "max"));
        assert_true(number(run, "threads") == (i < 5 ? 1 : 3));
        n_prompts += is_prompt;
        if (is_prompt) { /* 5 layers: q, k, v, o; gate, up, down; and norms, not a hundredth */
            const double n = 5 * (64. * (64 + 32 + 32 + 64) + 3 * 64. * 172);
            const double seen = number(run, "products_per_ns") * 1e9 / number(rate, "median");
            assert_true(n <= seen && seen < 1.01 * n);
            continue;
        }
        if (number(run, "context_tokens") > 0) /* the cache is read too */
            assert_true(number(run, "bytes_per_token") > last_bytes);
        last_bytes = number(run, "bytes_per_token");
    }
    assert_int_equal(n_prompts, 4);
    /* 5 layers, 4 kv heads of 8 values: f32 keys and values of 60 tokens against one */
    assert_true(last_bytes - number(j, "bytes_per_token") == 59 * 5 * 4 * 8 * 4 * 2);
    assert_true(number(j, "repeats") == 4 && number(j, "usable_cpus") >= 1);
    assert_string_equal(json_string_value(json_object_get(j, "gemm")), "auto");
    assert_true(json_is_string(json_object_get(j, "cpu_name")));
    json_decref(j);
}

static void test_kernels_of_every_level(void **state)
{
    (void)state;
    json_t *j = expect_json("kernels --size 1 -t 2 --json"), *k;
    const char *first = NULL;
    uint32_t n_scalar = 0;
    size_t i;
    json_array_foreach(json_object_get(j, "kernels"), i, k)
    {
        assert_true(number(k, "gb_per_s") > 0 && number(k, "read_gb_per_s") > 0);
        assert_true(number(k, "products_few_per_ns") > 0 && number(k, "products_many_per_ns") > 0);
        n_scalar += strcmp(json_string_value(json_object_get(k, "cpu")), "scalar") == 0;
        if (json_is_number(json_object_get(k, "peak_products_per_ns")))
            assert_true(number(k, "peak_products_per_ns") > 0 && number(k, "peak_fraction") > 0);
        first = first ? first : json_string_value(json_object_get(k, "format"));
    }
    assert_string_equal(first, "f32");
    assert_int_equal(n_scalar, 9); /* formats */
    json_array_foreach(json_object_get(j, "attention"), i, k)
        assert_true(number(k, "one_us") > 0 && number(k, "several_us") > 0);
    assert_true(i >= 3); /* caches */
    json_decref(j);
    j = expect_json("kernels qins8 qins4 --size 1 --cpu scalar --json");
    assert_int_equal(json_array_size(json_object_get(j, "kernels")), 2);
    json_decref(j);
}

/* Laps follow each other without a gap: the kinds add up to the time of a token. */
static void test_profile_accounts_for_the_whole_time(void **state)
{
    (void)state;
    const char *name;
    json_t *ms;
    json_t *j = expect_json("speed \"$QS/models/stories260K\" --json -p 10 -n 40 -t 2 --profile");
    double sum = 0, rate = json_number_value(json_object_get(j, "generate_tokens_per_s"));
    json_object_foreach(json_object_get(j, "profile_ms"), name, ms)
    {
        assert_true(json_number_value(ms) >= 0);
        sum += json_number_value(ms);
    }
    assert_true(sum > 0.9 * 1000 / rate && sum < 1.001 * 1000 / rate);
    json_decref(j);
}

/* Counts and errors of one tensor against the files themselves; the specification's example. */
static void test_inspect_shows_how_weights_are_stored(void **state)
{
    (void)state;
    const struct {
        const char *format;
        size_t n_codes; /* magnitudes */
        double rms;     /* of formats.md, with room */
        double bits;    /* of a code with its part of the block's scale */
        int row_bits;
        double cols; /* 172 in whole tiles */
    } cases[] = {{"qins9", 255, .02, 9, 0, 192},   {"qins8", 128, .01, 8, 32, 192},
                 {"qins4", 8, .08, 4.25, 32, 256}, {"qins4-16", 8, .07, 4.5, 32, 256},
                 {"qins3", 4, .145, 3.5, 32, 256}, {"qins2", 2, .31, 2.5, 32, 256}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char command[512];
        snprintf(command, sizeof command,
                 "inspect \"$QS/models/stories260K\" -f %s layers.2.mlp.down_proj --against "
                 "\"$QS/models/stories260K\" --json",
                 cases[c].format);
        json_t *j = expect_json(command), *t = json_array_get(json_object_get(j, "tensors"), 0);
        json_t *example = json_object_get(j, "example"), *w;
        size_t used = 0, i;
        double stored = 0, codes = 0;
        assert_int_equal(json_array_size(json_object_get(j, "tensors")), 1);
        assert_string_equal(json_string_value(json_object_get(t, "name")),
                            "model.layers.2.mlp.down_proj.weight");
        assert_string_equal(json_string_value(json_object_get(t, "format")), cases[c].format);
        for (i = 0; i < 256; i++) {
            double n = json_number_value(json_array_get(json_object_get(t, "codes"), i));
            stored += json_number_value(json_array_get(json_object_get(t, "stored"), i));
            codes += n;
            used += n > 0;
        }
        assert_true(stored == 64 * 172 && codes == 64 * 172 && used <= cases[c].n_codes);
        double row_bits = cases[c].row_bits / 172.0, padded = cases[c].bits * cases[c].cols / 172;
        assert_float_equal(number(t, "bits_per_weight"), cases[c].bits + row_bits, 1e-6);
        assert_float_equal(number(t, "bits_per_weight_stored"),
                           padded + row_bits + 2 * 32 / (64.0 * 172), 1e-6); /* and the range */
        assert_true(number(t, "signs_lost") == 0 && number(t, "negative") > 64 * 172 * .4);
        assert_true(number(t, "relative_rms_error") > 0 &&
                    number(t, "relative_rms_error") < cases[c].rms);
        json_array_foreach(json_object_get(t, "examples"), i, w)
        {
            double t255 = (255 - number(w, "stored")) / 254;
            double law =
                exp(number(w, "log_min") + t255 * (number(w, "log_max") - number(w, "log_min"))) -
                number(w, "eps");
            assert_true(fabs(number(w, "sign") * law - number(w, "by_the_law")) <=
                        1e-6 * fabs(law) + 1e-8);
            assert_true((number(w, "original") < 0) == (number(w, "sign") < 0));
        }
        assert_true(number(example, "stored") == 1 && number(example, "sign") == -1);
        assert_true(fabs(number(example, "back") + 0.490955) < 1e-6);
        json_decref(j);
    }
}

static void test_refusals_are_one_line_and_a_code(void **state)
{
    (void)state;
    const struct {
        const char *arguments;
        int code;
        const char *says;
    } cases[] = {
        {"", 64, "command"},
        {"dance x", 64, "dance"},
        {"speed", 64, "MODEL"},
        {"speed x -t 10000", 64, "10000"},
        {"speed x -t 257", 64, "257"},
        {"speed x -n -1", 64, "-1"},
        {"speed x -p 0", 64, "-p 0"},
        {"speed x --cpu z80", 64, "z80"},
        {"speed x --format q4", 64, "q4"},
        {"speed x y", 64, "y"},
        {"speed x -p 5,,7", 64, "-p"},
        {"speed x -r 0", 64, "-r 0"},
        {"speed x -t 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", 64, "16"},
        {"kernels x", 64, "x"},
        {"perplexity \"$QS/fixtures/phi3\"", 64, "FILE"},
        {"perplexity x y", 64, "x: no model"},
        {"perplexity \"$QS/fixtures/phi3\" /nowhere", 66, "/nowhere"},
        {"perplexity \"$QS/fixtures/phi3\" y --window 1", 64, "--window 1"},
        {"perplexity \"$QS/fixtures/phi3-cross\" y --window 257", 64, "256"},
        {"perplexity \"$QS/models/stories260K\" \"$QS/models/stories260K-phi3\" /dev/null", 65,
         "/dev/null"},
        {"speed x --frob", 64, "flag"},
        {"speed /nowhere/x.qins", 66, "/nowhere/x.qins"},
        {"speed /dev/null", 65, "/dev/null"},
        {"speed \"$(printf 'a\\033[2Jb')\"", 66, "^["},
        {"logits x", 64, "--ids"},
        {"logits \"$QS/fixtures/phi3\" --ids 1,512", 64, "512"},
        {"logits \"$QS/fixtures/phi3\" --ids 1,x", 64, "x"},
        {"logits \"$QS/fixtures/phi3\" --ids ,", 64, "--ids"},
        {"logits \"$QS/fixtures/phi3-cross\" --ids 1 --greedy 256", 64, "256"},
        {"tokens --decode \"$QS/models/stories260K\" '1 9999999999999999999999'", 64, "999"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct output out = run(cases[i].arguments, true);
        if (out.code != cases[i].code || !strstr(out.text.data, cases[i].says) ||
            strchr(out.text.data, '\n') != out.text.data + out.text.len - 1 ||
            strchr(out.text.data, '\033'))
            fail_msg("qins-bench %s: code %d, said %s", cases[i].arguments, out.code,
                     out.text.data);
        buf_free(&out.text);
    }
}

static void test_help_and_version(void **state)
{
    (void)state;
    struct output out = run("-h", false);
    assert_int_equal(out.code, 0);
    assert_non_null(strstr(out.text.data, "usage: qins-bench"));
    buf_free(&out.text);
    out = run("--version", false);
    assert_int_equal(out.code, 0);
    assert_non_null(strstr(out.text.data, "qins-bench "));
    buf_free(&out.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_logits),
        cmocka_unit_test(test_perplexity_matches_the_reference),
        cmocka_unit_test(test_perplexity_of_text),
        cmocka_unit_test(test_models_are_compared_with_the_first),
        cmocka_unit_test(test_other_tokens_are_not_compared),
        cmocka_unit_test(test_broken_token_files_are_refused),
        cmocka_unit_test(test_speed_without_generation_divides_nothing_by_zero),
        cmocka_unit_test(test_speed_at_several_lengths_and_threads),
        cmocka_unit_test(test_kernels_of_every_level),
        cmocka_unit_test(test_inspect_shows_how_weights_are_stored),
        cmocka_unit_test(test_profile_accounts_for_the_whole_time),
        cmocka_unit_test(test_refusals_are_one_line_and_a_code),
        cmocka_unit_test(test_help_and_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
