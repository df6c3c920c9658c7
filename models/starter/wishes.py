#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How many stories have what was asked for: wishes.py [--seeds N] [--print] MODEL.qins

"Tell me a story about WISH." with seeds 1 to N at the program's default settings. A story has what was asked for
when every noun of the wish, and its colour, stands in it; it keeps to it when the second noun also stands
somewhere after the second sentence (the first one mostly goes by a name then).
"""
import argparse
import re
import subprocess

import stories

# The first six are in no story of granted.py.
WISHES = ["a cat and a boat", "a rabbit and a kite", "a bear and a drum", "a mouse and a lamp", "a penguin and a bicycle",
          "an owl and a candle", "a dog and a red ball", "a girl and a dragon", "a boy and a rocket", "an elephant and an umbrella",
          "a princess and a frog", "a fox and a violin"]


def story(o, wish, seed):
    return subprocess.run([o.program, "-m", o.model, "-p", f"Tell me a story about {wish}.", "--seed", str(seed)],
                          capture_output=True, text=True, check=True).stdout


def has(text, words):
    said = set(re.findall(r"[a-z]+", text.lower()))
    return all(w in said or w + "s" in said for w in words)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--program", default="qins-tui")
    a.add_argument("--seeds", type=int, default=30)
    a.add_argument("--print", action="store_true", help="the stories too")
    a.add_argument("model")
    o = a.parse_args()
    rows = []
    for wish in WISHES:
        words = [w for w in re.findall(r"[a-z]+", wish) if w not in ("a", "an", "and")]
        texts = [story(o, wish, seed) for seed in range(1, o.seeds + 1)]
        rows.append((sum(has(t, words) for t in texts), sum(has(t, words) and has(" ".join(stories.sentences(t)[2:]), words[-1:]) for t in texts)))
        print(f"{wish:28}{rows[-1][0]:4} of {o.seeds}, keep to it {rows[-1][1]:4}", flush=True)
        if o.print:
            print(*texts, sep="\n---\n")
    print(f"{'all':28}{sum(r[0] for r in rows):4} of {o.seeds * len(rows)}, keep to it {sum(r[1] for r in rows):4}")


if __name__ == "__main__":
    main()
