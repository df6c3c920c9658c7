# SPDX-License-Identifier: MIT
"""@path on the screen and in lines: what is put into a message, told before, shown folded, saved and exported."""
import json
import os
import sqlite3
import tempfile

from terminal import Pty, Screen, program, run_tests

FAKE = program("tests/ui/qins-tui-fake")
MODEL = os.path.join(os.environ.get("QINS_SOURCE", "."), "meson.build")  # any file: the engine does not read it
NOTES = "".join("row %d of the notes\n" % i for i in range(1, 31))


class Place:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="qins-put-in-")
        for name, text in (("notes.txt", NOTES), ("my notes.txt", "mine\n"), ("text", "The answer.")):
            with open(self.path(name), "w", encoding="utf-8") as f:
                f.write(text)
        with open(self.path("photo.jpg"), "wb") as f:
            f.write(b"\xff\xd8\xff\xe0\x00")

    def path(self, *names):
        return os.path.join(self.folder.name, *names)

    def env(self):
        return {"FAKE_TEXT": self.path("text"), "HOME": self.folder.name, "XDG_STATE_HOME": self.path("state")}

    def screen(self):
        s = Screen([FAKE, "--format", "f32", MODEL], **self.env())
        s.wait("Ready")
        return s

    def saved(self):
        with sqlite3.connect(self.path("state", "qins", "conversations.db")) as db:
            return [row[0] for row in db.execute("SELECT text FROM message WHERE role = 'user' ORDER BY number")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()


def part(name, text):
    return '<file name="%s" bytes="%d">\n%s\n</file>\n\n' % (name, len(text), text)


def test_a_file_is_put_in():
    with Place() as p, p.screen() as s:
        s.text("What is in @~/no")
        s.keys("Tab")
        s.wait(r"^ > What is in @~/notes\.txt")
        s.wait(r"^ Puts in: ~/notes\.txt, 591 bytes, 148 tokens$")
        s.text("?")
        s.wait(r"Puts in: ~/notes\.txt,")
        s.keys("Enter")
        s.wait(r"^ You   . ~/notes\.txt, 591 bytes, 148 tokens")
        s.wait(r"^       What is in @~/notes\.txt \?")
        s.wait(r"^ QINS  The answer\.")
        s.wait(r"Puts in", gone=True)
        s.keys("F3")
        s.wait(r"row 12 of the notes")
        s.keys("F3")
        s.wait(r"row 12 of the notes", gone=True)
        assert p.saved() == [part("~/notes.txt", NOTES) + "What is in @~/notes.txt ?"], p.saved()
        for name in ("out.md", "out.jsonl"):
            s.text("/export ~/" + name)
            s.keys("Enter")
            s.until(lambda name=name: os.path.exists(p.path(name)), True)
        with open(p.path("out.md"), encoding="utf-8") as f:
            md = f.read()
            assert "File `~/notes.txt`:\n\n```\n" + NOTES + "```\n\nWhat is in" in md, md
        with open(p.path("out.jsonl"), encoding="utf-8") as f:
            assert p.saved()[0] in [json.loads(line)["content"] for line in f]
        s.text("/edit")  # as it was typed; the file is read again
        s.keys("Enter")
        s.wait(r"^ > What is in @~/notes\.txt \?")
        with open(p.path("notes.txt"), "w", encoding="utf-8") as f:
            f.write("other\n")
        s.keys("Enter")
        s.wait(r"^ You   . ~/notes\.txt, 6 bytes, 2 tokens")
        s.until(lambda: len(p.saved()), 2)
        assert p.saved()[1] == part("~/notes.txt", "other\n") + "What is in @~/notes.txt ?"
        s.keys("C-c", "C-d")
    with Place() as p, Screen([FAKE, "--format", "f32", MODEL], **p.env()) as s:
        s.wait("Ready")
        s.text("@ana, mail ana@example.org")
        s.wait(r"^ @ana is no file, sent as written$")
        s.keys("Enter")
        s.wait(r"^ You   @ana, mail ana@example\.org")
        s.wait("The answer")
        assert p.saved() == ["@ana, mail ana@example.org"]


def test_names_with_blanks_and_what_is_refused():
    with Place() as p, p.screen() as s:
        s.text("@~/my")
        s.keys("Tab")
        s.wait(r'^ > @"~/my notes\.txt"')
        s.wait(r"Puts in: ~/my notes\.txt, 5 bytes")
        s.keys("C-u")
        s.text("see @~/photo.jpg")
        s.wait(r"photo\.jpg: byte 0xff at offset 0 is no text")
        s.keys("Enter")
        s.wait(r"photo\.jpg: byte 0xff at offset 0 is no text")
        s.wait(r"^ > see @~/photo\.jpg")  # it is not sent, and stays
        s.keys("C-u")
        s.text("see ")
        s.paste("@%s\n" % p.path("notes.txt") * 9)  # folded: nothing of it is read
        s.wait(r"pasted")
        s.keys("Enter")
        s.wait("The answer")
        assert part("x", "")[:6] not in p.saved()[0]


def test_lines():
    with Place() as p:
        t = Pty([FAKE, "--plain", "--format", "f32", MODEL], **p.env())
        t.wait(rb"You: $")
        t.send(b"Read @~/notes.txt\n")
        t.wait(rb"Puts in: ~/notes\.txt, 591 bytes, 148 tokens\r\n.*Assistant: The answer.*You: $")
        t.out = b""
        t.send(b"@~/photo.jpg\n")
        t.wait(rb"photo\.jpg: byte 0xff at offset 0 is no text.*You: $")
        t.send(b"\x04")
        assert t.exit_code() == 0
        assert p.saved() == [part("~/notes.txt", NOTES) + "Read @~/notes.txt"]


if __name__ == "__main__":
    run_tests(dict(globals()))
