"""Tenders in lots with sealed bids: several wallets, one of which goes away, a
lot that nobody wants, and what everybody sees before and after the opening."""

import shutil

import pytest
from gavel import CommandError, Explorer, Wallet, wait_for
from test_sealed import (answers_of, both_verify, files_of, found_in,
                         in_blocks, text_of)

pytestmark = pytest.mark.long

QUICK = ("--d", "2s", "--notice", "4s", "--difficulty", "1")
TENDER = ("--preset", "tender", "--close", "owner", "--min-first", "999999999",
          "--lot", "Roof", "--lot", "Walls,reserve=900000000", "--lot",
          "Garden,min=800000000", *QUICK)
# In cents. No such number occurs by chance.
AMOUNTS = {"ann": 73164998351, "bob": 51203377219, "eve": 62418744907,
           "low": 40418744913, "over": 91827364553}


@pytest.fixture(scope="module")
def market(stage):
    node = stage.node()
    node.wait_services()
    return {"world": stage, "node": node,
            **{n: stage.wallet(n, node) for n in ("sam", "ann", "bob", "eve")}}


def place(market, name, auction, amount, lot, *more):
    return market[name].bid(auction, text_of(AMOUNTS[amount]), "--lot", lot,
                            *more)["bid"]


def refused(wallet, *words, says):
    with pytest.raises(CommandError) as e:
        wallet(*words)
    assert says in e.value.stderr, e.value.stderr


def check_hidden(market, auction):
    """The lots of bids are seen, amounts and leaders are not."""
    node, world = market["node"], market["world"]
    rows = node.rpc.listbids(auction=auction)["bids"]
    assert sorted((r["lot"], r["seal"], r["amount"], r["leading"])
                  for r in rows) == [(1, "sealed", 0, False)] * 3 + [
                      (2, "sealed", 0, False)]
    info = node.rpc.getauction(auction)
    assert [(l["status"], l["leader"], l["price"]) for l in info["lots"]] == [
        ("no-bid", None, 0)] * 3
    assert not node.rpc.getoutcome(auction)["opened"]
    told = answers_of(node, auction)
    dump = world.explorer(node).dump(world.path("lots.jsonl"))
    table = world.explorer(node).dump(world.path("lots.csv"), kind="csv")
    for where, data in (("answers", told), ("dump", dump), ("csv", table),
                        ("files", files_of(node))):
        assert found_in(data, AMOUNTS) == set(), where


def check_told(market, auction, bids):
    """Lot by lot, to wallets and by proofs."""
    node, bob = market["node"], market["bob"]
    text = bob.text("auction", "outcome", auction, "--explain")
    for says in ("Roof", "Walls", "Garden", "no bid is accepted"):
        assert says in text, text
    told = bob("auction", "outcome", auction, "--explain")
    assert [(l["lot"], l["status"], l["price"]) for l in told["lots"]] == [
        (1, "sold", AMOUNTS["bob"]), (2, "reserve-not-met", 0),
        (3, "no-bid", 0)]
    assert bob("auction", "outcome", auction, "--verify")["verified_height"]
    for bid, says in ((bids["bob"], "for lot 1, Roof, is accepted and leads"),
                      (bids["ann"], "for lot 1, Roof, is accepted, but")):
        assert says in bob.text("bid", "why", bid)
    key = node.rpc.getbid(bids["bob"])["bidder"]
    rows = {l["lot"]: (l["standing"], l["amount"]) for l in
            node.rpc.listoutcomes(bidder=key)["outcomes"][0]["lots"]}
    assert rows == {1: ("won", AMOUNTS["bob"])}


def test_a_tender_of_three_lots(market):
    world, node, sam = (market[n] for n in ("world", "node", "sam"))
    done = sam.run("auction", "create", "--title", "x", "--dry-run", *TENDER,
                   as_json=False)
    assert "everybody sees which bidder bids for which lot" in done.stderr
    auction = sam.create("A house to mend", *TENDER)
    refused(market["bob"], "bid", "place", auction, "800000000.01", "--lot",
            "3", says="below-first")
    bids = {n: place(market, n, auction, n, "1") for n in ("ann", "bob", "eve")}
    late = place(market, "eve", auction, "over", "2")
    assert market["eve"]("bid", "show", late)["lot"] == 2
    shutil.rmtree(market["ann"].directory)  # with its machine
    in_blocks(node, auction)
    check_hidden(market, auction)
    shown = market["bob"].text("bid", "list")
    assert f"{text_of(AMOUNTS['bob'])} EUR (sealed)" in shown, shown
    assert "lot 1 leads      not known, until" in market["bob"].text(
        "auction", "show", auction)
    assert "none yet: the bids are sealed" in market["bob"].text(
        "auction", "outcome", auction)

    again = Wallet(world.path("eve-again"), node)
    again.run_ok("restore", "--words-file", world.path("eve.words"))
    assert {(r["bid"], r["lot"], r["own_amount"])
            for r in again("bid", "list")["bids"]} == {
                (bids["eve"], 1, AMOUNTS["eve"]), (late, 2, AMOUNTS["over"])}

    sam.close_auction(auction)
    got = node.wait_final(auction, 60)
    rows = {r["bid"]: r for r in node.rpc.listbids(auction=auction)["bids"]}
    assert [(l["status"], l["winner"], l["price"]) for l in got["lots"]] == [
        ("sold", rows[bids["bob"]]["bidder"], AMOUNTS["bob"]),
        ("reserve-not-met", None, 0), ("no-bid", None, 0)]
    assert {(rows[b]["amount"], rows[b]["code_name"])
            for b in bids.values()} == {(AMOUNTS[n], "accepted")
                                        for n in ("ann", "bob", "eve")}
    check_told(market, auction, bids)
    both_verify(world, node, "", f"{text_of(AMOUNTS['bob'])} EUR")
    wait_for("the award", lambda: [
        a["award"] for a in node.rpc.getoutcome(auction)["awards"]] == [1])
    market["bob"]("settle", auction, "received", "--lot", "1")


def test_blind_bids_for_lots_with_a_hidden_reserve(market):
    """The reserve is that of each lot; its authorities see hashes alone."""
    world, node, sam = (market[n] for n in ("world", "node", "sam"))
    auction = sam.create(
        "Two paintings", "--sealed", "--blind", "--pricing", "vickrey",
        "--hidden-reserve", "60", "--lot", "A barn", "--lot", "A goat", *QUICK)
    assert "one amount, which holds for each lot" in "\n".join(
        sam("auction", "show", auction)["warnings"])
    for name, amount, lot in (("bob", "90", "1"), ("eve", "50", "1"),
                              ("bob", "59.99", "2"), ("bob", "5", "2")):
        market[name].bid(auction, amount, "--lot", lot)
    sam.close_auction(auction)
    got = node.wait_final(auction, 60)
    assert [(l["status"], l["price"]) for l in got["lots"]] == [
        ("sold", 6000), ("reserve-not-met", 0)]
    text = sam.text("auction", "outcome", auction, "--explain")
    assert "60.00 EUR" in text, text
    both_verify(world, node, "", "60.00 EUR")


def test_a_limit_counts_the_best_sealed_bid_for_each_lot(market):
    node, bob = market["node"], market["bob"]
    auction = market["sam"].create("Three boxes", "--sealed", "--lot", "a",
                                   "--lot", "b", "--lot", "c", *QUICK)
    bob("limit", "set", "EUR", "--total", "100")
    for amount, lot in (("40", "1"), ("30", "1"), ("35", "2")):
        bob.bid(auction, amount, "--lot", lot)
    refused(bob, "bid", "place", auction, "25.01", "--lot", "3",
            says="100.01 EUR")
    refused(bob, "bid", "place", auction, "65.01", "--lot", "1",
            says="100.01 EUR")
    other = market["sam"].create("Elsewhere", *QUICK)
    refused(bob, "bid", "place", other, "25.01", says="100.01 EUR")
    bob.bid(other, "20")
    refused(bob, "bid", "place", auction, "5.01", "--lot", "3",
            says="100.01 EUR")
    bob.bid(auction, "5", "--lot", "3")
    bob("limit", "drop", "EUR")


def test_an_agent_makes_one_sealed_bid_for_its_lot(market):
    node, eve = market["node"], market["eve"]
    auction = market["sam"].create("Agents", "--sealed", "--lot", "a",
                                   "--lot", "b,min=5", *QUICK)
    eve("agent", "set", auction, "--lot", "2", "--limit", "7")
    done = eve.run("agent", "run", "--every", "100ms")
    assert done.returncode == 0 and "one sealed bid" in done.stdout
    bid, = (r["bid"] for r in node.rpc.listbids(auction=auction)["bids"])
    assert node.rpc.getbid(bid)["lot"] == 2
    market["sam"].close_auction(auction)
    got = node.wait_final(auction, 60)
    assert [(l["status"], l["price"]) for l in got["lots"]] == [
        ("no-bid", 0), ("sold", 700)]
    explorer = Explorer(node)
    table = explorer.dump(node.datadir.parent / "agents.csv", kind="csv")
    row, = [r.split(",") for r in table.decode().splitlines() if bid in r]
    assert row[-1] == "2" and "700" in row
