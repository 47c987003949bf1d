"""Prices, directions and ends that terms may ask for, through the wallet."""

import pytest
from gavel import CommandError, Explorer, wait_for

QUICK = ("--d", "1s", "--notice", "2s", "--difficulty", "1")


@pytest.fixture(scope="module")
def market(stage):
    node = stage.node()
    node.wait_services()
    return {"node": node, "seller": stage.wallet("seller", node),
            "ann": stage.wallet("ann", node), "bob": stage.wallet("bob", node)}


def refused(market, *terms):
    with pytest.raises(CommandError) as e:
        market["seller"].create("Refused", *terms)
    assert e.value.code == 2, e.value.stderr
    return e.value.stderr


def ended(market, auction):
    market["seller"].close_auction(auction)
    return market["seller"].outcome(auction)


def standing(wallet, auction):
    rows = wallet("auction", "outcome")["outcomes"]
    return next((r["standing"], r["amount"]) for r in rows
                if r["auction"] == auction)


def test_a_proxy_bidder_pays_one_increment_more_than_the_next(market):
    auction = market["seller"].create(
        "Proxy", *QUICK, "--pricing", "second", "--min-first", "5")
    shown = market["seller"].text("auction", "show", auction)
    assert "one increment beyond the best bid of another bidder" in shown
    assert "0.05 EUR below 1.00 EUR" in shown
    market["ann"].bid(auction, "100")
    rows = market["node"].rpc.getoutcome(auction)
    assert rows["price"] == 500, "alone: the minimum first bid"
    market["bob"].bid(auction, "24")
    market["bob"].bid(auction, "60")
    got = ended(market, auction)
    assert (got["status"], got["price"]) == ("sold", 6100)


def test_in_a_reverse_auction_the_lowest_bid_wins(market):
    auction = market["seller"].create(
        "A roof to mend", *QUICK, "--direction", "reverse", "--pricing",
        "vickrey", "--min-first", "1000", "--min-step", "10")
    market["ann"].bid(auction, "900")
    with pytest.raises(CommandError) as e:
        market["bob"].bid(auction, "895")
    assert ("have 895.00 EUR, want at most 890.00 EUR" in
            e.value.error["message"])
    market["ann"].bid(auction, "800")
    assert standing(market["ann"], auction) == ("leading", 80000)
    market["bob"].bid(auction, "700")
    assert standing(market["ann"], auction) == ("outbid", 80000)
    got = ended(market, auction)
    assert (got["status"], got["price"]) == ("sold", 80000)
    dump = market["node"].datadir.parent / "reverse.jsonl"
    explorer = Explorer(market["node"])
    explorer.dump(dump)
    done = explorer.verify(dump)
    assert done.returncode == 0, done.stderr


def test_buy_now_sells_at_once(market):
    auction = market["seller"].create(
        "Now", *QUICK[:2], "--difficulty", "1", "--close", "never",
        "--limit", "1h", "--buy-now", "50", "--min-first", "10")
    market["ann"].bid(auction, "55")
    with pytest.raises(CommandError) as e:
        market["bob"].bid(auction, "60")
    assert "closed" in e.value.error["message"]
    got = market["seller"].outcome(auction)
    assert (got["status"], got["price"]) == ("sold", 5000)


@pytest.mark.long
def test_a_late_bid_extends_a_soft_close(market):
    auction = market["seller"].create(
        "Soft", *QUICK[:2], "--difficulty", "1", "--limit", "3s", "--close",
        "never", "--soft-close", "10s", "--soft-cap", "12s")
    market["ann"].bid(auction, "5")
    info = market["node"].rpc.getauction(auction)
    end = info["opening_ms"] * 1000 + 3_000_000
    wait_for("the first limit to pass", lambda: market["node"].rpc.status()[
        "time_ms"] * 1000 > end + 1_000_000, 20)
    last = market["bob"].bid(auction, "6")
    assert last["t_us"] > end
    got = market["seller"].outcome(auction)
    assert (got["status"], got["price"]) == ("sold", 600)


@pytest.mark.parametrize("terms, says", [
    (("--increments", "1"), "--increments: they are for --pricing second"),
    (("--pricing", "second", "--increments", "1:0.05"), "expected BELOW:"),
    (("--pricing", "second", "--increments", "x"), "'x' is no amount"),
    (("--pricing", "second", "--increments", "0"), "'0' is no amount"),
    (("--pricing", "second", "--increments", "5:1,1:1,2"), "must rise"),
    (("--pricing", "third"), "first|second|vickrey"),
    (("--soft-close", "10s"), "--soft-close: only with --limit"),
    (("--limit", "1m", "--soft-cap", "9m"), "--soft-cap: only with "),
    (("--limit", "1m", "--soft-close", "9s"),
     "--soft-close: these terms are refused"),
    (("--limit", "1m", "--soft-close", "20s", "--soft-cap", "19s"),
     "--soft-cap: these terms are refused"),
    (("--limit", "1m", "--soft-close", "20s", "--soft-cap", "19s"),
     "have 19.000 s, want 20.000 s"),
    (("--buy-now", "5", "--reserve", "6"),
     "field terms.buy_now, have 5.00 EUR, want 6.00 EUR"),
], ids=str)
def test_terms_without_sense_are_refused(market, terms, says):
    assert says in refused(market, *QUICK, *terms)
