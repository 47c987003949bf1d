"""What stands between a wallet and its node and token issuer: it passes on what
is said and writes it down, and breaks off where a test wants it to."""

import contextlib
import http.client
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from gavel import CALL_S


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.server.between.answer(self.server, self, body)
        if answer is None:
            self.close_connection = True
            return
        status, kind, data = answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Between:
    """Looks like `node` to a wallet; the issuer is asked through it too.

    `cut`: RPC methods and paths of the issuer that do not get through; `lost`:
    those whose answer does not come back; `said`: other answers of the issuer,
    by path. `heard`: (method or path, request, answer) of all
    that got through, `held`: what was cut off."""

    def __init__(self, node, issuer):
        self.node, self.issuer = node, issuer
        self.network, self.build = node.network, node.build
        self.cut, self.lost, self.said = set(), set(), {}
        self.heard, self.held = [], []
        ttp = issuer.datadir / "ttp"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(ttp / "tls-cert.pem", ttp / "tls-key.pem")
        self.rpc = self.server()
        self.tls = self.server()
        self.tls.socket = context.wrap_socket(self.tls.socket,
                                              server_side=True)
        for server in (self.rpc, self.tls):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def server(self):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.between = self
        server.daemon_threads = True
        return server

    def end(self):
        for server in (self.rpc, self.tls):
            server.shutdown()
            server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.rpc.server_port}"

    @property
    def cookie(self):
        return self.node.cookie

    @contextlib.contextmanager
    def without(self, *names, answers=False):
        """For a while these are cut, or only their answers are lost."""
        names, of = set(names), self.lost if answers else self.cut
        of |= names
        try:
            yield self
        finally:
            of -= names

    def bodies(self, name, since=0):
        return [body for what, body, _ in self.heard[since:] if what == name]

    # --- passing on

    def answer(self, server, request, body):
        over_tls = server is self.tls
        name = request.path if over_tls else json.loads(body).get("method")
        if name in self.said and over_tls:
            return 200, "application/octet-stream", self.said[name]
        if name in self.cut:
            self.held.append((request.path, dict(request.headers), body))
            return None
        try:
            status, kind, data = self.forward(over_tls, request.path,
                                              dict(request.headers), body)
        except (OSError, http.client.HTTPException):
            return None
        self.heard.append((name, body, data))
        if name == "listservices":
            data = self.point_here(data)
        return None if name in self.lost else (status, kind, data)

    def forward(self, over_tls, path, headers, body):
        port = (self.issuer.ports["tls"] if over_tls else
                urlsplit(self.node.url).port)
        if over_tls:
            context = ssl.create_default_context(
                cafile=self.node.datadir / "gavel-root.pem")
            link = http.client.HTTPSConnection("127.0.0.1", port,
                                               timeout=CALL_S, context=context)
        else:
            link = http.client.HTTPConnection("127.0.0.1", port,
                                              timeout=CALL_S)
        with contextlib.closing(link):
            link.request("POST", path, body, {
                k: v for k, v in headers.items()
                if k.lower() in ("authorization", "content-type")})
            got = link.getresponse()
            return (got.status, got.headers.get("Content-Type", "text/plain"),
                    got.read())

    def point_here(self, data):
        """The directory with this address of the issuer."""
        answer = json.loads(data)
        for service in answer["result"]:
            if service["role"] == "issuer":
                service["endpoint"] = (
                    f"https://127.0.0.1:{self.tls.server_port}")
        return json.dumps(answer).encode()

    def deliver(self):
        """What was held goes on its way after all."""
        for path, headers, body in self.held:
            self.forward(False, path, headers, body)
        self.held.clear()
