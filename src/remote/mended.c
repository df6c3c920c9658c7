/* SPDX-License-Identifier: MIT */
#include "mended.h"

#include "utf8.h"

void mended_append(struct buf *out, const char *text, size_t n)
{
    for (size_t at = 0, used; at < n; at += used) {
        int32_t cp;
        used = utf8_decode(text + at, n - at, &cp);
        if (cp > 0)
            buf_append(out, text + at, used);
        else
            buf_puts(out, "\xef\xbf\xbd");
    }
}

json_t *mended_string(const char *text, size_t n)
{
    json_t *string = json_stringn(text, n);
    struct buf mended = {0};
    if (string)
        return string;
    mended_append(&mended, text, n);
    string = json_stringn(mended.len ? mended.data : "", mended.len);
    buf_free(&mended);
    return string;
}

void mended_line(struct buf *out, const char *text, size_t n, size_t max)
{
    const size_t begin = out->len;
    for (size_t at = 0, used; at < n; at += used) {
        int32_t cp;
        used = utf8_decode(text + at, n - at, &cp);
        bool is_blank = cp >= 0 && (cp <= ' ' || (cp >= 0x7f && cp < 0xa0));
        if (out->len - begin + used > max) {
            buf_puts(out, "...");
            return;
        }
        if (cp < 0)
            buf_puts(out, "?");
        else if (!is_blank)
            buf_append(out, text + at, used);
        else if (out->len > begin && out->data[out->len - 1] != ' ')
            buf_puts(out, " ");
    }
    while (out->len > begin && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
}
