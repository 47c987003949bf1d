"""Several lots in one auction: auction.md A33."""

import copy

from auction import CANCELLED, FLAG_A, NO_BID, RESERVE_NOT_MET, SOLD, VOID
from auction import Judged
from bip340 import h_tag

NO_LOT = 18
RANK = (SOLD, RESERVE_NOT_MET, NO_BID, CANCELLED, VOID)


def terms_of(terms, lot):
    """The terms that hold for a lot (title, min_first, reserve)."""
    out = copy.copy(terms)
    _, min_first, reserve = lot
    out.lots = []
    if min_first:
        out.flags |= FLAG_A
        out.min_first = min_first
    out.reserve = reserve or terms.reserve
    return out


class JudgedLots:
    """F of each lot, as Judged is of an auction without lots."""

    def __init__(self, terms, opening_ms, close_us, bids, cancel_us=None,
                 reserve=None):
        """bids as Judged takes them, and behind it the number of the lot."""
        self.parts = [
            Judged(terms_of(terms, lot), opening_ms, close_us,
                   [bid for bid in bids if bid[6] == number], cancel_us,
                   reserve)
            for number, lot in enumerate(terms.lots, 1)]
        code_of = {bid[0]: code for part in self.parts
                   for bid, code in zip(part.order, part.codes)}
        self.order = sorted(bids, key=lambda b: (b[3], b[4], b[0]))
        self.codes = [code_of.get(bid[0], NO_LOT) for bid in self.order]
        self.accepted = sum(part.accepted for part in self.parts)
        ends = [part.end_us for part in self.parts]
        self.end_us = None if None in ends else max(ends)
        self.fold = h_tag("gavel/fold", b"".join(
            bid[0] + bid[3].to_bytes(8, "little") + code.to_bytes(2, "little")
            for bid, code in zip(self.order, self.codes)))
        self._sum()

    def _sum(self):
        self.lots = [(part.status, part.winner, part.price)
                     for part in self.parts]
        self.status = min((lot[0] for lot in self.lots), key=RANK.index)
        self.winner, self.price = bytes(32), 0

    def void(self):
        for part in self.parts:
            part.void()
        self._sum()


def judge(terms, opening_ms, close_us, bids, cancel_us=None, reserve=None):
    """F of any auction; bids are (id, key, amount, t, tie, sealed, lot)."""
    if terms.lots:
        return JudgedLots(terms, opening_ms, close_us, bids, cancel_us,
                          reserve)
    return Judged(terms, opening_ms, close_us, bids, cancel_us, reserve)


def results(judged):
    """What OUTCOME says of it before the fold."""
    return [(judged.status, judged.winner, judged.price)] if isinstance(
        judged, Judged) else judged.lots
