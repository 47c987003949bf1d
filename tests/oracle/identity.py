"""Leaves of docs/spec/identity.md, and the vectors made with them.

    identity.py > tests/vectors/identity.json

Written from the page, not from the C code, with nothing but Python's integers
and hashlib. The text is a function of what stands here.
"""

import hashlib
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "verifier"))

import bip340  # noqa: E402
import wire  # noqa: E402

SIZE = 384
E = 65537


def u32(n):
    return n.to_bytes(4, "little")


def sha256(data):
    return hashlib.sha256(data).digest()


def sha384(data):
    return hashlib.sha384(data).digest()


def prf(key, label):
    """I1"""
    return bip340.h_tag("gavel/prf", key + label)


def stream(key, label, length):
    blocks = (length + 31) // 32
    return b"".join(prf(key, label + u32(i)) for i in range(blocks))[:length]


# --- RSA (I2) ---


def mgf1(hash_, seed, length):
    out = b""
    while len(out) < length:
        counter = len(out) // len(hash_(b""))
        out += hash_(seed + counter.to_bytes(4, "big"))
    return out[:length]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def oaep(modulus, message, seed):
    """RFC 8017, 7.1.1"""
    padding = bytes(SIZE - len(message) - 2 * 32 - 2)
    db = sha256(b"") + padding + b"\x01" + message
    masked = xor(db, mgf1(sha256, seed, len(db)))
    em = b"\x00" + xor(seed, mgf1(sha256, masked, 32)) + masked
    return pow(int.from_bytes(em, "big"), E, modulus).to_bytes(SIZE, "big")


def pss_encode(message, salt):
    """RFC 8017, 9.1.1, emBits = 3071"""
    digest = sha384(bytes(8) + sha384(message) + salt)
    db = bytes(SIZE - 48 - 48 - 2) + b"\x01" + salt
    masked = xor(db, mgf1(sha384, digest, len(db)))
    return bytes([masked[0] & 0x7F]) + masked[1:] + digest + b"\xbc"


# --- GF(2^8) (I6), and the field of AES, which is the same ---


def times(a, b):
    out = 0
    while b:
        if b & 1:
            out ^= a
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return out


def shares(es, t, n):
    coefficients = stream(es, b"shamir", 32 * (t - 1))
    out = []
    for x in range(1, n + 1):
        share = bytearray(es)
        power = 1
        for degree in range(1, t):
            power = times(power, x)
            for b in range(32):
                share[b] ^= times(power, coefficients[32 * (degree - 1) + b])
        out.append(bytes(share))
    return out


# --- AES-256-GCM (FIPS 197, SP 800-38D) ---


def sbox():
    table = []
    for a in range(256):
        inverse = next((b for b in range(256) if times(a, b) == 1), 0)
        value = 0x63
        for turn in range(5):
            value ^= (inverse << turn | inverse >> (8 - turn)) & 0xFF
        table.append(value)
    return table


SBOX = sbox()


def expand(key):
    words = [list(key[i : i + 4]) for i in range(0, 32, 4)]
    constant = 1
    for i in range(8, 60):
        word = list(words[-1])
        if i % 8 == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0] ^= constant
            constant = times(constant, 2)
        elif i % 8 == 4:
            word = [SBOX[b] for b in word]
        words.append([x ^ y for x, y in zip(word, words[i - 8])])
    flat = [b for word in words for b in word]
    return [flat[16 * i : 16 * i + 16] for i in range(15)]


def mix(column):
    a, b, c, d = column
    return [
        times(a, 2) ^ times(b, 3) ^ c ^ d,
        a ^ times(b, 2) ^ times(c, 3) ^ d,
        a ^ b ^ times(c, 2) ^ times(d, 3),
        times(a, 3) ^ b ^ c ^ times(d, 2),
    ]


def aes(round_keys, block):
    state = [x ^ y for x, y in zip(block, round_keys[0])]
    for i in range(1, 15):
        state = [SBOX[state[(5 * j) % 16]] for j in range(16)]
        if i < 14:
            state = sum((mix(state[j : j + 4]) for j in range(0, 16, 4)), [])
        state = [x ^ y for x, y in zip(state, round_keys[i])]
    return bytes(state)


def ghash_times(x, y):
    out = 0
    for i in range(127, -1, -1):
        if y >> i & 1:
            out ^= x
        x = x >> 1 ^ (0xE1 << 120 if x & 1 else 0)
    return out


def gcm_seal(key, aad, plain):
    """Nonce of twelve zero bytes."""
    keys = expand(key)
    h = int.from_bytes(aes(keys, bytes(16)), "big")
    ct = b""
    for i in range(0, len(plain), 16):
        pad = aes(keys, bytes(12) + (2 + i // 16).to_bytes(4, "big"))
        ct += xor(plain[i : i + 16], pad[: len(plain[i : i + 16])])
    tag = 0
    for part in (aad, ct):
        for i in range(0, len(part), 16):
            tag ^= int.from_bytes(part[i : i + 16].ljust(16, b"\0"), "big")
            tag = ghash_times(tag, h)
    tag ^= 8 * len(aad) << 64 | 8 * len(ct)
    tag = ghash_times(tag, h)
    return ct + xor(tag.to_bytes(16, "big"), aes(keys, bytes(15) + b"\x01"))


# --- X25519 (RFC 7748) ---


def x25519_public(secret):
    p = 2**255 - 19
    k = int.from_bytes(secret, "little") & ~7 & ~(1 << 255) | 1 << 254
    x2, z2, x3, z3 = 1, 0, 9, 1
    for i in range(254, -1, -1):
        if k >> i & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a, c * b, a * a, b * b
        x3, z3 = (da + cb) ** 2 % p, 9 * (da - cb) ** 2 % p
        x2, z2 = aa * bb % p, (aa - bb) * (aa + 121665 * (aa - bb)) % p
        if k >> i & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, -1, p) % p).to_bytes(32, "little")


# --- leaves ---


def master(branch, auction, subject, attempt):
    """I3"""
    return prf(branch, b"escrow" + auction + subject + u32(attempt))


def child(node, bit):
    return bip340.h_tag("gavel/ggm", node + bytes([bit]))


def leaf_of(root, depth, i):
    """I4"""
    for level in range(depth - 1, -1, -1):
        root = child(root, i >> level & 1)
    return root


def copath(root, depth, j):
    out = []
    for level in range(depth - 1, -1, -1):
        bit = j >> level & 1
        out.append(child(root, 1 - bit))
        root = child(root, bit)
    return out


class Leaf:
    """I5 to I9; pins: {auction, t, token, notaries}, who: (cert, session)."""

    def __init__(self, pins, leaf, who, i):
        self.es = prf(leaf, b"es")
        self.key = bip340.public(prf(leaf, b"sk"))
        self.ek = x25519_public(prf(leaf, b"xk"))
        self.blob = self._blob(pins, who, i)
        self.prefix = prf(self.es, b"prefix")
        self.salt = stream(self.es, b"salt", 48)
        wide = stream(self.es, b"r", 400)
        self.r = int.from_bytes(wide, "big") % pins["token"]
        self.message = bip340.h_tag(
            "gavel/token/1",
            pins["auction"] + self.key + self.ek + sha256(self.blob),
        )
        em = pss_encode(self.prefix + self.message, self.salt)
        self.em = int.from_bytes(em, "big")
        blinded = self.em * pow(self.r, E, pins["token"]) % pins["token"]
        self.blinded = blinded.to_bytes(SIZE, "big")

    def _blob(self, pins, who, i):
        out = b""
        dealt = shares(self.es, pins["t"], len(pins["notaries"]))
        for m, (modulus, share) in enumerate(zip(pins["notaries"], dealt), 1):
            plain = bytes([m]) + pins["auction"] + self.key + share
            out += oaep(modulus, plain, prf(self.es, b"oaep" + bytes([m])))
        aad, identity = pins["auction"] + self.key, b"".join(who) + u32(i)
        return out + gcm_seal(prf(self.es, b"id"), aad, identity)


def commitment(pins, tree, who, depth):
    """I10: R and the leaves."""
    leaves = [
        Leaf(pins, leaf_of(tree, depth, i), who, i) for i in range(2**depth)
    ]
    data = [
        bip340.h_tag("gavel/leaf", u32(i) + leaf.blinded)
        for i, leaf in enumerate(leaves)
    ]
    return wire.root_of([wire.leaf_hash(d) for d in data]), leaves


# --- the vectors ---

# p and q of RSA keys, which tests/support/rsakey.c has too.
PRIMES = os.path.join(os.path.dirname(__file__), "..", "support", "rsakey.c")


def test_keys():
    """[(n, d)], read out of the C file: rows of {"p" ..., "q" ...}."""
    with open(PRIMES, encoding="utf-8") as file:
        text = file.read()
    number = r'((?:\s*"[0-9a-f]+")+)'
    keys = []
    for row in re.findall(r"\{%s,%s\}" % (number, number), text):
        p, q = (int("".join(re.findall("[0-9a-f]+", part)), 16) for part in row)
        keys.append((p * q, pow(E, -1, (p - 1) * (q - 1))))
    return keys


def one_vector(depth, t, n, j):
    keys = test_keys()
    pins = {
        "auction": sha256(b"auction %d" % depth),
        "t": t,
        "token": keys[0][0],
        "notaries": [keys[2 + m % 4][0] for m in range(n)],
    }
    who = (sha256(b"certificate"), sha256(b"session %d" % n))
    branch, subject = sha256(b"branch"), sha256(b"subject")
    tree = master(branch, pins["auction"], subject, depth)
    root, leaves = commitment(pins, tree, who, depth)
    leaf = leaves[j]
    signed = pow(int.from_bytes(leaf.blinded, "big"), keys[0][1], keys[0][0])
    token = signed * pow(leaf.r, -1, keys[0][0]) % keys[0][0]
    assert pow(token, E, keys[0][0]) == leaf.em
    return {
        "depth": depth, "t": t, "n": n, "j": j, "attempt": depth,
        "branch": branch.hex(), "subject": subject.hex(),
        "auction": pins["auction"].hex(),
        "cert": who[0].hex(), "session": who[1].hex(),
        "master": tree.hex(), "root": root.hex(),
        "copath": b"".join(copath(tree, depth, j)).hex(),
        "es": leaf.es.hex(), "key": leaf.key.hex(), "ek": leaf.ek.hex(),
        "blob": leaf.blob.hex(), "message": leaf.message.hex(),
        "prefix": leaf.prefix.hex(), "blinded": leaf.blinded.hex(),
        "blind_sig": signed.to_bytes(SIZE, "big").hex(),
        "token": token.to_bytes(SIZE, "big").hex(),
    }


def write_vectors(out):
    cases = [(0, 1, 1, 0), (2, 2, 3, 1), (3, 3, 5, 6)]
    vectors = [one_vector(*case) for case in cases]
    out.write(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    write_vectors(sys.stdout)
