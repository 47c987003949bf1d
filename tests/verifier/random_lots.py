#!/usr/bin/env python3
"""Random auctions of several lots, as in random_ledger.py, judged by both
verifiers.
"""

import sys

from random_ledger import Story, main


class LotsStory(Story):
    """Two to five lots; some bids name none of them."""

    def _terms(self):
        rng = self.rng
        terms = super()._terms()
        terms["flags"] &= ~128
        terms["pay_ms"] = 0
        plain = terms.get("direction") == 2 or self._chance(.3)
        most = 120 if terms.get("direction") == 1 else 90
        told = "hidden" not in terms
        terms["lots"] = tuple(
            (f"Lot {i}".encode(),
             0 if plain else rng.choice((0, 0, 40, 60)),
             0 if plain or not told else rng.choice((0, 0, 70, most)))
            for i in range(rng.randint(2, 5)))
        return terms

    def _sealed(self, terms):
        """At times a reserve alone is sealed."""
        more = super()._sealed(terms)
        if "hidden" in more and not self.blind and self._chance(.4):
            more["visibility"] = 0
        return more

    def _bid(self, key, amount, recent):
        holders = self.holders
        if not self.chain.opening.terms.sealed and self._chance(.99):
            self.holders = type(holders)()
        try:
            return super()._bid(key, amount, recent)
        finally:
            self.holders = holders

    def _lot(self):
        rng, lots = self.rng, len(self.chain.opening.terms.lots)
        lot = rng.randint(1, lots)
        if self._chance(.04):
            lot = rng.choice((lots + 1, 64))
        if self._chance(.003):
            lot = 0
        return lot


if __name__ == "__main__":
    sys.exit(main(LotsStory))
