#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""server_soak.py QINS_SERVER MODEL [REQUESTS [CLIENTS]]: many requests to one qins-server, half of
the clients rude: they go in the middle, send rubbish, half a request or nothing, or do not read.
Prints memory and descriptors of the server over time, and what failed. Not among the tests: it
takes minutes."""
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
    return dict({"messages": [{"role": "user", "content": f"Tell me about {words}."}],
                 "max_tokens": r.choice([1, 8, 40]), "seed": r.randrange(1000)}, **more)


def polite(s, r):
    body = request(r, stream=r.random() < 0.5)
    if r.random() < 0.1:
        body["response_format"] = {"type": "json_object"}
    c = s.connect()
    c.request("POST", "/v1/chat/completions", json.dumps(body))
    reply = c.getresponse()
    data = reply.read()
    c.close()
    if reply.status == 503:
        count("503")
        time.sleep(0.05)
    elif reply.status != 200 or (body["stream"] and not data.endswith(b"data: [DONE]\n\n")):
        failures.append((reply.status, data[-200:]))
    else:
        if not body["stream"]:
            assert json.loads(data)["usage"]["completion_tokens"] >= 0
        count("answered")


def go_away(s, r):
    c = s.connect()
    c.request("POST", "/v1/chat/completions",
              json.dumps(request(r, stream=r.random() < 0.5, max_tokens=500)))
    if r.random() < 0.5:
        reply = c.getresponse()
        reply.read(r.randrange(1, 400))
    time.sleep(r.random() * 0.05)
    c.sock.close() if c.sock else None
    c.close()
    count("went away")


def rubbish(s, r):
    c = socket.create_connection((s.host, s.port), timeout=20)
    kind = r.randrange(6)
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
    if kind == 0:
        c.sendall(r.randbytes(r.randrange(1, 3000)))
    elif kind == 1:
        c.sendall(head + b"Content-Length: 100000\r\n\r\n{")
    elif kind == 2:
        body = bytearray(json.dumps(request(r)).encode())
        for _ in range(r.randrange(1, 9)):
            body[r.randrange(len(body))] = r.randrange(256)
        c.sendall(head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
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


def no_reader(s, r):
    body = json.dumps(request(r, stream=True, max_tokens=300)).encode()
    c = socket.socket()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    c.connect((s.host, s.port))
    c.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
              % (len(body), body))
    time.sleep(r.random())
    c.close()
    count("did not read")


def client(s, number):
    r = random.Random(number)
    rude = number % 2
    while take():
        act = r.choice([go_away, rubbish, no_reader]) if rude else polite
        try:
            act(s, r)
        except (OSError, http.client.HTTPException) as e:
            if rude:
                count("rude, " + type(e).__name__)
            else:
                failures.append(repr(e))


def state(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        rss = next(int(line.split()[1]) for line in f if line.startswith("RssAnon"))
    return f"{rss / 1024:.1f} MB private, {len(os.listdir(f'/proc/{pid}/fd'))} descriptors"


with Server(program, model) as server:
    start = time.monotonic()
    print("begin:", state(server.process.pid), flush=True)
    threads = [threading.Thread(target=client, args=(server, i)) for i in range(n_clients)]
    for t in threads:
        t.start()
    while any(t.is_alive() for t in threads):
        time.sleep(10)
        print(f"{time.monotonic() - start:.0f} s, {max(left, 0)} left:",
              state(server.process.pid), flush=True)
    end = time.monotonic() + 30
    while server.metrics()["answers_running"] + server.metrics()["requests_waiting"] > 0:
        assert time.monotonic() < end, "answers do not end"
        time.sleep(0.1)
    time.sleep(1)
    m = server.metrics()
    print("end:", state(server.process.pid), f"{m['connections']:.0f} connections")
    print(f"{m['generated_tokens_total']:.0f} tokens, {m['answers_cut_total']:.0f} answers cut, "
          f"{m['step_tokens_total'] / max(m['steps_total'], 1):.2f} tokens per pass")
    print(counts)
    print("stopped with", server.stop())
print(len(failures), "failures", failures[:5])
sys.exit(bool(failures))
