"""Keystores as files: what the tool makes, openssl and keytool read, and the
other way round; chains, expiry, revocation; what is refused, and how."""

import contextlib
import hashlib
import os
import pty
import re
import subprocess
import time

import pytest

import keystore
from gavel import ROOT, CommandError
from keystore import Keystore, Pki, keytool, pki, store  # noqa: F401
from ledger import openssl


def fingerprint(pem):
    return hashlib.sha256(
        openssl("x509", "-in", pem, "-outform", "DER").stdout).hexdigest()


def colons(hexdigits):
    """As keytool prints a fingerprint."""
    return ":".join(re.findall("..", hexdigits.upper()))


# --- the keystores of root, server and clients ---


def test_S4_54_the_roots_keystore(pki):
    entry = pki.root.list()["root"]
    assert entry["kind"] == "key" and entry["role"] == "root"
    assert entry["sha256"] == fingerprint(pki.pem)
    assert pki.root.path.stat().st_mode & 0o777 == 0o600
    text = openssl("x509", "-in", pki.pem, "-noout", "-text").stdout.decode()
    assert "CA:TRUE, pathlen:1" in text and "Certificate Sign" in text
    info = pki.root.openssl("-info", "-noout").stderr.decode()
    assert "MAC: sha256" in info and "AES-256-CBC" in info, info
    rounds = [int(n) for n in re.findall(r"Iteration (\d+)", info)]
    assert len(rounds) == 3 and min(rounds) >= 10000, info
    raw = pki.root.path.read_bytes()
    assert b"PRIVATE" not in raw and b"Test root" not in raw


def test_S4_55_a_server_with_its_chain_to_the_root(pki):
    server = pki.server()
    entry = server.list()["server"]
    assert entry["chain"] == 2 and entry["complete"] is True
    shown = server.verify("server", pki.pem, "--role", "server")
    assert shown[0]["verified"] is True
    assert [c["role"] for c in shown[0]["certificates"]] == ["server", "root"]
    chain = server.export("server", "server-chain.pem")
    openssl("verify", "-x509_strict", "-purpose", "sslserver", "-verify_ip",
            "127.0.0.1", "-CAfile", pki.pem, chain)


def test_S4_56_each_client_with_its_chain_to_the_root(pki):
    for name in ("ann", "bob"):
        client = pki.user(name)
        shown = client.verify(name, pki.pem, "--role", "user")[0]
        assert [c["role"] for c in shown["certificates"]] == ["user", "ca",
                                                              "root"]
        chain = client.export(name, f"{name}-chain.pem")
        openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile",
                pki.pem, "-untrusted", chain, chain)


@pytest.mark.parametrize("role", ["tsa", "issuer", "notary", "node"])
def test_S4_54_a_key_of_every_role(pki, role):
    issuer = (pki.ca, "ca") if role == "node" else (pki.root, "root")
    s = Keystore(pki.folder, role)
    pki.issue(*issuer, s, role, role)
    shown = s.verify(role, pki.pem, "--role", role)[0]
    leaf = shown["certificates"][0]
    text = openssl("x509", "-in", pki.folder / f"{role}.pem", "-noout",
                   "-text").stdout.decode()
    if role == "issuer":
        assert leaf["key"] == "RSA-PSS, 3072 bits"
        assert "rsassaPss" in text and "SHA2-384" in text
        assert "Salt Length: 48" in text
    elif role == "notary":
        assert leaf["key"] == "RSA, 3072 bits" and "Key Encipherment" in text
    else:
        assert leaf["key"] == "EC P-256, 256 bits"
    assert ("Time Stamping" in text) == (role == "tsa")
    # Another role's certificate does not pass.
    with pytest.raises(CommandError) as e:
        s.verify(role, pki.pem, "--role", "user")
    assert e.value.code == 1 and f"role {role}" in e.value.stderr


# --- passwords ---


def test_S4_57_a_password_per_entry(store):
    one, two = store.passphrase("password one"), store.passphrase("password 2")
    store.generate("one", "user", "--entry-passphrase-file", one)
    store.generate("two", "user", "--entry-passphrase-file", two)
    store.generate("three", "user")
    assert len(store.list()) == 3

    def opens(alias, *options):
        done = store.run("export", "--alias", alias, "--what", "key",
                         "--plain", "--out", store.folder / "k.pem", *options)
        assert done.returncode in (0, keystore.PASSWORD), done.stderr
        return done.returncode == 0
    assert opens("one", "--entry-passphrase-file", one)
    assert opens("two", "--entry-passphrase-file", two)
    assert opens("three")
    assert not opens("one", "--entry-passphrase-file", two)
    assert not opens("two", "--entry-passphrase-file", one)
    assert not opens("one") and not opens("two")
    assert not opens("three", "--entry-passphrase-file", one)
    # openssl, with the store's password, sees the certificates and the third
    # key; it gives up at the first key it cannot open.
    done = store.openssl("-nokeys")
    assert done.stdout.count(b"BEGIN CERTIFICATE") == 3
    assert store.openssl("-nocerts", "-nodes", check=False).returncode != 0


def test_S4_57_keytool_asks_for_an_entrys_own_password(store):
    one = store.passphrase("password one")
    store.generate("one", "user", "--entry-passphrase-file", one)
    store.generate("two", "user")
    java = ("-keystore", store.path, "-storepass:env", "STORE")
    assert keytool("-list", *java).stdout.count("PrivateKeyEntry") == 2
    keytool("-certreq", "-alias", "two", *java)
    # The store's password does not do: keytool asks for the entry's.
    ask = ("-certreq", "-alias", "one", *java)
    assert "NEW CERTIFICATE REQUEST" in keytool(
        *ask, typed="password one\n").stdout
    wrong = keytool(*ask, typed="password two\n" * 3, check=False)
    assert wrong.returncode != 0 and "BEGIN" not in wrong.stdout


def test_S4_57_passwords_can_be_changed(store):
    one, two = store.passphrase("password one"), store.passphrase("password 2")
    store.generate("one", "user", "--entry-passphrase-file", one)
    store.generate("plain", "user")
    store("passwd", "--alias", "one", "--entry-passphrase-file", one,
          "--new-passphrase-file", two)
    store("passwd", "--new-passphrase-file", store.passphrase("a new secret"))
    assert store.run("list").returncode == keystore.PASSWORD
    store.secret = "a new secret"
    request = ("export", "--what", "request", "--alias")
    assert store.run(*request, "plain").returncode == 0
    assert store.run(*request, "one").returncode == keystore.PASSWORD
    assert store.run(*request, "one", "--entry-passphrase-file",
                     two).returncode == 0


def test_passwords_come_from_stdin_in_the_order_they_are_asked_for(store):
    args = store.args("generate", "--alias", "a", "--role", "user", "--name",
                      "a", "--entry-passphrase-file", "-")
    args[args.index("--passphrase-file") + 1] = "-"
    subprocess.run(args, input=f"{store.secret}\nof the entry\n", text=True,
                   check=True, capture_output=True, timeout=60)
    assert store.run("export", "--alias", "a", "--what", "request",
                     "--entry-passphrase-file",
                     store.passphrase("of the entry")).returncode == 0
    store.refused(2, "generate", "--alias", "b", "--role", "user", "--name",
                  "b", "--entry-passphrase-file", store.passphrase("short"),
                  says="at least 6")


def test_passwords_are_asked_for_on_the_terminal(store):
    """Twice for a new one, and nothing of them is shown."""
    args = store.args("generate", "--alias", "a", "--role", "user", "--name",
                      "a", "--ask-entry-passphrase")
    at = args.index("--passphrase-file")
    del args[at:at + 2]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(args[0], args)
    shown = b""

    def answer(prompt, text):
        nonlocal shown
        end = time.monotonic() + 60
        while prompt not in shown:
            assert time.monotonic() < end, shown
            shown += os.read(terminal, 1000)
        shown = shown.partition(prompt)[2]
        os.write(terminal, text.encode() + b"\n")
    answer(b"password of the keystore: ", store.secret)
    answer(b"password of the keystore (again): ", store.secret)
    answer(b"password of the entry: ", "of the entry")
    answer(b"password of the entry (again): ", "of the entry")
    rest = b""
    with contextlib.suppress(OSError):  # EIO: the other end is closed
        while chunk := os.read(terminal, 1000):
            rest += chunk
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, rest
    os.close(terminal)
    assert store.secret.encode() not in rest and b"of the entry" not in rest
    assert store.run("export", "--alias", "a", "--what", "request",
                     "--entry-passphrase-file",
                     store.passphrase("of the entry")).returncode == 0


# --- trust ---


def test_S4_58_S4_59_truststores_that_java_sees(pki, tmp_path):
    trust = Keystore(tmp_path, "trust")
    entry = trust("trust", "--alias", "root", "--file", pki.pem)
    assert entry["kind"] == "trusted"
    server, client = pki.server("srv"), pki.user("cleo")
    both = ("--trust-passphrase-file", trust.passphrase(trust.secret))
    for s, alias in ((server, "srv"), (client, "cleo")):
        assert s.verify(alias, trust.path, *both)[0]["verified"] is True
    # Another root of the same name is another root.
    foreign = Pki(tmp_path)
    stranger = foreign.user("eve")
    for root in (trust.path, pki.pem):
        stranger.refused(keystore.UNTRUSTED, "inspect", "--verify", "--trust",
                         root, *both, says="no chain")
    assert openssl("verify", "-CAfile", pki.pem, "-untrusted",
                   tmp_path / "eve.pem", tmp_path / "eve.pem",
                   check=False).returncode != 0
    listed = keytool("-list", "-keystore", trust.path, "-storepass:env",
                     "STORE").stdout
    assert "trustedCertEntry" in listed
    assert "contains 1 entry" in listed
    assert colons(entry["sha256"]) in listed


# --- keytool and openssl, both directions ---


def test_S4_60_keytool_reads_what_gavel_writes(pki):
    ann = pki.user("anna")
    ann("trust", "--alias", "the root", "--file", pki.pem)
    text = keytool("-list", "-v", "-keystore", ann.path, "-storepass:env",
                   "STORE").stdout
    assert "contains 2 entries" in text
    assert "PrivateKeyEntry" in text and "trustedCertEntry" in text
    assert "Certificate chain length: 3" in text
    for entry in ann.list().values():
        assert colons(entry["sha256"]) in text
    # The key is usable: Java signs a request that openssl verifies.
    csr = pki.folder / "java.csr"
    keytool("-certreq", "-alias", "anna", "-keystore", ann.path,
            "-storepass:env", "STORE", "-file", csr)
    openssl("req", "-in", csr, "-verify", "-noout")


def test_S4_60_gavel_reads_what_keytool_writes(pki, tmp_path):
    made = tmp_path / "java.p12"
    common = ("-keystore", made, "-storepass:env", "STORE")
    keytool("-genkeypair", "-alias", "Jo", "-keyalg", "EC", "-groupname",
            "secp256r1", "-dname", "CN=jo", "-validity", 30, *common)
    keytool("-importcert", "-noprompt", "-alias", "root", "-file", pki.pem,
            *common)
    java = Keystore(tmp_path, "java")
    assert {(e["alias"], e["kind"]) for e in java.list().values()} == {
        ("jo", "key"), ("root", "trusted")}
    # keytool asks, the CA signs, keytool takes the chain.
    csr, chain = tmp_path / "jo.csr", tmp_path / "jo.pem"
    keytool("-certreq", "-alias", "jo", "-file", csr, *common)
    pki.ca("sign", "--alias", "ca", "--csr", csr, "--role", "user", "--out",
           chain)
    keytool("-importcert", "-noprompt", "-alias", "jo", "-file", chain,
            *common)
    assert java.verify("jo", pki.pem, "--role", "user")[0]["chain"] == 3
    # Everything moves into a keystore of gavel's, which keytool reads again.
    own = Keystore(tmp_path, "own")
    taken = own("import", "--file", made, "--source-passphrase-file",
                java.passphrase(java.secret))
    assert {e["alias"] for e in taken} == {"jo", "root"}
    assert own.list() == java.list()
    keytool("-certreq", "-alias", "jo", "-keystore", own.path,
            "-storepass:env", "STORE")
    back = tmp_path / "back.p12"
    keytool("-importkeystore", "-srckeystore", own.path, "-srcstorepass:env",
            "STORE", "-destkeystore", back, "-deststorepass:env", "STORE")
    assert Keystore(tmp_path, "back").list() == own.list()


def test_S4_60_openssl_pkcs12_in_both_directions(pki, tmp_path):
    bea = pki.user("bea")
    key = tmp_path / "bea.key"
    key.write_bytes(bea.openssl("-nocerts", "-nodes").stdout)
    certs = bea.openssl("-nokeys").stdout
    assert certs.count(b"BEGIN CERTIFICATE") == 3
    assert b"friendlyName: bea" in certs
    assert openssl("pkey", "-in", key, "-pubout").stdout == openssl(
        "x509", "-in", pki.folder / "bea.pem", "-pubkey", "-noout").stdout
    made = tmp_path / "openssl.p12"
    secret = bea.passphrase(bea.secret)
    for options in ((), ("-keypbe", "PBE-SHA1-3DES", "-certpbe",
                         "PBE-SHA1-3DES", "-macalg", "sha1")):
        openssl("pkcs12", "-export", "-inkey", key, "-in",
                pki.folder / "bea.pem", "-name", "bea", "-passout",
                f"file:{secret}", "-out", made, *options)
        theirs = Keystore(tmp_path, "openssl")
        assert theirs.list() == bea.list()
        assert theirs.run("export", "--alias", "bea", "--what",
                          "request").returncode == 0
    shown = bea("export", "--alias", "bea", "--what", "certificate")
    assert openssl("x509", "-outform", "DER", data=shown["pem"].encode()
                   ).stdout == openssl("x509", "-outform", "DER", "-in",
                                       pki.folder / "bea.pem").stdout
    for odd in (("--der",), ("--plain",), ("--what", "key"),
                ("--what", "keystore")):
        bea.refused(2, "export", "--alias", "bea", *odd)
    # An entry as a keystore of its own, under another password.
    single = bea.export("bea", "single.p12", "--what", "keystore",
                        "--out-passphrase-file", bea.passphrase("for a phone"))
    assert single.stat().st_mode & 0o777 == 0o600
    assert Keystore(bea.folder, "single", "for a phone").list() == bea.list()


def test_S4_60_keys_and_certificates_as_pem_and_der(pki, tmp_path):
    dan = pki.user("dan")
    secret = dan.passphrase("of the file")
    key = dan.export("dan", "dan.key", "--what", "key",
                     "--out-passphrase-file", secret)
    assert key.stat().st_mode & 0o777 == 0o600
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in key.read_bytes()
    der = dan.export("dan", "dan.der", "--what", "certificate", "--der")
    assert der.read_bytes() == openssl(
        "x509", "-in", pki.folder / "dan.pem", "-outform", "DER").stdout
    plain = tmp_path / "dan.pk8"
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", key, "-passin",
            f"file:{secret}", "-outform", "DER", "-out", plain)
    for name, source in (("pem", ("--file", key, "--file", pki.folder /
                                  "dan.pem", "--source-passphrase-file",
                                  secret)),
                         ("der", ("--file", plain, "--file", der, "--file",
                                  pki.folder / "ca.pem"))):
        other = Keystore(tmp_path, name)
        other("import", "--alias", "dan", *source)
        assert other.list() == dan.list()
    wrong = Keystore(tmp_path, "wrong")
    wrong.refused(keystore.PASSWORD, "import", "--alias", "dan", "--file", key,
                  "--file", der, "--source-passphrase-file",
                  wrong.passphrase("not it"))
    wrong.refused(1, "import", "--alias", "dan", "--file", plain, "--file",
                  pki.pem, says="no certificate")


def test_a_dash_is_standard_output(pki, tmp_path):
    eve = pki.user("eve")
    secret = eve.passphrase("of the file")
    pem = eve.text("export", "--alias", "eve", "--out", "-")
    assert pem == eve.text("export", "--alias", "eve")
    key = eve.text("export", "--alias", "eve", "--what", "key", "--out", "-",
                   "--out-passphrase-file", secret)
    assert key.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    eve.refused(2, "export", "--alias", "eve", "--what", "key",
                says="say --out")
    made = Keystore(tmp_path, "made")
    csr = made.text("generate", "--alias", "made", "--role", "server",
                    "--name", "made.example", "--csr", "-")
    assert csr.startswith("-----BEGIN CERTIFICATE REQUEST-----")
    assert csr.endswith("-----END CERTIFICATE REQUEST-----\n")
    request = tmp_path / "made.csr"
    request.write_text(csr)
    signed = pki.root.text(
        "sign", "--alias", "root", "--csr", request, "--role", "server",
        "--san", "made.example", "--out", "-")
    assert signed.startswith("-----BEGIN CERTIFICATE-----")
    assert not os.path.exists("-")


def test_S4_60_inspect_tells_every_field(pki):
    server = pki.server("fields", "--crl-url", "http://127.0.0.1/crl/root.crl")
    text = server.text("inspect", "--alias", "fields")
    for field in ("subject          CN=fields", "issuer           CN=Test root",
                  "role             server", "EC P-256", "ecdsa-with-SHA256",
                  "X509v3 Basic Constraints (critical): CA:FALSE",
                  "X509v3 Key Usage (critical): Digital Signature",
                  "TLS Web Server Authentication",
                  "DNS:localhost, IP Address:127.0.0.1",
                  "URI:http://127.0.0.1/crl/root.crl",
                  "Subject Key Identifier", "Authority Key Identifier"):
        assert field in text, (field, text)
    shown = server("inspect", "--alias", "fields")[0]["certificates"][0]
    pem = pki.folder / "fields.pem"
    assert shown["sha256"] == fingerprint(pem)
    serial = openssl("x509", "-in", pem, "-noout", "-serial").stdout.decode()
    assert shown["serial"] == serial.split("=")[1].strip().lower()
    assert shown["not_after_ms"] - shown["not_before_ms"] == (
        397 * 24 + 1) * 3600_000
    # A file says the same as the entry, and a request can be read, too.
    assert server("inspect", "--file", pem)[0]["certificates"][0] == shown
    asked = server("inspect", "--file", pki.folder / "fields.csr")[0]
    assert asked["subject"] == "CN=fields" and asked["key_id"] == shown[
        "key_id"]


def test_S4_60_sign_an_entry_of_the_same_keystore(store):
    store.generate("root", "root")
    store.generate("ca", "ca")
    store.generate("kim", "user")
    store("sign", "--alias", "root", "--entry", "ca", "--role", "ca")
    entry = store("sign", "--alias", "ca", "--entry", "kim", "--role", "user")
    assert entry["chain"] == 3 and entry["complete"] is True
    # Deleting the CA's entry leaves the chain below it whole.
    store("delete", "--alias", "ca")
    assert set(store.list()) == {"root", "kim"}
    assert store.verify("kim", store.export("root", "root.pem"))
    text = store.text("list")
    assert re.search(r"^kim +key +user +CN=kim +\d{4}-", text, re.M), text
    store.refused(2, "sign", "--alias", "root", "--entry", "root", "--role",
                  "ca", says="another entry")


def test_no_secret_is_printed_or_an_argument(store):
    one = store.passphrase("password one")
    done = store.run("generate", "--alias", "a", "--role", "user", "--name",
                     "a", "--entry-passphrase-file", one)
    wrong = store.run("export", "--alias", "a", "--what", "request")
    for text in (done.stdout, done.stderr, wrong.stdout, wrong.stderr):
        assert store.secret not in text and "password one" not in text
        assert "PRIVATE KEY" not in text
    spec = (ROOT / "docs/spec/keystore.md").read_text()
    for command in ("generate", "sign", "import", "export", "list", "inspect",
                    "trust", "delete", "passwd"):
        usage = store.text(command, "--help")
        assert f"keystore {command}" in usage
        options = set(re.findall(r"^  --([a-z-]+)", usage, re.M))
        assert not [o for o in options if o in ("password", "passphrase")]
        assert f"`{command}`" in spec, command
