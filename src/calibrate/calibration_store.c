/* SPDX-License-Identifier: MIT */
#include "calibration_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hasher.h"
#include "outfile.h"

/* The file's first page: a hash of the key, and how many layers are whole. */
struct head {
    char magic[8], key[SHA256_HEX];
    uint32_t n_done;
};
static const char magic[8] = "QINSCAL1";
enum { HEAD_BYTES = 4096, ALIGN = 64 };

struct calibration_store {
    const struct weight_list *list;
    char *path;
    int fd;
    size_t size;
    uint8_t *map;      /* [size] shared with the file */
    uint64_t (*at)[2]; /* [list->n] data, row; 0: not here */
};

void calibration_key_add_sources(struct buf *key, const struct checkpoint *c)
{
    for (size_t i = 0; i < c->n_sources; i++) {
        const struct source_file *s = &c->sources[i];
        buf_printf(key, "%s %llu %lld.%09ld\n", s->path, (unsigned long long)s->bytes,
                   (long long)s->id.modified.tv_sec, s->id.modified.tv_nsec);
    }
}

/* Of one part, aligned. */
static size_t data_bytes(const struct weight *w)
{
    struct matrix m = matrix_shape(w->format, w->rows, w->cols);
    return (matrix_data_bytes(&m) + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t row_bytes(const struct weight *w)
{
    struct matrix m = matrix_shape(w->format, w->rows, w->cols);
    return (matrix_row_bytes(&m) + ALIGN - 1) / ALIGN * ALIGN;
}

static void plan(struct calibration_store *s)
{
    s->size = HEAD_BYTES;
    s->at = xcalloc(s->list->n, sizeof *s->at);
    for (size_t i = 0; i < s->list->n; i++) {
        const struct weight *w = &s->list->items[i];
        if (!weight_is_layer_matrix(w) && !weight_is_stack(w))
            continue;
        s->at[i][0] = s->size;
        s->size += weight_n_parts(w) * data_bytes(w);
        s->at[i][1] = s->size;
        s->size += weight_n_parts(w) * row_bytes(w);
    }
}

static struct head *head_of(const struct calibration_store *s)
{
    return (struct head *)(void *)s->map;
}

static bool start(struct calibration_store *s, uint32_t n_layers, const char *key,
                  struct error *err)
{
    struct head *head, want = {.n_done = 0};
    char hex[SHA256_HEX + 1];
    memcpy(want.magic, magic, sizeof magic);
    sha256_hex(key, strlen(key), hex);
    memcpy(want.key, hex, SHA256_HEX);
    if (truncate_restarted(s->fd, s->size) != 0)
        return error_set(err, EX_CANTCREAT, "%s: no room for %zu bytes: %s", s->path, s->size,
                         strerror(errno));
    void *p = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
    if (p == MAP_FAILED)
        return error_set(err, EX_OSERR, "%s: cannot map: %s", s->path, strerror(errno));
    s->map = p;
    head = head_of(s);
    bool same = memcmp(head->magic, want.magic, sizeof want.magic) == 0 &&
                memcmp(head->key, want.key, sizeof want.key) == 0 && head->n_done <= n_layers;
    if (!same)
        *head = want;
    return true;
}

struct calibration_store *calibration_store_open(const char *path, const struct weight_list *list,
                                                 uint32_t n_layers, const char *key,
                                                 struct error *err)
{
    struct calibration_store *s = xcalloc(1, sizeof *s);
    *s = (struct calibration_store){.list = list, .path = xstrdup(path), .fd = -1};
    plan(s);
    s->fd = open_restarted(path, O_RDWR | O_CREAT | O_NOFOLLOW);
    bool ok =
        s->fd >= 0 || error_set(err, EX_CANTCREAT, "%s: cannot write: %s", path, strerror(errno));
    ok = ok && (outfile_lock(s->fd) ||
                error_set(err, EX_TEMPFAIL, "%s: another calibration is writing it", path));
    if (ok && start(s, n_layers, key, err))
        return s;
    calibration_store_close(s, false);
    return NULL;
}

void calibration_store_close(struct calibration_store *s, bool removes)
{
    if (!s)
        return;
    if (s->map)
        munmap(s->map, s->size);
    if (removes)
        unlink(s->path);
    if (s->fd >= 0)
        close(s->fd);
    free(s->at);
    free(s->path);
    free(s);
}

uint32_t calibration_store_done(const struct calibration_store *s)
{
    return head_of(s)->n_done;
}

bool calibration_store_has(const struct calibration_store *s, size_t weight)
{
    return s->at[weight][0] > 0;
}

void *calibration_store_data(const struct calibration_store *s, size_t weight, uint32_t expert)
{
    return s->map + s->at[weight][0] + expert * data_bytes(&s->list->items[weight]);
}

float *calibration_store_row(const struct calibration_store *s, size_t weight, uint32_t expert)
{
    return (float *)(void *)(s->map + s->at[weight][1] +
                             expert * row_bytes(&s->list->items[weight]));
}

bool calibration_store_finish_layer(struct calibration_store *s, struct error *err)
{
    if (msync(s->map, s->size, MS_SYNC) != 0)
        return error_set(err, EX_IOERR, "%s: cannot write: %s", s->path, strerror(errno));
    head_of(s)->n_done++;
    return true;
}
