"""What becomes of a sale: words of both sides, and the second chance."""

import json

import pytest
from gavel import CommandError, Explorer, wait_for
from test_submit import Socks5

QUICK = ("--d", "1s", "--notice", "2s", "--difficulty", "1")
PAY = ("--pay-within", "2s")


@pytest.fixture(scope="module")
def market(stage):
    node = stage.node(fixed_ports=True)
    node.wait_services()
    return {"node": node, "seller": stage.wallet("seller", node),
            "ann": stage.wallet("ann", node), "bob": stage.wallet("bob", node),
            "eve": stage.wallet("eve", node)}


def sold(market, bids, *terms):
    """An auction with a final outcome."""
    auction = market["seller"].create("Lot", *QUICK, *terms)
    for who, amount in bids:
        market[who].bid(auction, amount)
    market["seller"].close_auction(auction)
    got = market["seller"].outcome(auction)
    assert (got["status"], got["final"]) == ("sold", True)
    # Whoever has no side in it learns that first, with an award or before it.
    refused(market, "eve", ("settle", auction, "paid"), "this identity "
            "neither sells" if "anonymous" in terms else "neither the seller")
    wait_for("the award", lambda: awards(market, auction))
    return auction


def awards(market, auction):
    return market["node"].rpc.getauction(auction)["awards"]


def says(market, who, auction, word):
    market[who]("settle", auction, word)


def standing(market, auction, words):
    wait_for(f"standing {words}", lambda: [
        a["standing"] for a in awards(market, auction)] == words)


def default(market, auction, *options):
    """Once the time to pay is over."""
    def tried():
        try:
            market["seller"]("settle", auction, "defaulted", *options)
        except CommandError as e:
            assert "to pay" in e.stderr, e.stderr
            return False
        return True
    wait_for("the time to pay to be over", tried, 30)


def refused(market, who, words, expect, *args):
    with pytest.raises(CommandError) as e:
        market[who](*words, *args)
    assert expect in e.value.stderr


def test_both_sides_say_what_became_of_a_sale(market):
    auction = sold(market, [("ann", "10"), ("bob", "12")])
    refused(market, "ann", ("settle", auction, "paid"), "neither the seller")
    refused(market, "bob", ("settle", auction, "delivered"), "for the seller")
    refused(market, "seller", ("settle", auction, "lost"), "paid, delivered")
    says(market, "bob", auction, "paid")
    standing(market, auction, ["paid"])
    says(market, "bob", auction, "paid")  # once more: it stands already
    says(market, "seller", auction, "paid")
    says(market, "seller", auction, "delivered")
    standing(market, auction, ["delivered"])
    refused(market, "seller", ("settle", auction, "defaulted"), "wrong-phase")
    says(market, "bob", auction, "received")
    wait_for("all four words", lambda: [
        (a["seller_says"], a["winner_says"]) for a in awards(market, auction)
    ] == [(["paid", "delivered"], ["paid", "received"])])
    shown = market["seller"].text("auction", "show", auction)
    assert "says received" in shown and ": delivered" in shown
    refused(market, "ann", ("auction", "accept", auction), "no second chance")


def counted_when_final(market, auction):
    """Is Ann's second chance in her record? Never before it is final."""
    sold_to_her = market["ann"]("record", "me")["as_winner"]["sold"]
    final = awards(market, auction)[1]["final"]
    assert final or sold_to_her == 0
    return final and sold_to_her == 1


def test_the_runner_up_gets_a_second_chance_at_the_price_of_the_others(market):
    auction = sold(market, [("eve", "30"), ("ann", "50"), ("bob", "90")],
                   *PAY, "--pricing", "vickrey", "--reserve", "20")
    assert [a["price"] for a in awards(market, auction)] == [5000]
    assert "to pay within" in market["ann"].text("auction", "show", auction)
    refused(market, "ann", ("auction", "accept", auction), "no second chance")
    proxy = Socks5()
    try:
        default(market, auction, "--proxy",
                f"socks5://127.0.0.1:{proxy.port}")
    finally:
        proxy.close()
    assert proxy.targets  # the time-stamping authority
    standing(market, auction, ["defaulted"])
    told = market["ann"].text("auction", "outcome", auction)
    assert "second chance" in told and "30.00 EUR" in told
    refused(market, "eve", ("auction", "accept", auction), "another bidder",
            "--yes")
    shown = market["ann"]("auction", "accept", auction, "--dry-run")
    assert (shown["price"], shown["figures"], shown["words"]) == (
        3000, "30.00 EUR", "thirty and 00/100 EUR")
    refused(market, "ann", ("auction", "accept", auction, "--price", "29.99"),
            "the price is 30.00 EUR")
    refused(market, "ann", ("auction", "accept", auction, "--price", "x"),
            "--price: 'x' is no amount")
    assert len(awards(market, auction)) == 1
    market["ann"]("auction", "accept", auction, "--price", "30")
    standing(market, auction, ["defaulted", "open"])
    assert awards(market, auction)[1]["price"] == 3000
    wait_for("the second sale to count",
             lambda: counted_when_final(market, auction))
    says(market, "bob", auction, "paid")
    says(market, "ann", auction, "paid")
    standing(market, auction, ["disputed", "paid"])
    record = market["ann"]("record", "me")["as_winner"]
    assert (record["sold"], record["paid"]) == (1, 1)
    bob = market["bob"]("record", "me")["as_winner"]
    assert (bob["disputed"], bob["delivered"]) == (1, 1)
    seller = market["bob"]("record", market["node"].rpc.getauction(
        auction)["seller"])["as_seller"]
    assert (seller["sold"], seller["disputed"], seller["defaulted"]) == (
        3, 1, 0)
    explorer = Explorer(market["node"])
    dump = market["node"].datadir.parent / "settled.jsonl"
    explorer.dump(dump)
    done = explorer.verify(dump)
    assert done.returncode == 0, done.stderr
    market["node"].restart()
    standing(market, auction, ["disputed", "paid"])


def disclosed(market, who, auction):
    """Whom `identity disclose` names, once the votes are on the chain."""
    out = market["node"].datadir.parent / f"{who}-{auction[:8]}"

    def asked():
        done = market[who].run("identity", "disclose", auction, "--out", out)
        if "not final" in done.stderr or "not the winner" in done.stderr:
            return None
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["subject"]
    return wait_for("the award to be final", asked, 30, 0.3)


@pytest.mark.long
def test_S0_14_the_runner_up_of_an_anonymous_auction_is_disclosed(market):
    auction = sold(market, [("ann", "50"), ("bob", "90")], *PAY,
                   "--identity", "anonymous")
    assert "bob" in disclosed(market, "seller", auction)
    default(market, auction)
    standing(market, auction, ["defaulted"])
    market["ann"]("auction", "accept", auction, "--yes")
    standing(market, auction, ["defaulted", "open"])
    wait_for("votes for the ACCEPT", lambda: awards(
        market, auction)[1]["final"])
    assert "ann" in disclosed(market, "seller", auction)
    assert "seller" in disclosed(market, "ann", auction)
    done = market["bob"].run("identity", "disclose", auction)
    assert "another bidder won" in done.stderr
    says(market, "ann", auction, "paid")
    standing(market, auction, ["defaulted", "paid"])


def test_a_restart_amid_an_auction_delays_no_award(market):
    auction = market["seller"].create("Lot", *QUICK)
    market["ann"].bid(auction, "10")
    market["node"].wait_height(auction, 2)
    market["node"].restart()
    market["node"].wait_services()
    market["bob"].bid(auction, "12")
    market["node"].restart()
    market["node"].wait_services()
    market["seller"].close_auction(auction)
    assert market["seller"].outcome(auction)["final"] is True
    wait_for("the award", lambda: awards(market, auction))
    says(market, "bob", auction, "paid")
    standing(market, auction, ["paid"])
