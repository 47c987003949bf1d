"""The operator of a CA approves by hand, invites by secret, revokes."""

import pytest

import gavel
from gavel import wait_for


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
