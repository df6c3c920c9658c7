/* SPDX-License-Identifier: MIT
 *
 *   head | digests [states][parts] | to a multiple of 4096 | states
 */
#include "state_file.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { PART = 1 << 20, PAGE = 4096 };

struct head {
    uint64_t state_bytes;
    uint32_t n, pos[STATE_FILE_MAX];
    uint8_t digest[KV_DIGEST]; /* of all before it, and the digests */
};
_Static_assert(sizeof(struct head) == 56, "no padding");

static size_t bytes_of(const struct state *s)
{
    return s->n_floats * sizeof(float);
}

static uint32_t parts_of(const struct state *s)
{
    return (uint32_t)((bytes_of(s) + PART - 1) / PART);
}

static uint64_t states_at(const struct state *s, uint32_t n)
{
    uint64_t before = sizeof(struct head) + (uint64_t)n * parts_of(s) * KV_DIGEST;
    return (before + PAGE - 1) / PAGE * PAGE;
}

static uint64_t section_bytes(const struct state *s, uint32_t n)
{
    return states_at(s, n) + n * (uint64_t)bytes_of(s);
}

static void digest_of(const void *bytes, size_t n, uint8_t out[KV_DIGEST])
{
    if (!EVP_Digest(bytes, n, out, NULL, EVP_sha256(), NULL))
        die(EX_SOFTWARE, "libcrypto has no SHA-256");
}

static void digest_of_head(const struct head *h, const void *digests, size_t n_bytes,
                           uint8_t out[KV_DIGEST])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (!md || !EVP_DigestInit_ex(md, EVP_sha256(), NULL))
        die(EX_SOFTWARE, "libcrypto has no SHA-256");
    EVP_DigestUpdate(md, h, offsetof(struct head, digest));
    EVP_DigestUpdate(md, digests, n_bytes);
    EVP_DigestFinal_ex(md, out, NULL);
    EVP_MD_CTX_free(md);
}

/* ---- what there is ---------------------------------------------------------------------- */

/* The last ones of the first n tokens, ascending. */
static uint32_t list_states(const struct state *s, uint32_t n,
                            struct state_copy out[STATE_FILE_MAX])
{
    uint32_t n_all = s->n_copies, n_out = 0;
    const bool has_now = s->pos > 0 && s->pos <= n;
    while (n_all > 0 &&
           (s->copies[n_all - 1].pos > n || (has_now && s->copies[n_all - 1].pos == s->pos)))
        n_all--;
    uint32_t room = STATE_FILE_MAX - has_now, first = n_all > room ? n_all - room : 0;
    for (uint32_t i = first; i < n_all; i++)
        out[n_out++] = s->copies[i];
    if (has_now)
        out[n_out++] = (struct state_copy){s->pos, s->now};
    return n_out;
}

uint64_t state_file_bytes(const struct state *s, uint32_t n)
{
    struct state_copy states[STATE_FILE_MAX];
    return s->n_floats ? section_bytes(s, list_states(s, n, states)) : 0;
}

uint32_t state_file_end(const struct state *s, uint32_t n)
{
    struct state_copy states[STATE_FILE_MAX];
    if (s->n_floats == 0)
        return n;
    uint32_t n_states = list_states(s, n, states);
    return n_states > 0 ? states[n_states - 1].pos : 0;
}

/* ---- parts, several at a time ----------------------------------------------------------- */

struct job {
    int fd;
    uint64_t at; /* of the states */
    uint32_t n_parts;
    size_t state_bytes;
    struct state_copy *states;
    uint8_t (*digests)[KV_DIGEST];
    bool *whole; /* [n][parts] */
    atomic_int error;
};

static uint8_t *part_of(const struct job *j, uint32_t chunk, size_t *n_bytes, uint64_t *place)
{
    const size_t first = (size_t)(chunk % j->n_parts) * PART, left = j->state_bytes - first;
    *n_bytes = left < PART ? left : PART;
    *place = j->at + chunk / j->n_parts * (uint64_t)j->state_bytes + first;
    return (uint8_t *)j->states[chunk / j->n_parts].floats + first;
}

static void write_part(void *arg, uint32_t chunk, uint32_t worker)
{
    struct job *j = arg;
    size_t n;
    uint64_t place;
    const uint8_t *bytes = part_of(j, chunk, &n, &place);
    (void)worker;
    if (atomic_load_explicit(&j->error, memory_order_relaxed))
        return;
    digest_of(bytes, n, j->digests[chunk]);
    if (write_whole(j->fd, bytes, n, place) != n)
        atomic_store(&j->error, errno ? errno : EIO);
}

static void read_part(void *arg, uint32_t chunk, uint32_t worker)
{
    struct job *j = arg;
    size_t n;
    uint64_t place;
    uint8_t *bytes = part_of(j, chunk, &n, &place), digest[KV_DIGEST];
    (void)worker;
    if (read_whole(j->fd, bytes, n, place) != n)
        return;
    digest_of(bytes, n, digest);
    j->whole[chunk] = memcmp(digest, j->digests[chunk], KV_DIGEST) == 0;
}

/* ---- the section ------------------------------------------------------------------------ */

bool state_file_write(int fd, uint64_t at, const struct state *s, uint32_t n, struct pool *pool)
{
    struct state_copy states[STATE_FILE_MAX];
    struct head h = {.state_bytes = bytes_of(s), .n = list_states(s, n, states)};
    if (s->n_floats == 0)
        return true;
    const size_t n_chunks = (size_t)h.n * parts_of(s), n_bytes = n_chunks * KV_DIGEST;
    struct job j = {.fd = fd,
                    .at = at + states_at(s, h.n),
                    .n_parts = parts_of(s),
                    .state_bytes = bytes_of(s),
                    .states = states,
                    .digests = xcalloc(n_chunks, KV_DIGEST)};
    for (uint32_t i = 0; i < h.n; i++)
        h.pos[i] = states[i].pos;
    pool_run_io(pool, write_part, &j, (uint32_t)n_chunks);
    digest_of_head(&h, j.digests, n_bytes, h.digest);
    bool ok = !(errno = atomic_load(&j.error)) && write_whole(fd, &h, sizeof h, at) == sizeof h &&
              write_whole(fd, j.digests, n_bytes, at + sizeof h) == n_bytes;
    free(j.digests);
    return ok;
}

/* The head says what the section's size must be: nothing is allocated before that was checked. */
static bool head_fits(struct head *h, const struct kv_file *kv, const struct state *s)
{
    if (read_whole(kv->fd, h, sizeof *h, kv->tail_at) != sizeof *h ||
        h->state_bytes != bytes_of(s) || h->n == 0 || h->n > STATE_FILE_MAX ||
        kv->tail_bytes != section_bytes(s, h->n) || h->pos[0] == 0)
        return false;
    for (uint32_t i = 0; i < h->n; i++)
        if (h->pos[i] > kv->n || (i > 0 && h->pos[i] <= h->pos[i - 1]))
            return false;
    return true;
}

bool state_file_open(struct state_file *f, const struct kv_file *kv, const struct state *s)
{
    struct head h;
    uint8_t digest[KV_DIGEST];
    *f = (struct state_file){.fd = kv->fd, .at = kv->tail_at};
    if (s->n_floats == 0)
        return kv->tail_bytes == 0;
    if (!head_fits(&h, kv, s))
        return false;
    const size_t n_bytes = (size_t)h.n * parts_of(s) * KV_DIGEST;
    f->n = h.n;
    memcpy(f->pos, h.pos, sizeof f->pos);
    f->digests = xmalloc(n_bytes);
    bool ok = read_whole(f->fd, f->digests, n_bytes, f->at + sizeof h) == n_bytes;
    if (ok)
        digest_of_head(&h, f->digests, n_bytes, digest);
    if (ok && memcmp(digest, h.digest, KV_DIGEST) == 0)
        return true;
    state_file_close(f);
    return false;
}

uint32_t state_file_reach(const struct state_file *f, const struct state *s, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < f->n && f->pos[i] <= n; i++)
        best = f->pos[i];
    return s->n_floats ? best : n;
}

uint32_t state_file_read(const struct state_file *f, struct state *s, uint32_t n, struct pool *pool)
{
    uint32_t n_states = 0;
    if (s->n_floats == 0)
        return n;
    state_clear(s);
    while (n_states < f->n && f->pos[n_states] <= n)
        state_add_copy(s, f->pos[n_states++]);
    /* More than there may be: the first ones are gone. */
    const uint32_t first = n_states - s->n_copies, n_chunks = s->n_copies * parts_of(s);
    struct job j = {.fd = f->fd,
                    .at = f->at + states_at(s, f->n) + first * (uint64_t)bytes_of(s),
                    .n_parts = parts_of(s),
                    .state_bytes = bytes_of(s),
                    .states = s->copies,
                    .digests = f->digests + (size_t)first * parts_of(s),
                    .whole = xcalloc(n_chunks, sizeof *j.whole)};
    pool_run_io(pool, read_part, &j, n_chunks);
    for (uint32_t chunk = n_chunks; chunk-- > 0;)
        if (!j.whole[chunk])
            state_drop_copy(s, f->pos[first + chunk / j.n_parts]);
    free(j.whole);
    return s->n_copies > 0 ? s->copies[s->n_copies - 1].pos : 0;
}

void state_file_close(struct state_file *f)
{
    free(f->digests);
    *f = (struct state_file){.fd = -1};
}
