"""Lines of a dump: format.md F16, F17 and F19."""

from codec import ROLES


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


def open_members(tx):
    terms = tx.terms
    return (members(tx, "auction opening_ms title")
            + (("seller", tx.seller.key),)
            + members(terms, "currency exponent flags reference pricing "
                      "direction min_first min_step max_step per_bidder "
                      "total_cap limit_ms notice_ms reserve buy_now soft_ms "
                      "soft_cap_ms d_ms t_ms max_bids")
            + (members(terms, "final_ms") if terms.final_round else ())
            + (members(terms, "clock_start clock_floor clock_drop "
                       "clock_step_ms") if terms.clock_step_ms else ())
            + members(terms, "identity")
            + tuple((name, len(getattr(tx, name))) for name in
                    ("authorities", "validators", "notaries")))


def enrol_members(tx):
    mark = tx.cred.fingerprint if tx.cred else bytes(32)
    return (("key", tx.key), ("fingerprint", mark))


MEMBERS = {
    "SERVICE": lambda tx: (("role", ROLES[tx.cred.role]),
                           ("key", tx.cred.key))
    + members(tx, "endpoint operator"),
    "CERT": lambda tx: (("role", ROLES[tx.cred.role]), ("key", tx.cred.key),
                        ("fingerprint", tx.cred.fingerprint),
                        ("issuer", tx.issuer)),
    "REVOKE": lambda tx: members(tx, "fingerprint reason issuer"),
    "NODE": lambda tx: (("key", tx.cred.key),
                        ("fingerprint", tx.cred.fingerprint))
    + members(tx, "curve host p2p_port pub_port submit_port roles seq "
              "not_after_ms"),
    "LIST": lambda tx: members(tx, "auction opening_ms title")
    + (("seller", tx.seller.key),),
    "EVIDENCE": lambda tx: members(tx, "what accused key"),
    "ANCHOR": lambda tx: (("auction", tx.auction), ("final", tx.sealed_final),
                          ("service", tx.service),
                          ("count", len(tx.tokens))),
    "EPOCH": lambda tx: (("epoch", tx.epoch),
                         ("issuer", tx.issuers[0].cred.key))
    + members(tx, "start_ms end_ms seats")
    + (("notaries", len(tx.notaries)),),
    "OPEN": open_members,
    "ENROL": enrol_members,
    "BID": lambda tx: (("bid", tx.digest),)
    + members(tx, "bidder seq amount"),
    "STAMP": lambda tx: (("authority", tx.authority),
                         ("time_us", tx.token.time_us),
                         ("count", len(tx.leaves))),
    "CLOSE": lambda tx: (("close", tx.digest),),
    "CUTOFF": lambda tx: (("tokens", [[index, token.time_us]
                                      for index, token in tx.tokens]),),
    "OUTCOME": lambda tx: members(tx, "status winner price fold"),
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
    + (("tokens", [[index, token.time_us] for index, token in tx.tokens]),),
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
