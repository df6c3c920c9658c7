#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How many stories name everything that was asked for: wishes.py [--seeds N] [--print] MODEL.qins

Each wish is asked with seeds 1 to N at the program's default settings, in the words of "Tell me a story about ...".
A story counts when every noun of the wish (and its colour) stands in it.
"""
import argparse
import re
import subprocess

WISHES = ["a cat and a boat", "a dog and a red ball", "a rabbit and a kite", "a bear and a drum", "a girl and a dragon", "a mouse and a lamp",
          "a penguin and a bicycle", "an owl and a candle", "a boy and a rocket", "an elephant and an umbrella", "a princess and a frog",
          "a fox and a violin"]


def story(o, wish, seed):
    return subprocess.run([o.program, "-m", o.model, "-p", f"Tell me a story about {wish}.", "--seed", str(seed)],
                          capture_output=True, text=True, check=True).stdout


def granted(wish, text):
    said = set(re.findall(r"[a-z]+", text.lower()))
    return all(w in said or w + "s" in said for w in re.findall(r"[a-z]+", wish) if w not in ("a", "an", "and"))


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--program", default="qins-tui")
    a.add_argument("--seeds", type=int, default=30)
    a.add_argument("--print", action="store_true", help="the stories too")
    a.add_argument("model")
    o = a.parse_args()
    total = 0
    for wish in WISHES:
        texts = [story(o, wish, seed) for seed in range(1, o.seeds + 1)]
        count = sum(granted(wish, t) for t in texts)
        total += count
        print(f"{wish:30}{count:4} of {o.seeds}", flush=True)
        if o.print:
            print(*texts, sep="\n---\n")
    print(f"{'all':30}{total:4} of {o.seeds * len(WISHES)}, {100 * total / o.seeds / len(WISHES):.0f} %")


if __name__ == "__main__":
    main()
