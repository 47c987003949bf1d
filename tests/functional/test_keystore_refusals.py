"""What `gavel keystore` refuses, and with which exit code: expiry, revocation,
who may not sign, damage, failed writes."""

import datetime
import json
import resource
import signal
import subprocess
import time

import keystore
from keystore import Keystore, pki, store  # noqa: F401
from ledger import openssl


def test_S4_61_expired_certificates(pki, tmp_path):
    brief, old = pki.user("brief", "--life", "1s"), Keystore(tmp_path, "old")
    pki.issue(pki.root, "root", old, "old", "ca", "--life", "1s")
    brief.refused(keystore.EXPIRED, "inspect", "--verify", "--trust", pki.pem,
                  "--at", "2000-01-01T00:00:00Z", says="not yet valid")
    time.sleep(1.1)
    brief.refused(keystore.EXPIRED, "inspect", "--verify", "--trust", pki.pem,
                  says="expired")
    chain = pki.folder / "brief.pem"
    assert b"certificate has expired" in openssl(
        "verify", "-CAfile", pki.pem, "-untrusted", chain, chain,
        check=False).stderr
    old.refused(keystore.EXPIRED, "sign", "--alias", "old", "--csr",
                pki.folder / "brief.csr", "--role", "user", says="expired")


def test_S4_61_no_certificate_outlives_its_ca(pki, tmp_path):
    ca, csr = Keystore(tmp_path, "short"), tmp_path / "a.csr"
    pki.issue(pki.root, "root", ca, "short", "ca", "--life", "2d")
    Keystore(tmp_path, "a").generate("a", "user", "--csr", csr)
    signed = ca("sign", "--alias", "short", "--csr", csr, "--role", "user")
    assert signed["not_after_ms"] == ca.list()["short"]["not_after_ms"]
    chain = tmp_path / "a.pem"
    chain.write_text(signed["chain"])
    openssl("verify", "-CAfile", pki.pem, "-untrusted", chain, chain)


def openssl_crl(folder, store, alias, revoked, days=1):
    """A revocation list made by `openssl ca`, with the keystore's key."""
    folder.mkdir(exist_ok=True)
    key = folder / "key.pem"
    key.write_bytes(store.openssl("-nocerts", "-nodes").stdout)
    store("export", "--alias", alias, "--what", "certificate", "--out",
          folder / "cert.pem")
    (folder / "index").write_text("")
    (folder / "number").write_text("01\n")
    (folder / "conf").write_text(
        "[ca]\ndefault_ca = d\n[d]\ndatabase = index\ncrlnumber = number\n"
        "certificate = cert.pem\nprivate_key = key.pem\ndefault_md = sha256\n"
        "crl_extensions = x\n[x]\nauthorityKeyIdentifier = keyid\n")
    for pem in revoked:
        subprocess.run(["openssl", "ca", "-config", "conf", "-revoke", pem],
                       cwd=folder, check=True, capture_output=True, timeout=60)
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
        days=days)
    subprocess.run(
        ["openssl", "ca", "-config", "conf", "-gencrl", "-out", "crl.pem",
         "-crl_lastupdate", "20200101000000Z", "-crl_nextupdate",
         until.strftime("%Y%m%d%H%M%SZ")],
        cwd=folder, check=True, capture_output=True, timeout=60)
    key.unlink()
    return folder / "crl.pem"


def test_S4_61_revocation_lists_of_openssl(pki, tmp_path):
    gus, hal = pki.user("gus"), pki.user("hal")
    leaf = tmp_path / "gus.pem"
    gus("export", "--alias", "gus", "--what", "certificate", "--out", leaf)
    ca_crl = openssl_crl(tmp_path / "c", pki.ca, "ca", [leaf])
    root_crl = openssl_crl(tmp_path / "r", pki.root, "root", [])
    old_crl = openssl_crl(tmp_path / "o", pki.ca, "ca", [], days=-1)
    lists = ("--crl", ca_crl, "--crl", root_crl)
    verify = ("inspect", "--verify", "--trust", pki.pem)
    assert gus.run(*verify).returncode == 0
    gus.refused(keystore.REVOKED, *verify, *lists, says="CN=gus")
    assert hal(*verify, *lists)[0]["verified"] is True
    # The list in words.
    shown = pki.ca("inspect", "--file", ca_crl)[0]
    assert shown["issuer"] == "CN=Test CA"
    serial = openssl("x509", "-in", leaf, "-noout", "-serial").stdout.decode()
    assert shown["revoked"] == [serial.strip().split("=")[1].lower()]
    assert f"revoked: {shown['revoked'][0]}" in pki.ca.text("inspect", "--file",
                                                            ca_crl)
    # No list of one of the issuers, or one that is out of date.
    hal.refused(keystore.NO_CRL, *verify, "--crl", ca_crl)
    hal.refused(keystore.NO_CRL, *verify, "--crl", old_crl, "--crl", root_crl)
    # openssl is of the same mind.
    both = tmp_path / "both.pem"
    both.write_bytes(ca_crl.read_bytes() + root_crl.read_bytes())
    for name, ok in (("gus", False), ("hal", True)):
        chain = pki.folder / f"{name}.pem"
        done = openssl("verify", "-crl_check_all", "-CAfile", pki.pem,
                       "-CRLfile", both, "-untrusted", chain, chain,
                       check=False)
        assert (done.returncode == 0) == ok, done.stderr


def test_S4_61_who_may_not_sign(pki, tmp_path):
    ivy, csr = pki.user("ivy"), pki.folder / "ivy.csr"
    out = ("--csr", csr, "--out", tmp_path / "x.pem")
    ivy.refused(keystore.NOT_CA, "sign", "--alias", "ivy", "--role", "user",
                *out, says="no CA")
    pki.ca.refused(keystore.NOT_CA, "sign", "--alias", "ca", "--role", "ca",
                   *out, says="no further CA")
    pki.root.refused(keystore.NOT_CA, "sign", "--alias", "root", "--role",
                     "root", *out)
    pki.root.refused(1, "sign", "--alias", "root", "--role", "notary", *out,
                     says="notary")
    bad = tmp_path / "bad.csr"
    der = bytearray(openssl("req", "-in", csr, "-outform", "DER").stdout)
    der[-1] ^= 1
    bad.write_bytes(bytes(der))
    pki.ca.refused(keystore.DAMAGED, "sign", "--alias", "ca", "--role", "user",
                   "--csr", bad)
    assert not (tmp_path / "x.pem").exists()


def test_S4_60_every_refusal_has_its_code(pki, store, tmp_path):
    store.generate("a", "user")
    store.refused(keystore.DUPLICATE, "generate", "--alias", "A", "--role",
                  "user", "--name", "x", says="taken")
    store.refused(keystore.DUPLICATE, "trust", "--alias", "a", "--file",
                  pki.pem)
    for command in (("inspect",), ("export",), ("delete",), ("passwd",),
                    ("import", "--file", pki.pem)):
        store.refused(keystore.UNKNOWN, *command, "--alias", "nobody",
                      says="nobody")
    store.refused(keystore.UNTRUSTED, "import", "--alias", "a", "--file",
                  partial(pki, store), says="root")
    store.refused(1, "import", "--alias", "a", "--file",
                  pki.folder / "ca.pem", says="for this key")
    store.refused(2, "generate", "--alias", "b", "--role", "king", "--name",
                  "x")
    store.refused(2, "inspect", "--verify", says="--trust")
    good = store.path.read_bytes()
    for bad in (good[:-1], good[:100], b"", b"nonsense", good + b"\0"):
        store.path.write_bytes(bad)
        store.refused(keystore.DAMAGED, "list")
    flipped = bytearray(good)
    flipped[-200] ^= 1  # in a key, whose part is not encrypted as a whole
    store.path.write_bytes(bytes(flipped))
    store.refused(keystore.DAMAGED, "list", says="changed")
    store.path.write_bytes(good)
    other = Keystore(tmp_path, "store", "not the password")
    other.refused(keystore.PASSWORD, "list", says="wrong password")
    other.refused(keystore.PASSWORD, "generate", "--alias", "b", "--role",
                  "user", "--name", "b")
    Keystore(tmp_path, "none").refused(2, "list", says="no such")
    code = json.loads(other.run("list").stderr)["error"]["code"]
    assert code == keystore.PASSWORD


def partial(pki, store):
    """A certificate for the entry a of the store, without its issuers."""
    csr, chain = store.folder / "a.csr", store.folder / "a.pem"
    store("export", "--alias", "a", "--what", "request", "--out", csr)
    pki.ca("sign", "--alias", "ca", "--csr", csr, "--role", "user", "--out",
           chain)
    leaf = store.folder / "leaf.pem"
    leaf.write_bytes(openssl("x509", "-in", chain).stdout)
    return leaf


def test_a_failed_write_loses_nothing(store):
    store.generate("a", "user")
    before = sorted(p.name for p in store.folder.iterdir())
    old = store.path.read_bytes()

    def no_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
    args = store.args("generate", "--alias", "b", "--role", "user", "--name",
                      "b")
    done = subprocess.run(args, capture_output=True, text=True, timeout=60,
                          preexec_fn=no_room, restore_signals=False)
    assert done.returncode == 1 and "cannot write" in done.stderr, done.stderr
    assert store.path.read_bytes() == old
    assert sorted(p.name for p in store.folder.iterdir()) == before
    assert set(store.list()) == {"a"}


def test_commands_at_the_same_time_lose_nothing(store):
    names = [f"n{i}" for i in range(6)]
    running = [subprocess.Popen(
        store.args("generate", "--alias", n, "--role", "user", "--name", n),
        stdout=subprocess.DEVNULL) for n in names]
    assert [p.wait(60) for p in running] == [0] * len(names)
    assert set(store.list()) == set(names)


