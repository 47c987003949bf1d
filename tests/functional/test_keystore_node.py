"""Keystores at work: a node's TLS key made with the tool, and the wallet's
identity in a keystore, each against a running node."""

import json
import shutil

from gavel import ROOT
from keystore import Keystore, Pki, keytool
from ledger import curl, openssl


def regtest_root(folder):
    """The public root key of regtest in a keystore."""
    network = json.loads((ROOT / "genesis/regtest.json").read_text())
    paths = []
    for key in ("root_private_key", "root_certificate"):
        paths.append(folder / f"{key}.pem")
        paths[-1].write_text("\n".join(network[key]) + "\n")
    store = Keystore(folder, "regtest-root")
    entry = store("import", "--alias", "root", "--file", paths[0], "--file",
                  paths[1])
    assert entry["role"] == "root"
    return store, paths[1]


def s_client(port, root, *options):
    return openssl("s_client", "-connect", f"127.0.0.1:{port}", "-CAfile",
                   root, "-verify_return_error", "-verify_ip", "127.0.0.1",
                   *options, data=b"", check=False)


def test_S4_55_S4_59_a_node_serves_a_key_made_with_the_tool(world):
    root, root_pem = regtest_root(world.directory)
    server = Keystore(world.directory, "tls")
    csr, chain = world.path("tls.csr"), world.path("tls.pem")
    server.generate("tls", "server", "--csr", csr, name="a node of ours")
    root("sign", "--alias", "root", "--csr", csr, "--role", "server", "--out",
         chain, *(w for name in ("localhost", "127.0.0.1", "::1")
                  for w in ("--san", name)))
    server("import", "--alias", "tls", "--file", chain)
    server.verify("tls", root_pem, "--role", "server")
    node = world.node("node")
    node.stop()
    server("export", "--alias", "tls", "--what", "key", "--plain", "--out",
           node.datadir / "ttp/tls-key.pem")
    server("export", "--alias", "tls", "--what", "certificate", "--out",
           node.datadir / "ttp/tls-cert.pem")
    node.start()
    done = s_client(node.ports["tls"], root_pem)
    assert done.returncode == 0, done.stderr
    assert b"a node of ours" in done.stdout
    # A client whose truststore holds another root turns away.
    stranger = Pki(world.directory)
    done = s_client(node.ports["tls"], stranger.pem)
    assert done.returncode != 0 and b"verify error" in (done.stdout +
                                                        done.stderr)
    # gavel's own client trusts the network's root, so it is content.
    world.wallet("ann", node)


def wallet_keystore(wallet, store, command, *options):
    return wallet.run(
        "keystore", command, "--keystore", store.path, "--passphrase-file",
        store.passphrase(store.secret), "--wallet-passphrase-file",
        wallet.secret, *options)


def test_S4_56_S4_58_the_wallets_identity_in_a_keystore(world):
    node = world.node("node")
    node.wait_services()
    ann = world.wallet("ann", node, enrol=False)
    words = world.path("ann.words")
    ann.enrol("Ann")
    store = Keystore(world.directory, "ann")
    done = wallet_keystore(ann, store, "import", "--from-wallet")
    assert done.returncode == 0, done.stderr
    entry = json.loads(done.stdout)
    assert entry["alias"] == "Ann" and entry["chain"] == 3
    assert entry["complete"] is True
    root = node.datadir / "gavel-root.pem"
    store.verify("ann", root, "--role", "user")
    # It is the certificate that the ledger names.
    assert node.rpc.getcert(fingerprint=entry["sha256"])["role"] == "user"
    listed = keytool("-list", "-v", "-keystore", store.path, "-storepass:env",
                     "STORE").stdout
    assert "Certificate chain length: 3" in listed
    # And it opens a server that asks for certificates; another root's do not.
    node.stop()
    node.start("--tls-auth", "mutual")
    url = f"https://127.0.0.1:{node.ports['tls']}/nothing"
    stranger = Pki(world.directory).user("eve")
    for who, alias, welcome in ((store, "ann", True), (stranger, "eve", False)):
        key = who.export(alias, f"{alias}.key", "--what", "key", "--plain")
        chain = who.export(alias, f"{alias}.chain")
        got = curl(url, "--cert", chain, "--key", key, ca=root)
        assert got.status == (404 if welcome else 403), alias
    restored(world, node, words, store)


def restored(world, node, words, store):
    """A wallet from its words without its CA has no certificate's bytes: they
    come back from the keystore, and no others do. The CA gives them too, also
    where every request needs a certificate."""
    again = world.wallet("again", node, enrol=False)
    shutil.rmtree(again.directory)
    again.directory.mkdir()
    again("restore", "--words-file", words, "--ca", "https://127.0.0.1:1")
    copy = Keystore(world.directory, "copy")
    done = wallet_keystore(again, copy, "import", "--from-wallet")
    assert done.returncode == 4 and "--to-wallet" in done.stderr, done.stderr
    assert not copy.path.exists()
    eve = Keystore(world.directory, "eve")
    done = wallet_keystore(again, eve, "export", "--to-wallet", "--alias",
                           "eve")
    assert done.returncode == 1 and "credential" in done.stderr
    done = wallet_keystore(again, store, "export", "--to-wallet", "--alias",
                           "ann")
    assert done.returncode == 0, done.stderr
    done = wallet_keystore(again, copy, "import", "--from-wallet", "--alias",
                           "ann")
    assert done.returncode == 0, done.stderr
    assert copy.list()["ann"]["sha256"] == store.list()["Ann"]["sha256"]
    shutil.rmtree(again.directory)
    assert again("restore", "--words-file", words)["certificates"] == 1
    asked = Keystore(world.directory, "asked")
    done = wallet_keystore(again, asked, "import", "--from-wallet")
    assert done.returncode == 0, done.stderr
    assert asked.list()["Ann"]["sha256"] == store.list()["Ann"]["sha256"]
    wrong = Keystore(world.directory, "x", "another secret")
    done = again.run("keystore", "import", "--keystore", wrong.path,
                     "--passphrase-file", again.secret,
                     "--wallet-passphrase-file",
                     wrong.passphrase(wrong.secret), "--from-wallet")
    assert done.returncode == 4 and not wrong.path.exists(), done.stderr
