/* SPDX-License-Identifier: MIT
 *
 *   head | ids [n] | digests [blocks] | reference | to a multiple of 4096 | blocks | tail
 *
 * A block is [run][positions of the block][bytes per position]; the last one may have fewer
 * positions, and those before `from` have no runs of sliding layers.
 */
#include "kv_file.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = KV_STEP, PAGE = 4096, MAX_TOKENS = 1 << 24 };

static const char magic[8] = "QINS-KV\n";

struct head {
    char magic[8];
    uint8_t identity[KV_DIGEST];
    uint32_t n, is_long, from, zero;
    uint64_t position_bytes, reference_bytes, tail_bytes;
    uint8_t digest[KV_DIGEST]; /* of all before it, ids, digests and reference */
};
_Static_assert(sizeof(struct head) == 112, "no padding");

struct plan {
    size_t full_bytes, sliding_bytes; /* of a position in all full, all sliding layers */
    size_t position_bytes, reference_bytes;
    uint32_t n_blocks, from;
    uint64_t ids_at, digests_at, reference_at, blocks_at, bytes;
};

/* What the blocks before position `pos`, which begins one, take. */
static uint64_t bytes_before(const struct plan *l, uint32_t pos)
{
    uint64_t sliding = pos > l->from ? pos - l->from : 0;
    return pos * (uint64_t)l->full_bytes + sliding * l->sliding_bytes;
}

static struct plan plan_of(const struct kv *kv, uint32_t n, uint32_t from)
{
    struct plan l = {.full_bytes = (size_t)kv_full_position_bytes(kv),
                     .sliding_bytes = (size_t)kv_sliding_position_bytes(kv),
                     .n_blocks = (n + BLOCK - 1) / BLOCK,
                     .from = from};
    kv_reference(kv, &l.reference_bytes);
    l.position_bytes = l.full_bytes + l.sliding_bytes;
    l.ids_at = sizeof(struct head);
    l.digests_at = l.ids_at + (uint64_t)n * sizeof(int32_t);
    l.reference_at = l.digests_at + (uint64_t)l.n_blocks * KV_DIGEST;
    l.blocks_at = (l.reference_at + l.reference_bytes + PAGE - 1) / PAGE * PAGE;
    l.bytes = l.blocks_at + bytes_before(&l, n);
    return l;
}

uint64_t kv_file_bytes(const struct kv *kv, uint32_t n)
{
    return plan_of(kv, n, kv->from).bytes;
}

/* ---- bytes ---------------------------------------------------------------------------- */

static bool write_all(int fd, const void *bytes, size_t n, uint64_t at)
{
    return write_whole(fd, bytes, n, at) == n;
}

static bool read_all(int fd, void *bytes, size_t n, uint64_t at)
{
    return read_whole(fd, bytes, n, at) == n;
}

static void digest_of(const void *bytes, size_t n, uint8_t out[KV_DIGEST])
{
    if (!EVP_Digest(bytes, n, out, NULL, EVP_sha256(), NULL))
        die(EX_SOFTWARE, "libcrypto has no SHA-256");
}

static void digest_of_head(const struct head *h, const struct kv_file *f, const struct plan *l,
                           uint8_t out[KV_DIGEST])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (!md || !EVP_DigestInit_ex(md, EVP_sha256(), NULL))
        die(EX_SOFTWARE, "libcrypto has no SHA-256");
    EVP_DigestUpdate(md, h, offsetof(struct head, digest));
    EVP_DigestUpdate(md, f->ids, f->n * sizeof *f->ids);
    EVP_DigestUpdate(md, f->digests, (size_t)l->n_blocks * KV_DIGEST);
    EVP_DigestUpdate(md, f->reference, l->reference_bytes);
    EVP_DigestFinal_ex(md, out, NULL);
    EVP_MD_CTX_free(md);
}

/* ---- blocks, several at a time -------------------------------------------------------- */

struct job {
    const struct kv *kv;
    int fd;
    struct plan l;
    uint32_t n, n_wanted;          /* tokens of the file; that go into the cache */
    uint32_t first;                /* block of chunk 0 */
    uint32_t from;                 /* first position of sliding layers in the cache */
    uint8_t (*digests)[KV_DIGEST]; /* [n_blocks] */
    uint8_t *scratch;              /* [workers][BLOCK * position_bytes] */
    bool *whole;                   /* [n_blocks] */
    atomic_int error;              /* errno of a write */
};

static uint32_t positions_of(const struct job *j, uint32_t block)
{
    uint32_t left = j->n - block * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

static uint64_t place_of(const struct job *j, uint32_t block)
{
    return j->l.blocks_at + bytes_before(&j->l, block * BLOCK);
}

/* Whether a block has this run. */
static bool has_run(const struct job *j, uint32_t block, const struct kv_run *r)
{
    return !r->slides || block * BLOCK >= j->l.from;
}

/* Where its first position is in the cache. */
static uint8_t *in_cache(const struct job *j, uint32_t block, const struct kv_run *r)
{
    return r->at + (block * BLOCK - (r->slides ? j->from : 0)) * r->position_bytes;
}

static void write_block(void *arg, uint32_t block, uint32_t worker)
{
    struct job *j = arg;
    uint8_t *bytes = j->scratch + worker * BLOCK * j->l.position_bytes, *to = bytes;
    uint32_t n = positions_of(j, block);
    if (atomic_load_explicit(&j->error, memory_order_relaxed))
        return;
    for (uint32_t i = 0; i < kv_n_runs(j->kv); i++) {
        struct kv_run r = kv_run(j->kv, i);
        if (!has_run(j, block, &r))
            continue;
        memcpy(to, in_cache(j, block, &r), n * r.position_bytes);
        to += n * r.position_bytes;
    }
    digest_of(bytes, (size_t)(to - bytes), j->digests[block]);
    if (!write_all(j->fd, bytes, (size_t)(to - bytes), place_of(j, block)))
        atomic_store(&j->error, errno ? errno : EIO);
}

static void read_block(void *arg, uint32_t chunk, uint32_t worker)
{
    struct job *j = arg;
    uint32_t block = j->first + chunk, n = positions_of(j, block),
             left = j->n_wanted - block * BLOCK;
    uint8_t *bytes = j->scratch + worker * BLOCK * j->l.position_bytes, digest[KV_DIGEST];
    const uint8_t *from = bytes;
    const size_t n_bytes =
        n * (j->l.full_bytes + (block * BLOCK >= j->l.from ? j->l.sliding_bytes : 0));
    if (!read_all(j->fd, bytes, n_bytes, place_of(j, block)))
        return;
    digest_of(bytes, n_bytes, digest);
    if (memcmp(digest, j->digests[block], KV_DIGEST) != 0)
        return;
    for (uint32_t i = 0; i < kv_n_runs(j->kv); i++) {
        struct kv_run r = kv_run(j->kv, i);
        if (!has_run(j, block, &r))
            continue;
        if (!r.slides || block * BLOCK >= j->from)
            memcpy(in_cache(j, block, &r), from, (left < n ? left : n) * r.position_bytes);
        from += n * r.position_bytes;
    }
    j->whole[block] = true;
}

static uint8_t *scratch_of(const struct plan *l, struct pool *pool)
{
    return xmalloc(pool_size(pool) * BLOCK * l->position_bytes);
}

/* ---- the file ------------------------------------------------------------------------- */

bool kv_file_write(int fd, const uint8_t identity[KV_DIGEST], const struct kv *kv,
                   const int32_t *ids, uint32_t n, bool is_long, uint64_t tail_bytes,
                   struct pool *pool)
{
    struct plan l = plan_of(kv, n, kv->from);
    struct head h = {.n = n,
                     .is_long = is_long,
                     .from = kv->from,
                     .position_bytes = l.position_bytes,
                     .reference_bytes = l.reference_bytes,
                     .tail_bytes = tail_bytes};
    size_t reference_bytes;
    struct kv_file f = {.n = n,
                        .ids = (int32_t *)ids,
                        .reference = kv_reference(kv, &reference_bytes),
                        .digests = xcalloc(l.n_blocks, KV_DIGEST)};
    struct job j = {.kv = kv,
                    .fd = fd,
                    .l = l,
                    .n = n,
                    .from = kv->from,
                    .digests = f.digests,
                    .scratch = scratch_of(&l, pool)};
    pool_run_io(pool, write_block, &j, l.n_blocks);
    memcpy(h.magic, magic, sizeof magic);
    memcpy(h.identity, identity, KV_DIGEST);
    digest_of_head(&h, &f, &l, h.digest);
    bool ok = !(errno = atomic_load(&j.error)) && write_all(fd, &h, sizeof h, 0) &&
              write_all(fd, ids, n * sizeof *ids, l.ids_at) &&
              write_all(fd, f.digests, (size_t)l.n_blocks * KV_DIGEST, l.digests_at) &&
              write_all(fd, f.reference, l.reference_bytes, l.reference_at);
    free(j.scratch);
    free(f.digests);
    return ok;
}

/* The head says what the file's size must be: nothing is allocated before that was checked. */
static bool head_fits(const struct head *h, int fd, const uint8_t identity[KV_DIGEST],
                      const struct kv *kv, struct plan *l)
{
    struct stat st;
    if (!read_all(fd, (void *)h, sizeof *h, 0) || memcmp(h->magic, magic, sizeof magic) != 0 ||
        memcmp(h->identity, identity, KV_DIGEST) != 0 || h->n == 0 || h->n > MAX_TOKENS)
        return false;
    *l = plan_of(kv, h->n, h->from);
    return h->from % BLOCK == 0 && h->from <= h->n && h->zero == 0 &&
           (kv->n_sliding > 0 || h->from == 0) && h->position_bytes == l->position_bytes &&
           h->reference_bytes == l->reference_bytes && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           h->tail_bytes <= (uint64_t)st.st_size &&
           (uint64_t)st.st_size - h->tail_bytes == l->bytes;
}

bool kv_file_open(struct kv_file *f, int fd, const uint8_t identity[KV_DIGEST], const struct kv *kv)
{
    struct head h;
    struct plan l;
    uint8_t digest[KV_DIGEST];
    *f = (struct kv_file){.fd = fd};
    if (!head_fits(&h, fd, identity, kv, &l)) {
        kv_file_close(f);
        return false;
    }
    f->n = h.n;
    f->is_long = h.is_long;
    f->from = h.from;
    f->tail_at = l.bytes;
    f->tail_bytes = h.tail_bytes;
    f->ids = xcalloc(f->n, sizeof *f->ids);
    f->digests = xcalloc(l.n_blocks, KV_DIGEST);
    f->reference = xmalloc(l.reference_bytes);
    bool ok = read_all(fd, f->ids, f->n * sizeof *f->ids, l.ids_at) &&
              read_all(fd, f->digests, (size_t)l.n_blocks * KV_DIGEST, l.digests_at) &&
              read_all(fd, f->reference, l.reference_bytes, l.reference_at);
    if (ok)
        digest_of_head(&h, f, &l, digest);
    if (ok && memcmp(digest, h.digest, KV_DIGEST) == 0)
        return true;
    kv_file_close(f);
    return false;
}

bool kv_file_reaches(const struct kv_file *f, const struct kv *kv, uint32_t n)
{
    return f->from == 0 || (uint64_t)f->from + kv->window <= (uint64_t)n + 1;
}

/* Sliding layers take what there is room for. */
static uint32_t first_that_fits(const struct kv_file *f, const struct kv *kv, uint32_t n)
{
    uint32_t first = n > kv->ring ? (n - kv->ring + BLOCK - 1) / BLOCK * BLOCK : 0;
    return kv->n_sliding > 0 && first > f->from ? first : f->from;
}

uint32_t kv_file_read(const struct kv_file *f, const struct kv *kv, uint32_t n, uint32_t *from,
                      struct pool *pool, kv_file_progress_fn *go_on, void *arg)
{
    struct plan l = plan_of(kv, f->n, f->from);
    uint32_t n_blocks = (n + BLOCK - 1) / BLOCK, done = 0;
    struct job j = {.kv = kv,
                    .fd = f->fd,
                    .l = l,
                    .n = f->n,
                    .n_wanted = n,
                    .from = *from = first_that_fits(f, kv, n),
                    .digests = f->digests,
                    .scratch = scratch_of(&l, pool),
                    .whole = xcalloc(l.n_blocks, sizeof *j.whole)};
    size_t reference_bytes;
    void *reference = kv_reference(kv, &reference_bytes);
    if (reference)
        memcpy(reference, f->reference, reference_bytes);
    while (done < n_blocks && (!go_on || go_on(arg, done * BLOCK))) {
        uint32_t left = n_blocks - done, group = pool_size(pool) < left ? pool_size(pool) : left;
        j.first = done;
        pool_run_io(pool, read_block, &j, group);
        while (done < j.first + group && j.whole[done])
            done++;
        if (done < j.first + group)
            break;
    }
    free(j.scratch);
    free(j.whole);
    return done * BLOCK < n ? done * BLOCK : n;
}

void kv_file_close(struct kv_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    free(f->ids);
    free(f->digests);
    free(f->reference);
    *f = (struct kv_file){.fd = -1};
}
