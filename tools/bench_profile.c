/* SPDX-License-Identifier: MIT
 *
 * profile: the time of generated tokens by kind of operation, weights with the rate they were read
 * at.
 */
#include "bench.h"
#include "profile.h"

static uint64_t bytes_of(const struct matrix *w, uint32_t n)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        bytes += matrix_data_bytes(&w[i]) + matrix_row_bytes(&w[i]);
    return bytes;
}

static uint64_t expert_bytes(const struct experts *e, enum op op)
{
    uint64_t bytes = 0;
    if (op == OP_ROUTE)
        return bytes_of(&e->router, 1);
    for (uint32_t i = 0; op == OP_GATE_UP && i < e->n_gate_up; i++)
        bytes += e->n_used * bytes_of(e->gate_up[i], 1);
    return op == OP_DOWN ? e->n_used * bytes_of(e->down, 1) : bytes;
}

/* Weights that one token reads in operations of this kind. */
static uint64_t weight_bytes(const struct model *m, enum op op)
{
    uint64_t bytes = op == OP_HEAD ? bytes_of(&m->head, 1) : 0;
    for (uint32_t i = 0; i < m->config.n_layers; i++) {
        const struct layer *l = &m->layers[i];
        bytes += op == OP_QKV ? bytes_of(l->qkv, l->n_qkv) + bytes_of(l->mixer_in, l->n_mixer_in)
                 : op == OP_ATTN_OUT ? bytes_of(&l->attn_out, 1) + bytes_of(&l->mixer_out, 1)
                 : op == OP_GATE_UP  ? bytes_of(l->gate_up, l->n_gate_up)
                 : op == OP_DOWN     ? bytes_of(&l->down, l->n_gate_up ? 1 : 0)
                                     : 0;
        if (l->experts)
            bytes += expert_bytes(l->experts, op);
    }
    return bytes;
}

void bench_print_profile(const struct bench *b, const struct profile *p, uint32_t n_tok)
{
    uint64_t total = 0;
    for (enum op op = 0; op < N_OPS; op++)
        total += p->ns[op];
    if (n_tok == 0 || total == 0)
        return;
    printf("profile       ms/token  share  times    GB/s\n");
    for (enum op op = 0; op < N_OPS; op++) {
        uint64_t bytes = weight_bytes(b->model, op);
        printf("  %-10s %9.3f %5.1f %%", op_name(op), (double)p->ns[op] * 1e-6 / n_tok,
               100.0 * (double)p->ns[op] / (double)total);
        if (op == OP_WAIT)
            printf("%7s", "");
        else
            printf(" %6.1f", (double)p->n[op] / n_tok);
        if (bytes && p->ns[op])
            printf(" %7.2f", (double)bytes * n_tok / (double)p->ns[op]);
        putchar('\n');
    }
    printf("  %-10s %9.3f\n", "all", (double)total * 1e-6 / n_tok);
}

void bench_json_profile(const struct profile *p, uint32_t n_tok)
{
    printf("\"profile_ms\":{");
    for (enum op op = 0; op < N_OPS; op++) {
        printf("%s\"%s\":", op ? "," : "", op_name(op));
        bench_json_number(n_tok ? (double)p->ns[op] * 1e-6 / n_tok : 0);
    }
    putchar('}');
}
