# SPDX-License-Identifier: MIT
"""The vocabulary: SentencePiece trains it, tokenizer.json has exactly the shape of Phi-3.5's.

Ids: 0 <unk>, 1 <s>, 2 </s>, 3..258 bytes, the pieces, then the five added tokens of the chat form.
A text between two added tokens is encoded on its own and gets a "▁" in front; white space right of
an added token belongs to that token (rstrip), so the template's newlines cost no ids.
"""
import json
import re
import struct

import sentencepiece

PIECES = 4096  # with <unk>, <s>, </s> and the 256 bytes
ROWS = 4160  # rows of the embedding: a multiple of 64; the last ones belong to no token, as in Phi-3.5
ENDOFTEXT, ASSISTANT, SYSTEM, END, USER = range(PIECES, PIECES + 5)
ADDED = {
    "<unk>": (0, False, True), "<s>": (1, False, True), "</s>": (2, True, False),
    "<|endoftext|>": (ENDOFTEXT, False, True), "<|assistant|>": (ASSISTANT, True, True),
    "<|system|>": (SYSTEM, True, True), "<|end|>": (END, True, True), "<|user|>": (USER, True, True),
}  # content: (id, rstrip, special)
ROLE = {"user": USER, "assistant": ASSISTANT, "system": SYSTEM}
CHAT_TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}"
    "{{'<|system|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}"
    "{{'<|user|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'assistant' %}"
    "{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
)


def train(text_file, prefix):
    """text_file: one line a paragraph. Writes PREFIX.model. Deterministic for the same text."""
    sentencepiece.SentencePieceTrainer.train(
        input=text_file, model_prefix=prefix, vocab_size=PIECES, model_type="bpe",
        byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        add_dummy_prefix=True, split_digits=True, character_coverage=0.9999, num_threads=1,
        max_sentence_length=100000, minloglevel=2)


def _field(number, value):
    """One field of a protocol buffer: a whole number, a float, or bytes"""
    def varint(n):
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def rebuild(tokenizer, prefix):
    """tokenizer.json of a shipped model -> PREFIX.model, as train() had written it (sentencepiece_model.proto)."""
    ids = tokenizer["model"]["vocab"]
    out = b""
    for piece, i in sorted(ids.items(), key=lambda x: x[1]):
        kind = 2 if i == 0 else 3 if i < 3 else 6 if i < 259 else 1  # unknown, control, byte, normal
        out += _field(1, _field(1, piece.encode()) + _field(2, float(min(0, 259 - i))) + _field(3, kind))
    out += _field(2, _field(3, 2) + _field(4, PIECES) + _field(35, 1))  # BPE with byte fallback
    out += _field(3, _field(1, b"identity") + _field(3, 1) + _field(4, 0) + _field(5, 1))  # dummy prefix, all spaces kept, escaped
    with open(prefix + ".model", "wb") as f:
        f.write(out)
    if tokenizer_json(load(prefix)) != tokenizer:
        raise SystemExit(f"{prefix}.model is not the vocabulary it was made of")


def load(prefix):
    return sentencepiece.SentencePieceProcessor(model_file=prefix + ".model")


def encode_turns(sp, turns):
    """[(role, text), ...] -> [(id, in the answer?), ...] as the chat template gives them."""
    out = []
    for role, text in turns:
        answer = role == "assistant"
        out.append((ROLE[role], False))
        out += [(i, answer) for i in sp.encode(text.strip())]
        out.append((END, answer))
    out.append((ENDOFTEXT, False))
    return out


def mark(sp, doc, words):
    """In the answers the tokens where each of these words is first said get 2 for True."""
    words = {w.lower() for w in words}
    out, at = list(doc), 0
    while at < len(doc):
        end = at + 1
        while end < len(doc) and doc[end][0] < PIECES and not sp.id_to_piece(doc[end][0]).startswith("▁"):
            end += 1
        if doc[at][1]:
            text = "".join(sp.id_to_piece(i) for i, _ in doc[at:end] if i < PIECES)
            word = re.match(r"▁?([A-Za-z]*)", text)[1].lower()
            if word in words:
                words.remove(word)
                n, k = 0, at
                while n < len(word) and k < end:
                    n += len(sp.id_to_piece(doc[k][0]).lstrip("▁"))
                    out[k] = (doc[k][0], 2)
                    k += 1
        at = end
    return out


def encode_plain(sp, text):
    return [(i, True) for i in sp.encode(text.strip())] + [(ENDOFTEXT, True)]


def decode(sp, ids):
    return sp.decode([int(i) for i in ids if 2 < i < PIECES])


def _merges(sp):
    """Every way to make a piece of two pieces, in the order in which the pieces were learned."""
    ids = {sp.id_to_piece(i): i for i in range(259, sp.get_piece_size())}
    out = []
    for piece, rank in ids.items():
        ways = [(piece[:k], piece[k:]) for k in range(1, len(piece))]
        ways = [(a, b) for a, b in ways if a in ids and b in ids]
        out += [(rank, ids[a], ids[b], a + " " + b) for a, b in ways]
    return [text for _, _, _, text in sorted(out)]


def tokenizer_json(sp):
    added = [{"id": i, "content": c, "single_word": False, "lstrip": False, "rstrip": rstrip,
              "normalized": False, "special": special} for c, (i, rstrip, special) in ADDED.items()]
    sequence = lambda name, kind: {"Sequence": {"id": name, "type_id": kind}}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "pre_tokenizer": None,
        "post_processor": {"type": "TemplateProcessing", "single": [sequence("A", 0)],
                           "pair": [sequence("A", 0), sequence("B", 1)], "special_tokens": {}},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>",
                  "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": True,
                  "byte_fallback": True,
                  "vocab": {sp.id_to_piece(i): i for i in range(sp.get_piece_size())},
                  "merges": _merges(sp)},
    }


def tokenizer_config(context):
    decoder = {str(i): {"content": c, "lstrip": False, "normalized": False, "rstrip": rstrip,
                        "single_word": False, "special": special}
               for c, (i, rstrip, special) in ADDED.items()}
    return {"add_bos_token": False, "add_eos_token": False, "added_tokens_decoder": decoder,
            "bos_token": "<s>", "chat_template": CHAT_TEMPLATE,
            "clean_up_tokenization_spaces": False, "eos_token": "<|endoftext|>", "legacy": False,
            "model_max_length": context, "pad_token": "<|endoftext|>", "padding_side": "left",
            "sp_model_kwargs": {}, "tokenizer_class": "LlamaTokenizer", "unk_token": "<unk>",
            "use_default_system_prompt": False}


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False, indent=1)
        f.write("\n")
