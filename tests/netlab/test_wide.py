"""Twelve nodes, each of which dials three others, over links that take 20 ms
each way. How long a bid takes to all of them is printed, not judged. Then the
links lose a third of everything, one node sleeps and one dies."""

import signal
import statistics
import time

import pytest

from gavel import CALL_S, RpcError
from story import Crowd, Story

pytestmark = pytest.mark.long

COUNT = 12
DELAY_S = 0.02
BIDS = 20
SEEN_S = 20
EDGES = [(i, (i + step) % COUNT) for i in range(COUNT) for step in (1, 3, 5)]


@pytest.fixture(scope="module")
def lab(make_lab):
    return make_lab(COUNT, EDGES).start(COUNT)


@pytest.fixture(scope="module")
def story(lab):
    return Story(lab, bidders=2)


def spread(sale, home, rpcs):
    """Milliseconds from the call at `home` until each node has the bid. All
    are asked in turn, by which a number is a few milliseconds too high."""
    made = sale.make()
    start = time.monotonic()
    assert sale.submit(rpcs[home], made)
    answered = time.monotonic()
    late = {}
    while len(late) < COUNT:
        assert time.monotonic() < start + SEEN_S, f"only {sorted(late)} see it"
        for i in range(COUNT):
            if i in late:
                continue
            try:
                rpcs[i].getbid(bid=made[0], auction=sale.auction)
            except RpcError as e:
                assert e.code == -5, e
            else:
                late[i] = 1000 * (time.monotonic() - start)
    return 1000 * (answered - start), late


def way(home):
    """Milliseconds that the links alone take from the call at `home` to each
    node. Node 0 has the service; a bid goes there first and its stamp back."""
    hops, edge = {0: 0}, [0]
    for at in edge:
        for a, b in EDGES:
            if at in (a, b) and (other := a + b - at) not in hops:
                hops[other] = hops[at] + 1
                edge.append(other)
    return {i: 1000 * DELAY_S * (hops[home] + n) for i, n in hops.items()}


def span(values):
    return (f"median {statistics.median(values):.1f} ms, "
            f"max {max(values):.1f} ms")


@pytest.mark.parametrize("home", [0, 5])
def test_a_bid_is_seen_by_twelve_nodes(lab, story, home, record_property):
    """At the service's own node, and at one that hands it to the service."""
    sale = story.sale(f"wide {home}", d=4).wait_known()
    rpcs = [n.rpc_now(CALL_S) for n in lab.nodes]
    lab.link(delay=DELAY_S)
    time.sleep(1)
    runs = []
    for _ in range(BIDS):
        runs.append(spread(sale, home, rpcs))
        time.sleep(0.1)
    lab.heal()
    name = f"bid at node {home},"
    record_property(f"{name} answered:", span([a for a, _ in runs]))
    record_property(f"{name} seen by one:",
                    span([ms for _, late in runs for ms in late.values()]))
    record_property(f"{name} seen by {COUNT}:",
                    span([max(late.values()) for _, late in runs]))
    links = way(home)
    for far in sorted(set(links.values())):
        record_property(f"{name} beyond {far:.0f} ms of links:", span(
            [late[i] - far for _, late in runs for i in late
             if links[i] == far]))
    sale.settle()
    sale.close()


def test_twelve_nodes_in_trouble(lab, story):
    """Bids at the service's node and its neighbours count at every node."""
    sale = story.sale("trouble", d=8).wait_known()
    sleeper, dying = lab.nodes[6], lab.nodes[8]
    lab.link(delay=DELAY_S, jitter=0.02, loss=30, dup=10, reorder=10)
    lab.asleep.add(6)
    sleeper.process.child.send_signal(signal.SIGSTOP)
    try:
        with Crowd(sale, [lab.nodes[i] for i in (0, 1, 3, 5)]):
            time.sleep(2)
            dying.kill()
            time.sleep(2)
            dying.start()
            time.sleep(1)
    finally:
        sleeper.process.child.send_signal(signal.SIGCONT)
        lab.asleep.discard(6)
    lab.heal()
    sale.settle()
    assert len(sale.receipts) >= 4
    sale.close()


def test_outcomes_of_twelve_are_one(lab, story):
    for sale in story.sales:
        sale.check_outcome(60)
    lab.check()
    lab.watcher.stop()
    assert not lab.watcher.broken
