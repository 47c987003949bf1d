#!/usr/bin/env python3
"""Random auctions, some with a fault, judged by both verifiers.

usage: random_ledger.py EXPLORER FIRST LAST

For every seed from FIRST up to, but without, LAST one auction is made, with
1 to 5 authorities, 1 to 9 validators and random terms, bids, stamps, votes
and cutoff. Its dump goes through verify.py and `EXPLORER verify`. Prints how
often each verdict came and exits with 1 if the two ever disagree.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections import Counter

import codec
from chain import Checks
from der import BLIND, PUBLISHED
from make_sample import DAY, World
from market import Auction
from verify import Invalid, verify
from wire import Bad
from writer import (Key, Stamper, bid_tx, close_tx, cutoff_tx, dump, final_tx,
                    head, num, stamp_tx, tst_leaf)

D_MS = 2000
FLAGS = ((1, "min_first", (50,)), (2, "min_step", (10,)),
         (4, "max_step", (40,)), (16, "per_bidder", (3,)),
         (32, "total_cap", (1, 2, 3, 6)), (64, "limit_ms", (2000, 6000)))
AMOUNTS = (30, 50, 60, 70, 80, 100, 120)


class Story:
    """One random auction. rng.random() < p is a fault or a rare case."""

    def __init__(self, world, seed):
        self.world, self.rng = world, random.Random(seed)
        rng = self.rng
        n, m = rng.choice((1, 1, 3, 3, 5)), rng.choice((1, 2, 4, 5, 9))
        self.stampers = [Stamper(f"authority {i}") for i in range(n)]
        self.validators = [Key(f"validator {i}") for i in range(m)]
        self.bidders = [Key(f"bidder {i}") for i in range(4)]
        self.now = world.start + DAY
        self.chain = world.open(b"random", self.now, self.stampers,
                                self.validators, **self._terms())
        self.state = Auction(world.net, self.chain.opening, Checks())
        self.state.start(codec.block(self.chain.blocks[0]))
        self.fine, self.closed, self.seq, self.old = True, False, 0, []

    def _chance(self, p):
        return self.rng.random() < p

    def _terms(self):
        rng = self.rng
        terms = dict(flags=0, reference=rng.randint(0, 1), d_ms=D_MS,
                     reserve=rng.choice((0, 0, 90)),
                     max_bids=rng.choice((4, 50)))
        for flag, name, values in FLAGS:
            if self._chance(.45):
                terms["flags"] |= flag
                terms[name] = rng.choice(values)
        if self._chance(.3):
            caps = (0, 1, 2) if terms["flags"] & 16 else (0,)
            terms["flags"] |= 8
            terms["allowed"] = sorted(
                ((key, rng.choice(caps)) for key in self.bidders[:3]),
                key=lambda entry: entry[0].public)
        if self._chance(.5) or not terms["flags"] & 96:
            terms.update(close_policy=1, notice_ms=2 * D_MS)
        if self._chance(.3):
            terms.update(fixed=0)
        return terms

    def _push(self, txs, wait, votes):
        """Adds a block; self.fine tells whether it is valid."""
        self.now += wait
        for tx in self._votes(votes):
            low = 1 if txs and txs[0][0] in (21, 22) else 0
            txs.insert(self.rng.randint(low, len(txs)), tx)
        self.chain.add(txs, self.now - self._chance(.01),
                       depth=self.rng.choice((0, 0, 2)))
        try:
            self.state.add(codec.block(self.chain.blocks[-1]))
        except Bad:
            self.fine = False

    def _votes(self, p):
        height, rng = len(self.chain.sealed) - 1, self.rng
        sources = sorted(self.state.justified)[-2:]
        if self._chance(.05):
            sources.append(rng.randint(0, height))
        source = rng.choice(sources)
        target = rng.choice((source + 1, height))
        if not self._chance(p) or not source < target <= height:
            return []
        m = len(self.validators)
        count = max(1, 2 * m // 3 + 1 - self._chance(.02))
        vote = final_tx(self.chain.chain, self.validators,
                        sorted(rng.sample(range(m), count)),
                        self.chain.here(source), self.chain.here(target))
        known = codec.transaction(vote).link in self.state.links
        return [vote] if not known or self._chance(.1) else []

    def _fresh(self):
        """New BIDs, and perhaps the CLOSE."""
        rng, c, out = self.rng, self.chain, []
        for _ in range(rng.randint(0, 3)):
            self.seq += 1
            recent = (rng.choice(c.sealed[-3:]) if self._chance(.4)
                      else c.sealed[0])
            amount = rng.choice(AMOUNTS + (self.seq * 10 + 40,))
            out.append(bid_tx(c.chain, rng.choice(self.bidders), self.seq,
                              amount, recent))
        policy = c.opening.terms.close_policy
        if policy and not self.closed and self._chance(.2):
            self.closed = True
            out.append(close_tx(c.chain, self.world.seller))
        return out

    def _stamps(self, fresh):
        """STAMPs of a quorum or of all, with some older leaves. Some are
        dated back to what the makers of bids had seen (C4)."""
        rng, out = self.rng, []
        n = len(self.stampers)
        base = self.now * 1000 - rng.randint(0, 200000)
        count = rng.choice((n // 2 + 1, n))
        for i in rng.sample(range(n), count):
            leaves = {tst_leaf(tx) for tx in fresh}
            leaves |= {leaf for leaf in self.old if self._chance(.15)}
            if self._chance(.1):
                leaves.add(rng.randbytes(32))
            if leaves and (fresh or self._chance(.04)):
                time_us = base + rng.choice((0, 0, 1, -1, -500, 200))
                seen = rng.choice(self.state.newest[-3:])
                if self._chance(.3) and seen + 900000 > base:
                    time_us = seen + rng.randint(-1, 1)
                    leaves |= set(self.old[-6:])
                out.append(stamp_tx(self.chain.chain, i, self.stampers[i],
                                    time_us, leaves))
        return out

    def _bidding(self):
        for _ in range(self.rng.randint(3, 9)):
            fresh = self._fresh()
            self.old += [tst_leaf(tx) for tx in fresh]
            txs = fresh + self._stamps(fresh)
            self.rng.shuffle(txs)
            if txs and self.fine:
                self._push(txs, self.rng.choice((250, 300, 700, 1500)), .4)

    def _cutoff(self, limit_us):
        rng, n = self.rng, len(self.stampers)
        tokens = [(i, self.stampers[i],
                   limit_us + (0 if self._chance(.05) else
                               rng.choice((1, 2, 5000))),
                   rng.choice((PUBLISHED, BLIND)))
                  for i in sorted(rng.sample(range(n), n // 2 + 1))]
        latest = max(time_us for _, _, time_us, _ in tokens)
        self._push([cutoff_tx(self.chain.chain, self.chain.sealed[-1],
                              tokens)],
                   max(250, -(-latest // 1000) - self.now), .5)

    def _finish(self):
        got = self.state.judge()
        self._push([head(22, self.chain.chain) + num(got.status, 1)
                    + got.winner + num(got.price, 8) + got.fold], 250, .5)
        for _ in range(6):
            if not self.fine:
                return
            over = self.state.final_height >= self.state.y
            if not over or self._chance(.1):
                self._push([], 1000, .9)

    def tell(self):
        """The lines of the dump."""
        self._push([self.chain.enrol(key) for key in self.bidders], 250, 0)
        self._bidding()
        end = self.state.end_us() if self.fine else None
        if end is not None:
            self._cutoff(end + D_MS * 1000)
        if self.fine and self.state.x is not None:
            self._finish()
        return dump(self.world.net, self.world.registry(), [self.chain],
                    codec.block)


def main():
    if len(sys.argv) != 4:
        print("usage: random_ledger.py EXPLORER FIRST LAST", file=sys.stderr)
        return 2
    explorer, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    world, verdicts, differ = World(), Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "dump.jsonl")
        for seed in range(first, last):
            lines = Story(world, seed).tell()
            verdict = "valid"
            try:
                dumped = verify(lines)
                if dumped.auctions[0].y is not None:
                    verdict = "valid, with outcome"
            except Invalid as error:
                verdict = error.args[1]
            with open(path, "wb") as file:
                file.writelines(lines)
            done = subprocess.run([explorer, "verify", path], text=True,
                                  capture_output=True, check=False)
            verdicts[verdict] += 1
            if (done.returncode == 0) != verdict.startswith("valid"):
                differ += 1
                print(f"seed {seed}: {verdict}; but {explorer} gives "
                      f"{done.returncode}: {done.stderr or done.stdout}")
    for verdict, count in verdicts.most_common():
        print(f"{count:6} {verdict}")
    print(f"{last - first} auctions, {differ} disagreements")
    return 1 if differ or last <= first else 0


if __name__ == "__main__":
    sys.exit(main())
