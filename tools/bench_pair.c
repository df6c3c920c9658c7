/* SPDX-License-Identifier: MIT */
#include "bench_pair.h"

#include <stdlib.h>
#include <string.h>

#include "same_pieces.h"
#include "sanitise.h"

static bool open_side(struct bench_pair *p, uint32_t i, struct bench *b, struct error *err)
{
    if (!bench_open(b, err))
        return false;
    p->n = i + 1;
    p->paths[i] = b->model_path;
    p->side[i] = (struct quality_side){
        b->model, &b->kernels, b->pool, i < b->kv.n ? (enum kv_type)b->kv.values[i] : KV_F32,
        b->gemm,  NULL};
    p->tokenizer[i] = model_tokenizer(b->model, err);
    return p->tokenizer[i] != NULL;
}

static bool check_same(const struct bench_pair *p, struct error *err)
{
    return p->n < 2 ||
           (p->side[0].model->config.vocab == p->side[1].model->config.vocab &&
            same_pieces(p->tokenizer[0], p->tokenizer[1])) ||
           error_set(err, EX_USAGE, "%s: another tokenizer than %s: nothing to compare",
                     p->paths[1], p->paths[0]);
}

bool bench_pair_open(struct bench_pair *p, struct bench *b, struct error *err)
{
    *p = (struct bench_pair){.b = b, .second = *b};
    p->second.model_path = b->against;
    bool ok = open_side(p, 0, b, err) && (!b->against || open_side(p, 1, &p->second, err)) &&
              check_same(p, err);
    if (!ok)
        bench_pair_close(p);
    return ok;
}

void bench_pair_close(struct bench_pair *p)
{
    for (uint32_t i = 0; i < p->n; i++) {
        tokenizer_free(p->tokenizer[i]);
        bench_close(i ? &p->second : p->b);
    }
    p->n = 0;
}

char *bench_path_text(const char *path)
{
    return sanitise_text(path, strlen(path), true);
}

bool bench_needs_file(const struct bench *b, const char *flag, struct error *err)
{
    return b->file || error_set(err, EX_USAGE, "%s FILE is missing", flag);
}
