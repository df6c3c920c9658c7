/* SPDX-License-Identifier: MIT
 *
 * web_options: what the web server is started with.
 */
#ifndef QINS_WEB_OPTIONS_H
#define QINS_WEB_OPTIONS_H

#include "access_key.h"
#include "completion_request.h"
#include "scheduler.h"

struct web_options {
    const char *host, *port; /* port "0": any that is free */
    struct access_key key;
    struct scheduler *scheduler;
    struct request_defaults defaults;
};

#endif
