"""A time-stamping authority outside of the network: an HTTP server that hands
RFC 3161 queries to `openssl ts -reply`, with an RSA key and a policy of its
own."""

import http.server
import json
import subprocess
import threading

from ledger import openssl

POLICY = "1.3.6.1.4.1.99999.7"
CONFIG = """
dir = {dir}
[req]
distinguished_name = name
[name]
[v3]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[ts]
serial = {dir}/serial
signer_digest = sha256
default_policy = {policy}
other_policies = {others}
digests = sha256
accuracy = millisecs:{accuracy}
clock_precision_digits = {digits}
ordering = {ordering}
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """What it says can be made wrong by its attributes."""

    def __init__(self, folder, name, digits=6, days="30"):
        self.folder, self.name = folder / name, name
        self.folder.mkdir()
        self.digits, self.accuracy, self.ordering = digits, 200, "yes"
        self.policy, self.swap, self.status = POLICY, None, 200
        self.queries, self.headers = [], []
        self.lock = threading.Lock()
        (self.folder / "serial").write_text("01\n")
        self.signer = self.certify("tsa", days)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      self._handler())
        self.port = self.server.server_address[1]
        self._serve()

    def _serve(self):
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def certify(self, name, days="30"):
        """A new RSA key and its certificate; returns their name."""
        self._configure()
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-config",
                self.folder / "ts.conf", "-extensions", "v3", "-subj",
                f"/CN={self.name} {name}", "-days", days, "-keyout",
                self.folder / f"{name}.key", "-out",
                self.folder / f"{name}.pem")
        return name

    def _configure(self):
        (self.folder / "ts.conf").write_text(CONFIG.format(
            dir=self.folder, policy=self.policy, accuracy=self.accuracy,
            others=f"{POLICY}, 1.2.3.4", digits=self.digits,
            ordering=self.ordering))

    def _handler(outer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                query = self.rfile.read(int(self.headers["Content-Length"]))
                answer = outer.answer(self.path, dict(self.headers), query)
                self.send_response(outer.status)
                self.send_header("Content-Type",
                                 "application/timestamp-reply")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass
        return Handler

    def answer(self, path, headers, query):
        with self.lock:
            self.queries.append((path, query))
            self.headers.append(headers)
            if self.swap:
                query = self.swap(query)
            self._configure()
            (self.folder / "q.tsq").write_bytes(query)
            done = subprocess.run(
                ["openssl", "ts", "-reply", "-config",
                 self.folder / "ts.conf", "-section", "ts", "-queryfile",
                 self.folder / "q.tsq", "-inkey",
                 self.folder / f"{self.signer}.key", "-signer",
                 self.folder / f"{self.signer}.pem", "-out",
                 self.folder / "a.tsr"], capture_output=True)
            assert done.returncode == 0, done.stderr
            return (self.folder / "a.tsr").read_bytes()

    def file(self, **changes):
        """The file that describes it."""
        path = self.folder / "authority.json"
        path.write_text(json.dumps({
            "operator": f"{self.name} Ltd.",
            "url": f"http://127.0.0.1:{self.port}/stamp?x=1",
            "certificate": "tsa.pem", "policy": POLICY, "accuracy_ms": 500,
            "ordering": True, **changes}))
        return path

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def restart(self):
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", self.port), self._handler())
        self._serve()
