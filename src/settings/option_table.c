/* SPDX-License-Identifier: MIT
 *
 * The rows. This file and number.c need nothing else of the project, so that the generator of the
 * manual's option lists can be built for the machine that builds.
 */
#include <stdio.h>
#include <string.h>

#include "number.h"
#include "options.h"

#define NUMBER_MAX_TOKENS 1048576
#define NUMBER_MAX_SEED 9007199254740991.0 /* 2^53 - 1: what a double counts exactly */

/* clang-format off */
const struct option_row option_table[N_OPTIONS] = {
    [OPT_TEMPERATURE] = {
        OPT_TEMPERATURE, "temperature", "temp", 0, OPTION_FLOAT, 0, 2, 0.1, 0.1, 2, NULL, "0.7", "N",
        "freedom of choice; 0: always the likeliest",
        "Divides the logits before the choice.\n"
        "Low values keep to what is likely, high values vary more.\n"
        "0 takes the likeliest token each time (greedy; the seed then has no effect)." },
    [OPT_TOP_P] = {
        OPT_TOP_P, "top_p", "topp", 0, OPTION_FLOAT, 0, 1, 0.05, 0.1, 1, NULL, "0.9", "N",
        "keep tokens up to this probability; 1: all",
        "Keeps the likeliest tokens whose probabilities together make up this much, by the rule of\n"
        ".Ic top_p_rule .\n"
        "1 keeps all." },
    [OPT_TOP_K] = {
        OPT_TOP_K, "top_k", "topk", 0, OPTION_INT, 0, 1000000, 5, 0, 200, NULL, "0", "N",
        "keep this many of the likeliest; 0: all",
        "Keeps only this many of the likeliest tokens; tokens as likely as the last one stay too.\n"
        "0 keeps all." },
    [OPT_MIN_P] = {
        OPT_MIN_P, "min_p", "minp", 0, OPTION_FLOAT, 0, 1, 0.01, 0, 0.5, NULL, "0", "N",
        "least part of the top probability; 0: off",
        "Drops every token whose probability is below this part of the likeliest token's.\n"
        "0 drops none.", .rare = true },
    [OPT_REPEAT_PENALTY] = {
        OPT_REPEAT_PENALTY, "repeat_penalty", "repetition_penalty", 0, OPTION_FLOAT, 0.1, 10, 0.05, 1,
        2, NULL, "1", "N",
        "makes repeated tokens less likely; 1: off",
        "Positive logits of tokens that stand in the last text are divided by this, negative ones\n"
        "multiplied.\n"
        "1 changes nothing.", .rare = true },
    [OPT_REPEAT_LAST_N] = {
        OPT_REPEAT_LAST_N, "repeat_last_n", NULL, 0, OPTION_INT, -1, NUMBER_MAX_TOKENS, 16, 0, 512,
        NULL, "64", "N",
        "how far back it looks, in tokens; -1: all",
        "How many tokens the repeat penalty looks back at.\n"
        "0 switches it off, \\-1 means the whole conversation.", .rare = true },
    [OPT_PRESENCE_PENALTY] = {
        OPT_PRESENCE_PENALTY, "presence_penalty", NULL, 0, OPTION_FLOAT, -2, 2, 0.1, 0, 2, NULL, "0",
        "N",
        "less of what was said already; 0: off",
        "Taken off the logit of every token that the repeat penalty looks back at.\n"
        "0 changes nothing.", .rare = true },
    [OPT_FREQUENCY_PENALTY] = {
        OPT_FREQUENCY_PENALTY, "frequency_penalty", NULL, 0, OPTION_FLOAT, -2, 2, 0.1, 0, 2, NULL,
        "0", "N",
        "the same for each time it was said; 0: off",
        "Taken off the logit of a token once for each time that it occurs where the repeat penalty\n"
        "looks.\n"
        "0 changes nothing.", .rare = true },
    [OPT_MAX_TOKENS] = {
        OPT_MAX_TOKENS, "max_tokens", "max_new_tokens n_predict num_predict", 'n', OPTION_INT, 1,
        NUMBER_MAX_TOKENS, 50, 50, 2048, NULL, "512", "N",
        "longest answer in tokens",
        "The answer ends after this many tokens, or earlier where the context is full." },
    [OPT_TOP_P_RULE] = {
        OPT_TOP_P_RULE, "top_p_rule", NULL, 0, OPTION_CHOICE, 0, 0, 0, 0, 0, "spec nucleus", "spec",
        "RULE",
        "what top-p keeps: spec or nucleus",
        "Both rules sort the tokens by falling probability and add the probabilities up.\n"
        ".Cm spec\n"
        "drops every token at which the sum, the token itself included, exceeds\n"
        ".Ic top_p ;\n"
        "the likeliest token always stays.\n"
        ".Cm nucleus\n"
        "keeps the tokens up to and including the first at which the sum reaches\n"
        ".Ic top_p .\n"
        "So\n"
        ".Cm spec\n"
        "stays within\n"
        ".Ic top_p\n"
        "and\n"
        ".Cm nucleus\n"
        "reaches or passes it, by one token at most.\n"
        "With\n"
        ".Ic top_p\n"
        "at 1 both keep all.", .rare = true },
    [OPT_SEED] = {
        OPT_SEED, "seed", NULL, 's', OPTION_INT, -1, NUMBER_MAX_SEED, 1, 0, 1000, NULL, "-1", "N",
        "same seed, same text; -1: a new one",
        "The same seed gives the same text, whatever the number of threads.\n"
        "\\-1 draws a new one for each answer." },
    [OPT_STOP] = {
        OPT_STOP, "stop", "stops", 0, OPTION_STOPS, 0, 0, 0, 0, 0, NULL, "", "TEXT",
        "a text that ends the answer; may be repeated",
        "The answer ends before this text, wherever tokens begin.\n"
        "The flag may be given several times; in YAML and in\n"
        ".Ev QINS_STOP\n"
        "a list stands in brackets, as in\n"
        ".Li [\\(dqUser:\\(dq, \\(dq###\\(dq] .", .rare = true },
    [OPT_MODEL] = {
        OPT_MODEL, "model", NULL, 'm', OPTION_STRING, 0, 0, 0, 0, 0, NULL, "", "MODEL",
        ".qins file, its name, or Hugging Face folder",
        "A\n"
        ".Pa .qins\n"
        "file, the name of one in the places of\n"
        ".Ev QINS_MODELS ,\n"
        "or a model folder in Hugging Face form, which is converted in memory;\n"
        ".Ar org/name\n"
        "is one that Hugging Face's programs have downloaded, see\n"
        ".Xr qins-convert 1 .\n"
        "Where none is given the starter model is used." },
    [OPT_SYSTEM] = {
        OPT_SYSTEM, "system", "system_prompt", 0, OPTION_STRING, 0, 0, 0, 0, 0, NULL,
        "You are a helpful AI assistant.", "TEXT",
        "what the model is told first",
        "What the model is told before the conversation.\n"
        "An empty text leaves it out." },
    [OPT_CONTEXT] = {
        OPT_CONTEXT, "context", "num_ctx n_ctx ctx_size", 'c', OPTION_INT, 0, NUMBER_MAX_TOKENS, 1024,
        0, 131072, NULL, "0", "N",
        "longest conversation; 0: the model's",
        "Longest conversation in tokens, the answer included.\n"
        "0 takes the length that the model was first trained for." },
    [OPT_THREADS] = {
        OPT_THREADS, "threads", "num_thread n_threads", 't', OPTION_INT, 0, 1024, 1, 0, 64, NULL, "0",
        "N",
        "CPU threads; 0: all that may be used",
        "CPU threads.\n"
        "0 uses all that the process may use.\n"
        "While other programs want the same CPUs fewer of them work.\n"
        "The text does not depend on it." },
    [OPT_CPU] = {
        OPT_CPU, "cpu", NULL, 0, OPTION_CHOICE, 0, 0, 0, 0, 0,
        "auto scalar avx2 avxvnni avx512 vnni amx neon dotprod i8mm", "auto", "LEVEL",
        "highest instruction set, such as avx2",
        "The highest instruction set that may be used.\n"
        ".Cm auto\n"
        "takes all that this machine has;\n"
        ".Cm scalar\n"
        "is plain C.", .rare = true },
    [OPT_PRESET] = {
        OPT_PRESET, "preset", NULL, 'P', OPTION_STRING, 0, 0, 0, 0, 0, NULL, "", "NAME",
        "settings by name, such as creative",
        "Reads a preset: a name, or a file where\n"
        ".Ar NAME\n"
        "holds a slash or ends in\n"
        ".Pa .yaml ." },
    [OPT_FORMAT] = {
        OPT_FORMAT, "format", NULL, 'f', OPTION_CHOICE, 0, 0, 0, 0, 0,
        "auto f32 bf16 qins9 qins9row qins8 qins4 qins4-16", "auto", "FORMAT",
        "what a folder is converted to",
        "What a model folder is converted to in memory; a\n"
        ".Pa .qins\n"
        "file stays what it is.\n"
        ".Cm auto\n"
        "makes f32, which loses nothing, of models that take at most 1 GiB so, and qins8 of larger\n"
        "ones.", .rare = true },
    [OPT_THEME] = {
        OPT_THEME, "theme", NULL, 0, OPTION_STRING, 0, 0, 0, 0, 0, NULL, "default", "NAME",
        "colours by name, such as light, dark, mono",
        "Colours and attributes of the screen: a name, or a file where\n"
        ".Ar NAME\n"
        "holds a slash or ends in\n"
        ".Pa .yaml ." },
    [OPT_COLOR] = {
        OPT_COLOR, "color", "colour", 0, OPTION_CHOICE, 0, 0, 0, 0, 0, "auto always never", "auto",
        "WHEN",
        "auto, always or never",
        ".Cm auto\n"
        "uses the colours that the terminal has, unless\n"
        ".Ev NO_COLOR\n"
        "is set and not empty;\n"
        ".Cm always\n"
        "ignores that variable;\n"
        ".Cm never\n"
        "leaves bold, dim and reverse.", .rare = true },
    [OPT_MOUSE] = {
        OPT_MOUSE, "mouse", NULL, 0, OPTION_BOOL, 0, 0, 0, 0, 0, NULL, "false", NULL,
        "wheel and clicks for the program",
        "The wheel scrolls, clicks choose the part of the screen that has the keys, and move sliders.\n"
        "While it is on most terminals select text only with the shift key held.", .rare = true },
    [OPT_MARKDOWN] = {
        OPT_MARKDOWN, "markdown", NULL, 0, OPTION_BOOL, 0, 0, 0, 0, 0, NULL, "true", NULL,
        "show answers as Markdown",
        "Shows headings, lists, tables, code and the like of answers; otherwise the text as written.\n"
        "Copies are always the text as written." },
    [OPT_EMOJI] = {
        OPT_EMOJI, "emoji", NULL, 0, OPTION_CHOICE, 0, 0, 0, 0, 0, "native safe ascii", "native", "HOW",
        "native, safe or ascii",
        "How answers' emoji are drawn, for terminals that get their width wrong:\n"
        ".Cm native\n"
        "as they are;\n"
        ".Cm safe\n"
        "without joined people, skins and flags;\n"
        ".Cm ascii\n"
        "as short words in brackets.", .rare = true },
    [OPT_CLIPBOARD] = {
        OPT_CLIPBOARD, "clipboard", NULL, 0, OPTION_CHOICE, 0, 0, 0, 0, 0, "auto osc52 tmux off", "auto",
        "HOW",
        "how copies reach the terminal",
        "How copies reach the clipboard of the terminal:\n"
        ".Cm auto\n"
        "and\n"
        ".Cm osc52\n"
        "send the sequence OSC 52;\n"
        ".Cm tmux\n"
        "wraps it for a tmux with\n"
        ".Ql allow\\-passthrough ;\n"
        ".Cm off\n"
        "sends nothing.", .rare = true },
    [OPT_KEYMAP] = {
        OPT_KEYMAP, "keymap", NULL, 0, OPTION_CHOICE, 0, 0, 0, 0, 0, "emacs vi", "emacs", "NAME",
        "keys of the input: emacs or vi",
        "The keys of the input:\n"
        ".Cm emacs\n"
        "as in a shell, or\n"
        ".Cm vi ,\n"
        "with an insert mode, in which a message starts, and a normal mode.", .rare = true },
    [OPT_PASTE_CONFIRM] = {
        OPT_PASTE_CONFIRM, "paste_confirm", NULL, 0, OPTION_INT, 0, 1000000, 100, 0, 10000, NULL,
        "1000", "N",
        "ask before a paste of more lines; 0: never",
        "A paste of more lines than this is inserted only after a question.\n"
        "0 never asks.", .rare = true },
    [OPT_SPECULATE] = {
        OPT_SPECULATE, "speculate", NULL, 0, OPTION_CHOICE, 0, 0, 0, 0, 0, "auto on off", "auto",
        "WHEN",
        "guess ahead where text repeats itself",
        "Where the text repeats what it said before, guesses that it goes on as it did then, and\n"
        "evaluates several tokens in one pass over the model.\n"
        "The text is the same with and without it.\n"
        ".Cm auto\n"
        "guesses as far as it has paid so far.", .rare = true },
    [OPT_KV] = {
        OPT_KV, "kv", "kv_cache cache_type", 0, OPTION_CHOICE, 0, 0, 0, 0, 0, "auto f32 bf16 int8",
        "auto", "TYPE",
        "numbers of the cache: auto, f32, bf16 or int8",
        "How keys and values of past tokens are kept.\n"
        ".Cm int8\n"
        "takes half the memory of\n"
        ".Cm bf16 ,\n"
        "and a long conversation is faster with it.\n"
        ".Cm auto\n"
        "takes f32 for f32 models and int8 for all others.", .rare = true },
    [OPT_GEMM] = {
        OPT_GEMM, "gemm", NULL, 0, OPTION_CHOICE, 0, 0, 0, 0, 0, "auto amx int8 blas measure", "auto", "WAY",
        "how prompts are multiplied: auto, amx, int8, blas, measure",
        "How 8 tokens and more are multiplied with the weights:\n"
        ".Cm amx\n"
        "on the matrix unit, in bf16;\n"
        ".Cm int8\n"
        "in integers, with the bits of one token after another;\n"
        ".Cm blas\n"
        "as decoded floats by OpenBLAS, which rounds least and is slow.\n"
        "A format that lacks a way (f32 and qins9 have no\n"
        ".Cm amx ,\n"
        "and bf16, too, no\n"
        ".Cm int8 )\n"
        "takes that of\n"
        ".Cm auto ,\n"
        "what is the fastest on CPUs of this kind.\n"
        ".Cm measure\n"
        "tries the ways when the model is loaded, and takes the fastest: since ways round differently, the\n"
        "same seed may then give another text after another start.\n"
        "Attention is not concerned.", .rare = true },
    [OPT_KEEP_CONTEXT] = {
        OPT_KEEP_CONTEXT, "keep_context", NULL, 0, OPTION_FLOAT, 0, 100000, 1, 0, 16, NULL, "2", "GIB",
        "disk for what the model has read; 0: none",
        "GiB of disk for conversations as the model has read them, so that one that is opened again need not\n"
        "be read anew.\n"
        "When a saved conversation is left that took more than three seconds to read, it is kept in\n"
        ".Pa ~/.cache/qins ;\n"
        "what was not used for longest is removed first, and what a deleted conversation left with it.\n"
        "0 keeps and uses nothing, and so does\n"
        ".Fl \\-no\\-save .\n"
        "A token of Phi\\-3.5 takes 384 KiB, half of it with\n"
        ".Ic kv\n"
        "at int8.", .rare = true },
};
/* clang-format on */

static void choices_text(const char *choices, char *out, size_t n)
{
    size_t len = (size_t)snprintf(out, n, "one of ");
    for (const char *c = choices; *c && len + 2 < n; c++) {
        out[len++] = *c == ' ' ? ',' : *c;
        if (*c == ' ')
            out[len++] = ' ';
    }
    out[len] = '\0';
}

char *option_range(const struct option_row *row, char *out, size_t n)
{
    char low[32], high[32];
    switch (row->type) {
    case OPTION_FLOAT:
        snprintf(out, n, "a number from %s to %s", number_format(row->min, low),
                 number_format(row->max, high));
        break;
    case OPTION_INT:
        snprintf(out, n, "a whole number from %s to %s", number_format(row->min, low),
                 number_format(row->max, high));
        break;
    case OPTION_CHOICE: choices_text(row->choices, out, n); break;
    case OPTION_BOOL: snprintf(out, n, "true or false"); break;
    case OPTION_STOPS: snprintf(out, n, "up to 16 texts of 1 to 128 bytes"); break;
    case OPTION_STRING: snprintf(out, n, "text"); break;
    }
    return out;
}
