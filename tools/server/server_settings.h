/* SPDX-License-Identifier: MIT
 *
 * server_settings: the command line of qins-server. What qins-tui has too comes from the same table
 * of options, with the same names, ranges and variables.
 */
#ifndef QINS_SERVER_SETTINGS_H
#define QINS_SERVER_SETTINGS_H

#include "options.h"

struct server_settings {
    struct options options;
    const char *model; /* "": as qins-tui takes it */
    const char *host, *port, *key_file, *name;
    uint32_t n_parallel, max_queue, piece, drain_s;
    bool quiet;
};

/* To be freed in any case. -> false with err->code EX_OK: help or versions were printed. */
bool server_settings_read(struct server_settings *s, int argc, char **argv, struct error *err);
void server_settings_free(struct server_settings *s);

#endif
