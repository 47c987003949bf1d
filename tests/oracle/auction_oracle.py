"""F and the terms encoding, written from docs/spec/auction.md alone.

A second implementation, slow and plain, that shares nothing with the C code.
Standard library only.
"""

import hashlib
import struct
from dataclasses import dataclass, field

A, B, C, D, E, F, G = (1 << bit for bit in range(7))
REF_LAST, REF_HIGHEST = 0, 1
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

SOLD, NO_BID, RESERVE_NOT_MET = 0, 1, 2


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
    d_ms: int = 1000
    t_ms: int = 1000
    max_bids: int = 256
    fixed_difficulty: int = 1
    target: int = 0x200FFFFF
    allowed: dict = field(default_factory=dict)  # key -> own cap or 0

    def encode(self):
        """Rule A15."""
        out = struct.pack("<B4sB", 1, b"EUR\0", 2)
        out += struct.pack("<BBBBBBB", self.flags, self.reference, 0, 0, 0, 0,
                           self.close_policy)
        out += struct.pack("<QQQIIQQQ", self.min_first, self.min_step,
                           self.max_step, self.per_bidder, self.total_cap,
                           self.limit_ms, self.notice_ms, self.reserve)
        out += struct.pack("<IIIBI", self.d_ms, self.t_ms, self.max_bids,
                           self.fixed_difficulty, self.target)
        out += struct.pack("<H", len(self.allowed))
        for key in sorted(self.allowed):
            out += key + struct.pack("<I", self.allowed[key])
        return out


@dataclass
class Bid:
    bid_id: bytes
    tie: bytes
    t: int
    amount: int
    bidder: bytes


@dataclass
class Result:
    codes: dict  # bid_id -> code
    status: int
    winner: bytes
    price: int
    fold_hash: bytes
    effective_close: int
    accepted: list  # in total order


def tagged(tag, data):
    prefix = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(prefix + prefix + data).digest()


def judge(terms, opening_ms, close_us, accepted, bid):
    """The code of a bid, given the bids accepted before it (A2 to A10)."""
    flags = terms.flags
    if bid.t < opening_ms * 1000:
        return WRONG_PHASE
    if close_us is not None and bid.t > close_us:
        return WRONG_PHASE
    if flags & G and bid.t > (opening_ms + terms.limit_ms) * 1000:
        return TIME_LIMIT
    if flags & D and bid.bidder not in terms.allowed:
        return NOT_ALLOWED
    if flags & E:
        cap = terms.allowed.get(bid.bidder, 0) or terms.per_bidder
        if sum(b.bidder == bid.bidder for b in accepted) >= cap:
            return BIDDER_CAP
    if flags & F and len(accepted) >= terms.total_cap:
        return TOTAL_CAP
    if not accepted:
        if flags & A and bid.amount < terms.min_first:
            return BELOW_FIRST
        return ACCEPTED
    if terms.reference == REF_LAST:
        reference = accepted[-1].amount
    else:
        reference = max(b.amount for b in accepted)
    if flags & B and bid.amount < reference + terms.min_step:
        return BELOW_STEP
    if flags & C and bid.amount > reference + terms.max_step:
        return ABOVE_STEP
    return ACCEPTED


def fold(terms, opening_ms, close_us, bids):
    accepted, codes, rows = [], {}, b""
    for bid in sorted(bids, key=lambda b: (b.t, b.tie, b.bid_id)):
        code = judge(terms, opening_ms, close_us, accepted, bid)
        if code == ACCEPTED:
            accepted.append(bid)
        codes[bid.bid_id] = code
        rows += bid.bid_id + struct.pack("<QH", bid.t, code)
    ends = [INFINITE]
    if terms.flags & G:
        ends.append((opening_ms + terms.limit_ms) * 1000)
    if close_us is not None:
        ends.append(close_us)
    if terms.flags & F and len(accepted) == terms.total_cap:
        ends.append(accepted[-1].t)
    status, winner, price = NO_BID, bytes(32), 0
    if accepted:
        best = max(b.amount for b in accepted)
        leader = next(b for b in accepted if b.amount == best)
        if best < terms.reserve:
            status = RESERVE_NOT_MET
        else:
            status, winner, price = SOLD, leader.bidder, best
    return Result(codes, status, winner, price, tagged("gavel/fold", rows),
                  min(ends), accepted)
