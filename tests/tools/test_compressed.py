#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compressed and pruned .qins files: what an independent reader finds in them, and hostile ones.

usage: test_compressed.py QINS_CONVERT QINS_BENCH     (environment: QINS_SOURCE, QINS_SHARED)

The reader follows TECHNICAL_SPEC.md, "Compressed files", and decodes with the zstd program.
"""
import hashlib
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

BENCH = os.path.abspath(sys.argv.pop(2))
CONVERT = os.path.abspath(sys.argv.pop(1))
SHARED = os.path.abspath(os.environ.get("QINS_SHARED", "../shared"))
STARTER = os.path.join(os.environ.get("QINS_SOURCE", "."), "models/starter.qins")
SKIPPED = 77  # Meson's exit code for it


def run(*command, code=0, **kw):
    r = subprocess.run(command, capture_output=True, text=True, timeout=250, **kw)
    assert r.returncode == code, (command[:5], r.returncode, r.stdout[-300:], r.stderr)
    return r.stdout if code == 0 else r.stderr


def zstd(data, *flags, code=0):
    r = subprocess.run(["zstd", "-q", *flags, "-c", "-"], input=data, capture_output=True,
                       timeout=60)
    assert r.returncode == code, r.stderr
    return r.stdout


def read(path):
    """-> header object, bytes of the data buffer"""
    with open(path, "rb") as f:
        raw = f.read()
    n = struct.unpack("<Q", raw[:8])[0]
    return json.loads(raw[8:8 + n]), raw[8 + n:]


def tensors(path):
    head, data = read(path)
    head.pop("__metadata__")
    return {name: data[t["data_offsets"][0]:t["data_offsets"][1]] for name, t in head.items()}


def write(path, meta, parts):
    """A safetensors file of U8 tensors in their order."""
    head, at = {"__metadata__": meta}, 0
    for name, data in parts.items():
        head[name] = {"dtype": "U8", "shape": [len(data)], "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(head).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(parts.values()))


def limit_memory():
    """Sanitisers take terabytes of addresses: with them there is no limit."""
    if os.environ.get("QINS_SANITIZERS", "none") == "none":
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


class Compressed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.file = cls.at("s.qins")
        run(CONVERT, "-q", "--compress", "-o", cls.file, STARTER)

    @classmethod
    def at(cls, name):
        return os.path.join(cls.folder.name, name)

    def test_it_is_smaller_and_comes_back_byte_for_byte(self):
        back = self.at("back.qins")
        run(CONVERT, "-q", "--decompress", "-o", back, self.file)
        with open(back, "rb") as a, open(STARTER, "rb") as b:
            self.assertEqual(a.read(), b.read())
        self.assertLess(os.path.getsize(self.file), os.path.getsize(STARTER))

    def test_an_independent_reader(self):
        head, _ = read(self.file)
        meta, stored = head["__metadata__"], tensors(self.file)
        facts = json.loads(meta["qins.compressed"])
        self.assertEqual(meta["qins.version"], "3")
        self.assertEqual(facts["file_bytes"], os.path.getsize(STARTER))
        inner = zstd(stored["compressed.header"], "-d")
        with open(STARTER, "rb") as f:
            self.assertEqual(inner, f.read(facts["header_bytes"]))
        sizes = [n for n, in struct.iter_unpack("<I", stored["compressed.index"])]
        entries = json.loads(inner[8:])
        entries.pop("__metadata__")
        original = tensors(STARTER)
        for name, t in sorted(entries.items(), key=lambda e: e[1]["data_offsets"]):
            begin, end = t["data_offsets"]
            n = -(-(end - begin) // facts["chunk_bytes"])
            mine, sizes = sizes[:n], sizes[n:]
            self.assertEqual(sum(mine), len(stored[name]))
            self.assertEqual(zstd(stored[name], "-d"), original[name])  # frames, one after another
        self.assertEqual(sizes, [])
        sums = json.loads(meta["qins.checksums"])
        for name, data in stored.items():
            self.assertEqual(sums[name], hashlib.sha256(data).hexdigest(), name)

    def test_the_model_is_the_same(self):
        def logits(path):
            return run(BENCH, "logits", path, "--ids", "1,2,3", "--json")
        self.assertEqual(logits(self.file), logits(STARTER))

    def test_bytes_do_not_depend_on_threads(self):
        with open(self.file, "rb") as f:
            wanted = f.read()
        for n in "1", "3":
            other = self.at("t%s.qins" % n)
            run(CONVERT, "-q", "--compress", "-t", n, "-o", other, STARTER)
            with open(other, "rb") as f:
                self.assertEqual(f.read(), wanted)

    def test_dictionary(self):
        file = self.at("d.qins")
        run(CONVERT, "-q", "--compress=5", "--dictionary", "-o", file, STARTER)
        self.assertIn("compressed.dictionary", tensors(file))
        self.assertIn("as they were written", run(CONVERT, "-q", "--verify", file))
        self.assertEqual(run(BENCH, "logits", file, "--ids", "1,2", "--json"),
                         run(BENCH, "logits", STARTER, "--ids", "1,2", "--json"))

    def test_it_is_shown(self):
        out = json.loads(run(BENCH, "inspect", self.file, "--json"))
        self.assertEqual(out["compressed_bytes"], os.path.getsize(self.file))
        self.assertIn("compressed", run(BENCH, "inspect", self.file))

    # ---- damage and ill will ---------------------------------------------------------------------

    def refused(self, path, *texts, code=65):
        """By whatever opens it, in one line, in little memory."""
        for command in ([BENCH, "logits", path, "--ids", "1"], [CONVERT, "-q", "--verify", path],
                        [CONVERT, "-q", "--decompress", "-o", self.at("no.qins"), path]):
            err = run(*command, code=code, preexec_fn=limit_memory)
            self.assertEqual(err.count("\n"), 1, err)
            self.assertTrue(any(t in err for t in texts), err)
            self.assertFalse(os.path.exists(self.at("no.qins")))

    def altered(self, change):
        head, _ = read(self.file)
        meta, parts = head["__metadata__"], tensors(self.file)
        meta.pop("qins.checksums")  # no checksum gives it away
        change(meta, parts)
        path = self.at("altered.qins")
        write(path, meta, parts)
        return path

    def facts(self, **kw):
        def change(meta, parts):
            meta["qins.compressed"] = json.dumps({**json.loads(meta["qins.compressed"]), **kw})
        return self.altered(change)

    def refused_load(self, path, text, code=65):
        err = run(BENCH, "logits", path, "--ids", "1", code=code, preexec_fn=limit_memory)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertIn(text, err)

    def test_truncated(self):
        path = self.at("short.qins")
        with open(self.file, "rb") as f, open(path, "wb") as out:
            out.write(f.read()[:-1000])
        self.refused(path, "truncated")

    def test_damaged_chunk(self):
        path = self.at("bad.qins")
        head, _ = read(self.file)
        with open(self.file, "rb") as f:
            raw = bytearray(f.read())
        name = "model.embed_tokens.weight.tiles"
        at = 8 + struct.unpack("<Q", raw[:8])[0] + head[name]["data_offsets"][0] + 5000
        raw[at] ^= 0x40
        with open(path, "wb") as f:
            f.write(raw)
        self.refused_load(path, "cannot be decoded")
        err = run(CONVERT, "-q", "--verify", path, code=65)
        self.assertIn(name, err)

    def test_sizes_that_are_not_true(self):
        self.refused_load(self.facts(file_bytes=1 << 50), "no model grows more than")
        self.refused_load(self.facts(file_bytes=1 << 62, header_bytes=1 << 61), "grows more than")
        self.refused_load(self.facts(header_bytes=90 << 20, file_bytes=100 << 20),
                          "a header of 94371840 bytes")
        self.refused_load(self.facts(chunk_bytes=1 << 40), "chunks of 1099511627776 bytes")
        self.refused_load(self.facts(chunk_bytes=1), "chunks of 1 bytes")
        self.refused_load(self.facts(chunk_bytes=1 << 16), "chunks")  # fewer in the index
        self.refused_load(self.facts(file_bytes=os.path.getsize(STARTER) + 1), "behind the last")
        self.refused_load(self.facts(method="lzma"), "not zstd")

    def test_a_bomb_in_a_chunk(self):
        def change(meta, parts):
            name = "model.norm.weight"
            bomb = zstd(b"\0" * (64 << 20))
            order = sorted(parts, key=lambda n: n)
            self.assertIn(name, order)
            entries = json.loads(zstd(parts["compressed.header"], "-d")[8:])
            entries.pop("__metadata__")
            chunk = json.loads(meta["qins.compressed"])["chunk_bytes"]
            at = 0
            for n, t in sorted(entries.items(), key=lambda e: e[1]["data_offsets"]):
                if n == name:
                    break
                at += -(-(t["data_offsets"][1] - t["data_offsets"][0]) // chunk)
            index = bytearray(parts["compressed.index"])
            index[4 * at:4 * at + 4] = struct.pack("<I", len(bomb))
            parts["compressed.index"] = bytes(index)
            parts[name] = bomb
        self.refused_load(self.altered(change), "does not state that it decodes to")

    def test_an_index_that_points_elsewhere(self):
        def longer(meta, parts):
            parts["compressed.index"] = b"\xff\xff\xff\xff" + parts["compressed.index"][4:]

        def shorter(meta, parts):
            parts["compressed.index"] = b"\1\0\0\0" + parts["compressed.index"][4:]

        def cut(meta, parts):
            parts["compressed.index"] = parts["compressed.index"][:-4]

        def missing(meta, parts):
            parts.pop("compressed.index")
        self.refused_load(self.altered(longer), "longer than it")
        self.refused_load(self.altered(shorter), "")
        self.refused_load(self.altered(cut), "bytes of index")
        self.refused_load(self.altered(missing), '"compressed.index" is missing')

    def test_a_header_that_is_not_the_one_inside(self):
        def change(meta, parts):
            meta["qins.format"] = "qins4"
        self.refused_load(self.altered(change), 'two copies of "qins.format" differ')

    def test_a_wrong_dictionary(self):
        good = self.at("g.qins")
        run(CONVERT, "-q", "--compress=5", "--dictionary", "-o", good, STARTER)
        head, _ = read(good)
        parts, meta = tensors(good), head["__metadata__"]
        meta.pop("qins.checksums")
        parts["compressed.dictionary"] = parts["compressed.dictionary"][:4] + b"\1\2\3\4" + \
            parts["compressed.dictionary"][8:]  # another id
        path = self.at("w.qins")
        write(path, meta, parts)
        self.refused_load(path, "ictionary")
        parts.pop("compressed.dictionary")
        write(path, meta, parts)
        self.refused_load(path, "ictionary")

    # ---- the command line ------------------------------------------------------------------------

    def test_refusals(self):
        for words, text in ((["--compress=20"], "1..19"), (["--compress=x"], "1..19"),
                            (["--sparsity", "1"], "0 to 0.99"), (["--dictionary"], "--compress"),
                            (["--compress", "--verify"], "only one of"),
                            (["--sparsity", "0.5", "--calibrate", "builtin"], "--sparsity")):
            err = run(CONVERT, *words, STARTER, code=64)
            self.assertIn(text, err)
        self.assertIn("compressed already", run(CONVERT, "--compress", "-o", self.at("x.qins"),
                                                self.file, code=64))
        self.assertIn("not compressed", run(CONVERT, "--decompress", "-o", self.at("x.qins"),
                                            STARTER, code=65))
        self.assertIn("already exists", run(CONVERT, "--compress", "-o", self.file, STARTER,
                                            code=73))
        self.assertFalse(os.path.exists(self.at("x.qins")))


class Pruned(unittest.TestCase):
    def setUp(self):
        self.source = os.path.join(SHARED, "models/stories260K")
        if not os.path.isdir(self.source):
            self.skipTest("shared/ is not there")
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def test_the_least_of_each_row_are_zero(self):
        """In bf16, against the source itself."""
        out = os.path.join(self.folder.name, "p.qins")
        run(CONVERT, "-q", "-f", "bf16", "--sparsity", "0.25", "-o", out, self.source)
        before, after = tensors(os.path.join(self.source, "model.safetensors")), tensors(out)
        head, _ = read(out)
        self.assertEqual(json.loads(head["__metadata__"]["qins.recipe"]), {"sparsity": 0.25})
        name = "model.layers.0.mlp.down_proj.weight"
        rows, cols = head[name]["shape"]
        old = struct.unpack("<%df" % (rows * cols), before[name])
        new = [struct.unpack("<f", b"\0\0" + after[name][i:i + 2])[0]
               for i in range(0, len(after[name]), 2)]
        for r in range(rows):
            w, v = old[r * cols:(r + 1) * cols], new[r * cols:(r + 1) * cols]
            kept = [abs(x) for x, y in zip(w, v) if y != 0]
            gone = [abs(x) for x, y in zip(w, v) if y == 0]
            self.assertEqual(len(gone), round(cols * 0.25))
            self.assertLessEqual(max(gone), min(kept))
            self.assertTrue(all(abs(x - y) <= abs(x) / 256 for x, y in zip(w, v) if y != 0))
        self.assertEqual(max(after["model.norm.weight"]), max(before["model.norm.weight"]))

    def test_its_cost_is_told(self):
        out = os.path.join(self.folder.name, "p.qins")
        report = json.loads(run(CONVERT, "-q", "-f", "qins8", "--sparsity", "0.5", "--compress",
                                "--json", "-o", out, self.source))
        plain = json.loads(run(CONVERT, "-q", "-f", "qins8", "--force", "--json", "-o",
                               out + "2.qins", self.source))
        self.assertGreater(report["loss"]["kl"], 10 * plain["loss"]["kl"])
        self.assertLess(report["compressed_bytes"], report["file_bytes"])
        self.assertEqual(report["compressed_bytes"], os.path.getsize(out))
        self.assertEqual(os.listdir(self.folder.name).count("p.qins.plain"), 0)


if __name__ == "__main__":
    if not shutil.which("zstd"):
        print("the zstd program is not there")
        sys.exit(SKIPPED)
    unittest.main()
