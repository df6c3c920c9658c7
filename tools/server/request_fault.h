/* SPDX-License-Identifier: MIT
 *
 * request_fault: why a request is refused, as OpenAI's error object has it.
 */
#ifndef QINS_REQUEST_FAULT_H
#define QINS_REQUEST_FAULT_H

#include <stdbool.h>

struct request_fault {
    int status;       /* of HTTP */
    const char *code; /* "context_length_exceeded"; NULL: none */
    char param[96];   /* "messages[2].role"; "": no field */
    char text[1100];
};

/* Fills in a fault of status 400 and returns false. */
bool request_fault_set(struct request_fault *f, const char *param, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
