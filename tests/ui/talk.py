# SPDX-License-Identifier: MIT
"""The conversation in lines: on terminals that can do no more, for screen readers, and asked for."""
import os
import signal
import sqlite3
import subprocess
import tempfile
import time

from terminal import Screen, environment, program, run_tests, shared

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


class Lines:
    """An engine that says what a test wants, and one HOME for several programs."""
    def __init__(self, text="An answer."):
        self.folder = tempfile.TemporaryDirectory(prefix="qins-talk-")
        self.text = self.path("answer.txt")
        with open(self.text, "w", encoding="utf-8") as f:
            f.write(text)

    def path(self, *names):
        return os.path.join(self.folder.name, *names)

    def start(self, *flags, **env):
        s = Screen([FAKE, "--plain", "--format", "f32", *flags, os.path.join(SOURCE, "meson.build")],
                   FAKE_TEXT=self.text, XDG_STATE_HOME=self.path("state"), **env)
        s.wait(r"^You: ?$")
        return s

    def texts(self):
        db = sqlite3.connect(self.path("state", "qins", "conversations.db"))
        rows = db.execute("SELECT CAST(text AS TEXT) FROM message ORDER BY conversation, number").fetchall()
        db.close()
        return [row[0] for row in rows]


def say(s, text):
    s.text(text)
    s.keys("Enter")


def test_what_is_said_is_kept_and_opened_again():
    lines = Lines()
    with lines.start() as s:
        say(s, "about ice")
        s.wait(r"(?s)^Assistant: An answer\.\nYou: ?$")
        say(s, "/new")
        s.wait(r"^A new conversation\.")
        say(s, "about fire")
        s.wait(r"(?s)fire\nAssistant: An answer\.\nYou: ?$")
        say(s, "/save Flames")
        s.wait(r'^Saved as "Flames"')
        say(s, "/export " + lines.path("out.md"))
        s.wait(r"^Written: .*out\.md")
        s.keys("C-d")
        s.wait("EXIT=0")
    assert lines.texts() == ["about ice", "An answer.", "about fire", "An answer."]
    with lines.start("--continue") as s:
        s.wait(r"(?s)^You: about fire\nAssistant: An answer\.\nYou: ?$")
        say(s, "/open")
        s.wait(r"^1\. Flames, 2 messages, \d\d:\d\d\n2\. about ice, 2 messages")
        say(s, "/open ice")
        s.wait(r"(?s)^You: about ice\nAssistant: An answer\.\nYou: ?$")
        say(s, "/open antarctic")
        s.wait(r"^No conversation is found for antarctic")
        say(s, "more ice")
        s.wait(r"(?s)more ice\nAssistant: An answer\.\nYou: ?$")
    assert lines.texts()[:4] == ["about ice", "An answer.", "more ice", "An answer."]


def test_versions_in_lines():
    lines = Lines()
    with lines.start() as s:
        say(s, "one")
        s.wait(r"(?s)^Assistant: An answer\.\nYou: ?$")
        say(s, "/regen")
        s.wait(r"(?s)/regen\nAssistant: An answer\.\nYou: ?$")
        say(s, "/undo")
        s.wait(r"(?s)^The last exchange is taken back\.\nYou: ?$")
        say(s, "/continue")
        s.wait(r"^The last answer is complete\.")
    assert lines.texts() == ["one", "An answer.", "An answer."]


def test_an_answer_that_is_killed_is_kept():
    lines = Lines("A sentence. " * 1000)
    with lines.start(FAKE_HOLD="30") as s:
        say(s, "go")
        s.wait(r"^Assistant: A sentence\.")
        end = time.monotonic() + 30
        while not any(t.startswith("A sentence.") for t in lines.texts()):   # within a second, or so
            assert time.monotonic() < end
            time.sleep(0.05)
        os.kill(s.pid(), signal.SIGKILL)
        s.wait("EXIT=137")
    with lines.start("--continue") as s:
        s.wait(r"(?s)^You: go\nAssistant: A sentence\..*^\[interrupted; /continue goes on\]$")


def test_the_system_prompt_is_written_in_an_editor():
    lines = Lines()
    editor = lines.path("editor")
    with open(editor, "w", encoding="ascii") as f:
        f.write("#!/bin/sh\nprintf 'Be brief.\\nBe kind.\\n' >\"$1\"\n")
    os.chmod(editor, 0o755)
    with lines.start("--system", "Before.", EDITOR=editor) as s:
        say(s, "/system edit")
        s.wait(r"^The system prompt holds from the next message on\.")
        say(s, "/system")
        s.wait(r"^System prompt: Be brief\.\n *Be kind\.$")
        os.kill(s.pid(), signal.SIGQUIT)  # what Ctrl-\ sends: the editor's no more
        s.wait("EXIT=131")
    with lines.start("--system", "Before.", EDITOR="false") as s:
        say(s, "/system edit")
        s.wait(r"^false ended with code 1: the input is as it was")
        say(s, "/system")
        s.wait(r"^System prompt: Before\.$")


def test_nothing_is_kept_of_pipes_and_when_so_asked():
    lines = Lines()
    with lines.start("--no-save") as s:
        say(s, "a secret")
        s.wait(r"^Assistant: An answer")
        say(s, "/save")
        s.wait(r"^Nothing is saved: --no-save")
        say(s, "/open")
        s.wait(r"(?s)no-save.*Nothing is saved")
    subprocess.run([FAKE, "--chat", "--format", "f32", os.path.join(SOURCE, "meson.build")], input=b"hello\n",
                   env=environment(lines.folder.name, FAKE_TEXT=lines.text, XDG_STATE_HOME=lines.path("state")),
                   stdout=subprocess.DEVNULL, check=True)
    assert not os.path.exists(lines.path("state"))


if __name__ == "__main__":
    run_tests(dict(globals()))
