"""Dutch auctions: a clock falls until the first bid takes it."""

import json

import pytest
from gavel import CommandError, Explorer, wait_for

QUICK = ("--d", "1s", "--difficulty", "1", "--close", "never")
SLOW = ("--direction", "dutch", "--start", "100", "--floor", "20",
        "--drop", "30")


@pytest.fixture(scope="module")
def market(stage):
    node = stage.node()
    node.wait_services()
    return {"node": node, **{name: stage.wallet(name, node) for name in
                             ("seller", "ann", "bob", "cid")}}


def refused(wallet, *words, code, says):
    with pytest.raises(CommandError) as e:
        wallet(*words)
    assert e.value.code == code and says in e.value.stderr, e.value.stderr


def clock(terms, opening_ms, t_us):
    """p(t), in minor units."""
    c = terms["clock"]
    falls = (t_us - opening_ms * 1000) // (c["step_ms"] * 1000)
    return max(c["floor"], c["start"] - falls * c["drop"])


@pytest.mark.long
def test_the_first_bid_takes_the_clock(market):
    node, ann, bob = market["node"], market["ann"], market["bob"]
    auction = market["seller"].create(
        "Tulips", *QUICK, *SLOW, "--every", "4s", "--limit", "60s")
    first = node.rpc.getauction(auction)
    assert first["terms"]["direction"] == "dutch"
    assert first["terms"]["clock"] == {"start": 10000, "floor": 2000,
                                       "drop": 3000, "step_ms": 4000}
    assert first["clock_price"] == clock(
        first["terms"], first["opening_ms"], first["phase_time_us"])
    if first["clock_price"] > 2000:
        edge = first["next_drop_us"] - first["opening_ms"] * 1000
        assert edge > 0 and edge % 4_000_000 == 0
    text = market["cid"].text("auction", "show", auction)
    for says in ("from 100.00 EUR down to 20.00 EUR, by 30.00 EUR every "
                 "4.000 s", "price now"):
        assert says in text, text
    refused(market["cid"], "bid", "place", auction, "19.99", code=1,
            says="below-clock")
    wait_for("the first fall", lambda: node.rpc.getauction(auction)[
        "clock_price"] < 10000, 20)

    low = market["cid"].bid(auction, "19.99", "--force")
    win = ann.bid(auction, "90")
    refused(bob, "bid", "place", auction, "95", code=1, says="closed")
    price = clock(first["terms"], first["opening_ms"], win["t_us"])
    assert price <= 7000
    after = node.rpc.getauction(auction)
    assert after["clock_price"] is None and after["next_drop_us"] is None
    rows = {r["bid"]: r for r in node.rpc.listbids(auction=auction)["bids"]}
    assert rows[low["bid"]]["code_name"] == "below-clock"
    assert rows[low["bid"]]["want"] == clock(
        first["terms"], first["opening_ms"], low["t_us"])

    got = market["seller"].outcome(auction)
    assert (got["status"], got["price"]) == ("sold", price)
    assert got["winner"] == rows[win["bid"]]["bidder"]
    euros = f"{price // 100}.{price % 100:02d} EUR"
    assert (f"90.00 EUR is accepted and leads; the price is what the clock "
            f"showed, {euros}" in ann.text("bid", "why", win["bid"]))
    assert "have 19.99 EUR, want at least" in market["cid"].text(
        "bid", "why", low["bid"])
    told = market["seller"].text("auction", "outcome", auction, "--explain")
    for says in ("the first that reached the clock (A30)", euros,
                 "what the clock showed", "below-clock"):
        assert says in told, told
    explorer = Explorer(node)
    dump = node.datadir.parent / "dutch.jsonl"
    explorer.dump(dump)
    done = explorer.verify(dump)
    assert done.returncode == 0, done.stderr
    assert '"clock_start":10000' in dump.read_text()


def test_of_three_who_bid_at_once_one_has_it(market):
    node = market["node"]
    auction = market["seller"].create(
        "Pears", *QUICK, *SLOW, "--every", "3s", "--limit", "60s")
    terms = node.rpc.getauction(auction)
    running = [market[name].spawn("bid", "place", auction, "100", "--force",
                                  as_json=True)
               for name in ("ann", "bob", "cid")]
    done = [(p.communicate(timeout=90), p.returncode) for p in running]
    bids = [json.loads(out)["bid"] for (out, _), code in done if code == 0]
    assert bids, done
    # Who comes after the node knows of a winner is told so, and not stamped.
    assert all("wrong-phase" in err for (_, err), code in done if code != 0)
    got = market["seller"].outcome(auction)
    rows = [r for r in node.rpc.listbids(auction=auction)["bids"]]
    assert [r["code_name"] for r in sorted(rows, key=lambda r: r["t_us"])] == [
        "accepted"] + ["wrong-phase"] * (len(rows) - 1)
    first = min(rows, key=lambda r: r["t_us"])
    assert (got["status"], got["winner"]) == ("sold", first["bidder"])
    assert got["price"] == clock(terms["terms"], terms["opening_ms"],
                                 first["t_us"])


@pytest.mark.long
def test_nobody_takes_the_clock(market):
    auction = market["seller"].create(
        "Wilted", *QUICK, "--direction", "dutch", "--start", "3", "--floor",
        "1", "--drop", "1", "--every", "1s")
    got = market["seller"].outcome(auction)
    assert (got["status"], got["price"]) == ("no-bid", 0)
    info = market["node"].rpc.getauction(auction)
    assert info["clock_price"] is None
    assert info["terms"]["limit_ms"] == 3000, "the floor stands for a step"
    assert (info["effective_close_us"] ==
            info["opening_ms"] * 1000 + 3_000_000)


@pytest.mark.long
def test_an_agent_waits_for_its_limit_and_a_watcher_sees_the_clock(market):
    ann, bob = market["ann"], market["bob"]
    auction = market["seller"].create(
        "Roses", *QUICK, *SLOW, "--every", "3s", "--limit", "60s")
    opening = market["node"].rpc.getauction(auction)["opening_ms"]
    ann("agent", "set", auction, "--limit", "75")
    agent = ann.spawn("agent", "run", "--every", "100ms", as_json=True)
    watch = bob.spawn("watch", auction, "--every", "100ms", as_json=True)
    out, err = agent.communicate(timeout=90)
    assert agent.returncode == 0, err
    events = [(e["event"], e["text"]) for e in map(json.loads,
                                                   out.splitlines())]
    # On a slow machine the clock may have fallen further before it looked.
    assert events[0] == ("bidding", "up to 75.00 EUR")
    assert events[1] in [("bid", f"{p}.00 EUR") for p in (70, 40, 20)]
    assert events[2:] == [("ended", "the own bid leads")]
    rows = market["node"].rpc.listbids(auction=auction)["bids"]
    assert rows[0]["t_us"] >= opening * 1000 + 3_000_000
    out, err = watch.communicate(timeout=90)
    assert watch.returncode == 0, err
    told = [json.loads(line) for line in out.splitlines()]
    assert told[-1]["event"] == "sold"
    assert {e["event"] for e in told} >= {"new-leader", "closed", "sold"}
    assert all(e["amount"] in (7000, 4000, 2000) for e in told
               if e["event"] == "lower")


def test_now_bids_what_the_clock_shows(market):
    auction = market["seller"].create("Now", *QUICK, *SLOW, "--every", "1h")
    dry = market["bob"]("bid", "place", auction, "now", "--dry-run")
    assert (dry["amount"], dry["void"], dry["node_void"]) == (10000, None,
                                                              None)
    assert market["bob"].bid(auction, "now")["amount"] == 10000
    got = market["seller"].outcome(auction)
    assert (got["status"], got["price"]) == ("sold", 10000)
    plain = market["seller"].create("Plain", *QUICK[:4])
    refused(market["bob"], "bid", "place", plain, "now", code=2,
            says="is no amount")


@pytest.mark.parametrize("terms, says", [
    (("--start", "5"), "--start: it is for --direction dutch"),
    (SLOW, "--every"),
    ((*SLOW[:2], "--every", "5s"), "it needs --start"),
    ((*SLOW, "--every", "999ms"), "terms.clock_step_ms"),
    ((*SLOW, "--every", "8d"), "terms.clock_step_ms"),
    ((*SLOW, "--every", "5s", "--floor", "100"), "terms.clock_start"),
    ((*SLOW, "--every", "5s", "--floor", "0"), "terms.clock_floor"),
    ((*SLOW, "--every", "5s", "--drop", "80.01"), "terms.clock_drop"),
    ((*SLOW, "--every", "5s", "--drop", "0"), "terms.clock_drop"),
    ((*SLOW, "--every", "5s", "--start", "x"), "--start: 'x' is no amount"),
    ((*SLOW, "--every", "5s", "--min-step", "1"), "terms.min_step"),
    ((*SLOW, "--every", "5s", "--reserve", "1"), "terms.reserve"),
    ((*SLOW, "--every", "5s", "--buy-now", "99"), "terms.buy_now"),
    ((*SLOW, "--every", "5s", "--pricing", "vickrey"), "terms.pricing"),
    ((*SLOW, "--every", "5s", "--soft-close", "20s"), "terms.soft_ms"),
    ((*SLOW, "--every", "5s", "--total-cap", "1"), "terms.total_cap"),
], ids=str)
def test_clocks_without_sense_are_refused(market, terms, says):
    refused(market["seller"], "auction", "create", "--title", "T", *QUICK,
            *terms, code=2, says=says)
