"""Clients of a node's TLS endpoints with stock programs. With TLS 1.3 a
handshake says little about a client's certificate: tests look at the reply."""

import types

import gavel
from ledger import ARC, Est, Identity, curl, openssl

CLIENT = f"""
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth,{ARC}.2.1
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
"""


def service(world, *options, name="node"):
    """A running CA and TSA, and how to ask them."""
    node = world.node(name, *options)
    node.wait_services()
    s = types.SimpleNamespace(world=world, node=node)
    s.root = node.datadir / "gavel-root.pem"
    s.est = Est(node, world.path("est"))
    s.base = f"https://127.0.0.1:{node.ports['tls']}"
    return s


def enrolled(s, name):
    """curl's options for a client with a certificate, and its DER. The leaf
    alone is shown: the server knows its CA."""
    answer = s.est.send(s.est.request(Identity(name)))
    assert answer.status == 200, answer.text
    der = s.est.certificate(answer)
    path = s.est.folder / f"{name}.pem"
    path.write_bytes(openssl("x509", "-inform", "DER", data=der).stdout)
    return ("--cert", path, "--key", s.est.folder / f"{name}.key"), der


def self_made(s, name, *signer, days="10", extensions=CLIENT):
    """curl's options for a certificate that no CA of Gavel has issued."""
    key = s.est.edge_key(name)
    pem, conf = s.est.folder / f"{name}.pem", s.est.folder / f"{name}.ext"
    conf.write_text(extensions)
    csr = openssl("req", "-new", "-key", key, "-subj", f"/CN={name}").stdout
    pem.write_bytes(openssl("x509", "-req", "-days", days, "-extfile", conf,
                            *(signer or ("-signkey", key)), data=csr).stdout)
    return "--cert", pem, "--key", key


def by_its_ca(s):
    ttp = s.node.datadir / "ttp"
    return ("-CA", ttp / "ca-cert.pem", "-CAkey", ttp / "ca-key.pem",
            "-set_serial", "0x1234")


def stamp(s, *options):
    """The answer of the time-stamping service to a good query."""
    query = openssl("ts", "-query", "-digest", "ab" * 32, "-sha256",
                    "-cert").stdout
    return curl(f"{s.base}/tsa", "-H",
                "Content-Type: application/timestamp-query", *options,
                ca=s.root, data=query)


def refused(answer, says):
    assert answer.status == 403, (answer.status, answer.text)
    assert says in answer.text and "\n" not in answer.text, answer.text


def session(port, root, *options):
    """s_client's exit code and what it says."""
    done = openssl("s_client", "-connect", f"127.0.0.1:{port}", "-CAfile",
                   root, "-brief", *options, data=b"", check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


def default_service(folder):
    """Yields one node with the default configuration, for the tests that leave
    it as it is."""
    world = gavel.World(folder)
    try:
        s = service(world, "--tls-name", "gavel.example", "--tls-name",
                    "192.0.2.7", "--rpc-tls-bind", "127.0.0.1:0")
        yield s
        assert s.node.stop() == 0
    finally:
        world.end()
