"""Tokens of anonymous bidders: what the issuer signs blindly, and RSASSA-PSS
of RFC 8017 with SHA-384, MGF1 of SHA-384, a salt of 48 bytes and e = 65537.
"""

from hashlib import sha256, sha384

from bip340 import h_tag

E, HASH = 65537, 48


def message(auction, key, ek, blob):
    """What a token says; the prefix of ENROL stands before it."""
    return brief(auction, key, ek, sha256(blob).digest())


def brief(auction, key, ek, blob_hash):
    """The same of the blob's hash."""
    return h_tag("gavel/token/1", auction + key + ek + blob_hash)


def _mask(seed, data):
    """data xor MGF1(seed)."""
    stream = b"".join(sha384(seed + i.to_bytes(4, "big")).digest()
                      for i in range(-(-len(data) // HASH)))
    return bytes(a ^ b for a, b in zip(data, stream))


def encode(text, salt, bits):
    """EMSA-PSS-ENCODE of so many bits, as a number."""
    size = (bits + 7) // 8
    digest = sha384(bytes(8) + sha384(text).digest() + salt).digest()
    data = bytes(size - len(salt) - HASH - 2) + b"\1" + salt
    masked = int.from_bytes(_mask(digest, data), "big")
    masked &= (1 << bits - 8 * (HASH + 1)) - 1
    return masked << 8 * (HASH + 1) | int.from_bytes(digest + b"\xbc", "big")


def _salt(encoded, bits):
    """The salt of an encoded message, if it is one."""
    raw = encoded.to_bytes((bits + 7) // 8, "big")
    data, digest = raw[:-HASH - 1], raw[-HASH - 1:-1]
    return _mask(digest, data)[-HASH:]


def verify(modulus, text, signature):
    """True if signature signs text. modulus and signature are big-endian, the
    modulus with its first bit set."""
    n, value = int.from_bytes(modulus, "big"), int.from_bytes(signature, "big")
    if len(signature) != len(modulus) or value >= n:
        return False
    encoded, bits = pow(value, E, n), n.bit_length() - 1
    return encoded == encode(text, _salt(encoded, bits), bits)
