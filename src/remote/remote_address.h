/* SPDX-License-Identifier: MIT
 *
 * remote_address: where an engine is, from what a person writes: "https://api.example.org/v1",
 * "http://gpu-box:8000", "localhost:8080". Words go by https, or by http to this machine itself, or
 * by http to a private host if the address says "http://".
 */
#ifndef QINS_REMOTE_ADDRESS_H
#define QINS_REMOTE_ADDRESS_H

#include "base.h"

struct remote_address {
    char *base; /* "https://host/v1": what "/chat/completions" is written behind */
    char *host; /* "host", "host:8080": for people */
    bool is_encrypted, is_loopback;
};

bool remote_address_parse(struct remote_address *a, const char *text, struct error *err);
void remote_address_free(struct remote_address *a);

#endif
