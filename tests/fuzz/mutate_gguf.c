/* SPDX-License-Identifier: MIT
 *
 * A mutator for GGUF: it walks over the keys and changes one whole: its kind, its length or count,
 * its value, or the number of keys and tensors; a string grows together with its length.
 */
#include "fuzz.h"

enum { FIXED = 24, MOST_KEYS = 64 };

static uint64_t u64_at(const uint8_t *at)
{
    uint64_t n;
    memcpy(&n, at, sizeof n);
    return n;
}

static size_t kind_bytes(uint32_t kind)
{
    static const uint8_t bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return kind < sizeof bytes ? bytes[kind] : 0;
}

/* Where each key begins. -> how many; what cannot be followed ends the list. */
static size_t find_keys(const uint8_t *data, size_t n, size_t at[MOST_KEYS])
{
    size_t pos = FIXED, n_keys = 0;
    while (n_keys < MOST_KEYS && pos + 20 <= n) {
        uint64_t n_name = u64_at(data + pos);
        if (n_name > n - pos - 20)
            break;
        at[n_keys++] = pos;
        pos += 8 + n_name;
        uint32_t kind;
        memcpy(&kind, data + pos, sizeof kind);
        pos += 4;
        size_t bytes = kind_bytes(kind);
        if (kind == 8 && pos + 8 <= n && u64_at(data + pos) < n - pos - 8)
            bytes = 8 + (size_t)u64_at(data + pos);
        if (!bytes || bytes > n - pos) /* arrays are left to blind changes */
            break;
        pos += bytes;
    }
    return n_keys;
}

static void change_u64(uint8_t *at, unsigned seed)
{
    static const uint64_t numbers[] = {0,
                                       1,
                                       2,
                                       3,
                                       255,
                                       65536,
                                       (uint64_t)1 << 31,
                                       (uint64_t)1 << 32,
                                       (uint64_t)1 << 60,
                                       UINT64_MAX,
                                       UINT64_MAX / 8};
    uint64_t n = seed & 1 ? u64_at(at) + (seed >> 1 & 7) - 3
                          : numbers[(seed >> 1) % (sizeof numbers / sizeof *numbers)];
    memcpy(at, &n, sizeof n);
}

/* The string at `at` with its length gets other bytes of another length. -> new n */
static size_t change_string(uint8_t *data, size_t n, size_t at, size_t max)
{
    enum { MOST = 256 };
    uint8_t text[MOST];
    uint64_t n_old = u64_at(data + at);
    if (n_old > MOST || n_old > n - at - 8)
        return n;
    memcpy(text, data + at + 8, (size_t)n_old);
    size_t n_new = LLVMFuzzerMutate(text, (size_t)n_old, MOST);
    if (n - n_old + n_new > max)
        return n;
    memmove(data + at + 8 + n_new, data + at + 8 + n_old, n - at - 8 - n_old);
    memcpy(data + at + 8, text, n_new);
    uint64_t length = n_new;
    memcpy(data + at, &length, sizeof length);
    return n - (size_t)n_old + n_new;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    size_t at[MOST_KEYS], n_keys = n > FIXED ? find_keys(data, n, at) : 0;
    if (!n_keys || seed % 2)
        return LLVMFuzzerMutate(data, n, max);
    seed /= 2;
    size_t key = at[seed / 8 % n_keys], value = key + 8 + (size_t)u64_at(data + key);
    switch (seed % 8) {
    case 0: change_u64(data + 8 + seed / 8 % 2 * 8, seed / 16); return n;
    case 1: return change_string(data, n, key, max);
    case 2: data[value] = (uint8_t)(seed / 8 % 14); return n;
    case 3:
    case 4:
        if (value + 12 <= n)
            change_u64(data + value + 4, seed / 8);
        return n;
    case 5:
    case 6:
        if (data[value] == 8 && value + 12 <= n)
            return change_string(data, n, value + 4, max);
        /* fall through */
    default: return LLVMFuzzerMutate(data, n, max);
    }
}
