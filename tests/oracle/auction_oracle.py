"""F and the terms encoding, written from docs/spec/auction.md alone.

A second implementation, slow and plain, that shares nothing with the C code.
Standard library only.
"""

import hashlib
import struct
from dataclasses import dataclass, field, replace

A, B, C, D, E, F, G = (1 << bit for bit in range(7))
REF_LAST, REF_HIGHEST = 0, 1
FIRST_PRICE, SECOND_PRICE, VICKREY = 0, 1, 2
ASCENDING, REVERSE, DUTCH = 0, 1, 2
INFINITE = 2**64 - 1

ACCEPTED = 0
WRONG_PHASE = 6
TIME_LIMIT = 7
NOT_ALLOWED = 8
BIDDER_CAP = 9
TOTAL_CAP = 10
BELOW_FIRST = 11
BELOW_STEP = 12
ABOVE_STEP = 13
NOT_OPENED = 14
BAD_SEAL = 15
BELOW_CLOCK = 16
BELOW_FLOOR = 17
NO_LOT = 18

UNOPENED, FALSE = None, -1  # in the place of a sealed bid's amount (A23)

SOLD, NO_BID, RESERVE_NOT_MET, CANCELLED = 0, 1, 2, 3


@dataclass
class Terms:
    flags: int = 0
    reference: int = REF_HIGHEST
    close_policy: int = 1
    min_first: int = 0
    min_step: int = 0
    max_step: int = 0
    per_bidder: int = 0
    total_cap: int = 0
    limit_ms: int = 0
    notice_ms: int = 2000
    reserve: int = 0
    pricing: int = FIRST_PRICE
    direction: int = ASCENDING
    buy_now: int = 0
    soft_ms: int = 0
    soft_cap_ms: int = 0
    increments: list = field(default_factory=list)  # (below, increment)
    d_ms: int = 1000
    t_ms: int = 1000
    max_bids: int = 256
    fixed_difficulty: int = 1
    target: int = 0x200FFFFF
    allowed: dict = field(default_factory=dict)  # key -> own cap or 0
    sealed: bool = False
    opening_period_ms: int = 5000  # where something is sealed
    final_ms: int = 0  # above 0: a final round (A32)
    reserve_sealed: bool = False
    clock: tuple = ()  # of Dutch terms: start, floor, drop, step_ms
    lots: list = field(default_factory=list)  # (title, min_first, reserve)

    @property
    def visibility(self):
        if self.final_ms:
            return 5 if self.reserve_sealed else 4
        if self.sealed:
            return 2 if self.reserve_sealed else 1
        return 3 if self.reserve_sealed else 0

    def encode(self):
        """Rule A15."""
        out = struct.pack("<B4sB", 2 if self.lots else 1, b"EUR\0", 2)
        out += struct.pack("<BBBBBBB", self.flags, self.reference,
                           self.pricing, self.visibility, self.direction, 0,
                           self.close_policy)
        out += struct.pack("<QQQIIQQQ", self.min_first, self.min_step,
                           self.max_step, self.per_bidder, self.total_cap,
                           self.limit_ms, self.notice_ms, self.reserve)
        out += struct.pack("<QII", self.buy_now, self.soft_ms,
                           self.soft_cap_ms)
        out += struct.pack("<IIIBI", self.d_ms, self.t_ms, self.max_bids,
                           self.fixed_difficulty, self.target)
        out += struct.pack("<B", len(self.increments))
        for row in self.increments:
            out += struct.pack("<QQ", *row)
        out += struct.pack("<H", len(self.allowed))
        for key in sorted(self.allowed):
            out += key + struct.pack("<I", self.allowed[key])
        if self.visibility:
            out += struct.pack("<I", self.opening_period_ms)
        if self.final_ms:
            out += struct.pack("<I", self.final_ms)
        if self.direction == DUTCH:
            out += struct.pack("<QQQI", *self.clock)
        if self.lots:
            out += struct.pack("<B", len(self.lots))
        for title, min_first, reserve in self.lots:
            out += bytes([len(title)]) + title
            out += struct.pack("<QQ", min_first, reserve)
        return out


@dataclass
class Bid:
    bid_id: bytes
    tie: bytes
    t: int
    amount: int | None
    bidder: bytes
    final: bool = False  # sealed, of a final round
    lot: int = 0  # from 1, where there are lots (A33)


@dataclass
class Result:
    codes: dict  # bid_id -> code
    status: int
    winner: bytes
    price: int
    fold_hash: bytes
    effective_close: int
    accepted: list  # in total order
    lots: list = field(default_factory=list)  # a Result of each


def tagged(tag, data):
    prefix = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(prefix + prefix + data).digest()


def is_better(terms, a, b):
    """A20: is amount a better for the seller than b?"""
    return a < b if terms.direction == REVERSE else a > b


def best_of(terms, bids):
    """The one with the best amount, the first of equals; None of none."""
    found = None
    for bid in bids:
        if found is None or is_better(terms, bid.amount, found.amount):
            found = bid
    return found


def clock_at(terms, opening_ms, t):
    """A30: p(t), drop by drop."""
    price, floor, drop, step_ms = terms.clock
    edge = (opening_ms + step_ms) * 1000
    while edge <= t and price > floor:
        price = max(floor, price - drop)
        edge += step_ms * 1000
    return price


def limit_of(terms, opening_ms, accepted):
    """A5 and A21: the end of the time limit after these accepted bids."""
    end = (opening_ms + terms.limit_ms) * 1000
    last = end + terms.soft_cap_ms * 1000
    for bid in accepted:
        if terms.soft_ms and not bid.final:
            end = max(end, min(bid.t + terms.soft_ms * 1000, last))
    return end


def final_round(terms, opening_ms, accepted):
    """A32: the times between which final bids count, or None."""
    start = (opening_ms + terms.limit_ms + terms.soft_cap_ms) * 1000
    if not terms.final_ms or limit_of(terms, opening_ms, accepted) != start:
        return None
    return start, start + terms.final_ms * 1000


def bought(terms, accepted):
    """A22, A30: the bid that took the auction at once, or None."""
    if terms.direction == DUTCH:
        return accepted[0] if accepted else None
    if terms.buy_now and accepted and not is_better(
            terms, terms.buy_now, accepted[0].amount):
        return accepted[0]
    return None


def price_of(terms, opening_ms, accepted, leader):
    """A19."""
    if terms.direction == DUTCH:
        return clock_at(terms, opening_ms, leader.t)
    if bought(terms, accepted):
        return terms.buy_now
    if terms.pricing == FIRST_PRICE:
        return leader.amount
    other = best_of(terms, [b for b in accepted if b.bidder != leader.bidder])
    sign = -1 if terms.direction == REVERSE else 1
    asked = []  # the winner's bid need only beat all of these
    if other is not None:
        step = 0
        if terms.pricing == SECOND_PRICE:
            step = next((inc for below, inc in terms.increments
                         if other.amount < below), terms.increments[-1][1])
        asked.append(other.amount + sign * step)
    elif terms.direction == ASCENDING:
        asked.append(1)
    if terms.flags & A:
        asked.append(terms.min_first)
    if terms.reserve:
        asked.append(terms.reserve)
    if not asked:
        return leader.amount
    if terms.direction == REVERSE:
        return max(leader.amount, min(asked))
    return min(leader.amount, max(asked))


def count_open(accepted):
    return sum(not bid.final for bid in accepted)


def judge(terms, opening_ms, ends, accepted, placed, bid):
    """The code of a bid, given the bids accepted before it, and those that
    count against caps and cancellations (A2 to A10, A23, A29)."""
    flags = terms.flags
    close_us, cancel_us = ends
    if not placed and cancel_us is not None and bid.t > cancel_us:
        return WRONG_PHASE
    if bid.t < opening_ms * 1000:
        return WRONG_PHASE
    if close_us is not None and bid.t > close_us:
        return WRONG_PHASE
    if bought(terms, accepted):
        return WRONG_PHASE
    window = final_round(terms, opening_ms, accepted)
    within = window is not None and bid.t > window[0]
    if bid.final != within:
        return WRONG_PHASE
    if within and bid.t > window[1]:
        return TIME_LIMIT
    if flags & G and not within and bid.t > limit_of(terms, opening_ms,
                                                     accepted):
        return TIME_LIMIT
    if flags & D and bid.bidder not in terms.allowed:
        return NOT_ALLOWED
    own = [b for b in placed
           if b.bidder == bid.bidder and b.final == bid.final]
    if bid.final and own:
        return BIDDER_CAP
    if flags & E and not bid.final:
        cap = terms.allowed.get(bid.bidder, 0) or terms.per_bidder
        if len(own) >= cap:
            return BIDDER_CAP
    if flags & F and count_open(accepted) >= terms.total_cap:
        return TOTAL_CAP
    if terms.direction == DUTCH:
        return (BELOW_CLOCK if bid.amount < clock_at(terms, opening_ms, bid.t)
                else ACCEPTED)
    if bid.amount is UNOPENED:
        return NOT_OPENED
    if bid.amount == FALSE:
        return BAD_SEAL
    if bid.final:
        floor = best_of(terms, [b for b in accepted if not b.final])
        return (ACCEPTED if is_better(terms, bid.amount, floor.amount)
                else BELOW_FLOOR)
    if not accepted or terms.sealed:
        if flags & A and is_better(terms, terms.min_first, bid.amount):
            return BELOW_FIRST
        return ACCEPTED
    if terms.reference == REF_LAST:
        reference = accepted[-1].amount
    else:
        reference = best_of(terms, accepted).amount
    gain = bid.amount - reference
    if terms.direction == REVERSE:
        gain = -gain
    if flags & B and gain < terms.min_step:
        return BELOW_STEP
    if flags & C and gain > terms.max_step:
        return ABOVE_STEP
    return ACCEPTED


def in_order(bids):
    """A1."""
    return sorted(bids, key=lambda b: (b.t, b.tie, b.bid_id))


def hash_of(bids, codes):
    """A12."""
    return tagged("gavel/fold", b"".join(
        bid.bid_id + struct.pack("<QH", bid.t, codes[bid.bid_id])
        for bid in in_order(bids)))


def terms_of(terms, number):
    """A33: the terms that hold for a lot; without one as if there were none."""
    if not 1 <= number <= len(terms.lots):
        return replace(terms, lots=[])
    _, min_first, reserve = terms.lots[number - 1]
    return replace(terms, lots=[], flags=terms.flags | (A if min_first else 0),
                   min_first=min_first or terms.min_first,
                   reserve=reserve or terms.reserve)


def fold_lots(terms, opening_ms, close_us, bids, cancel_us):
    """A33: each lot by itself, and what they come to together."""
    parts, codes = [], {bid.bid_id: NO_LOT for bid in bids}
    for number in range(1, len(terms.lots) + 1):
        parts.append(fold(terms_of(terms, number), opening_ms, close_us,
                          [b for b in bids if b.lot == number], cancel_us))
        codes.update(parts[-1].codes)
    status = next(s for s in (SOLD, RESERVE_NOT_MET, NO_BID, CANCELLED)
                  if s in [part.status for part in parts])
    return Result(codes, status, bytes(32), 0, hash_of(bids, codes),
                  max(part.effective_close for part in parts),
                  in_order(b for part in parts for b in part.accepted), parts)


def fold(terms, opening_ms, close_us, bids, cancel_us=None):
    if terms.lots:
        return fold_lots(terms, opening_ms, close_us, bids, cancel_us)
    accepted, placed, codes = [], [], {}
    ends = (close_us, cancel_us)
    for bid in in_order(bids):
        code = judge(terms, opening_ms, ends, accepted, placed, bid)
        if code == ACCEPTED:
            accepted.append(bid)
        if code == ACCEPTED or (terms.sealed or bid.final) and code not in (
                WRONG_PHASE, TIME_LIMIT, NOT_ALLOWED, BIDDER_CAP, TOTAL_CAP):
            placed.append(bid)
        codes[bid.bid_id] = code
    ends = [INFINITE]
    if terms.flags & G:
        window = final_round(terms, opening_ms, accepted)
        ends.append(window[1] if window
                    else limit_of(terms, opening_ms, accepted))
    if close_us is not None:
        ends.append(close_us)
    if terms.flags & F and count_open(accepted) == terms.total_cap:
        ends.append(max(b.t for b in accepted if not b.final))
    if bought(terms, accepted):
        ends.append(accepted[0].t)
    status, winner, price = NO_BID, bytes(32), 0
    if not placed and cancel_us is not None:
        if not terms.flags & G or cancel_us <= limit_of(terms, opening_ms, []):
            status = CANCELLED
        ends.append(cancel_us)
    if accepted:
        leader = best_of(terms, accepted)
        if terms.reserve and is_better(terms, terms.reserve, leader.amount):
            status = RESERVE_NOT_MET
        else:
            status, winner = SOLD, leader.bidder
            price = price_of(terms, opening_ms, accepted, leader)
    return Result(codes, status, winner, price, hash_of(bids, codes),
                  min(ends), accepted)
