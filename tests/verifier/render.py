"""Lines of a dump: format.md F16, F17 and F19."""

from auction import DUTCH, FLAG_H
from codec import ROLES
from lots import RANK


def quote(text):
    out = []
    for unit in text:
        code = ord(unit)
        if unit in '"\\':
            out.append("\\" + unit)
        elif 0x20 <= code <= 0x7e:
            out.append(unit)
        elif code < 0x10000:
            out.append(f"\\u{code:04x}")
        else:
            code -= 0x10000
            out.append(f"\\u{0xd800 + (code >> 10):04x}"
                       f"\\u{0xdc00 + (code & 0x3ff):04x}")
    return '"' + "".join(out) + '"'


def spell(value):
    """One value; bytes are hex and pairs (name, value) make an object."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return '"' + value.hex() + '"'
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, tuple):
        return "{" + ",".join(
            f'"{name}":{spell(item)}' for name, item in value) + "}"
    return "[" + ",".join(spell(item) for item in value) + "]"


def members(tx, names):
    """Members that are called in the dump as in the transaction."""
    return tuple((name, getattr(tx, name)) for name in names.split())


def certificate(cred):
    return (("fingerprint", cred.fingerprint),
            ("valid_from_ms", cred.not_before_ms),
            ("valid_until_ms", cred.not_after_ms))


def whole_credential(cred):
    return (("role", ROLES[cred.role]), ("key", cred.key)) + certificate(cred)


def times(tokens):
    return [[index, token.time_us] for index, token in tokens]


def desk(tx):
    """Issuer and notaries, of OPEN and EPOCH."""
    return (("issuers", [[one.cred.key, one.operator] for one in tx.issuers]),
            ("cut_log2", tx.cut_log2), ("escrow_t", tx.escrow_t),
            ("notaries", [[one.cred.key, one.operator]
                          for one in tx.notaries]))


def terms_members(terms):
    """In the order of A15, but what some terms alone have, at the end."""
    rows = [list(row) for row in terms.increments]
    if rows:
        rows[-1] = rows[-1][1:]
    return (members(terms, "currency exponent flags reference pricing "
                    "visibility direction identity close_policy min_first "
                    "min_step max_step per_bidder total_cap limit_ms "
                    "notice_ms reserve buy_now soft_ms soft_cap_ms d_ms t_ms "
                    "max_bids")
            + (("fixed_difficulty", terms.fixed),
               ("target", f"{terms.target:08x}"), ("increments", rows),
               ("allowed", [list(row) for row in terms.allowed]))
            + (members(terms, "opening_period_ms") if terms.visibility else ())
            + (members(terms, "final_ms") if terms.final_round else ())
            + (members(terms, "clock_start clock_floor clock_drop "
                       "clock_step_ms") if terms.direction == DUTCH else ())
            + (members(terms, "pay_ms") if terms.flags & FLAG_H else ())
            + ((("lots", [list(lot) for lot in terms.lots]),)
               if terms.lots else ()))


def sealers(tx):
    if not tx.terms.visibility:
        return ()
    out = (("bid_escrow_t", tx.bid_escrow_t),
           ("bid_escrow", [[one.cred.key, one.operator, one.key]
                           for one in tx.holders]))
    if tx.terms.hides_reserve:
        out += (("reserve_commitment", tx.sealed_reserve[1:33]),)
    return out


def open_members(tx):
    seller = (certificate(tx.seller) if tx.version == 1
              else (("ek", tx.seller.ek),))
    return (members(tx, "auction opening_ms title text attachments")
            + (("seller", tx.seller.key),) + seller
            + terms_members(tx.terms) + (("ca", tx.ca.key),) + desk(tx)
            + sealers(tx)
            + (("authorities", [[one.cert, one.operator, one.accuracy_ms,
                                 one.ordering] for one in tx.authorities]),
               ("validators", [[one.key, one.operator]
                               for one in tx.validators])))


def list_members(tx):
    more = (certificate(tx.seller) + (("issuer", tx.issuer),)
            if tx.version == 1
            else (("epoch", tx.epoch), ("ek", tx.ek), ("blob", tx.blob_hash)))
    return (members(tx, "auction opening_ms title")
            + (("seller", tx.seller.key),) + more)


def evidence_members(tx):
    votes = [[one.source_height, one.source, one.target_height, one.target]
             for one in tx.votes]
    return members(tx, "what accused key") + (("votes", votes),)


def bid_members(tx):
    sealed = (("commitment", tx.sealed[1:33]),) if tx.sealed else ()
    return ((("bid", tx.digest),) + members(tx, "bidder seq")
            + (("form", int(tx.sealed is not None)),)
            + members(tx, "amount recent") + sealed
            + (members(tx, "lot") if tx.lot else ()))


def outcome_members(tx):
    status = min((each[0] for each in tx.results), key=RANK.index)
    each_lot = tx.results if len(tx.results) > 1 else ()
    _, winner, price = (0, bytes(32), 0) if each_lot else tx.results[0]
    return ((("status", status), ("winner", winner), ("price", price),
             ("fold", tx.fold))
            + ((("lots", [list(each) for each in each_lot]),)
               if each_lot else ()))


MEMBERS = {
    "SERVICE": lambda tx: whole_credential(tx.cred)
    + members(tx, "endpoint operator"),
    "CERT": lambda tx: whole_credential(tx.cred) + members(tx, "issuer"),
    "REVOKE": lambda tx: members(tx, "fingerprint reason issuer"),
    "NODE": lambda tx: whole_credential(tx.cred)
    + members(tx, "issuer curve host p2p_port pub_port submit_port roles seq "
              "not_after_ms"),
    "LIST": list_members,
    "EVIDENCE": evidence_members,
    "ANCHOR": lambda tx: (("auction", tx.auction), ("final", tx.sealed_final),
                          ("service", tx.service),
                          ("authorities", [index for index, _ in tx.tokens])),
    "EPOCH": lambda tx: members(tx, "epoch start_ms end_ms seats") + desk(tx),
    "OPEN": open_members,
    "ENROL": lambda tx: members(tx, "form key ek")
    + (certificate(tx.cred) if tx.cred else ()),
    "BID": bid_members,
    "STAMP": lambda tx: (("authority", tx.authority),
                         ("time_us", tx.token.time_us),
                         ("count", len(tx.leaves))),
    "CLOSE": lambda tx: (("close", tx.digest), ("mode", tx.mode)),
    "CUTOFF": lambda tx: (("tokens", times(tx.tokens)),),
    "OUTCOME": outcome_members,
    "ISSUED": lambda tx: members(tx, "root count"),
    "DISCLOSE": lambda tx: members(tx, "award notary side")
    + (("digest", tx.sealed_digest),),
    "OBJECTION": lambda tx: members(tx, "validator of")
    + (("tx", tx.left_out), ("refused", tx.refused)),
    "KEYRELEASE": lambda tx: members(tx, "notary secret"),
    "OPENING": lambda tx: members(tx, "bid es"),
    "SETFIXED": lambda tx: members(tx, "count set"),
    "HANDOVER": lambda tx: members(tx, "validator old_key key"),
    "SETTLE": lambda tx: members(tx, "award what side key")
    + (("tokens", times(tx.tokens)),),
    "ACCEPT": lambda tx: members(tx, "award key price"),
    "FINAL": lambda tx: members(tx, "source_height source target_height "
                                "target bitmap"),
}


def first_line(network, only_final):
    return line((("dump", "gavel"), ("version", 1), ("network", network.name),
                 ("registry", network.registry), ("final", only_final)))


def block_line(block, raw):
    txs = [(("kind", tx.name), ("id", tx.id)) + MEMBERS[tx.name](tx)
           for tx in block.txs]
    return line((("chain", block.chain), ("height", block.height),
                 ("sealed", block.sealed), ("block", raw), ("id", block.id),
                 ("prev", block.prev), ("time", block.time),
                 ("target", f"{block.target:08x}"), ("txs", txs)))


def last_line(lines, size, tips, commit):
    """tips are (chain, height, sealed)."""
    return line((("end", True), ("lines", lines), ("bytes", size),
                 ("tips", [(("chain", c), ("height", h), ("sealed", s))
                           for c, h, s in tips]), ("commit", commit)))


def line(value):
    return spell(value).encode("ascii") + b"\n"
