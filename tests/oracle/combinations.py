"""Cases for tests/unit/rules/test_combinations: all 128 flag combinations in
both reference modes, plain and with every pricing in both directions, some with
soft close or buy-now, with bids on and beside every boundary; sealed bids in
every mixture that they allow; hidden reserves; Dutch clocks; final rounds; and
several lots, also with what is sealed.

    combinations.py [SEED] > cases.txt

The text is a function of the seed. Lines of a case:

    case NAME
    terms HEX                          encoded terms
    keys N                             key of bidder i: 31 bytes of 7, byte i
    open MS
    close US|-
    cancel US|-
    reserve N                          that was sealed, once it is opened; 0:
                                       it was not, or did not open
    bid PRE SUF PRE SUF T AMOUNT BIDDER CODE
                                       id and tie: 2 bytes, 28 zeros, 2 bytes;
                                       AMOUNT "?": not opened, "!": false,
                                       behind "f": of a final round;
                                       before "@N": for lot N;
                                       in order of arrival; CODE is the final
                                       one, "-" for a bid that is removed
    remove N                           the N-th bid of this case, from 0
    lot STATUS BIDDER|- PRICE E        of each lot, in order
    result STATUS BIDDER|- PRICE FOLDHASH E ACCEPTED
"""

import random
import sys
from dataclasses import replace

import auction_oracle as oracle
from auction_oracle import A, B, C, D, E, F, G, Bid, Terms

OPENING_MS = 1_700_000_000_000
KEYS = 5
SEED = 20240229


def key(i):
    return bytes([7] * 31 + [i])


def make_terms(rng, flags, reference):
    t = Terms(flags=flags, reference=reference)
    if flags & A:
        t.min_first = rng.choice([1, 2, 1000, 10**6])
    if flags & B:
        t.min_step = rng.choice([1, 10, 100])
    if flags & C:
        t.max_step = rng.choice([100, 250, 2**64 - 1 if not flags & B else 101])
    if flags & D:
        for i in range(KEYS - 1):
            own = rng.choice([0, 0, 1, 3]) if flags & E else 0
            t.allowed[key(i)] = own
    if flags & E:
        t.per_bidder = rng.choice([1, 2, 4])
    if flags & F:
        t.total_cap = rng.choice([1, 3, 7])
    if flags & G:
        t.limit_ms = rng.choice([1, 60, 80])
    if rng.random() < 0.3:
        t.reserve = rng.choice([1, 1000, 1500, 10**7])
    return t


INCREMENTS = ([(2**64 - 1, 1)], [(100, 5), (500, 25), (2**64 - 1, 50)],
              [(1, 7), (2**63, 2**63), (2**64 - 1, 2**64 - 1)])


# Every pricing in both directions: each set of flags is varied into all.
VARIATIONS = [(p, d) for d in (oracle.ASCENDING, oracle.REVERSE)
              for p in (oracle.FIRST_PRICE, oracle.SECOND_PRICE,
                        oracle.VICKREY)]


def vary(rng, t, variation):
    """A pricing and a direction; soft close and buy-now in any mixture."""
    t.pricing, t.direction = variation
    if t.pricing == oracle.SECOND_PRICE:
        t.increments = rng.choice(INCREMENTS)
    if t.flags & G and rng.random() < 0.5:
        # In use at least 10 s; F does not ask.
        t.soft_ms = rng.choice([1, 5, 40])
        t.soft_cap_ms = t.soft_ms + rng.choice([0, 1, 30])
    if rng.random() < 0.3:
        t.buy_now = rng.choice([1, 1000, 1500, 2500])
    return t


def set_clock(rng, t):
    """A clock, in use of steps of at least 1 s; F does not ask."""
    floor = rng.choice([1, 7, 500])
    drop = rng.choice([1, 5, 40])
    start = floor + drop * rng.randrange(1, 9) + rng.randrange(drop)
    t.direction = oracle.DUTCH
    t.clock = (start, floor, drop, rng.choice([1, 7, 30]))
    t.limit_ms = rng.choice([60, 80])
    t.reserve = 0
    return t


def clock_bids(rng, terms):
    """(t, amount) on and beside the edges of the clock's steps."""
    opening, (start, floor, drop, step_ms) = OPENING_MS * 1000, terms.clock
    for _ in range(12):
        t = opening + rng.randrange(12) * step_ms * 1000
        t += rng.choice([-1, 0, 1, rng.randrange(step_ms * 1000)])
        price = oracle.clock_at(terms, OPENING_MS, t)
        yield t, max(1, price + rng.choice([-drop] + 8 * [-1] + [0, 1]))


def set_round(rng, t):
    """A final round that most soft closes come to, in use of at least 10 s."""
    t.limit_ms = rng.choice([20, 60])
    t.soft_ms = rng.choice([5, 20, 40])
    t.soft_cap_ms = t.soft_ms + rng.choice([0, 0, 1, 30])
    t.final_ms = rng.choice([1, 7, 40])
    t.buy_now = t.buy_now if rng.random() < 0.2 else 0
    if rng.random() < 0.7:
        t.total_cap *= 20
    return t


def in_round(rng, terms, bid, accepted):
    """Sealed where it should be, mostly, and beside what it must better; open
    ones mostly good enough."""
    cap = (OPENING_MS + terms.limit_ms + terms.soft_cap_ms) * 1000
    bid.final = (bid.t > cap) != (rng.random() < 0.1)
    before = [b for b in accepted if not b.final]
    sign = -1 if terms.direction == oracle.REVERSE else 1
    amount = terms.min_first or 1500
    if bid.final and before:
        floor = oracle.best_of(terms, before).amount
        amount = floor + sign * rng.choice([-1, 0, 0, 1, 1, 7, 500])
    elif bid.final or rng.random() < 0.3:
        amount = bid.amount
    elif before:
        amount = before[-1].amount + sign * max(1, terms.min_step)
    bid.amount = max(1, min(amount, 2**64 - 1))
    return bid


def boundary_amounts(rng, terms, accepted):
    first = max(terms.min_first, 1)
    if not accepted:
        amounts = [first - 1, first, first + 1]
    else:
        ref = (accepted[-1].amount if terms.reference == oracle.REF_LAST
               else oracle.best_of(terms, accepted).amount)
        amounts = [ref - 1, ref, ref + 1, first - 1]
        for step in (terms.min_step, terms.max_step):
            step *= -1 if terms.direction == oracle.REVERSE else 1
            amounts += [ref + step - 1, ref + step, ref + step + 1]
    if terms.buy_now:
        amounts += [terms.buy_now - 1, terms.buy_now, terms.buy_now + 1]
    amounts.append(rng.randrange(1, 3000))
    if rng.random() < 0.02:
        amounts = [2**64 - 1, 2**64 - 2]
    return [a for a in amounts if 1 <= a < 2**64]


def boundary_times(rng, terms, close_us):
    """A rising list of times that touches every boundary."""
    opening = OPENING_MS * 1000
    times = [opening - 1, opening, opening, opening + 1]
    times += [opening + rng.randrange(0, 90_000) for _ in range(10)]
    if terms.flags & G:
        limit = opening + terms.limit_ms * 1000
        times += [limit - 1, limit, limit, limit + 1]
        ends = [terms.soft_ms, terms.soft_cap_ms]
        if terms.final_ms:
            ends += 4 * [terms.soft_cap_ms]
            ends += 4 * [terms.soft_cap_ms + terms.final_ms]
        for ms in ends:
            end = limit + ms * 1000
            times += [end - 1, end, end + 1] if ms else []
    if close_us is not None:
        times += [close_us - 1, close_us, close_us + 1]
    times += rng.choices(times, k=4)
    return sorted(times)


def set_lots(rng, t):
    """Lots with and without a minimum and a reserve of their own."""
    t.lots = [(rng.choice([b"a", b"A longer title"]),
               rng.choice([0, 0, 1, 1000, 1500]),
               rng.choice([0, 0, 1, 1500, 10**7]))
              for _ in range(rng.choice([2, 2, 3, 5]))]
    return t


def pick_lot(rng, terms):
    """The number of a lot, at times of one that is not there."""
    if not terms.lots:
        return 0
    return (rng.choice([len(terms.lots) + 1, 64]) if rng.random() < 0.05
            else rng.randrange(len(terms.lots)) + 1)


def short_name(rng):
    """32 bytes, few different beginnings so that ends decide too."""
    return (bytes([rng.randrange(2), rng.randrange(256)]) + bytes(28) +
            rng.randbytes(2))


def make_bids(rng, terms, close_us, cancel_us):
    bids, ids = [], set()

    def add(t, amount, lot):
        bid_id = short_name(rng)
        while bid_id in ids:
            bid_id = short_name(rng)
        ids.add(bid_id)
        tie = rng.choice([bytes(32), short_name(rng)])
        bids.append(Bid(bid_id, tie, t, amount, key(rng.randrange(KEYS)),
                        lot=lot))

    times = boundary_times(rng, terms, close_us)
    if cancel_us is not None:
        # Mostly nobody bids before, or there is nothing to cancel.
        least = cancel_us - rng.choice([1, 1, 0, 10**9])
        times = sorted([t for t in times if t > least or rng.random() < 0.1] +
                       [cancel_us, cancel_us + 1])
    for t in times:
        lot = pick_lot(rng, terms)
        of_lot = oracle.terms_of(terms, lot)
        accepted = oracle.fold(of_lot, OPENING_MS, close_us,
                               [b for b in bids if b.lot == lot],
                               cancel_us).accepted
        add(t, rng.choice(boundary_amounts(rng, of_lot, accepted)), lot)
        if terms.final_ms:
            bids[-1] = in_round(rng, terms, bids[-1], accepted)
    for _ in range(rng.randrange(4)):
        add(rng.choice(times), rng.randrange(1, 3000), pick_lot(rng, terms))
    if terms.direction == oracle.DUTCH:
        # Of the others two: one that is high enough ends it.
        bids = rng.sample(bids, 2)
        for t, amount in clock_bids(rng, terms):
            add(t, amount, pick_lot(rng, terms))
    return bids


def arrivals(rng, bids):
    order = list(bids)
    how = rng.randrange(3)
    if how == 1:
        rng.shuffle(order)
    elif how == 2:
        for _ in range(3):
            order.insert(len(order), order.pop(rng.randrange(len(order))))
    return order


def hex_ends(name):
    return f"{name[:2].hex()} {name[-2:].hex()}"


def seal(terms, n):
    """Terms of sealed bids, of which a mixture allows first and Vickrey prices
    in both directions."""
    terms.sealed = True
    terms.pricing = oracle.VICKREY if n >> 1 & 1 else oracle.FIRST_PRICE
    terms.direction = oracle.REVERSE if n >> 2 & 1 else oracle.ASCENDING
    return terms


def hide_reserve(rng, terms):
    """A reserve that nobody knows before the end, by A24; and so no buy-now."""
    terms.reserve_sealed = True
    terms.reserve = rng.choice([0, 1, 1000, 1500, 2500, 10**7])
    terms.buy_now = 0
    return terms


def hide(rng, terms, bids):
    """Some are never opened, some do not open."""
    share = rng.choice([0, 0.2, 1])
    for bid in bids:
        if (terms.sealed or bid.final) and rng.random() < share:
            bid.amount = rng.choice([oracle.UNOPENED, oracle.FALSE])
    return bids


def amount_of(bid):
    said = {oracle.UNOPENED: "?", oracle.FALSE: "!"}.get(bid.amount,
                                                        bid.amount)
    if bid.lot:
        return f"{said}@{bid.lot}"
    return f"f{said}" if bid.final else said


def winner_of(result):
    return result.winner[31] if any(result.winner) else "-"


def write_case(out, rng, name, terms):
    close_us = None
    if rng.random() < (0.1 if terms.final_ms else 0.35):
        close_us = OPENING_MS * 1000 + rng.randrange(0, 90_000)
    cancel_us = None
    if close_us is not None and rng.random() < 0.5:
        cancel_us = close_us - rng.choice([0, 1, 5_000, 90_000])
    bids = make_bids(rng, terms, close_us, cancel_us)
    if terms.sealed or terms.final_ms:
        bids = hide(rng, terms, bids)
    order = arrivals(rng, bids)
    removed = set(rng.sample(range(len(order)), rng.choice([0, 0, 1, 3])))
    kept = [b for i, b in enumerate(order) if i not in removed]
    result = oracle.fold(terms, OPENING_MS, close_us, kept, cancel_us)
    print(f"case {name}", file=out)
    said = replace(terms, reserve=0) if terms.reserve_sealed else terms
    print(f"terms {said.encode().hex()}", file=out)
    print(f"keys {KEYS}", file=out)
    print(f"open {OPENING_MS}", file=out)
    print(f"close {'-' if close_us is None else close_us}", file=out)
    print(f"cancel {'-' if cancel_us is None else cancel_us}", file=out)
    if terms.reserve_sealed:
        print(f"reserve {terms.reserve}", file=out)
    for i, b in enumerate(order):
        code = "-" if i in removed else result.codes[b.bid_id]
        print("bid", hex_ends(b.bid_id), hex_ends(b.tie), b.t,
              amount_of(b), b.bidder[31], code, file=out)
    for i in sorted(removed):
        print(f"remove {i}", file=out)
    for of_lot in result.lots:
        print("lot", of_lot.status, winner_of(of_lot), of_lot.price,
              of_lot.effective_close, file=out)
    print("result", result.status, winner_of(result), result.price,
          result.fold_hash.hex(), result.effective_close,
          len(result.accepted), file=out)


def write_cases(out, seed, full=False):
    """Each set of flags in both reference modes, plain and varied: into one of
    VARIATIONS by turns, or with `full` into every one."""
    rng = random.Random(seed)
    turn = 0
    for flags in range(128):
        letters = "".join(x for i, x in enumerate("ABCDEFG") if flags >> i & 1)
        for reference in (oracle.REF_LAST, oracle.REF_HIGHEST):
            name = (f"{letters or 'normal'}-"
                    f"{'highest' if reference else 'last'}")
            write_case(out, rng, f"{name}-plain",
                       make_terms(rng, flags, reference))
            turn += 1 + (turn % 12 == 11)
            for n in range(len(VARIATIONS)):
                if full or n == turn % len(VARIATIONS):
                    terms = make_terms(rng, flags, reference)
                    write_case(out, rng, f"{name}-varied-{n}",
                               vary(rng, terms, VARIATIONS[n]))
    rng = random.Random(seed + 1)
    for flags in range(128):
        if flags & (B | C | F):
            continue
        letters = "".join(x for i, x in enumerate("ABCDEFG") if flags >> i & 1)
        for n in range(8):
            write_case(out, rng, f"{letters or 'normal'}-sealed-{n}",
                       seal(make_terms(rng, flags, n % 2), n))
    rng = random.Random(seed + 2)
    for n in range(1000 if full else 48):
        flags = G | (D if n & 1 else 0)
        write_case(out, rng, f"dutch-{n}",
                   set_clock(rng, make_terms(rng, flags, n >> 1 & 1)))
    rng = random.Random(seed + 3)
    for flags in range(128):
        if not flags & G:
            continue
        letters = "".join(x for i, x in enumerate("ABCDEFG") if flags >> i & 1)
        for n in range(24 if full else 2):
            terms = vary(rng, make_terms(rng, flags, n % 2),
                         rng.choice(VARIATIONS))
            write_case(out, rng, f"{letters}-final-{n}",
                       set_round(rng, terms))
    rng = random.Random(seed + 4)
    for flags in range(128):
        letters = "".join(x for i, x in enumerate("ABCDEFG") if flags >> i & 1)
        for n in range(8 if full else 1):
            terms = vary(rng, make_terms(rng, flags, rng.randrange(2)),
                         rng.choice(VARIATIONS))
            write_case(out, rng, f"{letters or 'normal'}-lots-{n}",
                       set_lots(rng, terms))
    for n in range(64 if full else 8):
        terms = set_clock(rng, make_terms(rng, G | (D if n & 1 else 0), 0))
        terms.lots = [(b"lot", 0, 0)] * rng.choice([2, 3])
        write_case(out, rng, f"dutch-lots-{n}", terms)
    write_hidden(out, random.Random(seed + 5), full)
    write_sealed_lots(out, random.Random(seed + 6), full)


def write_sealed_lots(out, rng, full):
    """Lots of which all bids are sealed, or the reserve, or both."""
    for flags in range(128):
        letters = "".join(x for i, x in enumerate("ABCDEFG") if flags >> i & 1)
        name = f"{letters or 'normal'}-lots"
        if not flags & (B | C | F):
            for n in range(8):
                terms = set_lots(rng, seal(make_terms(rng, flags, 1), n))
                if rng.random() < .3:
                    terms = hide_lots(rng, terms)
                write_case(out, rng, f"{name}-sealed-{n}", terms)
        elif full or flags % 3 == 0:
            terms = vary(rng, make_terms(rng, flags, rng.randrange(2)),
                         rng.choice(VARIATIONS))
            write_case(out, rng, f"{name}-hidden",
                       hide_lots(rng, set_lots(rng, terms)))


def hide_lots(rng, terms):
    """A33: no lot has a reserve of its own then."""
    terms = hide_reserve(rng, terms)
    terms.lots = [(title, least, 0) for title, least, _ in terms.lots]
    return terms


def write_hidden(out, rng, full):
    """Reserves that are hidden: beside open bids with all flags, and beside
    sealed bids and final rounds."""
    for flags in range(128):
        letters = "".join(x for i, x in enumerate("ABCDEFG") if flags >> i & 1)
        name = f"{letters or 'normal'}-hidden"
        for n in range(12 if full else 1):
            terms = vary(rng, make_terms(rng, flags, n % 2),
                         VARIATIONS[n // 2 if full else flags % 6])
            write_case(out, rng, f"{name}-{n}", hide_reserve(rng, terms))
        if flags & G:
            terms = vary(rng, make_terms(rng, flags, 1), rng.choice(VARIATIONS))
            write_case(out, rng, f"{name}-final",
                       hide_reserve(rng, set_round(rng, terms)))
        if not flags & (B | C | F):
            for n in range(8 if full else 2):
                n = n if full else rng.randrange(8)
                terms = seal(make_terms(rng, flags, 1), n)
                write_case(out, rng, f"{name}-sealed-{n}",
                           hide_reserve(rng, terms))


if __name__ == "__main__":
    write_cases(sys.stdout, int(sys.argv[1]) if len(sys.argv) > 1 else SEED)
