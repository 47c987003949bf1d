"""Anonymous auctions when people ask for what cannot be, when the token
issuer, which has a node of its own here, is away, and when a bidder's wallet
is not the one that asked for the token."""

import json
import shutil
import signal
import time

import pytest
from anonymous import TERMS, disclose, verify_pack
from gavel import Wallet, wait_for
from keystore import Keystore
from test_ceremony import backup
from test_two_nodes import join, learn_key

pytestmark = pytest.mark.long

BIDDERS = ("ann", "bob", "eve", "tom", "ida")


class Market:
    """One node with all roles but the issuer's, one that is the issuer and a
    second notary, a seller, and bidders that the issuer's node knows."""

    def __init__(self, world):
        self.world = world
        self.node = world.node("first", "--ttp", "ca,tsa,notary", ttp=False,
                               fixed_ports=True)
        self.node.wait_services()
        self.desk = join(world, self.node, "desk", "--ttp",
                         "issuer,notary")
        wait_for("all services on the registry", lambda: [
            s["final"] for s in self.node.rpc.listservices()] == [True] * 6)
        self.creds = {}
        self.sam = self.enrol("sam")
        self.bidders = {name: self.enrol(name) for name in BIDDERS}
        wait_for("the certificates on the issuer's node", lambda: all(
            self.known(name) for name in self.creds))
        self.auction = self.sam.create("Open all the time", *TERMS)

    def enrol(self, name):
        wallet = self.world.wallet(name, self.node, enrol=False)
        self.creds[name] = wallet.enrol(name)
        return wallet

    def known(self, name):
        cert = self.desk.find_cert(
            fingerprint=self.creds[name]["fingerprint"])
        return cert is not None and cert["final"]

    def create(self, *terms):
        return self.sam.run("auction", "create", "--title", "x", *TERMS,
                            *terms)

    def place(self, name, amount, auction=None):
        """The finished command."""
        return self.bidders[name].run("bid", "place", auction or self.auction,
                                      str(amount))

    def key(self, done):
        """The pseudonym that made this bid."""
        assert done.returncode == 0, done.stderr
        return self.node.rpc.getbid(json.loads(done.stdout)["bid"])["bidder"]

    def enrolled(self):
        """How many ENROLs are on the chain, when all bids are."""
        def check():
            info = self.node.rpc.getauction(self.auction)
            return info if info["bids"]["unmined"] == 0 else None
        return wait_for("all bids in blocks", check)["bidders"]


@pytest.fixture(scope="module")
def market(stage):
    return Market(stage)


def says(done, code, *texts):
    assert done.returncode == code, (done.stdout, done.stderr)
    error = json.loads(done.stderr.strip().splitlines()[-1])["error"]
    for text in texts:
        assert text in error["message"], done.stderr


@pytest.mark.parametrize("wish", ("0of1", "1of0", "3of2", "1of17", "abc",
                                  "1of", "of1", "1of1x", "-1of1"))
def test_notaries_that_cannot_be(market, wish):
    says(market.create("--notaries", wish), 2, f"--notaries: '{wish}'",
         "expected TofN")


def test_more_notaries_than_there_are(market):
    says(market.create("--notaries", "1of3"), 1,
         "3 notaries are wished and 2 are on the registry")


@pytest.mark.parametrize("cut", ("-1", "13", "x", "99999999999999999999"))
def test_a_cut_out_of_range(market, cut):
    done = market.create("--cut", cut)
    assert done.returncode == 2 and f"--cut {cut}: " in done.stderr, done


@pytest.mark.parametrize("cut", ("0", "12"))
def test_the_least_and_the_greatest_cut(market, cut):
    done = market.create("--cut", cut, "--notaries", "1of1")
    assert done.returncode == 0, done.stderr
    auction = json.loads(done.stdout)["auction"]
    info = market.node.rpc.getauction(auction)
    assert (info["escrow_t"], info["notaries"]) == (1, 1)
    key = market.key(market.place("ann", 5, auction))
    assert market.key(market.place("ann", 6, auction)) == key


def test_S0_03_who_may_not_bid(market):
    outsider = market.world.wallet("outsider", market.node, enrol=False)
    says(outsider.run("bid", "place", market.auction, "5"), 4, "gavel enrol")
    says(market.sam.run("bid", "place", market.auction, "5"), 1,
         "the seller, who may not bid")
    says(market.sam.run("identity", "disclose", "ab" * 32), 1)


def test_S0_06_a_list_of_bidders_is_checked_before_the_token(market):
    path = market.world.path("allowed")
    path.write_text(market.creds["ann"]["key"] + "\n")
    done = market.create("--allowed", path)
    assert done.returncode == 0, done.stderr
    auction = json.loads(done.stdout)["auction"]
    key = market.key(market.place("ann", 5, auction))
    assert key != market.creds["ann"]["key"]
    says(market.place("bob", 6, auction), 1, "the token issuer",
         "the terms do not admit this bidder")


def test_without_the_issuer_a_first_bid_waits_and_a_second_does_not(market):
    desk = market.desk
    known = market.key(market.place("ann", 10))
    before = market.enrolled()
    desk.stop()
    for _ in range(2):
        says(market.place("bob", 11), 3, "the token issuer: cannot reach")
    assert market.key(market.place("ann", 12)) == known
    says(market.create(), 3, "cannot reach")
    desk.start()
    desk.wait_peers(1)
    key = market.key(market.place("bob", 13))
    assert market.key(market.place("bob", 14)) == key != known
    assert market.enrolled() == before + 1


def test_an_issuer_that_dies_while_it_is_asked(market):
    desk, bidder = market.desk, market.bidders["eve"]
    before = market.enrolled()
    desk.process.child.send_signal(signal.SIGSTOP)
    asking = bidder.spawn("bid", "place", market.auction, "20", as_json=True)
    time.sleep(0.5)
    assert asking.poll() is None, "it waits for an answer"
    desk.kill()
    out, err = asking.communicate(timeout=60)
    assert asking.returncode == 3 and "the token issuer" in err, (out, err)
    desk.start()
    desk.wait_peers(1)
    key = market.key(market.place("eve", 21))
    assert market.key(market.place("eve", 22)) == key
    assert market.enrolled() == before + 1


def put_back(wallet, copy):
    shutil.rmtree(wallet.directory)
    shutil.copytree(copy, wallet.directory)


def test_S0_05_an_older_copy_of_the_wallet_has_the_same_pseudonym(market):
    """It gets the same challenge and repeats the same answer; nobody gets a
    second token."""
    wallet, copy = market.bidders["tom"], market.world.path("tom.copy")
    before = market.enrolled()
    shutil.copytree(wallet.directory, copy)
    key = market.key(market.place("tom", 30))
    put_back(wallet, copy)
    assert market.key(market.place("tom", 31)) == key, "ENROL not in a block"
    assert market.enrolled() == before + 1
    put_back(wallet, copy)
    assert market.key(market.place("tom", 32)) == key, "ENROL in a block"
    assert market.enrolled() == before + 1


def test_S0_05_words_and_certificate_give_the_pseudonym_back(market):
    key = market.key(market.place("ida", 40))
    before = market.enrolled()
    store = Keystore(market.world.directory, "ida-store")
    store.with_wallet(market.bidders["ida"], "import", "--from-wallet")
    again = Wallet(market.world.path("ida-again"), market.node)
    again("restore", "--words-file", market.world.path("ida.words"), "--ca",
          "https://127.0.0.1:1")
    market.bidders["ida"] = again
    says(market.place("ida", 41), 4, "gavel keystore export --to-wallet")
    store.with_wallet(again, "export", "--to-wallet", "--alias", "ida")
    assert market.key(market.place("ida", 42)) == key
    assert market.enrolled() == before


# The newest service stands first in an OPEN: the desk is notary 1.


def sold(market, auction):
    """The auction is closed; both notaries' nodes know the outcome."""
    market.sam.close_auction(auction)
    winner = market.node.wait_final(auction)["winner"]
    wait_for("the outcome on the other notary's node", lambda: market.desk
             .rpc.getauction(auction)["outcome_final"])
    return winner


def asked(done, *good):
    """The command worked, says nothing on stderr, and reports these answers of
    the notaries. What they said."""
    assert done.returncode == 0 and not done.stderr, (done.stdout, done.stderr)
    said = json.loads(done.stdout)["notaries"]
    assert [(n["m"], n["good"]) for n in said] == list(enumerate(good, 1))
    return [n["answer"] for n in said]


def disclosures(market, auction):
    return sorted((d["notary"], d["to"]) for d in
                  market.node.rpc.getauction(auction)["disclosed"])


def test_S0_10_two_notaries_open_an_identity_together(market):
    """Neither alone; and what the absent one lacks can be asked for later."""
    done = market.create("--notaries", "2of2")
    assert done.returncode == 0, done.stderr
    auction = json.loads(done.stdout)["auction"]
    key = market.key(market.place("bob", 50, auction))
    assert sold(market, auction) == key

    out = market.world.path("two")
    market.desk.stop()
    done = disclose(market.sam, auction, out)
    says(done, 3, "1 of the 2 shares", "notary 1: cannot reach")
    assert not out.with_suffix(".pack").exists()
    market.desk.start()
    market.desk.wait_peers(1)
    done = disclose(market.sam, auction, out)
    assert asked(done, True, True) == ["gave its share"] * 2
    assert json.loads(done.stdout)["subject"] == "CN=bob"
    done = disclose(market.bidders["bob"], auction, out)
    assert asked(done, True, True) == ["gave the seller's certificate"] * 2
    assert json.loads(done.stdout)["subject"] == "CN=sam"
    wait_for("the DISCLOSEs", lambda: disclosures(market, auction) == [
        (0, "seller"), (0, "winner"), (1, "seller"), (1, "winner")])
    done = verify_pack(out.with_suffix(".pack"), "--json")
    assert json.loads(done.stdout)["pseudonym"] == key


def test_S0_13_one_of_two_notaries_is_away(market):
    """What the other one gives is enough, for seller and winner; that one did
    not answer is told, and no error."""
    done = market.create("--notaries", "1of2")
    assert done.returncode == 0, done.stderr
    auction = json.loads(done.stdout)["auction"]
    key = market.key(market.place("tom", 50, auction))
    assert sold(market, auction) == key
    out = market.world.path("one")
    market.desk.stop()
    says(disclose(market.bidders["tom"], auction, out), 1,
         "no notary gave the seller's certificate: notary 1: cannot reach",
         "notary 2: ", "the seller has not asked yet")
    # The issuer, whose evidence the seller needs, is on that node, too.
    says(disclose(market.sam, auction, out), 3, "the token issuer")
    done = disclose(market.bidders["tom"], auction, out)
    bad, good = asked(done, False, True)
    assert good == "gave the seller's certificate" and "cannot reach" in bad
    text = market.bidders["tom"].text("identity", "disclose", auction, "--out",
                                      out)
    assert "notary 1" in text and "cannot reach" in text
    market.desk.start()
    market.desk.wait_peers(1)
    done = disclose(market.bidders["tom"], auction, out)
    bad, _ = asked(done, False, True)
    assert "the seller has not asked yet" in bad
    for person in (market.sam, market.bidders["tom"]):
        asked(disclose(person, auction, out), True, True)
    wait_for("the DISCLOSEs", lambda: len(disclosures(market, auction)) == 4)


def restored(market, auction):
    """The desk in another data directory, from a backup; the old one never
    runs again."""
    market.desk.stop()
    file = market.world.path("desk.backup")
    backup(market.desk, market.world, "--out", file)
    again = market.world.node("desk-again", *market.desk.options, ttp=False,
                              start=False)
    again.fixed = market.desk.fixed
    backup(again, market.world, "--in", file, command="restore")
    learn_key(market.world, market.node, again)
    again.start()
    wait_for("the chains on the restored node", lambda: again.rpc.getauction(
        auction)["outcome_final"] if auction in {c["chain"] for c in
        again.rpc.getchains(limit=50)["chains"]} else False, 40)
    return again


def test_S0_11_S0_13_a_notary_restored_from_a_backup_opens_the_winner(market):
    """Its chains come from its peers; its keys and what it has answered, from
    the backup."""
    packs = market.world.path("before"), market.world.path("after")
    auctions = []
    for name, amount in (("ann", 60), ("eve", 61)):
        done = market.create("--notaries", "2of2")
        assert done.returncode == 0, done.stderr
        auctions.append(json.loads(done.stdout)["auction"])
        key = market.key(market.place(name, amount, auctions[-1]))
        assert sold(market, auctions[-1]) == key
    asked(disclose(market.sam, auctions[0], packs[0]), True, True)
    market.desk = restored(market, auctions[-1])
    for auction in auctions:
        wait_for("the outcome on the restored node", lambda: auction in {
            c["chain"] for c in market.desk.rpc.getchains(limit=50)["chains"]
        } and market.desk.rpc.getauction(auction)["outcome_final"])
    done = disclose(market.sam, auctions[0], packs[1])
    asked(done, True, True)
    same = [path.with_suffix(".pack").read_bytes() for path in packs]
    assert same[0] == same[1]
    out = market.world.path("restored")
    done = disclose(market.sam, auctions[1], out)
    asked(done, True, True)
    assert json.loads(done.stdout)["subject"] == "CN=eve"
    assert verify_pack(out.with_suffix(".pack")).returncode == 0
    for name, auction in (("ann", auctions[0]), ("eve", auctions[1])):
        done = disclose(market.bidders[name], auction, out)
        asked(done, True, True)
        assert json.loads(done.stdout)["subject"] == "CN=sam"
        wait_for(lambda: f"4 DISCLOSEs, not {disclosures(market, auction)}",
                 lambda: len(disclosures(market, auction)) == 4)
