#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Train the starter model: train.py --phase stable --steps N, then --phase decay --steps M, then --phase wish --steps K.

Each phase goes on from OUT/state.pt when there is one. SIGTERM ends after the step at hand with the
state saved; the same command goes on. On a CPU, --workers processes of one thread each share every
step: each takes the next micro-batch when it is free, so a busy machine slows, never stalls them.
bfloat16 arithmetic (float32 with --float32, faster where the CPU has no bfloat16), float32 weights; Muon for the matrices of the layers, AdamW for the rest.
"""
import argparse
import math
import os
import signal
import time

import numpy as np
import torch
import torch.multiprocessing as mp

import fused
import network
import rows
import vocabulary

MIX = {
    "stable": {"tinystories": 10, "story-told": 16, "story-swapped": 5, "story-parts": 10, "story-asked": 7, "picture-books": 3,
               "childrens-books": 9, "fables": 5, "personality": 3, "smalltalk": 0.4, "persona-chat": 7,
               "self-dialogue": 12, "simple-instructions": 1.5, "story-questions": 8, "ours": 8},
    "decay": {"tinystories": 3, "story-told": 20, "story-swapped": 16, "story-parts": 10, "story-asked": 8, "picture-books": 1,
              "childrens-books": 1, "fables": 5, "personality": 6, "smalltalk": 0.6, "persona-chat": 4,
              "self-dialogue": 1, "simple-instructions": 3, "story-questions": 3, "ours": 24},
    "wish": {"story-granted": 60, "story-early": 8, "ours-early": 24, "fables": 2, "personality": 3.5, "smalltalk": 0.4, "persona-chat": 2,
             "simple-instructions": 1, "story-questions": 1},
    "safe": {"safety": 40, "story-granted": 24, "ours-early": 24, "story-early": 4, "fables": 2, "personality": 3, "persona-chat": 1.5,
             "simple-instructions": 1, "story-questions": 0.5},
}
# What a target's loss counts: none, in a prompt, in an answer, a word wished for where it is first said.
COUNTS = {"stable": (0.0, 0.3, 1.0, 1.0), "decay": (0.0, 0.1, 1.0, 1.0), "wish": (0.0, 0.1, 1.0, 2.0), "safe": (0.0, 0.1, 1.0, 2.0)}
WARMUP = 120
WISH_RATE, WISH_WARMUP = 0.15, {"wish": 40, "safe": 8}  # of the rates below
MATRIX_RATE, OTHER_RATE = 0.02, 3e-3
MOMENTUM, BETA1, BETA2, DECAY = 0.95, 0.9, 0.95, 0.05
HELD = ("story-granted", "story-told", "ours", "persona-chat", "personality")


def rate(phase, part, step):
    """part: how much of the phase is done, 0..1"""
    if phase in ("wish", "safe"):
        return WISH_RATE * min(step / WISH_WARMUP[phase], max(0.02, 1 - part))
    return max(0.02, 1 - part) if phase == "decay" else min(1.0, step / WARMUP)


def orthogonal(g, half):
    """The nearest matrix with equal singular values, by five Newton-Schulz steps."""
    x = g.to(half)
    x = x / (x.float().norm() + 1e-7).to(half)
    wide = x.shape[0] > x.shape[1]
    x = x.t().contiguous() if wide else x
    for _ in range(5):
        a = x @ x.t()
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
    return (x.t() if wide else x).float()


def parts(name, w):
    """Fused matrices are several; each is made orthogonal by itself."""
    return w.chunk(3) if "qkv" in name else w.chunk(2) if "gate_up" in name else (w,)


def update(names, weights, grads, first, second, step, scale, half):
    for name in names:
        w, g, m, v = weights[name], grads[name], first[name], second[name]
        if w.dim() == 2 and "embed" not in name:
            m.mul_(MOMENTUM).add_(g)
            for wp, gp, mp_ in zip(parts(name, w), parts(name, g), parts(name, m)):
                r = MATRIX_RATE * scale
                wp.mul_(1 - r * DECAY)
                wp.add_(orthogonal(gp + MOMENTUM * mp_, half), alpha=-r * max(1, wp.shape[0] / wp.shape[1]) ** 0.5)
        else:
            r = OTHER_RATE * scale
            m.mul_(BETA1).add_(g, alpha=1 - BETA1)
            v.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
            d = v.div(1 - BETA2 ** step).sqrt_().add_(1e-9)
            w.addcdiv_(m, d, value=-r / (1 - BETA1 ** step))


class Run:
    """One worker's side; everything in `shared` is seen by all."""
    def __init__(self, o, shape, shared, me):
        self.o, self.shape, self.shared, self.me = o, shape, shared, me
        self.device = torch.device(o.device)
        self.half = torch.float32 if o.float32 else torch.bfloat16
        self.tables = network.rotary(shape, rows.LONGEST, self.device)
        self.weights = shape.views(shared["weights"])
        names = sorted(shape.tensors, key=lambda n: -math.prod(shape.tensors[n]))
        self.mine = names[me::o.workers]

    def leaves(self, grad):
        return {n: w.to(self.half).requires_grad_(grad) for n, w in self.weights.items()}

    def micro(self, w, batch, total, counts):
        ids, target, kind = (torch.from_numpy(a).to(self.device) for a in batch)
        x = network.forward(self.shape, w, ids, self.tables)
        weight = torch.tensor(counts, device=self.device)[kind.long()] / total
        return network.head_loss(x.flatten(0, 1), w["model.embed_tokens.weight"], target.flatten(),
                                 weight.flatten(), self.o.loss_rows)

    def step(self, step, batches, counts, scale):
        """-> loss of the step (only worker 0's return value is of use)"""
        sh, me = self.shared, self.me
        total = sum(float(np.take(counts, b[2]).sum()) for b in batches)
        w, grad = self.leaves(True), sh["grads"][me].zero_()
        sums = self.shape.views(grad)
        sh["loss"][me] = 0
        sh["next"].value = 0
        sh["barrier"].wait()
        while True:
            with sh["next"].get_lock():
                k = sh["next"].value
                sh["next"].value += 1
            if k >= len(batches):
                break
            loss = self.micro(w, batches[k], total, counts)
            loss.backward()
            sh["loss"][me] += loss.item()
            for n, leaf in w.items():
                sums[n].add_(leaf.grad)
                leaf.grad = None
        sh["barrier"].wait()
        views = [self.shape.views(g) for g in sh["grads"]]
        with torch.no_grad():
            grads = {n: sum(v[n] for v in views[1:]) + views[0][n] for n in self.mine}
            update(self.mine, self.weights, grads, self.shape.views(sh["first"]), self.shape.views(sh["second"]),
                   step, scale, self.half)
        loss = float(sh["loss"].sum())
        sh["barrier"].wait()
        return loss

    @torch.no_grad()
    def held(self, name, most=15000):
        """Mean loss of the answers in the held-out part of a source."""
        source = rows.Source(f"{self.o.data}/held/{name}.npz", 1)
        w, loss, count, read = self.leaves(False), 0.0, 0, 0
        for a, b in source.spans:
            one = rows.batch([source.ids[a:b][:rows.LONGEST]])
            loss += float(self.micro(w, one, 1.0, (0.0, 0.0, 1.0, 1.0)))
            count += int((one[2] >= 2).sum())
            read += b - a
            if read > most:
                break
        return loss / count


def save(o, sh, step, tokens):
    state = {k: sh[k].cpu().clone() for k in ("weights", "first", "second")}
    state.update(step=step, tokens=tokens, size=o.size)
    torch.save(state, o.out + "/state.part")
    os.replace(o.out + "/state.part", o.out + "/state.pt")


def work(me, o, shape, sh, begun, tokens):
    torch.set_num_threads(o.threads)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run = Run(o, shape, sh, me)
    data = rows.Rows(o.data + "/train", MIX[o.phase], [o.seed, begun])
    started = saved = time.time()
    log = open(o.out + "/log.csv", "a", buffering=1) if me == 0 else None
    done, stop = 0, False
    while not stop:
        batches = data.next(o.micros, o.tokens)
        scale = rate(o.phase, o.part + (1 - o.part) * float(sh["part"]), begun + done + 1)
        loss = run.step(begun + done + 1, batches, COUNTS[o.phase], scale)
        done += 1
        tokens += sum(int((b[2] > 0).sum()) for b in batches)
        if me == 0:
            spent = time.time() - started
            sh["part"][0] = spent / 60 / o.minutes if o.minutes else done / o.steps
            last = bool(sh["part"] >= 1)
            log.write(f"{begun + done},{tokens},{scale:.4f},{loss:.4f},{spent:.1f}\n")
            if (begun + done) % o.held_every == 0 or last:
                held = " ".join(f"{n} {run.held(n):.4f}" for n in HELD)
                print(f"{time.strftime('%H:%M:%S')} step {begun + done} tokens {tokens} {tokens / 1e6:.1f} M, "
                      f"{spent / done:.2f} s a step; held: {held}", flush=True)
            sh["stop"][0] = sh["term"].value or last
            if sh["stop"][0] or time.time() - saved > o.save_every:
                save(o, sh, begun + done, tokens)
                saved = time.time()
        sh["barrier"].wait()
        stop = bool(sh["stop"][0])


def main():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--phase", choices=MIX, required=True)
    end = a.add_mutually_exclusive_group(required=True)
    end.add_argument("--steps", type=int, help="steps from here to the end of the phase")
    end.add_argument("--minutes", type=float, help="the same by the clock")
    a.add_argument("--part", type=float, default=0.0, help="how much of this decay is done already, 0..1, when it was stopped")
    a.add_argument("--size", choices=network.SIZES, default="small")
    a.add_argument("--data", default=os.path.join(root, "build-starter"))
    a.add_argument("--out", default=os.path.join(root, "build-starter", "run"))
    a.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    a.add_argument("--workers", type=int, default=0, help="processes (0: two on a CPU, one on a GPU)")
    a.add_argument("--threads", type=int, default=1)
    a.add_argument("--tokens", type=int, default=2048, help="a micro-batch")
    a.add_argument("--micros", type=int, default=4, help="micro-batches a step")
    a.add_argument("--loss-rows", type=int, default=512)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--float32", action="store_true")
    a.add_argument("--held-every", type=int, default=500)
    a.add_argument("--save-every", type=int, default=480, help="seconds")
    o = a.parse_args()
    o.workers = o.workers or (2 if o.device == "cpu" else 1)
    os.makedirs(o.out, exist_ok=True)
    torch.set_num_threads(1)
    fused.use(torch.float32 if o.float32 else torch.bfloat16)
    shape = network.Shape(o.size, vocabulary.ROWS)
    new = lambda *s: torch.zeros(*s, device=o.device)
    sh = {"weights": new(shape.count), "first": new(shape.count), "second": new(shape.count),
          "grads": new(o.workers, shape.count), "loss": torch.zeros(o.workers), "stop": torch.zeros(1), "part": torch.zeros(1)}
    step = tokens = 0
    if os.path.exists(o.out + "/state.pt"):
        state = torch.load(o.out + "/state.pt", map_location=o.device)
        for k in ("weights", "first", "second"):
            sh[k].copy_(state[k])
        step, tokens = state["step"], state["tokens"]
    else:
        shape.start(sh["weights"], o.seed)
    for k, v in sh.items():
        v.share_memory_()
    context = mp.get_context("fork" if o.device == "cpu" else "spawn")
    sh.update(next=context.Value("i", 0), term=context.Value("i", 0), barrier=context.Barrier(o.workers))
    print(f"{shape.count} parameters, {o.workers} workers on {o.device}, from step {step}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: setattr(sh["term"], "value", 1))
    if o.device != "cpu":
        return work(0, o, shape, sh, step, tokens)
    crew = [context.Process(target=work, args=(i, o, shape, sh, step, tokens)) for i in range(o.workers)]
    for p in crew:
        p.start()
    for p in crew:
        while p.is_alive():
            p.join(1)
    return max(abs(p.exitcode) for p in crew)


if __name__ == "__main__":
    raise SystemExit(main())
