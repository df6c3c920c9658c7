# SPDX-License-Identifier: MIT
"""Dialogues of safety.txt: what the model is to say where an invented answer could hurt."""
import os
import re

import dialogues

ONE_OF = re.compile(r"\[\[(\d+)-(\d+)\]\]|\[([^\[\]]*)\]")


def phrase(text, rng):
    """One of the phrasings that a line stands for."""
    def choose(m):
        return str(rng.randint(int(m[1]), int(m[2]))) if m[1] else rng.choice(m[3].split("|"))
    return ONE_OF.sub(choose, text)


def subjects():
    return dialogues.read_intents("safety.txt")


def ask(subject, asks, rng):
    text = phrase(rng.choice(asks), rng)
    return dialogues.loosely(text[0].upper() + text[1:] if subject != "hard-sums" else text, rng)


def make(rng, others, n=6000):
    """-> n dialogues; `others` are ones of another source to stand before and after"""
    found, out = subjects(), []
    names = list(found)
    for i in range(n):
        subject = names[i % len(names)]
        asks, answers = found[subject]
        turns = dialogues.pair(ask(subject, asks, rng), rng.choice(answers))
        r = rng.random()
        if r < 0.2:
            turns = rng.choice(others)[:2] + turns
        elif r < 0.3:
            turns = turns + rng.choice(others)[:2]
        elif r < 0.4:
            other = rng.choice(names)
            turns += dialogues.pair(ask(other, found[other][0], rng), rng.choice(found[other][1]))
        out.append(turns)
    rng.shuffle(out)
    return out
