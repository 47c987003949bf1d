"""What the root takes back while an auction runs: the key of the only stamping
authority, after which the auction can have no outcome, and everybody is told;
and the CA's, whose thief shuts nobody out any more."""

import json
import subprocess
import sys

import gavel
import pytest
from gavel import RpcError, wait_for
from ledger import Key, h_tag, head, openssl, u8

pytestmark = pytest.mark.long

VERIFIER = gavel.ROOT / "tests/verifier/verify.py"
REVOKE = 3
GENESIS = json.loads((gavel.ROOT / "genesis/regtest.json").read_text())
ROOT = Key(int(GENESIS["root_secret"], 16))


def revoke(node, auction, fingerprint, key=ROOT):
    core = (head(REVOKE, bytes.fromhex(auction)) + bytes.fromhex(fingerprint) +
            u8(1) + key.public)
    node.rpc.sendrawtransaction(
        (core + key.sign(h_tag("gavel/tx", core))).hex())


def fingerprint_of(node, role):
    service, = [s for s in node.rpc.listservices() if s["role"] == role]
    return service["cred"][:64]


def stalled(node, auction):
    rows = node.rpc.listauctions(status="closed")["auctions"]
    row, = [r for r in rows if r["auction"] == auction]
    info = node.rpc.getauction(auction)
    assert info["phase"] == row["phase"] == "stalled"
    assert info["stall"] == row["stall"] == "authorities"
    assert info["outcome"] is None


def test_C11_without_authorities_an_auction_is_stalled_and_says_so(world):
    node = world.node()
    node.wait_services()
    seller, ann = world.wallet("seller", node), world.wallet("ann", node)
    auction = seller.create("A clock", "--d", "1s", "--limit", "9s",
                            "--difficulty", "1")
    ann.bid(auction, 10)
    assert node.rpc.getauction(auction)["stall"] is None
    revoke(node, auction, fingerprint_of(node, "tsa"))
    node.wait_phase(auction, "stalled")
    stalled(node, auction)
    done = ann.run("bid", "place", auction, "11")
    assert done.returncode == 1, (done.stdout, done.stderr)
    for words in (("auction", "show"), ("auction", "outcome")):
        text = ann.text(*words, auction)
        assert "too many of its authorities are revoked" in text, text
        assert "winner" not in text
    node.restart()
    stalled(node, auction)
    dump = world.path("stalled.jsonl")
    explorer = world.explorer(node)
    explorer.dump(dump)
    done = explorer.verify(dump)
    assert done.returncode == 0, done.stderr
    assert f"{auction}  stalled: too many" in done.stdout
    done = subprocess.run([sys.executable, VERIFIER, dump],
                          capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    line, = [x for x in done.stdout.splitlines()
             if x.startswith(f"auction {auction}")]
    assert "stalled: too many authorities are revoked" in line


def stolen(node, role):
    """The ledger key of a service, from its file: regtest encrypts none."""
    der = openssl("pkey", "-in", node.datadir / f"ttp/{role}-ledger.pem",
                  "-outform", "DER").stdout
    at = der.index(b"\x02\x01\x01\x04\x20") + 5
    return Key(int.from_bytes(der[at:at + 32], "big"))


def test_C9_a_thief_of_the_cas_key_shuts_nobody_out(world):
    node = world.node()
    node.wait_services()
    seller = world.wallet("seller", node)
    ann = world.wallet("ann", node, enrol=False)
    mark = ann.enrol("ann")["fingerprint"]
    auction = seller.create("A lamp", "--d", "3s", "--difficulty", "1")
    ann.bid(auction, 10)
    thief = stolen(node, "ca")
    revoke(node, auction, "ab" * 32, thief)
    wait_for("a REVOKE by the CA's key on the chain",
             lambda: node.rpc.getauction(auction)["revoked"] == 1)
    revoke(node, auction, fingerprint_of(node, "ca"))
    wait_for("the root's word on the chain",
             lambda: node.rpc.getauction(auction)["revoked"] == 2)
    with pytest.raises(RpcError) as e:
        revoke(node, auction, mark, thief)
    assert e.value.data["field"] == "revoke.revoked"
    ann.bid(auction, 11)
