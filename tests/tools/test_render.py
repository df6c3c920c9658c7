#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""qins-bench render as people run it.

usage: test_render.py QINS_BENCH     (environment: QINS_SOURCE, QINS_SHARED)
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
SAMPLES = os.path.join(os.environ.get("QINS_SOURCE", "."), "tests/data/templates")
KEPT = os.path.join(os.environ.get("QINS_SOURCE", "."), "conf/templates")
SHARED = os.path.join(os.environ.get("QINS_SHARED", "../shared"), "vectors/templates")


class Render(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(text)
        return path

    def run_bench(self, template, messages, *flags):
        text = messages if isinstance(messages, str) else json.dumps(messages)
        path = self.write("messages.json", text)
        return subprocess.run([PROGRAM, "render", template, "--messages", path, *flags],
                              capture_output=True, text=True, timeout=60)

    def render(self, text, messages, *flags):
        return self.run_bench(self.write("t.jinja", text), messages, "--json", *flags)

    def rows(self, folder, step):
        with open(os.path.join(folder, "rendered.jsonl"), encoding="utf-8") as f:
            for row in list(map(json.loads, f))[::step]:
                flags = ["--clock", "2026-11-29T09:30", "--bos", "<s>", "--eos", "</s>", "--strict",
                         "--json", "--extra", json.dumps(row["extra"])]
                if not row["add_generation_prompt"]:
                    flags.append("--no-generation-prompt")
                r = self.run_bench(os.path.join(folder, row["template"]), row["messages"], *flags)
                out = json.loads(r.stdout)
                self.assertEqual(r.returncode, 65 if "error" in row else 0, row)
                self.assertEqual("error" in out, "error" in row, row)
                self.assertEqual(out.get("text"), row.get("text"))

    def test_samples(self):
        self.rows(SAMPLES, 1)

    def test_all_published(self):
        if not os.path.isdir(SHARED):
            self.skipTest(f"{SHARED} is not there")
        self.rows(SHARED, 5)  # test_template runs them all

    def kept(self, name, published, wanted):
        """A kept template writes what the published one of its family does: wanted(row)."""
        n, folder = 0, SHARED if os.path.isdir(SHARED) else SAMPLES
        with open(os.path.join(folder, "rendered.jsonl"), encoding="utf-8") as f:
            for row in map(json.loads, f):
                plain = all(set(m) == {"role", "content"} and isinstance(m["content"], str) and
                            m["role"] in ("system", "user", "assistant") for m in row["messages"])
                if (row["template"] != published or not plain or row["extra"] or
                        not row["add_generation_prompt"]):
                    continue
                text = wanted(row)
                if text is None:
                    continue
                path = os.path.join(KEPT, name + ".jinja")
                out = json.loads(self.run_bench(path, row["messages"], "--bos", "<s>", "--eos",
                                                "</s>", "--strict", "--json").stdout)
                self.assertEqual(out.get("text", "refused"), text)
                n += 1
        self.assertGreaterEqual(n, 3 if folder == SHARED else 1, name)

    def test_kept_templates_are_as_published(self):
        def same(row):
            return row.get("text", "refused")

        def with_system(row):  # Qwen2.5 has a system text of its own
            return row["text"] if row["messages"][0]["role"] == "system" else None

        def without_date(row):  # Llama 3.2 tells a date
            dates = "Cutting Knowledge Date: December 2023\nToday Date: 29 Nov 2026\n\n"
            text = row["text"].replace(dates, "", 1)
            if row["messages"][0]["role"] == "system":
                return text
            return text.replace("<|start_header_id|>system<|end_header_id|>\n\n<|eot_id|>", "", 1)

        self.kept("chatml", "Qwen-Qwen2.5-7B-Instruct.jinja", with_system)
        self.kept("phi3", "microsoft-Phi-3.5-mini-instruct.jinja", same)
        self.kept("mistral", "mistralai-Mistral-Nemo-Instruct-2407.jinja", same)
        if not os.path.isdir(SHARED):
            self.skipTest(f"{SHARED} is not there: llama3 and gemma are not compared")
        self.kept("llama3", "meta-llama-Llama-3.2-3B-Instruct.jinja", without_date)
        self.kept("gemma", "google-gemma-2-2b-it.jinja", same)

    def test_kept_templates_in_words(self):  # as FastChat and Stanford Alpaca write them
        chat = [{"role": "system", "content": "S"}, {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
        for name, text in (("vicuna", "S USER: a ASSISTANT: b</s>USER: c ASSISTANT:"),
                           ("alpaca", "S\n\n### Instruction:\na\n\n### Response:\nb</s>\n\n"
                                      "### Instruction:\nc\n\n### Response:\n")):
            path = os.path.join(KEPT, name + ".jinja")
            out = json.loads(self.run_bench(path, chat, "--eos", "</s>", "--json").stdout)
            self.assertEqual(out["text"], text)

    def test_no_weights_are_needed(self):
        shared = os.path.dirname(os.path.dirname(SHARED))
        folder = os.path.join(shared, "models/phi-3.5-mini-instruct")
        if not os.path.isdir(folder):
            self.skipTest(f"{folder} is not there")
        chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
        own = json.loads(self.run_bench(folder, chat, "--json").stdout)
        kept = json.loads(self.run_bench(folder, chat, "--json", "--template", "phi3").stdout)
        self.assertEqual(own["ids"], kept["ids"])
        self.assertNotIn("missing_tokens", kept)
        other = json.loads(self.run_bench(folder, chat, "--json", "--template", "chatml").stdout)
        self.assertEqual(other["missing_tokens"], "<|im_start|>, <|im_end|>")
        r = self.run_bench(folder, chat, "--json", "--template", "nope")
        self.assertIn("there are: alpaca, chatml, gemma, llama3, mistral, phi3, vicuna", r.stderr)

    def test_spans_of_the_template(self):
        r = self.render("<a>{{ messages[0].content }}é{{ bos_token }}", [{"content": "ä<a>"}],
                        "--bos", "B")
        out = json.loads(r.stdout)
        self.assertEqual(out["text"], "<a>ä<a>éB")
        self.assertEqual(out["template"], [[0, 3], [8, 3]])  # bytes

    def test_plain_output_is_the_text_alone(self):
        r = self.run_bench(self.write("t.jinja", "{{ messages|length }}\n\n"), [1, 2])
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, "2\n", ""))

    def test_refusals(self):
        template = ("{% for m in messages %}{% if m.role == 'system' %}"
                    "{{ raise_exception('no system, please') }}"
                    "{% endif %}{{ m.role }}:{{ m.content }};{% endfor %}")
        messages = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]
        strict = self.render(template, messages, "--strict")
        refused = {"error": "no system, please"}
        self.assertEqual((strict.returncode, json.loads(strict.stdout)), (65, refused))
        folded = self.render(template, messages)
        self.assertEqual(folded.returncode, 0)
        self.assertEqual(json.loads(folded.stdout)["text"], "user:S\n\nU;")
        self.assertEqual(json.loads(folded.stdout)["folded"], "system")
        parts = [dict(m, content=[]) for m in messages]  # nothing that could be joined
        self.assertEqual(json.loads(self.render(template, parts).stdout), refused)

    def test_errors(self):
        loops = "{% for i in range(99999) %}" * 2 + "{% endfor %}" * 2
        for text, words in [("{{ x|nope }}", "chat template:1:6: unknown filter 'nope'"),
                            ("{{ messages[0] + 1 }}", "chat template:1:16: unsupported operand"),
                            (loops, "steps")]:
            r = self.render(text, [{}])
            self.assertEqual(r.returncode, 65)
            self.assertIn(words, json.loads(r.stdout)["error"])
            self.assertEqual(r.stderr.count("\n"), 1)
            self.assertNotIn("error", self.run_bench(self.write("t.jinja", text), [{}]).stdout)

    def test_usage(self):
        t = self.write("t.jinja", "{{ strftime_now('%Y %A') }}")
        for flags, code, words in [(["--clock", "nine"], 64, "2026-11-29T09:30"),
                                   (["--extra", "[]"], 64, "object"),
                                   (["--extra", "{"], 65, "--extra"), (["--nope"], 64, "-h")]:
            r = self.run_bench(t, [], *flags)
            self.assertEqual((r.returncode, r.stdout), (code, ""), flags)
            self.assertIn(words, r.stderr)
        self.assertEqual(self.run_bench(t, "{}").returncode, 65)
        self.assertEqual(self.run_bench(t, "[").returncode, 65)
        self.assertEqual(self.run_bench(t + ".txt", []).returncode, 66)  # no such model
        self.assertEqual(self.run_bench("/nope/t.jinja", []).returncode, 66)
        self.assertEqual(subprocess.run([PROGRAM, "render", t], capture_output=True).returncode, 64)
        self.assertEqual(self.run_bench(t, [], "--clock", "2026-11-29T09:30").stdout, "2026 Sunday")


if __name__ == "__main__":
    unittest.main()
