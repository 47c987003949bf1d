"""Somebody with nine times the work of all honest miners leaves bids out of one
auction, in front of everybody and on branches of his own, for as long as they
could still count. Four validators (V4)."""

import time

import pytest

from gavel import RpcError, wait_for
from ledger import Est
from quorum import Network

pytest.importorskip("zmq", reason="SKIP: no python3-zmq")
from peer import Sealed  # noqa: E402

pytestmark = pytest.mark.long

D_S = 8
TERMS = ("--d", f"{D_S}s", "--notice", f"{2 * D_S}s", "--difficulty", "2")
TARGET = 0x2000FFFF  # of that difficulty: 256 hashes
STEP_MS = 250  # R1
# Within D/4, in which validators judge a block (V4).
AHEAD_MS = 1000 * D_S // 4 - 500
POWER = 9  # blocks sealed for each honest one
FILLERS = 80  # a block needs a transaction (R8)
LONGEST = 24  # private branch
BIDS = 6  # in the first four seconds


class Attacker:
    """Seals blocks of one chain with ENROLs of his own and nothing else, and
    hands them to `node`. `base`: his private branch hangs there."""

    def __init__(self, node, auction, fillers):
        self.node, self.auction = node, auction
        self.rpc = node.connect(node.ports)
        self.chain = bytes.fromhex(auction)
        self.fillers = fillers
        self.blocks = {}  # sealed -> Sealed
        self.spent = {}  # sealed -> numbers of fillers on its branch
        self.honest = set()
        self.private = []
        self.told = self.refused = 0

    def look(self):
        """(height, sealed, time) of the best chain's tip; what others sealed
        since is noted."""
        for row in self.rpc.getchains(limit=1000)["chains"]:
            if row["chain"] == self.auction:
                break
        sealed = row["sealed"]
        self.spent_at(sealed)
        return row["height"], sealed, row["time_ms"]

    def spent_at(self, sealed):
        """Which fillers are on the branch that ends there."""
        new = []
        while sealed not in self.spent:
            raw = bytes.fromhex(self.rpc.getblock(
                chain=self.auction, sealed=sealed, verbosity=0))
            new.append((sealed, raw))
            # F10: version, chain, height, then prev.
            sealed = raw[38:70].hex()
            if sealed == "00" * 32:
                self.spent[sealed] = frozenset()
        for name, raw in reversed(new):
            self.spent[name] = self.spent[sealed] | {
                i for i, tx in enumerate(self.fillers) if tx in raw}
            self.honest.add(name)
            sealed = name
        return self.spent[sealed]

    def seal(self, height, sealed, time_ms):
        """A block on that one as early as may be, or None."""
        spent = self.spent[sealed]
        free = next((i for i in range(len(self.fillers)) if i not in spent),
                    None)
        now = int(time.time() * 1000)
        time_ms = max(time_ms + STEP_MS, now)
        if free is None or time_ms > now + AHEAD_MS:
            return None
        block = Sealed(self.chain, bytes.fromhex(sealed), height + 1, time_ms,
                       [self.fillers[free]], target=TARGET)
        name = block.sealed.hex()
        self.blocks[name] = block
        self.spent[name] = spent | {free}
        return block

    def publish(self, blocks):
        for block in blocks:
            try:
                self.rpc.submitblock(block.raw.hex())
                self.told += 1
            except RpcError as e:
                assert e.code == -26, e  # a branch that is final elsewhere
                self.refused += 1
                return

    def in_front(self):
        """The next block is his, if he is first."""
        block = self.seal(*self.look())
        if block is not None:
            self.publish([block])

    def aside(self):
        """One block more of the private branch, which begins before the tip
        and is told when it is longer than the best chain."""
        height, sealed, _ = self.look()
        if not self.private:
            raw = bytes.fromhex(self.rpc.getblock(
                chain=self.auction, sealed=sealed, verbosity=0))
            self.base = (height - 1, raw[38:70].hex(),
                         int(time.time() * 1000) - 2000)
        last = self.private[-1] if self.private else None
        block = self.seal(last.height, last.sealed.hex(), last.time_ms) \
            if last else self.seal(*self.base)
        if block is not None:
            self.private.append(block)
        if block is None or len(self.private) == LONGEST or \
                self.private[-1].height >= height + 3:
            self.publish(self.private)
            self.private = []

    def turn(self):
        """A second in front of everybody, a second aside, and in all at
        least nine blocks for each one of the others."""
        if int(time.monotonic()) % 2:
            self.in_front()
        else:
            self.aside()
        for _ in range(LONGEST):
            if len(self.blocks) >= POWER * len(self.honest):
                break
            self.aside()


class Finals:
    """What was final once stays, at every node."""

    def __init__(self, nodes, auction):
        self.rpcs = [n.connect(n.ports) for n in nodes]
        self.auction, self.seen, self.looks = auction, {}, 0

    def look(self):
        for rpc in self.rpcs:
            for row in rpc.getchains(limit=1000)["chains"]:
                if row["chain"] != self.auction:
                    continue
                height = row["final_height"]
                name = rpc.getblockhash(chain=self.auction, height=height)
                assert self.seen.setdefault(height, name) == name
                self.looks += 1

    def check(self):
        for rpc in self.rpcs:
            for height, name in self.seen.items():
                assert rpc.getblockhash(chain=self.auction,
                                        height=height) == name


BUSY = (-10, -27, -28)  # tried again in the next turn


def place(node, tx, receipts):
    try:
        answer = node.rpc.submitbid(tx.hex())
    except RpcError as e:
        if e.code not in BUSY:
            raise
        return
    receipts[answer["bid"]] = answer["t_us"]


def heights(node, auction):
    return {r["bid"]: r["height"] for r in node.rpc.listbids(
        auction=auction, limit=1000)["bids"]}


def check(node, auction, first, receipts):
    """The outcome is that of all bids with receipts, in the order of the times
    in their receipts."""
    outcome = node.wait_final(auction, 60)
    assert outcome["fold_hash"] == first["fold_hash"]
    assert outcome["status"] == "sold"
    assert outcome["price"] == 1000 + len(receipts) - 1
    rows = node.rpc.listbids(auction=auction, limit=1000)["bids"]
    assert {r["bid"]: r["t_us"] for r in rows} == receipts
    assert [r["t_us"] for r in rows] == sorted(receipts.values())
    assert all(r["state"] == "final" for r in rows)
    assert node.process.running()


def test_S4_94_nine_tenths_of_the_work_leave_no_bid_out(world):
    net = Network(world, stamps=1, votes=4)
    est = Est(net.ca, world.path("est"))
    names = [est.enrol_later(f"filler-{i}") for i in range(FILLERS)]
    people = [est.enrol_later(f"bidder-{i}") for i in range(3)]
    est.wait_enrolled(net.ca, names + people)
    seller = net.seller()
    auction = net.auction(seller, *TERMS)
    net.wait_everywhere(auction)
    for who in people:
        net.ca.rpc.sendrawtransaction(who.enrol_tx(auction).hex())
    for node in net.nodes:
        wait_for("the bidders", lambda: node.rpc.getauction(
            auction)["bidders"] == len(people))
    recent = net.ca.rpc.getauction(auction)["final_sealed"]
    attacker = Attacker(net.ca, auction,
                        [who.enrol_tx(auction) for who in names])
    attacker.look()
    attacker.honest.clear()
    finals = Finals(net.nodes, auction)
    seller.close_auction(auction)
    receipts, begin = {}, time.monotonic()
    while time.monotonic() < begin + 2.5 * D_S:
        attacker.turn()
        finals.look()
        made = len(receipts)
        if made < BIDS and time.monotonic() > begin + made * 0.7:
            _, tx = people[made % 3].bid_tx(auction, 1000 + made, made + 1,
                                            recent)
            place(net.votes[made % 4], tx, receipts)
        time.sleep(0.05)
    print(f"{len(attacker.blocks)} blocks of the attacker, {attacker.told} "
          f"told, {attacker.refused} refused, {len(attacker.honest)} of "
          f"others, {finals.looks} looks")
    assert len(attacker.blocks) >= POWER * len(attacker.honest)
    assert len(receipts) == BIDS
    first = net.ca.wait_final(auction, 60)
    for node in net.nodes:
        check(node, auction, first, receipts)
    finals.look()
    finals.check()
    theirs = sum(net.ca.rpc.getblockhash(chain=auction, height=h) in
                 attacker.blocks for h in range(first["height"]))
    print(f"{theirs} of {first['height']} blocks of the chain are his; bids "
          f"are in {sorted(heights(net.ca, auction).values())}")
    assert theirs > 0
