# SPDX-License-Identifier: MIT
"""The editor against readline itself: the same keys go to bash on a pseudo-terminal and to our editor,
and line and caret must agree. A table of cases, then random ones; the same for vi's keys against bash's
vi mode where the two are meant to agree."""
import os
import pty
import random
import re
import select
import shutil
import subprocess
import time

from terminal import SECONDS, program, run_tests, skip, utf8_locale

DRIVER = program("tests/ui/editor_driver")
MARK = b"\x18\x04"  # Ctrl-X Ctrl-D: prints line and caret, and empties the line

# Readline takes text that is typed ahead and the key behind it for one command, and then joins what is
# cut before and after it. Ctrl-@, which sets the mark, between them makes it forget that.
TEXT = re.compile(rb"(?<![\x1b])(?<!\x1b\[)(?<!\x1b\[3)[\x20-\x7e\x80-\xff]+")


class Bash:
    def __init__(self, mode):
        if not shutil.which("bash"):
            skip("bash is not installed")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="", TERM="xterm", LC_ALL=utf8_locale(), HISTFILE="", INPUTRC="/dev/null")
            os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
        self.mode = mode
        self.n = 0
        self.out = b""
        # A prompt that counts: readline has the terminal once it is drawn; before, keys would go
        # through the terminal's own line editing.
        setup = ["stty -echo", "set -o " + mode, "set +o history", "bind 'set bell-style none'",
                 "bind 'set keyseq-timeout 40'", "bind 'set enable-bracketed-paste off'",
                 "show() { printf '<%d:%s>\\n' \"$READLINE_POINT\" \"$READLINE_LINE\"; "
                 "READLINE_LINE=; READLINE_POINT=0; }"]
        setup += ["bind -m %s -x '\"\\C-x\\C-d\": show'" % keymap
                  for keymap in ("emacs", "vi-insert", "vi-command")]
        setup += ["n=0; PROMPT_COMMAND='n=$((n+1)); printf \"#%d#\" $n'; PS1='@@'"]
        for line in setup:
            self.send(line.encode() + b"\n")
        self.prompt()

    def send(self, data):
        os.write(self.fd, data)

    def until(self, pattern):
        end = time.monotonic() + SECONDS
        while not (found := re.search(pattern, self.out, re.DOTALL)):
            if time.monotonic() > end:
                raise AssertionError("bash never said %r, but %r" % (pattern, self.out[-300:]))
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.out += os.read(self.fd, 65536)
                except OSError:
                    skip("bash ends")
        self.out = self.out[found.end():]
        return found

    def prompt(self):
        self.n += 1
        self.until(rb"#%d#.*?@@" % self.n)

    def line(self, keys):
        """-> (caret in characters, line)"""
        self.send((TEXT.sub(rb"\g<0>\0", keys) if self.mode == "emacs" else keys) + MARK)
        found = self.until(rb"<(\d+):([^\n]*?)>\r?\n")
        self.send(b"\n")  # forgets what could be undone, and starts vi's insert mode
        self.prompt()
        return int(found.group(1)), found.group(2).decode()

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def hex_with_time(keys):
    """Esc is a key of its own."""
    return "".join("1b." if b == 0x1b else "%02x" % b for b in keys)


def ours(cases, *mode):
    out = subprocess.run([DRIVER, *mode], input="".join(
        (c.hex() if not mode else hex_with_time(c)) + "\n" for c in cases).encode(),
                         capture_output=True, check=True).stdout.decode()
    lines = []
    for answer in out.splitlines():
        caret, _, text = answer.partition(" ")
        lines.append((int(caret), bytes.fromhex(text).decode()))
    return lines


def compare(cases, mode, *driver_mode):
    if not shutil.which("bash"):
        skip("bash is not installed")
    bash = Bash(mode)
    wrong = 0
    for keys, got in zip(cases, ours(cases, *driver_mode)):
        expected = bash.line(keys)
        if got != expected:
            wrong += 1
            if wrong < 10:
                print("keys %r: bash %r, ours %r" % (keys, expected, got))
    bash.close()
    assert wrong == 0, "%d of %d differ" % (wrong, len(cases))
    print(len(cases), "texts")


C = {c: bytes([ord(c) & 0x1f]) for c in "abcdefghijklmnopqrstuvwxyz_"}
M = {c: b"\x1b" + c.encode() for c in "bcdfltuy\\"}
RUBOUT, META_RUBOUT = b"\x7f", b"\x1b\x7f"

TABLE = [
    b"one two" + C["a"] + b"x",
    b"one two" + M["b"] + b"x",
    b"one two.three" + M["b"] + M["b"] + b"x",
    b"one two" + C["a"] + M["f"] + b"x",
    b"one two_three" + C["a"] + M["f"] + M["f"] + b"x",
    b"one two" + C["a"] + C["f"] + C["f"] + C["d"],
    b"one two" + C["b"] + C["h"] + RUBOUT,
    b"one two three" + C["a"] + M["f"] + C["k"] + C["a"] + C["y"],
    b"one two three" + C["w"] + C["w"] + C["a"] + C["y"],
    b"one two three" + META_RUBOUT + META_RUBOUT + C["y"],
    b"a/b c-d" + C["w"] + C["y"] + C["y"],
    b"a/b c-d" + META_RUBOUT,
    b"one two three" + C["a"] + M["d"] + M["d"] + C["e"] + C["y"],
    b"one two" + C["u"] + C["y"],
    b"one" + C["u"] + b"two" + C["u"] + b"three" + C["u"] + C["y"] + M["y"],
    b"one" + C["u"] + b"two" + C["u"] + b"three" + C["u"] + C["y"] + M["y"] + M["y"],
    b"one" + C["u"] + b"two" + C["u"] + C["y"] + M["y"] + b" " + C["y"],
    b"abc" + C["t"],
    b"abc" + C["b"] + C["t"],
    b"abc" + C["a"] + C["t"],
    b"a" + C["t"],
    b"one two" + M["t"],
    b"one two three" + C["a"] + M["f"] + M["t"],
    b"one, two" + C["a"] + M["t"],
    b"hello world" + C["a"] + M["u"] + M["c"],
    b"HELLO World" + C["a"] + M["l"] + M["l"],
    b"hello" + C["b"] + C["b"] + M["u"],
    "\u00e9t\u00e9 na\u00efve".encode() + C["a"] + M["u"] + M["c"],
    "\u4e2d\u6587 x".encode() + C["a"] + C["f"] + C["d"] + b"y",
    "caf\u00e9 cr\u00e8me".encode() + M["b"] + C["h"] + C["t"],
    b"a   b" + C["b"] + C["b"] + M["\\"],
    b"one" + C["_"],
    b"one two" + C["w"] + C["_"],
    b"abc" + RUBOUT + C["_"],
    b"one two" + C["a"] + M["d"] + C["_"] + b"x",
    b"one two" + C["k"] + C["y"],
    b"\x1b[D" + b"ab" + b"\x1b[D" + b"c" + b"\x1b[C" + b"d",
    b"ab\x1b[Hc\x1b[Fd",
    b"ab\x1b[D\x1b[3~c",
]


def test_a_table_of_keys_does_what_readline_does():
    compare(TABLE, "emacs")


def test_random_keys_do_what_readline_does():
    rng = random.Random(7)
    keys = [C["a"], C["b"], C["e"], C["f"], C["h"], C["k"], C["t"], C["u"], C["w"], C["y"], M["b"], M["c"],
            M["d"], M["f"], M["l"], M["t"], M["u"], M["y"], M["\\"], RUBOUT, META_RUBOUT]
    words = [b"one", b" ", b"two_x", b", ", b"Three", b"4", b"-", "\u00e9".encode(), b"  ", b"a.b"]
    cases = []
    for _ in range(400):
        case = b"start " + C["w"]  # the kill ring is never empty
        for _ in range(rng.randrange(4, 25)):
            case += rng.choice(words if rng.random() < 0.5 else keys)
        cases.append(case)
    compare(cases, "emacs")

VI_TABLE = [b"one two three\x1b" + keys for keys in (
    b"x", b"0x", b"0wx", b"bx", b"0ex", b"0eex", b"02wx", b"0w2x", b"X", b"3X", b"hhx", b"0llx", b"0dw", b"0dwdw",
    b"0d2w", b"02dw", b"bdw", b"0de", b"0wd$", b"0wD", b"wdb", b"d0", b"0wcwfour\x1b", b"0cwfour", b"0c2wx\x1b",
    b"0wCx\x1b", b"bbd0", b"0ff", b"0ftx", b"0fex;x", b"0fe2;x", b"0ttx", b"0dfo", b"0dto", b"Fox", b"Tox",
    b"0fo;,x", b"0rZ", b"03rZ", b"0~", b"05~", b"iX", b"aX", b"0iX", b"0aX", b"IX", b"0AX", b"0A X\x1bx",
    b"0dwP", b"0dwp", b"0dw$p", b"0xp", b"0ywP", b"0yw$p", b"0w3xP", b"sX", b"0sX\x1b", b"02sX\x1b", b"ddx",
    b"ccnew", b"0wdd", b"^wx", b"0dw.", b"0wx..", b"0d3w", b"3dw", b"0dW", b"0wdB", b"$dE",
    b"fqx", b"0dfq", b"5hx", b"0100lx")] + [
    b"a.b (c_d) e\x1b" + keys for keys in (
        b"0wx", b"0wwx", b"0Wx", b"0WWx", b"bx", b"bbx", b"Bx", b"BBx", b"0ex", b"0eex", b"0Ex", b"0EEx", b"0dw",
        b"0dW", b"0wdw", b"0wwdwdw", b"BdW", b"0cwX", b"0cWX", b"0wde", b"0wdE", b"$db", b"$dB")]


def test_vi_keys_do_what_they_do_in_bash():
    compare(VI_TABLE, "vi", "vi")


def test_random_vi_keys_do_what_they_do_in_bash():
    rng = random.Random(11)
    moves = [b"h", b"l", b"w", b"b", b"e", b"W", b"B", b"E", b"0", b"$", b"^", b"fo", b"Fo", b"te", b"Te"]
    changes = [b"x", b"X", b"rQ", b"~", b"iI\x1b", b"aA\x1b", b"sS\x1b", b"D"]
    cases = []
    for _ in range(400):
        case = rng.choice([b"one two_x, three", b"a.b  (c d)", b"foo  bar-baz e", b"to be or not"]) + b"\x1b"
        for _ in range(rng.randrange(2, 10)):
            count = rng.choice([b"", b"", b"", b"2", b"3"])
            kind = rng.random()
            if kind < 0.5:
                case += rng.choice(moves)
            elif kind < 0.75:
                case += rng.choice(changes)
            else:
                case += b"d" + count + rng.choice([b"w", b"b", b"e", b"W", b"B", b"E", b"h", b"l"])
        cases.append(case)
    compare(cases, "vi", "vi")


if __name__ == "__main__":
    run_tests(dict(globals()))
