/* SPDX-License-Identifier: MIT */
#include "about.h"

#include <string.h>

#include "units.h"

static const char page[] =
    "QINS keeps the weights of a language model as logarithms.\n"
    "\n"
    "Every weight becomes its sign, which is always kept exactly, and a small code of its size on "
    "a "
    "logarithmic scale: fine steps where weights are small, coarse ones where they are large. The "
    "code is inverse: the smallest code stands for the largest weights.\n"
    "\n"
    "Formats, in bits per weight (FP32 takes 32):\n"
    "  qins9     9      8-bit code, separate signs; the original format\n"
    "  qins8     8      sign, 7-bit code, a scale for each row\n"
    "  qins4     4.25   sign, 3-bit code, a scale for 32 weights\n"
    "  qins4-16  4.5    sign, 3-bit code, a scale for 16 weights\n"
    "  qins3     3.5    sign, 2-bit code, a scale for 16 weights\n"
    "  qins2     2.5    sign, 1-bit code, a scale for 16 weights\n"
    "\n"
    "What that enables: a model of the Phi-3.5 class fits into the memory of an ordinary computer; "
    "its file is mapped and used in place, so opening it copies nothing; and generating text, "
    "which is limited by how fast weights can be read, gets faster the smaller they are. Codes are "
    "turned into numbers inside the matrix products, by instructions chosen for this CPU.\n"
    "\n"
    "What it costs: coarser formats answer a little worse. qins8 is close to the original; qins4 "
    "is "
    "the usual compromise.\n"
    "\n";

static void about_template(struct buf *out, const char *template)
{
    if (strcmp(template, "none") == 0)
        buf_puts(out, "It has no chat template: it continues text. --template gives it one.\n");
    else if (strcmp(template, "own") == 0)
        buf_puts(out, "Conversations follow its own chat template.\n");
    else
        buf_printf(out, "Conversations follow the chat template %s.\n", template);
}

static void about_remote(struct buf *out, const char *model, const struct status *f)
{
    buf_printf(out,
               "This model, %s, is no such file: %s computes, and what you write is sent "
               "there%s.\n",
               model ? model : "the one that answers", f->remote.host,
               f->remote.is_here   ? ", which is another program on this computer"
               : f->remote.is_open ? ", not encrypted"
                                   : ", encrypted");
}

void about(struct buf *out, const char *model, const struct status *f)
{
    char file[24], whole[24];
    buf_puts(out, page);
    if (f->remote.host[0]) {
        about_remote(out, model, f);
        return;
    }
    buf_puts(out, "Everything happens on this computer. Nothing is sent anywhere.\n");
    if (!model)
        return;
    buf_printf(out, "\nThis model: %s, %s; as FP32 it would take %s. ", model,
               format_bytes(f->model_bytes, file, sizeof file),
               format_bytes(f->f32_bytes, whole, sizeof whole));
    if (f->compressed_bytes)
        buf_printf(out, "Its file is compressed to %s and decoded into memory. ",
                   format_bytes(f->compressed_bytes, file, sizeof file));
    about_template(out, f->template ? f->template : "own");
    if (*f->loss)
        buf_printf(out, "What it loses against its source, as qins-convert measured it: %s.\n",
                   f->loss);
}
