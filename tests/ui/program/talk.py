# SPDX-License-Identifier: MIT
"""The conversation in lines: on terminals that can do no more, for screen readers, and asked for."""
import os
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import termios
import time

from terminal import Pty, Screen, environment, program, run_tests, shared

TUI = program("ui/qins-tui")
FAKE = program("tests/ui/qins-tui-fake")
SOURCE = os.environ.get("QINS_SOURCE", ".")


def start(*flags, term="xterm-256color", **env):
    return Screen(["env", "TERM=" + term, TUI, "--temperature", "0", "-n", "20", *flags, shared("models/stories260K-phi3")], **env)


def converse(s):
    s.wait(r"^You: ?$")
    s.text("Once upon a time")
    s.keys("Enter")
    s.wait(r"(?s)^Assistant: .*\[max tokens reached\]\nYou: ?$")
    s.text("/set temperature 9")
    s.keys("Enter")
    s.wait(r"not a number from 0 to 2")
    s.text("/frobnicate")
    s.keys("Enter")
    s.wait(r"Unknown command")
    s.text("/stats")
    s.keys("Enter")
    s.wait(r"^ *answer: 20 tokens, ")
    s.keys("C-d")
    s.wait(r"EXIT=0")


def test_asked_for():
    with start("--plain") as s:
        converse(s)


def test_for_screen_readers():
    with start(ACCESSIBLE="1") as s:
        converse(s)


def test_a_path_may_begin_at_home():
    """Wherever one is given: no shell is asked."""
    lines = Lines()
    for name in ("m.jinja", "model"):
        with open(lines.path(name), "w", encoding="ascii") as f:
            f.write("x")
    for flags, env in ((["-m", "~/model"], {}), ([], {"QINS_MODEL": "~/model"}), (["-m", "~/model", "--template", "~/m.jinja"], {}),
                       (["--preset", "~/p.yaml"], {})):
        with open(lines.path("p.yaml"), "w", encoding="ascii") as f:
            f.write("model: ~/model\ntemplate: ~/m.jinja\n")
        subprocess.run([FAKE, "--chat", "--format", "f32", *flags], check=True, timeout=20, stdout=subprocess.DEVNULL,
                       input=b"hello\n/model ~/model\n/export ~/out.md\n",
                       env=environment(lines.folder.name, FAKE_TEXT=lines.text, **env))
        os.remove(lines.path("out.md"))
    for tool, words in (("qins-convert", ["~/no/such"]), ("qins-bench", ["speed", "~/no/such"]),
                        ("qins-convert", ["--recipe=~/no/such", shared("models/stories260K")]),
                        ("qins-bench", ["render", "~/x", "--messages=~/no/such"])):
        p = subprocess.run([program("tools/" + tool), *words], env=environment(lines.folder.name), check=False,
                           stdin=subprocess.DEVNULL, capture_output=True)
        assert p.returncode and lines.path("no/such").encode() in p.stderr, p.stderr


def typed_to(lines, *flags, **env):
    p = Pty([FAKE, "--plain", "--format", "f32", *flags, os.path.join(SOURCE, "meson.build")],
            FAKE_TEXT=lines.text, XDG_STATE_HOME=lines.path("state"), **env)
    p.wait(rb"You: $")
    return p


def has_its_modes(p, end=""):
    assert termios.tcgetattr(p.slave)[:4] == p.before[:4], ("termios differ", end)


def type_slowly(p, text):
    """What a terminal can hold is less than that."""
    for at in range(0, len(text), 1000):
        p.send(text[at:at + 1000])
        p.read(0.01)


def test_a_line_of_any_length_is_taken_whole():
    lines = Lines()
    long = "ab \u00e4\u6f22 " * 2000 + "END"
    p = typed_to(lines)
    for _ in range(2):
        type_slowly(p, long.encode() + b"\n")
        p.wait(rb"END.*Assistant: An answer.*You: $")
        p.out = b""
    p.send(b"\x04")
    assert p.exit_code() == 0
    has_its_modes(p)
    assert lines.texts().count(long) == 2, [len(t) for t in lines.texts()]


def test_the_keys_of_a_typed_line():
    """Those of the terminal's own lines: Backspace by characters, Ctrl-W, Ctrl-U, Ctrl-D; others do nothing."""
    cases = [("abcd\u00e4\u6f22\x7f\x7fe junk\x17f", "abcde f"), ("gone\x15kept", "kept"), ("x\x04y\x08z", "xz"),
             ("left\x1b[D\x1bOP\x1b[1;5Cright", "leftright"), ("e\u0301\x7fa\tb", "a\tb"), ("\x7f\x17\x15again\x12", "again")]
    lines = Lines()
    p = typed_to(lines)
    for keys, _ in cases:
        for byte in keys.encode() + b"\n":
            p.send(bytes([byte]))
        p.wait(rb"Assistant: An answer.*You: $")
        p.out = b""
    p.send(b"one\ntwo\n")  # ahead
    p.wait(rb"You: .*one.*An answer.*You: two\r\n.*An answer.*You: $|one\r\n.*An answer.*You: two\r\n.*An answer.*You: $")
    p.send(b"\x04")
    assert p.exit_code() == 0
    has_its_modes(p)
    asked = [t for t in lines.texts() if t != "An answer."]
    assert asked == [text for _, text in cases] + ["one", "two"], asked


def test_the_terminal_is_restored_after_every_end():
    for end in (b"\x03", b"\x04", b"/quit\n", signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV):
        p = typed_to(Lines(), ASAN_OPTIONS="handle_segv=0")  # or its handler stays
        p.send(b"" if end == b"\x04" else b"half a line" if end == b"\x03" or not isinstance(end, bytes) else b"")
        if isinstance(end, bytes):
            p.send(end)
        else:
            p.read(0.1)
            os.kill(p.child.pid, end)
        p.exit_code()
        has_its_modes(p, end)
    lines = Lines()
    p = typed_to(lines)
    os.kill(p.child.pid, signal.SIGTSTP)
    time.sleep(0.3)
    has_its_modes(p)
    os.kill(p.child.pid, signal.SIGCONT)
    time.sleep(0.2)
    type_slowly(p, b"x" * 6000 + b"\n")
    p.wait(rb"An answer.*You: $")
    p.send(b"\x04")
    assert p.exit_code() == 0
    has_its_modes(p)
    assert "x" * 6000 in lines.texts()


def test_where_no_screen_can_be():
    with start(term="dumb") as s:
        converse(s)


def test_control_c_stops_the_answer_and_nothing_else():
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as text:
        text.write("A sentence. " * 10000)
        text.flush()
        with Screen([FAKE, "--plain", "--format", "f32", os.path.join(SOURCE, "meson.build")],
                    FAKE_TEXT=text.name, FAKE_DELAY_MS="20") as s:
            s.wait(r"^You: ?$")
            s.text("go")
            s.keys("Enter")
            s.wait(r"^Assistant: A sentence\.")
            s.keys("C-c")
            s.wait(r"(?s)\[stopped\]\nYou: ?$")
            s.text("again")
            s.keys("Enter")
            s.wait(r"(?s)stopped.*^Assistant: A sentence\.")


def test_no_answer_can_write_a_label():
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as text:
        text.write("Yes.\nYou: forged\nAssistant: too\x1b[2J\n")
        text.flush()
        with Screen([FAKE, "--plain", "--format", "f32", os.path.join(SOURCE, "meson.build")],
                    FAKE_TEXT=text.name) as s:
            s.wait(r"^You: ?$")
            s.text("go")
            s.keys("Enter")
            s.wait(r"(?s)^Assistant: Yes\.\n  You: forged\n  Assistant: too\^\[\[2J\n.*^You: ?$")


class Lines:
    """An engine that says what a test wants, and one HOME for several programs."""
    def __init__(self, text="An answer."):
        self.folder = tempfile.TemporaryDirectory(prefix="qins-talk-")
        self.text = self.path("answer.txt")
        with open(self.text, "w", encoding="utf-8") as f:
            f.write(text)

    def path(self, *names):
        return os.path.join(self.folder.name, *names)

    def start(self, *flags, **env):
        s = Screen([FAKE, "--plain", "--format", "f32", *flags, os.path.join(SOURCE, "meson.build")],
                   FAKE_TEXT=self.text, XDG_STATE_HOME=self.path("state"), **env)
        s.wait(r"^You: ?$")
        return s

    def pipe(self, said, *flags, **env):
        return subprocess.run([FAKE, "--chat", "--format", "f32", *flags, os.path.join(SOURCE, "meson.build")],
                              input=said.encode(), env=environment(self.folder.name, FAKE_TEXT=self.text, **env),
                              capture_output=True, check=True)

    def texts(self):
        db = sqlite3.connect(self.path("state", "qins", "conversations.db"))
        rows = db.execute("SELECT CAST(text AS TEXT) FROM message ORDER BY conversation, number").fetchall()
        db.close()
        return [row[0] for row in rows]


def say(s, text):
    s.text(text)
    s.keys("Enter")


def test_what_is_said_is_kept_and_opened_again():
    lines = Lines()
    with lines.start(FAKE_KEEPS=lines.path("keeps")) as s:
        say(s, "about ice")
        s.wait(r"(?s)^Assistant: An answer\.\nYou: ?$")
        say(s, "/new")
        s.wait(r"^A new conversation$")
        say(s, "about fire")
        s.wait(r"(?s)fire\nAssistant: An answer\.\nYou: ?$")
        say(s, "/save Flames")
        s.wait(r'^Saved as "Flames"')
        say(s, "/export " + lines.path("out.md"))
        s.wait(r"^Saved to .*out\.md")
        s.keys("C-d")
        s.wait("EXIT=0")
    assert lines.texts() == ["about ice", "An answer.", "about fire", "An answer."]
    with open(lines.path("keeps"), encoding="ascii") as f:  # what the model has read, too
        assert f.read() == "say 1, keep, say 2, keep, "
    with lines.start("--continue") as s:
        s.wait(r"(?s)^You: about fire\nAssistant: An answer\.\nYou: ?$")
        say(s, "/open")
        s.wait(r"^ *1\. Flames, 2 messages, \d\d:\d\d\n *2\. about ice, 2 messages")
        say(s, "/open ice")
        s.wait(r"(?s)^You: about ice\nAssistant: An answer\.\nYou: ?$")
        say(s, "/open antarctic")
        s.wait(r"^No conversation matches antarctic")
        say(s, "more ice")
        s.wait(r"(?s)more ice\nAssistant: An answer\.\nYou: ?$")
    assert lines.texts()[:4] == ["about ice", "An answer.", "more ice", "An answer."]


def test_a_model_of_the_hub_and_the_preset_are_saved_as_on_the_screen():
    lines, commit = Lines(), "0123456789abcdef0123456789abcdef01234567"
    model = lines.path("hub", "models--org--name")
    os.makedirs(os.path.join(model, "snapshots", commit))
    os.makedirs(os.path.join(model, "refs"))
    with open(os.path.join(model, "refs", "main"), "w", encoding="ascii") as f:
        f.write(commit)
    with open(os.path.join(model, "snapshots", commit, "config.json"), "w", encoding="ascii") as f:
        f.write("{}")
    for flags, state in (["--plain"], "lines"), ([], "screen"):
        with Screen([FAKE, *flags, "--format", "f32", "--preset", "precise", "org/name"], FAKE_TEXT=lines.text,
                    HF_HUB_CACHE=lines.path("hub"), XDG_STATE_HOME=lines.path(state)) as s:
            s.wait(r"^You: ?$" if flags else "Ready")
            say(s, "hello")
            s.wait("An answer")
            s.wait(r"(?s)answer\.\nYou: ?$" if flags else "Ready")
            say(s, "/quit")
            s.wait("EXIT=0")
        db = sqlite3.connect(lines.path(state, "qins", "conversations.db"))
        assert db.execute("SELECT model, preset FROM conversation").fetchall() == [("org/name", "precise")], state
        assert db.execute("SELECT model FROM message ORDER BY number").fetchall() == [(None,), ("org/name",)], state
        db.close()


def test_another_model_is_told_wherever_it_is_asked_for():
    lines = Lines()
    with open(lines.path("second.qins"), "w", encoding="ascii"):
        pass
    with lines.start(QINS_MODELS=lines.folder.name) as s:
        say(s, "/model second")
        s.wait(r"(?s)^Loading second\nSwitched to second\nYou: ?$")
        say(s, "/set model")
        s.wait(r"^model is .*second\.qins")
        say(s, "/about")
        s.wait(r"This model: second,")
        say(s, "/set model nonesuch")  # as good as /model
        s.wait(r"^nonesuch: no such file or model")


def test_an_answer_that_opens_with_think_thinks():
    """Also if neither template nor tokenizer says so: here two letters of the vocabulary are more than letters."""
    lines = Lines()
    folder = lines.path("thinker")
    shutil.copytree(shared("models/stories260K-phi3"), folder, copy_function=shutil.copyfile)
    os.chmod(folder, 0o755)
    with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as f:
        text = f.read()
    assert '"A":' in text and '",":' in text
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as f:
        f.write(text.replace('"A":', '"<think>":').replace('",":', '"</think>,":'))
    p = subprocess.run([TUI, "-m", folder, "-p", "who are you?", "--temperature", "0", "-n", "20", "--json"], check=False,
                       env=environment(lines.folder.name), stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    said = [json.loads(line) for line in p.stdout.decode().splitlines()]
    assert "".join(e["text"] for e in said if e["event"] == "thinking") == "nna", said
    assert said[-1]["text"].startswith(", <think>nna</think>, came"), said[-1]


def test_json_tells_another_model_as_it_tells_the_first():
    lines = Lines()
    with open(lines.path("second.qins"), "w", encoding="ascii"):
        pass
    done = lines.pipe("one\n/model %s\ntwo\n" % lines.path("second.qins"), "--json")
    said = [e for e in map(json.loads, done.stdout.decode().splitlines()) if e["event"] not in ("loading", "prompt")]
    assert [e["event"] for e in said if e["event"] != "text"] == ["start", "done", "notice", "notice", "start", "done"]
    assert [os.path.basename(e["model"]) for e in said if e["event"] == "start"] == ["meson.build", "second.qins"]


def test_a_full_context_asks_in_lines_too():
    lines = Lines("aaaaabbbbbcccccdddddeeeee")
    with lines.start(FAKE_CONTEXT="42", FAKE_PIECE="5") as s:  # each message takes 10 tokens, each piece one
        say(s, "one")
        s.wait(r"(?s)^Assistant: aaaaabbbbbcccccdddddeeeee\nYou: ?$")
        say(s, "two")
        s.wait(r"(?s)^\[context full\]\nThe context is full\. Drop the oldest exchange from what the model sees\? "
               r"\(y/n\)\nYes or no: ?$")
        say(s, "perhaps")
        s.wait(r"(?s)^Type y for yes or n for no\.\nYes or no: ?$")
        say(s, "y")
        s.wait(r"(?s)^\[the model no longer sees the oldest exchange\]\n.*^You: ?$")
        say(s, "three")
        s.wait(r"(?s)three\nAssistant: aaaaabbbbb")
    piped = subprocess.run([FAKE, "--chat", "--format", "f32", os.path.join(SOURCE, "meson.build")],
                           input=b"one\ntwo\ny\n", capture_output=True,
                           env=environment(lines.folder.name, FAKE_TEXT=lines.text, FAKE_CONTEXT="42",
                                           FAKE_PIECE="5"))
    assert piped.returncode == 75  # a line has no whole answer
    assert piped.stdout.count(b"aaaaa") == 2  # "y" is a message, for which there was no room
    assert b"(y/n)" not in piped.stderr and b"does not fit into the context" in piped.stderr


def test_versions_in_lines():
    lines = Lines()
    with lines.start() as s:
        say(s, "one")
        s.wait(r"(?s)^Assistant: An answer\.\nYou: ?$")
        say(s, "/regen")
        s.wait(r"(?s)/regen\nAssistant: An answer\.\nYou: ?$")
        say(s, "/undo")
        s.wait(r"(?s)^Last exchange undone; /branch brings it back\nYou: ?$")
        say(s, "/continue")
        s.wait(r"^There is no answer to continue$")
    assert lines.texts() == ["one", "An answer.", "An answer."]


def test_another_version_is_the_next_line():
    lines = Lines()
    with lines.start() as s:
        say(s, "/edit")
        s.wait(r"^You have not sent a message to edit$")
        say(s, "one\\")
        say(s, "two")
        s.wait(r"(?s)^Assistant: An answer\.\nYou: ?$")
        say(s, "/edit")
        s.wait(r"(?s)^Your last message: one\n  two\nType the new version on the next line.*^New version: ?$")
        say(s, "")
        s.wait(r"(?s)^Nothing changed\nYou: ?$")
        say(s, "/edit")
        s.wait(r"(?s)Nothing changed.*^New version: ?$")
        say(s, "/stats")  # a command leaves it too
        s.wait(r"(?s)Nothing changed.*^Nothing changed\nNumbers:.*answer: \d+ tokens.*^You: ?$")
        say(s, "/edit")
        s.wait(r"(?s)tokens.*^New version: ?$")
        say(s, "three")
        s.wait(r"(?s)three\nAssistant: An answer\.\nYou: ?$")
        say(s, "/edit answer")
        s.wait(r"(?s)^The last answer: An answer\..*^New version: ?$")
        say(s, "mine")
        s.wait(r"^/continue continues your version; /branch 1 shows")
        say(s, "/continue")
        s.wait(r"(?s)/continue\nAssistant: An answer\.\nYou: ?$")
        say(s, "/branch 1")
        s.wait(r"(?s)^The conversation continues from here:\nYou: three\nAssistant: An answer\.\nYou: ?$")
        say(s, "/branch 3")
        s.wait(r"^There are 2 versions; /branch lists all branches")
    assert lines.texts() == ["one\ntwo", "An answer.", "three", "An answer.", "mineAn answer."], lines.texts()


def test_branches_are_chosen_by_number():
    lines = Lines()
    with lines.start() as s:
        say(s, "/branch")
        s.wait(r"^There are no messages yet$")
        say(s, "ice")
        s.wait(r"(?s)^Assistant: An answer\.\nYou: ?$")
        say(s, "/undo")
        s.wait(r"^Last exchange undone")
        say(s, "/branch")
        s.wait(r"(?s)^ *1\. ice: An answer\., 2 messages, \d\d:\d\d\n.*^Number: ?$")
        say(s, "2")
        s.wait(r"(?s)^Type a number from 1 to 1;.*^Number: ?$")
        say(s, "1")
        s.wait(r"(?s)^The conversation continues from here:\nYou: ice\nAssistant: An answer\.\nYou: ?$")
        say(s, "/branch")
        s.wait(r"(?s)2 messages, \d\d:\d\d; this one\nYou: ?$")  # nothing to choose from
        say(s, "3")  # is a message
        s.wait(r"(?s)^You: 3\nAssistant: An answer\.\nYou: ?$")
    assert lines.texts() == ["ice", "An answer.", "3", "An answer."]


def test_messages_are_found():
    lines = Lines("Light bends.\nIt is LIGHT there.\nYou: \x1b[2J forged light")
    with lines.start() as s:
        say(s, "why does light bend")
        s.wait(r"(?s)^Assistant: Light bends\..*^You: ?$")
        say(s, "/find light")
        s.wait(r"(?s)^ *1\. You: why does light bend\n *2\. Assistant: Light bends\. It is LIGHT there\. You: \^\[\[2J "
               r"forged light\n *4 found, in 2 of 2 messages\.\nYou: ?$")
        say(s, "/find LIGHT")  # as on the screen: a capital wants itself
        s.wait(r"(?s)/find LIGHT\nFound:\n *2\. Assistant: .*\n *1 found, in 1 of 2 messages\.")
        say(s, "/find ice")
        s.wait(r"^Not found$")


def command_names():
    with open(os.path.join(SOURCE, "ui", "commands", "command.c"), encoding="utf-8") as f:
        return re.findall(r'^    \{"(\w+)", "', f.read(), re.MULTILINE)


def test_every_command_of_the_table_says_what_it_does():
    lines, names = Lines(), command_names()
    assert len(names) > 20
    help_text = lines.pipe("/help\n").stderr.decode()
    for name in names:
        said = lines.pipe("/%s\n" % name, "--json").stdout.decode().splitlines()
        notices = [e["text"] for e in map(json.loads, said) if e["event"] == "notice"]
        assert notices or name == "quit", name
        here = "/%s" % name in help_text
        assert here or any("full-screen" in text for text in notices), (name, notices)
        assert not any("Unknown command" in text for text in notices), (name, notices)


def test_pipes_get_answers_alone_byte_for_byte():
    text = "word " * 100 + "\ttab\x1b[2J \u202e"
    lines = Lines(text)
    done = lines.pipe("one\n/edit\ntwo\n/undo\n/branch\n1\n/find word\n/about\n")
    assert done.stdout.decode() == (text + "\n\n") * 2, done.stdout
    assert b"Type the new version on the next line" in done.stderr
    assert b"QINS keeps the weights" in done.stderr


def thinking(lines, text="Let me see.\n\nSo it is."):
    with open(lines.path("thinking"), "w", encoding="utf-8") as f:
        f.write(text)
    return {"FAKE_THINKING": lines.path("thinking")}


def answer(lines, *flags, **env):
    """What one prompt gives: bytes of stdout, lines of stderr, the exit status."""
    done = subprocess.run([FAKE, "-p", "hello", "--format", "f32", *flags, os.path.join(SOURCE, "meson.build")],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                          env=environment(lines.folder.name, FAKE_TEXT=lines.text, **env))
    return done.stdout, done.stderr.decode(), done.returncode


def test_a_prompt_prints_the_answer_and_the_thinking_if_asked():
    lines = Lines("It is so.")
    env = thinking(lines)
    assert answer(lines, **env) == (b"It is so.\n", "", 0)
    shown = b"<think>\nLet me see.\n\nSo it is.\n</think>\n\nIt is so.\n"
    assert answer(lines, "--show-thinking", **env) == (shown, "", 0)
    events = [json.loads(line) for line in answer(lines, "--json", **env)[0].splitlines()]
    assert "".join(e["text"] for e in events if e["event"] == "thinking") == "Let me see.\n\nSo it is."
    assert "".join(e["text"] for e in events if e["event"] == "text") == "It is so."
    assert [e for e in events if e["event"] == "start"][0]["thinking"] == "think"
    done = events[-1]
    assert done["event"] == "done" and done["thinking_tokens"] == 5 and done["thinking_ms"] == 100
    assert done["in_thinking"] is False


def test_a_prompt_that_is_only_thought_about_fails():
    lines = Lines("It is so.")
    env = dict(thinking(lines), FAKE_CONTEXT="22")  # two messages take 10 each
    for flags in ((), ("--show-thinking",)):
        out, told, code = answer(lines, *flags, **env)
        assert code == 75 and b"It is so" not in out, (code, out)
        assert told == ("qins-tui: the context was full while the model was still thinking: there is no "
                        "answer\n"), told
    events = [json.loads(line) for line in answer(lines, "--json", **env)[0].splitlines()]
    assert events[-2]["event"] == "done" and events[-2]["in_thinking"] is True
    assert events[-1]["event"] == "error" and events[-1]["code"] == 75


def test_a_conversation_says_how_long_it_thought():
    lines = Lines("It is so.")
    with lines.start(**thinking(lines)) as s:
        say(s, "hello")
        s.wait(r"(?s)^Thinking \.\.\.\nThought for 100 ms, 5 tokens; /thinking shows it\.\nAssistant: It is so\.\n"
               r"You: ?$")
        say(s, "/thinking")
        s.wait(r"(?s)^Thinking:\n  Let me see\.\n *\n  So it is\.\n")
        say(s, "/set show_thinking true")
        say(s, "again")
        s.wait(r"(?s)^Thinking: Let me see\.\n *\n  So it is\.\nAssistant: It is so\.\nYou: ?$")
    piped = lines.pipe("hello\nmore\n", **thinking(lines)).stdout
    assert piped == b"It is so.\n\nIt is so.\n\n", piped


def test_a_measurement_is_no_part_of_the_conversation():
    lines = Lines()
    with lines.start() as s:
        say(s, "hello")
        s.wait(r"(?s)^Assistant: An answer\.\nYou: ?$")
        say(s, "/bench")
        s.wait(r"(?s)^Measuring 32 tokens\.\.\.\n\d+ tokens at .*\nYou: ?$")
    assert lines.texts() == ["hello", "An answer."]


def rows_of(label, text, width, indent="  "):
    """The rule: words go into a row while they fit; what goes on is indented."""
    rows, row = [], label
    for i, word in enumerate(text.split(" ")):
        if i and len(row) + 1 + len(word) > width:
            rows.append(row)
            row = indent + word
        else:
            row += " " * (i > 0) + word
    return rows + [row]


def test_rows_end_between_words_at_any_width():
    text = "Some sentences of words. They are long, longer and the longest? Yes! " * 6
    lines = Lines(text.strip())
    with Pty([FAKE, "--plain", "--no-save", "--format", "f32", os.path.join(SOURCE, "meson.build")], columns=37,
             FAKE_TEXT=lines.text) as p:
        p.wait(rb"You: $")
        for width in (37, 64, 21):
            p.resize(width, 30)
            p.out = b""
            p.send(b"go\r")
            p.wait(rb"Yes!\r\nYou: $")
            shown = p.out.decode().split("\r\n")
            assert shown[0] == "go" and shown[-1] == "You: ", shown
            assert [row.rstrip() for row in shown[1:-1]] == rows_of("Assistant: ", text.strip(), width), shown


def test_rows_of_one_answer_end_between_words():
    """On a terminal; a pipe gets the text as it is."""
    text = "Some sentences of words. They are long, longer and the longest? Yes! " * 6
    lines = Lines(text.strip())
    command = [FAKE, "-p", "go", "--format", "f32", os.path.join(SOURCE, "meson.build")]
    with Pty(command, columns=37, FAKE_TEXT=lines.text) as p:
        assert p.exit_code() == 0
        rows = [row.rstrip() for row in p.out.decode().strip().split("\r\n")]
        assert rows == rows_of("", text.strip(), 37, ""), rows
    piped = subprocess.run(command, env=environment(lines.folder.name, FAKE_TEXT=lines.text), stdin=subprocess.DEVNULL,
                           capture_output=True, check=True).stdout
    assert piped.decode().strip() == text.strip(), piped


def test_an_answer_that_is_killed_is_kept():
    lines = Lines("A sentence. " * 1000)
    with lines.start(FAKE_HOLD="30") as s:
        say(s, "go")
        s.wait(r"^Assistant: A sentence\.")
        end = time.monotonic() + 30
        while not any(t.startswith("A sentence.") for t in lines.texts()):   # within a second, or so
            assert time.monotonic() < end
            time.sleep(0.05)
        os.kill(s.pid(), signal.SIGKILL)
        s.wait("EXIT=137")
    with lines.start("--continue") as s:
        s.wait(r"(?s)^You: go\nAssistant: A sentence\..*^\[interrupted; /continue resumes it\]$")


def test_the_system_prompt_is_written_in_an_editor():
    lines = Lines()
    editor = lines.path("editor")
    with open(editor, "w", encoding="ascii") as f:
        f.write("#!/bin/sh\nprintf 'Be brief.\\nBe kind.\\n' >\"$1\"\n")
    os.chmod(editor, 0o755)
    with lines.start("--system", "Before.", EDITOR=editor) as s:
        say(s, "/system edit")
        s.wait(r"^The new system prompt takes effect with your next message$")
        say(s, "/system")
        s.wait(r"^System prompt:\n *Be brief\.\n *Be kind\.$")
        os.kill(s.pid(), signal.SIGQUIT)  # what Ctrl-\ sends: the editor's no more
        s.wait("EXIT=131")
    with lines.start("--system", "Before.", EDITOR="false") as s:
        say(s, "/system edit")
        s.wait(r"^false exited with 1; your input is unchanged")
        say(s, "/system")
        s.wait(r"^System prompt:\n *Before\.$")


def test_nothing_is_kept_of_pipes_and_when_so_asked():
    lines = Lines()
    with lines.start("--no-save") as s:
        say(s, "a secret")
        s.wait(r"^Assistant: An answer")
        say(s, "/save")
        s.wait(r"^Nothing is saved: --no-save")
        say(s, "/open")
        s.wait(r"(?s)no-save.*Nothing is saved")
    subprocess.run([FAKE, "--chat", "--format", "f32", os.path.join(SOURCE, "meson.build")], input=b"hello\n",
                   env=environment(lines.folder.name, FAKE_TEXT=lines.text, XDG_STATE_HOME=lines.path("state")),
                   stdout=subprocess.DEVNULL, check=True)
    assert not os.path.exists(lines.path("state"))


if __name__ == "__main__":
    run_tests(dict(globals()))
