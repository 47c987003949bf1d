"""TLS as the operator wants it: versions, suites, nonsense refused by name; and
what an audit finds."""

import json
import subprocess

import pytest

import gavel
from tls import default_service, session


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    yield from default_service(tmp_path_factory.mktemp("tls"))


# --- protocol and suites ---


def test_S4_53_protocols_and_suites_are_configurable(world):
    suites = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA256"
    node = world.node("lax", "--tls-min", "1.2", "--tls-ciphers", suites,
                      "--tls-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256")
    port, root = node.ports["tls"], node.datadir / "gavel-root.pem"
    code, text = session(port, root)
    assert code == 0 and "TLS_CHACHA20_POLY1305_SHA256" in text, text
    code, text = session(port, root, "-ciphersuites", "TLS_AES_128_GCM_SHA256",
                         "-tls1_3")
    assert code != 0, text
    code, text = session(port, root, "-tls1_2")
    assert code == 0 and "ECDHE-ECDSA-CHACHA20-POLY1305" in text, text
    # As lax as the operator says, and no laxer.
    code, text = session(port, root, "-tls1_2", "-cipher",
                         "ECDHE-ECDSA-AES128-SHA256")
    assert code == 0 and "TLSv1.2" in text, text
    for other in ("ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"):
        assert session(port, root, "-tls1_2", "-cipher", other)[0] != 0, other
    node.stop()
    node.options = ["--ttp", "all"]
    node.start("--tls-min", "1.2", "--tls-max", "1.2")
    port = node.ports["tls"]
    assert session(port, root, "-tls1_3")[0] != 0
    assert session(port, root, "-tls1_2", "-cipher",
                   "ECDHE-ECDSA-AES128-SHA256")[0] != 0, "CBC by default"
    code, text = session(port, root)
    assert code == 0 and "GCM" in text, text


NONSENSE = [
    (("--tls-min", "1.1"), "--tls-min"),
    (("--tls-max", "2"), "--tls-max"),
    (("--tls-max", "1.2"), "--tls-max"),
    (("--tls-ciphers", "ECDHE+AESGCM"), "--tls-ciphers"),
    (("--tls-min", "1.2", "--tls-ciphers", "NONSENSE"), "--tls-ciphers"),
    (("--tls-min", "1.2", "--tls-ciphers", "ECDHE+AESGCM:!aNUL"),
     "--tls-ciphers"),
    (("--tls-min", "1.2", "--tls-ciphers", "eNULL"), "--tls-ciphers"),
    (("--tls-ciphersuites", "TLS_AES_128_GCM_SHA256:TLS_NO"),
     "--tls-ciphersuites"),
    (("--tls-auth", "none"), "--tls-auth"),
    (("--tls-host", "http://x"), "--tls-host"),
    (("--tls-name", ""), "--tls-name"),
    (("--tls-keylog", "/nonexistent/keys"), "--tls-keylog"),
    (("--tls-bind", "nowhere:1"), "nowhere:1"),
    (("--rpc-tls-bind", "nowhere:2"), "nowhere:2"),
]


@pytest.mark.parametrize("options, says", NONSENSE,
                         ids=[" ".join(o) for o, _ in NONSENSE])
def test_S4_53_nonsense_is_refused_by_name(world, options, says):
    code, text = world.node(start=False).fails(*options)
    assert code in (1, 2) and says in text, text


# --- the audit ---


def test_S4_62_session_secrets_are_written_only_when_asked(world):
    """The server's file and the client's hold the same secrets, so that
    Wireshark can read a capture with either."""
    ours, theirs = world.path("server.keys"), world.path("client.keys")
    node = world.node(env={"SSLKEYLOGFILE": str(world.path("never"))})
    session(node.ports["tls"], node.datadir / "gavel-root.pem")
    node.stop()
    assert not world.path("never").exists(), "the variable alone does nothing"
    assert "SESSION SECRETS" not in node.log

    node.start("--tls-keylog", str(ours))
    assert "SESSION SECRETS" in node.log and "warn" in node.log
    assert ours.stat().st_mode & 0o077 == 0
    code, text = session(node.ports["tls"], node.datadir / "gavel-root.pem",
                         "-keylogfile", theirs)
    assert code == 0, text
    lines = [l for l in theirs.read_text().splitlines() if l[0] != "#"]
    assert len(lines) >= 4
    assert set(lines) <= set(ours.read_text().splitlines())
    node.stop()
    ours.unlink()

    node.env["SSLKEYLOGFILE"] = str(ours)
    node.start("--tls-keylog", "env")
    session(node.ports["tls"], node.datadir / "gavel-root.pem")
    assert "SERVER_TRAFFIC_SECRET_0" in ours.read_text()
    node.stop()


def test_S4_62_session_secrets_are_refused_on_main(world):
    path = world.path("keys")
    done = subprocess.run(
        [gavel.program("gaveld"), "--network", "main", "--datadir",
         world.path("main"), "--tls-keylog", path], capture_output=True,
        text=True, timeout=gavel.START_S)
    assert done.returncode in (1, 2)
    assert "--tls-keylog" in done.stderr and "main" in done.stderr
    assert not path.exists()


def scan(s, port, *checks):
    """What testssl.sh finds, by id. It talks to 127.0.0.1 alone."""
    out = s.world.path(f"testssl-{port}.json")
    subprocess.run(
        ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns",
         "none", "--add-ca", s.root, "--jsonfile", out, *checks,
         f"127.0.0.1:{s.node.ports[port]}"], stdin=subprocess.DEVNULL,
        capture_output=True, timeout=600, check=False)
    findings = json.loads(out.read_text())
    bad = [f for f in findings
           if f["severity"] in ("LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL")]
    assert not bad, bad
    by_id = {f["id"].split(" ")[0]: f for f in findings}
    assert by_id["scanTime"]["severity"] == "INFO", "it came to its end"
    return by_id


EXPECTED = {
    "SSLv2": "not offered", "SSLv3": "not offered", "TLS1": "not offered",
    "TLS1_1": "not offered", "TLS1_2": "not offered",
    "TLS1_3": "offered with final", "cert_trust": "Ok via SAN",
    "cert_chain_of_trust": "passed", "cert_expirationStatus": ">= 60 days",
    "HSTS_time": "365 days", "X-Frame-Options": "DENY",
    "banner_server": "No Server banner",
}


@pytest.mark.long
def test_S4_62_testssl_finds_nothing(plain):
    """All checks against the services in the default configuration: more than
    a minute."""
    found = scan(plain, "tls")
    for name, says in {**EXPECTED, "cipherlist_NULL": "not offered",
                       "cipherlist_3DES_IDEA": "not offered",
                       "LUCKY13": "not vulnerable",
                       "secure_renego": "TLS 1.3 only"}.items():
        assert says in found[name]["finding"], found[name]


@pytest.mark.long
def test_S4_62_testssl_finds_nothing_at_json_rpc(plain):
    """The same TLS, so a part is enough: protocols, certificate, headers."""
    found = scan(plain, "rpc_tls", "--protocols", "--server-defaults",
                    "--headers")
    for name, says in EXPECTED.items():
        assert says in found[name]["finding"], found[name]
