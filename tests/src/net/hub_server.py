# SPDX-License-Identifier: MIT
"""A Hugging Face hub on loopback for tests: the hub itself and a second host on another port, to
which large files are redirected, as the real one does. `faults` makes it misbehave."""
import hashlib
import http.server
import json
import re
import socketserver
import ssl
import threading
import time
import urllib.parse

COMMIT = "c0ffee00" * 5


def is_large(name):
    return name.endswith((".safetensors", ".gguf"))


def etag_of(name, data):
    if is_large(name):
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, address):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        hub = self.server.hub
        hub.log.append((self.server.role, self.command, self.path, self.headers.get("Range"),
                        self.headers.get("Authorization")))
        if "Proxy-Authorization" in self.headers:
            hub.log.append(("proxy header",))
        path = urllib.parse.unquote(self.path.split("?")[0])
        for rule in list(hub.answers):
            if re.search(rule["path"], path) and rule.get("role",
                                                          self.server.role) == self.server.role:
                if rule.get("times"):
                    rule["times"] -= 1
                    if rule["times"] == 0:
                        hub.answers.remove(rule)
                return self.reply(rule["status"], rule.get("body", b"{}"), rule.get("headers", {}))
        if self.server.role == "cdn":
            return self.large(path)
        match = re.match(r"/api/models/([^/]+/[^/]+)/revision/([^/]+)$", path)
        if match:
            return self.listing(match[1], match[2])
        match = re.match(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)$", path)
        if match:
            return self.resolve(match[1], match[3])
        self.reply(404, b"{}")

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for key, value in dict(headers).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def listing(self, model, revision):
        hub = self.server.hub
        if model not in hub.models:
            return self.reply(404, b'{"error":"Repository not found"}',
                              {"X-Error-Code": "RepoNotFound"})
        if revision not in ("main", COMMIT, "v1"):
            return self.reply(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        siblings = []
        for name, data in hub.models[model].items():
            one = {"rfilename": name}
            if hub.faults.get("list", "full") == "full":
                one["size"] = len(data)
                one["blobId"] = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
                if is_large(name):
                    one["lfs"] = {"sha256": etag_of(name, data),
                                  "size": hub.faults.get("stated", len(data))}
            siblings.append(one)
        siblings += [{"rfilename": name, "size": 3, "blobId": "0" * 40}
                     for name in hub.faults.get("names", [])]
        body = json.dumps({"id": model, "sha": hub.faults.get("commit", COMMIT),
                           "siblings": siblings}).encode()
        self.reply(200, hub.faults.get("json", body), {"Content-Type": "application/json"})

    def resolve(self, model, name):
        hub = self.server.hub
        data = hub.models.get(model, {}).get(name)
        if data is None:
            return self.reply(404, b"", {"X-Error-Code": "EntryNotFound"})
        etag = hub.faults.get("etag", etag_of(name, data))
        if is_large(name):
            return self.reply(302, b"",
                              {"Location": f"{hub.cdn_url}/{model}/{name}?signature=secret",
                               "X-Linked-Etag": f'"{etag}"',
                               "X-Linked-Size": str(len(data)),
                               "X-Repo-Commit": COMMIT})
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{etag_of(name, data)}"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def large(self, path):
        hub = self.server.hub
        faults = hub.faults
        _, org, model, name = path.split("/", 3)
        data = hub.models[org + "/" + model][name]
        wrong, at = faults.get("wrong_at", (name if faults.get("wrong") is True else
                                            faults.get("wrong"), -9))
        if wrong and wrong in name:
            at %= len(data)
            data = data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1:]
        match = re.match(r"bytes=(\d+)-(\d*)$", self.headers.get("Range") or "")
        start = int(match[1]) if match else 0
        end = min(int(match[2]) + 1, len(data)) if match and match[2] else len(data)
        if faults.get("range") == "ignore":
            start, end, match = 0, len(data), None
        if match and faults.get("range") == "416":
            return self.reply(416, b"", {"Content-Range": f"bytes */{len(data)}"})
        shift = 7 if match and faults.get("range") == "other" else 0
        part = data[start + shift:end]
        self.send_response(206 if match else 200)
        if match:
            self.send_header("Content-Range", f"bytes {start + shift}-{end - 1}/{len(data)}")
        length = faults.get("length")
        if length is None:
            self.send_header("Content-Length", str(len(part)))
        elif length != "missing":
            self.send_header("Content-Length", str(length))
        else:
            self.close_connection = True
        for i in range(faults.get("headers", 0)):
            self.send_header(f"X-Filler-{i}", "x" * 1000)
        self.send_header("ETag", '"what-this-host-calls-it"')
        self.end_headers()
        self.send_part(part, faults, name)

    def send_part(self, part, faults, name):
        hub = self.server.hub
        if faults.get("longer"):
            part += b"more" * 1000
        cut = faults.get("cut")
        if cut is not None and len(part) > cut:
            if faults.get("once"):
                del faults["cut"]
            self.wfile.write(part[:cut])
            self.wfile.flush()
            self.close_connection = True
            return
        where, stall = faults.get("stall_in", (name, faults.get("stall")))
        if stall is not None and where in name and len(part) > stall:
            self.wfile.write(part[:stall])
            self.wfile.flush()
            hub.stalled.set()
            hub.go_on.wait(20)
            self.close_connection = True
            return
        step, pause = faults.get("drip", (len(part) or 1, 0))
        for at in range(0, len(part), step):
            self.wfile.write(part[at:at + step])
            self.wfile.flush()
            time.sleep(pause)


class Hub:
    """with Hub({"org/name": {"config.json": b"..."}}) as hub: hub.url, hub.log, hub.faults"""

    def __init__(self, models, certificate=None):
        self.models = models
        self.faults, self.answers, self.log = {}, [], []
        self.stalled, self.go_on = threading.Event(), threading.Event()
        self.servers = [self.serve(role, certificate) for role in ("hub", "cdn")]
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self.servers[0].server_port}"
        self.cdn_url = f"{scheme}://localhost:{self.servers[1].server_port}"

    def serve(self, role, certificate):
        server = Server(("127.0.0.1", 0), Handler)
        server.hub, server.role = self, role
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05},
                         daemon=True).start()
        return server

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.go_on.set()
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def ranges(self):
        """Of the requests for large files, but those of their first bytes alone."""
        return [entry[3] for entry in self.log if entry[0] == "cdn" and
                not re.search(r"-\d", entry[3] or "")]
