#!/usr/bin/env python3
"""Rules of pseudonymous sellers: EPOCH and LIST on the registry (G5, G9), and
the seller of an OPEN (F21). Names carry the rule.
"""

import unittest
from hashlib import sha256

from codec import transaction
from desk import Desk, Epoch, other_keys, sign
from make_sample import CA_DER, DAY
from rulebook import WORLD, RuleCase
from writer import Key, num, signed

SELLER = Key("pseudonym")


class SellerCase(RuleCase):
    def setUp(self):
        super().setUp()
        self.epoch = Epoch(WORLD, self.at - DAY)

    def sold_by(self, epoch=None, seller=None, desk=None, key=SELLER,
                **terms):
        """The auction of a pseudonym."""
        return self.anonymous(
            desk or other_keys(),
            pseudonym=(key, seller or (epoch or self.epoch).seller(SELLER)),
            **terms)


class Opening(SellerCase):
    """F21."""

    def test_S0_13_F21_a_good_auction_names_no_certificate(self):
        c = self.sold_by()
        self.good(c)
        whole = b"".join(c.blocks)
        self.assertIn(SELLER.public, whole)
        self.assertNotIn(WORLD.seller.public, whole)
        self.assertNotIn(sha256(b"certificate"
                                + WORLD.seller.public).digest(), whole)

    def test_F21_the_pseudonym_signs_and_may_not_bid(self):
        self.bad(self.sold_by(key=WORLD.seller), "OPEN: seller_sig")
        c = self.sold_by()
        c.add([c.enrol(SELLER)], self.at + 250)
        self.bad(c, "C1: the seller")

    def test_F21_token_is_the_epochs(self):
        for make in (lambda text: bytes(384),
                     lambda text: sign(text[:-1] + b"\0"),
                     lambda text: sign(bytes(32) + text[32:])):
            self.bad(self.sold_by(seller=self.epoch.seller(
                SELLER, make=make)), "OPEN: token")
        # That of another epoch, of another key, of another identity.
        other = Epoch(WORLD, self.at - DAY, seats=17)
        good = self.epoch.seller(SELLER)
        fields = other.seller(SELLER)
        head = len(other.tx()) + 2
        self.bad(self.sold_by(seller=good[:head] + fields[head:]),
                 "OPEN: token")
        for at in (32, 66, len(good) - head - 384 - 32):
            raw = bytearray(good)
            raw[head + at] ^= 1
            self.bad(self.sold_by(seller=bytes(raw)), "OPEN: token")
        thief = Key("thief")
        raw = good[:head] + thief.public + good[head + 32:]
        self.bad(self.sold_by(seller=raw, key=thief), "OPEN: token")

    def test_F21_an_auctions_token_is_none_of_a_seller(self):
        """And the other way round: their messages name different ids."""
        c = self.anonymous()
        spent = c.enrol(SELLER)
        seller = (num(len(self.epoch.tx()), 2) + self.epoch.tx()
                  + spent[35:-64])
        self.bad(self.sold_by(seller=seller), "OPEN: token")

    def test_F21_blob_is_for_the_notaries(self):
        for count in (1, 3):
            self.bad(self.sold_by(seller=self.epoch.seller(
                SELLER, Desk(count).blob())), "F21: size")

    def test_F21_dates(self):
        for start, rule in ((self.at, None), (self.at + 1, "F21: another"),
                            (self.at - 30 * DAY + 1, None),
                            (self.at - 30 * DAY, "F21: another")):
            self.check(self.sold_by(Epoch(WORLD, start)), rule)
        self.refused("end of the epoch", self.sold_by_transaction,
                     Epoch(WORLD, self.at, days=93))
        self.refused("end of the epoch", self.sold_by_transaction,
                     Epoch(WORLD, self.at, days=0))
        for seats in (0, 65):
            self.refused("seats", self.sold_by_transaction,
                         Epoch(WORLD, self.at, seats=seats))

    @staticmethod
    def sold_by_transaction(epoch):
        return transaction(epoch.tx())

    def test_F21_the_desk_is_the_auctions(self):
        for desk in (Desk(3), Desk(2, 2), Desk(1)):
            self.bad(self.sold_by(Epoch(WORLD, self.at, desk=desk)),
                     "F21: another desk")
        swapped = Desk(2)
        swapped.notaries.reverse()
        self.bad(self.sold_by(Epoch(WORLD, self.at, desk=swapped)),
                 "F21: another desk")
        stranger = Desk(2)
        stranger.issuers[0].key = Key("stranger")
        self.bad(self.sold_by(Epoch(WORLD, self.at, desk=stranger)),
                 "F21: another desk")

    def test_F21_a_key_has_one_use(self):
        for i in range(4):
            desk = other_keys()
            moduli = [(desk.issuers[0], 0), (desk.issuers[0], 1),
                      (desk.notaries[0], 0), (desk.notaries[1], 0)]
            server, k = moduli[i]
            server.moduli[k] = self.epoch.desk.notaries[0].moduli[0]
            self.bad(self.sold_by(desk=desk), "F21: a key")

    def test_F21_the_epoch_is_served(self):
        self.epoch.root = WORLD.ca
        self.bad(self.sold_by(), "EPOCH: credential")
        for place in range(3):
            epoch = Epoch(WORLD, self.at - DAY)
            pops = epoch.desk.pops
            epoch.pops = lambda digest, at=64 * place, pops=pops: (
                pops(digest)[:at] + Key("other").sign(digest)
                + pops(digest)[at + 64:])
            self.bad(self.sold_by(epoch), "EPOCH: pop")

    def test_F21_only_in_anonymous_auctions(self):
        self.refused("pseudonym sells", self.market,
                     pseudonym=(SELLER, self.epoch.seller(SELLER)))


class Directory(SellerCase):
    """G5 and G9."""

    def chain(self, *blocks):
        c = WORLD.registry()
        at = WORLD.start
        c.add([WORLD.service(WORLD.ca, 2, CA_DER, b"", b"")], at + 1000)
        for i, txs in enumerate(blocks):
            c.add(list(txs), at + 2000 + 1000 * i)
        return c

    def registry(self, rule, *blocks):
        reason = self.judge(self.chain(*blocks), [])
        if rule is None:
            self.assertIsNone(reason)
        else:
            self.assertTrue(reason is not None and reason.startswith(rule),
                            f"{reason!r}, not {rule!r}")

    def listing(self, n=0, at=None, key=SELLER, make=None):
        return self.epoch.listing(sha256(bytes([n])).digest(),
                                  at or self.at, key, make)

    def test_G9_one_epoch_of_an_issuer_at_a_time(self):
        e = self.epoch
        after = Epoch(WORLD, e.end_ms)
        self.registry(None, [e.tx()], [after.tx()])
        self.registry(None, [e.tx(), after.tx()])
        for start in (e.start_ms, e.end_ms - 1, e.start_ms - 29 * DAY):
            other = Epoch(WORLD, start, seats=9)
            self.registry("G9: another", [e.tx()], [other.tx()])
        foreign = Desk(2)
        foreign.issuers[0].key = Key("second issuer")
        self.registry(None, [e.tx(), Epoch(WORLD, e.start_ms,
                                           desk=foreign).tx()])

    def test_G9_dates_and_revocations(self):
        old = Epoch(WORLD, WORLD.start - 30 * DAY)
        self.registry("G9: the epoch is over", [old.tx()])
        e = Epoch(WORLD, self.at)
        e.dates = (self.at, self.at + DAY)
        self.registry("G9: credential", [e.tx()])
        for server in self.epoch.desk.issuers + self.epoch.desk.notaries:
            self.registry("G9: revoked", [WORLD.revoke(
                WORLD.root, server.fingerprint), self.epoch.tx()])

    def test_G9_it_is_served(self):
        raw = bytearray(self.epoch.tx())
        raw[-1] ^= 1
        self.registry("EPOCH: pop", [bytes(raw)])

    def test_G5_a_pseudonyms_listing(self):
        self.registry(None, [self.epoch.tx()], [self.listing()])
        self.registry(None, [self.epoch.tx(), self.listing()])
        self.registry("G5: no such epoch", [self.listing()])
        self.registry("G5: no such epoch", [self.listing(), self.epoch.tx()])

    def test_S0_05_G5_a_pseudonym_lists_one_auction(self):
        self.registry("G5: a pseudonym twice", [self.epoch.tx()],
                      [self.listing(0), self.listing(1)])
        self.registry(None, [self.epoch.tx()],
                      [self.listing(0), self.listing(1, key=Key("next"))])
        self.registry("G5: LIST twice", [self.epoch.tx()],
                      [self.listing(0), self.listing(0, key=Key("next"))])

    def test_G5_token_and_dates(self):
        for make in (lambda text: bytes(384),
                     lambda text: sign(text[:-1] + b"\0")):
            self.registry("LIST: token", [self.epoch.tx()],
                          [self.listing(make=make)])
        for at in (self.epoch.start_ms - 1, self.epoch.end_ms):
            self.registry("G5: opens in", [self.epoch.tx()],
                          [self.listing(at=at)])
        other = self.listing()
        self.registry("LIST: signature", [self.epoch.tx()],
                      [signed(other[:-64], Key("thief"))])
        for at, rule in ((34 + 40 + 4 + 384 + 33, "LIST: "),
                         (34 + 40 + 4 + 100, "G5: no such")):
            raw = bytearray(other[:-64])
            raw[at] ^= 1
            self.registry(rule, [self.epoch.tx()],
                          [signed(bytes(raw), SELLER)])

    def test_G5_the_issuer_is_revoked(self):
        revoke = WORLD.revoke(WORLD.root,
                              self.epoch.desk.issuers[0].fingerprint)
        self.registry("G5: the token's issuer", [self.epoch.tx()], [revoke],
                      [self.listing()])


if __name__ == "__main__":
    unittest.main()
