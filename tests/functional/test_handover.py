"""A validator's key is rotated while its auctions are open: by a node that has
both keys, and by a new machine that has the new one alone."""

import json
import shutil

import pytest

from gavel import RpcError, wait_for
from ledger import Key
from quorum import Network
from test_quorum import SHORT, check_dump


def key_in(file):
    """The public key of a key file."""
    return Key(int(file.read_text().strip(), 16)).public.hex()


def state_of(wallet, auction):
    """What `gavel handover` says of an auction."""
    rows = wallet("handover")["auctions"]
    return next(row["state"] for row in rows if row["auction"] == auction)


def keys_of(node, auction):
    return node.rpc.getauction(auction)["validators"]["keys"]


def signers_from(blocks, height):
    """Who signed the FINAL with this source."""
    return next(tx.signers for b in blocks for tx in b.txs
                if tx.name == "FINAL" and tx.source_height == height)


@pytest.mark.long
def test_V9_a_node_with_both_keys_goes_on(world):
    node = world.node("node")
    node.wait_services()
    ann = world.wallet("ann", node)
    file = world.path("next.key")
    with pytest.raises(RpcError) as caught:
        node.rpc.handover()
    assert caught.value.code == -4
    ending = ann.create("ends", "--limit", "2s", "--difficulty", "1")
    auction = ann.create("rotates", "--d", "2s", "--notice", "4s",
                         "--difficulty", "1")
    bob = world.wallet("bob", node)
    bob.bid(auction, 5)
    before = keys_of(node, auction)
    node.wait_final(ending)
    node.restart("--handover-key", file)
    assert file.stat().st_mode & 0o777 == 0o600
    told = ann("handover")
    assert told["key"] == key_in(file) != before[0]
    assert [(row["auction"], row["validator"], row["state"])
            for row in told["auctions"]] == [(auction, 0, "waits")]
    # Nobody bids, and it gets a block all the same.
    wait_for("the handover on the chain",
             lambda: state_of(ann, auction) == "stands")
    assert keys_of(node, auction) == [key_in(file)]
    # Two blocks more, and the one behind it is final.
    for amount in (6, 7):
        height = node.rpc.getauction(auction)["height"]
        bob.bid(auction, amount)
        node.wait_height(auction, height + 1)
    wait_for("the old key to be of no use",
             lambda: state_of(ann, auction) == "done")
    assert "needed any more" in ann.text("handover")
    ann.close_auction(auction)
    assert node.wait_final(auction, 60)["status"] == "sold"
    assert not node.rpc.status()["key_shared"]
    proof = node.rpc.getproof(auction=auction, outcome=True)
    assert len(proof["handovers"]) == 1
    path = world.path("proof.json")
    path.write_text(json.dumps(proof))
    done = world.explorer().verify(path, "--proof")
    assert done.returncode == 0, done.stdout + done.stderr
    proof["handovers"] = []
    path.write_text(json.dumps(proof))
    assert world.explorer().verify(path, "--proof").returncode == 1
    blocks = check_dump(world, node, auction)
    handed = [tx for b in blocks for tx in b.txs if tx.name == "HANDOVER"]
    assert [tx.key.hex() for tx in handed] == [key_in(file)]


def test_V9_options_that_do_not_go_together(world):
    node = world.node("node", "--handover-key", world.path("a.key"),
                      ttp=False, start=False)
    code, said = node.fails()
    assert code != 0 and "no validator key to hand over" in said
    world.path("a.key").write_text("11" * 32 + "\n")
    code, said = node.fails("--validator-key", world.path("a.key"))
    assert code != 0 and "it is the validator's key already" in said
    code, said = node.fails("--role", "repository")
    assert code == 2 and "it takes no --handover-key" in said


@pytest.mark.long
def test_V9_a_validator_is_rotated_and_its_machine_replaced(world):
    """Of four validators one hands over and is then killed for good; another
    one goes away too, so that nothing is final without the new key."""
    net = Network(world, stamps=1, votes=4)
    seller, ann = net.seller(), world.wallet("ann", net.ca)
    auction = net.auction(seller, *SHORT)
    net.wait_everywhere(auction)
    ann.bid(auction, 10)
    first, file = net.votes[0], world.path("judge.key")
    place = keys_of(net.ca, auction).index(net.vote_keys()[0])
    first.restart("--handover-key", file)
    first.wait_peers(len(net.nodes) - 1, 60)
    operator = world.wallet("operator", first, enrol=False)
    assert state_of(operator, auction) in ("waits", "stands")
    for node in net.nodes:
        wait_for("the new key on every node", lambda: keys_of(
            node, auction)[place] == key_in(file), 60)
    # The old key is needed until the block above the handover is final.
    for amount in (11, 12, 13):
        height = net.ca.rpc.getauction(auction)["height"]
        ann.bid(auction, amount)
        first.wait_height(auction, height + 1)
    wait_for("the old key to be of no use",
             lambda: state_of(operator, auction) == "done", 60)
    first.kill()

    # A machine that knows nothing but the new key and who the old one was on
    # the network.
    heir = world.node("heir", "--validator-key", file, ttp=False, start=False,
                      fixed_ports=True)
    shutil.copy(first.datadir / "peer.key", heir.datadir / "peer.key")
    for node in net.nodes:
        if node is not first:
            heir.options += ["--connect", node.peer, "--peer-key",
                             node.peer.split("#", 1)[1]]
    heir.start()
    heir.wait_peers(len(net.nodes) - 1, 60)
    net.votes[3].kill()
    net.wait_everywhere(auction, [heir])
    ann.bid(auction, 14)
    seller.close_auction(auction)
    outcome = net.ca.wait_final(auction, 120)
    assert outcome["status"] == "sold" and outcome["price"] == 1400
    assert heir.wait_final(auction, 60)["fold_hash"] == outcome["fold_hash"]
    blocks = check_dump(world, net.ca, auction)
    handed = next(b.height for b in blocks for tx in b.txs
                  if tx.name == "HANDOVER")
    end = max(tx.source_height for b in blocks for tx in b.txs
              if tx.name == "FINAL")
    assert handed < end
    assert place in signers_from(blocks, end)
    assert keys_of(heir, auction)[place] == key_in(file)
