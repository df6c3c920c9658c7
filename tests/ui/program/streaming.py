# SPDX-License-Identifier: MIT
"""qins-tui while text streams, in tmux, with an engine that answers as slowly as a test wants."""
import os
import tempfile
import time
import unicodedata

from terminal import Screen, program, run_tests

FAKE = program("tests/ui/qins-tui-fake")
SOURCE = os.environ.get("QINS_SOURCE", ".")
MODEL = os.path.join(SOURCE, "meson.build")  # any file: the engine does not read it


def start(text, **env):
    file = tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8")
    file.write(text)
    file.flush()
    screen = Screen([FAKE, "--format", "f32", MODEL], FAKE_TEXT=file.name, **env)
    screen.text_file = file  # kept as long as the screen
    return screen


def lines(n):
    return "".join("line %d of the answer\n" % i for i in range(n))


def test_escape_stops_and_keeps_the_text():
    with start(lines(10000), FAKE_DELAY_MS="20") as s:
        s.wait("Ready")
        s.text("go")
        s.keys("Enter")
        s.wait(r"line \d+ of the answer")
        s.keys("Escape")
        s.wait(r"^ +\[stopped\]")
        s.wait(r"line \d+ of the answer")
        s.wait(r"Stopped( by)? +you")
        s.text("again")
        s.keys("Enter")
        s.wait(r"^ You   again")
        s.keys("C-c")
        s.wait(r"(?s)\[stopped\].*\[stopped\]")


def test_typing_while_an_answer_runs():
    with start(lines(10000), FAKE_DELAY_MS="20") as s:
        s.wait("Ready")
        s.text("go")
        s.keys("Enter")
        s.wait("Answering")
        s.wait(r"First token +250 ms")  # known while the answer is written
        s.text("the next question")
        s.keys("Enter")
        s.wait(r"Esc takes it back")
        s.keys("Escape")
        s.wait(r"^ > the next question")
        row = [i for i, line in enumerate(s.shows().split("\n")) if "> the next" in line][0]
        s.until(s.cursor, (20, row))  # the hardware cursor is at the caret


def test_vowel_signs_with_a_cell_of_their_own_are_drawn():
    with start("हिन्दी กำลัง မြန်မာကြား 🇩🇪 👩‍👩‍👦 1️⃣ |end\n", FAKE_DELAY_MS="1") as s:
        s.wait("Ready")
        s.text("go")
        s.keys("Enter")
        s.wait("हिन्दी กำลัง မြန်မာကြား 🇩🇪 .*end")


def top(s):
    """The first lines of the chat, without the sidebar at any width."""
    return [line[:55].rstrip() for line in s.shows().split("\n")[2:10]]


def cells(line):
    """A line of the screen, a string a cell: wide characters take two."""
    out = []
    for c in line:
        out += [c, ""] if unicodedata.east_asian_width(c) in "WF" else [c]
    return out


def test_tabs_and_wide_characters_at_every_column():
    """Tabs lead to the next multiple of 8 of the text; what does not fit into a row whole begins the next one."""
    text = "".join("x" * k + "\t|\n" for k in range(17)) + "end\n"
    with start(text, QINS_MARKDOWN="false", rows=40) as s:
        s.wait("Ready")
        s.text("go")
        s.keys("Enter")
        s.wait("end")
        s.wait("Stopped( by)? +end")
        shown = [cells(line) for line in s.shows().split("\n")]
        gutter = next(line for line in shown if "".join(line).startswith(" QINS  ")).index("|") - 8
        bars = [line.index("|") - gutter for line in shown if "|" in line]
        assert bars == [k // 8 * 8 + 8 for k in range(17)], bars
    text = "".join("x" * k + "\u4e2d\u6587\n" for k in range(54, 66)) + "end"
    with start(text, QINS_MARKDOWN="false", columns=69, rows=40) as s:
        s.wait("Ready")
        s.text("go")
        s.keys("Enter")
        s.wait("^ +end")
        shown = s.shows()
        assert shown.count("\u4e2d") == shown.count("\u6587") == 12, shown
        assert max(len(cells(line)) for line in shown.split("\n")) == 69, shown
        rows = "".join(line[7:].strip() for line in shown.split("\n"))
        assert text.replace("\n", "") in rows, rows  # nothing is lost at the edge


def test_the_reader_stays_where_he_scrolled():
    with start(lines(10000), FAKE_DELAY_MS="5", FAKE_PIECE="30") as s:
        s.wait("Ready")
        s.text("go")
        s.keys("Enter")
        # more than the screen holds
        s.wait(r"line ([4-9]\d|\d{3,}) of the answer")
        s.keys("M-<")
        s.wait(r"^ You   go")
        s.wait(r"new text below")
        before = top(s)
        s.keys("PPage")
        s.wait(r"Answering")
        s.resize(90, 28)
        s.wait(r"^ You   go")
        s.until(lambda: top(s), before)
        s.keys("M->")
        s.wait(r"new text below", gone=True)
        s.wait(r"line \d{3,} of the answer")


def still(s):
    """The screen once nothing moves."""
    before = None
    while (now := s.shows()) != before:
        before = now
        time.sleep(0.3)
    return now


def test_changes_on_the_screen_are_what_a_new_one_shows():
    for term in ("vt100", "linux", "xterm-256color"):
        with start(lines(60) + "\n- an item\n" * 30, FAKE_DELAY_MS="1", FAKE_PIECE="9", TERM=term, rows=36) as s:
            s.wait("Ready")
            s.keys("Tab")
            for _ in range(14):  # up and down the sliders, past the 24 rows that terminfo tells of
                s.keys("Down", "Right")
            s.text("go")
            s.keys("Enter")
            s.wait(r"Stopped( by)? +end")
            s.keys("PPage", "PPage", "NPage", "F1", "F1", "C-j", "C-j", "C-j", "C-u")
            changed = still(s)
            s.keys("C-l")
            assert changed == still(s), "%s:\n%s\nis in truth\n%s" % (term, changed, s.shows())


def test_a_message_waits_for_the_model():
    with start("the answer", FAKE_LOADING_MS="1500") as s:
        s.wait(r"Loading \d+ %")
        s.text("early")
        s.keys("Enter")
        s.wait(r"^ You   early")
        s.text("too early")
        s.keys("Enter")
        s.wait(r"Esc takes it back")
        s.wait(r"(?s)^ QINS  the answer.*^ You   too early.*^ QINS  the answer")


def test_a_full_context_is_told_and_asks():
    # The system prompt and each message take 10 tokens, the answer 6 words.
    with start("one two three", FAKE_CONTEXT="50", FAKE_PIECE="2") as s:
        s.wait("Ready")
        s.text("first")
        s.keys("Enter")
        s.wait(r"Context +27 / 50")
        s.text("second")
        s.keys("Enter")
        s.wait(r"The context is 80 % full")
        s.wait(r"Context +47 / 50")
        s.wait(r" 94 %!")
        s.text("third")
        s.keys("Enter")                       # a prompt of 60
        s.wait(r"Drop the oldest exchange from what the model sees\? \(y/n\)")
        s.text("n")
        s.wait(r"\(y/n\)", gone=True)
        s.text("fourth")
        s.keys("Enter")
        s.wait(r"\(y/n\)")
        s.text("y")                           # 50: still no room
        s.wait(r"model no longer sees the oldest")
        s.wait(r"\(y/n\)")
        s.text("y")
        s.wait(r"(?s)fourth.*QINS  one two three")
        s.wait(r"Context +\d+ / 50")


def test_a_message_larger_than_the_context():
    with start("one two", FAKE_CONTEXT="15") as s:
        s.wait("Ready")
        s.text("first")
        s.keys("Enter")
        s.wait(r"The message does not fit into the context of 15 tokens")
        s.wait(r"^ QINS  \[context full\]")


def test_a_failure_leaves_the_screen_and_tells():
    with start("", FAKE_FAILURE="model.qins: \033[31mbad\nthing") as s:
        assert s.exit_code() == 65
        assert s.stderr() == "qins-tui: model.qins: ^[[31mbad^Jthing\n", s.stderr()


def test_commands_to_the_terminal_are_shown_as_text():
    with start("plain \033[2J\033]0;title\a \u009b31m safe\rEVIL \u202e end") as s:
        s.wait("Ready")
        s.text("go")
        s.keys("Enter")
        s.wait(r"plain \^\[\[2J\^\[\]0;title\^G \\x9b31m safe\^MEVIL <U\+202E> end")


def test_clear_while_an_answer_runs():
    with start(lines(10000), FAKE_DELAY_MS="10") as s:
        s.wait("Ready")
        s.text("go")
        s.keys("Enter")
        s.wait(r"line 2 of")
        s.text("/clear")
        s.keys("Enter")
        s.wait(r"Alt-1  Explain")
        s.keys("M-2", "Enter")
        s.wait(r"^ You   Write a haiku")
        s.wait(r"^ QINS  line 0 of")


def test_suspend_and_resume():
    file = tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8")
    with Screen(["sh", "-c", "exec bash --norc -i 2>/dev/tty"], FAKE_TEXT=file.name, PS1="shell> ") as s:
        s.wait(r"shell> ?$")
        s.text("%s --format f32 %s" % (os.path.abspath(FAKE), MODEL))
        s.keys("Enter")
        s.wait("Ready")
        s.text("kept")
        s.wait(r"^ > kept")
        for _ in range(3):
            s.keys("C-z")
            s.wait(r"Stopped")
            s.wait(r"^ > kept", gone=True)
            s.text("fg")
            s.keys("Enter")
            s.wait(r"^ > kept")
        s.keys("C-c", "C-d")
        s.wait(r"shell> ?$")


if __name__ == "__main__":
    run_tests(dict(globals()))
