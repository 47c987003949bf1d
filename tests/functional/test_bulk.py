"""gavel bid bulk: a file of bids, of which some fail."""

import csv
import io

import pytest

QUICK = ("--difficulty", "1", "--d", "120s", "--notice", "240s")
UNKNOWN = "ab" * 32


@pytest.fixture(scope="module")
def market(stage):
    node = stage.node()
    node.wait_services()
    tom, ann = stage.wallet("tom", node), stage.wallet("ann", node)
    return stage, tom, ann


def bulk(world, wallet, rows, *options, head="auction,amount", **how):
    path = world.path("bids.csv")
    path.write_text("\n".join([head, *(",".join(r) for r in rows), ""]))
    return wallet.run("bid", "bulk", path, *options, **how)


def states(done):
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    return [(int(r["line"]), r["state"]) for r in rows]


def test_a_failure_holds_up_no_other_bid_and_a_second_run_goes_on(market):
    world, tom, ann = market
    one = tom.create("One", *QUICK)
    two = tom.create("Two", *QUICK, "--min-first", "10")
    rows = [(one, "5"), (two, "9.99"), (UNKNOWN, "7"), (two, "10.50"),
            (one, "6")]
    done = bulk(world, ann, rows, "--dry-run", "--csv", as_json=False)
    assert done.returncode == 1
    assert states(done) == [(2, "accepted"), (3, "void"), (4, "failed"),
                            (5, "accepted"), (6, "accepted")]
    assert "2 of 5 bids would not be placed" in done.stderr
    assert ann("bid", "list")["bids"] == []
    done = bulk(world, ann, rows, "--csv", as_json=False)
    assert done.returncode == 1 and "2 of 5 bids were not" in done.stderr
    assert states(done) == [(2, "placed"), (3, "void"), (4, "failed"),
                            (5, "placed"), (6, "placed")]
    placed = {r["bid"] for r in csv.DictReader(io.StringIO(done.stdout))}
    assert {b["bid"] for b in ann("bid", "list")["bids"]} == placed - {"-"}
    assert "below-first" in done.stdout and "unknown here" in done.stdout
    # Again, with one that is mended: nothing is placed twice.
    rows[1] = (two, "11")
    done = bulk(world, ann, rows, "--csv", as_json=False)
    assert states(done) == [(2, "already"), (3, "placed"), (4, "failed"),
                            (5, "already"), (6, "already")]
    assert len(ann("bid", "list")["bids"]) == 4
    done = bulk(world, ann, rows[:2])
    assert done.returncode == 0, done.stderr


def test_what_stands_is_not_placed_again(market):
    world, tom, ann = market
    plain = tom.create("Five", *QUICK)
    steps = tom.create("Six", *QUICK, "--min-step", "1")
    rows = [(plain, "20"), (plain, "20"), (plain, "20.00")]
    done = bulk(world, ann, rows, "--csv", as_json=False)
    assert done.returncode == 0, done.stderr
    assert states(done) == [(2, "placed"), (3, "already"), (4, "already")]
    assert len(ann("bid", "list", "--auction", plain)["bids"]) == 1
    # A limit that came later says nothing of it, and a void bid is no bid.
    ann.bid(steps, 5)
    ann.bid(steps, "5.50", "--force")
    ann("limit", "set", "EUR", "--bid", "9")
    try:
        done = bulk(world, ann, [(plain, "20"), (steps, "5.50")], "--csv",
                    as_json=False)
    finally:
        ann("limit", "drop", "EUR")
    assert states(done) == [(2, "already"), (3, "void")], done.stdout
    assert "placed already, and void: below-step" in done.stdout


def test_limits_hold_for_files_of_bids_too(market):
    world, tom, ann = market
    one, two = (tom.create(t, *QUICK) for t in ("Three", "Four"))
    ann("limit", "set", "EUR", "--total", "120")
    try:
        done = bulk(world, ann, [(one, "60"), (two, "60")], "--csv",
                    as_json=False)
    finally:
        ann("limit", "drop", "EUR")
    assert done.returncode == 1
    assert states(done) == [(2, "placed"), (3, "failed")]
    assert "above this wallet's limit of 120.00 EUR" in done.stdout


def test_a_column_names_the_lot(market):
    world, tom, ann = market
    plain = tom.create("Seven", *QUICK)
    lots = tom.create("Eight", *QUICK, "--lot", "Vase", "--lot", "Clock")
    rows = [(lots, "5", "1"), (lots, "5", "2"), (lots, "5", "3"),
            (lots, "5", ""), (plain, "5", "")]
    head = "auction,amount,lot"
    done = bulk(world, ann, rows, "--csv", head=head, as_json=False)
    assert states(done) == [(2, "placed"), (3, "placed"), (4, "failed"),
                            (5, "failed"), (6, "placed")], done.stdout
    assert {(b["lot"], b["leading"]) for b in ann(
        "bid", "list", "--auction", lots)["bids"]} == {(1, True), (2, True)}
    # Two bids of one amount for two lots are two bids, and not placed again.
    done = bulk(world, ann, rows[:2], "--csv", head=head, as_json=False)
    assert done.returncode == 0, done.stderr
    assert states(done) == [(2, "already"), (3, "already")]


@pytest.mark.parametrize("begin, end, quote", [
    ("\ufeff", "\r\n", ""), ("", "\n", '"'), ("\ufeff", "\r\n", '"')],
    ids=["byte order mark", "quotes", "all of it"])
def test_a_file_as_spreadsheets_write_it(market, begin, end, quote):
    world, tom, ann = market
    auction = tom.create("From a spreadsheet", *QUICK)
    rows = [("auction", "amount", "lot"), (auction, "5", ""),
            (auction.upper(), "6.50", ""), (auction, "0", "")]
    path = world.path("sheet.csv")
    path.write_bytes((begin + end.join(
        ",".join(quote + cell + quote for cell in row)
        for row in rows) + end).encode())
    done = ann.run("bid", "bulk", path, "--csv", as_json=False)
    assert states(done) == [(2, "placed"), (3, "placed"), (4, "failed")]
    assert [b["amount"] for b in ann("bid", "list", "--auction", auction)[
        "bids"]] == [500, 650]


@pytest.mark.parametrize("head, row, says", [
    ("auction,amount", (UNKNOWN, '"1', '000"'), ":2: expected AUCTION,AMOUNT"),
    ("auction,amount", (UNKNOWN, '"1'), ":2: amount: expected one as 12"),
    ("auction,amount", (UNKNOWN, '""'), ":2: amount: expected one as 12"),
    ("auction,amount", (UNKNOWN, "1", ""), ":2: expected AUCTION,AMOUNT"),
    ("auction,amount,lot,", (UNKNOWN, "1", ""), ":1: expected the head"),
    ("auction,amount,lot", (UNKNOWN, "1"), ":2: expected AUCTION,AMOUNT,LOT"),
    ("auction,amount,lot", (UNKNOWN, "1", "65"), ":2: lot: expected its"),
    ("auction;amount", (UNKNOWN, "1"), ":1: expected the head"),
    ("auction,amount", ("xyz", "1"), ":2: auction: expected 64 hex digits"),
    ("auction,amount", (UNKNOWN, "-1"), ":2: amount: expected one as 12"),
    ("auction,amount", (UNKNOWN,), ":2: expected AUCTION,AMOUNT"),
    ("auction,amount", ("",), "there is no bid"),
])
def test_a_file_that_is_wrong_places_nothing(market, head, row, says):
    world, _, ann = market
    done = bulk(world, ann, [row], head=head)
    assert done.returncode == 2 and says in done.stderr, done.stderr
