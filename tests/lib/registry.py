"""A registry that holds one image and misbehaves as a test says.

A rule is a function of a request; the first that returns something answers it:

    registry.rule(lambda request: Answer(429, {"Retry-After": "1"}) if request.nth == 0 else None)

What was asked, with all headers, is in `registry.requests`.
"""

import contextlib
import http.server
import json
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass, field

from oddimage import MANIFEST_TYPE, blob_path, digest, oci_tree


@dataclass
class Answer:
    status: int = 200
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    length: int = None  # what Content-Length says; None: the truth
    cut: int = None  # bytes of the body after which the connection breaks
    chunks: object = None  # instead of the body: an iterable that is sent as it comes


@dataclass
class Request:
    method: str
    path: str
    headers: dict  # names in lower case
    body: bytes
    nth: int  # how often this path was asked for before

    @property
    def kind(self):
        for name in ("manifests", "blobs", "token"):
            if f"/{name}" in self.path:
                return name
        return "other"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one(self):
        registry = self.server.registry
        length = int(self.headers.get("Content-Length", 0))
        request = Request(
            self.command,
            self.path,
            {key.lower(): value for key, value in self.headers.items()},
            self.rfile.read(length),
            sum(one.path == self.path for one in registry.requests),
        )
        registry.requests.append(request)
        try:
            self.send(registry.answer(request))
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    do_GET = do_POST = handle_one

    def send(self, answer):
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, one)
        if answer.chunks is None:
            length = len(answer.body) if answer.length is None else answer.length
            self.send_header("Content-Length", str(length))
        else:
            self.close_connection = True
        self.end_headers()
        for chunk in answer.chunks or [answer.body[: answer.cut]]:
            self.wfile.write(chunk)
            self.wfile.flush()
        if answer.cut is not None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


class Registry:
    """Serves `image` as NAME:1 on HOST. `ranges`: it knows the header Range."""

    def __init__(self, image=None, *, name="team/app", host="127.0.0.1", tls=None, ranges=True):
        self.name, self.ranges = name, ranges
        self.requests, self.rules = [], []
        self.image = image
        self.tree = oci_tree(image) if image else {}
        lines = json.loads(self.tree["index.json"])["manifests"] if image else []
        self.manifest = lines[0]["digest"] if lines else None
        self.server = Server((host, 0), Handler)
        self.server.registry = self
        self.scheme = "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls / "server.crt", tls / "server.key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        self.host = f"{host}:{self.server.server_address[1]}"
        self.url = f"{self.scheme}://{self.host}"
        self.source = f"docker://{self.host}/{name}:1"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def rule(self, function):
        self.rules.append(function)

    def blob(self, of):
        return self.tree[blob_path(of)]

    def layer(self, index=0):
        return digest(self.image.layers[index].blob)

    def answer(self, request):
        for rule in self.rules:
            answer = rule(request)
            if answer is not None:
                return answer
        return self.truth(request)

    def truth(self, request):
        prefix = f"/v2/{self.name}/"
        if not request.path.startswith(prefix):
            return Answer(404)
        kind, _, ref = request.path[len(prefix) :].partition("/")
        if kind == "manifests" and ref == "1":
            ref = self.manifest
        data = self.tree.get(blob_path(ref))
        if data is None:
            return Answer(404, body=b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
        headers = {"Content-Type": "application/octet-stream", "ETag": f'"{ref}"'}
        if kind == "manifests":
            headers = {"Content-Type": MANIFEST_TYPE, "Docker-Content-Digest": ref}
        return self.part(request, data, headers)

    def part(self, request, data, headers):
        wanted = request.headers.get("range")
        if not wanted or not self.ranges:
            return Answer(200, headers, data)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        last = int(last) if last else len(data) - 1
        headers = {**headers, "Content-Range": f"bytes {first}-{last}/{len(data)}"}
        return Answer(206, headers, data[int(first) : last + 1])

    def asked(self, kind):
        return [one for one in self.requests if one.kind == kind]


@contextlib.contextmanager
def serving(*args, **knobs):
    registry = Registry(*args, **knobs)
    try:
        yield registry
    finally:
        registry.close()


def make_ca(place, names=("IP:127.0.0.1", "DNS:localhost")):
    """A CA (ca.crt) and a certificate by it (server.crt, server.key) in the directory PLACE."""

    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=place)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    openssl("req", "-x509", *key, "-subj", "/CN=CA of a test", "-keyout", "ca.key", "-out", "ca.crt")
    (place / "names").write_text("subjectAltName=" + ",".join(names))
    openssl("req", *key[:-2], "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "2",
            "-CAcreateserial", "-extfile", "names", "-out", "server.crt")  # fmt: skip
    return place


