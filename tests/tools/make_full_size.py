#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a phi3 model folder of full size with random weights, to measure conversion and speed.

usage: make_full_size.py SOURCE OUT

SOURCE is a model folder without weights: config, tokenizer and model.safetensors.index.json, which
says which shard holds which tensor. OUT gets copies of them and the shards: bf16, N(0, 0.02), norms
near 1. Weights are windows into one random block,
    so that making them costs little more than writing.
"""
import json
import os
import shutil
import struct
import sys

import numpy as np

BLOCK = 1 << 26  # weights of the block that all tensors are cut from


def bf16(x):
    u = x.astype(np.float32).view(np.uint32)
    return ((u + 0x7FFF + ((u >> 16) & 1)) >> 16).astype(np.uint16)


def shape_of(name, cfg):
    dim, ffn, vocab = cfg["hidden_size"], cfg["intermediate_size"], cfg["vocab_size"]
    head_dim = dim // cfg["num_attention_heads"]
    kv_dim = cfg["num_key_value_heads"] * head_dim
    part = name.split(".")[-2]
    return {"embed_tokens": [vocab, dim], "lm_head": [vocab, dim], "qkv_proj": [dim + 2 * kv_dim,
        dim],
            "o_proj": [dim, dim], "gate_up_proj": [2 * ffn, dim], "down_proj": [dim,
                ffn]}.get(part, [dim])


def write_shard(path, names, cfg, block, norm):
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name in names:
        shape = shape_of(name, cfg)
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for name in names:
            shape = shape_of(name, cfg)
            if len(shape) == 1:
                f.write(norm[:shape[0]].tobytes())
                continue
            left, start = int(np.prod(shape)), hash_of(name)
            while left:
                n = min(left, BLOCK - start)
                f.write(memoryview(block[start:start + n]))
                left, start = left - n, 0


def hash_of(name):
    """Where in the block a tensor begins: the same in every run."""
    h = 0
    for c in name.encode():
        h = (h * 1000003 + c) % (1 << 40)
    return h % BLOCK // 64 * 64


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    for name in os.listdir(source):
        if not name.endswith(".safetensors"):
            shutil.copy(os.path.join(source, name), out)
    cfg = json.load(open(os.path.join(source, "config.json")))
    where = json.load(open(os.path.join(source, "model.safetensors.index.json")))["weight_map"]
    r = np.random.Generator(np.random.PCG64(1))
    block = bf16(r.standard_normal(BLOCK, dtype=np.float32) * np.float32(0.02))
    norm = bf16(1 + 0.1 * r.standard_normal(cfg["hidden_size"]))
    for shard in sorted(set(where.values())):
        names = sorted(n for n in where if where[n] == shard)
        write_shard(os.path.join(out, shard), names, cfg, block, norm)
        print(shard, len(names), "tensors", flush=True)


if __name__ == "__main__":
    main()
