"""A notary that lies: it has its key and its certificate, and answers the
wallet whatever it likes. The wallet names it and goes on with the others."""

import http.server
import json
import ssl
import threading
import urllib.request

import pytest
from anonymous import TERMS
from gavel import wait_for
from test_anonymous_faults import asked, says
from test_two_nodes import join

BINARY = "application/octet-stream"
NOT_FINAL = 1
LONG = 10_000_000
AWARD = 65  # bytes that name it begin requests and refusals


class Liar(http.server.BaseHTTPRequestHandler):
    """Answers each POST by the server's `lie`, a function of the request's
    body: a status, a type and a body; None: it closes the connection."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        answer = self.server.lie(self.path, body)
        if answer is None:
            self.close_connection = True
            return
        status, kind, body = answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *args):
        pass


class Market:
    """Three notaries, of which two open an identity; the last stands still,
    and something else has its place and its TLS key."""

    def __init__(self, world):
        self.world = world
        self.over = threading.Event()
        self.node = world.node("first", fixed_ports=True)
        self.node.wait_services()
        self.desks = [join(world, self.node, name, "--ttp", "notary")
                      for name in ("second", "third")]
        wait_for("three notaries on the registry", lambda: sum(
            s["role"] == "notary" and s["final"]
            for s in self.node.rpc.listservices()) == 3)
        self.sam = world.wallet("sam", self.node)
        self.bob = world.wallet("bob", self.node)
        self.auction = self.sam.create("x", "--notaries", "2of3", *TERMS)
        self.bob.bid(self.auction, 20)
        self.sam.close_auction(self.auction)
        self.node.wait_final(self.auction)
        wait_for("the outcome everywhere", lambda: all(
            d.rpc.getauction(self.auction)["outcome_final"]
            for d in self.desks))
        wait_for("three shares", self.all_good, step=0.5)
        self.desks[1].stop()
        said = json.loads(self.disclose().stdout)["notaries"]
        self.place = [n["good"] for n in said].index(False)
        self.server = self.serve(self.desks[1])

    def disclose(self):
        return self.sam.run("identity", "disclose", self.auction, "--out",
                            self.world.path("out"))

    def all_good(self):
        done = self.disclose()
        return done.returncode == 0 and all(
            n["good"] for n in json.loads(done.stdout)["notaries"])

    def serve(self, node):
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", node.fixed["tls"]), Liar)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ttp = node.datadir / "ttp"
        tls.load_cert_chain(ttp / "tls-cert.pem", ttp / "tls-key.pem")
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.asked = 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def other(self, path, body):
        """What the first notary answers."""
        tls = ssl.create_default_context(
            cafile=self.node.datadir / "gavel-root.pem")
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.node.fixed['tls']}{path}", body,
            {"Content-Type": BINARY})
        with urllib.request.urlopen(request, context=tls, timeout=20) as reply:
            return reply.read()


@pytest.fixture(scope="module")
def market(stage):
    m = Market(stage)
    yield m
    m.over.set()
    m.server.shutdown()


def others_share(market, path, body):
    return 200, BINARY, market.other(path, body)


def false_share(market, path, body):
    """With the liar's number in the place of the other's."""
    share = bytearray(market.other(path, body))
    share[0] = market.place + 1
    return 200, BINARY, bytes(share)


def slow(market, path, body):
    """Longer than the wallet waits for one answer."""
    market.over.wait(60)


def not_final(market, path, body):
    """Unsigned, and for ever."""
    return 403, BINARY, body[:AWARD] + bytes([NOT_FINAL]) + bytes(8 + 64)


LIES = {
    "another's share": (others_share, "gave no share of its own"),
    "a false share": (false_share, "gave no share of its own"),
    "garbage": (lambda *a: (200, BINARY, bytes(range(256)) * 4),
                "gave no share of its own"),
    "nothing": (lambda *a: (200, BINARY, b""), "gave no share of its own"),
    "a page": (lambda *a: (200, "text/html", b"<p>hello</p>"),
               "the service's answer is no message"),
    "10 MB": (lambda *a: (200, BINARY, bytes(LONG)), "is longer than"),
    "too early": (not_final, "the outcome is not final (not signed by it)"),
    "steering": (lambda *a: (403, "text/plain", b"\x1b[2J\x07away\r\n"),
                 "the service answered 403: ?[2J?away"),
    "closed": (lambda *a: None, "closed the connection"),
    "slow": (slow, "timed out"),
    "broken": (lambda *a: (500, "text/plain", b"oops"), "answered 500: oops"),
}


@pytest.mark.long
@pytest.mark.parametrize("lie", LIES)
def test_S0_10_two_honest_notaries_open_beside_one_that_lies(market, lie):
    answer, text = LIES[lie]
    market.server.lie = (
        (lambda path, body: answer(market, path, body)))
    market.server.asked = 0
    done = market.disclose()
    good = [i != market.place for i in range(3)]
    said = asked(done, *good)
    assert text in said[market.place], said
    assert json.loads(done.stdout)["subject"] == "CN=bob"
    assert market.server.asked > 0


@pytest.mark.long
def test_a_liar_and_one_away_are_both_named(market):
    market.server.lie = lambda *a: (403, "text/plain", b"x" * 400)
    market.desks[0].stop()
    done = market.disclose()
    says(done, 1, "1 of the 2 shares", "the service answered 403",
         "cannot reach")
    market.desks[0].start()
