"""A node split in two: the auction server, which takes bids and blocks, and
the auction repository server, which keeps and lists them."""

import gavel
import pytest
from gavel import CommandError, RpcError, wait_for
from test_two_nodes import join


def lists(node, key):
    """What a repository is asked for, without what changes by itself."""
    auctions = node.rpc.listauctions()["auctions"]
    return {
        "auctions": [(a["auction"], a["title"], a["phase"]) for a in auctions],
        "outcomes": node.rpc.listoutcomes(bidder=key)["outcomes"],
        "bids": [node.rpc.listbids(auction=a["auction"])["bids"]
                 for a in auctions],
    }


def refused(call, role):
    with pytest.raises(RpcError) as e:
        call()
    assert e.value.code == -27
    assert e.value.data == {"role": role}
    assert e.value.message == f"this node does not have the role {role}"


@pytest.mark.long
def test_S4_50_server_and_repository_apart(world):
    server = world.node("server", "--role", "server", fixed_ports=True)
    server.wait_services()
    store = join(world, server, "store", "--role", "repository")
    assert "server" in server.rpc.status()["roles"]
    assert "repository" not in server.rpc.status()["roles"]
    assert store.rpc.status()["roles"] == ["repository"]

    seller, ann = world.wallet("seller", server), world.wallet("ann", server)
    auction = seller.create("A lamp", "--d", "2s", "--difficulty", "1")
    bid = ann.bid(auction, "12.50")["bid"]
    wait_for("the bid at the repository", lambda: any(
        b["bid"] == bid and b["state"] != "received" for b in
        store.rpc.listbids(auction=auction)["bids"]), 30)
    seller.close_auction(auction)
    wait_for("the final outcome at the repository", lambda:
             store.rpc.getoutcome(auction)["final"], 60)

    # Each refuses what is the other's, and says whose it is.
    refused(lambda: server.rpc.listauctions(), "repository")
    refused(lambda: store.rpc.getwork(), "server")
    refused(lambda: store.rpc.submitbid("00"), "server")
    with pytest.raises(CommandError) as e:
        gavel.Wallet(ann.directory, store).bid(auction, "13", "--force")
    assert "this node does not have the role server" in e.value.stderr

    # A repository that is killed has all of it when it is back, and goes on
    # alone.
    key = store.rpc.getbid(bid)["bidder"]
    before = lists(store, key)
    assert before["auctions"] and before["outcomes"] and before["bids"][0]
    server.stop()
    store.kill()
    store.start()
    assert lists(store, key) == before
