"""TLS of the services and of JSON-RPC with stock programs: who proves who he
is, certificates and their revocation, refusals by reason."""

import hashlib
import json
import re
import subprocess
import types

import pytest

import gavel
from gavel import RpcError, wait_for
from ledger import ARC, Est, Identity, curl, openssl
from tls import (CLIENT, by_its_ca, default_service, enrolled, refused,
                 self_made, service, session, stamp)

SECURITY_HEADERS = {
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}


# --- server authentication ---


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    yield from default_service(tmp_path_factory.mktemp("tls"))


def test_S4_51_server_authentication_needs_no_client_certificate(plain):
    port = plain.node.ports["tls"]
    code, text = session(port, plain.root, "-verify_return_error",
                         "-verify_ip", "127.0.0.1")
    assert code == 0 and "TLSv1.3" in text and "Verification: OK" in text, text
    assert stamp(plain).status == 200
    # Without the root in the trust store: refused by the client.
    assert curl(f"{plain.est.base}/cacerts", check=False) is None
    # Older protocols: refused by the server.
    for old in ("-tls1_2", "-tls1_1", "-tls1"):
        assert session(port, plain.root, old)[0] != 0, old


def test_S4_51_every_reply_is_guarded(plain):
    """Found, not found, refused by the service, refused by the library."""
    urls = [f"{plain.base}/crl/ca.crl", f"{plain.base}/nothing",
            f"{plain.base}/.well-known/est/cacerts", f"{plain.base}/tsa",
            f"https://127.0.0.1:{plain.node.ports['rpc_tls']}/healthz"]
    answers = [curl(url, ca=plain.root) for url in urls]
    answers.append(curl(urls[0], "-X", "BREW", ca=plain.root))
    assert [a.status for a in answers] == [200, 404, 200, 405, 200, 501]
    for url, answer in zip([*urls, "BREW"], answers):
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers.get(name) == value, (url, name)
        assert "server" not in answer.headers, url


def test_S4_55_the_servers_certificate(plain):
    """Names, life, and where to ask whether it is revoked."""
    pem = plain.node.datadir / "ttp/tls-cert.pem"
    text = openssl("x509", "-noout", "-text", "-in", pem).stdout.decode()
    for name in ("DNS:localhost", "IP Address:127.0.0.1", "DNS:gavel.example",
                 "IP Address:0:0:0:0:0:0:0:1", "IP Address:192.0.2.7"):
        assert text.count(name) == 1, (name, text)
    assert f"URI:{plain.base}/crl/root.crl" in text
    assert openssl("x509", "-noout", "-checkend", str(90 * 86400), "-in", pem,
                   check=False).returncode == 0
    crl = plain.world.path("root.crl")
    crl.write_bytes(openssl("crl", "-inform", "DER", data=curl(
        f"{plain.base}/crl/root.crl", ca=plain.root).body).stdout)
    done = openssl("verify", "-x509_strict", "-purpose", "sslserver",
                   "-crl_check", "-CRLfile", crl, "-CAfile", plain.root, pem)
    assert b"OK" in done.stdout
    for service in ("ca", "tsa"):
        text = openssl("x509", "-noout", "-text", "-in",
                       plain.node.datadir / f"ttp/{service}-cert.pem"
                       ).stdout.decode()
        assert "/crl/root.crl" in text, service


def test_S4_55_the_certificate_follows_the_address(world):
    """Another port, another name: another certificate at the next start."""
    s = service(world)
    pem = s.node.datadir / "ttp/tls-cert.pem"
    before = pem.read_bytes()
    s.node.restart("--tls-host", "localhost")
    after = pem.read_bytes()
    assert after != before
    url = s.node.rpc.status()["ttp"]["ca"]["url"]
    assert url.startswith("https://localhost:")
    assert curl(f"{url}/cacerts", ca=s.root).status == 200
    text = openssl("x509", "-noout", "-text", "-in", pem).stdout.decode()
    assert f"URI:{url.split('/.well')[0]}/crl/root.crl" in text


# --- mutual authentication ---


def test_S4_52_mutual_authentication(world):
    """Without a good certificate nothing but what somebody without one must be
    able to do; each refusal has its reason."""
    s = service(world, "--tls-auth", "mutual", "--rpc-tls-bind", "127.0.0.1:0")
    need = "needs a client certificate of network regtest"
    refused(stamp(s), need)
    refused(curl(f"{s.base}/nothing", ca=s.root), need)
    csr = s.est.request(Identity("nobody"))
    refused(s.est.send(csr, path="simplereenroll"), need)
    # Enrolment has its own rule (approval, secret); lists are signed.
    for path in ("/.well-known/est/cacerts", "/.well-known/est/csrattrs",
                 "/crl/ca.crl", "/crl/root.crl"):
        assert curl(f"{s.base}{path}", ca=s.root).status == 200, path
    # Issuer and notary check signatures; a winner may be anonymous.
    binary = "-H", "Content-Type: application/octet-stream"
    assert curl(f"{s.base}/issuer/nonce", *binary, ca=s.root,
                data=b"").status == 200
    for path in ("/issuer/commit", "/issuer/reveal", "/notary/seller"):
        assert curl(f"{s.base}{path}", *binary, ca=s.root,
                    data=b"x").status == 400, path
    client, _ = enrolled(s, "hanna")
    answer = stamp(s, *client)
    assert answer.status == 200
    assert answer.kind.startswith("application/timestamp-reply")
    assert curl(f"{s.base}/nothing", *client, ca=s.root).status == 404
    refused(stamp(s, *self_made(s, "stranger")),
            "does not lead to the root of network regtest")
    # The wallet's own enrolment is a first one.
    assert world.wallet("sam", s.node, enrol=False).enrol("Sam")["key"]
    # A certificate without its key is none.
    other = s.est.edge_key("other")
    assert curl(f"{s.base}/tsa", *client[:2], "--key", other, ca=s.root,
                check=False) is None


def test_S4_52_json_rpc_over_mutual_tls(world):
    """The certificate opens the door, the login the methods; plain JSON-RPC on
    loopback goes on."""
    s = service(world, "--tls-auth", "mutual", "--rpc-tls-bind", "127.0.0.1:0")
    url = f"https://127.0.0.1:{s.node.ports['rpc_tls']}/"
    login = ("-u", s.node.cookie.read_text().strip(), "-H",
             "Content-Type: application/json")
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "uptime"}).encode()
    client, _ = enrolled(s, "irma")
    refused(curl(url, *login, ca=s.root, data=call), "needs a client cert")
    # It takes every path, so what the services except is not excepted here.
    for path in ("healthz", ".well-known/est/cacerts", "issuer/nonce"):
        refused(curl(f"{url}{path}", *login, ca=s.root, data=call),
                "needs a client certificate")
    assert curl(f"{url}crl/root.crl", ca=s.root).status == 200
    assert curl(url, *client, ca=s.root, data=call).status == 401
    answer = curl(url, *client, *login, ca=s.root, data=call)
    assert answer.status == 200 and "result" in json.loads(answer.body)
    assert s.node.rpc.uptime() >= 0


def test_S4_52_the_programs_reach_a_node_over_tls(world):
    """By the root that is compiled in; with a client certificate where the
    node asks for one, and a plain word where it is missing."""
    s = service(world, "--rpc-tls-bind", "127.0.0.1:0")
    client, _ = enrolled(s, "quinn")
    remote = types.SimpleNamespace(
        url=f"https://127.0.0.1:{s.node.ports['rpc_tls']}",
        cookie=s.node.cookie, network=s.node.network, build=s.node.build)
    wallet = world.wallet("ruth", remote)
    assert wallet("status")["network"] == "regtest"
    explorer = world.explorer(remote)
    assert explorer.dump(world.path("dump.jsonl"), "--network", "regtest")
    # The root of another network does not do.
    done = explorer.run("dump", "--network", "test")
    assert done.returncode != 0 and "certificate is refused" in done.stderr
    done = subprocess.run(
        [gavel.program("gavel"), "--node", remote.url, "--cookie",
         s.node.cookie, "--wallet", world.path("none"), "status"],
        capture_output=True, text=True, timeout=gavel.COMMAND_S)
    assert done.returncode != 0 and "--network" in done.stderr, done.stderr

    s.node.restart("--tls-auth", "mutual")
    remote.url = f"https://127.0.0.1:{s.node.ports['rpc_tls']}"
    done = wallet.run("status", as_json=False)
    assert done.returncode != 0
    assert "403" in done.stderr and "needs a client cert" in done.stderr
    show = ("--node-cert", client[1], "--node-key", client[3])
    assert wallet("status", *show)["network"] == "regtest"


def test_S4_51_a_node_without_a_role_serves_json_rpc_over_tls(world):
    """Its certificate is of the network, too, and names its own list; a miner
    works for it."""
    node = world.node("plain", "--rpc-tls-bind", "127.0.0.1:0", ttp=False)
    assert node.ports["tls"] == 0
    url = f"https://127.0.0.1:{node.ports['rpc_tls']}"
    text = openssl("x509", "-noout", "-text", "-in",
                   node.datadir / "ttp/tls-cert.pem").stdout.decode()
    assert f"URI:{url}/crl/root.crl" in text
    root = node.datadir / "gavel-root.pem"
    got = curl(f"{url}/crl/root.crl", ca=root)
    assert got.kind == "application/pkix-crl"
    remote = types.SimpleNamespace(url=url, cookie=node.cookie,
                                   network=node.network, build=node.build)
    miner = gavel.Miner(world.path("miner.log"), remote, "--network",
                        "regtest", "--blocks", "1").start()
    world.things.append(miner)
    assert miner.process.wait() == 0
    node.wait_height("registry", 1)


# --- each refusal with its own reason ---


def test_S4_61_wrong_certificates_are_told_why(world):
    """The same words in mutual mode and for a renewal."""
    s = service(world, "--tls-auth", "mutual")
    ttp = s.node.datadir / "ttp"
    shown = [
        (self_made(s, "stranger"), "does not lead to the root"),
        (self_made(s, "expired", *by_its_ca(s), days="-1"),
         "the client certificate has expired"),
        (("--cert", ttp / "tsa-cert.pem", "--key", ttp / "tsa-key.pem"),
         "is for another role"),
        (("--cert", ttp / "tls-cert.pem", "--key", ttp / "tls-key.pem"),
         "is for another role"),
        (self_made(s, "roleless", *by_its_ca(s), extensions=CLIENT.replace(
            f",{ARC}.2.1", "")), "is for another role"),
    ]
    client, der = enrolled(s, "karl")
    assert s.node.rpc.carevoke(hashlib.sha256(der).hexdigest(), 1)
    shown.append((client, "the client certificate is revoked"))
    for options, says in shown:
        refused(stamp(s, *options), says)
        csr = s.est.request(Identity("somebody"))
        refused(s.est.send(csr, *options, path="simplereenroll"), says)
    # Of the right CA, good for the door, and unknown to its records.
    forged = self_made(s, "forged", *by_its_ca(s))
    assert stamp(s, *forged).status == 200
    answer = s.est.send(s.est.request(Identity("forged"), edge=forged[3]),
                        *forged, path="simplereenroll")
    assert answer.status == 400 and "not issued here" in answer.text
    # A user's certificate renews no node's.
    client, _ = enrolled(s, "lena")
    csr = s.est.request(Identity("lena"), edge=client[3])
    refused(s.est.send(csr, *client, path="node/simplereenroll"),
            "this needs a node's")


def test_S4_61_openssl_verify_heeds_the_list(world):
    """crl_check with the list from where the certificate says it is; the list
    is kept until it changes."""
    s = service(world)
    client, der = enrolled(s, "mara")
    pem = client[1]
    text = openssl("x509", "-noout", "-text", "-in", pem).stdout.decode()
    url = re.search(r"URI:(https://\S+/crl/ca\.crl)", text).group(1)
    assert url == f"{s.base}/crl/ca.crl"
    crl = world.path("ca.crl")

    def check():
        got = curl(url, ca=s.root)
        assert got.kind == "application/pkix-crl"
        crl.write_bytes(openssl("crl", "-inform", "DER",
                                data=got.body).stdout)
        done = openssl("verify", "-crl_check", "-CRLfile", crl, "-CAfile",
                       s.root, "-untrusted", s.node.datadir / "ttp/ca-cert.pem",
                       pem, check=False)
        return got.body, (done.stdout + done.stderr).decode()
    first, said = check()
    assert ": OK" in said
    assert check()[0] == first, "the same list again"
    assert s.node.rpc.carevoke(hashlib.sha256(der).hexdigest(), 4)
    second, said = check()
    assert second != first and "certificate revoked" in said, said
    text = openssl("crl", "-inform", "DER", "-noout", "-text",
                   data=second).stdout.decode()
    assert "Superseded" in text
    s.node.restart()
    s.base = f"https://127.0.0.1:{s.node.ports['tls']}"
    url = f"{s.base}/crl/ca.crl"
    assert "certificate revoked" in check()[1], "after a restart, too"


def test_S0_01_renewal_with_openssl_and_curl(world):
    """The same name and ledger key, a new key; the old certificate, shown
    without its CA's, is the login."""
    s = service(world)
    identity = Identity("nora")
    answer = s.est.send(s.est.request(identity))
    old = s.est.certificate(answer)
    pem = world.path("nora.pem")
    pem.write_bytes(openssl("x509", "-inform", "DER", data=old).stdout)
    client = ("--cert", pem, "--key", s.est.folder / "nora.key")
    new_key = s.est.edge_key("nora-again")
    csr = s.est.request(identity, edge=new_key)
    refused(s.est.send(csr, path="simplereenroll"), "needs a client cert")
    answer = s.est.send(csr, *client, path="simplereenroll")
    assert answer.status == 200, answer.text
    new = s.est.certificate(answer)
    assert new != old
    # Somebody else's name cannot be renewed with it, nor another ledger key.
    for other in (Identity("olga", identity.key), Identity("nora")):
        answer = s.est.send(s.est.request(other, edge=new_key), *client,
                            path="simplereenroll")
        assert answer.status == 400 and "must stay the same" in answer.text
    # Renewed or not, a second enrolment under the name is a duplicate.
    answer = s.est.send(s.est.request(Identity("nora")))
    assert answer.status == 400 and "duplicate" in answer.text


# --- the revoked get nothing ---


def revoke(node, key):
    fingerprint = node.rpc.getcert(key=key)["fingerprint"]
    assert node.rpc.carevoke(fingerprint, 1) == fingerprint
    wait_for("the revocation on the registry",
             lambda: node.rpc.getcert(key=key)["revoked"])


def test_S0_03_a_revoked_bidder_gets_no_stamp(world, node):
    """Enrolled in the auction while good: bids after the revocation are not
    stamped, others' are."""
    node.wait_services()
    seller = world.wallet("seller", node)
    auction = seller.create("A clock", "--d", "30s", "--difficulty", "1")
    est = Est(node, world.path("est"))
    people = [est.enrol(node, name) for name in ("ann", "bob", "cid")]
    for who in people:
        node.rpc.sendrawtransaction(who.enrol_tx(auction).hex())
    recent = node.rpc.getauction(auction)["final_sealed"]
    ann, bob, cid = people
    assert node.rpc.submitbid(ann.bid_tx(auction, 100, 1, recent)[1].hex())
    revoke(node, ann.public)
    revoke(node, bob.public)
    for who, seq in ((ann, 2), (bob, 1)):
        for force in (False, True):
            tx = who.bid_tx(auction, 200, seq, recent)[1]
            with pytest.raises(RpcError) as e:
                node.rpc.submitbid(tx=tx.hex(), force=force)
            assert e.value.code == -26
            assert e.value.data["code_name"] == "bad-credential"
            assert e.value.data["field"] == "bid.revoked"
    assert node.rpc.submitbid(cid.bid_tx(auction, 300, 1, recent)[1].hex())


def test_S0_03_other_nodes_refuse_whom_the_registry_has_revoked(world):
    """A time-stamping node without the CA learns it from the chain."""
    first = service(world, name="first")
    # The validator's key of regtest is public: one node may use it.
    own = world.path("validator.key")
    own.write_text("11" * 32 + "\n")
    second = world.node("second", "--ttp", "tsa", "--tls-auth", "mutual",
                        "--validator-key", str(own), ttp=False)
    peer_key = second.key
    second.stop()
    first.node.options += ["--peer-key", peer_key]
    first.node.restart()
    first.est = Est(first.node, world.path("est"))
    second.start("--connect", first.node.peer)
    second.wait_peers(1)
    s = types.SimpleNamespace(
        root=first.root, base=f"https://127.0.0.1:{second.ports['tls']}")
    client, der = enrolled(first, "paul")
    # This node does not know the CA: the client sends it along.
    chain = world.path("paul-chain.pem")
    chain.write_bytes(client[1].read_bytes() + (
        first.node.datadir / "ttp/ca-cert.pem").read_bytes())
    whole = ("--cert", chain, *client[2:])
    refused(stamp(s, *client), "does not lead to the root")
    assert stamp(s, *whole).status == 200
    fingerprint = hashlib.sha256(der).hexdigest()
    assert first.node.rpc.carevoke(fingerprint, 1) == fingerprint
    wait_for("the refusal", lambda: stamp(s, *whole).status == 403)
    refused(stamp(s, *whole), "the client certificate is revoked")
    second.restart("--connect", first.node.peer)
    s.base = f"https://127.0.0.1:{second.ports['tls']}"
    refused(stamp(s, *whole), "the client certificate is revoked")
