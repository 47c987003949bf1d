#!/usr/bin/env python3
"""Final rounds and hidden reserves of open auctions with one broken rule, as in
test_rules.py.
"""

import unittest

import make_sample as sample
from auction import UNOPENED
from desk import Holders
from make_sample import stamps
from rulebook import WORLD, RuleCase
from test_rules_sealed import secret
from writer import (bid_tx, cutoff_tx, keyrelease_tx, opening_tx,
                    sealed_bid_tx, setfixed_tx, tst_leaf)
from der import BLIND

ROUND = dict(visibility=4, soft_ms=10000, soft_cap_ms=10000)
CAP_MS, END_MS, LATE_MS = 70000, 80000, 85000


class Final(RuleCase):
    """The limit is at + 60 s, the cap 10 s after it, the round takes 10 s."""

    def setUp(self):
        super().setUp()
        self.amounts, self.bids = {}, []

    def round(self, **terms):
        """Two open bids, 100 and 110, that lead to the cap."""
        c = self.market(holders=Holders(3, 2), **dict(ROUND, **terms))
        c.add([c.enrol(key) for key in (WORLD.alice, WORLD.bob)],
              self.at + 250)
        self.make(c, WORLD.alice, 100, 55000)
        self.make(c, WORLD.bob, 110, 61000)
        return c

    def make(self, c, key, amount, t_ms, final=False, wait=500):
        """A bid and its stamp at at + t_ms, in a block of its own."""
        i = len(self.bids)
        if final:
            part = c.sealing.make(key.public, secret(i), amount)
            b = sealed_bid_tx(c.chain, key, i, part, c.sealed[0])
            self.amounts[b] = amount
        else:
            b = bid_tx(c.chain, key, i, amount, c.sealed[0])
        t = self.us + t_ms * 1000
        s = stamps(c, {0: t}, [tst_leaf(b)])[0]
        c.add([b, s], self.at + t_ms + wait)
        self.bids.append((b, t, sample.identity(s)))
        return b

    def cut_at(self, c, ms, offset=1):
        c.add([cutoff_tx(c.chain, c.sealed[-1],
                         [(0, self.stamper, (self.at + ms) * 1000 + offset,
                           BLIND)])], self.at + ms + 250)

    def settle(self, c, ms=LATE_MS):
        """X, its child, and the block that shows X final."""
        self.cut_at(c, ms)
        x = len(c.blocks) - 1
        c.add([setfixed_tx(c.chain, [bid[:2] for bid in self.bids]),
               self.vote(c, 0, x)], self.at + ms + 500)
        c.add([self.vote(c, x, x + 1)], self.at + ms + 1500)

    def keys(self, c, *indices):
        return [keyrelease_tx(c.chain, i, c.holders.all[i].secret)
                for i in indices]

    def outcome(self, c, **more):
        return sample.outcome_tx(
            c, self.bids, amounts=more.pop("amounts", self.amounts), **more)

    def judged(self, c):
        return self.good(c).auctions[0].judged

    def test_a17(self):
        three = Holders(3, 2)
        for terms in (dict(soft_ms=0, soft_cap_ms=0), dict(final_ms=9999),
                      dict(final_ms=7 * sample.DAY + 1),
                      dict(opening_period_ms=4999),
                      dict(buy_now=5, hidden=self.hidden(5))):
            self.bad(self.market(holders=three, **dict(ROUND, **terms)), "A17")
        for terms in (dict(final_ms=10000), dict(direction=1),
                      dict(buy_now=200), dict(flags=96, total_cap=5),
                      dict(pricing=2, hidden=self.hidden(5)),
                      dict(pricing=1, increments=((2**64 - 1, 1),))):
            self.good(self.market(holders=three, **dict(ROUND, **terms)))
        self.bad(self.market(holders=three, visibility=0, buy_now=5,
                             hidden=self.hidden(5)), "A17")
        self.bad(self.market(holders=three, visibility=0, direction=2,
                             clock=(90, 40, 7, 1000),
                             hidden=self.hidden(5)), "A17")
        self.refused("no length", self.market, holders=three,
                     **dict(ROUND, final_ms=0))
        self.refused("bid_escrow", self.market, **ROUND)

    def hidden(self, amount):
        return lambda seals, key: seals.make(key, secret(99), amount)

    def test_a32(self):
        """The bounds to the microsecond, the floor, one for each bidder."""
        c = self.round(flags=64 | 16, per_bidder=1)
        for key, amount, t_ms, final in (
                (WORLD.alice, 900, CAP_MS, True),        # 6: not yet
                (WORLD.alice, 900, CAP_MS + 1000, False),  # 6: open
                (WORLD.alice, 110, CAP_MS + 2000, True),  # 17
                (WORLD.alice, 900, CAP_MS + 3000, True),  # 9
                (WORLD.bob, 111, END_MS, True)):          # 0
            self.make(c, key, amount, t_ms, final)
        self.make(c, WORLD.bob, 999, END_MS + 1, True, 800)  # 7
        self.settle(c)
        c.add(self.keys(c, 0, 2), self.at + 87000)
        c.add([self.outcome(c)], self.at + 87250)
        judged = self.judged(c)
        self.assertEqual(judged.codes, [0, 0, 6, 6, 17, 9, 0, 7])
        self.assertEqual((judged.winner, judged.price),
                         (WORLD.bob.public, 111))

    def test_r6(self):
        """E is the end of the round where extensions lead to it."""
        c = self.round()
        self.cut_at(c, LATE_MS, 0)
        self.bad(c, "R6: token")
        self.bids = []
        c = self.market(holders=Holders(3, 2), **ROUND)
        c.add([c.enrol(WORLD.alice)], self.at + 250)
        self.make(c, WORLD.alice, 100, 59000)
        self.cut_at(c, 74000)
        c.add([self.outcome(c)], self.at + 74500)
        self.assertEqual(self.judged(c).price, 100)

    def test_r7_nothing_is_sealed(self):
        c = self.round()
        self.cut_at(c, LATE_MS)
        c.add([setfixed_tx(c.chain, [bid[:2] for bid in self.bids])],
              self.at + 86000)
        self.bad(c, "R7: no OUTCOME")
        self.bids = []
        c = self.round()
        self.cut_at(c, LATE_MS)
        c.add([self.outcome(c)], self.at + 86000)
        self.assertEqual(self.judged(c).price, 110)

    def test_r7_a_void_one_is_sealed(self):
        c = self.round()
        self.make(c, WORLD.alice, 900, 62000, True)
        self.cut_at(c, LATE_MS)
        c.add([self.outcome(c)], self.at + 86000)
        self.bad(c, "R7: no SETFIXED")

    def test_c15(self):
        c = self.round()
        b = self.make(c, WORLD.alice, 900, 71000, True)
        self.settle(c)
        c.add([opening_tx(c.chain, self.bids[0][0], secret(0))],
              self.at + 87000)
        self.bad(c, "C15: no such BID")
        self.setUp()
        c = self.round()
        b = self.make(c, WORLD.alice, 900, 71000, True)
        self.make(c, WORLD.bob, 990, 72000, True)
        self.settle(c)
        c.add([opening_tx(c.chain, b, secret(2))], self.at + 87000)
        self.cut_at(c, LATE_MS + 20000)
        known = dict(self.amounts, **{})
        known[self.bids[3][0]] = UNOPENED
        c.add([self.outcome(c, amounts=known)], self.at + 106000)
        judged = self.judged(c)
        self.assertEqual((judged.codes, judged.price), ([0, 0, 0, 14], 900))

    def test_a24(self):
        """A hidden reserve of open bids, with a final round and without."""
        for terms, at in ((dict(visibility=0, soft_ms=0, soft_cap_ms=0),
                           66000), (dict(), LATE_MS)):
            for reserve, status in ((110, 0), (111, 2), (None, 0)):
                self.setUp()
                hidden = self.hidden(reserve or 500)
                if reserve is None:
                    hidden = self.spoiled
                c = self.market(holders=Holders(3, 2), hidden=hidden,
                                **dict(ROUND, **terms))
                c.add([c.enrol(WORLD.alice)], self.at + 250)
                self.make(c, WORLD.alice, 100, 59000)
                self.make(c, WORLD.alice, 110, 60000)
                self.settle(c, at)
                c.add(self.keys(c, 1, 2), self.at + at + 2000)
                c.add([self.outcome(c, reserve=reserve)],
                      self.at + at + 2250)
                self.assertEqual(self.judged(c).status, status)

    def spoiled(self, seals, key):
        part = seals.make(key, secret(99), 500)
        return part[:5] + bytes((part[5] ^ 1,)) + part[6:]

    def test_a23_kind_of_a_bid(self):
        """Of a hidden reserve alone follows no sealed bid."""
        c = self.market(holders=Holders(3, 2), visibility=0,
                        hidden=self.hidden(5))
        c.add([c.enrol(WORLD.alice)], self.at + 250)
        self.make(c, WORLD.alice, 900, 59000, True)
        self.bad(c, "A23")


if __name__ == "__main__":
    unittest.main()
