"""Two nodes with one validator's key: an operator's mistake, easily made on
regtest, where the key stands in the genesis file. It must not go unnoticed."""

import re
import secrets

import pytest
from gavel import wait_for
from test_two_nodes import join

pytestmark = pytest.mark.long

SAID = "another node votes with this validator's key"
PUBLIC = "votes with this network's public key"


def shared(*nodes):
    return [node.rpc.status()["key_shared"] for node in nodes]


def test_V1_two_nodes_with_one_key_say_so(world):
    first = world.node("first", fixed_ports=True)
    first.wait_services()
    # One node alone is no mistake.
    assert re.search(rf" info +node +\W?{PUBLIC}", first.log)
    assert SAID not in first.log and shared(first) == [False]
    second = join(world, first, "second", "--ttp", "ca,tsa")
    assert PUBLIC in second.log
    wait_for("one of them to notice", lambda: any(shared(first, second)), 60)
    node = first if shared(first)[0] else second
    assert re.search(rf" error +votes +\W?{SAID}", node.log)
    wallet = world.wallet("ann", node, enrol=False)
    assert SAID in wallet.text("status")


def test_V1_a_key_of_its_own_is_no_such_mistake(world, tmp_path):
    key = tmp_path / "validator.key"
    key.write_text(secrets.token_hex(32))
    first = world.node("first", fixed_ports=True)
    first.wait_services()
    second = join(world, first, "second", "--ttp", "ca,tsa",
                  "--validator-key", key)
    assert PUBLIC not in second.log
    final = first.rpc.getchains(limit=1)["chains"][0]["final_height"]
    wait_for("ten final blocks", lambda: second.rpc.getchains(limit=1)[
        "chains"][0]["final_height"] >= final + 10, 60)
    assert shared(first, second) == [False, False]
