#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs under a limit of addresses (ulimit -v) work, or end at once with one line.

usage: test_limits.py QINS_CONVERT QINS_BENCH [QINS_TUI]     (environment: QINS_SOURCE, QINS_SHARED)
"""
import os
import resource
import subprocess
import sys
import tempfile
import time
import unittest

CONVERT, BENCH, *TUI = map(os.path.abspath, sys.argv[1:])
del sys.argv[1:]
SOURCE = os.environ.get("QINS_SOURCE", ".")
STARTER = os.path.join(SOURCE, "models/starter.qins")
STORIES = os.path.join(os.environ.get("QINS_SHARED", "../shared"), "models/stories260K")
EX_OSERR, LOADER = 71, 127  # 127: the system could not map a library
KB = (50000, 100000, 200000, 400000, 800000)


# As in a shell, with the threads that OpenBLAS would start there.
ENV = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}


def run(kb, *command):
    limit = (kb * 1024, kb * 1024)
    with tempfile.TemporaryDirectory() as home:
        return subprocess.run(command, env={**ENV, "HOME": home}, capture_output=True, text=True,
                              errors="replace", stdin=subprocess.DEVNULL, timeout=60,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit))


class Limits(unittest.TestCase):
    def ends(self, *command):
        for kb in KB:
            with self.subTest(kb=kb, command=command):
                r = run(kb, *command)
                self.assertIn(r.returncode, (0, EX_OSERR, LOADER), r.stderr)
                self.assertEqual(r.stderr.count("\n"), int(r.returncode != 0), r.stderr)
                if r.returncode == EX_OSERR:
                    self.assertTrue(r.stderr.startswith(os.path.basename(command[0]) + ": "),
                                    r.stderr)
        self.assertEqual(r.returncode, 0, r.stderr)  # the largest is enough

    def test_convert(self):
        self.ends(CONVERT, "--version")
        if not os.path.isdir(STORIES):
            self.skipTest(f"{STORIES} is absent")
        with tempfile.TemporaryDirectory() as folder:
            self.ends(CONVERT, "-f", "qins4", "-t", "2", "--quiet", "--force", "-o",
                      os.path.join(folder, "x.qins"), STORIES)

    def test_bench(self):
        self.ends(BENCH, "speed", STARTER, "-t", "2", "-p", "32", "-n", "1", "-r", "1", "--gemm",
                  "blas")

    @unittest.skipUnless(TUI, "no screen")
    def test_tui(self):
        self.ends(TUI[0], "--version")
        for ways in ((), ("--gemm", "blas")):
            self.ends(TUI[0], "-m", STARTER, "-t", "2", *ways, "--temp", "0", "--no-save", "-p",
                      "Hi! How are you today, my friend?")


class Start(unittest.TestCase):
    def test_no_thread_but_main_on_all_cpus(self):
        """The loader shows OpenBLAS one CPU; that ends before main."""
        with subprocess.Popen([BENCH, "tokens", STARTER, "-"], env=ENV, stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL) as p:
            end = time.monotonic() + 20
            while os.sched_getaffinity(p.pid) != os.sched_getaffinity(0):
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)
            time.sleep(0.3)  # it waits for a text now
            self.assertEqual(len(os.listdir(f"/proc/{p.pid}/task")), 1)
            p.communicate(b"cat")


if __name__ == "__main__":
    unittest.main()
