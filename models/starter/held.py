#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Held-out data for the program's own measurement: held.py [--data DIR] [FOLDER].

Writes FOLDER/NAME.jsonl for every DIR/held/NAME.npz, one text a line: its ids, and between which of
them the answers lie, cut where training and `sample.py held` cut. Then
  qins-bench perplexity starter-f32.qins starter-qins8.qins FOLDER/*.jsonl
"""
import argparse
import glob
import json
import os

import numpy as np

import rows


def line(tokens):
    answer = np.concatenate([[0], tokens & 0x8000 == 0, [0]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(answer)).reshape(-1, 2)
    return json.dumps({"ids": (tokens & 0x3fff).tolist(), "scored": edges.tolist()}, separators=(",", ":"))


def main():
    build = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build-starter")
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--data", default=build)
    a.add_argument("folder", nargs="?", default=os.path.join(build, "held"))
    o = a.parse_args()
    os.makedirs(o.folder, exist_ok=True)
    for path in sorted(glob.glob(f"{o.data}/held/*.npz")):
        source = rows.Source(path, 1)
        with open(f"{o.folder}/{os.path.basename(path)[:-4]}.jsonl", "w", encoding="ascii") as f:
            for begin, end in source.spans:
                f.write(line(source.ids[begin:end][:rows.LONGEST]) + "\n")


if __name__ == "__main__":
    main()
