"""Single rules of consensus.md: C12, C13, G7, G8, V9."""

import unittest

import codec
import make_sample as sample
from rulebook import WORLD, RuleCase
from writer import (Key, anchor_tx, evidence_tx, final_tx, handover_tx,
                    objection_tx, vote_of)


class Objection(RuleCase):
    """C12, C7 and R8."""

    def objection(self, c, height=1, key="validator 0", validator=0, of=18):
        return objection_tx(c.chain, Key(key), validator, c.sealed[height],
                            of)

    def test_C12_beside_content_and_after_X_and_Y(self):
        c, bids = self.fixed_set()
        c.add([sample.outcome_tx(c, bids), self.objection(c)],
              self.at + 66250)
        c.add([self.objection(c, 2)], self.at + 68000)
        self.good(c)
        c = self.enrolled()
        c.add([self.objection(c), c.enrol(WORLD.bob)], self.at + 500)
        self.good(c)
        c, _, _ = self.ended()
        c.add([self.cut(c), self.objection(c, 2)], self.at + 66000)
        self.good(c)

    def test_R8_it_makes_no_block(self):
        c = self.enrolled()
        c.add([self.objection(c)], self.at + 500)
        self.bad(c, "R8")
        c, bids = self.fixed_set()
        c.add([sample.outcome_tx(c, bids)], self.at + 66250)
        c.add([self.objection(c)], self.at + 66500)
        self.bad(c, "R8")

    def test_R7_not_before_the_outcome(self):
        c, bids = self.fixed_set()
        c.add([self.objection(c), sample.outcome_tx(c, bids)],
              self.at + 66250)
        self.bad(c, "R7")

    def test_C12_names_an_ancestor(self):
        for height, rule in ((0, "C12: no such"), (1, None)):
            c = self.enrolled()
            c.add([self.objection(c, height), c.enrol(WORLD.bob)],
                  self.at + 500)
            self.check(c, rule)
        c, other = self.enrolled(), self.enrolled()
        other.add([other.enrol(WORLD.bob)], self.at + 700)
        c.add([objection_tx(c.chain, Key("validator 0"), 0,
                            other.sealed[-1]), c.enrol(WORLD.bob)],
              self.at + 500)
        self.bad(c, "C12: no such")

    def test_C12_by_that_validator(self):
        for key, validator, rule in (
                ("validator 1", 0, "OBJECTION: signature"),
                ("validator 0", 1, "C12: validator")):
            c = self.enrolled()
            c.add([self.objection(c, 1, key, validator),
                   c.enrol(WORLD.bob)], self.at + 500)
            self.bad(c, rule)

    def test_C12_once_a_block_and_16_times(self):
        c = self.enrolled()
        c.add([self.objection(c), self.objection(c, 1, of=20),
               c.enrol(WORLD.bob)], self.at + 500)
        self.bad(c, "C12: OBJECTION twice")
        c = self.enrolled()
        for i in range(17):
            c.add([c.enrol(Key(f"bidder {i}"))],
                  self.at + 500 + 250 * i)
        for count, rule in ((16, None), (17, "C12: too many")):
            c.add([self.objection(c, 1 + i) for i in range(count)]
                  + [c.enrol(WORLD.bob)], self.at + 6000)
            self.check(c, rule)
            for part in (c.blocks, c.sealed, c.times, c.targets):
                part.pop()

    def test_F4_of_a_bid_or_a_close(self):
        c = self.enrolled()
        for of in (17, 19, 21):
            self.refused("kind of what|STAMP", codec.transaction,
                         self.objection(c, of=of))


class Handover(RuleCase):
    """C13, C7, R8 and V9."""

    OLD, NEW, NEXT = (Key(name) for name in ("validator 0", "new", "next"))

    def link(self, c, source, target, key):
        return final_tx(c.chain, [key], [0], c.here(source), c.here(target))

    def handed(self):
        """HANDOVER in block 2, alone, and two blocks on it."""
        c = self.enrolled()
        c.add([handover_tx(c.chain, self.OLD, self.NEW)], self.at + 500)
        for i in range(2):
            c.add([c.enrol(Key(f"bidder {i}"))], self.at + 750 + 250 * i)
        return c

    def test_C13_alone_before_X_and_beside_the_end(self):
        self.good(self.handed())
        c, bids = self.fixed_set()
        c.add([sample.outcome_tx(c, bids),
               handover_tx(c.chain, self.OLD, self.NEW)], self.at + 66250)
        c.add([handover_tx(c.chain, self.NEW, self.NEXT)], self.at + 68000)
        self.good(c)
        c, _, _ = self.ended()
        c.add([self.cut(c), handover_tx(c.chain, self.OLD, self.NEW)],
              self.at + 66000)
        self.good(c)

    def test_R8_it_hastens_no_block_after_X(self):
        c, bids = self.fixed_set()
        c.add([sample.outcome_tx(c, bids)], self.at + 66250)
        c.add([handover_tx(c.chain, self.OLD, self.NEW)], self.at + 66500)
        self.bad(c, "R8")

    def test_R7_not_before_the_outcome(self):
        c, bids = self.fixed_set()
        c.add([handover_tx(c.chain, self.OLD, self.NEW),
               sample.outcome_tx(c, bids)], self.at + 66250)
        self.bad(c, "R7")

    def test_R8_not_after_the_end(self):
        c, bids = self.fixed_set()
        c.add([sample.outcome_tx(c, bids)], self.at + 66250)
        for i, link in enumerate(((0, 4), (4, 5))):
            c.add([], self.at + 68000 + 4000 * i)
            c.add([self.vote(c, *link)], self.at + 70000 + 4000 * i)
        self.good(c)
        c.add([handover_tx(c.chain, self.OLD, self.NEW)], self.at + 80000)
        self.bad(c, "R8")

    def test_C13_by_both_keys(self):
        for pop, by, rule in (
                (self.OLD, None, "HANDOVER: pop"),
                (None, self.NEW, "HANDOVER: signature")):
            c = self.enrolled()
            c.add([handover_tx(c.chain, self.OLD, self.NEW, 0, pop, by)],
                  self.at + 500)
            self.bad(c, rule)

    def test_C13_whose_key_and_to_which(self):
        old, new, third = self.OLD, self.NEW, self.NEXT
        for steps, rule in (
                (((old, new, 1),), "C13: validator"),
                (((new, third, 0),), "C13: old_key"),
                (((old, new, 0), (old, third, 0)), "C13: old_key"),
                (((old, new, 0), (old, new, 0)), "C13: a key"),
                (((old, new, 0), (new, old, 0)), "C13: a key"),
                (((old, new, 0), (new, third, 0)), None)):
            for apart in (False, True):
                c = self.enrolled()
                txs = [handover_tx(c.chain, *step) for step in steps]
                for i, part in enumerate([[tx] for tx in txs]
                                         if apart else [txs]):
                    c.add(part, self.at + 500 + 250 * i)
                self.check(c, rule)

    def test_C13_sixteen_times(self):
        for count, rule in ((16, None), (17, "C13: too many")):
            c = self.enrolled()
            keys = [self.OLD] + [Key(f"key {i}") for i in range(count)]
            c.add([handover_tx(c.chain, *pair)
                   for pair in zip(keys, keys[1:])], self.at + 500)
            self.check(c, rule)

    def test_V9_the_source_decides(self):
        for source, key, rule in (
                (0, self.OLD, None), (0, self.NEW, "FINAL: vote"),
                (2, self.OLD, None), (2, self.NEW, "FINAL: vote"),
                (3, self.OLD, "FINAL: vote"), (3, self.NEW, None)):
            c = self.handed()
            txs = [self.link(c, 0, source, self.OLD)] if source else []
            c.add(txs + [self.link(c, source, 4, key), c.enrol(WORLD.bob)],
                  self.at + 1500)
            self.check(c, rule)

    def test_V9_an_objection_too(self):
        for height, key, rule in (
                (2, self.OLD, None), (2, self.NEW, "OBJECTION: signature"),
                (3, self.OLD, "OBJECTION: signature"), (3, self.NEW, None)):
            c = self.handed()
            c.add([objection_tx(c.chain, key, 0, c.sealed[height]),
                   c.enrol(WORLD.bob)], self.at + 1500)
            self.check(c, rule)

    def test_F4_of_two_keys(self):
        c = self.enrolled()
        self.refused("same key", codec.transaction,
                     handover_tx(c.chain, self.OLD, self.OLD))
        self.refused("validator", codec.transaction,
                     handover_tx(c.chain, self.OLD, self.NEW, 64))


class Evidence(RuleCase):
    """G7."""

    def votes(self, key, *links, chain=b"c" * 32):
        return [vote_of(chain, key, (s, bytes(31) + bytes([s])),
                        (t, mark * 32)) for s, t, mark in links]

    def evidence(self, key, *links, accused=b"c" * 32, order=sorted):
        return evidence_tx(WORLD.registry().chain, accused, key,
                           self.votes(key, *links), order)

    def registry(self, blocks, rule):
        c = WORLD.registry()
        for i, txs in enumerate(blocks):
            c.add(txs, WORLD.start + 1000 * (i + 1))
        reason = self.judge(c, [])
        if rule is None:
            self.assertIsNone(reason)
        else:
            self.assertTrue(reason and reason.startswith(rule), reason)

    def test_G7_of_a_validator_and_once(self):
        key, new = WORLD.validators[0], Key("new validator")
        same = (0, 2, b"a"), (1, 2, b"a")
        first = self.evidence(key, *same)
        other = self.evidence(key, (0, 3, b"a"), (0, 3, b"b"))
        mine = self.evidence(new, (0, 9, b"a"), (1, 8, b"b"))
        named = WORLD.service(new, 6, b"certificate", b"", b"")
        for blocks, rule in (
                ([[first]], None),
                ([[first, other]], "G7: EVIDENCE twice"),
                ([[first], [other]], "G7: EVIDENCE twice"),
                ([[mine]], "G7: not a validator's"),
                ([[named], [mine]], None),
                ([[named, mine, first]], None),
                ([[self.evidence(key, *same, accused=b"d" * 32)]],
                 "EVIDENCE: vote")):
            self.registry(blocks, rule)

    def test_F4_votes_that_break_V1_in_order(self):
        key = WORLD.validators[0]
        for links, word in (
                (((0, 2, b"a"), (2, 3, b"b")), "contradict"),
                (((0, 2, b"a"), (1, 3, b"b")), "contradict"),
                (((1, 2, b"a"), (1, 3, b"b")), "contradict"),
                (((0, 2, b"a"), (0, 2, b"a")), "order")):
            self.refused(word, codec.transaction,
                         self.evidence(key, *links))
        for links in (((0, 2, b"a"), (0, 2, b"b")),
                      ((0, 2, b"a"), (1, 2, b"a")),
                      ((0, 4, b"a"), (1, 3, b"a"))):
            codec.transaction(self.evidence(key, *links))
            self.refused("order", codec.transaction, self.evidence(
                key, *links, order=lambda v: sorted(v, reverse=True)))


class Anchor(RuleCase):
    """G8."""

    def anchor(self, key=None, final=b"f" * 32, **more):
        return anchor_tx(WORLD.registry().chain, key or WORLD.tsa, b"a" * 32,
                         final, **more)

    def check_blocks(self, blocks, rule):
        c = WORLD.registry()
        for i, txs in enumerate(blocks):
            c.add(txs, WORLD.start + 1000 * (i + 1))
        reason = self.judge(c, [])
        self.assertEqual(reason is None, rule is None, reason)
        self.assertTrue(rule is None or reason.startswith(rule), reason)

    def test_G8_by_a_tsa_once_a_final(self):
        mark = sample.sha256(b"tsa certificate").digest()
        tsa = WORLD.service(WORLD.tsa, 3, b"tsa certificate", b"", b"")
        ca = WORLD.service(WORLD.ca, 2, b"ca certificate", b"", b"")
        one, other = self.anchor(), self.anchor(final=b"g" * 32)
        for blocks, rule in (
                ([[one]], "G8: not by a tsa"),
                ([[ca, self.anchor(WORLD.ca)]], "G8: not by a tsa"),
                ([[tsa, one, other]], None),
                ([[tsa], [one], [one]], "G8: ANCHOR twice"),
                ([[tsa, one[:-1] + bytes([one[-1] ^ 1])]],
                 "ANCHOR: signature"),
                ([[tsa], [WORLD.revoke(WORLD.root, mark, 0)], [one]],
                 "G8: service revoked")):
            self.check_blocks(blocks, rule)

    def test_F4_tokens_in_order(self):
        for tokens, word in (((), "count"), (((0, b""),), "token"),
                             (((1, b"t"), (1, b"t")), "order"),
                             (((15, b"t"),), "authority")):
            self.refused(word, codec.transaction,
                         self.anchor(tokens=tokens))


if __name__ == "__main__":
    unittest.main()
