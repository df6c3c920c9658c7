/* SPDX-License-Identifier: MIT
 *
 * fetch_driver NAME [STALL_MS [LOCK_MS [STOP_AT_BYTES]]]: fetches a model as the programs do, with
 * little patience. Prints "progress STEP FILE DONE TOTAL NOTE" for each change of step or note,
 * then "path PATH" or "error CODE TEXT".
 */
#include <stdlib.h>
#include <string.h>

#include "fetch.h"

struct seen {
    char line[512];
    uint64_t stop_at;
};

static bool on_progress(void *arg, const struct fetch_progress *p)
{
    struct seen *s = arg;
    char line[512];
    snprintf(line, sizeof line, "%s|%s|%.60s", p->step, p->file, p->note);
    if (strcmp(line, s->line) != 0)
        printf("progress %s|%llu|%llu\n", line, (unsigned long long)p->done,
               (unsigned long long)p->total);
    snprintf(s->line, sizeof s->line, "%s", line);
    fflush(stdout);
    return !s->stop_at || p->done < s->stop_at;
}

static double number_at(int argc, char **argv, int i)
{
    return i < argc ? strtod(argv[i], NULL) : 0;
}

int main(int argc, char **argv)
{
    struct seen seen = {.stop_at = (uint64_t)number_at(argc, argv, 4)};
    struct hub_ref ref;
    struct error err;
    const struct fetch_options o = {.progress = on_progress,
                                    .arg = &seen,
                                    .stall_ms = number_at(argc, argv, 2),
                                    .lock_ms = number_at(argc, argv, 3),
                                    .retry_ms = 10};
    if (argc < 2 || !hub_ref_parse(&ref, argv[1])) {
        printf("error %d not a name\n", EX_USAGE);
        return EX_USAGE;
    }
    char *path = fetch_model(&ref, &o, &err);
    if (path)
        printf("path %s\n", path);
    else
        printf("error %d %s\n", err.code, err.text);
    free(path);
    hub_ref_free(&ref);
    return path ? 0 : err.code;
}
