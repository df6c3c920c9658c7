/* SPDX-License-Identifier: MIT
 *
 * weights_file: what a .qins file holds. One list of weights, derived from the model's config
 * alone, serves the converter (what to write) and the model (what to bind), so that they cannot
 * disagree.
 *
 * A .qins file is a safetensors file. A weight NAME is stored as
 *   f32, bf16   NAME               [rows][cols] in that dtype
 *   qins*       NAME.tiles  U8     [row groups][tiles][tile bytes]
 *               NAME.row    F32    [row_floats][rows_pad]         (formats that have it)
 *               NAME.range  F32    [2]  log_min, log_max of the original tensor
 * and norms and biases as F32 [dim]. A weight of experts is a stack: all of these with one
 * dimension more in front, [n_experts], each expert encoded as a matrix of its own. The tokenizer
 * is a U8 tensor: compiled (`tokenizer.image`, see tokenizer_image.h), or `tokenizer.json` with
 * that file's bytes (version 1). Tensors whose size is a multiple of 64 bytes come first and the
 * data buffer starts on a page, so that every tile and row plane is 64-byte aligned where it is
 * mapped. Metadata: see the META_ keys.
 */
#ifndef QINS_WEIGHTS_FILE_H
#define QINS_WEIGHTS_FILE_H

#include "config.h"
#include "kernels.h"
#include "safetensors.h"

#define QINS_FILE_VERSION "2"
#define QINS_FILE_VERSION_COMPRESSED "3" /* what is in it has its own version, see compressed.h */
#define QINS_FILE_VERSION_JSON "1"       /* its tokenizer is tokenizer.json */
#define META_VERSION "qins.version"
#define META_FORMAT "qins.format" /* of the linear weights: "qins4" */
#define META_FORMATS                                                                               \
    "qins.formats"                /* JSON: weight -> format, of those that differ from the rule    \
                                   */
#define META_CONFIG "qins.config" /* config.json, verbatim */
#define META_GENERATION "qins.generation_config" /* generation_config.json, verbatim, or absent */
#define META_TOKENIZER_CONFIG "qins.tokenizer_config"
#define META_LOSS "qins.loss" /* JSON: what the format costs, see loss.h */
#define META_RECIPE                                                                                \
    "qins.recipe" /* how the formats of single matrices and their codes were chosen */
#define META_SOURCE "qins.source"           /* folder name of the checkpoint */
#define META_CACHED_FROM "qins.cached_from" /* path of the source, in files of the cache folder */
#define META_HASHES "qins.sha256"           /* JSON: source file name -> SHA-256 */
#define META_CHECKSUMS "qins.checksums"     /* JSON: tensor -> SHA-256 of its bytes */
#define META_TOKENIZER_HASH "qins.tokenizer_sha256" /* of tokenizer.json */
#define TENSOR_TOKENIZER "tokenizer.json"
#define TENSOR_TOKENIZER_IMAGE "tokenizer.image"

/* What a weight is for. */
enum role {
    ROLE_EMBED,
    ROLE_ATTN_NORM,
    ROLE_QKV,
    ROLE_QK_NORM,
    ROLE_ATTN_OUT,
    ROLE_ATTN_POST_NORM,
    ROLE_FFN_NORM,
    ROLE_GATE_UP,
    ROLE_DOWN,
    ROLE_FFN_POST_NORM,
    ROLE_LAYER_INPUT,      /* parts: gate, projection */
    ROLE_LAYER_INPUT_NORM, /* of what they add */
    ROLE_LAYER_SCALE,
    ROLE_BIAS,
    ROLE_NORM,
    ROLE_HEAD,
    ROLE_PER_LAYER_EMBED, /* per-layer inputs of all layers side by side */
    ROLE_PER_LAYER_PROJ,
    ROLE_PER_LAYER_NORM,
    ROLE_SINKS,
    ROLE_ROUTER,
    ROLE_ROUTER_SCALE,
    ROLE_CHOICE_BIAS,
    ROLE_EXPERT_SCALE,
    ROLE_EXPERT_GATE_UP, /* stacks */
    ROLE_EXPERT_DOWN,
    ROLE_EXPERT_NORM, /* part: enum expert_norm */
    ROLE_BESIDE_GATE,
    ROLE_MIXER_IN, /* of layers without attention; part: of arch_mixer's in */
    ROLE_MIXER_OUT,
    ROLE_CONV, /* [channels][taps], always f32 */
    ROLE_DECAY,
    ROLE_STEP_BIAS,
    ROLE_MIXER_NORM,
    N_ROLES
};

enum { MAX_PARTS = MAX_MIXER_IN };
enum expert_norm { EXPERT_NORM_IN, EXPERT_NORM_POST, EXPERT_NORM_DENSE_POST, N_EXPERT_NORMS };

struct weight {
    char name[96]; /* the checkpoint's name, "model.layers.0.mlp.down_proj.weight" */
    enum role role;
    enum role bias_of;   /* ROLE_BIAS: of which matrix or norm */
    uint32_t layer;      /* 0 for roles outside layers */
    uint32_t part;       /* q, k, v = 0, 1, 2; gate, up = 0, 1; fused tensors are part 0 of 1 */
    uint32_t n_experts;  /* a stack: so many matrices or vectors, one behind another; 0: one */
    bool is_vector;      /* norms and biases */
    enum format format;  /* vectors: FORMAT_F32 */
    uint32_t rows, cols; /* vectors: 1, dim */
};

struct weight_list {
    struct weight *items;
    size_t n;
};

/* Every weight of the model in forward order. `format` is that of the linear weights; embedding and
 * head of a model below 8 bits are QINS8 (formats.md: QINS4 there doubles the damage), routers of
 * models that are not f32 bf16. Caller frees items.
 */
struct weight_list weight_list(const struct model_config *c, enum format format);
/* Sets the formats that `json` gives by name (the text of META_FORMATS, or NULL). */
bool weight_list_set_formats(struct weight_list *list, const char *json, const char *name,
                             struct error *err);
/* That text, of what differs between two lists of one model; new reference, NULL: nothing. */
json_t *weight_list_differences(const struct weight_list *list, const struct weight_list *plain);
/* Whether a calibration may choose its codes, and a budget its format: a matrix of a layer that
 * every token is multiplied by. Not stacks of experts, nor what keeps a format of its own. */
bool weight_is_layer_matrix(const struct weight *w);
bool weight_is_stack(const struct weight *w); /* matrices of experts, in a qins format */
const char *role_name(enum role role);        /* "qkv", "gate_up", ... for tables */

/* What a weight is stored as: one tensor of the file, or up to three. */
enum plane_kind { PLANE_DATA, PLANE_ROW, PLANE_RANGE, N_PLANES };

struct plane {
    char name[112];
    enum st_dtype dtype;
    uint32_t n_dims;
    uint64_t shape[4];
    uint64_t bytes; /* of the whole stack */
};

/* -> false when the weight's format has no such plane. */
bool weight_plane(const struct weight *w, enum plane_kind kind, struct plane *out);

/* Bytes of one expert's part of a plane; all of it if the weight is no stack. */
uint64_t plane_part_bytes(const struct weight *w, const struct plane *p);
static inline uint32_t weight_n_parts(const struct weight *w)
{
    return w->n_experts ? w->n_experts : 1;
}
/* Bits of its codes, scales and row values, without what pads rows and columns to whole tiles. */
double weight_bits(const struct weight *w);

/* ---- the file as a whole -------------------------------------------------------------- */

enum { QINS_PAGE = 4096 }; /* the data buffer starts at a multiple of it */

/* Where everything goes: offsets into the data buffer, known before anything is encoded. */
struct file_layout {
    struct weight_list list;
    uint64_t (*at)[N_PLANES]; /* [list.n] */
    uint64_t tokenizer_at, tokenizer_bytes;
    uint64_t data_bytes;
    struct slot *slots; /* [n_slots] all tensors in file order */
    size_t n_slots;
};

/* Takes list over. `tokenizer`: the tensor's name. */
struct file_layout file_layout_new(struct weight_list list, const char *tokenizer,
                                   uint64_t tokenizer_bytes);
void file_layout_free(struct file_layout *l);
const char *file_layout_name(const struct file_layout *l, size_t slot); /* of a tensor */
/* Length and JSON, padded so that data follows at a multiple of QINS_PAGE; its size depends on the
 * lengths of the metadata strings only. */
struct buf file_layout_header(const struct file_layout *l, json_t *metadata);

#endif
