/* SPDX-License-Identifier: MIT */
#include "config_fields.h"

#include <string.h>

/* What a field does to the arithmetic. */
enum effect {
    READ,     /* parsed by config.c */
    NOTHING,  /* training, bookkeeping, defaults of generation: any value */
    IF_FALSE, /* would change the arithmetic unless false or null */
    IF_NULL,  /* would change it unless absent or null */
    IF_ONE,   /* would change it unless 1 */
};

static const struct {
    const char *key;
    enum effect effect;
} fields[] = {
    {"model_type", READ},
    {"architectures", READ},
    {"hidden_size", READ},
    {"intermediate_size", READ},
    {"num_hidden_layers", READ},
    {"num_attention_heads", READ},
    {"num_key_value_heads", READ},
    {"head_dim", READ},
    {"vocab_size", READ},
    {"max_position_embeddings", READ},
    {"original_max_position_embeddings", READ},
    {"hidden_act", READ},
    {"rms_norm_eps", READ},
    {"rope_theta", READ},
    {"rope_scaling", READ},
    {"rope_parameters", READ},
    {"partial_rotary_factor", READ},
    {"sliding_window", READ},
    {"tie_word_embeddings", READ},
    {"bos_token_id", READ},
    {"eos_token_id", READ},
    /* arithmetic that we do not have */
    {"attention_bias", IF_FALSE},
    {"mlp_bias", IF_FALSE},
    {"lm_head_bias", IF_FALSE},
    {"rope_interleaved", IF_FALSE},
    {"use_sliding_window", IF_FALSE},
    {"is_encoder_decoder", IF_FALSE},
    {"add_cross_attention", IF_FALSE},
    {"use_bfloat16", IF_FALSE},
    {"quantization_config", IF_NULL},
    {"compression_config", IF_NULL},
    {"pruned_heads", IF_NULL},
    {"layer_types", IF_NULL},
    {"full_attn_mod", IF_ONE},
    {"interpolate_factor", IF_ONE},
    /* no arithmetic of the forward pass */
    {"_name_or_path", NOTHING},
    {"name_or_path", NOTHING},
    {"_commit_hash", NOTHING},
    {"_attn_implementation", NOTHING},
    {"_attn_implementation_autoset", NOTHING},
    {"attention_dropout", NOTHING},
    {"embd_pdrop", NOTHING},
    {"resid_pdrop", NOTHING},
    {"hidden_dropout", NOTHING},
    {"auto_map", NOTHING},
    {"dtype", NOTHING},
    {"torch_dtype", NOTHING},
    {"initializer_range", NOTHING},
    {"gradient_checkpointing", NOTHING},
    {"is_llama_config", NOTHING},
    {"is_decoder", NOTHING},
    {"model_max_length", NOTHING},
    {"max_sequence_length", NOTHING}, /* early Llama-2 files; max_position_embeddings rules */
    {"pad_token_id", NOTHING},
    {"unk_token_id", NOTHING},
    {"sep_token_id", NOTHING},
    {"decoder_start_token_id", NOTHING},
    {"tokenizer_class", NOTHING},
    {"prefix", NOTHING},
    {"pretraining_tp", NOTHING}, /* how a product is split when training */
    {"transformers_version", NOTHING},
    {"unsloth_version", NOTHING},
    {"unsloth_fixed", NOTHING},
    {"use_cache", NOTHING},
    {"return_dict", NOTHING},
    {"output_attentions", NOTHING},
    {"output_hidden_states", NOTHING},
    {"torchscript", NOTHING},
    {"id2label", NOTHING},
    {"label2id", NOTHING},
    {"problem_type", NOTHING},
    {"finetuning_task", NOTHING},
    {"task_specific_params", NOTHING},
    {"chunk_size_feed_forward", NOTHING}, /* memory only: the result is the same */
    {"keys_to_ignore_at_inference", NOTHING},
    /* defaults of generation, once kept here; the user's sampling values rule */
    {"temperature", NOTHING},
    {"top_k", NOTHING},
    {"top_p", NOTHING},
    {"typical_p", NOTHING},
    {"do_sample", NOTHING},
    {"max_length", NOTHING},
    {"min_length", NOTHING},
    {"num_beams", NOTHING},
    {"num_beam_groups", NOTHING},
    {"num_return_sequences", NOTHING},
    {"diversity_penalty", NOTHING},
    {"early_stopping", NOTHING},
    {"length_penalty", NOTHING},
    {"repetition_penalty", NOTHING},
    {"no_repeat_ngram_size", NOTHING},
    {"encoder_no_repeat_ngram_size", NOTHING},
    {"bad_words_ids", NOTHING},
    {"begin_suppress_tokens", NOTHING},
    {"suppress_tokens", NOTHING},
    {"forced_bos_token_id", NOTHING},
    {"forced_eos_token_id", NOTHING},
    {"exponential_decay_length_penalty", NOTHING},
    {"output_scores", NOTHING},
    {"return_dict_in_generate", NOTHING},
    {"remove_invalid_values", NOTHING},
};

static bool field_is_fine(const char *key, const json_t *value, const char *name, struct error *err)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(key, fields[i].key) != 0)
            continue;
        bool fine = true;
        const char *wanted = "";
        switch (fields[i].effect) {
        case READ:
        case NOTHING: break;
        case IF_FALSE:
            fine = json_is_null(value) || json_is_false(value);
            wanted = "false";
            break;
        case IF_NULL:
            fine = json_is_null(value) || (json_is_object(value) && json_object_size(value) == 0);
            wanted = "absent";
            break;
        case IF_ONE:
            fine =
                json_is_null(value) || (json_is_number(value) && json_number_value(value) == 1.0);
            wanted = "1";
            break;
        }
        return fine || error_set(err, EX_DATAERR,
                                 "%s: \"%s\" changes the arithmetic in a way that is not "
                                 "supported; it must be %s",
                                 name, key, wanted);
    }
    return error_set(err, EX_DATAERR,
                     "%s: unknown field \"%.100s\": it might change the arithmetic", name, key);
}

bool config_fields_check(const json_t *config, const char *name, struct error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)config, key, value)
    {
        if (!field_is_fine(key, value, name, err))
            return false;
    }
    return true;
}
