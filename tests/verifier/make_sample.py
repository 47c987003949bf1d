#!/usr/bin/env python3
"""Writes a small valid ledger of the regtest network as a dump.

It holds the registry and six auctions: a final sale with three authorities
and four validators; a missed reserve after an early close at adaptive
difficulty; one whose total cap is reached and whose set is fixed; an
anonymous sale, final and disclosed; a sealed one, opened by two of three
holders and by a bidder; and one that has only been opened. The
bytes are the same in every run.
"""

import os
import sys
from hashlib import sha256

import authority
import codec
import lots
from auction import FALSE
from bip340 import h_tag
from der import BLIND, PUBLISHED
from registry import load_network
from verify import GENESIS
from desk import NOBODY, Desk, Holders, disclose_tx, enrol_tx, issued_tx
from writer import (ChainWriter, Key, Stamper, bid_tx, blob, close_tx,
                    credential, cutoff_tx, dump, final_tx, head,
                    keyrelease_tx, num, opening_tx, outcome_of, sealed_bid_tx,
                    setfixed_tx, signed, stamp_tx, tst_leaf)

DAY = 86400000
CA_DER, USER_DER, TSA_DER = b"0\3\2\1\1", b"0\3\2\1\2", b"0\3\2\1\3"
TERMS = dict(currency=b"EUR", exponent=2, flags=0, reference=0,
             close_policy=0, min_first=0, min_step=0, max_step=0,
             per_bidder=0, total_cap=0, limit_ms=0, notice_ms=0, reserve=0,
             pricing=0, direction=0, buy_now=0, soft_ms=0, soft_cap_ms=0,
             increments=(), opening_period_ms=20000, final_ms=10000, clock=(),
             pay_ms=0,
             d_ms=5000, t_ms=1000, max_bids=100, fixed=1, target=0x200fffff,
             allowed=())


def terms_bytes(t):
    """A15."""
    out = bytes((2 if t.get("lots") else 1,))
    out += t["currency"].ljust(4, b"\0") + bytes(
        (t["exponent"], t["flags"], t["reference"], t["pricing"],
         t["visibility"],
         t["direction"], t["identity"], t["close_policy"]))
    for name, size in (("min_first", 8), ("min_step", 8), ("max_step", 8),
                       ("per_bidder", 4), ("total_cap", 4), ("limit_ms", 8),
                       ("notice_ms", 8), ("reserve", 8), ("buy_now", 8),
                       ("soft_ms", 4), ("soft_cap_ms", 4), ("d_ms", 4),
                       ("t_ms", 4), ("max_bids", 4), ("fixed", 1),
                       ("target", 4)):
        out += num(t[name], size)
    out += bytes((len(t["increments"]),)) + b"".join(
        num(below, 8) + num(step, 8) for below, step in t["increments"])
    out += num(len(t["allowed"]), 2) + b"".join(
        key.public + num(cap, 4) for key, cap in t["allowed"])
    if t["visibility"]:
        out += num(t["opening_period_ms"], 4)
    if t["visibility"] > 3:
        out += num(t["final_ms"], 4)
    if t["direction"] == 2:
        start, floor, drop, step_ms = t["clock"]
        out += num(start, 8) + num(floor, 8) + num(drop, 8) + num(step_ms, 4)
    if t["flags"] & 128:
        out += num(t["pay_ms"], 8)
    some = t.get("lots", ())
    return out + (num(len(some), 1) if some else b"") + b"".join(
        blob(1, title) + num(min_first, 8) + num(reserve, 8)
        for title, min_first, reserve in some)


class World:
    """The network's keys, and credentials for everybody."""

    def __init__(self):
        self.net = load_network(os.path.join(GENESIS, "regtest.json"))
        self.id = self.net.registry
        self.start = self.net.genesis_time_ms
        self.dates = (self.start - DAY, self.start + 1000 * DAY)
        self.root = Key("", bytes.fromhex(self.net.root_secret))
        self.validators = [Key("", bytes.fromhex(secret))
                           for secret in self.net.validator_secrets]
        self.ca, self.seller, self.tsa = Key("ca"), Key("seller"), Key("tsa")
        self.alice, self.bob = Key("alice"), Key("bob")

    def service(self, key, role, der, endpoint, operator):
        cred = credential(self.id, self.root, key, role,
                          sha256(der).digest(), self.dates)
        return signed(head(1, self.id) + cred + blob(2, der)
                      + blob(2, endpoint) + blob(1, operator), key)

    def user(self, key, dates=None):
        """A user's credential of the CA."""
        return credential(self.id, self.ca, key, 8,
                          sha256(b"certificate" + key.public).digest(),
                          dates or self.dates)

    def cert(self, role, key, fingerprint, der=b"", dates=None):
        cred = credential(self.id, self.ca, key, role, fingerprint,
                          dates or self.dates)
        return head(2, self.id) + self.ca.public + cred + blob(2, der)

    def revoke(self, key, fingerprint, reason=1, chain=None):
        return signed(head(3, chain or self.id) + fingerprint
                      + num(reason, 1) + key.public, key)

    def node(self, key, cred, issuer, seq, until, **change):
        """NODE of a credential of 145 bytes."""
        f = dict(host=b"192.0.2.7", ports=(18330, 18331, 18336), roles=1)
        f.update(change)
        return signed(head(4, self.id) + issuer.public + cred
                      + sha256(b"curve" + key.public).digest()
                      + blob(1, f["host"])
                      + b"".join(num(p, 2) for p in f["ports"])
                      + num(f["roles"], 4) + num(seq, 8) + num(until, 8), key)

    def listing(self, auction):
        return signed(head(5, self.id) + auction.chain
                      + num(auction.times[0], 8) + blob(1, auction.title)
                      + self.ca.public + self.user(self.seller), self.seller)

    def enrol(self, chain, key, dates=None, der=b""):
        cred = (credential(self.id, self.ca, key, 8, sha256(der).digest(),
                           dates or self.dates) if der
                else self.user(key, dates))
        return signed(head(17, chain) + b"\0" + key.public + bytes(32)
                      + cred + blob(2, der), key)

    def open(self, title, opening_ms, stampers, validators, **terms):
        """The chain of an auction, with block 0: with a desk an anonymous
        one."""
        t = dict(TERMS, **terms)
        dates, desk = t.pop("dates", self.dates), t.pop("desk", NOBODY)
        t.setdefault("identity", len(desk.issuers))
        holders = t.pop("holders", Holders())
        t.setdefault("visibility", 1 if holders.all else 0)
        # Makes the sealed part of a reserve.
        hidden = t.pop("hidden", None)
        if hidden:
            t["visibility"] = {0: 3, 1: 2, 4: 5}[t["visibility"]]
        # A pseudonym: its key, and what an Epoch makes of it.
        key, seller = t.pop("pseudonym", (self.seller, None))
        ca = credential(self.id, self.root, self.ca, 2,
                        sha256(CA_DER).digest(), dates)
        pre = (bytes((16, 2 if seller else 1)) + self.id
               + num(opening_ms, 8) + b"salt" * 4
               + (seller or self.user(self.seller) + blob(2, b""))
               + blob(1, title) + blob(2, b"Lot 1\n\tas seen\n")
               + b"\1" + sha256(b"photo").digest() + terms_bytes(t) + ca
               + blob(2, CA_DER) + desk.pins(self.id, self.root, dates)
               + holders.pins(self.id, self.root, dates)
               + num(len(stampers), 1)
               + b"".join(s.entry() for s in stampers)
               + num(len(validators), 1)
               + b"".join(v.public + blob(1, b"op") for v in validators))
        reserve_id = h_tag("gavel/reserve", pre)
        if t["visibility"] in (2, 3, 5) and hidden:
            pre += hidden(holders.sealing(reserve_id), key.public)
        auction = h_tag("gavel/auction", pre)
        pop = h_tag("gavel/pop", auction)
        whole = (pre + key.sign(auction) + self.ca.sign(auction)
                 + b"".join(v.sign(pop) for v in validators)
                 + desk.pops(pop) + holders.pops(pop))
        chain = ChainWriter(auction, opening_ms, t["target"], t["fixed"],
                            t["t_ms"], self.net.easiest_target, whole, pre)
        chain.title, chain.stampers, chain.desk = title, stampers, desk
        chain.holders, chain.sealing = holders, holders.sealing(auction)
        chain.reserve_id = reserve_id
        chain.opening = codec.transaction(whole)
        if desk.issuers:
            chain.enrol = lambda key: enrol_tx(auction, key, desk.blob())
        else:
            chain.enrol = lambda key, **more: self.enrol(auction, key, **more)
        return chain

    def registry(self):
        return ChainWriter(self.id, self.start, self.net.registry_target,
                           self.net.registry_fixed, self.net.registry_t_ms,
                           self.net.easiest_target)


def outcome_tx(chain, bids, close_us=None, amounts=None, reserve=None):
    """OUTCOME of bids (tx, t, tst identity); amounts are those of sealed
    bids, reserve the hidden one."""
    rows = [(h_tag("gavel/bid", tx[:-64]), tx[34:66],
             amounts[tx] if tx[70] else int.from_bytes(tx[71:79], "little"),
             t, h_tag("gavel/tie", mark + h_tag("gavel/bid", tx[:-64])),
             tx[70] == 1, 0)
            for tx, t, mark in bids]
    got = lots.judge(chain.opening.terms, chain.times[0], close_us, rows,
                 reserve=reserve)
    return outcome_of(chain.chain, got)


def stamps(chain, times_us, leaves):
    """STAMPs of several authorities: {index: time}."""
    return [stamp_tx(chain.chain, index, chain.stampers[index], time_us,
                     leaves) for index, time_us in times_us.items()]


def identity(stamp):
    return codec.transaction(stamp).token.identity


def sale(world):
    """Three authorities, four validators, final."""
    stampers = [Stamper("first authority"),
                Stamper("second authority", authority.RSA),
                Stamper("third authority", accuracy_ms=1000, ordering=False)]
    validators = [Key(f"validator {i}") for i in range(4)]
    at = world.start + DAY
    c = world.open('Vase "Blau\\weiß" \U0001f3fa'.encode(), at, stampers,
                   validators, flags=2 | 64, min_step=100, limit_ms=60000,
                   reserve=500)

    def vote(source, target, signers=(0, 1, 2)):
        return final_tx(c.chain, validators, signers, c.here(source),
                        c.here(target))

    us = at * 1000
    c.add([c.enrol(world.alice, der=USER_DER), c.enrol(world.bob)], at + 250)
    b1 = bid_tx(c.chain, world.alice, 1, 500, c.sealed[0])
    s1 = stamps(c, {0: us + 300001, 1: us + 299000}, [tst_leaf(b1)])
    c.add(s1 + [b1], at + 1000, depth=3)
    b2 = bid_tx(c.chain, world.bob, 1, 550, c.sealed[2])
    b3 = bid_tx(c.chain, world.bob, 2, 10**15, c.sealed[1])
    both = [tst_leaf(b2), tst_leaf(b3), bytes(32)]
    s2 = stamps(c, {0: us + 1200000, 2: us + 1200000}, both)
    c.add([vote(0, 2), b2] + s2 + [b3, vote(0, 1)],
          at + 2000, depth=64)
    late = stamps(c, {1: us + 1100000}, both)
    c.add(late, at + 3100)
    end = us + 60000000 + 5000000
    c.add([cutoff_tx(c.chain, c.sealed[-1],
                     [(0, stampers[0], end + 1, PUBLISHED),
                      (1, stampers[1], end + 250000, BLIND)]),
           vote(2, 3, (1, 2, 3))], at + 66000)
    c.add([outcome_tx(c, [(b1, us + 300001, identity(s1[0])),
                          (b2, us + 1200000, identity(s2[0])),
                          (b3, us + 1200000, identity(s2[0]))])],
          at + 66250)
    c.add([], at + 67250, depth=1)
    c.add([vote(2, 6, (0, 1, 2, 3)), vote(6, 7)], at + 68250)
    return c


def reserve(world):
    """Early close, adaptive difficulty, reserve not met, not final."""
    at = world.start + 2 * DAY
    stamper = Stamper("only authority")
    c = world.open(b"Clock", at, [stamper], [Key("validator 0")],
                   flags=1 | 4 | 8 | 16, reference=1, close_policy=1,
                   notice_ms=10000, min_first=10, max_step=50, per_bidder=1,
                   reserve=1000, fixed=0, target=0x2000ffff,
                   allowed=sorted([(world.alice, 0), (world.bob, 2)],
                                  key=lambda e: e[0].public))
    us = at * 1000
    c.add([c.enrol(key) for key in (world.alice, world.bob)], at + 5000)
    bids, txs = [], []
    for i, (key, amount) in enumerate(((world.alice, 9), (world.alice, 10),
                                       (world.bob, 61), (world.bob, 60),
                                       (world.alice, 70))):
        b = bid_tx(c.chain, key, i, amount, c.sealed[0])
        t = us + 5100000 + i * 1000
        s = stamps(c, {0: t}, [tst_leaf(b)])
        txs += [b] + s
        bids.append((b, t, identity(s[0])))
    c.add(txs, at + 5900)
    close = close_tx(c.chain, world.seller)
    closed = us + 6000000
    c.add([close] + stamps(c, {0: closed}, [tst_leaf(close)]), at + 10500)
    for i, offset in ((5, 9999999), (6, 10000000), (7, 10000001)):
        b = bid_tx(c.chain, world.bob, i, 100 + i, c.here(-1)[1])
        s = stamps(c, {0: closed + offset}, [tst_leaf(b)])
        c.add([b] + s, at + 16000 + 250 * i)
        bids.append((b, closed + offset, identity(s[0])))
    end = closed + 10000000 + 5000000
    c.add([cutoff_tx(c.chain, c.sealed[-1],
                     [(0, stamper, end + 1, PUBLISHED)])], at + 40000)
    c.add([outcome_tx(c, bids, closed + 10000000)], at + 40300)
    for i in range(4):
        c.add([], at + 41300 + i * 1100)
    return c


def capped(world):
    """The total cap ends it; the set is fixed, no outcome yet."""
    at = world.start + 3 * DAY
    stamper = Stamper("only authority")
    c = world.open(b"Two chances", at, [stamper], [Key("validator 0")],
                   flags=32, total_cap=2)
    us = at * 1000
    txs = [c.enrol(world.alice),
           world.revoke(world.ca, sha256(b"stranger").digest(), 0, c.chain)]
    for i in range(3):
        b = bid_tx(c.chain, world.alice, i, 5 + i, c.sealed[0])
        txs += stamps(c, {0: us + i}, [tst_leaf(b)]) + [b]
    c.add(txs, at + 250)
    c.add([cutoff_tx(c.chain, c.sealed[-1],
                     [(0, stamper, us + 5000002, PUBLISHED)])], at + 5500)
    return c


def pseudonyms(world):
    """Anonymous, with an allowed set and a revoked authority; disclosed."""
    at = world.start + 5 * DAY
    stampers = [Stamper(f"authority {i}") for i in range(3)]
    validator, desk = Key("validator 0"), Desk(3, 2)
    c = world.open(b"Letters", at, stampers, [validator], flags=8 | 64,
                   limit_ms=60000, allowed=[(world.seller, 0)], desk=desk)

    def vote(source, target):
        return final_tx(c.chain, [validator], [0], c.here(source),
                        c.here(target))

    us, bids = at * 1000, []
    c.add([c.enrol(world.alice), c.enrol(world.bob)], at + 250)
    others = ([issued_tx(c.chain, desk.issuers[0].key, 2)],
              [world.revoke(world.root, stampers[2].cert, 1, c.chain),
               world.revoke(world.ca, sha256(b"stranger").digest(), 9,
                            c.chain)])
    for i, key in enumerate((world.alice, world.bob)):
        b = bid_tx(c.chain, key, 0, 700 + i, c.sealed[0])
        t = us + (i + 1) * 1000000
        s = stamps(c, {0: t, 1: t}, [tst_leaf(b)])
        c.add(others[i] + s + [b], at + 1100 + i * 1000)
        bids.append((b, t, identity(s[0])))
    end = us + 60000000 + 5000000
    c.add([cutoff_tx(c.chain, c.sealed[-1],
                     [(i, stampers[i], end + 1, BLIND) for i in (0, 1)])],
          at + 66000)
    c.add([outcome_tx(c, bids)], at + 66250)
    c.add([], at + 67250)
    c.add([vote(0, 5), vote(5, 6)], at + 68250)
    for i, notary in enumerate(desk.notaries[:2]):
        c.add([disclose_tx(c.chain, notary.key, i, side) for side in (0, 1)],
              at + 68500 + i * 250)
    return c


def sealed(world):
    """Reverse and Vickrey; two holders' keys, an OPENING, a false bid."""
    at = world.start + 6 * DAY
    stamper, validator = Stamper("only authority"), Key("validator 0")
    c = world.open(b"Roof", at, [stamper], [validator], flags=64,
                   limit_ms=60000, direction=1, pricing=2, reserve=900,
                   holders=Holders(3, 2))
    us, bids, amounts, txs = at * 1000, [], {}, []
    c.add([c.enrol(world.alice), c.enrol(world.bob)], at + 250)
    for i, (key, amount) in enumerate(((world.alice, 800), (world.bob, 700),
                                       (world.bob, 600))):
        part = c.sealing.make(key.public, sha256(b"es %d" % i).digest(),
                              amount)
        if i == 2:
            part = part[:40] + bytes((part[40] ^ 1,)) + part[41:]
        b = sealed_bid_tx(c.chain, key, i, part, c.sealed[0])
        s = stamps(c, {0: us + 1000000 + i}, [tst_leaf(b)])
        txs += [b] + s
        bids.append((b, us + 1000000 + i, identity(s[0])))
        amounts[b] = FALSE if i == 2 else amount

    def vote(source, target):
        return final_tx(c.chain, [validator], [0], c.here(source),
                        c.here(target))

    c.add(txs, at + 1500)
    end = us + 60000000 + 5000000
    c.add([cutoff_tx(c.chain, c.sealed[-1],
                     [(0, stamper, end + 1, PUBLISHED)])], at + 66000)
    c.add([setfixed_tx(c.chain, [bid[:2] for bid in bids]), vote(0, 3)],
          at + 66250)
    keys = [keyrelease_tx(c.chain, i, c.holders.all[i].secret)
            for i in range(3)]
    c.add([vote(3, 4), keys[2],
           opening_tx(c.chain, bids[1][0], sha256(b"es 1").digest())],
          at + 67250)
    c.add(keys[:1], at + 67500)
    c.add([outcome_tx(c, bids, amounts=amounts)], at + 67750)
    c.add([], at + 68750)
    c.add([vote(4, 7), vote(7, 8)], at + 69750)
    return c


def registry(world, auctions):
    c = world.registry()
    at, ids = world.start, [sha256(bytes([i])).digest() for i in range(3)]
    c.add([], at + 1000)
    c.add([world.service(world.ca, 2, CA_DER, b"https://ca.example:443/est",
                         "Käse & Co".encode()),
           world.service(world.tsa, 3, TSA_DER, b"", b"")], at + 1250)
    c.add([world.cert(7, Key("node"), sha256(USER_DER).digest(), USER_DER),
           world.cert(8, world.alice, ids[0]),
           world.cert(8, world.bob, ids[1])], at + 1500, depth=7)

    def vote(source, target):
        return final_tx(c.chain, world.validators, [0], c.here(source),
                        c.here(target))

    c.add([vote(0, 2), vote(2, 3)], at + 2500)
    own = credential(world.id, world.ca, Key("node"), 7,
                     sha256(USER_DER).digest(), world.dates)
    c.add([world.node(Key("node"), own, world.ca, 1, at + DAY)], at + 2750)
    c.add([world.revoke(world.ca, ids[1], 10)]
          + [world.listing(a) for a in auctions], at + 3000)
    c.add([world.revoke(world.root, ids[2], 0)], at + 3250)
    return c


def make(world):
    """The chains of the sample: registry, list of auctions."""
    auctions = [sale(world), reserve(world), capped(world),
                pseudonyms(world), sealed(world),
                world.open(b"Soon", world.start + 4 * DAY,
                           [Stamper("only authority")],
                           [Key("validator 0")], flags=64, limit_ms=1000)]
    return registry(world, auctions[:5]), auctions


def main():
    if len(sys.argv) != 2:
        print("usage: make_sample.py FILE", file=sys.stderr)
        return 2
    world = World()
    chain, auctions = make(world)
    with open(sys.argv[1], "wb") as file:
        file.writelines(dump(world.net, chain, auctions, codec.block))
    return 0


if __name__ == "__main__":
    sys.exit(main())
