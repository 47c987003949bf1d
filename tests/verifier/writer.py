"""Writes transactions, tokens, blocks and dumps, for the verifier's tests.

All secrets are hashes of public labels: nothing made here is worth anything.
"""

from hashlib import sha256

import authority
import bip340
import der
import lots
import render
from bip340 import h_tag
from chain import retarget
from wire import leaf_hash, node_hash, root_of, target_of

RSA_P = int(
    "ed49851c3e7b9b499e4af60662e22ccb23927ff9bcede3f709401f639e6f8a34"
    "e1ae5f3f6a550b0463eddcfcd10c363a8584eadc96c997227e264cc334e49ae9"
    "8b76e3854b425e5611aeaed37ef537f487bd3404a5bbf5e848b5f9179327464f"
    "0105946d7ca67b8c246914f5b1c6aec22d2070ae1f460c27b1df34c6a1696777", 16)
RSA_Q = int(
    "d585701828aaaf19779353eca79bc2fcfd9a8e8461456178be2c7f6a72434419"
    "c11ba2b6c987d237b748b24c139e5d1e66c6472f6fbd90268cd6a8f4876175cd"
    "122640dd637ba9928aeb85c24afb6a2b60a273775a4850e6e1846c5d72299917"
    "738374cf055ba710c97127023a3e9fae4d896c42f3522c62da583ab83471debb", 16)
RSA_D = pow(65537, -1, (RSA_P - 1) * (RSA_Q - 1))


def num(value, size):
    return value.to_bytes(size, "little")


def blob(size, data):
    return num(len(data), size) + data


class Key:
    """A BIP340 key pair."""

    def __init__(self, label, secret=None):
        self.secret = secret or sha256(label.encode("ascii")).digest()
        self.public = bip340.public(self.secret)

    def sign(self, digest):
        return bip340.sign(self.secret, digest)


class Stamper:
    """A time-stamping authority with its entry in OPEN."""

    def __init__(self, label, alg=authority.ECDSA, accuracy_ms=100,
                 ordering=True, policy=der.PUBLISHED, url=""):
        self.alg, self.accuracy_ms, self.ordering = alg, accuracy_ms, ordering
        self.policy, self.url = policy, url
        self.cert = sha256(b"certificate of " + label.encode()).digest()
        self.label = label
        if alg == authority.ECDSA:
            self.secret = int.from_bytes(
                sha256(label.encode()).digest(), "big")
            self.key = authority.ecdsa_public(self.secret)
        else:
            self.key = (RSA_P * RSA_Q).to_bytes(256, "big")

    def entry(self):
        return (num(self.alg, 1) + blob(2, self.key) + self.cert
                + num(self.accuracy_ms, 4) + num(self.ordering, 1)
                + blob(1, self.policy) + blob(1, self.label.encode())
                + (blob(1, self.url.encode())
                   if self.policy not in (der.PUBLISHED, der.BLIND) else b""))

    def token(self, imprint, time_us, policy=None):
        """A token of ttp.md, by default under the policy that OPEN pins."""
        policy = policy or self.policy
        stamp = gen_time(time_us)
        tst = tlv(0x30, b"\x02\x01\x01" + tlv(6, policy) + der.IMPRINT
                  + imprint + integer(time_us) + tlv(0x18, stamp)
                  + tlv(0x30, tlv(0x80, b"\x64"))
                  + (b"\x01\x01\xff" if self.ordering else b""))
        inner = (der.CONTENT_TYPE + der.TIME_SHORT + stamp[2:14] + b"Z"
                 + der.DIGEST + sha256(tst).digest()
                 + der.SIGNER_CERT + self.cert)
        attributes = tlv(0xa0, inner)
        signed = b"\x31" + attributes[1:]
        if self.alg == authority.ECDSA:
            r, s = authority.ecdsa_sign(self.secret, signed)
            algorithm = der.ECDSA_ALG
            signature = tlv(0x30, integer(r) + integer(s))
        else:
            algorithm = der.RSA_ALG
            signature = authority.rsa_sign(RSA_P * RSA_Q, RSA_D, signed)
        name = tlv(0x30, tlv(0x31, tlv(0x30, bytes.fromhex("0603550403")
                                       + tlv(0x0c, self.label.encode()))))
        signer = tlv(0x30, b"\x02\x01\x01" + tlv(0x30, name + integer(7))
                     + der.SHA256_ALG + attributes + algorithm
                     + tlv(0x04, signature))
        return tlv(0x30, der.SIGNED_DATA + tlv(0xa0, tlv(
            0x30, b"\x02\x01\x03" + tlv(0x31, der.SHA256_ALG)
            + tlv(0x30, der.TST_INFO + tlv(0xa0, tlv(0x04, tst)))
            + tlv(0x31, signer))))


def tlv(tag, content):
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    if size < 0x100:
        return bytes((tag, 0x81, size)) + content
    return bytes((tag, 0x82, size >> 8, size & 0xff)) + content


def integer(value):
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def gen_time(time_us):
    """The text of genTime, by the calendar of days since 1970."""
    days, rest = divmod(time_us // 1000000, 86400)
    year = 1970
    while days >= 365 + leap(year):
        days -= 365 + leap(year)
        year += 1
    month = 0
    lengths = (31, 28 + leap(year), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    while days >= lengths[month]:
        days -= lengths[month]
        month += 1
    text = (f"{year}{month + 1:02}{days + 1:02}{rest // 3600:02}"
            f"{rest // 60 % 60:02}{rest % 60:02}")
    fraction = f"{time_us % 1000000:06}".rstrip("0")
    return (text + ("." + fraction if fraction else "") + "Z").encode()


def leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def credential(registry, issuer, key, role, fingerprint, dates):
    fields = (fingerprint + key.public + num(role, 1) + num(dates[0], 8)
              + num(dates[1], 8))
    return fields + issuer.sign(h_tag("gavel/cert", registry + fields))


def head(kind, chain, version=1):
    return bytes((kind, version)) + chain


def signed(core, key, tag="gavel/tx"):
    return core + key.sign(h_tag(tag, core))


def outcome_of(chain, judged):
    """OUTCOME of what F gives."""
    results = lots.results(judged)
    many = len(results) > 1
    return (head(22, chain, 1 + many) + bytes((len(results),) * many)
            + b"".join(num(status, 1) + winner + num(price, 8)
                       for status, winner, price in results) + judged.fold)


def bid_tx(chain, key, seq, amount, recent, lot=0):
    return signed(head(18, chain, 2 if lot else 1) + key.public + num(seq, 4)
                  + (num(lot, 1) if lot else b"") + b"\0" + num(amount, 8)
                  + recent + bytes(64), key, "gavel/bid")


def sealed_bid_tx(chain, key, seq, part, recent, lot=0):
    """part is what sealing.Sealing.make gives."""
    return signed(head(18, chain, 2 if lot else 1) + key.public + num(seq, 4)
                  + (num(lot, 1) if lot else b"") + b"\1" + part
                  + recent + bytes(64), key, "gavel/bid")


def keyrelease_tx(chain, index, secret):
    return head(26, chain) + num(index, 1) + secret


def opening_tx(chain, bid, es):
    return head(27, chain) + h_tag("gavel/bid", bid[:-64]) + es


def setfixed_tx(chain, bids):
    """bids are (tx, t), in total order."""
    rows = b"".join(h_tag("gavel/bid", tx[:-64]) + num(t, 8)
                    for tx, t in bids)
    return (head(28, chain) + num(len(bids), 4)
            + h_tag("gavel/set", rows))


def close_tx(chain, key, mode=0):
    return signed(head(20, chain) + bytes([mode]), key, "gavel/close")


def tst_leaf(tx):
    """F7."""
    tag = {18: "gavel/bid", 20: "gavel/close"}[tx[0]]
    return sha256(b"gavel/tst/1" + tx[:1] + h_tag(tag, tx[:-64])
                  + tx[-64:]).digest()


def stamp_tx(chain, index, stamper, time_us, leaves, policy=None):
    leaves = sorted(leaves)
    imprint = root_of([leaf_hash(leaf) for leaf in leaves])
    return (head(19, chain) + num(index, 1)
            + blob(2, stamper.token(imprint, time_us, policy))
            + num(len(leaves), 2) + b"".join(leaves))


def cutoff_tx(chain, parent, tokens):
    """tokens are (index, stamper, time_us, policy)."""
    imprint = h_tag("gavel/cutoff", chain + parent)
    return head(21, chain) + num(len(tokens), 1) + b"".join(
        num(index, 1) + blob(2, stamper.token(imprint, time_us, policy))
        for index, stamper, time_us, policy in tokens)


def settle_tx(chain, key, award, what, side, made=bytes(32), tokens=()):
    """tokens are (index, stamper, time_us, policy)."""
    imprint = h_tag("gavel/settle", chain + made + num(award, 1))
    return signed(head(30, chain) + bytes((award, what, side)) + key.public
                  + num(len(tokens), 1) + b"".join(
                      num(index, 1)
                      + blob(2, stamper.token(imprint, time_us, policy))
                      for index, stamper, time_us, policy in tokens), key)


def accept_tx(chain, key, award, price):
    return signed(head(31, chain) + num(award, 1) + key.public
                  + num(price, 8), key)


def vote_of(chain, key, source, target):
    """A signed vote; source and target are (height, sealed)."""
    link = b"".join(num(h, 4) + sealed for h, sealed in (source, target))
    return link + key.sign(h_tag("gavel/vote", chain + link))


def evidence_tx(registry, accused, key, votes, order=sorted):
    return (head(8, registry) + num(1, 1) + accused + key.public
            + b"".join(order(votes)))


def anchor_tx(registry, key, auction, final, tokens=((0, b"t"),)):
    return signed(head(9, registry) + auction + final + key.public
                  + num(len(tokens), 1)
                  + b"".join(num(i, 1) + blob(2, t) for i, t in tokens), key)


def objection_tx(chain, key, validator, refused, of=18):
    return signed(head(25, chain) + num(validator, 1) + num(of, 1)
                  + bytes(32) + refused, key)


def handover_tx(chain, old, key, validator=0, pop=None, by=None):
    """pop and by sign in the places of key and old."""
    succession = num(validator, 1) + old.public + key.public
    proof = (pop or key).sign(h_tag("gavel/pop", chain + succession))
    return signed(head(29, chain) + succession + proof, by or old)


def final_tx(chain, validators, signers, source, target):
    """source and target are (height, sealed)."""
    link = num(source[0], 4) + source[1] + num(target[0], 4) + target[1]
    digest = h_tag("gavel/vote", chain + link)
    bits = sum(1 << i for i in signers)
    return (head(64, chain) + link
            + blob(1, num(bits, (len(validators) + 7) // 8))
            + b"".join(validators[i].sign(digest) for i in signers))


class ChainWriter:
    """Blocks of one chain; adaptive targets follow R11."""

    def __init__(self, chain, time_ms, target, fixed, t_ms, easiest,
                 opening=None, preimage=None):
        self.chain, self.first, self.fixed = chain, target, fixed
        self.t_ms, self.easiest = t_ms, easiest
        self.blocks, self.sealed, self.times, self.targets = [], [], [], []
        hashes = [leaf_hash(preimage)] if opening else []
        self._push(bytes(32), hashes, [opening] if opening else [], time_ms,
                   target, None)

    def _push(self, prev, hashes, txs, time_ms, target, siblings):
        header = (num(1, 2) + self.chain + num(len(self.sealed), 4) + prev
                  + root_of(hashes) + num(len(txs), 4) + num(time_ms, 8)
                  + num(target, 4))
        block_id = h_tag("gavel/block", header)
        seal = bytes(80)
        if siblings is not None:
            seal = self._mine(block_id, time_ms, target, siblings)
        self.sealed.append(h_tag("gavel/sealed", block_id + seal))
        self.times.append(time_ms)
        self.targets.append(target)
        siblings = siblings or []
        self.blocks.append(header + seal + num(len(siblings), 1)
                           + b"".join(siblings)
                           + b"".join(blob(4, tx) for tx in txs))

    def _mine(self, block_id, time_ms, target, siblings):
        value = sha256(b"\0" + self.chain + block_id).digest()
        bits = int.from_bytes(self.chain, "big")
        for i in range(len(siblings) - 1, -1, -1):
            pair = (value, siblings[i])
            value = node_hash(*(pair[::-1] if bits >> (255 - i) & 1
                                else pair))
        front = num(0x20000000, 4) + bytes(32) + value + num(
            time_ms // 1000, 4) + num(target, 4)
        nonce = 0
        while True:
            seal = front + num(nonce, 4)
            work = sha256(sha256(seal).digest()).digest()
            if int.from_bytes(work, "little") <= target_of(target):
                return seal
            nonce += 1

    def next_target(self, time_ms):
        if self.fixed:
            return self.first
        times = self.times
        s = times[-1] - times[-2] if len(times) > 1 else self.t_ms
        return retarget(target_of(self.targets[-1]), s, time_ms - times[-1],
                        self.t_ms, target_of(self.first),
                        target_of(self.easiest))

    def add(self, txs, time_ms, depth=0, target=None):
        siblings = [sha256(b"sibling" + bytes([i])).digest()
                    for i in range(depth)]
        if target is None:
            target = self.next_target(time_ms)
        self._push(self.sealed[-1], [leaf_hash(tx) for tx in txs], txs,
                   time_ms, target, siblings)

    def here(self, height=-1):
        """(height, sealed) of a block, of the tip by default."""
        height = range(len(self.sealed))[height]
        return height, self.sealed[height]


def dump(network, registry, auctions, decode, only_final=False):
    """The lines of a dump; decode is codec.block."""
    chains = [registry] + sorted(auctions, key=lambda c: c.chain)
    lines = [render.first_line(network, only_final)]
    lines += [render.block_line(decode(raw), raw)
              for chain in chains for raw in chain.blocks]
    return finish(lines, [(c.chain,) + c.here() for c in chains])


def finish(lines, tips):
    """Adds the last line."""
    body = b"".join(lines)
    return lines + [render.last_line(len(lines), len(body), tips,
                                     h_tag("gavel/dump", body))]
