#!/usr/bin/env python3
"""Sealed auctions with one broken rule, as in test_rules.py: OPEN and terms,
the set, keys and secrets, the end of the opening, and what F then knows.
"""

import unittest
from hashlib import sha256

import make_sample as sample
import sealing
from auction import FALSE, UNOPENED
from desk import Desk, Holders
from make_sample import stamps
from rulebook import WORLD, RuleCase
from writer import (Stamper, bid_tx, cutoff_tx, head, keyrelease_tx,
                    opening_tx, sealed_bid_tx, setfixed_tx, stamp_tx,
                    tst_leaf)
from der import BLIND, PUBLISHED

OTHER = bytes.fromhex("2a0304")
R_MS = 20000


def secret(i):
    """es of bid i."""
    return sha256(b"es %d" % i).digest()


class Sealed(RuleCase):
    """E is at + 60 s, D 5 s, and R 20 s."""

    def setUp(self):
        super().setUp()
        self.amounts = {}

    def part(self, c, i, key, amount):
        return c.sealing.make(key.public, secret(i), amount)

    def sealed(self, holders=None, bids=((0, 300), (1, 500)), change=None,
               **terms):
        """A chain with bids (bidder, amount); change spoils a sealed part."""
        c = self.market(holders=holders or Holders(3, 2), **terms)
        who = (WORLD.alice, WORLD.bob)
        c.add([c.enrol(key) for key in who], self.at + 250)
        c.bids, txs = [], []
        for i, (index, amount) in enumerate(bids):
            part = self.part(c, i, who[index], amount)
            if change:
                part = change(c, i, part)
            b = sealed_bid_tx(c.chain, who[index], i, part, c.sealed[0])
            t = self.us + 500000 + i
            s = stamps(c, {0: t}, [tst_leaf(b)])[0]
            txs += [b, s]
            c.bids.append((b, t, sample.identity(s)))
            self.amounts[b] = amount
        c.add(txs, self.at + 600)
        return c

    def setfixed(self, c):
        return setfixed_tx(c.chain, [bid[:2] for bid in c.bids])

    def fixed(self, **more):
        """Up to X's child, block 4."""
        c = self.sealed(**more)
        c.add([self.cut(c)], self.at + 66000)
        c.add([self.setfixed(c), self.vote(c, 0, 3)], self.at + 66250)
        return c

    def settled(self, **more):
        """Up to the block that shows X final, block 5."""
        c = self.fixed(**more)
        c.add([self.vote(c, 3, 4)], self.at + 67250)
        return c

    def keys(self, c, *indices):
        return [keyrelease_tx(c.chain, i, c.holders.all[i].secret)
                for i in indices]

    def outcome(self, c, amounts=None):
        known = dict.fromkeys(self.amounts, UNOPENED)
        known.update(self.amounts if amounts is None else amounts)
        return sample.outcome_tx(c, c.bids, amounts=known)

    def late(self, c, offset=1):
        """The second CUTOFF."""
        time_us = self.end + R_MS * 1000 + offset
        return cutoff_tx(c.chain, c.sealed[-1],
                         [(0, self.stamper, time_us, BLIND)])

    # OPEN and terms

    def test_a17(self):
        three = Holders(3, 2)
        for terms in (dict(flags=66, min_step=1), dict(flags=68, max_step=1),
                      dict(flags=96, total_cap=1),
                      dict(soft_ms=10000, soft_cap_ms=10000),
                      dict(buy_now=1),
                      dict(pricing=1, increments=((2**64 - 1, 1),)),
                      dict(opening_period_ms=4999),
                      dict(opening_period_ms=30 * sample.DAY + 1)):
            self.bad(self.market(holders=three, **terms), "A17")
        for terms in (dict(opening_period_ms=5000), dict(pricing=2),
                      dict(flags=1 | 16 | 64, min_first=5, per_bidder=1),
                      dict(direction=1, reserve=5)):
            self.good(self.market(holders=three, **terms))

    def test_f9(self):
        self.good(self.market(holders=Holders(16, 16)))
        self.good(self.anonymous(Desk(2), holders=Holders(1, 1)))
        for holders in (Holders(3, 4), Holders(3, 0), Holders(17, 2)):
            self.refused("", self.market, holders=holders)
        self.refused("bid_escrow", self.market, visibility=1)
        self.refused("bid_escrow", self.market, holders=Holders(2),
                     visibility=0)
        twice = Holders(2)
        twice.all[1].secret = twice.all[0].secret
        self.refused("holders", self.market, holders=twice)
        other = Holders(2)
        other.all[1].key = WORLD.alice
        other.pops = lambda digest: Holders(2).pops(digest)
        self.bad(self.market(holders=other), "OPEN: pop")

    def blind(self, policy=OTHER, url="http://tsa.example/tsr", **more):
        """A market whose authority is blind, and its bids."""
        self.stamper = Stamper("blind authority", policy=policy, url=url)
        return self.sealed(**more)

    def test_r5_blind_authorities(self):
        for policy, url in ((BLIND, ""), (OTHER, "http://a"),
                            (OTHER, "http://" + 193 * "a")):
            c = self.blind(policy, url)
            c.add([self.cut(c)], self.at + 66000)
            c.add([self.setfixed(c), self.vote(c, 0, 3)], self.at + 66250)
            self.good(c)
        for url in ("", "http://", "https://a", "http://a b",
                    "http://" + 194 * "a"):
            self.refused("url", self.blind, OTHER, url)

    def test_r5_only_where_amounts_are_sealed_and_not_mixed(self):
        two = Stamper("b", policy=OTHER, url="http://a")
        for policy in (BLIND, OTHER):
            self.stamper = Stamper("a", policy=policy, url="http://a")
            self.refused("R5", self.market)
        self.good(self.market([Stamper("a", policy=BLIND), two,
                               Stamper("c", policy=BLIND)],
                              holders=Holders(1, 1)))
        for first in (PUBLISHED, BLIND):
            mixed = [Stamper("a", policy=first), two,
                     Stamper("c", policy=PUBLISHED)]
            self.refused("R5", self.market, mixed, holders=Holders(1, 1))

    def test_r5_the_pinned_policy_dates_bids(self):
        for pinned in (BLIND, OTHER, PUBLISHED):
            for policy in (PUBLISHED, BLIND, OTHER):
                c = self.blind(pinned)
                b = sealed_bid_tx(c.chain, WORLD.alice, 9,
                                  self.part(c, 9, WORLD.alice, 7), c.sealed[0])
                c.add([b, stamp_tx(c.chain, 0, c.stampers[0],
                                   self.us + 700000, [tst_leaf(b)], policy)],
                      self.at + 900)
                self.check(c, None if policy == pinned else "stamp: policy")

    def test_r6_the_pinned_policy_and_blind_serve_for_cutoffs(self):
        for pinned in (BLIND, OTHER, PUBLISHED):
            for policy in (PUBLISHED, BLIND, OTHER):
                c = self.blind(pinned)
                c.add([self.cut(c, policy=policy)], self.at + 66000)
                self.check(c, None if policy in (pinned, BLIND)
                           else "stamp: policy")

    def test_a23_kind_of_a_bid(self):
        c = self.market(holders=Holders(3, 2))
        c.add([c.enrol(WORLD.alice)], self.at + 250)
        c.add([*self.bid(c)], self.at + 600)
        self.bad(c, "A23")
        c = self.enrolled()
        part = Holders(3, 2).sealing(c.chain).make(
            WORLD.alice.public, secret(0), 5)
        b = sealed_bid_tx(c.chain, WORLD.alice, 0, part, c.sealed[0])
        c.add([b] + stamps(c, {0: self.us + 500000}, [tst_leaf(b)]),
              self.at + 600)
        self.bad(c, "A23")

    # The set

    def test_r7_the_set(self):
        self.good(self.fixed())
        for make in (lambda c: [], self.keyless_outcome,
                     lambda c: [self.vote(c, 0, 3)]):
            c = self.sealed()
            c.add([self.cut(c)], self.at + 66000)
            c.add(make(c), self.at + 68000)
            self.bad(c, "R7: no SETFIXED")
        for bids in ([], [1, 0]):
            c = self.sealed()
            c.add([self.cut(c)], self.at + 66000)
            c.add([setfixed_tx(c.chain, [c.bids[i][:2] for i in bids])],
                  self.at + 66250)
            self.bad(c, "R7: SETFIXED is not")
        c = self.sealed()
        c.add([self.cut(c), self.setfixed(c)], self.at + 66000)
        self.bad(c, "C7")
        c = self.ended()[0]
        c.add([self.cut(c)], self.at + 66000)
        c.add([setfixed_tx(c.chain, [])], self.at + 66250)
        self.bad(c, "R7: no OUTCOME")

    def keyless_outcome(self, c):
        return [self.outcome(c, {})]

    # Keys

    def test_c13_time(self):
        c = self.sealed()
        c.add(self.keys(c, 0), self.at + 900)
        self.bad(c, "C7")
        c = self.fixed()
        c.add(self.keys(c, 0), self.at + 67250)
        self.bad(c, "C14: X is not final")
        c = self.fixed()
        c.add(self.keys(c, 0) + [self.vote(c, 3, 4)], self.at + 67250)
        self.bad(c, "C14: X is not final")
        c = self.fixed()
        c.add([self.vote(c, 3, 4)] + self.keys(c, 0), self.at + 67250)
        self.good(c)
        c.add(self.keys(c, 1), self.at + 67500)
        self.good(c)
        c.add([self.outcome(c)] + self.keys(c, 2), self.at + 67750)
        self.bad(c, "C7")
        c = self.fixed()  # all in the block that shows X final
        c.add([self.vote(c, 3, 4)] + self.keys(c, 0, 1), self.at + 67250)
        c.add([self.outcome(c)], self.at + 67500)
        self.good(c)

    def test_c13(self):
        c = self.settled()
        c.add(self.keys(c, 0, 0), self.at + 67500)
        self.bad(c, "C14: KEYRELEASE twice")
        c = self.settled()
        other = c.holders.all[1].secret
        c.add([keyrelease_tx(c.chain, 0, other)], self.at + 67500)
        self.bad(c, "C14: not the key")
        c = self.settled()
        c.add([keyrelease_tx(c.chain, 3, other)], self.at + 67500)
        self.bad(c, "C14: no such")
        c = self.settled()
        c.add([keyrelease_tx(c.chain, 0, bytes((other[0] | 1,)) + other[1:])],
              self.at + 67500)
        self.refused("clamped", self.judge, WORLD.registry(), [c])

    def test_which_keys_are_used_never_matters(self):
        """Not even with a false bid, and one that is copied."""
        def change(c, i, part):
            if i == 1:
                at = len(part) - sealing.OPENING - 1
                return part[:at] + bytes((part[at] ^ 1,)) + part[at + 1:]
            if i == 2:
                return self.part(c, 0, WORLD.alice, 300)
            return part

        bids = ((0, 300), (0, 900), (1, 300), (1, 200))
        for choice in ((0, 1), (0, 2), (2, 1), (2, 1, 0)):
            c = self.settled(bids=bids, change=change, pricing=2)
            c.add(self.keys(c, *choice), self.at + 67500)
            self.amounts[c.bids[1][0]] = self.amounts[c.bids[2][0]] = FALSE
            c.add([self.outcome(c)], self.at + 67750)
            ledger = self.good(c).auctions[0]
            self.assertEqual(ledger.judged.price, 200)
            self.assertEqual(sorted(ledger.judged.codes), [0, 0, 15, 15])

    # Secrets

    def test_c14(self):
        c = self.settled()
        c.add([opening_tx(c.chain, c.bids[0][0], secret(1))],
              self.at + 67500)
        self.bad(c, "C15: it does not open")
        c = self.settled()
        stranger = bid_tx(c.chain, WORLD.alice, 9, 5, c.sealed[0])
        c.add([opening_tx(c.chain, stranger, secret(0))], self.at + 67500)
        self.bad(c, "C15: no such")
        c = self.settled()
        c.add([opening_tx(c.chain, c.bids[0][0], secret(0))] * 2,
              self.at + 67500)
        self.bad(c, "C15: OPENING twice")
        c = self.fixed()
        c.add([opening_tx(c.chain, c.bids[0][0], secret(0))],
              self.at + 67250)
        self.bad(c, "C15: X is not final")
        c = self.settled()
        c.add([opening_tx(c.chain, c.bids[1][0], secret(1))],
              self.at + 67500)
        c.add([self.late(c)], self.at + 86000)
        c.add([self.outcome(c, {c.bids[0][0]: UNOPENED,
                                c.bids[1][0]: 500})], self.at + 86250)
        self.assertEqual(self.good(c).auctions[0].judged.codes, [14, 0])

    # The end of the opening

    def test_r7_second_cutoff(self):
        for offset, rule in ((1, None), (0, "R6: token")):
            c = self.settled()
            c.add([self.late(c, offset)], self.at + 86000)
            self.check(c, rule)
        c = self.fixed()
        c.add([self.late(c)], self.at + 86000)
        self.bad(c, "R7: CUTOFF before")
        c = self.fixed()
        c.add([self.vote(c, 3, 4), self.late(c)], self.at + 86000)
        self.bad(c, "C7")
        c = self.settled()
        c.add([self.late(c)] + self.keys(c, 2, 0), self.at + 86000)
        c.add([self.outcome(c)], self.at + 86250)
        self.good(c)

    def test_r7_late_finality(self):
        for offset, rule in ((1, None), (0, "R6: token")):
            c = self.fixed()
            c.add([self.vote(c, 3, 4)], self.at + 90000)
            time_us = (self.at + 95000) * 1000 + offset
            c.add([cutoff_tx(c.chain, c.sealed[-1],
                             [(0, self.stamper, time_us, BLIND)])],
                  self.at + 95001)
            self.check(c, rule)

    def test_r7_outcome(self):
        c = self.settled()
        c.add([self.outcome(c)], self.at + 67500)
        self.bad(c, "C7")
        c = self.settled()
        c.add(self.keys(c, 0, 1), self.at + 67500)
        c.add([self.outcome(c, dict.fromkeys(self.amounts, UNOPENED))],
              self.at + 67750)
        self.bad(c, "R7: OUTCOME")
        c = self.settled()
        c.add([self.late(c)], self.at + 86000)
        c.add([self.outcome(c, dict.fromkeys(self.amounts, UNOPENED))],
              self.at + 86250)
        self.good(c)

    def test_r8(self):
        c = self.fixed()
        c.add([], self.at + 67250)
        c.add([self.vote(c, 3, 4)], self.at + 68250)
        self.good(c)
        c.add([], self.at + 70000)
        self.bad(c, "R8: nothing")
        c = self.fixed()
        c.add([], self.at + 67249)
        self.bad(c, "R8")
        c = self.settled()
        c.add([self.vote(c, 4, 5)], self.at + 69000)
        self.bad(c, "R8: nothing")
        c = self.settled()
        c.add(self.keys(c, 0), self.at + 67500)
        c.add([c.enrol(sample.Key("late"))], self.at + 68000)
        self.bad(c, "C7")

    # The reserve

    def hidden(self, amount, spoil=False):
        def make(seals, seller):
            part = seals.make(seller, secret(99), amount)
            return part[:1] + bytes((part[1] ^ spoil,)) + part[2:]
        return make

    def test_a24(self):
        for amount, spoil, reserve, price in (
                (300, False, 300, 300), (450, False, 450, 450),
                (501, False, 501, 0), (501, True, None, 300)):
            c = self.settled(hidden=self.hidden(amount, spoil), pricing=2)
            c.add(self.keys(c, 2, 1), self.at + 67500)
            outcome = sample.outcome_tx(c, c.bids, amounts=self.amounts,
                                        reserve=reserve)
            c.add([outcome], self.at + 67750)
            self.assertEqual(self.good(c).auctions[0].judged.price, price)
        c = self.settled(hidden=self.hidden(450), pricing=2)
        c.add(self.keys(c, 2, 1), self.at + 67500)
        c.add([self.outcome(c)], self.at + 67750)
        self.bad(c, "R7: OUTCOME")

    def test_a24_the_seller_opens_it(self):
        def opening(c, es=secret(99)):
            return head(27, c.chain) + c.reserve_id + es

        def made():
            return self.settled(hidden=self.hidden(450), pricing=2)

        c = made()
        c.add([opening(c), opening(c)], self.at + 67500)
        self.bad(c, "C15: OPENING twice")
        c = made()
        c.add([opening(c, secret(1))], self.at + 67500)
        self.bad(c, "C15: it does not open")
        c = self.settled()
        c.add([opening(c)], self.at + 67500)
        self.bad(c, "C15: no such")
        for told in (True, False):
            c = made()
            c.add([opening(c)] * told
                  + [opening_tx(c.chain, c.bids[i][0], secret(i))
                     for i in (0, 1)], self.at + 67500)
            c.add([self.late(c)], self.at + 86000)
            outcome = sample.outcome_tx(c, c.bids, amounts=self.amounts,
                                        reserve=450 if told else None)
            c.add([outcome], self.at + 86250)
            self.assertEqual(self.good(c).auctions[0].judged.price,
                             450 if told else 300)

    def test_a16(self):
        self.refused("told and hidden", self.market, holders=Holders(1),
                     hidden=self.hidden(5), reserve=5)
        self.refused("sealed_reserve", self.market, holders=Holders(2),
                     hidden=lambda seals, key: b"\1" + bytes(88 + 160))
        self.refused("", self.market, holders=Holders(2), visibility=6)

    # F

    def test_a23(self):
        """Caps count what was sealed, A9 holds for all, order decides among
        equals."""
        bids = ((0, 40), (0, 700), (0, 900), (1, 700), (1, 49))
        c = self.settled(bids=bids, flags=1 | 16 | 64, min_first=50,
                         per_bidder=2)
        c.add(self.keys(c, 0, 1), self.at + 67500)
        c.add([self.outcome(c)], self.at + 67750)
        judged = self.good(c).auctions[0].judged
        self.assertEqual(judged.codes, [11, 0, 9, 0, 11])
        self.assertEqual(judged.winner, WORLD.alice.public)


if __name__ == "__main__":
    unittest.main()
