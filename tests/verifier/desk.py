"""The issuer and the notaries of anonymous auctions, for the writer."""

from hashlib import sha256

import blind
import sealing
from bip340 import h_tag
from writer import Key, blob, credential, head, num, signed

TOKEN_P = int(
    "e6323380dace665d3e2b995d550f4c907c2a4384cca104d7b106283776333240"
    "a1339061816115838aa935d8c90272290a8fe66d4e6a9b9ebac22972b8498548"
    "95d2e9f5821e9357c24f6b0041793dc7dacc2430835b3f1191ed5e13c8c0aeeb"
    "4ff8c6ab2a3ef4199a2d965f130cc73f9e65152d8d8ca2fafdaa62fa7e419c97"
    "d7ea33032ff4a540daf053b48d737cbd0f5c12156cd3e4c7f4768d546acd0905"
    "7c6ce779ba393f9be79ff0362c66e95d3f8153558d820c2b4da6837689d3e627", 16)
TOKEN_Q = int(
    "cb25f02436b0393d003d151c500d43db53668d9be9f960340165d377db4f7a5b"
    "05ec2f794a654e0ee8faf42e2de7bff1a71a0aa1c69baad53b0145b95c6d3697"
    "69425b5205b559f616cd94163631a7ae2cf981af7d88e5cdc0debfb28a47e70a"
    "f2c268e4c2a1c5c4a0dfd8391002a686165dd833d44da6249b929b98a97c706c"
    "8124fa171d20d491a16485ad7395bb2dcda3e3b8dba970e6e65a1fe06846b786"
    "1c6bff238ea6f9e2ae1ddcfd2657f909fb5e3f967b78568dba78d42c0bfbc2c5", 16)
TOKEN_N = TOKEN_P * TOKEN_Q
TOKEN_DP = pow(blind.E, -1, TOKEN_P - 1)
TOKEN_DQ = pow(blind.E, -1, TOKEN_Q - 1)
TOKEN_QINV = pow(TOKEN_Q, -1, TOKEN_P)


def modulus(label):
    """Of a key that nobody has: the verifier sees but its form."""
    raw = bytearray(b"".join(sha256(label.encode() + bytes([i])).digest()
                             for i in range(12)))
    raw[0] |= 0x80
    raw[-1] |= 1
    return bytes(raw)


def power(value):
    """value to the secret exponent."""
    low = pow(value, TOKEN_DQ, TOKEN_Q)
    high = (pow(value, TOKEN_DP, TOKEN_P) - low) * TOKEN_QINV % TOKEN_P
    return (low + high * TOKEN_Q).to_bytes(384, "big")


def sign(text, salt=bytes(48)):
    """A token's signature, as the issuer's and the bidder's steps give it."""
    return power(blind.encode(text, salt, TOKEN_N.bit_length() - 1))


class Server:
    """The issuer or a notary with its entry in OPEN."""

    def __init__(self, label, role, moduli):
        self.key, self.role = Key(label), role
        self.operator, self.moduli = label.encode(), moduli
        self.fingerprint = sha256(b"certificate of " + self.operator).digest()

    def entry(self, registry, root, dates):
        return (credential(registry, root, self.key, self.role,
                           self.fingerprint, dates)
                + blob(1, self.operator) + b"".join(self.moduli))


class Desk:
    """Who serves an auction: nobody, unless notaries are named."""

    def __init__(self, notaries=0, escrow_t=1, cut_log2=10):
        self.issuers = []
        if notaries:
            self.issuers = [Server("issuer", 4, [
                TOKEN_N.to_bytes(384, "big"), modulus("challenge")])]
        self.notaries = [
            Server(f"notary {i}", 5, [modulus(f"escrow {i}")])
            for i in range(notaries)]
        self.escrow_t, self.cut_log2 = escrow_t, cut_log2

    def pins(self, registry, root, dates):
        def entries(servers):
            return num(len(servers), 1) + b"".join(
                server.entry(registry, root, dates) for server in servers)

        return (entries(self.issuers) + num(self.cut_log2, 1)
                + num(self.escrow_t, 1) + entries(self.notaries))

    def pops(self, digest):
        return b"".join(server.key.sign(digest)
                        for server in self.issuers + self.notaries)

    def blob(self, label="identity"):
        """An escrowed identity's length; only a notary could look inside."""
        size = 384 * len(self.notaries) + 84
        return (sha256(label.encode()).digest() * (size // 32 + 1))[:size]


NOBODY = Desk(0, 0, 0)


class Holder:
    """One to whom bids are sealed."""

    def __init__(self, i):
        self.key, self.operator = Key(f"holder {i}"), b"holder"
        self.fingerprint = sha256(b"certificate of holder %d" % i).digest()
        self.secret = sealing.clamp(sha256(b"secret %d" % i).digest())

    def entry(self, registry, root, dates):
        return (credential(registry, root, self.key, 5, self.fingerprint,
                           dates)
                + blob(1, self.operator) + sealing.public(self.secret))


class Holders:
    """bid_escrow of an OPEN; empty unless something is sealed."""

    def __init__(self, n=0, t=1):
        self.all, self.t = [Holder(i) for i in range(n)], t

    def pins(self, registry, root, dates):
        out = num(len(self.all), 1)
        return out + (num(self.t, 1) if self.all else b"") + b"".join(
            one.entry(registry, root, dates) for one in self.all)

    def pops(self, digest):
        return b"".join(one.key.sign(digest) for one in self.all)

    def sealing(self, auction):
        return sealing.Sealing(auction, self.t, [
            sealing.public(one.secret) for one in self.all])


class Epoch:
    """An EPOCH of a desk: keys for pseudonymous sellers."""

    def __init__(self, world, start_ms, days=30, desk=None, seats=16):
        self.world, self.start_ms = world, start_ms
        self.end_ms, self.seats = start_ms + days * 86400000, seats
        self.desk = desk or Desk(2)
        self.root, self.dates = world.root, world.dates
        self.pops = self.desk.pops

    def preimage(self):
        return (head(10, self.world.id) + num(self.start_ms, 8)
                + num(self.end_ms, 8) + num(self.seats, 1)
                + self.desk.pins(self.world.id, self.root, self.dates))

    def id(self):
        return h_tag("gavel/epoch", self.preimage())

    def tx(self):
        return self.preimage() + self.pops(h_tag("gavel/pop", self.id()))

    def token(self, key, escrowed, make=None):
        """key | ek | the blob's form | prefix | token, by that form."""
        ek, prefix = sha256(key.public).digest(), sha256(escrowed).digest()
        text = prefix + blind.message(self.id(), key.public, ek, escrowed)
        return ek, prefix, (make or sign)(text)

    def seller(self, key, escrowed=None, make=None):
        """What stands in an OPEN in the place of a certified seller."""
        escrowed = self.desk.blob() if escrowed is None else escrowed
        ek, prefix, token = self.token(key, escrowed, make)
        return (blob(2, self.tx()) + key.public + ek + blob(2, escrowed)
                + prefix + token)

    def listing(self, auction, opening_ms, key, make=None):
        escrowed = self.desk.blob()
        ek, prefix, token = self.token(key, escrowed, make)
        core = (bytes((5, 2)) + self.world.id + auction + num(opening_ms, 8)
                + blob(1, b"Lot") + self.desk.issuers[0].moduli[0]
                + self.id() + key.public + ek + sha256(escrowed).digest()
                + prefix + token)
        return signed(core, key)


def other_keys(notaries=2, **more):
    """The desk with other keys: what an auction of an epoch pins."""
    out = Desk(notaries, **more)
    out.issuers[0].moduli = [modulus("auction's token"),
                             modulus("auction's challenge")]
    for i, notary in enumerate(out.notaries):
        notary.moduli = [modulus(f"auction's escrow {i}")]
    return out


def enrol_tx(chain, key, escrowed, token=None):
    """token is made of the message, and is the issuer's unless given."""
    ek, prefix = sha256(key.public).digest(), sha256(escrowed).digest()
    text = prefix + blind.message(chain, key.public, ek, escrowed)
    return signed(head(17, chain) + b"\1" + key.public + ek
                  + blob(2, escrowed) + prefix + (token or sign)(text), key)


def issued_tx(chain, key, count):
    return signed(head(23, chain) + sha256(b"log").digest() + num(count, 4),
                  key)


def disclose_tx(chain, key, notary, side, sealed=b"sealed", award=0):
    return signed(head(24, chain) + num(award, 1) + num(notary, 1)
                  + num(side, 1) + sha256(sealed).digest(), key)
