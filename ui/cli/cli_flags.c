/* SPDX-License-Identifier: MIT */
#include "cli_flags.h"

#include <stddef.h>
#include <string.h>

#include "options.h"

const struct cli_flag_row cli_flags[N_CLI_FLAGS] = {
    [FLAG_PROMPT] = {"prompt", 'p', "TEXT", "answer TEXT on stdout and exit",
                     "The prompt of\n"
                     ".Sx PLAIN MODE .\n"
                     "If text also comes from the standard input, it is added after a blank line."},
    [FLAG_CONTINUE] = {"continue", 0, NULL, "resume the last conversation",
                       "Opens the conversation that was saved last."},
    [FLAG_NO_SAVE] = {"no-save", 0, NULL, "don't save the conversation",
                      "Saves neither the conversation nor the lines that were sent, as if\n"
                      ".Ev QINS_NO_HISTORY\n"
                      "were set."},
    [FLAG_RAW] =
        {"raw", 0, NULL, "plain mode without chat template",
         "Plain mode without a chat template and without\n"
         ".Fl \\-system :\n"
         "the text is tokenised as the model's own tokenizer does, names of special tokens\n"
         "and its rule for the token that begins a text included.\n"
         "Empty text yields only that token.",
         .rare = true},
    [FLAG_PLAIN] =
        {"plain", 0, NULL, "no full screen, even on a terminal",
         "Plain mode even if standard input and output are terminals: a conversation in\n"
         "lines there."},
    [FLAG_CHAT] =
        {"chat", 0, NULL, "chat in lines, without the full screen",
         "A conversation without the full screen: each line of the standard input is a message.\n"
         "This is what\n"
         ".Fl \\-plain\n"
         "does on a terminal; see\n"
         ".Sx Conversation in lines .",
         .rare = true},
    [FLAG_JSON] = {"json", 0, NULL, "print JSON Lines",
                   "Plain mode in which the standard output is one JSON object per line; see\n"
                   ".Sx JSON .\n"
                   "With\n"
                   ".Fl \\-models\n"
                   "the list is JSON."},
    [FLAG_JSON_SCHEMA] = {"json-schema", 0, "FILE", "answers are JSON that fits the schema in FILE",
                          "Answers are JSON that fits the JSON schema in\n"
                          ".Ar FILE ;\n"
                          "see\n"
                          ".Sx ANSWERS OF A GIVEN SHAPE .",
                          .rare = true},
    [FLAG_GRAMMAR] = {"grammar", 0, "FILE", "answers are texts of the GBNF grammar in FILE",
                      "Answers are texts of the grammar in\n"
                      ".Ar FILE ,\n"
                      "which is written in llama.cpp\\(aqs GBNF; see\n"
                      ".Sx ANSWERS OF A GIVEN SHAPE .",
                      .rare = true},
    [FLAG_MODELS] = {"models", 0, NULL, "list the models that -m knows by name",
                     "Lists the\n"
                     ".Pa .qins\n"
                     "files that\n"
                     ".Fl m\n"
                     "knows by name, with size, format and context, or what is wrong with them.\n"
                     "See\n"
                     ".Ev QINS_MODELS ."},
    [FLAG_KNOWN] = {"known", 0, NULL, "with --models: those that can be downloaded by a short name",
                    "With\n"
                    ".Fl \\-models :\n"
                    "lists instead the models of the hub that have been run here, by short names,\n"
                    "with their size and licence; see\n"
                    ".Sx DOWNLOADS .",
                    .rare = true},
    [FLAG_HF] = {"hf", 0, "NAME", "a model of the Hugging Face hub, as -m org/name",
                 "The same as\n"
                 ".Fl m ,\n"
                 "for those who know it from other programs; also written\n"
                 ".Fl hf .",
                 .rare = true},
    [FLAG_DUMP_CONFIG] =
        {"dump-config", 0, NULL, "print all settings and their sources",
         "Prints every option with its value and where the value came from, as YAML\n"
         "that can be used as\n"
         ".Pa config.yaml ."},
    [FLAG_DUMP_KEYS] = {"dump-keys", 0, NULL, "print all key bindings",
                        "Prints every key binding in effect, as YAML that can be used as\n"
                        ".Pa keys.yaml .",
                        .rare = true},
    [FLAG_COMPLETION] = {"completion", 0, "SHELL", "print a completion script: bash, zsh, fish",
                         "Prints a script that makes\n"
                         ".Ar SHELL\n"
                         "(bash, zsh or fish) complete the flags, for example\n"
                         ".Li eval \\(dq$(qins\\-tui \\-\\-completion bash)\\(dq .",
                         .rare = true},
    [FLAG_HELP] = {"help", 'h', NULL, "print this help", "Prints a short list of the options."},
    [FLAG_HELP_ALL] = {"help-all", 0, NULL, "print all options", "Prints all options."},
    [FLAG_VERSION] = {"version", 'V', NULL, "print versions",
                      "Prints the version of the program and of its libraries."},
};

const char *cli_off_value(const struct option_row *row)
{
    static const char *const words[] = {"off", "never"};
    if (row->type == OPTION_BOOL)
        return "false";
    for (size_t i = 0; row->type == OPTION_CHOICE && i < sizeof words / sizeof *words; i++)
        for (const char *c = row->choices; c; c = strchr(c, ' ')) {
            size_t n = strlen(words[i]);
            c += *c == ' ';
            if (strncmp(c, words[i], n) == 0 && (c[n] == ' ' || !c[n]))
                return words[i];
        }
    return NULL;
}
