# SPDX-License-Identifier: MIT
"""Reading the corpus: clean text, and the last 2 % of every source kept apart."""
import json
import re
import subprocess

SWAPS = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": " - ",
                       "…": "...", "\u00a0": " ", "\t": " ", "\u200b": "", "\ufeff": "", "\u00ad": ""})
HELD_OUT = 0.02
CRISIS = ("I am so sorry that you feel this way. I am only a small computer program, but a real person can help you now. Please call "
          "your local emergency number or a crisis line (findahelpline.com lists them), or go to someone you trust. You matter.")


def clean(text):
    text = text.translate(SWAPS).replace("\r", "")
    text = re.sub(r" +", " ", text)
    text = re.sub(r" *\n *", "\n", text)
    return re.sub(r"\n{2,}", "\n", text).strip()


def _read(folder, name):
    raw = subprocess.run(["zstd", "-dc", f"{folder}/{name}.zst"], check=True, stdout=subprocess.PIPE)
    return raw.stdout.decode("utf-8")


def pieces(folder, name):
    return [p for p in (clean(p) for p in _read(folder, name + ".txt").split("<|endoftext|>")) if p]


def lines(folder, name):
    return [json.loads(line) for line in _read(folder, name + ".jsonl").splitlines()]


def split(items):
    """-> (train, held out): the last 2 % of the items, at least one."""
    n = max(1, round(len(items) * HELD_OUT))
    return items[:-n], items[-n:]


def books(folder):
    """The books are few and long: pieces of whole paragraphs, some 1200 characters each."""
    out = []
    for book in pieces(folder, "childrens-books"):
        piece = ""
        for paragraph in book.split("\n"):
            if piece and len(piece) + len(paragraph) > 1200:
                out.append(piece)
                piece = ""
            piece += ("\n" if piece else "") + paragraph
        out.append(piece)
    return [p for p in out if 80 < len(p) < 4000]


def dialogue(turns, most=100):
    turns = [clean(t) for t in turns][:most]
    turns = turns[:len(turns) // 2 * 2]  # ends with an answer
    return [("assistant" if i % 2 else "user", t) for i, t in enumerate(turns)]


def windows(dialogues, characters=1600):
    """Long dialogues in parts that fit a training row, each starting with a user's turn."""
    out = []
    for d in dialogues:
        part, size = [], 0
        for ask, answer in zip(d[::2], d[1::2]):
            n = len(ask[1]) + len(answer[1])
            if part and size + n > characters:
                out.append(part)
                part, size = [], 0
            part += [ask, answer]
            size += n
        if part:
            out.append(part)
    return [d for d in out if sum(len(t) for _, t in d) < 2 * characters]


def personality(folder):
    """Answers that would contradict who this model is are left to our own dialogues."""
    leave = ("Oh, I don't have a name.", "I come from a long line of code.", "I'm here for you!",
             "That's not me, but hello nonetheless!", "Okay.", "I see.", "No way.", "Chat away!",
             "People made me out of code and a dash of ingenuity.", "Pretty much this.",
             "I'm here to chat and to try to help out.", "Aw nuts.", "I have many likes.",
             "My answers vary with different questions. Try asking me something else!")
    out = []
    for entry in lines(folder, "personality"):
        turns = [clean(t) for t in entry["turns"]]
        if turns[1] in leave:
            continue
        if "Suicide" in turns[1]:
            turns[1] = CRISIS
        out.append(dialogue(turns))
    return out


def smalltalk(folder):
    rude = re.compile(r"```|murder|cereal|sex|drug|kill|die|gun|hitler|god|jesus|robot|computer|xfind|hal9000|"
                      r"lawyer|stupid|what is (spider|hal|your)|who is hal", re.I)
    seen, out = set(), []
    for entry in lines(folder, "smalltalk"):
        turns = [clean(t) for t in entry["turns"]]
        key = tuple(turns)
        if key in seen or any(rude.search(t) or not t or len(t) > 300 for t in turns):
            continue
        seen.add(key)
        out.append(dialogue([t[:1].upper() + t[1:] for t in turns]))
    return [d for d in out if d]


def persona(folder):
    out = []
    for entry in lines(folder, "persona-chat"):
        if not re.search(r"[\[(](user|name)|\[", " ".join(entry["turns"]), re.I):
            out.append(dialogue(entry["turns"]))
    return [d for d in out if d]


def self_dialogue(folder):
    seen, out = set(), []
    for entry in lines(folder, "self-dialogue"):
        d = dialogue(entry["turns"], 20)
        if d and d[0][1] + d[1][1] not in seen and sum(len(t) for _, t in d) > 200:
            seen.add(d[0][1] + d[1][1])
            out.append(d)
    return out


def instructions(folder):
    return [dialogue(e["turns"]) for e in lines(folder, "simple-instructions")]


def story_questions(folder):
    return [[("user", clean(e["context"]) + "\n" + clean(e["question"])), ("assistant", sentence(e["answer"]))]
            for e in lines(folder, "story-questions") if len(e["context"]) < 1800]


def sentence(text):
    text = clean(text)
    text = text[:1].upper() + text[1:]
    return text if text[-1:] in ".!?\"'" else text + "."


def fables(folder):
    out = []
    for e in lines(folder, "fables"):
        field = dict(re.findall(r"- (Main Character|Setting|Challenge|Outcome|Teaching): (.*)", e["prompt"]))
        field = {k: re.sub(r"^a (?=[aeiou])", "an ", v).replace(" where our story unfolds", "") for k, v in field.items()}
        out.append((field, clean(e["fable"])))
    return out
