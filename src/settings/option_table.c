/* SPDX-License-Identifier: MIT
 *
 * The rows. This file and number.c need nothing else of the project, so that the generator of the
 * manual's option lists can be built for the machine that builds.
 */
#include <stdio.h>
#include <string.h>

#include "formats.h"
#include "levels.h"
#include "number.h"
#include "options.h"

#define NUMBER_MAX_TOKENS 1048576
#define NUMBER_MAX_SEED 9007199254740991.0 /* 2^53 - 1: what a double counts exactly */

/* clang-format off */
const struct option_row option_table[N_OPTIONS] = {
    [OPT_TEMPERATURE] = {
        .name = "temperature", .aliases = "temp",
        .type = OPTION_FLOAT, .min = 0, .max = 2, .step = 0.1,
        .slider_min = 0.1, .slider_max = 2,
        .initial = "0.7", .meta = "N", .from_model = true,
        .help = "randomness; 0: always the likeliest token",
        .manual =
            "Divides the logits before sampling.\n"
            "Lower is more predictable, higher more varied.\n"
            "0 always picks the likeliest token (greedy; the seed then has no effect).",
    },
    [OPT_TOP_P] = {
        .name = "top_p", .aliases = "topp",
        .type = OPTION_FLOAT, .min = 0, .max = 1, .step = 0.05,
        .slider_min = 0.1, .slider_max = 1,
        .initial = "0.9", .meta = "N", .from_model = true,
        .help = "keep tokens up to this probability; 1: all",
        .manual =
            "Keeps the likeliest tokens whose probabilities together make up this much, by the\n"
            "rule of\n"
            ".Ic top_p_rule .\n"
            "1 keeps all.",
    },
    [OPT_TOP_K] = {
        .name = "top_k", .aliases = "topk",
        .type = OPTION_INT, .min = 0, .max = 1000000, .step = 5,
        .slider_min = 0, .slider_max = 200,
        .initial = "0", .meta = "N", .from_model = true,
        .help = "keep this many of the likeliest; 0: all",
        .manual =
            "Keeps the N likeliest tokens, plus any tied with the last.\n"
            "0 keeps all.",
    },
    [OPT_MIN_P] = {
        .name = "min_p", .aliases = "minp",
        .type = OPTION_FLOAT, .min = 0, .max = 1, .step = 0.01,
        .slider_min = 0, .slider_max = 0.5,
        .initial = "0", .meta = "N", .rare = true, .from_model = true,
        .help = "minimum share of the top probability; 0: off",
        .manual =
            "Drops every token whose probability is below this share of the likeliest token's.\n"
            "0 drops none.",
    },
    [OPT_REPEAT_PENALTY] = {
        .name = "repeat_penalty", .aliases = "repetition_penalty",
        .type = OPTION_FLOAT, .min = 0.1, .max = 10, .step = 0.05,
        .slider_min = 1, .slider_max = 2,
        .initial = "1", .meta = "N", .rare = true, .from_model = true,
        .help = "makes repeated tokens less likely; 1: off",
        .manual =
            "Logits of recently used tokens are divided by this if positive and multiplied by it\n"
            "if negative.\n"
            "1 changes nothing.",
    },
    [OPT_REPEAT_LAST_N] = {
        .name = "repeat_last_n",
        .type = OPTION_INT, .min = -1, .max = NUMBER_MAX_TOKENS, .step = 16,
        .slider_min = 0, .slider_max = 512,
        .initial = "64", .meta = "N", .rare = true,
        .help = "how far back it looks, in tokens; -1: all",
        .manual =
            "How many tokens the penalties look back at.\n"
            "0 switches them off, \\-1 means the whole conversation.",
    },
    [OPT_PRESENCE_PENALTY] = {
        .name = "presence_penalty",
        .type = OPTION_FLOAT, .min = -2, .max = 2, .step = 0.1,
        .slider_min = 0, .slider_max = 2,
        .initial = "0", .meta = "N", .rare = true,
        .help = "makes used tokens less likely; 0: off",
        .manual =
            "Subtracted from the logit of every token that the repeat penalty looks back at.\n"
            "0 changes nothing.",
    },
    [OPT_FREQUENCY_PENALTY] = {
        .name = "frequency_penalty",
        .type = OPTION_FLOAT, .min = -2, .max = 2, .step = 0.1,
        .slider_min = 0, .slider_max = 2,
        .initial = "0", .meta = "N", .rare = true,
        .help = "the same, for each use; 0: off",
        .manual =
            "Subtracted from the logit of a token once for each time that it occurs where the\n"
            "repeat penalty looks.\n"
            "0 changes nothing.",
    },
    [OPT_MAX_TOKENS] = {
        .name = "max_tokens", .aliases = "max_new_tokens n_predict num_predict", .short_flag = 'n',
        .type = OPTION_INT, .min = 1, .max = NUMBER_MAX_TOKENS, .step = 50,
        .slider_min = 50, .slider_max = 2048,
        .initial = "512", .meta = "N",
        .help = "longest answer in tokens",
        .manual =
            "The answer ends after this many tokens, or earlier if the context is full.",
    },
    [OPT_THINK] = {
        .name = "think", .aliases = "thinking",
        .type = OPTION_CHOICE, .choices = "auto on off low medium high",
        .initial = "auto", .meta = "HOW",
        .help = "think first: on, off, low, medium, high",
        .manual =
            "Whether a model that can think before it answers does, and how much.\n"
            ".Cm auto\n"
            "is what its chat template does by itself.\n"
            ".Cm low ,\n"
            ".Cm medium\n"
            "and\n"
            ".Cm high\n"
            "are for models that know an effort; others take them for\n"
            ".Cm on .",
    },
    [OPT_THINK_TOKENS] = {
        .name = "think_tokens", .aliases = "thinking_budget",
        .type = OPTION_INT, .min = 0, .max = NUMBER_MAX_TOKENS, .step = 256,
        .slider_min = 0, .slider_max = 8192,
        .initial = "0", .meta = "N", .rare = true,
        .help = "longest thinking in tokens; 0: no limit",
        .manual =
            "Thinking that is longer is closed after this many tokens, and the answer begins.\n"
            "0 sets no limit other than\n"
            ".Ic max_tokens ,\n"
            "which counts thinking too.",
    },
    [OPT_SHOW_THINKING] = {
        .name = "show_thinking",
        .type = OPTION_BOOL,
        .initial = "false", .rare = true,
        .help = "show what the model thinks",
        .manual =
            "Shows what the model thinks before it answers as it is written.\n"
            "Otherwise one line says how long it thought.",
    },
    [OPT_TOP_P_RULE] = {
        .name = "top_p_rule",
        .type = OPTION_CHOICE, .choices = "spec nucleus",
        .initial = "spec", .meta = "RULE", .rare = true,
        .help = "what top-p keeps: spec or nucleus",
        .manual =
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
            "at 1 both keep all.",
    },
    [OPT_SEED] = {
        .name = "seed", .short_flag = 's',
        .type = OPTION_INT, .min = -1, .max = NUMBER_MAX_SEED, .step = 1,
        .slider_min = 0, .slider_max = 1000,
        .initial = "-1", .meta = "N",
        .help = "same seed, same text; -1: a new one",
        .manual =
            "The same seed gives the same text, whatever the number of threads.\n"
            "\\-1 draws a new one for each answer.",
    },
    [OPT_STOP] = {
        .name = "stop", .aliases = "stops",
        .type = OPTION_STOPS,
        .initial = "", .meta = "TEXT", .rare = true,
        .help = "a text that ends the answer; may be repeated",
        .manual =
            "The answer ends before this text, even if it starts in the middle of a token.\n"
            "A special token such as\n"
            ".Li \\*(Lt|end|\\*(Gt\n"
            "may be named, too.\n"
            "What the model thinks before its answer is not searched.\n"
            "The flag may be given several times; in YAML and in\n"
            ".Ev QINS_STOP\n"
            "write a list in brackets, as in\n"
            ".Li [\\(dqUser:\\(dq, \\(dq###\\(dq] .",
    },
    [OPT_MODEL] = {
        .name = "model", .short_flag = 'm',
        .type = OPTION_STRING,
        .initial = "", .meta = "MODEL",
        .help = ".qins or GGUF file, model folder, or name",
        .manual =
            "A\n"
            ".Pa .qins\n"
            "file, the name of one in the places of\n"
            ".Ev QINS_MODELS ,\n"
            "a GGUF file, or a model folder in Hugging Face form; the last two are converted\n"
            "first, see\n"
            ".Ic format .\n"
            "Names of models that other programs keep on this machine, such as\n"
            ".Ar org/name\n"
            "or\n"
            ".Li ollama:llama3.2:3b ,\n"
            "are those that\n"
            ".Fl \\-models\n"
            "lists.\n"
            "Without a model, the starter model is used.",
    },
    [OPT_TEMPLATE] = {
        .name = "template", .aliases = "chat_template",
        .type = OPTION_STRING,
        .initial = "", .meta = "NAME", .rare = true,
        .help = "chat template in place of the model's own",
        .manual =
            "The chat template in place of the one that the model brings with it: a\n"
            ".Pa .jinja\n"
            "file if\n"
            ".Ar NAME\n"
            "contains a slash or ends in\n"
            ".Pa .jinja ,\n"
            "else one of\n"
            ".Cm alpaca , chatml , gemma , llama3 , mistral , phi3 , vicuna ,\n"
            "or of your own in\n"
            ".Pa ~/.config/qins/templates .\n"
            "For models that come without a template, though they were trained with one;\n"
            ".Cm own ,\n"
            "the default, is the model's.\n"
            "While the program runs,\n"
            ".Ic /set template Ar NAME\n"
            "loads the model again with it.\n"
            "Markers that the model has no token for are named when it is loaded.\n"
            "The token that begins a text is written as the model's tokenizer wants it.",
    },
    [OPT_SYSTEM] = {
        .name = "system", .aliases = "system_prompt",
        .type = OPTION_STRING,
        .initial = "You are a helpful AI assistant.", .meta = "TEXT",
        .help = "the system prompt",
        .manual =
            "What the model is told before the conversation.\n"
            "Empty text omits it.",
    },
    [OPT_CONTEXT] = {
        .name = "context", .aliases = "num_ctx n_ctx ctx_size", .short_flag = 'c',
        .type = OPTION_INT, .min = 0, .max = NUMBER_MAX_TOKENS, .step = 1024,
        .slider_min = 0, .slider_max = 131072,
        .initial = "0", .meta = "N", .is_fixed = true,
        .help = "longest conversation; 0: the model's",
        .manual =
            "Longest conversation in tokens, including the answer.\n"
            "0 takes the length that the model was first trained for.",
    },
    [OPT_THREADS] = {
        .name = "threads", .aliases = "num_thread n_threads", .short_flag = 't',
        .type = OPTION_INT, .min = 0, .max = 1024, .step = 1,
        .slider_min = 0, .slider_max = 64,
        .initial = "0", .meta = "N", .is_fixed = true,
        .help = "CPU threads; 0: all available",
        .manual =
            "CPU threads.\n"
            "0 uses all that the process may use.\n"
            "If other programs want the same CPUs, fewer of them work.\n"
            "The text does not depend on it.",
    },
    [OPT_CPU] = {
        .name = "cpu",
        .type = OPTION_CHOICE, .choices = "auto" ALL_LEVEL_NAMES,
        .initial = "auto", .meta = "LEVEL", .rare = true, .is_fixed = true,
        .help = "highest instruction set, such as avx2",
        .manual =
            "The highest instruction set that may be used.\n"
            ".Cm auto\n"
            "takes all that this machine has;\n"
            ".Cm scalar\n"
            "is plain C.",
    },
    [OPT_PRESET] = {
        .name = "preset", .short_flag = 'P',
        .type = OPTION_STRING,
        .initial = "", .meta = "NAME",
        .help = "settings by name, such as creative",
        .manual =
            "Reads a preset: a name, or a file if\n"
            ".Ar NAME\n"
            "contains a slash or ends in\n"
            ".Pa .yaml .",
    },
    [OPT_FORMAT] = {
        .name = "format", .short_flag = 'f',
        .type = OPTION_CHOICE, .choices = "auto" FORMAT_NAMES,
        .initial = "auto", .meta = "FORMAT", .rare = true, .is_fixed = true,
        .help = "what a folder or GGUF file is converted to",
        .manual =
            "What a model folder or a GGUF file is converted to; a\n"
            ".Pa .qins\n"
            "file stays what it is.\n"
            ".Cm auto\n"
            "uses f32 (lossless) for models of at most 64 MiB in that format, and qins8 for\n"
            "larger ones and for all GGUF files whose weights are rounded already\n"
            "(Q4_K_M, Q8_0 ...).",
    },
    [OPT_THEME] = {
        .name = "theme",
        .type = OPTION_STRING,
        .initial = "default", .meta = "NAME",
        .help = "colours by name, such as light, dark, mono",
        .manual =
            "Colours and attributes of the screen: a name, or a file if\n"
            ".Ar NAME\n"
            "contains a slash or ends in\n"
            ".Pa .yaml .",
    },
    [OPT_COLOR] = {
        .name = "color", .aliases = "colour",
        .type = OPTION_CHOICE, .choices = "auto always never",
        .initial = "auto", .meta = "WHEN", .rare = true,
        .help = "auto, always or never",
        .manual =
            ".Cm auto\n"
            "uses the colours that the terminal has, unless\n"
            ".Ev NO_COLOR\n"
            "is set and not empty;\n"
            ".Cm always\n"
            "ignores that variable;\n"
            ".Cm never\n"
            "leaves bold, dim and reverse.",
    },
    [OPT_MOUSE] = {
        .name = "mouse",
        .type = OPTION_BOOL,
        .initial = "false", .rare = true,
        .help = "the program uses wheel and clicks",
        .manual =
            "The wheel scrolls, clicks move the focus and the sliders; in a list a click selects,\n"
            "and opens what is selected.\n"
            "While it is on, most terminals select text only with the shift key held.",
    },
    [OPT_MARKDOWN] = {
        .name = "markdown",
        .type = OPTION_BOOL,
        .initial = "true",
        .help = "show answers as Markdown",
        .manual =
            "Shows headings, lists, tables, code and the like of answers; otherwise the text as\n"
            "written.\n"
            "Copies are always the text as written.",
    },
    [OPT_EMOJI] = {
        .name = "emoji",
        .type = OPTION_CHOICE, .choices = "native safe ascii",
        .initial = "native", .meta = "HOW", .rare = true,
        .help = "native, safe or ascii",
        .manual =
            "How emoji in answers are drawn, for terminals that get their width wrong:\n"
            ".Cm native\n"
            "as they are;\n"
            ".Cm safe\n"
            "without joined (ZWJ) sequences, skin tones or flags;\n"
            ".Cm ascii\n"
            "as short words in brackets.",
    },
    [OPT_CLIPBOARD] = {
        .name = "clipboard",
        .type = OPTION_CHOICE, .choices = "auto osc52 tmux pbcopy off",
        .initial = "auto", .meta = "HOW", .rare = true,
        .help = "how copies reach the terminal",
        .manual =
            "How copies reach the clipboard of the terminal:\n"
            ".Cm auto\n"
            "fills the buffer of the tmux that the program runs in, which passes it on if it may,\n"
            "and is\n"
            ".Cm osc52\n"
            "elsewhere, which sends the sequence OSC 52\n"
            "(on a Mac that is not used over SSH:\n"
            ".Cm pbcopy ) ;\n"
            ".Cm tmux\n"
            "wraps it for a tmux with\n"
            ".Ql allow\\-passthrough ;\n"
            ".Cm pbcopy\n"
            "gives them to that program;\n"
            ".Cm off\n"
            "sends nothing.",
    },
    [OPT_LINKS] = {
        .name = "links",
        .type = OPTION_CHOICE, .choices = "auto on off",
        .initial = "auto", .meta = "WHEN", .rare = true,
        .help = "links can be opened from the terminal",
        .manual =
            "Marks links in what the chat shows (http, https and mailto) for the terminal, which\n"
            "opens them by a click (OSC 8; often with the control key held, while\n"
            ".Fl \\-mouse\n"
            "is on with shift too).\n"
            "Needs a locale with UTF-8.\n"
            ".Cm auto\n"
            "does so but on consoles and in GNU screen; tmux passes links on from version 3.4 on.\n"
            "A conversation in lines has links with\n"
            ".Cm on\n"
            "alone.",
    },
    [OPT_TITLE] = {
        .name = "title",
        .type = OPTION_BOOL,
        .initial = "true", .rare = true,
        .help = "the window's title names the conversation",
        .manual =
            "Shows the conversation's title as that of the terminal's window.\n"
            "The title that the window had comes back at the end, if the terminal keeps it.",
    },
    [OPT_NOTIFY] = {
        .name = "notify",
        .type = OPTION_CHOICE, .choices = "off bell desktop",
        .initial = "bell", .meta = "HOW", .rare = true,
        .help = "off, bell or desktop: a long answer ended",
        .manual =
            "What tells that a long answer has ended, if the terminal lacks the focus:\n"
            ".Cm bell\n"
            "rings its bell;\n"
            ".Cm desktop\n"
            "asks it for a notification, too (OSC 777 for rxvt and foot, else OSC 9; a tmux\n"
            "passes it on with\n"
            ".Ql allow\\-passthrough ) ;\n"
            ".Cm off\n"
            "keeps quiet.\n"
            "If the terminal does not tell its focus, the last key must be as old as a long\n"
            "answer.",
    },
    [OPT_NOTIFY_AFTER] = {
        .name = "notify_after",
        .type = OPTION_INT, .min = 0, .max = 86400, .step = 5,
        .slider_min = 0, .slider_max = 120,
        .initial = "10", .meta = "S", .rare = true,
        .help = "seconds that make an answer a long one",
        .manual =
            "Seconds from which on an answer is a long one for\n"
            ".Fl \\-notify .",
    },
    [OPT_KEYMAP] = {
        .name = "keymap",
        .type = OPTION_CHOICE, .choices = "emacs vi",
        .initial = "emacs", .meta = "NAME", .rare = true,
        .help = "keys of the input: emacs or vi",
        .manual =
            "The keys of the input:\n"
            ".Cm emacs\n"
            "as in a shell, or\n"
            ".Cm vi ,\n"
            "with an insert mode, in which a message starts, and a normal mode.",
    },
    [OPT_PASTE_CONFIRM] = {
        .name = "paste_confirm",
        .type = OPTION_INT, .min = 0, .max = 1000000, .step = 100,
        .slider_min = 0, .slider_max = 10000,
        .initial = "1000", .meta = "N", .rare = true,
        .help = "ask before a paste of more lines; 0: never",
        .manual =
            "A paste of more lines than this is inserted only after a question.\n"
            "0 never asks.",
    },
    [OPT_SPECULATE] = {
        .name = "speculate",
        .type = OPTION_CHOICE, .choices = "auto on off",
        .initial = "auto", .meta = "WHEN", .rare = true, .is_fixed = true,
        .help = "draft ahead if text repeats itself",
        .manual =
            "If the text repeats an earlier part, drafts the tokens that followed there, and\n"
            "evaluates several of them in one pass over the model.\n"
            "The text is the same with and without it.\n"
            ".Cm auto\n"
            "drafts as far as it has paid so far.",
    },
    [OPT_KV] = {
        .name = "kv", .aliases = "kv_cache cache_type",
        .type = OPTION_CHOICE, .choices = "auto f32 bf16 int8",
        .initial = "auto", .meta = "TYPE", .rare = true, .is_fixed = true,
        .help = "number format of the KV cache: auto, f32, bf16 or int8",
        .manual =
            "How keys and values of past tokens are stored.\n"
            ".Cm int8\n"
            "takes half the memory of\n"
            ".Cm bf16 ,\n"
            "and a long conversation is faster with it.\n"
            ".Cm auto\n"
            "uses f32 for f32 models and int8 for all others.",
    },
    [OPT_GEMM] = {
        .name = "gemm",
        .type = OPTION_CHOICE, .choices = "auto amx int8 blas measure",
        .initial = "auto", .meta = "WAY", .rare = true, .is_fixed = true,
        .help = "how prompts are multiplied: auto, amx, int8, blas, measure",
        .manual =
            "How prompts of 8 tokens and more are multiplied with the weights:\n"
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
            "falls back to\n"
            ".Cm auto ,\n"
            "which is the fastest known method for this CPU.\n"
            ".Cm measure\n"
            "tries the ways when the model is loaded, and takes the fastest: since ways round\n"
            "differently, the same seed may then give another text after another start.\n"
            "This does not affect attention.",
    },
    [OPT_WEIGHTS] = {
        .name = "weights",
        .type = OPTION_CHOICE, .choices = "auto map copy",
        .initial = "auto", .meta = "WAY", .rare = true, .is_fixed = true,
        .help = "where the weights are read from: auto, map, copy",
        .manual =
            "Where the weights are read from:\n"
            ".Cm map\n"
            "is the file in the system's cache, which all programs share and the system may\n"
            "take back at any time;\n"
            ".Cm copy\n"
            "is a copy in the program's own memory, in pages of 2 MiB, which is faster if the\n"
            "system caches the file in small pages, takes as much memory as the file has in\n"
            "each program, and lets loading take longer.\n"
            "What does not fit stays mapped.\n"
            ".Cm auto ,\n"
            "the default, measures for some milliseconds, and copies if that makes reading at\n"
            "least a tenth faster and twice the file's size is free: while the program waits for\n"
            "the next message, so that nothing takes longer.\n"
            "On macOS the file stays mapped whatever is asked for: its pages are large there.\n"
            "Answers do not depend on it.",
    },
    [OPT_KEEP_CONTEXT] = {
        .name = "keep_context",
        .type = OPTION_FLOAT, .min = 0, .max = 100000, .step = 1,
        .slider_min = 0, .slider_max = 16,
        .initial = "2", .meta = "GIB", .rare = true, .is_fixed = true,
        .help = "GiB of disk for the prompt cache; 0: off",
        .manual =
            "GiB of disk for evaluated conversations, so that reopening a conversation does not\n"
            "re-evaluate its prompt.\n"
            "A saved conversation whose evaluation took more than three seconds is stored in\n"
            ".Pa ~/.cache/qins\n"
            "when another one is opened or the program ends.\n"
            "The least recently used entries are removed first; deleting a conversation removes\n"
            "its entry.\n"
            "0 stores and uses nothing, and so does\n"
            ".Fl \\-no\\-save .\n"
            "A token of Phi\\-3.5 takes 200 KiB with\n"
            ".Ic kv\n"
            "at int8, and 384 KiB at bf16.",
    },
    [OPT_CONTEXT_FULL] = {
        .name = "context_full",
        .type = OPTION_CHOICE, .choices = "ask slide",
        .initial = "ask", .meta = "HOW", .rare = true,
        .help = "when the context fills up: ask, slide",
        .manual =
            "What happens when the context of a conversation fills up.\n"
            ".Cm ask\n"
            "asks whether the oldest exchange may be dropped from what the model sees.\n"
            ".Cm slide\n"
            "drops the oldest exchanges before the next message once 80 % are full, so many that\n"
            "the others take half of the context, and says so in the chat; so the rest of the\n"
            "prompt is read again now and then, not for every message.\n"
            "The conversation itself is kept whole.",
    },
    [OPT_REMEMBER] = {
        .name = "remember",
        .type = OPTION_BOOL,
        .initial = "false", .rare = true,
        .help = "start with the model and preset used last",
        .manual =
            "Starts with the model and the preset that were used last, unless the command line, a\n"
            "variable or\n"
            ".Pa config.yaml\n"
            "names others.\n"
            "A model that is gone is told, and the usual one is opened.",
    },
    [OPT_SERVER] = {
        .name = "server",
        .type = OPTION_STRING,
        .initial = "", .meta = "URL", .rare = true, .is_fixed = true,
        .help = "an engine elsewhere (OpenAI's API) answers",
        .manual =
            "The address of an engine that answers in the place of this machine, such as\n"
            ".Li http://localhost:8080\n"
            "or\n"
            ".Li https://api.example.org/v1 ;\n"
            "see\n"
            ".Sx ENGINES ELSEWHERE .\n"
            "Your messages are sent there.\n"
            ".Cm none\n"
            "stays on this machine.",
    },
    [OPT_SERVER_MODEL] = {
        .name = "server_model",
        .type = OPTION_STRING,
        .initial = "", .meta = "NAME", .rare = true, .is_fixed = true,
        .help = "the model that answers there",
        .manual =
            "The name of the model at\n"
            ".Ic server .\n"
            "Without it the engine must have only one.",
    },
    [OPT_KEY_COMMAND] = {
        .name = "key_command",
        .type = OPTION_STRING,
        .initial = "", .meta = "COMMAND", .rare = true, .is_fixed = true,
        .help = "a command that prints the server's key",
        .manual =
            "A command whose output is the key for\n"
            ".Ic server .\n"
            "A shell runs it when the key is needed for the first time, without a terminal and\n"
            "for at most 30 seconds.",
    },
    [OPT_KEY_FILE] = {
        .name = "key_file",
        .type = OPTION_STRING,
        .initial = "", .meta = "FILE", .rare = true, .is_fixed = true,
        .help = "a file of mode 0600 with the server's key",
        .manual =
            "A file that holds the key for\n"
            ".Ic server .\n"
            "It must be yours, and others must not be able to read it.",
    },
    [OPT_SERVER_TIMEOUT] = {
        .name = "server_timeout",
        .type = OPTION_FLOAT, .min = 0.1, .max = 86400, .step = 10,
        .slider_min = 10, .slider_max = 600,
        .initial = "300", .meta = "S", .rare = true, .is_fixed = true,
        .help = "seconds of silence until the server is given up",
        .manual =
            "Seconds after which an engine elsewhere that sends nothing is given up; it may read\n"
            "a long prompt or load a model meanwhile.",
    },
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
