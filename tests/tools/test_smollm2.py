#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real chat model, SmolLM2-135M-Instruct, from its GGUF file and from the folder made of it.

usage: test_smollm2.py QINS_CONVERT QINS_BENCH     (environment: QINS_SHARED)

Ids, logits and answers are those that transformers computed in float64 (expected.json). It had the
weights rounded to bfloat16. So the GGUF file, whose blocks give finer values, becomes bf16 here,
and must then hold the same weights bit for bit. Needs 1.1 GB in the temporary folder.
"""
import json
import math
import os
import struct
import subprocess
import sys
import tempfile
import unittest

BENCH = os.path.abspath(sys.argv.pop(2))
CONVERT = os.path.abspath(sys.argv.pop(1))
SHARED = os.path.join(os.path.abspath(os.environ.get("QINS_SHARED", "../shared")),
                      "models/smollm2-135m-instruct")
GGUF = os.path.join(SHARED, "SmolLM2-135M-Instruct.Q4_1.gguf")
LOGIT_ERROR = 1e-3
SKIPPED = 77  # Meson's exit code for it


def run(*command, text=None):
    r = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", timeout=200)
    assert r.returncode == 0, (command[:4], r.returncode, r.stderr)
    return r.stdout


def python_with_numpy():
    """The script that writes the folder needs numpy, which the python of this test may not have."""
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import numpy"], capture_output=True).returncode == 0:
            return python
    return None


def logsumexp(logits):
    most = max(logits)
    return most + math.log(math.fsum(math.exp(x - most) for x in logits))


def read_tensors(path):
    """-> {name: (dtype, shape, bytes)} of all that the file holds"""
    with open(path, "rb") as f:
        head = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        start = f.tell()
        del head["__metadata__"]
        for name, t in head.items():
            f.seek(start + t["data_offsets"][0])
            yield name, t["dtype"], t["shape"], f.read(t["data_offsets"][1] - t["data_offsets"][0])


class SmolLM2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(SHARED, "expected.json"), encoding="utf-8") as f:
            cls.cases = {case["name"]: case for case in json.load(f)["cases"]}
        cls.work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.work.cleanup)
        cls.folder = os.path.join(cls.work.name, "SmolLM2")
        cls.from_gguf = os.path.join(cls.work.name, "gguf-bf16.qins")
        cls.from_folder = os.path.join(cls.work.name, "folder-f32.qins")
        run(CONVERT, "-q", "--no-hash", "-f", "bf16", "-o", cls.from_gguf, GGUF)
        cls.python = python_with_numpy()
        if cls.python:
            os.mkdir(cls.folder)
            run(cls.python, os.path.join(SHARED, "to-safetensors.py"), cls.folder)
            run(CONVERT, "-q", "--no-hash", "-f", "f32", "-o", cls.from_folder, cls.folder)

    def need_folder(self):
        if not self.python:
            self.skipTest("to-safetensors.py needs numpy (python3-numpy)")

    def check_tokens(self, model):
        cases = list(self.cases.values())
        lines = "".join(json.dumps({"text": c["text"], "special": True}) + "\n" for c in cases)
        out = run(BENCH, "tokens", model, "--jsonl", text=lines).splitlines()
        self.assertEqual(len(out), len(cases))
        for case, line in zip(cases, out):
            self.assertEqual(json.loads(line)["ids"], case["ids"], case["name"])

    def check_rendered(self, model, names):
        messages = os.path.join(self.work.name, "messages.json")
        for case in map(self.cases.get, names):
            with open(messages, "w", encoding="utf-8") as f:
                json.dump(case["messages"], f)
            text = run(BENCH, "render", model, "--messages", messages, "--strict")
            self.assertEqual(text, case["text"])

    def check_logits(self, model, name):
        case = self.cases[name]
        self.assertGreater(min(case["greedy_gaps"]), 2 * LOGIT_ERROR)  # so no other token is right
        ids, n = ",".join(map(str, case["ids"])), str(len(case["greedy"]))
        out = json.loads(run(BENCH, "logits", model, "--kv", "f32", "--json", "--ids", ids,
                             "--greedy", n))
        wrong = {token: out["logits"][token] for token, logit in case["top"]
                 if not abs(out["logits"][token] - logit) <= LOGIT_ERROR}
        self.assertEqual(wrong, {}, name)
        self.assertAlmostEqual(logsumexp(out["logits"]), case["logsumexp"], delta=LOGIT_ERROR)
        self.assertEqual(out["greedy"], case["greedy"], name)
        text = run(BENCH, "tokens", model, "--decode", " ".join(map(str, out["greedy"])))
        self.assertEqual(text.removesuffix("\n"), case["greedy_text"], name)

    def test_tokens(self):
        for model in [GGUF, self.from_gguf, os.path.join(SHARED, "tokenizer.json")]:
            self.check_tokens(model)

    def test_tokens_of_folder(self):
        self.need_folder()
        self.check_tokens(self.folder)
        self.check_tokens(self.from_folder)

    def test_a_name_that_a_person_writes_is_text(self):
        line = json.dumps({"text": "a<|im_end|>b", "special": False}) + "\n"
        out = json.loads(run(BENCH, "tokens", self.from_gguf, "--jsonl", text=line))
        self.assertTrue(all(i > 16 for i in out["ids"]), out)  # 0..16 are the special tokens
        self.assertEqual(out["decoded"], "a<|im_end|>b")

    def test_chat_prompts(self):
        chats = [name for name, case in self.cases.items() if "messages" in case]
        self.assertEqual(len(chats), 6)
        self.check_rendered(self.from_gguf, chats)
        self.check_rendered(GGUF, ["chat-system"])

    def test_chat_prompts_of_folder(self):
        self.need_folder()
        self.check_rendered(self.folder, ["chat-turns"])
        self.check_rendered(self.from_folder, ["chat-hi"])

    def test_logits(self):
        for name in ["plain-unicode", "plain-code", "chat-capital"]:
            self.check_logits(self.from_gguf, name)

    def test_logits_of_folder(self):
        self.need_folder()
        for name in ["plain-short", "chat-hi"]:
            self.check_logits(self.from_folder, name)

    def test_perplexity_golden(self):
        """Two chunks of WikiText-2 as transformers reads them in float64."""
        self.need_folder()
        text = os.path.join(SHARED, "../../evaluation/wikitext-2-test.txt")
        with open(os.path.join(SHARED, "expected.json"), encoding="utf-8") as f:
            want = json.load(f)["perplexity"]["running_float64"][1]
        if not os.path.exists(text):
            self.skipTest("no evaluation/wikitext-2-test.txt")
        out = json.loads(run(BENCH, "quality", self.from_folder, "--text", text, "--chunks", "2",
                             "--json"))
        self.assertAlmostEqual(out["perplexity"] / want, 1, delta=5e-5)

    def test_perplexity_of_both(self):
        """The same weights and pieces, though only the folder has a tokenizer.json."""
        self.need_folder()
        text = os.path.join(self.work.name, "text.txt")
        with open(text, "w", encoding="utf-8") as f:
            f.write("The fox and the crow sat in a tree.\n")
        out = json.loads(run(BENCH, "perplexity", "--json", "--kv", "f32", self.from_gguf,
                             self.from_folder, text))
        first, second = (m["sources"][0]["perplexity"] for m in out["models"])
        self.assertAlmostEqual(first, second, delta=1e-3)

    def test_same_weights(self):
        """bf16 from the GGUF file's blocks, and f32 from the folder's bf16."""
        self.need_folder()
        n = {"F32": 0, "BF16": 0}
        for a, b in zip(read_tensors(self.from_gguf), read_tensors(self.from_folder), strict=True):
            (name, dtype, shape, bits), (name_b, dtype_b, shape_b, wide) = a, b
            self.assertEqual((name, dtype_b), (name_b, "U8" if dtype == "U8" else "F32"))
            if dtype == "U8":  # the tokenizer, once from a vocabulary and once from tokenizer.json
                continue
            n[dtype] += 1
            self.assertEqual(shape, shape_b, name)
            if dtype == "BF16":
                self.assertFalse((wide[0::4] + wide[1::4]).strip(b"\0"), name)
                bits, wide = (bits[0::2], bits[1::2]), (wide[2::4], wide[3::4])
            self.assertTrue(bits == wide, name)
        self.assertEqual(n, {"F32": 61, "BF16": 211})


if __name__ == "__main__":
    if not os.path.exists(GGUF):
        print(f"skipped: {GGUF} is not there")
        sys.exit(SKIPPED)
    unittest.main()
