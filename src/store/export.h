/* SPDX-License-Identifier: MIT
 *
 * export: a conversation as a file to read or to work with. Texts are the exact bytes of the model
 * and of the user.
 */
#ifndef QINS_EXPORT_H
#define QINS_EXPORT_H

#include "conversation.h"

/* By the ending: .md the path that is shown, .jsonl its messages, one per line, .json all messages
 * with their parents. with_thinking: what the model thought stands before each answer, marked
 * apart; else it is left out. An existing file is replaced only when `replace`; then by the whole
 * new one.
 */
bool export_file(const struct conversation *c, const char *path, bool with_thinking, bool replace,
                 struct error *err);

#endif
