/* SPDX-License-Identifier: MIT
 *
 * texts: the built-in texts, in UTF-8: one to calibrate with, and another one to measure with, so
 * that a file's stated loss is of text that its codes were not chosen for. Written for this
 * project: prose, dialogue, questions, code, tables, several languages (src/calibrate/texts/).
 */
#ifndef QINS_TEXTS_H
#define QINS_TEXTS_H

#include <stddef.h>

extern const unsigned char text_calibration[], text_measure[];
extern const size_t text_calibration_bytes, text_measure_bytes;

#endif
