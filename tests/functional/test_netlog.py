"""The network's log, and the log of messages that only its owner reads."""

import re
import socket

import pytest

import gavel
from gavel import wait_for


def net_log(node):
    path = node.datadir / "net.log"
    return path.read_text() if path.exists() else ""


def test_S1_10_S1_11_addresses_connects_and_disconnects(world):
    first = world.node("first", fixed_ports=True)
    host, port = first.rpc.status()["p2p"]["endpoint"][6:].split(":")
    assert re.search(rf"listening host={host} port={port} ", net_log(first))
    second = world.node("second", "--connect", first.peer, ttp=False)
    assert wait_for("the refusal", lambda: re.search(
        r'connection refused why="key is not allowed"', net_log(first)))
    first.options += ["--peer-key", second.key]
    first.restart()
    second.wait_peers(1)
    assert re.search(rf"peer connected .*port={port} direction=out",
                     net_log(second))
    assert re.search(r"peer connected .*direction=in", net_log(first))
    second.stop()
    wait_for("the loss", lambda: re.search(
        r'peer disconnected .*why="connection lost"', net_log(first)))
    assert "chain" not in {line.split()[2] for line in
                           net_log(first).splitlines()}


def test_S1_12_a_port_in_use_is_logged(world):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        node = world.node("first", "--p2p-bind", f"127.0.0.1:{port}",
                          ttp=False, start=False)
        code, _ = node.fails()
        assert code != 0
    last = net_log(node).splitlines()[-1]
    assert "setup failed" in last and f"127.0.0.1:{port}" in last
    assert "in use" in last


@pytest.fixture
def owner(world):
    """(public key, file of the secret)"""
    path = world.path("owner.key")
    done = world.explorer().run("log", "key", "--out", path)
    assert done.returncode == 0, done.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    assert world.explorer().run("log", "key", "--out", path).returncode != 0
    return done.stdout.strip(), path


def test_S1_13_messages_are_kept_for_their_owner_alone(world, owner):
    public, secret = owner
    first = world.node("first", "--message-log", public, fixed_ports=True)
    second = world.node("second", "--connect", first.peer, ttp=False)
    first.options += ["--peer-key", second.key]
    first.restart()
    second.wait_peers(1)
    first.stop()
    log = first.datadir / "messages.log"
    explorer = world.explorer()
    done = explorer.run("log", "verify", log)
    assert done.returncode == 0, done.stderr
    assert re.match(r"good: \d+ records", done.stdout)
    done = explorer.run("log", "show", "--key", secret, log)
    assert done.returncode == 0, done.stderr
    kinds = set(re.findall(r" (in|out) kind (\d+) ", done.stdout))
    # HELLO came, WELCOME went, and tips were asked for both ways.
    assert {("in", "16"), ("out", "17"), ("in", "20"), ("out", "20")} <= kinds
    agent = b"gavel/".hex()
    assert agent in done.stdout, "the messages themselves"
    raw = log.read_bytes()
    assert b"gavel/" not in raw and bytes.fromhex(public) not in raw

    stranger = world.path("stranger.key")
    stranger.write_text("11" * 32 + "\n")
    done = explorer.run("log", "show", "--key", stranger, log)
    assert done.returncode == 1 and "not sealed to this key" in done.stderr
    # Two runs are one chain; a record taken from the middle shows.
    first.start()
    first.stop()
    raw = log.read_bytes()
    assert explorer.run("log", "verify", log).returncode == 0
    size = 4 + int.from_bytes(raw[8:12], "little")
    second_size = 4 + int.from_bytes(raw[8 + size:12 + size], "little")
    log.write_bytes(raw[:8 + size] + raw[8 + size + second_size:])
    done = explorer.run("log", "verify", log)
    assert done.returncode == 1 and "does not follow" in done.stderr


def test_a_message_log_needs_a_key(world):
    node = world.node("first", "--message-log", "00" * 32, ttp=False,
                      start=False)
    code, out = node.fails()
    assert code != 0 and "X25519" in out
    node.options = ["--message-log", "abc"]
    code, out = node.fails()
    assert code != 0 and "64 hex digits" in out
