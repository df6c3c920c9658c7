# SPDX-License-Identifier: MIT
"""Models of the hub that qins-convert converts while they come: the file is that of a conversion
after the download, whatever happens on the way.

usage: test_arriving.py QINS_CONVERT
"""
import functools
import glob
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ["QINS_SOURCE"], "tests/src/net"))
from hub_server import COMMIT, Hub

PROGRAM = os.path.abspath(sys.argv[1])
MINIATURES = os.path.join(os.environ["QINS_SOURCE"], "tests/data/miniatures")
NAME = "org/name"
INDEX = "model.safetensors.index.json"


def tokenizer():
    vocab = {chr(32 + i): i for i in range(95)}
    return json.dumps({"model": {"type": "BPE", "vocab": vocab, "merges": []}}).encode()


# ---- models ----------------------------------------------------------------------------------


def read_tensors(data):
    n = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8:8 + n])
    head.pop("__metadata__", None)
    return {name: (t["dtype"], t["shape"], data[8 + n + t["data_offsets"][0]:
                                                8 + n + t["data_offsets"][1]])
            for name, t in head.items()}


def write_tensors(tensors):
    head, at = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        head[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + b"".join(t[2] for t in tensors.values())


def in_shards(tensors, n):
    """Neighbours lie in different shards, and each shard has its tensors in another order."""
    names, files, where = sorted(tensors), {}, {}
    random.Random(5).shuffle(names)
    for i in range(n):
        shard = f"model-{i + 1:05}-of-{n:05}.safetensors"
        own = names[i::n]
        files[shard] = write_tensors({name: tensors[name] for name in own})
        where.update({name: shard for name in own})
    files[INDEX] = json.dumps({"weight_map": where}).encode()
    return files


def miniature(name, n_shards=3):
    files = {"tokenizer.json": tokenizer()}
    for file in ("config.json", "generation_config.json", "model.safetensors"):
        with open(os.path.join(MINIATURES, name, file), "rb") as f:
            files[file] = f.read()
    if n_shards > 1:
        files.update(in_shards(read_tensors(files.pop("model.safetensors")), n_shards))
    return files


def weights(seed, *shape):
    """bf16 of about 0.01"""
    n = 1
    for size in shape:
        n *= size
    dice, out = random.Random(seed), bytearray(2 * n)
    out[0::2] = dice.randbytes(n)
    out[1::2] = dice.randbytes(n).translate(bytes([0x3b, 0x3c, 0xbb, 0xbc] * 64))
    return ("BF16", list(shape), bytes(out))


@functools.cache
def llama(dim=384, ffn=768, layers=4):
    """12 MB"""
    config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": dim,
              "intermediate_size": ffn, "num_hidden_layers": layers,
              "num_attention_heads": dim // 64, "num_key_value_heads": dim // 64,
              "vocab_size": 96, "max_position_embeddings": 256,
              "rms_norm_eps": 1e-5, "tie_word_embeddings": True, "torch_dtype": "bfloat16",
              "hidden_act": "silu", "bos_token_id": 1, "eos_token_id": 2}
    shapes = {"self_attn.q_proj": (dim, dim), "self_attn.k_proj": (dim, dim),
              "self_attn.v_proj": (dim, dim), "self_attn.o_proj": (dim, dim),
              "mlp.gate_proj": (ffn, dim), "mlp.up_proj": (ffn, dim), "mlp.down_proj": (dim, ffn),
              "input_layernorm": (dim,), "post_attention_layernorm": (dim,)}
    tensors = {"model.embed_tokens.weight": weights("e", 96, dim),
               "model.norm.weight": weights("n", dim)}
    for layer in range(layers):
        for part, shape in shapes.items():
            name = f"model.layers.{layer}.{part}.weight"
            tensors[name] = weights(name, *shape)
    return {"config.json": json.dumps(config).encode(), "tokenizer.json": tokenizer(),
            **in_shards(tensors, 3)}


# ---- running -----------------------------------------------------------------------------------


class Case:
    """A hub, and an empty home."""

    def __init__(self, files, **faults):
        self.hub = Hub({NAME: dict(files)})
        self.hub.faults.update(faults)
        self.home = tempfile.mkdtemp(prefix="qins-arriving-")
        self.out = os.path.join(self.home, "out.qins")
        self.root = os.path.join(self.home, "cache", "models--org--name")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hub.__exit__()
        shutil.rmtree(self.home)

    def start(self, *words, model=NAME, out=None):
        env = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        env.update(HOME=self.home, HF_HUB_CACHE=os.path.join(self.home, "cache"),
                   HF_ENDPOINT=self.hub.url)
        command = [PROGRAM, "-t", "2", "-o", out or self.out, *(words or ["--no-measure"]), model]
        return subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def convert(self, *words, **more):
        process = self.start(*words, **more)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def check(self, result, *words):
        """The same file as from the folder that is in the cache now."""
        assert result[0] == 0, result
        plain = os.path.join(self.home, "plain.qins")
        folder = os.path.join(self.root, "snapshots", COMMIT)
        again = self.convert(*words, model=folder, out=plain)
        assert again[0] == 0, again
        with open(self.out, "rb") as a, open(plain, "rb") as b:
            assert a.read() == b.read(), "another file"
        assert glob.glob(self.home + "/*.partial") == []
        assert self.incomplete() == []
        assert "converted in" not in result[2]

    def incomplete(self):
        return glob.glob(self.root + "/blobs/*.incomplete")

    def n_converted(self):
        """Bytes of the unfinished file that are no zeros."""
        try:
            with open(self.out + ".partial", "rb") as f:
                data = f.read()
                return len(data) - data.count(0)
        except FileNotFoundError:
            return 0


def wait_until(what, seconds=20):
    end = time.time() + seconds
    while not what():
        assert time.time() < end, "waited in vain"
        time.sleep(0.02)


# ---- tests -------------------------------------------------------------------------------------


def test_the_file_is_the_same():
    with Case(miniature("gpt-oss")) as c:  # blocks and scales in different shards; measured
        c.check(c.convert("-f", "qins4"), "-f", "qins4")
    for name in ("gemma2", "qwen3.5"):  # tied; convolutions
        with Case(miniature(name)) as c:
            c.check(c.convert())
    with Case(miniature("stablelm", 1)) as c:
        c.check(c.convert("-f", "bf16", "--no-hash"), "-f", "bf16", "--no-hash")


def test_it_is_converted_while_it_comes():
    with Case(llama(), stall_in=("00003-of", 1000000)) as c:
        process = c.start()
        assert c.hub.stalled.wait(20)
        wait_until(lambda: c.n_converted() > 1500000)  # of 3 MB
        assert not os.path.exists(c.out)
        c.hub.faults.clear()
        c.hub.go_on.set()
        out, err = process.communicate(timeout=60)
        c.check((process.returncode, out, err))


def test_killed_twice_and_resumed():
    with Case(llama(), drip=(100000, 0.02)) as c:
        for n in (2, 3):
            process = c.start()
            wait_until(lambda: f"0000{n}-of" in "".join(e[2] for e in c.hub.log if not e[3] or
                                                        not re.search(r"-\d", e[3])))
            wait_until(lambda: c.n_converted() > 500000)
            process.kill()
            process.communicate()
            assert not os.path.exists(c.out)
        c.hub.log.clear()
        c.check(c.convert())
        assert len(c.hub.ranges()) <= 2, c.hub.ranges()  # what was there did not come again


def test_a_connection_that_is_cut():
    with Case(llama(), cut=1000000) as c:
        c.check(c.convert())
        assert len([r for r in c.hub.ranges() if r]) > 5
    with Case(llama(), cut=1000000, once=True, range="ignore") as c:  # all comes again
        c.check(c.convert())


def test_a_wrong_byte_in_the_last_shard():
    with Case(llama(), wrong="00003-of") as c:
        code, out, err = c.convert()
        assert code == 65 and "00003-of-00003.safetensors: its bytes are not those" in err, err
        assert not os.path.exists(c.out) and not os.path.exists(c.out + ".partial")
        c.hub.faults.clear()
        c.check(c.convert())


def test_a_wrong_byte_that_makes_it_nonsense():
    """What unverified bytes are refused for is not said of the model."""
    with Case(llama(), wrong_at=("00001-of", 5)) as c:  # in its header
        code, out, err = c.convert()
        assert code == 65 and "its bytes are not those" in err and "header" not in err, err
    with Case(llama(), wrong_at=("00001-of", -1)) as c:
        code, out, err = c.convert()
        assert code == 65 and "its bytes are not those" in err and "NaN" not in err, err


def test_stopping():
    with Case(llama(), stall_in=("00002-of", 1000000)) as c:
        process = c.start()
        assert c.hub.stalled.wait(20)
        wait_until(lambda: c.n_converted() > 100000)
        start = time.time()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 130 and "interrupted; the next start goes on" in err, err
        assert time.time() - start < 3
        assert glob.glob(c.home + "/*.partial*") == [] and len(c.incomplete()) == 1


def test_what_cannot_run_is_told_before_the_weights_come():
    files = dict(llama())
    config = json.loads(files["config.json"])
    files["config.json"] = json.dumps(dict(config, model_type="mamba")).encode()
    with Case(files) as c:
        code, out, err = c.convert()
        assert code == 65 and "mamba" in err, err
        assert c.incomplete() == [] or os.path.getsize(c.incomplete()[0]) < 2000000
        assert not glob.glob(os.path.join(c.root, "snapshots", COMMIT, "*.safetensors"))
    with Case(llama()) as c:
        open(c.out, "w").close()
        code, out, err = c.convert()
        assert code == 73 and "already exists" in err, err


def main():
    start = time.time()
    for name, test in list(globals().items()):
        if name.startswith("test_") and (len(sys.argv) < 3 or name in sys.argv[2:]):
            test()
            print(f"ok {name} ({time.time() - start:.1f} s)", flush=True)


if __name__ == "__main__":
    main()
