#!/usr/bin/env python3
"""Random auctions with a final round or a hidden reserve behind open bids, as
in random_ledger.py, judged by both verifiers.
"""

import sys

from random_ledger import D_MS, Story, main


class FinalStory(Story):
    """Most of them go on to the cap of the soft close, some beyond it."""

    blinds = False

    def __init__(self, world, seed, anonymous=False, _sealed=False):
        super().__init__(world, seed, anonymous, sealed=True)

    def _chance(self, p):
        """Fewer faults in what is longer."""
        return super()._chance(p / 5 if p <= .05 else p)

    def _others(self):
        return super()._others() if self._chance(.07) else []

    def _sealed(self, terms):
        rng = self.rng
        more = dict(max_bids=50, visibility=rng.choice((0, 4, 4)),
                    total_cap=0, limit_ms=0,
                    opening_period_ms=rng.choice((D_MS, 5000)))
        more.update(self._variant(terms), buy_now=0)
        flags = terms["flags"]
        if more["visibility"] or flags & 64:
            flags |= 64
            more.update(soft_ms=10000, limit_ms=rng.choice((1000, 2000)),
                        soft_cap_ms=rng.choice((10000, 12000)))
        if flags & 32:
            more["total_cap"] = rng.choice((3, 9))
        if self._chance(.4) or not more["visibility"]:
            amount, spoil = rng.choice((60, 90)), self._chance(.2)
            more.update(reserve=0, hidden=lambda seals, key: self._hide(
                seals, key, amount, spoil))
        if not flags & 96:
            more.update(close_policy=1, notice_ms=2 * D_MS)
        return dict(more, flags=flags)

    def _cap_us(self):
        """Where a final round begins, by what is known; None: there is none."""
        terms = self.chain.opening.terms
        end = self.state.end_us() if self.fine else None
        cap = (self.chain.opening.opening_ms + terms.limit_ms
               + terms.soft_cap_ms) * 1000
        return cap if terms.final_ms and end and end > cap else None

    def _bid(self, key, amount, recent):
        cap = self._cap_us()
        within = cap is not None and self.now * 1000 > cap
        final = within != self._chance(.1)
        terms = self.chain.opening.terms
        if not terms.final_round and self._chance(.99):
            final = False
        if not final:
            holders, self.holders = self.holders, type(self.holders)()
            try:
                return super()._bid(key, amount, recent)
            finally:
                self.holders = holders
        best = self.state.judge().leader if self.fine else None
        if best and self._chance(.6):
            sign = -1 if terms.direction else 1
            amount = max(1, best[2] + sign * self.rng.choice((-1, 0, 1, 9)))
        return super()._bid(key, amount, recent)

    def _fresh(self):
        self.now += self._jump()
        return super()._fresh()

    def _jump(self):
        """To the limit, into the extension, and then beyond the cap, without
        blocks between."""
        terms = self.chain.opening.terms
        limit = self.chain.opening.opening_ms + terms.limit_ms
        end = self.state.end_us() if self.fine else None
        if not terms.soft_ms or end is None or self._chance(.3):
            return 0
        if self.now < limit - 300:
            return limit - 100 - self.now
        cap = self._cap_us()
        if cap is None:
            return min(4000, max(0, end // 1000 - self.now))
        return max(0, cap // 1000 - self.now + self.rng.randint(-100, 300))

    def _rounds(self):
        return self.rng.randint(4, 11)


if __name__ == "__main__":
    sys.exit(main(FinalStory))
