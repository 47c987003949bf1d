"""The registry: consensus.md G1 to G8, and genesis (F15)."""

import json

import blind
from bip340 import h_tag
from chain import Chain, credential, served_by, valid_at
from codec import CA, NODE, PSEUDONYM, ROLES, TSA, VALIDATOR, Thing
from wire import need


NODE_LIFE_MS = 90 * 86400000


def load_network(path):
    """A network of genesis/NAME.json with its registry id."""
    with open(path, encoding="ascii") as file:
        data = json.load(file)
    net = Thing(**data)
    for name in ("magic", "registry_target", "easiest_target"):
        setattr(net, name, int(data[name], 16))
    net.root = bytes.fromhex(net.root)
    net.validators = [bytes.fromhex(key) for key in net.validators]

    def number(value, size):
        return int(value).to_bytes(size, "little")

    name = net.name.encode("ascii")
    net.encoding = b"".join((
        number(len(name), 1), name, number(net.magic, 4),
        number(net.genesis_time_ms, 8), net.root,
        number(len(net.validators), 1), *net.validators,
        number(net.min_d_ms, 4), number(net.min_t_ms, 4),
        number(net.registry_t_ms, 4), number(net.allow_fixed, 1),
        number(net.registry_target, 4), number(net.registry_fixed, 1),
        number(net.easiest_target, 4)))
    net.registry = h_tag("gavel/registry", net.encoding)
    return net


class Registry(Chain):
    """The registry's chain."""

    def __init__(self, network, checks):
        super().__init__(Thing(
            id=network.registry, validators=network.validators,
            t_ms=network.registry_t_ms, fixed=network.registry_fixed,
            target=network.registry_target,
            easiest=network.easiest_target), checks)
        self.network = network
        self.services = {}
        self.service_ids = set()
        self.certs = {}
        self.revoked = set()
        self.nodes = {}
        self.listed = {}
        self.accused = set()
        self.anchored = set()
        self.validators = set(network.validators)
        self.epochs = {}
        self.pseudonyms = set()

    def add(self, block):
        """Checks the next block."""
        if not self.sealed:
            need(not block.txs, "F13: transactions in block 0")
            self.zero(block, self.network.genesis_time_ms)
            return
        self.extend(block)
        if self.is_heartbeat(block):
            self.waited(block, "G1")
        places = {"SERVICE": self._service, "CERT": self._cert,
                  "REVOKE": self._revoke, "NODE": self._node,
                  "LIST": self._list, "EPOCH": self._epoch,
                  "EVIDENCE": self._evidence, "ANCHOR": self._anchor}
        for tx in block.txs:
            if tx.name == "FINAL":
                self.take_final(tx)
            else:
                need(tx.name in places, f"G1: {tx.name} on the registry")
                places[tx.name](tx, block.time)
        self.finish(block)

    def _own(self, tx, key):
        self.checks.schnorr(f"{tx.name}: signature", key, tx.digest,
                            tx.signature)

    def _credential(self, tx, cred, issuer):
        credential(self.checks, tx.name, cred, issuer, self.rules.id)

    def _service(self, tx, now):
        need(valid_at(tx.cred, now), "G2: credential not valid now")
        need(tx.cred.fingerprint not in self.revoked, "G2: revoked")
        need(tx.id not in self.service_ids, "G2: SERVICE twice")
        self._credential(tx, tx.cred, self.network.root)
        self._own(tx, tx.cred.key)
        self.service_ids.add(tx.id)
        self.services[tx.cred.key] = tx.cred
        if tx.cred.role == VALIDATOR:
            self.validators.add(tx.cred.key)

    def _ca(self, key, now, rule):
        cred = self.services.get(key)
        need(cred is not None and cred.role == CA, f"{rule}: issuer is no CA")
        need(valid_at(cred, now), f"{rule}: issuer not valid now")
        need(cred.fingerprint not in self.revoked, f"{rule}: issuer revoked")

    def _cert(self, tx, now):
        self._ca(tx.issuer, now, "G3")
        mark = tx.cred.fingerprint
        need(mark not in self.certs, "G3: fingerprint twice")
        need(mark not in self.revoked, "G3: revoked")
        self._credential(tx, tx.cred, tx.issuer)
        self.certs[mark] = tx.issuer

    def _revoke(self, tx, now):
        if tx.issuer != self.network.root:
            self._ca(tx.issuer, now, "G4")
            need(self.certs.get(tx.fingerprint) == tx.issuer,
                 "G4: not a CERT of this CA")
        need(tx.fingerprint not in self.revoked, "G4: REVOKE twice")
        self._own(tx, tx.issuer)
        self.revoked.add(tx.fingerprint)

    def _node(self, tx, now):
        mark = tx.cred.fingerprint
        if tx.cred.role == NODE:
            need(self.certs.get(mark) == tx.issuer, "G6: no CERT of issuer")
            self._ca(tx.issuer, now, "G6")
        else:
            cred = self.services.get(tx.cred.key)
            need(tx.issuer == self.network.root and cred is not None
                 and cred.fingerprint == mark, "G6: no SERVICE")
        need(valid_at(tx.cred, now), "G6: credential not valid now")
        need(mark not in self.revoked, "G6: revoked")
        need(now <= tx.not_after_ms <= now + NODE_LIFE_MS, "G6: expiry")
        seq, then = self.nodes.get(tx.cred.key, (-1, None))
        need(tx.seq > seq, "G6: seq")
        need(then is None or now >= then + self.network.registry_t_ms,
             "G6: too soon")
        self._credential(tx, tx.cred, tx.issuer)
        self._own(tx, tx.cred.key)
        self.nodes[tx.cred.key] = tx.seq, now

    def _epoch(self, tx, now):
        for each in tx.issuers + tx.notaries:
            need(valid_at(each.cred, now), "G9: credential not valid now")
            need(each.cred.fingerprint not in self.revoked, "G9: revoked")
        need(now < tx.end_ms, "G9: the epoch is over")
        issuer = tx.issuers[0].cred.key
        need(not any(other.issuers[0].cred.key == issuer
                     and other.start_ms < tx.end_ms
                     and tx.start_ms < other.end_ms
                     for other in self.epochs.values()),
             "G9: another epoch of this issuer")
        served_by(self.checks, tx, self.network)
        self.epochs[tx.epoch] = tx

    def _pseudonym(self, tx):
        epoch = self.epochs.get(tx.epoch)
        need(epoch is not None
             and epoch.issuers[0].moduli[0] == tx.token_key,
             "G5: no such epoch")
        need(epoch.start_ms <= tx.opening_ms < epoch.end_ms,
             "G5: opens in another epoch")
        need(epoch.issuers[0].cred.fingerprint not in self.revoked,
             "G5: the token's issuer revoked")
        need(tx.key not in self.pseudonyms, "G5: a pseudonym twice")
        need(tx.auction not in self.listed, "G5: LIST twice")
        self.checks.token("LIST: token", tx.token_key, tx.prefix
                          + blind.brief(tx.epoch, tx.key, tx.ek,
                                        tx.blob_hash), tx.token)
        self._own(tx, tx.key)
        self.pseudonyms.add(tx.key)
        self.listed[tx.auction] = tx

    def _list(self, tx, now):
        if tx.version == PSEUDONYM:
            self._pseudonym(tx)
            return
        self._ca(tx.issuer, now, "G5")
        need(valid_at(tx.seller, now), "G5: seller not valid now")
        need(tx.seller.fingerprint not in self.revoked, "G5: seller revoked")
        need(tx.auction not in self.listed, "G5: LIST twice")
        self._credential(tx, tx.seller, tx.issuer)
        self._own(tx, tx.seller.key)
        self.listed[tx.auction] = tx

    def _evidence(self, tx, _):
        need(tx.key in self.validators, "G7: not a validator's key")
        need(tx.key not in self.accused, "G7: EVIDENCE twice")
        for i, one in enumerate(tx.votes):
            self.checks.schnorr(f"EVIDENCE: vote {i}", tx.key,
                                h_tag("gavel/vote", tx.accused + one.link),
                                one.signature)
        self.accused.add(tx.key)

    def _anchor(self, tx, now):
        cred = self.services.get(tx.service)
        need(cred is not None and cred.role == TSA, "G8: not by a tsa")
        need(valid_at(cred, now), "G8: service not valid now")
        need(cred.fingerprint not in self.revoked, "G8: service revoked")
        mark = (tx.auction, tx.sealed_final)
        need(mark not in self.anchored, "G8: ANCHOR twice")
        self._own(tx, tx.service)
        self.anchored.add(mark)

    def summary(self):
        roles = [ROLES[cred.role] for cred in self.services.values()]
        return (f"registry {self.rules.id.hex()}: {len(self.sealed)} blocks, "
                f"{self.txs} transactions, final {self.final_height}, "
                f"{len(roles)} services, {len(self.certs)} certificates, "
                f"{len(self.revoked)} revoked, {len(self.nodes)} nodes, "
                f"{len(self.listed)} listed")
