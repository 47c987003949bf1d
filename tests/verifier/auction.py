"""Terms and the outcome function F: auction.md."""

import copy

from bip340 import h_tag
from wire import target_of

FLAG_A, FLAG_B, FLAG_C, FLAG_D, FLAG_E, FLAG_F, FLAG_G, FLAG_H = (
    1 << i for i in range(8))
CODES = {0: "accepted", 6: "wrong-phase", 7: "time-limit", 8: "not-allowed",
         9: "bidder-cap", 10: "total-cap", 11: "below-first",
         12: "below-step", 13: "above-step", 14: "not-opened",
         15: "bad-seal", 16: "below-clock", 17: "below-floor",
         18: "no-lot"}
UNOPENED, FALSE = None, -1  # in the place of an amount (A23)
REVERSE, DUTCH = 1, 2
SOLD, NO_BID, RESERVE_NOT_MET, CANCELLED, VOID = range(5)
STATUSES = ("sold", "no bid", "reserve not met", "cancelled", "void")
DAY_MS = 86400000
INFINITE = 2**64 - 1
FIXED = {1: 0x200fffff, 2: 0x2000ffff, 3: 0x1f0fffff, 4: 0x1f00ffff}
CURRENCY = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


class Terms:
    """A15 and A16; check() is A17."""

    def __init__(self, r):
        version = r.u8("terms version", 1, 2)
        raw = r.take(4)
        name = raw.rstrip(b"\0")
        r.need(name and all(c in CURRENCY for c in name), "currency")
        self.currency = name.decode("ascii")
        self.exponent = r.u8("exponent", 0, 8)
        self.flags = r.u8("flags")
        self.reference = r.u8("reference", 0, 1)
        self.pricing = r.u8("pricing", 0, 2)
        self.visibility = r.u8("visibility", 0, 5)
        self.sealed = self.visibility in (1, 2)  # all bids
        self.hides_reserve = self.visibility in (2, 3, 5)
        self.final_round = self.visibility in (4, 5)
        self.direction = r.u8("direction", 0, 2)
        self.identity = r.u8("identity", 0, 1)
        self.close_policy = r.u8("close_policy", 0, 1)
        self.min_first = r.u64("min_first")
        self.min_step = r.u64("min_step")
        self.max_step = r.u64("max_step")
        self.per_bidder = r.u32("per_bidder")
        self.total_cap = r.u32("total_cap")
        self.limit_ms = r.u64("limit_ms")
        self.notice_ms = r.u64("notice_ms")
        self.reserve = r.u64("reserve")
        self.buy_now = r.u64("buy_now")
        self.soft_ms = r.u32("soft_ms")
        self.soft_cap_ms = r.u32("soft_cap_ms")
        self.d_ms, self.t_ms = r.u32("d_ms"), r.u32("t_ms")
        self.max_bids = r.u32("max_bids")
        self.fixed = r.u8("fixed_difficulty", 0, 4)
        self.target = r.u32("target")
        rows = r.u8("increments", 0, 16)
        self.increments = [(r.u64("below"), r.u64("increment"))
                           for _ in range(rows)]
        count = r.u16("allowed", 0, 1024)
        self.allowed = [(r.take(32), r.u32("own cap")) for _ in range(count)]
        self.opening_period_ms = (r.u32("opening_period_ms")
                                  if self.visibility else 0)
        self.final_ms = r.u32("final_ms") if self.final_round else 0
        self.clock_start = self.clock_floor = self.clock_drop = 0
        self.clock_step_ms = 0
        if self.direction == DUTCH:
            self.clock_start = r.u64("clock_start")
            self.clock_floor = r.u64("clock_floor")
            self.clock_drop = r.u64("clock_drop")
            self.clock_step_ms = r.u32("clock_step_ms")
        self.pay_ms = r.u64("pay_ms") if self.flags & FLAG_H else 0
        self.lots = [  # (title, min_first, reserve), A33
            (r.text(1, "title of a lot", 1, 100), r.u64("min_first"),
             r.u64("reserve"))
            for _ in range(r.u8("lots", 2, 64) if version == 2 else 0)]
        self._form(r)

    def flag_values(self):
        return ((FLAG_A, self.min_first), (FLAG_B, self.min_step),
                (FLAG_C, self.max_step), (FLAG_D, len(self.allowed)),
                (FLAG_E, self.per_bidder), (FLAG_F, self.total_cap),
                (FLAG_G, self.limit_ms))

    def _form(self, r):
        keys = [key for key, _ in self.allowed]
        r.need(all(a < b for a, b in zip(keys, keys[1:])),
               "allowed set out of order")
        for flag, value in self.flag_values():
            r.need(self.flags & flag or value == 0,
                   "terms: a field without its flag")
        capped = any(cap for _, cap in self.allowed)
        r.need(not capped or self.flags & FLAG_E,
               "terms: an own cap without E")
        r.need(not capped or not self.identity,
               "terms: an own cap of a pseudonym")
        r.need(self.close_policy or self.notice_ms == 0,
               "terms: a notice without close")
        r.need(self.flags & FLAG_G or not self.soft_ms,
               "terms: a soft close without a limit")
        r.need(not self.hides_reserve or not self.reserve,
               "terms: a reserve that is told and hidden")
        r.need(self.final_ms or not self.final_round,
               "terms: a final round of no length")
        r.need(self.pay_ms or not self.flags & FLAG_H,
               "terms: a second chance without a time to pay")
        r.need(self.soft_ms or not self.soft_cap_ms,
               "terms: a soft close of no length")
        belows = [below for below, _ in self.increments]
        r.need(bool(belows) == (self.pricing == 1),
               "terms: increments are for the second price")
        r.need(all(a < b for a, b in zip(belows, belows[1:]))
               and all(step for _, step in self.increments)
               and (not belows or belows[-1] == INFINITE)
               and INFINITE not in belows[:-1], "terms: increments")

    def check(self, network):
        """What A17 and A33 refuse, or None."""
        if self.lots and (self.final_round or self.flags & FLAG_H):
            return "what does not go with lots"
        for _, min_first, reserve in self.lots:
            if reserve and self.hides_reserve:
                return "a lot with a reserve beside one that nobody sees"
            of_lot = copy.copy(self)
            of_lot.lots = []
            of_lot.flags |= FLAG_A if min_first else 0
            of_lot.min_first = min_first or self.min_first
            of_lot.reserve = reserve or self.reserve
            why = of_lot.check(network)
            if why:
                return why
        f = self.flags
        for flag, value in self.flag_values():
            if f & flag and value == 0:
                return "a flag with the value 0"
        if f & FLAG_B and f & FLAG_C and self.min_step > self.max_step:
            return "min_step above max_step"
        if self.limit_ms > 3650 * DAY_MS:
            return "limit_ms"
        if (self.d_ms < network.min_d_ms or self.t_ms < network.min_t_ms
                or self.d_ms < self.t_ms or self.d_ms > 7 * DAY_MS
                or self.t_ms > 7 * DAY_MS):
            return "d_ms or t_ms"
        if self.close_policy and not (2 * self.d_ms <= self.notice_ms
                                      <= 3650 * DAY_MS):
            return "notice_ms"
        if self.pay_ms and not self.d_ms <= self.pay_ms <= 3650 * DAY_MS:
            return "pay_ms"
        if self.soft_ms and not (10000 <= self.soft_ms <= 7 * DAY_MS
                                 and self.soft_ms <= self.soft_cap_ms):
            return "soft_ms or soft_cap_ms"
        for bound in (self.min_first, self.reserve):
            if self.buy_now and bound and (
                    self.buy_now > bound if self.direction == REVERSE
                    else self.buy_now < bound):
                return "buy_now"
        if self.direction == DUTCH and (
                f & (FLAG_A | FLAG_B | FLAG_C | FLAG_E | FLAG_F)
                or not f & FLAG_G or self.pricing or self.visibility
                or self.reserve or self.buy_now or self.soft_ms
                or not 0 < self.clock_floor < self.clock_start
                or not 0 < self.clock_drop
                <= self.clock_start - self.clock_floor
                or not 1000 <= self.clock_step_ms <= 7 * DAY_MS):
            return "a Dutch clock"
        if not 1 <= self.max_bids <= 65536:
            return "max_bids"
        if self.sealed and (f & (FLAG_B | FLAG_C | FLAG_F) or self.soft_ms
                            or self.buy_now or self.pricing == 1):
            return "what sealed bids cannot be judged by"
        if self.visibility and not (self.d_ms <= self.opening_period_ms
                                    <= 30 * DAY_MS):
            return "opening_period_ms"
        if self.hides_reserve and self.buy_now:
            return "buy_now beside a reserve that nobody sees"
        if self.final_round and not (self.soft_ms and 10000 <= self.final_ms
                                     <= 7 * DAY_MS):
            return "final_ms"
        if not f & (FLAG_F | FLAG_G) and not self.close_policy:
            return "the auction can never end"
        if self.fixed:
            if not network.allow_fixed or self.target != FIXED[self.fixed]:
                return "fixed difficulty"
        else:
            target = target_of(self.target)
            if target is None or target > target_of(network.easiest_target):
                return "target"
        return None


class Judged:
    """What F gives: verdicts, outcome and the effective close E."""

    def __init__(self, terms, opening_ms, close_us, bids, cancel_us=None,
                 reserve=None):
        """bids are (id, key, amount, t, tie, sealed); the times of a CLOSE may
        be None. An amount may be UNOPENED or FALSE; reserve is the one that
        was hidden."""
        self.order = sorted(bids, key=lambda b: (b[3], b[4], b[0]))
        self.codes = []
        self.accepted = self._open = 0  # _open: without the final round's
        self.leader = None
        self.last = None
        self._best = {}  # of each key, its best accepted amount
        self._bought = None
        self._sign = -1 if terms.direction == REVERSE else 1
        self._limit = opening_ms * 1000 + terms.limit_ms * 1000
        self._hard = self._limit + terms.soft_cap_ms * 1000
        self._end = self._hard + terms.final_ms * 1000
        self._floor = None  # the best open bid (A32)
        self._finals = set()  # whose place in the final round is taken
        self._per_key = {}
        self._terms = terms
        self._reserve = reserve or terms.reserve
        self._caps = dict(terms.allowed)
        self._opening = opening_ms * 1000
        self._close, self._cancel = close_us, cancel_us
        for bid in self.order:
            final = terms.final_round and bid[5]
            code = self._judge(bid[1], bid[2], bid[3], final)
            self.codes.append(code)
            if code == 0:
                self._accept(bid, final)
            if final and code not in (6, 7, 8, 9, 10):
                self._finals.add(bid[1])
            elif code == 0 or terms.sealed and code not in (6, 7, 8, 9):
                self._per_key[bid[1]] = self._per_key.get(bid[1], 0) + 1
        self._result()

    def _in_round(self):
        """A32: has the last extension reached the cap?"""
        return self._terms.final_round and self._limit == self._hard

    def _judge(self, key, amount, t, final):
        terms, f = self._terms, self._terms.flags
        if t < self._opening or (self._close is not None and t > self._close):
            return 6
        if (not self._per_key and self._cancel is not None
                and t > self._cancel):
            return 6
        if self._bought:
            return 6
        within = self._in_round() and t > self._hard
        if final != within:
            return 6
        if f & FLAG_G and t > (self._end if within else self._limit):
            return 7
        if f & FLAG_D and not terms.identity and key not in self._caps:
            return 8
        if final and key in self._finals:
            return 9
        if f & FLAG_E and not final:
            cap = self._caps.get(key, 0) or terms.per_bidder
            if self._per_key.get(key, 0) >= cap:
                return 9
        if f & FLAG_F and self._open >= terms.total_cap:
            return 10
        if terms.direction == DUTCH:
            return 16 if amount < self._clock(t) else 0
        if amount in (UNOPENED, FALSE):
            return 14 if amount is UNOPENED else 15
        if final:
            return 0 if self._less(self._floor[2], amount) else 17
        if self.last is None or terms.sealed:
            below = f & FLAG_A and self._less(amount, terms.min_first)
            return 11 if below else 0
        base = self.leader[2] if terms.reference else self.last[2]
        gain = self._sign * (amount - base)
        if f & FLAG_B and gain < terms.min_step:
            return 12
        if f & FLAG_C and gain > terms.max_step:
            return 13
        return 0

    def _clock(self, t):
        """A30: p(t)."""
        terms = self._terms
        falls = (t - self._opening) // (terms.clock_step_ms * 1000)
        return max(terms.clock_floor,
                   terms.clock_start - falls * terms.clock_drop)

    def _less(self, a, b):
        """A20: amount a is worse for the seller than b."""
        return self._sign * a < self._sign * b

    def _accept(self, bid, final):
        terms = self._terms
        if terms.direction == DUTCH or (
                terms.buy_now and self.last is None
                and not self._less(bid[2], terms.buy_now)):
            self._bought = bid
        if terms.soft_ms and not final:
            self._limit = max(self._limit, min(
                self._hard, bid[3] + terms.soft_ms * 1000))
        best = self._best.get(bid[1])
        if best is None or self._less(best[2], bid[2]):
            self._best[bid[1]] = bid
        self.accepted += 1
        if self.leader is None or self._less(self.leader[2], bid[2]):
            self.leader = bid
        if not final:
            self.last, self._floor = bid, self.leader
            self._open += 1

    def among_others(self, without):
        """C18: (winner, price) when these keys are left out, or None."""
        left = [bid for bid in self._best.values() if bid[1] not in without]
        if not left:
            return None
        sign = self._sign
        lead = min(left, key=lambda b: (-sign * b[2], self.order.index(b)))
        if self._reserve and self._less(lead[2], self._reserve):
            return None
        return lead[1], self._price(lead, [
            sign * bid[2] for bid in left if bid[1] != lead[1]])

    def _sold(self):
        """A19 and A22."""
        if self._terms.direction == DUTCH:
            return self._clock(self._bought[3])
        if self._bought:
            return self._terms.buy_now
        return self._price(self.leader, [
            self._sign * bid[2] for key, bid in self._best.items()
            if key != self.leader[1]])

    def _price(self, lead, others):
        """A19, of the worths of others."""
        terms, own, sign = self._terms, lead[2], self._sign
        if terms.pricing == 0:
            return own
        floors = [sign * self._reserve] if self._reserve else []
        if terms.flags & FLAG_A:
            floors.append(sign * terms.min_first)
        if others:
            floor = max(others)
            for below, step in terms.increments:
                if sign * floor < below or below == INFINITE:
                    floor += step
                    break
            floors.append(floor)
        elif not terms.direction:
            floors.append(1)
        return sign * min(sign * own, max(floors, default=sign * own))

    def void(self):
        """C8: no bid can sell; the verdicts and the fold stay."""
        self.status, self.winner, self.price = VOID, bytes(32), 0

    def _result(self):
        terms, ends = self._terms, []
        if terms.flags & FLAG_G:
            ends.append(self._end if self._in_round() else self._limit)
        if self._bought:
            ends.append(self._bought[3])
        if self._close is not None:
            ends.append(self._close)
        if terms.flags & FLAG_F and self._open >= terms.total_cap:
            ends.append(self.last[3])
        self.status, self.winner, self.price = NO_BID, bytes(32), 0
        if not self._per_key and self._cancel is not None:
            if not terms.flags & FLAG_G or self._cancel <= self._limit:
                self.status = CANCELLED
            ends.append(self._cancel)
        self.end_us = min(ends, default=None)
        if self.leader is not None:
            self.status = RESERVE_NOT_MET
            if not self._reserve or not self._less(self.leader[2],
                                                   self._reserve):
                self.status = SOLD
                self.winner, self.price = self.leader[1], self._sold()
        rows = b"".join(bid[0] + bid[3].to_bytes(8, "little")
                        + code.to_bytes(2, "little")
                        for bid, code in zip(self.order, self.codes))
        self.fold = h_tag("gavel/fold", rows)
