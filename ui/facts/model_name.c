/* SPDX-License-Identifier: MIT */
#include "model_name.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "foreign_models.h"
#include "hub.h"
#include "sanitise.h"

/* What any model of the usual size can answer; and the starter, which knows stories and this
 * program.
 */
static const char *const examples[N_EXAMPLES] = {
    "Explain quantum computing in simple terms",
    "Write a haiku about artificial intelligence",
    "Plan a birthday dinner for six people",
    "Compare Python and Rust for systems programming",
};
static const char *const starter_examples[N_EXAMPLES] = {
    "Tell me a story about a cat and a boat.",
    "Who are you?",
    "What is QINS?",
    "How do I change the temperature?",
};

/* The name of a folder or file that another program keeps; their files are GGUF. */
static char *foreign_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
    char *of_hub = hub_name(path);
    bool is_gguf = foreign_models_is_file(file) || strncmp(file, "sha256-", 7) == 0;
    return of_hub || !is_gguf ? of_hub : foreign_models_name(path);
}

char *model_name(const char *path)
{
    const size_t remote = strlen(ENGINE_REMOTE);
    if (strncmp(path, ENGINE_REMOTE, remote) == 0)
        return sanitise_text(path + remote, strlen(path + remote), true);
    char *of_hub = foreign_name(path);
    if (of_hub) {
        char *name = sanitise_text(of_hub, strlen(of_hub), true);
        free(of_hub);
        return name;
    }
    if (access(path, F_OK) != 0 && hub_is_name(path)) /* the engine finds it */
        return xstrdup(path);
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (end - start > 5 && memcmp(path + end - 5, ".qins", 5) == 0)
        end -= 5;
    return sanitise_text(path + start, end - start, true);
}

bool model_is_starter(const char *name)
{
    return name && strcmp(name, "starter") == 0;
}

const char *model_example(const char *name, int i)
{
    return (model_is_starter(name) ? starter_examples : examples)[i];
}
