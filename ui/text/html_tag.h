/* SPDX-License-Identifier: MIT
 *
 * html_tag: where HTML in Markdown ends: tags, comments and the like as CommonMark's "raw HTML" has
 * them, and the elements whose content is no Markdown (script, pre, style, textarea).
 */
#ifndef QINS_HTML_TAG_H
#define QINS_HTML_TAG_H

#include <stdbool.h>
#include <stddef.h>

/* s[0] is '<'. -> bytes of the tag, or of the whole element if it is one of those and begins a
 * line; 0: no HTML */
size_t html_tag_length(const char *s, size_t n, bool begins_line);

#endif
