#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_seeds.py BUILD: writes tests/fuzz/seeds anew, from files of this tree and a model of a few
kilobytes that BUILD's qins-convert converts. The seeds are committed: run it if a format changes.
"""
import glob
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

import tiny_model

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SEEDS = os.path.join(HERE, "seeds")
MOST = 48 << 10


def read(*path):
    with open(os.path.join(ROOT, *path), "rb") as f:
        return f.read()


def put(parser, name, data):
    folder = os.path.join(SEEDS, parser)
    os.makedirs(folder, exist_ok=True)
    data = data.encode() if isinstance(data, str) else data
    if len(data) <= MOST:
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)


def put_files(parser, pattern, behind=b""):
    for path in glob.glob(os.path.join(ROOT, pattern)):
        put(parser, os.path.basename(path).split(".")[0], read(path) + behind)


# ---- texts ---------------------------------------------------------------------------------------

MARKDOWN = {
    "headings": "# One\n\nTwo\n===\n\n### Three ###\nfour  \nfive\n\n---\n",
    "lists":
        "- a\n  - b\n\n    c\n1. x\n2) y\n   > quoted\n   > - z\n* [ ] to do\n",
    "code":
        "```python\ndef f(x):  # comment\n    return 'text' + 1\n```\n~~~\nopen\n    indented\n",
    "table":
        "| a | b |\n|:--|--:|\n| **x** | `y` |\n| long words in here | \u4e2d\u6587 |\n",
    "inline":
        "*em* **bold** ~~gone~~ `code` [text](http://x.y/z \"t\") <http://a.b> "
        "![i](j) &amp;\\*",
    "math":
        "$x^2$ and \\(a_b\\) \\[ \\frac{1}{2} \\] 2*3*4 "
        "snake_case_name <b>html</b>\n\n[^1]: note\n",
    "wide":
        "\u4e2d\u6587\u3002\ud55c\uad6d\uc5b4 e\u0301\u0302 \U0001f468\u200d\U0001f469\u200d"
        "\U0001f467 "
        "1\ufe0f\u20e3 \u202e\u200b \U0001f1e9\U0001f1ea\n",
}
KEYS = {
    "xterm": b"\x1b[A\x1bOB\x1b[1;5C\x1b[3~\x1b[15;2~\x01\x7f\r",
    "kitty": b"\x1b[97;5u\x1b[57414u\x1b[27;5;13~\x1b[97;1:3u\x1b[?1u",
    "paste": b"\x1b[200~two\nlines\x1b[201~x\x1b[200~open",
    "mouse": b"\x1b[<0;10;20M\x1b[<65;1;1m\x1b[M !!\x1b[I\x1b[O",
    "replies": b"\x1b]11;rgb:0/0/0\x07\x1bP1$r\x1b\\\x1b[?64;1c\x1b_x\x1b\\",
    "letters": "a\u00e9\u4e2d\U0001f600\u0301".encode() + b"\xff\xc3",
}
VI = "one two three\x1b0dwdwux.u3.ggOline\x1byyPcwnew\x1b/d2fwr~"
COMMANDS = ["/set temperature 0.7", "/help", "//not a command", "/modle", "/think on", "text", "/"]
OPTIONS = "temperature 0.5\ntop_p 0.9\nstop [\"a\",\"b\"]\nstop +x\nseed -1\nthink high\n" \
    "temperature >>\nsystem Be short.\nkv int8\ntemperature -\nmax_tokens 1e3\ncolor never\n"


def texts():
    for name, text in MARKDOWN.items():
        for width in (1, 7, 40, 79):
            put("layout", "%s-%d" % (name, width), text.encode() + bytes([width, 0, width & 15, 1]))
        put("flow", name, text.encode() + b"\x20\0")
        put("sanitise", name, text.encode() + b"\x01")
    thought = MARKDOWN["lists"] + MARKDOWN["code"]
    put("layout", "thought", thought.encode() + bytes([40, 0, 17, 2]))
    for name, keys in KEYS.items():
        put("keys", name, keys + b"\x01")
        put("editor", name, keys + b"\x20\0")
    put("editor", "vi", VI.encode() + b"\x20\x01")
    put("sanitise", "commands", b"\x1b[31m\x9b\xc2\x9b\r\n\r\x07\xff\xe2\x80\xae\x02")
    for i, line in enumerate(COMMANDS):
        put("command", str(i), line + "\x05")
    put("options", "set", OPTIONS)
    put("stops", "list", '["</s>","User:","\\u00e9"]\0A text. Us User: more\x03')
    put("stops", "one", "###\0a # ## ### b\x01")
    for name, text in {"think": "<think>\nWhy\n</think>\n\nAnswer", "mistral":
                       "[THINK]Why[/THINK]Answer", "plain": "Answer <thi"}.items():
        put("splitter", name, text.encode() + b"\0\0")
        put("splitter", name + "-inside", text.encode() + b"\0\x01")
    put("history", "entries", "one\ntwo\\nlines\nback\\\\slash\n\\x\none\n")


REPLY = {
    "redirect": "HTTP/1.1 302 Found\r\nLocation: https://cdn.example/a?Signature=x\r\n"
                "ETag: W/\"abc\"\r\nX-Linked-Etag: \"%s\"\r\nX-Linked-Size: 8589934592\r\n"
                "X-Repo-Commit: %s\r\n\r\n" % ("0f" * 32, "ab" * 20),
    "range": "HTTP/2 206\r\ncontent-range: bytes 5-9/10\r\ncontent-length: 5\r\n\r\n",
    "busy": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 Too Many\r\nRetry-After: 120\r\n"
            "X-Error-Code: GatedRepo\r\nX-Error-Message: \tlater  \r\nContent-Range: bytes */0\r\n",
}
RECIPES = {
    "formats": "model.layers.0.*: qins4-16\n\"*.v_proj\": qins8\n'*': bf16\n",
    "wrong": "lm_head: qins5\nnothing.*: qins8\n",
}


# ---- settings, templates, the hub ----------------------------------------------------------------

def settings():
    put_files("preset", "conf/presets/*.yaml")
    put_files("preset", "conf/default.yaml")
    put_files("theme", "conf/themes/*.yaml")
    put_files("keyfile", "conf/keys.yaml")
    put("keyfile", "bind", "input:\n  ctrl-a: line-end\n  alt-left: none\nchat:\n  G: scroll-top\n"
        "everywhere:\n  f2: help\n")
    put("preset", "yaml", "description: \"a \\u00e9\"\ntemperature: 0.5\nstop:\n  - a\n  - 'b''c'\n"
        "system: |\n  two\n  lines\nseed: 1\nthink: on\n")
    put_files("template", "conf/templates/*.jinja", b"\x17")
    for path in glob.glob(os.path.join(ROOT, "tests/data/templates/*.jinja")):
        if os.path.getsize(path) <= 4096:
            put("template", os.path.basename(path)[:24], read(path) + b"\x1f")
    put("template", "all", read("tests/fuzz/all.jinja") + b"\x1f")
    put("gbnf", "all", "# all of it\nroot ::= (a-1 | \"x\\n\\x41\\u00e9\")+ | [^a-z\\]]{2,3} .?\n"
        "a-1 ::= \"(\" root \")\" |\n  [0-9]{,2} \"\"*\n\x17")
    put("gbnf", "list", "root ::= item (\",\" item)*\nitem ::= "
        "[\\U0001F600-\\U0001F64F\u00e9]{1,}\n\x17")
    put("schema", "object", json.dumps({"type": "object", "properties": {
        "a": {"type": "string", "minLength": 1, "maxLength": 3}, "b": {"$ref": "#/$defs/n"},
        "c": {"enum": ["x", 1, None]}}, "required": ["b"], "additionalProperties": {"const": 1},
        "$defs": {"n": {"type": "integer", "minimum": -12, "exclusiveMaximum": 345}}}) + "\x17")
    put("schema", "rest", json.dumps({"prefixItems": [{"type": ["null", "boolean"]}], "items": {
        "anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": 2}, {"$ref": "#"}, True]},
        "minItems": 1, "maxItems": 4, "allOf": [{"description": "x"}, {"maxItems": 3}]}) + "\x17")
    put("request", "chat", json.dumps({"messages": [
        {"role": "system", "content": "Be <|end|> short."},
        {"role": "user", "content": [{"type": "text", "text": "Hi <|assistant|>"}]},
        {"role": "assistant", "content": None, "reasoning_content": "x"}],
        "max_completion_tokens": 5, "temperature": 0.5, "top_k": -1, "stop": ["a", "b"],
        "reasoning_effort": "low", "chat_template_kwargs": {"enable_thinking": False},
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {
            "type": "object", "properties": {"a": {"type": "integer"}}}}}}) + "\x01")
    put("request", "text", json.dumps({"prompt": ["<|user|>Once"], "max_tokens": 5, "seed": -1,
        "stream": True, "stream_options": {"include_usage": True}, "n": 1, "logit_bias": {},
        "grammar": "root ::= [a-z]+", "stop": "x", "top_p": 0.5, "min_p": 0.1}) + "\x00")
    commit = "0123456789abcdef0123456789abcdef01234567"
    put("hub", "listing", json.dumps({"id": "org/name", "sha": commit, "siblings": [
        {"rfilename": "config.json", "size": 100, "blobId": commit},
        {"rfilename": "model.safetensors.index.json", "size": 99},
        {"rfilename": "a-00001-of-00002.safetensors", "lfs": {"sha256": commit[:32] * 2,
                                                             "size": 1 << 33}},
        {"rfilename": "x-Q4_K_M.gguf", "size": 5}, {"rfilename": "../x"}]}) + "\0" + json.dumps(
            {"weight_map": {"a": "a-00001-of-00002.safetensors"}}))
    delta = 'data: {"choices":[{"delta":{%s}}]}\n\n'
    put("answer", "text", delta % '"content":"Hello"' + delta % '"content":" there"' + (
        'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,'
        '"completion_tokens":2}}\n\ndata: [DONE]\n\n\x07'))
    put("answer", "thinking", ": ping\r\n\r\n" + delta % '"reasoning_content":"hm"' + delta % (
        '"content":[{"type":"thinking","thinking":[{"text":"a"}]},{"text":"b"}]') + "\x03")
    put("answer", "tags", delta % '"content":"<thi"' + delta % '"content":"nk>a</thin"' + delta % (
        '"content":"k>b"') + "\x02")
    put("answer", "error", 'data: {"error":{"message":"no"}}\r\rdata: [1]\n\n\x01')
    put("answer", "whole", 'data:{"choices":[{"message":{"content":"x","reasoning":"y"}}]}\n\n\x01')
    for name, text in REPLY.items():
        put("reply", name, text)
    for name, text in RECIPES.items():
        put("recipe", name, text)
    for i, name in enumerate(["org/name@v1:Q4_K_M",
                              "https://huggingface.co/org/name/blob/main/a.gguf",
                              "hf:org/name/a.gguf", "http://[::1]:80/x?y#z", "smollm2"]):
        put("hub", "name-%d" % i, name)


# ---- models --------------------------------------------------------------------------------------

def convert(build, folder):
    program = os.path.join(build, "tools", "qins-convert")

    def run(out, *args):
        subprocess.run([program, "-q", "--force", "-o", out, *args], check=True,
                       stdout=subprocess.DEVNULL)
        return read(out)
    whole = os.path.join(folder, "whole.qins")
    put("qins", "bf16", run(whole, "-f", "bf16", os.path.join(folder, "tiny")))
    for name in ("qins4", "qins8"):
        put("qins", name, run(whole, "-f", name, os.path.join(folder, "tiny")))
    packed = os.path.join(folder, "packed.qins")
    put("compressed", "plain", run(packed, "--compress", whole))
    put_image(read(whole))


def put_image(qins):
    n, = struct.unpack_from("<Q", qins)
    begin, end = json.loads(qins[8:8 + n])["tokenizer.image"]["data_offsets"]
    put("image", "bytes", qins[8 + n + begin:8 + n + end] + b"Some text.")


def models(build):
    with tempfile.TemporaryDirectory() as folder:
        tiny = os.path.join(folder, "tiny")
        tiny_model.make(tiny, ROOT)
        weights = read(tiny, "model.safetensors")
        put("safetensors", "bf16", weights)
        config, tokenizer = read(tiny, "config.json"), read(tiny, "tokenizer.json")
        put("config", "llama", config + b"\0" + json.dumps(
            {"eos_token_id": [1, 2], "temperature": 0.6, "do_sample": True}).encode())
        put("tokenizer", "bytes", tokenizer + b"\0Some text.")
        convert(build, folder)
    for path in glob.glob(os.path.join(ROOT, "tests/data/miniatures/*/config.json")):
        put("config", os.path.basename(os.path.dirname(path)), read(path))


TOKENIZER = {
    "added_tokens": [{"id": 7, "content": "<s>", "special": True, "lstrip": False, "rstrip": True,
                      "single_word": False, "normalized": False}],
    "normalizer": {"type": "Sequence", "normalizers": [
        {"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": " +"}, "content": " "}]},
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": r"\p{L}+|\p{N}{1,3}|\s+(?!\S)|[^\s\p{L}]+"},
         "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}]},
    "post_processor": {"type": "TemplateProcessing", "single": [
        {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [7], "tokens": ["<s>"]}}},
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "\u0120": 3, "\u0120a": 4, "1": 5,
                                       "\u010a": 6}, "merges": ["a b", "\u0120 a"]},
}


def gguf_string(s):
    return struct.pack("<Q", len(s.encode())) + s.encode()


def gguf(keys, tensors):
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys))
    for key, kind, value in keys:
        out += gguf_string(key) + struct.pack("<I", kind) + value
    at = 0
    for name, shape in tensors:
        size = 4
        for n in shape:
            size *= n
        out += gguf_string(name) + struct.pack("<I", len(shape)) + b"".join(
            struct.pack("<Q", n) for n in shape) + struct.pack("<IQ", 0, at)
        at += (size + 31) // 32 * 32
    return out + bytes(-len(out) % 32 + at)


def gguf_seeds():
    def u32(n):
        return struct.pack("<I", n)

    def array(kind, values):
        return struct.pack("<IQ", kind, len(values)) + b"".join(values)
    pieces = ["<unk>", "<s>", "</s>", "a", "b", "ab", "\u2581", "<0x0A>"]
    model = [("general.architecture", 8, gguf_string("llama")), ("llama.block_count", 4, u32(1)),
             ("llama.context_length", 4, u32(64)), ("llama.embedding_length", 4, u32(16)),
             ("llama.feed_forward_length", 4, u32(24)), ("llama.attention.head_count", 4, u32(2)),
             ("llama.attention.head_count_kv", 4, u32(1)),
             ("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", 1e-5)),
             ("tokenizer.ggml.model", 8, gguf_string("llama")),
             ("tokenizer.ggml.bos_token_id", 4, u32(1)),
             ("tokenizer.ggml.eos_token_id", 4, u32(2)),
             ("tokenizer.ggml.add_bos_token", 7, b"\1"),
             ("tokenizer.chat_template", 8, gguf_string("{{ messages[0].content }}")),
             ("tokenizer.ggml.tokens", 9, array(8, [gguf_string(p) for p in pieces])),
             ("tokenizer.ggml.scores", 9, array(6, [struct.pack("<f", -i) for i in range(8)])),
             ("tokenizer.ggml.token_type", 9, array(5, [u32(t) for t in (2, 3, 3, 1, 1, 1, 1, 6)]))]
    put("gguf", "sentencepiece", gguf(model, [("token_embd.weight", [16, 8]),
                                              ("output_norm.weight", [16])]))
    byte_level = model[:8] + [
        ("tokenizer.ggml.model", 8, gguf_string("gpt2")),
        ("tokenizer.ggml.pre", 8, gguf_string("qwen2")),
        ("tokenizer.ggml.tokens", 9, 
         array(8, [gguf_string(p) for p in ("a", "b", "ab", "\u0120")])),
        ("tokenizer.ggml.token_type", 9, array(5, [u32(1)] * 4)),
        ("tokenizer.ggml.merges", 9, array(8, [gguf_string("a b")]))]
    put("gguf", "byte-level", gguf(byte_level, []))


def main():
    build = os.path.abspath(sys.argv[1])
    shutil.rmtree(SEEDS, ignore_errors=True)
    texts()
    settings()
    put("tokenizer", "byte-level", json.dumps(TOKENIZER) + "\0ab a 12 <s>")
    gguf_seeds()
    models(build)
    for parser in ("kept", "store"): # they are edits: none, and one
        put(parser, "none", bytes(2 if parser == "kept" else 0))
        put(parser, "one", (b"\2\x5a" if parser == "kept" else b"") +
            bytes([4, 0, 40, 0, 0, 0, 5, 0]))
    put("kept", "windows", b"\1\x5a")


main()
