# SPDX-License-Identifier: MIT
"""test_server.py QINS_SERVER MODEL: what clients of qins-server see. What a model says is held
against what it says to one client alone; everything else against OpenAI's description of its
API."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from server_client import Server

program, model = sys.argv[1:]
CHAT, TEXT = "/v1/chat/completions", "/v1/completions"


def said(text, **more):
    return dict({"messages": [{"role": "user", "content": text}], "temperature": 0,
                 "max_tokens": 24}, **more)


def content(answer):
    return answer["choices"][0]["message"]["content"]


def endpoints(s):
    assert s.ask("GET", "/health")[::2] == (200, {"status": "ok"})
    status, _, models = s.ask("GET", "/v1/models")
    name = models["data"][0]["id"]
    assert status == 200 and models["object"] == "list" and name == "starter"
    assert s.ask("GET", "/v1/models/" + name)[0] == 200
    assert s.ask("GET", "/v1/models/other")[0] == 404
    status, tokens = s.post("/tokenize", {"content": "Who are you?"})
    assert status == 200 and tokens["count"] == len(tokens["tokens"]) > 0
    assert s.metrics()["answers_running"] == 0


def answers(s):
    status, a = s.post(CHAT, said("Who are you?"))
    assert status == 200 and a["object"] == "chat.completion"
    assert a["choices"][0]["message"]["role"] == "assistant" and content(a)
    usage = a["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert a["choices"][0]["finish_reason"] in ("stop", "length")
    again = s.post(CHAT, said("Who are you?"))[1]
    assert content(again) == content(a)
    assert again["usage"]["prompt_tokens_details"]["cached_tokens"] > 0
    parts = [{"type": "text", "text": "Who are"}, {"type": "text", "text": " you?"}]
    assert content(s.post(CHAT, said(parts))[1]) == content(a)
    status, t = s.post(TEXT, {"prompt": "Once upon a time", "max_tokens": 5, "temperature": 0})
    assert status == 200 and t["object"] == "text_completion"
    assert t["usage"]["completion_tokens"] == 5
    assert t["choices"][0]["finish_reason"] == "length"
    whole = t["choices"][0]["text"]
    stop = whole.split()[1]
    t = s.post(TEXT, {"prompt": "Once upon a time", "max_tokens": 5, "temperature": 0,
                      "stop": [stop]})[1]
    assert t["choices"][0]["text"] == whole[:whole.index(stop)]
    assert t["choices"][0]["finish_reason"] == "stop"
    one, two = (s.post(CHAT, said("Tell me a story.", temperature=1, seed=7))[1] for _ in "12")
    assert content(one) == content(two)


def streams(s):
    whole = s.post(CHAT, said("Tell me a story about a cat."))[1]
    events = s.stream(CHAT, said("Tell me a story about a cat.",
                                 stream_options={"include_usage": True}))
    assert events[0]["choices"][0]["delta"]["role"] == "assistant"
    assert all(e["object"] == "chat.completion.chunk" and e["id"] == events[0]["id"]
               for e in events)
    text = "".join(e["choices"][0]["delta"].get("content", "") for e in events if e["choices"])
    assert text == content(whole)
    assert events[-1]["choices"] == [] and events[-1]["usage"]["completion_tokens"] == \
        whole["usage"]["completion_tokens"]
    assert events[-2]["choices"][0]["finish_reason"] == whole["choices"][0]["finish_reason"]
    events = s.stream(TEXT, {"prompt": "Once", "max_tokens": 3})
    assert "usage" not in events[-1]


def shapes(s):
    a = content(s.post(CHAT, said("Who are you?", response_format={"type": "json_object"},
                                  max_tokens=200))[1])
    assert a.startswith("{")
    schema = {"type": "object", "properties": {"age": {"type": "integer", "maximum": 99},
                                               "is_cat": {"type": "boolean"}},
              "required": ["age", "is_cat"], "additionalProperties": False}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    for seed in range(3):
        a = json.loads(content(s.post(CHAT, said("Who?", response_format=wanted, temperature=1,
                                                 seed=seed, max_tokens=300))[1]))
        assert isinstance(a["age"], int) and isinstance(a["is_cat"], bool), a
    a = s.post(CHAT, said("Who?", grammar='root ::= "yes" | "no"', max_tokens=-1, top_k=5.0))[1]
    assert content(a) in ("yes", "no") and a["choices"][0]["finish_reason"] == "stop"


FAULTS = [  # a body, the field that the error names
    (said("x", temperature="hot"), "temperature"),
    (said("x", temperature=3), "temperature"),
    (said("x", max_tokens=0), "max_tokens"),
    (said("x", max_tokens=-2), "max_tokens"),
    (said("x", max_tokens=0, max_completion_tokens=None), "max_tokens"),
    (said("x", max_completion_tokens=0), "max_completion_tokens"),
    (said("x", grammar='root ::= "a"', response_format={"type": "json_object"}), "grammar"),
    (said("x", max_tokens=1.5), "max_tokens"),
    (said("x", max_completion_tokens="1"), "max_completion_tokens"),
    (said("x", stream=1), "stream"),
    (said("x", stop=[1]), "stop[0]"),
    (said("x", stop=""), "stop"),
    (said("x", n=2), "n"),
    (said("x", tools=[{}]), "tools"),
    (said("x", seed="x"), "seed"),
    (said("x", model=1), "model"),
    (said("x", stream_options=1), "stream_options"),
    (said("x", response_format={"type": "xml"}), "response_format.type"),
    (said("x", response_format={"type": "json_schema"}), "response_format.json_schema.schema"),
    (said("x", response_format={"type": "json_schema", "schema": 1}), "response_format.schema"),
    (said("x", response_format={"type": "json_object", "schema": {"type": "x"}}),
     "response_format.schema"),
    (said("x", grammar="root ::= x"), "grammar"),
    (said("x", grammar=1), "grammar"),
    ({"messages": []}, "messages"),
    ({"messages": "x"}, "messages"),
    ({}, "messages"),
    ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
    ({"messages": [{"role": "user"}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
     "messages[0].content[0]"),
    ({"messages": [1]}, "messages[0]"),
    (said("word " * 3000), "messages"),
    (said("word " * 100000), "messages"),
    ([], None),
    ("{", None),
    ("", None),
    ('{"a": 1, "a": 2}', None),
    (b'{"a": "\xff"}', None),
    ("[" * 100000, None),
]


TYPES = {401: "authentication_error", 403: "permission_error", 503: "server_error"}


def is_error(answer, status, param=None, code=None):
    """OpenAI's error object, and nothing else in it: param is a field of the request, or null.
    -> the headers"""
    got, headers, e = answer
    assert got == status and set(e) == {"error"}, answer
    wanted = {"type": TYPES.get(status, "invalid_request_error"), "param": param, "code": code}
    assert {k: v for k, v in e["error"].items() if k != "message"} == wanted, e
    assert e["error"]["message"]
    return headers


def faults(s):
    for body, param in FAULTS:
        status, e = s.post(CHAT, body)
        assert status == 400 and e["error"]["param"] == param, (str(body)[:100], status, e)
        assert e["error"]["type"] == "invalid_request_error" and e["error"]["message"]
        assert e["error"]["code"] in (None, "context_length_exceeded")
    assert s.post(CHAT, said("word " * 3000))[1]["error"]["code"] == "context_length_exceeded"
    assert s.post(TEXT, {"prompt": 1})[1]["error"]["param"] == "prompt"
    for body, param in (({"content": 1}, "content"), ({"prompt": 1}, "prompt"), ({}, "content"),
                        ({"content": None, "prompt": "x"}, "content"), ([], None), ("{", None),
                        ({"content": "x", "add_special": 1}, "add_special")):
        assert is_error(s.ask("POST", "/tokenize", body), 400, param), body
    is_error(s.ask("GET", "/v1/models/other"), 404, "model", "model_not_found")
    is_error(s.ask("GET", "/v2/models"), 404)
    headers = is_error(s.ask("GET", CHAT), 405, None, "method_not_supported")
    assert headers["Allow"] == "POST"
    headers = is_error(s.ask("DELETE", "/health"), 405, None, "method_not_supported")
    assert headers["Allow"] == "GET, HEAD"
    is_error(s.ask("POST", CHAT, b"x" * (5 << 20)), 413)
    assert s.ask("GET", "/health", headers={"X": "y" * 40000})[0] == 431
    is_error(s.ask("POST", CHAT, said("x"), {"Origin": "https://example.org"}), 403)
    assert s.ask("POST", CHAT, said("x"), {"Origin": "http://localhost:3000"})[0] == 200


def special_tokens_stay_text(s):
    """A message that spells a marker is longer than one token of it."""
    name = "<|end|>"
    plain = s.post("/tokenize", {"content": name})[1]["count"]
    marker = s.post("/tokenize", {"content": name, "parse_special": True})[1]["count"]
    assert marker == 1 < plain
    count = [s.post(CHAT, said("x" + t, max_tokens=1))[1]["usage"]["prompt_tokens"]
             for t in ("", name)]
    assert count[1] - count[0] >= plain - 1


def together(s):
    """Many at once are told what each is told alone."""
    questions = [f"Tell me a story about {n} rabbits and a kite." for n in range(1, 9)]
    alone = [content(s.post(CHAT, said(q, max_tokens=60))[1]) for q in questions]
    got = [None] * len(questions)

    def ask(i):
        if i % 2:
            got[i] = content(s.post(CHAT, said(questions[i], max_tokens=60))[1])
        else:
            got[i] = "".join(e["choices"][0]["delta"].get("content", "")
                             for e in s.stream(CHAT, said(questions[i], max_tokens=60)))

    before = s.metrics()
    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(questions))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert got == alone, (got, alone)
    after = s.metrics()
    rows, steps = (after[n] - before[n] for n in ("step_tokens_total", "steps_total"))
    assert rows > 1.5 * steps, (rows, steps)


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.02)


ENDLESS = {"prompt": "Once", "max_tokens": 100000, "grammar": 'root ::= [a-z ]* "\\u0001"'}


def cancellation(s):
    """A client that goes frees its place, streaming or not, running or waiting."""
    before = s.metrics()["answers_cut_total"]
    connections = []
    for i in range(6):
        c = s.connect()
        c.request("POST", TEXT, json.dumps(dict(ENDLESS, stream=bool(i % 2))))
        connections.append(c)
    wait_for(lambda: s.metrics()["answers_running"] + s.metrics()["requests_waiting"] >= 4)
    for c in connections:
        c.close()
    wait_for(lambda: s.metrics()["answers_running"] + s.metrics()["requests_waiting"] == 0)
    assert s.metrics()["answers_cut_total"] > before
    assert s.post(CHAT, said("Who are you?"))[0] == 200


def slow_clients(s):
    """Who reads nothing, or sends half a request, holds nobody."""
    slow = [socket.create_connection((s.host, s.port)) for _ in range(8)]
    for i, c in enumerate(slow):
        if i % 2:
            c.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
        else:
            body = json.dumps({"prompt": "Once", "max_tokens": 300, "stream": True}).encode()
            c.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                      % (len(body), body))
    assert s.post(CHAT, said("Who are you?"))[0] == 200
    for c in slow:
        c.close()
    wait_for(lambda: s.metrics()["connections"] == 1)


def a_length_said_twice(s):
    """A proxy in front might believe the other one."""
    for more in (b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n"):
        with socket.create_connection((s.host, s.port), timeout=20) as c:
            c.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n" + more +
                      b"\r\n{}")
            said_it = b""
            while True:  # it closes the connection
                got = c.recv(65536)
                if not got:
                    break
                said_it += got
        assert said_it.startswith(b"HTTP/1.1 400 ") and said_it.count(b"HTTP/1.1") == 1, said_it


def with_curl(s):
    if not shutil.which("curl"):
        print("no curl: skipped")
        return
    url = f"http://{s.host}:{s.port}"
    out = subprocess.run(["curl", "-sN", url + CHAT, "-H", "Content-Type: application/json", "-d",
                          json.dumps(said("Who are you?", stream=True))],
                         capture_output=True, text=True, check=True, timeout=60).stdout
    assert out.startswith("data: {") and out.endswith("data: [DONE]\n\n")


def limits():
    with Server(program, model, "--parallel", "1", "--queue", "1", "--max-tokens", "50") as s:
        a = s.post(TEXT, {"prompt": "Once", "max_tokens": 1000})[1]
        assert a["usage"]["completion_tokens"] <= 50
    with Server(program, model, "--parallel", "1", "--queue", "1") as s:
        held = [s.connect() for _ in range(2)]
        for c in held:
            c.request("POST", TEXT, json.dumps(ENDLESS))
        wait_for(lambda: s.metrics()["requests_waiting"] == 1 or
                 s.metrics()["answers_running"] == 0)
        if s.metrics()["requests_waiting"] == 1:
            status, headers, e = s.ask("POST", TEXT, ENDLESS)
            assert is_error((status, headers, e), 503, None, "overloaded")["Retry-After"]
        assert s.stop() == 0


def copied_weights():
    """--weights copy takes as much private memory as the file has."""
    if not os.path.exists("/proc/self/smaps_rollup"):
        print("no smaps_rollup: skipped")
        return

    def private(way):
        with Server(program, model, "--weights", way) as s:
            with open(f"/proc/{s.process.pid}/smaps_rollup", encoding="ascii") as f:
                return 1024 * int(re.search(r"^Anonymous: +(\d+) kB", f.read(), re.M).group(1))

    assert private("copy") - private("map") > 0.9 * os.path.getsize(model)


def key():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "key")
        with open(path, "w", encoding="utf-8") as f:
            f.write("correct horse\n")
        os.chmod(path, 0o644)
        loose = subprocess.run([program, "--port", "0", "--key-file", path, model], timeout=60,
                               capture_output=True, text=True)
        assert loose.returncode == 77 and "chmod 600" in loose.stderr
        os.chmod(path, 0o600)
        with Server(program, model, "--key-file", path) as s:
            assert s.ask("GET", "/health")[0] == 200
            for given in (None, "Bearer ", "Bearer wrong horse", "correct horse"):
                headers = {"Authorization": given} if given else {}
                is_error(s.ask("GET", "/v1/models", headers=headers), 401, None,
                         "invalid_api_key")
                assert s.ask("POST", CHAT, said("x"), headers)[0] == 401
            right = {"Authorization": "Bearer correct horse"}
            assert s.ask("GET", "/v1/models", headers=right)[0] == 200
            assert s.ask("POST", CHAT, said("x"), right)[0] == 200
            assert s.stop(signal.SIGINT) == 0


def stops_while_it_answers():
    with Server(program, model, "--drain", "0") as s:
        c = s.connect()
        c.request("POST", TEXT, json.dumps(dict(ENDLESS, stream=True)))
        reply = c.getresponse()
        reply.readline()
        assert s.stop() == 0
        try:
            rest = reply.read()
        except (http.client.HTTPException, ConnectionError) as e:
            raise AssertionError("the stream was torn") from e
        assert rest.endswith(b"data: [DONE]\n\n")


with Server(program, model) as server:
    for check in (endpoints, answers, streams, shapes, faults, special_tokens_stay_text, together,
                  cancellation, slow_clients, a_length_said_twice, with_curl):
        start = time.monotonic()
        check(server)
        print(f"{check.__name__}: {time.monotonic() - start:.2f} s")
    assert server.stop() == 0
for check in (limits, copied_weights, key, stops_while_it_answers):
    start = time.monotonic()
    check()
    print(f"{check.__name__}: {time.monotonic() - start:.2f} s")
