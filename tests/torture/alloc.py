# SPDX-License-Identifier: MIT
"""Allocations that fail, at every place of a program (fail_alloc.c says what a place is). The first
run of a scenario tells its places. Then, at each that no scenario before has had: the first
allocation fails, all from the first on fail, and the last of several fails."""
import multiprocessing
import random
import re
import struct
import subprocess
import time

from runs import LIBRARIES, Tally, detail_of, right_of
from scenarios import Place, scenarios

TABLE_BYTES = 32 << 16


def run_with(s, **env):
    return s.run(LD_PRELOAD=LIBRARIES["fail_alloc"], **env)


def places_of(s):
    """-> how many allocations there are, {(hash of a place, depth of the stack): how many there}"""
    table = s.place.path("places")
    with open(table, "wb") as f:
        f.truncate(TABLE_BYTES)
    run_with(s, TORTURE_PLACES=table)
    with open(table, "rb") as f:
        rows = [row for row in struct.iter_unpack("QQQQ", f.read()) if row[0]]
    return sum(n for _, n, _, _ in rows), {(at, depth): n for at, _, depth, n in rows}


# ---- workers, each with a place of its own -------------------------------------------------------

class Worker:
    def __init__(self, place):
        self.place, self.rights = place, {}
        self.scenarios = {s.name: s for s in scenarios(place)}

    def right(self, name):
        if name not in self.rights:
            self.rights[name] = right_of(self.scenarios[name])
        return self.rights[name]

    def run(self, name, at, nth, goes_on):
        """-> the call stack that failed, or ""; faults; in words, what was seen"""
        s, right, stack = self.scenarios[name], self.right(name), self.place.path("stack")
        more = {"TORTURE_ON": "1"} if goes_on else {}
        r = run_with(s, TORTURE_AT="%x" % at[0], TORTURE_DEPTH=str(at[1]), TORTURE_NTH=str(nth),
                     TORTURE_STACK=stack, **more)
        faults = [fault for fault in s.faults(r, right) if not (goes_on and fault == "no answer")]
        if r.code not in (71, right.code) and not faults:
            faults.append("ends with %s for want of memory" % r.code)
        with open(stack) as f:
            failed = f.read()
        return failed, faults if failed else [], detail_of(r)


def begin(queue):
    global worker
    worker = Worker(queue.get())


def run(task):
    return task, worker.run(*task)


# ---- call stacks ---------------------------------------------------------------------------------

def functions(stack):
    """-> the functions of a stack that have names, from the innermost"""
    names = []
    for path, symbol, offset in re.findall(r"^(.*?)\((.*?)\+0x([0-9a-f]+)\)", stack, re.M):
        if symbol:
            names.append(symbol)
        elif "/qins-" in path:
            command = ["addr2line", "-f", "-i", "-e", path, "%x" % (int(offset, 16) - 1)]
            found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout
            names += found.splitlines()[::2]
    return [name for name in names if name not in ("malloc", "calloc", "realloc", "tell_stack",
                                                   "posix_memalign", "is_the_one", "fails")]


# ---- all places ----------------------------------------------------------------------------------

# ncurses 6.4 ends the program, or uses NULL, where it gets no memory.
CURSES = re.compile(r"newterm|delscreen|start_color|doupdate|_nc_|del_curterm")


def tasks_of(name, places):
    return [(name, at, nth, goes_on) for at, n in places.items()
            for nth, goes_on in ((0, False), (0, True), (n - 1, False))[:3 if n > 1 else 2]]


def torture(place, args):
    chosen = [s for s in scenarios(place) if args.only in s.program + " " + s.name]
    own = [Place() for _ in range(args.jobs)]
    queue, tried, n_faults = multiprocessing.SimpleQueue(), set(), 0
    for one in own:
        queue.put(one)
    try:
        with multiprocessing.Pool(args.jobs, begin, (queue,)) as pool:
            for s in chosen:
                n_faults += torture_one(pool, s, tried, args, args.seconds / len(chosen))
    finally:
        for one in own:
            one.close()
    return n_faults


def torture_one(pool, s, tried, args, seconds):
    begin_s = time.monotonic()
    right_of(s)
    cost = (time.monotonic() - begin_s) / args.jobs
    n_allocations, places = places_of(s)
    new = {at: n for at, n in sorted(places.items()) if (s.program, at[0]) not in tried}
    tasks, tally, reached, n_curses, seen = tasks_of(s.name, new), Tally(), 0, 0, set()
    random.shuffle(tasks)
    n = len(tasks) if args.every else max(2, int(seconds / cost))
    for task, (stack, faults, detail) in pool.imap_unordered(run, tasks[:n]):
        seen.add(task[1][0])
        reached += bool(stack)
        inner = functions(stack) if faults else []
        if any(CURSES.match(name) for name in inner) and \
                any(fault.startswith("ends with") for fault in faults):
            faults = [fault for fault in faults if not fault.startswith("ends with")]
            n_curses += 1
        _, at, nth, goes_on = task
        shown = " < ".join(inner[:args.stack])
        tally.add("%x:%d%s in %s" % (at[0], nth, " on" if goes_on else "", shown), faults, detail)
    tried |= {(s.program, at) for at in seen}
    return tally.report("alloc: %s: %d allocations from %d places, %d of them new: %d tried, "
                        "%d runs reached, %d not borne by curses" % (
                            s.name, n_allocations, len(places), len(new), len(seen), reached,
                            n_curses))
