#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""qins-convert as a program, and its files read by an independent reader.

usage: test_qins_convert.py QINS_CONVERT     (environment: QINS_SHARED)

The reader below knows the rules of safetensors and the bit layouts of the number formats from their
description, not from our code. Standard library only.
"""
import hashlib
import json
import math
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
SHARED = os.path.abspath(os.environ.get("QINS_SHARED", "../shared"))
SIZES = {"F32": 4, "BF16": 2, "F16": 2, "U8": 1}
QINS3_LEVELS = [115, 67, 32, 8, -127, -75, -38, -12]
QINS2_LEVELS = [103, 21, -127, -33]
QINS4_LEVELS = [118, 93, 71, 53, 37, 24, 13, 3, -127, -100, -77, -58, -42, -28, -16, -6]


# ---- an independent reader -----------------------------------------------------------------------

def read_safetensors(path):
    """-> metadata, {name: (dtype, shape, bytes)}; asserts every rule of the format."""
    with open(path, "rb") as f:
        raw = f.read()
    n = struct.unpack("<Q", raw[:8])[0]
    assert raw[8:9] == b"{" and 8 + n <= len(raw)
    head = json.loads(raw[8:8 + n])
    meta = head.pop("__metadata__", {})
    assert all(isinstance(v, str) for v in meta.values())
    out, at = {}, 0
    for name, t in sorted(head.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = t["data_offsets"]
        assert begin == at and end - begin == math.prod(t["shape"]) * SIZES[t["dtype"]], name
        out[name] = (t["dtype"], t["shape"], raw[8 + n + begin:8 + n + end])
        at = end
    assert 8 + n + at == len(raw)
    return meta, out


def read_text(*path):
    with open(os.path.join(*path)) as f:
        return f.read()


def write_text(text, *path):
    with open(os.path.join(*path), "w") as f:
        f.write(text)


def floats(data):
    return struct.unpack("<%df" % (len(data) // 4), data)


def bf16_bits(x):
    u = struct.unpack("<I", struct.pack("<f", x))[0]
    return (u + 0x7FFF + ((u >> 16) & 1)) >> 16


class Tiles:
    """A weight in tiles of 16 rows: value(r, k) by formats.md, section 4."""

    def __init__(self, tensors, name):
        self.tiles = tensors[name + ".tiles"][2]
        self.across, self.size = tensors[name + ".tiles"][1][1:]
        self.range = floats(tensors[name + ".range"][2])
        if name + ".row" in tensors:
            _, shape, data = tensors[name + ".row"]
            self.row = [floats(data)[i * shape[1]:(i + 1) * shape[1]] for i in range(shape[0])]

    def tile(self, r, k, cols):
        at = (r // 16 * self.across + k // cols) * self.size
        return self.tiles[at:at + self.size]

    def qins4(self, r, k, block):
        t, kk = self.tile(r, k, 128), k % 128
        scale = t[kk // block * 16 + r % 16]
        byte = t[128 // block * 16 + kk // 8 * 64 + r % 16 * 4 + kk % 4]
        s = self.row[0][r] * 2.0 ** (-(scale & 127) / 16)
        return (-s if scale >> 7 else s) * QINS4_LEVELS[byte >> 4 if kk & 4 else byte & 15]

    def low_bits(self, r, k, levels):
        """qins3 and qins2: blocks of 16."""
        t, kk = self.tile(r, k, 128), k % 128
        scale, at, four = t[kk // 16 * 16 + r % 16], r % 16 * 4 + kk % 4, kk % 32 // 4
        if len(levels) == 4:
            code = t[128 + kk // 16 * 64 + at] >> four % 4 * 2 & 3
        else:
            lines = [t[128 + kk // 32 * 192 + i * 64 + at] for i in range(3)]
            top = sum((line >> 6) << 2 * i for i, line in enumerate(lines))
            code = (lines[four // 2] if four < 6 else top) >> four % 2 * 3 & 7
        s = self.row[0][r] * 2.0 ** (-(scale & 127) / 16)
        return (-s if scale >> 7 else s) * levels[code]

    def qins8(self, r, k):
        byte = self.tiles[(r // 16 * self.across * self.size) + k // 4 * 64 + r % 16 * 4 + k % 4]
        c = byte & 127
        v = self.row[0][r] * (2 ** (-(c + .5) / 32) - 1 / 16) / (2 ** (-.5 / 32) - 1 / 16)
        return -v if byte >> 7 else v

    def qins9_code(self, r, k):
        t, kk = self.tile(r, k, 32), k % 32
        at = r % 16 * 4 + kk % 4
        mask = struct.unpack_from("<Q", t, 512 + kk // 4 * 8)[0]
        return t[kk // 4 * 64 + at], -1 if mask >> at & 1 else 1

    def qins9(self, r, k, low, high):
        stored, sign = self.qins9_code(r, k)
        return sign * math.exp(low + (255 - stored) / 254 * (high - low)) if stored else 0.0


# ---- running the program -------------------------------------------------------------------------

def run(*args, **kw):
    return subprocess.run([PROGRAM, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
                          timeout=300, **kw)


def tokenizer_json():
    """The least that the program takes for a tokenizer: bytes, and a space."""
    pieces = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % b for b in range(256)] + ["\u2581"]
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    back = {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}
    return json.dumps(dict(
        added_tokens=[],
        normalizer=dict(type="Sequence", normalizers=[dict(type="Prepend", prepend="\u2581"),
            replace]),
        decoder=dict(type="Sequence", decoders=[back, dict(type="ByteFallback"), dict(type="Fuse"),
                                                dict(type="Strip", content=" ", start=1, stop=0)]),
        model=dict(type="BPE", byte_fallback=True, vocab={p: i for i, p in enumerate(pieces)},
            merges=[])))


def make_model(folder, vocab=264, dim=16):
    """A llama of one layer, bf16, whose only large matrix is the embedding."""
    shapes = {"model.embed_tokens": [vocab, dim], "model.norm": [dim]}
    layer = {"input_layernorm": [dim], "self_attn.q_proj": [dim, dim], "self_attn.k_proj": [dim,
        dim],
             "self_attn.v_proj": [dim, dim], "self_attn.o_proj": [dim, dim],
             "post_attention_layernorm": [dim], "mlp.gate_proj": [24, dim], "mlp.up_proj": [24,
                 dim],
             "mlp.down_proj": [dim, 24]}
    shapes.update({"model.layers.0." + k: v for k, v in layer.items()})
    head, at, blobs = {}, 0, []
    for name, shape in shapes.items():
        n = math.prod(shape)
        block = struct.pack("<8H", *(bf16_bits(v) for v in (.1, -.2, .3, -.01, .5, -.7, 1, -.003)))
        blobs.append((block * (n // 8 + 1))[:2 * n])
        head[name + ".weight"] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + 2 * n]}
        at += 2 * n
    text = json.dumps(head).encode()
    os.makedirs(folder)
    with open(os.path.join(folder, "model.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    config = dict(model_type="llama", architectures=["LlamaForCausalLM"], hidden_size=dim,
                  intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
                  num_key_value_heads=2, vocab_size=vocab, max_position_embeddings=64,
                  rms_norm_eps=1e-5, rope_theta=10000.0, hidden_act="silu",
                      tie_word_embeddings=True)
    write_text(json.dumps(config), folder, "config.json")
    write_text(tokenizer_json(), folder, "tokenizer.json")


class Case(unittest.TestCase):
    def setUp(self):
        self.temp = tempfile.TemporaryDirectory(prefix="qins-test-")
        self.addCleanup(self.temp.cleanup)
        self.dir = self.temp.name
        self.model = os.path.join(self.dir, "tiny")
        self.out = os.path.join(self.dir, "out.qins")


class Files(Case):
    NAME = "model.layers.2.mlp.down_proj.weight"  # [64][172]: a last tile that is not full

    def convert(self, fmt, model):
        r = run("-q", "-f", fmt, "-o", self.out, "--force", "--json", model)
        self.assertEqual(r.returncode, 0, r.stderr)
        return json.loads(r.stdout)

    def setUp(self):
        super().setUp()
        self.source = os.path.join(SHARED, "models/stories260K")
        if not os.path.isdir(self.source):
            self.skipTest("shared/ is not there")
        self.before = read_safetensors(os.path.join(self.source, "model.safetensors"))[1]

    def weights(self):
        w = floats(self.before[self.NAME][2])
        return [(r, k, w[r * 172 + k]) for r in range(64) for k in range(172)]

    def check(self, value, most_rms):
        error = total = 0.0
        for r, k, w in self.weights():
            v = value(r, k)
            self.assertTrue(v == 0 or (v < 0) == (w < 0), (r, k, w, v))
            error, total = error + (v - w) ** 2, total + w * w
        self.assertLessEqual(math.sqrt(error / total), most_rms)

    def test_a_model_of_the_hub_by_its_name(self):
        commit = "0123456789abcdef" * 2 + "01234567"
        model = os.path.join(self.dir, "models--some--tiny.model")
        os.makedirs(os.path.join(model, "refs"))
        os.makedirs(os.path.join(model, "snapshots"))
        os.symlink(self.source, os.path.join(model, "snapshots", commit))
        write_text(commit, model, "refs", "main")
        env = dict(os.environ, HF_HUB_CACHE=self.dir, HF_HUB_OFFLINE="1")
        r = run("-q", "-f", "qins8", "some/tiny.model", env=env, cwd=self.dir)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.convert("qins8", self.source)
        after = read_safetensors(os.path.join(self.dir, "tiny.model-qins8.qins"))[1]
        self.assertEqual(after, read_safetensors(self.out)[1])
        r = run("-q", "some/other", env=env, cwd=self.dir)
        self.assertEqual((r.returncode, r.stderr.count("\n")), (69, 1))
        self.assertIn("HF_HUB_OFFLINE is set", r.stderr)

    def test_f32_is_the_source(self):
        report = self.convert("f32", self.source)
        meta, after = read_safetensors(self.out)
        for name, (dtype, shape, data) in self.before.items():
            self.assertEqual(after.pop(name), ("F32", shape, data))
        dtype, shape, data = after.pop("tokenizer.image")
        self.assertEqual((dtype, data[:8], len(data) % 64), ("U8", b"QINSTOK\0", 0))
        self.assertEqual(meta["qins.version"], "2")
        source = read_text(self.source, "tokenizer.json").encode()
        self.assertEqual(meta["qins.tokenizer_sha256"], hashlib.sha256(source).hexdigest())
        self.assertEqual(after, {})
        self.assertEqual(meta["qins.config"], read_text(self.source, "config.json"))
        self.assertEqual(report["file_bytes"], os.path.getsize(self.out))
        self.assertEqual(report["total"]["relative_rms_error"], 0)

    def test_bf16_is_rounded_to_nearest_even(self):
        self.convert("bf16", self.source)
        after = read_safetensors(self.out)[1][self.NAME][2]
        for (r, k, w), got in zip(self.weights(), struct.unpack("<%dH" % (len(after) // 2), after)):
            self.assertEqual(got, bf16_bits(w))

    def test_hashes_are_those_of_the_files(self):
        self.convert("qins4", self.source)
        hashes = json.loads(read_safetensors(self.out)[0]["qins.sha256"])
        for name in hashes:
            with open(os.path.join(self.source, name), "rb") as f:
                self.assertEqual(hashes[name], hashlib.sha256(f.read()).hexdigest())
        self.assertEqual(set(hashes), {"config.json", "generation_config.json", "tokenizer.json",
                                       "tokenizer_config.json", "model.safetensors"})

    def test_qins4(self):  # bounds: measured values of formats.md with room for these short rows
        report = self.convert("qins4", self.source)
        t = Tiles(read_safetensors(self.out)[1], self.NAME)
        self.check(lambda r, k: t.qins4(r, k, 32), .080)
        self.assertEqual(report["total"]["sign_preservation_percent"], 100)

    def test_qins4_16(self):
        self.convert("qins4-16", self.source)
        t = Tiles(read_safetensors(self.out)[1], self.NAME)
        self.check(lambda r, k: t.qins4(r, k, 16), .070)

    def test_qins3(self):
        self.convert("qins3", self.source)
        t = Tiles(read_safetensors(self.out)[1], self.NAME)
        self.check(lambda r, k: t.low_bits(r, k, QINS3_LEVELS), .145)

    def test_qins2(self):
        self.convert("qins2", self.source)
        t = Tiles(read_safetensors(self.out)[1], self.NAME)
        self.check(lambda r, k: t.low_bits(r, k, QINS2_LEVELS), .31)

    def test_checksums_are_those_of_the_tensors(self):
        self.convert("qins3", self.source)
        meta, tensors = read_safetensors(self.out)
        sums = json.loads(meta["qins.checksums"])
        text = "".join(k + "\0" + meta[k] + "\0" for k in (
            "qins.version", "qins.format", "qins.config", "qins.generation_config",
            "qins.tokenizer_config") if k in meta)
        self.assertEqual(sums.pop("__metadata__"), hashlib.sha256(text.encode()).hexdigest())
        self.assertEqual(sums, {name: hashlib.sha256(data).hexdigest()
                                for name, (_, _, data) in tensors.items()})
        r = run("-q", "--verify", self.out)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        self.assertIn("%d tensors" % len(tensors), r.stdout)

    def test_damage_is_named(self):
        self.convert("qins4", self.source)
        with open(self.out, "rb") as f:
            whole = f.read()
        length = struct.unpack_from("<Q", whole)[0]
        head = json.loads(whole[8:8 + length])
        cases = [(self.NAME + ".tiles", 5), (self.NAME + ".row", 0), ("tokenizer.image", 100)]
        for name, at in cases:
            at += 8 + length + head[name]["data_offsets"][0]
            damaged = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]
            with open(self.out, "wb") as f:
                f.write(damaged)
            r = run("-q", "--verify", "--json", self.out)
            self.assertEqual(r.returncode, 65, r.stderr)
            self.assertIn('"%s"' % name, r.stderr)
            self.assertEqual([d["name"] for d in json.loads(r.stdout)["damaged"]], [name])
        for before, after, name in [(b"rms_norm_eps", b"rms_norm_epz", "__metadata__"),
                                    (b'"qins.checksums"', b'"qins.checkzums"', "no checksums")]:
            with open(self.out, "wb") as f:
                f.write(whole.replace(before, after, 1))
            r = run("-q", "--verify", self.out)
            self.assertEqual(r.returncode, 65 if name == "__metadata__" else 69)
            self.assertIn(name, r.stderr)
        with open(self.out, "wb") as f:
            f.write(whole[:-64])
        r = run("-q", "--verify", self.out)
        self.assertEqual((r.returncode, r.stderr.count("\n")), (65, 1))

    def test_qins8(self):
        self.convert("qins8", self.source)
        t = Tiles(read_safetensors(self.out)[1], self.NAME)
        self.check(t.qins8, .0085)

    def test_qins9_is_the_specification(self):
        self.convert("qins9", self.source)
        t = Tiles(read_safetensors(self.out)[1], self.NAME)
        logs = [math.log(abs(w)) for _, _, w in self.weights() if abs(w) > 1e-8]
        low, high = t.range
        self.assertAlmostEqual(low, min(logs), places=5)
        self.assertAlmostEqual(high, max(logs), places=5)
        for r, k, w in self.weights():
            exact = 255 - 254 * (math.log(max(abs(w), 1e-8)) - low) / (high - low)
            stored, sign = t.qins9_code(r, k)
            self.assertEqual(sign, -1 if w < 0 else 1)
            self.assertLessEqual(abs(stored - min(max(exact, 1), 255)), .501)
        self.check(lambda r, k: t.qins9(r, k, low, high), .02)

    def test_qins9row(self):
        self.convert("qins9row", self.source)
        t = Tiles(read_safetensors(self.out)[1], self.NAME)
        self.check(lambda r, k: t.qins9(r, k, t.row[0][r], t.row[1][r]), .012)


class Program(Case):
    def assert_exit(self, code, why, *args, **kw):
        r = run(*args, **kw)
        self.assertEqual(r.returncode, code, r.stderr)
        self.assertIn(why, r.stderr)
        self.assertEqual(r.stdout, "")
        if why:
            self.assertEqual(r.stderr.count("\n"), 1 + ("invalid option" in r.stderr))

    def test_usage(self):
        self.assert_exit(64, "no MODEL", )
        self.assert_exit(64, "more than one", "a", "b")
        self.assert_exit(64, "known: f32 bf16", "-f", "int8", "a")
        self.assert_exit(64, "threads", "-t", "0", "a")
        self.assert_exit(64, "threads", "-t", "1.5", "a")
        self.assert_exit(64, "--help", "-Z", "a")
        self.assert_exit(66, "nowhere", "nowhere")
        r = run("--help")
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        for flag in ("--format", "--output", "--threads", "--force", "--json", "--no-hash",
            "--quiet"):
            self.assertIn(flag, r.stdout)
        self.assertTrue(run("--version").stdout.startswith("qins-convert "))

    def test_default_output_and_force(self):
        make_model(self.model)
        r = run("-f", "qins8", "tiny/", cwd=self.dir)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("encoding", r.stderr)
        self.assertNotIn("\r", r.stderr)
        self.assertNotIn("\x1b", r.stdout + r.stderr)
        self.assertIn("total", r.stdout)
        path = os.path.join(self.dir, "tiny-qins8.qins")
        before = os.stat(path)
        r = run("-q", "-f", "qins8", ".", cwd=self.model)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        self.assertTrue(os.path.exists(os.path.join(self.model, "tiny-qins8.qins")))
        self.assert_exit(73, "--force", "-q", "-f", "qins8", "tiny", cwd=self.dir)
        self.assertEqual(os.stat(path).st_ino, before.st_ino)
        self.assertEqual(run("-q", "--force", "-f", "qins8", "tiny", cwd=self.dir).returncode, 0)

    def test_refusals_name_what_is_wrong_and_hurt_no_terminal(self):
        make_model(self.model)
        config = json.loads(read_text(self.model, "config.json"))
        config["\x1b[2J\u202e\n%n%s"] = 1
        write_text(json.dumps(config), self.model, "config.json")
        r = run("-o", self.out, self.model)
        self.assertEqual(r.returncode, 65)
        self.assertIn("might change the arithmetic", r.stderr)
        self.assertEqual([c for c in r.stderr[:-1] if c < " " or c in "\x7f\u202e"], [])
        self.assertFalse(os.path.exists(self.out))

    def test_a_tokenizer_that_cannot_be_used(self):
        make_model(self.model)
        write_text("{}", self.model, "tokenizer.json")
        self.assert_exit(65, "tokenizer.json", "-q", "-o", self.out, self.model)
        self.assertEqual(os.listdir(self.dir), ["tiny"])

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full here")
    def test_full_standard_output(self):
        make_model(self.model)
        with open("/dev/full", "w") as full:
            p = subprocess.run([PROGRAM, "-q", "-o", self.out, self.model], stdout=full,
                               stderr=subprocess.PIPE, text=True)
        self.assertEqual(p.returncode, 74, p.stderr)

    def test_bar_on_a_terminal(self):
        make_model(self.model, vocab=60000, dim=128)
        leader, follower = pty.openpty()
        p = subprocess.Popen([PROGRAM, "-f", "qins4", "-o", self.out, self.model],
            stdout=subprocess.PIPE,
                             stderr=follower)
        os.close(follower)
        seen = b""
        try:
            while chunk := os.read(leader, 4096):
                seen += chunk
        except OSError:
            pass  # the other end is closed
        p.stdout.read()
        p.stdout.close()
        self.assertEqual(p.wait(), 0)
        os.close(leader)
        self.assertIn(b"%", seen)
        self.assertIn(b"encoding", seen)
        self.assertNotIn(b"\x1b", seen)
        bars, note = seen.split(b"qins-convert: ")
        self.assertIn(b"needs", note)
        lines = bars.split(b"\r")
        self.assertTrue(all(len(line) < 80 for line in lines))
        self.assertEqual(lines[-1].strip(), b"")  # nothing stays on the screen

    def start_long(self):
        """-> a conversion that has begun to write."""
        make_model(self.model, vocab=150000, dim=256)
        p = subprocess.Popen([PROGRAM, "-q", "-t", "1", "-f", "qins9", "-o", self.out, self.model],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        partial = self.out + ".partial"
        end = time.monotonic() + 60
        while not (os.path.exists(partial) and os.path.getsize(partial) > 1 << 20):
            self.assertIsNone(p.poll(), "it was too quick")
            self.assertLess(time.monotonic(), end)
            time.sleep(.005)
        return p

    def finish(self, p):
        err = p.communicate()[1].decode()
        return p.returncode, err

    def test_signals_leave_nothing(self):
        p = self.start_long()
        second = run("-q", "-o", self.out, self.model)  # a second one meanwhile
        self.assertEqual(second.returncode, 73)
        self.assertIn("another conversion", second.stderr)
        p.send_signal(signal.SIGTERM)
        code, err = self.finish(p)
        self.assertEqual((code, err.strip()), (130, "qins-convert: interrupted"))
        self.assertFalse(os.path.exists(self.out) or os.path.exists(self.out + ".partial"))

    def test_a_killed_conversion_can_be_repeated(self):
        p = self.start_long()
        p.kill()
        self.finish(p)
        self.assertFalse(os.path.exists(self.out))
        self.assertTrue(os.path.exists(self.out + ".partial"))
        self.assertEqual(run("-q", "-f", "bf16", "-o", self.out, self.model).returncode, 0)
        self.assertFalse(os.path.exists(self.out + ".partial"))
        read_safetensors(self.out)


if __name__ == "__main__":
    unittest.main()
