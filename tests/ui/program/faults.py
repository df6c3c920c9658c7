# SPDX-License-Identifier: MIT
"""Homes, disks, files and values that are not as they should be, and texts that imitate the program: the chat
goes on, says once what is wrong, and loses nothing. In tmux, with an engine that says what a test wants."""
import glob
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import time

from conversations import FAKE, MODEL, Home, send
from terminal import HAS_PROC, Screen, run_tests


def answered(s, question="one"):
    send(s, question)
    s.wait(r"^ You   %s" % re.escape(question))
    s.wait(r"(?s)You   %s.*QINS  A short" % re.escape(question))


def keep_one(home):
    """A conversation of one exchange, saved."""
    with home.start() as s:
        answered(s)
        home.wait_rows("SELECT stop FROM message WHERE stop NOT NULL", lambda rows: len(rows) == 2)
        send(s, "/quit")
        assert s.exit_code() == 0


# ---- no place to save: F4 ----------------------------------------------------------------------------

def test_homes_that_cannot_be():
    """The answer comes, and one line tells, once."""
    with Home() as home:
        foreign = os.path.join(home.folder, "foreign")
        os.makedirs(os.path.join(foreign, "qins"))
        cases = [(["env", "-u", "HOME", "-u", "XDG_STATE_HOME"], "HOME is not set"),
                 (["env", "-u", "XDG_STATE_HOME", "HOME=/dev/null"], "/dev/null/.local"),
                 (["env", "XDG_STATE_HOME=/tmp/" + "x" * 5000], "")]
        if HAS_PROC:
            cases.append((["env", "-u", "XDG_STATE_HOME", "HOME=/proc"], "/proc/.local"))
        if os.geteuid() == 0:
            os.chown(os.path.join(foreign, "qins"), 12345, 12345)
            cases.append((["env", "XDG_STATE_HOME=" + foreign], "another user"))
        for env, told in cases:
            with Screen([*env, FAKE, "--format", "f32", MODEL], columns=160, FAKE_TEXT=home.answer) as s:
                s.wait("Ready")
                answered(s)
                s.wait(r"^ (Not saved: |Nothing can be saved: |/).*" + re.escape(told))
                answered(s, "two")
                s.wait(r"^ Enter send")           # it is not told again
                send(s, "/save")
                s.wait(told)                       # but when asked
                send(s, "/quit")
                assert s.exit_code() == 0


def test_the_root_as_home():
    """Of a machine that has a read-only one."""
    if not Disk.can_be():
        return
    with Home() as home:
        mount = "mount --bind /tmp /tmp && mount -o remount,bind,ro / && exec env -u XDG_STATE_HOME HOME=/ \"$@\""
        command = ["unshare", "-rm", "sh", "-c", mount, "sh", FAKE, "--format", "f32", MODEL]
        with Screen(command, columns=120, FAKE_TEXT=home.answer) as s:
            s.wait("Ready")
            answered(s)
            s.wait(r"^ (Not saved: )?/\.local/state/qins.*: cannot create: Read-only")
            answered(s, "two")
            s.wait(r"^ Enter send")


def test_relative_folders_are_ignored():
    with Home() as home:
        env = ["env", "HOME=" + home.folder, "XDG_STATE_HOME=relative", "XDG_CONFIG_HOME=relative"]
        with Screen([*env, FAKE, "--format", "f32", MODEL], FAKE_TEXT=home.answer) as s:
            s.wait("Ready")
            answered(s)
            send(s, "/save")
            s.wait("Saved as")
        assert os.path.exists(os.path.join(home.folder, ".local/state/qins/conversations.db"))
        assert not os.path.exists("relative")


# ---- disks that say no: F5 ---------------------------------------------------------------------------

class Disk:
    """A disk of 512 KiB in a mount namespace of the program's own, reached through /proc."""

    def __init__(self, home):
        self.at = os.path.join(home.folder, "disk")
        os.mkdir(self.at)
        mount = "mount -t tmpfs -o size=512k,mode=0700 none '%s' && exec \"$@\"" % self.at
        self.command = ["unshare", "-rm", "sh", "-c", mount, "sh", FAKE, "--format", "f32", MODEL]

    @staticmethod
    def can_be():
        ok = shutil.which("unshare") and subprocess.run(
            ["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /mnt"], stderr=subprocess.DEVNULL,
            check=False).returncode == 0
        if not ok:
            print("skipped: no mounts for tests here")
        return ok

    def inside(self, s, *names):
        return "/proc/%d/root%s" % (s.pid(), os.path.join(self.at, *names))


def saved_texts(path):
    """The file is copied first: its program has it open, and SQLite must not touch the disk."""
    copy = path.replace("/", "_")
    folder = os.path.dirname(os.environ.get("TMPDIR", "/tmp/")) or "/tmp"
    folder = subprocess.run(["mktemp", "-d", os.path.join(folder, "qins-copy-XXXXXX")], check=True,
                            capture_output=True).stdout.decode().strip()
    try:
        for name in glob.glob(path + "*"):
            shutil.copy(name, os.path.join(folder, copy + name[len(path):]))
        with sqlite3.connect(os.path.join(folder, copy)) as db:
            return [bytes(r[0]).decode() if isinstance(r[0], bytes) else r[0]
                    for r in db.execute("SELECT text FROM message ORDER BY number")]
    finally:
        shutil.rmtree(folder)


def until_saved(path, n):
    end = time.monotonic() + 40
    while True:
        try:
            texts = saved_texts(path)
        except (sqlite3.OperationalError, FileNotFoundError):
            texts = []
        if len(texts) == n:
            return texts
        assert time.monotonic() < end, len(texts)
        time.sleep(0.1)


def test_a_full_disk_is_told_and_filled_later():
    if not Disk.can_be():
        return
    with Home() as home:
        disk = Disk(home)
        with Screen(disk.command, XDG_STATE_HOME=disk.at, FAKE_TEXT=home.answer) as s:
            s.wait("Ready")
            answered(s)
            path = disk.inside(s, "qins", "conversations.db")
            until_saved(path, 2)
            filler = disk.inside(s, "filler")
            with open(filler, "wb", buffering=0) as f:
                try:
                    while f.write(b"x" * 4096):
                        pass
                except OSError:
                    pass
            send(s, "two " + "much " * 2000)
            s.wait(r"Not saved: .*(full|space)")
            s.keys("Left")
            s.wait("Not saved: ", gone=True)
            send(s, "/save")
            s.wait(r"Not saved: .*(full|space)")
            assert until_saved(path, 2)[0] == "one"         # what was there is there
            os.unlink(filler)
            answered(s, "three")
            texts = until_saved(path, 6)
            assert texts[0] == "one" and texts[4] == "three" and texts[2].startswith("two much")


def test_a_home_that_is_read_only():
    """What was said can be read, also what a killed program has left in the journal; nothing is saved."""
    if not Disk.can_be():
        return
    for killed in False, True:
        with Home() as home:
            if killed:
                with home.start() as s:
                    answered(s)
                    home.wait_rows("SELECT stop FROM message WHERE stop NOT NULL", lambda rows: len(rows) == 2)
                    os.kill(s.pid(), signal.SIGKILL)
                    s.wait("EXIT=137")
            else:
                keep_one(home)
            assert os.path.exists(home.file + "-wal") == killed
            mount = "mount --bind '%s' '%s' && mount -o remount,bind,ro '%s' && exec \"$@\"" % ((home.folder,) * 3)
            with Screen(["unshare", "-rm", "sh", "-c", mount, "sh", FAKE, "--format", "f32", MODEL],
                        XDG_STATE_HOME=home.folder, FAKE_TEXT=home.answer) as s:
                s.wait("Ready")
                s.keys("F2")
                s.wait(r"^ Conversations +1$")
                s.text("short answer")
                s.wait(r"^> (\d )?one")
                s.keys("Enter")
                s.wait(r"(?s)You   one.*QINS  A short")
                assert "open in another qins-tui" not in s.shows()
                answered(s, "two")
                s.wait("Not saved: .*read-only")
                answered(s, "three")
                s.wait("^ Enter send")
            assert len(home.texts()) == 2


def test_files_that_may_not_grow():
    """RLIMIT_FSIZE is what a quota is: writes fail in the middle."""
    with Home("word " * 60000) as home:
        with Screen(["sh", "-c", "ulimit -f 200; exec \"$@\"", "sh", FAKE, "--format", "f32", MODEL],
                    XDG_STATE_HOME=home.folder, FAKE_TEXT=home.answer) as s:
            s.wait("Ready")
            send(s, "one")
            s.wait(r"Not saved: ")
            s.wait(r"Stopped( by)? +(end of answer|context full)")
            send(s, "/clear")
            s.wait("Alt-1")
        assert "one" in [t.decode() if isinstance(t, bytes) else t for t in home.texts()]


# ---- locks, other programs: F6, F7 -------------------------------------------------------------------

def test_a_killed_program_leaves_no_lock():
    with Home() as home:
        with home.start() as s:
            answered(s)
            home.wait_rows("SELECT stop FROM message WHERE stop NOT NULL", lambda rows: len(rows) == 2)
            os.kill(s.pid(), signal.SIGKILL)
            s.wait("EXIT=137")
        with home.start("--continue") as s:
            s.wait(r"^ You   one")
            assert "open in another qins-tui" not in s.shows()
            s.wait(r"Context +~\d+ / 4096")
            answered(s, "two")
            home.wait_rows("SELECT count(*) FROM conversation", lambda rows: rows == [(1,)])
            home.wait_rows("SELECT stop FROM message WHERE stop NOT NULL", lambda rows: len(rows) == 4)


def test_a_hundred_thousand_conversations():
    with Home() as home:
        keep_one(home)
        with sqlite3.connect(home.file) as db:
            first = db.execute("SELECT * FROM conversation").fetchone()
            names = [c[1] for c in db.execute("PRAGMA table_info(conversation)")]
            db.executemany("INSERT INTO conversation VALUES (%s)" % ",".join("?" * len(names)),
                           [tuple(2 + i if n == "id" else "title %d" % i if n == "title" else v
                                  for n, v in zip(names, first)) for i in range(100000)])
        with home.start() as s:
            start = time.monotonic()
            s.keys("F2")
            s.wait(r"^ Conversations +1000$")
            s.text("title 99999")
            s.wait(r"^ Conversations +1$")
            assert time.monotonic() - start < 10  # it is 0.4 s on an idle machine
            s.keys("Enter")
            s.wait("Enter send")


def test_titles_are_no_sql():
    with Home() as home, home.start() as s:
        answered(s)
        send(s, "/save '); DROP TABLE message; --")
        s.wait("Saved as")
        send(s, "/open '); DROP")
        s.wait("This conversation is already open")
        s.keys("F2")
        s.wait(r"^> (\d )?'\); DROP TABLE message; --")
        assert home.rows("SELECT count(*) FROM message") == [(2,)]


# ---- who may read it: F10 ----------------------------------------------------------------------------

def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_umask_zero_opens_nothing():
    with Home() as home:
        editor, seen, tmp = (os.path.join(home.folder, n) for n in ("editor", "seen", "tmp"))
        with open(editor, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\nls -ld \"$1\" \"$(dirname \"$1\")\" >%s\n" % seen)
        os.chmod(editor, 0o755)
        os.mkdir(tmp)
        command = ["sh", "-c", "umask 0; exec \"$@\"", "sh", FAKE, "--format", "f32", MODEL]
        with Screen(command, XDG_STATE_HOME=home.folder, FAKE_TEXT=home.answer, EDITOR=editor, TMPDIR=tmp,
                    TERM="linux") as s:
            s.wait("Ready")
            answered(s)
            s.keys("C-g")
            while not os.path.exists(seen) or len(open(seen, encoding="utf-8").readlines()) < 2:
                time.sleep(0.05)
            s.wait("Enter send")
            send(s, "/copy")
            s.wait(r"copied\s+the\s+answer")
            home.wait_rows("SELECT stop FROM message WHERE stop NOT NULL", lambda rows: len(rows) == 2)
            copies = glob.glob(os.path.join(tmp, "qins-copy-*"))
            assert len(copies) == 1 and mode_of(copies[0]) == 0o600
            assert mode_of(home.state) == 0o700
            assert {mode_of(p) for p in glob.glob(os.path.join(home.state, "*"))} == {0o600}
            with open(seen, encoding="utf-8") as f:
                modes = [line[:10] for line in f]
            assert modes == ["drwx------", "-rw-------"], modes
            assert os.listdir(tmp) == [os.path.basename(copies[0])]  # the editor's file is gone


SECRET = "hf_" + "tell" * 8 + "nobody"


def test_secrets_are_nowhere():
    """A token in the environment is in no file, no line and no argument; not when the program crashes either."""
    for crash in None, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT:
        with Home() as home:
            env = {"FAKE_CRASH": str(int(crash))} if crash else {}
            with home.start("--mouse", HF_TOKEN=SECRET, HUGGING_FACE_HUB_TOKEN=SECRET, **env) as s:
                pid = s.pid()
                if HAS_PROC:
                    with open("/proc/%d/environ" % pid, "rb") as f:
                        assert SECRET.encode() in f.read()
                    with open("/proc/%d/cmdline" % pid, "rb") as f:
                        assert SECRET.encode() not in f.read()
                send(s, "one")
                if crash:
                    s.wait(r"EXIT=%d" % (128 + crash))
                else:
                    s.wait("QINS  A short")
                    send(s, "/export " + os.path.join(home.folder, "out.json"))
                    s.wait("Saved to")
                    send(s, "/quit")
                    assert s.exit_code() == 0
                assert SECRET not in s.shows() + s.stderr()
            for folder, _, names in os.walk(home.folder):
                for name in names:
                    with open(os.path.join(folder, name), "rb") as f:
                        assert SECRET.encode() not in f.read(), name


# ---- values out of their range: F3 -------------------------------------------------------------------

def test_the_same_value_is_refused_everywhere():
    with Home() as home:
        os.makedirs(os.path.join(home.folder, "qins"))
        config = os.path.join(home.folder, "qins", "config.yaml")
        with home.start() as s:
            for key, value, told in (("temperature", "3", "not a number from 0 to 2"),
                                     ("temperature", "nan", "not a number from 0 to 2"),
                                     ("top_p", "-0.1", "not a number from"), ("top_k", "1.5", "not a whole number"),
                                     ("max_tokens", "1e999", "not a whole number"),
                                     ("repeat_penalty", "0x1", "not a number from")):
                def refused(flags, env, code):
                    names = dict(os.environ, XDG_CONFIG_HOME=home.folder, XDG_STATE_HOME=home.folder)
                    names.update(env)
                    r = subprocess.run([FAKE, "--format", "f32", "-p", "x", *flags, MODEL], env=names,
                                       capture_output=True, stdin=subprocess.DEVNULL, check=False)
                    error = r.stderr.decode()
                    assert r.returncode == code and told in error and error.count("\n") == 1 and not r.stdout, \
                        (key, value, r.returncode, error)
                refused(["--" + key.replace("_", "-"), value], {}, 64)
                refused([], {"QINS_" + key.upper(): value}, 78)
                with open(config, "w", encoding="ascii") as f:
                    f.write("%s: %s\n" % (key, value))
                refused([], {}, 78)
                os.unlink(config)
                send(s, "/set %s %s" % (key, value))
                s.wait(told)
                s.keys("C-c")


# ---- texts and names: D9, D10, D11 -------------------------------------------------------------------

def test_names_are_names():
    with Home() as home, home.start() as s:
        answered(s)
        for name, told in (("/export $(touch pwned).md", r"Saved to \$\(touch pwned\)\.md"),
                           ("/export -rf.md", r"Saved to -rf\.md"),
                           ("/export %s%n.md", r"Saved to %s%n\.md"),
                           ("/preset ../../etc/passwd", r"\.\./\.\./etc/passwd"),
                           ("/preset -rf", r'preset "-rf": not a name'),
                           ("/set theme %s%n", r'theme "%s%n": not found'),
                           ("/model ;id", r";id: no such file or model")):
            send(s, name)
            s.wait(told)
            s.keys("C-c")
        for name in ("$(touch pwned).md", "-rf.md", "%s%n.md"):
            os.unlink(os.path.join(".", name))
        assert not os.path.exists("pwned")


def test_ten_megabytes_are_not_sent_to_a_terminal():
    with Home("0123456789 abcdef\0" * 600000) as home:
        with home.start(FAKE_PIECE="64", FAKE_CONTEXT="1000000") as s:
            send(s, "much")
            s.wait(r"Stopped( by)? +end of answer")
            send(s, "/copy")
            found = s.wait(r"Too long for a terminal's clipboard:\s+copied\s+the\s+answer\s+"
                           r"\(10800000\s+bytes\)\s+to\s+(\S+)")
            path = found.group(1)
            with open(path, "rb") as f:
                assert f.read() == b"0123456789 abcdef\0" * 600000
            os.unlink(path)


FORGED = """Sure.
 You   I agree to everything.

 QINS  Saved.
─ Message ────────────
 > /quit
│ Ready
[stopped]
"""


def test_no_answer_can_look_like_the_program():
    """Where roles, lines and the input stand no text of an answer gets: not in Markdown, not raw."""
    with Home(FORGED) as home, home.start() as s:
        send(s, "forge")
        s.wait(r"Stopped( by)? +end of answer")
        for keys in ((), ("Tab", "Tab", "v")):
            if keys:
                s.keys(*keys)
            for size in ((100, 30), (60, 20), (30, 20)):
                s.resize(*size)
                wide = size[0] >= 60
                s.wait(r"^[ │] {6}.*\[stopped\]" if wide else r"^[ *][ │].*\[stopped\]")
                rows = [r for r in s.shows().split("\n")
                        if re.search(r"agree|Saved|/quit|\[stopped\]|Ready\s*$|─ Message ─{8}", r)]
                for row in rows:
                    own = re.match(r"─ Message ─", row) or re.search(r"│ Ready$", row[60:]) or \
                        re.match(r" Ready ", row)
                    assert own or row[1:7].strip() == "" or not wide, row


if __name__ == "__main__":
    run_tests(dict(globals()))
