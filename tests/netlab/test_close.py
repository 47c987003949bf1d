"""Four validators, each a node of its own, that are cut off from each other
around the end of an auction, for longer than D/2 and for longer than 10 T.
Node 0 has every other service, and is no validator of the auctions."""

import time

import pytest

from gavel import wait_for
from story import Crowd, Story

pytestmark = pytest.mark.long

JUDGES = (1, 2, 3, 4)
COUNT = 1 + len(JUDGES)
EDGES = [(a, b) for a in range(COUNT) for b in range(a)]
D = 3  # seconds; T is 1 s


@pytest.fixture(scope="module")
def lab(make_lab):
    one = make_lab(COUNT, EDGES)
    one.node(ttp=True, start=False)
    for i in JUDGES:
        one.node("--ttp", "validator", "--operator", f"Judge {i}",
                 start=False)
    one.introduce()
    for n in one.nodes:
        n.start()
    one.wait_met()
    one.watcher.start()
    return one


def judges(node):
    """Operator -> ledger key, as that node's registry has it."""
    return {s["operator"]: s["cred"][64:128] for s in node.rpc.listservices()
            if s["role"] == "validator" and
            s["operator"].startswith("Judge")}


@pytest.fixture(scope="module")
def story(lab):
    home = lab.nodes[0]
    wait_for("four validators on the registry",
             lambda: len(judges(home)) == len(JUDGES), 40)
    return Story(lab)


def run_sale(lab, story, title):
    """An auction with bids, all of them in blocks, and nothing to come."""
    keys = ",".join(judges(lab.nodes[0]).values())
    sale = story.sale(title, d=D, panel=("--validators", keys)).wait_known()
    with Crowd(sale, lab.nodes):
        time.sleep(2)
    assert sale.receipts
    sale.check_counted()
    sale.close()
    return sale


# name: (seconds, groups); what is in no group is alone.
CUTS = {
    "longer than half of D": (2 * D / 3, ((0, 1, 2), (3, 4))),
    "longer than 10 T": (12, ((0, 1, 2), (3, 4))),
    "everybody alone": (12, ()),
}


def check_the_end(lab, sale):
    """Every node has the same blocks, also after the outcome, and the bids that
    had receipts."""
    lab.heal()
    sale.check_outcome(60)
    lab.check(60)


@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_after_the_bids(lab, story, cut):
    """The close passes while nobody has a quorum. Only where node 0 is there
    can be an end."""
    seconds, groups = CUTS[cut]
    sale = run_sale(lab, story, cut)
    wait_for("the closing", lambda: lab.nodes[0].rpc.getauction(
        sale.auction)["phase"] == "closing", 30)
    lab.part(*groups)
    time.sleep(seconds)
    assert not any(n.rpc.getoutcome(sale.auction)["final"]
                   for n in lab.nodes)
    check_the_end(lab, sale)


@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_at_the_outcome(lab, story, cut):
    """Some have the outcome and some may only have the cutoff, some votes have
    arrived and some have not. What follows is made on every side."""
    seconds, groups = CUTS[cut]
    sale = run_sale(lab, story, f"{cut}, at the end")
    wait_for("an outcome", lambda: any(n.rpc.getauction(
        sale.auction)["outcome_height"] for n in lab.nodes), 30, step=0.02)
    lab.part(*groups)
    time.sleep(seconds)
    check_the_end(lab, sale)
