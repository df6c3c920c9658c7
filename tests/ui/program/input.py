# SPDX-License-Identifier: MIT
"""The input on a real screen: pastes, the person's editor, history between runs, searches, vi's keys, two-key
bindings, completion, and noise by the megabyte."""
import os
import random
import re
import select
import shutil
import signal
import stat
import tempfile
import time

from terminal import Pty, Screen, needs_proc, program, run_tests

FAKE = program("tests/ui/qins-tui-fake")
MODEL = os.path.join(os.environ.get("QINS_SOURCE", "."), "meson.build")
FOLDER = tempfile.mkdtemp(prefix="qins-input-")


def script(name, body):
    path = os.path.join(FOLDER, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n" + body)
    os.chmod(path, 0o755)
    return path


def start(flags=(), text="answer", **env):
    name = os.path.join(FOLDER, "text")
    with open(name, "w", encoding="utf-8") as f:
        f.write(text)
    env.setdefault("XDG_STATE_HOME", tempfile.mkdtemp(dir=FOLDER))
    s = Screen([FAKE, "--format", "f32", *flags, MODEL], FAKE_TEXT=name, TMPDIR=FOLDER, **env)
    s.wait(r"Ready$")
    return s


def pour(p, data):
    """Much input, as fast as it is taken."""
    data, end = memoryview(data), time.monotonic() + 120
    os.set_blocking(p.master, False)
    while data:
        assert time.monotonic() < end, "%d bytes are left" % len(data)
        assert p.child.poll() is None, (p.child.poll(), p.errors(), p.out[-300:])
        readable, writable, _ = select.select([p.master], [p.master], [], 1)
        if readable:
            p.out = p.out[-10000:] + os.read(p.master, 65536)
        if writable:
            try:
                data = data[os.write(p.master, data[:4096]):]
            except BlockingIOError:
                pass
    os.set_blocking(p.master, True)


def leave(s, says=""):
    s.keys("C-c", "C-d")
    code = s.exit_code()
    assert code == 0 and re.fullmatch(says, s.stderr()), (code, s.stderr())


def test_long_pastes_are_folded_and_sent_whole():
    with start() as s:
        s.text("look: ")
        s.paste("".join("row %d\n" % i for i in range(1, 13)))
        s.wait(r"^ > look: \[pasted\s12\slines,\s\d+\sbytes\]")
        s.wait(r"A long paste is shown folded")
        s.text(" end")
        s.wait(r"bytes\] end")
        s.keys("Left", "Left", "Left", "Left", "BSpace")  # over it, and away with it
        s.wait(r"pasted", gone=True)
        s.wait(r"look:  end")
        s.keys("C-_")
        s.wait(r"look: \[pasted")
        s.keys("Enter")
        s.wait(r"^ You   look: row 1 ")
        s.wait(r"^       row 12 ")
        leave(s)


def test_unfolding_shows_the_text():
    with start() as s:
        s.paste("".join("row %d\n" % i for i in range(1, 13)))
        s.wait(r"pasted")
        s.keys("C-o")
        s.wait(r"^   row 12")
        s.keys("C-_")
        s.wait(r"^ > \[pasted")
        leave(s)


def test_a_very_long_paste_is_asked_about():
    with start(["--paste-confirm", "20"]) as s:
        s.paste("line\n" * 21)
        s.wait(r"Insert a paste of 21 lines\? \(y/n\)")
        s.keys("x")  # neither yes nor no
        s.wait(r"\(y/n\)")
        s.keys("n")
        s.wait(r"\(y/n\)", gone=True)
        s.wait(r"Write a message")
        s.paste("line\n" * 21)
        s.wait(r"\(y/n\)")
        s.keys("y")
        s.wait(r"\[pasted\s21\slines")
        leave(s)


def test_what_is_pasted_is_never_carried_out():
    with Pty([FAKE, "--format", "f32", MODEL]) as p:
        p.wait(b"Ready")
        p.send(b"\033[200~/quit\n\x04\x03\033[201~")
        p.wait(b"/quit")
        p.send(b"\033[200~a\033[201~/quit\r")  # its end inside it: what follows is typed, after the paste
        p.wait(rb"/quit\s*")
        time.sleep(0.3)
        p.read(0.1)
        assert p.child.poll() is None  # "/quit\na/quit" is no command of ours
        p.child.send_signal(signal.SIGTERM)
        assert p.exit_code() == 143


def test_tens_of_megabytes_are_refused_quickly():
    with Pty([FAKE, "--format", "f32", MODEL]) as p:
        p.wait(b"Ready")
        pour(p, b"\033[200~" + b"0123456789abcdef \n" * (50 << 20 >> 4) + b"\033[201~")
        p.wait(rb"The input is full")
        p.child.send_signal(signal.SIGTERM)
        assert p.exit_code() == 143


# ---- $EDITOR ----

def with_editor(editor, **env):
    s = start(EDITOR=editor, **env)
    s.text("my words")
    s.wait(r"my words")
    s.keys("C-x", "C-e")
    return s


def left_over():
    return [n for n in os.listdir(FOLDER) if re.fullmatch(r"qins-.{6}", n)]


def test_the_editor_gets_the_text_and_gives_it_back():
    look = os.path.join(FOLDER, "seen")
    editor = script("good", 'test "$1" = "an arg" && exit 3\nls -ld "${2%%/*}" "$2" >%s\n'
                            'cat "$2" >>%s\nprintf "more\\nlines\\n" >>"$2"\n' % (look, look))
    with with_editor(editor + " --flag") as s:
        s.wait(r"^ > my words$|^ > my words ")
        s.wait(r"^   lines")
        with open(look, encoding="utf-8") as f:
            seen = f.read()
        assert re.match(r"drwx------.* /.*\n-rw-------.* /.*/message.md\nmy words\n", seen), seen
        assert not left_over()
        s.keys("Enter")
        s.wait(r"^ You   my words$|^ You   my words ")
        leave(s)


def test_whatever_the_editor_does_the_text_stays():
    for body, told in (
            ("exit 1\n", r"exited with 1; your input is unchanged *$"),
            ("kill -9 $$\n", r"killed by signal 9; your input is unchanged *$"),
            ("rm \"$1\"\n", r"left no file; your input is unchanged *$"),
            ("truncate -s 1G \"$1\"\n", r"message\.md.*"),
            ("rm \"$1\"; mkdir \"$1\"\n", r"message\.md.*"),
            ("stty raw -echo\nexit 2\n", r"exited with 2")):
        with with_editor(script("bad", body)) as s:
            s.wait(told)
            s.wait(r"^ > my words")
            s.text(" and more")
            s.wait(r"^ > my words and more")
            leave(s)
    for editor in ("/nonexistent/editor", FOLDER):
        with with_editor(editor) as s:
            s.wait(r"set VISUAL or EDITOR to an editor")
            s.wait(r"^ > my words")
            leave(s)
    with with_editor(script("bytes", "printf 'a\\377b\\033[2Jc' >\"$1\"\n")) as s:
        s.wait("^ > a\ufffdb\\[2Jc")
        s.wait(r"not UTF-8")
        leave(s)


def test_without_a_variable_it_is_vi():
    path = os.path.join(FOLDER, "bin")
    empty = os.path.join(FOLDER, "no-bin")
    os.makedirs(path)
    os.makedirs(empty)
    shutil.move(script("vi", 'printf "by vi" >"$1"\n'), path)
    for editor in "", " \t":
        with start(PATH="%s:%s" % (path, os.environ["PATH"]), EDITOR=editor, VISUAL="") as s:
            s.keys("C-g")
            s.wait(r"^ > by vi")
            leave(s)
    with Pty([FAKE, "--format", "f32", MODEL], EDITOR="", VISUAL="", PATH=empty) as p:
        p.wait(b"Ready")
        p.send(b"\x18\x05")
        p.wait(b"vi: No such file or directory; set VISUAL or EDITOR")
        p.send(b"\x04")
        assert p.exit_code() == 0


def test_keys_that_end_the_editor_end_nothing_else():
    editor = script("slow", "echo at work\nexec sleep 100\n")
    for key, number in ((b"\x03", b"2"), (b"\x1c", b"3")):
        with Pty([FAKE, "--format", "f32", MODEL], EDITOR=editor, TMPDIR=FOLDER,
                 XDG_STATE_HOME=tempfile.mkdtemp(dir=FOLDER)) as p:
            p.wait(b"Ready")
            p.send(b"my words\x18\x05")
            p.wait(b"at work")
            p.out = b""
            p.send(key)
            p.wait(rb"killed by signal " + number + rb"; your input is unchanged")
            p.wait(rb">[^>]*my words")
            p.send(b"\x03\x04")
            assert p.exit_code() == 0


def test_what_is_typed_behind_the_editor_waits_for_its_end():
    log = os.path.join(FOLDER, "runs")
    editor = script("once", "test -e {0}.busy && echo two at once >>{0}\ntouch {0}.busy\nsleep 0.2\n"
                            "rm {0}.busy\necho run >>{0}\nprintf text >\"$1\"\n".format(log))
    with Pty([FAKE, "--format", "f32", MODEL], EDITOR=editor, TMPDIR=FOLDER,
             XDG_STATE_HOME=tempfile.mkdtemp(dir=FOLDER)) as p:
        p.wait(b"Ready")
        p.send(b"\x18\x05\x18\x05 and tail")
        p.wait(rb"text[^>]*and[^>]*tail")
        with open(log, encoding="ascii") as f:
            assert f.read() == "run\nrun\n"
        p.send(b"\x03\x04")
        assert p.exit_code() == 0


def test_what_a_failing_editor_wrote_is_kept():
    for name in left_over():
        shutil.rmtree(os.path.join(FOLDER, name))
    with with_editor(script("half", "echo precious >>\"$1\"; exit 1\n")) as s:
        s.wait(r"exited with 1; your input is unchanged, what you wrote is in")
        s.wait(r"^ > my words")
        leave(s)
    (name,) = left_over()
    with open(os.path.join(FOLDER, name, "message.md"), encoding="utf-8") as f:
        assert f.read() == "my words\nprecious\n"


@needs_proc
def test_answers_go_on_while_the_editor_works():
    wait = os.path.join(FOLDER, "go")
    editor = script("waits", "while ! test -e %s; do sleep 0.05; done\necho done >\"$1\"\n" % wait)
    with start(text="word " * 3000 + "the end", EDITOR=editor, FAKE_DELAY_MS="1") as s:
        s.text("question")
        s.keys("Enter")
        s.wait(r"word word")
        s.keys("C-g")
        s.wait(r"QINS Chat", gone=True)
        pid = s.pid()

        def wakeups():
            with open("/proc/%d/status" % pid, encoding="ascii") as f:
                return int(re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)", f.read()).group(1))
        before = -1
        while before != wakeups():  # the answer is over, though nobody looks: the queue was emptied
            before = wakeups()
            time.sleep(0.3)
        with open(wait, "w", encoding="ascii"):
            pass
        s.wait(r"the end")
        s.wait(r"^ > done")
        leave(s)


# ---- history ----

def test_history_lasts_and_is_private():
    state = tempfile.mkdtemp(dir=FOLDER)
    with start(XDG_STATE_HOME=state) as s:
        for text in ("the first question", "a second one"):
            s.text(text)
            s.keys("Enter")
            s.wait("^ You   " + text)
            s.wait(r"Ready$")
        leave(s)
    mode = stat.S_IMODE(os.stat(os.path.join(state, "qins", "history")).st_mode)
    assert mode == 0o600, oct(mode)
    with start(XDG_STATE_HOME=state) as s:
        s.keys("C-r")
        s.text("ques")
        s.wait(r"\(reverse-i-search\)'ques'")
        s.wait(r"^ > the first question")
        s.until(s.cursor, (3 + len("the first "), s.cursor()[1]))
        s.keys("Enter")
        s.wait(r"^ You   the first question")
        s.keys("Up", "Up")
        s.wait(r"^ > a second one")
        leave(s)


def test_no_place_for_history_is_told_and_goes_on():
    with start(XDG_STATE_HOME="/proc/nowhere") as s:
        s.wait(r"qins/history: (No such file|Read-only)")
        s.text("hello")
        s.wait(r"history: (No such file|Read-only)", gone=True)
        s.keys("Enter")
        s.wait(r"^ You   hello")
        s.wait(r"^ QINS  answer")
        s.keys("Up")
        s.wait(r"^ > hello")
        leave(s, "qins-tui: Not saved: /proc/nowhere/qins: cannot create: .*\\n")


# ---- keys ----

def test_vi_keys_and_the_cursor():
    with start(["--keymap", "vi"]) as s:
        s.wait(r"^ INSERT")
        s.text("one two three")
        s.keys("Escape")
        s.wait(r"^ NORMAL")
        row = s.cursor()[1]
        s.until(s.cursor, (15, row))
        s.text("b")
        s.until(s.cursor, (11, row))
        s.text("cwend")
        s.wait(r"^ > one two end")
        s.wait(r"^ INSERT")
        s.keys("Escape")
        s.wait(r"^ NORMAL")
        s.text("0dwu")
        s.wait(r"^ > one two end")
        s.keys("Enter")
        s.wait(r"^ You   one two end")
        s.wait(r"^ INSERT")
        leave(s)


def test_keys_yaml():
    home = tempfile.mkdtemp(dir=FOLDER)
    os.makedirs(os.path.join(home, "qins"))
    name = os.path.join(home, "qins", "keys.yaml")
    with open(name, "w", encoding="utf-8") as f:
        f.write("input:\n  ctrl-x s: send\n  enter: newline\neverywhere:\n  f10: quit\n")
    with start(XDG_CONFIG_HOME=home) as s:
        s.wait(r"^ Ctrl-X s send")
        s.text("hello")
        s.keys("Enter")
        s.text("you")
        s.wait(r"^   you")
        s.keys("C-x", "s")
        s.wait(r"^ You   hello")
        s.keys("F1", "NPage")
        s.wait(r"Ctrl-X s +send the message")
        s.keys("F10")
        assert s.exit_code() == 0
    with open(name, "w", encoding="utf-8") as f:
        f.write("input:\n  ctrl-g: fly\n")
    with Screen([FAKE, MODEL], XDG_CONFIG_HOME=home) as s:
        assert s.exit_code() == 78
        assert "keys.yaml:2:11: unknown action \"fly\"" in s.stderr()


def test_tab_completes():
    with start() as s:
        s.text("/he")
        s.keys("Tab")
        s.wait(r"^ > /help")
        s.keys("C-u")
        s.text("/set keym")
        s.keys("Tab", "Tab")
        s.wait(r"^ emacs  vi")
        s.keys("v", "Tab", "Enter")
        s.wait(r"keymap is vi")
        leave(s)


def test_escape_and_slow_arrows():
    with start(ESCDELAY="600") as s:
        s.text("ab")
        s.wait(r"^ > ab")
        s.keys("Escape")  # and the rest of an arrow key, late, as on a slow link
        time.sleep(0.2)
        s.text("[Dx")
        s.wait(r"^ > axb")
        leave(s)


def test_pieces_of_characters_and_keys_come_late():
    """Half a second between the bytes of a character and of a sequence; Esc alone would be one by then."""
    with Pty([FAKE, "--format", "f32", MODEL], ESCDELAY="1000") as p:
        p.wait(b"Ready")
        for piece in b"a\xe4", b"\xb8", b"\xadb\033", b"[", b"1;", b"5D", b"c\xf0\x9f", b"d":
            p.send(piece)
            time.sleep(0.5)
            p.read(0)
        p.out = b""
        p.send(b"\x0c")  # drawn anew
        p.wait("cda\u4e2db".encode())  # one word to the left went the key; half a character is none
        p.send(b"\x03\x04")
        assert p.exit_code() == 0


@needs_proc
def test_megabytes_of_noise():
    rng = random.Random(9)
    with Pty([FAKE, "--format", "f32", MODEL], EDITOR="true",
             XDG_STATE_HOME=tempfile.mkdtemp(dir=FOLDER)) as p:
        p.wait(b"Ready")
        noise = rng.randbytes(int(os.environ.get("NOISE_BYTES", "1000000")))
        for key in (b"\x04", b"\x1a", b"\x07"):  # leaving, stopping and the editor are no noise
            noise = noise.replace(key, b"")
        pour(p, noise)
        p.send(b"\033[201~\033\\")

        def wakeups():
            with open("/proc/%d/status" % p.child.pid, encoding="ascii") as f:
                return int(re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)", f.read()).group(1))
        end = time.monotonic() + 60
        while time.monotonic() < end:  # and asleep afterwards
            for _ in range(20):
                p.read(0.02)
            before = wakeups()
            time.sleep(1.2)
            if wakeups() == before:
                break
        else:
            raise AssertionError("wakes up by itself")
        p.child.send_signal(signal.SIGTERM)
        assert p.exit_code() == 143
        p.restored()


if __name__ == "__main__":
    try:
        run_tests(dict(globals()))
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
