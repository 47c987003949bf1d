"""Nodes without the trusted third party: what was stamped goes on its way."""

import pytest
from gavel import wait_for
from test_two_nodes import join


def bids_at(node, auction):
    return {b["bid"]: b["amount"] for b in
            node.rpc.listbids(auction=auction)["bids"]}


@pytest.mark.long
def test_S0_15_peers_tell_each_other_of_auctions_and_bids(world):
    """The third party is killed when the bids are stamped. One node tells
    another, which never met it, of the auction and of every bid, and a bid of
    which no block is known yet as well."""
    ttp = world.node("ttp", fixed_ports=True)
    ttp.wait_services()
    near = join(world, ttp, "near")
    auction = world.wallet("seller", ttp).create(
        "A lamp", "--d", "300s", "--difficulty", "1")
    ann, bob = world.wallet("ann", near), world.wallet("bob", ttp)
    bids = {w.bid(auction, amount)["bid"] for w, amount in
            ((ann, "10"), (bob, "11"), (ann, "12"))}
    wait_for("the bids in blocks at near", lambda: bids == set(
        b["bid"] for b in near.rpc.listbids(auction=auction)["bids"]
        if b["state"] != "received"), 30)
    last = ann.bid(auction, "13")["bid"]
    ttp.kill()
    told = bids_at(near, auction)
    assert set(told) == bids | {last}

    far = join(world, near, "far")
    wait_for("the auction at far", lambda: [
        a["auction"] for a in far.rpc.listauctions()["auctions"]] == [auction],
        30)
    wait_for("every bid at far", lambda: bids_at(far, auction) == told, 30)
    # Blocks are found and told without it, too.
    world.miner(far)
    wait_for("the last bid in a block at near", lambda: near.rpc.getbid(
        last)["state"] == "included", 30)
