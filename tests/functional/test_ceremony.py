"""Networks made by tool: the root, the services' keys, the genesis file; a
node built with it; and a node's services backed up and restored."""

import json
import os
import shutil
import stat
import subprocess

import pytest

import gavel
from gavel import BUILD, ROOT, Node, Wallet, wait_for
from ledger import openssl

ROOT_PASS, NODE_PASS, FILE_PASS = "offline-1", "online-22", "in the safe"
MAKE_S = 240 * gavel.SLOW
TRUST = ("trust=ca,tsa,issuer,notary,validator@localhost,ttp.example.org")


def passphrases(folder):
    """Files that hold them, by name."""
    out = {}
    for name, text in (("root", ROOT_PASS), ("node", NODE_PASS),
                       ("file", FILE_PASS)):
        out[name] = folder / f"{name}.pass"
        out[name].write_text(text + "\n")
        out[name].chmod(0o600)
    return out


def run(*words, build=None, ok=True):
    """gavel or gaveld, without a node."""
    done = subprocess.run([str(gavel.program(words[0], build)),
                           *map(str, words[1:])], input="",
                          capture_output=True, text=True,
                          timeout=gavel.COMMAND_S)
    assert not ok or done.returncode == 0, done.stderr
    return done


def create(folder, secret, *options, name="demo"):
    return run("gavel", "ceremony", "create", name, "--like", "regtest",
               "--out", folder / "net", "--root-passphrase-file",
               secret["root"], "--node-passphrase-file", secret["node"],
               *options, "--json", ok=False)


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A network, as one command makes it."""
    folder = tmp_path_factory.mktemp("ceremony")
    n = type("Net", (), {})()
    n.secret = passphrases(folder)
    n.port = gavel.free_ports(5)
    n.wrong = "1" * 64  # not the key of who listens there
    seed = f"127.0.0.1:{n.port + 2}"
    done = create(folder, n.secret, "--node", TRUST, "--node", "n2=notary",
                  "--node", "t2=tsa", "--crl-url",
                  "http://127.0.0.1/crl/root.crl", "--seed", f"trust={seed}",
                  "--seed", f"tcp://{seed}#{n.wrong}")
    assert done.returncode == 0, done.stderr
    n.told = json.loads(done.stdout)
    n.folder, n.out = folder, folder / "net"
    n.root = n.out / "root/root-cert.pem"
    return n


@pytest.fixture(scope="module")
def built(net):
    """Programs that know the network: those of this build, with its genesis
    file compiled in."""
    out = net.folder / BUILD.name
    (out / "gen").mkdir(parents=True)
    before = os.path.relpath(BUILD, ROOT)
    for path in BUILD.glob("*.a"):
        shutil.copy2(path, out)
    for room in ("chain", "src", "wallet", "miner"):
        shutil.copytree(BUILD / room, out / room)
    for path in out.rglob("*.d"):
        path.write_text(path.read_text().replace(before, str(out)))
    files = [*sorted(ROOT.glob("genesis/*.json")), net.out / "demo.json"]
    done = subprocess.run(
        ["make", "-C", ROOT, f"BUILD={BUILD.name}", f"O={out}",
         f"GENESIS={' '.join(map(str, files))}", out / "gaveld",
         out / "gavel"], capture_output=True, text=True, timeout=MAKE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def demo_node(net, built, world, name, ttp, *options):
    """A node from the ceremony's directory, copied to where it runs."""
    datadir = world.directory / name
    shutil.copytree(net.out / name, datadir)
    node = Node(datadir, "--ttp", ttp, "--ttp-approval", "auto",
                "--ttp-passphrase-file", net.secret["node"], *options,
                fixed_ports=True)
    node.network, node.build = "demo", built
    world.things.append(node)
    return node


# --- what is made ---


def test_every_certificate_leads_to_the_root(net):
    for path in net.out.glob("*/ttp/*-cert.pem"):
        openssl("verify", "-x509_strict", "-CAfile", net.root, path)
    ttp = net.out / "trust/ttp"
    openssl("verify", "-purpose", "timestampsign", "-CAfile", net.root,
            ttp / "tsa-cert.pem")
    openssl("verify", "-purpose", "sslserver", "-verify_hostname",
            "ttp.example.org", "-CAfile", net.root, ttp / "tls-cert.pem")
    crl = openssl("crl", "-inform", "DER", "-in", ttp / "root.crl").stdout
    (net.folder / "crl.pem").write_bytes(crl)
    openssl("verify", "-crl_check", "-CAfile", net.root, "-CRLfile",
            net.folder / "crl.pem", ttp / "ca-cert.pem")


def test_every_secret_is_encrypted_and_ones_own(net):
    """Files 0600 in directories 0700, keys under their passphrases."""
    for path in net.out.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.is_dir():
            assert mode == 0o700, path
        elif path.name != "demo.json":
            assert mode == 0o600, path
    keys = [*net.out.rglob("*-key.pem"), *net.out.rglob("*-ledger.pem")]
    assert len(keys) == 18
    for path in keys:
        assert "BEGIN ENCRYPTED PRIVATE KEY" in path.read_text(), path
        own = "root" if path.parent.name == "root" else "node"
        other = "node" if own == "root" else "root"
        openssl("pkey", "-noout", "-in", path, "-passin",
                f"file:{net.secret[own]}")
        assert openssl("pkey", "-noout", "-in", path, "-passin",
                       f"file:{net.secret[other]}", check=False).returncode


def test_the_genesis_file_is_one_that_the_build_takes(net):
    done = subprocess.run([BUILD / "genesis/compile", net.out / "demo.json"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    registry = ", ".join(f"0x{b:02x}"
                         for b in bytes.fromhex(net.told["registry"]))
    assert f".registry = {{{{{registry}}}}}" in done.stdout
    genesis = json.loads((net.out / "demo.json").read_text())
    assert not [key for key in genesis if "secret" in key or "private" in key]
    assert genesis["validators"] == [net.told["nodes"][0]["validator"]]


def test_nothing_is_overwritten(net):
    before = {p: p.read_bytes() for p in net.out.rglob("*") if p.is_file()}
    done = create(net.folder, net.secret)
    assert done.returncode == 2 and "is there already" in done.stderr
    assert before == {p: p.read_bytes() for p in before}


@pytest.mark.parametrize("options, name, why", [
    ([], "regtest", "has a network of that name"),
    ([], "De mo", "expected 1 to 16 of a-z and 0-9"),
    (["--node", "a=ca,king"], "x", "role 'king': expected ca, tsa"),
    (["--node", "a"], "x", "expected NAME=ROLE"),
    (["--node", "a=ca", "--node", "a=tsa"], "x", "two are called a"),
    (["--node", "a=ca"], "x", "no validator"),
    (["--node", "a=validator@"], "x", "expected 1 to 8 host names"),
    (["--seed", "trust=localhost"], "x", "expected a port"),
    (["--seed", "tcp://h:1"], "x", "a node is named with its key"),
    (["--seed", "nobody=h:1"], "x", "a node is named with its key"),
    (["--seed", "trust=h:1", "--seed", "trust=h:2"], "x", "trust twice"),
])
def test_a_wrong_plan_makes_nothing(tmp_path, options, name, why):
    done = create(tmp_path, passphrases(tmp_path), *options, name=name)
    assert done.returncode == 2 and why in done.stderr, done.stderr
    assert not list(tmp_path.glob("net*"))


# --- the network at work ---


def test_a_node_takes_what_the_ceremony_made(net, built, world):
    node = demo_node(net, built, world, "trust", "all")
    # A file that is missing is named, and none is made.
    cred = node.datadir / "ttp/tsa.cred"
    cred.rename(world.path("tsa.cred"))
    code, log = node.fails()
    assert code == 1 and "ttp/tsa.cred is missing" in log
    world.path("tsa.cred").rename(cred)
    node.start()
    status = node.rpc.status()
    assert status["network"] == "demo"
    assert status["registry"] == net.told["registry"]
    node.wait_services()
    ann = world.wallet("ann", node)
    # Her certificate, from the wallet, by openssl alone.
    store, secret = world.path("ann.p12"), net.secret["file"]
    ann.run_ok("keystore", "import", "--keystore", store, "--from-wallet",
               "--alias", "ann", "--passphrase-file", secret,
               "--wallet-passphrase-file", ann.secret)
    pem = openssl("pkcs12", "-in", store, "-passin", f"file:{secret}",
                  "-nokeys", "-clcerts").stdout
    world.path("ann.pem").write_bytes(pem)
    openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile",
            net.root, "-untrusted", node.datadir / "ttp/ca-cert.pem",
            world.path("ann.pem"))
    done = openssl("s_client", "-connect", f"127.0.0.1:{node.ports['tls']}",
                   "-CAfile", net.root, "-verify_return_error",
                   "-verify_hostname", "ttp.example.org", data=b"",
                   check=False)
    assert done.returncode == 0, done.stderr
    auction = ann.create("a vase")
    assert node.rpc.getauction(auction)["phase"]


def test_a_second_authority_leaves_bids_to_the_one_that_is_pinned(net, built,
                                                                  world):
    """Both stamp, but the auction pins one of them."""
    first = demo_node(net, built, world, "trust", "all")
    second = demo_node(net, built, world, "t2", "tsa")
    second.start()
    first.options += ["--peer-key", second.key]
    second.stop()
    first.start()
    first.wait_services()
    second.options += ["--connect", first.peer]
    second.start()
    second.wait_peers(1)
    auction = world.wallet("seller", first).create("a bowl")
    wait_for("the auction on the second node",
             lambda: auction in gavel.chain_ids(second))
    bid = world.wallet("ann", second).bid(auction, "10")
    assert bid["receipt"] and bid["stamp"]
    wait_for("the bid on the first node",
             lambda: [b["bid"] for b in first.rpc.listbids(
                 auction=auction)["bids"]] == [bid["bid"]])


def test_a_new_node_finds_the_network_by_its_seeds(net, built, world):
    """Nothing but the genesis file tells it of others."""
    seeds = json.loads((net.out / "demo.json").read_text())["seeds"]
    assert len(seeds) == 2 and seeds[1].endswith(net.wrong)
    trust = demo_node(net, built, world, "trust", "all", "--discover", "yes")
    trust.fixed = {"rpc": net.port, "tls": net.port + 1, "p2p": net.port + 2,
                   "submit": net.port + 4}
    trust.start()
    assert trust.peer == seeds[0]
    trust.wait_services()
    auction = world.wallet("ann", trust).create("a vase")

    def newcomer(name):
        node = Node(world.directory / name, "--discover", "yes",
                    "--node-name", name, "--announce", "127.0.0.1",
                    fixed_ports=True)
        node.network, node.build = "demo", built
        world.things.append(node)
        return node.start()

    second = newcomer("second")
    wait_for("the auction", lambda: auction in gavel.chain_ids(second), 60)
    wait_for("the wrong key in the log", lambda: "cannot connect why=\"the "
             "handshake fails: the node may have another key\"" in second.log,
             60)
    wait_for("the pause", lambda: "another try comes later" in second.log, 60)
    wait_for("its record", lambda: second.key in {
        n["curve"] for n in trust.rpc.listnodes(limit=100)["nodes"]}, 60)

    third = newcomer("third")
    wait_for("both nodes", lambda: {trust.key, second.key} <= {
        p["key"] for p in third.rpc.getpeerinfo()}, 90)


def test_a_peer_without_a_key_is_refused_with_what_to_do(world):
    node = world.node("node", "--connect", "tcp://127.0.0.1:1", ttp=False,
                      start=False)
    code, log = node.fails()
    assert code == 1 and "named with its key" in log and "gavel status" in log


def test_more_roles_and_the_list_come_from_the_root(net, built,
                                                          tmp_path):
    root = tmp_path / "root"
    shutil.copytree(net.out / "root", root)
    more = tmp_path / "more"
    words = ("gavel", "ceremony", "role", "--network", "demo", "--root", root,
             "--node", "n3=notary@n3.example.org", "--node-passphrase-file",
             net.secret["node"], "--out", more)
    refused = run(*words, "--root-passphrase-file", net.secret["node"],
                  build=built, ok=False)
    assert refused.returncode == 1 and "passphrase is wrong" in refused.stderr
    assert not more.exists()
    run(*words, "--root-passphrase-file", net.secret["root"], build=built)
    cert = more / "n3/ttp/notary-cert.pem"
    openssl("verify", "-x509_strict", "-CAfile", net.root, cert)
    crl = ("gavel", "ceremony", "crl", "--root", root,
           "--root-passphrase-file", net.secret["root"], "--json")
    revoke = (*crl, "--revoke", cert, "--reason", "key-compromise")
    assert json.loads(run(*revoke).stdout) == {"revoked": 1}
    again = run(*revoke, ok=False)
    assert again.returncode == 1 and "on the list already" in again.stderr
    assert json.loads(run(*crl).stdout) == {"revoked": 1}
    text = openssl("crl", "-inform", "DER", "-in", root / "root.crl", "-text",
                   "-CAfile", net.root).stdout.decode()
    assert "Key Compromise" in text
    (tmp_path / "crl.pem").write_text(text)
    done = openssl("verify", "-crl_check", "-CAfile", net.root, "-CRLfile",
                   tmp_path / "crl.pem", cert, check=False)
    assert b"certificate revoked" in done.stdout + done.stderr
    stranger = openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                       "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                       tmp_path / "s.key", "-subj", "/CN=s").stdout
    (tmp_path / "s.pem").write_bytes(stranger)
    done = run(*crl, "--revoke", tmp_path / "s.pem", ok=False)
    assert done.returncode == 1 and "not issued by this root" in done.stderr


# --- backups ---


def backup(node, world, *options, command="backup", datadir=None, ok=True):
    return run("gaveld", command, "--network", node.network, "--datadir",
               datadir or node.datadir, "--passphrase-file",
               passphrases(world.directory)["file"], *options,
               build=node.build, ok=ok)


def test_services_are_backed_up_and_restored(world):
    node = world.node("ttp")
    node.wait_services()
    world.wallet("ann", node)  # enrols ann
    file = world.path("ttp.backup")
    done = backup(node, world, "--out", file, ok=False)
    assert done.returncode == 1 and "in use by another process" in done.stderr
    assert not file.exists()
    node.stop()
    done = backup(node, world, "--out", file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"PRIVATE KEY" not in file.read_bytes()
    done = backup(node, world, "--out", file, ok=False)
    assert done.returncode == 1 and "is there already" in done.stderr
    done = backup(node, world, "--in", file, command="restore", ok=False)
    assert done.returncode == 1 and "is there already" in done.stderr
    other = Node(world.directory / "again", *node.options)
    backup(other, world, "--in", file, command="restore")
    for path in (node.datadir / "ttp").rglob("*.pem"):
        twin = other.datadir / "ttp" / path.relative_to(node.datadir / "ttp")
        assert twin.read_bytes() == path.read_bytes()
        assert stat.S_IMODE(twin.stat().st_mode) == 0o600
    other.start()
    try:
        other.wait_services()
        eve = Wallet(world.directory / "eve", other)
        eve.init()
        done = eve.run("enrol", "--name", "aNN")
        assert done.returncode != 0 and "duplicate identity" in done.stderr
        eve.enrol("Eve")
    finally:
        other.stop()


def test_a_backup_is_refused_when_it_is_not_as_it_was(world, tmp_path):
    node = world.node("ttp")
    node.wait_services()
    node.stop()
    file = world.path("ttp.backup")
    backup(node, world, "--out", file)
    target = tmp_path / "target"

    def refused(path, *options, why):
        done = run("gaveld", "restore", "--network", "regtest", "--datadir",
                   target, "--in", path, *options, ok=False)
        assert done.returncode == 1 and why in done.stderr, done.stderr
        assert not (target / "ttp").exists()
        assert not (target / "chain").exists()

    secret = passphrases(tmp_path)
    good = ("--passphrase-file", secret["file"])
    refused(file, "--passphrase-file", secret["node"], why="wrong passphrase")
    refused(tmp_path / "none", *good, why="no such file")
    refused(file, *good, "--network", "test", why="of network regtest")
    text = json.loads(file.read_text())
    for key, value in (("data", ("0" if text["data"][0] != "0" else "1") +
                        text["data"][1:]),
                       ("format", "gavel-wallet")):
        path = tmp_path / f"{key}.backup"
        path.write_text(json.dumps({**text, key: value}))
        refused(path, *good, why="file was changed" if key == "data"
                else "not a backup")
