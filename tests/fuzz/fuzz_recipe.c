/* SPDX-License-Identifier: MIT
 *
 * Recipes (YAML: formats of single matrices) for a model of two layers: what one says is written
 * as the formats of a file, or the recipe is refused in one line.
 */
#include <unistd.h>

#include "fuzz.h"
#include "json.h"
#include "recipe.h"

static const char config_text[] =
    "{\"model_type\":\"llama\",\"architectures\":[\"LlamaForCausalLM\"],\"hidden_size\":64,"
    "\"intermediate_size\":64,\"num_hidden_layers\":2,\"num_attention_heads\":2,\"vocab_size\":64,"
    "\"max_position_embeddings\":64,\"rms_norm_eps\":1e-5,\"rope_theta\":10000.0,"
    "\"hidden_act\":\"silu\",\"tie_word_embeddings\":false,\"bos_token_id\":1,\"eos_token_id\":2}";

static void check(const char *formats)
{
    struct error err = {0};
    const char *name;
    json_t *root = json_parse(formats, strlen(formats), "formats", &err), *value;
    FUZZ_CHECK(json_is_object(root) && json_object_size(root) > 0);
    json_object_foreach(root, name, value)
    {
        enum format format;
        FUZZ_CHECK(name[0] && format_from_name(json_string_value(value), &format));
    }
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct model_config c;
    struct error err = {0};
    char *formats = NULL;
    const char *path;
    if (FUZZ_DIES())
        return 0;
    if (!c.dim)
        FUZZ_CHECK(
            config_parse(&c, config_text, sizeof config_text - 1, "config", NULL, 0, NULL, &err));
    close(fuzz_file(data, n, &path));
    if (!recipe_read(path, &c, FORMAT_QINS4, &formats, &err))
        FUZZ_CHECK(err.code && err.text[0] && !strchr(err.text, '\n'));
    else if (formats)
        check(formats);
    free(formats);
    return 0;
}
