"""One chain for each auction, and which bids a node's miner takes."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gavel import wait_for

TERMS = ("--difficulty", "1", "--d", "120s", "--notice", "240s")


@pytest.mark.long
def test_S4_80_the_end_of_one_auction_leaves_the_other_open(world):
    node = world.node()
    node.wait_services()
    seller, ann = world.wallet("seller", node), world.wallet("ann", node)
    ends = seller.create("Ends", "--difficulty", "1", "--d", "2s",
                         "--notice", "4s")
    stays = seller.create("Stays", *TERMS)
    assert (node.rpc.getblockhash(chain=ends, height=0) !=
            node.rpc.getblockhash(chain=stays, height=0))
    ann.bid(ends, "5")
    ann.bid(stays, "6")
    seller.close_auction(ends)
    assert node.wait_final(ends)["price"] == 500
    there = node.rpc.getauction(stays)
    assert there["phase"] == "open" and there["outcome_height"] is None
    ann.bid(stays, "7")
    wait_for("both bids in blocks", lambda: all(
        row["height"] for row in node.rpc.listbids(auction=stays)["bids"]))
    assert node.rpc.getauction(stays)["bids"]["accepted"] == 2
    assert node.rpc.getauction(ends)["bids"]["total"] == 1


@pytest.mark.long
def test_S4_81_a_node_takes_as_many_bids_as_it_is_told(world):
    node = world.node("node", "--mine-bids", "1")
    node.wait_services()
    seller = world.wallet("seller", node)
    people = [world.wallet(f"bidder{i}", node) for i in range(3)]
    auction = seller.create("Slowly", *TERMS)
    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(lambda w: w.bid(auction, "5"), people))
    rows = wait_for("the bids in blocks", lambda: (
        lambda bids: bids if all(b["height"] for b in bids) else None)(
            node.rpc.listbids(auction=auction)["bids"]))
    assert len({row["height"] for row in rows}) == len(people) == len(rows)
