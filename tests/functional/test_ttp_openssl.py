"""The services of the TTP with stock programs: openssl and curl, no code of
Gavel on the client's side but a BIP340 signature."""

import base64
import hashlib
import re
import subprocess

import pytest

import gavel
from gavel import RpcError, wait_for
from ledger import ARC, Est, Identity, Key, curl, openssl


@pytest.fixture(scope="module")
def ttp(tmp_path_factory):
    """One node for all tests here; they leave it well."""
    world = gavel.World(tmp_path_factory.mktemp("ttp"))
    t = type("Ttp", (), {})()
    t.world = world
    try:
        t.node = world.node()
        t.node.wait_services()
        t.est = Est(t.node, world.path("est"))
        t.root = t.node.datadir / "gavel-root.pem"
        t.tsa = t.node.rpc.status()["ttp"]["tsa"]["url"]
        yield t
        assert t.node.stop() == 0
    finally:
        world.end()


def certificates(ttp):
    """The CA's and the root's certificate, as cacerts sends them."""
    answer = ttp.est.get("cacerts")
    assert answer.status == 200
    assert answer.kind.startswith("application/pkcs7-mime"), answer.kind
    der = base64.b64decode(answer.body)
    pem = openssl("pkcs7", "-inform", "DER", "-print_certs",
                  data=der).stdout.decode()
    return re.findall(r"-----BEGIN.*?END CERTIFICATE-----\n", pem, re.S)


def subject(pem):
    return openssl("x509", "-noout", "-subject", data=pem.encode()
                   ).stdout.decode()


def chain_file(ttp):
    path = ttp.world.path("chain.pem")
    path.write_text("".join(certificates(ttp)))
    return path


def verify(ttp, certificate, *options, check=True):
    path = ttp.world.path("checked.pem")
    path.write_bytes(openssl("x509", "-inform", "DER", data=certificate).stdout)
    return openssl("verify", "-x509_strict", "-CAfile", ttp.root,
                   "-untrusted", chain_file(ttp), *options, path, check=check)


# --- EST ---


def test_S4_54_cacerts_is_a_chain_to_the_root_that_the_node_wrote(ttp):
    got = certificates(ttp)
    assert len(got) == 2
    roots = [pem for pem in got if "root" in subject(pem)]
    assert len(roots) == 1
    written = openssl("x509", "-outform", "DER", "-in", ttp.root).stdout
    assert openssl("x509", "-outform", "DER",
                   data=roots[0].encode()).stdout == written
    ca = next(pem for pem in got if pem not in roots)
    text = openssl("x509", "-noout", "-text", data=ca.encode()).stdout.decode()
    assert "CA:TRUE, pathlen:0" in text and "Certificate Sign" in text


def test_csrattrs_asks_for_the_proof_with_a_fresh_nonce(ttp):
    answer = ttp.est.get("csrattrs")
    assert answer.status == 200
    assert answer.kind.startswith("application/csrattrs"), answer.kind
    text = openssl("asn1parse", "-inform", "DER",
                   data=base64.b64decode(answer.body)).stdout.decode()
    assert "challengePassword" in text and "prime256v1" in text
    assert f"{ARC}.3.1" in text and "ecdsa-with-SHA256" in text
    nonces = {ttp.est.nonce() for _ in range(5)}
    assert len(nonces) == 5
    assert all(re.fullmatch("[0-9a-f]{64}", n) for n in nonces)


def test_S0_01_enrolment_with_openssl_and_curl(ttp):
    identity = Identity("carol with curl")
    csr = ttp.est.request(identity)
    answer = ttp.est.send(csr)
    assert answer.status == 200, answer.text
    certificate = ttp.est.certificate(answer)
    verify(ttp, certificate)
    verify(ttp, certificate, "-purpose", "sslclient")
    assert verify(ttp, certificate, "-purpose", "sslserver",
                  check=False).returncode != 0
    text = openssl("x509", "-inform", "DER", "-noout", "-text",
                   data=certificate).stdout.decode()
    assert "carol with curl" in text and "CA:FALSE" in text
    assert f"{ARC}.2.1" in text
    # The serial number is recorded and the ledger gets the credential.
    fingerprint = hashlib.sha256(certificate).hexdigest()

    def known():
        try:
            return ttp.node.rpc.getcert(fingerprint=fingerprint)
        except RpcError as e:
            if e.code != -5:
                raise
            return None
    cert = wait_for("the CERT transaction", known)
    assert cert["key"] == identity.public and cert["role"] == "user"
    assert cert["revoked"] is False
    # The same request again gets the same certificate.
    assert ttp.est.certificate(ttp.est.send(csr)) == certificate


def refused(ttp, csr, status=400, says="", **more):
    answer = ttp.est.send(csr, **more)
    assert answer.status == status, (answer.status, answer.text)
    assert answer.text and "\n" not in answer.text, answer.text
    assert says in answer.text, answer.text
    return answer


def test_S0_01_duplicate_identities_are_refused(ttp):
    first = Identity("dora")
    assert ttp.est.send(ttp.est.request(first)).status == 200
    refused(ttp, ttp.est.request(Identity("dora")), says="dupl")
    refused(ttp, ttp.est.request(Identity("DORA")), says="dupl")
    refused(ttp, ttp.est.request(Identity("dora the second", first.key)),
            says="dupl")
    edge = ttp.est.edge_key("shared")
    assert ttp.est.send(ttp.est.request(Identity("erin"),
                                        edge=edge)).status == 200
    refused(ttp, ttp.est.request(Identity("erin's brother"), edge=edge),
            says="dupl")


def test_S0_02_challenge_and_proof(ttp):
    """A used nonce, an unknown one, another's signature: refused, each with
    its reason."""
    nonce = ttp.est.nonce()
    first = Identity("frank")
    assert ttp.est.send(ttp.est.request(first, nonce)).status == 200
    refused(ttp, ttp.est.request(Identity("fritz"), nonce), says="nonce")
    refused(ttp, ttp.est.request(Identity("fred"), "ab" * 32), says="nonce")
    refused(ttp, ttp.est.request(Identity("felix"), signer=Key()))
    good = ttp.est.request(Identity("finn"))
    for at in range(0, len(good), 17):
        bad = bytearray(good)
        bad[at] ^= 1
        answer = ttp.est.send(bytes(bad))
        assert answer.status == 400, (at, answer.status, answer.text)
    # Nothing of that used up the nonce or the name.
    assert ttp.est.send(good).status == 200


def test_requests_that_are_none(ttp):
    good = ttp.est.request(Identity("gina"))
    for bad in (b"", b"nonsense", good[:-1], good + b"\0", good * 2,
                b"\x30\x80" + good[2:], bytes(5000)):
        assert ttp.est.send(bad).status in (400, 413), bad[:20]
    answer = curl(f"{ttp.est.base}/simpleenroll", "-H",
                  "Content-Type: application/pkcs10", ca=ttp.root,
                  data=b"!!!! no base64 !!!!")
    assert answer.status == 400
    assert ttp.est.send(good, kind="text/plain").status == 415
    assert ttp.est.get("simpleenroll").status in (404, 405)
    assert ttp.est.get("nothing").status == 404
    p384 = ttp.est.edge_key("p384", "secp384r1")
    refused(ttp, ttp.est.request(Identity("gerd"), edge=p384))
    assert ttp.est.send(good, path="simplereenroll").status == 403
    assert ttp.est.send(good).status == 200


# --- time stamps ---


def stamp(ttp, data, *options):
    """(query, response) files of one RFC 3161 exchange with the openssl and
    curl programs."""
    folder = ttp.world.path("ts")
    folder.mkdir(exist_ok=True)
    source, query, answer = (folder / n for n in ("data", "q.tsq", "r.tsr"))
    source.write_bytes(data)
    openssl("ts", "-query", "-data", source, "-out", query, *options)
    got = curl(ttp.tsa, "-H", "Content-Type: application/timestamp-query",
               ca=ttp.root if ttp.tsa.startswith("https") else None,
               data=query.read_bytes())
    assert got.status == 200, got.text
    assert got.kind.startswith("application/timestamp-reply"), got.kind
    answer.write_bytes(got.body)
    return source, query, answer


def reply_text(answer):
    return openssl("ts", "-reply", "-in", answer, "-text").stdout.decode()


def test_S0_08_openssl_accepts_the_time_stamp(ttp):
    source, query, answer = stamp(ttp, b"a bid, say", "-sha256", "-cert")
    for what in (("-queryfile", query), ("-data", source)):
        done = openssl("ts", "-verify", *what, "-in", answer, "-CAfile",
                       ttp.root)
        assert b"Verification: OK" in done.stdout + done.stderr
    text = reply_text(answer)
    assert "Status: Granted." in text
    assert f"Policy OID: {ARC}.1.2" in text and "Ordering: yes" in text
    # Over the hash alone: another file does not fit.
    source.write_bytes(b"another bid")
    assert openssl("ts", "-verify", "-data", source, "-in", answer, "-CAfile",
                   ttp.root, check=False).returncode != 0
    # One changed byte of the answer.
    bad = bytearray(answer.read_bytes())
    bad[-10] ^= 1
    answer.write_bytes(bad)
    assert openssl("ts", "-verify", "-queryfile", query, "-in", answer,
                   "-CAfile", ttp.root, check=False).returncode != 0


def test_S0_09_genTime_rises_and_the_nonce_comes_back(ttp):
    times = []
    for i in range(5):
        _, query, answer = stamp(ttp, b"x%d" % i, "-sha256", "-cert")
        text = reply_text(answer)
        nonce = re.search(r"Nonce: (\S+)", openssl(
            "ts", "-query", "-in", query, "-text").stdout.decode()).group(1)
        assert f"Nonce: {nonce}" in text
        times.append(int(re.search(r"Serial number: 0x(\w+)", text).group(1),
                         16))
    assert times == sorted(set(times)), "serial = genTime in us, rising"
    _, _, answer = stamp(ttp, b"no nonce", "-sha256", "-no_nonce")
    assert "Nonce: unspecified" in reply_text(answer)


@pytest.mark.parametrize("options, says", [
    (["-sha1"], "unrecognized or unsupported algorithm"),
    (["-sha512"], "unrecognized or unsupported algorithm"),
    (["-sha256", "-tspolicy", f"{ARC}.1.1"], "policy"),
    (["-sha256", "-tspolicy", "1.2.3.4"], "policy"),
], ids=["sha1", "sha512", "published policy", "unknown policy"])
def test_S0_08_queries_that_are_rejected(ttp, options, says):
    _, query, answer = stamp(ttp, b"x", *options)
    text = reply_text(answer)
    assert "Status: Rejected." in text and says in text.lower(), text
    assert openssl("ts", "-verify", "-queryfile", query, "-in", answer,
                   "-CAfile", ttp.root, check=False).returncode != 0


def test_time_stamp_queries_that_are_none(ttp):
    _, query, _ = stamp(ttp, b"x", "-sha256", "-cert")
    good = query.read_bytes()
    ca = ttp.root if ttp.tsa.startswith("https") else None
    for bad in (b"", b"nonsense", good[:-1], good + b"\0", bytes(5000)):
        got = curl(ttp.tsa, "-H", "Content-Type: application/timestamp-query",
                   ca=ca, data=bad)
        if got.status == 200:
            path = ttp.world.path("ts") / "bad.tsr"
            path.write_bytes(got.body)
            assert "Status: Rejected." in reply_text(path), bad[:20]
        else:
            assert got.status in (400, 413), bad[:20]
    got = curl(ttp.tsa, "-H", "Content-Type: text/plain", ca=ca, data=good)
    assert got.status == 415
    assert curl(ttp.tsa, ca=ca).status in (404, 405)


# --- approval ---


def test_approval_by_one_time_secret_and_by_hand_refuse_strangers(world):
    node = world.node("strict", "--ttp-approval", "secret")
    est = Est(node, world.path("est"))
    answer = est.send(est.request(Identity("ida")))
    assert answer.status == 401 and "www-authenticate" in answer.headers
    answer = est.send(est.request(Identity("ida")), "-u", "x:guess")
    assert answer.status == 401
    node.stop()
    node.start("--ttp-approval", "hand")
    est = Est(node, world.path("est"))
    answer = est.send(est.request(Identity("ida")))
    assert answer.status == 202 and int(answer.headers["retry-after"]) > 0
    wallet = world.wallet("jo", node, enrol=False)
    done = wallet.run("enrol", "--name", "jo", "--wait", "1s", as_json=False)
    assert done.returncode == 1 and "approv" in done.stderr, done.stderr


def test_S4_55_role_keys_are_encrypted_with_a_passphrase(world):
    secret = world.path("secret")
    secret.write_text("a long enough passphrase\n")
    node = world.node("locked", "--ttp-passphrase-file", str(secret))
    node.stop()
    keys = [p for p in (node.datadir / "ttp").rglob("*") if p.is_file() and
            b"PRIVATE KEY" in p.read_bytes()]
    assert keys
    for path in keys:
        assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes(), path
        assert path.stat().st_mode & 0o077 == 0, path
    node.start()
    node.stop()
    secret.write_text("another passphrase\n")
    code, text = node.fails()
    assert code == 1 and "passphrase" in text, text
    assert "another" not in text
    secret.unlink()
    code, text = node.fails()
    assert code != 0 and "secret" in text
    done = subprocess.run(["grep", "-rl", "long enough", str(node.datadir)],
                          capture_output=True)
    assert done.stdout == b""
