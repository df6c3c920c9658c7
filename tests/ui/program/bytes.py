# SPDX-License-Identifier: MIT
"""Every byte that qins-tui writes to a terminal, and how it leaves: hostile text and names, signals,
crashes, terminals that do not read, terminals without a screen."""
import base64
import os
import re
import shutil
import signal
import sys
import tempfile
import time

from terminal import Pty, needs_proc, program, run_tests

FAKE = program("tests/ui/qins-tui-fake")
SOURCE = os.environ.get("QINS_SOURCE", ".")
MODEL = os.path.join(SOURCE, "meson.build")

# All that a terminal may get beside printable characters: cursor movement, erasing, scrolling
# regions, colours, character sets, and the modes of our own.
ALLOWED = re.compile(rb"""
    \033\[ [0-9;]* [ABCDGHJKLMPSTXZdfhlmr@]
  | \033\[ \? (1|7|12|25|1049|2004|1006|1004|1000|2026)(;\d+)* [hl]
  | \033\[ (22|23);(0;0|2)t
  | \033\]2; [^\x00-\x1f\x7f]* \033\\
  | \033\]8;(;|id=q[0-9a-f]+;(https?://|mailto:)[!-~]+) \033\\
  | \033 [()] [B0]
  | \033 [=>78M]
  | [\r\n\b\t\x0e\x0f]
""", re.VERBOSE)

# What makes a terminal answer, change or hide something: D1 to D6 of what is to be survived.
SEQUENCES = (
    b"\033[2J", b"\033[H", b"\033[31m" * 50, b"\033[?1049h", b"\033[?1000h", b"\033[?2004h", b"\033c", b"\033[!p",
    b"\033#8", b"\033[6n", b"\033[c", b"\033[>c", b"\033[5n", b"\033[?1$p", b"\033[21t", b"\005",
    b"\033]0;title\a", b"\033]2;title\033\\", b"\033]4;1;?\a", b"\033]10;?\a", b"\033]11;#ff0000\a",
    b"\033]7;file:///etc\a", b"\033]8;;http://evil.example\033\\click\033]8;;\033\\", b"\033]9;note\a",
    b"\033]777;notify;a;b\a", b"\033]52;c;QUJD\a", b"\033]52;c;?\a", b"\033]1337;File=:QUJD\a",
    b"\033P1;1|17/x\033\\", b"\033Pq#0~~\033\\", b"\033Ptmux;\033\033]52;c;QUJD\a\033\\", b"\033P+q544e\033\\",
    b"\033_Gx\033\\", b"\033^private\033\\", b"\033Xstring\033\\", b"\033[?2026h", b"\033[1;1r", b"\033(0", b"\033%@",
    b"\x9b31m", b"\x9d0;t\x9c", b"\x90q\x9c", b"\xc2\x9b2J", b"\xc2\x9d0;t\xc2\x9c", b"\xc2\x90q\xc2\x9c", b"\xc2\x85",
    b"\xc0\x9b[2J", b"\xe0\x80\x9b[2J", b"\xf0\x80\x80\x9b[2J", b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80",
    b"\xed\xa0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80",
    b"\b", b"\v", b"\f", b"\x0e", b"\x0f", b"\a", b"\x7f", b"\0", b"safe\rEVIL",
    "".join(map(chr, (*range(0x202a, 0x202f), *range(0x2066, 0x206a), 0x200e, 0x200f, 0x61c))).encode(),
    "".join(map(chr, (0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0xfe0f, 0xfe0e, 0x2028, 0x2029, 0xad))).encode(),
    "".join(map(chr, (0xe0001, 0xe0061, 0xe007f, 0xe0100, 0xe000, 0xf0000, 0x10fffd, 0x50000, 0x3fffd))).encode(),
)
HOSTILE = (b"plain " + b" ".join(SEQUENCES) + b" Zalgo a" + b"\xcc\x81" * 500 +
           " \U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 ".encode() + "\U0001f1e9".encode() * 7 +
           " \ufdfd \u4e2d\u6587 \t tab the end\n".encode())


def start(text=b"answer", model=MODEL, flags=(), **env):
    pty = Pty(["true"])  # for its folder
    pty.close()
    name = os.path.join(os.environ.get("TMPDIR", "/tmp"), "qins-ui-text-%d-%d" % (os.getpid(), id(env)))
    with open(name, "wb") as f:
        f.write(text)
    columns, rows = env.pop("size", (100, 30))
    p = Pty([FAKE, "--format", "f32", *flags, model], columns, rows, FAKE_TEXT=name, **env)
    p.text_name = name
    close = p.close

    def close_all():
        close()
        os.unlink(name)
    p.close = close_all
    return p


def only_allowed(out):
    rest = ALLOWED.sub(b"", out)
    try:
        text = rest.decode("utf-8")
    except UnicodeDecodeError as error:
        raise AssertionError("invalid UTF-8: %s" % error) from error
    for c in text:
        code = ord(c)
        bad = code < 0x20 or 0x7f <= code < 0xa0 or 0x200b <= code <= 0x200f or 0x2028 <= code <= 0x202e \
            or 0x2060 <= code <= 0x206f or code == 0xfeff or code >= 0xe0000 or 0xe000 <= code <= 0xf8ff
        at = text.find(c)
        assert not bad, "%r in %r" % (c, text[max(0, at - 40):at + 40])


def test_hostile_text_reaches_no_terminal():
    for piece in ("1", "7", "64"):
        with start(HOSTILE, FAKE_PIECE=piece) as p:
            p.wait(b"Ready")
            p.send(b"go\r")
            p.wait(b"the end")
            p.wait(b"of answer")
            p.send(b"/raw\r")
            p.wait(b"Answers as raw text")
            p.send(b"\033[200~" + HOSTILE + b"\033[201~")
            p.wait(b"pasted")
            p.send(b"\x0f")  # unfolded
            p.wait(b"the end")
            p.out = p.out.replace(b"Write a message", b"")
            p.send(b"\x03")
            p.wait(b"Write a message")
            p.send(b"\x04")
            assert p.exit_code() == 0
            only_allowed(p.out)
            p.restored()


def test_hostile_names():
    folder = os.path.join(os.environ.get("TMPDIR", "/tmp"), "qins-ui-names-%d" % os.getpid())
    os.mkdir(folder)
    name = os.path.join(folder, "evil\033]0;x\a\xc2\x9b\n%s%n\u202e.qins")
    with open(name, "wb"):
        pass
    try:
        with start(model=name) as p:
            p.wait(rb"evil\^\[\]0;x\^G")
            p.send(b"/set \033[200~\033]52;c;x\a\033[201~ 1\r")
            p.wait(b"There is no setting")
            p.send(b"\x03\x04")
            assert p.exit_code() == 0
            only_allowed(p.out)
    finally:
        os.unlink(name)
        os.rmdir(folder)


def test_signals_give_the_terminal_back():
    for number, code in ((signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        with start(b"word " * 100000, FAKE_DELAY_MS="5") as p:
            p.wait(b"Ready")
            p.send(b"go\r")
            p.wait(b"word word")
            p.child.send_signal(number)
            assert p.exit_code() == code, (number, p.child.returncode)
            p.restored()
            only_allowed(p.out)


def test_crashes_give_the_terminal_back():
    for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT):
        with start(FAKE_CRASH=str(int(number))) as p:  # in the engine's thread
            p.wait(b"Ready")
            p.send(b"go\r")
            assert p.exit_code() == -number, (number, p.child.returncode)
            p.restored()
            assert b"model file" not in p.errors()  # no address in it: faults.py has that case


def handles_crash(pid):
    """A thread blocks SIGSEGV: it is in the handler."""
    try:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/status" % (pid, task), encoding="ascii") as f:
                blocked = int(re.search(r"SigBlk:\s*(\w+)", f.read()).group(1), 16)
            if blocked >> (signal.SIGSEGV - 1) & 1:
                return True
    except (FileNotFoundError, ProcessLookupError):
        pass  # the thread, or all of it, has ended meanwhile
    return False


@needs_proc
def test_a_crash_gives_a_full_terminal_back():
    text = b"".join(b"word %d of many\n" % (i * 7919 % 1000003) for i in range(1500))
    with start(text, FAKE_PIECE="60", FAKE_DELAY_MS="1", FAKE_CRASH=str(int(signal.SIGSEGV)), size=(300, 200)) as p:
        p.wait(b"Ready")
        p.reading = False
        p.send(b"go\r")
        while p.child.poll() is None and not handles_crash(p.child.pid):
            time.sleep(0.02)
        p.reading = True
        assert p.exit_code() == -signal.SIGSEGV
        p.restored()


def test_the_mouse_is_given_back():
    for crash in (None, signal.SIGSEGV):
        with start(b"the text", QINS_MOUSE="true", **({"FAKE_CRASH": str(int(crash))} if crash else {})) as p:
            p.wait(rb"\033\[\?1006h")
            p.wait(b"Ready")
            p.send(b"go\r" if crash else b"\x04")
            assert p.exit_code() == (-crash if crash else 0)
            p.restored()
            for mode in (b"1000", b"1006"):
                assert p.out.rfind(b"\033[?" + mode + b"l") > p.out.rfind(b"\033[?" + mode + b"h") > 0
                assert p.out.rfind(b"\033[?" + mode + b"l") > p.out.rfind(b"\033[?1049l") or not crash
    with start() as p:  # it is not taken from those who did not ask
        p.wait(b"Ready")
        p.send(b"\033[<0;5;5M\x04")
        assert p.exit_code() == 0
        assert b"\033[?1000" not in p.out


def test_quit_by_signal_gives_the_terminal_back():
    with start() as p:
        p.wait(b"Ready")
        p.child.send_signal(signal.SIGQUIT)
        assert p.exit_code() == -signal.SIGQUIT
        p.restored()


def test_a_hangup_ends_it():
    with start(b"word " * 100000, FAKE_DELAY_MS="5") as p:
        p.wait(b"Ready")
        p.send(b"go\r")
        p.wait(b"word word")
        os.close(p.slave)
        p.slave = os.open("/dev/null", os.O_RDWR)
        os.close(p.master)
        p.master = os.open("/dev/null", os.O_RDWR)
        p.reading = False
        assert p.exit_code() in (129, -signal.SIGHUP)


@needs_proc
def test_a_terminal_that_does_not_read_stops_nothing():
    text = b"".join(b"word %d of many\n" % (i * 7919 % 1000003) for i in range(300000))
    with start(text, FAKE_PIECE="60", size=(300, 200)) as p:
        p.wait(b"Ready")
        p.reading = False
        p.send(b"go\r")
        end = time.monotonic() + 60

        def threads_idle():  # the answer is over although nobody has read
            with open("/proc/%d/stat" % p.child.pid, encoding="ascii") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            return int(fields[11]) + int(fields[12])
        before = -1
        while time.monotonic() < end:
            used = threads_idle()
            if used == before and used > 0:
                break
            before = used
            time.sleep(0.5)
        p.send(b"\x03")
        p.reading = True
        p.wait(b"end of answer")
        p.send(b"\x04")
        assert p.exit_code() == 0
        p.restored()


def test_copies_are_base64_of_the_exact_bytes():
    text = b"plain \033[2J\0 \xff\xe2\x80\xae **bold**\n```c\nint\tx;\n```\n"
    for how, form in (("auto", rb"\033\]52;c;([A-Za-z0-9+/=]*)\a"),
                      ("tmux", rb"\033Ptmux;\033\033\]52;c;([A-Za-z0-9+/=]*)\a\033\\")):
        with start(text, QINS_CLIPBOARD=how, SSH_CONNECTION="far away") as p:  # no pbcopy of a Mac
            p.wait(b"Ready")
            p.send(b"go\r")
            p.wait(b"of answer")
            p.send(b"/copy\r")
            p.wait(b"Copied the answer")
            p.send(b"/copy code\r")
            p.wait(b"code block 1")
            got = [base64.b64decode(found, validate=True) for found in re.findall(form, p.out)]
            assert got == [text, b"int\tx;\n"], got
            only_allowed(re.sub(form, b"", p.out))


def test_copies_by_a_program():
    if sys.platform == "darwin":
        print("SKIPPED: on a Mac the system's own program would be taken")
        return
    text = b"copied \0 \xff\xe2\x80\xae by a program\n" * 9000
    folder = tempfile.mkdtemp(prefix="qins-pbcopy-")
    try:
        tool, copy = os.path.join(folder, "pbcopy"), os.path.join(folder, "copy")
        with open(tool, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\ncat >%s\n" % copy)
        os.chmod(tool, 0o755)
        for path, told in ((folder + ":" + os.environ["PATH"], b"via pbcopy"),
                           (os.environ["PATH"], b"pbcopy: No such file")):
            with start(text, FAKE_PIECE="60", QINS_CLIPBOARD="pbcopy", PATH=path) as p:
                p.wait(b"Ready")
                p.send(b"go\r")
                p.wait(b"of answer")
                p.send(b"/copy\r")
                p.wait(told)
                assert b"\033]52" not in p.out
        with open(copy, "rb") as f:
            assert f.read() == text
    finally:
        shutil.rmtree(folder)


def test_copies_that_are_too_long_go_to_a_private_file():
    text = b"long line\0of text\n" * (10 << 20 >> 4)
    with start(text, FAKE_PIECE="60") as p:
        p.wait(b"Ready")
        p.send(b"go\r")
        p.wait(b"of answer")
        p.send(b"/copy\r")
        p.wait(rb"(/\S+qins-copy-\w{6})")
        name = re.search(rb"(/\S+qins-copy-\w{6})", p.out).group(1)
        with open(name, "rb") as f:
            assert f.read() == text
        assert os.stat(name).st_mode & 0o777 == 0o600
        os.unlink(name)
        assert b"]52;" not in p.out


@needs_proc
def test_idle_is_asleep():
    with start() as p:
        p.wait(b"Ready")
        p.send(b"x")
        p.wait(b"x")

        def wakeups():
            with open("/proc/%d/status" % p.child.pid, encoding="ascii") as f:
                return int(re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)", f.read()).group(1))
        end = time.monotonic() + 60
        while time.monotonic() < end:
            before = wakeups()
            time.sleep(1.5)
            if wakeups() == before:
                break
        else:
            raise AssertionError("wakes up by itself")


def test_terminals_of_all_kinds():
    for term in ("vt100", "linux", "screen", "tmux-256color", "xterm", "ansi", "xterm-256color"):
        with start("h\u00e9llo \u2014 w\u00f6rld".encode(), TERM=term) as p:
            p.wait(b"Ready")
            p.send(b"go\r")
            p.wait(b"of answer")
            p.send(b"\x04")
            assert p.exit_code() == 0, term
            if term == "vt100":
                assert b"?2004" not in p.out and b"?1049" not in p.out
            if term in ("vt100", "linux"):
                assert "\u2500".encode() not in p.out


def test_without_utf8_only_ascii_is_written():
    with start("h\u00e9llo \u2014 \u4e2d".encode(), LC_ALL="C") as p:
        p.wait(b"Ready")
        p.send(b"go\r")
        p.wait(rb"h\?llo - \?")
        p.send(b"\x04")
        assert p.exit_code() == 0
        assert max(p.out) < 0x80


def test_no_color_is_obeyed():
    for value, colours in ("1", False), ("", True):  # empty is as if it were not there
        with start(NO_COLOR=value) as p:
            p.wait(b"Ready")
            p.send(b"go\r")
            p.wait(b"of answer")
            p.send(b"\x04")
            assert p.exit_code() == 0
            assert bool(re.search(rb"\033\[[0-9;]*3[0-7]m", p.out)) == colours, value


def test_dumb_terminals_get_the_plain_mode():
    with start(b"the answer", TERM="dumb") as p:
        p.send(b"a question\n\x04")
        p.wait(b"the answer")
        assert p.exit_code() == 0
        assert b"\033" not in p.out
        assert b"no screen" in p.errors()


def test_noise_on_the_keyboard():
    with start() as p:
        p.wait(b"Ready")
        noise = bytes((i * 7919 + i // 3) % 256 for i in range(60000))
        noise = noise.replace(b"\x04", b"").replace(b"\x1a", b"").replace(b"\r", b"")
        for i in range(0, len(noise), 1000):
            p.send(noise[i:i + 1000])
            p.read(0)
        p.send(b"\033[201~\033\\")
        p.wait(b"QINS Chat")
        p.child.send_signal(signal.SIGTERM)
        assert p.exit_code() == 143
        only_allowed(p.out)


if __name__ == "__main__":
    run_tests(dict(globals()))
