#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""qins-bench memory, on the starter model.

usage: test_memory.py QINS_BENCH     (environment: QINS_SOURCE)
"""
import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

BENCH = os.path.abspath(sys.argv.pop(1))
STARTER = os.path.join(os.environ.get("QINS_SOURCE", "."), "models/starter.qins")


def run(*words, code=0, **kw):
    r = subprocess.run([BENCH, "memory", *words], capture_output=True, text=True, timeout=100, **kw)
    assert r.returncode == code, (words, r.returncode, r.stderr)
    return r.stdout if code == 0 else r.stderr


def children(pid):
    """Processes whose parent it is, without zombies."""
    found = []
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % p) as f:
                state, parent = f.read().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(p))
    return found


class Memory(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.svg = os.path.join(folder.name, "m.svg")
        self.folder = folder.name

    def test_json(self):
        first, second = json.loads(run(STARTER, "--json", "-n", "16"))["models"]
        self.assertTrue(first["original"] and not second["original"])
        self.assertEqual((first["format"], second["format"]), ("f32", "qins8"))
        self.assertEqual(second["image_bytes"], os.path.getsize(STARTER))
        for m in first, second:
            self.assertAlmostEqual(m["bytes_per_weight"] * m["n_params"], m["image_bytes"],
                                   delta=64)
            self.assertGreaterEqual(m["peak_rss_bytes"], m["steady_rss_bytes"])
            self.assertGreater(m["steady_rss_bytes"], m["steady_pss_bytes"])
            self.assertGreater(m["generate_tokens_per_s"], 0)
            self.assertEqual([len(a["ids"]) for a in m["answers"]], [16] * 4)
            times = [s["ms"] for s in m["samples"]]
            self.assertEqual(times, sorted(times))
        self.assertEqual(round(first["bytes_per_weight"]), 4)  # f32 is four bytes
        self.assertGreater(first["peak_rss_bytes"], 4 * first["n_params"])

    def test_table_in_80_columns_without_escapes(self):
        out = run(STARTER, "-n", "8", env={**os.environ, "LC_ALL": "C", "COLUMNS": "200"})
        self.assertNotIn("\033", out)
        self.assertTrue(out.isascii())
        self.assertLessEqual(max(map(len, out.splitlines())), 80)
        for text in ("original, f32", "QINS, qins8", "bytes per weight", "resident at most",
                     "loaded in, seconds", "answer, tokens/s", "> Once upon a time"):
            self.assertIn(text, out)

    def on_terminal(self, **environment):
        pid, fd = pty.fork()
        if pid == 0:
            env = {**os.environ, "TERM": "xterm", **environment}
            if not environment:
                env.pop("NO_COLOR", None)
            os.execve(BENCH, [BENCH, "memory", STARTER, "-n", "8"], env)
        out = b""
        try:
            while True:
                piece = os.read(fd, 4096)
                if not piece:
                    break
                out += piece
        except OSError:
            pass
        os.close(fd)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        return out.decode()

    def test_terminal_is_redrawn_and_NO_COLOR_is_respected(self):
        self.assertRegex(self.on_terminal(), r"\033\[32m")
        plain = self.on_terminal(NO_COLOR="1")
        self.assertNotRegex(plain, r"\033\[3[0-9]m")
        self.assertRegex(plain, r"\033\[\d+A")

    def test_svg(self):
        run(STARTER, "-n", "4", "--svg", self.svg)
        root = xml.etree.ElementTree.parse(self.svg).getroot()
        lines = root.findall("{http://www.w3.org/2000/svg}polyline")
        self.assertEqual(len(lines), 2)
        self.assertTrue(all(len(line.get("points").split()) > 1 for line in lines))

    def test_refusals_in_one_line(self):
        missing = os.path.join(self.folder, "no.qins")
        for words, text in (([missing], "no.qins: cannot open"),
                            ([STARTER, "--against", missing], "no.qins: cannot open"),
                            ([STARTER, "--file", missing], "no.qins"),
                            ([STARTER, "--svg", "/nonexistent/m.svg"], "cannot create")):
            code = 73 if "--svg" in words else 66
            err = run(*words, code=code)
            self.assertIn(text, err)
            self.assertEqual(err.count("\n"), 1, err)
        broken = os.path.join(self.folder, "broken.qins")
        with open(broken, "wb") as f:
            f.write(b"nothing of use")
        err = run(STARTER, "--against", broken, "--svg", self.svg, code=65)
        self.assertIn("broken.qins", err)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertEqual(os.listdir(self.folder), ["broken.qins"])

    def start(self):
        p = subprocess.Popen([BENCH, "memory", STARTER, "-n", "900", "--svg", self.svg],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 60
        while not children(p.pid):
            self.assertIsNone(p.poll())
            self.assertLess(time.monotonic(), end)
            time.sleep(.01)
        return p, children(p.pid)[0]

    @unittest.skipUnless(os.path.isdir("/proc/self"), "processes are found by /proc")
    def test_interruption_leaves_no_process_and_no_file(self):
        p, child = self.start()
        p.send_signal(signal.SIGINT)
        self.assertEqual(p.communicate(timeout=60)[1], "qins-bench: interrupted\n")
        self.assertEqual(p.returncode, 130)
        self.assertFalse(os.path.exists("/proc/%d" % child))
        self.assertEqual(os.listdir(self.folder), [])

    @unittest.skipUnless(os.path.isdir("/proc/self"), "processes are found by /proc")
    def test_a_process_that_dies_is_named(self):
        p, child = self.start()
        os.kill(child, signal.SIGKILL)
        err = p.communicate(timeout=60)[1]
        self.assertTrue(re.fullmatch(r"qins-bench: .*starter.qins: its process ended by signal 9 "
                                     r".*; out of memory\?\n", err), err)

    @unittest.skipUnless(os.path.isdir("/proc/self"), "processes are found by /proc")
    def test_it_does_not_outlive_its_parent(self):
        p, child = self.start()
        p.kill()
        p.communicate(timeout=60)
        end = time.monotonic() + 60
        while os.path.exists("/proc/%d" % child):
            with open("/proc/%d/stat" % child) as f:
                if f.read().rsplit(")", 1)[1].split()[0] == "Z":
                    break
            self.assertLess(time.monotonic(), end)
            time.sleep(.05)


if __name__ == "__main__":
    unittest.main()
