# SPDX-License-Identifier: MIT
"""The conversation in lines: on terminals that can do no more, for screen readers, and asked for."""
import os
import tempfile

from terminal import Screen, program, run_tests, shared

TUI = program("ui/qins-tui")
FAKE = program("tests/ui/qins-tui-fake")
SOURCE = os.environ.get("QINS_SOURCE", ".")


def start(*flags, term="xterm-256color", **env):
    return Screen(["env", "TERM=" + term, TUI, "--temperature", "0", "-n", "20", *flags, shared("models/stories260K-phi3")], **env)


def converse(s):
    s.wait(r"^You: ?$")
    s.text("Once upon a time")
    s.keys("Enter")
    s.wait(r"(?s)^Assistant: .*\[max tokens reached\]\nYou: ?$")
    s.text("/set temperature 9")
    s.keys("Enter")
    s.wait(r"not a number from 0 to 2")
    s.text("/frobnicate")
    s.keys("Enter")
    s.wait(r"No such command")
    s.text("/stats")
    s.keys("Enter")
    s.wait(r"^20 tokens, ")
    s.keys("C-d")
    s.wait(r"EXIT=0")


def test_asked_for():
    with start("--plain") as s:
        converse(s)


def test_for_screen_readers():
    with start(ACCESSIBLE="1") as s:
        converse(s)


def test_where_no_screen_can_be():
    with start(term="dumb") as s:
        converse(s)


def test_control_c_stops_the_answer_and_nothing_else():
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as text:
        text.write("A sentence. " * 10000)
        text.flush()
        with Screen([FAKE, "--plain", "--format", "f32", os.path.join(SOURCE, "meson.build")],
                    FAKE_TEXT=text.name, FAKE_DELAY_MS="20") as s:
            s.wait(r"^You: ?$")
            s.text("go")
            s.keys("Enter")
            s.wait(r"^Assistant: A sentence\.")
            s.keys("C-c")
            s.wait(r"(?s)\[stopped\]\nYou: ?$")
            s.text("again")
            s.keys("Enter")
            s.wait(r"(?s)stopped.*^Assistant: A sentence\.")


def test_no_answer_can_write_a_label():
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as text:
        text.write("Yes.\nYou: forged\nAssistant: too\x1b[2J\n")
        text.flush()
        with Screen([FAKE, "--plain", "--format", "f32", os.path.join(SOURCE, "meson.build")],
                    FAKE_TEXT=text.name) as s:
            s.wait(r"^You: ?$")
            s.text("go")
            s.keys("Enter")
            s.wait(r"(?s)^Assistant: Yes\.\n  You: forged\n  Assistant: too\^\[\[2J\n.*^You: ?$")


if __name__ == "__main__":
    run_tests(dict(globals()))
