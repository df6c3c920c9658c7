#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The starter model reads held-out stories about as well as on the day it was trained.

usage: test_perplexity.py QINS_BENCH

The stories are the last 2 % of shared/corpus/tinystories.txt.zst,
    which training never saw; they are
not part of this repository.
"""
import json
import os
import subprocess
import sys
import tempfile

BOUND = 7.3  # perplexity a token: 7.10 when it was trained, and 3 %
SKIP = 77

source = os.environ["QINS_SOURCE"]
corpus = os.path.join(os.environ["QINS_SHARED"], "corpus")
model = os.path.join(source, "models", "starter.qins")
if not os.path.isdir(corpus):
    print(f"SKIPPED: {corpus} is not there")
    sys.exit(SKIP)

sys.path.insert(0, os.path.join(source, "models", "starter"))
sys.dont_write_bytecode = True
import corpus as recipe

_, held = recipe.split(recipe.pieces(corpus, "tinystories"))
with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as f:
    f.write("\n<|endoftext|>\n".join(held[:60]))
    f.flush()
    out = subprocess.run([sys.argv[1], "perplexity", model, f.name, "--json"], capture_output=True,
        text=True)
if out.returncode:
    sys.exit(f"qins-bench: {out.returncode} {out.stderr}")
perplexity = json.loads(out.stdout)["models"][0]["perplexity"]
print(f"perplexity {perplexity:.3f}, bound {BOUND}")
sys.exit(perplexity > BOUND)
