"""Rule R11 with Python's unbounded integers, and the vectors made with it.

    retarget.py > tests/vectors/retarget.csv
    retarget.py rented > tests/vectors/rented.csv

Written from the rule, not from the C code: floors are Python's //, and
nothing is ever cut to a machine word. The text is a function of SEED.
"""

import random
import sys

SEED = 11
COLUMNS = ("parent_target,opening_target,easiest_target,height,time_ms,"
           "parent_ms,grandparent_ms,t_ms,next_target")
EASIEST = 0x207FFFFF


def from_compact(compact):
    size, mantissa = compact >> 24, compact & 0xFFFFFF
    assert not mantissa & 0x800000
    return mantissa * 256**size // 256**3


def to_compact(target):
    size = (target.bit_length() + 7) // 8
    mantissa = target * 256**3 // 256**size
    if mantissa & 0x800000:
        mantissa, size = mantissa >> 8, size + 1
    return size << 24 | mantissa


def scale(target, exponent):
    """floor(target * 2^(exponent / 65536)) with the cubic of aserti3-2d."""
    whole, part = exponent // 65536, exponent % 65536
    factor = 65536 + ((195766423245049 * part + 971821376 * part**2 +
                       5127 * part**3 + 2**47) // 2**48)
    product = target * factor
    shift = whole - 16
    if shift > 1000:  # above every limit; the exact number fills no memory
        return 2**1000
    return product * 2**shift if shift >= 0 else product // 2**-shift


def next_target(parent, opening, easiest, height, time, p_time, g_time, t):
    s = t if height == 1 else min(p_time - g_time, 3 * t)
    w = max(0, time - p_time - 4 * t)
    e = 65536 * (s - t) // (20 * t) + 65536 * w // (4 * t)
    target = scale(from_compact(parent), e)
    target = min(max(target, from_compact(opening) // 64, 1),
                 from_compact(easiest))
    return to_compact(target)


def row(out, *args):
    words = [f"0x{x:08x}" for x in args[:3]] + [str(x) for x in args[3:]]
    print(",".join(words + [f"0x{next_target(*args):08x}"]), file=out)


def random_compact(rng, easiest):
    bits = rng.randrange(1, 256)
    target = min(rng.randrange(2**(bits - 1), 2**bits), from_compact(easiest))
    return to_compact(target)


def write_boundaries(out, t):
    p, g = 10**12, 10**12 - t
    opening = 0x1F0FFFFF
    for spacing in (250, t - 1, t, t + 1, 3 * t - 1, 3 * t, 3 * t + 1, 99 * t):
        for wait in (250, 4 * t - 1, 4 * t, 4 * t + 1, 8 * t, 12 * t + 7,
                     1000 * t, 2**40):
            row(out, opening, opening, EASIEST, 7, p + wait, p, p - spacing, t)
    for parent in (0x01010000, 0x1D00FFFF, EASIEST):
        row(out, parent, parent, EASIEST, 1, p + t, p, 0, t)
        row(out, parent, parent, EASIEST, 2, p + t, p, g, t)
        row(out, parent, parent, EASIEST, 2, p + 250, p, p - 250, t)
        row(out, parent, parent, EASIEST, 2, 2**63, p, g, t)


def write_random(out, rng, count):
    for _ in range(count):
        t = rng.choice([1, 250, 1000, 5000, 15000, 2**32 - 1])
        easiest = rng.choice([EASIEST, EASIEST, 0x1F00FFFF, 0x1D00FFFF])
        opening = random_compact(rng, easiest)
        drop = rng.randrange(0, 7)
        parent = to_compact(max(from_compact(opening) >> drop, 1))
        g = rng.randrange(0, 2**42)
        p = g + rng.randrange(0, 5 * t)
        time = p + rng.randrange(0, rng.choice([5, 8, 40, 2000]) * t)
        row(out, parent, opening, easiest, rng.randrange(1, 1000), time, p, g,
            t)


def write_chain(out, rng, blocks, t):
    """One chain: fast blocks down to the hardest target, a pause, fast
    again; each result is the base of the next."""
    opening = parent = 0x1F0FFFFF
    g = p = 10**12
    for height in range(1, blocks + 1):
        gap = rng.randrange(250, t) if height % 150 else 40 * t
        args = (parent, opening, EASIEST, height, p + gap, p, g, t)
        row(out, *args)
        parent, g, p = next_target(*args), p, p + gap


def write_vectors(out):
    rng = random.Random(SEED)
    print(COLUMNS, file=out)
    for t in (1000, 15000):
        write_boundaries(out, t)
    write_random(out, rng, 600)
    write_chain(out, rng, 400, 1000)


# An hour of rented power: blocks at the pace T by honest power alone, then 60
# times as much beside it, then the honest power alone again. A block is found
# in the first quarter of a second in which as many hashes were made as its
# target asks for on average, with the target that R11 gives for that time.
RENT_T, RENT_TIMES, RENT_HOUR, RENT_STEP = 15000, 60, 3_600_000, 250
RENT_OPENING, RENT_EASIEST = 0x1D00FFFF, 0x1F00FFFF
RENT_START, RENT_BEFORE, RENT_AFTER = 10**12, 40, 120


def write_rented(out):
    print("height,time_ms,target", file=out)
    # A thousandth more than for T, so that rounding decides nothing.
    rate = (1001 * RENT_STEP * 2**256 //
            (1000 * RENT_T * (from_compact(RENT_OPENING) + 1)))
    rented = RENT_START + RENT_BEFORE * RENT_T
    left = rented + RENT_HOUR
    target, height, after = RENT_OPENING, 0, 0
    parent, grandparent = RENT_START, 0
    while after < RENT_AFTER:
        height, time, made = height + 1, parent, 0
        while made < 2**256:
            time += RENT_STEP
            found = next_target(target, RENT_OPENING, RENT_EASIEST, height,
                                time, parent, grandparent, RENT_T)
            here = rate * (1 + RENT_TIMES * (rented < time <= left))
            made += here * (from_compact(found) + 1)
        target, parent, grandparent = found, time, parent
        after += time > left
        print(f"{height},{time},0x{target:08x}", file=out)


if __name__ == "__main__":
    (write_rented if sys.argv[1:] == ["rented"] else write_vectors)(sys.stdout)
