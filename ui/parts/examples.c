/* SPDX-License-Identifier: MIT */
#include "examples.h"

#include <string.h>

/* What a model of the usual size can answer; and the starter, which knows stories and this program.
 */
static const char *const examples[N_EXAMPLES] = {
    "Explain quantum computing in simple terms",
    "Write a haiku about artificial intelligence",
    "What is the QINS compression method?",
    "Compare Python and Rust for systems programming",
};
static const char *const starter_examples[N_EXAMPLES] = {
    "Tell me a story about a cat and a boat.",
    "Who are you?",
    "What is QINS?",
    "How do I change the temperature?",
};

bool example_is_starter(const char *model_name)
{
    return strcmp(model_name, "starter") == 0;
}

const char *example_text(const char *model_name, int i)
{
    return (example_is_starter(model_name) ? starter_examples : examples)[i];
}
