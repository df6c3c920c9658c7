#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a GGUF file of a published model's full size with random weights, to measure speed.

usage: make_full_size_gguf.py MODEL TWINS OUT.gguf [N_LAYERS]

TWINS is a folder with small GGUF files of the same architectures (fixtures/gguf): their metadata
and their tensors' names are taken, the sizes come from the table below. N_LAYERS: fewer layers than
the model has, to fit memory. Matrices are Q4_0 (experts of gpt-oss: MXFP4), embedding and head
Q8_0, vectors near 1 in F32. The vocabulary is filled up with pieces that no text has.
"""
import os
import re
import struct
import sys

U32, F32, STRING, ARRAY = 4, 6, 8, 9
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q",
           12: "d"}
TYPE_F32, TYPE_Q4_0, TYPE_Q8_0, TYPE_MXFP4 = 0, 2, 8, 39
BLOCK_BYTES = {TYPE_F32: (1, 4), TYPE_Q4_0: (32, 18), TYPE_Q8_0: (32, 34), TYPE_MXFP4: (32, 17)}
ALIGNMENT = 32
CHUNK_BLOCKS = 1 << 20

# Sizes as published. keys: metadata that differ from the twin's, below the architecture's name.
# like(i): the layer of the twin that layer i is like.
MODELS = {
    "llama-3.2-3b": dict(
        twin="llama3-rope", n_layers=28, dim=3072, n_heads=24, n_kv=8, head=128, ffn=8192,
        vocab=128256, tied=True, keys={"context_length": 131072, "rope.dimension_count": 128}),
    "phi-3-mini": dict(
        twin="phi3-mini-4k", n_layers=32, dim=3072, n_heads=32, n_kv=32, head=96, ffn=8192,
        vocab=32064, tied=False, fused=True,
        keys={"context_length": 4096, "rope.dimension_count": 96,
              "attention.sliding_window": 2047}),
    "qwen3-4b": dict(
        twin="qwen3", n_layers=36, dim=2560, n_heads=32, n_kv=8, head=128, ffn=9728,
        vocab=151936, tied=True, keys={"context_length": 40960}),
    "gemma-3-4b": dict(
        twin="gemma3", n_layers=34, dim=2560, n_heads=8, n_kv=4, head=256, ffn=10240,
        vocab=262144, tied=True,
        keys={"context_length": 131072, "attention.sliding_window": 1024}),
    "gpt-oss-20b": dict(
        twin="gpt-oss", n_layers=24, dim=2880, n_heads=64, n_kv=8, head=64, ffn=2880,
        expert_ffn=2880, n_experts=32, n_used=4, vocab=201088, tied=False,
        keys={"context_length": 131072, "rope.scaling.factor": 32.0,
              "rope.scaling.original_context_length": 4096, "attention.sliding_window": 128}),
    "qwen3-30b-a3b": dict(
        twin="qwen3-moe", n_layers=48, dim=2048, n_heads=32, n_kv=4, head=128, ffn=6144,
        expert_ffn=768, n_experts=128, n_used=8, vocab=151936, tied=False,
        keys={"context_length": 40960}),
    "qwen3.5-4b": dict(
        twin="qwen3.5", n_layers=32, dim=2560, n_heads=16, n_kv=4, head=256, ffn=9216,
        vocab=248320, tied=True, like=lambda i: 3 if i % 4 == 3 else 0, gated=True,
        state=(128, 16, 32),
        keys={"context_length": 262144, "rope.dimension_count": 64, "ssm.state_size": 128,
              "ssm.group_count": 16, "ssm.time_step_rank": 32, "ssm.inner_size": 4096}),
    "qwen3.5-35b-a3b": dict(
        twin="qwen3.5-moe", n_layers=40, dim=2048, n_heads=16, n_kv=2, head=256, ffn=512,
        expert_ffn=512, n_experts=256, n_used=8, vocab=248320, tied=False,
        like=lambda i: 3 if i % 4 == 3 else 0, gated=True, state=(128, 16, 32),
        keys={"context_length": 262144, "rope.dimension_count": 64, "ssm.state_size": 128,
              "ssm.group_count": 16, "ssm.time_step_rank": 32, "ssm.inner_size": 4096,
              "expert_shared_feed_forward_length": 512}),
    "gemma-4-e4b": dict(
        twin="gemma4", n_layers=42, dim=2560, n_heads=8, n_kv=2, head=256, full_head=512,
        ffn=10240, per_layer=256, n_shared=18, vocab=262144, tied=True,
        like=lambda i: (2 if i % 6 == 5 else 0) if i < 24 else 4 if i % 6 == 5 else 3,
        keys={"context_length": 131072, "attention.sliding_window": 512,
              "attention.shared_kv_layers": 18, "embedding_length_per_layer_input": 256,
              "rope.dimension_count": 512, "rope.dimension_count_swa": 256}),
}


# ---- the twin ----------------------------------------------------------------------------


def read_value(f, kind):
    if kind in SCALARS:
        code = "<" + SCALARS[kind]
        return struct.unpack(code, f.read(struct.calcsize(code)))[0]
    if kind == STRING:
        return f.read(struct.unpack("<Q", f.read(8))[0])
    inner, n = struct.unpack("<IQ", f.read(12))
    return inner, [read_value(f, inner) for _ in range(n)]


def read_twin(path):
    """-> {key: (kind, value)}, [(name, number of dimensions)]"""
    with open(path, "rb") as f:
        _, _, n_tensors, n_keys = struct.unpack("<4sIQQ", f.read(24))
        keys = {}
        for _ in range(n_keys):
            key = read_value(f, STRING).decode()
            kind = struct.unpack("<I", f.read(4))[0]
            keys[key] = kind, read_value(f, kind)
        tensors = []
        for _ in range(n_tensors):
            name = read_value(f, STRING).decode()
            n_dims = struct.unpack("<I", f.read(4))[0]
            f.read(8 * n_dims + 12)
            tensors.append((name, n_dims))
    return keys, tensors


# ---- the full size -----------------------------------------------------------------------


def is_full(m, i):
    """Whether layer i has the larger heads of Gemma 4."""
    return "full_head" in m and i % 6 == 5


def shape_of(m, name, i):
    """[columns, rows, matrices] of a tensor; of layer i."""
    dim, ffn, n_experts = m["dim"], m["ffn"], m.get("n_experts")
    head = m["full_head"] if is_full(m, i) else m["head"]
    q_dim, kv_dim = m["n_heads"] * head, m["n_kv"] * head
    state, n_k, n_v = m.get("state", (0, 0, 0))
    qkv_dim, v_dim = state * (2 * n_k + n_v), state * n_v
    if not state:
        qkv_dim = q_dim + 2 * kv_dim
    up_dim = 2 * ffn if m.get("fused") else ffn
    expert = m.get("expert_ffn")
    per_layer = m.get("per_layer", 0)
    return {
        "token_embd.weight": [dim, m["vocab"]], "output.weight": [dim, m["vocab"]],
        "output_norm.weight": [dim],
        "rope_freqs.weight": [m.get("full_head", m["head"]) // 2],
        "per_layer_token_embd.weight": [per_layer * m["n_layers"], m["vocab"]],
        "per_layer_model_proj.weight": [dim, per_layer * m["n_layers"]],
        "per_layer_proj_norm.weight": [per_layer],
        "inp_gate.weight": [dim, per_layer], "proj.weight": [per_layer, dim],
        "layer_output_scale.weight": [1],
        "attn_q.weight": [dim, q_dim * (2 if m.get("gated") else 1)], "attn_q.bias": [q_dim],
        "attn_k.weight": [dim, kv_dim], "attn_k.bias": [kv_dim],
        "attn_v.weight": [dim, kv_dim], "attn_v.bias": [kv_dim],
        "attn_output.weight": [q_dim, dim], "attn_output.bias": [dim],
        "attn_q_norm.weight": [head], "attn_k_norm.weight": [head],
        "attn_sinks.weight": [m["n_heads"]],
        "attn_qkv.weight": [dim, qkv_dim], "attn_gate.weight": [dim, v_dim],
        "ssm_a": [n_v], "ssm_dt.bias": [n_v], "ssm_norm.weight": [state],
        "ssm_alpha.weight": [dim, n_v], "ssm_beta.weight": [dim, n_v],
        "ssm_conv1d.weight": [4, qkv_dim], "ssm_out.weight": [v_dim, dim],
        "ffn_gate.weight": [dim, ffn], "ffn_up.weight": [dim, up_dim],
        "ffn_down.weight": [ffn, dim],
        "ffn_gate_inp.weight": [dim, n_experts], "ffn_gate_inp.bias": [n_experts],
        "ffn_gate_exps.weight": [dim, expert, n_experts],
        "ffn_up_exps.weight": [dim, expert, n_experts],
        "ffn_down_exps.weight": [expert, dim, n_experts],
        "ffn_gate_exps.bias": [expert, n_experts], "ffn_up_exps.bias": [expert, n_experts],
        "ffn_down_exps.bias": [dim, n_experts],
        "ffn_gate_shexp.weight": [dim, expert], "ffn_up_shexp.weight": [dim, expert],
        "ffn_down_shexp.weight": [expert, dim], "ffn_gate_inp_shexp.weight": [dim, 1],
    }.get(name, [dim])


def type_of(m, name, shape, is_matrix):
    if not is_matrix or name.endswith("bias") or "ssm_conv1d" in name or "_inp" in name and \
            "inp_gate" not in name or len(shape) == 1:
        return TYPE_F32
    if name.endswith("exps.weight") and m["twin"] == "gpt-oss":
        return TYPE_MXFP4
    if name in ("token_embd.weight", "output.weight", "per_layer_token_embd.weight"):
        return TYPE_Q8_0
    return TYPE_Q4_0


def tensors_of(m, twin_tensors):
    """-> [(name, shape, type)]"""
    layers, out = {}, []
    for name, n_dims in twin_tensors:
        found = re.match(r"blk\.(\d+)\.(.*)", name)
        if found:
            layers.setdefault(int(found[1]), []).append((found[2], n_dims))
        elif name != "output.weight" or not m["tied"]:
            out.append((name, name, n_dims, 0))
    like = m.get("like", lambda i: 0)
    for i in range(m["n_layers"]):
        out += [(f"blk.{i}.{part}", part, n_dims, i) for part, n_dims in layers[like(i)]]
    result = []
    for name, part, n_dims, i in out:
        shape = shape_of(m, part, i)
        result.append((name, shape, type_of(m, part, shape, n_dims > 1)))
    return result


def metadata(m, keys):
    """The twin's keys with the model's sizes."""
    arch = keys["general.architecture"][1].decode()
    n = m["n_layers"]
    sizes = {"block_count": n, "embedding_length": m["dim"], "feed_forward_length": m["ffn"],
             "attention.head_count": m["n_heads"], "attention.head_count_kv": m["n_kv"],
             "attention.key_length": m.get("full_head", m["head"]),
             "attention.value_length": m.get("full_head", m["head"]),
             "attention.key_length_swa": m["head"], "attention.value_length_swa": m["head"],
             "vocab_size": m["vocab"], "expert_count": m.get("n_experts"),
             "expert_used_count": m.get("n_used"),
             "expert_feed_forward_length": m.get("expert_ffn"), **m["keys"]}
    lists = {"attention.recurrent_layers": [i % 4 != 3 for i in range(n)],
             "attention.sliding_window_pattern": [i % 6 != 5 for i in range(n)]}
    out = {}
    for key, (kind, value) in keys.items():
        short = key[len(arch) + 1:] if key.startswith(arch + ".") else None
        if short in lists:
            value = value[0], lists[short]
        elif short in sizes:
            value = sizes[short]
        out[key] = kind, value
    pad = {"tokenizer.ggml.tokens": lambda i: b"\xc4\xa0piece%d" % i,
           "tokenizer.ggml.scores": lambda i: -1e6, "tokenizer.ggml.token_type": lambda i: 1}
    for key, fill in pad.items():
        if key in out:
            inner, values = out[key][1]
            more = [fill(i) for i in range(len(values), m["vocab"])]
            out[key] = ARRAY, (inner, values + more)
    return out


# ---- writing -----------------------------------------------------------------------------


def pack_value(kind, value):
    if kind in SCALARS:
        return struct.pack("<" + SCALARS[kind], value)
    if kind == STRING:
        return struct.pack("<Q", len(value)) + value
    inner, values = value
    return struct.pack("<IQ", inner, len(values)) + b"".join(pack_value(inner, v) for v in values)


def string(text):
    return pack_value(STRING, text.encode())


def n_bytes(shape, kind):
    n = 1
    for size in shape:
        n *= size
    per_block, size = BLOCK_BYTES[kind]
    return n // per_block * size


def random_blocks(kind):
    """CHUNK_BLOCKS blocks of a type: random codes, one small scale."""
    size = BLOCK_BYTES[kind][1]
    data = bytearray(os.urandom(CHUNK_BLOCKS * size))
    if kind == TYPE_MXFP4:
        data[0::size] = bytes([120]) * CHUNK_BLOCKS  # 2^-7
    else:
        scale = struct.pack("<e", 0.005 if kind == TYPE_Q4_0 else 0.0003)
        data[0::size] = scale[:1] * CHUNK_BLOCKS
        data[1::size] = scale[1:] * CHUNK_BLOCKS
    return bytes(data)


def vector(name, shape):
    n = n_bytes(shape, TYPE_F32) // 4
    if "rope_freqs" in name:
        values = [1.0] * n
    elif name.endswith("ssm_a"):
        values = [-0.5] * n
    elif name.endswith(("bias", "sinks.weight")) or len(shape) > 1:
        values = [0.02 * ((i * 7919) % 101 / 50 - 1) for i in range(n)]
    else:
        values = [1 + 0.1 * ((i * 7919) % 101 / 50 - 1) for i in range(n)]
    return struct.pack(f"<{n}f", *values)


def write(path, keys, tensors):
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(keys))
    parts = [head]
    for key, (kind, value) in keys.items():
        parts += [string(key), struct.pack("<I", kind), pack_value(kind, value)]
    at = 0
    for name, shape, kind in tensors:
        dims = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        parts += [string(name), dims, struct.pack("<IQ", kind, at)]
        at += -(-n_bytes(shape, kind) // ALIGNMENT) * ALIGNMENT
    header = b"".join(parts)
    blocks = {kind: random_blocks(kind) for kind in (TYPE_Q4_0, TYPE_Q8_0, TYPE_MXFP4)}
    with open(path, "wb") as f:
        f.write(header + bytes(-len(header) % ALIGNMENT))
        for name, shape, kind in tensors:
            left = n_bytes(shape, kind)
            pad = bytes(-left % ALIGNMENT)
            if kind == TYPE_F32:
                f.write(vector(name, shape) + pad)
                continue
            start = hash_of(name) % CHUNK_BLOCKS * BLOCK_BYTES[kind][1]
            while left:
                part = blocks[kind][start:start + left]
                f.write(part)
                left, start = left - len(part), 0
            f.write(pad)


def hash_of(name):
    """Where in the random block a tensor begins."""
    h = 0
    for c in name.encode():
        h = (h * 1000003 + c) % (1 << 40)
    return h


def main():
    if len(sys.argv) not in (4, 5) or sys.argv[1] not in MODELS:
        sys.exit(f"{__doc__}\nMODEL: {' '.join(MODELS)}")
    m = dict(MODELS[sys.argv[1]])
    if len(sys.argv) == 5:
        m["n_layers"] = int(sys.argv[4])
    keys, twin_tensors = read_twin(os.path.join(sys.argv[2], m["twin"] + ".gguf"))
    write(sys.argv[3], metadata(m, keys), tensors_of(m, twin_tensors))


if __name__ == "__main__":
    main()
