#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Calibrated files and what measures them, on stories260K and models with random weights.

usage: test_quality.py QINS_CONVERT QINS_BENCH     (environment: QINS_SHARED)
"""
import hashlib
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

BENCH = os.path.abspath(sys.argv.pop(2))
CONVERT = os.path.abspath(sys.argv.pop(1))
SHARED = os.path.abspath(os.environ.get("QINS_SHARED", "../shared"))
MODEL = os.path.join(SHARED, "models/stories260K")
FIXTURES = os.path.join(SHARED, "fixtures/hf")  # models with random weights
SKIPPED = 77  # Meson's exit code for it

STORY = ("Once upon a time, there was a little girl named Lily. She loved to play outside in the "
         "park. One day, she saw a big, red ball. She wanted to play with it, but it was too high. "
         "Her friend Tom came and said, \"I can help you.\" Tom was tall and got the ball. They "
         "played all day and were very happy. ")
OTHER = ("Tom and his dog went to the sea. The sun was warm and the sand was soft. \"Look, a "
         "boat!\" said Tom. The dog ran into the water and came back with a shell. They took it "
         "home to show it to mom, and she put it on the table. ")


def run(*command, code=0):
    r = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=250)
    assert r.returncode == code, (command[:4], r.returncode, r.stderr)
    return r.stdout if code == 0 else r.stderr


def metadata(path):
    with open(path, "rb") as f:
        return json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))["__metadata__"]


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Quality(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.work.cleanup)
        cls.text = cls.write("text.txt", STORY * 12)
        cls.other = cls.write("other.txt", OTHER * 12)
        cls.plain = cls.convert("plain.qins")
        cls.calibrated = cls.convert("one.qins", "--calibrate", cls.text, "-t", "1")

    @classmethod
    def write(cls, name, text):
        path = os.path.join(cls.work.name, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    @classmethod
    def convert(cls, name, *flags):
        path = os.path.join(cls.work.name, name)
        run(CONVERT, "-q", "--no-hash", "--force", "-o", path, *flags, MODEL)
        return path

    def quality(self, model, *flags, text=None):
        return json.loads(run(BENCH, "quality", model, "--json", "--text", text or self.other,
                              *flags))

    def test_threads_do_not_count(self):
        two = self.convert("two.qins", "--calibrate", self.text, "-t", "2")
        self.assertEqual(digest(self.calibrated), digest(two))

    def test_signs_and_report(self):
        path = os.path.join(self.work.name, "signs.qins")
        for flags in ([], ["--correction"], ["--no-feedback"]):
            out = run(CONVERT, "-q", "--json", "--no-hash", "--no-measure", "--force", "-o", path,
                      "--calibrate", self.text, *flags, MODEL)
            for kind in json.loads(out)["kinds"]:
                self.assertEqual(kind["sign_preservation_percent"], 100, kind)

    def test_goes_on_after_interruption(self):
        path = os.path.join(self.work.name, "again.qins")
        store = path + ".calibration"
        command = [CONVERT, "-q", "--no-hash", "-t", "1", "-o", path, "--calibrate", self.text,
                   MODEL]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        done = 0
        while process.poll() is None and done == 0:
            time.sleep(0.002)
            if os.path.exists(store) and os.path.getsize(store) > 76:
                with open(store, "rb") as f:
                    done = struct.unpack("<I", f.read(76)[72:])[0]
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertGreater(done, 0)
        self.assertFalse(os.path.exists(path))
        run(*command)
        self.assertEqual(digest(path), digest(self.calibrated))
        self.assertFalse(os.path.exists(store))

    def test_stated_loss(self):
        plain, calibrated = (json.loads(metadata(p)["qins.loss"])
                             for p in (self.plain, self.calibrated))
        self.assertGreater(plain["kl"], 0)
        self.assertTrue(0 < plain["top1"] < 1)
        self.assertEqual(plain["text_sha256"], calibrated["text_sha256"])
        self.assertEqual(plain["reference_perplexity"], calibrated["reference_perplexity"])
        text = os.path.join(os.path.dirname(__file__), "../../src/calibrate/texts/measure.txt")
        out = self.quality(self.plain, "--against", MODEL, "--chunks", "4", text=text)
        self.assertAlmostEqual(out["kl_mean"], plain["kl"], delta=2e-3 * plain["kl"] + 2e-5)
        self.assertAlmostEqual(out["perplexity"], plain["perplexity"], delta=2e-3)
        none = self.convert("none.qins", "--no-measure")
        self.assertNotIn("qins.loss", metadata(none))

    def test_stated_loss_of_layers_with_a_state(self):
        text = os.path.join(os.path.dirname(__file__), "../../src/calibrate/texts/measure.txt")
        for name in ("lfm2", "lfm2-moe", "qwen3.5", "qwen3.5-moe"):
            folder, path = os.path.join(FIXTURES, name), os.path.join(self.work.name, name)
            run(CONVERT, "-q", "--no-hash", "-f", "qins8", "-o", path, folder)
            stated = json.loads(metadata(path)["qins.loss"])
            out = self.quality(path, "--against", folder, "--chunks", "4", text=text)
            self.assertAlmostEqual(out["kl_mean"], stated["kl"], delta=2e-3 * stated["kl"] + 2e-5)

    def test_calibration_helps(self):
        plain, calibrated = (self.quality(p, "--against", MODEL)["kl_mean"]
                             for p in (self.plain, self.calibrated))
        self.assertLess(calibrated, plain)

    def test_against_itself(self):
        out = self.quality(self.plain, "--against", self.plain)
        self.assertEqual((out["kl_mean"], out["kl_max"], out["top1"]), (0, 0, 1))
        self.assertEqual(out["perplexity"], out["reference_perplexity"])
        self.assertEqual(out["perplexity_ratio"], 1)

    def test_budget_and_recipe(self):
        budget = self.convert("budget.qins", "--budget", "6.5", "--calibrate", self.text)
        self.assertLessEqual(self.quality(budget)["bits_per_weight"], 6.5)
        self.assertIn("budget", json.loads(metadata(budget)["qins.recipe"]))
        recipe = self.write("recipe.yaml", '"*.v_proj": qins8\n"*": qins4\n')
        mixed = self.convert("mixed.qins", "--recipe", recipe, "--no-measure")
        formats = json.loads(metadata(mixed)["qins.formats"])
        self.assertEqual({f for n, f in formats.items() if "v_proj" in n}, {"qins8"})
        self.assertEqual(formats["model.embed_tokens.weight"], "qins4")
        bad = self.write("bad.yaml", '"*.x_proj": qins8\n')
        self.assertIn("bad.yaml:1:1", run(CONVERT, "-q", "--recipe", bad, "--force", "-o",
                                          os.path.join(self.work.name, "bad.qins"), MODEL, code=78))

    def test_budget_goes_on_after_interruption(self):
        path = os.path.join(self.work.name, "later.qins")
        command = [CONVERT, "-q", "--no-hash", "--no-measure", "-t", "1", "-o", path, "--budget",
                   "4.5", MODEL]
        run(*command)
        whole = digest(path)
        os.unlink(path)
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        store, lines = path + ".budget", 0
        while process.poll() is None and lines < 8:  # a layer and the line of the key
            time.sleep(0.002)
            if os.path.exists(store):
                with open(store, encoding="ascii") as f:
                    lines = len(f.readlines())
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertGreaterEqual(lines, 8)
        self.assertFalse(os.path.exists(path))
        with open(store, "a", encoding="ascii") as f:
            f.write("3 0x1p")  # a line that was cut
        before = os.path.getsize(store)
        run(*command)
        self.assertEqual(digest(path), whole)
        self.assertFalse(os.path.exists(store))
        # what was measured before is taken, and not measured again
        with open(store, "w", encoding="ascii") as f:
            f.write("another key\n0 1 1 1 1 1\n")
        run(*command[:-1], "--force", MODEL)
        self.assertEqual(digest(path), whole)
        self.assertGreater(before, 0)

    def test_experts_are_calibrated(self):
        folder = os.path.join(FIXTURES, "qwen3-moe")
        text = os.path.join(os.path.dirname(__file__), "../../src/calibrate/texts/measure.txt")
        paths = {}
        for name, flags in (("plain", []), ("one", ["--calibrate", text, "-t", "1"]),
                            ("two", ["--calibrate", text, "-t", "2"])):
            paths[name] = os.path.join(self.work.name, name + "-moe.qins")
            run(CONVERT, "-q", "--no-hash", "--no-measure", "-o", paths[name], *flags, folder)
        self.assertEqual(digest(paths["one"]), digest(paths["two"]))
        sums = {n: json.loads(metadata(p)["qins.checksums"]) for n, p in paths.items()}
        stacks = [t for t in sums["plain"] if ".experts." in t and t.endswith(".tiles")]
        self.assertGreater(len(stacks), 0)
        for t in stacks:  # codes were chosen anew, by what each expert reads
            self.assertNotEqual(sums["plain"][t], sums["one"][t], t)
        kl = {n: self.quality(p, "--against", folder, text=text)["kl_mean"]
              for n, p in paths.items()}
        self.assertLess(kl["one"], kl["plain"])

    def test_flags_without_effect_are_refused(self):
        out = os.path.join(self.work.name, "no.qins")
        for flags, why in ((["--no-feedback"], "--no-feedback: only with --calibrate"),
                           (["--correction"], "--correction: only with --calibrate"),
                           (["--damping", "2"], "--damping: only with --calibrate"),
                           (["--calibrate", "builtin", "-f", "f32"], "--calibrate: format f32"),
                           (["--budget", "5", "-f", "bf16"], "--budget: format bf16")):
            err = run(CONVERT, "-q", "-o", out, *flags, MODEL, code=64)
            self.assertIn(why, err)
            self.assertEqual(err.count("\n"), 1, err)
            self.assertFalse(os.path.exists(out))

    def test_report_states_the_loss(self):
        path = os.path.join(self.work.name, "stated.qins")
        out = run(CONVERT, "-q", "--no-hash", "-o", path, MODEL)
        stated = json.loads(metadata(path)["qins.loss"])
        line = next(s for s in out.splitlines() if s.startswith("measured against its source: "))
        self.assertIn("KL %.3f" % stated["kl"], line)
        self.assertIn("%.1f %% the same choice" % (100 * stated["top1"]), line)
        self.assertIn("perplexity ", line)
        out = run(CONVERT, "-q", "--no-hash", "--json", "--force", "-o", path, MODEL)
        self.assertEqual(json.loads(out)["loss"], stated)
        out = run(CONVERT, "-q", "--no-hash", "--no-measure", "--force", "-o", path, MODEL)
        self.assertIn("\nnot measured against its source\n", out)

    def test_report_says_why_a_loss_is_not_stated(self):
        path = os.path.join(self.work.name, "shared.qins")
        out = run(CONVERT, "-q", "--no-hash", "-o", path, os.path.join(FIXTURES, "gemma4"))
        self.assertIn("\nnot measured against its source: its layers need more than", out)
        self.assertIn("not_measured", json.loads(metadata(path)["qins.loss"]))

    def test_choice(self):
        tasks = self.write("tasks.jsonl", "".join(json.dumps(t) + "\n" for t in (
            {"question": "Once upon a time, there was a little", "answer": 0,
             "choices": ["girl named Lily.", "zq xv jk wp qq."]},
            {"question": "She was very happy and", "answer": 1,
             "choices": ["qj zx vv kk", "went home to her mom."]})))
        out = json.loads(run(BENCH, "choice", self.plain, "--file", tasks, "--against", MODEL,
                             "--json"))
        self.assertEqual((out["accuracy"], out["reference_accuracy"], out["questions"]), (1, 1, 2))
        self.assertEqual(out["difference"], 0)
        self.assertTrue(out["interval"][0] < 1 <= out["interval"][1] + 1e-9)

    def test_samples(self):
        out = json.loads(run(BENCH, "samples", self.plain, "--against", self.plain, "-n", "8",
                             "--json"))
        for prompt in out:
            self.assertEqual(*prompt["answers"])


if __name__ == "__main__":
    if not os.path.isdir(MODEL):
        print(f"skipped: {MODEL} is not there")
        sys.exit(SKIPPED)
    unittest.main()
