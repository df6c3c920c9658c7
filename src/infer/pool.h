/* SPDX-License-Identifier: MIT
 *
 * pool: fork-join over n workers. The caller is one of them. Work is handed out in chunks whose
 * number and borders do not depend on the number of threads, so results do not either.
 */
#ifndef QINS_POOL_H
#define QINS_POOL_H

#include <stdint.h>

struct pool;
struct profile;

enum { POOL_MAX_THREADS = 256 };

typedef void pool_fn(void *arg, uint32_t chunk, uint32_t worker);

/* n_threads >= 1 including the caller; 0: the CPUs that this process may use. More than
 * POOL_MAX_THREADS, or more than the system grants, become fewer (pool_size tells). Workers block
 * all signals, spin briefly for the next job and then sleep. */
struct pool *pool_new(unsigned n_threads);
void pool_free(struct pool *p);
unsigned pool_size(const struct pool *p);
unsigned pool_default_threads(void); /* affinity and cgroup quota respected */

/* From now on whoever computes with this pool adds its times there; NULL: no profile. */
void pool_set_profile(struct pool *p, struct profile *profile);
struct profile *pool_profile(const struct pool *p);

/* Calls fn(arg, chunk, worker) once for every chunk in [0, n_chunks) and waits for all of them.
 * worker is below pool_size: an index for scratch memory. One caller at a time. */
void pool_run(struct pool *p, pool_fn *fn, void *arg, uint32_t n_chunks);
/* The same for chunks that wait for a disk. (pool_run takes a caller that is not on a CPU for one
 * whose CPU another program has, and goes on with fewer threads: thread_backoff.h.) */
void pool_run_io(struct pool *p, pool_fn *fn, void *arg, uint32_t n_chunks);

#endif
