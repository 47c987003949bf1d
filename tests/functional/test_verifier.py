"""Two verifiers, one verdict: gavel-explorer in C and tests/verifier in
Python, written from docs/spec alone, on made-up ledgers and on a real node's
dump."""

import os
import random
import re
import subprocess
import sys

import gavel
import pytest

VERIFIER = gavel.ROOT / "tests/verifier"


def python(*args, seconds=240, **environment):
    return subprocess.run([sys.executable, *map(str, args)], cwd=gavel.ROOT,
                          env={**os.environ, **environment}, text=True,
                          capture_output=True, timeout=seconds)


def verify(path):
    return python(VERIFIER / "verify.py", path)


def test_S4_95_both_accept_a_ledger_written_by_the_other(world):
    sample = world.path("sample.jsonl")
    made = python(VERIFIER / "make_sample.py", sample)
    assert made.returncode == 0, made.stderr
    table = world.path("sample.csv")
    done = python(VERIFIER / "verify.py", sample, "--csv", table)
    assert done.returncode == 0, done.stdout
    assert world.explorer().verify(sample).returncode == 0
    assert world.explorer().verify(table).returncode == 0


def test_S4_95_the_verifiers_own_tests():
    done = python(VERIFIER / "test_verify.py")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(
    path.name for path in VERIFIER.glob("test_rules*.py")))
def test_S4_95_ledgers_with_one_broken_rule_are_judged_alike(name):
    done = python(VERIFIER / name,
                  GAVEL_EXPLORER=str(gavel.program("gavel-explorer")))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("maker", (
    ["random_ledger.py"], ["random_ledger.py", "--anonymous"],
    ["random_ledger.py", "--sealed"], ["random_final.py"],
    ["random_lots.py"], ["random_lots.py", "--anonymous"],
    ["random_lots.py", "--sealed"]))
def test_S4_95_random_auctions_are_judged_alike(maker):
    done = python(VERIFIER / maker[0],
                  gavel.program("gavel-explorer"), 1, 20, *maker[1:])
    assert done.returncode == 0, done.stdout + done.stderr


def outcomes(explorer, path, *options):
    """The outcomes that a fresh dump tells, one line each."""
    explorer.dump(path, *options)
    done = explorer.verify(path)
    assert done.returncode == 0, done.stderr
    lines = re.findall("^[0-9a-f]{64}  (.*)$", done.stdout, re.M)
    for line in lines:
        final = line.endswith("  final")
        assert final != line.endswith("  not shown to be final"), line
        assert line.startswith("sold  " if final else "leading  "), line
    return lines


def check_told(explorer, path):
    """An outcome is called sold when the dump has the votes for it. Cut at
    final blocks it lacks those for the last."""
    gavel.wait_for("the votes for the outcomes on the chain", lambda: [
        x.startswith("sold  ") for x in outcomes(explorer, path)] == [True] * 3)
    cut = outcomes(explorer, path, "--final")
    assert len(cut) == 3 and cut[0].startswith("leading  "), cut


def test_S4_88_a_real_dump_and_any_changed_byte(world):
    """Both accept a node's dump; both refuse it after one changed byte,
    wherever that byte is."""
    node = world.node()
    csv = gavel.ROOT / "tests/demo/auction.csv"
    world.wallet("replay", node, enrol=False).text("replay", csv, "--d", "2s")
    dump = world.path("dump.jsonl")
    explorer = world.explorer(node)
    explorer.dump(dump)
    assert explorer.verify(dump).returncode == 0
    done = verify(dump)
    assert done.returncode == 0, done.stdout + done.stderr
    check_told(explorer, world.path("cut.jsonl"))
    whole = dump.read_bytes()
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    for i in range(12):
        at = draw.randrange(len(whole))
        bad = bytearray(whole)
        bad[at] ^= 1 << draw.randrange(8)
        dump.write_bytes(bad)
        assert explorer.run("verify", dump).returncode == 1, (seed, at)
        if i < 3:
            assert verify(dump).returncode == 1, (seed, at)
    dump.write_bytes(whole[:-1])
    assert explorer.run("verify", dump).returncode == 1
