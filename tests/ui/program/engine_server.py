# SPDX-License-Identifier: MIT
"""An engine that speaks OpenAI's API, on loopback, for tests: it answers with what a test wants, in
pieces as a test wants, and misbehaves in every way. `asked` holds what came: method, path, key, body."""
import http.server
import json
import socketserver
import ssl
import threading
import time


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, address):
        pass


def chunk(**delta):
    return {"id": "x", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def event(value, end="\n\n"):
    return ("data: " + (value if isinstance(value, str) else json.dumps(value)) + end).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(6, 1, 1)  # TCP_NODELAY

    def reply(self, status, body, **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", headers.pop("content_type", "application/json"))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def note(self, body):
        engine = self.server.engine
        engine.asked.append((self.command, self.path, self.headers.get("Authorization"), body))
        if engine.failures:
            status, body, headers = engine.failures.pop(0)
            self.reply(status, body, **headers)
            return False
        return True

    def do_GET(self):
        engine = self.server.engine
        if not self.note(None):
            return
        if self.path != "/v1/models" or engine.models is None:
            return self.reply(404, {"error": {"message": "no such place"}})
        self.reply(200, {"object": "list", "data": [{"id": name, "object": "model", "owned_by": engine.owner}
                                                    for name in engine.models]})

    def do_POST(self):
        engine = self.server.engine
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.note(body):
            return
        if self.path != "/v1/chat/completions":
            return self.reply(404, {"error": {"message": "no such place"}})
        if engine.page is not None:
            return self.reply(200, engine.page, content_type="text/html")
        if engine.whole:
            return self.reply(200, {"choices": [{"message": {"role": "assistant", "content": "".join(engine.pieces)},
                                                 "finish_reason": engine.finish}], "usage": engine.usage})
        self.stream()

    def stream(self):
        engine = self.server.engine
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", engine.content_type)
        self.send_header("Connection", "close")
        if engine.length:
            self.send_header("Content-Length", str(engine.length))
        self.end_headers()
        try:
            for i, part in enumerate(engine.parts()):
                if engine.delay:
                    time.sleep(engine.delay)
                self.send(part)
                if engine.stall_at == i:
                    engine.stalled.set()
                    self.wait_for_the_end()
        except OSError:
            engine.gone.set()

    def send(self, part):
        step = self.server.engine.step or len(part)
        for at in range(0, len(part), step):
            self.wfile.write(part[at:at + step])
            self.wfile.flush()

    def wait_for_the_end(self):
        """Until the client has gone."""
        self.connection.settimeout(30)
        if self.connection.recv(1) == b"":
            self.server.engine.gone.set()


class Engine:
    def __init__(self, pieces=("Hello", " from", " elsewhere"), **settings):
        self.pieces, self.thinking, self.thinking_name = pieces, (), "reasoning_content"
        self.models, self.owner, self.finish = ["tiny", "large"], "test", "stop"
        self.usage = {"prompt_tokens": 21, "completion_tokens": 9}
        self.content_type, self.page, self.whole, self.raw = "text/event-stream", None, False, None
        self.delay, self.step, self.stall_at, self.length, self.cut = 0, 0, None, 0, False
        self.failures, self.asked, self.end = [], [], "\n\n"
        self.stalled, self.gone, self.certificate = threading.Event(), threading.Event(), None
        self.__dict__.update(settings)
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.engine = self
        self.host = "127.0.0.1:%d" % self.server.server_port
        self.url = ("https://" if self.certificate else "http://") + self.host
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def parts(self):
        if self.raw is not None:
            yield self.raw
            return
        yield event(chunk(role="assistant", content=""), self.end)
        for piece in self.thinking:
            yield event(chunk(**{self.thinking_name: piece}), self.end)
        for piece in self.pieces:
            yield event(chunk(content=piece), self.end)
        if self.cut:
            return
        yield event({"choices": [{"index": 0, "delta": {}, "finish_reason": self.finish}]}, self.end)
        if self.usage:
            yield event({"choices": [], "usage": self.usage}, self.end)
        yield event("[DONE]", self.end)

    def requests(self):
        return [body for command, path, _, body in self.asked if command == "POST"]

    def keys(self):
        return [key for _, _, key, _ in self.asked]
