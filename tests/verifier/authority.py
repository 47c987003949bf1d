"""Signatures of time-stamping authorities: ECDSA on P-256, RSA PKCS#1."""

from functools import lru_cache
from hashlib import sha256

from curves import P256 as CURVE

ECDSA, RSA = 1, 2
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def is_key(alg, key):
    """True if key has the form that format.md F9 asks for."""
    if alg == RSA:
        return (256 <= len(key) <= 512 and key[0] != 0 and key[-1] % 2 == 1)
    return len(key) == 65 and key[0] == 4 and CURVE.holds(*_point(key))


def _point(key):
    return int.from_bytes(key[1:33], "big"), int.from_bytes(key[33:], "big")


@lru_cache(maxsize=256)
def _table(key):
    return CURVE.comb(_point(key), 6)


def ecdsa_verify(key, message, r, s):
    """True if (r, s) signs message under a 65-byte point."""
    n = CURVE.n
    if not (0 < r < n and 0 < s < n):
        return False
    z = int.from_bytes(sha256(message).digest(), "big")
    w = pow(s, -1, n)
    point = CURVE.add_comb((1, 1, 0), CURVE.comb_g(), z * w % n)
    point = CURVE.add_comb(point, _table(key), r * w % n)
    out = CURVE.affine(point)
    return out is not None and out[0] % n == r


def rsa_verify(key, message, signature):
    """True if signature is PKCS#1 v1.5 with SHA-256 and e = 65537."""
    n, value = int.from_bytes(key, "big"), int.from_bytes(signature, "big")
    if len(signature) != len(key) or value >= n:
        return False
    tail = DIGEST_INFO + sha256(message).digest()
    fill = b"\xff" * (len(key) - 3 - len(tail))
    block = pow(value, 65537, n).to_bytes(len(key), "big")
    return block == b"\0\1" + fill + b"\0" + tail


def verify(alg, key, message, signature):
    """signature is a pair for ECDSA and bytes for RSA."""
    if alg == ECDSA:
        return ecdsa_verify(key, message, *signature)
    return rsa_verify(key, message, signature)


def ecdsa_public(secret):
    """The 65-byte point of an integer secret."""
    x, y = CURVE.times_g(secret)
    return b"\4" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def ecdsa_sign(secret, message):
    """(r, s); the nonce is a hash of secret and message."""
    n, digest = CURVE.n, sha256(message).digest()
    k = int.from_bytes(sha256(secret.to_bytes(32, "big") + digest).digest(),
                       "big") % n
    r = CURVE.times_g(k)[0] % n
    z = int.from_bytes(digest, "big")
    return r, pow(k, -1, n) * (z + r * secret) % n


def rsa_sign(n, d, message):
    """A PKCS#1 v1.5 signature with SHA-256."""
    size = (n.bit_length() + 7) // 8
    tail = DIGEST_INFO + sha256(message).digest()
    block = b"\0\1" + b"\xff" * (size - 3 - len(tail)) + b"\0" + tail
    return pow(int.from_bytes(block, "big"), d, n).to_bytes(size, "big")
