#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""server_soak.py QINS_SERVER MODEL [REQUESTS [CLIENTS]]: many requests to one qins-server. Half of
the clients are polite: each answer must be what a fresh server gave to the same request alone. The
others are rude: they go in the middle, send rubbish, half a request or nothing, or read slowly or
not at all. Prints memory, descriptors and threads of the server over time; fails if they grew, if
an answer was wrong, or if the server does not end cleanly. Not among the tests: it takes minutes.
"""
import http.client
import json
import os
import random
import socket
import sys
import threading
import time

from server_client import Server

program, model = sys.argv[1:3]
n_requests = int(sys.argv[3]) if len(sys.argv) > 3 else 10000
n_clients = int(sys.argv[4]) if len(sys.argv) > 4 else 8

PATH = "/v1/completions"
N_QUESTIONS = 200  # that polite clients ask, again and again
SETTLED = 0.2      # of the requests: from then on memory is flat, ...
GROWTH = 1.0       # ... but for so many MB

lock = threading.Lock()
counts = {}
left = n_requests
failures = []


def count(what):
    with lock:
        counts[what] = counts.get(what, 0) + 1


def take():
    global left
    with lock:
        left -= 1
        return left >= 0


def request(r, **more):
    words = " ".join(r.choice(["cat", "kite", "rabbit", "tree", "moon"]) for _ in range(
        r.choice([1, 5, 40, 150])))
    return dict({"prompt": f"Once upon a time there was a {words}.", "temperature": 1,
                 "max_tokens": r.choice([1, 8, 40]), "seed": r.randrange(1000)}, **more)


def question(number):
    r = random.Random(f"question {number}")
    body = request(r)
    if number % 10 == 0:
        body["response_format"] = {"type": "json_object"}
    return body


def said(answer):
    return answer["choices"][0]["text"], answer["choices"][0]["finish_reason"], \
        answer["usage"]["completion_tokens"]


def said_by_events(data):
    lines = [line[6:] for line in data.decode().split("\n") if line.startswith("data: ")]
    events = [json.loads(line) for line in lines[:-1]]
    assert lines[-1] == "[DONE]", lines[-1]
    return "".join(e["choices"][0]["text"] for e in events if e["choices"]), \
        events[-2]["choices"][0]["finish_reason"], events[-1]["usage"]["completion_tokens"]


def polite(s, r, alone):
    number = r.randrange(N_QUESTIONS)
    body = question(number)
    if r.random() < 0.5:
        body.update(stream=True, stream_options={"include_usage": True})
    c = s.connect()
    c.request("POST", PATH, json.dumps(body))
    reply = c.getresponse()
    data = reply.read()
    c.close()
    if reply.status == 503:
        count("503")
        time.sleep(0.05)
        return
    if reply.status != 200:
        failures.append((reply.status, data[-200:]))
        return
    got = said_by_events(data) if "stream" in body else said(json.loads(data))
    count("answered")
    if got != alone[number]:
        failures.append((number, got, alone[number]))


def go_away(s, r):
    c = s.connect()
    c.request("POST", PATH, json.dumps(request(r, stream=r.random() < 0.5, max_tokens=500)))
    if r.random() < 0.5:
        reply = c.getresponse()
        reply.read(r.randrange(1, 400))
    time.sleep(r.random() * 0.05)
    c.sock.close() if c.sock else None
    c.close()
    count("went away")


def post(body):
    return b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (
        PATH.encode(), len(body), body)


def rubbish(s, r):
    c = socket.create_connection((s.host, s.port), timeout=20)
    kind = r.randrange(6)
    head = b"POST %s HTTP/1.1\r\nHost: x\r\n" % PATH.encode()
    if kind == 0:
        c.sendall(r.randbytes(r.randrange(1, 3000)))
    elif kind == 1:
        c.sendall(head + b"Content-Length: 100000\r\n\r\n{")
    elif kind == 2:
        body = bytearray(json.dumps(request(r)).encode())
        for _ in range(r.randrange(1, 9)):
            body[r.randrange(len(body))] = r.randrange(256)
        c.sendall(post(body))
        c.settimeout(60)
        c.recv(100)
    elif kind == 3:
        c.sendall(head + b"X: " + b"y" * 70000)
    elif kind == 4:
        c.sendall(head + b"Transfer-Encoding: chunked\r\n\r\nffffff\r\n" + b"x" * 70000)
    else:
        time.sleep(r.random() * 0.2)
    c.close()
    count("rubbish")


def slow_reader(s, r):
    """Reads a few bytes now and then, or none."""
    c = socket.socket()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    c.settimeout(20)
    c.connect((s.host, s.port))
    c.sendall(post(json.dumps(request(r, stream=True, max_tokens=300)).encode()))
    reads = r.random() < 0.5
    end = time.monotonic() + r.random()
    while time.monotonic() < end:
        if reads:
            c.recv(r.randrange(1, 100))
        time.sleep(0.05)
    c.close()
    count("read slowly" if reads else "did not read")


def client(s, number, alone):
    r = random.Random(number)
    rude = number % 2
    while take():
        try:
            if rude:
                r.choice([go_away, rubbish, slow_reader])(s, r)
            else:
                polite(s, r, alone)
        except (OSError, http.client.HTTPException) as e:
            if rude:
                count("rude, " + type(e).__name__)
            else:
                failures.append(repr(e))


def state(pid):
    """-> MB of private memory, descriptors, threads"""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        fields = dict(line.split(":", 1) for line in f)
    return (int(fields["RssAnon"].split()[0]) / 1024, len(os.listdir(f"/proc/{pid}/fd")),
            int(fields["Threads"]))


def say(when, at):
    print("%s: %.1f MB private, %d descriptors, %d threads" % (when, *at), flush=True)


def ask_alone():
    with Server(program, model) as s:
        answers = [said(s.post(PATH, question(i))[1]) for i in range(N_QUESTIONS)]
        assert s.stop() == 0
    return answers


def run(s, alone):
    """-> the state when memory had settled"""
    start = time.monotonic()
    settled = None
    threads = [threading.Thread(target=client, args=(s, i, alone)) for i in range(n_clients)]
    for t in threads:
        t.start()
    said_at = 0
    while any(t.is_alive() for t in threads):
        time.sleep(1)
        seconds = time.monotonic() - start
        if not settled and left <= n_requests * (1 - SETTLED):
            settled = state(s.process.pid)
        if seconds >= said_at + 30:
            said_at = seconds
            say(f"{seconds:.0f} s, {max(left, 0)} left", state(s.process.pid))
    return settled or state(s.process.pid)


def wait_for_the_end(s):
    end = time.monotonic() + 90
    while True:
        m = s.metrics()
        if m["answers_running"] + m["requests_waiting"] == 0 and m["connections"] == 1:
            return m
        assert time.monotonic() < end, m
        time.sleep(0.1)


alone = ask_alone()
with Server(program, model) as server:
    begin = state(server.process.pid)
    say("begin", begin)
    settled = run(server, alone)
    m = wait_for_the_end(server)
    time.sleep(1)
    end = state(server.process.pid)
    say(f"after {SETTLED:.0%}", settled)
    say("end", end)
    print(f"{m['generated_tokens_total']:.0f} tokens, {m['answers_cut_total']:.0f} answers cut, "
          f"{m['step_tokens_total'] / max(m['steps_total'], 1):.2f} tokens per pass")
    print(counts)
    status = server.stop()
    print("stopped with", status)
if status != 0:
    failures.append(("exit", status))
if end[0] > settled[0] + GROWTH or end[1] > begin[1] or end[2] > begin[2]:
    failures.append(("grew", begin, settled, end))
print(len(failures), "failures", failures[:5])
sys.exit(bool(failures))
