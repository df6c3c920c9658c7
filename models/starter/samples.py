#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The conversations of samples.txt with the model's real answers: samples.py MODEL.qins > SAMPLES.md

Each is a run of `qins-tui --chat --json`, once always the likeliest word, once at temperature 0.7 with seed 1.
"""
import argparse
import json
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def conversations():
    with open(os.path.join(HERE, "samples.txt"), encoding="utf-8") as f:
        return [block.splitlines() for block in f.read().strip().split("\n\n")]


def answers(o, asks, temperature):
    run = subprocess.run([o.program, "-m", o.model, "--chat", "--json", "--temperature", temperature, "--seed", "1"],
                         input="".join(ask + "\n" for ask in asks), capture_output=True, text=True, check=True)
    out, answer = [], ""
    for line in run.stdout.splitlines():
        event = json.loads(line)
        if event["event"] == "text":
            answer += event["text"]
        elif event["event"] == "done":
            out.append(answer)
            answer = ""
    return out


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--program", default="qins-tui")
    a.add_argument("model")
    o = a.parse_args()
    print("# What the starter model says\n\nThe conversations of samples.txt, unchanged, good and bad alike, as "
          "`samples.py starter.qins` had them\nfrom qins-tui: top-p 0.9, the program's default system prompt.")
    for title, temperature in (("Temperature 0", "0"), ("Temperature 0.7, seed 1", "0.7")):
        print(f"\n## {title}")
        for i, asks in enumerate(conversations()):
            print("\n---" if i else "")
            for ask, answer in zip(asks, answers(o, asks, temperature), strict=True):
                quoted = "\n".join(("> " + line).rstrip() for line in answer.split("\n"))
                print(f"> **{ask}**\n>\n{quoted}\n")


if __name__ == "__main__":
    main()
