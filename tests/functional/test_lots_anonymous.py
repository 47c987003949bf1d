"""Anonymous auctions of several lots: each lot that is sold opens its own
winner and the seller to each other."""

import csv
import io
import json
import shutil

import pytest
from anonymous import TERMS, disclose, verify_pack
from gavel import wait_for

pytestmark = pytest.mark.long

LOTS = ("--lot", "Vase", "--lot", "Clock", "--lot", "Chair")


class Market:
    """One node with all services, a seller and three bidders."""

    def __init__(self, world):
        self.world = world
        self.node = world.node(fixed_ports=True)
        self.node.wait_services()
        self.people = {name: world.wallet(name, self.node)
                       for name in ("sam", "ann", "bob", "eve")}

    def __getitem__(self, name):
        return self.people[name]

    def disclose(self, name, auction, *options):
        """The finished `identity disclose`, and the stem of its files."""
        out = self.world.path(f"{name}-x")
        if not options:
            return disclose(self[name], auction, out), out
        return self[name].run("identity", "disclose", auction, "--out", out,
                              *options), out

    def lose(self, name):
        """The wallet is gone, and comes back from its words."""
        shutil.rmtree(self[name].directory)
        return self[name]("restore", "--words-file",
                          self.world.path(f"{name}.words"))

    def disclosures(self, auction):
        return sorted((d["award"], d["to"]) for d in
                      self.node.rpc.getauction(auction)["disclosed"])


@pytest.fixture(scope="module")
def market(stage):
    return Market(stage)


def bulk(market, name, rows):
    """`bid bulk` of rows of auction, amount and lot: the state of each."""
    path = market.world.path("bids.csv")
    path.write_text("\n".join(["auction,amount,lot",
                               *(",".join(map(str, r)) for r in rows), ""]))
    done = market[name].run_ok("bid", "bulk", path, "--csv", as_json=False)
    return [r["state"] for r in csv.DictReader(io.StringIO(done.stdout))]


def told(done):
    """By lot, who it was, and the files."""
    assert done.returncode == 0, done.stderr
    return {row["lot"]: (row["party"], row["subject"], row["files"])
            for row in json.loads(done.stdout)["lots"]}


@pytest.fixture(scope="module")
def sale(market):
    """ann buys the vase and the desk, bob the chair, nobody the clock."""
    auction = market["sam"].create("Estate", *TERMS, *LOTS, "--lot", "Desk")
    market["eve"].bid(auction, 10, "--lot", "1")
    market["ann"].bid(auction, 12, "--lot", "1")
    market["bob"].bid(auction, 7, "--lot", "3")
    assert bulk(market, "ann", [(auction, 5, 4), (auction, 6, 3),
                                (auction, 12, 1)]) == [
        "placed", "placed", "already"]
    assert bulk(market, "bob", [(auction, 9, 3)]) == ["placed"]
    market["sam"].close_auction(auction)
    assert wait_for("ann's lots in the agenda", lambda: [
        (r["title"], r["standing"]) for r in market["ann"]("agenda")["agenda"]
        if r["id"] == auction]) == [
            ("Estate, lot 1: Vase", "leading"),
            ("Estate, lot 3: Chair", "outbid"),
            ("Estate, lot 4: Desk", "leading")]
    market.node.wait_final(auction)
    market.auction = auction
    return market


def test_S0_14_a_bidder_is_one_pseudonym_for_all_lots(sale):
    info = sale.node.rpc.getauction(sale.auction)
    assert [(l["status"], l["price"]) for l in info["lots"]] == [
        ("sold", 1200), ("no-bid", 0), ("sold", 900), ("sold", 500)]
    vase, _, chair, desk = (l["winner"] for l in info["lots"])
    assert vase == desk != chair and info["bidders"] == 3
    shown = sale["eve"].text("auction", "show", sale.auction)
    assert "A bidder is one pseudonym for all lots" in shown
    # Lists of one key say what they leave out, and the node is not asked.
    for name, words, warned in (("eve", ("auction", "outcome"), True),
                                ("eve", ("bid", "list", "--bidder", "me"),
                                 True),
                                ("sam", ("auction", "list", "--owner", "me"),
                                 False)):
        done = sale[name].run(*words, "--network", "regtest")
        assert ("under pseudonyms" in done.stderr) == warned, done.stderr


def test_S0_13_losers_and_lots_not_sold_open_nothing(sale):
    for name, words, says in (
            ("eve", (), "another bidder won"),
            ("bob", ("--lot", "1"), "another bidder won"),
            ("sam", ("--lot", "2"), "lot 2, Clock was not sold"),
            ("sam", ("--lot", "5"), "has the lots 1 to 4")):
        done, _ = sale.disclose(name, sale.auction, *words)
        assert done.returncode != 0 and says in done.stderr, done.stderr
    assert sale.disclosures(sale.auction) == []


def test_S0_13_each_lot_tells_its_two_sides(sale):
    """The seller first asks of one lot alone; a winner who lost the wallet
    meanwhile asks of both that it won."""
    wait_for("the votes on the chain", lambda: sale.node.rpc.getauction(
        sale.auction)["awards"])
    done, _ = sale.disclose("sam", sale.auction, "--lot", "3")
    got = told(done)
    assert {n: row[:2] for n, row in got.items()} == {
        3: ("winner", "CN=bob")}
    chair = open(got[3][2][0], "rb").read()
    done, _ = sale.disclose("bob", sale.auction)
    assert told(done)[3][:2] == ("seller", "CN=sam")
    done, out = sale.disclose("sam", sale.auction)
    got = told(done)
    assert {n: row[1] for n, row in got.items()} == {
        1: "CN=ann", 3: "CN=bob", 4: "CN=ann"}
    assert got[1][2] == [f"{out}-lot1.pack", f"{out}-lot1.cms"]
    assert open(got[3][2][0], "rb").read() == chair
    found = sale.lose("ann")
    assert (found["pseudonyms"], found["bids"]) == (1, 3)
    done, out = sale.disclose("ann", sale.auction)
    assert {n: row[1:] for n, row in told(done).items()} == {
        n: ("CN=sam", [f"{out}-lot{n}.pem"]) for n in (1, 4)}
    wait_for("the DISCLOSEs", lambda: sale.disclosures(sale.auction) == [
        (lot, to) for lot in (1, 3, 4) for to in ("seller", "winner")])
    wait_for("the key's end", lambda: "key destroyed" in
             sale.node.log)
    # What was given is given again.
    done, _ = sale.disclose("sam", sale.auction)
    assert len(told(done)) == 3


def test_S0_12_a_pack_proves_whose_bid_for_which_lot_it_was(sale):
    _, out = sale.disclose("sam", sale.auction)
    for lot, name, subject, amount in ((1, "Vase", "CN=ann", 1200),
                                       (3, "Chair", "CN=bob", 900),
                                       (4, "Desk", "CN=ann", 500)):
        pack = f"{out}-lot{lot}.pack"
        done = verify_pack(pack, "--json")
        assert done.returncode == 0, done.stderr
        got = json.loads(done.stdout)
        assert (got["subject"], got["lot"], got["amount"]) == (
            subject, lot, amount)
        assert f"{lot}, {name}" in verify_pack(pack).stdout


def test_S0_13_a_pseudonym_sells_lots(market):
    """Seller and winner of two lots open each other, of each lot."""
    market["eve"]("epoch", "create")
    wait_for("the epoch in a final block", lambda: [
        e for e in market.node.rpc.listepochs() if e["final"]])
    auction = market["sam"].create("Nameless", "--seller", "pseudonym", *TERMS,
                                   *LOTS)
    market["ann"].bid(auction, 5, "--lot", "1")
    market["ann"].bid(auction, 6, "--lot", "2")
    market["sam"].close_auction(auction)
    market.node.wait_final(auction)
    for name, party, subject in (("ann", "seller", "CN=sam"),
                                 ("sam", "winner", "CN=ann")):
        done, out = market.disclose(name, auction)
        got = told(done)
        assert {n: row[:2] for n, row in got.items()} == {
            n: (party, subject) for n in (1, 2)}
        for lot in (1, 2):
            done = verify_pack(f"{out}-lot{lot}.pack", "--json")
            assert json.loads(done.stdout)["subject"] == subject, done.stderr
    wait_for("the DISCLOSEs", lambda: len(market.disclosures(auction)) == 4)
