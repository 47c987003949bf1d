"""What a pseudonym's wallet keeps when the nodes that it hands its ENROL and
its bids to lie, or reach too few authorities."""

import pytest

pytest.importorskip("zmq")

from anonymous import TERMS, Person  # noqa: E402
from gavel import Rpc, wait_for  # noqa: E402
from quorum import Network  # noqa: E402
from submit_liar import SUBMITTED, Liar, submit  # noqa: E402
from test_nodes import YES, record  # noqa: E402
from test_submit import Stage  # noqa: E402

pytestmark = pytest.mark.long


@pytest.fixture
def play(world):
    return Stage(world)


def lie(play, **what):
    """The second node is stopped, and a liar stands in its place."""
    play.second.key_text = play.second.key
    place = record(play.first, play.second.key_text)["submit"]
    play.second.stop()
    return Liar(play.second, place, **what)


def tell_the_truth(play):
    """The second node is back; others know its new address."""
    old = record(play.first, play.second.key_text)["submit"]
    play.second.start()
    wait_for("its new address", lambda: record(
        play.first, play.second.key_text)["submit"] != old, 60)


def amounts(node, auction):
    """Of the bids that have stamps enough."""
    return sorted(b["amount"] for b in node.rpc.listbids(
        auction=auction)["bids"] if b["state"] != "lapsed")


def test_a_refusal_by_a_node_that_passes_the_bid_on_loses_nothing(
        world, play):
    ann = Person(world, play.first, "ann")
    rpc = Rpc(play.first.ports["rpc"], play.first.cookie)
    liar = lie(play, on_enrol=lambda raw: rpc.sendrawtransaction(tx=raw.hex()),
               on_bid=lambda raw: rpc.submitbid(tx=raw.hex(), force=True))
    try:
        done = ann.wallet.run("bid", "place", play.auction, "12")
        assert done.returncode == 1 and "refused: no" in done.stderr
        assert "not known whether bid" in done.stderr
        assert set(liar.bids) == {liar.bids[0]}, "one bid, however often"
    finally:
        liar.close()
    assert amounts(play.first, play.auction) == [1200]
    tell_the_truth(play)
    done = ann.wallet.run_ok("bid", "place", play.auction, "15")
    assert "did arrive" in done.stderr
    assert amounts(play.first, play.auction) == [1200, 1500]


def test_an_enrol_that_a_node_keeps_to_itself_is_handed_in_again(world, play):
    ann = Person(world, play.first, "ann")
    liar = lie(play)
    try:
        done = ann.wallet.run("bid", "place", play.auction, "12")
        assert done.returncode == 1, done.stderr
        assert "has not come to your own node" in done.stderr
        assert len(liar.enrols) == 1
    finally:
        liar.close()
    assert play.first.rpc.getauction(play.auction)["bidders"] == 0
    tell_the_truth(play)
    ann.wallet.run_ok("bid", "place", play.auction, "15")
    assert play.first.rpc.getauction(play.auction)["bidders"] == 1
    assert amounts(play.first, play.auction) == [1500]
    # The bid that the liar swallowed is waited for until it cannot come.
    done = ann.wallet.run_ok("bid", "place", play.auction, "17")
    assert "earlier bid" not in done.stderr
    play.sam.close_auction(play.auction)
    play.first.wait_final(play.auction, 60)
    for says in (True, False):
        done = ann.wallet.run("bid", "place", play.auction, "20")
        assert done.returncode == 1
        assert ("never arrived" in done.stderr) == says


@pytest.fixture
def several(world):
    """Three authorities with submit sockets; the wallet's node has neither."""
    net = Network(world, stamps=3, ca_roles="ca,issuer,notary", options=YES)
    for node in net.stamps:
        wait_for("its submit socket", lambda: (record(
            net.ca, node.key) or {}).get("submit"), 60)
    net.sale = net.auction(net.seller(), *TERMS)
    net.wait_everywhere(net.sale)
    return net


def test_strangers_get_the_stamps_of_all_and_get_them_again(world, several):
    net, ann = several, Person(world, several.ca, "ann")
    told = ann.wallet.bid(net.sale, 12)
    assert len(told["stamps"]) >= 2
    raw = bytes.fromhex(net.ca.rpc.getbid(told["bid"])["tx"])
    for node in net.stamps:
        wait_for("the bid there", lambda: amounts(node, net.sale) == [1200])
        row = record(net.ca, node.key)
        kind, body = submit(row["submit"], row["curve"], raw)
        assert kind == SUBMITTED and body[0] >= 2, (kind, body)
    assert amounts(net.ca, net.sale) == [1200]


def test_a_bid_that_one_authority_can_be_reached_for_is_kept(world, several):
    net, ann = several, Person(world, several.ca, "ann")
    ann.wallet.bid(net.sale, 12)
    rows = [record(net.ca, node.key) for node in net.stamps]
    for node in net.stamps[:2]:
        node.kill()
    done = ann.wallet.run("bid", "place", net.sale, "13", seconds=200)
    assert done.returncode == 3, done.stderr
    assert "not known whether bid" in done.stderr
    assert amounts(net.ca, net.sale) == [1200]
    net.stamps[1].start()
    wait_for("the bid that was kept", lambda: amounts(
        net.ca, net.sale) == [1200, 1300], 60)
    # What one authority stamped first is, handed in again, stamped by two.
    late = [b for b in net.ca.rpc.listbids(auction=net.sale)["bids"]
            if b["amount"] == 1300][0]
    raw = bytes.fromhex(net.ca.rpc.getbid(late["bid"])["tx"])
    kind, body = submit(rows[2]["submit"], rows[2]["curve"], raw)
    assert kind == SUBMITTED and body[0] >= 2, (kind, body)
    done = ann.wallet.run_ok("bid", "place", net.sale, "15", seconds=200)
    assert f"the earlier bid {late['bid']} did arrive" in done.stderr
