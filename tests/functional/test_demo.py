"""The story of `make demo`, and what it leaves behind."""

import re
import subprocess

import gavel
import pytest

PROPERTIES = {
    "Anonymity": "auction.jsonl",
    "Authenticity": "verified.txt",
    "Integrity": "changed.txt",
    "Non-repudiation": "identity.txt",
    "Timestamping": "stamp.txt",
    "Selective disclosure": "disclosed.txt",
}


@pytest.mark.long
def test_S0_19_six_properties_with_the_evidence_for_each(tmp_path):
    """A copy of the programs runs it, so that its evidence is of this run."""
    for name in ("gaveld", "gavel", "gavel-miner", "gavel-explorer"):
        (tmp_path / name).symlink_to(gavel.program(name))
    done = subprocess.run(
        [gavel.ROOT / "tests/demo/run", tmp_path], capture_output=True,
        text=True, stdin=subprocess.DEVNULL, timeout=240 * gavel.SLOW)
    assert done.returncode == 0, done.stdout + done.stderr
    # Both are told of in the story: a bid below the step, and one operator.
    for line in done.stdout.splitlines():
        assert ("warning" not in line or "void now" in line
                or "enough to open every bidder's alone" in line), line
    votes = done.stdout.split("Bit by bit")[1].split("It comes back")[0]
    assert dict(re.findall(r"^ +(\S.*?) +(voted|did not vote)$", votes,
                           re.M)) == {
        "Trusted Third Party": "voted", "North": "voted", "East": "voted",
        "South": "did not vote"}
    told = done.stdout.split("What was promised")[1]
    lines = [line.strip() for line in told.splitlines()]
    evidence = tmp_path / "demo-evidence"
    for name, file in PROPERTIES.items():
        assert any(line.startswith(f"PASS  {name}  ") or
                   line.startswith(f"PASS  {name} ") for line in lines), name
        assert str(evidence / file) in lines, file
        assert (evidence / file).stat().st_size > 0, file
    # The evidence says so itself, to programs that know nothing of the demo.
    assert "Verification: OK" in (evidence / "stamp.txt").read_text()
    pack = subprocess.run(
        [gavel.program("gavel"), "--network", "regtest", "identity", "verify",
         evidence / "winner.pack"], capture_output=True, text=True,
        timeout=gavel.COMMAND_S)
    assert pack.returncode == 0, pack.stderr
    assert "CN=Ann Archer made this bid" in pack.stdout
    told = (evidence / "auction.jsonl").read_text()
    assert "Archer" not in told and told.startswith('{"chain":"')
