"""The operator of a CA approves by hand, invites by secret, revokes."""

import hashlib

import pytest

import gavel
from gavel import wait_for
from ledger import Est, Identity


def test_S0_01_a_request_waits_until_it_is_approved(world):
    node = world.node("node", "--ttp-approval", "hand")
    wallet = world.wallet("ann", node, enrol=False)
    enrol = wallet.spawn("enrol", "--name", "Ann")
    waiting = wait_for("a request", node.rpc.capending)
    assert [w["role"] for w in waiting] == ["user"]
    assert "Ann" in waiting[0]["subject"]
    assert node.rpc.cadecide(waiting[0]["id"], True) is True
    out, err = enrol.communicate(timeout=gavel.COMMAND_S)
    assert enrol.returncode == 0, out + err
    with pytest.raises(gavel.RpcError) as e:
        node.rpc.cadecide("00" * 32, True)
    assert e.value.code == -5


def test_S0_01_a_secret_admits_one_enrolment(world):
    node = world.node("node", "--ttp-approval", "secret")
    secret = world.path("secret")
    secret.write_text(node.rpc.casecret() + "\n")
    for name, expect in (("Ann", True), ("Bob", False)):
        wallet = world.wallet(name.lower(), node, enrol=False)
        done = wallet.run("enrol", "--name", name, "--secret-file", secret)
        assert (done.returncode == 0) == expect, done.stdout + done.stderr


def test_S0_01_approval_with_openssl_and_curl(world):
    """By hand: 202 until somebody decides, the same request again. Approved,
    denied, and a duplicate of what was approved meanwhile."""
    node = world.node("node", "--ttp-approval", "hand")
    est = Est(node, world.path("est"))
    asked = {name: est.request(Identity(name)) for name in ("ann", "bob")}
    asked["second ann"] = est.request(Identity("ann"))
    for csr in asked.values():
        answer = est.send(csr)
        assert answer.status == 202 and int(answer.headers["retry-after"]) > 0
    waiting = node.rpc.capending()
    assert [w["subject"] for w in waiting] == ["CN=ann", "CN=bob", "CN=ann"]
    for w, approve in zip(waiting, (True, False, True)):
        assert w["id"] in {hashlib.sha256(c).hexdigest()
                           for c in asked.values()}
        assert node.rpc.cadecide(w["id"], approve) is approve
    answer = est.send(asked["ann"])
    assert answer.status == 200
    assert est.certificate(est.send(asked["ann"])) == est.certificate(answer)
    answer = est.send(asked["bob"])
    assert answer.status == 400 and "denied" in answer.text
    answer = est.send(asked["second ann"])
    assert answer.status == 400 and "duplicate" in answer.text


def test_S0_01_a_secret_with_openssl_and_curl(world):
    """Of HTTP basic authentication the password; one enrolment each, and a
    request that is refused for another reason does not cost it."""
    node = world.node("node", "--ttp-approval", "secret")
    est = Est(node, world.path("est"))
    secret = node.rpc.casecret()
    csr = est.request(Identity("cora"))
    answer = est.send(csr)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert est.send(csr, "-u", f":{secret[:-1]}0x").status == 401
    used = est.request(Identity("cora"), nonce="ab" * 32)
    assert est.send(used, "-u", f":{secret}").status == 400
    answer = est.send(csr, "-u", f"whoever:{secret}")
    assert answer.status == 200, answer.text
    assert est.send(est.request(Identity("dana")), "-u",
                    f":{secret}").status == 401
    # A lost answer costs no second one.
    assert est.certificate(est.send(csr)) == est.certificate(answer)


def test_S0_03_a_revoked_seller_opens_no_auction(world, node):
    wallet = world.wallet("sam", node, enrol=False)
    key = wallet.enrol("Sam")["key"]
    fingerprint = node.rpc.getcert(key=key)["cred"][:64]
    assert node.rpc.carevoke(fingerprint, 1) == fingerprint
    wait_for("the revocation on the registry",
             lambda: node.rpc.getcert(key=key)["revoked"])
    with pytest.raises(gavel.CommandError) as e:
        wallet.create("A lamp", "--min-first", "10")
    assert "bad-credential" in e.value.stderr
    with pytest.raises(gavel.RpcError) as e:
        node.rpc.carevoke("00" * 32)
    assert e.value.code == -5
