#!/usr/bin/env python3
"""Rules of anonymous auctions: what OPEN pins, and who enrols with which
token. Names carry the rule.
"""

import unittest

import authority
import blind
import desk as desks
import make_sample as sample
from codec import transaction
from desk import (TOKEN_N, Desk, disclose_tx, enrol_tx, issued_tx, modulus,
                  sign)
from rulebook import WORLD, RuleCase
from writer import Key, Stamper, num, signed


class Opening(RuleCase):
    """F9 and A16."""

    def test_F9_a_good_anonymous_auction(self):
        for desk in (Desk(1, 1, 0), Desk(2, 2, 12), Desk(16, 16)):
            c = self.anonymous(desk)
            c.add([c.enrol(WORLD.alice)], self.at + 250)
            self.good(c)

    def test_F9_issuer_and_notaries_follow_the_identity(self):
        for terms in (dict(identity=0, desk=Desk(1)), dict(identity=1),
                      dict(identity=2, desk=Desk(1))):
            self.refused("identity|issuers", self.market, **terms)
        two = Desk(1)
        two.issuers = two.issuers + [desks.Server(
            "other", 4, [modulus("other"), modulus("another")])]
        none = Desk(1)
        none.issuers = []
        for desk in (two, none):
            self.refused("issuers", self.market, identity=1, desk=desk)

    def test_F9_cut_log2_and_escrow_t(self):
        for word, desk in (
                ("escrow_t 0", Desk(2, 0)), ("notaries 2", Desk(2, 3)),
                ("cut_log2 13", Desk(2, 1, 13)), ("notaries 17", Desk(17)),
                ("escrow_t 1", Desk(0, 1, 0)), ("cut_log2 1", Desk(0, 0, 1))):
            self.refused(word, self.market, desk=desk)

    def test_F9_form_of_a_modulus(self):
        good = modulus("other")
        for bad in (bytes([good[0] & 0x7f]) + good[1:],
                    good[:-1] + bytes([good[-1] & 0xfe])):
            for place in range(3):
                desk = Desk(1)
                servers = desk.issuers * 2 + desk.notaries
                servers[place].moduli[place % 2] = bad
                self.refused("modulus of", self.anonymous, desk)

    def test_F9_a_modulus_has_one_use(self):
        for i, j in ((0, 1), (0, 2), (1, 3), (2, 3)):
            desk = Desk(2)
            places = [(desk.issuers[0], 0), (desk.issuers[0], 1),
                      (desk.notaries[0], 0), (desk.notaries[1], 0)]
            (a, k), (b, m) = places[i], places[j]
            a.moduli[k] = b.moduli[m]
            self.refused("uses with one key", self.anonymous, desk)

    def test_F9_a_modulus_of_an_authority_is_no_such_use(self):
        desk = Desk(1)
        stamper = Stamper("other", authority.RSA)
        stamper.key = desk.notaries[0].moduli[0]
        self.good(self.market([stamper], desk=desk))

    def test_F9_notaries_have_different_ledger_keys(self):
        desk = Desk(2)
        desk.notaries[1].key = desk.notaries[0].key
        self.refused("notaries with one key", self.anonymous, desk)
        desk = Desk(2)
        desk.notaries[1].fingerprint = desk.notaries[0].fingerprint
        desk.notaries[1].key = desk.issuers[0].key
        self.good(self.anonymous(desk))

    def test_F9_roles(self):
        for role in (2, 5, 8):
            desk = Desk(1)
            desk.issuers[0].role = role
            self.refused("role", self.anonymous, desk)
        for role in (4, 6):
            desk = Desk(1)
            desk.notaries[0].role = role
            self.refused("role", self.anonymous, desk)

    def test_F9_the_root_certifies_them_for_the_opening(self):
        for place in range(2):
            for root, dates, rule in (
                    (WORLD.ca, WORLD.dates, "OPEN: "),
                    (WORLD.root, (self.at, self.at + 1), None),
                    (WORLD.root, (self.at - 9, self.at - 1), "F9: "),
                    (WORLD.root, (self.at + 1, self.at + 9), "F9: ")):
                desk = Desk(1)
                server = (desk.issuers + desk.notaries)[place]
                entry = server.entry(WORLD.id, root, dates)
                server.entry = lambda *_, entry=entry: entry
                self.check(self.anonymous(desk), rule)

    def test_F9_they_sign_that_they_serve(self):
        for place in range(3):
            desk = Desk(2)
            pops = desk.pops
            desk.pops = lambda digest, at=64 * place, pops=pops: (
                pops(digest)[:at] + Key("other").sign(digest)
                + pops(digest)[at + 64:])
            self.bad(self.anonymous(desk), f"OPEN: pop {1 + place}")

    def test_A16_no_own_caps_of_pseudonyms(self):
        terms = dict(flags=8 | 16 | 64, per_bidder=1)
        self.good(self.market(allowed=[(WORLD.alice, 1)], **terms))
        self.good(self.anonymous(allowed=[(WORLD.alice, 0)], **terms))
        self.refused("own cap", self.anonymous, allowed=[(WORLD.alice, 1)],
                     **terms)


class Enrolment(RuleCase):
    """C1, C3 and A6."""

    def token(self, make, rule):
        """An ENROL whose token make(text) gives."""
        c = self.anonymous()
        c.add([enrol_tx(c.chain, WORLD.alice, c.desk.blob(), make)],
              self.at + 250)
        self.check(c, rule)

    def test_C1_form_is_the_identity(self):
        c = self.market()
        c.add([enrol_tx(c.chain, WORLD.alice, Desk(1).blob())], self.at + 250)
        self.bad(c, "C1: form")
        c = self.anonymous()
        c.add([WORLD.enrol(c.chain, WORLD.alice)], self.at + 250)
        self.bad(c, "C1: form")

    def test_C1_blob_is_for_the_notaries_of_open(self):
        for notaries, rule in ((1, "C1: size"), (2, None), (3, "C1: size")):
            c = self.anonymous()
            c.add([enrol_tx(c.chain, WORLD.alice, Desk(notaries).blob())],
                  self.at + 250)
            self.check(c, rule)
        for size in (467, 6229):
            self.refused("blob length", transaction, enrol_tx(
                bytes(32), WORLD.alice, bytes(size)))
        for size in (468, 469, 6228):
            transaction(enrol_tx(bytes(32), WORLD.alice, bytes(size)))

    def test_C1_token_is_the_issuers(self):
        self.token(sign, None)
        self.token(lambda text: bytes(384), "ENROL: token")
        self.token(lambda text: sign(text[:-1] + b"\0"), "ENROL: token")
        self.token(lambda text: sign(text[32:]), "ENROL: token")
        self.token(lambda text: sign(bytes(32) + text[32:]), "ENROL: token")
        for at in (0, 383):
            self.token(lambda text, at=at: bytes(
                c ^ (i == at) for i, c in enumerate(sign(text))),
                       "ENROL: token")

    def test_C1_token_has_a_salt_of_48_bytes(self):
        self.token(lambda text: sign(text, b"s" * 48), None)
        for size in (0, 32, 47, 49):
            self.token(lambda text, size=size: sign(text, bytes(size)),
                       "ENROL: token")

    def test_C1_token_encoding_is_exact(self):
        """Each part of the encoded message is looked at."""
        bits = TOKEN_N.bit_length() - 1
        for flip in (1, 1 << 8, 1 << 8 * 49 + 8 * 60, 1 << bits - 1):
            def make(text, flip=flip):
                return desks.power(blind.encode(text, bytes(48), bits) ^ flip)
            self.token(make, "ENROL: token")

    def test_C1_token_is_below_the_modulus(self):
        def make(text):
            for i in range(256):
                value = int.from_bytes(sign(text, bytes([i]) * 48), "big")
                if value + TOKEN_N < 1 << 3072:
                    return (value + TOKEN_N).to_bytes(384, "big")
            raise AssertionError("no such token")
        self.token(make, "ENROL: token")

    def test_C1_token_is_of_this_auction_key_and_identity(self):
        first = self.anonymous()
        spent = first.enrol(WORLD.alice)
        c = self.anonymous(limit_ms=60001)
        raw = bytearray(spent[:-64])
        raw[2:34] = c.chain
        c.add([signed(bytes(raw), WORLD.alice)], self.at + 250)
        self.bad(c, "ENROL: token")
        for at in (35, 35 + 32, 35 + 64 + 2):
            c = self.anonymous()
            key = Key("other") if at == 35 else WORLD.alice
            raw = bytearray(c.enrol(WORLD.alice)[:-64])
            raw[35:67] = key.public
            raw[at] ^= at > 35
            c.add([signed(bytes(raw), key)], self.at + 250)
            self.bad(c, "ENROL: token")

    def test_C1_own_signature(self):
        c = self.anonymous()
        raw = c.enrol(WORLD.alice)
        c.add([signed(raw[:-64], WORLD.bob)], self.at + 250)
        self.bad(c, "ENROL: signature")

    def test_C1_the_seller_enrols_under_no_token(self):
        c = self.anonymous()
        c.add([c.enrol(WORLD.seller)], self.at + 250)
        self.bad(c, "C1: the seller")

    def test_C1_a_token_never_expires(self):
        c = self.anonymous(dates=(self.at, self.at + 1))
        c.add([c.enrol(WORLD.alice)], self.at + 64000)
        self.good(c)

    def test_S0_05_C1_a_second_enrol_of_one_key(self):
        """Whatever its bytes: the same, another salt, another identity."""
        for second in (
                lambda c: c.enrol(WORLD.alice),
                lambda c: enrol_tx(c.chain, WORLD.alice, c.desk.blob(),
                                   lambda text: sign(text, b"s" * 48)),
                lambda c: enrol_tx(c.chain, WORLD.alice,
                                   c.desk.blob("other"))):
            c = self.anonymous()
            c.add([second(c)], self.at + 250)
            self.good(c)
            c.add([c.enrol(WORLD.alice)], self.at + 500)
            self.bad(c, "C1: ENROL twice")
            c = self.anonymous()
            c.add([c.enrol(WORLD.alice), second(c)], self.at + 250)
            self.bad(c, "C1: ENROL twice")

    def test_C3_a_bid_needs_a_credential_that_has_not_ended(self):
        for end, rule in ((600, None), (599, "C3: credential")):
            c = self.market()
            c.add([c.enrol(WORLD.alice, dates=(self.at, self.at + end))],
                  self.at + 250)
            c.add(list(self.bid(c)), self.at + 600)
            self.check(c, rule)

    def test_A6_the_issuer_enforces_the_allowed_set(self):
        """The OUTCOME shows what F gives: R7 compares it."""
        terms = dict(flags=8 | 64, allowed=[(WORLD.bob, 0)])
        for c, bids in (self.fixed_set(desk=Desk(1), **terms),
                        self.fixed_set(**terms)):
            tx = sample.outcome_tx(c, bids)
            self.assertEqual(tx[34], 0 if c.desk.issuers else 1)
            c.add([tx], self.at + 66250)
            self.good(c)

    def test_F4_fields(self):
        good = disclose_tx(bytes(32), Key("notary 15"), 15, 1)
        transaction(good)
        for at, name, value in ((34, "award", 65), (35, "notary", 16),
                                (36, "side", 2)):
            bad = good[:at] + num(value, 1) + good[at + 1:]
            self.refused(f"{name} {value}", transaction, bad)
        self.refused("after the end", transaction, good + b"\0")
        self.refused("ends early", transaction,
                     issued_tx(bytes(32), Key("issuer"), 1)[:-1])
        enrol = enrol_tx(bytes(32), WORLD.alice, bytes(468))
        transaction(enrol)
        self.refused("form 2", transaction, enrol[:34] + b"\2" + enrol[35:])


if __name__ == "__main__":
    unittest.main()
