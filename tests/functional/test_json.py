"""Every command with --json: what it prints is JSON, and every amount in it has
currency and exponent beside it (wallet.md W11). The wallets of all other tests
check the latter, too."""

import json
import re
import subprocess

import pytest
from amounts import unnamed_amounts
from gavel import ROOT, Wallet, program, wait_for

pytestmark = pytest.mark.long

QUICK = ("--difficulty", "1", "--d", "2s", "--notice", "4s")
# Tests of their own have them; they need notaries that went away, a winner who
# does not pay, a browser, or no node.
ELSEWHERE = {"auction accept", "auction open", "bid open", "web", "handover",
             "identity disclose", "identity verify", "keystore generate",
             "keystore sign", "keystore import", "keystore export",
             "keystore list", "keystore inspect", "keystore trust",
             "keystore delete", "keystore passwd", "ceremony create",
             "ceremony role", "ceremony crl"}


def commands():
    """As `gavel --help` lists them."""
    text = subprocess.run([program("gavel"), "--help"], capture_output=True,
                          text=True, check=True).stdout
    listed = text.split("tells more):\n", 1)[1].split("\n\n", 1)[0]
    return {name.strip() for name in re.findall(
        r"^  ([a-z][a-z -]*?)(?:  |$)", listed, re.M)}


class Recorder:
    """A wallet that notes which commands it was given."""

    def __init__(self, wallet, known):
        self.wallet, self.known, self.seen = wallet, known, set()

    def __call__(self, *words, code=0):
        """Every line of standard output is JSON, or all of it is."""
        done = self.wallet.run(*words)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        self.seen.add(max((name for name in self.known
                           if list(words[:len(name.split())])
                           == name.split()), key=len))
        text = done.stdout.strip()
        try:
            values = [json.loads(text)] if text else []
        except ValueError:
            values = [json.loads(line) for line in text.splitlines()]
        assert not unnamed_amounts(values), (words, values)
        return values


def numbers(values):
    """All members with numbers, with their names."""
    if isinstance(values, list):
        return [n for one in values for n in numbers(one)]
    if not isinstance(values, dict):
        return []
    return [(k, v) for k, v in values.items() if isinstance(v, int)] + [
        n for one in values.values() for n in numbers(one)]


def test_every_command_names_currency_and_exponent(world):
    node, known = world.node(), commands()
    node.wait_services()
    assert {"bid bulk", "agent show", "fire-drill"} | ELSEWHERE <= known
    sam, ann = (Recorder(Wallet(world.path(name), node), known)
                for name in ("sam", "ann"))
    for who, name in ((sam, "sam"), (ann, "ann")):
        who("init", "--words-file", world.path(f"{name}.words"))
        who("enrol", "--name", name)
    sam("auction", "create", "--title", "x", "--dry-run", "--preset",
        "english")
    assert ("mean", 8) not in numbers(sam("auction", "simulate", "--rounds",
                                          "20"))

    def create(*terms):
        return sam("auction", "create", "--title", "Lot", *QUICK,
                   *terms)[0]["auction"]

    lot = create("--min-first", "10", "--min-step", "1", "--reserve", "12")
    other = create()
    unsold = create("--min-first", "10")
    assert ("amount", 1250) in numbers(ann("bid", "place", lot, "12.50",
                                           "--dry-run"))
    bid = ann("bid", "place", lot, "12.50")[0]["bid"]
    ann("bid", "send", bid)
    low = ann("bid", "place", lot, "9", "--force")[0]["bid"]
    rows = world.path("bids.csv")
    rows.write_text(f"auction,amount\n{other},3\n{lot},12.50\n{lot},x\n")
    ann("bid", "bulk", rows, code=2)
    rows.write_text(f"auction,amount\n{other},3\n{lot},12.50\n{'ab' * 32},7\n")
    for words in (("--dry-run",), ()):
        got = ann("bid", "bulk", rows, *words, code=1)[0]["bids"]
        assert [r["amount"] for r in got] == [300, 1250, None]
        assert [r["text"] for r in got] == ["3", "12.50", "7"]
    for show in ("auction list", "bid list", "bid list --auction " + lot,
                 "auction show " + lot, "auction outcome",
                 "auction outcome " + lot, "bid show " + bid,
                 "bid why " + bid, "bid why " + low, "agenda",
                 "agenda add " + lot, "agenda drop " + lot, "record me",
                 "status", "peers", "agent set " + other + " --limit 5",
                 "agent show", "agent run --for 3s", "agent drop " + other,
                 "limit set EUR --bid 50 --total 80.5", "limit show",
                 "limit drop EUR", "watch --for 1s", "epoch create"):
        values = ann(*show.split())
        if show == "agent show":
            assert ("limit", 500) in numbers(values)
        if show == "limit show":
            assert values[0]["limits"]["EUR"] == {
                "bid": 500, "total": 805, "currency": "EUR", "exponent": 1}
        if show == "bid why " + low:
            assert ("want", 1350) in numbers(values)
        if show == "watch --for 1s":
            assert ("amount", 1250) in numbers(values)
    wait_for("the bid in a block", lambda: ann("bid", "show", bid)[0][
        "height"] is not None)
    ann("bid", "show", bid, "--proof")
    ann("fire-drill", "--words-file", world.path("ann.words"))
    ann("restore", "--words-file", world.path("ann.words"))
    for auction in (lot, unsold):
        sam("auction", "close", auction)
        sam("auction", "outcome", auction, "--wait", "60s")
    sam("auction", "outcome", lot, "--verify")
    assert ("price", 1250) in numbers(sam("auction", "outcome", lot,
                                          "--explain"))
    sam("settle", lot, "delivered")
    sam("auction", "relist", unsold, "--dry-run")
    sam("replay", ROOT / "tests/demo/auction.csv", "--limit", "1", "--d", "2s")
    assert known - sam.seen - ann.seen == ELSEWHERE
