"""A node that joins late: from several peers at once, of which some stall or
withhold; killed again and again meanwhile; and of many auctions only three."""

import random
import time

import pytest

import gavel
from gavel import chain_ids, wait_for
from test_two_nodes import TERMS, all_bids, check_dumps, join, learn_key

pytest.importorskip("zmq", reason="SKIP: no python3-zmq")
from peer import GETBLOCKS, GETHEADERS  # noqa: E402
from serving import Server, long_branch, serve_until  # noqa: E402

BLOCKS = 3000


class Late:
    """A node without blocks, and `servers` that have a long registry."""

    def __init__(self, world, *servers, blocks=BLOCKS):
        self.servers = servers
        allow = [w for s in servers for w in ("--peer-key", s.key)]
        self.node = world.node("late", *allow, ttp=False, fixed_ports=True)
        registry = bytes.fromhex(self.node.rpc.status()["registry"])
        block0 = bytes.fromhex(
            self.node.rpc.getblockhash(chain="registry", height=0))
        self.blocks = long_branch(registry, block0, blocks)
        for s in servers:
            s.have(registry, self.blocks)

    def meet(self):
        for s in self.servers:
            assert s.meet(self.node), "it has no session"
        return self

    def height(self):
        return self.node.rpc.getblockcount("registry")

    def is_synced(self):
        return self.height() == len(self.blocks)

    def check(self):
        """Its chain is the servers', block for block."""
        for b in random.sample(self.blocks, 50) + [self.blocks[-1]]:
            assert self.node.rpc.getblockhash(
                chain="registry", height=b.height) == b.sealed.hex()

    def close(self):
        for s in self.servers:
            s.close()


@pytest.fixture
def late(world):
    made = []

    def make(*servers, **more):
        made.append(Late(world, *servers, **more))
        return made[-1]
    yield make
    for one in made:
        one.close()


def test_S4_92_bodies_come_from_several_peers(late):
    """One peer is stalled from the start, one gives headers and no block, and
    two serve: both of these do, and the others hold nobody up."""
    stalled, withholds = Server(headers=False, bodies=False), Server(
        bodies=False)
    one, two = Server(), Server()
    x = late(stalled, withholds, one, two).meet()
    serve_until(x.servers, x.is_synced)
    x.check()
    assert one.given > BLOCKS / 10 and two.given > BLOCKS / 10
    assert stalled.given == withholds.given == 0
    assert {GETHEADERS, GETBLOCKS} & set(stalled.asked + withholds.asked)
    blocks = {p["key"]: p["blocks"] for p in x.node.rpc.getpeerinfo()}
    assert blocks[one.key] + blocks[two.key] >= BLOCKS
    assert blocks[stalled.key] == blocks[withholds.key] == 0
    assert x.node.rpc.status()["sync"]["fetched"] >= BLOCKS


@pytest.mark.long
def test_progress_is_shown(late, world):
    """In status, by `gavel status`, and by a line in the log now and then."""
    server = Server()
    server.most = 100
    x = late(server).meet()
    x.servers = (server,)
    serve_until(x.servers, lambda: "catching up" in x.node.log)
    sync = x.node.rpc.status()["sync"]
    assert sync["done"] is False and sync["chains_behind"] == 1
    assert sync["lacks"]["chain"] == server.chain.hex()
    assert 0 < sync["lacks"]["height"] <= 100
    assert sync["lacks"]["headers"] == 2000
    line = next(row for row in x.node.log.splitlines()
                if "catching up" in row)
    for word in ("height", "headers", "blocks_per_s", "peers"):
        assert word in line
    wallet = gavel.Wallet(world.path("wallet"), x.node)
    said = wallet.text("status")
    assert "1 chains behind" in said and " of 2000" in said
    server.most = None
    serve_until(x.servers, x.is_synced)
    x.check()
    serve_until(x.servers, lambda: x.node.rpc.status()["sync"]["done"])
    assert x.node.rpc.status()["sync"]["lacks"] is None
    serve_until(x.servers, lambda: "caught up" in x.node.log)


@pytest.mark.long
def test_kills_amid_a_sync_cost_little(late):
    """kill -9 while blocks come, five times: the next start goes on from what
    was there, and little is asked for twice."""
    rng = random.Random(5)
    one, two = Server(), Server()
    x = late(one, two)
    reached = 0
    for kill in range(5):
        x.meet()
        for s in x.servers:
            s.most = s.given + 250  # it cannot end
        goal = reached + rng.randrange(20, 120)
        serve_until(x.servers, lambda: x.height() >= goal)
        reached = x.height()
        assert reached < BLOCKS
        x.node.kill()
        x.node.start()
        assert x.height() >= reached
        reached = x.height()
    one.most = two.most = None
    x.meet()
    serve_until(x.servers, x.is_synced)
    x.check()
    assert one.given + two.given < BLOCKS + 5 * 2 * 250

@pytest.mark.long
def test_after_kills_amid_a_sync_dumps_are_equal(world):
    """A real ledger: auctions with bids, a joiner killed at random moments."""
    first = world.node("first", fixed_ports=True)
    first.wait_services()
    seller, ann = world.wallet("seller", first), world.wallet("ann", first)
    for i in range(6):
        auction = seller.create(f"Auction {i}", *TERMS)
        for amount in range(10, 14):
            ann.bid(auction, str(amount))
    late = world.node("late", "--connect", first.peer, ttp=False, start=False,
                      fixed_ports=True)
    learn_key(world, first, late)
    rng = random.Random(7)
    for kill in range(8):
        late.start(wait=False)
        time.sleep(rng.uniform(0.02, 0.6))
        late.kill()
    late.start()
    late.wait_peers(1, 30)
    wait_for("all chains", lambda: chain_ids(late) == chain_ids(first), 30)
    wait_for("all of the sync", lambda: late.rpc.status()["sync"]["done"], 30)
    check_dumps(world, (first, late))


@pytest.mark.long
def test_S4_80_of_many_auctions_three_are_fetched(world):
    """What a node does not follow it does not ask for, to the block."""
    first = world.node("first", fixed_ports=True)
    first.wait_services()
    seller, bob = world.wallet("seller", first), world.wallet("bob", first)
    auctions = [seller.create(f"Auction {i}", *TERMS) for i in range(20)]
    bids = {a: bob.bid(a, "5")["bid"] for a in auctions}
    for a in auctions:
        first.wait_height(a, 2)
    wanted = auctions[3:6]
    late = join(world, first, "late", *[
        w for a in wanted for w in ("--follow", a)])
    for a in wanted:
        wait_for("its bid", lambda: a in chain_ids(late) and
                 bids[a] in all_bids(late, a), 30)
    time.sleep(6)  # one more question for all tips
    registry = late.rpc.status()["registry"]
    assert set(chain_ids(late)) == {*wanted, registry}
    most = sum(late.rpc.getblockcount(c) + 1 for c in (*wanted, "registry"))
    peer, = late.rpc.getpeerinfo()
    assert 6 <= peer["blocks"] <= most
    assert late.rpc.status()["sync"]["fetched"] <= most
    everything = join(world, first, "everything")
    wait_for("all auctions",
             lambda: set(auctions) <= set(chain_ids(everything)), 30)
    wait_for("all bids", lambda: all(
        bids[a] in all_bids(everything, a) for a in auctions), 30)
    other, = everything.rpc.getpeerinfo()
    assert other["blocks"] > peer["blocks"] + 2 * (len(auctions) - 4)
