# SPDX-License-Identifier: MIT
"""Engines on other machines: one on loopback that answers and misbehaves, asked by pipes, in lines and
on the screen."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from engine_server import Engine, chunk, event
from terminal import Screen, environment, program, run_tests

sys.path.insert(0, os.path.join(os.environ["QINS_SOURCE"], "tests/tools"))
from server_client import Server

TUI = os.path.abspath(program("ui/qins-tui"))
SOURCE = os.path.abspath(os.environ.get("QINS_SOURCE", "."))
SERVER = os.path.abspath(program("tools/server/qins-server"))
STARTER = os.path.join(SOURCE, "models/starter.qins")


class Home:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="qins-elsewhere-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def start(self, *words, stdin=subprocess.DEVNULL, **env):
        clean = {key: value for key, value in environment(self.folder, QINS_MODELS="").items()
                 if not key.startswith("SSL_CERT") and not key.lower().endswith(("_proxy", "_ca_bundle"))}
        return subprocess.Popen([TUI, *words], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                cwd=self.folder, env=dict(clean, **env))

    def run(self, *words, said=None, **env):
        process = self.start(*words, stdin=subprocess.PIPE if said is not None else subprocess.DEVNULL, **env)
        out, err = process.communicate(said, timeout=60)
        return process.returncode, out, err


def ask(engine, *words, **env):
    with Home() as home:
        return home.run("--server", engine.url, "-m", "tiny", "-p", "hi", *words, **env)


def done_of(out):
    done, = [line for line in map(json.loads, out.splitlines()) if line["event"] == "done"]
    return done


def test_a_prompt_is_answered():
    with Engine() as engine:
        assert ask(engine, "-s", "5", "--top-k", "3", "-n", "50") == (0, "Hello from elsewhere\n", "")
        request, = engine.requests()
        assert request["model"] == "tiny" and request["stream"] and request["top_k"] == 3, request
        assert request["seed"] == 5 and request["max_tokens"] == 50 and "min_p" not in request, request
        assert [m["role"] for m in request["messages"]] == ["system", "user"], request
        assert request["messages"][1]["content"] == "hi", request
        assert engine.keys() == [None, None]


def test_streams_of_any_form():
    """In single bytes, with CR LF; and one that is no stream at all, or of another type."""
    for settings in ({"step": 1}, {"step": 1, "end": "\r\n\r\n"}, {"step": 7, "end": "\r\r"}, {"whole": True},
                     {"content_type": "text/plain"}, {"content_type": "application/json"}, {"usage": None}):
        with Engine(**settings) as engine:
            assert ask(engine) == (0, "Hello from elsewhere\n", ""), settings


def test_json_lines():
    with Engine(thinking=("Hm", "m.")) as engine:
        code, out, err = ask(engine, "--json")
        lines = [json.loads(line) for line in out.splitlines()]
        start, = [line for line in lines if line["event"] == "start"]
        assert start["model"] == "tiny" and start["server"] == engine.host and "cpu" not in start, start
        assert "".join(line["text"] for line in lines if line["event"] == "thinking") == "Hmm."
        done = lines[-1]
        assert done["text"] == "Hello from elsewhere" and done["stop"] == "end" and not done["incomplete"], done
        assert done["tokens"] == 9 and done["prompt_tokens"] == 21 and "estimated" not in done and "passes" not in done, done
        assert (code, err) == (0, "")
    with Engine(usage=None, finish="length", thinking=("a",), thinking_name="reasoning") as engine:
        done = done_of(ask(engine, "--json")[1])
        assert done["estimated"] and done["stop"] == "max_tokens" and done["thinking_tokens"] == 1, done


def test_a_schema_is_sent():
    with Engine(('{"a"', ": 1}")) as engine, Home() as home:
        schema = home.write("s.json", '{"type": "object", "properties": {"a": {"type": "integer"}}}')
        grammar = home.write("g.gbnf", 'root ::= "x"')
        base = ["--server", engine.url, "-m", "tiny", "-p", "hi"]
        assert home.run(*base, "--json-schema", schema)[:2] == (0, '{"a": 1}\n')
        sent = engine.requests()[0]["response_format"]
        assert sent["type"] == "json_schema" and sent["json_schema"]["schema"]["properties"], sent
        code, out, err = home.run(*base, "--grammar", grammar)
        assert code and not out and "GBNF" in err, err
        code, out, err = home.run(*base, "--raw")
        assert code and "--raw" in err, err


def test_errors_are_one_line():
    refused = {"error": {"message": "bad key sk-secret1 given"}}
    cases = [  # status, body, headers, code, part of the line
        (401, refused, {}, 77, ": 401: bad key ********** given; is the key right?"),
        (404, {"error": "no model"}, {}, 69, ": 404: no model; is the address right"),
        (400, {"error": {"message": "context\n\x1b[2Jtoo long"}}, {}, 69, ": 400: context [2Jtoo long"),
        (400, {"error": {"message": "too long", "code": "context_length_exceeded"}}, {}, 65, ": 400: too long"),
        (400, {"error": {"code": 400, "type": "exceed_context_size_error", "message": "n_ctx"}}, {}, 65, ": 400: n_ctx"),
        (500, b"<html>" + b"x" * 100000, {"content_type": "text/html"}, 75, ": 500\n"),
        (429, {"error": {"message": "quota"}}, {"Retry_After": "3600"}, 75, ": 429: quota; it asks to wait 3600 s"),
        (500, b"\xff" * 1000000, {}, 75, ": 500: "),
    ]
    with Home() as home:
        key = home.write("key", "sk-secret1\n")
        for status, body, headers, code, part in cases:
            with Engine() as engine:
                engine.failures = [(200, {"data": [{"id": "tiny"}]}, {}), (status, body, headers)]
                got, out, err = home.run("--server", engine.url, "-p", "hi", "--key-file", key)
                assert (got, out) == (code, ""), (status, got, out, err)
                assert part in err and err.count("\n") == 1 and len(err) < 600 and "sk-secret1" not in err, err
                assert engine.keys() == ["Bearer sk-secret1"] * 2


def test_what_may_pass_is_tried_again():
    with Engine() as engine:
        engine.failures = [(503, {"error": {"message": "loading"}}, {}), (200, {"data": [{"id": "tiny"}]}, {}),
                           (429, {}, {"Retry_After": "1"})]
        start = time.monotonic()
        assert ask(engine)[:2] == (0, "Hello from elsewhere\n")
        assert time.monotonic() - start > 1.4
        assert len(engine.requests()) == 2
    gone = Engine()
    gone.__exit__()
    with Home() as home:
        process = home.start("--server", gone.url, "-m", "tiny", "-p", "hi")
        assert "retrying: " + gone.host in process.stderr.readline()
        process.send_signal(signal.SIGINT)  # ends the waiting
        err = process.communicate(timeout=5)[1]
        assert process.returncode == 130 and err.endswith("qins-tui: stopped\n"), (process.returncode, err)
        ready = os.path.join(home.folder, "ready")
        process = home.start("--server", gone.url, "-m", "tiny", "-p", "hi", "--key-command", "touch %s; sleep 20" % ready)
        while not os.path.exists(ready) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=5) == ("", "qins-tui: stopped\n") and process.returncode == 130


def test_refused_parameters_are_left_out():
    with Engine() as engine:
        engine.failures = [(200, {"data": [{"id": "tiny"}]}, {}),
                           (400, {"error": {"message": "Use 'max_completion_tokens' instead"}}, {}),
                           (400, {"error": {"message": "unknown: stream_options"}}, {})]
        assert ask(engine)[:2] == (0, "Hello from elsewhere\n")
        last = engine.requests()[-1]
        assert last["max_completion_tokens"] == 512 and "max_tokens" not in last and "stream_options" not in last


def test_a_cut_answer_is_kept_and_told():
    for settings in ({"cut": True}, {"cut": True, "length": 100000}):
        with Engine(**settings) as engine:
            code, out, err = ask(engine)
            assert (code, out) == (75, "Hello from elsewhere\n") and "cut" in err and err.count("\n") == 1, (code, out, err)
            assert len(engine.requests()) == 1  # never again
            done = done_of(ask(engine, "--json")[1])
            assert done["stop"] == "cut" and done["incomplete"] and done["text"] == "Hello from elsewhere", done
    with Engine(raw=event(chunk(content="Hel")) + event({"error": {"message": "out of memory"}})) as engine:
        code, out, err = ask(engine)
        assert (code, out) == (75, "Hel\n") and "out of memory" in err, (code, out, err)


def test_what_is_no_answer():
    for settings, part in (({"page": b"<html>hello</html>"}, "a page"), ({"raw": b""}, "no answer"),
                           ({"raw": b"x" * 3000000}, "a line without end"), ({"raw": event("[1, 2]")}, "no JSON object"),
                           ({"raw": event("[DONE]")}, ""), ({"raw": b"{" * 100000}, "no JSON object")):
        with Engine(**settings) as engine:
            code, out, err = ask(engine)
            assert part in err and err.count("\n") == (1 if part else 0), (settings, code, out, err)
            assert bool(code) == bool(part), (code, err)


def test_silence_ends():
    with Engine(stall_at=1) as engine:
        code, out, err = ask(engine, "--server-timeout", "0.5")
        assert (code, out) == (75, "Hello\n") and "sends nothing more" in err, (code, out, err)
        assert engine.gone.wait(5)


def test_a_signal_closes_the_connection():
    with Engine(stall_at=1) as engine, Home() as home:
        process = home.start("--server", engine.url, "-m", "tiny", "-p", "hi")
        assert engine.stalled.wait(20) and process.stdout.read(5) == "Hello"
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert engine.gone.wait(5) and time.monotonic() - start < 3
        process.communicate(timeout=10)
        assert process.returncode == 130


def test_a_redirect_gets_nothing():
    with Engine() as other, Engine() as engine, Home() as home:
        key = home.write("key", "sk-secret1")
        for failures in ([], [(200, {"data": [{"id": "tiny"}]}, {})]):
            engine.failures = failures + [(307, b"", {"Location": other.url + "/v1/chat/completions"})]
            code, out, err = home.run("--server", engine.url, "-m", "tiny", "-p", "hi", "--key-file", key)
            assert code == 69 and other.host in err and not out and err.count("\n") == 1, (code, err)
        assert not other.asked


def test_keys():
    with Engine() as engine, Home() as home:
        config = ".config/qins/config.yaml"
        home.write("key", "sk-secret1", 0o640)
        base = ["--server", engine.url, "-m", "tiny", "-p", "hi"]
        code, out, err = home.run(*base, "--key-file", "key")
        assert code == 78 and "chmod 600" in err and "sk-" not in err and not engine.asked, err
        home.write(config, "engine:\n  url: %s\n  model: tiny\n  key_command: echo sk-secret2\n" % engine.url)
        assert home.run("-p", "hi") == (0, "Hello from elsewhere\n", "")
        assert engine.keys() == ["Bearer sk-secret2"] * 2
        home.write(config, "engine: {url: %s, model: tiny, key_command: \"echo sk-secret2; exit 1\"}\n" % engine.url)
        code, out, err = home.run("-p", "hi")
        assert code == 78 and "status 1" in err and "sk-" not in err, err
        home.write(config, "engine: {address: x}\n")
        assert "unknown key \"address\"" in home.run("-p", "hi")[2]
        for text in ("http://localhost:1", "", "[http://localhost:1]"):
            home.write(config, "engine: %s\n" % text)
            code, out, err = home.run("-p", "hi")
            assert code == 78 and "config.yaml:1:" in err and "engine: a map is expected" in err, (text, err)
        for url in ("5", "localhost:8080", "ftp://localhost"):
            home.write(config, "engine: {url: %s}\n" % url)
            code, out, err = home.run("-p", "hi")
            assert code == 78 and "engine: url: begins with http:// or https://" in err, (url, err)
        home.write(config, "")
        preset = home.write("p.yaml", "server: http://localhost\n")
        assert "a preset cannot say where your words go" in home.run("-p", "hi", "--preset", preset)[2]


def test_a_key_goes_to_its_own_server():
    """Key and model that config.yaml or a variable has for one server are not another one's."""
    with Engine(models=["only"]) as other, Engine() as engine, Home() as home:
        home.write(".config/qins/config.yaml",
                   "engine: {url: %s, model: tiny, key_command: \"echo SECRET\"}\n" % engine.url)
        key = home.write("key", "sk-other1\n")
        assert home.run("--server", other.url, "-p", "hi")[0] == 0
        assert home.run("--server", other.url, "--models") == (0, "only\n", "")
        assert home.run("-p", "hi", QINS_SERVER=other.url)[0] == 0
        assert home.run("--server", other.url, "-p", "hi", QINS_KEY_FILE=key)[0] == 0
        assert other.keys() == [None] * 7 and not engine.asked, other.keys()
        assert home.run("--server", other.url, "-p", "hi", "--key-file", key)[0] == 0
        assert home.run("-p", "hi", QINS_SERVER=other.url, QINS_KEY_FILE=key)[0] == 0
        assert other.keys()[7:] == ["Bearer sk-other1"] * 4, other.keys()
        assert home.run("--server", engine.url, "-p", "hi")[0] == 0
        assert home.run("-p", "hi")[0] == 0
        assert engine.keys() == ["Bearer SECRET"] * 4, engine.keys()
        home.write(".config/qins/config.yaml", "")
        assert home.run("--server", other.url, "-p", "hi", QINS_KEY_FILE=key)[0] == 0
        assert other.keys()[-1] == "Bearer sk-other1", other.keys()


def test_where_words_go_is_chosen():
    """A model that is named on the command line is not the server's of config.yaml; addresses that tell all are none."""
    with Engine() as engine, Home() as home:
        home.write(".config/qins/config.yaml", "engine: {url: %s}\n" % engine.url)
        code, out, err = home.run("-m", "no-such-model", "-p", "hi")
        assert code and not engine.asked, (code, err)
        assert home.run("-m", "server:large", "-p", "hi")[0] == 0 and engine.requests()[0]["model"] == "large"
        code, out, err = home.run("-p", "hi")
        assert code == 64 and "which model? -m NAME; it has tiny, large" in err, err
        code, out, err = home.run("-m", "server:x", "-p", "hi")
        assert code == 66 and 'has no model "x"' in err, err
        for url in ("http://example.org", "ftp://localhost", "https://me:secret@localhost"):
            code, out, err = home.run("--server", url, "-p", "hi")
            assert code == 78 and err.count("\n") == 1 and "secret" not in err, err
        assert home.run("--server", engine.url, "--models") == (0, "tiny\nlarge\n", "")
        engine.models = ["a\u202eb\u200b", "c\x1b[2J\nd"]
        assert home.run("--server", engine.url, "--models") == (0, "a<U+202E>b<U+200B>\nc [2J d\n", "")


def test_certificates_are_checked():
    with Home() as home:
        key, certificate = home.write("tls.key", ""), home.write("tls.crt", "")
        if not shutil.which("openssl") or subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", certificate,
                 "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                capture_output=True, check=False).returncode:
            print("SKIPPED: no openssl makes a certificate here")
            return
        with Engine(certificate=(certificate, key)) as engine:
            code, out, err = home.run("--server", engine.url, "-m", "tiny", "-p", "hi")
            assert code == 69 and "certificate" in err and not engine.asked, err
            assert home.run("--server", engine.url, "-m", "tiny", "-p", "hi",
                            SSL_CERT_FILE=certificate) == (0, "Hello from elsewhere\n", "")


def test_lines():
    with Engine() as engine, Home() as home:
        said = "hi\n/continue\n/bench\n/stats\n/model\n/model large\n/model server:large\nagain\n/regen\n"
        code, out, err = home.run("--server", engine.url, "-m", "tiny", "--chat", said=said)
        everything = out + err
        for part in ("Your messages are sent to " + engine.host, "The last answer is complete", "/bench measures this machine",
                     "computed by: " + engine.host, "server:tiny", "the server's is /model server:large", "Switched to large"):
            assert part in everything, (part, everything)
        models = [r["model"] for r in engine.requests()]
        assert models == ["tiny", "large", "large"], models
        roles = [m["role"] for m in engine.requests()[1]["messages"]]
        assert roles == ["system", "user", "assistant", "user"], roles
    with Engine(finish="length") as engine, Home() as home:
        code, out, err = home.run("--server", engine.url, "-m", "tiny", "--chat", said="hi\n/continue\n")
        assert "cannot go on with an answer" in out + err and len(engine.requests()) == 1, out + err
        engine.owner = "llamacpp"
        home.run("--server", engine.url, "-m", "tiny", "--chat", said="hi\n/continue\n")
        assert engine.requests()[-1]["messages"][-1] == {"role": "assistant", "content": "Hello from elsewhere"}
    with Engine(finish="length", owner="qins", thinking=("Hm",)) as engine, Home() as home:
        home.run("--server", engine.url, "-m", "tiny", "--chat", said="hi\n/continue\n")
        assert engine.requests()[-1]["messages"][-1] == {"role": "assistant", "content": "Hello from elsewhere",
                                                         "reasoning_content": "Hm"}, engine.requests()


def test_settings_of_the_server():
    """They are those of the start; saved ones are checked, and count from the next one on."""
    with Engine() as engine, Home() as home:
        key = home.write("key", "sk-secret1\n")
        config = os.path.join(home.folder, ".config/qins/config.yaml")
        said = ("/set server none\n/set server http://localhost:1\n/set key_file /no-such\n/set server_model x\nhi\n"
                "/set --save server ftp://x\n/set --save key_file /no-such\n")
        code, out, err = home.run("--server", engine.url, "-m", "tiny", "--chat", said=said)
        everything = out + err
        assert everything.count("server can't be changed while running; restart with --server URL, or switch with "
                                "/model") == 2, everything
        for part in ("key_file can't be changed while", "--key-file FILE, or switch with /model", "server_model can't be",
                     "server: ftp://x: not an address", "key_file: /no-such: cannot be read"):
            assert part in everything, (part, everything)
        assert len(engine.requests()) == 1 and engine.keys() == [None] * 2 and not os.path.exists(config)
        said = "/set --save key_file %s\n/set --save server %s\n" % (key, engine.url)
        code, out, err = home.run("--server", engine.url, "-m", "tiny", "--chat", said=said)
        assert (out + err).count("it counts from the next start on") == 2, out + err
        assert engine.keys()[2:] == [None], engine.keys()
        assert home.run("-m", "server:tiny", "-p", "hi")[0] == 0 and engine.keys()[-1] == "Bearer sk-secret1"


def test_our_own_server():
    """qins-server goes on with an answer that was cut short, as this machine does."""
    if not os.path.exists(SERVER) or not os.path.exists(STARTER):
        print("SKIPPED: no qins-server, or no models/starter.qins")
        return
    with Home() as home, Server(SERVER, STARTER, "-c", "512") as server:
        url = "http://%s:%d" % (server.host, server.port)
        base = ["-s", "1", "--temperature", "0", "--chat", "--json"]
        texts = []
        for words, said in ((["-n", "8"], "Who are you?\n/continue\n"), (["-n", "16"], "Who are you?\n")):
            code, out, err = home.run("--server", url, *base, *words, said=said)
            texts.append("".join(line["text"] for line in map(json.loads, out.splitlines()) if line["event"] == "text"))
        assert texts[0] == texts[1] != "", (texts, out, err)


def test_a_name_is_this_machines():
    """Words stay here if that can be meant: a model of the server is named with "server:"."""
    if not os.path.exists(STARTER):
        print("SKIPPED: no models/starter.qins")
        return
    with Engine(models=["tiny", "starter"]) as engine, Home() as home:
        said = "/model starter\nhi\n/model server:starter\nagain\n/set model starter\nmore\n"
        code, out, err = home.run("--server", engine.url, "-m", "tiny", "-n", "2", "--chat", said=said,
                                  QINS_MODELS=os.path.dirname(STARTER))
        assert [r["model"] for r in engine.requests()] == ["starter"], (engine.requests(), out, err)
        assert engine.requests()[0]["messages"][-1]["content"] == "again"


def test_the_screen():
    with Engine(("One", " two", " \x1b[31m\u202ethree"), thinking=("Let me see",)) as engine:
        with Screen([TUI, "--server", engine.url, "-m", "tiny"]) as s:
            s.wait("QINS Chat - tiny on " + engine.host)
            s.wait("Ready")
            s.wait("Computed by")
            assert "Context" not in s.shows() and "KV cache" not in s.shows()
            s.text("hi")
            s.keys("Enter")
            s.wait(r"One two \^\[\[31m<U\+202E>three")
            s.wait("Thought")
            s.wait(r"First token")
            engine.failures = [(503, {"error": {"message": "busy"}}, {"Retry_After": "2"})]
            s.text("and")
            s.keys("Enter")
            s.wait("retrying: .*: 503: busy")
            s.wait("retrying: ", gone=True)
            engine.stall_at = 3
            s.text("more")
            s.keys("Enter")
            assert engine.stalled.wait(30)
            s.keys("Escape")
            assert engine.gone.wait(5)
            s.wait(r"\[stopped\]")
            engine.stall_at, engine.cut = None, True
            s.text("again")
            s.keys("Enter")
            s.wait(r"\[cut off\]")
            engine.cut = False
            s.text("/model")
            s.keys("Enter")
            s.wait(r"large +elsewhere")
            s.text("large")
            s.keys("Enter")
            s.wait("QINS Chat - large on " + engine.host)
            if os.path.exists(STARTER):
                s.text("/model " + STARTER)
                s.keys("Enter")
                s.wait("QINS Chat - starter model on CPU")
                s.wait("KV cache")
                n = len(engine.asked)
                s.text("/model server:tiny")
                s.keys("Enter")
                s.wait("QINS Chat - tiny on " + engine.host)
                assert len(engine.asked) == n + 1  # the list
            s.keys("C-d")
            s.wait("EXIT=0")


if __name__ == "__main__":
    run_tests(dict(globals()))
