"""An anonymous auction from opening to disclosure: what the bidders do, what
the others learn of it, and what seller and winner can prove at the end. The
tests run in this order, each on what the ones before left."""

import contextlib
import json
import random
import struct
import subprocess
import sys

import gavel
import pytest
from anonymous import BIDDERS, NAMES, Sale, bip340, blocks_of, verify_pack
from gavel import RpcError, wait_for
from ledger import Key, curl, h_tag, openssl

VERIFIER = gavel.ROOT / "tests/verifier/verify.py"
STRANGER = Key()


@pytest.fixture(scope="module")
def bidding(stage):
    """The auction with four bids, open."""
    return Sale(stage)


@pytest.fixture(scope="module")
def sold(bidding):
    """The final outcome, nothing disclosed."""
    bidding.finish()
    return bidding


@pytest.fixture(scope="module")
def disclosed(sold):
    """The seller has asked, and then the winner."""
    sold.to_seller = sold.disclose("sam")
    sold.to_winner = sold.disclose("ann")
    return sold


def says(done, code, text):
    assert done.returncode == code, (done.stdout, done.stderr)
    error = json.loads(done.stderr.strip().splitlines()[-1])["error"]
    assert text in error["message"], done.stderr


def enrols_by_key(sale, node):
    """How many ENROLs each key has on the chain."""
    keys = [tx.key.hex() for tx in sale.txs("ENROL", node=node)]
    return {key: keys.count(key) for key in keys}


def test_S0_05_a_bidder_enrols_once_and_keeps_its_pseudonym(bidding):
    sale, rpc = bidding, bidding.first.rpc
    assert len(set(sale.keys.values())) == 3
    assert rpc.getbid(sale.bids[3])["bidder"] == sale.keys["ann"]
    for node in (sale.first, sale.second):
        wait_for("three ENROLs in blocks", lambda: enrols_by_key(
            sale, node) == dict.fromkeys(sale.keys.values(), 1))
        info = sale.info(node)
        assert info["identity"] == info["terms"]["identity"] == "anonymous"
        assert (info["bidders"], info["issued"]) == (3, None)


def enrol_again(sale, node):
    """The node takes no ENROL of a key a second time."""
    raw = node.rpc.getenrol(sale.auction, sale.keys["bob"])["hex"]
    with pytest.raises(RpcError) as e:
        node.rpc.sendrawtransaction(raw)
    assert e.value.code == -26 and e.value.data["field"] == "enrol.key"
    assert e.value.data["code_name"] == "duplicate"


def test_S0_05_an_enrol_sent_again_is_refused_also_after_a_restart(bidding):
    sale = bidding
    for node in (sale.first, sale.second):
        enrol_again(sale, node)
        node.restart()
        node.wait_peers(1)
        enrol_again(sale, node)
    for node in (sale.first, sale.second):
        assert set(enrols_by_key(sale, node).values()) == {1}


def test_S0_11_nothing_is_opened_before_the_outcome(bidding):
    for short in ("sam", "ann", "bob"):
        done, out = bidding.disclose(short)
        says(done, 1, "the outcome is not final")
        assert not list(out.parent.glob(f"{out.name}*"))


def refusal(sale, path, word, fields):
    """The code of the REFUSAL that a stranger gets, signed by the notary."""
    service, = [s for s in sale.first.rpc.listservices()
                if s["role"] == "notary"]
    body = fields(STRANGER.public)
    body += STRANGER.sign(h_tag("gavel/notary", word + body))
    got = curl(service["endpoint"] + path, "-H",
               "Content-Type: application/octet-stream",
               ca=sale.first.datadir / "gavel-root.pem", data=body)
    assert got.status == 403, got.text
    assert got.kind == "application/octet-stream" and len(got.body) == 138
    assert got.body[:65] == body[:65], "it says what was asked"
    notary = bytes.fromhex(service["cred"])[32:64]
    assert bip340.verify(notary, h_tag("gavel/notary", b"refusal" +
                                       got.body[:-64]), got.body[-64:])
    return got.body[65]


def ask_for_the_seller(sale):
    """SELLER_ASK by a key that did not win."""
    return refusal(sale, "/notary/seller", b"seller", lambda key:
                   bytes.fromhex(sale.auction) + b"\0" + key)


def ask_for(sale, short):
    """OPEN_ASK for this bidder by a key that is not the seller's, with the
    seller's own certificate."""
    der = sale.people["sam"].der
    return refusal(sale, "/notary/open", b"open", lambda _:
                   bytes.fromhex(sale.auction + "00" + sale.keys[short]) +
                   STRANGER.public + struct.pack("<H", len(der)) + der)


def test_S0_11_a_notary_signs_its_refusals_before_the_outcome(bidding):
    assert ask_for_the_seller(bidding) == 1
    assert ask_for(bidding, "ann") == 5


def test_S0_04_the_count_of_tokens_is_published_between_close_and_cutoff(sold):
    kinds = [tx.name for tx in sold.txs("CLOSE", "ISSUED", "CUTOFF",
                                        "OUTCOME")]
    kinds = list(dict.fromkeys(kinds))
    assert kinds[:3] == ["CLOSE", "ISSUED", "CUTOFF"], kinds
    issued, = sold.txs("ISSUED")
    assert issued.count == 3 == sold.info()["issued"]
    for node in (sold.first, sold.second):
        raw = bytes.fromhex(node.rpc.getissued(sold.auction)["hex"])
        assert raw == issued.core + issued.signature


def test_S0_04_both_verifiers_accept_the_auction(sold):
    path = sold.world.path("whole.jsonl")
    explorer = sold.world.explorer(sold.first)

    def check():
        explorer.dump(path)
        done = explorer.verify(path)
        assert done.returncode == 0, done.stdout + done.stderr
        line, = [x for x in done.stdout.splitlines() if x.startswith(
            sold.auction)]
        return line if line.endswith("final") and "not shown" not in line \
            else None
    line = wait_for("an outcome that the dump shows to be final", check)
    assert f"sold  15.00 EUR  to {sold.keys['ann']}" in line
    done = subprocess.run([sys.executable, VERIFIER, path],
                          capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    line, = [x for x in done.stdout.splitlines() if sold.auction in x and
             x.startswith("auction ")]
    assert f"sold, final, 1500 EUR by {sold.keys['ann']}" in line, line


def test_S0_06_nothing_on_the_chain_comes_of_a_bidders_certificate(sold):
    dump = sold.dump(sold.second)
    chain = b"".join(blocks_of(dump, sold.auction))
    registry = b"".join(blocks_of(dump, json.loads(
        dump.split(b"\n", 1)[0])["registry"]))
    for short in BIDDERS:
        person = sold.people[short]
        assert person.found_in(chain) == set(), short
        # The search finds what is there: the registry names certificates.
        assert person.found_in(registry) == {"fingerprint", "ledger key"}
        assert bytes.fromhex(sold.keys[short]) in chain
    assert sold.people["sam"].found_in(chain) == {"fingerprint", "ledger key"}
    txs = sold.txs("BID", "ENROL", node=sold.second)
    assert len(txs) == 7
    for tx in txs:
        for short, person in sold.people.items():
            assert not person.found_in(tx.core + tx.signature), (tx.name, short)


def test_S0_13_loser_and_early_winner_learn_nothing(sold):
    for short in ("bob", "eve"):
        done, out = sold.disclose(short)
        says(done, 1, "another bidder won")
        assert not list(out.parent.glob(f"{out.name}*"))
    done, out = sold.disclose("ann", "early")
    says(done, 1, "the seller has not asked yet")
    assert not list(out.parent.glob(f"{out.name}*"))
    assert sold.info()["disclosed"] == []


def test_S0_11_a_notary_signs_its_refusals_after_the_outcome(sold):
    wait_for("the votes for the outcome on the chain",
             lambda: ask_for_the_seller(sold) == 3)
    for short in BIDDERS:
        assert ask_for(sold, short) == 5
    assert sold.info()["disclosed"] == []


def test_S0_13_seller_and_winner_learn_each_other(disclosed):
    sale = disclosed
    done, out = sale.to_seller
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    said, = answer.pop("notaries")
    assert (said["m"], said["good"], said["answer"]) == (
        1, True, "gave its share")
    ann, sam = sale.people["ann"], sale.people["sam"]
    assert answer == {"auction": sale.auction, "party": "winner",
                      "subject": f"CN={NAMES['ann']}",
                      "fingerprint": ann.fingerprint.hex(),
                      "files": [f"{out}.pack", f"{out}.cms"]}
    done, out = sale.to_winner
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["party"] == "seller"
    assert answer["fingerprint"] == sam.fingerprint.hex()
    pem = f"{out}.pem"
    assert openssl("x509", "-in", pem, "-outform", "DER").stdout == sam.der
    subject = openssl("x509", "-in", pem, "-noout", "-subject").stdout
    assert NAMES["sam"].encode() in subject


def test_S0_14_asked_again_the_answer_is_the_same_losers_get_none(disclosed):
    sale = disclosed
    pack = sale.to_seller[1].with_suffix(".pack").read_bytes()
    done, out = sale.disclose("sam", "again")
    assert done.returncode == 0, done.stderr
    assert out.with_suffix(".pack").read_bytes() == pack
    done, out = sale.disclose("ann", "again")
    assert done.returncode == 0, done.stderr
    assert out.with_suffix(".pem").read_bytes() == sale.to_winner[
        1].with_suffix(".pem").read_bytes()
    says(sale.disclose("bob")[0], 1, "another bidder won")
    # Each of the two answers is on the chain once.
    for node in (sale.first, sale.second):
        wait_for("both DISCLOSEs", lambda: len(
            sale.info(node)["disclosed"]) == 2)
        assert sorted((d["notary"], d["to"]) for d in sale.info(node)[
            "disclosed"]) == [(0, "seller"), (0, "winner")]
        wait_for("them in blocks", lambda: sorted(
            (tx.notary, tx.side) for tx in sale.txs(
                "DISCLOSE", node=node)) == [(0, 0), (0, 1)])


def keys_in_use(node, role):
    """The files of keys that are bound to an auction (T23)."""
    out = []
    for path in (node.datadir / f"ttp/{role}-auctions").glob("*.key"):
        with contextlib.suppress(FileNotFoundError):
            out += [path] if path.read_bytes()[20] == 1 else []
    return out


def test_S0_06_the_keys_of_the_auction_are_destroyed(disclosed):
    """The issuer's when the outcome is final, the notary's when both sides
    are disclosed (I38, I41)."""
    for role in ("issuer", "notary"):
        wait_for(f"the {role}'s keys to go",
                 lambda: not keys_in_use(disclosed.first, role))
    assert "the outcome is final" in disclosed.first.log


def test_S0_13_the_sealed_pack_opens_for_the_seller_alone(disclosed):
    out = disclosed.to_seller[1]
    pack = out.with_suffix(".pack").read_bytes()

    def decrypt(person):
        return openssl("cms", "-decrypt", "-binary", "-inform", "DER", "-in",
                       out.with_suffix(".cms"), "-inkey", person.key,
                       check=False)
    done = decrypt(disclosed.people["sam"])
    assert done.returncode == 0 and done.stdout == pack, done.stderr
    for short in BIDDERS:
        done = decrypt(disclosed.people[short])
        assert done.returncode != 0 and pack not in done.stdout, short
    person = disclosed.people["ann"]
    assert person.found_in(pack) == set(person.traits), "it names the winner"
    assert not person.found_in(out.with_suffix(".cms").read_bytes())
    for short in ("bob", "eve"):
        assert not disclosed.people[short].found_in(pack), short


def parts_of(pack):
    """(OPEN, ENROL, BID, ISSUED, EVIDENCE) of an evidence pack."""
    at, out = 1 + 32 + 145, []
    for _ in range(5):
        size, = struct.unpack_from("<H", pack, at)
        out.append(pack[at + 2:at + 2 + size])
        at += 2 + size
    assert at == len(pack)
    return out


def test_S0_06_the_issuers_evidence_has_no_pseudonym(disclosed):
    """What the issuer keeps of a session names the certificate and cannot be
    matched with a token by anything that stands in both."""
    pack = disclosed.to_seller[1].with_suffix(".pack").read_bytes()
    _, enrol, bid, _, evidence = parts_of(pack)
    key = bytes.fromhex(disclosed.keys["ann"])
    tx, = [t for t in disclosed.txs("ENROL") if t.key == key]
    assert disclosed.people["ann"].found_in(evidence) >= {"public key"}
    for what in ("key", "ek", "prefix", "token", "blob"):
        raw = getattr(tx, what)
        assert raw in enrol, what
        assert raw not in evidence, what
    assert key in bid


def test_S0_12_the_pack_proves_whose_bid_it_was(disclosed):
    path = disclosed.to_seller[1].with_suffix(".pack")
    done = verify_pack(path, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    ann = disclosed.people["ann"]
    leaf = answer.pop("leaf")
    assert 0 <= leaf < 1024
    assert answer == {
        "proven": True, "subject": f"CN={NAMES['ann']}",
        "auction": disclosed.auction, "bid": disclosed.bids[3], "lot": 0,
        "amount": 1500, "currency": "EUR", "exponent": 2,
        "pseudonym": disclosed.keys["ann"],
        "certificate": ann.fingerprint.hex(), "ledger_key": ann.ledger.hex(),
        "leaves": 1024, "logged": True}
    done = verify_pack(path)
    assert done.returncode == 0
    for text in (f"CN={NAMES['ann']}", "15.00 EUR", disclosed.bids[3],
                 "in the issuer's published log"):
        assert text in done.stdout


def not_proven(done, context):
    assert done.returncode == 1, (context, done.stdout, done.stderr)
    assert done.stderr.startswith("gavel: not proven: "), (context, done.stderr)
    assert len(done.stderr.strip().splitlines()) == 1 and not done.stdout


def test_S0_12_a_changed_pack_proves_nothing(disclosed):
    path = disclosed.to_seller[1].with_suffix(".pack")
    pack = path.read_bytes()
    bad = disclosed.world.path("bad.pack")
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    step = len(pack) // 24
    for at in range(draw.randrange(step), len(pack), step):
        changed = bytearray(pack)
        changed[at] ^= 1 << draw.randrange(8)
        bad.write_bytes(changed)
        not_proven(verify_pack(bad), at)
    for size in (0, 1, 33, 178, len(pack) // 2, len(pack) - 1):
        bad.write_bytes(pack[:size])
        not_proven(verify_pack(bad), size)
    bad.write_bytes(pack + b"\0")
    not_proven(verify_pack(bad), "longer")
    not_proven(verify_pack(path, network="test"), "another network")
    assert verify_pack(disclosed.world.path("none.pack")).returncode == 2


def test_S0_13_a_node_without_a_role_has_nobodys_name(disclosed):
    """Its whole data directory and its log, after everything happened."""
    node = disclosed.second
    node.stop()
    files = [p for p in node.datadir.rglob("*") if p.is_file()]
    data = {p: p.read_bytes() for p in [*files, node.process.log]}
    # The search finds what is there.
    for key in disclosed.keys.values():
        assert any(bytes.fromhex(key) in raw for raw in data.values())
    for short, person in disclosed.people.items():
        assert any(person.fingerprint in raw for raw in data.values())
        for path, raw in data.items():
            assert not person.found_in(raw, person.secret_traits), (path, short)
    node.start()
