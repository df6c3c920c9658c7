#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""torture.py [--seconds N] [--every] [PART...]: lets everything fail that can. Linux alone.

  alloc  at each place that allocates (alloc.py) the first allocation fails, or all from it on, or
         its last: all that scenarios.py has of the four programs
  io     the n-th call of a function on files fails: EIO, ENOSPC, EINTR, half of it done
  kill   SIGKILL at random moments of a conversion and of writing contexts
  soak   thousands of turns: memory, descriptors and threads stay as they are

What must hold: no signal, no hang, one line on standard error and a code of sysexits; no file under
its final name that is not whole, and no loss of the one that was there; the terminal as it was.
Each part looks at as many places as fit N seconds (60), spread evenly; --every looks at all.
Environment: QINS_BUILD, QINS_SOURCE.
"""
import argparse
import errno
import json
import os
import random
import signal
import subprocess
import sys
import time

import alloc
from runs import LIBRARIES, Tally, detail_of, right_of, spread
from scenarios import BUILD, CONVERT, SOURCE, TUI, Place, clear, scenarios, tiny_model

KEPT_WRITER = os.path.join(BUILD, "tests", "torture", "kept_writer")


def baseline(s, library, **env):
    """-> the right result, how many calls there were, seconds"""
    count, right = s.place.path("count"), right_of(s)
    start = time.monotonic()
    s.run(LD_PRELOAD=LIBRARIES[library], TORTURE_COUNT=count, **env)
    try:
        with open(count) as f:
            return right, int(f.read()), time.monotonic() - start
    except FileNotFoundError: # it left by _exit
        return right, 0, time.monotonic() - start


CALLS = {"open": "EIO ENOSPC EINTR", "read": "EIO EINTR half", "pread": "EIO EINTR half",
         "write": "EIO ENOSPC EINTR half", "pwrite": "EIO ENOSPC EINTR half",
         "fsync": "EIO ENOSPC EINTR", "rename": "EIO ENOSPC", "mmap": "EIO", "mkdir": "EIO ENOSPC",
         "ftruncate": "EIO ENOSPC EINTR", "fallocate": "ENOSPC EINTR", "flock": "EIO EINTR",
         "close": "EIO EINTR", "unlink": "EIO"}


def torture_io(place, args):
    n_faults, chosen = 0, [s for s in scenarios(place) if args.only in s.program + " " + s.name and
                           (s.whole or s.saves or s.name in ("verify", "answer"))]
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


PARTS = {"alloc": alloc.torture, "io": torture_io, "kill": torture_kill, "soak": torture_soak}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seconds", type=int, default=60)
    p.add_argument("--every", action="store_true")
    p.add_argument("--stack", type=int, default=6, help="functions of a stack to show")
    p.add_argument("--jobs", type=int, default=2, help="of alloc, at once")
    p.add_argument("--only", default="", help="of alloc and io: part of program and name")
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
