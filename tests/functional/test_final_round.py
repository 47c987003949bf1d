"""Final rounds and hidden reserves of open auctions, by wallets and a node:
what everybody sees, what a late bid changes, and what both verifiers say."""

import json
import signal
import time

import pytest
from between import Between
from gavel import CommandError, Wallet, wait_for
from test_sealed import both_verify, found_in, in_blocks

pytestmark = pytest.mark.long

BASE = ("--d", "2s", "--difficulty", "1", "--close", "never")
ROUND = (*BASE, "--limit", "8s", "--soft-close", "10s", "--soft-cap", "10s",
         "--final-round", "14s")
NAMES = ("ann", "bob", "eve")


@pytest.fixture(scope="module")
def market(stage):
    node = stage.node()
    node.wait_services()
    return {"world": stage, "node": node,
            **{n: stage.wallet(n, node) for n in ("sam", *NAMES)}}


def round_of(node, auction):
    return node.rpc.getauction(auction=auction)["final_round"]


def lead_to_the_cap(market, auction, first, second):
    """One bid before the limit, one within its extension."""
    node = market["node"]
    market["ann"].bid(auction, first)
    opening = node.rpc.getauction(auction)["opening_ms"] / 1000
    wait_for("the limit", lambda: time.time() > opening + 8.2, 20)
    bid = market["bob"].bid(auction, second)["bid"]
    wait_for("the cap", lambda: round_of(node, auction)["on"])
    return bid


def test_the_last_sealed_bid_wins(market):
    """Ann leads, bob outbids her; the round gives it to ann again."""
    world, node = market["world"], market["node"]
    ann, bob, eve = (market[n] for n in NAMES)
    auction = market["sam"].create("A clock", *ROUND)
    shown = ann.text("auction", "show", auction)
    assert "final round" in shown and "only if extensions reach" in shown
    outbid = lead_to_the_cap(market, auction, "100", "110")
    assert round_of(node, auction)["floor"] == 11000
    node.wait_phase(auction, "final-round", 30)
    with pytest.raises(CommandError) as e:
        bob.bid(auction, "109")
    assert "below-floor" in e.value.error["message"]
    assert auction in json.dumps(node.rpc.listauctions(status="open"))
    dry = ann("bid", "place", auction, "150", "--dry-run")
    assert (dry["final_round"], dry["void"]) == (True, None)
    with pytest.raises(CommandError) as e:
        ann.bid(auction, "150", "--kind", "usual")
    assert "the final round has begun" in e.value.error["message"]
    won = ann.bid(auction, "736412.21", "--kind", "final-round")
    assert won["final_round"] is True and won["receipt"]
    lost = eve.bid(auction, "130")  # who has not bid before
    with pytest.raises(CommandError) as e:
        ann.bid(auction, "200")
    assert "bidder-cap" in e.value.error["message"]
    assert "ends final round" in json.dumps(ann("agenda"))
    in_blocks(node, auction)
    rows = {r["bid"]: r for r in node.rpc.listbids(auction=auction)["bids"]}
    for bid in (won, lost):
        row = rows[bid["bid"]]
        assert (row["seal"], row["amount"], row["code_name"]) == (
            "sealed", 0, "not-opened")
    assert rows[outbid]["leading"] and rows[outbid]["seal"] is None
    told = json.dumps([rows, node.rpc.getauction(auction=auction)]).encode()
    assert found_in(told, {"won": 73641221}) == set()
    assert "2 sealed" in bob.text("auction", "show", auction)
    assert "736412.21 EUR (sealed)" in ann.text("bid", "show", won["bid"])
    assert "nobody can judge it" in ann.text("bid", "why", won["bid"])

    got = node.wait_final(auction, 90)
    assert (got["status"], got["price"]) == ("sold", 73641221)
    rows = {r["bid"]: r for r in node.rpc.listbids(auction=auction)["bids"]}
    assert rows[won["bid"]]["bidder"] == got["winner"]
    assert {b: rows[b]["code_name"] for b in (won["bid"], lost["bid"], outbid)
            } == dict.fromkeys((won["bid"], lost["bid"], outbid), "accepted")
    assert rows[outbid]["seal"] is None
    assert ann("auction", "outcome", auction,
               "--verify")["verified_height"] > 0
    told = bob.text("auction", "outcome", auction, "--explain")
    assert "736412.21 EUR" in told and "final" in told
    both_verify(world, node, "", "736412.21 EUR")


def events(done):
    assert done.returncode == 0, done.stderr
    return [(e["event"], e["text"])
            for e in map(json.loads, done.stdout.splitlines())]


def test_an_agent_makes_its_last_bid_once(market):
    """It is killed when its bid is written and not sent: the same bid goes out
    when it runs again, and no other; nowhere is said how much it is."""
    node, ann, eve = market["node"], market["ann"], market["eve"]
    auction = market["sam"].create("By agents", *ROUND[:-1], "28s")
    plain = market["sam"].create("No round", *BASE, "--limit", "1h")
    for where, words, says in (
            (plain, ("--final", "5"), "has no final round"),
            (auction, ("--final", "9.01"), "is beyond --limit")):
        with pytest.raises(CommandError) as e:
            ann("agent", "set", where, "--limit", "9", *words)
        assert says in e.value.error["message"]
    ann("agent", "set", auction, "--limit", "736412.21")
    eve("agent", "set", auction, "--limit", "900", "--final", "130.07")
    shown = eve.text("agent", "show")
    assert "900.00 EUR" in shown and "130.07 EUR" in shown
    lead_to_the_cap(market, auction, "100", "110")
    node.wait_phase(auction, "final-round", 30)
    between = Between(node, node)
    try:
        with between.without("submitbid"):
            run = Wallet(ann.directory, between).spawn(
                "agent", "run", "--every", "100ms", as_json=True)
            wait_for("the bid that is held", lambda: between.held)
            run.send_signal(signal.SIGKILL)
            run.communicate()
    finally:
        between.end()
    ann("agent", "set", auction, "--limit", "500")  # less than it was told
    left, = events(ann.run("agent", "run", "--every", "100ms"))
    assert left[0] == "placed" and "is not sent again" in left[1]
    ann("agent", "set", auction, "--limit", "736412.21")
    sets_out = ("bidding", "up to the limit, and one sealed bid in a final "
                "round")
    told = [w.run("agent", "run", "--every", "100ms") for w in (ann, eve)]
    assert [events(done) for done in told] == [
        [sets_out, ("bid", "one sealed bid")]] * 2
    again = ann.run("agent", "run", "--every", "100ms")
    assert events(again) == [("placed", "the sealed bid stands")]
    assert found_in("".join(d.stdout + d.stderr for d in (*told, again)
                            ).encode(), {"won": 73641221}) == set()
    with pytest.raises(CommandError) as e:
        ann("agent", "set", auction, "--limit", "800000")
    assert "makes but one" in e.value.error["message"]
    in_blocks(node, auction)
    got = node.wait_final(auction, 90)
    assert (got["status"], got["price"]) == ("sold", 73641221)
    rows = node.rpc.listbids(auction=auction)["bids"]
    assert sorted(r["amount"] for r in rows if r["seal"]) == [13007, 73641221]
    won, = (r for r in rows if r["amount"] == 73641221)
    sent = json.loads(between.held[0][2])["params"]
    assert node.rpc.getbid(won["bid"])["tx"] in json.dumps(sent)


def test_a_round_that_nobody_bids_in_needs_no_keys(market):
    node = market["node"]
    auction = market["sam"].create("Quiet", *ROUND[:-1], "10s")
    lead_to_the_cap(market, auction, "5", "6")
    got = node.wait_final(auction, 90)
    assert (got["status"], got["price"]) == ("sold", 600)
    assert node.rpc.getauction(auction=auction)["sealed"] is None
    both_verify(market["world"], node, "", "6.00 EUR")


def test_an_open_auction_keeps_its_reserve_to_itself(market):
    """Two: in one it is not met, and nobody had seen it."""
    node, sam = market["node"], market["sam"]
    secret = {"reserve": 73164998}
    sold, kept = (sam.create("Hidden", *BASE, "--limit", "9s",
                             "--hidden-reserve", "731649.98")
                  for _ in range(2))
    market["bob"].bid(sold, "740000")
    market["eve"].bid(kept, "731000")
    rows = node.rpc.listbids(auction=kept)["bids"]
    assert [(r["seal"], r["amount"]) for r in rows] == [(None, 73100000)]
    told = json.dumps(node.rpc.getauction(auction=kept, verbose=True)).encode()
    assert found_in(told, secret) == set()
    assert "sealed, opened after the close" in sam.text("auction", "show", kept)
    assert "by what is not sealed" in sam.text("auction", "outcome", kept)
    assert node.wait_final(sold, 60)["status"] == "sold"
    assert node.wait_final(kept, 60)["status"] == "reserve-not-met"
    assert node.rpc.getauction(auction=kept)["sealed"]["reserve"] == 73164998
    told = sam.text("auction", "outcome", kept, "--explain")
    assert "731649.98 EUR: the leader does not reach it" in told
    both_verify(market["world"], node, "", "740000.00 EUR")


@pytest.mark.parametrize("options,says", (
    (("--final-round", "20s"), "--final-round: only with --soft-close"),
    (("--final-round", "20s", "--sealed", "--limit", "1h", "--soft-close",
      "1m", "--soft-cap", "2m"), "--final-round: only with bids that are open"),
    (("--final-round", "5s", "--limit", "1h", "--soft-close", "1m",
      "--soft-cap", "2m"), "terms.final_ms"),
    (("--hidden-reserve", "5", "--buy-now", "9"), "--buy-now: not with"),
    (("--hidden-reserve", "5", "--reserve", "9"), "not with --reserve")))
def test_terms_that_have_no_sense_are_refused(market, options, says):
    with pytest.raises(CommandError) as e:
        market["sam"].create("Refused", *options)
    assert says in e.value.stderr


def test_the_traps_are_named(market):
    done = market["sam"].run("auction", "create", "--title", "x", *ROUND,
                             "--dry-run", "--max-step", "3", "--min-first",
                             "5", "--hidden-reserve", "5", as_json=False)
    assert done.returncode == 0, done.stderr
    for word in ("Anybody who may bid", "No step is measured in the final",
                 "hidden reserve can never matter",
                 "holds 1 of the 1 keys that bids are sealed to"):
        assert word in done.stderr
