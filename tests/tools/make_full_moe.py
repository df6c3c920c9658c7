#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a model folder with experts of full size and random weights, to measure conversion and speed.

usage: make_full_moe.py qwen3-30b-a3b|gpt-oss-20b TOKENIZER OUT [LAYERS]

TOKENIZER is any tokenizer.json. Shapes are the published ones; LAYERS is fewer of them, if disk or memory ask for it. Every tensor is
a window into one random block, so that making them costs little more than writing. Needs no packages.
"""
import json
import os
import random
import shutil
import struct
import sys

BLOCK = 1 << 21  # weights of the block that all tensors are cut from

CONFIGS = {
    "qwen3-30b-a3b": {
        "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe",
        "vocab_size": 151936, "hidden_size": 2048, "intermediate_size": 6144,
        "num_hidden_layers": 48, "num_attention_heads": 32, "num_key_value_heads": 4,
        "head_dim": 128, "max_position_embeddings": 40960, "rope_theta": 1000000.0,
        "num_experts": 128, "num_experts_per_tok": 8, "moe_intermediate_size": 768,
        "norm_topk_prob": True, "decoder_sparse_step": 1, "mlp_only_layers": [],
        "hidden_act": "silu", "rms_norm_eps": 1e-6, "tie_word_embeddings": False},
    "gpt-oss-20b": {
        "architectures": ["GptOssForCausalLM"], "model_type": "gpt_oss",
        "vocab_size": 201088, "hidden_size": 2880, "intermediate_size": 2880,
        "num_hidden_layers": 24, "num_attention_heads": 64, "num_key_value_heads": 8,
        "head_dim": 64, "max_position_embeddings": 131072, "rope_theta": 150000,
        "num_local_experts": 32, "num_experts_per_tok": 4, "sliding_window": 128,
        "rope_scaling": {"rope_type": "yarn", "factor": 32.0, "beta_fast": 32.0, "beta_slow": 1.0,
                         "truncate": False, "original_max_position_embeddings": 4096},
        "hidden_act": "silu", "rms_norm_eps": 1e-5, "tie_word_embeddings": False},
}


def attention(cfg, bias):
    dim, head = cfg["hidden_size"], cfg["head_dim"]
    q, kv = cfg["num_attention_heads"] * head, cfg["num_key_value_heads"] * head
    shapes = {"q_proj": [q, dim], "k_proj": [kv, dim], "v_proj": [kv, dim], "o_proj": [dim, q]}
    for name, shape in shapes.items():
        yield f"self_attn.{name}.weight", "BF16", shape
        if bias:
            yield f"self_attn.{name}.bias", "BF16", shape[:1]


def qwen3_layer(cfg):
    dim, ffn = cfg["hidden_size"], cfg["moe_intermediate_size"]
    yield from attention(cfg, False)
    yield "self_attn.q_norm.weight", "BF16", [cfg["head_dim"]]
    yield "self_attn.k_norm.weight", "BF16", [cfg["head_dim"]]
    yield "mlp.gate.weight", "BF16", [cfg["num_experts"], dim]
    for e in range(cfg["num_experts"]):
        yield f"mlp.experts.{e}.gate_proj.weight", "BF16", [ffn, dim]
        yield f"mlp.experts.{e}.up_proj.weight", "BF16", [ffn, dim]
        yield f"mlp.experts.{e}.down_proj.weight", "BF16", [dim, ffn]


def gpt_oss_layer(cfg):
    dim, ffn, n = cfg["hidden_size"], cfg["intermediate_size"], cfg["num_local_experts"]
    yield from attention(cfg, True)
    yield "self_attn.sinks", "BF16", [cfg["num_attention_heads"]]
    yield "mlp.router.weight", "BF16", [n, dim]
    yield "mlp.router.bias", "BF16", [n]
    for name, rows, cols in ("gate_up_proj", 2 * ffn, dim), ("down_proj", dim, ffn):
        yield f"mlp.experts.{name}_blocks", "U8", [n, rows, cols // 32, 16]
        yield f"mlp.experts.{name}_scales", "U8", [n, rows, cols // 32]
        yield f"mlp.experts.{name}_bias", "BF16", [n, rows]


def tensors(cfg, layers):
    dim = cfg["hidden_size"]
    layer = gpt_oss_layer if cfg["model_type"] == "gpt_oss" else qwen3_layer
    yield "model.embed_tokens.weight", "BF16", [cfg["vocab_size"], dim]
    yield "lm_head.weight", "BF16", [cfg["vocab_size"], dim]
    yield "model.norm.weight", "BF16", [dim]
    for i in layers:
        for norm in "input_layernorm", "post_attention_layernorm":
            yield f"model.layers.{i}.{norm}.weight", "BF16", [dim]
        for name, dtype, shape in layer(cfg):
            yield f"model.layers.{i}.{name}", dtype, shape


def n_bytes(dtype, shape):
    n = 2 if dtype == "BF16" else 1
    for d in shape:
        n *= d
    return n


def random_block(r, sigma):
    out = bytearray()
    for _ in range(BLOCK):
        out += struct.pack("<f", r.gauss(0, sigma))[2:]
    return bytes(out)


def main():
    if len(sys.argv) not in (4, 5) or sys.argv[1] not in CONFIGS:
        sys.exit(__doc__)
    cfg, tokenizer, out = CONFIGS[sys.argv[1]], sys.argv[2], sys.argv[3]
    if len(sys.argv) == 5:
        cfg["num_hidden_layers"] = int(sys.argv[4])
    r = random.Random(1)
    weights = random_block(r, 0.02)
    norms = b"".join(struct.pack("<f", 1 + 0.1 * r.gauss(0, 1))[2:] for _ in range(8192))
    blocks, scales = r.randbytes(2 * BLOCK), bytes(120 + i % 3 for i in range(2 * BLOCK))
    os.makedirs(out, exist_ok=True)
    json.dump(cfg, open(os.path.join(out, "config.json"), "w"))
    shutil.copy(tokenizer, os.path.join(out, "tokenizer.json"))

    header, at = {}, 0
    listed = list(tensors(cfg, range(cfg["num_hidden_layers"])))
    for name, dtype, shape in listed:
        size = n_bytes(dtype, shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(out, "model.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for name, dtype, shape in listed:
            block = (norms if name.endswith("norm.weight") else
                     blocks if name.endswith("_blocks") else
                     scales if name.endswith("_scales") else weights)
            left, start = n_bytes(dtype, shape), 2 * (r.randrange(len(block)) // 128)
            while left:
                part = block[start:start + left]
                f.write(part)
                left, start = left - len(part), 0
    print(f"{at / 1e9:.1f} GB in {len(listed)} tensors")


if __name__ == "__main__":
    main()
