"""Every list of auctions, bids and outcomes against a scan of the dump: the
independent verifier reads the dump and judges the bids, and plain loops over
what it found say what each list must be."""

import csv
import io
import itertools
import random
import re
import sys
from datetime import datetime, timezone

import pytest

import gavel
from gavel import CommandError, wait_for

sys.path.insert(0, str(gavel.ROOT / "tests/verifier"))

import verify as verifier  # noqa: E402

pytestmark = pytest.mark.long
STATUSES = ("all", "open", "closed")
PARTS = 7  # auctions of the recorded ones


class Scan:
    """What a dump says of auctions and bids, as plain rows."""

    def __init__(self, path):
        with open(path, "rb") as lines:
            dump = verifier.verify(lines)
        self.auctions, self.bids, self.enrolled = [], [], {}
        for auction in dump.auctions:
            judged = auction.judged or auction.judge()
            name = auction.rules.id.hex()
            self.auctions.append({
                "auction": name, "opening_ms": auction.opening.opening_ms,
                "seller": auction.opening.seller.key.hex(),
                "open": auction.x is None, "judged": judged,
                "final": auction.ended(), "height": auction.y})
            self.enrolled[name] = {key.hex() for key in auction.enrolled}
            seqs = {bid.digest: bid.seq for bid in auction.bids}
            for row, code in zip(judged.order, judged.codes):
                self.bids.append({
                    "auction": name, "bid": row[0].hex(),
                    "bidder": row[1].hex(), "amount": row[2], "t_us": row[3],
                    "tie": row[4], "code": code, "seq": seqs[row[0]],
                    "leading": judged.leader is not None
                    and judged.leader[0] == row[0]})
        self.auctions.sort(key=lambda a: (a["opening_ms"], a["auction"]))
        self.open = {a["auction"]: a["open"] for a in self.auctions}

    def of_status(self, auction, status):
        return status == "all" or self.open[auction] == (status == "open")

    def list_auctions(self, status, owner=None):
        return [a for a in self.auctions if self.of_status(
            a["auction"], status) and owner in (None, a["seller"])]

    def list_bids(self, status="all", **wanted):
        rows = [b for b in self.bids if self.of_status(b["auction"], status)
                and all(b[name] == value for name, value in wanted.items())]
        if "auction" in wanted:
            return sorted(rows, key=lambda b: (b["t_us"], b["tie"], b["bid"]))
        return sorted(rows, key=lambda b: (b["t_us"], b["auction"], b["bid"]))

    def standing(self, bidder, auction):
        """(standing, best accepted amount) of a bidder."""
        judged, name = auction["judged"], auction["auction"]
        mine = [b for b in self.bids
                if (b["auction"], b["bidder"]) == (name, bidder)]
        best = max((b["amount"] for b in mine if b["code"] == 0), default=0)
        if not mine:
            return "none", 0
        if best == 0:
            return "void", 0
        ahead = judged.leader[1].hex() == bidder
        if auction["final"]:
            return ("won" if ahead else "lost"), best
        return ("leading" if ahead else "outbid"), best

    def outcome(self, bidder, auction):
        """The row of a bidder: whose it is, for how much, and the proof."""
        judged = auction["judged"]
        standing, amount = self.standing(bidder, auction)
        winner = judged.leader and judged.leader[1].hex()
        return {"standing": standing, "amount": amount, "winner": winner,
                "price": judged.price, "final": auction["final"],
                "outcome_height": auction["height"], "time_left_ms": None}

    def list_outcomes(self, bidder, status):
        return {a["auction"]: self.outcome(bidder, a) for a in self.auctions
                if bidder in self.enrolled[a["auction"]]
                and self.of_status(a["auction"], status)}


@pytest.fixture(scope="module")
def market(stage, recorded):
    """Recorded auctions that ended, two that are open with bids that count
    and bids that are void, and one without bids; all of it in blocks."""
    node = stage.node()
    node.wait_services()
    wallet = gavel.Wallet(stage.path("w"), node)
    done = wallet.run("replay", recorded, "--limit", str(PARTS), "--d", "2s",
                      as_json=False, seconds=120)
    assert done.returncode == 0, done.stderr
    ann, bob = stage.wallet("ann", node), stage.wallet("bob", node)
    quick = ("--difficulty", "1", "--min-step", "5", "--min-first", "10")
    for seller in (ann, bob):
        auction = seller.create("Still open", *quick)
        for bidder, amounts in ((bob, (3, 12, 14)), (ann, (20, 21, 40))):
            if bidder is not seller:
                for amount in amounts:
                    bidder.bid(auction, amount, "--force")
    ann.create("Nobody came", *quick)
    rpc = node.rpc
    wait_for("every bid to be in a block", lambda: all(
        row["height"] for auction in rpc.listauctions(limit=1000)["auctions"]
        for row in pages(rpc.listbids, "bids", auction=auction["auction"])))
    wait_for("the outcomes to be final", lambda: all(
        a["outcome_final"] for a in rpc.listauctions(
            status="closed", limit=1000)["auctions"]))
    explorer, dump = gavel.Explorer(node), stage.path("lists.jsonl")
    explorer.dump(dump)
    return rpc, Scan(dump), ann


def pages(method, member, limit=1000, **params):
    """Every row, page by page; no page is longer than asked for."""
    rows, after = [], None
    for _ in range(10000):
        extra = {} if after is None else {"after": after}
        page = method(limit=limit, **params, **extra)
        assert len(page[member]) <= limit
        rows += page[member]
        after = page["next"]
        if after is None:
            return rows
        assert len(page[member]) == limit, "a short page that goes on"
    raise AssertionError("the list has no end")


def ways(size, seed):
    """Page sizes and directions in which a list is read."""
    rng = random.Random(seed)
    return [(1000, False), (1000, True), (rng.randint(1, 3), False),
            (rng.randint(1, max(1, size)), True)]


def check_rows(method, member, key, expect, seed, **params):
    """The list has these rows, in this order and backwards, in any pages."""
    for limit, back in ways(len(expect), seed):
        rows = pages(method, member, limit, reverse=back, **params)
        want = expect[::-1] if back else expect
        assert [row[key] for row in rows] == [row[key] for row in want], (
            params, limit, back)
    return rows if not back else rows[::-1]


def refused(code, method, **params):
    with pytest.raises(gavel.RpcError) as e:
        method(**params)
    assert e.value.code == code, params


def test_S4_20_to_S4_28_auctions_as_a_scan_of_the_dump_has_them(market):
    rpc, scan, _ = market
    owners = sorted({a["seller"] for a in scan.auctions})
    assert len(owners) >= 3 and len(scan.auctions) == PARTS + 3
    for i, (owner, status) in enumerate(
            itertools.product([None, *owners], STATUSES)):
        of = {} if owner is None else {"owner": owner}
        check_rows(rpc.listauctions, "auctions", "auction",
                   scan.list_auctions(status, owner), i, status=status, **of)
    for a in scan.auctions:
        for status in STATUSES:
            ask = {"auction": a["auction"], "status": status}
            if scan.of_status(a["auction"], status):
                row = rpc.listauctions(**ask)["auctions"][0]
                assert row["open"] == a["open"]
                assert row["opening_ms"] == a["opening_ms"]
                assert row["bids"]["accepted"] == a["judged"].accepted
            else:
                refused(-4, rpc.listauctions, **ask)
            stranger = next(o for o in owners if o != a["seller"])
            refused(-5, rpc.listauctions, owner=stranger, **ask)


def test_S4_31_to_S4_42_bids_as_a_scan_of_the_dump_has_them(market):
    rpc, scan, _ = market
    bidders = sorted({b["bidder"] for b in scan.bids})
    assert {b["code"] for b in scan.bids} >= {0, 11, 12}
    for bid, status in itertools.product(scan.bids, STATUSES):
        ask = {"bid": bid["bid"], "status": status}
        if not scan.of_status(bid["auction"], status):
            refused(-4, rpc.listbids, **ask)
            continue
        row = rpc.listbids(**ask)["bids"]
        assert len(row) == 1
        for name in ("auction", "bid", "bidder", "amount", "t_us", "code",
                     "seq", "leading"):
            assert row[0][name] == bid[name], (name, bid)
    seeds = itertools.count()
    for a, status in itertools.product(scan.auctions, STATUSES):
        name = a["auction"]
        if not scan.of_status(name, status):
            refused(-4, rpc.listbids, auction=name, status=status)
            continue
        check_rows(rpc.listbids, "bids", "bid", scan.list_bids(auction=name),
                   next(seeds), auction=name, status=status)
        for bidder in bidders:
            rows = scan.list_bids(auction=name, bidder=bidder)
            ask = {"auction": name, "bidder": bidder, "status": status}
            if rows:
                check_rows(rpc.listbids, "bids", "bid", rows, next(seeds),
                           **ask)
            else:
                refused(-5, rpc.listbids, **ask)
    for bidder, status in itertools.product(bidders, STATUSES):
        rows = scan.list_bids(status, bidder=bidder)
        for mined in ("all", "yes"):
            check_rows(rpc.listbids, "bids", "bid", rows, next(seeds),
                       bidder=bidder, status=status, mined=mined)
        assert rpc.listbids(bidder=bidder, mined="no")["bids"] == []


def test_S4_43_to_S4_45_outcomes_as_a_scan_of_the_dump_has_them(market):
    rpc, scan, _ = market
    bidders = set().union(*scan.enrolled.values())
    seen = set()
    for bidder, status in itertools.product(sorted(bidders), STATUSES):
        expect = scan.list_outcomes(bidder, status)
        for limit, back in ways(len(expect), bidder):
            rows = pages(rpc.listoutcomes, "outcomes", limit, reverse=back,
                         bidder=bidder, status=status)
            assert len(rows) == len(expect)
            for row in rows:
                assert expect[row["auction"]].items() <= row.items(), row
        seen |= {row["standing"] for row in expect.values()}
    assert seen >= {"won", "lost", "leading"}


def test_time_ranges_cut_the_lists_where_they_say(market):
    rpc, scan, _ = market
    rng = random.Random(5)
    times = sorted({a["opening_ms"] for a in scan.auctions})
    for low, high in [sorted(rng.choices(times, k=2)) for _ in range(8)]:
        rows = [a for a in scan.auctions if low <= a["opening_ms"] < high]
        check_rows(rpc.listauctions, "auctions", "auction", rows, low,
                   from_ms=low, to_ms=high)
    for a in scan.auctions:
        rows = scan.list_bids(auction=a["auction"])
        for low, high in [sorted(rng.choices(rows, k=2), key=lambda b: b[
                "t_us"]) for _ in range(3 if rows else 0)]:
            inside = [b for b in rows if low["t_us"] <= b["t_us"]
                      < high["t_us"]]
            check_rows(rpc.listbids, "bids", "bid", inside, low["t_us"],
                       auction=a["auction"], from_us=low["t_us"],
                       to_us=high["t_us"])


def test_time_ranges_in_a_wallets_words(market):
    _, scan, ann = market
    everything = {a["auction"] for a in scan.auctions}

    def listed(*words):
        return {a["auction"] for a in ann("auction", "list", *words)[
            "auctions"]}
    assert listed("--from", "2020-02-29") == everything
    assert listed("--to", "2020-02-29T23:59:59Z") == set()
    assert listed("--from", "2020-01-01", "--to", "2999-01-01") == everything
    name = next(iter(scan.list_bids()))["auction"]
    words = ("bid", "list", "--auction", name, "--csv")
    shown = ann.run(*words, "--from", "2020-01-01", as_json=False)
    rows = list(csv.DictReader(io.StringIO(shown.stdout)))
    assert [r["bid"] for r in rows] == [
        b["bid"] for b in scan.list_bids(auction=name)]
    none = ann.run(*words, "--to", "2020-01-01", as_json=False)
    assert list(csv.DictReader(io.StringIO(none.stdout))) == []
    for wrong in ("2027-02-30", "yesterday", "2027-01-01T25:00:00Z",
                  "2027-01-01 12:00", "1900-01-01", ""):
        with pytest.raises(CommandError) as e:
            listed("--from", wrong)
        assert e.value.code == 2 and "--from" in e.value.stderr
    with pytest.raises(CommandError) as e:
        listed("--from", "2027-01-01", "--to", "2027-01-01")
    assert e.value.code == 2 and "before --to" in e.value.stderr


def in_words(amount, row):
    """An amount as people read it; - where there is none."""
    scale = 10 ** row["exponent"]
    return (f"{amount // scale}.{amount % scale:02} {row['currency']}"
            if amount else "-")


def at(us):
    when = datetime.fromtimestamp(us // 10**6, timezone.utc)
    part = us // 1000 % 1000
    return f"{when:%Y-%m-%d %H:%M:%S}{f'.{part:03}' if part else ''} UTC"


def auction_cells(a):
    leader = a["leader"] or {"amount": 0}
    return [a["auction"], at(a["opening_ms"] * 1000), a["phase"],
            str(a["bids"]["accepted"] + a["bids"]["sealed"]),
            in_words(leader["amount"], a), a["title"]]


def bid_cells(b):
    return [b["bid"], at(b["t_us"]), in_words(b["amount"], b), b["state"],
            b["code_name"] + (" (leading)" if b["leading"] else ""),
            b["auction"], b["bidder"], "-"]


def outcome_cells(o):
    return [o["auction"], o["standing"], in_words(o["amount"], o),
            in_words(o["price"], o), o["phase"], "-",
            "final" if o["final"] else "not final", o["title"]]


def test_table_csv_and_json_say_the_same(market):
    _, scan, ann = market
    some = [next(b for b in scan.bids if scan.of_status(b["auction"], status))
            for status in ("open", "closed")]
    seen = 0
    for words, key, cells in [
            *((("auction", "list", *more), "auctions", auction_cells)
              for more in ((), ("--open",), ("--closed", "--reverse"),
                           ("--owner", "me"))),
            *((("bid", "list", *more), "bids", bid_cells)
              for b in some for more in (
                  ("--auction", b["auction"]), ("--bidder", b["bidder"]),
                  ("--id", b["bid"]), ("--bidder", b["bidder"], "--mined",
                                       "no"))),
            *((("auction", "outcome", *more, "--bidder", b["bidder"]),
               "outcomes", outcome_cells)
              for b in some for more in ((), ("--open",), ("--closed",)))]:
        want = [cells(row) for row in ann(*words)[key]]
        head, *rows = csv.reader(io.StringIO(ann.text(*words, "--csv")))
        assert rows == want, words
        seen += len(rows)
        shown = ann.text(*words).splitlines()
        if not want:
            assert len(shown) == 1 and shown[0].startswith("no "), shown
            continue
        if key == "bids":  # the ids of others are cut in tables alone
            want = [[*row[:5], row[5][:16], row[6][:16], row[7]]
                    for row in want]
        assert [re.split(" {2,}", line.strip()) for line in shown] == [
            head, *want], words
    assert seen > 30
