"""Receipts: promises that anybody can hold against a verified dump."""

import time

import pytest
from gavel import CommandError, wait_for
from ledger import Est


def judge(world, node, receipt):
    """The finished `verify --receipt` over the ledger as the node has it."""
    explorer = world.explorer(node)
    dump, file = world.path("ledger.jsonl"), world.path("receipt")
    explorer.dump(dump)
    file.write_text(receipt + "\n")
    return explorer.verify(dump, "--receipt", file)


@pytest.mark.long
def test_S4_71_a_receipt_is_kept_or_broken_for_all_to_see(world):
    node = world.node(fixed_ports=True)
    node.wait_services()
    seller, ann = world.wallet("seller", node), world.wallet("ann", node)
    auction = seller.create("Promised", "--d", "2s", "--notice", "4s",
                            "--difficulty", "1")
    kept = ann.bid(auction, "5")["bid"]
    wait_for("ann's bid in a block", lambda: node.rpc.getbid(kept)[
        "state"] != "received", 30)
    text = ann.text("bid", "show", kept, "--receipt").strip()
    assert text == ann("bid", "show", kept, "--receipt")["receipt"]
    with pytest.raises(CommandError) as e:
        ann("bid", "show", "00" * 32, "--receipt")
    assert "no receipt" in e.value.stderr

    # The only node is away until the deadline has passed: the bid is stamped
    # again and counts, and what was promised first did not come true.
    bidder = Est(node, world.path("est")).enrol(node, "bidder")
    node.rpc.sendrawtransaction(bidder.enrol_tx(auction).hex())
    recent = node.rpc.getauction(auction)["final_sealed"]
    late, tx = bidder.bid_tx(auction, 700, 1, recent)
    broken = node.rpc.submitbid(tx.hex())["receipt"]
    node.kill()
    time.sleep(2.5)
    node.start()
    wait_for("the late bid in a block", lambda: node.rpc.getbid(late)[
        "state"] == "included", 30)
    done = judge(world, node, broken)
    assert done.returncode == 1 and "not decided" in done.stdout
    seller.close_auction(auction)
    node.wait_final(auction)

    done = judge(world, node, text)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kept: the bid is in a block by then" in done.stdout
    wait_for("votes for a later block on the chain", lambda: "not decided" not
             in judge(world, node, broken).stdout, 30, step=1)
    done = judge(world, node, broken)
    assert done.returncode == 1
    assert "broken: a final block is later" in done.stdout

    # One bit of it, and it is worth nothing; and what is no receipt is said.
    changed = text[:-1] + ("0" if text[-1] != "0" else "1")
    done = judge(world, node, changed)
    assert done.returncode == 1 and "worth nothing" in done.stdout
    done = judge(world, node, text[:-2])
    assert done.returncode == 1 and "expected the hex of one" in done.stderr
