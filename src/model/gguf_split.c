/* SPDX-License-Identifier: MIT */
#include "gguf_split.h"

#include <stdlib.h>
#include <string.h>

/* ---- names of parts ------------------------------------------------------------------ */

/* What stands behind the name that the parts share: "-00001-of-00003.gguf". */
static char *part_ending(uint32_t i, uint32_t n)
{
    return xasprintf("-%05u-of-%05u.gguf", i + 1, n);
}

/* Bytes of path before its ending; 0 if it ends in another way. */
static size_t shared_bytes(const char *path, uint32_t i, uint32_t n)
{
    char *ending = part_ending(i, n);
    size_t n_path = strlen(path), n_ending = strlen(ending);
    bool fits = n_path > n_ending && strcmp(path + n_path - n_ending, ending) == 0;
    free(ending);
    return fits ? n_path - n_ending : 0;
}

static char *part_path(const char *path, size_t n_shared, uint32_t i, uint32_t n)
{
    char *ending = part_ending(i, n);
    char *part = xasprintf("%.*s%s", (int)n_shared, path, ending);
    free(ending);
    return part;
}

/* ---- opening ------------------------------------------------------------------------- */

static bool read_numbers(const struct gguf *g, uint32_t *no, uint32_t *count, struct error *err)
{
    *no = 0;
    *count = 1;
    if (!gguf_get_u32(g, "split.count", true, count, err) ||
        !gguf_get_u32(g, "split.no", *count <= 1, no, err))
        return false;
    if (*count <= 1)
        return true;
    if (*count > GGUF_MAX_PARTS || *no >= *count)
        return error_set(err, EX_DATAERR, "%s: part %u (split.no) of %u (split.count, at most %d)",
                         g->name, *no, *count, GGUF_MAX_PARTS);
    return true;
}

static bool open_part(struct gguf_split *s, const char *path, uint32_t i, uint32_t n,
                      struct error *err)
{
    uint32_t no, count;
    struct gguf *g = &s->parts[s->n_parts];
    if (!gguf_open(g, path, err)) {
        err->code = err->code == EX_NOINPUT ? EX_DATAERR : err->code; /* the model is not whole */
        return false;
    }
    s->n_parts++;
    if (!read_numbers(g, &no, &count, err))
        return false;
    return (no == i && count == n) ||
           error_set(err, EX_DATAERR, "%s: says that it is part %u of %u, not %u of %u", path,
                     no + 1, count, i + 1, n);
}

struct entry {
    const struct gguf_tensor *tensor;
    const struct gguf *part;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->tensor->name, ((const struct entry *)b)->tensor->name);
}

static bool no_tensor_twice(struct entry *all /* [n] */, size_t n, struct error *err)
{
    qsort(all, n, sizeof *all, by_name);
    for (size_t i = 1; i < n; i++)
        if (by_name(&all[i - 1], &all[i]) == 0)
            return error_set(err, EX_DATAERR, "%s: tensor \"%s\" stands in %s too",
                             all[i].part->name, all[i].tensor->name, all[i - 1].part->name);
    return true;
}

/* A tensor stands in one part alone, and none is missing. */
static bool check_parts(const struct gguf_split *s, struct error *err)
{
    uint32_t declared;
    size_t n = 0, at = 0;
    for (uint32_t i = 0; i < s->n_parts; i++)
        n += s->parts[i].n_tensors;
    if (!gguf_get_u32(&s->parts[0], "split.tensors.count", false, &declared, err))
        return false;
    if (n != declared)
        return error_set(err, EX_DATAERR,
                         "%s: %zu tensors in all parts, but split.tensors.count is %u",
                         s->parts[0].name, n, declared);
    struct entry *all = xcalloc(n ? n : 1, sizeof *all);
    for (uint32_t i = 0; i < s->n_parts; i++)
        for (size_t t = 0; t < s->parts[i].n_tensors; t++)
            all[at++] = (struct entry){&s->parts[i].tensors[t], &s->parts[i]};
    bool ok = no_tensor_twice(all, n, err);
    free(all);
    return ok;
}

static bool open_parts(struct gguf_split *s, const char *path, size_t n_shared, uint32_t n,
                       struct error *err)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < n; i++) {
        char *part = part_path(path, n_shared, i, n);
        ok = open_part(s, part, i, n, err);
        free(part);
    }
    return ok && check_parts(s, err);
}

static bool open_others(struct gguf_split *s, const char *path, struct error *err)
{
    uint32_t no, count;
    if (!read_numbers(&s->parts[0], &no, &count, err))
        return false;
    if (count <= 1)
        return true;
    size_t n_shared = shared_bytes(path, no, count);
    if (n_shared == 0)
        return error_set(err, EX_DATAERR,
                         "%s: part %u of %u, whose name has to end in "
                         "-%05u-of-%05u.gguf, beside the others",
                         path, no + 1, count, no + 1, count);
    gguf_close(&s->parts[0]);
    free(s->parts);
    *s = (struct gguf_split){.parts = xcalloc(count, sizeof *s->parts)};
    return open_parts(s, path, n_shared, count, err);
}

bool gguf_split_open(struct gguf_split *s, const char *path, struct error *err)
{
    *s = (struct gguf_split){.parts = xcalloc(1, sizeof *s->parts)};
    if (gguf_open(&s->parts[0], path, err)) {
        s->n_parts = 1;
        if (open_others(s, path, err))
            return true;
    }
    gguf_split_close(s);
    return false;
}

void gguf_split_close(struct gguf_split *s)
{
    for (uint32_t i = 0; i < s->n_parts; i++)
        gguf_close(&s->parts[i]);
    free(s->parts);
    *s = (struct gguf_split){0};
}

const struct gguf_tensor *gguf_split_tensor(const struct gguf_split *s, const char *name,
                                            const struct gguf **part)
{
    for (uint32_t i = 0; i < s->n_parts; i++) {
        const struct gguf_tensor *t = gguf_tensor(&s->parts[i], name);
        if (t) {
            *part = &s->parts[i];
            return t;
        }
    }
    return NULL;
}
