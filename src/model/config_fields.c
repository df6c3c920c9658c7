/* SPDX-License-Identifier: MIT */
#include "config_fields.h"

#include <stdlib.h>
#include <string.h>

/* Training, bookkeeping, other programs, defaults of generation: any value. */
static const char *const neutral[] = {
    /* no arithmetic of the forward pass */
    "_name_or_path",
    "name_or_path",
    "_commit_hash",
    "_attn_implementation",
    "_attn_implementation_autoset",
    "attention_dropout",
    "embd_pdrop",
    "resid_pdrop",
    "hidden_dropout",
    "auto_map",
    "dtype",
    "torch_dtype",
    "initializer_range",
    "gradient_checkpointing",
    "is_llama_config",
    "is_decoder",
    "model_max_length",
    "max_sequence_length", /* early Llama-2 files; max_position_embeddings rules */
    "pad_token_id",
    "unk_token_id",
    "sep_token_id",
    "decoder_start_token_id",
    "tokenizer_class",
    "prefix",
    "pretraining_tp", /* how a product is split when training */
    "transformers_version",
    "unsloth_version",
    "unsloth_fixed",
    "use_cache",
    "return_dict",
    "output_attentions",
    "output_hidden_states",
    "torchscript",
    "id2label",
    "label2id",
    "problem_type",
    "finetuning_task",
    "task_specific_params",
    "chunk_size_feed_forward", /* memory only: the result is the same */
    "keys_to_ignore_at_inference",
    /* defaults of generation, once kept here; the user's sampling values rule */
    "temperature",
    "top_k",
    "top_p",
    "typical_p",
    "do_sample",
    "max_length",
    "min_length",
    "num_beams",
    "num_beam_groups",
    "num_return_sequences",
    "diversity_penalty",
    "early_stopping",
    "length_penalty",
    "repetition_penalty",
    "no_repeat_ngram_size",
    "encoder_no_repeat_ngram_size",
    "bad_words_ids",
    "begin_suppress_tokens",
    "suppress_tokens",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "exponential_decay_length_penalty",
    "output_scores",
    "return_dict_in_generate",
    "remove_invalid_values",
    /* what else stands in the text part of a model, or is for other programs */
    "attn_implementation",
    "cache_implementation",
    "num_logits_to_keep",
    "logits_to_keep",
    "embedding_dropout",
    "residual_dropout",
    "ffn_dropout",
    "image_token_id",
    "image_token_index",
    "video_token_id",
    "router_aux_loss_coef",
    "output_router_logits",
};

static bool is_neutral_key(const char *key)
{
    static const char js[] = "transformers.js"; /* transformers.js_config */
    for (size_t i = 0; i < sizeof neutral / sizeof *neutral; i++)
        if (strcmp(key, neutral[i]) == 0)
            return true;
    return strncmp(key, js, sizeof js - 1) == 0;
}

/* Says "no", or nothing. */
static bool is_empty(const json_t *value)
{
    return json_is_null(value) || json_is_false(value) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

/* Values that leave the arithmetic as it is, of fields that could change it. */
static bool is_identity(const char *key, const json_t *value)
{
    static const char *const if_one[] = {"full_attn_mod", "interpolate_factor",
                                         "partial_rotary_factor"};
    for (size_t i = 0; i < sizeof if_one / sizeof *if_one; i++)
        if (strcmp(key, if_one[i]) == 0)
            return json_is_number(value) && json_number_value(value) == 1.0;
    if (strcmp(key, "quantization_config") == 0) { /* the tensors' names say the same */
        const char *method = json_string_value(json_object_get(value, "quant_method"));
        return method && strcmp(method, "mxfp4") == 0;
    }
    return false;
}

struct config_fields config_fields_new(const json_t *object, const json_t *defaults,
                                       const char *name)
{
    return (struct config_fields){object, defaults, json_object(), name};
}

void config_fields_free(struct config_fields *f)
{
    json_decref(f->read);
    *f = (struct config_fields){0};
}

const json_t *config_field(struct config_fields *f, const char *key)
{
    const json_t *value = json_object_get(f->object, key);
    json_object_set_new(f->read, key, json_true());
    if (!value)
        value = json_object_get(f->defaults, key);
    return json_is_null(value) ? NULL : value;
}

/* The object that has the field: defaults are for absent ones. */
static const json_t *owner(struct config_fields *f, const char *key)
{
    config_field(f, key);
    return json_object_get(f->object, key) || !f->defaults ? f->object : f->defaults;
}

bool config_field_u32(struct config_fields *f, const char *key, bool optional, uint32_t *out,
                      struct error *err)
{
    return json_get_u32(owner(f, key), key, optional, out, f->name, err);
}

bool config_field_number(struct config_fields *f, const char *key, bool optional, double *out,
                         struct error *err)
{
    return json_get_number(owner(f, key), key, optional, out, f->name, err);
}

bool config_field_bool(struct config_fields *f, const char *key, bool optional, bool *out,
                       struct error *err)
{
    return json_get_bool(owner(f, key), key, optional, out, f->name, err);
}

void config_fields_unknown(const struct config_fields *f, const char *prefix, struct buf *out)
{
    enum { MAX_VALUE = 40, MAX_LIST = 800 };
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)f->object, key, value)
    {
        if (json_object_get(f->read, key) || is_neutral_key(key) || is_empty(value) ||
            is_identity(key, value))
            continue;
        if (out->len > MAX_LIST) {
            buf_puts(out, ", ...");
            return;
        }
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
        buf_printf(out, "%s\"%s%.100s\"", out->len ? ", " : "", prefix, key);
        if (text && strlen(text) <= MAX_VALUE)
            buf_printf(out, " = %s", text);
        free(text);
    }
}
