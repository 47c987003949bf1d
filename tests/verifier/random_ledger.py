#!/usr/bin/env python3
"""Random auctions, some with a fault, judged by both verifiers.

For every seed from FIRST up to, but without, LAST one auction is made, with
1 to 5 authorities, 1 to 9 validators and random terms, bids, stamps,
revocations, votes, handovers and cutoff; with --anonymous of bidders who
enrol with tokens, with a count of tokens and disclosures; with --sealed with
sealed bids, some of them false, keys, openings and a second cutoff. Its dump
goes through verify.py and `EXPLORER verify`. Prints how often each verdict came
and exits with 1 if the two ever disagree.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from hashlib import sha256

import codec
from auction import STATUSES
from authority import ECDSA, RSA
from chain import Checks
from der import BLIND, PUBLISHED
from desk import NOBODY, Desk, Holders, disclose_tx, enrol_tx, issued_tx, sign
from make_sample import DAY, World
from market import Auction
from verify import Invalid, verify
from wire import Bad
from writer import (Key, Stamper, accept_tx, bid_tx, close_tx, cutoff_tx, dump,
                    final_tx, handover_tx, head, keyrelease_tx, num,
                    opening_tx, outcome_of, sealed_bid_tx, setfixed_tx,
                    settle_tx, stamp_tx, tst_leaf)

D_MS = 2000
FLAGS = ((1, "min_first", (50,)), (2, "min_step", (10,)),
         (4, "max_step", (40,)), (16, "per_bidder", (3,)),
         (32, "total_cap", (1, 2, 3, 6)), (64, "limit_ms", (2000, 6000)))
OTHER = bytes.fromhex("2a0304")
BLINDS = ((BLIND, ""), (OTHER, "http://tsa.example:80/tsr"))
AMOUNTS = (30, 50, 60, 70, 80, 100, 120)


class Story:
    """One random auction. rng.random() < p is a fault or a rare case."""

    blinds = True  # where all bids are sealed authorities may be blind

    def __init__(self, world, seed, anonymous=False, sealed=False):
        self.world, self.rng = world, random.Random(seed)
        rng = self.rng
        n, m = rng.choice((1, 1, 3, 3, 5)), rng.choice((1, 2, 4, 5, 9))
        self.stampers = [self._stamper(i, sealed) for i in range(n)]
        self.blind = sealed and self.blinds and rng.random() < .5
        for stamper in self.stampers if self.blind else ():
            stamper.policy, stamper.url = rng.choice(BLINDS)
        self.validators = [Key(f"validator {i}") for i in range(m)]
        self.seats = {key.public: key for key in self.validators}
        self.bidders = [Key(f"bidder {i}") for i in range(4)]
        self.outside = []
        self.desk = Desk(rng.choice((1, 1, 2, 3))) if anonymous else NOBODY
        n = rng.choice((1, 2, 3, 3, 4)) if sealed else 0
        self.holders = Holders(n, rng.randint(1, n)) if sealed else Holders()
        self.es, self.reserve_es, self.made = {}, None, {}
        self.now = world.start + DAY
        self.chain = world.open(b"random", self.now, self.stampers,
                                self.validators, desk=self.desk,
                                holders=self.holders,
                                **self._terms())
        self.state = Auction(world.net, self.chain.opening, Checks())
        self.state.start(codec.block(self.chain.blocks[0]))
        self.fine, self.closed, self.seq, self.old = True, False, 0, []

    def _stamper(self, i, sealed):
        rsa = sealed and i == 0 and self._chance(.4)
        return Stamper(f"authority {i}", RSA if rsa else ECDSA)

    def _policy(self, stamper):
        """A policy of a CUTOFF's token, mostly one that serves."""
        return self.rng.choice((stamper.policy, BLIND) if self._chance(.98)
                               else (PUBLISHED, OTHER))

    def _chance(self, p):
        return self.rng.random() < p

    def _terms(self):
        rng = self.rng
        terms = dict(flags=0, reference=rng.randint(0, 1), d_ms=D_MS,
                     reserve=rng.choice((0, 0, 90)),
                     max_bids=rng.choice((4, 50, 50, 50)))
        for flag, name, values in FLAGS:
            if self._chance(.45):
                terms["flags"] |= flag
                terms[name] = rng.choice(values)
        if self._chance(.3):
            own = terms["flags"] & 16 and not self.desk.issuers
            caps = (0, 1, 2) if own else (0,)
            terms["flags"] |= 8
            terms["allowed"] = sorted(
                ((key, rng.choice(caps)) for key in self.bidders[:3]),
                key=lambda entry: entry[0].public)
        if self._chance(.5) or not terms["flags"] & 96:
            terms.update(close_policy=1, notice_ms=2 * D_MS)
        if self.holders.all:
            terms.update(self._sealed(terms))
        elif self._chance(.4):
            terms.update(self._variant(terms))
        if self._chance(.1) and not self.holders.all:
            terms = self._dutch(terms)
        if self._chance(.6):
            terms["flags"] |= 128
            terms["pay_ms"] = rng.choice((D_MS, 9000))
        if self._chance(.3):
            terms.update(fixed=0)
        return terms

    def _sealed(self, terms):
        """What sealed bids can be judged by."""
        flags = terms["flags"] & ~(2 | 4 | 32)
        more = dict(flags=flags, min_step=0, max_step=0, total_cap=0,
                    pricing=self.rng.choice((0, 2)),
                    direction=self.rng.randint(0, 1),
                    opening_period_ms=self.rng.choice((D_MS, 5000)))
        if self._chance(.4):
            amount, spoil = self.rng.choice((60, 90)), self._chance(.2)
            more.update(reserve=0, hidden=lambda seals, key: self._hide(
                seals, key, amount, spoil))
        if not flags & 64:
            more.update(close_policy=1, notice_ms=2 * D_MS)
        return more

    def _hide(self, seals, seller, amount, spoil):
        """A hidden reserve, or what looks like one."""
        self.reserve_es = self.rng.randbytes(32)
        part = seals.make(seller, self.reserve_es, amount)
        at = self.rng.randrange(1, len(part))
        return part[:at] + bytes((part[at] ^ spoil,)) + part[at + 1:]

    def _variant(self, terms):
        """Another pricing, direction or end."""
        rng = self.rng
        more = dict(pricing=rng.randint(0, 2), direction=rng.randint(0, 1))
        if more["pricing"] == 1:
            more["increments"] = ((70, 5), (2**64 - 1, 10))
        if terms["flags"] & 64 and self._chance(.5):
            more.update(soft_ms=10000, soft_cap_ms=rng.choice((10000, 15000)))
        if self._chance(.3):
            more.update(buy_now=(30 if more["direction"] else 120))
        return more

    def _dutch(self, terms):
        """A clock, and of the terms what goes with one."""
        rng = self.rng
        kept = {name: terms[name] for name in
                ("reference", "d_ms", "max_bids", "close_policy", "notice_ms")
                if name in terms}
        if terms["flags"] & 8:
            kept["allowed"] = [(key, 0) for key, _ in terms["allowed"]]
        clock = (rng.choice((90, 115, 200)), rng.choice((1, 40, 60)),
                 rng.choice((1, 7, 30)), 1000)
        return dict(kept, flags=64 | terms["flags"] & 8, direction=2,
                    clock=clock, limit_ms=rng.choice((2000, 6000)))

    def _push(self, txs, wait, votes):
        """Adds a block; self.fine tells whether it is valid."""
        self.now += wait
        for tx in self._votes(votes) + self._handover():
            low = 1 if txs and txs[0][0] in (21, 22, 28) else 0
            txs.insert(self.rng.randint(low, len(txs)), tx)
        self.chain.add(txs, self.now - self._chance(.01),
                       depth=self.rng.choice((0, 0, 2)))
        try:
            self.state.add(codec.block(self.chain.blocks[-1]))
        except Bad:
            self.fine = False

    def _votes(self, p):
        height, rng = len(self.chain.sealed) - 1, self.rng
        sources = sorted(self.state.justified)[-2:]
        if self._chance(.05):
            sources.append(rng.randint(0, height))
        source = rng.choice(sources)
        target = rng.choice((source + 1, height))
        if not self._chance(p) or not source < target <= height:
            return []
        m = len(self.validators)
        count = max(1, 2 * m // 3 + 1 - self._chance(.02))
        keys = [self.seats[self.state.key_of(i, source)] for i in range(m)]
        vote = final_tx(self.chain.chain,
                        self.validators if self._chance(.02) else keys,
                        sorted(rng.sample(range(m), count)),
                        self.chain.here(source), self.chain.here(target))
        known = codec.transaction(vote).link in self.state.links
        return [vote] if not known or self._chance(.1) else []

    def _handover(self):
        """One validator's place for another key, mostly as C13 has it."""
        if not self._chance(.002 if self.state.ended() else .07):
            return []
        rng, i = self.rng, self.rng.randrange(len(self.validators))
        old = self.seats[self.state.key_of(i, 2**32)]
        new = Key(f"heir {len(self.seats)}")
        if self._chance(.02):
            old = rng.choice(list(self.seats.values()))
        if self._chance(.02):
            new = rng.choice(list(self.seats.values()))
        self.seats[new.public] = new
        return ([handover_tx(self.chain.chain, old, new, i)]
                if new is not old else [])

    def _enrol(self, key):
        if not self.desk.issuers or self._chance(.003):
            dates = self.world.dates
            if self._chance(.05):
                dates = (dates[0], self.now + self.rng.randint(300, 9000))
            return self.world.enrol(self.chain.chain, key, dates)
        token = sign
        if self._chance(.005):
            token = self.rng.choice((lambda text: sign(text[1:]),
                                     lambda text: sign(text, bytes(47)),
                                     lambda text: bytes(384)))
        desk = Desk(2) if self._chance(.005) else self.desk
        return enrol_tx(self.chain.chain, key,
                        desk.blob(str(self.rng.random())), token)

    def _marks(self):
        """Fingerprints: (whether OPEN pins it, fingerprint)."""
        opening = self.chain.opening
        pinned = [opening.ca] + [
            each.cred for each in opening.issuers + opening.notaries]
        return ([(True, cred.fingerprint) for cred in pinned]
                + [(True, stamper.cert) for stamper in self.stampers]
                + [(False, sha256(b"certificate" + key.public).digest())
                   for key in self.bidders]
                + [(False, bytes(32)), (False, self.rng.randbytes(32))])

    def _others(self):
        """ISSUED, REVOKE and late ENROLs."""
        world, rng, c, out = self.world, self.rng, self.chain, []
        if self.outside and self._chance(.2):
            self.bidders.append(self.outside.pop())
            out.append(self._enrol(self.bidders[-1]))
        if self._chance(.005):
            out.append(self._enrol(rng.choice(self.bidders)))
        if self._chance(.12):
            pinned, mark = rng.choice(self._marks())
            root = pinned != self._chance(.05) or self._chance(.3)
            out.append(world.revoke(world.root if root else world.ca, mark,
                                    rng.choice((0, 1, 10)), c.chain))
        known = self.state.issued is not None or not self.desk.issuers
        if self._chance(.003 if known else .15):
            key = Key("issuer" if self._chance(.97) else "other")
            out.append(issued_tx(c.chain, key, rng.choice((0, 3, 4, 4, 9))))
        return out

    def _award(self):
        return self.rng.randint(0, max(self.state.awards, default=0))

    def _disclosures(self):
        """DISCLOSEs, mostly of what is not disclosed yet."""
        rng, out = self.rng, []
        for i in range(len(self.desk.notaries) + self._chance(.04)):
            for side in (0, 1):
                award = self._award()
                known = (award, i, side) in self.state.disclosed
                if self._chance(.02 if known else .4):
                    key = Key(f"notary {i if self._chance(.98) else i + 1}")
                    out.append(disclose_tx(self.chain.chain, key, i, side,
                                           award=award))
        rng.shuffle(out)
        return out

    def _words(self):
        """SETTLEs and ACCEPTs, mostly of what can be said now, and how long
        their block has to wait."""
        state, rng, out, wait = self.state, self.rng, [], 250
        key_of = {key.public: key for key in self.bidders + self.outside}
        known = {(i, side, what) for i, side, what in state.said}
        for i, award in list(state.awards.items()):
            for side, what in codec.SAYINGS:
                mine = {w for n, s, w in known if (n, s) == (i, side)}
                clash = mine and (what == 3) != (3 in mine)
                if self._chance(.02 if what in mine or clash else
                                .5 if what == 3 else .12):
                    key = (self.world.seller if side == self._chance(.01)
                           else key_of[award.winner])
                    tokens = self._late_tokens(award) if what == 3 else ()
                    late = max((one[2] for one in tokens), default=0)
                    wait = max(wait, -(-late // 1000) - self.now)
                    known.add((i, side, what))
                    out.append(settle_tx(self.chain.chain, key, i, what, side,
                                         award.made, tokens))
        chance = state.chance()
        if chance and self._chance(.8):
            price = chance[1] + self._chance(.03)
            out.append(accept_tx(self.chain.chain, key_of[chance[0]],
                                 len(state.awards), price))
        elif self._chance(.01):
            out.append(accept_tx(self.chain.chain, rng.choice(self.bidders),
                                 rng.randint(1, 2), 60))
        return out, wait

    def _late_tokens(self, award):
        """Tokens of a default."""
        rng = self.rng
        if not self.chain.opening.terms.pay_ms and not self._chance(.05):
            return []
        past = (award.made_ms + self.chain.opening.terms.pay_ms) * 1000
        count = max(0, len(self.stampers) // 2 + 1 - self._chance(.03))
        return [(i, self.stampers[i],
                 past + (0 if self._chance(.03) else rng.choice((1, 3000))),
                 self._policy(self.stampers[i]))
                for i in sorted(rng.sample(range(len(self.stampers)), count))]

    def _able(self):
        """Bidders, mostly without those whose credential is revoked."""
        creds = {key: self.state.enrolled.get(key.public)
                 for key in self.bidders}
        return [key for key, cred in creds.items()
                if cred is None or self._chance(.02)
                or cred.fingerprint not in self.state.revoked]

    def _fresh(self):
        """New BIDs, and perhaps the CLOSE."""
        rng, c, out = self.rng, self.chain, []
        able = self._able()
        for _ in range(rng.randint(0, 3) if able else 0):
            self.seq += 1
            recent = (rng.choice(c.sealed[-3:]) if self._chance(.4)
                      else c.sealed[0])
            amount = rng.choice(AMOUNTS + (self.seq * 10 + 40,))
            stray = self.outside if self._chance(.003) else []
            tx = self._bid(rng.choice(stray or able), amount, recent)
            self.made[codec.transaction(tx).digest] = tx
            out.append(tx)
        policy = c.opening.terms.close_policy
        if policy and not self.closed and self._chance(.2):
            self.closed = True
            out.append(close_tx(c.chain, self.world.seller,
                                int(self._chance(.5))))
        return out

    def _bid(self, key, amount, recent):
        """A BID, where bids are sealed sometimes a false one."""
        rng, c = self.rng, self.chain
        lot = self._lot()
        if not self.holders.all or self._chance(.002):
            return bid_tx(c.chain, key, self.seq, amount, recent, lot)
        es = rng.randbytes(32)
        name = rng.choice(self.bidders) if self._chance(.05) else key
        part = c.sealing.make(name.public, es, amount)
        if self._chance(.1):
            at = rng.randrange(1, len(part))
            part = part[:at] + bytes((part[at] ^ 1,)) + part[at + 1:]
        tx = sealed_bid_tx(c.chain, key, self.seq, part, recent, lot)
        self.es[tx] = es
        return tx

    def _lot(self):
        """What is bid for."""
        return 0

    def _openers(self):
        """KEYRELEASEs and OPENINGs, mostly ones that stand."""
        rng, state, out = self.rng, self.state, []
        for i, holder in enumerate(self.holders.all):
            if self._chance(.02 if i in state.secrets else .3):
                secret = holder.secret
                if self._chance(.02):
                    secret = rng.choice(self.holders.all).secret
                out.append(keyrelease_tx(self.chain.chain, i, secret))
        for tx, es in self.es.items():
            own = opening_tx(self.chain.chain, tx, es)
            bid = next((b for b in state.bids if b.digest == own[34:66]), None)
            if bid is None:
                continue
            opens = state.sealing.open(bid.bidder, bid.sealed, es) is not None
            if self._chance(.2 if opens and bid.digest not in state.opened
                            else .01):
                out.append(own)
        if self.chain.opening.terms.hides_reserve and self._chance(.1):
            out.append(head(27, self.chain.chain) + self.chain.reserve_id
                       + self.reserve_es)
        return out

    def _open_bids(self):
        """From X's child to W."""
        state, c = self.state, self.chain
        rows = [(self.made[row[0]], row[3]) for row in state.judge().order]
        self._push([setfixed_tx(c.chain, rows[:-1] if self._chance(.02)
                                else rows)], 250, .9)
        for _ in range(12):
            if not self.fine or state.w is not None:
                return
            if state.settled is None and not self._chance(.03):
                self._push([], 1000, .9)
                continue
            if self._chance(.1):
                return self._end_opening()
            txs = self._openers()
            if txs or self._chance(.02):
                self._push(txs, self.rng.choice((250, 800)), .3)

    def _end_opening(self):
        state = self.state
        if state.settled is not None:
            self._cutoff(state.opening_ends_us())

    def _stamps(self, fresh):
        """STAMPs of a quorum or of all, with some older leaves. Some are
        dated back to what the makers of bids had seen (C4)."""
        rng, out = self.rng, []
        base = self.now * 1000 - rng.randint(0, 200000)
        for i in self._quorum(rng.choice((0, 9))):
            leaves = {tst_leaf(tx) for tx in fresh}
            leaves |= {leaf for leaf in self.old if self._chance(.15)}
            if self._chance(.1):
                leaves.add(rng.randbytes(32))
            if leaves and (fresh or self._chance(.04)):
                time_us = base + rng.choice((0, 0, 1, -1, -500, 200))
                seen = rng.choice(self.state.newest[-3:])
                if self._chance(.3) and seen + 900000 > base:
                    time_us = seen + rng.randint(-1, 1)
                    leaves |= set(self.old[-6:])
                wrong = self.blind and self._chance(.01)
                out.append(stamp_tx(
                    self.chain.chain, i, self.stampers[i], time_us, leaves,
                    rng.choice((PUBLISHED, BLIND, OTHER)) if wrong else None))
        return out

    def _quorum(self, more=0):
        """Authorities, mostly none that was revoked."""
        n = len(self.stampers)
        able = [i for i in range(n) if self._chance(.02)
                or self.stampers[i].cert not in self.state.revoked]
        count = min(n // 2 + 1 + more, len(able))
        return self.rng.sample(able, count)

    def _rounds(self):
        return self.rng.randint(3, 9)

    def _waits(self):
        return self.rng.choice((250, 300, 700, 1500))

    def _bidding(self):
        for _ in range(self._rounds()):
            fresh = self._fresh()
            self.old += [tst_leaf(tx) for tx in fresh]
            txs = fresh + self._stamps(fresh) + self._others()
            self.rng.shuffle(txs)
            wait = self._waits()
            if not self.fine or (self._late(wait) and not self._chance(.05)):
                return
            if txs:
                self._push(txs, wait, .4)

    def _late(self, wait):
        """True if the next block needs a CUTOFF."""
        end = self.state.end_us()
        return end is not None and (
            self.now + wait > end // 1000 + D_MS)

    def _cutoff(self, limit_us):
        rng = self.rng
        tokens = [(i, self.stampers[i],
                   limit_us + (0 if self._chance(.05) else
                               rng.choice((1, 2, 5000))),
                   self._policy(self.stampers[i]))
                  for i in sorted(self._quorum())]
        if not tokens:
            return
        latest = max(time_us for _, _, time_us, _ in tokens)
        txs = [cutoff_tx(self.chain.chain, self.chain.sealed[-1], tokens)]
        if self._chance(.02):
            txs += self._others()
        self._push(txs, max(250, -(-latest // 1000) - self.now), .5)

    def _finish(self):
        got = (self.state.judge() if self._chance(.02)
               else self.state.outcome())
        self._push([outcome_of(self.chain.chain, got)], 250, .5)
        for _ in range(8):
            if not self.fine:
                return
            over = self.state.ended()
            told = got.status == 0 or self._chance(.1)
            wait = 250 if over else 1000
            txs = (self._disclosures()
                   if over and told or self._chance(.03) else [])
            if over and told:
                words, least = self._words()
                txs, wait = txs + words, max(wait, least)
            if over and not txs and self._chance(.9):
                wait = 1000
            near = len(self.chain.sealed) - self.state.accepted < 18
            if txs or not over or self._chance(.7 if near else .03):
                self._push(txs, wait, .02 if over else .9)

    def tell(self):
        """The lines of the dump."""
        if self._chance(.5):
            self.outside = [self.bidders.pop()]
        self._push([self._enrol(key) for key in self.bidders], 250, 0)
        self._bidding()
        end = self.state.end_us() if self.fine else None
        if end is not None:
            self._cutoff(end + D_MS * 1000)
        if self.fine and self.state.x is not None and self.state.seals():
            self._open_bids()
            if self.fine and self.state.w is None and self._chance(.9):
                self._end_opening()
            if self.state.w is None and not self._chance(.05):
                self.fine = False  # not finished, and so not judged further
        if self.fine and self.state.x is not None:
            self._finish()
        return dump(self.world.net, self.world.registry(), [self.chain],
                    codec.block)


def main(story=Story):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("explorer", help="the program gavel-explorer")
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--anonymous", action="store_true")
    parser.add_argument("--sealed", action="store_true")
    options = parser.parse_args()
    explorer, first, last = options.explorer, options.first, options.last
    world, verdicts, differ = World(), Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "dump.jsonl")
        for seed in range(first, last):
            lines = story(world, seed, options.anonymous,
                          options.sealed).tell()
            verdict = "valid"
            try:
                dumped = verify(lines)
                auction = dumped.auctions[0]
                if auction.y is not None:
                    verdict = (f"valid, {STATUSES[auction.judged.status]}"
                               + ", disclosed" * bool(auction.disclosed)
                               + f", {len(auction.awards)} awards"
                               * (len(auction.awards) > 1))
            except Invalid as error:
                verdict = error.args[1]
            with open(path, "wb") as file:
                file.writelines(lines)
            done = subprocess.run([explorer, "verify", path], text=True,
                                  capture_output=True, check=False)
            verdicts[verdict] += 1
            if (done.returncode == 0) != verdict.startswith("valid"):
                differ += 1
                print(f"seed {seed}: {verdict}; but {explorer} gives "
                      f"{done.returncode}: {done.stderr or done.stdout}")
    for verdict, count in verdicts.most_common():
        print(f"{count:6} {verdict}")
    print(f"{last - first} auctions, {differ} disagreements")
    return 1 if differ or last <= first else 0


if __name__ == "__main__":
    sys.exit(main())
