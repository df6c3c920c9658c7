#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A shipped model as a state to train on: resume.py [--size NAME] [--out DIR] MODEL.qins.

Writes DIR/state.pt with the weights that the qins8 file stands for, no momentum and no steps, and checks
that the vocabulary that prepare.py trained is the file's.
"""
import argparse
import json
import os
import struct

import numpy as np
import torch

import network
import vocabulary


def read(path):
    """-> {name: numpy array} of a safetensors file, which a .qins file is"""
    with open(path, "rb") as f:
        raw = f.read()
    begin = 8 + struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:begin])
    header.pop("__metadata__")
    out = {}
    for name, t in header.items():
        a, b = t["data_offsets"]
        out[name] = np.frombuffer(raw[begin + a:begin + b], {"U8": np.uint8, "F32": np.float32}[t["dtype"]]).reshape(t["shape"])
    return out


def qins8(tiles, base, rows, columns):
    """tiles [groups][tiles][8 lines][16 rows][4], base [1][rows] -> float32 [rows][columns]: TECHNICAL_SPEC.md, 2"""
    c = np.arange(128)
    table = (2 ** (-(c + 0.5) / 32) - 1 / 16) / (2 ** (-0.5 / 32) - 1 / 16)
    value = np.concatenate([table, -table])[tiles]  # bit 7 is the sign
    groups, n, _ = tiles.shape
    value = value.reshape(groups, n, 8, 16, 4).transpose(0, 3, 1, 2, 4).reshape(groups * 16, n * 32)
    return (value[:rows, :columns] * base[0, :rows, None]).astype(np.float32)


def main():
    build = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build-starter")
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--size", choices=network.SIZES, default="small")
    a.add_argument("--vocabulary", default=os.path.join(build, "vocabulary"))
    a.add_argument("--out", default=os.path.join(build, "run"))
    a.add_argument("model")
    o = a.parse_args()
    stored = read(o.model)
    if json.loads(stored["tokenizer.json"].tobytes()) != vocabulary.tokenizer_json(vocabulary.load(o.vocabulary)):
        raise SystemExit(f"{o.vocabulary}.model is not the vocabulary of {o.model}")
    shape = network.Shape(o.size, vocabulary.ROWS)
    weights = torch.zeros(shape.count)
    for name, w in shape.views(weights).items():
        t = stored[name] if name in stored else qins8(stored[name + ".tiles"], stored[name + ".row"], *w.shape)
        w.copy_(torch.from_numpy(t.copy()))
    os.makedirs(o.out, exist_ok=True)
    zero = torch.zeros(shape.count)
    torch.save({"weights": weights, "first": zero, "second": zero, "step": 0, "tokens": 0, "size": o.size}, o.out + "/state.pt")
    print(f"{o.out}/state.pt: {shape.count} parameters")


if __name__ == "__main__":
    main()
