#!/usr/bin/env python3
"""Auctions of several lots with one broken rule, as in test_rules.py."""

import unittest

import make_sample as sample
import lots
from desk import Desk, Holders, disclose_tx
from make_sample import stamps
from rulebook import WORLD, RuleCase
from writer import Key, accept_tx, bid_tx, num, outcome_of, settle_tx, tst_leaf

LOTS = ((b"Vase", 0, 0), (b"Clock", 50, 0), (b"Chair", 0, 500))
BIDS = ((WORLD.alice, 1, 100), (WORLD.bob, 2, 49), (WORLD.bob, 3, 499),
        (WORLD.bob, 1, 70), (WORLD.bob, 4, 900))


class Lots(RuleCase):
    """Three lots: the second has a minimum, the third a reserve."""

    def make(self, bids, **terms):
        """A chain up to X with (key, lot, amount), half a second apart."""
        c = self.market(lots=terms.pop("lots", LOTS), **terms)
        c.add([c.enrol(key) for key in (WORLD.alice, WORLD.bob)],
              self.at + 250)
        self.bids = []
        for i, (key, lot, amount) in enumerate(bids):
            b = bid_tx(c.chain, key, i, amount, c.sealed[0], lot)
            t = self.us + 500000 * (i + 1)
            s = stamps(c, {0: t}, [tst_leaf(b)])[0]
            c.add([b, s], t // 1000 + 300)
            self.bids.append((b, t, sample.identity(s), lot, amount))
        c.add([self.cut(c)], self.at + 66000)
        return c

    def judged(self, c):
        rows = [(sample.h_tag("gavel/bid", b[:-64]), b[34:66], amount, t,
                 sample.h_tag("gavel/tie", mark + sample.h_tag(
                     "gavel/bid", b[:-64])), False, lot)
                for b, t, mark, lot, amount in self.bids]
        return lots.judge(c.opening.terms, c.times[0], None, rows)

    def sold(self, bids=BIDS, **terms):
        """Ended: alice has the vase, the clock had no bid that counts, the
        chair's reserve is not met."""
        c = self.make(bids, **terms)
        x = len(c.blocks) - 1
        c.add([outcome_of(c.chain, self.judged(c)), self.vote(c, 0, x)],
              self.at + 66500)
        return c, x

    def test_a33(self):
        c, _ = self.sold()
        auction = self.good(c).auctions[0]
        self.assertEqual(auction.judged.codes, [0, 11, 0, 0, 18])
        self.assertEqual(auction.judged.lots,
                         [(0, WORLD.alice.public, 100),
                          (1, bytes(32), 0), (2, bytes(32), 0)])

    def test_f20(self):
        """The table has the lot of each bid, one that is not there too."""
        c, _ = self.sold()
        rows = [row.rstrip("\n").split(",") for row in
                self.good(c).auctions[0].csv_rows()]
        self.assertEqual([(row[6], row[9]) for row in rows],
                         [("accepted", "1"), ("below-first", "2"),
                          ("accepted", "3"), ("accepted", "1"),
                          ("no-lot", "4")])

    def test_a33_terms(self):
        three = Holders(3, 2)
        seals = dict(visibility=1, holders=three, opening_period_ms=5000)
        soft = dict(seals, soft_ms=10000, soft_cap_ms=10000, limit_ms=60000,
                    final_ms=10000)
        for terms in (dict(soft, visibility=4),
                      dict(seals, opening_period_ms=4),
                      dict(flags=64 | 128, pay_ms=9000),
                      dict(buy_now=499), dict(buy_now=40)):
            self.bad(self.market(lots=LOTS, **terms), "A17")
        self.good(self.market(lots=LOTS, **seals))
        hides = dict(holders=three, opening_period_ms=5000,
                     hidden=lambda s, key: s.make(key, bytes(32), 70))
        for visibility in (0, 1):  # with a hidden reserve 3 and 2
            self.bad(self.market(lots=LOTS, visibility=visibility, **hides),
                     "A17")
            self.good(self.market(lots=LOTS[:2], visibility=visibility,
                                  **hides))
        self.good(self.market(lots=LOTS, buy_now=500))
        self.good(self.market(lots=LOTS, desk=Desk(1)))
        self.refused("lots", self.market, lots=LOTS[:1])
        self.refused("lots", self.market, lots=LOTS * 22)
        self.good(self.market(lots=(LOTS * 22)[:64]))
        for title in (b"", b"x" * 101, b"two\nlines"):
            self.refused("lot", self.market, lots=((title, 0, 0),) * 2)

    def test_c3(self):
        """A bid without a lot where there are some, and the other way round."""
        self.bad(self.make([(WORLD.alice, 0, 100)]), "A33: version")
        self.bad(self.make([(WORLD.alice, 1, 100)], lots=()), "A33: version")
        c = self.make([(WORLD.alice, 65, 100)])
        self.refused("lot", self.judge, WORLD.registry(), [c])

    def test_r6(self):
        """The last lot ends it: one with a total cap has only one full."""
        c = self.make([(WORLD.alice, 1, 100)], flags=64 | 32, total_cap=1)
        self.good(c)

    def test_r7(self):
        """The results of the lots, each in its place."""
        for change in (lambda l: l[::-1], lambda l: l[:-1],
                       lambda l: [(0, l[0][1], 101)] + l[1:],
                       lambda l: l[:1] + [(2, bytes(32), 0)] + l[2:]):
            c = self.make([(WORLD.alice, 1, 100), (WORLD.bob, 1, 90)])
            judged = self.judged(c)
            judged.lots = change(judged.lots)
            c.add([outcome_of(c.chain, judged)], self.at + 66500)
            self.bad(c, "R7")
        c = self.make([(WORLD.alice, 1, 100)])
        judged = self.judged(c)
        c.add([bytes((22, 1)) + c.chain + num(0, 1) + WORLD.alice.public
               + num(100, 8) + judged.fold], self.at + 66500)
        self.bad(c, "R7")

    def disclosed(self, *of, bids=BIDS):
        """An anonymous one that is final, and DISCLOSEs of (award, side)."""
        c, x = self.sold(bids, desk=Desk(1))
        c.add([self.vote(c, x, x + 1)], self.at + 67500)
        c.add([self.vote(c, x + 1, x + 2)], self.at + 68500)
        c.add([disclose_tx(c.chain, Key("notary 0"), 0, side, award=award)
               for award, side in of], self.at + 69000)
        return c

    def test_c10(self):
        """One DISCLOSE of each lot that is sold, notary and side."""
        self.good(self.disclosed((1, 0), (1, 1)))
        self.bad(self.disclosed((1, 0), (1, 0)), "C10: DISCLOSE twice")
        for award in (0, 2, 3, 4, 64):
            self.bad(self.disclosed((award, 0)), "C10: DISCLOSE of no award")
        # Of one winner of two lots, each.
        self.good(self.disclosed((1, 0), (3, 0), bids=[
            (WORLD.alice, 1, 100), (WORLD.alice, 3, 500)]))

    def test_c17(self):
        """An award has its lot's number; unsold lots have none."""
        for award, key, side, rule in (
                (1, WORLD.alice, 1, None), (1, WORLD.seller, 0, None),
                (0, WORLD.seller, 0, "C17"), (2, WORLD.seller, 0, "C17"),
                (3, WORLD.seller, 0, "C17"), (1, WORLD.bob, 1, "C17"),
                (64, WORLD.seller, 0, "C17")):
            c, x = self.sold()
            c.add([self.vote(c, x, x + 1)], self.at + 67500)
            c.add([self.vote(c, x + 1, x + 2)], self.at + 68500)
            c.add([settle_tx(c.chain, key, award, 1, side)], self.at + 69000)
            self.check(c, rule)

    def test_c18(self):
        """No second chance: nobody accepts an award, however it is numbered."""
        for award in (1, 3, 4):
            for key in (WORLD.alice, WORLD.bob):
                c, x = self.sold()
                c.add([self.vote(c, x, x + 1)], self.at + 67500)
                c.add([self.vote(c, x + 1, x + 2)], self.at + 68500)
                c.add([accept_tx(c.chain, key, award, 0)], self.at + 69000)
                self.bad(c, "C18")


if __name__ == "__main__":
    unittest.main()
