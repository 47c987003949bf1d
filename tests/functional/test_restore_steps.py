"""Certified wallets, of the seller and of bidders, that are deleted at every
step of an auction and restored from their words alone; test_restore.py does it
with pseudonyms."""

import shutil

import pytest
from gavel import wait_for
from test_sealed import Quorum, in_blocks, opening, seals
from test_settle import awards, default, standing

pytestmark = pytest.mark.long


def lose(world, *wallets):
    """Their directories are gone; what each restore found."""
    found = []
    for wallet in wallets:
        name = wallet.directory.name
        shutil.rmtree(wallet.directory)
        found.append(wallet("restore", "--words-file",
                            world.path(f"{name}.words")))
        assert (found[-1]["identities"], found[-1]["certificates"],
                found[-1]["waiting"]) == (1, 1, 0), name
    return found


def own_bids(wallet, auction):
    return [(row["bid"], row["amount"], row["seq"])
            for row in wallet("bid", "list", "--auction", auction, "--bidder",
                              "me")["bids"]]


def test_lost_at_every_step_of_an_open_auction(world):
    node = world.node()
    node.wait_services()
    people = sam, ann, bob = [world.wallet(name, node)
                              for name in ("sam", "ann", "bob")]
    market = {"node": node, "seller": sam, "ann": ann, "bob": bob}
    auction = sam.create("Lost", "--pay-within", "3s", "--d", "3s", "--notice",
                         "6s", "--difficulty", "1", "--min-step", "1")

    # Before a bid.
    assert [f["bids"] for f in lose(world, *people)] == [0, 0, 0]
    assert [a["auction"] for a in sam("auction", "list", "--owner", "me")[
        "auctions"]] == [auction]
    # Sent, and in no block, which this auction has one of in a minute.
    slow = sam.create("Slow", "--d", "120s", "--t", "60s", "--notice", "240s",
                      "--difficulty", "1")
    sent = ann.bid(slow, 5)["bid"]
    assert lose(world, ann)[0]["bids"] == 1
    assert [row["bid"] for row in ann("bid", "list", "--mined", "no")[
        "bids"]] == [sent]
    # Sent, and perhaps in one.
    first = ann.bid(auction, 10)["bid"]
    assert lose(world, ann)[0]["bids"] == 2
    bob.bid(auction, 11)
    second = ann.bid(auction, 12)["bid"]
    # In a block.
    in_blocks(node, auction)
    before = own_bids(ann, auction), own_bids(bob, auction)
    assert [f["bids"] for f in lose(world, *people)] == [0, 3, 1]
    assert (own_bids(ann, auction), own_bids(bob, auction)) == before
    assert before[0] == [(first, 1000, 1), (second, 1200, 2)]
    assert "and leads" in ann.text("bid", "why", second)
    # What the words bring back is what a drill promises.
    assert ann("fire-drill", "--words-file", world.path("ann.words"))[
        "missing"] == []
    # Closed, by a seller who was away.
    sam.close_auction(auction)
    assert [f["bids"] for f in lose(world, *people)] == [0, 3, 1]
    assert node.wait_final(auction)["price"] == 1200
    # Final, and awarded.
    wait_for("the award", lambda: awards(market, auction))
    lose(world, *people)
    assert [row["standing"] for row in ann("auction", "outcome", "--closed")[
        "outcomes"]] == ["won"]
    default(market, auction)
    standing(market, auction, ["defaulted"])
    # The second chance, and what is said of it.
    lose(world, sam, bob)
    assert bob("auction", "accept", auction)["price"] == 1100
    wait_for("the second award", lambda: len(awards(market, auction)) == 2)
    lose(world, sam, bob)
    bob("settle", auction, "paid")
    sam("settle", auction, "delivered")
    wait_for("both words", lambda: [
        (a["seller_says"], a["winner_says"]) for a in awards(market, auction)
    ][1:] == [(["delivered"], ["paid"])])
    assert own_bids(ann, auction) == before[0]


def test_lost_before_and_after_the_opening_of_sealed_bids(world):
    """Two of three notaries are away, so only words can open what is sealed."""
    q = Quorum(world)
    node = q.node
    auction = q.create("2of3", "--opening-period", "20s", "--hidden-reserve",
                       "7")
    for other in q.others:
        other.kill()
    bids = [w.bid(auction, amount)["bid"] for w, amount in ((q.ann, "40"),
                                                           (q.bob, "60"))]
    found = lose(world, q.ann)[0]
    assert (found["bids"], found["foreign_bids"]) == (1, 0)
    in_blocks(node, auction)
    lose(world, q.sam)
    q.sam.close_auction(auction)
    opening(node, auction)
    assert lose(world, q.sam, q.bob)[1]["bids"] == 1
    assert q.ann("bid", "show", bids[0])["own_amount"] == 4000
    assert q.ann("bid", "open", bids[0])["amount"] == 4000
    assert q.bob("bid", "open", bids[1])["amount"] == 6000
    assert q.sam("auction", "open", auction)["reserve"] == 700
    wait_for("both bids to be opened", lambda: seals(node, auction) == {
        bid: "opened" for bid in bids}, 60)
    got = node.wait_final(auction, 90)
    assert (got["status"], got["price"]) == ("sold", 4000)
    lose(world, q.ann, q.bob)
    assert [row["standing"] for w in (q.ann, q.bob)
            for row in w("auction", "outcome")["outcomes"]] == ["lost", "won"]
