/* SPDX-License-Identifier: MIT
 *
 * template_escape: HTML's own characters. Chat templates say `safe` and `escape` without meaning
 * HTML, but with them a string becomes Python's Markup, which escapes what is added to it.
 */
#ifndef QINS_TEMPLATE_ESCAPE_H
#define QINS_TEMPLATE_ESCAPE_H

#include "template_text.h"

/* str(v) with & < > ' " escaped, as Markup; what is one already stays as it is. */
struct value value_escape(struct work *w, struct value v);

#endif
