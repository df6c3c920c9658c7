#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""server_speed.py QINS_SERVER MODEL [TOKENS [ROUNDS]] [-- OPTIONS...]: tokens per second of 1, 2, 4
and 8 clients at once, all together, best of the rounds, which alternate; and the same of passes
over the weights alone, by the server's own clock."""
import sys
import threading
import time

from server_client import Server

args = sys.argv[1:]
options = args[args.index("--") + 1:] if "--" in args else []
args = args[:args.index("--")] if "--" in args else args
program, model = args[:2]
n_tokens = int(args[2]) if len(args) > 2 else 128
n_rounds = int(args[3]) if len(args) > 3 else 3
CLIENTS = (1, 2, 4, 8)


def one(s, number, total):
    body = {"prompt": f"Story number {number}. Once upon a time there was a", "temperature": 0,
            "max_tokens": n_tokens}
    while total[number] < n_tokens:  # an answer may end early
        total[number] += s.post("/v1/completions", dict(body, max_tokens=n_tokens -
                                                        total[number]))[1]["usage"][
                                                            "completion_tokens"] or n_tokens


def measure(s, n):
    total = [0] * n
    before, start = s.metrics(), time.monotonic()
    threads = [threading.Thread(target=one, args=(s, i, total)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    wall, after = time.monotonic() - start, s.metrics()
    rows, seconds = (after[k] - before[k] for k in ("step_tokens_total", "step_seconds_total"))
    return sum(total) / wall, rows / seconds


with Server(program, model, "--parallel", "8", *options) as server:
    best = {n: (0, 0) for n in CLIENTS}
    measure(server, 1)
    for _ in range(n_rounds):
        for n in CLIENTS:
            best[n] = tuple(map(max, best[n], measure(server, n)))
for n in CLIENTS:
    print(f"{n} clients: {best[n][0]:.1f} tokens/s, {best[n][0] / best[1][0]:.2f} times one; "
          f"passes alone {best[n][1]:.1f}, {best[n][1] / best[1][1]:.2f}")
