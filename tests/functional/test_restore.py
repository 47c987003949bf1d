"""A bidder of an anonymous auction loses the wallet at every step, restores it
from its 24 words alone, and goes on. The tests run in this order, each on what
the ones before left; the last ones have a token issuer that forgets."""

import json
import shutil

import pytest
from anonymous import TERMS, disclose
from between import Between
from gavel import RpcError, wait_for
from ledger import h_tag
from test_two_nodes import join

pytestmark = pytest.mark.long

CUT = 4  # log2 of the leaves
BIDDERS = ("abe", "bea", "cal", "dee", "eli", "fay", "gus", "hal", "ivy",
           "joe", "kim")


class Fair:
    """A node, an issuer with a node of its own, and between them and the
    bidders something that breaks off what it is told to."""

    def __init__(self, world):
        self.world = world
        self.node = world.node("first", "--ttp", "ca,tsa,notary", ttp=False,
                               fixed_ports=True)
        self.node.wait_services()
        self.desk = join(world, self.node, "desk", "--ttp", "issuer")
        wait_for("all services on the registry", lambda: [
            s["final"] for s in self.node.rpc.listservices()] == [True] * 5)
        self.prints = {}
        self.sam = self.enrol("sam")
        self.bidders = {name: self.enrol(name) for name in BIDDERS}
        wait_for("the certificates on the issuer's node", lambda: all(
            self.known(name) for name in self.prints))
        self.auction, self.later = (
            self.sam.create(title, *TERMS, "--cut", str(CUT))
            for title in ("A lost purse", "A false friend"))
        # The issuer as it is now, for when it shall have forgotten.
        self.past = world.path("desk.past")
        self.desk.stop()
        shutil.copytree(self.desk.datadir, self.past)
        self.desk.start()
        self.desk.wait_peers(1)
        self.between = Between(self.node, self.desk)
        for wallet in self.bidders.values():
            wallet.node = self.between

    def enrol(self, name):
        wallet = self.world.wallet(name, self.node, enrol=False)
        self.prints[name] = wallet.enrol(name)["fingerprint"]
        return wallet

    def known(self, name):
        cert = self.desk.find_cert(fingerprint=self.prints[name])
        return cert is not None and cert["final"]

    def lose(self, name, *options):
        """The wallet's directory is gone; what `restore` says it found."""
        wallet = self.sam if name == "sam" else self.bidders[name]
        shutil.rmtree(wallet.directory)
        return self.restore(name, *options)

    def restore(self, name, *options):
        wallet = self.sam if name == "sam" else self.bidders[name]
        found = wallet("restore", "--words-file",
                       self.world.path(f"{name}.words"), *options)
        assert (found["identities"], found["certificates"],
                found["waiting"], found["foreign_bids"]) == (1, 1, 0, 0)
        return found

    def place(self, name, amount, auction=None):
        return self.bidders[name].run("bid", "place", auction or self.auction,
                                      str(amount))

    def bid(self, name, amount, auction=None):
        """(bid, pseudonym)"""
        done = self.place(name, amount, auction)
        assert done.returncode == 0, done.stderr
        bid = json.loads(done.stdout)["bid"]
        return bid, self.node.rpc.getbid(bid)["bidder"]

    def broken_off(self, name, amount, *cut, answers=False, auction=None):
        """A bid that cannot be placed, because these do not get through."""
        with self.between.without(*cut, answers=answers):
            done = self.place(name, amount, auction)
        assert done.returncode == 3, (done.stdout, done.stderr)

    def waits(self, tx):
        """Is it an ENROL or a BID that is in no block?"""
        try:
            found = self.node.rpc.gettransaction(self.auction, tx)
        except RpcError:
            return False
        return found["kind"] in ("ENROL", "BID") and found["height"] is None

    def enrolled(self):
        """How many keys have an ENROL on the chain, when none waits."""
        wait_for("all ENROLs and BIDs in blocks", lambda: not any(
            self.waits(tx) for tx in self.node.rpc.getrawmempool(
                self.auction)))
        return self.node.rpc.getauction(self.auction)["bidders"]


@pytest.fixture(scope="module")
def fair(stage):
    f = Fair(stage)
    yield f
    f.between.end()


def no_more(fair, since, *words):
    for word in words:
        assert not fair.between.bodies(f"/issuer/{word}", since), word


def test_S0_05_lost_after_the_certificate(fair):
    found = fair.lose("abe")
    assert (found["pseudonyms"], found["bids"]) == (0, 0)
    bid, key = fair.bid("abe", 10)
    assert fair.bid("abe", 11)[1] == key
    assert fair.enrolled() == 1


def test_S0_05_lost_between_challenge_and_reveal(fair):
    since = len(fair.between.heard)
    fair.broken_off("bea", 12, "/issuer/reveal")
    assert fair.lose("bea")["pseudonyms"] == 0
    _, key = fair.bid("bea", 12)
    assert fair.bid("bea", 13)[1] == key
    commits = fair.between.bodies("/issuer/commit", since)
    assert len(commits) >= 2 and len(set(commits)) == 1, "the same again"
    assert len(fair.between.bodies("/issuer/reveal", since)) == 1
    assert fair.enrolled() == 2


@pytest.mark.parametrize("name, cut, answers", (
    ("cal", "/issuer/reveal", True), ("dee", "sendrawtransaction", False)))
def test_S0_05_lost_between_token_and_enrol(fair, name, cut, answers):
    before, since = fair.enrolled(), len(fair.between.heard)
    fair.broken_off(name, 14, cut, answers=answers)
    assert fair.lose(name)["pseudonyms"] == 0
    _, key = fair.bid(name, 14 + before)
    assert fair.bid(name, 14.5 + before)[1] == key
    reveals = fair.between.bodies("/issuer/reveal", since)
    assert len(reveals) >= 2 and len(set(reveals)) == 1, "the same again"
    assert fair.enrolled() == before + 1


@pytest.mark.parametrize("name, ask", (("eli", False), ("fay", True)))
def test_S0_05_lost_between_enrol_and_bid(fair, name, ask):
    """Nothing was bid, so the issuer has to say which session it was: when the
    bid comes, or when `restore` is told the auction."""
    before = fair.enrolled()
    fair.broken_off(name, 20 + before, "submitbid")
    assert fair.enrolled() == before + 1
    since = len(fair.between.heard)
    found = fair.lose(name, *(["--auction", fair.auction] if ask else []))
    assert (found["pseudonyms"], found["bids"]) == (int(ask), 0)
    _, key = fair.bid(name, 20 + before)
    assert fair.bid(name, 21 + before)[1] == key
    assert fair.enrolled() == before + 1
    no_more(fair, since, "commit", "reveal")


def test_S0_05_lost_after_a_bid(fair):
    """Words and a node are enough: the issuer is not asked at all."""
    before = fair.enrolled()
    first, key = fair.bid("gus", 30)
    fair.desk.stop()
    found = fair.lose("gus")
    assert (found["pseudonyms"], found["bids"]) == (1, 1)
    gus = fair.bidders["gus"]
    assert gus("bid", "show", first)["amount"] == 3000
    assert gus("bid", "why", first)["code_name"] == "accepted"
    second, again = fair.bid("gus", 31)
    assert again == key
    rows = gus("bid", "list", "--auction", fair.auction, "--bidder", key)
    assert [(r["bid"], r["seq"]) for r in rows["bids"]] == [(first, 1),
                                                            (second, 2)]
    fair.desk.start()
    fair.desk.wait_peers(1)
    # Again, and again with what is there already.
    assert fair.lose("gus") == fair.restore("gus")
    assert fair.restore("gus")["bids"] == 2
    assert fair.enrolled() == before + 1


def test_S0_05_a_bid_in_flight_is_found_when_it_arrives(fair):
    first, key = fair.bid("hal", 40)
    fair.broken_off("hal", 41, "submitbid")
    assert fair.lose("hal")["bids"] == 1
    fair.between.deliver()
    wait_for("the bid", lambda: fair.node.rpc.listbids(
        auction=fair.auction, bidder=key)["bids"][1:])
    found = fair.restore("hal")
    assert (found["bids"], found["pseudonyms"]) == (2, 1)
    bid, again = fair.bid("hal", 42)
    assert again == key and fair.node.rpc.getbid(bid)["seq"] == 3
    # The answer was lost, and the wallet not: it stands as sent then.
    fair.broken_off("hal", 43, "submitbid", answers=True)
    assert fair.restore("hal")["bids"] == 4
    fair.bid("hal", 44)


def test_S0_05_a_wallet_of_other_words_is_left_alone(fair):
    wallet = fair.bidders["abe"]
    before = (wallet.directory / "wallet.json").read_bytes()
    done = wallet.run("restore", "--words-file", fair.world.path("bea.words"))
    assert done.returncode == 4 and "of other words" in done.stderr
    assert (wallet.directory / "wallet.json").read_bytes() == before


def test_S0_14_one_bid_of_a_person_where_each_has_one(fair):
    """Nobody knows who the second bid is of, and it does not count: neither
    under the same pseudonym, nor has the issuer a second one for a wallet that
    forgets what it had."""
    once = fair.sam.create("One bid each", *TERMS, "--cut", str(CUT),
                           "--per-bidder", "1")
    wait_for("the auction on the issuer's node", lambda: once in {
        c["chain"] for c in fair.desk.rpc.getchains(limit=9)["chains"]})
    _, key = fair.bid("abe", 5, once)
    wait_for("the bid in a block", lambda: fair.node.rpc.getauction(once)[
        "bids"]["unmined"] == 0)
    since = len(fair.between.heard)
    for lost in (False, True):
        if lost:
            fair.lose("abe")
        done = fair.place("abe", 6, once)
        assert done.returncode == 1, done.stdout
        error = json.loads(done.stderr.strip().splitlines()[-1])["error"]
        assert "bidder-cap" in error["message"], error
    done = fair.bidders["abe"].run("bid", "place", once, "7", "--force")
    assert done.returncode == 0, done.stderr
    row = fair.node.rpc.getbid(json.loads(done.stdout)["bid"])
    assert (row["bidder"], row["code_name"]) == (key, "bidder-cap")
    no_more(fair, since, "commit", "reveal")
    assert fair.node.rpc.getauction(once)["bidders"] == 1


def test_S0_01_without_the_ca_pseudonyms_wait_for_the_certificate(fair):
    _, key = fair.bid("ivy", 50)
    wallet = fair.bidders["ivy"]
    shutil.rmtree(wallet.directory)
    done = wallet.run("restore", "--words-file", fair.world.path("ivy.words"),
                      "--ca", "https://127.0.0.1:1")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["certificates"], found["pseudonyms"], found["waiting"],
            found["bids"]) == (0, 0, 1, 1)
    for text in ("certificate of identity-0 did not come back",
                 "the pseudonym of identity-0", "waits for its certificate"):
        assert text in done.stderr
    done = fair.place("ivy", 51)
    assert done.returncode == 4 and "gavel restore" in done.stderr
    # By enrolment under the name it has, which is then that of before.
    answer = wallet("enrol", "--name", "identity-0")
    assert (answer["name"], answer["fingerprint"]) == ("ivy",
                                                       fair.prints["ivy"])
    assert fair.bid("ivy", 51)[1] == key


def test_S0_13_lost_after_the_close_and_after_the_outcome(fair):
    """ivy has won, hal has not; the issuer is needed by the seller alone."""
    fair.sam.close_auction(fair.auction)
    fair.desk.stop()
    found = fair.lose("ivy")
    assert (found["pseudonyms"], found["bids"]) == (1, 2)
    assert fair.lose("hal")["pseudonyms"] == 1
    fair.desk.start()
    fair.desk.wait_peers(1)
    outcome = fair.node.wait_final(fair.auction)
    assert outcome["status"] == "sold" and outcome["price"] == 5100
    assert fair.lose("ivy")["pseudonyms"] == 1
    assert fair.lose("hal")["pseudonyms"] == 1
    assert fair.lose("sam")["pseudonyms"] == 0
    out = fair.world.path("sold")
    wait_for("the outcome on the issuer's node", lambda: fair.desk.rpc
             .getauction(fair.auction)["outcome_final"])
    done = disclose(fair.sam, fair.auction, out)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["subject"] == "CN=ivy"


def test_S0_13_lost_before_and_after_the_disclosure(fair):
    fair.desk.stop()
    out = fair.world.path("bought")
    for _ in range(2):
        fair.lose("ivy")
        done = disclose(fair.bidders["ivy"], fair.auction, out)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["subject"] == "CN=sam"
    done = disclose(fair.bidders["hal"], fair.auction, out)
    assert done.returncode == 1 and "another bidder won" in done.stderr
    fair.desk.start()
    fair.desk.wait_peers(1)


# --- an issuer that is not honest

def leaves_shown(reveal, j):
    """The leaves that a REVEAL's copath gives, which are all but j."""
    nodes, out = [reveal[32 + 32 * i:64 + 32 * i] for i in range(CUT)], set()

    def walk(node, depth):
        if depth == CUT:
            out.add(node)
            return
        for bit in (b"\0", b"\1"):
            walk(h_tag("gavel/ggm", node + bit), depth + 1)
    for depth, node in enumerate(nodes):
        walk(node, depth + 1)
    assert len(out) == 2 ** CUT - 1 and j < 2 ** CUT
    return out


def said(fair, since):
    """(session, root, j, leaves that were shown) of each REVEAL."""
    heard = fair.between.heard[since:]
    commits = {body[:32]: (body[32:64], int.from_bytes(answer[:4], "little"))
               for what, body, answer in heard if what == "/issuer/commit"}
    return list({body[:32]: (body[:32], *commits[body[:32]],
                             leaves_shown(body, commits[body[:32]][1]))
                 for what, body, _ in heard
                 if what == "/issuer/reveal"}.values())


def test_S0_05_an_issuer_that_hides_its_evidence_gets_no_other_root(fair):
    """The same session has the same root, whoever forgot it, and so the same
    challenge."""
    since = len(fair.between.heard)
    fair.broken_off("abe", 5, "sendrawtransaction", auction=fair.later)
    fair.lose("abe")
    # What it said of the session before there was a COMMIT.
    fair.between.said["/issuer/evidence"] = [
        answer for what, _, answer in fair.between.heard[since:]
        if what == "/issuer/evidence"][0]
    done = fair.place("abe", 5, fair.later)
    fair.between.said.clear()
    assert done.returncode == 1 and "another COMMIT already" in done.stderr
    assert fair.bid("abe", 5, fair.later)
    commits = fair.between.bodies("/issuer/commit", since)
    assert len(set(commits)) == 2, "signed twice, and for one root"
    assert len({body[:64] for body in commits}) == 1
    assert len(set(fair.between.bodies("/issuer/reveal", since))) == 1


@pytest.mark.parametrize("lost", (True, False))
def test_S0_05_an_issuer_that_forgets_gets_no_second_copath(fair, lost):
    """It was put back to before the session, and gives another one. The
    bidder answers, and not one leaf has been shown twice: neither by a wallet
    that has forgotten too, nor by one that has not."""
    name = "joe" if lost else "kim"
    since = len(fair.between.heard)
    fair.broken_off(name, 6, "/issuer/reveal", answers=True,
                    auction=fair.later)
    fair.desk.stop()
    shutil.rmtree(fair.desk.datadir)
    shutil.copytree(fair.past, fair.desk.datadir)
    fair.desk.start()
    fair.desk.wait_peers(1)
    wait_for("the auction on the issuer's node", lambda: fair.later in {
        c["chain"] for c in fair.desk.rpc.getchains(limit=9)["chains"]})
    if lost:
        fair.lose(name)
    done = fair.place(name, 7 if lost else 8, fair.later)
    assert done.returncode == 0, done.stderr
    assert ("another session than before" in done.stderr) is not lost
    first, second = said(fair, since)
    assert first[0] != second[0] and first[1] != second[1]
    assert not first[3] & second[3], "leaves of one tree, and a second copath"
    key = fair.node.rpc.getbid(json.loads(done.stdout)["bid"])["bidder"]
    assert fair.lose(name)["pseudonyms"] == 1
    assert fair.bid(name, 9 if lost else 10, fair.later)[1] == key
