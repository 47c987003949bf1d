#!/usr/bin/env python3
"""Rules of who may still act on an auction chain: the count of tokens (C8),
revocations (C9) and disclosures (C10, R8). Names carry the rule.
"""

import unittest
from hashlib import sha256

import make_sample as sample
from der import BLIND
from desk import Desk, disclose_tx, issued_tx
from make_sample import World, stamps
from rulebook import WORLD, RuleCase
from writer import Key, Stamper, bid_tx, cutoff_tx, signed, tst_leaf

STRANGER = sha256(b"stranger").digest()


class TrustCase(RuleCase):
    def mark(self, key):
        """The fingerprint of a user's credential."""
        return sha256(b"certificate" + key.public).digest()

    def revoke(self, c, fingerprint, key=None):
        return WORLD.revoke(key or WORLD.ca, fingerprint, 1, c.chain)

    def issued(self, c, count, key=None):
        return issued_tx(c.chain, key or c.desk.issuers[0].key, count)


class Issued(TrustCase):
    """C8."""

    def test_C8_only_in_anonymous_auctions(self):
        c = self.market()
        c.add([issued_tx(c.chain, Key("issuer"), 1)], self.at + 250)
        self.bad(c, "C8: ISSUED where")

    def test_C8_once_and_by_the_issuer(self):
        c = self.anonymous()
        c.add([self.issued(c, 1)], self.at + 250)
        self.good(c)
        c.add([self.issued(c, 2)], self.at + 500)
        self.bad(c, "C8: ISSUED twice")
        for key in (WORLD.ca, WORLD.root, Key("notary 0")):
            c = self.anonymous()
            c.add([self.issued(c, 1, key)], self.at + 250)
            self.bad(c, "ISSUED: signature")

    def sold(self, count, early=False):
        """Two ENROLs, a bid and ISSUED; the OUTCOME is still to come."""
        c = self.anonymous()
        logged = [] if count is None else [self.issued(c, count)]
        c.add((logged if early else []) + [c.enrol(WORLD.alice)],
              self.at + 250)
        b, s = self.bid(c)
        c.add([b, s, c.enrol(WORLD.bob)] + ([] if early else logged),
              self.at + 600)
        c.add([self.cut(c)], self.at + 66000)
        return c, sample.outcome_tx(
            c, [(b, self.us + 500000, sample.identity(s))])

    def test_C8_more_enrols_than_tokens_make_the_outcome_void(self):
        for count, early, void in ((None, False, False), (2, False, False),
                                   (3, True, False), (1, False, True),
                                   (1, True, True), (0, False, True)):
            for told in (False, True):
                c, sale = self.sold(count, early)
                void_tx = sale[:34] + b"\4" + bytes(40) + sale[75:]
                c.add([void_tx if told else sale], self.at + 66250)
                self.check(c, None if told == void else "R7")

    def test_C8_without_a_bid_the_outcome_is_void_too(self):
        c = self.anonymous()
        c.add([c.enrol(WORLD.alice), self.issued(c, 0)], self.at + 250)
        c.add([self.cut(c)], self.at + 66000)
        plain = sample.outcome_tx(c, [])
        c.add([plain[:34] + b"\4" + plain[35:]], self.at + 66250)
        self.good(c)

    def test_C7_not_from_x_on(self):
        """Nor REVOKE: the set is fixed."""
        for make in (lambda c: self.issued(c, 9),
                     lambda c: self.revoke(c, STRANGER)):
            c, bids = self.fixed_set(desk=Desk(1))
            c.add([sample.outcome_tx(c, bids), make(c)], self.at + 66250)
            self.bad(c, "C7")
            c, bids = self.fixed_set(desk=Desk(1))
            c.add([sample.outcome_tx(c, bids)], self.at + 66250)
            c.add([make(c)], self.at + 68000)
            self.bad(c, "C7")
            c = self.market(desk=Desk(1))
            c.add([make(c)], self.at + 250)
            self.good(c)

    def in_x(self, make):
        c, _, _ = self.ended(desk=Desk(1))
        c.add([self.cut(c), make(c)], self.at + 66000)
        self.bad(c, "C7")

    def test_C7_no_issued_in_x(self):
        self.in_x(lambda c: self.issued(c, 9))

    def test_C7_no_revoke_in_x(self):
        self.in_x(lambda c: self.revoke(c, STRANGER))

    def test_G1_not_on_the_registry(self):
        """Nor DISCLOSE."""
        for make in (issued_tx, lambda *a: disclose_tx(*a[:2], 0, 0)):
            c = WORLD.registry()
            c.add([make(c.chain, Key("issuer"), 0)], WORLD.start + 250)
            reason = self.judge(c, [])
            self.assertTrue(reason.startswith("G1"), reason)


class Revoked(TrustCase):
    """C9."""

    def test_C9_root_or_ca_revokes(self):
        for key, rule in ((WORLD.root, None), (WORLD.ca, None),
                          (WORLD.seller, "C9: who"),
                          (Key("issuer"), "C9: who")):
            c = self.anonymous()
            c.add([self.revoke(c, STRANGER, key)], self.at + 250)
            self.check(c, rule)
        c = self.market()
        raw = self.revoke(c, STRANGER)
        c.add([signed(raw[:-64], WORLD.root)], self.at + 250)
        self.bad(c, "REVOKE: signature")

    def test_C9_only_the_root_revokes_what_open_pins(self):
        c = self.anonymous()
        ca = c.opening.ca.fingerprint
        pinned = [ca, c.desk.issuers[0].fingerprint,
                  c.desk.notaries[0].fingerprint,
                  c.desk.notaries[1].fingerprint, self.stamper.cert]
        for mark in pinned:
            for key, rule in ((WORLD.root, None), (WORLD.ca, "C9: who")):
                c = self.anonymous()
                c.add([self.revoke(c, mark, key)], self.at + 250)
                self.check(c, rule)
        for key, rule in ((WORLD.root, None), (WORLD.ca, "C9: who")):
            c = self.market()
            c.add([self.revoke(c, ca, key)], self.at + 250)
            self.check(c, rule)

    def test_C9_once_a_fingerprint(self):
        for second in (WORLD.ca, WORLD.root):
            c = self.market()
            c.add([self.revoke(c, STRANGER)], self.at + 250)
            c.add([self.revoke(c, STRANGER, second)], self.at + 500)
            self.bad(c, "C9: REVOKE twice")
            c = self.market()
            c.add([self.revoke(c, STRANGER),
                   self.revoke(c, STRANGER, second)], self.at + 250)
            self.bad(c, "C9: REVOKE twice")

    def test_C9_a_revoked_user_does_not_enrol(self):
        for order in (1, -1):
            c = self.market()
            c.add([self.revoke(c, self.mark(WORLD.alice)),
                   c.enrol(WORLD.alice)][::order], self.at + 250)
            self.bad(c, "C9: ENROL")
        c = self.market()
        c.add([self.revoke(c, self.mark(WORLD.alice))], self.at + 250)
        c.add([c.enrol(WORLD.bob)], self.at + 500)
        self.good(c)
        c.add([c.enrol(WORLD.alice)], self.at + 750)
        self.bad(c, "C9: ENROL")

    def test_C9_a_revoked_user_bids_no_more(self):
        for order in (1, -1):
            c = self.enrolled()
            b, s = self.bid(c)
            c.add([self.revoke(c, self.mark(WORLD.alice)), b, s][::order],
                  self.at + 600)
            self.bad(c, "C9: BID")
        c = self.enrolled()
        b, s = self.bid(c)
        c.add([b, s], self.at + 600)
        c.add([self.revoke(c, self.mark(WORLD.alice))], self.at + 900)
        self.good(c)
        c.add(list(self.bid(c, 700000, 1)), self.at + 1200)
        self.bad(c, "C9: BID")

    def test_C9_earlier_bids_of_a_revoked_user_stay(self):
        c, b, s = self.ended()
        c.add([self.revoke(c, self.mark(WORLD.alice))], self.at + 900)
        c.add([self.cut(c)], self.at + 66000)
        c.add([sample.outcome_tx(
            c, [(b, self.us + 500000, sample.identity(s))])],
            self.at + 66250)
        self.good(c)

    def test_C9_a_revoked_ca_enrols_nobody_more(self):
        for order in (1, -1):
            c = self.market()
            ca = c.opening.ca.fingerprint
            c.add([self.revoke(c, ca, WORLD.root),
                   c.enrol(WORLD.alice)][::order], self.at + 250)
            self.bad(c, "C9: ENROL")
        c = self.enrolled()
        c.add([self.revoke(c, ca, WORLD.root)], self.at + 500)
        c.add(list(self.bid(c)), self.at + 750)
        self.good(c)
        c.add([c.enrol(WORLD.bob)], self.at + 1000)
        self.bad(c, "C9: ENROL")
        c = self.anonymous()
        c.add([self.revoke(c, ca, WORLD.root)], self.at + 250)
        c.add([c.enrol(WORLD.alice)], self.at + 500)
        self.good(c)

    def test_C9_a_revoked_issuer_enrols_nobody_more(self):
        for order in (1, -1):
            c = self.anonymous()
            mark = c.desk.issuers[0].fingerprint
            c.add([self.revoke(c, mark, WORLD.root),
                   c.enrol(WORLD.alice)][::order], self.at + 250)
            self.bad(c, "C9: ENROL")
        c = self.enrolled(desk=Desk(1))
        c.add([self.revoke(c, mark, WORLD.root)], self.at + 500)
        c.add(list(self.bid(c)), self.at + 750)
        self.good(c)
        c.add([c.enrol(WORLD.bob)], self.at + 1000)
        self.bad(c, "C9: ENROL")

    def test_C9_a_revoked_issuer_issues_nothing_more(self):
        """Nor in the block that revokes it; what it issued before counts."""
        for order in (1, -1):
            c = self.anonymous()
            mark = c.desk.issuers[0].fingerprint
            c.add([self.revoke(c, mark, WORLD.root),
                   self.issued(c, 0)][::order], self.at + 250)
            self.bad(c, "C9: ISSUED")
        c = self.enrolled(desk=Desk(1))
        c.add([self.revoke(c, mark, WORLD.root)], self.at + 500)
        self.good(c)
        c.add([self.issued(c, 0)], self.at + 750)
        self.bad(c, "C9: ISSUED")
        c = self.enrolled(desk=Desk(1))
        c.add([self.issued(c, 3)], self.at + 500)
        c.add([self.revoke(c, mark, WORLD.root)], self.at + 750)
        self.good(c)

    def test_C9_a_thief_of_the_cas_key_revokes_nobody_more(self):
        """Nor in the block that revokes it, before or behind; the root does,
        and what was revoked before stays so."""
        for order in (1, -1):
            c = self.enrolled()
            ca = c.opening.ca.fingerprint
            c.add([self.revoke(c, ca, WORLD.root),
                   self.revoke(c, self.mark(WORLD.alice))][::order],
                  self.at + 500)
            self.bad(c, "C9: REVOKE of a revoked")
        c = self.enrolled()
        c.add([self.revoke(c, ca, WORLD.root)], self.at + 500)
        c.add(list(self.bid(c)), self.at + 750)
        self.good(c)
        c.add([self.revoke(c, self.mark(WORLD.alice))], self.at + 1000)
        self.bad(c, "C9: REVOKE of a revoked")
        c = self.enrolled()
        c.add([self.revoke(c, ca, WORLD.root)], self.at + 500)
        c.add([self.revoke(c, self.mark(WORLD.alice), WORLD.root)],
              self.at + 750)
        self.good(c)
        c.add(list(self.bid(c)), self.at + 1000)
        self.bad(c, "C9: BID")
        c = self.enrolled()
        c.add([self.revoke(c, self.mark(WORLD.alice))], self.at + 500)
        c.add([self.revoke(c, ca, WORLD.root)], self.at + 750)
        self.good(c)
        c.add(list(self.bid(c)), self.at + 1000)
        self.bad(c, "C9: BID")

    def test_C9_a_pseudonym_outlives_certificates(self):
        """A user's and a notary's; nobody can tell whose it is."""
        c = self.enrolled(desk=Desk(1))
        c.add([self.revoke(c, self.mark(WORLD.alice)),
               self.revoke(c, c.desk.notaries[0].fingerprint, WORLD.root),
               c.enrol(WORLD.bob)], self.at + 500)
        c.add(list(self.bid(c)), self.at + 750)
        self.good(c)

    def test_C9_a_pseudonym_has_no_fingerprint(self):
        """Dumps show 64 zeros, which is a name for none."""
        c = self.enrolled(desk=Desk(1))
        c.add([self.revoke(c, bytes(32))], self.at + 500)
        c.add(list(self.bid(c)), self.at + 750)
        self.good(c)

    def test_C9_a_ca_that_is_the_root(self):
        """Its key revokes all that the root may revoke."""
        world = World()
        world.ca = world.root
        c = world.open(b"Lot", self.at, [self.stamper], [Key("validator 0")],
                       flags=64, limit_ms=60000)
        c.add([world.revoke(world.root, mark, 1, c.chain) for mark in
               (c.opening.ca.fingerprint, self.stamper.cert)],
              self.at + 250)
        c.add([world.revoke(world.ca, STRANGER, 1, c.chain)], self.at + 500)
        self.good(c)

    def test_C9_stamps_of_a_revoked_authority(self):
        for order in (1, -1):
            c = self.enrolled()
            b, s = self.bid(c)
            c.add([self.revoke(c, self.stamper.cert, WORLD.root), b,
                   s][::order], self.at + 600)
            self.bad(c, "C9: STAMP")

    def two_of_three(self):
        """All three stamped; then the third was revoked."""
        c = self.market([Stamper(f"authority {i}") for i in range(3)])
        c.add([c.enrol(WORLD.alice)], self.at + 250)
        b = bid_tx(c.chain, WORLD.alice, 0, 10, c.sealed[0])
        late, soon = self.us + 500000, self.us + 400000
        s = stamps(c, {0: late, 2: soon}, [tst_leaf(b)])
        c.add([b] + s, self.at + 600)
        c.add([self.revoke(c, c.stampers[2].cert, WORLD.root)],
              self.at + 900)
        return c, [(b, late, sample.identity(s[0]))]

    def test_C9_earlier_stamps_of_a_revoked_authority_count(self):
        c, bids = self.two_of_three()
        c.add([self.cut(c, indices=(0, 1))], self.at + 66000)
        c.add([sample.outcome_tx(c, bids)], self.at + 66250)
        self.good(c)

    def test_C9_cutoff_tokens_of_a_revoked_authority(self):
        """Even one more than a quorum needs (R6)."""
        for indices in ((0, 2), (0, 1, 2)):
            c, _ = self.two_of_three()
            c.add([self.cut(c, indices=indices)], self.at + 66000)
            self.bad(c, "C9: CUTOFF")

    def is_stalled(self, c):
        return self.good(c).chains()[-1].stalled()

    def test_C11_stalled_when_too_few_authorities_are_left(self):
        c, bids = self.two_of_three()
        self.assertFalse(self.is_stalled(c))
        c.add([self.revoke(c, c.stampers[1].cert, WORLD.root)],
              self.at + 1150)
        self.assertTrue(self.is_stalled(c))
        c, bids = self.two_of_three()
        c.add([self.cut(c, indices=(0, 1))], self.at + 66000)
        self.assertFalse(self.is_stalled(c))

    def test_R6_every_token_of_a_cutoff_is_valid(self):
        for offset, rule in ((1, None), (0, "R6: token")):
            c, _ = self.two_of_three()
            c = self.market([Stamper(f"authority {i}") for i in range(3)])
            c.add([c.enrol(WORLD.alice)], self.at + 250)
            c.add([cutoff_tx(
                c.chain, c.sealed[-1],
                [(i, c.stampers[i], self.end + (offset if i == 2 else 1),
                  BLIND) for i in range(3)])], self.at + 66000)
            self.check(c, rule)


class Disclosed(TrustCase):
    """C10 and R8."""

    def final(self, certified=False, issued=None, reserve=0):
        """A chain whose outcome FINALs in the tip's block make final."""
        desk = {} if certified else dict(desk=Desk(2))
        c, b, s = self.ended(reserve=reserve, **desk)
        if issued is not None:
            c.add([self.issued(c, issued)], self.at + 900)
        c.add([self.cut(c)], self.at + 66000)
        tx = sample.outcome_tx(
            c, [(b, self.us + 500000, sample.identity(s))])
        if issued == 0:
            tx = tx[:34] + b"\4" + bytes(40) + tx[75:]
        c.add([tx], self.at + 66250)
        y = c.here()[0]
        c.add([], self.at + 68000)
        c.add([self.vote(c, 0, y), self.vote(c, y, y + 1)], self.at + 69000)
        return c

    def disclose(self, c, notary=0, side=0, key=None, sealed=b"sealed"):
        key = key or Key(f"notary {notary}")
        return disclose_tx(c.chain, key, notary, side, sealed)

    def test_C10_each_notary_and_side_once(self):
        c = self.final()
        c.add([self.disclose(c), self.disclose(c, 1, 1)], self.at + 69250)
        c.add([self.disclose(c, 0, 1)], self.at + 69500)
        c.add([self.disclose(c, 1)], self.at + 69750)
        self.good(c)
        c.add([self.disclose(c, 0, 1, sealed=b"other")], self.at + 70000)
        self.bad(c, "C10: DISCLOSE twice")
        c = self.final()
        c.add([self.disclose(c), self.disclose(c)], self.at + 69250)
        self.bad(c, "C10: DISCLOSE twice")

    def test_C10_by_that_notary(self):
        for notary, key, rule in (
                (0, Key("notary 1"), "DISCLOSE: signature"),
                (1, Key("issuer"), "DISCLOSE: signature"),
                (0, WORLD.seller, "DISCLOSE: signature"),
                (2, Key("notary 2"), "C10: notary")):
            c = self.final()
            c.add([self.disclose(c, notary, key=key)], self.at + 69250)
            self.bad(c, rule)
        c = self.final(certified=True)
        c.add([self.disclose(c)], self.at + 69250)
        self.bad(c, "C10: notary")

    def test_C10_only_of_a_sale(self):
        for terms, rule in ((dict(issued=1), None),
                            (dict(issued=0), "C10: DISCLOSE of no"),
                            (dict(reserve=11), "C10: DISCLOSE of no")):
            c = self.final(**terms)
            self.good(c)
            c.add([self.disclose(c)], self.at + 69250)
            self.check(c, rule)

    def test_C10_only_after_the_end(self):
        c = self.anonymous()
        c.add([self.disclose(c)], self.at + 250)
        self.bad(c, "C7")
        c, bids = self.fixed_set(desk=Desk(2))
        c.add([sample.outcome_tx(c, bids)], self.at + 66250)
        c.add([self.disclose(c)], self.at + 68000)
        self.bad(c, "C7")

    def test_C10_not_in_the_block_that_makes_it_final(self):
        """Neither before nor after its FINALs."""
        for at in range(3):
            c, bids = self.fixed_set(desk=Desk(2))
            c.add([sample.outcome_tx(c, bids)], self.at + 66250)
            c.add([], self.at + 68000)
            txs = [self.vote(c, 0, 4), self.vote(c, 4, 5)]
            txs.insert(at, self.disclose(c))
            c.add(txs, self.at + 69000)
            self.bad(c, "C7")

    def test_R8_then_nothing_but_disclose(self):
        c = self.final()
        c.add([], self.at + 75000)
        self.bad(c, "R8")
        c = self.final()
        c.add([self.vote(c, 4, 6)], self.at + 75000)
        self.bad(c, "R8")
        c = self.final()
        c.add([self.disclose(c), self.vote(c, 4, 6)], self.at + 75000)
        self.bad(c, "R8")
        c = self.final()
        c.add([c.enrol(WORLD.bob)], self.at + 75000)
        self.bad(c, "R8")

    def test_R1_disclosures_need_only_the_step(self):
        for step, rule in ((250, None), (249, "R1")):
            c = self.final()
            c.add([self.disclose(c)], self.at + 69000 + step)
            self.check(c, rule)


if __name__ == "__main__":
    unittest.main()
