/* SPDX-License-Identifier: MIT */
#include "template_escape.h"

#include <string.h>

#include "template_print.h"

struct value value_escape(struct work *w, struct value v)
{
    static const char chars[] = "&<>'\"";
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&#39;", "&#34;"};
    if (v.kind == KIND_STRING && (v.flags & VALUE_MARKUP))
        return v;
    struct value s = value_str(w, v);
    struct text *t = text_new(w);
    work_bytes(w, s.len * 2ull);
    for (uint32_t i = 0, plain = 0; i <= s.len; i++) {
        const char *c = i < s.len ? memchr(chars, string_bytes(s)[i], sizeof chars - 1) : NULL;
        if (!c && i < s.len)
            continue;
        text_append_string(w, t, string_slice(s, plain, i - plain));
        if (c)
            text_append(w, t, names[c - chars], strlen(names[c - chars]),
                        string_from_template(s, i));
        plain = i + 1;
    }
    s = text_string(t);
    s.flags = VALUE_MARKUP;
    return s;
}
