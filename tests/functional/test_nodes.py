"""NODE records: nodes that are certified by the CA, find each other by the
registry, and are refused when their certificate is revoked."""

import json
import time

import pytest

import gavel
from gavel import wait_for

YES = ("--discover", "yes")


@pytest.fixture
def first(world):
    """A TTP's node that others find by its record."""
    node = world.node("first", *YES, fixed_ports=True)
    node.wait_services()
    wait_for("its own record", lambda: record(node, node.key))
    return node


def record(node, curve, everything=False):
    """The newest record that `node` knows of a CURVE key, or None."""
    for row in rows(node, everything):
        if row["curve"] == curve:
            return row
    return None


def rows(node, everything=False):
    out, after = [], None
    while True:
        page = node.rpc.call("listnodes", all=everything, limit=1,
                             **({"after": after} if after else {}))
        out += page["nodes"]
        after = page["next"]
        if after is None:
            return out


def newcomer(world, first, name, *options):
    """A node that knows `first` alone; `first` lets it in by hand, once."""
    node = world.node(name, *YES, "--connect", first.peer, *options,
                      ttp=False, start=False)
    node.start()
    key = node.key
    node.stop()
    first.options += ["--peer-key", key]
    first.restart()
    node.start()
    wait_for("its record", lambda: record(node, key), 40)
    return node


def keys(node):
    return {p["key"] for p in node.rpc.getpeerinfo()}


def test_S1_01_nodes_meet_by_their_records(world, first):
    second = newcomer(world, first, "second")
    third = newcomer(world, first, "third")
    for node, other in ((second, third), (third, second)):
        wait_for("the other node", lambda: other.key in keys(node), 60)
    row = record(third, second.key)
    assert row["counts"] and row["role"] == "node"
    assert row["p2p"] == second.rpc.status()["p2p"]["endpoint"]
    assert record(second, first.key)["roles"] == ["stamps"]
    seen = {r["curve"] for r in rows(first)}
    assert seen == {n.key for n in (first, second, third)}
    assert [r["key"] for r in rows(first)] == sorted(
        r["key"] for r in rows(first)), "pages of one row, in order"

    # The address changes with the next start, and the record after it.
    second.restart()
    wait_for("the new address", lambda: record(third, second.key)["p2p"]
             == second.rpc.status()["p2p"]["endpoint"], 60)
    assert record(third, second.key)["seq"] > row["seq"]
    wait_for("the two nodes", lambda: third.key in keys(second), 60)


@pytest.mark.long
def test_a_node_that_only_votes_has_a_record(world, first):
    judge = newcomer(world, first, "judge")
    judge.restart("--ttp", "validator", "--operator", "Judge")
    row = wait_for("the record of a validator", lambda: next(
        (r for r in rows(first) if r["role"] == "validator"), None), 40)
    assert row["counts"] and row["curve"] == judge.key
    assert row["submit"] and row["roles"] == []


@pytest.mark.long
def test_a_revoked_node_is_refused(world, first):
    second = newcomer(world, first, "second")
    third = newcomer(world, first, "third")
    wait_for("the two nodes", lambda: third.key in keys(second), 60)
    mark = record(first, second.key)["fingerprint"]
    first.rpc.carevoke(fingerprint=mark, reason=4)
    wait_for("the record to count no more",
             lambda: record(third, second.key) is None, 30)
    assert not record(third, second.key, True)["counts"]
    wait_for("the session to end", lambda: second.key not in keys(third), 30)
    assert any(p["key"] == second.key and "registry" in p["reason"]
               for p in third.rpc.getpeerinfo(ended=True) if p["reason"])
    end = time.monotonic() + 3 * gavel.SLOW
    while time.monotonic() < end:
        assert second.key not in keys(third), "it came back"
        time.sleep(0.1)


def test_S1_03_peers_are_listed_and_disconnected(world, first):
    second = newcomer(world, first, "second")
    wallet = world.wallet("ann", first, enrol=False)
    wait_for("the peer", lambda: second.key in keys(first))
    [peer] = wallet("peers")
    assert peer["session"] >= 1 and peer["direction"] in ("in", "out")
    assert peer["since_ms"] > 0 and peer["bytes_in"] > 0
    assert peer["bytes_out"] > 0 and peer["score"] == 100
    assert peer["suite"].startswith("CURVE") and peer["reason"] is None
    assert peer["agent"].startswith("gavel/")
    table = wallet.text("peers")
    assert str(peer["session"]) in table and "XSalsa20" in table
    wallet.run_ok("peers", "--kick", peer["session"])
    wait_for("the end", lambda: second.key not in keys(first))
    [ended] = [p for p in json.loads(wallet.run_ok(
        "peers", "--ended").stdout) if p["reason"]]
    assert ended["session"] == peer["session"]
    assert ended["reason"] == "disconnected by the operator"
    assert ended["ended_ms"] >= peer["since_ms"]
    assert "disconnected by the operator" in wallet.text("peers", "--ended")
    assert wallet.run("peers", "--kick", peer["session"]).returncode != 0
