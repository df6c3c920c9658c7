# SPDX-License-Identifier: MIT
"""/tokens: how likely each token of an answer was, on the screen and in a file, and other choices. The fake engine has
one token an answer; a real model's numbers are checked by what they must add up to."""
import contextlib
import json
import math
import os
import subprocess
import tempfile

from terminal import Screen, environment, program, run_tests, shared

FAKE = program("tests/ui/qins-tui-fake")
TUI = program("ui/qins-tui")
MODEL = os.path.join(os.environ.get("QINS_SOURCE", "."), "meson.build")  # any file: the engine does not read it


@contextlib.contextmanager
def answered(answer, columns=100, rows=30, **env):
    """The program, with its chat in focus, when it has said this."""
    with tempfile.TemporaryDirectory(prefix="qins-tokens-") as home:
        text = os.path.join(home, "text")
        with open(text, "w", encoding="utf-8") as f:
            f.write(answer)
        with Screen([FAKE, "--format", "f32", MODEL], columns, rows, FAKE_TEXT=text, XDG_STATE_HOME=home, **env) as s:
            s.wait("Ready")
            s.text("hello")
            s.keys("Enter")
            s.wait("".join(c if c.isalnum() else "." for c in answer[:8]))
            s.wait("Ready")
            s.keys("Tab", "Tab")
            yield s


def test_the_view():
    with answered("An answer.") as s:
        s.keys("p")
        s.wait(r'Token 1 of 1  "t1" 0\.67, 1\.2 bits')
        s.wait(r'1 "t1" 0\.67 +2 "t0" 0\.24 +3 "t2" 0\.09')
        s.wait(r"tinted by probability")
        s.keys("e")
        s.wait(r"tinted by how open the choice was")
        s.keys("Left", "Right", "Up", "Down", "PPage", "NPage", "Home", "End", "7")
        s.wait(r"Token 1 of 1")  # there is no seventh choice
        s.keys("2")
        s.wait(r"Token 1 of", gone=True)
        s.wait(r"^\S?\s*2/2 ")
        s.wait(r"An answer\.")
        s.wait("Ready")
        s.keys("p")
        s.wait(r"Token 1 of 1")
        s.keys("Escape")
        s.wait(r"Token 1 of", gone=True)


def test_all_choices_show_where_there_is_room():
    with answered("An answer.", FAKE_CHOICES="8") as s:
        s.keys("p")
        s.wait(r'8 "t7" <0\.01')
        s.resize(30, 30)
        s.wait(r'^  7 "t6" <0\.01 8 "t7" <0\.01$')
        s.resize(100, 8)  # one row of them
        s.wait(r'8 "t7"', gone=True)
        s.wait(r'4 "t3" 0\.0')
        s.keys("8")
        s.wait(r"1/1 +\"t1\"|Token 1 of 1")
        s.resize(20, 6)
        s.wait(r'1/1 "t1"')
        s.wait(r'1 "t1" 0\.')
        s.keys("2")  # is not shown
        s.wait(r'1/1 "t1"')
        s.keys("1")
        s.wait(r'1/1 "t1"', gone=True)


def test_a_character_of_several_tokens_is_whole():
    """The fake engine's tokens are bytes when it reads an answer again, as one must that was opened."""
    with tempfile.TemporaryDirectory(prefix="qins-tokens-") as home:
        text = os.path.join(home, "text")
        with open(text, "w", encoding="utf-8") as f:
            f.write("\u65e5\u672c caf\u00e9")
        names = {"FAKE_TEXT": text, "XDG_STATE_HOME": home}
        with Screen([FAKE, "--format", "f32", MODEL], **names) as s:
            s.wait("Ready")
            s.text("hello")
            s.keys("Enter")
            s.wait(r"\u65e5\u672c caf\u00e9")
            s.wait("Ready")
            s.text("/quit")
            s.keys("Enter")
            assert s.exit_code() == 0
        with Screen([FAKE, "--format", "f32", "--continue", MODEL], FAKE_BYTES="1", **names) as s:
            s.wait("Ready")
            s.text("/tokens")
            s.keys("Enter")
            s.wait(r"Token 1 of 12  <E6> ")
            s.wait(r"^\s+\u65e5\u672c caf\u00e9\s")
            s.wait(r'1 <C3> 0\.67 +2 <E6 97> 0\.24 +3 "x" 0\.09')
            s.keys("Right", "Right")
            s.wait(r"Token 3 of 12  <A5> ")
            s.wait(r"^\s+\u65e5\u672c caf\u00e9\s")
            s.keys("End")
            s.wait(r"Token 12 of 12  <A9> ")


def test_a_file():
    """Greedy: each token is the likeliest one, and probabilities are such. The second time the text is read again."""
    with tempfile.TemporaryDirectory(prefix="qins-tokens-") as home:
        command = [TUI, "--chat", "--temperature", "0", "-n", "20", shared("models/stories260K-phi3")]
        for name, lines in (("a.json", "Once upon a time\n/tokens ~/a.json\n/tokens ~/a.json\n"),
                            ("b.json", "Once upon a time\n/tokens 3 2\n/tokens ~/b.json\n")):
            p = subprocess.run(command, input=lines.encode(), capture_output=True, check=False, timeout=60,
                               env=environment(home))
            assert p.returncode == 0, p.stderr
            with open(os.path.join(home, name), encoding="utf-8") as f:
                tokens = json.load(f)["tokens"]
            assert len(tokens) == 20
            for i, t in enumerate(tokens):
                p = [c["p"] for c in t["choices"]]
                assert len(p) == 8 and p == sorted(p, reverse=True) and 0 < sum(p) < 1.000001
                assert t["entropy_bits"] > -sum(q * math.log2(q) for q in p) - 1e-3
                assert t["choices"][int(name == "b.json" and i == 2)]["id"] == t["id"]


if __name__ == "__main__":
    run_tests(dict(globals()))
