/* SPDX-License-Identifier: MIT */
#include "clipboard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system.h"

void base64(const void *bytes, size_t n, struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *b = bytes;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)b[i] << 16 | (i + 1 < n ? (uint32_t)b[i + 1] << 8 : 0) |
                     (i + 2 < n ? b[i + 2] : 0);
        char four[4] = {digits[v >> 18], digits[v >> 12 & 63],
                        i + 1 < n ? digits[v >> 6 & 63] : '=', i + 2 < n ? digits[v & 63] : '='};
        buf_append(out, four, sizeof four);
    }
}

void clipboard_sequence(enum clipboard how, const char *text, size_t n, struct buf *out)
{
    buf_puts(out, how == CLIPBOARD_TMUX ? "\033Ptmux;\033\033]52;c;" : "\033]52;c;");
    base64(text, n, out);
    buf_puts(out, how == CLIPBOARD_TMUX ? "\a\033\\" : "\a");
}

char *clipboard_file(const char *text, size_t n, struct error *err)
{
    const char *folder = getenv("XDG_RUNTIME_DIR");
    if (!folder || folder[0] != '/')
        folder = system_temp_folder();
    char *path = path_join(folder, "qins-copy-XXXXXX");
    int fd = mkstemp(path); /* 0600 */
    bool ok = fd >= 0 && write_whole(fd, text, n, 0) == n;
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok)
        return path;
    if (fd >= 0)
        unlink(path);
    error_set(err, EX_CANTCREAT, "%s: %s", path, strerror(why));
    free(path);
    return NULL;
}
