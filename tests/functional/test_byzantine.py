"""Peers that lie, flood, or say nothing: they are banned or limited, and the
honest nodes go on beside them."""

import json
import socket
import struct
import time

import pytest

import gavel
from gavel import wait_for
from ledger import Key, h_tag
from test_two_nodes import join

zmq = pytest.importorskip("zmq", reason="SKIP: no python3-zmq")
from peer import (ANN, BLOCK, BLOCKS, GETBLOCKS, GETHEADERS, GETPOOL,  # noqa
                  GETTIPS, GETVOTES, HEADERS, HELLO, PONG, TIPS, TXS, VOTE,
                  Peer, Sealed, branch, le, listed, tip, tips)

KNOWN = 16  # keys that the nodes let in
GENESIS = gavel.ROOT / "genesis/regtest.json"


class Honest:
    """Two nodes, of which the first mines and the second has only what it is
    told. `peers`: keys they know and nobody used yet."""

    def __init__(self, world):
        self.peers = [Peer() for _ in range(KNOWN)]
        self.used = []
        allow = [w for p in self.peers for w in ("--peer-key", p.key)]
        self.first = world.node("first", *allow, fixed_ports=True)
        self.first.wait_services()
        self.second = join(world, self.first, "second", *allow)
        self.nodes = (self.first, self.second)
        self.registry = bytes.fromhex(self.first.rpc.status()["registry"])

    def peer(self):
        self.used.append(self.peers.pop())
        return self.used[-1]

    def close(self):
        for p in self.peers + self.used:
            p.close()

    def seen(self, node, peer):
        """What a node says of its session with the peer, or None."""
        rows = [p for p in node.rpc.getpeerinfo() if p["key"] == peer.key]
        return rows[0] if rows else None

    def wait_banned(self, node, peer):
        """The session is over, and there is no other one for the key."""
        wait_for("the ban", lambda: self.seen(node, peer) is None)
        assert peer.meet(node, seconds=1.5) is None
        assert self.seen(node, peer) is None

    def best(self, node):
        """(height, sealed id) of the registry's tip."""
        row = node.rpc.getchains(limit=1)["chains"][0]
        return row["height"], bytes.fromhex(row["sealed"])


@pytest.fixture(scope="module")
def honest(stage):
    h = Honest(stage)
    yield h
    h.close()


@pytest.fixture(autouse=True)
def unharmed(honest):
    """Both nodes run, have each other, follow one chain, and are not big."""
    yield
    heights = [n.rpc.getblockcount("registry") for n in honest.nodes]
    for n, height in zip(honest.nodes, heights):
        assert n.process.running()
        assert n.memory() < 300 << 20
        assert n.rpc.status()["peers"] >= 1
    wait_for("both to go on", lambda: min(
        n.rpc.getblockcount("registry") for n in honest.nodes) >=
        max(heights) + 2)


def test_a_peer_in_python_meets_a_node(honest):
    """What the other tests rest on: an honest peer has a session and answers,
    and nobody takes its score."""
    peer, node = honest.peer(), honest.first
    assert peer.meet(node)[:2] == le(1, 2)
    kind, body = peer.ask(GETTIPS, bytes(16) + le(0, 2))
    assert kind == TIPS and honest.registry in body
    peer.run(6)
    assert GETTIPS in peer.asked
    assert honest.seen(node, peer)["score"] == 100


MALFORMED = {
    "an empty body": (GETTIPS, b""),
    "a byte too many": (GETTIPS, bytes(16) + le(0, 2) + b"x"),
    "a count that lies": (GETBLOCKS, bytes(32) + le(16, 2) + bytes(32)),
    "no ids": (GETBLOCKS, bytes(32) + le(0, 2)),
    "another byte": (GETPOOL, bytes(32) + b"\x02" + bytes(12)),
    "gossip out of place": (ANN, bytes(112)),
    "no kind": (99, b""),
}


@pytest.mark.parametrize("names", [list(MALFORMED)[:3], list(MALFORMED)[3:]])
def test_malformed_messages_end_in_a_ban(honest, names):
    """The score falls with each, until the key is banned."""
    node, peer = honest.second, honest.peer()
    peer.meet(node)
    score = 100
    for name in names:
        kind, body = MALFORMED[name]
        peer.send(kind, body)
        peer.run(0.2)

        def penalty():
            row = honest.seen(node, peer)
            return "banned" if row is None else row["score"] < score
        if wait_for(f"a penalty for {name}", penalty) == "banned":
            break
        score = honest.seen(node, peer)["score"]
        assert score <= 80
    while honest.seen(node, peer):
        peer.send(GETTIPS, b"")
        peer.run(0.2)
    honest.wait_banned(node, peer)


def test_invalid_blocks_are_banned_at_once(honest):
    node, peer = honest.second, honest.peer()
    peer.meet(node)
    raw = bytearray.fromhex(node.rpc.getblock(
        chain="registry", height=1, verbosity=0))
    raw[110] ^= 1  # in the header: the work is another block's
    time.sleep(1)  # until the node hears the gossip
    peer.tell(BLOCK, bytes(raw))
    honest.wait_banned(node, peer)


def test_a_block_against_the_rules_is_banned(honest):
    """Good work over a tx_root that is wrong."""
    node, peer = honest.second, honest.peer()
    peer.meet(node)
    time.sleep(1)
    height, sealed = honest.best(node)
    bad = Sealed(honest.registry, sealed, height + 1,
                int(time.time() * 1000) + 2000, root=bytes(32))
    peer.tell(BLOCK, bad.raw)
    honest.wait_banned(node, peer)


def test_spam_forks_are_kept_within_limits(honest):
    """300 good blocks beside each other: one is followed, 64 are kept (L2)."""
    node, peer = honest.second, honest.peer()
    peer.meet(node)
    time.sleep(1)
    before = node.memory()
    height, sealed = honest.best(node)
    at = node.rpc.getblockheader(chain="registry", height=height)["time_ms"]
    spam = [Sealed(honest.registry, sealed, height + 1, at + 1000 + i)
            for i in range(300)]
    for block in spam:
        peer.tell(BLOCK, block.raw)
    wait_for("some of them", lambda: any(has(node, b) for b in spam))
    peer.run(1)
    kept = sum(has(node, b) for b in spam)
    assert 1 < kept <= 66, kept
    assert node.memory() < before + (32 << 20)
    assert honest.seen(node, peer), "good blocks cost nothing"


def has(node, block):
    try:
        node.rpc.getblockheader(chain="registry", sealed=block.sealed.hex())
    except gavel.RpcError:
        return False
    return True


def flood(peer, seconds, send):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(200):
            send()
        peer.run(0)


def test_floods_are_limited(honest):
    """Gossip and questions without end: what is above the rate is dropped,
    and the peer is banned in the end; nobody else waits."""
    node, peer = honest.second, honest.peer()
    peer.meet(node)
    time.sleep(1)
    lie = tip(honest.registry, 5, bytes(32)) + le(1, 8)

    def banned():
        flood(peer, 1, lambda: peer.tell(ANN, lie))
        return honest.seen(node, peer) is None
    wait_for("the ban", banned, 40)
    asker = honest.peer()
    asker.meet(node)

    def banned_too():
        flood(asker, 1, lambda: asker.send(GETTIPS, bytes(16) + le(0, 2)))
        return honest.seen(node, asker) is None
    wait_for("the other ban", banned_too, 40)
    greeter = honest.peer()
    greeter.meet(node)

    def banned_as_well():
        flood(greeter, 1, lambda: greeter.send(HELLO, b"", number=0))
        return honest.seen(node, greeter) is None
    wait_for("the ban of who greets for ever", banned_as_well, 40)


@pytest.mark.long
def test_withheld_bodies_hold_nobody_up(honest):
    """A peer tells of a branch with more work, gives its headers, and never a
    block. The honest chain goes on meanwhile, at both nodes."""
    peer = honest.peer()
    node = honest.second
    made = {}

    def answer_headers(body):
        return HEADERS, (honest.registry + b"\0" + listed(
            [b.raw for b in made["branch"]]))
    peer.answer[GETHEADERS] = answer_headers
    peer.answer[GETBLOCKS] = lambda body: None
    peer.meet(node)
    time.sleep(1)
    start = [n.rpc.getblockcount("registry") for n in honest.nodes]
    end = time.monotonic() + 15
    seq = 0
    while time.monotonic() < end:
        height, sealed = honest.best(node)
        made["branch"] = branch(honest.registry, sealed, height + 1,
                                int(time.time() * 1000) + 1000, 40)
        seq += 1
        last = made["branch"][-1]
        peer.tell(ANN, tip(honest.registry, last.height, last.sealed,
                           last.height) + le(seq, 8))
        peer.run(0.5)
    assert GETBLOCKS in peer.asked, "it was believed for a moment"
    for n, height in zip(honest.nodes, start):
        assert n.rpc.getblockcount("registry") >= height + 10
    same = honest.first.rpc.getblockhash(chain="registry", height=start[0])
    assert honest.second.rpc.getblockhash(
        chain="registry", height=start[0]) == same
    peer.close()  # else its fetch lasts into the next test
    wait_for("its end", lambda: honest.seen(node, peer) is None)


@pytest.mark.long
def test_header_spam_is_bounded(honest):
    """Headers without end, each list after the other, of branches that hang
    on block 0 and on the tip."""
    peer, node = honest.peer(), honest.second
    height, sealed = honest.best(node)
    spam = branch(honest.registry, sealed, height + 1,
                  int(time.time() * 1000) - 500_000, 2000)
    peer.answer[GETHEADERS] = lambda body: (
        HEADERS, honest.registry + b"\1" + listed([b.raw for b in spam]))
    peer.answer[GETBLOCKS] = lambda body: (
        BLOCKS, honest.registry + listed([]))
    before = node.memory()
    peer.meet(node)
    time.sleep(1)
    for i in range(10):
        last = spam[-1 - i]
        peer.tell(ANN, tip(honest.registry, last.height, last.sealed,
                           last.height) + le(i + 1, 8))
        peer.run(0.5)
    assert peer.asked.count(GETHEADERS) >= 1
    assert node.memory() < before + (64 << 20)


def vote_of(key, chain, source, target):
    """Body of VOTE: source and target are (height, sealed)."""
    link = (le(source[0], 4) + source[1] + le(target[0], 4) + target[1])
    # F14: the link as it is signed.
    digest = h_tag("gavel/vote", chain + link)
    return chain + link + b"\0" + key.sign(digest)


def test_equivocating_votes_change_nothing_final(honest):
    """A thief of the validator's key votes for blocks of his own beside the
    real ones. What was final stays final, and the chain goes on."""
    peer, node = honest.peer(), honest.second
    secret = json.loads(GENESIS.read_text())["validator_secrets"][0]
    key = Key(int(secret, 16))
    peer.meet(node)
    time.sleep(1)
    final = node.rpc.getchains(limit=1)["chains"][0]["final_height"]
    kept = [node.rpc.getblockhash(chain="registry", height=h)
            for h in range(final + 1)]
    base = bytes.fromhex(kept[final - 2])
    rival = branch(honest.registry, base, final - 1,
                   int(time.time() * 1000) - 3000, 3)
    for block in rival:
        peer.tell(BLOCK, block.raw)
    source = (final - 2, base)
    for block in rival:
        peer.tell(VOTE, vote_of(key, honest.registry, source,
                                (block.height, block.sealed)))
        source = (block.height, block.sealed)
    peer.run(2)
    for n in honest.nodes:
        assert [n.rpc.getblockhash(chain="registry", height=h)
                for h in range(final + 1)] == kept


@pytest.mark.long
def test_many_connections_take_nothing_from_others(honest):
    """Hundreds of strangers' TCP connections, and one known key that connects
    again and again."""
    node = honest.second
    host, port = "127.0.0.1", node.ports["p2p"]
    open_ = [socket.create_connection((host, port), 5) for _ in range(300)]
    peer = honest.peer()
    for _ in range(100):
        peer.dial(node)
    peer.meet(node, seconds=3)
    late = honest.peer()
    assert late.meet(node, seconds=20), "another key still gets in"
    kind, _ = late.ask(GETTIPS, bytes(16) + le(0, 2))
    assert kind == TIPS
    for s in open_:
        s.close()


def test_a_pong_to_no_ping_and_a_hello_of_another_network(honest):
    node, peer = honest.first, honest.peer()
    assert peer.meet(node, seconds=2, magic=le(1, 4)) is None
    assert honest.seen(node, peer) is None
    peer.meet(node)
    before = wait_for("the session",
                      lambda: honest.seen(node, peer))["score"]
    peer.send(PONG, struct.pack("<Q", 2**63))
    wait_for("the penalty",
             lambda: honest.seen(node, peer)["score"] < before)
    while honest.seen(node, peer):
        peer.send(TXS, bytes(32))
        peer.run(0.2)
    honest.wait_banned(node, peer)
