/* SPDX-License-Identifier: MIT */
#include "config_tokens.h"

static bool get_token(const json_t *v, uint32_t vocab, int32_t *out, const char *key,
                      const char *name, struct error *err)
{
    json_int_t id = json_is_integer(v) ? json_integer_value(v) : -1;
    if (id < 0 || id >= vocab)
        return error_set(err, EX_DATAERR, "%s: \"%s\" is not a token id below vocab_size %u", name,
                         key, vocab);
    *out = (int32_t)id;
    return true;
}

static bool add_stop(struct model_config *c, int32_t id, const char *name, struct error *err)
{
    for (uint32_t i = 0; i < c->n_stop; i++)
        if (c->stop[i] == id)
            return true;
    if (c->n_stop == MAX_STOP)
        return error_set(err, EX_DATAERR,
                         "%s: more than %d values of \"eos_token_id\" are not supported", name,
                         MAX_STOP);
    c->stop[c->n_stop++] = id;
    return true;
}

bool config_read_tokens(struct model_config *c, const json_t *object, const char *name,
                        struct error *err)
{
    const json_t *bos = json_object_get(object, "bos_token_id");
    const json_t *eos = json_object_get(object, "eos_token_id");
    int32_t id = -1;
    if (bos && !json_is_null(bos)) {
        if (!get_token(bos, c->vocab, &id, "bos_token_id", name, err))
            return false;
        c->bos = c->bos < 0 ? id : c->bos;
    }
    if (!eos || json_is_null(eos))
        return true;
    size_t n = json_is_array(eos) ? json_array_size(eos) : 1;
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_is_array(eos) ? json_array_get(eos, i) : eos;
        if (!get_token(v, c->vocab, &id, "eos_token_id", name, err) || !add_stop(c, id, name, err))
            return false;
    }
    return true;
}
