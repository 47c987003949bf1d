"""One anonymous auction by real processes, for the tests of what everybody
may and may not know of it: a TTP's node, a node without a role that follows
it, a seller and three bidders with names that cannot occur by chance."""

import hashlib
import json
import subprocess
import sys

from gavel import COMMAND_S, ROOT, program, wait_for
from keystore import Keystore
from ledger import openssl
from test_two_nodes import join

sys.path.insert(0, str(ROOT / "tests/verifier"))

import bip340  # noqa: E402
import codec  # noqa: E402

NAMES = {"sam": "Samuel Quixley-Sellers", "ann": "Annegret Wolkenstein",
         "bob": "Bobrikov Thaddeus", "eve": "Evelina Karamazova"}
BIDDERS = ("ann", "bob", "eve")
TERMS = ("--identity", "anonymous", "--d", "3s", "--notice", "6s",
         "--difficulty", "1")


def verify_pack(path, *options, network="regtest"):
    """The finished `gavel identity verify`: no node, no wallet."""
    return subprocess.run(
        [str(a) for a in (program("gavel"), "--network", network, *options,
                          "identity", "verify", path)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=COMMAND_S)


def disclose(wallet, auction, out):
    """The finished `identity disclose`. Nodes call an outcome final when they
    have the votes; notaries wait until these stand on the chain, and say
    that it is not final meanwhile."""
    def check():
        done = wallet.run("identity", "disclose", auction, "--out", out)
        early = "a notary refused: the outcome is not final" in done.stderr
        return None if early else done
    return wait_for("the votes for the outcome on the chain", check, step=0.3)


def blocks_of(dump, chain):
    """The blocks of one chain in a dump, as bytes."""
    rows = (json.loads(line) for line in dump.decode().splitlines())
    return [bytes.fromhex(row["block"]) for row in rows
            if row.get("chain") == chain and "block" in row]


class Person:
    """A wallet and all that its certificate could be known by."""

    def __init__(self, world, node, short):
        self.name = NAMES[short]
        self.wallet = world.wallet(short, node, enrol=False)
        self.wallet.enrol(self.name)
        self.store = Keystore(world.directory, f"{short}-store")
        self.store.with_wallet(self.wallet, "import", "--from-wallet")
        self.key = self.store.export(self.name, f"{short}.key", "--what",
                                     "key", "--plain")
        self.pem = self.store.export(self.name, f"{short}.crt")
        self.der = openssl("x509", "-in", self.pem, "-outform", "DER").stdout
        public = openssl("x509", "-in", self.pem, "-noout", "-pubkey").stdout
        spki = openssl("pkey", "-pubin", "-outform", "DER", data=public).stdout
        self.fingerprint = hashlib.sha256(self.der).digest()
        cred = node.find_cert(fingerprint=self.fingerprint.hex())
        self.ledger = bytes.fromhex(cred["key"])
        self.secret_traits = {
            "name": self.name.encode(), "public key": spki[-64:],
            "x of the public key": spki[-64:-32]}
        self.traits = {"fingerprint": self.fingerprint,
                       "ledger key": self.ledger, **self.secret_traits}

    def found_in(self, data, traits=None):
        """Which traits are in these bytes, raw or in hex."""
        return {what for what, raw in (traits or self.traits).items()
                if raw in data or raw.hex().encode() in data}


class Sale:
    """An auction in which ann bids twice and wins, bob and eve lose."""

    def __init__(self, world):
        self.world = world
        self.first = world.node("first", fixed_ports=True)
        self.first.wait_services()
        self.second = join(world, self.first, "second")
        self.people = {short: Person(world, self.first, short)
                       for short in NAMES}
        self.auction = self.people["sam"].wallet.create("Secret chair", *TERMS)
        wait_for("the auction on the second node", lambda: self.auction in {
            c["chain"] for c in self.second.rpc.getchains(limit=9)["chains"]})
        self.people["ann"].wallet.node = self.second
        self.bids = [self.bid("ann", 12), self.bid("bob", 13),
                     self.bid("eve", 14), self.bid("ann", 15)]
        self.keys = {short: self.first.rpc.getbid(bid)["bidder"]
                     for short, bid in zip(("ann", "bob", "eve"), self.bids)}

    def bid(self, short, amount):
        return self.people[short].wallet.bid(self.auction, amount)["bid"]

    def info(self, node=None):
        return (node or self.first).rpc.getauction(self.auction)

    def disclose(self, short, out="x"):
        """The finished `identity disclose`, and the stem of its files."""
        out = self.world.path(f"{short}-{out}")
        return disclose(self.people[short].wallet, self.auction, out), out

    def finish(self):
        self.people["sam"].wallet.close_auction(self.auction)
        self.first.wait_final(self.auction)
        self.second.wait_final(self.auction)

    def dump(self, node=None):
        """The ledger as the first node, or `node`, has it."""
        path = self.world.path("sale.jsonl")
        return self.world.explorer(node or self.first).dump(path)

    def txs(self, *names, node=None):
        """The transactions of these kinds on the auction's chain."""
        return [tx for raw in blocks_of(self.dump(node), self.auction)
                for tx in codec.block(raw).txs if tx.name in names]
