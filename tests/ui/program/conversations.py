# SPDX-License-Identifier: MIT
"""Conversations that are kept: killed programs, the list, versions, export, and disks that say no. The
engine says what a test wants; the saved file is read from outside with Python's own SQLite."""
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import tempfile
import time

from terminal import SECONDS, Screen, program, run_tests

FAKE = program("tests/ui/qins-tui-fake")
SOURCE = os.environ.get("QINS_SOURCE", ".")
MODEL = os.path.join(SOURCE, "meson.build")  # any file: the engine does not read it


class Home:
    """A folder for what is kept, and programs that use it."""

    def __init__(self, answer="A short answer.\n"):
        self.folder = tempfile.mkdtemp(prefix="qins-state-")
        self.answer = os.path.join(self.folder, "answer")
        with open(self.answer, "w", encoding="utf-8") as f:
            f.write(answer)
        self.state = os.path.join(self.folder, "qins")
        self.file = os.path.join(self.state, "conversations.db")

    def start(self, *flags, **env):
        names = {"XDG_STATE_HOME": self.folder, "FAKE_TEXT": self.answer}
        names.update(env)
        s = Screen([FAKE, "--format", "f32", *flags, MODEL], **names)
        s.wait("Ready")
        return s

    def rows(self, sql):
        with contextlib.closing(sqlite3.connect(self.file, timeout=30)) as db:
            return db.execute(sql).fetchall()

    def texts(self):
        return [row[0] for row in self.rows("SELECT text FROM message ORDER BY id")]

    def wait_rows(self, sql, condition):
        end = time.monotonic() + SECONDS
        while True:
            try:
                rows = self.rows(sql) if os.path.exists(self.file) else []
            except sqlite3.OperationalError:  # its tables are just being made
                rows = []
            if condition(rows):
                return rows
            assert time.monotonic() < end, rows
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)


def send(s, text):
    s.text(text)
    s.keys("Enter")


def test_a_killed_program_has_saved_what_streamed():
    with Home("".join("line %d of it\n" % i for i in range(100000))) as home:
        with home.start(FAKE_DELAY_MS="20") as s:
            send(s, "tell me")
            seen = s.wait(r"line (\d+) of it").group(1)
            home.wait_rows("SELECT text FROM message WHERE role = 'assistant'",
                           lambda rows: rows and "line %s of it" % seen in rows[0][0])
            os.kill(s.pid(), signal.SIGKILL)
            s.wait(r"EXIT=137")
        assert "line %s of it" % seen in home.texts()[1]
        with home.start("--continue") as s:
            s.wait(r"\[interrupted; /continue resumes it\]")
            assert home.rows("SELECT stop FROM message WHERE role = 'assistant'") == [("interrupted",)]


def test_a_summary_takes_the_place_of_the_oldest():
    with Home() as home, home.start() as s:
        for word in "first", "second", "third":
            send(s, word)
            s.wait(r"^ You   %s$|^ You   %s " % (word, word))
            s.wait("Ready")
        send(s, "/compact 1")
        s.wait(r"A summary stands for the 4 oldest messages now; /undo brings them back")
        s.wait(r"^ You   Summarise our conversation so far\.")
        s.wait(r"second", gone=True)
        home.wait_rows("SELECT text FROM message WHERE parent = -1", lambda rows: len(rows) == 2)
        send(s, "/undo")
        s.wait(r"^ You   second")
        s.wait(r"Summarise our", gone=True)
        send(s, "/branch 2")
        s.wait(r"^ You   Summarise our conversation so far\.")
        assert home.texts().count("third") == 2


def test_a_summary_that_was_opened_is_undone():
    with Home() as home:
        with home.start() as s:
            send(s, "first")
            s.wait(r"QINS  A short")
            s.wait("Ready")
            send(s, "/compact 0")
            s.wait(r"A summary stands for the 2 oldest messages now")
            home.wait_rows("SELECT stop FROM message WHERE stop NOT NULL", lambda rows: len(rows) == 4)
        with home.start("--continue") as s:
            s.wait(r"^ You   Summarise our conversation so far\.")
            send(s, "/regen")
            s.wait(r"This is a summary: /undo, then /compact, writes another one")
            send(s, "/undo")
            s.wait(r"^ You   first")
            s.wait(r"Summarise our", gone=True)


def test_signals_save_and_leave():
    for number, code in (signal.SIGTERM, 143), (signal.SIGHUP, 129):
        with Home("word " * 100000) as home:
            with home.start(FAKE_DELAY_MS="20") as s:
                send(s, "tell me")
                s.wait(r"word word")
                os.kill(s.pid(), number)
                assert s.exit_code() == code
            assert home.texts()[0] == "tell me" and "word word" in home.texts()[1]


def test_a_crash_of_the_engine_keeps_the_question():
    with Home() as home:
        with home.start(FAKE_CRASH=str(int(signal.SIGBUS))) as s:
            send(s, "a question before the crash")
            s.wait(r"EXIT=\d+")
        assert home.texts() == ["a question before the crash"]


def test_the_list_finds_renames_deletes_and_opens():
    with Home("An answer about penguins.\n") as home, home.start() as s:
        send(s, "about the antarctic")
        s.wait(r"QINS  An answer")
        home.wait_rows("SELECT stop FROM message", lambda rows: len(rows) == 2)
        send(s, "/new")
        s.wait(r"Alt-1")
        send(s, "something else")
        s.wait(r"QINS  An answer")
        home.wait_rows("SELECT stop FROM message", lambda rows: len(rows) == 4)
        s.keys("F2")
        s.wait(r"^ Conversations +2$")
        s.wait(r"^> 1 something else .* 2 ")
        s.text("ANTARC")
        s.wait(r"^> (\d )?about the antarctic")
        s.wait(r"^ Conversations +1$")
        s.keys("C-r")
        s.wait(r"New title: about the antarctic")
        s.keys("C-u")
        send(s, "Ice \x1b[31m")
        s.wait(r"^ Conversations +1$")
        s.keys("C-u")
        s.wait(r"^ Conversations +2$")
        s.text("penguins Ice")
        s.wait(r"Nothing found")             # all words in one text
        s.keys("C-u")
        s.text('"*(')
        s.wait(r"Nothing found")
        s.keys("C-u")
        s.text("something")
        s.wait(r"^> (\d )?something else")
        s.keys("C-d")
        s.wait(r"for good\? \(y/n\)")
        s.keys("y")
        s.wait(r"Nothing found")
        assert home.rows("SELECT count(*) FROM conversation") == [(1,)]
        s.keys("C-u")
        s.wait(r"^> (\d )?Ice")
        s.keys("Enter")
        s.wait(r"^ You   about the antarctic")


def test_clicks_select_and_open_in_a_list():
    with Home("An answer.\n") as home, home.start("--mouse") as s:
        for n, text in (2, "the older one"), (4, "the newer one"):
            send(s, text)
            home.wait_rows("SELECT stop FROM message", lambda rows, n=n: len(rows) == n)
            send(s, "/new")
            s.wait(r"Alt-1")
        s.keys("F2")
        s.wait(r"^> 1 the newer one")
        s.text("\x1b[<65;9;9M")              # the wheel
        s.wait(r"^> 2 the older one")
        s.text("\x1b[<64;9;9M")
        s.wait(r"^> 1 the newer one")
        s.text("\x1b[<0;9;9999M\x1b[<0;9;1M")  # beside all items
        s.text("\x1b[<0;9;4M")
        s.wait(r"^> 2 the older one")
        s.text("\x1b[<0;9;4M")
        s.wait(r"^ You   the older one")


def test_versions_are_kept_and_shown():
    with Home() as home, home.start() as s:
        send(s, "question one")
        s.wait(r"QINS  A short")
        send(s, "/regen")
        s.wait(r"^ 2/2")
        s.keys("M-,")
        s.wait(r"^ 1/2")
        s.keys("M-,")
        s.wait(r"This is the first version")
        send(s, "/branch 2")
        s.wait(r"^ 2/2")
        send(s, "/edit")
        s.wait(r"^─ New version of your message")
        s.keys("C-u")
        send(s, "question two")
        s.wait(r"^ You   question two")
        home.wait_rows("SELECT stop FROM message", lambda rows: len(rows) == 5)
        send(s, "/undo")
        s.wait(r"Last exchange undone")
        s.wait(r"Alt-1")
        send(s, "/branch")
        s.wait(r"Branches of this conversation +3$")
        s.text("one")
        s.wait(r"Branches of this conversation +2$")
        s.keys("Enter")
        s.wait(r"^ You   question one")
        assert sorted(home.texts()) == ["A short answer.\n"] * 3 + ["question one", "question two"]


def test_export_is_exact_and_overwrites_nothing():
    answer = "# Heading\n\n| a | b |\n\ttab, \u202e and \u001b[2J, no newline at the end"
    with Home(answer) as home, home.start() as s:
        md, js = os.path.join(home.folder, "out.md"), os.path.join(home.folder, "out.json")
        send(s, "a question")
        s.wait(r"no newline")
        home.wait_rows("SELECT stop FROM message WHERE stop NOT NULL", lambda rows: len(rows) == 2)
        send(s, "/export " + md)
        s.wait(r"Saved to .*out\.md")
        with open(md, encoding="utf-8", newline="") as f:
            assert f.read() == ("# a question\n\n## You\n\na question\n\n## meson.build\n\n" + answer
                                + "\n\n")
        with open(md, "w", encoding="utf-8") as f:
            f.write("mine")
        send(s, "/export " + md)
        s.wait(r"already exists; /export --force")
        with open(md, encoding="utf-8") as f:
            assert f.read() == "mine"
        send(s, "/export --force " + md)
        s.wait(r"Saved to .*out\.md")
        send(s, "/export " + js)
        s.wait(r"Saved to .*out\.json")
        with open(js, encoding="utf-8") as f:
            got = json.load(f)
        assert [m["text"] for m in got["messages"]] == ["a question", answer]
        assert got["path"] == [0, 1] and got["messages"][1]["parent"] == 0
        send(s, "/export " + js + "l")
        s.wait(r"Saved to .*out\.jsonl")
        with open(js + "l", encoding="utf-8") as f:
            lines = [json.loads(line) for line in f]
        assert lines[0]["role"] == "system" and lines[1:] == [
            {"role": "user", "content": "a question"}, {"role": "assistant", "content": answer}]
        send(s, "/export " + md + ".txt")
        s.wait(r"ends in \.md, \.json or \.jsonl")


def test_thinking_is_exported_apart():
    """Whatever it says, it ends where it ends: no heading, fence, comment or tag of it goes on behind it."""
    hostile = "so\n\n```\n</details>\n<!-- \n## You\r\n\r> more"
    with Home("The answer.") as home:
        path = os.path.join(home.folder, "thinking.txt")
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(hostile)
        with home.start(FAKE_THINKING=path) as s:
            files = {end: os.path.join(home.folder, "out." + end) for end in ("md", "json", "jsonl")}
            send(s, "a question")
            s.wait(r"The answer")
            home.wait_rows("SELECT stop FROM message WHERE stop NOT NULL", lambda rows: len(rows) == 2)
            saved = home.rows("SELECT CAST(thinking AS TEXT), n_thinking > 0, thinking_ms > 0 FROM message"
                              " WHERE number = 1")
            assert saved == [(hostile, 1, 1)], saved
            got = {}
            for flags in ("", "--force --no-thinking "):
                for end, name in files.items():
                    send(s, "/export " + flags + name)
                    s.wait(r"Saved to .*out\." + end + "$")
                    with open(name, encoding="utf-8", newline="") as f:
                        got[flags, end] = f.read()
    head, tail = "# a question\n\n## You\n\na question\n\n## meson.build\n\n", "The answer.\n\n"
    assert got["", "md"] == (head + "> *Thinking*\n>\n> so\n> \n> ```\n> </details>\n> <!-- \n> ## You\n> \n> > more\n\n"
                             + tail), got["", "md"]
    assert json.loads(got["", "json"])["messages"][1]["thinking"] == hostile
    assert json.loads(got["", "jsonl"].splitlines()[2]) == {
        "role": "assistant", "content": "The answer.", "reasoning_content": hostile}
    for end in files:
        assert "details" not in got["--force --no-thinking ", end]
        assert "The answer." in got["--force --no-thinking ", end]


def test_a_second_program_gets_a_copy():
    with Home() as home, home.start() as first:
        send(first, "in the first")
        first.wait(r"QINS  A short")
        home.wait_rows("SELECT stop FROM message", lambda rows: len(rows) == 2)
        with home.start("--continue") as second:
            second.wait(r"This conversation is open in another qins-tui")
            second.wait(r"^ You   in the first")
            send(second, "in the copy")
            home.wait_rows("SELECT id FROM conversation", lambda rows: len(rows) == 2)
        assert home.rows("SELECT count(*) FROM message WHERE conversation = 1") == [(2,)]


def test_nothing_is_kept_when_so_asked():
    for flags, env in ((["--no-save"], {}), ([], {"QINS_NO_HISTORY": "1"})):
        with Home() as home, home.start(*flags, **env) as s:
            send(s, "a secret")
            s.wait(r"QINS  A short")
            send(s, "/save")
            s.wait(r"Nothing is saved: --no-save")
            send(s, "/quit")
            assert s.exit_code() == 0
            assert not os.path.exists(home.state)


def test_a_disk_that_says_no_is_told_once():
    with Home() as home, home.start(XDG_STATE_HOME="/dev/null") as s:
        send(s, "one")
        s.wait(r"Not saved: /dev/null/qins")
        s.wait(r"QINS  A short")
        send(s, "two")
        s.wait(r"(?s)QINS  A short.*QINS  A short")
        assert "Not saved" not in s.shows()


def test_a_locked_file_delays_nothing_and_all_is_saved_later():
    with Home() as home, home.start() as s:
        send(s, "one")
        home.wait_rows("SELECT stop FROM message WHERE stop NOT NULL", lambda rows: len(rows) == 2)
        other = sqlite3.connect(home.file, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        send(s, "two")
        s.wait(r"Not saved: .*another program has locked")
        s.wait(r"(?s)QINS  A short.*QINS  A short")
        other.execute("ROLLBACK")
        other.close()
        send(s, "three")
        home.wait_rows("SELECT stop FROM message WHERE stop NOT NULL", lambda rows: len(rows) == 6)


def test_a_damaged_file_is_kept_under_another_name():
    with Home() as home:
        os.mkdir(home.state, 0o700)
        with open(home.file, "wb") as f:
            f.write(b"no database at all" * 1000)
        with home.start() as s:
            send(s, "one")
            s.wait(r"is damaged; it was renamed to")
            home.wait_rows("SELECT stop FROM message WHERE stop NOT NULL", lambda rows: len(rows) == 2)
        kept = [n for n in os.listdir(home.state) if ".damaged-" in n]
        assert len(kept) == 1
        with open(os.path.join(home.state, kept[0]), "rb") as f:
            assert f.read() == b"no database at all" * 1000


if __name__ == "__main__":
    run_tests(dict(globals()))
