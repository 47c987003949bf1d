#!/usr/bin/env python3
"""Rules of what becomes of a sale: words of both sides (C17) and second
chances (C18). Names carry the rule.
"""

import unittest

import make_sample as sample
from codec import transaction
from der import BLIND, PUBLISHED
from desk import Desk, disclose_tx
from rulebook import WORLD, RuleCase
from writer import Key, accept_tx, num, settle_tx

PAID, DELIVERED, DEFAULTED, RECEIVED = 1, 2, 3, 4
PAY = dict(flags=64 | 128, pay_ms=100000)


class SaleCase(RuleCase):
    def sold(self, **terms):
        """A chain whose last block makes the outcome final: bob's 20 wins,
        alice bid 11."""
        terms = dict(PAY, **terms)
        c = self.market(**terms)
        c.add([c.enrol(WORLD.alice), c.enrol(WORLD.bob)], self.at + 250)
        bids = []
        for key, seq, at in ((WORLD.alice, 1, 600), (WORLD.bob, 10, 850)):
            b, s = self.bid(c, at * 1000 - 100000, seq, key=key)
            c.add([b, s], self.at + at)
            bids.append((b, self.us + at * 1000 - 100000, sample.identity(s)))
        c.add([self.cut(c)], self.at + 66000)
        c.add([sample.outcome_tx(c, bids)], self.at + 66250)
        y = c.here()[0]
        c.add([], self.at + 68000)
        self.end_ms = self.at + 69000
        c.add([self.vote(c, 0, y), self.vote(c, y, y + 1)], self.end_ms)
        self.made, self.next = c.sealed[-1], self.end_ms
        return c

    def put(self, c, *txs, wait=250):
        self.next += wait
        c.add(list(txs), self.next)

    def say(self, c, what, side=0, key=None, award=0):
        key = key or (WORLD.bob if side else WORLD.seller)
        return settle_tx(c.chain, key, award, what, side)

    def late(self, c, offset=1, award=0, made=None, made_ms=None, count=1,
             policy=BLIND):
        time_us = ((made_ms or self.end_ms) + PAY["pay_ms"]) * 1000 + offset
        tokens = [(i, c.stampers[i], time_us, policy) for i in range(count)]
        return settle_tx(c.chain, WORLD.seller, award, DEFAULTED, 0,
                         made or self.made, tokens)

    def defaulted(self, **terms):
        c = self.sold(**terms)
        self.put(c, self.late(c), wait=PAY["pay_ms"] + 1)
        return c


class Settle(SaleCase):
    """C17."""

    def test_C17_each_side_says_its_own_once(self):
        c = self.sold()
        self.put(c, self.say(c, PAID), self.say(c, PAID, 1))
        self.put(c, self.say(c, RECEIVED, 1))
        self.put(c, self.say(c, DELIVERED))
        self.assertEqual(self.good(c).auctions[0].standing(0), "delivered")
        self.put(c, self.say(c, PAID, 1))
        self.bad(c, "C17: SETTLE twice")

    def test_C17_by_its_own_key(self):
        for side, key in ((0, WORLD.bob), (1, WORLD.alice), (1, WORLD.seller),
                          (0, WORLD.ca)):
            c = self.sold()
            self.put(c, self.say(c, PAID, side, key))
            self.bad(c, "C17: key")
        c = self.sold()
        good = self.say(c, PAID, 1)
        self.put(c, good[:-1] + bytes([good[-1] ^ 1]))
        self.bad(c, "SETTLE: signature")

    def test_C17_of_an_award_that_stands(self):
        c = self.sold()
        self.put(c, self.say(c, PAID, award=1))
        self.bad(c, "C17: SETTLE of no award")
        c = self.sold(reserve=500)
        self.put(c, self.say(c, PAID))
        self.bad(c, "C17: SETTLE of no award")

    def test_C17_a_default_is_proved_by_trusted_time(self):
        for policy in (BLIND, PUBLISHED):
            c = self.sold()
            self.put(c, self.late(c, policy=policy), wait=PAY["pay_ms"] + 1)
            self.good(c)
        for change, rule in (
                (dict(offset=0), "C17: token not after pay_by"),
                (dict(count=0), "C17: too few tokens"),
                (dict(made=bytes(32)), "stamp: imprint"),
                (dict(award=1), "C17: SETTLE of no award")):
            c = self.sold()
            self.put(c, self.late(c, **change), wait=PAY["pay_ms"] + 1)
            self.bad(c, rule)
        c = self.sold()
        self.put(c, self.late(c), wait=PAY["pay_ms"])
        self.bad(c, "R1")
        c = self.sold(flags=64, pay_ms=0)
        self.put(c, self.late(c), wait=PAY["pay_ms"] + 1)
        self.bad(c, "C17: tokens without a time to pay")

    def test_C17_nobody_goes_back_on_a_word(self):
        c = self.defaulted()
        self.put(c, self.say(c, PAID))
        self.bad(c, "C17: against")
        c = self.sold()
        self.put(c, self.say(c, DELIVERED))
        self.put(c, self.late(c), wait=PAY["pay_ms"] + 1)
        self.bad(c, "C17: against")

    def test_C17_contradicting_words_are_a_dispute(self):
        c = self.defaulted()
        self.put(c, self.say(c, PAID, 1))
        self.assertEqual(self.good(c).auctions[0].standing(0), "disputed")

    def test_F4_fields(self):
        """Who may say what, and the numbers."""
        good = settle_tx(bytes(32), WORLD.seller, 7, PAID, 0)
        transaction(good)
        for at, value, word in ((34, 65, "award 65"), (35, 0, "what 0"),
                                (35, 5, "what 5"), (36, 2, "side 2"),
                                (35, RECEIVED, "may not say"),
                                (69, 1, "count 1")):
            self.refused(word, transaction,
                         good[:at] + num(value, 1) + good[at + 1:])
        good = accept_tx(bytes(32), WORLD.alice, 7, 5)
        transaction(good)
        for value in (0, 8):
            self.refused(f"award {value}", transaction,
                         good[:34] + num(value, 1) + good[35:])


class Accept(SaleCase):
    """C18."""

    def test_C18_the_runner_up_at_the_price_among_the_others(self):
        c = self.defaulted()
        self.put(c, accept_tx(c.chain, WORLD.alice, 1, 11))
        self.put(c, self.say(c, PAID, 1, WORLD.alice, 1))
        got = self.good(c).auctions[0]
        self.assertEqual([got.standing(i) for i in (0, 1)],
                         ["defaulted", "paid"])
        for key, award, price in ((WORLD.bob, 1, 20), (WORLD.alice, 1, 12),
                                  (WORLD.seller, 1, 11)):
            c = self.defaulted()
            self.put(c, accept_tx(c.chain, key, award, price))
            self.bad(c, "C18: not the second chance")
        c = self.defaulted()
        self.put(c, accept_tx(c.chain, WORLD.alice, 2, 11))
        self.bad(c, "C18: award")

    def test_C18_not_before_the_default_nor_below_the_reserve(self):
        c = self.sold()
        self.put(c, accept_tx(c.chain, WORLD.alice, 1, 11))
        self.bad(c, "C18: not the second chance")
        c = self.defaulted(reserve=15)
        self.put(c, accept_tx(c.chain, WORLD.alice, 1, 11))
        self.bad(c, "C18: not the second chance")

    def test_C18_the_last_bidder_is_the_last_award(self):
        c = self.defaulted()
        self.put(c, accept_tx(c.chain, WORLD.alice, 1, 11))
        made, made_ms = c.sealed[-1], self.next
        self.put(c, self.late(c, 1, 1, made, made_ms), wait=PAY["pay_ms"] + 1)
        self.good(c)
        self.put(c, accept_tx(c.chain, WORLD.alice, 2, 11))
        self.bad(c, "C18: not the second chance")

    def test_R8_empty_blocks_above_an_accept(self):
        c = self.defaulted()
        self.put(c, wait=5000)
        self.bad(c, "R8")
        c = self.defaulted()
        self.put(c, accept_tx(c.chain, WORLD.alice, 1, 11))
        for _ in range(16):
            self.put(c, wait=1000)
        self.good(c)
        self.put(c, wait=1000)
        self.bad(c, "R8")
        c = self.defaulted()
        self.put(c, accept_tx(c.chain, WORLD.alice, 1, 11))
        self.put(c, wait=999)
        self.bad(c, "R8")

    def test_C10_each_award_has_its_own_disclosures(self):
        c = self.defaulted(desk=Desk(1))
        self.put(c, self.disclose(c, 0), accept_tx(
            c.chain, WORLD.alice, 1, 11), self.disclose(c, 1))
        self.good(c)
        self.put(c, self.disclose(c, 1))
        self.bad(c, "C10: DISCLOSE twice")
        c = self.defaulted(desk=Desk(1))
        self.put(c, self.disclose(c, 1))
        self.bad(c, "C10: DISCLOSE of no award")

    def disclose(self, c, award):
        return disclose_tx(c.chain, Key("notary 0"), 0, 0, award=award)


if __name__ == "__main__":
    unittest.main()
