"""Limits of a wallet, and a word about amounts that are far off."""

import pytest
from between import Between
from gavel import CommandError

QUICK = ("--difficulty", "1", "--d", "120s", "--notice", "240s")


def refused(wallet, *words, code=1):
    with pytest.raises(CommandError) as e:
        wallet(*words)
    assert e.value.code == code, e.value.stderr
    return e.value.stderr


@pytest.fixture(scope="module")
def market(stage):
    node = stage.node()
    node.wait_services()
    return [stage.wallet(name, node) for name in ("tom", "ann", "bob")]


def test_no_bid_goes_beyond_the_limits(market):
    tom, ann, bob = market
    one, two = (tom.create(title, *QUICK) for title in ("One", "Two"))
    yen = tom.create("Three", *QUICK, "--currency", "JPY", "--exponent", "0")
    ann("limit", "set", "EUR", "--bid", "50", "--total", "80.5")
    assert ann("limit", "show")["limits"] == {"EUR": {
        "bid": 500, "total": 805, "currency": "EUR", "exponent": 1}}
    assert "50.01 EUR is above this wallet's limit of 50.00 EUR" in refused(
        ann, "bid", "place", one, "50.01")
    ann.bid(one, 50)
    # What leads elsewhere counts, in this currency.
    says = refused(ann, "bid", "place", two, "30.51")
    assert "80.51 EUR, with what leads elsewhere, is above" in says
    assert "80.50 EUR" in says
    ann.bid(yen, 1000)
    ann.bid(two, "30.50")
    # Raising an own bid counts it once; who is outbid risks nothing.
    assert "above" in refused(ann, "bid", "place", two, "30.51")
    bob.bid(one, 51)
    ann.bid(two, 40)
    # One bid beyond, by its own word.
    assert "above" in refused(ann, "bid", "place", two, "60")
    ann.bid(two, 60, "--over-limit")
    ann("limit", "set", "EUR", "--bid", "99.999")
    assert ann("limit", "show")["limits"]["EUR"] == {
        "bid": 99999, "total": 80500, "currency": "EUR", "exponent": 3}
    ann("limit", "set", "EUR", "--total", "1000")
    assert "limit of 99.99 EUR" in refused(ann, "bid", "place", two, "100")
    assert "EUR" in ann.text("limit", "show")
    ann("limit", "drop", "EUR")
    ann.bid(two, 100)
    assert "no limits for EUR" in refused(ann, "limit", "drop", "EUR")
    for words in (("EUR",), ("EUR", "--bid", "-1"), ("EUR", "--bid", "x"),
                  ("EUR", "--bid", "1."), ("euro", "--bid", "1")):
        refused(ann, "limit", "set", *words, code=2)


def test_what_is_sealed_elsewhere_counts(market):
    """Nobody knows whether it leads."""
    tom, _, bob = market
    sealed = tom.create("Sealed", *QUICK, "--sealed")
    other = tom.create("Open", *QUICK)
    bob("limit", "set", "EUR", "--total", "200")
    bob.bid(sealed, 90)
    bob.bid(sealed, 60)
    says = refused(bob, "bid", "place", other, "60")
    assert "above this wallet's limit of 200.00 EUR" in says
    bob.bid(other, 50)
    bob("limit", "drop", "EUR")


def test_what_leads_in_other_lots_counts(market):
    tom, ann, bob = market
    lots = tom.create("Lots", *QUICK, "--lot", "Vase", "--lot", "Clock,min=5")
    other = tom.create("Alone", *QUICK)
    bob("limit", "set", "EUR", "--total", "291")  # 191 above, and 100
    bob.bid(lots, 60, "--lot", "2")
    says = refused(bob, "bid", "place", lots, "40.01", "--lot", "1")
    assert "291.01 EUR, with what leads elsewhere, is above" in says
    assert "above" in refused(bob, "bid", "place", other, "40.01")
    bob.bid(lots, 40, "--lot", "1")
    # Raising an own bid counts it once; who is outbid risks nothing.
    bob.bid(lots, 60.01, "--lot", "2", "--over-limit")
    assert "above" in refused(bob, "bid", "place", other, "1")
    ann.bid(lots, 90, "--lot", "2")
    bob.bid(other, 60)
    bob("limit", "drop", "EUR")


def test_an_extra_zero_is_pointed_at_by_the_lot(market):
    """By what leads there, or what is asked for; other lots say nothing."""
    tom, ann, bob = market
    lots = tom.create("Lots", *QUICK, "--min-first", "6", "--lot", "Vase",
                      "--lot", "Clock,min=5")

    def warned(lot, amount):
        done = bob.run("bid", "place", lots, amount, "--lot", lot, "--dry-run",
                       as_json=False)
        assert done.returncode == 0, done.stderr
        return done.stderr.strip()
    assert warned("1", "59.99") == ""
    assert warned("1", "60").endswith("asked for, 6.00 EUR")
    assert warned("2", "50").endswith("asked for, 5.00 EUR")
    ann.bid(lots, 7, "--lot", "2")
    assert warned("2", "69.99") == ""
    assert warned("2", "70").endswith("ten times the leading bid of 7.00 EUR")
    assert warned("1", "60").endswith("asked for, 6.00 EUR")


def test_an_extra_zero_is_pointed_at(market):
    tom, ann, bob = market
    auction = tom.create("Four", *QUICK, "--min-first", "6")

    def warned(wallet, amount, *words):
        done = wallet.run("bid", "place", auction, amount, *words,
                          as_json=False)
        assert done.returncode == 0, done.stderr
        return "warning" in done.stderr and done.stderr.strip()
    assert not warned(ann, "59.99", "--dry-run")
    assert warned(ann, "60", "--dry-run").endswith(
        "at least ten times the first bid that is asked for, 6.00 EUR")
    assert not warned(ann, "7")
    assert warned(bob, "80", "--dry-run").endswith(
        "at least ten times the leading bid of 7.00 EUR")
    assert not warned(bob, "8")
    lowest = tom.create("Five", *QUICK, "--direction", "reverse")
    ann.bid(lowest, 1000)
    done = bob.run("bid", "place", lowest, "99", "--dry-run", as_json=False)
    assert "less than a tenth of the leading bid of 1000.00 EUR" in done.stderr


def test_what_is_paid_to_the_bidder_does_not_count(market, stage):
    tom, _, _ = market
    eve = stage.wallet("eve", tom.node)
    work = tom.create("A roof to mend", *QUICK, "--direction", "reverse")
    hidden = tom.create("A wall to mend", *QUICK, "--direction", "reverse",
                        "--sealed")
    other = tom.create("A door", *QUICK)
    for auction in (work, hidden):
        eve.bid(auction, 5000)
    eve("limit", "set", "EUR", "--total", "150")
    eve.bid(other, 60)
    eve("limit", "drop", "EUR")


def test_what_was_sent_without_an_answer_counts(market, stage):
    """Whoever got it can still have it stamped."""
    tom, ann, _ = market
    kim = stage.wallet("kim", tom.node)
    lost, other = (tom.create(title, *QUICK) for title in ("Lost", "Found"))
    between = Between(kim.node, kim.node)
    kim.node, node = between, kim.node
    try:
        with between.without("submitbid"):
            done = kim.run("bid", "place", lost, "700")
        assert done.returncode == 3, done.stderr
    finally:
        kim.node = node
        between.end()
    ann.bid(lost, 699)
    kim("limit", "set", "EUR", "--total", "1000")
    says = refused(kim, "bid", "place", other, "320")
    assert "with what leads elsewhere, is above" in says
    ann.bid(lost, 701)  # it is beaten, whether it arrives or not
    kim.bid(other, 220)
    kim("limit", "drop", "EUR")
