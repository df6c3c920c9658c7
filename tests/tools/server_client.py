# SPDX-License-Identifier: MIT
"""A qins-server for a test, and a plain client of it."""
import http.client
import json
import os
import re
import signal
import subprocess


class Server:
    """A server on a free port, until the end of a `with`."""

    def __init__(self, program, model, *options, env=None):
        self.args = [program, "--port", "0", *options, model]
        self.env = dict(os.environ, **(env or {}))

    def __enter__(self):
        self.process = subprocess.Popen(self.args, stderr=subprocess.PIPE, text=True, env=self.env)
        self.lines = []
        for line in self.process.stderr:
            self.lines.append(line)
            found = re.search(r"http://([\d.]+|\[[:\w]+\]):(\d+)", line)
            if found:
                self.host, self.port = found.group(1).strip("[]"), int(found.group(2))
                return self
        raise SystemExit("no server: " + "".join(self.lines))

    def stop(self, number=signal.SIGTERM):
        """-> the exit status"""
        self.process.send_signal(number)
        self.lines += self.process.communicate(timeout=60)[1]
        return self.process.returncode

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def connect(self, timeout=60):
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def ask(self, method, path, body=None, headers=None):
        """-> status, headers, body: as JSON if it is"""
        connection = self.connect()
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        try:
            connection.request(method, path, body, headers or {})
        except BrokenPipeError:  # refused before all of it was sent
            pass
        reply = connection.getresponse()
        data = reply.read()
        connection.close()
        if "json" in reply.headers.get("Content-Type", ""):
            data = json.loads(data)
        return reply.status, reply.headers, data

    def post(self, path, body, **headers):
        status, _, data = self.ask("POST", path, body, headers)
        return status, data

    def metrics(self):
        text = self.ask("GET", "/metrics")[2].decode()
        return {name: float(value) for name, value in
                re.findall(r"^qins_(\S+) (\S+)$", text, re.M)}

    def stream(self, path, body):
        """-> the events of a stream"""
        connection = self.connect()
        connection.request("POST", path, json.dumps(dict(body, stream=True)))
        reply = connection.getresponse()
        assert reply.status == 200, reply.read()
        assert reply.headers["Content-Type"] == "text/event-stream"
        events = []
        for line in reply:
            if line.startswith(b"data: "):
                events.append(line[6:].strip().decode())
        connection.close()
        assert events[-1] == "[DONE]", events[-1]
        return [json.loads(e) for e in events[:-1]]
