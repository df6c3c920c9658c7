/* SPDX-License-Identifier: MIT
 *
 * download: fetch_model in a thread of its own, so that who waits for the model can convert what
 * has come of it (arrival.h). Progress is told in the waiting thread, from download_wait and
 * download_tell.
 */
#ifndef QINS_DOWNLOAD_H
#define QINS_DOWNLOAD_H

#include "fetch.h"

struct download;

/* o->arrival is not looked at. */
struct download *download_start(const struct hub_ref *ref, const struct fetch_options *o);
/* Waits until the weights begin to come, or until all is there. -> the folder, with what comes in
 * *arrival; NULL: download_end tells, nothing can be converted meanwhile. */
const char *download_wait(struct download *d, struct arrival **arrival);
/* Tells how far it is, and that of `converted` (0 to 1) of the model. -> false: stop. *is_over: it
 * has ended. */
bool download_tell(struct download *d, double converted, bool *is_over);
/* Waits for its end, and frees it. -> as fetch_model. */
char *download_end(struct download *d, struct error *err);
/* Ends it at once, and frees it; what has come stays for the next start. */
void download_stop(struct download *d);

#endif
