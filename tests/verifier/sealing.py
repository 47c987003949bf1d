"""Sealed bids, by docs/spec/sealed.md: X25519 (RFC 7748), HKDF-SHA256, HPKE
(RFC 9180, base mode), AES-256-GCM and Shamir's shares over GF(2^8). Nothing
here runs in constant time: it opens what is public, and seals test data.
"""

import hmac
from hashlib import sha256

from bip340 import h_tag

SHARE, OPENING = 80, 56
P = 2**255 - 19


def size(n):
    """Bytes of a sealed part for n holders (Q4)."""
    return 1 + 32 + SHARE * n + OPENING


# GF(2^8) under 0x11b, by logarithms to the base 3

EXP, LOG = [1], {1: 0}
while len(EXP) < 255:
    _next = EXP[-1] ^ EXP[-1] << 1
    _next ^= 0x11b if _next & 0x100 else 0
    LOG[_next] = len(EXP)
    EXP.append(_next)


def gf_mul(a, b):
    return EXP[(LOG[a] + LOG[b]) % 255] if a and b else 0


def gf_inverse(a):
    return EXP[-LOG[a] % 255] if a else 0


# X25519


def clamped(secret):
    return secret[0] & 7 == 0 and secret[31] >> 6 == 1


def clamp(secret):
    return (bytes((secret[0] & 0xf8,)) + secret[1:31]
            + bytes((secret[31] & 0x7f | 0x40,)))


def x25519(secret, point):
    """The Montgomery ladder of RFC 7748."""
    k = int.from_bytes(clamp(secret), "little")
    u = int.from_bytes(point, "little") & (1 << 255) - 1
    x1, z1, x2, z2 = 1, 0, u, 1
    for i in range(254, -1, -1):
        bit = k >> i & 1
        if bit:
            x1, z1, x2, z2 = x2, z2, x1, z1
        plus, minus = (x1 + z1) % P, (x1 - z1) % P
        cross = (x2 - z2) * plus % P
        other = (x2 + z2) * minus % P
        x2, z2 = (cross + other) ** 2 % P, u * (cross - other) ** 2 % P
        square, small = plus * plus % P, minus * minus % P
        x1 = square * small % P
        difference = (square - small) % P
        z1 = difference * (square + 121665 * difference) % P
        if bit:
            x1, z1, x2, z2 = x2, z2, x1, z1
    return (x1 * pow(z1, P - 2, P) % P).to_bytes(32, "little")


def public(secret):
    return x25519(secret, b"\x09" + bytes(31))


# AES-256-GCM


def _make_sbox():
    out = []
    for a in range(256):
        value = 0x63
        for turn in range(5):
            inverse = gf_inverse(a)
            value ^= (inverse << turn | inverse >> 8 - turn) & 0xff
        out.append(value)
    return out


SBOX = _make_sbox()
DOUBLE = [gf_mul(a, 2) for a in range(256)]


def _round_keys(key):
    words, power = [key[i:i + 4] for i in range(0, 32, 4)], 1
    while len(words) < 60:
        word, at = words[-1], len(words) % 8
        if at == 0:
            word = bytes(SBOX[b] for b in word[1:] + word[:1])
            word = bytes((word[0] ^ power,)) + word[1:]
            power = DOUBLE[power]
        elif at == 4:
            word = bytes(SBOX[b] for b in word)
        words.append(bytes(a ^ b for a, b in zip(word, words[-8])))
    return [b"".join(words[i:i + 4]) for i in range(0, 60, 4)]


def _mix(column):
    every = column[0] ^ column[1] ^ column[2] ^ column[3]
    return [b ^ every ^ DOUBLE[b ^ column[(i + 1) % 4]]
            for i, b in enumerate(column)]


def _aes(keys, block):
    state = [a ^ b for a, b in zip(block, keys[0])]
    for key in keys[1:]:
        state = [SBOX[state[5 * i % 16]] for i in range(16)]
        if key is not keys[-1]:
            state = [b for i in range(0, 16, 4) for b in _mix(state[i:i + 4])]
        state = [a ^ b for a, b in zip(state, key)]
    return bytes(state)


def _ghash(h, aad, text):
    total = 0
    for part in (aad, text, None):
        if part is None:
            part = (8 * len(aad) << 64 | 8 * len(text)).to_bytes(16, "big")
        for i in range(0, len(part), 16):
            x = total ^ int.from_bytes(part[i:i + 16].ljust(16, b"\0"), "big")
            v, total = h, 0
            for bit in range(127, -1, -1):
                if x >> bit & 1:
                    total ^= v
                v = v >> 1 ^ (0xe1 << 120 if v & 1 else 0)
    return total


def _crypt(keys, nonce, text):
    out = b""
    for i in range(0, len(text), 16):
        pad = _aes(keys, nonce + (2 + i // 16).to_bytes(4, "big"))
        out += bytes(a ^ b for a, b in zip(text[i:i + 16], pad))
    return out


def _tag(keys, nonce, aad, text):
    h = int.from_bytes(_aes(keys, bytes(16)), "big")
    mask = int.from_bytes(_aes(keys, nonce + b"\0\0\0\1"), "big")
    return (_ghash(h, aad, text) ^ mask).to_bytes(16, "big")


def gcm_seal(key, nonce, aad, plain):
    keys = _round_keys(key)
    text = _crypt(keys, nonce, plain)
    return text + _tag(keys, nonce, aad, text)


def gcm_open(key, nonce, aad, sealed):
    """The plaintext, or None."""
    keys, text = _round_keys(key), sealed[:-16]
    if _tag(keys, nonce, aad, text) != sealed[-16:]:
        return None
    return _crypt(keys, nonce, text)


# HPKE

KEM, SUITE = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"


def _extract(suite, salt, label, ikm):
    return hmac.digest(salt, b"HPKE-v1" + suite + label + ikm, "sha256")


def _expand(suite, prk, label, info, length):
    """At most 32 bytes: one block of HKDF."""
    info = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, info + b"\1", "sha256")[:length]


def _schedule(shared, enc, peer, info):
    """Key and nonce of the first message, of what two keys share."""
    prk = _extract(KEM, b"", b"eae_prk", shared)
    secret = _expand(KEM, prk, b"shared_secret", enc + peer, 32)
    context = (b"\0" + _extract(SUITE, b"", b"psk_id_hash", b"")
               + _extract(SUITE, b"", b"info_hash", info))
    prk = _extract(SUITE, secret, b"secret", b"")
    return (_expand(SUITE, prk, b"key", context, 32),
            _expand(SUITE, prk, b"base_nonce", context, 12))


def hpke_seal(peer, seed, info, aad, plain):
    prk = _extract(KEM, b"", b"dkp_prk", seed)
    secret = _expand(KEM, prk, b"sk", b"", 32)
    enc = public(secret)
    key, nonce = _schedule(x25519(secret, peer), enc, peer, info)
    return enc + gcm_seal(key, nonce, aad, plain)


def hpke_open(secret, sealed, info, aad):
    """The plaintext, or None."""
    enc = sealed[:32]
    shared = x25519(secret, enc)
    if shared == bytes(32):
        return None
    key, nonce = _schedule(shared, enc, public(secret), info)
    return gcm_open(key, nonce, aad, sealed[32:])


# Sealed bids


def prf(key, label):
    return h_tag("gavel/prf", key + label)


def shares_of(es, t, n):
    """Q2: values of the polynomials at 1 to n."""
    rows = [es] + [prf(es, b"shamir" + i.to_bytes(4, "little"))
                   for i in range(t - 1)]
    out = []
    for x in range(1, n + 1):
        value = bytes(32)
        for row in reversed(rows):
            value = bytes(gf_mul(v, x) ^ c for v, c in zip(value, row))
        out.append(value)
    return out


def interpolate(shares):
    """The value at 0 of {x: value}."""
    out = bytes(32)
    for x, value in shares.items():
        weight = 1
        for other in shares:
            if other != x:
                weight = gf_mul(weight, gf_mul(other, gf_inverse(other ^ x)))
        out = bytes(o ^ gf_mul(v, weight) for o, v in zip(out, value))
    return out


class Sealing:
    """What one auction's bids are sealed to."""

    def __init__(self, auction, t, keys):
        self.auction, self.t, self.keys = auction, t, keys

    def _ciphertexts(self, names, es):
        shares = shares_of(es, self.t, len(self.keys))
        return b"".join(
            hpke_seal(key, prf(es, b"hpke" + bytes((m,))), names + bytes((m,)),
                      names, shares[m - 1])
            for m, key in enumerate(self.keys, 1))

    def make(self, bidder, es, amount):
        """The sealed part of a BID (Q4)."""
        names = self.auction + bidder
        plain = amount.to_bytes(8, "little") + prf(es, b"salt")
        return (bytes((len(self.keys),)) + h_tag("gavel/seal", names + plain)
                + self._ciphertexts(names, es)
                + gcm_seal(prf(es, b"opening"), bytes(12), names, plain))

    def open(self, bidder, part, es):
        """The amount, or None (Q5)."""
        names = self.auction + bidder
        plain = gcm_open(prf(es, b"opening"), bytes(12), names,
                         part[-OPENING:])
        if plain is None or h_tag("gavel/seal", names + plain) != part[1:33]:
            return None
        amount = int.from_bytes(plain[:8], "little")
        if not amount or self._ciphertexts(names, es) != part[33:-OPENING]:
            return None
        return amount

    def recover(self, bidder, part, secrets):
        """The same by {index: secret} of t holders (Q6)."""
        names, shares = self.auction + bidder, {}
        for index, secret in secrets.items():
            at = 33 + SHARE * index
            share = hpke_open(secret, part[at:at + SHARE],
                              names + bytes((index + 1,)), names)
            if share is None:
                return None
            shares[index + 1] = share
        return self.open(bidder, part, interpolate(shares))
