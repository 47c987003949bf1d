"""Five nodes, each connected to every other, over links that get worse and
worse. Every pair dials from both sides. Node 0 has the services and is the
validator; all others mine."""

import signal
import time

import pytest

from gavel import wait_for
from story import Crowd, Story

pytestmark = pytest.mark.long

COUNT = 5
LATE = 5  # joins when most is over
EDGES = [(a, b) for a in range(COUNT) for b in range(COUNT) if a != b] + \
    [(LATE, 0), (LATE, 3)]


@pytest.fixture(scope="module")
def lab(make_lab):
    return make_lab(COUNT + 1, EDGES).start(COUNT, "--mine")


@pytest.fixture(scope="module")
def story(lab):
    return Story(lab)


@pytest.fixture(autouse=True)
def whole(lab):
    """Whatever a test did, the next one finds good links."""
    yield
    lab.heal()


def test_S1_01_of_simultaneous_dials_one_session_survives(lab):
    """All ten pairs dial each other at once. Then every link breaks and comes
    back, over lines of half a second."""
    lab.wait_met()
    lab.link(delay=0.25)
    for n in lab.nodes[1:]:
        n.stop()
    for n in lab.nodes[1:]:
        n.start(wait=False)
    for n in lab.nodes[1:]:
        n.wait_ready()
    lab.wait_met(90)
    lab.heal()
    lab.check()


def test_the_service_alone_in_a_minority_contradicts_nobody(lab, story):
    """Node 0 stamps and validates for itself alone while the auction closes;
    the majority sees no final outcome until the links are back."""
    sale = story.sale("majority away", d=4).wait_known()
    with Crowd(sale, lab.nodes):
        time.sleep(2)
    lab.part((1, 2, 3, 4))
    sale.bid(lab.nodes[0])
    sale.close()
    lab.nodes[0].wait_final(sale.auction, 40)
    for n in lab.nodes[1:]:
        assert not n.rpc.getoutcome(sale.auction)["final"]
    lab.heal()
    sale.check_outcome()
    lab.check()


def test_a_reorganisation_of_fifty_blocks(lab, story):
    """The validator is away, so nothing becomes final. Two pairs of nodes
    mine apart, the one 50 blocks of enrolments, the other more; when they
    meet, the first gives up its blocks, and its transactions get into others.
    """
    sale = story.sale("two branches").wait_known()
    people = Branches(lab, story, sale.auction)
    lab.part((1, 2), (3, 4))
    people.fill(lab.nodes[1], lab.nodes[3])
    short, long = (lab.nodes[i].rpc.getblockcount(sale.auction)
                   for i in (1, 3))
    base = lab.nodes[0].rpc.getblockcount(sale.auction)
    assert short - base >= 50 and long > short, (base, short, long)
    lost = lab.nodes[1].rpc.getblockhash(chain=sale.auction,
                                         height=base + 1)
    lab.part((1, 2, 3, 4))
    wait_for("one branch", lambda: all(
        n.rpc.getblockhash(chain=sale.auction, height=base + 1) != lost
        for n in lab.nodes[1:]), 60)
    lab.heal()
    wait_for("every enrolment at every node", lambda: all(
        n.rpc.getauction(sale.auction)["bidders"] == people.total
        for n in lab.nodes), 60)
    sale.bid(lab.nodes[0])
    sale.settle()
    sale.close()


class Branches:
    """Enrolments that make blocks: at one node `count` of them, at the other
    a few more."""

    def __init__(self, lab, story, auction, count=52):
        home = lab.nodes[0]
        self.auction = auction
        self.names = [story.est.enrol_later(f"crowd-{i}")
                      for i in range(2 * count + 4)]
        story.est.wait_enrolled(home, self.names)
        self.short = self.names[:count]
        self.long = self.names[count:]
        self.total = len(story.bidders) + len(self.names)

    def fill(self, short, long):
        """One transaction a block: the next one when it is in."""
        todo = [(short, list(self.short)), (long, list(self.long))]
        height = {n.number: n.rpc.getblockcount(self.auction) - 1
                  for n, _ in todo}
        end = time.monotonic() + 90
        while any(names for _, names in todo):
            assert time.monotonic() < end, f"blocks do not come: {height}"
            for node, names in todo:
                now = node.rpc.getblockcount(self.auction)
                if names and now > height[node.number]:
                    height[node.number] = now
                    node.rpc.sendrawtransaction(
                        names.pop().enrol_tx(self.auction).hex())
            time.sleep(0.02)
        for node, _ in todo:
            node.wait_height(self.auction, height[node.number] + 1)


BAD = {
    "loss": dict(loss=30),
    "delay": dict(delay=0.5, jitter=0.1),
    "duplicates": dict(dup=30, reorder=30, delay=0.01),
}


@pytest.mark.parametrize("how", BAD)
def test_bids_count_over_bad_links(lab, story, how):
    """Bids at four nodes, none of which stamps, while every packet of every
    link is in danger."""
    sale = story.sale(how).wait_known()
    before = lab.stats()
    lab.link(**BAD[how])
    with Crowd(sale, lab.nodes[1:]):
        time.sleep(10)
    assert len(sale.receipts) >= 4
    sale.check_counted()
    after = lab.stats()
    seen = {"loss": "lost", "delay": "sent", "duplicates": "duplicated"}[how]
    assert after[seen] - before[seen] > 100
    lab.heal()
    sale.settle()
    sale.close()


def test_a_partition_shorter_than_half_of_d_loses_no_bid(lab, story):
    """Two nodes are away for 4 s of a D of 10 s. Bids are taken on the side
    of the services; the others refuse them, or take them afterwards."""
    sale = story.sale("minority away").wait_known()
    with Crowd(sale, lab.nodes):
        time.sleep(1)
        lab.part((0, 1, 2), (3, 4))
        time.sleep(4)
        lab.heal()
        time.sleep(3)
    sale.settle()
    sale.close()


def test_a_flapping_link(lab, story):
    """The links of node 0 go down and up faster than silence is noticed."""
    sale = story.sale("flapping").wait_known()
    with Crowd(sale, lab.nodes[1:]):
        for i in range(14):
            lab.link(0, 1 + i % 4, up=0)
            time.sleep(0.4)
            lab.link(0, 1 + i % 4, up=1)
            time.sleep(0.2)
    sale.settle()
    sale.close()


def test_S1_04_one_stalled_peer_delays_nobody(lab, story):
    """Node 4 stops reading. The others go on, with more than fits the buffers
    of its connections; then it wakes and has everything."""
    sale = story.sale("stalled").wait_known()
    stalled = lab.nodes[4]
    before = lab.nodes[0].memory()
    lab.asleep.add(4)
    stalled.process.child.send_signal(signal.SIGSTOP)
    try:
        with Crowd(sale, lab.nodes[:4], pause=0.05):
            time.sleep(8)
        sale.check_counted(nodes=lab.nodes[:4])
        assert len(sale.receipts) > 40
    finally:
        stalled.process.child.send_signal(signal.SIGCONT)
        lab.asleep.discard(4)
    assert lab.nodes[0].memory() < before + (64 << 20)
    sale.settle()
    sale.close()


def test_a_late_joiner_gets_everything(lab, story):
    """A sixth node, with two of the others as peers."""
    late = lab.node("--mine", start=False)
    for peer in (0, 3):
        late.options += ["--connect", lab.nodes[peer].peer]
        lab.nodes[peer].options += ["--peer-key", late.public]
        lab.nodes[peer].restart()
    late.start()
    late.wait_peers(2)
    for sale in story.sales:
        sale.wait_known(late)
    story.check_all()
    lab.check()


def test_outcomes_are_the_same_at_the_end(lab, story):
    """All auctions close. No final outcome changed, at no node."""
    story.close_all()
    for sale in story.sales:
        sale.check_outcome(90)
    lab.check()
    w = lab.watcher
    w.stop()
    assert set(w.final) == {s.auction for s in story.sales}
    assert w.answers > 100 and not w.broken
