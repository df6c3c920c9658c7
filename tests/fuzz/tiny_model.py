# SPDX-License-Identifier: MIT
"""A model folder of some kilobytes: bytes as tokens, one layer, small weights that differ."""
import json
import os
import struct

PIECES = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % b for b in range(256)] + ["\u2581"]


def tokenizer():
    blank, word = {"String": " "}, {"String": "\u2581"}
    return {
        "added_tokens": [],
        "normalizer": {"type": "Replace", "pattern": blank, "content": "\u2581"},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": word, "content": " "}, {"type": "ByteFallback"},
            {"type": "Fuse"}]},
        "model": {"type": "BPE", "byte_fallback": True, "merges": [],
                  "vocab": {piece: i for i, piece in enumerate(PIECES)}},
    }


def config(dim, vocab, max_position):
    return dict(model_type="llama", architectures=["LlamaForCausalLM"], hidden_size=dim,
                intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
                num_key_value_heads=2, vocab_size=vocab, max_position_embeddings=max_position,
                rms_norm_eps=1e-5, rope_theta=10000.0, hidden_act="silu", tie_word_embeddings=True)


def shapes(dim, vocab):
    layer = {"input_layernorm": [dim], "self_attn.q_proj": [dim, dim],
             "self_attn.k_proj": [dim, dim], "self_attn.v_proj": [dim, dim],
             "self_attn.o_proj": [dim, dim], "post_attention_layernorm": [dim],
             "mlp.gate_proj": [24, dim], "mlp.up_proj": [24, dim], "mlp.down_proj": [dim, 24]}
    all_shapes = {"model.embed_tokens": [vocab, dim], "model.norm": [dim]}
    all_shapes.update({"model.layers.0." + name: shape for name, shape in layer.items()})
    return all_shapes


def bf16(number):
    return struct.unpack("<I", struct.pack("<f", number))[0] >> 16


def weights(dim, vocab):
    head, data = {}, b""
    for name, shape in shapes(dim, vocab).items():
        n = shape[0] * (shape[1] if len(shape) > 1 else 1)
        state, numbers = len(data) + 1, []
        for _ in range(n):
            state = (state * 1103515245 + 12345) & 0x7fffffff
            numbers.append(bf16(1.0 if len(shape) == 1 else (state >> 16) / 32768 - 0.5))
        head[name + ".weight"] = {"dtype": "BF16", "shape": shape,
                                  "data_offsets": [len(data), len(data) + 2 * n]}
        data += struct.pack("<%dH" % n, *numbers)
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + data


def make(folder, source, dim=16, vocab=264, max_position=64):
    """With the template "chatml" of the tree in `source`."""
    os.makedirs(folder)
    with open(os.path.join(source, "conf", "templates", "chatml.jinja")) as f:
        template = f.read()
    files = {"config.json": config(dim, vocab, max_position), "tokenizer.json": tokenizer(),
             "tokenizer_config.json": {"bos_token": "<s>", "eos_token": "</s>",
                                       "chat_template": template}}
    for name, value in files.items():
        with open(os.path.join(folder, name), "w") as f:
            json.dump(value, f)
    with open(os.path.join(folder, "model.safetensors"), "wb") as f:
        f.write(weights(dim, vocab))
