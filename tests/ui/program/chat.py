# SPDX-License-Identifier: MIT
"""qins-tui with a real model, in tmux: a message gets a story, sliders move, sizes change."""
import re

from terminal import Screen, program, run_tests, shared

MODEL = shared("models/stories260K-phi3")


def start(mouse=False, **more):
    screen = Screen([program("ui/qins-tui"), MODEL] + ["--mouse"] * mouse, **more)
    screen.wait(r"^ QINS Chat - stories260K-phi3 on CPU")
    screen.wait(r"Ready$")
    return screen


def test_a_message_gets_a_story_and_quit_restores():
    with start() as s:
        s.wait(r"Alt-1  Explain quantum computing in simple terms")
        s.text("Once upon a time")
        s.wait(r"^ > Once upon a time")
        s.keys("Enter")
        s.wait(r"^ You   Once upon a time")
        s.wait(r"^ QINS  \S+")
        s.wait(r"Last answer +\d+(\.\d)? tok/s")
        s.wait(r"Context +[1-9]\d* / 512")
        s.text("/quit")
        s.keys("Enter")
        assert s.exit_code() == 0
        assert s.stderr() == ""


def test_sliders_move_on_their_keys():
    with start() as s:
        s.wait(r">Temperature .*[ *]0\.7$")
        s.keys("F8")                                # from the input
        s.wait(r">Temperature .*[ *]0\.8$")
        s.keys("M-Right")
        s.wait(r">Temperature .*[ *]0\.9$")
        s.keys("Tab", "Down", "Left")
        s.wait(r">Top-p .*[ *]0\.85$")
        s.keys("Home")
        s.wait(r">Top-p .*[ *]0\.1$")
        s.keys("Down", "End")
        s.wait(r">Max tokens .*[ *]2048$")
        s.text("123")
        s.wait(r">Max tokens .*[ *]123_$")
        s.keys("Enter")
        s.wait(r">Max tokens .*[ *]123$")
        s.keys("r")
        s.wait(r">Max tokens .*[ *]512$")
        s.text("99999999999")
        s.keys("Enter")
        s.wait(r"max_tokens: .*99999999999.* is not")
        s.wait(r">Max tokens .*[ *]512$")


def test_the_mouse_moves_sliders_and_scrolls():
    with start(rows=40, mouse=True) as s:
        def at(pattern):
            rows = s.shows().split("\n")
            return [(i + 1, re.search(pattern, row).start() + 1) for i, row in enumerate(rows)
                    if re.search(pattern, row)][0]
        row, column = at("Top-k")
        s.text("\033[<0;%d;%dM" % (column, row))             # a click chooses
        s.wait(r">Top-k .* 0$")
        s.text("\033[<64;%d;%dM" % (column, row))            # the wheel moves
        s.wait(r">Top-k .*\*5$")
        row, column = at(r"Temperature")
        s.text("\033[<0;%d;%dM" % (column, row + 1))         # on the track's first cell
        s.wait(r">Temperature .*\*0\.1$")
        s.text("\033[<0;%d;%dM" % (column + 27, row + 1))    # and its last
        s.wait(r">Temperature .*\*2$")
        s.text("/about")
        s.keys("Enter")
        s.wait("keeps the weights")
        s.resize(100, 16)
        s.wait("Nothing is sent anywhere")                    # all was in sight: its end stays so
        s.keys("M-<")
        s.wait("keeps the weights")
        s.text("\033[<65;5;5M")
        s.wait("keeps the weights", gone=True)
        s.text("\033[<64;5;5M")
        s.wait("keeps the weights")


def test_max_tokens_apply():
    with start() as s:
        s.text("/set max_tokens 7")
        s.keys("Enter")
        s.wait(r"Max tokens .*[ *]7$")
        s.text("Once upon a time")
        s.keys("Enter")
        s.wait(r"\[max tokens reached\]")
        s.wait(r"Stopped( by)? +max tokens")


def test_sizes_from_one_cell_up():
    with start() as s:
        s.text("hello")
        for columns, rows, pattern in [
                (60, 20, r"\[temp 0\.7\]"), (1, 1, r""), (20, 4, r"^ > hello"),
                (19, 30, r"^qins-tui needs 20x4"), (200, 60, r"Temperature .*[ *]0\.7$"), (40, 3, r"needs 20x4"),
                (80, 24, r"Temperature .* 0\.7$"), (100, 30, r"Temperature .*[ *]0\.7$")]:
            s.resize(columns, rows)
            s.wait(pattern)
        s.wait(r"^ > hello")


def test_help_about_and_unknown_commands():
    with start() as s:
        s.keys("F1")
        s.wait(r"Everywhere")
        s.wait(r"Ctrl-Z +suspend")
        s.keys("Escape")
        s.wait(r"Everywhere", gone=True)
        s.text("/ab")
        s.keys("Tab")
        s.wait(r"^ > /about")
        s.keys("Enter")
        s.wait(r"QINS keeps the weights")
        s.wait(r"qins4 +4\.25")
        s.keys("Escape")
        s.wait(r"QINS keeps the weights", gone=True)  # Esc and a letter at once would be Alt
        s.text("/hlep me")
        s.keys("Enter")
        s.wait(r"Unknown command\. Did you mean /help\?")
        s.wait(r"^ > /hlep me")                     # the text stays
        s.keys("C-u")
        s.text("/set temprature 1")
        s.keys("Enter")
        s.wait(r"did you mean temperature")


def test_pastes_are_text():
    with start() as s:
        s.paste("/quit\nfirst\tline\nsecond \033[31mline\n")
        s.wait(r"^ > /quit .*\n   first +line .*\n   second \[31mline")
        s.keys("C-_")
        s.wait(r"Write a message")


def test_the_input_is_an_editor():
    with start() as s:
        s.text("one three")
        s.keys("M-b")
        s.text("two ")
        s.wait(r"^ > one two three")
        s.keys("C-j")
        s.wait(r"^ > one two\s.*\n   three")
        s.until(s.cursor, (3, 28))
        s.keys("C-a", "C-k", "C-y", "C-y")
        s.wait(r"^   threethree")
        s.keys("C-c")
        s.wait(r"Write a message")
        s.keys("Up")
        s.wait(r"^   threethree")
        s.keys("C-c", "C-c")
        s.wait(r"Ctrl-D or /quit to quit")
        s.keys("C-d")
        assert s.exit_code() == 0


if __name__ == "__main__":
    run_tests(dict(globals()))
