#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The trained state as a Hugging Face folder: export.py [--state FILE] [--vocabulary PREFIX] FOLDER."""
import argparse
import json
import os
import struct

import torch

import network
import vocabulary


def write_safetensors(path, tensors):
    """bfloat16, as the weights were used in training."""
    header, blobs, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, t in tensors.items():
        raw = t.bfloat16().contiguous().view(torch.int16).numpy().tobytes()
        header[name] = {"dtype": "BF16", "shape": list(t.shape), "data_offsets": [at, at + len(raw)]}
        blobs.append(raw)
        at += len(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        f.writelines(blobs)


def config(shape):
    return {
        "_name_or_path": "qins-tui-starter", "architectures": ["Phi3ForCausalLM"], "attention_bias": False,
        "attention_dropout": 0.0, "bos_token_id": 1, "embd_pdrop": 0.0, "eos_token_id": vocabulary.ENDOFTEXT,
        "hidden_act": "silu", "hidden_size": shape.hidden, "initializer_range": 0.02,
        "intermediate_size": shape.inner, "max_position_embeddings": network.CONTEXT, "model_type": "phi3",
        "num_attention_heads": shape.heads, "num_hidden_layers": shape.layers, "num_key_value_heads": shape.heads,
        "original_max_position_embeddings": network.CONTEXT, "pad_token_id": vocabulary.ENDOFTEXT,
        "resid_pdrop": 0.0, "rms_norm_eps": network.EPS, "rope_scaling": None, "rope_theta": network.THETA,
        "sliding_window": None, "tie_word_embeddings": True, "torch_dtype": "bfloat16", "use_cache": True,
        "vocab_size": shape.rows,
    }


def main():
    build = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build-starter")
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("--state", default=os.path.join(build, "run", "state.pt"))
    a.add_argument("--vocabulary", default=os.path.join(build, "vocabulary"))
    a.add_argument("folder")
    o = a.parse_args()
    state = torch.load(o.state, map_location="cpu")
    shape = network.Shape(state["size"], vocabulary.ROWS)
    os.makedirs(o.folder, exist_ok=True)
    write = lambda name, value: vocabulary.write_json(os.path.join(o.folder, name), value)
    write("config.json", config(shape))
    write("generation_config.json", {"_from_model_config": True, "bos_token_id": 1, "pad_token_id": vocabulary.ENDOFTEXT,
                                     "eos_token_id": [vocabulary.END, vocabulary.ASSISTANT, vocabulary.ENDOFTEXT]})
    write("tokenizer.json", vocabulary.tokenizer_json(vocabulary.load(o.vocabulary)))
    write("tokenizer_config.json", vocabulary.tokenizer_config(network.CONTEXT))
    write_safetensors(os.path.join(o.folder, "model.safetensors"), shape.views(state["weights"]))
    print(f"{o.folder}: {shape.count} parameters, {state['step']} steps, {state['tokens']} tokens")


if __name__ == "__main__":
    main()
