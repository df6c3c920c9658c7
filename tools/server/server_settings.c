/* SPDX-License-Identifier: MIT */
#include "server_settings.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "versions.h"

#define PROGRAM "qins-server"

static const char help[] =
    "usage: " PROGRAM " [options] [MODEL]\n"
    "Answer other programs over HTTP, as OpenAI's API does: /v1/chat/completions, "
    "/v1/completions,\n"
    "/v1/models, /tokenize, /health, /metrics. MODEL is what qins-tui takes.\n"
    "\n"
    "      --host HOST           address to listen at (127.0.0.1)\n"
    "      --port PORT           port; 0: any that is free (8080)\n"
    "      --key-file FILE       clients must send the key in this file, whose mode is 0600\n"
    "      --name NAME           what the model is called (the file's name)\n"
    "      --parallel N          answers at once, 1..64 (4)\n"
    "      --queue N             requests that may wait for one, 0..100000 (64)\n"
    "      --piece N             tokens of a new prompt between two tokens of running answers\n"
    "                            (32)\n"
    "      --drain SECONDS       time that running answers have to end after SIGTERM (5)\n"
    "  -c, --context N           tokens of one prompt with its answer (the model's own)\n"
    "  -n, --max-tokens N        of an answer at most (the context)\n"
    "  -t, --threads N           threads (every CPU that this process may use)\n"
    "  -f, --format FORMAT       what a folder is converted to\n"
    "      --cpu LEVEL, --kv TYPE, --gemm WAY, --weights WAY, --template NAME\n"
    "      --temperature X, --top-p X, --top-k N, --min-p X, --repeat-penalty X, --think MODE\n"
    "                            if a request does not say\n"
    "  -q, --quiet               print nothing but errors\n"
    "  -h, --help                print this and exit\n"
    "      --version             print versions and exit\n";

enum {
    FLAG_HOST = 256,
    FLAG_PORT,
    FLAG_KEY,
    FLAG_NAME,
    FLAG_PARALLEL,
    FLAG_QUEUE,
    FLAG_PIECE,
    FLAG_DRAIN,
    FLAG_VERSION,
    FLAG_OPTION /* + option_id */
};

/* Of the common table. */
static const struct {
    const char *name;
    enum option_id id;
} common[] = {
    {"context", OPT_CONTEXT},   {"max-tokens", OPT_MAX_TOKENS},
    {"threads", OPT_THREADS},   {"format", OPT_FORMAT},
    {"cpu", OPT_CPU},           {"kv", OPT_KV},
    {"gemm", OPT_GEMM},         {"weights", OPT_WEIGHTS},
    {"template", OPT_TEMPLATE}, {"temperature", OPT_TEMPERATURE},
    {"top-p", OPT_TOP_P},       {"top-k", OPT_TOP_K},
    {"min-p", OPT_MIN_P},       {"repeat-penalty", OPT_REPEAT_PENALTY},
    {"think", OPT_THINK},
};
enum { N_COMMON = sizeof common / sizeof *common, N_OWN = 11 };

static void list_flags(struct option *flags)
{
    static const struct option own[N_OWN] = {
        {"host", required_argument, NULL, FLAG_HOST},
        {"port", required_argument, NULL, FLAG_PORT},
        {"key-file", required_argument, NULL, FLAG_KEY},
        {"name", required_argument, NULL, FLAG_NAME},
        {"parallel", required_argument, NULL, FLAG_PARALLEL},
        {"queue", required_argument, NULL, FLAG_QUEUE},
        {"piece", required_argument, NULL, FLAG_PIECE},
        {"drain", required_argument, NULL, FLAG_DRAIN},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, FLAG_VERSION},
    };
    memcpy(flags, own, sizeof own);
    for (int i = 0; i < N_COMMON; i++)
        flags[N_OWN + i] = (struct option){common[i].name, required_argument, NULL,
                                           FLAG_OPTION + (int)common[i].id};
}

static bool set_count(uint32_t *out, const char *name, const char *text, uint32_t min, uint32_t max,
                      struct error *err)
{
    double x;
    if (!number_parse(text, &x) || x < min || x > max || x != (double)(uint32_t)x)
        return error_set(err, EX_USAGE, "--%s %s: not a whole number from %u to %u", name, text,
                         min, max);
    *out = (uint32_t)x;
    return true;
}

static bool set_port(struct server_settings *s, const char *text, struct error *err)
{
    uint32_t port;
    s->port = text;
    return set_count(&port, "port", text, 0, 65535, err);
}

static bool print_versions(struct error *err)
{
    struct buf text = {0};
    versions_append(&text, PROGRAM);
    fputs(text.data, stdout);
    buf_free(&text);
    err->code = EX_OK;
    return false;
}

static bool print_help(struct error *err)
{
    fputs(help, stdout);
    err->code = EX_OK;
    return false;
}

static int id_of_short(int flag)
{
    return flag == 'c'   ? OPT_CONTEXT
           : flag == 'n' ? OPT_MAX_TOKENS
           : flag == 't' ? OPT_THREADS
                         : OPT_FORMAT;
}

static bool take(struct server_settings *s, int flag, const char *text, struct error *err)
{
    switch (flag) {
    case FLAG_HOST: s->host = text; return true;
    case FLAG_PORT: return set_port(s, text, err);
    case FLAG_KEY: s->key_file = text; return true;
    case FLAG_NAME: s->name = text; return true;
    case FLAG_PARALLEL: return set_count(&s->n_parallel, "parallel", text, 1, 64, err);
    case FLAG_QUEUE: return set_count(&s->max_queue, "queue", text, 0, 100000, err);
    case FLAG_PIECE: return set_count(&s->piece, "piece", text, 1, 4096, err);
    case FLAG_DRAIN: return set_count(&s->drain_s, "drain", text, 0, 3600, err);
    case FLAG_VERSION: return print_versions(err);
    case 'q': s->quiet = true; return true;
    case 'h': return print_help(err);
    case '?':
    case ':': return error_set(err, EX_USAGE, "see " PROGRAM " --help");
    default:
        return options_set(
            &s->options,
            (enum option_id)(flag >= FLAG_OPTION ? flag - FLAG_OPTION : id_of_short(flag)), text,
            SOURCE_FLAG, err);
    }
}

bool server_settings_read(struct server_settings *s, int argc, char **argv, struct error *err)
{
    struct option flags[N_OWN + N_COMMON + 1] = {0};
    int flag;
    list_flags(flags);
    *s = (struct server_settings){.host = "127.0.0.1",
                                  .port = "8080",
                                  .model = "",
                                  .n_parallel = 4,
                                  .max_queue = 64,
                                  .piece = 32,
                                  .drain_s = 5};
    options_init(&s->options);
    if (!options_read_env(&s->options, err))
        return false;
    while ((flag = getopt_long(argc, argv, "c:n:t:f:qh", flags, NULL)) != -1)
        if (!take(s, flag, optarg, err))
            return false;
    if (optind + 1 < argc)
        return error_set(err, EX_USAGE, "%s: one model is served", argv[optind + 1]);
    if (optind < argc)
        s->model = argv[optind];
    return true;
}

void server_settings_free(struct server_settings *s)
{
    options_free(&s->options);
}
