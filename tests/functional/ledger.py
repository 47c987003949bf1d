"""A bidder in plain Python: keys, enrolment through the openssl program, and
signed transactions, written from docs/spec alone. The wallet must not be
needed to test the node, and a test that damages a transaction needs its bytes.

BIP340 here is as slow as it is short (about 5 ms a signature); no secret of
anybody depends on it.
"""

import base64
import hashlib
import secrets
import subprocess
from pathlib import Path

from gavel import wait_for

# --- BIP340 on secp256k1 ---

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)


def _double(p):
    x, y, z = p
    if not y:
        return (0, 1, 0)
    s = 4 * x * y * y % P
    m = 3 * x * x % P
    x2 = (m * m - 2 * s) % P
    return (x2, (m * (s - x2) - 8 * pow(y, 4, P)) % P, 2 * y * z % P)


def _add(p, q):
    """p Jacobian, q affine."""
    x1, y1, z1 = p
    if not z1:
        return (q[0], q[1], 1)
    zz = z1 * z1 % P
    h = (q[0] * zz - x1) % P
    r = (q[1] * zz * z1 - y1) % P
    if not h:
        return _double(p) if not r else (0, 1, 0)
    hh = h * h % P
    v = x1 * hh % P
    x3 = (r * r - h * hh - 2 * v) % P
    return (x3, (r * (v - x3) - y1 * h * hh) % P, h * z1 % P)


def multiply(k):
    """k G, affine."""
    out = (0, 1, 0)
    for bit in bin(k)[2:]:
        out = _double(out)
        if bit == "1":
            out = _add(out, G)
    inverse = pow(out[2], -1, P)
    return (out[0] * inverse * inverse % P, out[1] * pow(inverse, 3, P) % P)


def h_tag(tag, data):
    half = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(half + half + data).digest()


class Key:
    """A ledger key: `public` is its 32 bytes."""

    def __init__(self, secret=None):
        d = secret or secrets.randbelow(N - 1) + 1
        x, y = multiply(d)
        self.d = d if y % 2 == 0 else N - d
        self.public = x.to_bytes(32, "big")

    def sign(self, message):
        nonce = h_tag("BIP0340/nonce", self.d.to_bytes(32, "big") +
                      self.public + message + secrets.token_bytes(32))
        k = int.from_bytes(nonce, "big") % N
        x, y = multiply(k)
        k = k if y % 2 == 0 else N - k
        r = x.to_bytes(32, "big")
        e = int.from_bytes(h_tag("BIP0340/challenge",
                                 r + self.public + message), "big") % N
        return r + ((k + e * self.d) % N).to_bytes(32, "big")


# --- transactions (format.md) ---

CERT, LIST, OPEN, ENROL, BID, STAMP, CLOSE, FINAL = 2, 5, 16, 17, 18, 19, 20, 64


def u8(n):
    return n.to_bytes(1, "little")


def u16(n):
    return n.to_bytes(2, "little")


def u32(n):
    return n.to_bytes(4, "little")


def u64(n):
    return n.to_bytes(8, "little")


def head(kind, chain, version=1):
    return u8(kind) + u8(version) + chain


def sha256d(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


class Identity:
    """A ledger key with the CA's credential."""

    def __init__(self, name, key=None):
        self.name = name
        self.key = key or Key()
        self.cred = None

    @property
    def public(self):
        return self.key.public.hex()

    def enrol_tx(self, auction, **change):
        """ENROL of this identity. `change` puts other bytes in a field."""
        field = {"form": u8(0), "key": self.key.public, "ek": bytes(32),
                 "cred": self.cred, "der": u16(0), **change}
        core = (head(ENROL, bytes.fromhex(auction)) + field["form"] +
                field["key"] + field["ek"] + field["cred"] + field["der"])
        return core + self.key.sign(h_tag("gavel/tx", core))

    def bid_core(self, auction, amount, seq, recent, kind=0, lot=0):
        """`amount` in minor units, or a sealed part with kind 1; `lot` where
        there are some."""
        amount = amount if isinstance(amount, bytes) else u64(amount)
        return (head(BID, bytes.fromhex(auction), 2 if lot else 1) +
                self.key.public + u32(seq) + (u8(lot) if lot else b"") +
                u8(kind) + amount + bytes.fromhex(recent) +
                secrets.token_bytes(64))

    def bid_tx(self, auction, amount, seq, recent, **more):
        """(bid id in hex, BID)."""
        core = self.bid_core(auction, amount, seq, recent, **more)
        name = h_tag("gavel/bid", core)
        return name.hex(), core + self.key.sign(name)

    def close_tx(self, auction):
        core = head(CLOSE, bytes.fromhex(auction)) + u8(0)
        return core + self.key.sign(h_tag("gavel/close", core))


# --- EST with the openssl and curl programs (ttp.md) ---

ARC = "2.25.204276850882450990483442824798936756082"

REQUEST = f"""
oid_section = oids
[oids]
gavelKey = {ARC}.3.1
[req]
prompt = no
utf8 = yes
string_mask = utf8only
distinguished_name = dn
attributes = attributes
req_extensions = extensions
[dn]
CN = %(name)s
[attributes]
challengePassword = %(nonce)s
[extensions]
gavelKey = DER:0460%(proof)s
"""


def openssl(*args, data=None, check=True):
    done = subprocess.run(["openssl", *map(str, args)], input=data,
                          capture_output=True)
    assert not check or done.returncode == 0, (
        f"openssl {' '.join(map(str, args))}: {done.stderr.decode()}")
    return done


class Answer:
    """What curl got."""

    def __init__(self, status, kind, headers, body):
        self.status, self.kind, self.body = status, kind, body
        self.headers = headers

    @property
    def text(self):
        return self.body.decode(errors="replace").strip()


def curl(url, *args, ca=None, data=None, check=True, prefix=()):
    """One HTTP exchange by the curl program; None if curl could not. `prefix`:
    words before the program, to run it elsewhere."""
    words = [*prefix, "curl", "-sS", "-i", "--max-time", "20"]
    if ca is not None:
        words += ["--cacert", str(ca)]
    if data is not None:
        words += ["--data-binary", "@-"]
    done = subprocess.run([*words, *map(str, args), url], input=data,
                          capture_output=True)
    if done.returncode != 0:
        assert not check, f"curl {url}: {done.stderr.decode()}"
        return None
    top, _, body = done.stdout.partition(b"\r\n\r\n")
    while top.startswith(b"HTTP/1.1 100"):
        top, _, body = body.partition(b"\r\n\r\n")
    lines = top.decode().split("\r\n")
    headers = {k.strip().lower(): v.strip() for k, v in
               (line.split(":", 1) for line in lines[1:] if ":" in line)}
    return Answer(int(lines[0].split()[1]), headers.get("content-type", ""),
                  headers, body)


class Est:
    """A client of one CA. `folder` takes its scratch files."""

    def __init__(self, node, folder):
        self.base = node.rpc.status()["ttp"]["ca"]["url"]
        self.root = node.datadir / "gavel-root.pem"
        self.prefix = getattr(node, "prefix", ())
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def get(self, what, *args):
        return curl(f"{self.base}/{what}", *args, ca=self.root,
                    prefix=self.prefix)

    def nonce(self):
        """The challenge in csrattrs: a UTF8String of 64 hex digits."""
        der = base64.b64decode(self.get("csrattrs").body)
        at = der.index(b"\x0c\x40") + 2
        return der[at:at + 64].decode()

    def edge_key(self, name, curve="prime256v1"):
        path = self.folder / f"{name}.key"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                f"ec_paramgen_curve:{curve}", "-out", path)
        return path

    def request(self, identity, nonce=None, edge=None, signer=None):
        """A CSR in DER by the openssl program."""
        nonce = nonce if nonce is not None else self.nonce()
        edge = edge or self.edge_key(identity.name)
        spki = openssl("pkey", "-in", edge, "-pubout", "-outform",
                       "DER").stdout
        proof = (signer or identity.key).sign(h_tag(
            "gavel/enrol", bytes.fromhex(nonce) +
            hashlib.sha256(spki).digest() + identity.key.public))
        config = self.folder / f"{identity.name}.cnf"
        config.write_text(REQUEST % {
            "name": identity.name, "nonce": nonce,
            "proof": (identity.key.public + proof).hex()})
        return openssl("req", "-new", "-key", edge, "-config", config,
                       "-outform", "DER").stdout

    def send(self, csr, *args, path="simpleenroll",
             kind="application/pkcs10"):
        return curl(f"{self.base}/{path}", "-H", f"Content-Type: {kind}",
                    "-H", "Content-Transfer-Encoding: base64", *args,
                    ca=self.root, data=base64.encodebytes(csr),
                    prefix=self.prefix)

    def certificate(self, answer):
        """The one certificate of a certs-only PKCS#7, in DER."""
        pem = openssl("pkcs7", "-inform", "DER", "-print_certs",
                      data=base64.b64decode(answer.body)).stdout
        return openssl("x509", "-outform", "DER", data=pem).stdout

    def enrol_later(self, name):
        """A new identity with a certificate, and its credential still to
        come."""
        identity = Identity(name)
        answer = self.send(self.request(identity))
        assert answer.status == 200, answer.text
        identity.fingerprint = hashlib.sha256(
            self.certificate(answer)).hexdigest()
        return identity

    def wait_enrolled(self, node, identities):
        for i in identities:
            got = wait_for(f"the credential of {i.name}", lambda:
                           node.find_cert(fingerprint=i.fingerprint))
            i.cred = bytes.fromhex(got["cred"])

    def enrol(self, node, name):
        """A new identity that may bid."""
        identity = self.enrol_later(name)
        self.wait_enrolled(node, [identity])
        return identity
