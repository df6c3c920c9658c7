#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the trained state says and how well it reads: sample.py [--temperature T] talk|ask TEXT...|held.

talk   the conversations of samples.txt; each user's line gets the model's answer
ask    the TEXTs as turns of one conversation
held   mean loss and perplexity on the held-out part of every source, float32
"""
import argparse
import glob
import math
import os

import torch

import dialogues
import network
import rows
import samples
import vocabulary

HERE = os.path.dirname(os.path.abspath(__file__))
STOP = (vocabulary.END, vocabulary.ASSISTANT, vocabulary.ENDOFTEXT)


class Model:
    def __init__(self, o):
        state = torch.load(o.state, map_location="cpu")
        self.shape = network.Shape(state["size"], vocabulary.ROWS)
        self.w = {n: t.bfloat16().float() for n, t in self.shape.views(state["weights"]).items()}
        self.tables = network.rotary(self.shape, 2 * network.CONTEXT, "cpu")
        self.sp = vocabulary.load(o.vocabulary)
        self.o, self.random = o, torch.Generator().manual_seed(o.seed)

    def next(self, ids):
        x = network.forward(self.shape, self.w, torch.tensor([ids]), self.tables)[0, -1]
        logits = x @ self.w["model.embed_tokens.weight"].t()
        if not self.o.temperature:
            return int(logits.argmax())
        p, order = torch.softmax(logits / self.o.temperature, -1).sort(descending=True)
        p[1:][p.cumsum(0)[1:] > self.o.top_p] = 0  # the rule of the program: `spec`
        return int(order[torch.multinomial(p / p.sum(), 1, generator=self.random)])

    def answer(self, turns):
        ids = [i for i, _ in vocabulary.encode_turns(self.sp, turns)][:-1] + [vocabulary.ASSISTANT]
        begun = len(ids)
        while len(ids) < begun + self.o.max_tokens and ids[-1] not in STOP or len(ids) == begun:
            ids.append(self.next(ids))
        return vocabulary.decode(self.sp, ids[begun:])

    def held(self, name):
        source = rows.Source(f"{self.o.data}/held/{name}.npz", 1)
        loss, count = 0.0, 0
        for a, b in source.spans:
            ids, target, kind = (torch.from_numpy(x) for x in rows.batch([source.ids[a:b][:rows.LONGEST]]))
            x = network.forward(self.shape, self.w, ids, self.tables).flatten(0, 1)
            weight = (kind.flatten() == 2).float()
            loss += float(network.head_loss(x, self.w["model.embed_tokens.weight"], target.flatten(), weight))
            count += int(weight.sum())
        return loss / count, count


@torch.no_grad()
def main():
    build = os.path.join(HERE, "..", "..", "build-starter")
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--state", default=os.path.join(build, "run", "state.pt"))
    a.add_argument("--vocabulary", default=os.path.join(build, "vocabulary"))
    a.add_argument("--data", default=build)
    a.add_argument("--temperature", type=float, default=0.0)
    a.add_argument("--top-p", type=float, default=0.9)
    a.add_argument("--max-tokens", type=int, default=400)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--system", default=dialogues.SYSTEM)
    a.add_argument("what", choices=("talk", "ask", "held"))
    a.add_argument("text", nargs="*")
    o = a.parse_args()
    model = Model(o)
    if o.what == "held":
        for path in sorted(glob.glob(f"{o.data}/held/*.npz")):
            name = os.path.basename(path)[:-4]
            loss, count = model.held(name)
            print(f"{name:22}{count:8} tokens  loss {loss:.4f}  perplexity {math.exp(loss):8.2f}", flush=True)
        return
    for talk in samples.conversations() if o.what == "talk" else [o.text]:
        turns = [("system", o.system)] if o.system else []
        for ask in talk:
            turns.append(("user", ask))
            turns.append(("assistant", model.answer(turns)))
            print("> " + ask + "\n" + turns[-1][1] + "\n", flush=True)
        print("---", flush=True)


if __name__ == "__main__":
    main()
