# SPDX-License-Identifier: MIT
"""Training batches: texts drawn from weighted sources, those of about one length together, one a row.

A row holds one text from its first token on, exactly as the model meets it later, and attention never
costs more than the text is long."""
import numpy as np

LONGEST = 1024
POOL = 400  # texts drawn at a time


class Source:
    """The texts of one source in shuffled order, again and again."""
    def __init__(self, path, seed):
        data = np.load(path)
        self.ids, ends = data["ids"], data["ends"].astype(np.int64)
        self.spans = np.stack([np.concatenate([[0], ends[:-1]]), ends], 1)
        self.rng, self.order = np.random.default_rng(seed), []
        self.mean = np.minimum(self.spans[:, 1] - self.spans[:, 0], LONGEST).mean()

    def next(self):
        if not self.order:
            self.order = list(self.rng.permutation(len(self.spans)))
        a, b = self.spans[self.order.pop()]
        return self.ids[a:b][:LONGEST]


def room(n):
    """The row length for a text of n tokens."""
    step = 16 if n <= 256 else 32 if n <= 512 else 64
    return -(-n // step) * step


def batch(texts):
    """-> ids, target [texts][length], kind of target: 0 none, 1 in a prompt, 2 in an answer, 3 a word wished for"""
    length = max(room(len(t)) for t in texts)
    ids, target = np.zeros((2, len(texts), length), np.int64)
    kind = np.zeros((len(texts), length), np.int8)
    for i, t in enumerate(texts):
        n = len(t)
        ids[i, :n] = t & 0x3fff
        target[i, :n - 1] = t[1:] & 0x3fff
        kind[i, :n - 1] = np.where(t[1:] & 0x8000, 1, np.where(t[1:] & 0x4000, 3, 2))
    return ids, target, kind


class Rows:
    """next(count, tokens) -> micro-batches of about that many tokens each."""
    def __init__(self, folder, mix, seed):
        self.sources = {n: Source(f"{folder}/{n}.npz", [seed, i]) for i, n in enumerate(mix)}
        share = np.array([w / self.sources[n].mean for n, w in mix.items()])
        self.names, self.share = list(mix), share / share.sum()
        self.rng = np.random.default_rng(seed)
        self.waiting, self.full = {}, []

    def _draw(self, tokens):
        for i in self.rng.choice(len(self.names), POOL, p=self.share):
            t = self.sources[self.names[i]].next()
            n = room(len(t))
            texts = self.waiting.setdefault(n, [])
            texts.append(t)
            if len(texts) == max(1, tokens // n):
                self.full.append(batch(texts))
                self.waiting[n] = []
        self.rng.shuffle(self.full)

    def next(self, count, tokens):
        out = []
        while len(out) < count:
            if not self.full:
                self._draw(tokens)
            if self.full:
                out.append(self.full.pop())
        return out
