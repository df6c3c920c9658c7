/* SPDX-License-Identifier: MIT */
#include "wrong_file.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *start;
    size_t n;
    const char *kind;
} kinds[] = {
    {"version https://git-lfs", 23,
     "a Git LFS pointer, not the file itself: run \"git lfs pull\" in its folder"},
    {"<!doctype html", 14,
     "a web page, not the file itself: download it again; a gated model needs a login"},
    {"<html", 5, "a web page, not the file itself: download it again; a gated model needs a login"},
    {"Entry not found", 15, "the server's \"not found\", not the file itself: download it again"},
    {"Invalid username or password", 28,
     "the server's refusal, not the file itself: log in, then download it again"},
    {"Access to model", 15,
     "the server's refusal, not the file itself: log in, then download it again"},
    {"GGUF", 4, "a GGUF file: its name should end in .gguf"},
    {"PK\x03\x04", 4,
     "a zip archive: unpack it; weights of PyTorch (.bin, .pt) are not read, safetensors are"},
    {"\x80\x02", 2, "a pickle of Python (.bin, .pt), which is not read: get the safetensors files"},
    {"\x1f\x8b", 2, "compressed with gzip: unpack it first"},
    {"\x28\xb5\x2f\xfd", 4, "compressed with zstd: unpack it first"},
    {"\xfd"
     "7zXZ",
     5, "compressed with xz: unpack it first"},
    {"BZh", 3, "compressed with bzip2: unpack it first"},
    {"7z\xbc\xaf", 4, "a 7z archive: unpack it first"},
    {"\x89HDF", 4, "an HDF5 file (Keras), which is not read: get the safetensors files"},
    {"\xff\xfe", 2, "text in UTF-16: it must be UTF-8"},
    {"\xfe\xff", 2, "text in UTF-16: it must be UTF-8"},
    {"\x7f"
     "ELF",
     4, "a program"},
};

const char *wrong_file_kind(const void *bytes, size_t n)
{
    const char *s = bytes;
    size_t blanks = 0;
    while (blanks < n && blanks < 64 && strchr(" \r\n\t", s[blanks]) && s[blanks])
        blanks++;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t skip = kinds[i].start[0] == '<' ? blanks : 0;
        if (n - skip >= kinds[i].n && strncasecmp(s + skip, kinds[i].start, kinds[i].n) == 0 &&
            (kinds[i].start[0] == '<' || memcmp(s, kinds[i].start, kinds[i].n) == 0))
            return kinds[i].kind;
    }
    return NULL;
}
