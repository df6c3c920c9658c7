/* SPDX-License-Identifier: MIT
 *
 * source_view: where the rows of a weight, or of one expert's, stand among the tensors of a
 * checkpoint. Experts come in several forms: a tensor for each; one for all, [n][rows][cols]; gate
 * and up in one, one behind the other or row by row in turn; turned, [n][cols][rows]; or as MXFP4,
 * blocks and scales in two tensors.
 */
#ifndef QINS_SOURCE_VIEW_H
#define QINS_SOURCE_VIEW_H

#include "source_tensor.h"
#include "weights_file.h"

/* Row r of the weight is row first + r step of a tensor seen as [][cols]. The elements of a vector
 * of experts are its rows, of one column. */
struct source_view {
    const struct source_tensor *tensor;
    const struct source_tensor *scales; /* of MXFP4 blocks; else NULL */
    uint64_t first;
    uint32_t step;
    uint32_t n_turned; /* the tensor is [][cols][n_turned]: rows are its columns; 0: it is not */
};

/* Where tensors are found. */
struct source_tensors {
    /* -> the tensor that the checkpoint has under this name, or NULL. */
    const struct source_tensor *(*find)(const void *checkpoint, const char *name);
    const void *checkpoint;
    const char *types; /* that are read, for messages */
};

/* Part `part` of the weight; 0 if it is no stack. On failure v->tensor is the one that is wrong, or
 * NULL: there is none. */
bool source_view_find(struct source_view *v, const struct model_config *c, const struct weight *w,
                      uint32_t part, const struct source_tensors *tensors, struct error *err);

#endif
