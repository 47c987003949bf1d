"""A validator that contradicts itself: with its key somebody tells one half of
the nodes one vote and the other half another, block after block."""

import threading
import time

import pytest

from gavel import wait_for
from ledger import Key, h_tag
from quorum import Network

zmq = pytest.importorskip("zmq", reason="SKIP: no python3-zmq")
from peer import VOTE, Peer, le  # noqa: E402

pytestmark = pytest.mark.long

TERMS = ("--d", "4s", "--notice", "8s", "--difficulty", "1")
SEAT = 3  # the last of four


class Liar(threading.Thread):
    """Votes at each new height for the block that there is, to the first node,
    and for another one, to the rest. It sees the chain at the first."""

    def __init__(self, key, auction, nodes, peers):
        super().__init__(daemon=True)
        self.key, self.chain = key, bytes.fromhex(auction)
        self.peers = peers
        self.first = nodes[0]
        for node, peer in zip(nodes, peers):
            assert peer.meet(node) is not None
        self.over = threading.Event()
        self.lies = 0
        self.error = None

    def vote(self, source, target):
        link = (le(source[0], 4) + source[1] + le(target[0], 4) + target[1])
        return (self.chain + link + le(SEAT, 1) +
                self.key.sign(h_tag("gavel/vote", self.chain + link)))

    def run(self):
        rpc, told = self.first.connect(self.first.ports), 0
        try:
            while not self.over.is_set():
                for peer in self.peers:
                    peer.run(0.03)
                height = rpc.getblockcount(self.chain.hex())
                if height > told:
                    told = height
                    self.lie(rpc, height - 1, height)
        except BaseException as e:  # noqa: B902, told at the end
            self.error = e

    def lie(self, rpc, low, high):
        source, target = (
            (h, bytes.fromhex(rpc.getblockhash(chain=self.chain.hex(),
                                               height=h)))
            for h in (low, high))
        self.peers[0].tell(VOTE, self.vote(source, target))
        other = self.vote(source, (high, h_tag("lie", target[1])))
        for peer in self.peers[1:]:
            peer.tell(VOTE, other)
        self.lies += 1

    def stop(self):
        self.over.set()
        self.join(30)
        assert not self.is_alive() and self.error is None, self.error


@pytest.fixture
def peers():
    made = [Peer() for _ in range(3)]
    yield made
    for peer in made:
        peer.close()


def test_contradicting_votes_are_evidence_and_one_outcome_is_final(
        world, peers):
    """Three honest validators, of which each has heard one half of the lies.
    All tell each other and notice."""
    allow = [w for p in peers for w in ("--peer-key", p.key)]
    net = Network(world, stamps=1, votes=4,
                  options=(*allow, "--publish-evidence"))
    seller, ann = net.seller(), world.wallet("ann", net.ca)
    auction = net.auction(seller, *TERMS)
    net.wait_everywhere(auction)
    away, honest = net.votes[SEAT], net.votes[:SEAT]
    away.stop()
    text = (away.datadir / "validator.key").read_text().strip()
    key = Key(int(text, 16))
    assert key.public.hex() == net.vote_keys()[SEAT]
    liar = Liar(key, auction, honest, peers)
    time.sleep(1)  # until the nodes hear the gossip
    liar.start()
    try:
        ann.bid(auction, 10)
        wait_for("a lie", lambda: liar.lies > 0 or liar.error, 20)
        ann.bid(auction, 11)
        said = wait_for("the evidence on the registry",
                        lambda: net.ca.rpc.listevidence(), 40)
        seller.close_auction(auction)
        ends = [n.wait_final(auction, 60) for n in (net.ca, *honest)]
    finally:
        liar.stop()
    assert [(one["key"], one["chain"]) for one in said] == [
        (key.public.hex(), auction)]
    assert all(end == ends[0] for end in ends)
    assert ends[0]["status"] == "sold" and ends[0]["price"] == 1100
    for node in honest:
        folder = node.datadir / "evidence"
        file = wait_for(f"the evidence of {node.datadir.name}",
                        lambda: next(folder.glob("*.json"), None))
        done = world.explorer().run("evidence", file)
        assert done.returncode == 0, done.stderr
    # Whoever lied is in no new auction, and nobody's quorum has changed.
    done = seller.run("auction", "create", "--title", "after",
                      "--authorities", net.stamp_keys()[0], "--validators",
                      key.public.hex(), as_json=False)
    assert done.returncode == 1, done.stdout
    assert f"{key.public.hex()} is no service of role" in done.stderr
