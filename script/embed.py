#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A file as a C array: embed.py INPUT OUTPUT NAME -> const unsigned char NAME[]; and its size."""
import sys

source, out, name = sys.argv[1:]
with open(source, "rb") as f:
    data = f.read()
with open(out, "w", encoding="ascii") as f:
    f.write(f'#include "texts.h"\nconst size_t {name}_bytes = {len(data)};\n')
    f.write(f"const unsigned char {name}[{len(data)}] = {{\n")
    for at in range(0, len(data), 20):
        f.write(",".join(map(str, data[at:at + 20])) + ",\n")
    f.write("};\n")
