# SPDX-License-Identifier: MIT
"""Two ways to run a program on a terminal: inside tmux, to read its screen, and on a bare
pseudo-terminal, to read its bytes. Nothing waits for a fixed time: everything waits for what is
expected, up to a deadline."""
import fcntl
import functools
import json
import locale
import os
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

SECONDS = 60  # deadline of each wait; slow machines need it, quick ones never see it
SKIP = 77     # what Meson takes for "skipped"


def skip(why):
    print("SKIPPED:", why)
    sys.exit(SKIP)


HAS_PROC = os.path.isdir("/proc/self")


def needs_proc(test):
    """A test that looks into /proc, which only Linux has."""
    @functools.wraps(test)
    def skipped():
        print("SKIPPED: %s needs /proc" % test.__name__)
    return test if HAS_PROC else skipped


@functools.lru_cache(maxsize=None)
def utf8_locale():
    """C.UTF-8, or what Macs before macOS 15 have in its place."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
        return "C.UTF-8"
    except locale.Error:
        return "en_US.UTF-8"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


def program(name):
    return os.path.join(os.environ.get("QINS_BUILD", "build"), name)


def shared(name):
    path = os.path.join(os.environ.get("QINS_SHARED", "../shared"), name)
    if not os.path.exists(path):
        skip(path + " is not there")
    return os.path.abspath(path)


def environment(home, **more):
    """A clean one: no settings of whoever runs the tests."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("QINS_", "FAKE_", "XDG_", "LC_", "NO_COLOR", "ESCDELAY", "TMUX"))}
    env.update(HOME=home, LC_ALL=utf8_locale(), TERM="xterm-256color")
    env.update(more)
    return env


class Screen:
    """A program in a tmux of its own."""

    def __init__(self, command, columns=100, rows=30, **env):
        if not shutil.which("tmux"):
            skip("tmux is not installed")
        self.folder = tempfile.mkdtemp(prefix="qins-ui-")
        self.socket = os.path.join(self.folder, "tmux")
        own_tmux = env.pop("OWN_TMUX", False)  # it may know in what it runs
        names = environment(self.folder, **env)
        names.pop("TERM")
        term = env.get("TERM")
        line = "%s%s%s 2>%s/stderr; echo EXIT=$?; exec cat" % (
            "" if own_tmux else "unset TMUX; ", "TERM=%s " % term if term else "", " ".join(map(shlex.quote, command)), self.folder)
        config = os.path.join(self.folder, "tmux.conf")
        with open(config, "w", encoding="ascii") as f:
            f.write("set -g status off\n")  # from the start: a line more later would be a resize
        self.tmux("-f", config, "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  "sh", "-c", line, env=dict(names, TERM="xterm-256color"))
        self.resize(columns, rows)

    def tmux(self, *args, env=None, data=None):
        return subprocess.run(["tmux", "-S", self.socket] + list(args), env=env, input=data,
                              capture_output=True, check=True).stdout.decode()

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def text(self, text):
        self.tmux("send-keys", "-l", text)

    def paste(self, text):
        self.tmux("load-buffer", "-", data=text.encode())
        self.tmux("paste-buffer", "-p", "-r")

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def shows(self):
        return self.tmux("capture-pane", "-p")

    def wait(self, pattern, gone=False):
        """Until the screen shows a pattern (or shows it no more); -> the match."""
        end = time.monotonic() + SECONDS
        while True:
            screen = self.shows()
            found = re.search(pattern, screen, re.MULTILINE)
            if bool(found) != gone:
                return found
            if time.monotonic() > end:
                print(screen)
                raise AssertionError("%s: %s" % ("still there" if gone else "never came", pattern))
            time.sleep(0.03)

    def until(self, what, expected):
        """Until what() gives the expected; frames are drawn in steps, and one may be half drawn."""
        end = time.monotonic() + SECONDS
        while (got := what()) != expected:
            if time.monotonic() > end:
                raise AssertionError("%r, not %r" % (got, expected))
            time.sleep(0.03)

    def pid(self):
        parent = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            found = subprocess.run(["pgrep", "-P", parent], capture_output=True)
            if found.stdout.strip():
                return int(found.stdout.split()[0])
            time.sleep(0.03)
        raise AssertionError("the program does not run")

    def cursor(self):
        return tuple(map(int, self.tmux("display-message", "-p", "#{cursor_x} #{cursor_y}").split()))

    def exit_code(self):
        code = int(self.wait(r"EXIT=(\d+)").group(1))
        modes = self.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}").split()
        assert modes == ["0", "1"], "the terminal was not given back: %s" % modes
        return code

    def stderr(self):
        with open(os.path.join(self.folder, "stderr"), encoding="utf-8") as f:
            return f.read()

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Child:
    """A program behind a leader of its session (leader.py)."""

    def __init__(self, command, slave, stderr, env):
        self.status, status = os.pipe()
        leader = os.path.join(os.path.dirname(os.path.abspath(__file__)), "leader.py")
        self.leader = subprocess.Popen([sys.executable, "-SE", leader, str(status), json.dumps(env)] + command,
                                       stdin=slave, stdout=slave, stderr=stderr, pass_fds=[status],
                                       start_new_session=True,
                                       preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(status)
        self.returncode = None
        self.pid = self.number()

    def number(self):
        return struct.unpack("i", os.read(self.status, 4))[0]

    def poll(self):
        if self.returncode is None and select.select([self.status], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self):
        if self.returncode is None:
            self.returncode = self.number()
        return self.returncode

    def send_signal(self, number):
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            pass  # it has just ended

    def close(self):
        if self.poll() is None:
            self.send_signal(signal.SIGKILL)
            self.wait()
        self.leader.kill()
        self.leader.wait()
        os.close(self.status)


class Pty:
    """A program on a pseudo-terminal; all that it writes is kept in .out."""

    END = b"<the end of what it wrote>"

    def __init__(self, command, columns=100, rows=30, **env):
        self.folder = tempfile.mkdtemp(prefix="qins-ui-")
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        names = environment(self.folder)
        names.update(env)
        self.stderr = open(os.path.join(self.folder, "stderr"), "w+b")
        self.child = Child(command, slave, self.stderr, names)
        self.out = b""
        self.reading = True

    def send(self, data):
        os.write(self.master, data)

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds=0.05):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            try:
                self.out += os.read(self.master, 65536)
            except OSError:
                pass

    def wait(self, pattern):
        end = time.monotonic() + SECONDS
        while not re.search(pattern, self.out, re.DOTALL):
            self.read()
            if time.monotonic() > end:
                raise AssertionError("never came: %r in %r" % (pattern, self.out[-2000:]))

    def exit_code(self):
        end = time.monotonic() + SECONDS
        while self.child.poll() is None:
            if self.reading:
                self.read()
            else:
                time.sleep(0.02)
            if time.monotonic() > end:
                raise AssertionError("does not end")
        written = False
        while self.reading and self.END not in self.out:
            if not written and select.select([], [self.slave], [], 0)[1]:
                os.write(self.slave, self.END)  # behind all that it wrote
                written = True
            self.read()
            assert time.monotonic() < end, "the rest never came"
        self.out = self.out.replace(self.END, b"")
        return self.child.returncode

    def restored(self):
        """The terminal's modes are as before."""
        assert termios.tcgetattr(self.slave)[:4] == self.before[:4], "termios differ"
        assert self.out.rfind(b"\033[?2004l") > self.out.rfind(b"\033[?2004h"), "paste mode is on"
        assert self.out.rfind(b"\033[?1049l") > self.out.rfind(b"\033[?1049h"), "alternate screen"

    def errors(self):
        self.stderr.seek(0)
        return self.stderr.read()

    def close(self):
        self.child.close()
        for fd in (self.master, self.slave):
            try:
                os.close(fd)
            except OSError:
                pass
        self.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def run_tests(names):
    """Runs every function of a module called test_..."""
    failed = 0
    for name, test in sorted(names.items()):
        if not name.startswith("test_"):
            continue
        start = time.monotonic()
        try:
            test()
            print("ok   %-50s %.1f s" % (name, time.monotonic() - start), flush=True)
        except AssertionError as error:
            failed += 1
            print("FAIL %s: %s" % (name, error), flush=True)
    sys.exit(1 if failed else 0)
