"""An authority that contradicts itself: with its key the openssl program makes
a token that is later than the service's and has a smaller serial number."""

import hashlib
import json

import gavel
import pytest
from gavel import wait_for
from ledger import ARC, Key, h_tag, openssl, u16, u32

CONFIG = f"""
[ts]
serial = $dir/serial
signer_digest = sha256
default_policy = {ARC}.1.1
digests = sha256
accuracy = millisecs:100
clock_precision_digits = 6
ordering = yes
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def forged_token(folder, ttp, root, serial="02"):
    """A token of the service's over root, by its keys and openssl."""
    config, query = folder / "ts.conf", folder / "q.tsq"
    answer = folder / "token.der"
    config.write_text(f"dir = {folder}\n{CONFIG}")
    (folder / "serial").write_text(serial + "\n")
    openssl("ts", "-query", "-digest", root.hex(), "-sha256", "-no_nonce",
            "-tspolicy", f"{ARC}.1.1", "-out", query)
    openssl("ts", "-reply", "-config", config, "-section", "ts", "-queryfile",
            query, "-inkey", ttp / "tsa-key.pem", "-signer",
            ttp / "tsa-cert.pem", "-token_out", "-out", answer)
    return answer.read_bytes()


def restamped(stamp, folder, ttp):
    """The STAMP with a token of the same authority over the same leaf."""
    raw = bytes.fromhex(stamp)
    head = 2 + 32 + 1  # kind and version, chain, authority
    end = head + 2 + int.from_bytes(raw[head:head + 2], "little")
    assert raw[end:end + 2] == u16(1) and len(raw) == end + 2 + 32
    leaf = raw[end + 2:]
    token = forged_token(folder, ttp, hashlib.sha256(b"\0" + leaf).digest())
    return (raw[:head] + u16(len(token)) + token + u16(1) + leaf).hex()


def test_a_contradiction_becomes_evidence_that_anybody_can_check(world):
    node = world.node("node")
    node.wait_services()
    ann, ben = world.wallet("ann", node), world.wallet("ben", node)
    auction = ann.create("a clock")
    stamp = ben.bid(auction, 10)["stamp"]
    folder = node.datadir / "evidence"
    assert not folder.exists()
    fake = restamped(stamp, world.directory, node.datadir / "ttp")
    assert node.rpc.sendrawtransaction(fake)["kind"] == "STAMP"
    file = wait_for("the evidence", lambda: next(folder.glob("*.json"), None))
    wait_for("the log", lambda: "an authority contradicts itself" in node.log)
    assert json.loads(file.read_text())["what"] == "serial-order"
    # The node is not asked.
    node.stop()
    explorer = world.explorer()
    done = explorer.run("evidence", file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("true: the serial numbers of two tokens")
    assert f"auction {auction}" in done.stdout
    text = json.loads(file.read_text())
    for spoilt, why in (
            ({"what": "same-time"}, "not what the file says"),
            ({"tokens": [text["tokens"][0]] * 2}, "do not contradict"),
            ({"network": "moon"}, "unknown network"),
            ({"network": "main"}, "token 1: its OPEN"),
            ({"tokens": []}, "no evidence of version 1")):
        path = world.path("spoilt.json")
        path.write_text(json.dumps({**text, **spoilt}))
        done = explorer.run("evidence", path)
        assert done.returncode == 1 and why in done.stderr, done.stderr
    assert explorer.run("evidence", world.path("none")).returncode == 2


def contradiction(registry, key, chain):
    """EVIDENCE (format.md): votes of key for two blocks of one height."""
    votes = []
    for mark in (1, 2):
        link = u32(0) + bytes(32) + u32(5) + bytes([mark]) * 32
        votes.append(link + key.sign(h_tag("gavel/vote", chain + link)))
    return (bytes((8, 1)) + registry + b"\1" + chain + key.public
            + b"".join(sorted(votes)))


@pytest.mark.long
def test_a_validator_that_contradicts_itself_is_in_no_new_auction(world):
    genesis = json.loads((gavel.ROOT / "genesis/regtest.json").read_text())
    key = Key(int(genesis["validator_secrets"][0], 16))
    node = world.node("node")
    node.wait_services()
    ann = world.wallet("ann", node)
    before = ann.create("before")
    registry = bytes.fromhex(node.rpc.status()["registry"])
    assert node.rpc.listevidence() == []
    with pytest.raises(gavel.RpcError):
        node.rpc.sendrawtransaction(
            contradiction(registry, Key(), b"c" * 32).hex())
    tx = contradiction(registry, key, b"c" * 32)
    assert node.rpc.sendrawtransaction(tx.hex())["kind"] == "EVIDENCE"
    said = wait_for("the evidence on the registry", node.rpc.listevidence)
    assert [(one["key"], one["chain"]) for one in said] == [
        (key.public.hex(), (b"c" * 32).hex())]
    done = ann.run("auction", "create", "--title", "after")
    assert done.returncode == 1, done.stdout
    assert "has contradicted itself" in done.stderr
    # Nobody's quorum changes: what is open goes on, and becomes final.
    height = node.rpc.getblockcount("registry")
    wait_for("a final block", lambda: {
        c["chain"]: c for c in node.rpc.getchains()["chains"]
    }[registry.hex()]["final_height"] > height)
    assert node.rpc.getauction(before)["phase"] == "open"


@pytest.mark.long
def test_the_end_of_an_auction_is_anchored_on_the_registry(world):
    node = world.node("node")
    node.wait_services()
    ann, ben = world.wallet("ann", node), world.wallet("ben", node)
    auction = ann.create("a clock", "--limit", "3s")
    ben.bid(auction, 10)
    node.wait_final(auction)
    explorer, path = world.explorer(node), world.path("dump.jsonl")

    def anchored():
        explorer.dump(path)
        return '{"kind":"ANCHOR"' in path.read_text()
    wait_for("the ANCHOR", anchored)
    done = explorer.verify(path)
    assert done.returncode == 0, done.stderr
    line, = [x for x in done.stdout.splitlines() if x.startswith(auction)]
    assert "  anchored " in line and line.endswith("  final")
