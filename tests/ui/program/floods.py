# SPDX-License-Identifier: MIT
"""Answers that are floods: lines, tokens and Markdown by the megabyte. A key reaches the screen while they
stream and afterwards, and twice the text costs about twice the work. Work is the processor time of the thread
that draws: what else runs on the machine hardly changes it. Nothing is saved: that goes by the clock."""
import os
import time

from bytes import only_allowed, start
from terminal import HAS_PROC, SECONDS, run_tests, skip

KEY_MS = 50         # of work from a key to the screen: the middle of what is measured,
LATE_KEY_MS = 500   # and the worst
SLACK_MS = 50       # of work that twice the text may cost beyond
TRIES = 3
TYPED = "\u00a7".encode()  # no flood has it


def rows_of_table(n):
    return b"|a" * 1000 + b"|\n" + b"|---" * 1000 + b"|\n" + (b"|b" * 1000 + b"|\n") * n


# Bytes of a piece, the text of size n, n.
FLOODS = {
    "one line": (64, lambda n: b"x" * n, 50 << 20),
    "one line of words": (64, lambda n: b"word " * n, 2000000),
    "a million lines": (64, lambda n: b"line\n" * n, 1000000),
    "half a million paragraphs": (64, lambda n: b"line\n\n" * n, 500000),
    "a million tokens of one character": (1, lambda n: b"a b c d e " * (n // 10), 1000000),
    "nested quotes": (64, lambda n: b"> " * n, 1000000),
    "backticks": (64, lambda n: b"`" * n, 1000000),
    "a fence that never ends": (64, lambda n: b"```c\n" + b"int x; /* \"\n" * n, 500000),
    "tables of 1000 columns": (64, rows_of_table, 400),
    "CDATA": (64, lambda n: b"<![CDATA[" * n, 200000),
    "marks on one letter": (64, lambda n: b"a" + b"\xcc\x81" * n, 1000000),
    "a control sequence that never ends": (64, lambda n: b"\033]0;" + b"title" * n, 1000000),
}


if not HAS_PROC:
    skip("the work of a thread is measured by /proc")


def work_ms(p):
    with open("/proc/%d/task/%d/schedstat" % (p.child.pid, p.child.pid), encoding="ascii") as f:
        return int(f.read().split()[0]) / 1e6


def key_ms(p):
    """Types a character; -> work until it is on the screen."""
    end = time.monotonic() + SECONDS
    at, before = len(p.out), work_ms(p)
    p.send(TYPED)
    while TYPED not in p.out[at:]:
        assert time.monotonic() < end, p.out[-1000:]
        p.read()
    return work_ms(p) - before


def pour(piece, text):
    """The text as an answer; -> all work, and that of each key, in order of size."""
    keys = []
    with start(text, FAKE_PIECE=str(piece), FAKE_STATS="0", FAKE_CONTEXT="100000000",
               QINS_NO_HISTORY="1") as p:
        p.wait(b"Ready")
        before = work_ms(p)
        p.send(b"go\r")
        while b"of answer" not in p.out:
            keys.append(key_ms(p))
            p.read(0.2)
        work = work_ms(p) - before
        for move in b"\033[5~", b"\033[5~", b"\033[1;5H", b"\033[6~", b"\033[1;5F":  # pages, both ends
            p.send(move)
            keys.append(key_ms(p))
        p.send(b"\x15\x04")
        assert p.exit_code() == 0
        p.restored()
        only_allowed(p.out)
    return work, sorted(keys)


def faults(piece, text, n):
    """What is wrong with a flood, or None."""
    half, _ = pour(piece, text(n // 2))
    whole, keys = pour(piece, text(n))
    print("     half %.0f ms, whole %.0f ms, %d keys: %.1f ms, worst %.1f ms" %
          (half, whole, len(keys), keys[len(keys) // 2], keys[-1]))
    if keys[len(keys) // 2] > KEY_MS or keys[-1] > LATE_KEY_MS:
        return "a key takes %.1f ms, the worst %.1f ms" % (keys[len(keys) // 2], keys[-1])
    if whole > 2.5 * half + SLACK_MS:
        return "%.0f ms of work, %.0f ms for half of it" % (whole, half)
    return None


def test_of(name):
    def test():
        for _ in range(TRIES):
            wrong = faults(*FLOODS[name])
            if not wrong:
                return
        raise AssertionError(wrong)
    return test


if __name__ == "__main__":
    run_tests({"test_" + name.replace(" ", "_"): test_of(name) for name in FLOODS})
