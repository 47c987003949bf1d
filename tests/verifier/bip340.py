"""Schnorr signatures of BIP340, and H_tag."""

from functools import lru_cache
from hashlib import sha256

from curves import INFINITY, SECP256K1 as CURVE

P, N = CURVE.p, CURVE.n

# The endomorphism (x, y) -> (BETA x, y) multiplies by LAMBDA. (A1, B1) and
# (A2, B2) are short vectors of the lattice of (a, b) with a + b LAMBDA = 0.
BETA = 0x7ae96a2b657c07106e64479eac3434e99cf0497512f58995c1396c28719501ee
LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72
A1, B1 = 0x3086d221a7d46bcde86c90e49284eb15, -0xe4437ed6010e88286f547fa90abfe4c3
A2, B2 = 0x114ca50f7a8e2f3f657c1108d9d44cfd8, A1

# A key seen this often gets a table of its own.
OFTEN = 24


@lru_cache(maxsize=None)
def _tag(name):
    half = sha256(name.encode()).digest()
    return sha256(half + half)


def h_start(name):
    """A running H_tag: update() it, then take its digest()."""
    return _tag(name).copy()


def h_tag(name, data):
    """H_tag of format.md."""
    state = h_start(name)
    state.update(data)
    return state.digest()


class _Key:
    """A public key with what speeds up its next use."""

    def __init__(self, point):
        self.point = point
        self.uses = 0
        self.table = None

    def odd_multiples(self):
        x, y = self.point
        twice = CURVE.affine(CURVE.double((x, y, 1)))
        out = [(x, y, 1)]
        for _ in range(7):
            out.append(CURVE.add_affine(out[-1], twice))
        return CURVE.affine_all(out)


@lru_cache(maxsize=4096)
def _key(key32):
    """The point with even y, or None if there is none."""
    x = int.from_bytes(key32, "big")
    if x >= P:
        return None
    yy = (x * x * x + 7) % P
    y = pow(yy, (P + 1) // 4, P)
    if y * y % P != yy:
        return None
    return _Key((x, y if y % 2 == 0 else P - y))


def _naf(k):
    """Signed odd digits below 16 of k, lowest first, width 5."""
    out = []
    while k:
        if k & 1:
            digit = k & 31
            if digit > 15:
                digit -= 32
            k -= digit
        else:
            digit = 0
        out.append(digit)
        k >>= 1
    return out


def _split(k):
    """k1, k2 of half length with k = k1 + k2 LAMBDA modulo N."""
    c1 = (2 * B2 * k + N) // (2 * N)
    c2 = (-2 * B1 * k + N) // (2 * N)
    return k - c1 * A1 - c2 * A2, -c1 * B1 - c2 * B2


def _times(key, k):
    """k * key as a Jacobian point."""
    key.uses += 1
    if key.table is None and key.uses > OFTEN:
        key.table = CURVE.comb(key.point, 5)
    if key.table is not None:
        return CURVE.add_comb(INFINITY, key.table, k)
    first = key.odd_multiples()
    second = [(x * BETA % P, y) for x, y in first]
    k1, k2 = _split(k)
    if k1 < 0:
        k1, first = -k1, [(x, P - y) for x, y in first]
    if k2 < 0:
        k2, second = -k2, [(x, P - y) for x, y in second]
    d1, d2 = _naf(k1), _naf(k2)
    length = max(len(d1), len(d2))
    d1 += [0] * (length - len(d1))
    d2 += [0] * (length - len(d2))
    double, add = CURVE.double, CURVE.add_affine
    out = INFINITY
    for i in range(length - 1, -1, -1):
        out = double(out)
        for digit, table in ((d1[i], first), (d2[i], second)):
            if digit > 0:
                out = add(out, table[digit >> 1])
            elif digit < 0:
                x, y = table[-digit >> 1]
                out = add(out, (x, P - y))
    return out


def verify(key32, message, signature):
    """True if signature signs message under key32."""
    key = _key(key32)
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    if key is None or len(signature) != 64 or r >= P or s >= N:
        return False
    e = int.from_bytes(h_tag("BIP0340/challenge",
                             signature[:32] + key32 + message), "big") % N
    point = CURVE.add_comb(_times(key, N - e), CURVE.comb_g(), s)
    out = CURVE.affine(point)
    return out is not None and out[1] % 2 == 0 and out[0] == r


def public(secret):
    """The x-only public key of a 32-byte secret."""
    return CURVE.times_g(int.from_bytes(secret, "big"))[0].to_bytes(32, "big")


def sign(secret, message, aux=bytes(32)):
    """A signature of message, by BIP340's default signing."""
    d = int.from_bytes(secret, "big")
    x, y = CURVE.times_g(d)
    key = x.to_bytes(32, "big")
    d = d if y % 2 == 0 else N - d
    mask = int.from_bytes(h_tag("BIP0340/aux", aux), "big")
    seed = (d ^ mask).to_bytes(32, "big")
    k = int.from_bytes(h_tag("BIP0340/nonce", seed + key + message),
                       "big") % N
    rx, ry = CURVE.times_g(k)
    k = k if ry % 2 == 0 else N - k
    r = rx.to_bytes(32, "big")
    e = int.from_bytes(h_tag("BIP0340/challenge", r + key + message), "big")
    return r + ((k + e * d) % N).to_bytes(32, "big")
