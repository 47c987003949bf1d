"""What registry and auction chains share: R1, R9 to R11, C6, V1 and V2."""

from hashlib import sha256

import authority
import bip340
import blind
from auction import FIXED
from wire import compact_of, need, node_hash, target_of

STEP_MS, SEAL_S = 250, 600
NOTICES = {"FINAL", "OBJECTION", "HANDOVER"}


class Checks:
    """Signatures still to be verified, each with the line it stands on."""

    def __init__(self):
        self.line = 0
        self.jobs = []

    def _later(self, what, verify, *arguments):
        self.jobs.append((self.line, what, verify, arguments))

    def schnorr(self, what, key, digest, signature):
        self._later(what, bip340.verify, key, digest, signature)

    def stamp(self, what, pinned, token):
        self._later(what, authority.verify, pinned.alg, pinned.key,
                    token.signed, token.signature)

    def token(self, what, modulus, message, signature):
        self._later(what, blind.verify, modulus, message, signature)


def run_jobs(jobs):
    """The first job that fails as (line, what), or None."""
    for line, what, verify, arguments in jobs:
        if not verify(*arguments):
            return line, what
    return None


def credential(checks, what, cred, issuer, registry):
    """A credential's signature (F6)."""
    digest = bip340.h_tag("gavel/cert", registry + cred.fields)
    checks.schnorr(f"{what}: credential's signature", issuer, digest,
                   cred.signature)


def served_by(checks, epoch, network):
    """An EPOCH's issuer and notaries: certified by the root, and they sign."""
    need(epoch.chain == network.registry, "EPOCH: another network")
    pop = bip340.h_tag("gavel/pop", epoch.epoch)
    for each, (key, signature) in zip(epoch.issuers + epoch.notaries,
                                      epoch.pop):
        credential(checks, "EPOCH", each.cred, network.root, network.registry)
        checks.schnorr("EPOCH: pop", key, pop, signature)


def valid_at(cred, time_ms):
    return cred.not_before_ms <= time_ms <= cred.not_after_ms


def work_root(block):
    """R9: the root that the branch leads to."""
    value = sha256(b"\0" + block.chain + block.id).digest()
    for i in range(len(block.branch) - 1, -1, -1):
        if block.chain[i // 8] >> (7 - i % 8) & 1:
            value = node_hash(block.branch[i], value)
        else:
            value = node_hash(value, block.branch[i])
    return value


def retarget(parent_target, s, step, t, first, easiest):
    """R11; s and step are the two latest spacings, in ms."""
    s = min(s, 3 * t)
    w = min(max(0, step - 4 * t), 1200 * t)
    e = 65536 * (s - t) // (20 * t) + 65536 * w // (4 * t)
    q, r = e >> 16, e & 0xffff
    factor = 65536 + ((195766423245049 * r + 971821376 * r * r
                       + 5127 * r * r * r + (1 << 47)) >> 48)
    product = parent_target * factor
    target = product << (q - 16) if q >= 16 else product >> (16 - q)
    target = min(max(target, 1, first // 64), easiest)
    return compact_of(target)


class Chain:
    """The blocks of one chain so far, and which are justified and final."""

    def __init__(self, rules, checks):
        """rules: id, validators, t_ms, fixed, target, easiest."""
        self.rules, self.checks = rules, checks
        self.sealed, self.times, self.targets = [], [], []
        self.heights = {}
        self.justified, self.final_height = {0}, 0
        self.links = set()
        self.handovers = []
        self.txs = 0

    def zero(self, block, time_ms):
        """Block 0 (F13)."""
        need(block.height == 0 and block.prev == bytes(32)
             and block.seal == bytes(80) and not block.branch,
             "F13: height, prev, seal or branch of block 0")
        need(block.chain == self.rules.id, "F13: chain of block 0")
        need(block.time == time_ms, "F13: time of block 0")
        need(block.target == self.rules.target, "F13: target of block 0")
        self._push(block)

    def _push(self, block):
        self.heights[block.sealed] = len(self.sealed)
        self.sealed.append(block.sealed)
        self.times.append(block.time)
        self.targets.append(block.target)
        self.txs += len(block.txs)

    def extend(self, block):
        """Header, time, work and target of a block above 0."""
        rules, height = self.rules, len(self.sealed)
        need(block.chain == rules.id, "header: chain")
        need(block.height == height, "header: height")
        need(block.prev == self.sealed[-1], "header: prev")
        need(block.time >= self.times[-1] + STEP_MS, "R1: time")
        need(abs(block.seal_time - block.time // 1000) <= SEAL_S,
             "R1: time of the seal")
        need(block.target == self.wanted(block.time),
             "R10: fixed target" if rules.fixed else "R11: target")
        digest = sha256(sha256(block.seal).digest()).digest()
        need(int.from_bytes(digest, "little") <= target_of(block.target),
             "R10: work")
        need(work_root(block) == block.work_root, "R9: branch")
        for tx in block.txs:
            if tx.name != "OPEN":
                need(tx.chain == rules.id, f"F3: {tx.name}: chain")

    def wanted(self, time_ms):
        """The target of a next block of this time."""
        rules, times = self.rules, self.times
        if rules.fixed:
            return FIXED[rules.fixed]
        s = times[-1] - times[-2] if len(times) > 1 else rules.t_ms
        return retarget(target_of(self.targets[-1]), s, time_ms - times[-1],
                        rules.t_ms, target_of(rules.target),
                        target_of(rules.easiest))

    def finish(self, block):
        """The block is valid."""
        self._push(block)

    def is_heartbeat(self, block):
        """True for a block of notices alone or of nothing."""
        return all(tx.name in NOTICES for tx in block.txs)

    def waited(self, block, rule):
        need(block.time >= self.times[-1] + self.rules.t_ms,
             f"{rule}: a block without content before its time")

    def key_of(self, validator, height):
        """V9: the validator's key under the block of this height."""
        return next((key for at, index, key in reversed(self.handovers)
                     if index == validator and at < height),
                    self.rules.validators[validator])

    def take_final(self, tx):
        """C6, and what follows by V2. Heights on the chain so far."""
        validators = self.rules.validators
        m = len(validators)
        need(len(tx.bitmap) == (m + 7) // 8 and tx.signers[-1] < m,
             "F14: bitmap")
        need(len(tx.signers) >= 2 * m // 3 + 1, "C6: no quorum")
        for height, sealed in ((tx.source_height, tx.source),
                               (tx.target_height, tx.target)):
            need(height < len(self.sealed) and self.sealed[height] == sealed,
                 "C6: source or target is no ancestor")
        need(tx.source_height in self.justified, "C6: source not justified")
        need(tx.link not in self.links, "C6: link twice")
        digest = bip340.h_tag("gavel/vote", self.rules.id + tx.link)
        for i, signature in zip(tx.signers, tx.signatures):
            self.checks.schnorr(f"FINAL: vote {i}",
                                self.key_of(i, tx.source_height), digest,
                                signature)
        self.links.add(tx.link)
        self.justified.add(tx.target_height)
        if tx.target_height == tx.source_height + 1:
            self.final_height = max(self.final_height, tx.source_height)
