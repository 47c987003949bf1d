"""What the README tells a newcomer to type, typed."""

import os
import re
import signal
import subprocess

import gavel
import pytest
from gavel import free_ports, wait_for

README = gavel.ROOT / "README.md"


def terminal(heading):
    """The lines of the block behind a heading, as they stand there."""
    text = README.read_text()
    begin = text.index(f"\n{heading}")
    block = re.search(r"\n\n((?:    .*\n)+)", text[begin:]).group(1)
    return [line[4:] for line in block.splitlines()]


class Desk:
    """One home directory, one node, and terminals at it."""

    def __init__(self, world):
        first = free_ports(4)
        self.run = world.path("run")
        secret = world.path("passphrase")
        secret.write_text("correct horse battery\n")
        world.path("home").mkdir()
        # What a person answers at prompts, and ports that are free here.
        self.env = {
            **os.environ, "HOME": str(world.path("home")),
            "RUN_DIR": str(self.run), "GAVEL_P2P_BIND": f"127.0.0.1:{first}",
            "GAVEL_RPC_BIND": f"127.0.0.1:{first + 2}",
            "GAVEL_TLS_BIND": f"127.0.0.1:{first + 3}",
            "GAVEL_NODE": f"http://127.0.0.1:{first + 2}",
            "GAVEL_PASSPHRASE_FILE": str(secret), "GAVEL_YES": "1"}

    def type(self, lines, **words):
        """Type lines into a terminal; what it showed."""
        script = "\n".join(["set -e", "shopt -s expand_aliases", *lines])
        script = script.replace("build/run", str(self.run))
        for name, value in words.items():
            script = script.replace(name, value)
        file = self.run.parent / "script"
        file.write_text(script + "\n")
        done = subprocess.run(
            ["bash", file], text=True, capture_output=True, cwd=gavel.ROOT,
            stdin=subprocess.DEVNULL, env=self.env, timeout=gavel.COMMAND_S)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def desk(world):
    d = Desk(world)
    assert terminal("Terminal 1") == ["make run"]
    with world.path("server.log").open("wb") as log:
        server = subprocess.Popen(
            ["make", "run"], cwd=gavel.ROOT, env=d.env, stdout=log,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True)
    try:
        wait_for("make run", lambda: (d.run / "ports.json").exists(), 60)
        yield d
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        assert server.wait(gavel.STOP_S) is not None
        print(world.path("server.log").read_text())


@pytest.mark.long
@pytest.mark.skipif(gavel.BUILD != gavel.ROOT / "build/release",
                    reason="SKIP: the README speaks of build/release")
def test_S0_18_three_terminals(desk):
    seller = terminal("Terminal 2, a seller")
    shown = desk.type(seller)
    print(shown)
    auction = re.search(r"^([0-9a-f]{64})$", shown, re.M).group(1)
    assert "A brass telescope" in shown

    bidder = terminal("Terminal 3")
    assert bidder.pop().startswith("b bid why BID")
    shown = desk.type(bidder, AUCTION=auction)
    print(shown)
    bid = re.search(r"^bid +([0-9a-f]{64})$", shown, re.M).group(1)
    why = [line for line in bidder if line.startswith(("export", "alias"))]
    assert "12.50 EUR is accepted" in desk.type([*why, f"b bid why {bid}"])

    aliases = [line for line in seller if line.startswith(("export", "alias"))]
    shown = desk.type([*aliases, *terminal("Terminal 2 again")],
                      AUCTION=auction)
    assert re.search(r"^status +sold$", shown, re.M)
    assert re.search(r"^price +12.50 EUR$", shown, re.M)


def shape(text):
    """Lines of words, without ids, blocks and times."""
    for what, word in ((r"[0-9a-f]{8}(\.{3}|[0-9a-f]{56})", "ID"),
                       (r"20\d\d-[-0-9]* [:.0-9]* UTC", "TIME"),
                       (r"block \d+", "block N")):
        text = re.sub(what, word, text)
    return [line.split() for line in text.splitlines() if line.strip()]


@pytest.mark.long
@pytest.mark.skipif(gavel.BUILD != gavel.ROOT / "build/release",
                    reason="SKIP: the README speaks of build/release")
def test_a_sealed_second_price_auction_of_three_wallets(desk):
    def lines(heading, *words):
        return [line for line in terminal(heading) if line.startswith(words)]
    seller = lines("Terminal 2, a seller", "export", "alias")
    ann = lines("Terminal 3, a bidder", "export", "alias")
    desk.type([*seller, "g init", "g enrol --name 'Sam'"])
    desk.type([*ann, "b init", "b enrol --name 'Ann'"])

    shown = desk.type([*seller, *terminal("Terminal 2, sealed")])
    auction = re.search(r"^([0-9a-f]{64})$", shown, re.M).group(1)
    desk.type([*ann, *terminal("Terminal 3, sealed")], AUCTION=auction)
    shown = desk.type(terminal("Terminal 4, a second bidder"),
                      AUCTION=auction)
    print(shown)
    rows = re.findall(r"^[0-9a-f]{64}  .*$", shown, re.M)
    assert len(rows) == 2 and all(" sealed " in row for row in rows), shown
    assert "25.00 EUR, sealed" in shown and "31.40" not in shown
    shown = desk.type([*seller, *terminal("Terminal 2, closing it")],
                      AUCTION=auction)
    print(shown)
    assert re.search(r"^status +sold$", shown, re.M)
    assert re.search(r"^price +25.00 EUR$", shown, re.M)
    # What the README shows is what came, but for ids and times.
    told = README.read_text().split("output of the sealed auction: begin -->")[
        1].split("<!--")[0]
    assert shape(told) == shape(shown)
