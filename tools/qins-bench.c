/* SPDX-License-Identifier: MIT
 *
 * qins-bench: the model without a conversation: token ids, logits, speed.
 */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "conditions.h"
#include "model_folder.h"
#include "places.h"
#include "sanitise.h"
#include "system.h"
#include "versions.h"

static const char usage[] =
    "usage: qins-bench tokens PATH [TEXT|-] [--decode|--jsonl|--speed]\n"
    "       qins-bench logits MODEL --ids 1,2,3 [--greedy N] [--json]\n"
    "       qins-bench perplexity MODEL... FILE... [--window N] [--json]\n"
    "       qins-bench quality MODEL --text FILE [--against REF] [--chunks N] [--json]\n"
    "       qins-bench choice MODEL --file FILE [--against REF] [--limit N] [--json]\n"
    "       qins-bench samples MODEL --against REF [--file FILE] [-n N] [--json]\n"
    "       qins-bench memory MODEL [--against REF] [--file FILE] [-n N] [--svg FILE] [--json]\n"
    "       qins-bench speed  MODEL [-p N,..] [-c N,..] [--behind N,..] [-n N] [-r N] [-t N,..]\n"
    "                         [--profile] [--json]\n"
    "       qins-bench kernels [FORMAT...] [--size MB] [--cpu LEVEL] [-t N] [--json]\n"
    "       qins-bench inspect MODEL [TENSOR...] [--against REF] [--json]\n"
    "       qins-bench render PATH --messages FILE [--extra JSON] [--strict] [--json]\n"
    "       qins-bench render TEMPLATE.jinja --messages FILE [--extra JSON] [--strict] [--json]\n"
    "\n"
    "MODEL is a .qins file, or a folder in Hugging Face form or a GGUF file, which is converted "
    "in\n"
    "memory.\n"
    "\n"
    "tokens  text to token ids, special tokens recognised; without TEXT, from standard input\n"
    "  PATH                a MODEL, a tokenizer.json or a GGUF file; weights are not needed\n"
    "  --decode            ids to text instead\n"
    "  --jsonl             lines {\"text\":...,\"special\":true|false} from standard input\n"
    "  --speed             how fast the text encodes on one core, and its tokenizer opens\n"
    "logits  what the model predicts after the last of the given ids\n"
    "  --ids LIST          token ids, separated by commas\n"
    "  --greedy N          continue by N tokens, always the likeliest\n"
    "perplexity  how well models predict texts; several models are compared with the first\n"
    "  FILE                UTF-8 text, lines <|endoftext|> between documents; or tokens, .jsonl\n"
    "  --window N          tokens evaluated together (the model's context, at most 2048)\n"
    "quality  perplexity, and how far predictions are from those of a reference\n"
    "  --text FILE         UTF-8 text, evaluated in chunks of 512 tokens\n"
    "  --against REF       the reference, mostly what MODEL was converted from\n"
    "  --chunks N          the first N chunks (all)\n"
    "choice  multiple-choice questions, by the likelihood per byte of each answer\n"
    "  --file FILE         lines {\"question\":...,\"choices\":[...],\"answer\":INDEX}\n"
    "  --against REF       another model: the difference, question by question\n"
    "  --limit N           the first N questions (all)\n"
    "samples  what two models answer to the same prompts, side by side\n"
    "  --file FILE         prompts, one per line (four of its own)\n"
    "  -n N                tokens of an answer (64)\n"
    "memory  what an original and MODEL take, one after the other, and what they answer\n"
    "  --against REF       the original: a folder, in f32 or bf16 (MODEL's own weights in f32)\n"
    "  --file FILE         prompts, one per line (four of its own)\n"
    "  -n N                tokens of an answer (48)\n"
    "  --svg FILE          the graph as a picture\n"
    "speed   prompt, generation, and a plain read of the same weights for comparison\n"
    "  -p N,...            tokens of the prompt (512)\n"
    "  -c N,...            tokens in the cache when generation begins (0)\n"
    "  --behind N,...      the same, but the cache is filled without evaluating a text\n"
    "  -n N                tokens to generate (64)\n"
    "  -r N                repeats (3)\n"
    "  -t N,...            threads, one after another\n"
    "  --weights WAY       where weights are read from: auto, map or copy (auto)\n"
    "  --profile           where the time of a generated token goes\n"
    "kernels  every format on every instruction set of this CPU, next to a plain read\n"
    "  --size MB           of one matrix (twice the last-level cache, at least 512)\n"
    "inspect  how weights are stored: formats, ranges, codes, signs\n"
    "  TENSOR              show those whose names contain it, with their codes\n"
    "  --against REF       the loss against a folder, GGUF or .qins file\n"
    "render  what a chat template makes of a conversation\n"
    "  PATH                a MODEL; weights are not needed\n"
    "  --template NAME     one of qins-tui's templates, or a .jinja file, in place of PATH's own\n"
    "  --messages FILE     JSON: [{\"role\": \"user\", \"content\": \"Hello\"}, ...]\n"
    "  --extra JSON        an object of further variables: tools, enable_thinking, ...\n"
    "  --no-generation-prompt  end behind the last message\n"
    "  --bos TEXT, --eos TEXT  bos_token and eos_token\n"
    "  --clock TIME        what strftime_now tells: 2026-11-29T09:30 (now)\n"
    "  --strict            show a template's refusal; no second try with messages joined\n"
    "all\n"
    "  -f, --format NAME   what a folder or GGUF file becomes (f32)\n"
    "  -t, --threads N     threads; 0: all available CPUs (0)\n"
    "  --kv TYPE,...       KV cache in f32, bf16 or int8; perplexity: one per model\n"
    "  --gemm WAY          how prompts are multiplied: auto, amx, int8, blas or measure (auto)\n"
    "  --cpu LEVEL         highest instruction set used (auto)\n"
    "  --json              one JSON object on standard output\n"
    "  --no-sandbox        files and network as the user has them (only what is told is written,\n"
    "                      no network, where the system can see to that)\n"
    "  -h, --help          print this and exit\n"
    "  --version           print versions and exit\n";

enum { MAX_TOKENS = 1 << 24 };
enum {
    FLAG_DECODE = 256,
    FLAG_IDS,
    FLAG_GREEDY,
    FLAG_JSON,
    FLAG_JSONL,
    FLAG_SPEED,
    FLAG_CPU,
    FLAG_VERSION,
    FLAG_WINDOW,
    FLAG_PROFILE,
    FLAG_SIZE,
    FLAG_KV,
    FLAG_GEMM,
    FLAG_WEIGHTS,
    FLAG_MESSAGES,
    FLAG_EXTRA,
    FLAG_CLOCK,
    FLAG_BOS,
    FLAG_EOS,
    FLAG_NO_GENERATION_PROMPT,
    FLAG_STRICT,
    FLAG_TEMPLATE,
    FLAG_AGAINST,
    FLAG_FILE,
    FLAG_CHUNKS,
    FLAG_LIMIT,
    FLAG_SVG,
    FLAG_BEHIND,
    FLAG_NO_SANDBOX
};

static const struct option flags[] = {
    {"decode", no_argument, NULL, FLAG_DECODE},
    {"jsonl", no_argument, NULL, FLAG_JSONL},
    {"speed", no_argument, NULL, FLAG_SPEED},
    {"ids", required_argument, NULL, FLAG_IDS},
    {"greedy", required_argument, NULL, FLAG_GREEDY},
    {"prompt", required_argument, NULL, 'p'},
    {"generate", required_argument, NULL, 'n'},
    {"format", required_argument, NULL, 'f'},
    {"threads", required_argument, NULL, 't'},
    {"cpu", required_argument, NULL, FLAG_CPU},
    {"json", no_argument, NULL, FLAG_JSON},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, FLAG_VERSION},
    {"window", required_argument, NULL, FLAG_WINDOW},
    {"profile", no_argument, NULL, FLAG_PROFILE},
    {"context", required_argument, NULL, 'c'},
    {"repeats", required_argument, NULL, 'r'},
    {"size", required_argument, NULL, FLAG_SIZE},
    {"kv", required_argument, NULL, FLAG_KV},
    {"gemm", required_argument, NULL, FLAG_GEMM},
    {"weights", required_argument, NULL, FLAG_WEIGHTS},
    {"messages", required_argument, NULL, FLAG_MESSAGES},
    {"extra", required_argument, NULL, FLAG_EXTRA},
    {"clock", required_argument, NULL, FLAG_CLOCK},
    {"bos", required_argument, NULL, FLAG_BOS},
    {"eos", required_argument, NULL, FLAG_EOS},
    {"no-generation-prompt", no_argument, NULL, FLAG_NO_GENERATION_PROMPT},
    {"strict", no_argument, NULL, FLAG_STRICT},
    {"template", required_argument, NULL, FLAG_TEMPLATE},
    {"against", required_argument, NULL, FLAG_AGAINST},
    {"text", required_argument, NULL, FLAG_FILE},
    {"file", required_argument, NULL, FLAG_FILE},
    {"chunks", required_argument, NULL, FLAG_CHUNKS},
    {"svg", required_argument, NULL, FLAG_SVG},
    {"behind", required_argument, NULL, FLAG_BEHIND},
    {"limit", required_argument, NULL, FLAG_LIMIT},
    {"no-sandbox", no_argument, NULL, FLAG_NO_SANDBOX},
    {0},
};

/* ---- what the commands share ---------------------------------------------------------- */

bool bench_open(struct bench *b, struct error *err)
{
    kernels_init(&b->kernels, b->cpu_flags);
    b->pool = pool_new(b->n_threads);
    double start = now_ms();
    if (checkpoint_is_source(b->model_path)) {
        struct convert_options o = {.format = b->format, .n_threads = pool_size(b->pool)};
        b->model = model_open_folder(b->model_path, &o, err);
    } else {
        b->model = model_open(b->model_path, err);
    }
    b->load_ms = now_ms() - start;
    if (b->model)
        return true;
    pool_free(b->pool);
    return false;
}

enum kv_type bench_kv(const struct bench *b, uint32_t i)
{
    if (b->kv.n == 0)
        return session_default_kv(b->model);
    return (enum kv_type)b->kv.values[i < b->kv.n ? i : b->kv.n - 1];
}

void bench_close(struct bench *b)
{
    model_close(b->model);
    pool_free(b->pool);
}

bool bench_parse_ids(const char *text, size_t n, uint32_t limit, struct ids *out, struct error *err)
{
    static const char separators[] = " \t\r\n,";
    const char *end = text + n;
    while (text < end) {
        if (*text && strchr(separators, *text)) {
            text++;
            continue;
        }
        uint64_t id = 0;
        const char *start = text;
        for (; text < end && *text >= '0' && *text <= '9' && id < limit; text++)
            id = id * 10 + (uint64_t)(*text - '0');
        if (text == start || (text < end && !(*text && strchr(separators, *text))) || id >= limit)
            return error_set(err, EX_USAGE, "\"%.*s\": a token id from 0 to %u expected",
                             (int)(end - start < 20 ? end - start : 20), start, limit - 1);
        ids_push(out, (int32_t)id);
    }
    return true;
}

/* The program never calls setlocale: the decimal point is a point. */
void bench_json_number(double x)
{
    if (!isfinite(x))
        fputs("null", stdout);
    else if (x == rint(x) && fabs(x) < 0x1p53)
        printf("%.0f", x + 0.0); /* not "-0" */
    else
        printf("%.9g", x);
}

void bench_print_machine(const struct machine *m)
{
    printf("machine  %s, %u usable CPU%s", *m->cpu ? m->cpu : "unknown CPU", m->usable_cpus,
           m->usable_cpus == 1 ? "" : "s");
    if (m->quota > 0)
        printf(", its control group allows the time of %.2f", m->quota);
    putchar('\n');
}

void bench_json_machine(const struct machine *m)
{
    printf("\"cpu_name\":\"%s\",", m->cpu);
}

/* ---- command line --------------------------------------------------------------------- */

static bool parse_u32(const char *flag, const char *text, uint32_t min, uint32_t max, uint32_t *out,
                      struct error *err)
{
    char *end;
    errno = 0;
    unsigned long long x = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || x < min || x > max)
        return error_set(err, EX_USAGE, "%s %s: a whole number from %u to %u expected", flag, text,
                         min, max);
    *out = (uint32_t)x;
    return true;
}

/* "1,2,8" */
static bool parse_list(const char *flag, const char *text, uint32_t min, uint32_t max,
                       struct number_list *out, struct error *err)
{
    char *copy = xstrdup(text), *rest = copy, *word;
    bool ok = true;
    out->n = 0;
    while (ok && (word = strsep(&rest, ","))) {
        if (out->n == MAX_LIST)
            ok = error_set(err, EX_USAGE, "%s: more than %d numbers", flag, MAX_LIST);
        else
            ok = parse_u32(flag, word, min, max, &out->values[out->n++], err);
    }
    free(copy);
    return ok;
}

/* "bf16,int8" */
static bool parse_kv(const char *text, struct number_list *out, struct error *err)
{
    char *copy = xstrdup(text), *rest = copy, *word;
    bool ok = true;
    out->n = 0;
    while (ok && (word = strsep(&rest, ","))) {
        enum kv_type type;
        ok = (out->n < MAX_LIST && kv_type_from_name(word, &type)) ||
             error_set(err, EX_USAGE, "--kv %s: f32, bf16 or int8 expected, up to %d of them", text,
                       MAX_LIST);
        if (ok)
            out->values[out->n++] = type;
    }
    free(copy);
    return ok;
}

static bool parse_format(const char *text, enum format *out, struct error *err)
{
    char names[128] = "";
    if (format_from_name(text, out))
        return true;
    for (int f = 0; f < N_FORMATS; f++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", f ? ", " : "",
                 format_info((enum format)f)->name);
    return error_set(err, EX_USAGE, "--format %s: one of %s expected", text, names);
}

/* -> false: it is none of render's. */
static bool parse_render_flag(struct render_options *o, int flag, const char *text)
{
    switch (flag) {
    case FLAG_MESSAGES: o->messages = places_typed_word(text); return true;
    case FLAG_EXTRA: o->extra = text; return true;
    case FLAG_CLOCK: o->clock = text; return true;
    case FLAG_BOS: o->bos = text; return true;
    case FLAG_EOS: o->eos = text; return true;
    case FLAG_NO_GENERATION_PROMPT: o->no_generation_prompt = true; return true;
    case FLAG_STRICT: o->strict = true; return true;
    case FLAG_TEMPLATE: o->template = text; return true;
    default: return false;
    }
}

static bool parse_flag(struct bench *b, int flag, const char *text, struct error *err)
{
    if (parse_render_flag(&b->render, flag, text))
        return true;
    switch (flag) {
    case FLAG_AGAINST: b->against = places_typed_word(text); return true;
    case FLAG_DECODE: b->decode = true; return true;
    case FLAG_JSONL: b->jsonl = true; return true;
    case FLAG_SPEED: b->speed = true; return true;
    case FLAG_NO_SANDBOX: b->no_sandbox = true; return true;
    case FLAG_JSON: b->json = true; return true;
    case FLAG_PROFILE: b->profile = true; return true;
    case FLAG_IDS: b->ids = text; return true;
    case FLAG_GREEDY: return parse_u32("--greedy", text, 0, MAX_TOKENS, &b->n_greedy, err);
    case 'p': return parse_list("-p", text, 1, MAX_TOKENS, &b->prompts, err);
    case 'c': return parse_list("-c", text, 0, MAX_TOKENS, &b->contexts, err);
    case FLAG_BEHIND:
        b->is_filled = true;
        return parse_list("--behind", text, 0, MAX_TOKENS, &b->contexts, err);
    case 'r': return parse_u32("-r", text, 1, 100, &b->n_repeats, err);
    case FLAG_KV: return parse_kv(text, &b->kv, err);
    case FLAG_GEMM: b->gemm_name = text; return true;
    case FLAG_WEIGHTS:
        return weights_mode_from_name(text, &b->weights) ||
               error_set(err, EX_USAGE, "--weights: there is no \"%s\"; there are auto, map, copy",
                         text);
    case FLAG_FILE: b->file = places_typed_word(text); return true;
    case FLAG_SVG: b->svg = places_typed_word(text); return true;
    case FLAG_CHUNKS: return parse_u32("--chunks", text, 1, 1 << 20, &b->n_chunks, err);
    case FLAG_LIMIT: return parse_u32("--limit", text, 1, 1 << 20, &b->limit, err);
    case FLAG_SIZE: return parse_u32("--size", text, 1, 1 << 16, &b->size_mb, err);
    case 'n':
        b->has_n_generate = true;
        return parse_u32("-n", text, 0, MAX_TOKENS, &b->n_generate, err);
    case FLAG_WINDOW: return parse_u32("--window", text, 2, MAX_TOKENS, &b->window, err);
    case 't':
        if (!parse_list("-t", text, 0, POOL_MAX_THREADS, &b->threads, err))
            return false;
        b->n_threads = b->threads.values[0];
        return true;
    case 'f': return parse_format(text, &b->format, err);
    case FLAG_CPU:
        return cpu_flags_from_name(text, &b->cpu_flags) ||
               error_set(err, EX_USAGE, "--cpu %s: auto or one of %s expected", text,
                         cpu_level_names());
    default:
        return error_set(err, EX_USAGE, "unknown or incomplete flag; qins-bench -h lists them");
    }
}

static const struct command {
    const char *name;
    int max_words;
    bool (*run)(struct bench *b, struct error *err);
} commands[] = {
    {"tokens", 2, bench_tokens},
    {"logits", 1, bench_logits},
    {"perplexity", INT_MAX, bench_perplexity},
    {"quality", 1, bench_quality},
    {"choice", 1, bench_choice},
    {"samples", 1, bench_samples},
    {"memory", 1, bench_memory},
    {"speed", 1, bench_speed},
    {"kernels", INT_MAX, bench_kernels},
    {"inspect", INT_MAX, bench_inspect},
    {"render", 1, bench_render},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static const char command_names[] = "tokens, logits, perplexity, quality, choice, samples, "
                                    "memory, speed, kernels, inspect or render";

static bool parse_words(struct bench *b, int n, char **words, struct error *err)
{
    if (n < 1)
        return error_set(err, EX_USAGE, "a command is missing: %s", command_names);
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(words[0], commands[i].name) == 0)
            b->command = &commands[i];
    if (!b->command)
        return error_set(err, EX_USAGE, "unknown command \"%s\": %s expected", words[0],
                         command_names);
    if (n < 2 && b->command->run != bench_kernels)
        return error_set(err, EX_USAGE, "%s: %s is missing", words[0],
                         b->command->run == bench_render ? "PATH" : "MODEL");
    /* What is a path: MODEL, and every word of perplexity. */
    for (int i = 1; i < n && (i == 1 || b->command->run == bench_perplexity); i++)
        words[i] = (char *)places_typed_word(words[i]);
    b->words = (const char *const *)words + 1;
    b->n_words = (uint32_t)(n - 1);
    b->model_path = n > 1 ? words[1] : NULL;
    b->text = n > 2 ? words[2] : NULL;
    if (n - 1 > b->command->max_words)
        return error_set(err, EX_USAGE, "\"%s\": one word too many",
                         words[1 + b->command->max_words]);
    return true;
}

/* What this system can confine, which is tried out: the program ends behind it. */
static void sandbox_append(struct buf *out)
{
    unsigned done = system_confine(NULL, 0);
    buf_printf(out, "sandbox: %s\n",
               done == (SYSTEM_CONFINED_FILES | SYSTEM_CONFINED_NETWORK) ? "files and network"
               : done & SYSTEM_CONFINED_FILES                            ? "files"
               : done                                                    ? "network"
                                                                         : "none");
}

/* -> false: *err tells why, or err->code is 0 and the answer is given. */
static bool parse(struct bench *b, int argc, char **argv, struct error *err)
{
    int flag;
    struct buf version = {0};
    opterr = 0;
    while ((flag = getopt_long(argc, argv, "p:c:n:r:t:f:h", flags, NULL)) != -1) {
        if (flag == 'h') {
            fputs(usage, stdout);
            return false;
        }
        if (flag == FLAG_VERSION) {
            versions_append(&version, "qins-bench");
            sandbox_append(&version);
            fputs(version.data, stdout);
            buf_free(&version);
            return false;
        }
        if (!parse_flag(b, flag, optarg, err))
            return false;
    }
    if (b->gemm_name && !gemm_from_name(b->gemm_name, b->cpu_flags, &b->gemm, err))
        return false;
    return parse_words(b, argc - optind, argv + optind, err);
}

/* Whatever a model's file makes of this program: it writes the kept choices of `speed` and the
 * picture of `memory`, and speaks to nobody. */
static void confine(const struct bench *b)
{
    struct error err;
    const char *folders[2];
    size_t n = 0;
    char *cache = b->command->run == bench_speed ? places_cache_folder() : NULL;
    char *svg = b->svg ? xstrdup(b->svg) : NULL;
    if (cache && places_make_private(cache, &err))
        folders[n++] = cache;
    if (svg)
        folders[n++] = dirname(svg);
    system_confine(folders, n);
    free(cache);
    free(svg);
}

static bool run(struct bench *b, struct error *err)
{
    if (!b->no_sandbox)
        confine(b);
    bool ok = b->command->run(b, err);
    if (ok && (fflush(stdout) != 0 || ferror(stdout)))
        return error_set(err, EX_IOERR, "standard output: cannot write");
    return ok;
}

int main(int argc, char **argv)
{
    struct bench b = {.format = FORMAT_F32,
                      .prompts = {{512}, 1},
                      .contexts = {{0}, 1},
                      .n_generate = 64,
                      .n_repeats = 3};
    struct error err = {0};
    cpu_flags_from_name("auto", &b.cpu_flags);
    if (parse(&b, argc, argv, &err) && run(&b, &err))
        return 0;
    return err.code ? error_print(&err, "qins-bench") : 0;
}
