"""Bad input and broken surroundings: one plain message that says what and
where, nothing lost, nothing stored."""

import os
import re
import subprocess

import pytest

import gavel

ZERO = "00" * 32


def plain(text):
    """The one line that says why a node did not start."""
    lines = [line for line in text.strip().splitlines()
             if "cannot start" in line or line.startswith("gaveld: ")]
    assert len(lines) == 1, text
    assert "ssert" not in text, text
    return lines[0]


def refuses(node, *options, code=1, says=()):
    got, text = node.fails(*options)
    line = plain(text)
    assert got == code, (got, text)
    for word in [says] if isinstance(says, str) else says:
        assert str(word) in line, text
    return line


# --- surroundings ---


def test_a_second_node_on_one_datadir(world, node):
    second = gavel.Node(node.datadir, "--ttp", "all")
    second.process = gavel.Process(world.path("second.log"))
    world.things.append(second)
    refuses(second, says=("in use by another process", node.datadir))
    assert node.rpc.uptime() >= 0, "the first one does not notice"
    assert node.stop() == 0


def test_ports_in_use(world, node):
    other = world.node("other", start=False)
    for flag, name in (("--rpc-bind", "rpc"), ("--p2p-bind", "p2p"),
                       ("--tls-bind", "tls"),
                       ("--submit-bind", "submit")):
        where = f"127.0.0.1:{node.ports[name]}"
        refuses(other, flag, where, says=(where, "Address already in use"))


BAD_FLAGS = [
    (["--no-such-thing"], "--no-such-thing: no such option"),
    (["--network", "moon"], "expected one of main|regtest|test"),
    (["--rpc-bind", "here"], "here"),
    (["--rpc-bind", "127.0.0.1:99999"], "127.0.0.1:99999"),
    (["--p2p-bind", "127.0.0.1:99999"], "127.0.0.1:99999"),
    (["--ttp", "ca,nobody"], "nobody"),
    (["--connect", "tcp://127.0.0.1:1"], "tcp://HOST:PORT#KEY"),
    (["--connect", "tcp://127.0.0.1:1#short"], "short"),
    (["--peer-key", "short"], "short"),
    (["--verify-threads", "-1"], "from 0 to 256"),
    (["--verify-threads", "many"], "from 0 to 256"),
    (["--follow", "zz"], "64 hex digits"),
    (["--mine=perhaps"], "yes or no"),
    (["--datadir"], "missing"),
    (["extra"], "no such command"),
]


@pytest.mark.parametrize("flags, says", BAD_FLAGS,
                         ids=[" ".join(f) for f, _ in BAD_FLAGS])
def test_bad_flags(world, flags, says):
    got, text = world.node(start=False).fails(*flags)
    assert got in (1, 2) and says in plain(text), text


BAD_LINES = [
    ("rpc-bnd = 1", "rpc-bnd: no such option"),
    ("rpc-bind", "NAME = VALUE"),
    ("log-level = loud", "error|warn|info|debug"),
    ("mine = perhaps", "yes or no"),
    ("stamp-burst = -1", "from 0 to"),
    ("peer-key = short", "short"),
    ("peer-key = #bc", "#bc"),
    ("ttp = nobody", "nobody"),
    ("connect = tcp://127.0.0.1:1", "tcp://HOST:PORT#KEY"),
    ("follow = zz", "64 hex digits"),
    ("rpc-miner-user = nocolon", "rpc-miner-user"),
    ("tls-ciphersuites = TLS_NO_SUCH", "tls-ciphersuites"),
    ("tls-ciphers = ECDHE+AESGCM", "tls-ciphers"),
    ("tls-max = 1.2", "tls-max"),
    ("tls-auth = sometimes", "tls-auth"),
    ("tls-name = no/name", "tls-name"),
    ("tls-keylog = /nonexistent/keys", "tls-keylog"),
    ("tls-keylog = env", "SSLKEYLOGFILE is not set"),
    ("log-modules = chain=loud", "log-modules"),
]


@pytest.mark.parametrize("line, says", BAD_LINES,
                         ids=[line for line, _ in BAD_LINES])
def test_bad_lines_in_gavel_conf_are_named(world, line, says):
    node = world.node(ttp=line.startswith("tls"), start=False)
    (node.datadir / "gavel.conf").write_text(f"# a comment\n\n{line}\n")
    got, text = node.fails()
    assert got in (1, 2)
    assert "gavel.conf:3" in plain(text) and says in plain(text), text


def test_a_key_given_twice_and_a_file_that_is_no_text(world):
    node = world.node(start=False)
    conf = node.datadir / "gavel.conf"
    conf.write_text("log-level = info\nlog-level = debug\n")
    refuses(node, code=2, says=("gavel.conf:2", "already given"))
    conf.write_bytes(b"mine = 1\0\n")
    refuses(node, code=2, says="gavel.conf")
    conf.unlink()
    conf.mkdir()
    got, text = node.fails()
    assert got in (1, 2) and "gavel.conf" in plain(text)


def test_flag_wins_over_environment_over_file(world):
    node = world.node(start=False)
    node.datadir.joinpath("gavel.conf").write_text(
        "log-level = error\noperator = file\nverify-threads = 3\n")
    done = subprocess.run(
        [str(a) for a in node.args(["--log-level", "debug", "config",
                                    "check"])],
        env={**os.environ, "GAVEL_LOG_LEVEL": "warn",
             "GAVEL_OPERATOR": "environment"},
        capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr

    def effective(name):
        return next(line for line in done.stdout.splitlines()
                    if line.startswith(f"{name} ="))
    assert re.match(r"log-level = debug\b", effective("log-level"))
    assert re.match(r"operator = environment\b", effective("operator"))
    assert re.match(r"verify-threads = 3\b", effective("verify-threads"))
    assert "gavel.conf" in effective("verify-threads")


def test_version_and_help():
    for name in ("gaveld", "gavel", "gavel-miner", "gavel-explorer"):
        for flag in ("--version", "--help"):
            done = subprocess.run([gavel.program(name), flag],
                                  capture_output=True, text=True, timeout=20)
            assert done.returncode == 0 and name in done.stdout
            assert done.stderr == ""


# --- disks ---


def mount(*args):
    done = subprocess.run(["mount", *map(str, args)], capture_output=True,
                          text=True)
    if done.returncode != 0:
        pytest.skip(f"SKIP: may not mount here: {done.stderr.strip()}")


@pytest.fixture
def unmount():
    """Folders to unmount at the end."""
    folders = []
    yield folders
    for folder in reversed(folders):
        subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.mark.long
def test_a_full_disk_stops_the_node_and_loses_nothing(world, unmount):
    small = world.path("small")
    small.mkdir()
    mount("-t", "tmpfs", "-o", "size=200m", "tmpfs", small)
    unmount.append(small)
    node = gavel.Node(small / "node", "--ttp", "all")
    node.process = gavel.Process(world.path("node.log"))
    world.things.append(node)
    node.start()
    node.wait_services()
    wallet = world.wallet("ann", node)
    auction = wallet.create("On a small disk", "--difficulty", "1")
    height = node.rpc.getblockcount("registry")
    filler = small / "filler"
    free = os.statvfs(small)
    with filler.open("wb") as f:
        left = free.f_bavail * free.f_frsize - 40 * 1024
        while left > 0:
            left -= f.write(bytes(min(left, 1 << 20)))
    code = node.process.wait(30 * gavel.SLOW)
    assert code == 1, (code, node.process.tail())
    assert re.search("space|full|free", node.process.tail(3)), node.log
    assert "ssert" not in node.log
    refuses(node, says="free")
    filler.unlink()
    node.start()
    assert node.rpc.getblockcount("registry") >= height
    assert node.rpc.getauction(auction)["auction"] == auction
    node.wait_height("registry", height + 2)


def test_a_read_only_mount(world, unmount):
    node = world.node()
    node.stop()
    mount("--bind", node.datadir, node.datadir)
    unmount.append(node.datadir)
    mount("-o", "remount,ro,bind", node.datadir)
    refuses(node, says="ead-only")
    subprocess.run(["umount", str(node.datadir)], check=True)
    node.start()


def test_a_file_where_the_store_should_be(world):
    node = world.node(start=False)
    (node.datadir / "chain").write_text("not a folder")
    refuses(node, says=("not a directory", node.datadir / "chain"))


def test_a_flipped_byte_in_the_log_is_told(world):
    """Never start silently without what was acknowledged."""
    node = world.node()
    node.wait_services()
    node.wait_height("registry", 3)
    node.kill()
    log = max((node.datadir / "chain").glob("*.log"),
              key=lambda p: p.stat().st_size)
    data = bytearray(log.read_bytes())
    assert len(data) > 1000
    whole = bytes(data)
    data[len(data) // 3] ^= 0x20
    log.write_bytes(data)
    refuses(node, says=("damaged", log.name, node.datadir))
    log.write_bytes(whole)
    node.start()
    assert node.rpc.getblockcount("registry") >= 3


@pytest.mark.long
def test_a_torn_end_of_the_log_is_no_corruption(world):
    node = world.node()
    node.wait_height("registry", 3)
    node.kill()
    log = max((node.datadir / "chain").glob("*.log"),
              key=lambda p: p.stat().st_size)
    log.write_bytes(log.read_bytes()[:-7])
    node.start()
    height = node.rpc.getblockcount("registry")
    node.wait_height("registry", height + 2)


def test_a_lost_part_of_the_store_is_told(world):
    node = world.node()
    node.wait_height("registry", 2)
    node.stop()
    (node.datadir / "chain" / "CURRENT").unlink()
    refuses(node, says="chain")
    tables = list((node.datadir / "chain").glob("*.sst"))
    assert tables


def test_an_unreadable_key_file_is_told(world):
    node = world.node()
    node.stop()
    (node.datadir / "peer.key").write_text("zz")
    refuses(node, says="peer.key")


# --- calls ---


def test_clean_stop_by_signal_and_by_call(world):
    node = world.node()
    assert node.stop() == 0
    node.start()
    assert node.rpc.stop() == "stopping"
    assert node.process.wait() == 0
    assert not (node.datadir / ".cookie").exists()


def test_a_node_asks_for_the_descriptors_it_may_need(world):
    """Strangers at three listeners must not take the store's files away."""
    node = world.node(start=False)
    node.process.spawn(["sh", "-c", 'ulimit -Sn 300 && exec "$@"', "sh",
                        *map(str, node.args())])
    node.wait_ready()
    for line in open(f"/proc/{node.process.pid}/limits"):
        if line.startswith("Max open files"):
            soft, hard = line.split()[3:5]
            assert int(soft) >= min(4096, int(hard)), line
