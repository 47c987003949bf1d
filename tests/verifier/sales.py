"""What becomes of a sale: consensus.md C10, C17, C18, auction.md A31."""

from bip340 import h_tag
from codec import DEFAULTED, MAX_AWARDS, Thing
from der import BLIND
from wire import need

ACCEPT_CHILDREN = 16


class Sales:
    """The part of an auction's chain behind its final outcome."""

    def no_sales(self):
        self.awards, self.said, self.disclosed = {}, set(), set()
        self.accepted = -ACCEPT_CHILDREN

    def award(self, number, winner, price, block):
        self.awards[number] = Thing(winner=winner, price=price,
                                    made=block.sealed, made_ms=block.time)

    def epilogue(self, block):
        """C10, C17, C18: what may follow a final outcome (R8)."""
        acts = {"DISCLOSE": self._disclose, "SETTLE": self._settle,
                "ACCEPT": self._accept}
        need(all(tx.name in acts for tx in block.txs),
             "R8: a block after the outcome is final")
        if not block.txs:
            need(block.height <= self.accepted + ACCEPT_CHILDREN,
                 "R8: a block after the outcome is final")
            self.waited(block, "R8")
        for tx in block.txs:
            acts[tx.name](tx, block)

    def _disclose(self, tx, _):
        need(tx.award in self.awards, "C10: DISCLOSE of no award")
        need(tx.notary < len(self.opening.notaries), "C10: notary")
        award = (tx.award, tx.notary, tx.side)
        need(award not in self.disclosed, "C10: DISCLOSE twice")
        self._own(tx, self.opening.notaries[tx.notary].cred.key)
        self.disclosed.add(award)

    def _settle(self, tx, block):
        need(tx.award in self.awards, "C17: SETTLE of no award")
        award = self.awards[tx.award]
        need(tx.key == (award.winner if tx.side else self.opening.seller.key),
             "C17: key")
        self._own(tx, tx.key)
        mine = {what for one, side, what in self.said
                if (one, side) == (tx.award, tx.side)}
        need(tx.what not in mine, "C17: SETTLE twice")
        need(not mine or (tx.what == DEFAULTED) == (DEFAULTED in mine),
             "C17: against one's own word")
        if tx.what == DEFAULTED:
            self._late(tx, award, block)
        self.said.add((tx.award, tx.side, tx.what))

    def _late(self, tx, award, block):
        if not self.terms.pay_ms:
            need(not tx.tokens, "C17: tokens without a time to pay")
            return
        need(len(tx.tokens) >= self.quorum, "C17: too few tokens")
        imprint = h_tag("gavel/settle", self.rules.id + award.made
                        + bytes([tx.award]))
        for index, token in tx.tokens:
            self._token(tx, block, index, token, (BLIND,), imprint)
            need(token.time_us > (award.made_ms + self.terms.pay_ms) * 1000,
                 "C17: token not after pay_by")

    def chance(self):
        """C18: (winner, price) of a second chance that is open, or None."""
        last = len(self.awards) - 1
        if (not 0 <= last < MAX_AWARDS - 1 or not self.terms.pay_ms
                or (last, 0, DEFAULTED) not in self.said):
            return None
        return self.judged.among_others(
            {one.winner for one in self.awards.values()})

    def _accept(self, tx, block):
        need(tx.award == len(self.awards), "C18: award")
        need(self.chance() == (tx.key, tx.price), "C18: not the second chance")
        self._own(tx, tx.key)
        self.award(tx.award, tx.key, tx.price, block)
        self.accepted = block.height

    def standing(self, award):
        """What both sides say of an award (C17)."""
        said = [{what for one, side, what in self.said
                 if (one, side) == (award, each)} for each in (0, 1)]
        if DEFAULTED in said[0]:
            return "disputed" if said[1] else "defaulted"
        both = said[0] | said[1]
        if both & {2, 4}:
            return "delivered"
        return "paid" if both else "open"
