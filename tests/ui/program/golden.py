# SPDX-License-Identifier: MIT
"""Keys in, screen out: scenes are played in tmux with an engine that says what a scene wants, and the
screens are compared with the files in golden/. Numbers that differ between machines are replaced.

    python3 tests/ui/program/golden.py --renew [SCENE]...    writes the files anew; read the diff before keeping it
"""
import json
import os
import re
import struct
import sys
import tempfile
import time

from terminal import SECONDS, Screen, program, run_tests

FAKE = program("tests/ui/qins-tui-fake")
HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "golden", "model.qins")  # any file: the engine does not read it
SIZES = [(20, 4), (40, 10), (80, 24), (100, 30), (200, 60)]
TWO = [(40, 10), (80, 24)]  # for scenes that larger screens only give more room
TERMS = {"xterm": {"TERM": "xterm-256color"}, "screen": {"TERM": "screen"},
         "ascii": {"TERM": "xterm", "LC_ALL": "C"}, "linux": {"TERM": "linux"}, "vt100": {"TERM": "vt100"}}
CONSOLES = ["linux", "vt100"]  # these have to look like "ascii"
THREE = ["xterm", "screen", "ascii"]
PLAIN = ["xterm", "ascii"]

ANSWER = ("Light takes the path that needs the least time.\n\nThat is why a straw in a glass of water "
          "looks broken: light is slower in water than in air, so the quickest way from the straw to "
          "the eye bends at the surface.\n\n1. In air it runs far.\n2. In water it runs short.\n")


MARKDOWN = """# Light in water

It is **slower** there, by a factor of `1.33`:

- in air it runs *far*
- in water it runs short
  1. first
  2. second

> The quickest way
> bends at the surface.

| medium | n    | speed    |
|--------|-----:|----------|
| air    | 1.00 | 300 Mm/s |
| water  | 1.33 | 225 Mm/s |

```python
def bend(angle, n):  # Snell
    return asin(sin(angle) / n)
```

More is told [on this page](https://example.org/light).
"""


THINKING = ("The user asks why a straw in water looks broken. That is refraction.\n\n- air: n = 1\n"
            "- water: n = 1.33, > as it is **written**\n\nSo it bends at the surface.\n")


def say(s, text):
    s.text(text)
    s.keys("Enter")


def asked(s, text="Why does a straw look broken?"):
    s.wait("Ready")
    say(s, text)
    s.wait(r"Stopped( by)? +end of answer")


def scene_first(s):
    s.wait(r"Alt-1  Explain")


def scene_answer(s):
    asked(s)


def scene_answering(s):
    s.wait("Ready")
    s.text("go")
    s.keys("Enter")
    s.wait("Context +[2-9][0-9]")
    s.text("the next one")
    s.wait("> the next one")


def scene_sliders(s):
    s.wait("Ready")
    s.keys("Tab", "Down", "Right", "Down")
    s.text("77")
    s.wait(r">Max tokens .* 77_")


def scene_help(s):
    s.wait("Ready")
    s.keys("F1")
    s.wait("Esc closes this page")


def scene_full(s):
    s.wait("Ready")
    for text in ("one", "two"):
        s.text(text)
        s.keys("Enter")
        s.wait(r"Stopped( by)?|\(y/n\)")
    s.wait(r"\(y/n\)")


def scene_markdown(s):
    asked(s)


def scene_raw(s):
    asked(s)
    say(s, "/raw")
    s.wait("Answers as raw text")
    s.keys("Left")


def scene_bare(s):
    asked(s)
    s.keys("F4")
    s.wait("Select with the mouse")


def scene_compare(s):
    asked(s)
    say(s, "/compare qins4")
    s.wait(r"1/\d+ |Token 1 of \d+")
    s.keys("n", "n")
    s.wait(r"10/\d+ |Token 10 of \d+")


def scene_search(s):
    asked(s)
    s.keys("Tab", "Tab")
    s.text("/water")
    s.wait("^ /water")
    s.keys("Enter")
    s.wait(" 1/3 ")
    s.text("nn")
    s.wait(" 3/3 ")
    s.text("N")
    s.wait(" 2/3 ")


def scene_conversations(s):
    asked(s)
    say(s, "/save Straws, and what they look like in water")
    say(s, "/new")
    s.wait("Alt-1")
    say(s, "What is a rainbow?")
    s.wait("You   What is a rainbow")
    s.wait("QINS  Light takes")
    say(s, "/new")
    s.wait("Alt-1")
    s.keys("F2")
    s.wait("^ Conversations +2$")


def scene_found(s):
    scene_conversations(s)
    s.text("rainbow")
    s.wait("^ Conversations +1$")
    s.keys("C-d")
    s.wait(r"for good\? \(y/n\)")


def scene_branches(s):
    asked(s)
    say(s, "/regen")
    s.wait("^ 2/2")
    say(s, "/edit")
    s.wait("New version of your message")
    s.text(" And why in water?")
    s.keys("Enter")
    s.wait(r"And why in water\?\s")
    s.wait(r"(?s)QINS  Light.*Stopped( by)? +end of answer")
    say(s, "/branch")
    s.wait("^ Branches of this conversation +3$")


def scene_thinking(s):
    s.wait("Ready")
    say(s, "Why?")
    s.wait(r"Thinking, 600 ms")


def scene_thought(s):
    asked(s, "Why?")
    s.keys("F3")
    s.wait("F3 closes")


def scene_versions(s):
    asked(s, "Why?")
    say(s, "/regen")
    s.wait("^ 2/2")
    s.keys("M-,")
    s.wait("^ 1/2")


def model_file(path, form, context, size):
    """What the list of models reads: a header. The weights are a hole."""
    config = {"model_type": "phi3", "architectures": ["Phi3ForCausalLM"], "hidden_size": 64,
              "intermediate_size": 128, "num_attention_heads": 4, "num_hidden_layers": 2,
              "num_key_value_heads": 4, "vocab_size": 512, "max_position_embeddings": context,
              "original_max_position_embeddings": context, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
              "rope_scaling": None, "tie_word_embeddings": True, "hidden_act": "silu",
              "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}
    header = json.dumps({"__metadata__": {"qins.version": "1", "qins.format": form, "qins.source": "made-up",
                                          "qins.config": json.dumps(config)},
                         "w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(header)) + header)
        f.truncate(8 + len(header) + size)


def scene_models(s):
    folder = os.path.join(s.folder, ".local/share/qins/models")
    os.makedirs(folder)
    model_file(os.path.join(folder, "tiny.qins"), "qins4", 4096, 21000000)
    model_file(os.path.join(folder, "large.qins"), "qins8", 131072, 3900000000)
    with open(os.path.join(folder, "torn.qins"), "w", encoding="ascii") as f:
        f.write("no model")
    s.wait("Ready")
    say(s, "/model")
    s.wait("^ Models +3$")


def scene_paste(s):
    s.wait("Ready")
    s.text("Explain this: ")
    s.paste("".join("line %d\n" % i for i in range(412)))
    s.wait("A long paste is shown folded")


def scene_notice(s):
    s.wait("Ready")
    s.text("/set ")
    s.keys("Tab")
    s.wait("weights$")


def scene_stats(s):
    asked(s)
    say(s, "/stats")
    s.wait("Numbers - Esc closes")


# name: keys, what the engine is told, sizes, terminals
SCENES = {
    "first": (scene_first, {}, SIZES, THREE),
    "answer": (scene_answer, {}, SIZES, THREE + CONSOLES),
    "answering": (scene_answering, {"FAKE_HOLD": "20"}, SIZES, THREE),
    "sliders": (scene_sliders, {}, SIZES, THREE),
    "help": (scene_help, {}, SIZES, THREE),
    "full": (scene_full, {"FAKE_CONTEXT": "80", "FAKE_PIECE": "5"}, SIZES, THREE),
    "markdown": (scene_markdown, {"FAKE_TEXT": MARKDOWN}, [(20, 12), (40, 24), (80, 48)],
                 THREE + CONSOLES),
    "raw": (scene_raw, {"FAKE_TEXT": MARKDOWN}, [(80, 36)], ["xterm"]),
    "bare": (scene_bare, {"FAKE_TEXT": MARKDOWN}, [(40, 36), (80, 36)], PLAIN),
    "compare": (scene_compare, {"FAKE_BYTES": "1", "FAKE_IDS": "0"}, [(20, 4), (40, 10), (40, 24), (80, 24)], PLAIN),
    "search": (scene_search, {}, TWO, PLAIN),
    "conversations": (scene_conversations, {}, [(20, 4), (40, 10), (80, 24)], PLAIN),
    "found": (scene_found, {}, TWO, ["xterm"]),
    "branches": (scene_branches, {}, TWO, ["xterm"]),
    "versions": (scene_versions, {}, TWO, ["xterm"]),
    "thinking": (scene_thinking, {"FAKE_THINKING": THINKING, "FAKE_HOLD": "30"}, SIZES, THREE),
    "thought": (scene_thought, {"FAKE_THINKING": THINKING, "FAKE_TEXT": "It bends.\n"},
                [(20, 12), (40, 24), (80, 24), (100, 40)], THREE + CONSOLES),
    "models": (scene_models, {"QINS_DATA_DIR": "/nonexistent"}, TWO, ["xterm"]),
    "paste": (scene_paste, {}, TWO, ["xterm"]),
    "notice": (scene_notice, {}, TWO, ["xterm"]),
    "stats": (scene_stats, {}, [(80, 24)], ["xterm"]),
}


def normalised(screen):
    """What depends on the machine or the moment: memory in use, and the graphs."""
    screen = re.sub(r"((?:Resident|  private|  mapped)) +\d[\d.]* ?\w+",
                    lambda m: m.group(1).ljust(len(m.group()) - 8) + " # bytes", screen)
    screen = re.sub(r"RSS \d[\d.]* \w*", "RSS #", screen)
    screen = re.sub(r"(resident +)\d.*", r"\1#", screen)
    screen = re.sub(r" \d\d:\d\d(?= |$)", " hh:mm", screen, flags=re.MULTILINE)  # of today
    screen = re.sub(r"\S*/qins-ui-[^/]*", "FOLDER", screen)
    rows = []
    for row in screen.split("\n"):
        head, bar, side = row.rpartition("│" if "│" in row else "|")
        if bar and re.fullmatch(r" [ \u2581-\u2588\u2801-\u28ff_.=+*#-]*[\u2581-\u2588\u2801-\u28ff_=+*#-][ ]*", side):
            row = head + bar + " ~"
        rows.append(row.rstrip())
    return "\n".join(rows).rstrip("\n") + "\n"


class Played(Screen):
    def settled(self, seconds=0.8):
        """The screen once it has stopped changing."""
        before, since = None, time.monotonic()
        while time.monotonic() - since < seconds:
            now = normalised(self.shows())
            if now != before:
                before, since = now, time.monotonic()
            time.sleep(0.03)
        return before


def golden_file(scene, term, size):
    look = "ascii" if term in CONSOLES else term
    return os.path.join(HERE, "golden", "%s-%s-%dx%d.txt" % (scene, look, *size))


def play(scene, term, visit):
    steps, env, sizes, _ = SCENES[scene]
    with tempfile.TemporaryDirectory(prefix="qins-golden-") as folder:
        env = dict(TERMS[term], **{"FAKE_TEXT": ANSWER, **env})
        for name in ("FAKE_TEXT", "FAKE_THINKING"):
            if name in env:
                with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                    f.write(env[name])
                env[name] = f.name
        with Played([FAKE, "--format", "f32", MODEL], **env) as s:
            steps(s)
            for size in sizes:
                s.resize(*size)
                visit(s, golden_file(scene, term, size))


def compare(s, name):
    with open(name, encoding="utf-8") as f:
        expected = f.read()
    end = time.monotonic() + SECONDS / 3
    while (got := normalised(s.shows())) != expected:
        if time.monotonic() > end:
            raise AssertionError("%s differs:\n%s\nnot\n%s" % (os.path.basename(name), got, expected))
        time.sleep(0.03)


def renew(s, name):
    with open(name, "w", encoding="utf-8") as f:
        f.write(s.settled())


def tests():
    def test_of(scene, term):
        return lambda: play(scene, term, compare)
    return {"test_%s_%s" % (scene, term): test_of(scene, term)
            for scene, (_, _, _, terms) in SCENES.items() for term in terms}


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--renew":
        for wanted in sys.argv[2:] or SCENES:
            for kind in SCENES[wanted][3]:
                if kind not in CONSOLES:
                    play(wanted, kind, renew)
    else:
        run_tests(tests())
