# SPDX-License-Identifier: MIT
"""Pages over the chat, notices longer than a row, what the reader's keys do, in tmux with an engine that
says what a test wants."""
import os
import tempfile

from terminal import Screen, program, run_tests

FAKE = program("tests/ui/qins-tui-fake")
HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "golden", "model.qins")
FOLDER = tempfile.TemporaryDirectory(prefix="qins-pages-")


def start(answer="The answer.\n", **more):
    text = os.path.join(FOLDER.name, "answer.txt")
    with open(text, "w", encoding="utf-8") as f:
        f.write(answer)
    s = Screen([FAKE, "--format", "f32", MODEL], columns=80, rows=24, FAKE_TEXT=text, **more)
    s.wait("Ready")
    return s


def send(s, text):
    s.text(text)
    s.keys("Enter")


def test_a_command_typed_over_a_page_is_not_taken_silently():
    with start() as s:
        s.keys("F1")
        s.wait(r"^─ Help - Esc closes this page ─+$")
        s.text("/regen")
        s.keys("Enter")
        s.wait(r'searched the page for "regen"; Esc closes it, then /regen is a command')
        s.keys("Escape")
        s.wait("Help - ", gone=True)
        send(s, "/regen")
        s.wait("searched the page", gone=True)


def test_a_page_has_the_keys():
    with start() as s:
        s.keys("F1")
        s.wait(r"^─ Help - Esc closes this page ─+$")       # as wide as the screen
        s.wait(r"^    Alt-,  +previous version of an answer or message$")
        s.wait(r"^ q close   Down/Up scroll")
        s.keys("Down", "Down")
        s.wait(r"^  Everywhere", gone=True)
        s.keys("End")
        s.wait(r"^    //text  +send text")
        s.text("/next line")                                # to find, not a command
        s.keys("Enter")
        s.wait(r" not found ")
        s.text("q")
        s.wait("Help - ", gone=True)
        s.text("/about")                                    # the input has the keys again
        s.keys("Enter")
        s.wait(r"^─ About QINS - Esc closes")
        s.keys("End")
        s.wait("its own chat template")
        s.keys("Escape")
        s.wait("About QINS", gone=True)
        s.keys("Tab", "Tab")
        s.text("?")
        s.wait("Help - ")


def test_a_long_notice_is_shown_whole():
    with start() as s:
        s.text("/set ")
        s.keys("Tab")
        s.wait(r"(?s)^ clipboard  color .*\n .*top_p_rule  weights$")
        s.keys("Left")                                      # any key takes it away
        s.wait("top_p_rule", gone=True)
        s.wait(r"^ Enter send ")
        s.keys("C-u")
        send(s, "/set repeat_last_n")
        s.wait(r"repeat_last_n is 64; .*\n.*1048576\)$")
        s.resize(40, 12)
        s.wait(r"(?s)repeat_last_n is 64; .*\n.*\n.*1048576\)$")


def test_lists_say_what_enter_does():
    with start() as s:
        send(s, "one")
        s.wait("QINS  The answer")
        s.keys("F2")
        s.wait(r"^ Enter open   Esc back   Ctrl-R rename   Ctrl-D delete   type to search$")
        s.resize(46, 10)
        s.wait(r"^ Enter open   Esc back   Ctrl-R rename$")  # whole hints or none
        s.resize(80, 24)
        s.keys("Escape")
        s.wait(r"^ Enter send")
        send(s, "/branch")
        s.wait(r"^ Enter continue from there   Esc back   type to search$")
        s.keys("Escape")
        s.wait(r"^ Enter send")
        send(s, "/model")
        s.wait(r"^ Enter load   Esc back   type to search$")


def test_what_is_found_is_what_is_copied():
    with start(TERM="linux") as s:                          # has no clipboard: the copy is a file
        send(s, "a needle")
        s.wait("QINS  The answer")
        send(s, "another")
        s.wait(r"(?s)QINS  The answer.*QINS  The answer")
        s.keys("Tab", "Tab")
        s.wait(r"^.QINS  The answer")
        s.text("/needle")
        s.keys("Enter")
        s.wait(" 1/1 ")
        s.text("y")
        s.wait(r"copied your message \(8 bytes\) ")


def test_what_is_found_stays_when_the_screen_changes():
    with start("needle, needle, hay, needle and more of it in a line that is long.\n") as s:
        send(s, "one")
        s.wait("QINS  needle")
        send(s, "/find needle")
        s.wait(" 1/3 ")
        s.text("n")
        s.wait(" 2/3 ")
        for size in ((40, 12), (30, 8), (100, 30)):
            s.resize(*size)
            s.wait(" 2/3 ")
        s.text("v")
        s.wait("Answers as raw text")
        s.wait(" 2/3 ")


def test_copies_reach_the_tmux_that_it_runs_in():
    with start("an answer", OWN_TMUX=True) as s:
        send(s, "question")
        s.wait("an answer")
        send(s, "/copy")
        s.wait(r"Copied the answer \(9 bytes\) to tmux's buffer")
        assert s.tmux("show-buffer") == "an answer"


def test_code_is_copied_by_its_number():
    with start("```\none\n```\n\n```\ntwo two\n```\n", TERM="linux") as s:
        send(s, "code")
        s.wait("two two")
        send(s, "/copy code 2")
        s.wait(r"copied code block 2 \(8 bytes\) ")
        send(s, "/copy code 3")
        s.wait(r"The last answer has no code block 3")
        send(s, "/copy code 0")
        s.wait(r"or /copy code N")


def test_a_question_is_seen_on_the_smallest_screen():
    with start("x" * 300, FAKE_CONTEXT="80", FAKE_PIECE="5") as s:
        s.resize(20, 4)
        send(s, "one")
        s.wait(r"^ The context is 80$")
        send(s, "two")
        s.wait(r"^ The context is$")
        s.text("n")
        s.wait("The context is$", gone=True)


def test_an_answer_is_written_anew():
    with start("Yes, and") as s:
        send(s, "Is it so?")
        s.wait("QINS  Yes, and")
        send(s, "/edit answer")
        s.wait("^─ New version of the answer")
        s.wait("^ > Yes, and")
        s.keys("C-u")
        send(s, "No, since")
        s.wait(r"^ QINS  No, since\s.*\n 2/2")
        send(s, "/continue")
        s.wait(r"^ QINS  No, sinceYes, and")               # the engine says the same again
        s.keys("M-,")
        s.wait(r"^ QINS  Yes, and\s.*\n 1/2")
        send(s, "/edit nothing")
        s.wait("/edit, or /edit answer")


def test_bare_is_over_when_it_is_left():
    with start() as s:
        send(s, "one")
        s.wait("QINS  The answer")
        s.keys("F4")
        s.wait("QINS", gone=True)
        s.keys("Escape")
        s.wait("QINS  The answer")
        s.keys("Tab", "Tab")
        s.wait(r"^ b page up")
        s.wait("QINS  The answer")


def test_what_no_token_has_felt_is_marked():
    with start() as s:
        send(s, "/set temperature 1.5")
        s.wait(r"Sampling +\* next answer")
        s.wait(r"Temperature .* \*1\.5$")
        send(s, "/set temperature 0.7")
        s.wait(r"Temperature .* 0\.7$")
        s.wait(r"Sampling +changed")
        send(s, "/preset precise")
        s.wait(r"Sampling +\* next answer")
        s.wait(r"Temperature .* \*0\.2$")
        send(s, "one")
        s.wait(r"Sampling +precise")
        s.wait(r"Temperature .* 0\.2$")


def test_measuring_is_shown():
    with start("x" * 400, FAKE_HOLD="3") as s:
        send(s, "/bench")
        s.wait("Measuring$")
        s.keys("Escape")
        s.wait("Benchmark cancelled")
        s.wait("Ready$")


if __name__ == "__main__":
    run_tests(dict(globals()))
