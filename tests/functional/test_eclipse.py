"""A node that hears almost nobody but liars: ten peers of one mind, with a
chain that has far more work than the honest one, and one honest peer."""

import threading
import time

import pytest

from gavel import wait_for

pytest.importorskip("zmq", reason="SKIP: no python3-zmq")
from peer import (ANN, BLOCKS, GETBLOCKS, GETHEADERS, GETTIPS, HEADERS,  # noqa
                  TIPS, Peer, branch, le, listed, tip, tips)

pytestmark = pytest.mark.long

LIARS = 10
BLOCKS_MADE = 400
MORE = 100
GROWTH = 64 << 20  # bytes of memory


class Lie:
    """A chain beside the honest registry, from block 0 on: good work, good
    times, nothing that a validator voted for."""

    def __init__(self, registry, zero):
        self.chain = registry
        first_ms = int(time.time() * 1000) - 1000 * (BLOCKS_MADE + MORE)
        self.all = branch(registry, zero, 1, first_ms, BLOCKS_MADE + MORE)
        self.count = BLOCKS_MADE
        self.at = {zero: 0, **{b.sealed: b.height for b in self.all}}

    @property
    def told(self):
        return self.all[:self.count]

    def tip(self):
        last = self.told[-1]
        return tip(self.chain, last.height, last.sealed, last.height,
                   2**200)


class Liar(Peer):
    def __init__(self, lie):
        super().__init__()
        self.lie, self.over = lie, threading.Event()
        self.answer[GETTIPS] = lambda body: (TIPS, tips([lie.tip()]))
        self.answer[GETHEADERS] = self.headers
        self.answer[GETBLOCKS] = self.blocks
        self.thread = threading.Thread(target=self.lie_on, daemon=True)

    def headers(self, body):
        known = (body[i:i + 32] for i in range(34, len(body), 32))
        start = next((self.lie.at[k] for k in known if k in self.lie.at), 0)
        return HEADERS, body[:32] + b"\0" + listed(
            [b.raw for b in self.lie.told[start:]])

    def blocks(self, body):
        ids = [body[i:i + 32] for i in range(34, len(body), 32)]
        return BLOCKS, body[:32] + listed(
            [self.lie.all[self.lie.at[i] - 1].raw for i in ids
             if self.lie.at.get(i, 0) > 0])

    def lie_on(self):
        seq = 1
        while not self.over.is_set():
            self.tell(ANN, self.lie.tip() + le(seq, 8))
            seq += 1
            self.run(0.5)

    def end(self):
        self.over.set()
        if self.thread.ident:
            self.thread.join(10)
        self.close()


@pytest.fixture
def liars():
    made = []
    yield made
    for one in made:
        one.end()


def best(node):
    row = node.rpc.getchains(limit=1)["chains"][0]
    return row["height"], bytes.fromhex(row["sealed"])


def same_chain(node, first):
    """Has node the blocks of first up to what is final there?"""
    final = first.rpc.getchains(limit=1)["chains"][0]["final_height"]
    return final > 0 and node.rpc.getblockcount("registry") >= final and all(
        node.rpc.getblockhash(chain="registry", height=h) ==
        first.rpc.getblockhash(chain="registry", height=h)
        for h in range(final + 1))


def test_ten_liars_do_not_hide_one_honest_peer(world, liars):
    first = world.node("first", fixed_ports=True)
    first.wait_services()
    registry = bytes.fromhex(first.rpc.status()["registry"])
    zero = bytes.fromhex(first.rpc.getblockhash(chain="registry", height=0))
    lie = Lie(registry, zero)
    liars += [Liar(lie) for _ in range(LIARS)]
    words = [w for one in liars for w in ("--peer-key", one.key)]
    victim = world.node("victim", "--connect", first.peer, *words, ttp=False)
    key = victim.key
    first.options += ["--peer-key", key]
    first.stop()
    # Alone among liars it believes them, but nothing of it is final.
    for one in liars:
        assert one.meet(victim)
        one.thread.start()
    wait_for("the false chain", lambda: best(victim)[1] ==
             lie.told[-1].sealed, 40)
    before = victim.memory()
    assert victim.rpc.getchains(limit=1)["chains"][0]["final_height"] == 0
    # One word of the honest peer and it is gone.
    first.start()
    wait_for("the honest chain", lambda: same_chain(victim, first), 60)
    # A longer lie changes nothing, and the honest chain goes on.
    lie.count += MORE
    height = first.rpc.getblockcount("registry")
    victim.wait_height("registry", height + 6, 40)
    assert same_chain(victim, first)
    assert all(GETHEADERS in one.asked or GETTIPS in one.asked
               for one in liars)
    assert victim.memory() < before + GROWTH
    assert victim.process.running() and first.process.running()
