#!/usr/bin/env python3
"""The verifier names the rule that a chain breaks, and accepts what stands
exactly at a limit. Each chain is well made but for one rule.
"""

import unittest
from hashlib import sha256

import make_sample as sample
from der import BLIND, PUBLISHED
from make_sample import DAY, World, stamps
from rulebook import WORLD, RuleCase
from writer import (Key, Stamper, bid_tx, close_tx, final_tx, signed, stamp_tx,
                    tst_leaf)


class Rules(RuleCase):
    """Each test makes one auction, or the registry, with one fault."""

    def test_r1_steps(self):
        c = self.market()
        c.add([c.enrol(WORLD.alice)], self.at + 249)
        self.bad(c, "R1")

    def test_r1_block_before_token(self):
        c = self.enrolled()
        b, s = self.bid(c, 500001)
        c.add([b, s], self.at + 500)
        self.bad(c, "R1")

    def test_r2_and_r3_at_the_deadline(self):
        for delay, rule in ((5500, None), (5501, "R2")):
            c = self.enrolled()
            c.add(list(self.bid(c)), self.at + delay)
            self.check(c, rule)
        c = self.enrolled()
        b, s = self.bid(c)
        other, s2 = self.bid(c, 700000, 1)
        both = stamp_tx(c.chain, 0, self.stamper, self.us + 500000,
                        [tst_leaf(b), tst_leaf(other)])
        c.add([both, other], self.at + 600)
        self.good(c)
        c.add([b], self.at + 5501)
        self.bad(c, "R3: BID after")

    def test_r3_needs_enrol_before_and_stamp_anywhere(self):
        c = self.market()
        b, s = self.bid(c)
        c.add([s, c.enrol(WORLD.alice), b], self.at + 500)
        self.good(c)
        c = self.market()
        b, s = self.bid(c)
        c.add([s, b, c.enrol(WORLD.alice)], self.at + 500)
        self.bad(c, "R3: bidder")
        c = self.enrolled()
        c.add([self.bid(c)[0]], self.at + 500)
        self.bad(c, "R3: BID without")

    def test_r3_quorum_of_authorities(self):
        three = [Stamper(f"authority {i}") for i in range(3)]
        c = self.market(three)
        c.add([c.enrol(WORLD.alice)], self.at + 250)
        b, s = self.bid(c)
        c.add([b, s], self.at + 600)
        self.bad(c, "R3: BID without")

    def test_r4_duplicates(self):
        c = self.enrolled()
        b, s = self.bid(c)
        c.add([b, s], self.at + 600)
        c.add([s], self.at + 900)
        self.bad(c, "R4")
        c = self.enrolled()
        b, s = self.bid(c)
        c.add([b, s], self.at + 600)
        c.add([b], self.at + 900)
        self.bad(c, "C3: BID twice")

    def test_r6_needs_cutoff(self):
        for late, rule in ((0, None), (1, "R6")):
            c, b, s = self.ended()
            c.add([c.enrol(WORLD.bob)], self.at + 65000 + late)
            self.check(c, rule)

    def test_r6_cutoff(self):
        for offset, policy, rule in ((1, PUBLISHED, None), (1, BLIND, None),
                                     (0, PUBLISHED, "R6")):
            c, b, s = self.ended()
            c.add([self.cut(c, offset, policy)], self.at + 66000)
            self.check(c, rule)
        c, b, s = self.ended()
        c.add([self.cut(c, parent=c.sealed[0])], self.at + 66000)
        self.bad(c, "stamp: imprint")
        c, b, s = self.ended()
        c.add([self.cut(c), c.enrol(WORLD.bob)], self.at + 66000)
        self.bad(c, "C7")
        c, b, s = self.ended()
        c.add([c.enrol(WORLD.bob), self.cut(c)], self.at + 66000)
        self.bad(c, "C7")
        c, b, s = self.ended(flags=32, limit_ms=0, total_cap=2)
        c.add([self.cut(c)], self.at + 66000)
        self.bad(c, "R6: CUTOFF without")

    def test_r7(self):
        c, bids = self.fixed_set()
        good = sample.outcome_tx(c, bids)
        for tx, rule in ((good, None), (good[:-1] + b"\0", "R7"),
                         (sample.outcome_tx(c, []), "R7")):
            c, bids = self.fixed_set()
            c.add([tx], self.at + 66250)
            self.check(c, rule)
        c, bids = self.fixed_set()
        c.add([], self.at + 68000)
        self.bad(c, "R7: no")
        c = self.enrolled()
        c.add([good], self.at + 900)
        self.bad(c, "C7")

    def test_r8(self):
        c = self.market()
        c.add([], self.at + 5000)
        self.bad(c, "R8")
        for wait, rule in ((1000, None), (999, "R8")):
            c, bids = self.fixed_set()
            c.add([sample.outcome_tx(c, bids)], self.at + 66250)
            c.add([], self.at + 66250 + wait)
            self.check(c, rule)

    def test_r8_nothing_after_the_end(self):
        c, bids = self.fixed_set()
        c.add([sample.outcome_tx(c, bids)], self.at + 66250)
        c.add([], self.at + 68000)
        c.add([self.vote(c, 0, 4), self.vote(c, 4, 5)], self.at + 69000)
        self.good(c)
        c.add([], self.at + 71000)
        self.bad(c, "R8: a block after")

    def test_c6(self):
        c = self.enrolled()
        b, s = self.bid(c)
        c.add([b, s, self.vote(c, 0, 1)], self.at + 600)
        self.good(c)
        c.add([c.enrol(WORLD.bob), self.vote(c, 0, 1)], self.at + 900)
        self.bad(c, "C6: link twice")
        c = self.enrolled()
        b, s = self.bid(c)
        c.add([b, s], self.at + 600)
        c.add([c.enrol(WORLD.bob), self.vote(c, 1, 2)], self.at + 900)
        self.bad(c, "C6: source not")
        c = self.enrolled()
        c.add([*self.bid(c), final_tx(c.chain, [Key("other")], [0],
                                      c.here(0), c.here(1))], self.at + 600)
        self.bad(c, "FINAL: vote 0")

    def test_r9_and_r10(self):
        c = self.market()
        c.add([c.enrol(WORLD.alice)], self.at + 250, target=0x2000ffff)
        self.bad(c, "R10: fixed")
        c = self.market(fixed=0, target=0x2000ffff)
        c.add([c.enrol(WORLD.alice)], self.at + 250, target=0x200fffff)
        self.bad(c, "R11")
        c = self.market()
        c.add([c.enrol(WORLD.alice)], self.at + 250, depth=5)
        self.good(c)

    def test_c1(self):
        c = self.market()
        c.add([c.enrol(WORLD.seller)], self.at + 250)
        self.bad(c, "C1: the seller")
        c = self.enrolled()
        c.add([c.enrol(WORLD.alice)], self.at + 600)
        self.bad(c, "C1: ENROL twice")
        c = self.market()
        c.add([c.enrol(WORLD.alice, dates=(self.at - 9, self.at + 249))],
              self.at + 250)
        self.bad(c, "C1: credential")

    def test_c2(self):
        c = self.enrolled()
        c.add(stamps(c, {0: self.us}, [bytes(32)]), self.at + 600)
        self.bad(c, "C2")
        c = self.enrolled()
        b, s = self.bid(c)
        again = stamps(c, {0: self.us + 500001}, [tst_leaf(b)])
        c.add([b, s] + again, self.at + 600)
        self.bad(c, "C2")
        c = self.enrolled()  # an earlier one counts beside it
        b, s = self.bid(c)
        c.add([b, s] + stamps(c, {0: self.us + 499999}, [tst_leaf(b)]),
              self.at + 600)
        self.good(c)
        c = self.enrolled()
        b, s = self.bid(c)
        wrong = stamp_tx(c.chain, 0, Stamper("stranger"), self.us + 500000,
                         [tst_leaf(b)])
        c.add([b, wrong], self.at + 600)
        self.bad(c, "stamp: certificate")
        c = self.enrolled()
        b, s = self.bid(c)
        thief = Stamper("only authority")
        thief.secret += 1
        c.add([b, stamp_tx(c.chain, 0, thief, self.us + 500000,
                           [tst_leaf(b)])], self.at + 600)
        self.bad(c, "STAMP: token's signature")

    def test_c3_max_bids(self):
        c = self.enrolled(max_bids=1)
        c.add([*self.bid(c), *self.bid(c, 500001, 1)], self.at + 600)
        self.bad(c, "C3: max_bids")

    def test_c3_signature(self):
        for signer, rule in ((WORLD.alice, None), (WORLD.bob, "BID: sig")):
            c = self.enrolled()
            b, _ = self.bid(c)
            b = signed(b[:-64], signer, "gavel/bid")
            s = stamps(c, {0: self.us + 500000}, [tst_leaf(b)])
            c.add([b] + s, self.at + 600)
            self.check(c, rule)

    def test_c4(self):
        for t, rule in ((500001, None), (500000, "C2")):
            c = self.enrolled()
            c.add([*self.bid(c)], self.at + 600)
            c.add([*self.bid(c, t, 1, recent=2)], self.at + 900)
            self.check(c, rule)
        for t, rule in ((500001, None), (500000, "R3: BID without")):
            c = self.enrolled()
            c.add([*self.bid(c)], self.at + 600)
            seen, _ = self.bid(c, seq=1, recent=2)
            other, _ = self.bid(c, seq=2)
            both = [tst_leaf(seen), tst_leaf(other)]
            c.add([seen, other] + stamps(c, {0: self.us + t}, both),
                  self.at + 900)
            self.check(c, rule)
        c = self.enrolled()
        b = bid_tx(c.chain, WORLD.alice, 0, 5, sha256(b"x").digest())
        c.add([b] + stamps(c, {0: self.us}, [tst_leaf(b)]), self.at + 600)
        self.bad(c, "C4: recent")

    def test_c4_a_later_stamp(self):
        """It moves t down to the floor, never to it or below."""
        three = [Stamper(f"authority {i}") for i in range(3)]
        for time, t in ((400, 800), (600, 800), (601, 700), (750, 750)):
            c = self.market(three)
            c.add([c.enrol(WORLD.alice)], self.at + 250)
            first, _ = self.bid(c)
            c.add([first] + stamps(c, {0: self.us + 500000,
                                       1: self.us + 600000},
                                   [tst_leaf(first)]), self.at + 700)
            seen, _ = self.bid(c, seq=1, recent=2)
            c.add([seen] + stamps(c, {0: self.us + 700000,
                                      1: self.us + 800000},
                                  [tst_leaf(seen)]), self.at + 950)
            new, _ = self.bid(c, seq=2)
            late = [tst_leaf(seen), tst_leaf(new)]
            c.add([new] + stamps(c, {0: self.us + 1100000},
                                 [tst_leaf(new)])
                  + stamps(c, {2: self.us + time * 1000}, late),
                  self.at + 1200)
            rows = list(self.good(c).auctions[0].csv_rows())
            times = {row.split(",")[7]: row.split(",")[5] for row in rows}
            self.assertEqual(times["1"], str(self.us + t * 1000))

    def test_c5(self):
        for policy, key, rule in ((1, WORLD.seller, None),
                                  (0, WORLD.seller, "C5"),
                                  (1, WORLD.alice, "CLOSE: signature")):
            c = self.enrolled(close_policy=policy, notice_ms=10000 * policy)
            tx = close_tx(c.chain, key)
            c.add([tx] + stamps(c, {0: self.us}, [tst_leaf(tx)]),
                  self.at + 600)
            self.check(c, rule)

    def test_a17(self):
        for terms in (dict(flags=0, limit_ms=0), dict(flags=65),
                      dict(d_ms=999), dict(d_ms=1500, t_ms=2000),
                      dict(max_bids=0), dict(max_bids=65537),
                      dict(target=0x2000ffff),
                      dict(fixed=0, target=0x200fffff + 1),
                      dict(close_policy=1, notice_ms=9999),
                      dict(limit_ms=3650 * DAY + 1),
                      dict(flags=64 | 6, min_step=2, max_step=1)):
            self.bad(self.market(**terms), "A17")
        clock = dict(direction=2, flags=64, clock=(90, 20, 30, 1000))
        self.good(self.market(**clock))
        for terms in (dict(clock=(90, 0, 30, 1000)),
                      dict(clock=(90, 90, 1, 1000)),
                      dict(clock=(90, 20, 0, 1000)),
                      dict(clock=(90, 20, 71, 1000)),
                      dict(clock=(90, 20, 30, 999)),
                      dict(clock=(90, 20, 30, 7 * DAY + 1)),
                      dict(flags=0, limit_ms=0, close_policy=1,
                           notice_ms=10000),
                      dict(flags=65, min_first=1), dict(pricing=2),
                      dict(flags=96, total_cap=1), dict(reserve=30),
                      dict(buy_now=100),
                      dict(soft_ms=10000, soft_cap_ms=10000)):
            self.bad(self.market(**dict(clock, **terms)), "A17")
        self.bad(self.market(dates=(self.at - 9, self.at - 1)), "F9")

    def registry(self, steps, rule):
        """Blocks of (transactions, ms after the one before)."""
        c, at = WORLD.registry(), WORLD.start
        first = WORLD.service(WORLD.ca, 2, sample.CA_DER, b"", b"")
        for txs, wait in [([first], 250)] + steps:
            at += wait
            c.add(txs, at)
        reason = self.judge(c, [])
        self.assertTrue(reason == rule or rule and reason.startswith(rule),
                        reason)

    def test_registry(self):
        mark = sha256(b"certificate").digest()
        other = Key("other")
        stranger = World()
        stranger.root = other
        stranger.ca = other
        cert = WORLD.cert(8, WORLD.alice, mark)
        revoke = WORLD.revoke(WORLD.ca, mark)
        root = WORLD.revoke(WORLD.root, sha256(sample.CA_DER).digest())
        first = WORLD.service(WORLD.ca, 2, sample.CA_DER, b"", b"")
        demoted = WORLD.service(WORLD.ca, 3, sample.TSA_DER, b"", b"")
        lot = self.market()
        listing = WORLD.listing(lot)
        named = WORLD.cert(7, Key("node"), mark)
        own = sample.credential(WORLD.id, WORLD.ca, Key("node"), 7, mark,
                                WORLD.dates)
        tsa = WORLD.service(WORLD.tsa, 3, sample.TSA_DER, b"", b"")
        served = sample.credential(WORLD.id, WORLD.root, WORLD.tsa, 3,
                                   sha256(sample.TSA_DER).digest(),
                                   WORLD.dates)
        until = WORLD.start + sample.DAY

        def node(seq, until=until, cred=own, key=Key("node"),
                 issuer=WORLD.ca, **change):
            return WORLD.node(key, cred, issuer, seq, until, **change)

        of_tsa = node(1, cred=served, key=WORLD.tsa, issuer=WORLD.root)
        for steps, rule in (
                ([([cert], 250), ([revoke], 250)], None),
                ([([], 999)], "G1"), ([([], 1000)], None),
                ([([WORLD.cert(3, WORLD.alice, mark)], 250)], None),
                ([([WORLD.cert(8, WORLD.alice, mark, dates=(1, 2))], 250)],
                 None),
                ([([first], 250)], "G2: SERVICE twice"),
                ([([stranger.service(other, 2, b"x", b"", b"")], 250)],
                 "SERVICE: credential"),
                ([([stranger.cert(8, WORLD.alice, mark)], 250)], "G3: issuer"),
                ([([cert, cert], 250)], "G3: fingerprint twice"),
                ([([root], 250), ([cert], 250)], "G3: issuer revoked"),
                ([([demoted, cert], 250)], "G3: issuer is no CA"),
                ([([revoke], 250)], "G4: not"),
                ([([cert, revoke, revoke], 250)], "G4: REVOKE twice"),
                ([([WORLD.revoke(WORLD.root, mark), cert], 250)],
                 "G3: revoked"),
                ([([listing, listing], 250)], "G5: LIST twice"),
                ([([named, node(1)], 250)], None),
                ([([tsa, of_tsa], 250)], None),
                ([([named, node(1, host=b"", ports=(0, 0, 0))], 250)], None),
                ([([named, node(1)], 250), ([node(2)], 1000)], None),
                ([([node(1)], 250)], "G6: no CERT"),
                ([([of_tsa], 250)], "G6: no SERVICE"),
                ([([named, node(1, issuer=WORLD.root)], 250)], "G6: no CERT"),
                ([([named, revoke, node(1)], 250)], "G6: revoked"),
                ([([named, root, node(1)], 250)], "G6: issuer revoked"),
                ([([named, node(1, WORLD.start)], 250)], "G6: expiry"),
                ([([named, node(1, WORLD.start + 91 * sample.DAY)], 250)],
                 "G6: expiry"),
                ([([named, node(1)], 250), ([node(1)], 1000)], "G6: seq"),
                ([([named, node(1)], 250), ([node(2)], 999)],
                 "G6: too soon"),
                ([([named, node(1, key=WORLD.alice)], 250)],
                 "NODE: signature"),
                ([([lot.enrol(WORLD.alice)], 250)], "F3")):
            self.registry(steps, rule)


if __name__ == "__main__":
    unittest.main()
