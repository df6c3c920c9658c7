#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Text to token files: prepare.py [--corpus DIR] [--out DIR].

Trains the vocabulary on the training part, then writes for every source NAME
  OUT/train/NAME.npz, OUT/held/NAME.npz: ids uint16 (bit 15 set: not part of an answer, bit 14: where a wished-for
word is first said), ends uint32.
The same corpus gives the same files.
"""
import argparse
import json
import os
import random

import numpy as np

import corpus
import dialogues as ours
import granted
import resume
import safety
import stories
import vocabulary
from train import MIX


def save(path, docs):
    ids = np.array([i | (0x8000, 0, 0x4000)[answer] for d in docs for i, answer in d], np.uint16)
    ends = np.cumsum([len(d) for d in docs]).astype(np.uint32)
    np.savez(path, ids=ids, ends=ends)
    return len(docs), len(ids)


def sources(folder, rng):
    """-> {name: (train, held)}; an item is a text or a list of (role, text)."""
    tiny, tiny_held = corpus.split(corpus.pieces(folder, "tinystories"))
    prompter = stories.Prompter(tiny)
    out = {"tinystories": (tiny, tiny_held)}
    told, parts, asked = [], [], []
    for _ in range(3):  # three wishes for every story
        t, p, a = stories.dialogues(tiny, prompter, rng)
        told, parts, asked = told + t, parts + p, asked + a
    held = stories.dialogues(tiny_held, prompter, rng)
    out["story-told"], out["story-parts"], out["story-asked"] = (told, held[0]), (parts, held[1]), (asked, held[2])

    swapped = [d for _ in range(3) for d in stories.swapped_dialogues(tiny, prompter, rng)]
    out["story-swapped"] = swapped, stories.swapped_dialogues(tiny_held, prompter, rng)

    picture = corpus.split(corpus.pieces(folder, "picture-books"))
    out["picture-books"] = tuple([p for p in part if len(p) < 6000] for part in picture)
    out["childrens-books"] = corpus.split(corpus.books(folder))
    train, held = corpus.split(corpus.fables(folder))
    out["fables"] = ([stories.fable_dialogue(f, t, rng) for _ in range(2) for f, t in train],
                     [stories.fable_dialogue(f, t, rng) for f, t in held])
    for name, items, window in (("personality", corpus.personality(folder), False),
                                ("smalltalk", corpus.smalltalk(folder), False),
                                ("persona-chat", corpus.persona(folder), True),
                                ("self-dialogue", corpus.self_dialogue(folder), True),
                                ("simple-instructions", corpus.instructions(folder), False),
                                ("story-questions", corpus.story_questions(folder), False)):
        train, held = corpus.split(items)
        out[name] = (corpus.windows(train), corpus.windows(held)) if window else (train, held)
    out["ours"] = corpus.split(ours.make(rng, prompter, tiny))

    # With their own generator: what is above, and so the vocabulary, stays as it was.
    rng = random.Random(2)
    wishes = granted.make(tiny, 30000, rng)
    out["story-granted"] = wishes, [d for d, _ in granted.make(tiny_held, 250, rng)]
    for name, parts in (("story-early", ("story-told", "story-parts", "story-asked")), ("ours-early", ("ours",))):
        out[name] = tuple([d for p in parts for d in out[p][i] if granted.kept(d, prompter.nouns)] for i in (0, 1))
    rng = random.Random(3)
    out["safety"] = corpus.split(safety.make(rng, out["ours"][0]))
    return out


def encode(sp, item, rng):
    """A text, a dialogue, or a dialogue and the words wished for."""
    if isinstance(item, str):
        return vocabulary.encode_plain(sp, item)
    turns, wished = item if isinstance(item, tuple) else (item, None)
    doc = vocabulary.encode_turns(sp, ours.with_system(turns, rng))
    return vocabulary.mark(sp, doc, wished) if wished else doc


def text_of(item):
    return item if isinstance(item, str) else "\n".join(t for _, t in item)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.join(here, "..", "..")
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--corpus", default=os.path.join(root, "..", "shared", "corpus"))
    a.add_argument("--out", default=os.path.join(root, "build-starter"))
    a.add_argument("--phase", choices=MIX, help="training parts of this phase of train.py only")
    a.add_argument("--keep-vocabulary", action="store_true", help="when only the dialogues changed")
    a.add_argument("--vocabulary-of", metavar="MODEL.qins", help="a shipped model's, to train on from it")
    o = a.parse_args()
    rng = random.Random(1)
    found = sources(o.corpus, rng)
    prefix = os.path.join(o.out, "vocabulary")
    os.makedirs(o.out, exist_ok=True)
    if o.vocabulary_of:
        vocabulary.rebuild(json.loads(resume.read(o.vocabulary_of)["tokenizer.json"].tobytes()), prefix)
    elif not o.keep_vocabulary:
        share = {"tinystories": 1.0, "self-dialogue": 0.15, "story-questions": 0.3}
        with open(prefix + ".txt", "w", encoding="utf-8") as f:
            for name, (train, _) in found.items():
                if name != "ours-early" and (not name.startswith("story-") or name == "story-questions"):
                    for item in train:
                        if rng.random() < share.get(name, 1.0):
                            f.write(text_of(item) + "\n")
        vocabulary.train(prefix + ".txt", prefix)
        os.remove(prefix + ".txt")
    sp = vocabulary.load(prefix)
    for part in (0, 1):
        folder = os.path.join(o.out, ("train", "held")[part])
        os.makedirs(folder, exist_ok=True)
        for name, both in found.items():
            if o.phase and not part and name not in MIX[o.phase]:
                continue
            rng = random.Random(f"{name} {part}")
            docs = [encode(sp, x, rng) for x in both[part]]
            n, tokens = save(os.path.join(folder, name + ".npz"), docs)
            print(f"{('train', 'held')[part]:6}{name:22}{n:8} pieces{tokens:10} tokens", flush=True)


if __name__ == "__main__":
    main()
