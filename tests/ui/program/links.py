# SPDX-License-Identifier: MIT
"""Hyperlinks (OSC 8): what a terminal that knows them is left with. The engine says what a test
wants; the terminal is emulator.py."""
import os
import re
import sys
import time

from bytes import HOSTILE, start
from emulator import Terminal
from terminal import SECONDS, program, run_tests

LONG = "https://long.example/" + "/".join("part%d" % i for i in range(30))
ANSWER = ("""\
See [the manual](https://a.example/manual) or https://b.example/x?y=1&z=2, and mail <me@c.example>.

| where | what |
|---|---|
| [one](http://d.example/1) | 文字 [漢字テスト](https://e.example/字) aaaaaaaaaaaaaaaa |

- [runs aaaaaaaaaaaaaaaaaaaaaaaaa of one sign](http://f.example/)
- [script](javascript:alert(1)), [file](file:///etc/passwd), [here](/relative), [none]()
- twice [same](http://g.example) and [same](http://g.example)

Long: """ + LONG + """ ends.

""" + "\n\n".join("Paragraph %d with [link %d](http://h.example/%d) and more words." % (i, i, i)
                  for i in range(60)) + "\n\nThe end.\n").encode()


class Watched:
    """A program whose terminal is kept up to date."""

    def __init__(self, text=ANSWER, size=(100, 30), **env):
        self.p = start(text, size=size, **env)
        self.terminal = Terminal(*size)
        self.fed = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.close()

    def send(self, data):
        self.p.send(data)

    def update(self, seconds=0.02):
        self.p.read(seconds)
        self.terminal.feed(self.p.out[self.fed:])
        self.fed = len(self.p.out)
        assert self.terminal.open_at_frame_end == 0

    def text(self):
        return "\n".join(self.terminal.text(row) for row in range(self.terminal.rows))

    def wait(self, pattern):
        end = time.monotonic() + SECONDS
        while not re.search(pattern, self.text()):
            self.update()
            assert time.monotonic() < end, "never came: %s in\n%s" % (pattern, self.text())
        return self

    def settle(self):
        """Until nothing moves."""
        quiet = 0
        while quiet < 5:
            before = self.fed
            self.update()
            quiet = quiet + 1 if self.fed == before else 0

    def resize(self, columns, rows):
        self.settle()
        self.terminal.resize(columns, rows)
        self.p.resize(columns, rows)
        self.settle()

    def answer(self):
        self.wait("Ready")
        self.send(b"go\r")
        self.wait("The end")
        self.settle()

    def is_true(self, what):
        """What changes left is what a terminal has that gets the whole frame; without the sidebar,
        whose graphs move, and the line of notices."""
        self.settle()
        changed, rows = self.terminal.shape(), self.terminal.rows
        self.terminal = Terminal(self.terminal.columns, rows)
        self.send(b"\x0c")
        self.settle()
        side = self.terminal.text(1).find("┬") if rows > 1 else -1
        for row, (got, wanted) in enumerate(zip(changed[:rows - 1], self.terminal.shape())):
            got, wanted = got[:side], wanted[:side]
            assert got == wanted, "%s, row %d:\n%s\nis in truth\n%s" % (what, row, got, wanted)


def texts(links, url):
    """Of each link to a URL, its rows."""
    return [rows for (target, _), rows in links.items() if target == url]


def test_what_is_a_link_and_what_is_none():
    with Watched(size=(100, 60)) as w:
        w.answer()
        w.send(b"\033<")
        w.settle()
        links = w.terminal.linked()
        assert texts(links, "https://a.example/manual") == [["the manualhttps://a.example/manual"]]
        assert texts(links, "https://b.example/x?y=1&z=2") == [["https://b.example/x?y=1&z=2"]]
        assert texts(links, "mailto:me@c.example") == [["me@c.example"]]
        assert texts(links, "http://d.example/1") == [["onehttp://d.example/1"]]
        assert texts(links, "https://e.example/%E5%AD%97") == [["漢字テスト", "https://e.example/字"]]
        assert texts(links, "http://f.example/") == \
            [["runs aaaaaaaaaaaaaaaaaaaaaaaaa of one sign", "http://f.example/"]]
        assert texts(links, "http://g.example") == [["samehttp://g.example"]] * 2
        rows, = texts(links, LONG)
        assert len(rows) > 1 and "".join(rows) == LONG, rows
        for number in range(8):
            url = "http://h.example/%d" % number
            assert texts(links, url) == [["link %d%s" % (number, url)]]
        assert all(u.startswith(("http", "mailto:")) for u in w.terminal.urls), w.terminal.urls
        w.is_true("after an answer")


def test_links_keep_to_their_cells():
    """Whatever comes over them, and in each kind of terminal."""
    for term in ("xterm-256color", "tmux-256color", "rxvt-unicode-256color", "vte-256color"):
        with Watched(TERM=term) as w:
            w.answer()
            for keys in (b"\033[5~", b"\033[5~", b"\033[A", b"\033<", b"\033[6~", b"\033OP", b"\033",
                         b"\033>", b"\033OQ", b"\033", b"\t\t", b"/link\r", b"n", b"n", b"N", b"\033", b"p", b"\033", b"v", b"v"):
                w.send(keys)
                w.is_true("%s: %r" % (term, keys))
            for size in ((60, 20), (30, 12), (101, 31), (100, 30)):
                w.resize(*size)
                w.is_true("%s: %r" % (term, size))
            assert w.terminal.linked()


def test_while_an_answer_comes():
    """In pieces that end anywhere; a link grows with its text."""
    for n in (3, 20, 61, 90, 140):
        with Watched(FAKE_PIECE="7", FAKE_HOLD=str(n)) as w:
            w.wait("Ready")
            w.send(b"go\r")
            w.wait("Answering")
            w.settle()
            w.is_true("%d pieces" % n)


def test_text_without_markup():
    """Of the user, of thinking, of pages, and of answers that are shown raw."""
    with Watched(b"raw http://a.example/*x* and <http://b.example>.", size=(100, 40)) as w:
        w.wait("Ready")
        w.send("see http://c.example/(d), (http://e.example/) and 在https://f.example/p。那里\r".encode())
        w.wait("raw http")
        w.settle()
        links = w.terminal.linked()
        for url in ("http://c.example/(d)", "http://e.example/", "https://f.example/p", "http://b.example"):
            assert texts(links, url) == [[url]], (url, links)
        w.send(b"\t\tv")
        w.wait("<http://b")
        w.settle()
        assert texts(w.terminal.linked(), "http://a.example/*x") == [["http://a.example/*x"]], w.terminal.linked()
        w.is_true("raw")


def sequences(out):
    return re.findall(rb"\033\]8;[^\033\a]*", out)


def test_who_gets_links():
    for flags, env, wanted in (
            ([], {"TERM": "xterm-256color"}, True), ([], {"TERM": "tmux-256color"}, True),
            ([], {"TERM": "linux"}, False), ([], {"TERM": "vt220"}, False), ([], {"TERM": "screen"}, False),
            ([], {"TERM": "screen", "TMUX": "/tmp/tmux,1,0"}, True),
            (["--links", "on"], {"TERM": "screen"}, True),
            (["--links", "off"], {"TERM": "xterm-256color"}, False),
            (["--links", "on"], {"TERM": "xterm-256color", "LC_ALL": "C"}, False)):
        with start(b"a http://a.example/b c", flags=flags, **env) as p:
            p.wait(b"Ready")
            p.send(b"go\r")
            p.wait(rb"http://a\.example/b")
            p.wait(rb"Stopped")
            p.send(b"\x04")
            assert p.exit_code() == 0
            got = sequences(p.out)
            assert bool(got) == wanted, (flags, env, got)
            assert not got or got[-1] == b"\033]8;;", got
        print("    ", flags, env, wanted)


def test_the_setting_holds_at_once():
    with Watched(b"a http://a.example/b c") as w:
        w.wait("Ready")
        w.send(b"go\r")
        w.wait("a http.*c")
        w.settle()
        assert w.terminal.linked()
        w.send(b"/set links off\r")
        w.settle()
        assert not w.terminal.linked()
        w.send(b"/set links on\r")
        w.settle()
        assert w.terminal.linked()
        w.is_true("on again")


def in_lines(text, when):
    """-> what a terminal of 60 columns and rows shows, its links, the bytes"""
    with start(text, flags=["--plain", "--links", when], size=(60, 60)) as p:
        p.wait(rb"You: $")
        p.send(b"go\r")
        p.wait(rb"The end\.\r\n")
        p.send(b"\x04")
        assert p.exit_code() == 0
        terminal = Terminal(60, 60)
        terminal.feed(p.out)
        assert not terminal.link
        return [terminal.text(row) for row in range(60)], terminal.linked(), p.out


def test_a_conversation_in_lines():
    """It has links if asked for, and no sequence else; the text is the same."""
    long = "https://b.example/" + "long/" * 400 + "end"
    text = ("See http://a.example/x, (%s) and http://a.example/x. The end.\n" % long).encode()
    shown, links, _ = in_lines(text, "on")
    assert texts(links, "http://a.example/x") == [["http://a.example/x"]] * 2, links
    rows, = texts(links, long)
    assert len(rows) > 20 and "".join(rows) == long, rows
    plain, none, out = in_lines(text, "auto")
    assert plain == shown and not none and b"\033" not in out


def test_no_text_opens_a_sequence():
    """Control characters, as bytes, entities and escapes, in texts and targets of links."""
    controls = [HOSTILE, b"\a", b"\033\\", b"\033]8;;http://evil.example\a", b"\x9c", b"\xc2\x9c", b"&#27;]8;;x&#7;", b"&#x9c;",
                b"&#92;", b"%1b%5c%07", b"\\\033", b";id=x:y;", b"\xe2\x80\xae", b"\xf0\x9f\x98\x80\xef\xb8\x8f"]
    text = b"".join(b"- [t%s](http://a%s.example/%s) http://b.example/%s <http://c.example/%s> ![i%s](<http://d %s>)\n" %
                    ((c.replace(b"\n", b" "),) * 7) for c in controls)
    text += b"[long](http://l.example/" + b"x" * 3000 + b") [wide](http://l.example/" + "字".encode() * 300 + b") end\n"
    with Watched(text, size=(120, 60)) as w:
        w.wait("Ready")
        w.send(b"go\r")
        w.wait("end")
        w.settle()
        assert w.terminal.linked() and not any("//l.example" in url for url, _ in w.terminal.linked())
        for _ in range(12):
            w.send(b"\033[5~")
            w.settle()
        assert not any(u.startswith("http://evil") for u in w.terminal.urls), w.terminal.urls
        w.is_true("hostile text")


def test_many_links():
    text = b"".join(b"[%d](http://m%d.example) " % (i, i) for i in range(400))
    with Watched(text, size=(200, 60)) as w:
        w.wait("Ready")
        w.send(b"go\r")
        w.wait("m399")
        w.settle()
        assert len(w.terminal.linked()) > 150
        w.is_true("many links")
        for key in (b"\033[5~", b"\033<", b"\033>", b"\033[5~"):
            w.send(key)
            w.is_true(key)


if __name__ == "__main__":
    run_tests(globals())
