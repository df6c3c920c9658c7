#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""torture.py [--seconds N] [--every] [PART...]: lets everything fail that can. Linux alone.

  alloc  the n-th allocation fails, and all from the n-th on: conversion, --verify, answer,
         conversation with saving, contexts and export, lists, the screen with its history
  io     the n-th call of a function on files fails: EIO, ENOSPC, EINTR, half of it done
  kill   SIGKILL at random moments of a conversion and of writing contexts
  soak   thousands of turns: memory, descriptors and threads stay as they are

What must hold: no signal, no hang, one line on standard error and a code of sysexits; no file under
its final name that is not whole, and no loss of the one that was there; the terminal as it was.
Each part looks at as many places as fit N seconds (60), spread evenly; --every looks at all.
Environment: QINS_BUILD, QINS_SOURCE.
"""
import argparse
import collections
import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = os.environ.get("QINS_SOURCE", ".")
BUILD = os.path.abspath(os.environ.get("QINS_BUILD", "build"))
for folder in ("ui/program", "fuzz"):
    sys.path.insert(0, os.path.join(SOURCE, "tests", folder))
import tiny_model  # noqa: E402
from terminal import Pty  # noqa: E402

TUI = os.path.join(BUILD, "ui", "qins-tui")
CONVERT = os.path.join(BUILD, "tools", "qins-convert")
KEPT_WRITER = os.path.join(BUILD, "tests", "torture", "kept_writer")
LIBRARIES = {name: os.path.join(BUILD, "tests", "torture", "lib%s.so" % name)
             for name in ("fail_alloc", "fail_io")}
HANG_S = 60
SYSEXITS = set(range(64, 79))
TIMES = re.compile(rb'"(\w+_ms|tokens_per_s|load_ms|id)":[-+.0-9e]+|in [.0-9]+ m?s')


def clear(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)


class Place:
    """A model of a few kilobytes and a home, for one run of the torture."""

    def __init__(self):
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = tempfile.mkdtemp(prefix="qins-torture-", dir=base)
        self.tiny, self.model = self.path("tiny"), self.path("tiny.qins")
        self.home, self.out = self.path("home"), self.path("out")
        tiny_model.make(self.tiny, SOURCE, max_position=2048)
        clear(self.home)
        clear(self.out)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("QINS_", "XDG_"))}
        self.env.update(HOME=self.home, OPENBLAS_NUM_THREADS="1", LC_ALL="C.UTF-8")
        subprocess.run([CONVERT, "-q", "-f", "qins8", "-o", self.model, self.tiny], check=True,
                       env=self.env, stdout=subprocess.DEVNULL)

    def path(self, name):
        return os.path.join(self.folder, name)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Result:
    def __init__(self, code, said, complained, is_restored=True):
        self.code, self.said, self.complained = code, TIMES.sub(b"T", said), complained
        self.is_restored, self.files = is_restored, {}


class Scenario:
    """Something that a program does; the files in `out` and the output are its result."""

    def __init__(self, place, name, command, lines=None, before=None, whole=(), saves=False):
        self.place, self.name, self.command, self.lines = place, name, command, lines
        self.before, self.whole, self.saves = before, whole, saves

    def run(self, **env):
        clear(self.place.out)
        clear(self.place.home)
        for name, data in (self.before or {}).items():
            with open(os.path.join(self.place.out, name), "wb") as f:
                f.write(data)
        result = self.call(dict(self.place.env, **env))
        for name in os.listdir(self.place.out):
            with open(os.path.join(self.place.out, name), "rb") as f:
                result.files[name] = f.read()
        return result

    def call(self, env):
        try:
            r = subprocess.run(self.command, input=self.lines, env=env, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, timeout=HANG_S,
                               stdin=subprocess.DEVNULL if self.lines is None else None)
            return Result(r.returncode, r.stdout, r.stderr.decode(errors="replace"))
        except subprocess.TimeoutExpired:
            return Result("hang", b"", "")

    def faults(self, r, right):
        """-> what does not hold, in words."""
        found = []
        lines = r.complained.splitlines()
        if r.code == right.code: # 75: an answer was cut short by its limit
            told = self.saves and b'"notice"' in r.said
            if (r.files != right.files and not told) or (r.said != right.said and not self.saves):
                found.append("ends as if nothing was wrong, with another result")
        elif r.code not in SYSEXITS:
            found.append("ends with %s" % r.code)
        elif len(lines) != 1 and not self.saves:
            found.append("%d lines on stderr" % len(lines))
        elif not lines:
            found.append("nothing on stderr")
        for name in self.whole:
            allowed = (right.files[name], (self.before or {}).get(name))
            if r.files.get(name) not in allowed:
                found.append("%s is neither whole nor as before" % name)
        if not r.is_restored:
            found.append("the terminal is not as before")
        return found


class ScreenScenario(Scenario):
    """The same on a terminal, key by key."""
    KEYS = (b"alpha **question**\r", b"/set temperature 0.5\r", b"\x1b[A\x1b[A\x15",
            b"/think on\r", b"\x15/quit\r")

    def call(self, env):
        names = {k: v for k, v in env.items() if k.startswith(("TORTURE", "LD_"))}
        with Pty(self.command, HOME=self.place.home, **names) as p:
            keys, end, next_key = list(self.KEYS), time.monotonic() + HANG_S, 0
            while p.child.poll() is None and time.monotonic() < end:
                p.read(0.02)
                quiet = time.monotonic() > next_key
                if quiet and b"\x1b[?2004h" in p.out:
                    p.send(keys.pop(0) if keys else self.KEYS[-1])
                    next_key = time.monotonic() + (0.15 if keys else 2)
            code = p.child.poll()
            if code is None:
                return Result("hang", b"", "")
            try:
                p.exit_code()
                p.restored()
                restored = True
            except AssertionError:
                restored = b"\x1b[?1049h" not in p.out
            return Result(code, b"", p.errors().decode(errors="replace"), restored)


def scenarios(place):
    chat = [TUI, "-m", place.model, "-t", "1", "--seed", "1", "-n", "4", "--context", "512"]
    export = os.path.join(place.out, "talk.md")
    talk = "One\n/set temperature 0\nTwo\n/export %s\n/new\nThree\n" % export
    target = os.path.join(place.out, "x.qins")
    convert = [CONVERT, "-q", "-t", "1", "--force", "-f", "qins4", "-o", target, place.tiny]
    return [
        Scenario(place, "convert", convert, whole=["x.qins"]),
        Scenario(place, "convert over an old file", convert, before={"x.qins": b"old"},
                 whole=["x.qins"]),
        Scenario(place, "verify", [CONVERT, "-q", "--verify", place.model]),
        Scenario(place, "answer", chat + ["--json", "--no-save", "-p", "hi", "--stop", "zzz"]),
        Scenario(place, "conversation, saved and exported", chat + ["--chat", "--json"],
                 lines=talk.encode(), whole=["talk.md"], saves=True),
        Scenario(place, "list", [TUI, "--models", "--json"]),
        ScreenScenario(place, "screen", chat, saves=True),
    ]


def spread(n, seconds, cost, every):
    """Places 0 to n - 1, as many as fit the time."""
    fit = n if every else max(2, int(seconds / max(cost, 0.001)))
    if n <= fit:
        return list(range(n))
    step = n / fit
    return sorted({int(i * step + random.random() * step) for i in range(fit)} & set(range(n)))


class Tally:
    def __init__(self):
        self.n, self.counts, self.examples = 0, collections.Counter(), {}

    def add(self, where, faults, detail):
        self.n += 1
        for fault in faults:
            self.counts[fault] += 1
            self.examples.setdefault(fault, (where, detail))

    def report(self, what):
        print("%-46s %6d runs, %d faults" % (what, self.n, sum(self.counts.values())), flush=True)
        for fault, n in self.counts.most_common():
            where, detail = self.examples[fault]
            print("    %d x %s; first at %s: %s" % (n, fault, where, detail[-300:]), flush=True)
        return sum(self.counts.values())


def detail_of(r):
    return "code %s, stderr %r, files %s" % (r.code, r.complained[-200:], sorted(r.files))


def baseline(s, library, **env):
    """-> the right result, how many calls there were, seconds"""
    count = s.place.path("count")
    right = s.run()
    if right.code not in (0, 75):
        raise SystemExit("%s: %s" % (s.name, detail_of(right)))
    start = time.monotonic()
    s.run(LD_PRELOAD=LIBRARIES[library], TORTURE_COUNT=count, **env)
    try:
        with open(count) as f:
            return right, int(f.read()), time.monotonic() - start
    except FileNotFoundError: # it left by _exit
        return right, 0, time.monotonic() - start


def torture_alloc(place, args):
    n_faults, all_scenarios = 0, [s for s in scenarios(place) if args.only in s.name]
    for s in all_scenarios:
        right, n, cost = baseline(s, "fail_alloc")
        tally = Tally()
        for i, at in enumerate(spread(n, args.seconds / len(all_scenarios), cost, args.every)):
            ways = ({}, {"TORTURE_ON": "1"})
            for more in ways if args.every else ways[i % 2:][:1]:
                r = s.run(LD_PRELOAD=LIBRARIES["fail_alloc"], TORTURE_AT=str(at), **more)
                faults = s.faults(r, right)
                tally.add("%d of %d%s" % (at, n, " on" if more else ""), faults, detail_of(r))
        n_faults += tally.report("alloc: %s, %d places" % (s.name, n))
    return n_faults


CALLS = {"open": "EIO ENOSPC EINTR", "read": "EIO EINTR half", "pread": "EIO EINTR half",
         "write": "EIO ENOSPC EINTR half", "pwrite": "EIO ENOSPC EINTR half",
         "fsync": "EIO ENOSPC EINTR", "rename": "EIO ENOSPC", "mmap": "EIO", "mkdir": "EIO ENOSPC",
         "ftruncate": "EIO ENOSPC EINTR", "fallocate": "ENOSPC EINTR", "flock": "EIO EINTR",
         "close": "EIO EINTR", "unlink": "EIO"}


def torture_io(place, args):
    n_faults, chosen = 0, [s for s in scenarios(place) if args.only in s.name and s.name != "list"]
    for s in chosen:
        tally = Tally()
        for call, errors in CALLS.items():
            where = {"TORTURE_CALL": call, "TORTURE_IN": place.folder}
            right, n, cost = baseline(s, "fail_io", **where)
            seconds = args.seconds / len(chosen) / len(CALLS) / len(errors.split())
            for name in errors.split():
                for i, at in enumerate(spread(n, seconds, cost, args.every)):
                    more = {"TORTURE_ON": "1"} if i % 2 and name != "EINTR" else {}
                    code = str(getattr(errno, name)) if name != "half" else "0"
                    r = s.run(LD_PRELOAD=LIBRARIES["fail_io"], TORTURE_AT=str(at),
                              TORTURE_ERROR=code, **where, **more)
                    faults = s.faults(r, right)
                    if name in ("half", "EINTR") and r.code != 0 and call != "close":
                        faults.append("%s of %s is no failure" % (name, call))
                    tally.add("%s %d of %d, %s%s" % (call, at, n, name, " on" if more else ""),
                              faults, detail_of(r))
        n_faults += tally.report("io: " + s.name)
    return n_faults


def n_kills(args):
    return 1000 if args.every else max(10, args.seconds * 2)


def kill_convert(place, args):
    target = os.path.join(place.out, "x.qins")
    tiny_model.make(place.path("larger"), SOURCE, dim=128, vocab=4096)
    command = [CONVERT, "-q", "--no-measure", "-f", "qins4", "-o", target, place.path("larger")]
    clear(place.out)
    start = time.monotonic()
    subprocess.run(command, env=place.env, check=True, stdout=subprocess.DEVNULL)
    seconds, tally = time.monotonic() - start, Tally()
    with open(target, "rb") as f:
        right = f.read()
    for i in range(n_kills(args)):
        old = b"old" if i % 3 == 0 else None
        if i % 4 == 0:
            clear(place.out)
        elif os.path.exists(target):
            os.unlink(target)
        if old:
            with open(target, "wb") as f:
                f.write(old)
        p = subprocess.Popen(command + (["--force"] if old else []), env=place.env,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.random() * seconds)
        p.kill()
        p.wait()
        faults, final = [], None
        if os.path.exists(target):
            with open(target, "rb") as f:
                final = f.read()
        if final not in (right, old):
            faults.append("x.qins is neither whole nor as before")
        partial = target + ".partial"
        if os.path.exists(partial) and i % 5 == 0:
            r = subprocess.run([TUI, "-m", partial, "-p", "hi", "-n", "1"], env=place.env,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
            # it is whole if the kill came between the last byte and the new name
            if r.returncode not in (64, 65, 66) and open(partial, "rb").read() != right:
                faults.append("x.qins.partial opens: %d" % r.returncode)
            subprocess.run(command + ["--force"], env=place.env, check=True,
                           stdout=subprocess.DEVNULL)
            if os.listdir(place.out) != ["x.qins"] or open(target, "rb").read() != right:
                faults.append("a second conversion does not put it right")
        tally.add("kill %d" % i, faults, str(sorted(os.listdir(place.out))))
    return tally.report("kill: conversion of %d ms" % (seconds * 1000))


def kill_kept(place, args):
    folder, tally = place.path("kept"), Tally()
    clear(folder)
    p, left = None, n_kills(args)
    while left > 0:
        p = subprocess.Popen([KEPT_WRITER, place.model, folder, "write"], env=place.env,
                             stdout=subprocess.PIPE)
        p.stdout.readline()
        time.sleep(random.random() * 0.03)
        p.kill()
        p.wait()
        left -= 1
        faults = []
        if p.returncode != -signal.SIGKILL:
            faults.append("the writer ends with %d" % p.returncode)
        detail = ""
        if left % 5 == 0:
            r = subprocess.run([KEPT_WRITER, place.model, folder, "check"], env=place.env,
                               stdout=subprocess.PIPE, text=True)
            detail = r.stdout.strip()
            if r.returncode:
                faults.append("what was kept is wrong")
        tally.add("kill %d" % left, faults, detail)
    return tally.report("kill: writing contexts")


def torture_kill(place, args):
    return kill_convert(place, args) + kill_kept(place, args)


# ---- soak ----------------------------------------------------------------------------------------

TURNS_OF_8_HOURS = 5760 # one in 5 seconds


def use_of(pid):
    """-> resident KiB, descriptors, threads"""
    with open("/proc/%d/status" % pid) as f:
        fields = dict(line.split(":", 1) for line in f)
    return (int(fields["RssAnon"].split()[0]), len(os.listdir("/proc/%d/fd" % pid)),
            int(fields["Threads"]))


def turns(p, n, first):
    for i in range(first, first + n):
        p.stdin.write(b"/new\n" if i % 40 == 39 else b"Turn %d of many\n" % i)
        p.stdin.flush()
        while i % 40 != 39:
            line = p.stdout.readline()
            if not line:
                raise SystemExit("soak: the program has ended with %s" % p.wait())
            if json.loads(line).get("event") == "done":
                break


def torture_soak(place, args):
    n = TURNS_OF_8_HOURS if args.every else min(TURNS_OF_8_HOURS, args.seconds * 40)
    clear(place.home)
    p = subprocess.Popen([TUI, "-m", place.model, "-t", "2", "-n", "16", "--context", "512",
                          "--chat", "--json"], env=place.env, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
    uses = []
    for tenth in range(10):
        turns(p, n // 10, tenth * (n // 10))
        uses.append(use_of(p.pid))
    p.stdin.close()
    p.stdout.read()
    faults, early, late = [], uses[2], uses[-1]
    if p.wait() not in (0, 75): # answers are cut short by their limit
        faults.append("ends with %d" % p.returncode)
    if late[0] > early[0] * 1.1 + 1024:
        faults.append("memory grows")
    if late[1:] != early[1:]:
        faults.append("descriptors or threads grow")
    tally = Tally()
    tally.add("%d turns" % n, faults, str(uses))
    print("soak: %d turns; anonymous KiB, descriptors, threads after each tenth: %s" % (n, uses))
    return tally.report("soak")


PARTS = {"alloc": torture_alloc, "io": torture_io, "kill": torture_kill, "soak": torture_soak}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seconds", type=int, default=60)
    p.add_argument("--every", action="store_true")
    p.add_argument("--only", default="", help="of alloc and io, what has this in its name")
    p.add_argument("parts", nargs="*")
    args = p.parse_args()
    if not sys.platform.startswith("linux"):
        print("SKIPPED: it needs Linux")
        return 77
    place = Place()
    try:
        return 1 if sum(PARTS[part](place, args) for part in args.parts or PARTS) else 0
    finally:
        place.close()


if __name__ == "__main__":
    sys.exit(main())
