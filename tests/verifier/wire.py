"""Bytes: the reader of format.md F1 and F2, Merkle trees, compact targets."""

from hashlib import sha256


class Bad(Exception):
    """What makes data invalid, in words."""


def need(condition, text):
    if not condition:
        raise Bad(text)


def leaf_hash(data):
    return sha256(b"\0" + data).digest()


def node_hash(left, right):
    return sha256(b"\1" + left + right).digest()


def root_of(hashes):
    """The RFC 6962 root over leaf hashes.

    Joining neighbours level by level, with an odd last one passed up, gives
    the tree whose left part is the largest power of two below n.
    """
    if not hashes:
        return sha256(b"").digest()
    while len(hashes) > 1:
        level = [node_hash(hashes[i], hashes[i + 1])
                 for i in range(0, len(hashes) - 1, 2)]
        if len(hashes) % 2:
            level.append(hashes[-1])
        hashes = level
    return hashes[0]


def target_of(compact):
    """The number of a compact target, or None if it is not canonical."""
    exponent, mantissa = compact >> 24, compact & 0xffffff
    if not 0x8000 <= mantissa <= 0x7fffff:
        return None
    if exponent >= 3:
        target = mantissa << 8 * (exponent - 3)
        return target if target < 1 << 256 else None
    shift = 8 * (3 - exponent)
    return None if mantissa & ((1 << shift) - 1) else mantissa >> shift


def compact_of(target):
    """target > 0 rounded down to canonical compact."""
    size = (target.bit_length() + 7) // 8
    mantissa = (target >> 8 * (size - 3) if size >= 3
                else target << 8 * (3 - size))
    if mantissa > 0x7fffff:
        size, mantissa = size + 1, mantissa >> 8
    return size << 24 | mantissa


def is_text(raw, page):
    """True for a line, or a page, of F1."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    extra = "\n\t" if page else ""
    return not any((ord(c) < 0x20 and c not in extra)
                   or 0x7f <= ord(c) <= 0x9f for c in text)


class Reader:
    """Reads one value after the other; what names it in errors."""

    def __init__(self, data, what):
        self.data, self.at, self.what = data, 0, what

    def fail(self, text):
        raise Bad(f"{self.what}: {text}")

    def need(self, condition, text):
        if not condition:
            self.fail(text)

    def take(self, n):
        if n > len(self.data) - self.at:
            self.fail("ends early")
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, size, low=0, high=None, name="number"):
        value = int.from_bytes(self.take(size), "little")
        if value < low or (high is not None and value > high):
            self.fail(f"{name} {value}")
        return value

    def u8(self, name, low=0, high=255):
        return self.number(1, low, high, name)

    def u16(self, name, low=0, high=None):
        return self.number(2, low, high, name)

    def u32(self, name, low=0, high=None):
        return self.number(4, low, high, name)

    def u64(self, name, low=0, high=None):
        return self.number(8, low, high, name)

    def blob(self, prefix, name, low, high):
        """b8, b16 or b32 with a length from low to high."""
        return self.take(self.number(prefix, low, high, name + " length"))

    def text(self, prefix, name, low, high, page=False):
        raw = self.blob(prefix, name, low, high)
        self.need(is_text(raw, page), f"{name} is no text")
        return raw.decode("utf-8")

    def end(self):
        self.need(self.at == len(self.data), "bytes after the end")
