"""One auction of several lots."""

import csv
import io
import json
import subprocess

import pytest
from gavel import ROOT, CommandError, Explorer, wait_for
from ledger import Est

QUICK = ("--d", "1s", "--difficulty", "1", "--close", "never")
LOTS = ("--lot", "Vase", "--lot", "Clock,min=50", "--lot",
        "Chair,reserve=500")


@pytest.fixture(scope="module")
def market(stage):
    node = stage.node()
    node.wait_services()
    folder = node.datadir.parent / "est"
    return {"node": node, "cid": Est(node, folder).enrol(node, "cid"),
            **{name: stage.wallet(name, node) for name in
               ("seller", "ann", "bob")}}


def refused(wallet, *words, code, says):
    with pytest.raises(CommandError) as e:
        wallet(*words)
    assert e.value.code == code and says in e.value.stderr, e.value.stderr


def raw_bid(market, auction, amount, lot):
    """The id of a bid that no wallet would send."""
    node, cid = market["node"], market["cid"]
    node.rpc.sendrawtransaction(cid.enrol_tx(auction).hex())
    recent = node.rpc.getauction(auction)["final_sealed"]
    bid, tx = cid.bid_tx(auction, amount, 1, recent, lot=lot)
    assert node.rpc.submitbid(tx.hex(), True)["bid"] == bid
    return bid


def check_why(market, bids):
    """What `bid why` and `bid show` say of one that is outbid, one that leads,
    one below its lot's minimum, and one for no lot."""
    ann = market["ann"]
    for bid, why, shown in zip(bids, (
            "10.00 EUR for lot 1, Vase, is accepted, but a better bid of 20.00 "
            "EUR for this lot leads",
            "20.00 EUR for lot 1, Vase, is accepted and leads",
            "49.00 EUR for lot 2, Clock, is void: below-first: the amount does "
            "not reach what the first bid must: have 49.00 EUR, want at least "
            "50.00 EUR",
            "9.00 EUR for lot 4 is void: no-lot: the auction has no lot of "
            "this number: it names lot 4, the last one is 3"),
            ("lot 1, Vase", "lot 1, Vase", "lot 2, Clock", "lot 4")):
        assert ann.text("bid", "why", bid).strip() == why
        text = ann.text("bid", "show", bid, "--proof")
        assert shown in text and "proof" in text, text
        assert ann("bid", "why", bid)["lot"] == int(shown.split()[1][0])


def check_told(market, auction, got, bids):
    """--verify and --explain, lot by lot."""
    bob = market["bob"]
    first, over, low, few, none = bids
    text = bob.text("auction", "outcome", auction, "--verify")
    assert "what its bids give for each lot" in text, text
    assert bob("auction", "outcome", auction, "--verify")["verified_height"]
    told = bob("auction", "outcome", auction, "--explain")
    assert told["final"] and told["fold_hash"] == got["fold_hash"]
    assert (told["status"], told["winner"], told["price"]) == ("sold", None, 0)
    assert [(l["lot"], l["title"], l["status"], l["price"], l["winner"],
             l["runner_up"]) for l in told["lots"]] == [
                 (1, "Vase", "sold", 2000, got["lots"][0]["winner"], 1000),
                 (2, "Clock", "no-bid", 0, None, None),
                 (3, "Chair", "reserve-not-met", 0, None, None)]
    steps = {s["bid"]: (s["lot"], s["code_name"], s["leader"], s["price"])
             for s in told["steps"]}
    assert steps == {first: (1, "accepted", first, 1000),
                     over: (1, "accepted", over, 2000),
                     low: (3, "accepted", low, 49900),
                     few: (2, "below-first", None, 0),
                     none: (4, "no-lot", None, 0)}
    text = bob.text("auction", "outcome", auction, "--explain")
    for says in ("Vase", "Clock", "Chair", "does not reach it",
                 "no bid is accepted", "it names lot 4",
                 "want at least 50.00 EUR"):
        assert says in text, text


def check_proofs(market, auction, over, none):
    """Proofs of two bids and of the outcome, as the explorer tells them."""
    node = market["node"]
    path = node.datadir.parent / "proof.json"
    for asked, says in (
            ({"bid": over}, ("for lot 1, Vase",)),
            ({"bid": none}, ("for lot 4, which there is not",)),
            ({"outcome": True}, ("lot 1  sold  20.00 EUR  to", "lot 2  no bid",
                                 "lot 3  reserve not met"))):
        path.write_text(json.dumps(node.rpc.getproof(auction=auction,
                                                     **asked)))
        done = Explorer(node).verify(path, "--proof")
        assert done.returncode == 0, done.stderr
        for text in says:
            assert text in done.stdout, done.stdout


def lots_of(node, bidder):
    row, = node.rpc.listoutcomes(bidder=bidder)["outcomes"]
    return [(l["lot"], l["standing"], l["amount"]) for l in row["lots"]]


def events(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.long
def test_three_lots_end_each_in_their_own_way(market):
    node, seller = market["node"], market["seller"]
    ann, bob = market["ann"], market["bob"]
    auction = seller.create("Estate", *QUICK, *LOTS, "--limit", "25s")
    lots = node.rpc.getauction(auction)["terms"]["lots"]
    assert [(l["lot"], l["title"], l["min_first"], l["reserve"])
            for l in lots] == [(1, "Vase", 0, 0), (2, "Clock", 5000, 0),
                               (3, "Chair", 0, 50000)]
    shown = bob.text("auction", "show", auction)
    for says in ("Clock, min first 50.00 EUR", "Chair, reserve 500.00 EUR"):
        assert says in shown, shown

    refused(ann, "bid", "place", auction, "10", code=2, says="1 to 3")
    refused(ann, "bid", "place", auction, "10", "--lot", "4", code=2,
            says="1 to 3")
    refused(ann, "bid", "place", auction, "10", "--lot", "2", code=1,
            says="below-first")
    first = ann.bid(auction, "10", "--lot", "1")
    low = bob.bid(auction, "499", "--lot", "3")
    key = node.rpc.getbid(low["bid"])["bidder"]
    assert [(o["standing"], o["price"]) for o in node.rpc.listoutcomes(
        bidder=key)["outcomes"]] == [("leading", 49900)]  # below the reserve
    over = bob.bid(auction, "20", "--lot", "1")
    few = bob.bid(auction, "49", "--lot", "2", "--force")
    none = raw_bid(market, auction, 900, 4)
    rows = {r["bid"]: r for r in node.rpc.listbids(auction=auction)["bids"]}
    assert [(rows[b["bid"]]["lot"], rows[b["bid"]]["leading"])
            for b in (first, over, low)] == [(1, False), (1, True),
                                             (3, True)]

    info = node.rpc.getauction(auction)
    assert info["leader"] is None and info["lot_count"] == 3
    assert [(l["title"], (l["leader"] or {}).get("bid"), l["status"])
            for l in info["lots"]] == [
                ("Vase", over["bid"], "sold"), ("Clock", None, "no-bid"),
                ("Chair", low["bid"], "reserve-not-met")]
    row, = node.rpc.listauctions(auction=auction)["auctions"]
    assert row["leader"] is None and row["lot_count"] == 3
    assert lots_of(node, rows[first["bid"]]["bidder"]) == [(1, "outbid", 1000)]
    assert lots_of(node, rows[low["bid"]]["bidder"]) == [
        (1, "leading", 2000), (2, "void", 0), (3, "leading", 49900)]

    shown = ann.text("auction", "show", auction)
    for says in ("lot 1 leads      20.00 EUR by", "lot 2 leads      no bid"):
        assert says in shown, shown
    assert "3 lots" in ann.text("auction", "list", "--id", auction)
    assert [(e["what"], e["standing"], e["title"])
            for e in bob("agenda")["agenda"][:3]] == [
                ("closes", "leading", "Estate, lot 1: Vase"),
                ("closes", "bids", "Estate, lot 2: Clock"),
                ("closes", "leading", "Estate, lot 3: Chair")]
    assert ann("agenda")["agenda"][0]["standing"] == "outbid"
    # What leads in other lots counts in the wallet's limit; what it leads in
    # this one would be replaced.
    bob("limit", "set", "EUR", "--total", "530")
    dry = bob("bid", "place", auction, "500", "--lot", "3", "--dry-run")
    assert (dry["total"], dry["total_text"]) == (
        52000, "520.00 EUR (five hundred twenty and 00/100 EUR)")
    told = bob.text("bid", "place", auction, "500", "--lot", "3", "--dry-run")
    for says in ("lot 3, Chair", "520.00 EUR (five hundred twenty and"):
        assert says in told, told
    dry = ann("bid", "place", auction, "60", "--lot", "2", "--dry-run")
    assert (dry["total"], dry["total_text"]) == (0, None)
    refused(bob, "bid", "place", auction, "511", "--lot", "3", "--dry-run",
            code=1, says="531.00 EUR")
    refused(ann, "agent", "set", auction, "--limit", "50", code=2,
            says="1 to 3")

    got = seller.outcome(auction)
    assert got["status"] == "sold"
    assert [(l["status"], l["price"]) for l in got["lots"]] == [
        ("sold", 2000), ("no-bid", 0), ("reserve-not-met", 0)]
    check_why(market, [b["bid"] for b in (first, over, few)] + [none])
    check_told(market, auction, got, [
        first["bid"], over["bid"], low["bid"], few["bid"], none])
    check_proofs(market, auction, over["bid"], none)
    assert got["lots"][0]["winner"] == rows[over["bid"]]["bidder"]
    told = bob.text("auction", "outcome", auction)
    for says in ("lot 1", "for 20.00 EUR", "no-bid", "reserve-not-met"):
        assert says in told, told
    dry = seller("auction", "relist", auction, "--dry-run")
    assert dry["relisted_lots"] == [{"lot": 1, "from": 2},
                                    {"lot": 2, "from": 3}]
    assert [t.split(maxsplit=2)[2] for t in dry["terms_text"]
            if t.startswith("lot ")] == [
                "Clock, min first 50.00 EUR", "Chair, reserve 500.00 EUR"]
    told = seller.text("auction", "relist", auction, "--dry-run")
    assert "lot 3 is now lot 2" in told, told
    assert len(seller("auction", "relist", auction, "--all", "--dry-run")[
        "relisted_lots"]) == 3
    wait_for("the award", lambda: [
        (a["award"], a["winner"])
        for a in node.rpc.getoutcome(auction)["awards"]] == [
            (1, rows[over["bid"]]["bidder"])])

    refused(seller, "settle", auction, "paid", code=2, says="1 to 3")
    refused(seller, "settle", auction, "paid", "--lot", "2", code=1,
            says="lot 2 has no sale")
    seller("settle", auction, "paid", "--lot", "1")
    wait_for("the seller's word", lambda: node.rpc.getoutcome(auction)[
        "awards"][0]["standing"] == "paid")

    explorer = Explorer(node)
    dump = node.datadir.parent / "lots.jsonl"
    explorer.dump(dump)
    done = explorer.verify(dump)
    assert done.returncode == 0, done.stderr
    for says in ("lot 1  sold  20.00 EUR  to", "lot 2  no bid",
                 "lot 3  reserve not met"):
        assert says in done.stdout, done.stdout
    table = explorer.dump(node.datadir.parent / "lots.csv", kind="csv")
    own = node.datadir.parent / "own.csv"
    subprocess.run(
        ["/usr/bin/python3", ROOT / "tests/verifier/verify.py", dump, "--csv",
         own], capture_output=True, timeout=120, check=True)
    assert own.read_bytes() == table
    assert sorted(row["lot"] for row in csv.DictReader(
        io.StringIO(table.decode())) if row["auction"] == auction) == [
            "1", "1", "2", "3", "4"]
    standings = {
        who: node.rpc.listoutcomes(bidder=rows[b["bid"]]["bidder"])[
            "outcomes"][0]["standing"] for who, b in (("ann", first),
                                                      ("bob", over))}
    assert standings == {"ann": "lost", "bob": "won"}
    assert lots_of(node, rows[low["bid"]]["bidder"]) == [
        (1, "won", 2000), (2, "void", 0), (3, "lost", 49900)]
    told = bob.text("auction", "outcome")
    for says in ("Estate, lot 1: Vase", "Estate, lot 3: Chair"):
        assert says in told, told
    assert {(e["event"], e["lot"], e["amount"])
            for e in events(bob.run("watch").stdout)} >= {
                ("won", 1, 2000), ("lost", 3, 0)}
    assert [e["lot"] for e in events(ann.run("watch").stdout)
            if e["event"] == "lost"] == [1]
    assert '["Clock",5000,0]' in dump.read_text()


@pytest.mark.long
def test_lots_that_were_not_sold_are_relisted_as_they_were(market):
    node, seller = market["node"], market["seller"]
    auction = seller.create("Left over", *QUICK, "--limit", "2s", "--lot",
                            "Vase", "--lot", "Clock,min=50")
    assert seller.outcome(auction)["status"] == "no-bid"
    seller("auction", "relist", auction)
    newest, = node.rpc.listauctions(reverse=True, limit=1)["auctions"]
    assert newest["auction"] != auction and newest["lot_count"] == 2
    lots = [node.rpc.getauction(a)["terms"]["lots"]
            for a in (auction, newest["auction"])]
    assert lots[0] == lots[1]


@pytest.mark.long
def test_only_lots_that_are_unsold_or_unpaid_are_relisted(market):
    node, seller = market["node"], market["seller"]
    auction = seller.create("Two", *QUICK, "--limit", "4s", "--lot", "Vase",
                            "--lot", "Clock,min=5,reserve=6")
    for lot in ("1", "2"):
        market["ann"].bid(auction, "10", "--lot", lot)
    assert [l["status"] for l in seller.outcome(auction)["lots"]] == [
        "sold", "sold"]
    refused(seller, "auction", "relist", auction, code=1,
            says="each of its 2 lots was sold")
    refused(market["ann"], "auction", "relist", auction, code=1,
            says="only its seller")
    wait_for("the awards", lambda: len(
        node.rpc.getoutcome(auction)["awards"]) == 2)

    def unpaid(lot):
        seller("settle", auction, "defaulted", "--lot", str(lot))
        wait_for("the word", lambda: [
            a["standing"] for a in node.rpc.getoutcome(auction)["awards"]
            if a["award"] == lot] == ["defaulted"])

    unpaid(2)
    new = seller("auction", "relist", auction)
    assert new["relisted_lots"] == [{"lot": 0, "from": 2}]
    info = node.rpc.getauction(new["auction"])
    assert (info["title"], info["lot_count"], info["terms"]["lots"]) == (
        "Clock", 0, [])
    assert (info["terms"]["min_first"], info["terms"]["reserve"]) == (500, 600)
    assert seller("auction", "show", new["auction"])["relists"] == auction
    refused(seller, "auction", "relist", new["auction"], "--all", code=2,
            says="--all: this auction has no lots")
    unpaid(1)
    assert seller("auction", "relist", auction, "--dry-run")[
        "relisted_lots"] == [{"lot": 1, "from": 1}, {"lot": 2, "from": 2}]


def test_wrong_usage_says_what_is_wrong(market):
    seller = market["seller"]
    for words, says in (
            (("--lot", "Vase"), "2 to 64 lots"),
            (("--lot", "Vase", "--lot", ",min=5"), "expected TITLE"),
            (("--lot", "Vase", "--lot", "Clock,min=0"),
             "--lot: lot 2, min: '0' is no amount of EUR"),
            (("--lot", "Vase,reserve=1.234", "--lot", "Clock"),
             "--lot: lot 1, reserve: '1.234' is no amount of EUR"),
            (("--lot", "Vase", "--lot", "Clock,reserve=184467440737095516.16"),
             "is more than the most, 184467440737095516.15 EUR"),
            (("--lot", "Vase", "--lot", "Clock,max=5"), "expected TITLE"),
            (("--lot", "a", "--lot", "b", "--soft-close", "10s",
              "--final-round", "10s"), "not with --final-round"),
            (("--lot", "a", "--lot", "b", "--sealed", "--min-step", "1"),
             "not with --sealed"),
            (("--lot", "a", "--lot", "b,reserve=7", "--hidden-reserve", "5"),
             "not with --hidden-reserve"),
            (("--lot", "a", "--lot", "b", "--pay-within", "1h"),
             "not with --pay-within"),
            (("--lot", "a", "--lot", "b", "--seller", "pseudonym"),
             "only with --identity"),
            (("--lot", "a", "--lot", "b,min=5", "--buy-now", "4"),
             "lot 2, b: ")):
        refused(seller, "auction", "create", "--title", "Estate", *QUICK,
                "--limit", "25s", *words, code=2, says=says)
    told = seller.run("auction", "create", "--title", "Estate", "--dry-run",
                      *QUICK[:4], "--max-step", "1", "--lot", "Vase", "--lot",
                      "Clock,min=5", as_json=False)
    assert told.returncode == 0
    assert "Lot 1, Vase: A maximum step without" in told.stderr
    assert "Lot 2" not in told.stderr
    assert told.stderr.count("The deadline D is shorter") == 1
    shown = seller("auction", "create", "--title", "x", "--dry-run", "--lot",
                   "Vase,, blue,min=5", "--lot", ",,")["terms_text"]
    assert [t.split(maxsplit=2)[2] for t in shown if t.startswith("lot ")] == [
        "Vase, blue, min first 5.00 EUR", ","]
    plain = seller.create("Plain", *QUICK, "--limit", "25s")
    refused(market["ann"], "bid", "place", plain, "10", "--lot", "1", code=2,
            says="no lots")
