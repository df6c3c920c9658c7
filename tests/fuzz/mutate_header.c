/* SPDX-License-Identifier: MIT
 *
 * A mutator for files that begin with the length of a JSON header (safetensors, .qins): blind
 * changes would hardly ever pass that length. Half of the time the JSON alone changes, and the
 * length with it; numbers in it become others that are likely to hurt.
 */
#include "fuzz.h"

enum { LENGTH = 8, MOST = 1 << 16 };

static uint64_t length_of(const uint8_t *data)
{
    uint64_t n = 0;
    for (int i = 0; i < LENGTH; i++)
        n |= (uint64_t)data[i] << 8 * i;
    return n;
}

static void set_length(uint8_t *data, uint64_t n)
{
    for (int i = 0; i < LENGTH; i++)
        data[i] = (uint8_t)(n >> 8 * i);
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Another number for one of json[0..n), room for max. -> new n */
static size_t change_number(uint8_t *json, size_t n, size_t max, unsigned seed)
{
    static const char *const numbers[] = {"0",
                                          "1",
                                          "-1",
                                          "2",
                                          "16",
                                          "64",
                                          "4096",
                                          "65536",
                                          "2147483647",
                                          "2147483648",
                                          "4294967295",
                                          "4294967296",
                                          "9223372036854775807",
                                          "18446744073709551615",
                                          "18446744073709551616",
                                          "1e9",
                                          "0.5"};
    const char *other = numbers[seed / 64 % (sizeof numbers / sizeof *numbers)];
    size_t from = seed % (n + 1), to, n_other = strlen(other);
    while (from < n && !is_digit(json[from]))
        from++;
    for (to = from; to < n && is_digit(json[to]); to++)
        continue;
    if (from == to || n - (to - from) + n_other > max)
        return n;
    memmove(json + from + n_other, json + to, n - to);
    memcpy(json + from, other, n_other);
    return n - (to - from) + n_other;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    static uint8_t rest[MOST];
    if (n < LENGTH + 2 || seed % 8 == 0)
        return LLVMFuzzerMutate(data, n, max);
    uint64_t n_json = length_of(data);
    if (n_json < 2 || n_json > n - LENGTH)
        n_json = n - LENGTH;
    size_t n_rest = n - LENGTH - (size_t)n_json, room = max - LENGTH - n_rest;
    if (n_rest > MOST || max < n)
        return LLVMFuzzerMutate(data, n, max);
    uint8_t *json = data + LENGTH;
    memcpy(rest, json + n_json, n_rest);
    size_t n_new = seed % 8 < 3 ? change_number(json, (size_t)n_json, room, seed / 8)
                                : LLVMFuzzerMutate(json, (size_t)n_json, room);
    memcpy(json + n_new, rest, n_rest);
    set_length(data, n_new);
    return LENGTH + n_new + n_rest;
}
