# SPDX-License-Identifier: MIT
"""Terminals of odd sizes and kinds, slow ones and lost ones; signals in any state; replies that nobody asked
for. The engine says what a test wants; nothing here needs tmux."""
import fcntl
import os
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import time

from bytes import only_allowed, start
from terminal import HAS_PROC, SECONDS, Pty, program, run_tests, utf8_locale

FAKE = program("tests/ui/qins-tui-fake")
MODEL = os.path.join(os.environ.get("QINS_SOURCE", "."), "meson.build")
STORM_SECONDS = int(os.environ.get("STORM_SECONDS", "3"))
STREAM = b"".join(b"word %d\n" % i for i in range(200000))


def resize(p, columns, rows):
    fcntl.ioctl(p.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def answering(**env):
    p = start(STREAM, FAKE_DELAY_MS="5", **env)
    p.wait(b"Ready")
    p.send(b"go\r")
    p.wait(rb"word \d")
    return p


def redrawn(p, pattern=b"QINS Chat"):
    """A frame from nothing; -> its bytes."""
    drain(p)
    p.out = b""
    p.send(b"\x0c")
    p.wait(pattern)
    drain(p)
    return p.out


def drain(p, seconds=0.15):
    """What comes until there is a pause, or for a while."""
    end = time.monotonic() + 5 * seconds
    n = -1
    while n != len(p.out) and time.monotonic() < end:
        n = len(p.out)
        p.read(seconds)


def stays(p):
    assert p.child.poll() is None, (p.child.returncode, p.errors())


def leave(p):
    p.send(b"\x03")
    time.sleep(0.1)
    p.send(b"\x03\x04")
    assert p.exit_code() == 0, (p.child.returncode, p.errors())
    p.restored()


def modes(out):
    """What a terminal would be left with: private modes, colours, character set, keypad."""
    state = {"plain": True}
    for numbers, what in re.findall(rb"\033\[\?([\d;]+)([hl])", out):
        for number in numbers.split(b";"):
            state[int(number)] = what == b"h"
    for sgr in re.findall(rb"\033\[([\d;]*)m", out):
        if sgr not in (b"39", b"49", b"39;49"):
            state["plain"] = sgr in (b"", b"0")
    state["ascii"] = out.rfind(b"\x0e") <= out.rfind(b"\x0f") and out.rfind(b"\033(0") <= out.rfind(b"\033(B")
    state["keypad"] = out.rfind(b"\033=") > out.rfind(b"\033>")
    return state


# ---- sizes ----

def test_sizes_of_all_kinds():
    with start(STREAM[:5000], FAKE_PIECE="60") as p:
        p.wait(b"Ready")
        p.send(b"go\r")
        p.wait(b"of answer")
        for columns, rows in ((1, 1), (2, 1), (1, 200), (0, 0), (19, 4), (20, 4), (1000, 1000), (32767, 40),
                              (100, 30)):
            resize(p, columns, rows)
            out = redrawn(p, rb"\033\[[\d;]*H")
            stays(p)
            most = min(rows or 24, 500), min(columns or 80, 1000)
            for row, column in re.findall(rb"\033\[(\d+);(\d+)H", out):
                assert int(row) <= most[0] and int(column) <= most[1], (columns, rows, row, column)
        assert b"QINS Chat" in redrawn(p)
        leave(p)
        only_allowed(p.out)


def test_a_storm_of_sizes_while_an_answer_runs():
    with answering() as p:
        end = time.monotonic() + STORM_SECONDS
        n = 0
        while time.monotonic() < end:
            resize(p, 1 + n * 7919 % 300, 1 + n * 104729 % 100)
            n += 1
            p.read(0.005)
            p.out = p.out[-10000:]
        resize(p, 100, 30)
        out = redrawn(p, rb"Message")
        assert b"QINS Chat" in out
        p.send(b"\x03")
        p.wait(rb"\[stopped\]")
        leave(p)


def test_the_size_is_the_terminals_whatever_the_environment_says():
    with start(COLUMNS="5", LINES="3") as p:
        p.wait(b"Ready")
        p.wait(b"Sampling")
        leave(p)


def test_the_whole_screen_scrolls():
    for rows in 10, 30, 60:  # not the 24 rows of terminfo: a line feed below them would move what it should not
        with start(size=(100, rows)) as p:
            p.wait(b"Ready")
            assert re.findall(rb"\033\[(\d+);(\d+)r", p.out)[0] == (b"1", b"%d" % rows), rows
            leave(p)


# ---- kinds of terminal ----

def test_every_term_has_a_screen_or_lines():
    for term, full in (("", False), ("dumb", False), ("../../x", False), ("x" * 4096, False), ("no-such", False),
                       ("unknown", False), ("vt52", True), ("rxvt", True), ("screen.linux", True)):
        # ncurses leaks a block where it knows no such terminal
        with start(b"the answer", TERM=term, ASAN_OPTIONS="detect_leaks=%d" % full) as p:
            if full:
                p.wait(b"Ready")
                p.send(b"question\r")
                p.wait(b"of answer")
                p.send(b"\x04")
            else:
                p.send(b"question\n\x04")
            p.wait(b"the answer")
            assert p.exit_code() == 0, (term, p.errors())
            assert full or b"\033" not in p.out, (term, p.out)
            assert full or b"no screen" in p.errors()
    command = ["env", "-u", "TERM", FAKE, "--format", "f32", MODEL]
    with Pty(command) as p:
        p.send(b"/quit\n")
        assert p.exit_code() == 0
        assert b"\033" not in p.out


def test_locales_of_all_kinds():
    folder = tempfile.mkdtemp(prefix="qins-locale-")
    try:
        kinds = [({"LC_ALL": "xx_YY.nonsense"}, False), ({"LC_ALL": "", "LANG": "C"}, False),
                 ({"LC_ALL": "", "LANG": "", "LC_CTYPE": utf8_locale()}, True),
                 ({"LC_ALL": "", "LANG": "", "LC_CTYPE": "UTF-8"}, True)]  # what a Mac's ssh sends
        charset = os.environ.get("CHARSET", "GB2312")  # GB18030 takes localedef 8 seconds
        made = shutil.which("localedef") and subprocess.run(
            ["localedef", "-i", "zh_CN", "-f", charset, os.path.join(folder, "zh_CN." + charset)],
            capture_output=True, check=False).returncode == 0
        if made:
            kinds.append(({"LC_ALL": "zh_CN." + charset, "LOCPATH": folder}, False))
        else:
            print("SKIPPED: zh_CN.%s cannot be made here" % charset)
        for env, utf8 in kinds:
            # the C library leaks a block for a locale that it does not know
            with start("h\u00e9llo \u4e2d\u6587 end".encode(), ASAN_OPTIONS="detect_leaks=0", **env) as p:
                p.wait(b"Ready")
                p.send(b"go\r")
                p.wait("h\u00e9llo \u4e2d\u6587 end".encode() if utf8 else rb"h\?llo .*end")
                assert utf8 or max(p.out) < 0x80, env
                leave(p)
    finally:
        shutil.rmtree(folder)


def test_descriptors_that_are_closed():
    """With one of them closed there is no screen, and no loop: an answer or one line, and an end."""
    for how, code, told in (("<&-", 74, b"stdin"), (">&-", 74, b"stdout: it is closed"), ("<&- >&-", 74, b"stdin"),
                            ("<&- >&- 2>&-", 74, b""), ("</dev/null", 64, b"no prompt"),
                            (">/dev/full", 74, b"stdout: No space")):
        if how == ">/dev/full" and not os.path.exists("/dev/full"):
            continue
        with Pty(["sh", "-c", "exec \"$@\" " + how, "sh", FAKE, "--format", "f32", MODEL]) as p:
            p.send(b"a prompt\r\x04")
            assert p.exit_code() == code, (how, p.child.returncode, p.errors())
            assert told in p.errors() and p.errors().count(b"\n") <= 1, (how, p.errors())
            assert b"\033" not in p.out
    with Pty(["sh", "-c", "exec \"$@\" 2>&-", "sh", FAKE, "--format", "f32", MODEL]) as p:
        p.wait(b"Ready")  # a screen needs no stderr
        p.send(b"\x04")
        assert p.exit_code() == 0


def test_inside_of_script():
    if not shutil.which("script"):
        print("SKIPPED: no script(1) here")
        return
    with Pty(["script", "-qec", "%s --format f32 %s" % (FAKE, MODEL), "/dev/null"]) as p:
        p.wait(b"Ready")
        assert b"QINS Chat" in redrawn(p)
        resize(p, 80, 24)
        p.send(b"\x04")
        assert p.exit_code() == 0
        p.restored()


def test_a_locale_without_the_signs_says_so_once():
    told = b"cannot show: LC_ALL=C.UTF-8"
    for characters in ("C", utf8_locale()):
        with start(b"end", LC_ALL=characters) as p:
            p.wait(b"Ready")
            for is_told in (characters == "C", False):
                p.out = b""
                p.send("na\u00efve\r".encode())
                p.wait(told if is_told else b"end")
                p.wait(b"Ready")
                assert is_told or told not in p.out, characters
            leave(p)


def test_what_the_c_library_gives_another_width_is_not_drawn():
    """curses counts by the C library's table, which on a Mac is old: then the rest of the row would shift."""
    old = program("tests/ui/libold_widths.so")
    if not os.path.exists(old):
        print("SKIPPED: this build has no C library of an older table")
        return
    for env, drawn in (({}, "a\U0001f9ea|"), ({"LD_PRELOAD": old}, "a\u3013|")):
        with start("a\U0001f9ea|\u6587|".encode(), **env) as p:
            p.wait(b"Ready")
            p.send(b"go\r")
            p.wait(b"of answer")
            out = redrawn(p, "\u6587".encode())
            assert drawn.encode() in out, (drawn, out)
            leave(p)


def test_no_character_is_repeated_by_sequence():
    """Terminal.app draws REP (ESC [ n b) wrongly, and calls itself xterm-256color, over SSH too."""
    for characters in ("C", utf8_locale()):
        with start(b"-" * 70 + b"\n\nend", LC_ALL=characters) as p:
            p.wait(b"Ready")
            p.send(b"go\r")
            p.wait(b"end")
            leave(p)
            assert not re.search(rb"\033\[[0-9]+b", p.out), characters


# ---- terminals that are slow, or go ----

def saved(folder):
    """Text and stop reason of the last message."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            with sqlite3.connect(os.path.join(folder, "qins", "conversations.db"), timeout=10) as db:
                return db.execute("SELECT text, stop FROM message ORDER BY id DESC LIMIT 1").fetchone()
        except sqlite3.OperationalError:
            assert time.monotonic() < end
            time.sleep(0.05)


def until_saved(folder, stop):
    end = time.monotonic() + SECONDS
    while saved(folder)[1] != stop:
        assert time.monotonic() < end, saved(folder)
        time.sleep(0.05)


def lines(**env):
    """A conversation in lines that answers."""
    p = start(STREAM, flags=["--plain"], FAKE_DELAY_MS="5", **env)
    p.wait(b"You:")
    p.send(b"go\r")
    return p


def test_a_lost_terminal_ends_it_with_all_said():
    lose_the_terminal(answering, (129, -signal.SIGHUP))
    lose_the_terminal(lines, (129, 74))  # the signal, or the write that fails


def lose_the_terminal(begin, codes):
    folder = tempfile.mkdtemp(prefix="qins-state-")
    try:
        with begin(XDG_STATE_HOME=folder) as p:
            p.wait(rb"word \d\d")
            seen = re.findall(rb"word \d+", p.out)[-2].decode()
            p.reading = False
            for name in "slave", "master":
                os.close(getattr(p, name))
                setattr(p, name, os.open("/dev/null", os.O_RDWR))
            since = time.monotonic()
            assert p.exit_code() in codes, p.child.returncode
            assert time.monotonic() - since < 3  # a second, on a machine that is not busy
            assert seen in saved(folder)[0]
    finally:
        shutil.rmtree(folder)


def test_interrupts_pass_a_terminal_that_takes_no_bytes():
    for way in "slow", "held":
        folder = tempfile.mkdtemp(prefix="qins-state-")
        try:
            with answering(XDG_STATE_HOME=folder) as p:
                if way == "held":  # as by Ctrl-S in the terminal's own line discipline
                    termios.tcflow(p.slave, termios.TCOOFF)
                    time.sleep(1)
                else:
                    for _ in range(10):  # 100 bytes a second
                        p.out += os.read(p.master, 10)
                        time.sleep(0.1)
                before = len(saved(folder)[0])
                time.sleep(1.2)
                assert len(saved(folder)[0]) > before  # the engine goes on
                p.send(b"\x03")
                until_saved(folder, "stopped")
                if way == "held":
                    termios.tcflow(p.slave, termios.TCOON)
                p.wait(rb"\[stopped\]")
                leave(p)
        finally:
            shutil.rmtree(folder)


# ---- signals ----

LEADER = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
pid = os.fork()
if pid == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[2], sys.argv[2:])
signal.signal(signal.SIGUSR1, lambda *_: os.tcsetpgrp(0, os.getpgrp()))
signal.signal(signal.SIGUSR2, lambda *_: os.tcsetpgrp(0, pid))
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(pid))
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    _, status = os.waitpid(pid, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status) % 256)
"""


class Job:
    """The program as a job of a shell that can put it into the background."""

    def __init__(self, folder):
        self.name = os.path.join(folder, "text")
        with open(self.name, "wb") as f:
            f.write(STREAM)
        pid = os.path.join(folder, "pid")
        self.pty = Pty([sys.executable, "-c", LEADER, pid, FAKE, "--format", "f32", MODEL], FAKE_TEXT=self.name,
                       FAKE_DELAY_MS="5", XDG_STATE_HOME=folder)
        self.pty.wait(b"Ready")
        with open(pid, encoding="ascii") as f:
            self.pid = int(f.read())

    def state(self):
        if not HAS_PROC:
            return subprocess.run(["ps", "-o", "state=", "-p", str(self.pid)], capture_output=True,
                                  text=True, check=False).stdout.strip()[:1]
        with open("/proc/%d/stat" % self.pid, encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0]

    def signal(self, number, stopped):
        os.kill(self.pid, number)
        end = time.monotonic() + SECONDS
        while (self.state() == "T") != stopped:
            assert time.monotonic() < end, (number, self.state())
            self.pty.read(0.002)

    def is_raw(self):
        return not termios.tcgetattr(self.pty.slave)[3] & termios.ISIG

    def wait_raw(self):
        end = time.monotonic() + SECONDS
        while not self.is_raw():
            assert time.monotonic() < end
            self.pty.read(0.002)


def test_stopped_and_continued_many_times():
    folder = tempfile.mkdtemp(prefix="qins-state-")
    job = Job(folder)
    try:
        with job.pty as p:
            p.send(b"go\r")
            p.wait(rb"word \d")
            for i in range(1000):
                job.signal(signal.SIGTSTP, True)
                assert termios.tcgetattr(p.slave)[:4] == p.before[:4]
                job.signal(signal.SIGCONT, False)
                if i % 2:
                    job.wait_raw()  # else the next one comes at any moment
                p.out = p.out[-10000:]
            job.wait_raw()
            job.signal(signal.SIGTSTP, True)
            drain(p)
            assert b"\033]104" not in p.out  # the palette is the person's
            left = modes(p.out)
            assert not left[1049] and not left[2004] and not left[1004] and not left[2026]
            assert left.get(25, True) and left["plain"] and left["ascii"], left
            p.child.send_signal(signal.SIGUSR1)  # the shell has the terminal again
            time.sleep(0.1)
            os.kill(job.pid, signal.SIGCONT)  # in the background: stops again before it touches the terminal
            time.sleep(0.3)
            job.signal(0, True)
            assert termios.tcgetattr(p.slave)[:4] == p.before[:4]
            p.child.send_signal(signal.SIGUSR2)
            time.sleep(0.1)
            job.signal(signal.SIGCONT, False)
            job.wait_raw()
            assert b"QINS Chat" in redrawn(p)
            job.signal(signal.SIGSTOP, True)  # from outside, without a word
            p.out = b""
            job.signal(signal.SIGCONT, False)
            p.wait(b"QINS Chat")  # others may have drawn meanwhile
            p.send(b"\x03")
            p.wait(rb"\[stopped\]")
            leave(p)
    finally:
        shutil.rmtree(folder)


def test_a_hundred_interrupts_in_every_state():
    wait = os.path.join(tempfile.gettempdir(), "qins-ui-editor-%d" % os.getpid())
    with open(wait, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\necho at work\nwhile test -e %s; do sleep 0.05; done\n" % wait)
    os.chmod(wait, 0o755)

    def shower(p):
        for _ in range(100):
            p.child.send_signal(signal.SIGINT)
            p.read(0)
        drain(p, 0.1)
        stays(p)
    try:
        with start(STREAM, FAKE_LOADING_MS="1500", FAKE_READING_MS="500", FAKE_DELAY_MS="5", EDITOR=wait) as p:
            p.wait(b"Loading")
            shower(p)
            p.child.send_signal(signal.SIGPIPE)
            p.wait(b"Ready")
            shower(p)
            p.send(b"some text")
            p.wait(b"some text")
            shower(p)
            p.send(b"go\r")
            p.wait(b"Reading")
            shower(p)
            p.wait(rb"\[stopped\]")
            p.out = b""
            p.send(b"go\r")
            p.wait(rb"word \d")
            shower(p)
            p.wait(rb"\[stopped\]")
            p.send(b"\033OQ")  # F2: the list of conversations
            p.wait(b"Conversations")
            shower(p)
            p.send(b"\033OP")  # F1
            p.wait(b"Esc closes")
            shower(p)
            p.send(b"/find word\r")
            p.wait(rb"\d/\d")
            shower(p)
            p.send(b"my words\x18\x05")
            p.wait(b"at work")
            shower(p)
            os.rename(wait, wait + ".over")
            p.wait(rb"> ?[^>]*my words")
            leave(p)
    finally:
        for name in (wait, wait + ".over"):
            if os.path.exists(name):
                os.unlink(name)


def test_interrupts_while_the_editor_ends():
    """Half of them meet the editor, half of them us: a conversation and its input survive both."""
    folder = tempfile.mkdtemp(prefix="qins-state-")
    editor = os.path.join(folder, "editor")
    with open(editor, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\necho at work\nread line\n")
    os.chmod(editor, 0o755)
    try:
        with start(b"the answer", EDITOR=editor, XDG_STATE_HOME=folder) as p:
            p.wait(b"Ready")
            for i in range(10):
                p.out = b""
                p.send(b"my words\x18\x05")
                p.wait(b"at work")
                p.send(b"\r" + b"\x03" * (i % 3 + 1))
                for _ in range(i):
                    p.child.send_signal(signal.SIGINT)
                p.wait(rb"\033\[\?1049h.*Message")
                drain(p, 0.05)
                stays(p)
                p.send(b"\x15\x15")
                assert b"QINS Chat" in redrawn(p)
            p.send(b"\x03\x15go\r")
            p.wait(b"of answer")
            leave(p)
    finally:
        shutil.rmtree(folder)


def test_whatever_kills_it_the_terminal_is_as_it_was():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT,
                   signal.SIGFPE, signal.SIGILL):
        with start(STREAM, FAKE_DELAY_MS="5", QINS_MOUSE="true") as p:
            p.wait(b"Ready")
            p.send(b"go\r")
            p.wait(rb"word \d")
            p.child.send_signal(number)
            code = p.exit_code()
            assert code == (128 + number if number in (signal.SIGTERM, signal.SIGHUP) else -number), (number, code)
            left = modes(p.out)
            wanted = {1049: False, 2004: False, 1004: False, 1000: False, 1006: False, 2026: False, "plain": True,
                      "ascii": True, "keypad": False}
            assert p.out.rfind(b"\033[23;2t") > p.out.rfind(b"\033[22;2t") > 0  # the window's title
            assert {k: left[k] for k in wanted} == wanted and left.get(25, True), (number, left)
            assert not left.get(1), left
            end = p.out[p.out.rfind(b"\033[?1049l"):]
            assert re.fullmatch(rb"(\033\[[\d;?]*[a-z]|\033>|[\r\n])*", end), end  # nothing is drawn behind it
            p.restored()


# ---- who looks elsewhere ----

def calls(p, focus, *wanted, key=b""):
    """What reaches somebody who looks elsewhere while an answer comes, and types a key meanwhile."""
    p.send(focus)
    p.out = b""
    p.send(b"go\r")
    if key:
        time.sleep(0.6)
        p.send(key)
    p.wait(rb"end of answer")
    drain(p)
    found = [x for x in (b"\a", b"\033]9;qins-tui: answered after ", b"\033]777;notify;qins-tui;") if x in p.out]
    assert found == list(wanted), (focus, found)


def test_a_long_answer_calls_who_looks_elsewhere():
    text, away, here = b"word " * 20 + b"the end", b"\033[O", b"\033[I"
    flags = ("--notify", "desktop", "--notify-after", "1")
    with start(text, flags=flags, FAKE_DELAY_MS="60", TMUX="") as p:
        p.wait(b"Ready")
        calls(p, b"", key=b" ")  # a terminal that does not tell: who types is here
        calls(p, b"", b"\a", b"\033]9;qins-tui: answered after ")
        calls(p, here)
        calls(p, away, b"\a", b"\033]9;qins-tui: answered after ")
        leave(p)
    with start(text, flags=("--notify-after", "1"), FAKE_DELAY_MS="60") as p:
        p.wait(b"Ready")
        calls(p, away, b"\a")
        leave(p)
        only_allowed(p.out.replace(b"\a", b""))
    with start(text, flags=flags, FAKE_DELAY_MS="60", TERM="rxvt", TMUX="") as p:
        p.wait(b"Ready")
        calls(p, away, b"\a", b"\033]777;notify;qins-tui;")
    with start(text, flags=("--notify", "desktop")) as p:
        p.wait(b"Ready")
        calls(p, away)  # a short one


def test_the_window_has_the_conversations_title_and_gets_its_own_back():
    with start(b"answer") as p:
        p.wait(rb"\033\]2;qins-tui\033\\")
        p.send("what is a \u4e2d\u6587 \x1b[200~\x1b]2;evil\x07\x1b[201~?\r".encode())
        p.wait(rb"answer")
        p.wait("\033]2;what is a \u4e2d\u6587 ".encode().replace(b"]", rb"\]"))
        leave(p)
        titles = re.findall(rb"\033\]2;([^\033\a]*)\033", p.out)
        assert all(t.endswith(b"qins-tui") for t in titles) and len(titles) == 2, titles
        assert p.out.rfind(b"\033[23;2t") > p.out.rfind(b"\033]2;") > p.out.find(b"\033[22;2t")
    for quiet in ({"flags": ("--title=false",)}, {"TERM": "linux"}):
        with start(b"answer", **quiet) as p:
            p.wait(b"Ready")
            p.send(b"\x04")
            assert p.exit_code() == 0
            assert b"\033]2;" not in p.out and b"\033[22;2t" not in p.out


def test_each_frame_comes_at_once():
    with answering() as p:
        drain(p)
        p.send(b"\x03")
        leave(p)
        marks = re.findall(rb"\033\[\?2026([hl])", p.out)
        assert len(marks) > 10 and marks[:-1:2] == [b"h"] * (len(marks) // 2), marks
        assert b"l" * (len(marks) // 2) in b"".join(marks[1::2])


# ---- what nobody typed ----

REPLIES = (b"\033[?1;2c", b"\033[>41;354;0c", b"\033[24;80R", b"\033[0n", b"\033[I", b"\033[O", b"\033[<0;5;5M",
           b"\033[<0;5;5m", b"\033[?2026;2$y", b"\033[?0u", b"\033]11;rgb:0000/0000/0000\033\\",
           b"\033]52;c;cXVpdA==\a", b"\033P1+r544e=787465726d\033\\", b"\033_Gi=31;OK\033\\", b"\033[8;30;100t")


def test_replies_never_become_text():
    with start() as p:
        p.wait(b"Ready")
        for reply in REPLIES:
            p.send(reply)
        for reply in REPLIES:  # a slow link cuts them
            cut = max(3, len(reply) // 2)
            p.send(reply[:cut])
            time.sleep(0.2)
            p.send(reply[cut:])
        p.send(b"z")
        out = redrawn(p, rb"Message.*>.*Enter.*quit")
        line = re.search(rb">((?:\033[^A-Za-z]*[A-Za-z]|[ -~])*)", out[out.rfind(b"Message"):]).group(1)
        text = re.sub(rb"\033(\[[\d;?]*[A-Za-z]|\(B)", b"", line).strip()
        assert text == b"z", text
        leave(p)


def test_pastes_where_they_are_not_expected():
    with answering() as p:
        p.send(b"\033[200~while it runs\033[201~")
        p.wait(b"while it runs")
        p.send(b"\x03")
        p.wait(rb"\[stopped\]")
        p.send(b"\x03\t")  # the sliders
        p.wait(b"reset")
        p.out = b""
        p.send(b"\033[200~0.5\r/quit\r\033[201~")
        p.wait(b"/quit")  # into the input, as text
        p.wait(b"send")
        stays(p)
        p.send(b"\x15\x08\x15\033[200~the end is lost")
        p.wait(b"the end is lost")  # after some silence
        p.send(b" typed")
        p.wait(b"typed")
        p.send(b"\x15\x15")
        leave(p)


if __name__ == "__main__":
    run_tests(dict(globals()))
