"""gavel fire-drill: a wallet restored from its words beside the one there is,
and what it says when not everything comes back."""

import os

import pytest
from anonymous import TERMS

QUICK = ("--difficulty", "1", "--d", "120s", "--notice", "240s")


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where scratch wallets are made, and must be gone from."""
    path = tmp_path / "scratch"
    path.mkdir()
    monkeypatch.setenv("TMPDIR", str(path))
    return path


def drill(wallet, world, name, **options):
    return wallet.run("fire-drill", "--words-file",
                      world.path(f"{name}.words"), **options)


def test_words_bring_everything_back(world, scratch):
    node = world.node()
    node.wait_services()
    ann, tom = world.wallet("ann", node), world.wallet("tom", node)
    auction = tom.create("A lamp", *QUICK)
    for amount in (5, 6):
        ann.bid(auction, amount)
    ann("limit", "set", "EUR", "--bid", "100")
    ann("agent", "set", auction, "--limit", "50")
    ann("agenda", "add", auction)
    before = {p.name: p.read_bytes() for p in ann.directory.iterdir()}
    done = drill(ann, world, "ann", as_json=False)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(maxsplit=1) for line in
                 done.stdout.splitlines()[:-1])
    assert lines["bids"] == "2 of 2" and lines["identities"] == "1 of 1"
    only_here = [line for line in done.stdout.splitlines()
                 if line.startswith("only here")]
    for line, says in zip(only_here, (
            "2 receipts", "limits for 1 currencies", "1 orders to the agent",
            "1 auctions that you watch"), strict=True):
        assert says in line
    assert done.stdout.endswith(
        "the words bring everything back but what is only here\n")
    # The wallet is as it was, and nothing else is left.
    assert before == {p.name: p.read_bytes() for p in ann.directory.iterdir()}
    assert list(scratch.iterdir()) == []
    got = ann("fire-drill", "--words-file", world.path("ann.words"))
    assert got["bids"] == {"here": 2, "back": 2} and got["missing"] == []
    assert (got["receipts"], got["limits"], got["agents"],
            got["watched"]) == (2, 1, 1, 1)
    done = drill(tom, world, "tom", as_json=False)
    assert done.stdout.endswith("the words bring everything back\n")

    # Words of another wallet, and no words.
    other = drill(ann, world, "tom")
    assert other.returncode == 1 and "words of another wallet" in other.stderr
    world.path("ann.words").write_text("abandon " * 24)
    assert drill(ann, world, "ann").returncode == 2
    assert list(scratch.iterdir()) == []

    # A node that does not have what is missed: the words are not enough.
    away = world.node("away")
    words = world.path("tom.words")
    tom.node = away
    done = tom.run("fire-drill", "--words-file", words)
    assert done.returncode == 1
    assert "1 missing" in done.stderr or "2 missing" in done.stderr
    assert "identity tom" in done.stdout
    assert list(scratch.iterdir()) == []


@pytest.mark.long
def test_S0_05_a_drill_brings_pseudonyms_back(world, scratch):
    node = world.node()
    node.wait_services()
    sam, abe = world.wallet("sam", node), world.wallet("abe", node)
    abe.bid(sam.create("One", *TERMS, "--cut", "4"), 7, "--own-node")
    done = drill(abe, world, "abe", as_json=False)
    assert done.returncode == 0, done.stderr
    assert os.listdir(scratch) == []
    got = abe("fire-drill", "--words-file", world.path("abe.words"))
    assert got["pseudonyms"] == {"here": 1, "back": 1}
    assert got["bids"] == {"here": 1, "back": 1}
