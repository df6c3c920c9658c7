# SPDX-License-Identifier: MIT
"""Keys in, screen out: scenes are played in tmux with an engine that says what a scene wants, and the
screens are compared with the files in golden/. Numbers that differ between machines are replaced.

    python3 tests/ui/golden.py --renew [SCENE]...    writes the files anew; read the diff before keeping it
"""
import os
import re
import sys
import tempfile
import time

from terminal import SECONDS, Screen, program, run_tests

FAKE = program("tests/ui/qins-tui-fake")
HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "golden", "model.qins")  # any file: the engine does not read it
SIZES = [(20, 4), (40, 10), (80, 24), (100, 30), (200, 60)]
TERMS = {"xterm": {"TERM": "xterm-256color"}, "screen": {"TERM": "screen"},
         "ascii": {"TERM": "xterm", "LC_ALL": "C"}}

ANSWER = ("Light takes the path that needs the least time.\n\nThat is why a straw in a glass of water "
          "looks broken: light is slower in water than in air, so the quickest way from the straw to "
          "the eye bends at the surface.\n\n1. In air it runs far.\n2. In water it runs short.\n")


def scene_first(s):
    s.wait(r"Alt-1  Explain")


def scene_answer(s):
    s.wait("Ready")
    s.text("Why does a straw look broken?")
    s.keys("Enter")
    s.wait(r"Stopped by +end of answer")


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
        s.wait(r"Stopped by|\(y/n\)")
    s.wait(r"\(y/n\)")


SCENES = {
    "first": (scene_first, {}),
    "answer": (scene_answer, {}),
    "answering": (scene_answering, {"FAKE_HOLD": "20"}),
    "sliders": (scene_sliders, {}),
    "help": (scene_help, {}),
    "full": (scene_full, {"FAKE_CONTEXT": "80", "FAKE_PIECE": "5"}),
}


def normalised(screen):
    """What depends on the machine or the moment: memory in use, and the graphs."""
    screen = re.sub(r"((?:Resident|  private|  mapped)) +\d[\d.]* ?\w+",
                    lambda m: m.group(1).ljust(len(m.group()) - 8) + " # bytes", screen)
    screen = re.sub(r"RSS \d[\d.]* \w*", "RSS #", screen)
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
    return os.path.join(HERE, "golden", "%s-%s-%dx%d.txt" % (scene, term, *size))


def play(scene, term, visit):
    steps, env = SCENES[scene]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as text:
        text.write(ANSWER)
        text.flush()
        with Played([FAKE, "--format", "f32", MODEL], FAKE_TEXT=text.name,
                    **TERMS[term], **env) as s:
            steps(s)
            for size in SIZES:
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
    return {"test_%s_%s" % (scene, term): test_of(scene, term) for scene in SCENES for term in TERMS}


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--renew":
        for wanted in sys.argv[2:] or SCENES:
            for kind in TERMS:
                play(wanted, kind, renew)
    else:
        run_tests(tests())
