"""`gavel keystore`, keytool and openssl over one file, for the tests."""

import json
import os
import shutil
import subprocess

import pytest

from gavel import COMMAND_S, CommandError, program
from ledger import openssl

# Exit codes of docs/spec/keystore.md.
PASSWORD, DAMAGED, UNKNOWN, DUPLICATE = 10, 11, 12, 13
NOT_CA, EXPIRED, UNTRUSTED, REVOKED, NO_CRL = 14, 15, 16, 17, 18

SECRET = "a secret of the store"


def need_keytool():
    if shutil.which("keytool") is None:
        pytest.skip("SKIP: keytool is not installed")


def keytool(*args, typed="", check=True):
    """The finished process; -storepass:env STORE is SECRET."""
    need_keytool()
    done = subprocess.run(
        ["keytool", *map(str, args)], capture_output=True, text=True,
        timeout=COMMAND_S, input=typed,
        env={**os.environ, "STORE": SECRET, "LC_ALL": "C.UTF-8"})
    if check and done.returncode != 0:
        raise CommandError(["keytool", *args], done)
    return done


class Keystore:
    """One keystore file and the password that gavel opens it with."""

    def __init__(self, folder, name, secret=SECRET):
        self.folder = folder
        self.path = folder / f"{name}.p12"
        self.secret = secret

    def passphrase(self, text):
        """A file with a passphrase, mode 0600."""
        path = self.folder / f"pass-{abs(hash(text))}"
        if not path.exists():  # a command may be reading it
            path.touch(0o600)
            path.write_text(text + "\n")
        return path

    def args(self, command, *options, as_json=True):
        return [str(a) for a in [
            program("gavel"), "--wallet", self.folder / "no-wallet",
            "--network", "regtest", "--yes", *(["--json"] if as_json else []),
            "keystore", command, "--keystore", self.path, "--passphrase-file",
            self.passphrase(self.secret), *options]]

    def run(self, command, *options, as_json=True, stdin="", **more):
        return subprocess.run(
            self.args(command, *options, as_json=as_json), input=stdin,
            capture_output=True, text=True, timeout=COMMAND_S, **more)

    def __call__(self, command, *options, **more):
        """The JSON that a command prints; CommandError if it failed."""
        done = self.run(command, *options, **more)
        if done.returncode != 0:
            raise CommandError([command, *options], done)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def text(self, command, *options):
        done = self.run(command, *options, as_json=False)
        if done.returncode != 0:
            raise CommandError([command, *options], done)
        return done.stdout

    def refused(self, code, command, *options, says=""):
        """The command ends with this code, one line, and no change of the
        file."""
        before = self.path.read_bytes() if self.path.exists() else None
        done = self.run(command, *options, as_json=False)
        assert done.returncode == code, (done.returncode, done.stderr)
        assert done.stderr.startswith("gavel: ") and says in done.stderr, (
            done.stderr)
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        after = self.path.read_bytes() if self.path.exists() else None
        assert after == before
        return done.stderr

    # --- what tests do most

    def generate(self, alias, role, *options, name=None):
        return self("generate", "--alias", alias, "--role", role, "--name",
                    name or alias, *options)

    def with_wallet(self, wallet, command, *options):
        """`import --from-wallet` or `export --to-wallet`; the JSON."""
        done = wallet.run(
            "keystore", command, "--keystore", self.path, "--passphrase-file",
            self.passphrase(self.secret), "--wallet-passphrase-file",
            wallet.secret, *options)
        if done.returncode != 0:
            raise CommandError([command, *options], done)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def list(self):
        return {entry["alias"]: entry for entry in self("list")}

    def export(self, alias, name, *options):
        """What an export wrote: the path."""
        path = self.folder / name
        self("export", "--alias", alias, "--out", path, *options)
        return path

    def verify(self, alias, trust, *options):
        return self("inspect", "--alias", alias, "--verify", "--trust", trust,
                    *options)

    def openssl(self, *options, secret=None, check=True):
        """`openssl pkcs12 -in` of the file."""
        return openssl("pkcs12", "-in", self.path, "-passin",
                       f"file:{self.passphrase(secret or self.secret)}",
                       *options, check=check)


class Pki:
    """A root and a CA in a keystore each, and certificates that they sign."""

    def __init__(self, folder):
        self.folder = folder
        self.root = Keystore(folder, "root", "secret of the root")
        self.ca = Keystore(folder, "ca", "secret of the CA")
        self.root.generate("root", "root", name="Test root")
        self.issue(self.root, "root", self.ca, "ca", "ca", name="Test CA")
        self.pem = self.root.export("root", "root.pem")

    def issue(self, issuer, issuer_alias, store, alias, role, *options,
              name=None, **more):
        """A key in `store` with a certificate by an entry of `issuer`: request,
        signature, import of the chain."""
        csr = self.folder / f"{alias}.csr"
        chain = self.folder / f"{alias}.pem"
        store.generate(alias, role, "--csr", csr, name=name,
                       *more.get("key", []))
        issuer("sign", "--alias", issuer_alias, "--csr", csr, "--role", role,
               "--out", chain, *options)
        return store("import", "--alias", alias, "--file", chain)

    def server(self, name="server", *options):
        store = Keystore(self.folder, name)
        self.issue(self.root, "root", store, name, "server", "--san",
                   "localhost", "--san", "127.0.0.1", *options)
        return store

    def user(self, name="ann", *options):
        store = Keystore(self.folder, name)
        self.issue(self.ca, "ca", store, name, "user", *options)
        return store


# --- fixtures, for `from keystore import pki, store` ---


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def store(tmp_path):
    return Keystore(tmp_path, "store")
