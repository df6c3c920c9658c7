# SPDX-License-Identifier: MIT
"""Which runs there are, and what has come of them."""
import collections
import os
import random

from scenarios import BUILD

MOST_SHOWN = 5 # of a kind of fault
LIBRARIES = {name: os.path.join(BUILD, "tests", "torture", "lib%s.so" % name)
             for name in ("fail_alloc", "fail_io")}


def spread(n, seconds, cost, every):
    """Places 0 to n - 1, as many as fit the time."""
    fit = n if every else max(2, int(seconds / max(cost, 0.001)))
    if n <= fit:
        return list(range(n))
    step = n / fit
    return sorted({int(i * step + random.random() * step) for i in range(fit)} & set(range(n)))


class Tally:
    def __init__(self):
        self.n, self.counts = 0, collections.Counter()

    def add(self, where, faults, detail):
        self.n += 1
        for fault in faults:
            self.counts[fault] += 1
            if self.counts[fault] <= MOST_SHOWN:
                print("    at %s: %s: %s" % (where, fault, detail[-900:]), flush=True)

    def report(self, what):
        print("%-46s %6d runs, %d faults" % (what, self.n, sum(self.counts.values())), flush=True)
        for fault, n in self.counts.most_common():
            print("    %d x %s" % (n, fault), flush=True)
        return sum(self.counts.values())


def detail_of(r):
    return "code %s, stderr %r, files %s" % (r.code, r.complained[-200:], sorted(r.files))


def right_of(s):
    right = s.run()
    if right.code not in (0, 75):
        raise SystemExit("%s: %s" % (s.name, detail_of(right)))
    return right
