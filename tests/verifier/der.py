"""Time-stamp tokens: the walk of ttp.md, rules T1 to T7."""

from calendar import monthrange, timegm
from hashlib import sha256

import authority
from wire import Bad

SHA256_ALG = bytes.fromhex("300d06096086480165030402010500")
ECDSA_ALG = bytes.fromhex("300a06082a8648ce3d040302")
RSA_ALG = bytes.fromhex("300d06092a864886f70d0101010500")
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
IMPRINT = bytes.fromhex("3031300d060960864801650304020105000420")
CONTENT_TYPE = bytes.fromhex("301a06092a864886f70d010903310d") + TST_INFO
TIME_SHORT = bytes.fromhex("301c06092a864886f70d010905310f170d")
TIME_LONG = bytes.fromhex("301e06092a864886f70d0109053111180f")
DIGEST = bytes.fromhex("302f06092a864886f70d01090431220420")
SIGNER_CERT = bytes.fromhex(
    "3037060b2a864886f70d010910022f31283026302430220420")

ARC = bytes.fromhex("6982b3aea59681b9aab5bfb5f0b6bab8c69fde72")
PUBLISHED = ARC + b"\1\1"
BLIND = ARC + b"\1\2"

STRINGS = (0x0c, 0x13, 0x14, 0x16, 0x1c, 0x1e)


class Walk:
    """A cursor over DER."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def done(self):
        return self.at == len(self.data)

    def peek(self):
        return -1 if self.done() else self.data[self.at]

    def take(self, n):
        if n > len(self.data) - self.at:
            raise Bad("token: ends early")
        self.at += n
        return self.data[self.at - n:self.at]

    def end(self, what):
        if not self.done():
            raise Bad(f"token: {what}: bytes after the end")

    def fixed(self, want, what):
        if self.take(len(want)) != want:
            raise Bad(f"token: {what}")

    def value(self, tag, what):
        """The content of the next element, of this tag."""
        if self.take(1)[0] != tag:
            raise Bad(f"token: {what}: tag")
        first = self.take(1)[0]
        if first < 0x80:
            return self.take(first)
        if first not in (0x81, 0x82):
            raise Bad(f"token: {what}: length")
        size = int.from_bytes(self.take(first - 0x80), "big")
        if size < (0x80 if first == 0x81 else 0x100):
            raise Bad(f"token: {what}: length")
        return self.take(size)

    def within(self, tag, what):
        return Walk(self.value(tag, what))

    def whole(self, what):
        """The next element with its tag, of any tag."""
        start = self.at
        self.value(self.peek() & 0xff, what)
        return self.data[start:self.at]

    def integer(self, what, size, tag=0x02):
        """An INTEGER of at least 0 and at most size content bytes."""
        raw = self.value(tag, what)
        if not raw or len(raw) > size or raw[0] & 0x80:
            raise Bad(f"token: {what}: INTEGER")
        if len(raw) > 1 and raw[0] == 0 and not raw[1] & 0x80:
            raise Bad(f"token: {what}: INTEGER")
        return int.from_bytes(raw, "big")

    def oid(self, what):
        raw = self.value(0x06, what)
        if not 1 <= len(raw) <= 32 or raw[-1] & 0x80:
            raise Bad(f"token: {what}: OBJECT IDENTIFIER")
        start = True
        for byte in raw:
            if start and byte == 0x80:
                raise Bad(f"token: {what}: OBJECT IDENTIFIER")
            start = byte < 0x80
        return raw

    def name(self, what):
        rdns = self.within(0x30, what)
        while not rdns.done():
            rdn = rdns.within(0x31, what)
            pair = rdn.within(0x30, what)
            pair.oid(what)
            tag = pair.peek()
            if tag not in STRINGS:
                raise Bad(f"token: {what}: string")
            pair.value(tag, what)
            pair.end(what)
            rdn.end(what)


def seconds(text, what):
    """Seconds since 1970 of YYYYMMDDhhmmss, for a date that exists."""
    if len(text) != 14 or not text.isdigit():
        raise Bad(f"token: {what}: digits")
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    hour, minute, second = int(text[8:10]), int(text[10:12]), int(text[12:])
    if (year == 0 or not 1 <= month <= 12
            or not 1 <= day <= monthrange(year, month)[1]
            or hour > 23 or minute > 59 or second > 59):
        raise Bad(f"token: {what}: no such time")
    return timegm((year, month, day, hour, minute, second))


def gen_time(raw):
    """genTime in microseconds."""
    what = "genTime"
    if not 2000 <= int(raw[:4] if raw[:4].isdigit() else 0) <= 2200:
        raise Bad(f"token: {what}: year")
    whole, rest = seconds(raw[:14], what), raw[14:]
    if rest == b"Z":
        return whole * 1000000
    digits = rest[1:-1]
    if (rest[:1] != b"." or rest[-1:] != b"Z" or not 1 <= len(digits) <= 6
            or not digits.isdigit() or digits.endswith(b"0")):
        raise Bad(f"token: {what}: fraction")
    return whole * 1000000 + int(digits.ljust(6, b"0"))


def accuracy(walk):
    """The optional accuracy, in microseconds."""
    if walk.peek() != 0x30:
        return 0
    parts, total = walk.within(0x30, "accuracy"), 0
    if parts.peek() == 0x02:
        total += parts.integer("accuracy", 4) * 1000000
    for tag, unit in ((0x80, 1000), (0x81, 1)):
        if parts.peek() == tag:
            value = parts.integer("accuracy", 2, tag)
            if not 1 <= value <= 999:
                raise Bad("token: accuracy: range")
            total += value * unit
    parts.end("accuracy")
    return total


class Token:
    """A decoded token; check() is T7 without the signature."""

    def __init__(self, raw):
        if not 1 <= len(raw) <= 4096:
            raise Bad("token: size")
        outer = Walk(raw)
        info = outer.within(0x30, "ContentInfo")
        outer.end("ContentInfo")
        info.fixed(SIGNED_DATA, "contentType")
        content = info.within(0xa0, "content")
        info.end("ContentInfo")
        data = content.within(0x30, "SignedData")
        content.end("content")
        data.fixed(b"\x02\x01\x03", "SignedData version")
        data.fixed(b"\x31\x0f" + SHA256_ALG, "digestAlgorithms")
        capsule = data.within(0x30, "encapContentInfo")
        capsule.fixed(TST_INFO, "eContentType")
        octets = capsule.within(0xa0, "eContent")
        capsule.end("encapContentInfo")
        tst = octets.value(0x04, "eContent")
        octets.end("eContent")
        signers = data.within(0x31, "signerInfos")
        data.end("SignedData")
        signer = signers.within(0x30, "SignerInfo")
        signers.end("signerInfos")
        self.identity = sha256(tst).digest()
        self._tst_info(tst)
        self._signer(signer)

    def _tst_info(self, tst):
        outer = Walk(tst)
        walk = outer.within(0x30, "TSTInfo")
        outer.end("TSTInfo")
        walk.fixed(b"\x02\x01\x01", "TSTInfo version")
        self.policy = walk.oid("policy")
        walk.fixed(IMPRINT, "messageImprint")
        self.imprint = walk.take(32)
        walk.integer("serialNumber", 21)
        self.time_us = gen_time(walk.value(0x18, "genTime"))
        self.accuracy_us = accuracy(walk)
        self.ordering = walk.peek() == 0x01
        if self.ordering:
            walk.fixed(b"\x01\x01\xff", "ordering")
        if walk.peek() == 0x02:
            walk.integer("nonce", 33)
        if walk.peek() == 0xa0:
            general = walk.within(0xa0, "tsa")
            directory = general.within(0xa4, "tsa")
            general.end("tsa")
            directory.name("tsa")
            directory.end("tsa")
        walk.end("TSTInfo")

    def _signer(self, walk):
        walk.fixed(b"\x02\x01\x01", "SignerInfo version")
        sid = walk.within(0x30, "sid")
        sid.name("sid")
        sid.integer("sid", 21)
        sid.end("sid")
        walk.fixed(SHA256_ALG, "digestAlgorithm")
        start = walk.at
        attributes = walk.within(0xa0, "signedAttrs")
        self.signed = b"\x31" + walk.data[start + 1:walk.at]
        self._attributes(attributes)
        algorithm = walk.whole("signatureAlgorithm")
        raw = walk.value(0x04, "signature")
        walk.end("SignerInfo")
        if algorithm == ECDSA_ALG:
            self.alg = authority.ECDSA
            outer = Walk(raw)
            pair = outer.within(0x30, "signature")
            outer.end("signature")
            self.signature = (pair.integer("signature", 33),
                              pair.integer("signature", 33))
            pair.end("signature")
        elif algorithm == RSA_ALG:
            self.alg, self.signature = authority.RSA, raw
        else:
            raise Bad("token: signatureAlgorithm")

    def _attributes(self, walk):
        walk.fixed(CONTENT_TYPE, "contentType attribute")
        if walk.data[walk.at:walk.at + len(TIME_SHORT)] == TIME_SHORT:
            walk.take(len(TIME_SHORT))
            text = walk.take(13)
            if not (b"00" <= text[:2] <= b"49"):
                raise Bad("token: signingTime: year")
            text = b"20" + text
        else:
            walk.fixed(TIME_LONG, "signingTime")
            text = walk.take(15)
            if not b"2050" <= text[:4] <= b"2200":
                raise Bad("token: signingTime: year")
        seconds(text[:14], "signingTime")
        if text[14:] != b"Z":
            raise Bad("token: signingTime: Z")
        walk.fixed(DIGEST + self.identity, "messageDigest")
        walk.fixed(SIGNER_CERT, "signingCertificateV2")
        self.cert = walk.take(32)
        walk.end("signedAttrs")

    def check(self, pinned, policies, imprint):
        """T7 against an authority of OPEN, and the imprint."""
        if self.alg != pinned.alg:
            raise Bad("stamp: algorithm is not the authority's")
        if self.cert != pinned.cert:
            raise Bad("stamp: certificate is not the authority's")
        if self.policy not in policies:
            raise Bad("stamp: policy")
        if self.accuracy_us > pinned.accuracy_ms * 1000:
            raise Bad("stamp: accuracy")
        if pinned.ordering and not self.ordering:
            raise Bad("stamp: ordering")
        if self.imprint != imprint:
            raise Bad("stamp: imprint")
