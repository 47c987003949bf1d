"""A pseudonymous seller from the epoch to the disclosure: what the chain and
the others learn of it, what the winner can prove at the end, and what happens
to one who buys from itself. The tests run in this order, each on what the ones
before left."""

import json
import random
import shutil
import subprocess
import sys

import gavel
import pytest
from anonymous import (NAMES, TERMS, Person, bip340, blocks_of, codec,
                       disclose, verify_pack)
from gavel import wait_for
from ledger import Key, curl, h_tag
from test_anonymous import not_proven, says
from test_two_nodes import join

VERIFIER = gavel.ROOT / "tests/verifier/verify.py"
SELL = ("--seller", "pseudonym", *TERMS)


class Shop:
    """A TTP's node, one without a role, and four people."""

    def __init__(self, world):
        self.world = world
        self.first = world.node("first", fixed_ports=True)
        self.first.wait_services()
        self.second = join(world, self.first, "second")
        self.people = {short: Person(world, self.first, short)
                       for short in NAMES}

    def wallet(self, short):
        return self.people[short].wallet

    def epochs(self):
        return [e for e in self.first.rpc.listepochs() if e["final"]]

    def sell(self, title):
        """An auction of sam's, without a name."""
        auction = self.wallet("sam").create(title, *SELL)
        wait_for("the auction on the second node", lambda: auction in {
            c["chain"] for c in self.second.rpc.getchains(limit=9)["chains"]})
        return auction

    def info(self, auction):
        return self.first.rpc.getauction(auction)

    def finish(self, auction):
        self.wallet("sam").close_auction(auction)
        self.first.wait_final(auction)
        self.second.wait_final(auction)

    def disclose(self, short, auction, out="x"):
        out = self.world.path(f"{short}-{out}")
        return disclose(self.wallet(short), auction, out), out

    def dump(self):
        return self.world.explorer(self.second).dump(
            self.world.path("sellers.jsonl"))

    def registry_txs(self, *names):
        dump = self.dump()
        registry = json.loads(dump.split(b"\n", 1)[0])["registry"]
        return [tx for raw in blocks_of(dump, registry)
                for tx in codec.block(raw).txs if tx.name in names]

    def disclosures(self, auction):
        return [tx for raw in blocks_of(self.dump(), auction)
                for tx in codec.block(raw).txs if tx.name == "DISCLOSE"]


@pytest.fixture(scope="module")
def shop(stage):
    return Shop(stage)


@pytest.fixture(scope="module")
def epoch(shop):
    shop.epoch = shop.wallet("eve")("epoch", "create")
    wait_for("the epoch in a final block", shop.epochs)
    return shop


@pytest.fixture(scope="module")
def selling(epoch):
    """ann bids twice, bob once; ann wins. An older copy of sam's wallet has
    no record of the pseudonym."""
    sam = epoch.wallet("sam")
    epoch.copy = epoch.world.wallet("copy", epoch.first, enrol=False)
    shutil.rmtree(epoch.copy.directory)
    shutil.copytree(sam.directory, epoch.copy.directory)
    epoch.copy.secret.write_text(sam.secret.read_text())
    epoch.auction = epoch.sell("Nameless chair")
    epoch.wallet("ann").node = epoch.second
    epoch.bids = [epoch.wallet(short).bid(epoch.auction, amount)["bid"]
                  for short, amount in (("ann", 12), ("bob", 13),
                                        ("ann", 15))]
    epoch.pseudonym = bytes.fromhex(epoch.info(epoch.auction)["seller"])
    return epoch


@pytest.fixture(scope="module")
def sold(selling):
    selling.finish(selling.auction)
    return selling


@pytest.fixture(scope="module")
def disclosed(sold):
    """The winner asks first: it does not need the seller for it."""
    sold.to_winner = sold.disclose("ann", sold.auction)
    sold.to_seller = sold.disclose("sam", sold.auction)
    return sold


def test_S0_13_without_an_epoch_nobody_sells_as_a_pseudonym(shop):
    done = shop.wallet("sam").run("auction", "create", "--title", "x", *SELL)
    says(done, 1, "no token issuer offers pseudonyms")


def test_S0_13_wrong_words_are_usage_errors(shop):
    sam = shop.wallet("sam")
    for words, text in (
            (("--seller", "nobody"), "seller"),
            (("--seller", "pseudonym"), "only with --identity anonymous")):
        done = sam.run("auction", "create", "--title", "x", *words)
        assert done.returncode == 2, (words, done.stderr)
        assert text in done.stderr, (words, done.stderr)
    helped = sam.run("auction", "create", "--help").stdout
    assert "--seller" in helped and "pseudonym" in helped


def test_S0_05_one_epoch_at_a_time(epoch):
    """Another one begins when the first ends, so nobody has two keys."""
    (first,) = epoch.epochs()
    assert first["epoch"] == epoch.epoch["epoch"]
    assert first["end_ms"] - first["start_ms"] == 30 * 86400000
    done = epoch.wallet("bob").run("epoch", "create")
    says(done, 1, "an epoch has 30 days and begins now")
    assert [e["epoch"] for e in epoch.first.rpc.listepochs()] == [
        first["epoch"]]
    (tx,) = epoch.registry_txs("EPOCH")
    assert tx.epoch.hex() == first["epoch"] and tx.seats == 16
    assert len(tx.notaries) == tx.escrow_t == 1


def test_S0_13_a_pseudonyms_notaries_are_those_of_its_epoch(epoch):
    done = epoch.wallet("sam").run("auction", "create", "--title", "x",
                                   "--notaries", "2of2", *SELL)
    says(done, 2, "the notaries of its epoch, 1of1")


def test_a_drill_knows_a_seat_from_an_auction(selling):
    words = selling.world.path("sam.words")
    got = selling.wallet("sam")("fire-drill", "--words-file", words)
    assert got["missing"] == [] and got["seats"] == 1


def test_S0_13_the_auction_shows_a_pseudonym(selling):
    shop, sam = selling, selling.people["sam"]
    info = shop.info(shop.auction)
    assert info["seller_pseudonym"] is True
    assert info["seller_fingerprint"] == "00" * 32
    assert shop.pseudonym != sam.ledger
    shown = shop.wallet("bob").text("auction", "show", shop.auction)
    assert "a pseudonym, escrowed to 1 of 1 notaries" in shown
    listed = shop.wallet("bob")("auction", "list", "--owner",
                                shop.pseudonym.hex())["auctions"]
    assert [a["auction"] for a in listed] == [shop.auction]
    assert not shop.wallet("bob")("auction", "list", "--owner",
                                  sam.ledger.hex())["auctions"]


def test_S0_13_the_seller_closes_and_may_not_bid(selling):
    shop = selling
    says(shop.wallet("sam").run("bid", "place", shop.auction, "20"), 1,
         "the seller, who may not bid")
    says(shop.wallet("bob").run("auction", "close", shop.auction), 1,
         "only its seller")


def test_S0_11_nothing_is_opened_before_the_outcome(selling):
    for short in ("sam", "ann", "bob"):
        done, out = selling.disclose(short, selling.auction)
        says(done, 1, "the outcome is not final")
        assert not list(out.parent.glob(f"{out.name}*"))


def refusal(shop, path, word, target, count=b""):
    """The code of the REFUSAL that a stranger gets of MATCH or SHARE."""
    key = Key()
    (service,) = [s for s in shop.first.rpc.listservices()
                  if s["role"] == "notary"]
    body = bytes.fromhex(shop.auction) + b"\0" + target + count
    body += key.sign(h_tag("gavel/notary", word + body))
    got = curl(service["endpoint"] + path, "-H",
               "Content-Type: application/octet-stream",
               ca=shop.first.datadir / "gavel-root.pem", data=body)
    assert got.status == 403 and len(got.body) == 138, got.text
    assert got.body[:65] == body[:65]
    notary = bytes.fromhex(service["cred"])[32:64]
    assert bip340.verify(notary, h_tag("gavel/notary", b"refusal" +
                                       got.body[:-64]), got.body[-64:])
    return got.body[65]


def strangers(shop):
    """Codes for who asks for the seller, and for the winner."""
    winner = bytes.fromhex(shop.first.rpc.getbid(shop.bids[2])["bidder"])
    return {(path, target): refusal(shop, f"/notary/{path}", word, of, more)
            for path, word, more in (("match", b"match", b""),
                                     ("share", b"share ask", b"\0"))
            for target, of in (("seller", shop.pseudonym),
                               ("winner", winner))}


def test_S0_11_a_notary_signs_its_refusals_before_the_outcome(selling):
    assert set(strangers(selling).values()) == {1, 5}


def test_S0_06_nothing_on_any_chain_comes_of_the_sellers_certificate(sold):
    shop, sam = sold, sold.people["sam"]
    dump = shop.dump()
    chain = b"".join(blocks_of(dump, shop.auction))
    assert shop.pseudonym in chain
    for short, person in shop.people.items():
        assert person.found_in(chain) == set(), short
    # The registry has the certificate that every user has, and a LIST that
    # is not tied to it.
    (listing,) = shop.registry_txs("LIST")
    assert listing.key == shop.pseudonym and listing.version == 2
    assert not sam.found_in(listing.core + listing.signature)
    (cert,) = [tx for tx in shop.registry_txs("CERT")
               if tx.cred.fingerprint == sam.fingerprint]
    assert shop.pseudonym not in cert.cred.fields


def test_S0_06_the_ledger_is_valid_for_both_verifiers(sold):
    path = sold.world.path("whole.jsonl")
    explorer = sold.world.explorer(sold.first)
    explorer.dump(path)
    done = explorer.verify(path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run([sys.executable, VERIFIER, path],
                          capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr


def test_S0_13_losers_and_strangers_learn_nothing(sold):
    done, out = sold.disclose("bob", sold.auction)
    says(done, 1, "another bidder won")
    assert not list(out.parent.glob(f"{out.name}*"))
    says(sold.disclose("eve", sold.auction)[0], 1, "did not bid")

    def final():
        codes = strangers(sold)
        return codes if 1 not in codes.values() else None
    codes = wait_for("the votes for the outcome on the chain", final)
    assert codes == {("match", "seller"): 3, ("match", "winner"): 5,
                     ("share", "seller"): 3, ("share", "winner"): 5}
    assert sold.info(sold.auction)["disclosed"] == []


def test_S0_13_the_winner_learns_the_seller_alone(disclosed):
    shop = disclosed
    done, out = shop.to_winner
    assert done.returncode == 0, done.stderr
    sam = shop.people["sam"]
    answer = json.loads(done.stdout)
    assert [n["good"] for n in answer.pop("notaries")] == [True]
    assert answer == {
        "auction": shop.auction, "party": "seller",
        "subject": f"CN={NAMES['sam']}",
        "fingerprint": sam.fingerprint.hex(),
        "files": [f"{out}.pack", f"{out}.cms"]}
    done, _ = shop.to_seller
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["subject"] == f"CN={NAMES['ann']}"
    wait_for("both DISCLOSEs", lambda: sorted(
        (tx.notary, tx.side) for tx in shop.disclosures(shop.auction)) == [
            (0, 0), (0, 1)])


def test_S0_14_asked_again_the_answer_is_the_same(disclosed):
    shop = disclosed
    for short, (_, first) in (("ann", shop.to_winner),
                              ("sam", shop.to_seller)):
        done, out = shop.disclose(short, shop.auction, "again")
        assert done.returncode == 0, done.stderr
        assert out.with_suffix(".pack").read_bytes() == first.with_suffix(
            ".pack").read_bytes()
    says(shop.disclose("bob", shop.auction)[0], 1, "another bidder won")


def test_S0_14_a_wallet_without_its_record_is_still_the_seller(disclosed):
    """The issuer gives it the session of the seat again, and that the keys."""
    shop, out = disclosed, disclosed.world.path("copy")
    done = disclose(shop.copy, shop.auction, out)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["party"] == "winner"
    assert out.with_suffix(".pack").read_bytes() == shop.to_seller[
        1].with_suffix(".pack").read_bytes()


def test_S0_12_both_packs_prove_who_it_was(disclosed):
    shop, sam = disclosed, disclosed.people["sam"]
    path = shop.to_winner[1].with_suffix(".pack")
    done = verify_pack(path, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert 0 <= answer.pop("leaf") < 1024
    assert answer == {
        "proven": True, "party": "seller", "subject": f"CN={NAMES['sam']}",
        "auction": shop.auction, "pseudonym": shop.pseudonym.hex(),
        "certificate": sam.fingerprint.hex(), "ledger_key": sam.ledger.hex(),
        "leaves": 1024}
    assert "opened this auction" in verify_pack(path).stdout
    done = verify_pack(shop.to_seller[1].with_suffix(".pack"), "--json")
    assert json.loads(done.stdout)["subject"] == f"CN={NAMES['ann']}"


def test_S0_12_a_changed_pack_proves_nothing(disclosed):
    pack = disclosed.to_winner[1].with_suffix(".pack").read_bytes()
    bad = disclosed.world.path("bad.pack")
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    step = len(pack) // 16
    for at in range(draw.randrange(step), len(pack), step):
        changed = bytearray(pack)
        changed[at] ^= 1 << draw.randrange(8)
        bad.write_bytes(changed)
        not_proven(verify_pack(bad), at)
    bad.write_bytes(b"\1" + pack[1:])
    not_proven(verify_pack(bad), "as that of a bidder")


@pytest.fixture(scope="module")
def equal(disclosed):
    """sam buys from itself, with the copy of its wallet, which does not know of
    the new pseudonym; nobody can prevent that."""
    shop = disclosed
    shop.own = shop.sell("From me to me")
    shop.copy.bid(shop.own, 30)
    shop.finish(shop.own)
    return shop


@pytest.mark.long
def test_S0_05_a_second_auction_has_another_pseudonym(equal):
    seller = equal.info(equal.own)["seller"]
    assert seller != equal.pseudonym.hex()
    assert len({tx.key for tx in equal.registry_txs("LIST")}) == 2


@pytest.mark.long
def test_S0_13_seller_and_winner_in_one_person_are_refused(equal):
    out = equal.world.path("own")
    done = disclose(equal.wallet("sam"), equal.own, out)
    assert done.returncode == 1
    assert ("a notary refused: seller and winner are one person (signed)"
            in done.stderr), done.stderr
    assert not list(out.parent.glob(f"{out.name}*"))
    assert equal.info(equal.own)["disclosed"] == []
    log = equal.first.process.log.read_text(errors="replace")
    assert "seller and winner are one person" in log


@pytest.mark.long
def test_S0_13_a_node_without_a_role_has_no_sellers_name(equal):
    node, sam = equal.second, equal.people["sam"]
    node.stop()
    data = {p: p.read_bytes() for p in [
        *(p for p in node.datadir.rglob("*") if p.is_file()),
        node.process.log]}
    assert any(equal.pseudonym in raw for raw in data.values())
    for path, raw in data.items():
        assert not sam.found_in(raw, sam.secret_traits), path
    node.start()


@pytest.mark.long
def test_S0_06_a_pseudonym_relists_under_another(equal):
    shop, sam = equal, equal.wallet("sam")
    old = shop.sell("Nobody wants it")
    done = shop.wallet("bob").run("auction", "relist", old)
    assert done.returncode == 1 and "not the seller" in done.stderr
    shop.finish(old)
    assert shop.info(old)["outcome"]["status"] == "no-bid"
    new = sam("auction", "relist", old)["auction"]
    was, now = shop.info(old), shop.info(new)
    assert now["seller_pseudonym"] and now["seller"] != was["seller"]
    assert now["terms"] == was["terms"]
    assert now["text"] == f"Relisted from auction {old}"
