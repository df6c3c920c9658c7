/* SPDX-License-Identifier: MIT
 *
 * The file of what was sent before: what was read from it can be written and read again, and what
 * is added stands at its end.
 */
#include <unistd.h>

#include "fuzz.h"
#include "history.h"

static void compare(const struct history *h, const char *folder)
{
    struct history again = {0};
    struct error err = {0};
    FUZZ_CHECK(history_open(&again, folder, &err));
    FUZZ_CHECK(again.n == h->n);
    for (size_t i = 0; i < h->n && i < again.n; i++)
        FUZZ_CHECK(strcmp(h->entries[i], again.entries[i]) == 0);
    history_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct history h = {0};
    struct error err = {0};
    const char *file;
    if (FUZZ_DIES())
        return 0;
    close(fuzz_file(data, n, &file));
    char *path = path_join(fuzz_folder(), "history");
    FUZZ_CHECK(rename(file, path) == 0);
    if (history_open(&h, fuzz_folder(), &err)) {
        FUZZ_CHECK(h.n <= HISTORY_MAX);
        compare(&h, fuzz_folder());
        FUZZ_CHECK(history_keep(&h, "a new\none \\ of two lines", &err));
        FUZZ_CHECK(strcmp(h.entries[h.n - 1], "a new\none \\ of two lines") == 0);
        compare(&h, fuzz_folder());
        history_free(&h);
    }
    unlink(path);
    free(path);
    return 0;
}
