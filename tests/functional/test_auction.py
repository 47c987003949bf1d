"""One auction from opening to final outcome, by wallets, with everything that
people get wrong on the way: the exit codes of wallet.md and texts that say
what is wrong."""

import csv
import io
import json

import pytest

from gavel import CommandError, Wallet, wait_for

UNKNOWN = "ab" * 32


def refused(wallet, *words, code, says):
    """The command ends with this exit code and one line that says why, both
    for people and in JSON."""
    plain = wallet.run(*words, as_json=False)
    assert plain.returncode == code, (words, plain.stdout, plain.stderr)
    lines = plain.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("gavel: "), plain.stderr
    assert says in lines[0], plain.stderr
    done = wallet.run(*words)
    assert done.returncode == code
    assert says in done.stderr
    return done


def json_error(done):
    error = json.loads(done.stderr.strip().splitlines()[-1])["error"]
    assert set(error) == {"code", "message", "data"}
    return error


def ids(wallet, *words, key="auctions", field="auction"):
    return [row[field] for row in wallet(*words)[key]]


def test_S4_29_an_auction_from_opening_to_final_outcome(world):
    node = world.node()
    node.wait_services()
    seller = world.wallet("seller", node)
    ann, bob = world.wallet("ann", node), world.wallet("bob", node)
    auction = seller.create("A watch, almost new", "--min-first", "10",
                            "--min-step", "1", "--d", "3s", "--notice", "6s",
                            "--difficulty", "1")

    # What people get wrong before the first bid.
    for amount, says in (*((a, "is no amount of EUR") for a in
                           ("0", "1.999", "abc", "1e3", "")),
                         ("184467440737095516.16",
                          "'184467440737095516.16' is more than the most, "
                          "184467440737095516.15 EUR")):
        error = json_error(refused(ann, "bid", "place", auction, amount,
                                   code=2, says=says))
        assert error["code"] == 2
    error = json_error(refused(ann, "bid", "place", auction, "9.99", code=1,
                               says="below-first"))
    dry = ann.bid(auction, "9.99", "--dry-run")
    assert dry["amount"] == 999 and dry["figures"] == "9.99 EUR"
    assert "below-first" in dry["void"] and "10.00 EUR" in dry["void"]
    dry = ann.bid(auction, "10", "--dry-run")
    assert dry["void"] is None and dry["words"].startswith("ten ")
    assert node.rpc.listbids(auction=auction)["bids"] == []
    error = json_error(refused(ann, "bid", "place", UNKNOWN, "5", code=1,
                               says="unknown"))
    assert error["code"] == -5
    refused(ann, "bid", "place", "zz", "5", code=2, says="64 hex digits")
    refused(ann, "bid", "place", code=2, says="missing arguments")
    refused(ann, "bid", "plaice", auction, "5", code=2, says="no such command")
    refused(ann, "auction", "close", auction, code=1, says="seller")
    wrong = type(ann)(world.path("wrong"), node, "not the passphrase")
    wrong.directory = ann.directory
    refused(wrong, "bid", "place", auction, "10", code=4, says="passphrase")
    nobody = type(ann)(world.path("nobody"), node)
    refused(nobody, "bid", "place", auction, "10", code=4, says="wallet")
    outsider = world.wallet("outsider", node, enrol=False)
    refused(outsider, "bid", "place", auction, "10", code=4,
            says="gavel enrol")
    refused(seller, "bid", "place", auction, "10", code=1, says="seller")

    # Bids, one of them a cent too low.
    first = ann.bid(auction, "10.00")
    assert first["amount"] == 1000 and first["receipt"] and first["stamp"]
    error = json_error(refused(bob, "bid", "place", auction, "10.99", code=1,
                               says="below-step"))
    low = bob.run("bid", "place", auction, "10.99", "--force")
    assert low.returncode == 0, low.stderr
    low = json.loads(low.stdout)["bid"]
    second = bob.bid(auction, "11.00")
    last = ann.bid(auction, "12.50")

    # S4-41: open bids are not in a block yet. S4-42: they get into one.
    me = ann("bid", "list")["bids"]
    assert {r["bid"] for r in me} == {first["bid"], last["bid"]}
    wait_for("ann's bids to be mined", lambda: len(
        ann("bid", "list", "--mined", "yes")["bids"]) == 2)
    assert ids(ann, "bid", "list", "--mined", "no", key="bids") == []

    # Why, with the numbers.
    why = bob.text("bid", "why", low)
    assert "below-step" in why and "10.99" in why and "11.00" in why, why
    assert "accepted" in ann.text("bid", "why", last["bid"])
    refused(ann, "bid", "why", UNKNOWN, code=1, says="unknown")

    # The proof that it is in a block.
    proof = ann("bid", "show", last["bid"], "--proof")
    assert proof
    assert "amount" in ann.text("bid", "show", last["bid"])

    # S4-44: while it is open somebody leads.
    rows = {w.directory.name: w("auction", "outcome", "--open")["outcomes"]
            for w in (ann, bob)}
    assert [r["standing"] for r in rows["ann"]] == ["leading"]
    assert [r["standing"] for r in rows["bob"]] == ["outbid"]
    check_amounts(ann, bob)
    text = bob.text("auction", "outcome", auction)
    assert "none yet" in text and "12.50 EUR" in text, text
    for word in ("sold", "winner", "price"):
        assert word not in text, text

    # Close, then too late.
    seller.close_auction(auction)
    node.wait_phase(auction, "closing")
    refused(bob, "bid", "place", auction, "20", code=1, says="phase")
    outcome = seller.outcome(auction)
    assert outcome["final"] and outcome["status"] == "sold"
    assert outcome["price"] == 1250
    key = node.rpc.getbid(last["bid"])["bidder"]
    assert outcome["winner"] == key
    refused(bob, "bid", "place", auction, "20", code=1, says="phase")
    refused(seller, "auction", "close", auction, code=1, says="it is final")
    text = seller.text("auction", "outcome", auction)
    assert "sold" in text and "12.50 EUR" in text and "winner" in text
    assert seller("auction", "outcome", auction, "--proof")
    proof = node.rpc.getproof(auction=auction, outcome=True)
    checked = bob("auction", "outcome", auction, "--verify")
    assert checked["verified_height"] == proof["height"]
    assert "and what its bids give" in bob.text("auction", "outcome", auction,
                                                "--verify")

    # S4-45, S4-43.
    assert [r["standing"] for r in ann("auction", "outcome", "--closed")[
        "outcomes"]] == ["won"]
    lost = bob("auction", "outcome")["outcomes"]
    assert [(r["standing"], r["final"]) for r in lost] == [("lost", True)]
    assert bob("auction", "outcome", "--open")["outcomes"] == []

    # S0-16 and the 24 words: another machine, the same bids.
    words = world.path("ann.words")
    again = type(ann)(world.path("ann-again"), node)
    again("restore", "--words-file", words)
    assert {r["bid"] for r in again("bid", "list")["bids"]} == {
        first["bid"], last["bid"]}
    assert again("auction", "outcome")["outcomes"][0]["standing"] == "won"
    again_bids = again("auction", "outcome", "--closed", "--bidder", key)
    assert again_bids["outcomes"][0]["amount"] == 1250


def check_amounts(ann, bob):
    """People see amounts with their currency, programs minor units."""
    bids = ann.text("bid", "list")
    assert "10.00 EUR" in bids and "12.50 EUR" in bids, bids
    assert {(r["amount"], r["currency"], r["exponent"]) for r in
            ann("bid", "list")["bids"]} == {(1000, "EUR", 2), (1250, "EUR", 2)}
    outcomes = bob.text("auction", "outcome")
    assert "11.00 EUR" in outcomes and "12.50 EUR" in outcomes, outcomes
    row, = bob("auction", "outcome")["outcomes"]
    assert (row["amount"], row["price"]) == (1100, 1250)
    assert (row["currency"], row["exponent"]) == ("EUR", 2)


def test_restore_refuses_words_with_a_typing_error(world, node):
    wallet = world.wallet("ann", node, enrol=False)
    words = world.path("ann.words").read_text().split()
    wrong = world.path("wrong.words")
    for bad, says in ((words[:-1], "words"),
                      (["zzz"] + words[1:], "word 1 "),
                      (words[1:2] + words[0:1] + words[2:], "check")):
        wrong.write_text(" ".join(bad) + "\n")
        other = type(wallet)(world.path("other"), node)
        done = other.run("restore", "--words-file", wrong, as_json=False)
        assert done.returncode in (2, 4), (bad, done)
        assert says in done.stderr, done.stderr
        assert not (other.directory / "wallet.json").exists()
    done = wallet.run("init", as_json=False)
    assert done.returncode != 0 and "wallet" in done.stderr, (
        "a second init never overwrites")


def test_no_node_is_exit_code_3(world):
    wallet = Wallet(world.path("w"), None)
    cookie = world.path("cookie")
    cookie.write_text("a:b")
    done = wallet.run("--node", "http://127.0.0.1:1", "--cookie", cookie,
                      "status", as_json=False)
    assert done.returncode == 3, done
    assert "127.0.0.1:1" in done.stderr


class Market:
    """An open and a closed auction of two sellers, with bids of two bidders:
    for the lists."""

    def __init__(self, world):
        self.node = world.node()
        self.node.wait_services()
        self.tom = world.wallet("tom", self.node)
        self.tim = world.wallet("tim", self.node)
        self.ann = world.wallet("ann", self.node)
        self.bob = world.wallet("bob", self.node)
        self.closed = self.tom.create("Sold", "--limit", "10s", "--d", "2s",
                                      "--difficulty", "1")
        sold = self.ann.bid(self.closed, "5")["bid"]
        self.open = self.tom.create("Open of tom", "--d", "30s",
                                    "--difficulty", "1")
        self.other = self.tim.create("Open of tim", "--d", "30s",
                                     "--difficulty", "1")
        self.bids = {
            "closed": sold,
            "ann": self.ann.bid(self.open, "6")["bid"],
            "bob": self.bob.bid(self.open, "7")["bid"],
        }
        rows = self.node.rpc.listauctions()["auctions"]
        self.seller = {r["auction"]: r["seller"] for r in rows}
        self.ann_key = self.node.rpc.getbid(self.bids["ann"])["bidder"]
        self.bob_key = self.node.rpc.getbid(self.bids["bob"])["bidder"]
        self.node.wait_final(self.closed)


@pytest.fixture
def market(world):
    return Market(world)


@pytest.mark.long
def test_S4_20_to_S4_45_lists(market):
    m, ann = market, market.ann
    tom, tim = m.seller[m.open], m.seller[m.other]

    def auctions(*words):
        return set(ids(ann, "auction", "list", *words))
    # S4_20 all, S4_21 open, S4_22 closed
    assert auctions() == {m.closed, m.open, m.other}
    assert auctions("--open") == {m.open, m.other}
    assert auctions("--closed") == {m.closed}
    # S4_23 all of an owner, S4_24 open of it, S4_25 closed of it
    assert auctions("--owner", tom) == {m.closed, m.open}
    assert auctions("--owner", tom, "--open") == {m.open}
    assert auctions("--owner", tom, "--closed") == {m.closed}
    assert auctions("--owner", tim, "--closed") == set()
    assert set(ids(m.tim, "auction", "list", "--owner", "me")) == {m.other}
    # S4_26 by id, S4_27 open by id, S4_28 closed by id
    assert auctions("--id", m.open) == {m.open}
    assert auctions("--id", m.open, "--open") == {m.open}
    assert auctions("--id", m.closed, "--closed") == {m.closed}
    for words, code in ((("--id", m.closed, "--open"), -4),
                        (("--id", m.open, "--closed"), -4),
                        (("--id", UNKNOWN), -5),
                        (("--id", UNKNOWN, "--open"), -5)):
        with pytest.raises(CommandError) as e:
            auctions(*words)
        assert e.value.code == 1 and e.value.error["code"] == code

    def bids(*words):
        return set(ids(ann, "bid", "list", *words, key="bids", field="bid"))
    b = m.bids
    # S4_31 bid id, S4_32 of an open auction, S4_33 of a closed one
    assert bids("--id", b["bob"]) == {b["bob"]}
    assert bids("--id", b["bob"], "--open") == {b["bob"]}
    assert bids("--id", b["closed"], "--closed") == {b["closed"]}
    # S4_34 auction, S4_35 open, S4_36 closed
    assert bids("--auction", m.open) == {b["ann"], b["bob"]}
    assert bids("--auction", m.open, "--open") == {b["ann"], b["bob"]}
    assert bids("--auction", m.closed, "--closed") == {b["closed"]}
    assert bids("--auction", m.other) == set()
    # S4_37 auction and bidder, S4_38 open, S4_39 closed
    assert bids("--auction", m.open, "--bidder", m.bob_key) == {b["bob"]}
    assert bids("--auction", m.open, "--bidder", "me", "--open") == {b["ann"]}
    assert bids("--auction", m.closed, "--bidder", "me",
                "--closed") == {b["closed"]}
    # S4_40 bidder, S4_41 not mined, S4_42 mined
    assert bids("--bidder", m.ann_key) == {b["closed"], b["ann"]}
    wait_for("all bids to be mined", lambda: bids("--mined", "no") == set())
    assert bids("--bidder", m.ann_key, "--mined", "yes") == {
        b["closed"], b["ann"]}
    for words, code in ((("--id", b["bob"], "--closed"), -4),
                        (("--auction", m.closed, "--open"), -4),
                        (("--id", UNKNOWN), -5), (("--auction", UNKNOWN), -5),
                        (("--auction", m.closed, "--bidder", m.bob_key), -5)):
        with pytest.raises(CommandError) as e:
            bids(*words)
        assert e.value.code == 1 and e.value.error["code"] == code, words

    def standing(*words):
        return {r["auction"]: r["standing"] for r in
                ann("auction", "outcome", *words)["outcomes"]}
    # S4_43 all, S4_44 open, S4_45 closed
    assert standing() == {m.closed: "won", m.open: "outbid"}
    assert standing("--open") == {m.open: "outbid"}
    assert standing("--closed") == {m.closed: "won"}
    assert standing("--bidder", m.bob_key) == {m.open: "leading"}

    check_pages(ann)
    check_csv(ann)


def check_pages(wallet):
    """Page by page is the same as all at once, and backwards is backwards."""
    whole = ids(wallet, "auction", "list")
    assert ids(wallet, "auction", "list", "--reverse") == whole[::-1]
    seen, after = [], []
    for _ in whole:
        page = wallet("auction", "list", "--limit", "1", *after)
        seen += [r["auction"] for r in page["auctions"]]
        after = ["--after", page["next"]] if page["next"] else []
    assert seen == whole and not after
    with pytest.raises(CommandError) as e:
        wallet("auction", "list", "--after", "nonsense")
    assert e.value.code == 1 and e.value.error["code"] in (-8, -32602)
    for limit in ("0", "1001", "x"):
        assert wallet.run("auction", "list", "--limit",
                          limit).returncode == 2


def check_csv(wallet):
    for words, key in ((("auction", "list"), "auctions"),
                       (("bid", "list"), "bids"),
                       (("auction", "outcome"), "outcomes")):
        table = list(csv.reader(io.StringIO(wallet.text(*words, "--csv"))))
        assert len(table) == 1 + len(wallet(*words)[key])
        assert {len(row) for row in table} == {len(table[0])}


def test_enrolment_right_after_the_first_start(world):
    """The CA answers as soon as the node is up, and what it issues reaches
    the ledger although its own record is not in a block yet."""
    node = world.node()
    wallet = world.wallet("early", node, enrol=False)
    wallet("enrol", "--name", "early", "--wait", "10s")


def test_S0_01_a_name_is_given_once(world, node):
    node.wait_services()
    world.wallet("ann", node)
    other = world.wallet("other", node, enrol=False)
    for name in ("ann", "ANN"):
        done = other.run("enrol", "--name", name, as_json=False)
        assert done.returncode == 1, done
        assert "duplicate" in done.stderr or "already" in done.stderr
    other.enrol("other")


def test_terms_are_judged_without_opening_anything(world):
    node = world.node()
    node.wait_services()
    seller = world.wallet("seller", node)
    dry = seller("auction", "create", "--title", "A hat", "--min-first", "10",
                 "--dry-run")
    assert any("10.00 EUR" in line for line in dry["terms_text"]), dry
    refused(seller, "auction", "create", "--title", "A hat", "--min-step",
            "2", "--max-step", "1", "--dry-run", code=2, says="refused")
    assert node.rpc.listauctions()["auctions"] == []
    shown = seller("auction", "show", seller.create("A hat"))
    assert any(line.startswith("bidders") for line in shown["terms_text"])
