/* SPDX-License-Identifier: MIT
 *
 * units: numbers with their units, for people: "2.13 GB", "52.1 tok/s", "120 ms"; "-" for what is
 * unknown or no number. Each writes into `out` and returns it.
 */
#ifndef QINS_UNITS_H
#define QINS_UNITS_H

#include <stddef.h>
#include <stdint.h>

char *format_bytes(uint64_t bytes, char *out, size_t size);
char *format_rate(double tokens_per_s, char *out, size_t size);
char *format_ms(double ms, char *out, size_t size);

#endif
