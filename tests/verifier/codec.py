"""Transactions and blocks: format.md F3 to F14."""

from hashlib import sha256

import authority
import auction
import sealing
from bip340 import h_tag
from der import BLIND, PUBLISHED, Token
from wire import Reader, leaf_hash, need, root_of

ROLES = {1: "root", 2: "ca", 3: "tsa", 4: "issuer", 5: "notary",
         6: "validator", 7: "node", 8: "user"}
CA, TSA, ISSUER, NOTARY, VALIDATOR, NODE, USER = 2, 3, 4, 5, 6, 7, 8

MAX_TX, MAX_BLOCK = 65536, 4194304
MAX_OPENING = (2**64 - 1) // 2000
MODULUS, IDENTITY = 384, 84
MAX_NOTARIES, MAX_CUT = 16, 12
PSEUDONYM = LOTS = 2
PAID, DELIVERED, DEFAULTED, RECEIVED = 1, 2, 3, 4
# (side, what): side 0 is the seller, 1 the winner
SAYINGS = ((0, PAID), (0, DELIVERED), (0, DEFAULTED), (1, PAID), (1, RECEIVED))
MAX_AWARDS = 8
MAX_LOTS = 64
MAX_EPOCH, MAX_SEATS = 92 * 86400000, 64


class Thing:
    """A record with named members."""

    def __init__(self, **members):
        self.__dict__.update(members)


def credential(r, low, high):
    start = r.at
    cred = Thing(fingerprint=r.take(32), key=r.take(32),
                 role=r.u8("role", low, high),
                 not_before_ms=r.u64("not_before_ms"),
                 not_after_ms=r.u64("not_after_ms"))
    r.need(cred.not_after_ms > cred.not_before_ms, "credential dates")
    cred.fields = r.data[start:r.at]
    cred.signature = r.take(64)
    return cred


def certificate(r, cred, low, high):
    der = r.blob(2, "der", low, high)
    r.need(not der or sha256(der).digest() == cred.fingerprint,
           "der is not that of the fingerprint")


def service(r, tx):
    tx.cred = credential(r, 2, 6)
    certificate(r, tx.cred, 1, 4096)
    endpoint = r.blob(2, "endpoint", 0, 256)
    r.need(all(0x21 <= c <= 0x7e for c in endpoint), "endpoint")
    tx.endpoint = endpoint.decode("ascii")
    tx.operator = r.text(1, "operator", 0, 64)


def cert(r, tx):
    tx.issuer = r.take(32)
    tx.cred = credential(r, 3, 8)
    certificate(r, tx.cred, 0, 0 if tx.cred.role == USER else 4096)


def revoke(r, tx):
    tx.fingerprint = r.take(32)
    tx.reason = r.u8("reason", 0, 10)
    r.need(tx.reason != 7, "reason 7")
    tx.issuer = r.take(32)


def node(r, tx):
    tx.issuer = r.take(32)
    tx.cred = credential(r, CA, NODE)
    tx.curve = r.take(32)
    host = r.blob(1, "host", 0, 255)
    r.need(all(0x21 <= c <= 0x7e for c in host), "host")
    tx.host = host.decode("ascii")
    tx.p2p_port, tx.pub_port = r.u16("p2p_port"), r.u16("pub_port")
    tx.submit_port = r.u16("submit_port")
    r.need(bool(host) == bool(tx.p2p_port) == bool(tx.pub_port)
           and (host or not tx.submit_port), "ports")
    tx.roles = r.u32("roles")
    tx.seq, tx.not_after_ms = r.u64("seq"), r.u64("not_after_ms")


def listing(r, tx):
    tx.auction = r.take(32)
    tx.opening_ms = r.u64("opening_ms")
    tx.title = r.text(1, "title", 1, 200)
    if tx.version == PSEUDONYM:
        tx.token_key = modulus(r, "token")
        tx.epoch = r.take(32)
        tx.key, tx.ek, tx.blob_hash = r.take(32), r.take(32), r.take(32)
        tx.prefix, tx.token = r.take(32), r.take(MODULUS)
        tx.seller = Thing(key=tx.key)
        return
    tx.issuer = r.take(32)
    tx.seller = credential(r, USER, USER)


def vote(r):
    start = r.at
    out = Thing(source_height=r.u32("source_height"), source=r.take(32),
                target_height=r.u32("target_height"), target=r.take(32))
    out.link = r.data[start:r.at]
    r.need(out.target_height > out.source_height, "target not above source")
    return out


def contradict(a, b):
    """V1: what two votes of one validator may not be."""
    if a.target_height == b.target_height:
        return a.link != b.link
    low, high = sorted((a, b), key=lambda v: v.target_height)
    return high.source_height < low.source_height


def evidence(r, tx):
    tx.what = r.u8("what", 1, 1)
    tx.accused, tx.key = r.take(32), r.take(32)
    tx.votes, raw = [], []
    for _ in range(2):
        start = r.at
        one = vote(r)
        one.signature = r.take(64)
        raw.append(r.data[start:r.at])
        tx.votes.append(one)
    r.need(raw[0] < raw[1], "votes out of order")
    r.need(contradict(*tx.votes), "votes that do not contradict each other")


def anchor(r, tx):
    tx.auction, tx.sealed_final, tx.service = (
        r.take(32), r.take(32), r.take(32))
    tx.tokens = []
    for _ in range(r.u8("count", 1, 15)):
        index = r.u8("authority", 0, 14)
        r.need(not tx.tokens or index > tx.tokens[-1][0],
               "authorities out of order")
        tx.tokens.append((index, r.blob(2, "token", 1, 4096)))


def blob_size(notaries):
    """Bytes of an identity that is escrowed to so many notaries."""
    return MODULUS * notaries + IDENTITY


def enrol(r, tx):
    tx.form = r.u8("form", 0, 1)
    tx.key, tx.ek = r.take(32), r.take(32)
    tx.cred = None
    if tx.form == 0:
        tx.cred = credential(r, USER, USER)
        r.need(tx.key == tx.cred.key, "key is not cred.key")
        certificate(r, tx.cred, 0, 4096)
        return
    tx.blob = r.blob(2, "blob", blob_size(1), blob_size(MAX_NOTARIES))
    tx.prefix, tx.token = r.take(32), r.take(MODULUS)


def bid(r, tx):
    tx.bidder = r.take(32)
    tx.seq = r.u32("seq")
    tx.lot = r.u8("lot", 1, MAX_LOTS) if tx.version == LOTS else 0
    tx.amount, tx.sealed = 0, None
    if r.u8("kind of bid", 0, 1):
        tx.sealed = r.take(sealing.size(r.u8("holders", 1, MAX_NOTARIES)) - 1)
        tx.sealed = bytes((len(tx.sealed) // sealing.SHARE - 1,)) + tx.sealed
    else:
        tx.amount = r.u64("amount", 1)
    tx.recent = r.take(32)
    r.take(64)


def stamp(r, tx):
    tx.authority = r.u8("authority", 0, 14)
    tx.token = Token(r.blob(2, "token", 1, 4096))
    count = r.u16("count", 1, 1024)
    tx.leaves = [r.take(32) for _ in range(count)]
    r.need(all(a < b for a, b in zip(tx.leaves, tx.leaves[1:])),
           "leaves out of order")


def close(r, tx):
    tx.mode = r.u8("mode", 0, 1)


def tokens(r, low, high):
    """(authority, token) pairs."""
    out = []
    for _ in range(r.u8("count", low, high)):
        index = r.u8("authority", 0, 14)
        r.need(not out or index > out[-1][0], "authorities out of order")
        out.append((index, Token(r.blob(2, "token", 1, 4096))))
    return out


def cutoff(r, tx):
    tx.tokens = tokens(r, 1, 15)


def outcome(r, tx):
    count = r.u8("lots", 2, MAX_LOTS) if tx.version == LOTS else 1
    tx.results = [result(r) for _ in range(count)]
    tx.fold = r.take(32)


def result(r):
    status = r.u8("status", 0, 4)
    winner, price = r.take(32), r.u64("price")
    r.need(status == 0 or (winner == bytes(32) and price == 0),
           "winner or price without sale")
    return status, winner, price


def issued(r, tx):
    tx.root, tx.count = r.take(32), r.u32("count")


def disclose(r, tx):
    tx.award = r.u8("award", 0, MAX_LOTS)
    tx.notary = r.u8("notary", 0, MAX_NOTARIES - 1)
    tx.side = r.u8("side", 0, 1)
    tx.sealed_digest = r.take(32)


def objection(r, tx):
    tx.validator = r.u8("validator", 0, 63)
    tx.of = r.u8("kind of what was left out", 18, 20)
    r.need(tx.of != 19, "an OBJECTION to a STAMP")
    tx.left_out, tx.refused = r.take(32), r.take(32)


def keyrelease(r, tx):
    tx.notary = r.u8("notary", 0, MAX_NOTARIES - 1)
    tx.secret = r.take(32)
    r.need(sealing.clamped(tx.secret), "a secret that is not clamped")


def own_opening(r, tx):
    tx.bid, tx.es = r.take(32), r.take(32)


def setfixed(r, tx):
    tx.count, tx.set = r.u32("count"), r.take(32)


def handover(r, tx):
    start = r.at
    tx.validator = r.u8("validator", 0, 63)
    tx.old_key, tx.key = r.take(32), r.take(32)
    r.need(tx.old_key != tx.key, "a HANDOVER to the same key")
    tx.succession = r.data[start:r.at]
    tx.pop = r.take(64)


def settle(r, tx):
    tx.award = r.u8("award", 0, MAX_LOTS)
    tx.what, tx.side = r.u8("what", 1, 4), r.u8("side", 0, 1)
    r.need((tx.side, tx.what) in SAYINGS, "a side that may not say this")
    tx.key = r.take(32)
    tx.tokens = tokens(r, 0, 15 if tx.what == DEFAULTED else 0)


def accept(r, tx):
    tx.award = r.u8("award", 1, MAX_AWARDS - 1)
    tx.key, tx.price = r.take(32), r.u64("price")


def final(r, tx):
    tx.__dict__.update(vote(r).__dict__)
    tx.bitmap = r.blob(1, "bitmap", 1, 8)
    tx.signers = [i for i in range(8 * len(tx.bitmap))
                  if tx.bitmap[i // 8] >> i % 8 & 1]
    r.need(tx.signers, "no bit set")
    tx.signatures = [r.take(64) for _ in tx.signers]


def pinned(r):
    """An authority of OPEN."""
    start = r.at
    out = Thing(alg=r.u8("alg", 1, 2), key=r.blob(2, "key", 65, 512),
                cert=r.take(32), accuracy_ms=r.u32("accuracy_ms"),
                ordering=r.u8("ordering", 0, 1),
                policy=r.blob(1, "policy", 1, 32),
                operator=r.text(1, "operator", 0, 64))
    r.need(authority.is_key(out.alg, out.key), "authority's key")
    out.url = ""
    if out.policy not in (PUBLISHED, BLIND):
        out.url = r.text(1, "url", 8, 200)
        r.need(out.url.startswith("http://")
               and all("!" <= char <= "~" for char in out.url[7:]),
               "authority's url")
    out.raw = r.data[start:r.at]
    return out


def different(r, keys, what):
    r.need(len(set(keys)) == len(keys), f"{what} with one key")


def modulus(r, name):
    raw = r.take(MODULUS)
    r.need(raw[0] & 0x80 and raw[-1] & 1, f"modulus of {name}")
    return raw


def server(r, role, names):
    """The issuer or a notary of OPEN, with moduli of these names."""
    out = Thing(cred=credential(r, role, role),
                operator=r.text(1, "operator", 0, 64))
    out.moduli = [modulus(r, name) for name in names]
    return out


def servers(r, tx, some):
    """What anonymous auctions and epochs pin, and certified auctions leave
    empty."""
    tx.issuers = [server(r, ISSUER, ("token", "challenge"))
                  for _ in range(r.u8("issuers", some, some))]
    tx.cut_log2 = r.u8("cut_log2", 0, some * MAX_CUT)
    tx.escrow_t = r.u8("escrow_t", some, some * MAX_NOTARIES)
    tx.notaries = [
        server(r, NOTARY, ("notary",))
        for _ in range(r.u8("notaries", tx.escrow_t, some * MAX_NOTARIES))]
    different(r, [notary.cred.key for notary in tx.notaries], "notaries")
    different(r, [n for each in tx.issuers + tx.notaries
                  for n in each.moduli], "uses")


def holders(r, tx):
    """bid_escrow: to whom bids are sealed."""
    some = tx.terms.visibility > 0
    count = r.u8("bid_escrow", some, some * MAX_NOTARIES)
    tx.bid_escrow_t = r.u8("bid_escrow_t", 1, count) if count else 0
    tx.holders = [
        Thing(cred=credential(r, NOTARY, NOTARY),
              operator=r.text(1, "operator", 0, 64), key=r.take(32))
        for _ in range(count)]
    different(r, [one.cred.key for one in tx.holders], "holders")
    different(r, [one.key for one in tx.holders], "holders")


def epoch(r, tx):
    tx.start_ms, tx.end_ms = r.u64("start_ms"), r.u64("end_ms")
    r.need(0 < tx.end_ms - tx.start_ms <= MAX_EPOCH, "end of the epoch")
    tx.seats = r.u8("seats", 1, MAX_SEATS)
    servers(r, tx, 1)
    tx.core = r.data[:r.at]
    tx.epoch = h_tag("gavel/epoch", tx.core)
    tx.pop = [(each.cred.key, r.take(64))
              for each in tx.issuers + tx.notaries]


def pseudonym(r, tx):
    """The seller of an OPEN of version 2."""
    tx.epoch = r.blob(2, "epoch", 0, MAX_TX - 1)
    tx.seller = Thing(key=r.take(32), ek=r.take(32))
    tx.seller.blob = r.blob(2, "blob", 0, blob_size(MAX_NOTARIES))
    tx.seller.prefix, tx.seller.token = r.take(32), r.take(MODULUS)


def opening(r, tx):
    tx.opening_ms = r.u64("opening_ms", 0, MAX_OPENING)
    r.take(16)
    if tx.version == PSEUDONYM:
        pseudonym(r, tx)
    else:
        tx.seller = credential(r, USER, USER)
        certificate(r, tx.seller, 0, 4096)
    tx.title = r.text(1, "title", 1, 200)
    tx.text = r.text(2, "text", 0, 8192, page=True)
    tx.attachments = [r.take(32) for _ in range(r.u8("attachments", 0, 16))]
    tx.terms = auction.Terms(r)
    r.need(tx.version == 1 or tx.terms.identity,
           "a pseudonym sells to certified bidders")
    tx.ca = credential(r, CA, CA)
    certificate(r, tx.ca, 0, 4096)
    servers(r, tx, tx.terms.identity)
    holders(r, tx)
    count = r.u8("authorities", 1, 15)
    r.need(count % 2, "an even number of authorities")
    tx.authorities = [pinned(r) for _ in range(count)]
    different(r, [one.key for one in tx.authorities], "authorities")
    blind = {one.policy != PUBLISHED for one in tx.authorities}
    r.need(len(blind) == 1, "R5: authorities of which some are blind")
    r.need(not blind.pop() or tx.terms.sealed,
           "R5: blind authorities of bids that are seen")
    tx.validators = [
        Thing(key=r.take(32), operator=r.text(1, "operator", 0, 64))
        for _ in range(r.u8("validators", 1, 64))]
    different(r, [one.key for one in tx.validators], "validators")
    tx.reserve_id = h_tag("gavel/reserve", r.data[:r.at])
    tx.sealed_reserve = None
    if tx.terms.hides_reserve:
        tx.sealed_reserve = r.take(sealing.size(len(tx.holders)))
        r.need(tx.sealed_reserve[0] == len(tx.holders), "sealed_reserve")
    tx.core = r.data[:r.at]
    tx.auction = h_tag("gavel/auction", tx.core)
    tx.seller_sig, tx.warrant_sig = r.take(64), r.take(64)
    keys = ([validator.key for validator in tx.validators]
            + [each.cred.key
               for each in tx.issuers + tx.notaries + tx.holders])
    tx.pop = [(key, r.take(64)) for key in keys]


# number: name, decoder, tag of its own signature
KINDS = {
    1: ("SERVICE", service, "gavel/tx"), 2: ("CERT", cert, None),
    3: ("REVOKE", revoke, "gavel/tx"), 4: ("NODE", node, "gavel/tx"),
    5: ("LIST", listing, "gavel/tx"),
    8: ("EVIDENCE", evidence, None), 9: ("ANCHOR", anchor, "gavel/tx"),
    10: ("EPOCH", epoch, None),
    16: ("OPEN", opening, None), 17: ("ENROL", enrol, "gavel/tx"),
    18: ("BID", bid, "gavel/bid"), 19: ("STAMP", stamp, None),
    20: ("CLOSE", close, "gavel/close"), 21: ("CUTOFF", cutoff, None),
    22: ("OUTCOME", outcome, None), 23: ("ISSUED", issued, "gavel/tx"),
    24: ("DISCLOSE", disclose, "gavel/tx"),
    25: ("OBJECTION", objection, "gavel/tx"),
    26: ("KEYRELEASE", keyrelease, None), 27: ("OPENING", own_opening, None),
    28: ("SETFIXED", setfixed, None), 29: ("HANDOVER", handover, "gavel/tx"),
    30: ("SETTLE", settle, "gavel/tx"), 31: ("ACCEPT", accept, "gavel/tx"),
    64: ("FINAL", final, None),
}


def transaction(raw):
    """Decodes one transaction."""
    need(len(raw) <= MAX_TX, "transaction too large")
    r = Reader(raw, "transaction")
    number = r.u8("kind")
    r.need(number in KINDS, f"kind {number}")
    name, decode, tag = KINDS[number]
    r.what = name
    version = r.u8("version", 1,
                   2 if name in ("LIST", "OPEN", "BID", "OUTCOME") else 1)
    tx = Thing(name=name, number=number, version=version, chain=r.take(32))
    decode(r, tx)
    if tag:
        tx.core = raw[:r.at]
        tx.digest = h_tag(tag, tx.core)
        tx.signature = r.take(64)
    r.end()
    tx.id = leaf_hash(tx.core if name == "OPEN" else raw)
    if name in ("BID", "CLOSE"):
        tx.leaf = sha256(b"gavel/tst/1" + bytes([number]) + tx.digest
                         + tx.signature).digest()
    return tx


def stamp_root(leaves):
    """The imprint of a STAMP's token (F7)."""
    return root_of([leaf_hash(leaf) for leaf in leaves])


def block(raw):
    """Decodes a block and checks what it says of itself."""
    need(len(raw) <= MAX_BLOCK, "block too large")
    r = Reader(raw, "block")
    r.u16("version", 1, 1)
    out = Thing(chain=r.take(32), height=r.u32("height"), prev=r.take(32),
                tx_root=r.take(32), tx_count=r.u32("tx_count", 0, 16384),
                time=r.u64("time_ms"), target=r.u32("target"))
    out.id = h_tag("gavel/block", raw[:r.at])
    start = r.at
    r.take(4 + 32)
    out.work_root = r.take(32)
    out.seal_time = r.u32("seal time_s")
    r.take(8)
    out.seal = raw[start:r.at]
    out.branch = [r.take(32) for _ in range(r.u8("depth", 0, 64))]
    out.sealed = h_tag("gavel/sealed", out.id + out.seal)
    out.txs = [transaction(r.blob(4, "transaction", 1, MAX_TX))
               for _ in range(out.tx_count)]
    r.end()
    need(root_of([tx.id for tx in out.txs]) == out.tx_root, "tx_root")
    return out
