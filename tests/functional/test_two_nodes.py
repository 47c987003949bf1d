"""Two and three nodes on loopback: bidding on a node that does not stamp, late
joiners, restarts, a partition, a miner process, a reorg, a followed subset."""

import random
import signal
import time

import pytest

import gavel
from gavel import RpcError, chain_ids, wait_for

TERMS = ("--d", "30s", "--difficulty", "1")


@pytest.fixture
def pair(world):
    """A TTP's node, and one without a role that connects to it."""
    first = world.node("first", fixed_ports=True)
    first.wait_services()
    return first, join(world, first, "second")


def join(world, first, name, *options, peers=1, **more):
    """Another node: keys are exchanged before, as operators would."""
    node = world.node(name, *options, "--connect", first.peer, ttp=False,
                      start=False, fixed_ports=True, **more)
    learn_key(world, first, node)
    node.start()
    node.wait_peers(peers)
    return node


def learn_key(world, first, node):
    """`node` makes its key by a first start; `first` lets it in."""
    node.start()
    key = node.key
    node.stop()
    first.options += ["--peer-key", key]
    first.restart()


def same_chains(nodes, *chains):
    def check():
        tips = [[n.rpc.getblockhash(chain=c, height=n.rpc.getblockcount(c))
                 for c in chains] for n in nodes]
        return all(t == tips[0] for t in tips)
    wait_for("equal tips", check, 30)


def all_bids(node, auction):
    return {r["bid"] for r in node.rpc.listbids(auction=auction,
                                                limit=1000)["bids"]}


def auction_on(world, node, name="seller", *terms):
    seller = world.wallet(name, node)
    return seller, seller.create("Across nodes", *(terms or TERMS))


def test_S4_72_a_bid_on_the_second_node_is_stamped_by_the_first(world, pair):
    first, second = pair
    seller, auction = auction_on(world, first, "seller", "--d", "3s",
                                 "--notice", "6s", "--difficulty", "1")
    wait_for("the auction on the second node",
             lambda: auction in chain_ids(second))
    ann, bob = world.wallet("ann", second), world.wallet("bob", first)
    own = ann.bid(auction, "10")
    assert own["receipt"] and own["stamp"]
    other = bob.bid(auction, "11")
    last = ann.bid(auction, "12")
    expect = {b["bid"] for b in (own, other, last)}
    for node in pair:
        wait_for("all bids", lambda: all_bids(node, auction) == expect)
    seller.close_auction(auction)
    a, b = first.wait_final(auction), second.wait_final(auction)
    assert a["winner"] == b["winner"] and a["price"] == b["price"] == 1200
    assert a["fold_hash"] == b["fold_hash"]
    check_dumps(world, pair)
    dump = world.path("0.jsonl")
    good = dump.read_bytes()
    rng = random.Random(good)
    for at in sorted(rng.sample(range(len(good)), 12)):
        bad = bytearray(good)
        bad[at] ^= 1 << rng.randrange(8)
        dump.write_bytes(bad)
        done = world.explorer().verify(dump)
        assert done.returncode == 1, (at, done.stdout, done.stderr)
        assert done.stderr.strip(), at


def check_dumps(world, nodes):
    """Byte-identical from any synced node, and good."""
    def equal():
        dumps = [world.explorer(n).dump(world.path(f"{i}.jsonl"))
                 for i, n in enumerate(nodes)]
        return len(set(dumps)) == 1
    wait_for("byte-identical dumps", equal, 20, step=0.2)
    done = world.explorer().verify(world.path("0.jsonl"))
    assert done.returncode == 0, done.stdout + done.stderr
    tables = [world.explorer(n).dump(world.path(f"{i}.csv"), kind="csv")
              for i, n in enumerate(nodes)]
    assert len(set(tables)) == 1


def test_a_wrong_key_gets_nowhere(world):
    first = world.node("first")
    stranger = world.node("stranger", "--connect", first.peer, ttp=False)
    time.sleep(2 * gavel.SLOW)
    assert stranger.rpc.status()["peers"] == 0, "not in the allow list"
    endpoint, key = first.peer.split("#", 1)
    wrong = world.node("wrong", "--connect",
                       f"{endpoint}#{stranger.key}", ttp=False)
    time.sleep(1 * gavel.SLOW)
    assert wrong.rpc.status()["peers"] == 0, "not the key it expects"
    assert first.rpc.status()["peers"] == 0


def has_transaction(node, chain, tx):
    try:
        return node.rpc.gettransaction(chain, tx)["tx"] == tx
    except RpcError as e:
        assert e.code == -5, e
        return False


def test_without_a_stamping_service_a_bid_is_refused(world):
    """-27: this node cannot reach what the call needs."""
    from ledger import Est
    first = world.node("first", fixed_ports=True)
    first.wait_services()
    second = join(world, first, "second")
    seller, auction = auction_on(world, first)
    ann = Est(first, world.path("est")).enrol(first, "ann")
    sent = first.rpc.sendrawtransaction(ann.enrol_tx(auction).hex())["tx"]
    wait_for("the auction", lambda: auction in chain_ids(second))
    wait_for("the ENROL", lambda: has_transaction(second, auction, sent))
    recent = second.rpc.getauction(auction)["final_sealed"]
    first.stop()
    wait_for("the loss", lambda: second.rpc.status()["peers"] == 0)
    _, tx = ann.bid_tx(auction, 100, 1, recent)
    with pytest.raises(RpcError) as e:
        second.rpc.submitbid(tx.hex())
    assert e.value.code == -27 and e.value.data["role"] == "tsa"
    with pytest.raises(RpcError) as e:
        second.rpc.getwarrant()
    assert e.value.code == -27 and e.value.data["role"] == "ca"
    first.start()
    second.wait_peers(1)
    assert second.rpc.submitbid(tx.hex())["receipt"]


@pytest.mark.long
def test_S4_92_a_late_joiner_and_restarts_of_each(world, pair):
    first, second = pair
    seller, auction = auction_on(world, first)
    ann = world.wallet("ann", second)
    bids = [ann.bid(auction, str(a))["bid"] for a in range(10, 16)]
    late = join(world, first, "late")
    nodes = [*pair, late]
    for node in nodes:
        wait_for("all bids on every node",
                 lambda: set(bids) == all_bids(node, auction), 30)
    for node in (second, first, late):
        node.restart()
        for n in nodes:
            n.wait_peers(1)
        bids.append(ann.bid(auction, str(10 + len(bids)))["bid"])
        for n in nodes:
            wait_for("the new bid everywhere",
                     lambda: set(bids) == all_bids(n, auction), 30)
    for node in (second, first):
        node.kill()
        node.start()
        for n in nodes:
            n.wait_peers(1, 30)
        bids.append(ann.bid(auction, str(10 + len(bids)))["bid"])
    same_chains(nodes, auction)
    check_dumps(world, nodes)


@pytest.mark.long
def test_a_partition_heals(world, pair):
    """The second node sleeps while bids arrive, and has them afterwards; then
    the first sleeps and wakes."""
    first, second = pair
    seller, auction = auction_on(world, first)
    bob = world.wallet("bob", first)
    ann = world.wallet("ann", second)
    ann.bid(auction, "5")
    second.process.child.send_signal(signal.SIGSTOP)
    try:
        for amount in ("10", "11", "12"):
            bob.bid(auction, amount)
        time.sleep(6)
    finally:
        second.process.child.send_signal(signal.SIGCONT)
    wait_for("the bids of the time apart",
             lambda: all_bids(second, auction) == all_bids(first, auction), 40)
    first.process.child.send_signal(signal.SIGSTOP)
    try:
        time.sleep(6)
        assert second.rpc.uptime() >= 0, "the other goes on"
    finally:
        first.process.child.send_signal(signal.SIGCONT)
    ann.bid(auction, "20")
    wait_for("equal bids again",
             lambda: all_bids(second, auction) == all_bids(first, auction), 40)
    same_chains((first, second), auction)


@pytest.mark.long
def test_S4_73_a_miner_process_on_the_second_node(world, pair):
    """gavel-miner works for the second node; when the first one is away the
    registry goes on by its work, and the first takes it over."""
    first, second = pair
    seller, auction = auction_on(world, first)
    miner = world.miner(second, "--threads", "1")
    ann = world.wallet("ann", second)
    ann.bid(auction, "5")
    first.stop()
    height = second.rpc.getblockcount("registry")
    second.wait_height("registry", height + 3, 30)
    first.start()
    wait_for("the first node to take the blocks over",
             lambda: first.rpc.getblockcount("registry") >= height + 3, 30)
    same = second.rpc.getblockhash(chain="registry", height=height + 2)
    assert first.rpc.getblockhash(chain="registry", height=height + 2) == same
    assert miner.process.running()
    miner.stop()


@pytest.mark.long
def test_S4_88_two_nodes_mine_apart_and_meet(world):
    """A reorg: both have a branch of the registry from block 0; when they
    meet, one gives way, whole."""
    one = world.node("one", "--mine", ttp=False, fixed_ports=True)
    two = world.node("two", "--mine", ttp=False, fixed_ports=True)
    one.wait_height("registry", 3)
    key = one.key
    lost = one.rpc.getblockhash(chain="registry", height=1)
    one.stop()
    two.wait_height("registry", 8)
    keep = two.rpc.getblockhash(chain="registry", height=1)
    assert keep != lost
    two.options += ["--peer-key", key]
    two.restart()
    one.options += ["--connect", two.peer]
    one.start()
    one.wait_peers(1)
    wait_for("one branch", lambda: one.rpc.getblockhash(
        chain="registry", height=1) == keep, 30)
    for node in (one, two):
        node.restart()
        assert node.rpc.getblockhash(chain="registry", height=1) == keep
    same_chains((one, two), "registry")


@pytest.mark.long
def test_S4_80_a_node_follows_only_the_auctions_it_is_told(world):
    first = world.node("first", fixed_ports=True)
    first.wait_services()
    seller, wanted = auction_on(world, first)
    other = seller.create("Not followed", *TERMS)
    second = join(world, first, "second", "--follow", wanted)
    bob = world.wallet("bob", first)
    bid = bob.bid(wanted, "5")["bid"]
    bob.bid(other, "6")
    wait_for("the followed bid", lambda: bid in all_bids(second, wanted), 30)
    time.sleep(2)
    assert other not in chain_ids(second)
    with pytest.raises(RpcError) as e:
        second.rpc.getauction(other)
    assert e.value.code == -5
