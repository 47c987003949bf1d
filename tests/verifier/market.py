"""Auction chains: consensus.md R1 to R8, C1 to C18, O1, V9."""

import blind
import lots
import sealing
from auction import CODES, FALSE, FLAG_F, SOLD, STATUSES, UNOPENED
from bip340 import h_tag
from chain import NOTICES, Chain, credential, served_by, valid_at
from codec import ROLES, Thing, blob_size, stamp_root, transaction
from der import BLIND
from sales import Sales
from wire import need

MAX_OBJECTIONS = MAX_HANDOVERS = 16
OPENERS = {"KEYRELEASE", "OPENING"}
CONTENT = {"ENROL", "BID", "STAMP", "CLOSE", "ISSUED", "REVOKE"}


class Auction(Sales, Chain):
    """One auction's chain; opening is its decoded OPEN."""

    def __init__(self, network, opening, checks):
        terms = opening.terms
        super().__init__(Thing(
            id=opening.auction, validators=[
                v.key for v in opening.validators],
            t_ms=terms.t_ms, fixed=terms.fixed, target=terms.target,
            easiest=network.easiest_target), checks)
        self.network, self.opening, self.terms = network, opening, terms
        self.quorum = len(opening.authorities) // 2 + 1
        self.enrolled, self.bids, self.bid_ids = {}, [], set()
        self.per_key = {}
        self.close = self.issued = None
        self.revoked = set()
        self.no_sales()
        self.objections = []
        self.known = set()
        self.listings, self.stamps = {}, set()
        self.floors = {}
        self.newest = []
        self.x = self.y = None
        self.judged = None
        # Sealed bids: X's child, the height and time of the block that shows
        # X final, and W; what is known of amounts, and by whom.
        self.s = self.settled = self.w = None
        self.sealing = sealing.Sealing(
            opening.auction, opening.bid_escrow_t,
            [holder.key for holder in opening.holders])
        self.secrets, self.opened, self.amounts = {}, {}, {}
        self.reserve = None

    # Block 0

    def start(self, block):
        """Block 0 and OPEN: F9, F13, A17, the warrant from the root."""
        tx, checks = self.opening, self.checks
        need(len(block.txs) == 1, "F13: transactions of block 0")
        self.zero(block, tx.opening_ms)
        need(tx.chain == self.network.registry, "F3: OPEN: chain")
        why = self.terms.check(self.network)
        need(why is None, f"A17: {why}")
        pinned = [tx.ca] + [
            each.cred for each in tx.issuers + tx.notaries + tx.holders]
        for holder in tx.holders:
            need(sealing.x25519(b"\x08" + bytes(31), holder.key)
                 != bytes(32), "F9: a holder's key of small order")
        for cred in pinned + [tx.seller] * (tx.version == 1):
            need(valid_at(cred, tx.opening_ms), "F9: credential not valid")
        for cred in pinned:
            credential(checks, f"OPEN: {ROLES[cred.role]}", cred,
                       self.network.root, tx.chain)
        if tx.version == 1:
            credential(checks, "OPEN: seller", tx.seller, tx.ca.key, tx.chain)
        else:
            self._pseudonym(tx)
        checks.schnorr("OPEN: seller_sig", tx.seller.key, tx.auction,
                       tx.seller_sig)
        checks.schnorr("OPEN: warrant_sig", tx.ca.key, tx.auction,
                       tx.warrant_sig)
        pop = h_tag("gavel/pop", tx.auction)
        for i, (key, signature) in enumerate(tx.pop):
            checks.schnorr(f"OPEN: pop {i}", key, pop, signature)
        self.newest.append(0)

    def _pseudonym(self, tx):
        """F21: the seller's token of an epoch that fits."""
        epoch, seller = transaction(tx.epoch), tx.seller
        need(epoch.name == "EPOCH", "F21: no EPOCH")
        served_by(self.checks, epoch, self.network)
        need(epoch.start_ms <= tx.opening_ms < epoch.end_ms,
             "F21: another epoch")
        need([each.cred.key for each in epoch.issuers + epoch.notaries]
             == [each.cred.key for each in tx.issuers + tx.notaries]
             and epoch.escrow_t == tx.escrow_t, "F21: another desk")
        moduli = [{n for each in one.issuers + one.notaries
                   for n in each.moduli} for one in (epoch, tx)]
        need(not moduli[0] & moduli[1], "F21: a key with two uses")
        need(len(seller.blob) == blob_size(len(epoch.notaries)),
             "F21: size of the blob")
        self.checks.token(
            "OPEN: token", epoch.issuers[0].moduli[0],
            seller.prefix + blind.message(epoch.epoch, seller.key, seller.ek,
                                          seller.blob), seller.token)

    # Trusted time

    def lists(self, leaf, time_us):
        """True if a STAMP of this time and with this leaf lists it (C4)."""
        return time_us > self.floors.get(leaf, 0)

    def listing(self, leaf):
        """(genTime, authority, identity) of the STAMPs that list a leaf."""
        return [mark for mark in self.listings.get(leaf, ())
                if self.lists(leaf, mark[0])]

    def time_of(self, leaf):
        """t of a leaf in microseconds (R2), or None while infinite."""
        least = {}
        for time_us, index, _ in self.listing(leaf):
            least[index] = min(time_us, least.get(index, time_us))
        if len(least) < self.quorum:
            return None
        return sorted(least.values())[self.quorum - 1]

    def tie_of(self, bid, time_us):
        """O1: the tie of a bid with this t."""
        _, mark = min((index, identity) for at, index, identity
                      in self.listing(bid.leaf) if at == time_us)
        return h_tag("gavel/tie", mark + bid.digest)

    def judge(self):
        """F over the bids and the CLOSE on the chain so far."""
        rows = []
        for bid in self.bids:
            t = self.time_of(bid.leaf)
            amount = (bid.amount if bid.sealed is None
                      else self.amounts.get(bid.digest, UNOPENED))
            rows.append((bid.digest, bid.bidder, amount, t,
                         self.tie_of(bid, t), bid.sealed is not None, bid.lot))
        close_us = cancel_us = None
        if self.close is not None:
            made_us = self.time_of(self.close.leaf)
            close_us = made_us + self.terms.notice_ms * 1000
            cancel_us = made_us if self.close.mode == 1 else None
        return lots.judge(self.terms, self.opening.opening_ms, close_us, rows,
                          cancel_us, self.reserve)

    def outcome(self):
        """What R7 and C8 ask of OUTCOME."""
        got = self.judge()
        if self.issued is not None and (
                len(self.enrolled) > self.issued.count):
            got.void()
        return got

    def end_us(self):
        """E over the chain so far (R6).

        Bids enter through the total cap when enough are there, a soft close,
        buy-now and a cancellation; else it is judged over none.
        """
        if (self.terms.soft_ms or self.terms.buy_now or self.terms.clock_step_ms
                or self.close is not None and self.close.mode == 1
                or self.terms.flags & FLAG_F
                and len(self.bids) >= self.terms.total_cap):
            return self.judge().end_us
        bids, self.bids = self.bids, []
        try:
            return self.judge().end_us
        finally:
            self.bids = bids

    # Blocks

    def add(self, block):
        """Checks the next block above 0."""
        self.extend(block)
        if self.ended():
            self.epilogue(block)
        elif self.y is not None:
            need(self.is_heartbeat(block), "C7: content after OUTCOME")
            self.waited(block, "R8")
        elif self.x is not None and self.seals() and self.w is None:
            self._opening(block)
        elif self.x is not None:
            self._outcome(block)
        elif block.txs and block.txs[0].name == "CUTOFF":
            self._cutoff(block)
        else:
            self._content(block)
        for tx in block.txs:
            if tx.name == "FINAL":
                self.take_final(tx)
            elif tx.name == "OBJECTION":
                self._objection(tx)
            elif tx.name in OPENERS:
                self._opener(tx)
            elif tx.name == "HANDOVER":
                self._handover(tx, block.height)
        if self.seals() and self.x is not None and self.y is None:
            self._after(block)
        newest = max((tx.token.time_us for tx in block.txs
                      if tx.name == "STAMP"), default=0)
        self.newest.append(max(newest, self.newest[-1]))
        self.finish(block)
        if not self.awards and self.ended():
            for place, each in enumerate(lots.results(self.judged)):
                if each[0] == SOLD:
                    self.award(place + bool(self.terms.lots), *each[1:],
                               block)

    def seals(self):
        """R7: is something sealed, so that an opening comes before Y?"""
        return (self.terms.sealed or self.terms.hides_reserve
                or any(bid.sealed is not None for bid in self.bids))

    def _rest_final(self, block, rule):
        need(all(tx.name in NOTICES for tx in block.txs[1:]),
             f"C7: what may follow {rule}")

    def _deadline(self):
        end = self.end_us()
        return None if end is None else end + self.terms.d_ms * 1000

    def _cutoff(self, block):
        self._rest_final(block, "CUTOFF")
        limit = self._deadline()
        need(limit is not None, "R6: CUTOFF without an end")
        self._tokens(block, limit)
        self.x = block.height

    def _tokens(self, block, limit):
        tx = block.txs[0]
        need(len(tx.tokens) >= self.quorum, "R6: too few tokens")
        imprint = h_tag("gavel/cutoff", self.rules.id + self.sealed[-1])
        for index, token in tx.tokens:
            self._token(tx, block, index, token, (BLIND,), imprint)
            need(token.time_us > limit, "R6: token not after E + D")

    def set_hash(self):
        """R7: the set of bids that X has fixed."""
        return h_tag("gavel/set", b"".join(
            row[0] + row[3].to_bytes(8, "little")
            for row in self.judge().order))

    def _opening(self, block):
        """A block behind X up to W."""
        if self.s is None:
            need(block.txs and block.txs[0].name == "SETFIXED",
                 "R7: no SETFIXED after CUTOFF")
            self._rest_final(block, "SETFIXED")
            need((block.txs[0].count, block.txs[0].set)
                 == (len(self.bids), self.set_hash()),
                 "R7: SETFIXED is not the set")
            self.s = block.height
            return
        rest = block.txs
        if rest and rest[0].name == "CUTOFF":
            need(self.settled is not None, "R7: CUTOFF before X is final")
            need(self._deadline() is not None, "R6: CUTOFF without an end")
            self._tokens(block, self.opening_ends_us())
            self.w, rest = block.height, rest[1:]
        odd = {tx.name for tx in rest} - OPENERS - NOTICES
        need(not odd, f"C7: {' '.join(sorted(odd))} while bids are opened")
        if self.is_heartbeat(block):
            need(self.settled is None, "R8: nothing while bids are opened")
            self.waited(block, "R8")

    def opening_ends_us(self):
        d_ms = self.terms.d_ms
        return max(self._deadline() + self.terms.opening_period_ms * 1000,
                   (self.settled[1] + d_ms) * 1000)

    def _opener(self, tx):
        """C14 and C15."""
        rule = "C14" if tx.name == "KEYRELEASE" else "C15"
        need(self.x is not None and self.seals()
             and self.final_height >= self.x,
             f"{rule}: X is not final")
        if tx.name == "KEYRELEASE":
            need(tx.notary < len(self.sealing.keys), "C14: no such holder")
            need(tx.notary not in self.secrets, "C14: KEYRELEASE twice")
            need(sealing.public(tx.secret) == self.sealing.keys[tx.notary],
                 "C14: not the key in OPEN")
            self.secrets[tx.notary] = tx.secret
            return
        need(tx.bid not in self.opened, "C15: OPENING twice")
        if tx.bid == self.opening.reserve_id and self.terms.hides_reserve:
            amount = self._reserve_sealing().open(
                self.opening.seller.key, self.opening.sealed_reserve, tx.es)
        else:
            bid = next((b for b in self.bids if b.digest == tx.bid
                        and b.sealed is not None), None)
            need(bid is not None, "C15: no such BID")
            amount = self.sealing.open(bid.bidder, bid.sealed, tx.es)
        need(amount is not None, "C15: it does not open")
        self.opened[tx.bid] = amount

    def _after(self, block):
        """Is X final now; does this block end the opening?"""
        if self.settled is None and self.final_height >= self.x:
            self.settled = (block.height, block.time)
        enough = len(self.secrets) >= self.sealing.t
        if self.w is None and self.s is not None and enough:
            self.w = block.height
        if self.w != block.height:
            return
        if not enough:
            self.amounts = dict(self.opened)
            self.reserve = self.opened.get(self.opening.reserve_id)
            return
        keys = dict(sorted(self.secrets.items())[:self.sealing.t])
        for bid in self.bids:
            if bid.sealed is None:
                continue
            got = self.sealing.recover(bid.bidder, bid.sealed, keys)
            self.amounts[bid.digest] = FALSE if got is None else got
        if self.terms.hides_reserve:
            self.reserve = self._reserve_sealing().recover(
                self.opening.seller.key, self.opening.sealed_reserve, keys)

    def _reserve_sealing(self):
        return sealing.Sealing(self.opening.reserve_id, self.sealing.t,
                               self.sealing.keys)

    def _outcome(self, block):
        need(block.txs and block.txs[0].name == "OUTCOME",
             "R7: no OUTCOME after CUTOFF")
        tx = block.txs[0]
        self._rest_final(block, "OUTCOME")
        self.judged = got = self.outcome()
        need((tx.results, tx.fold) == (lots.results(got), got.fold),
             "R7: OUTCOME is not what F gives")
        self.y = block.height

    def _content(self, block):
        names = {tx.name for tx in block.txs}
        odd = names - CONTENT - NOTICES
        need(not odd, f"C7: {' '.join(sorted(odd))} out of place")
        need(names & (CONTENT | {"HANDOVER"}), "R8: a block without content")
        limit = self._deadline()
        need(limit is None or block.time * 1000 <= limit,
             "R6: after E + D without CUTOFF")
        here = {tx.leaf for tx in block.txs if tx.name in ("BID", "CLOSE")}
        fresh = []
        for tx in block.txs:
            if tx.name == "REVOKE":
                self._revoke(tx)
            if tx.name == "BID":
                self._floor(tx)
        for tx in block.txs:
            if tx.name == "REVOKE" and tx.issuer != self.network.root:
                self._not_revoked(tx, self.opening.ca.fingerprint)
            if tx.name == "ENROL":
                self._enrol(tx, block)
            elif tx.name == "STAMP":
                self._stamp(tx, block, here)
            elif tx.name == "BID":
                self._bid(tx, block)
                fresh.append(tx)
            elif tx.name == "CLOSE":
                self._close(tx)
                fresh.append(tx)
            elif tx.name == "ISSUED":
                self._issued(tx)
        for tx in fresh:
            self._stamped(tx, block)
        self.known |= here

    def _enrol(self, tx, block):
        need(tx.key != self.opening.seller.key, "C1: the seller enrols")
        need(tx.key not in self.enrolled, "C1: ENROL twice")
        need(tx.form == self.terms.identity, "C1: form")
        if tx.form == 0:
            self._certified(tx, block)
        else:
            self._anonymous(tx)
        self._own(tx, tx.key)
        self.enrolled[tx.key] = tx.cred

    def _certified(self, tx, block):
        need(valid_at(tx.cred, block.time), "C1: credential not valid now")
        self._not_revoked(tx, tx.cred.fingerprint, self.opening.ca.fingerprint)
        credential(self.checks, "ENROL", tx.cred, self.opening.ca.key,
                   self.network.registry)

    def _anonymous(self, tx):
        need(len(tx.blob) == blob_size(len(self.opening.notaries)),
             "C1: size of the blob")
        issuer = self.opening.issuers[0]
        self._not_revoked(tx, issuer.cred.fingerprint)
        self.checks.token(
            "ENROL: token", issuer.moduli[0],
            tx.prefix + blind.message(self.rules.id, tx.key, tx.ek, tx.blob),
            tx.token)

    def _own(self, tx, key):
        self.checks.schnorr(f"{tx.name}: signature", key, tx.digest,
                            tx.signature)

    def _not_revoked(self, tx, *marks):
        need(self.revoked.isdisjoint(marks), f"C9: {tx.name} of a revoked")

    def _revoke(self, tx):
        opening, mark = self.opening, tx.fingerprint
        issuers = {self.network.root}
        pinned = [opening.ca] + [
            each.cred for each in opening.issuers + opening.notaries
            + opening.holders]
        if mark not in {cred.fingerprint for cred in pinned} | {
                one.cert for one in opening.authorities}:
            issuers.add(opening.ca.key)
        need(tx.issuer in issuers, "C9: who may not revoke it")
        need(mark not in self.revoked, "C9: REVOKE twice")
        self._own(tx, tx.issuer)
        self.revoked.add(mark)

    def _issued(self, tx):
        need(self.terms.identity == 1, "C8: ISSUED where all are certified")
        need(self.issued is None, "C8: ISSUED twice")
        issuer = self.opening.issuers[0].cred
        self._not_revoked(tx, issuer.fingerprint)
        self._own(tx, issuer.key)
        self.issued = tx

    def _objection(self, tx):
        """C12."""
        need(tx.validator < len(self.rules.validators), "C12: validator")
        need(self.heights.get(tx.refused, 0) > 0, "C12: no such ancestor")
        said = (tx.validator, tx.refused)
        need(said not in self.objections, "C12: OBJECTION twice")
        need(sum(one[0] == tx.validator for one in self.objections)
             < MAX_OBJECTIONS, "C12: too many of one validator")
        self._own(tx, self.key_of(tx.validator, self.heights[tx.refused]))
        self.objections.append(said)

    def _handover(self, tx, height):
        """C13."""
        need(tx.validator < len(self.rules.validators), "C13: validator")
        ever = self.rules.validators + [key for _, _, key in self.handovers]
        need(tx.key not in ever, "C13: a key that somebody has or had")
        need(tx.old_key == self.key_of(tx.validator, height + 1),
             "C13: old_key is not the validator's")
        need(sum(index == tx.validator for _, index, _ in self.handovers)
             < MAX_HANDOVERS, "C13: too many of one validator")
        self.checks.schnorr(
            "HANDOVER: pop", tx.key,
            h_tag("gavel/pop", self.rules.id + tx.succession), tx.pop)
        self._own(tx, tx.old_key)
        self.handovers.append((height, tx.validator, tx.key))

    def _token(self, tx, block, index, token, others, imprint):
        """Good by its authority's policy or one of these."""
        need(index < len(self.opening.authorities),
             f"{tx.name}: no such authority")
        pinned = self.opening.authorities[index]
        self._not_revoked(tx, pinned.cert)
        token.check(pinned, (pinned.policy, *others), imprint)
        need(block.time * 1000 >= token.time_us,
             f"R1: block before a token of {tx.name}")
        self.checks.stamp(f"{tx.name}: token's signature", pinned, token)

    def _stamp(self, tx, block, here):
        token, index = tx.token, tx.authority
        self._token(tx, block, index, token, (), stamp_root(tx.leaves))
        need(block.time * 1000 <= token.time_us + self.terms.d_ms * 1000,
             "R2: STAMP after its deadline")
        mark = (index, token.identity)
        need(mark not in self.stamps, "R4: STAMP twice")
        need(any((leaf in here or leaf in self.known)
                 and self.lists(leaf, token.time_us)
                 and all(i != index or t > token.time_us
                         for t, i, _ in self.listing(leaf))
                 for leaf in tx.leaves), "C2: STAMP of nothing new")
        self.stamps.add(mark)
        for leaf in tx.leaves:
            self.listings.setdefault(leaf, []).append(
                (token.time_us, index, token.identity))

    def _floor(self, tx):
        """C4: what a STAMP's time must exceed to list this BID."""
        height = self.heights.get(tx.recent)
        need(height is not None, "C4: recent is no ancestor")
        self.floors[tx.leaf] = self.newest[height]

    def _bid(self, tx, block):
        need(tx.bidder in self.enrolled, "R3: bidder not enrolled")
        count = self.per_key.get(tx.bidder, 0)
        need(count < self.terms.max_bids, "C3: max_bids")
        need(tx.digest not in self.bid_ids, "C3: BID twice")
        cred = self.enrolled[tx.bidder]
        if cred is not None:
            need(block.time <= cred.not_after_ms, "C3: credential has ended")
            self._not_revoked(tx, cred.fingerprint)
        need((self.terms.final_round
              or (tx.sealed is not None) == self.terms.sealed)
             and (tx.sealed is None
                  or tx.sealed[0] == len(self.sealing.keys)),
             "A23: kind of BID")
        need(bool(tx.lot) == bool(self.terms.lots), "A33: version of BID")
        self._own(tx, tx.bidder)
        self.per_key[tx.bidder] = count + 1
        self.bid_ids.add(tx.digest)
        tx.height = block.height
        self.bids.append(tx)

    def _close(self, tx):
        need(self.terms.close_policy == 1, "C5: CLOSE not allowed")
        need(self.close is None, "C5: CLOSE twice")
        self._own(tx, self.opening.seller.key)
        self.close = tx

    def _stamped(self, tx, block):
        """R3, with all STAMPs of the block."""
        t = self.time_of(tx.leaf)
        need(t is not None, f"R3: {tx.name} without enough STAMPs")
        need(block.time * 1000 <= t + self.terms.d_ms * 1000,
             f"R3: {tx.name} after its deadline")

    def ended(self):
        """True once the outcome is final: what becomes of it follows (R8)."""
        return self.y is not None and self.final_height >= self.y

    def stalled(self):
        """C11: fewer than f+1 authorities are left, and X never comes."""
        left = sum(one.cert not in self.revoked
                   for one in self.opening.authorities)
        return self.x is None and left < self.quorum

    def summary(self):
        judged = self.judged or self.judge()
        accepted = judged.accepted
        state = f"no outcome yet ({STATUSES[judged.status]} so far)"
        if self.stalled():
            state = "stalled: too many authorities are revoked"
        if self.y is not None:
            done = "final" if self.ended() else "not final"
            state = f"{STATUSES[judged.status]}, {done}"
            if judged.status == 0 and not self.terms.lots:
                state += (f", {judged.price} {self.terms.currency} by "
                          f"{judged.winner.hex()}")
        for number, award in self.awards.items():
            if not number:
                continue
            state += f", award {number} to {award.winner.hex()}"
            state += f" for {award.price}"
        if self.said:
            state += ", " + " then ".join(
                self.standing(i) for i in self.awards)
        return (f"auction {self.rules.id.hex()}: {len(self.sealed)} blocks, "
                f"{self.txs} transactions, final {self.final_height}, "
                f"{len(self.bids)} bids ({accepted} accepted, "
                f"{len(self.bids) - accepted} void), {state}")

    def csv_rows(self):
        """F20: the rows of this auction."""
        judged = self.judged or self.judge()
        by_id = {bid.digest: bid for bid in self.bids}
        for row, code in zip(judged.order, judged.codes):
            bid = by_id[row[0]]
            amount = 0 if row[2] in (UNOPENED, FALSE) else row[2]
            yield (f"{self.rules.id.hex()},{bid.height},{row[0].hex()},"
                   f"{row[1].hex()},{amount},{row[3]},{CODES[code]},"
                   f"{bid.seq},{row[4].hex()},{bid.lot}\n")
