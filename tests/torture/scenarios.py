# SPDX-License-Identifier: MIT
"""What the programs are made to do while something fails, and what must hold then."""
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

SOURCE = os.environ.get("QINS_SOURCE", ".")
BUILD = os.path.abspath(os.environ.get("QINS_BUILD", "build"))
for folder in ("ui/program", "fuzz"):
    sys.path.insert(0, os.path.join(SOURCE, "tests", folder))
import tiny_model  # noqa: E402
from terminal import Pty  # noqa: E402

TUI = os.path.join(BUILD, "ui", "qins-tui")
CONVERT, BENCH = (os.path.join(BUILD, "tools", "qins-" + name) for name in ("convert", "bench"))
SERVER = os.path.join(BUILD, "tools", "server", "qins-server")
HANG_S = 60
ESC = b"\x1b[27u" # as kitty sends it: no time tells it from Alt
SYSEXITS = set(range(64, 79))
TIMES = re.compile(rb'"(\w+_ms|tokens_per_s|load_ms|id|created)":\s*("[^"]*"|[-+.0-9e]+)'
                   rb'|"threads":\s*\d+|\d+ threads?|in [.0-9]+ m?s|\b\d\d:\d\d\b')


def clear(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)


class Place:
    """A model of a few kilobytes and a home, for one run of the torture."""

    def __init__(self):
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = tempfile.mkdtemp(prefix="qins-torture-", dir=base)
        self.tiny, self.model = self.path("tiny"), self.path("tiny.qins")
        self.home, self.out = self.path("home"), self.path("out")
        tiny_model.make(self.tiny, SOURCE, max_position=2048)
        clear(self.home)
        clear(self.out)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("QINS_", "XDG_"))}
        self.env.update(HOME=self.home, OPENBLAS_NUM_THREADS="1", LC_ALL="C.UTF-8")
        self.do(CONVERT, "-q", "-f", "qins8", "-o", self.model, self.tiny)
        for name, text in TEXTS.items():
            with open(self.path(name), "w") as f:
                f.write(text)

    def do(self, *command, lines=None):
        subprocess.run(command, env=self.env, check=False, input=lines, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def path(self, name):
        return os.path.join(self.folder, name)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


TEXTS = {
    "text": "The cat sat on the mat.\n<|endoftext|>\nA dog barked at it, and it ran.\n" * 20,
    "prompts": "Hi\nWho are you?\n",
    "questions": json.dumps({"question": "What barks?", "choices": [" a cat", " a dog"],
                             "answer": 1}) + "\n",
    "messages": json.dumps([{"role": "user", "content": "hi"}]),
    "schema": json.dumps({"type": "object", "properties": {"a": {"enum": [1, "b"]}},
                          "required": ["a"]}),
    "recipe": "model.layers.*: qins8\n",
}


class Result:
    def __init__(self, code, said, complained, is_restored=True):
        self.code, self.said, self.complained = code, TIMES.sub(b"T", said), complained
        self.is_restored, self.files, self.saved = is_restored, {}, None


class Scenario:
    """Something that a program does; the files in `out`, and the output, are its result. `whole`:
    files that must be whole or as before; `saves`: conversations, in a home that has one already,
    or says that it cannot; `varies`: it prints measurements."""

    def __init__(self, place, name, command, lines=None, before=None, whole=(), saves=False,
                 varies=False):
        self.place, self.name, self.command, self.lines = place, name, command, lines
        self.before, self.whole, self.saves, self.varies = before or {}, whole, saves, varies
        self.program = os.path.basename(command[0])

    def run(self, **env):
        clear(self.place.out)
        kept = home_with_a_conversation(self.place) if self.saves else None
        shutil.rmtree(self.place.home, ignore_errors=True)
        if kept:
            shutil.copytree(kept, self.place.home)
        else:
            os.makedirs(self.place.home)
        for name, data in self.before.items():
            with open(os.path.join(self.place.out, name), "wb") as f:
                f.write(data)
        result = self.call(dict(self.place.env, **env))
        result.said = result.said.replace(self.place.folder.encode(), b"PLACE")
        for name in os.listdir(self.place.out):
            with open(os.path.join(self.place.out, name), "rb") as f:
                result.files[name] = f.read()
        if self.saves:
            result.saved = saved_in(self.place.home)
        return result

    def call(self, env):
        try:
            r = subprocess.run(self.command, input=self.lines, env=env, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, timeout=HANG_S,
                               stdin=subprocess.DEVNULL if self.lines is None else None)
            return Result(r.returncode, r.stdout, r.stderr.decode(errors="replace"))
        except subprocess.TimeoutExpired:
            return Result("hang", b"", "")

    def tells(self, r, right):
        """Does it say more than when nothing fails?"""
        def notices(said):
            return {line for line in said.splitlines() if b'"notice"' in line}
        return bool(notices(r.said) - notices(right.said)) or r.complained != right.complained

    def faults(self, r, right):
        """-> what does not hold, in words."""
        found = []
        if r.code == right.code: # 75: an answer was cut short by its limit
            same = set(r.files) == set(right.files) and r.saved == right.saved and \
                (self.varies or (r.files == right.files and r.said == right.said))
            if not same and not (self.saves and self.tells(r, right)):
                found.append("ends as if nothing was wrong, with another result")
        else:
            found += self.faults_of_end(r)
        for name in self.whole:
            if not self.is_whole(r.files.get(name), right.files[name], self.before.get(name)) and \
                    not (self.saves and self.tells(r, right)):
                found.append("%s is neither whole nor as before" % name)
        if self.saves:
            found += faults_of_saved(r.saved, right.saved, self.place.kept)
        if not r.is_restored:
            found.append("the terminal is not as before")
        return found

    def is_whole(self, data, right, before):
        return data in (right, before) or (self.varies and data[-8:] == right[-8:])

    def faults_of_end(self, r):
        lines = r.complained.splitlines()
        if r.code not in SYSEXITS:
            return ["ends with %s" % r.code]
        if not lines or (len(lines) != 1 and not self.saves and not self.lines):
            return ["%d lines on stderr" % len(lines)]
        if not lines[-1].split("\r")[-1].startswith(self.program + ": "):
            return ["the message does not name the program"]
        return []


class ScreenScenario(Scenario):
    """The same on a terminal, key by key: the next when nothing was drawn for QUIET_S."""
    QUIET_S, START_S = 0.03, 3

    def __init__(self, place, name, command, keys):
        super().__init__(place, name, command, saves=True, varies=True)
        self.keys = keys

    def call(self, env):
        names = {k: v for k, v in env.items() if k.startswith(("TORTURE", "LD_"))}
        with Pty(self.command, HOME=self.place.home, **names) as p:
            self.type(p)
            if p.child.poll() is None:
                return Result("hang", b"", "")
            try:
                code = p.exit_code()
                p.restored()
                restored = True
            except AssertionError:
                restored = b"\x1b[?1049h" not in p.out
            return Result(code, p.out, p.errors().decode(errors="replace"), restored)

    def type(self, p):
        keys, begin, waits_until = list(self.keys), time.monotonic(), 0
        while p.child.poll() is None and time.monotonic() < begin + HANG_S:
            before = len(p.out)
            p.read(self.QUIET_S)
            now, is_quiet = time.monotonic(), len(p.out) == before and before > 0
            if b"\x1b[?2004h" in p.out and (is_quiet or now > waits_until):
                keys = keys or [ESC + ESC, b"\x15/quit\r"]
                p.send(keys.pop(0))
                waits_until = now + 0.5
            elif b"\x1b[?2004h" not in p.out and now > max(waits_until, begin + self.START_S):
                p.send(b"/quit\n") # it has gone on in lines
                waits_until = now + 1

    def tells(self, r, right):
        return bool(r.complained) or bool(re.search(rb"memory|cannot|aved| full", r.said))


class ServerScenario(Scenario):
    """A server that is asked until it no longer answers, and then told to end."""
    ANSWER_S = 3
    ASKS = (
        ("GET", "/v1/models", None),
        ("POST", "/tokenize", {"content": "hi"}),
        ("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
        ("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}],
                                          "stream": True}),
        ("POST", "/v1/chat/completions", {
            "messages": [{"role": "user", "content": "hi"}], "stop": ["zz"], "logprobs": True,
            "response_format": {"type": "json_object"}}),
        ("POST", "/v1/completions", {"prompt": "Once"}),
        ("POST", "/v1/completions", {"prompt": 1}),
        ("GET", "/health", None), ("GET", "/nothing", None))

    def call(self, env):
        with open(self.place.path("stderr"), "w+b") as complained:
            p = subprocess.Popen(self.command, env=env, stderr=complained,
                                 stdout=subprocess.DEVNULL)
            said, port = b"", self.port(p)
            for method, path, body in self.ASKS if port else ():
                if said.endswith(b"hang\n") or p.poll() is not None:
                    break
                said += b"%s: %s\n" % (path.encode(), self.ask(port, method, path, body))
            p.send_signal(signal.SIGTERM)
            try:
                code = p.wait(HANG_S)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
                code = "hang"
            complained.seek(0)
            return Result(code, said, complained.read().decode(errors="replace"))

    def port(self, p):
        end = time.monotonic() + HANG_S
        while p.poll() is None and time.monotonic() < end:
            with open(self.place.path("stderr")) as f:
                found = re.search(r"http://127.0.0.1:(\d+)\n", f.read())
            if found:
                return int(found.group(1))
            time.sleep(0.005)
        return None

    @staticmethod
    def ask(port, method, path, body):
        data = dict(body, temperature=0, max_tokens=4) if body and "content" not in body else body
        connection = http.client.HTTPConnection("127.0.0.1", port,
                                                timeout=ServerScenario.ANSWER_S)
        try:
            connection.request(method, path, json.dumps(data) if data else None)
            reply = connection.getresponse()
            return b"%d %s" % (reply.status, reply.read().replace(b"\n", b" "))
        except (OSError, http.client.HTTPException) as e:
            return b"hang" if isinstance(e, TimeoutError) else b"cut"
        finally:
            connection.close()

    def faults(self, r, right):
        found = [] if r.code == right.code else self.faults_of_end(r)
        r_lines, right_lines = r.said.splitlines(), right.said.splitlines()
        for got, wanted in zip(r_lines, right_lines):
            answer = got.split(b": ", 1)[1]
            if answer == b"hang":
                found.append("no answer")
            elif got != wanted and not re.match(rb"cut|5\d\d .*\"error\"|200 data: ", answer):
                found.append("another answer: %r" % answer)
        return found

    def faults_of_end(self, r):
        r.complained = re.sub(r"qins-server: .* at http://.*\n", "", r.complained)
        return super().faults_of_end(r)


# ---- saved conversations -------------------------------------------------------------------------

def home_with_a_conversation(place):
    kept = place.path("kept-home")
    if not os.path.exists(kept):
        clear(place.home)
        place.do(*chat(place), "--chat", "--json", "--continue", lines=b"Zero\n/save Kept\n")
        shutil.copytree(place.home, kept)
        place.kept = saved_in(kept)
    return kept


def saved_in(home):
    """-> the messages of all conversations, or what is wrong with the database"""
    path = os.path.join(home, ".local/state/qins/conversations.db")
    try:
        with contextlib.closing(sqlite3.connect(path)) as db:
            state = db.execute("PRAGMA integrity_check").fetchone()[0]
            return state if state != "ok" else db.execute(
                "SELECT conversation, number, parent, role, text FROM message "
                "WHERE stop IS NOT NULL ORDER BY conversation, number").fetchall()
    except sqlite3.Error as e:
        return str(e)


def faults_of_saved(saved, right, before):
    if isinstance(saved, str):
        return ["the database is damaged: " + saved]
    found, texts = [], {row[:4]: row[4] for row in saved}
    if not all(texts.get(row[:4], "").startswith(row[4]) for row in before):
        found.append("the old conversation is lost")
    if {row[4] for row in saved if row[3] == "user"} - {row[4] for row in right}:
        found.append("a message is saved that nobody wrote")
    return found


# ---- all of them ---------------------------------------------------------------------------------

def chat(place, context="512"):
    return [TUI, "-m", place.model, "-t", "1", "--seed", "1", "-n", "4", "--context", context]


def lines_of(place):
    export = os.path.join(place.out, "talk")
    saved = ("One\n/set temperature 0\nTwo\n/regen\n/branch\n/export %s.md\n/new\nThree\n"
             "/save Title\n/undo\n/open Zero\n/continue\n/export %s.jsonl\n" % (export, export))
    commands = ("One\n/help\n/edit\nTwo\n/system be kind\n/preset creative\n/set\n/set top_k 4\n"
                "/json\nThree\n/json %s\nFour\n/json off\n/tokens\n/tokens %s.json\n/stats\n"
                "/think on\n/thinking\n/compact 1\n/find One\n/model\n/model tiny\n/about\n/wrong\n"
                "@%s\n" % (place.path("schema"), export, place.path("text")))
    return saved.encode(), commands.encode()


def scenarios_of_chat(place):
    one = chat(place) + ["--json", "--no-save", "-p", "hi"]
    saved, commands = lines_of(place)
    return [
        Scenario(place, "list", [TUI, "--models", "--json"]),
        Scenario(place, "settings", [TUI, "--dump-config"]),
        Scenario(place, "keys", [TUI, "--dump-keys"]),
        Scenario(place, "answer", one + ["--stop", "zzz"]),
        Scenario(place, "answer of a shape", one + ["--json-schema", place.path("schema")]),
        Scenario(place, "conversation, saved and exported",
                 chat(place) + ["--chat", "--json", "--continue"], lines=saved,
                 whole=["talk.md", "talk.jsonl"], saves=True, varies=True),
        Scenario(place, "commands in lines", chat(place, "2048") + ["--chat", "--no-save"],
                 lines=commands, varies=True),
        ScreenScenario(place, "screen", chat(place), (
            b"alpha **question**\r", b"/set temperature 0.5\r", b"\x1b[A\x1b[A\x15",
            b"/think on\r", b"\x15/quit\r")),
        ScreenScenario(place, "screen, its layers", chat(place) + ["--continue"], (
            b"beta `code`\r", b"/help\r", ESC, b"/open\r", b"Ze", ESC + ESC, b"/set\r",
            b"\x1b[B\x1b[C", ESC, b"/find beta\r", ESC, b"/model\r", ESC, b"/tokens\r",
            ESC + ESC, b"/copy\r", b"/stats\r", ESC + ESC, b"/regen\r", b"/branch\r", ESC,
            b"\x15/quit\r")),
    ]


def scenarios_of_convert(place):
    target = os.path.join(place.out, "x.qins")
    make = [CONVERT, "-q", "-t", "1", "--force", "-o", target, "-f", "qins4"]
    return [
        Scenario(place, "convert", make + ["--no-measure", place.tiny], whole=["x.qins"]),
        Scenario(place, "convert over an old file, measured", make + [place.tiny],
                 before={"x.qins": b"old"}, whole=["x.qins"]),
        Scenario(place, "convert by a recipe, compressed",
                 make + ["--no-measure", "--recipe", place.path("recipe"), "--compress",
                         place.tiny], whole=["x.qins"]),
        Scenario(place, "calibrate", make + ["--no-measure", "--calibrate", place.path("text"),
                                             place.tiny], whole=["x.qins"]),
        Scenario(place, "verify", [CONVERT, "-q", "-t", "1", "--verify", place.model]),
    ]


def scenarios_of_bench(place):
    text, picture = place.path("text"), os.path.join(place.out, "memory.svg")
    against = ["--against", place.tiny]
    ways = {
        "tokens": [place.model, "The cat"],
        "logits": [place.model, "--ids", "5,6", "--greedy", "2", "--json"],
        "render": [place.model, "--messages", place.path("messages")],
        "inspect": [place.model, "q_proj", *against],
        "perplexity": [place.model, text, "--json"],
        "quality": [place.model, "--text", text, *against, "--json"],
        "choice": [place.model, "--file", place.path("questions"), *against, "--json"],
        "samples": [place.model, "--file", place.path("prompts"), "-n", "4", *against],
        "memory": [place.model, "--file", place.path("prompts"), "-n", "4", *against, "--svg",
                   picture],
        "speed": [place.model, "-p", "4", "-n", "2", "-r", "1", "-t", "1", "--json"],
    }
    return [Scenario(place, "bench " + name, [BENCH, name, *words],
                     varies=name in ("memory", "speed"),
                     whole=["memory.svg"] if name == "memory" else ())
            for name, words in ways.items()]


def scenarios(place):
    return scenarios_of_convert(place) + scenarios_of_chat(place) + scenarios_of_bench(place) + [
        ServerScenario(place, "server", [SERVER, "--port", "0", "-t", "1", "-c", "512",
                                         "--drain", "1", place.model])]
