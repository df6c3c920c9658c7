/* SPDX-License-Identifier: MIT
 *
 * old_widths: a C library whose table knows no character that is newer than Unicode 8, as a Mac's
 * may be. For LD_PRELOAD.
 */
#include <dlfcn.h>
#include <wchar.h>

__attribute__((visibility("default"))) int wcwidth(wchar_t c)
{
    int (*real)(wchar_t);
    *(void **)&real = dlsym(RTLD_NEXT, "wcwidth");
    return c >= 0x1f900 && c < 0x1fb00 ? -1 : real(c);
}
