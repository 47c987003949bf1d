"""Bids of pseudonyms by the submit sockets of other nodes: with a key that is
used once, through a proxy, and with nothing in them that leads to the bidder's
certificate."""

import re
import socket
import threading

import pytest

from anonymous import TERMS, Person
from gavel import chain_ids, wait_for
from test_nodes import YES, newcomer, record

SUBMIT, GETTIPS = 30, 20


class Socks5:
    """A SOCKS5 proxy (RFC 1928, no login) on loopback that keeps what goes
    through it."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.targets, self.bytes = [], bytearray()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self.server.close()

    def _serve(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(client,),
                             daemon=True).start()

    @staticmethod
    def _take(client, n):
        data = b""
        while len(data) < n:
            more = client.recv(n - len(data))
            if not more:
                raise OSError("closed")
            data += more
        return data

    def _one(self, client):
        try:
            client.settimeout(60)
            version, methods = self._take(client, 2)
            assert version == 5
            self._take(client, methods)
            client.sendall(b"\5\0")
            _, command, _, kind = self._take(client, 4)
            assert command == 1
            if kind == 1:
                host = socket.inet_ntoa(self._take(client, 4))
            else:
                host = self._take(client, self._take(client, 1)[0]).decode()
            port = int.from_bytes(self._take(client, 2), "big")
            self.targets.append((host, port))
            with socket.create_connection((host, port), timeout=60) as there:
                client.sendall(b"\5\0\0\1" + bytes(6))
                back = threading.Thread(target=self._pump,
                                        args=(there, client), daemon=True)
                back.start()
                self._pump(client, there)
                back.join(60)
        except OSError:
            pass
        finally:
            client.close()

    def _pump(self, source, sink):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                self.bytes += data
                sink.sendall(data)
        except OSError:
            pass
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Stage:
    """A TTP's node, and another that strangers hand their bids to; it keeps
    its messages for an owner."""

    def __init__(self, world):
        self.world = world
        self.first = world.node("first", *YES, fixed_ports=True)
        self.first.wait_services()
        self.owner = world.path("owner.key")
        public = world.explorer().run("log", "key", "--out",
                                      self.owner).stdout.strip()
        self.second = newcomer(world, self.first, "second", "--message-log",
                               public, "--log-level", "debug")
        wait_for("its submit socket", lambda: (record(
            self.first, self.second.key) or {}).get("submit"))
        self.sam = world.wallet("sam", self.first)
        self.auction = self.sam.create("Secret chair", *TERMS)
        wait_for("the auction on the second node",
                 lambda: self.auction in chain_ids(self.second))

    def strangers(self):
        """(kind, key) of the requests at the second node."""
        return re.findall(r"a stranger's request kind=(\d+) .*key=(\S+)",
                          self.second.log)

    def submissions(self):
        """The frames that strangers sent to the second node, decoded from its
        message log; ends the node."""
        self.second.stop()
        done = self.world.explorer().run(
            "log", "show", "--key", self.owner,
            self.second.datadir / "messages.log")
        assert done.returncode == 0, done.stderr
        return [bytes.fromhex(raw) for raw in
                re.findall(r" submit-in kind \d+ number \d+ ([0-9a-f]*)",
                           done.stdout)]


@pytest.fixture
def play(world):
    return Stage(world)


@pytest.mark.long
def test_S0_06_S4_70_a_pseudonym_bids_elsewhere_and_leaves_no_trace(
        world, play):
    ann = Person(world, play.first, "ann")
    proxy = Socks5()
    try:
        for amount in ("12", "15"):
            done = ann.wallet.run("bid", "place", play.auction, amount,
                                  "--proxy",
                                  f"socks5://127.0.0.1:{proxy.port}")
            assert done.returncode == 0, done.stderr
            assert "own node" not in done.stderr
        assert "small set" in done.stderr
    finally:
        proxy.close()
    # ENROL and two bids, each with the question before it.
    submit = record(play.first, play.second.key)["submit"]
    assert set(proxy.targets) == {("127.0.0.1",
                                   int(submit.rsplit(":", 1)[1]))}
    assert len(proxy.targets) >= 6
    assert not ann.found_in(bytes(proxy.bytes))
    seen = play.strangers()
    assert [int(kind) for kind, _ in seen].count(SUBMIT) >= 3
    assert len({key for _, key in seen}) == len(seen), "a key was used twice"

    bids = {b["bid"]: b for b in play.first.rpc.listbids(
        auction=play.auction)["bids"]}
    assert sorted(b["amount"] for b in bids.values()) == [1200, 1500]
    [pseudonym] = {bytes.fromhex(b["bidder"]) for b in bids.values()}
    assert pseudonym != ann.ledger
    assert pseudonym not in bytes(proxy.bytes), "only ciphertext goes over"
    frames = play.submissions()
    sent = b"".join(f for f in frames if f[0] == SUBMIT)
    assert pseudonym in sent, "the bids themselves"
    assert not ann.found_in(b"".join(frames))


@pytest.mark.long
def test_a_pseudonym_waits_for_others(world, play):
    ann, bob = (Person(world, play.first, who) for who in ("ann", "bob"))
    waiting = ann.wallet.spawn("bid", "place", play.auction, "12",
                               "--min-anonymity", "2")
    wait_for("her ENROL", lambda: play.first.rpc.getauction(
        play.auction)["bidders"] == 1)
    assert waiting.poll() is None
    assert not play.first.rpc.listbids(auction=play.auction)["bids"]
    bob.wallet.bid(play.auction, "11")
    _, err = waiting.communicate(timeout=90)
    assert waiting.returncode == 0, err
    assert "2 pseudonyms are enrolled, which is a small set" in err


@pytest.mark.long
def test_without_another_node_the_own_one_is_named(world):
    first = world.node("first")
    first.wait_services()
    sam, ann = world.wallet("sam", first), world.wallet("ann", first)
    auction = sam.create("Secret chair", *TERMS)
    done = ann.run("bid", "place", auction, "12")
    assert done.returncode == 0, done.stderr
    assert "your own node, which learns whose pseudonym it is: no other " \
        "node takes submissions" in done.stderr
    done = ann.run("bid", "place", auction, "14", "--proxy", "http://x:1")
    assert done.returncode == 2 and "socks5://HOST:PORT" in done.stderr
    done = ann.run("bid", "place", auction, "14", "--own-node")
    assert done.returncode == 0 and ": as told" in done.stderr
