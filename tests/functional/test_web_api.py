"""Who may use the server of `gavel web`, and for what (wallet.md W23 to W28).
Each refusal is tried against a server that answers the same request when it is
made properly."""

import json
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from gavel import Wallet, wait_for
from web import Web

WRONG = "ab" * 32


@pytest.fixture(scope="module")
def page(stage):
    node = stage.node()
    node.wait_services()
    web = Web(stage, "ann", node)
    web.wallet.init()
    web.wallet.enrol("ann")
    web.start()
    assert web.login().status == 200
    return web


def status(page, *args, **headers):
    a = page.ask(*args, **headers)
    # A refusal says why, in words.
    if a.status >= 400 and a.headers["Content-Type"] == "application/json":
        assert a.json["error"]["message"]
    return a.status


CALL = {"call": "status"}


def test_only_a_session_may_ask(page):
    assert status(page, "GET", "/api/wallet") == 200
    assert status(page, "POST", "/api/call", CALL) == 200
    for session in (None, "", WRONG, page.session[:-1], page.session + "0",
                    page.session.upper(), page.token):
        for ask in (("GET", "/api/wallet"), ("GET", "/api/progress"),
                    ("POST", "/api/call", CALL)):
            assert status(page, *ask, X_Gavel_Session=session) == 401, session


def test_a_link_opens_one_session(page):
    token, first = page.token, page.session
    for wrong in (WRONG, "", token[:-1], token.upper(), None, 7):
        a = page.ask("POST", "/api/login", {"token": wrong})
        assert a.status == 401 and "session" not in a.json, wrong
    assert page.token == token
    assert page.login(token).status == 200
    second = page.session
    assert second not in (first, token) and len(second) == 64
    assert page.ask("POST", "/api/login", {"token": token}).status == 401
    wait_for("the next link", lambda: page.token != token)
    for session in (first, second):
        assert status(page, "GET", "/api/wallet",
                      X_Gavel_Session=session) == 200


def test_another_name_for_this_address_is_refused(page):
    """DNS rebinding: a name of somebody else that leads to this machine."""
    port = page.host.split(":")[1]
    for host in ("evil.example", f"evil.example:{port}", f"localhost:{port}",
                 "127.0.0.1", f"127.0.0.1:{int(port) ^ 1}", f"127.1:{port}",
                 "", f"{page.host}.", None):
        for ask in (("GET", "/"), ("GET", "/main.js"), ("GET", "/api/wallet"),
                    ("POST", "/api/call", CALL)):
            a = page.ask(*ask, host=host)
            assert a.status in (400, 403), (host, ask, a.status)


def test_another_page_may_not_post(page):
    for origin in (None, "null", "http://evil.example", "http://localhost",
                   f"https://{page.host}", f"http://{page.host}0",
                   f"http://{page.host}/", "file://"):
        assert status(page, "POST", "/api/call", CALL, Origin=origin) == 403
        # The link is not spent by it.
        assert status(page, "POST", "/api/login", {"token": page.token},
                      Origin=origin) == 403
    assert status(page, "OPTIONS", "/api/call", Origin="http://evil") == 403
    a = page.ask("OPTIONS", "/api/call")
    assert a.status == 405
    assert not [h for h in a.headers if h.lower().startswith("access-control")]
    assert page.login().status == 200


def test_methods_paths_and_bodies_are_checked(page):
    assert status(page, "GET", "/api/call") == 405
    assert status(page, "GET", "/api/login") == 405
    assert status(page, "PUT", "/api/call", CALL) == 405
    assert status(page, "POST", "/api/wallet", CALL) == 405
    assert status(page, "POST", "/", CALL) == 405
    for path in ("/api", "/api/", "/api/nothing", "/node.html", "/index.html",
                 "/wallet.json", "/favicon.ico"):
        assert status(page, "GET", path) == 404, path
    assert status(page, "GET", "/../wallet.json") == 400
    for body in ("", "{", "[]", "7", '"call"', "null", '{"call":1,"call":2}'):
        assert status(page, "POST", "/api/call", body) == 400, body
    for kind in (None, "text/plain", "application/x-www-form-urlencoded"):
        assert status(page, "POST", "/api/call", CALL, Content_Type=kind) == 415
    big = {"call": "status", "arguments": ["x" * 140000]}
    assert page.ask("POST", "/api/call", big).status == 413
    assert page.ask("GET", "/api/wallet", X="y" * 9000).status in (400, 413)
    assert status(page, "GET", "/api/wallet") == 200


def test_only_what_the_page_needs_can_be_called(page):
    for name in ("init", "replay", "keystore export", "ceremony create", "web",
                 "identity verify", "", "auction", "statu"):
        assert status(page, "POST", "/api/call", {"call": name}) == 400, name
    refused = [
        page.call("auction create", title="x", text="/etc/passwd"),
        page.call("auction create", title="x", allowed="/etc/passwd"),
        page.call("enrol", name="x", ca="https://127.0.0.1:1"),
        page.call("enrol", name="x", secret_file="/etc/passwd"),
        page.call("identity disclose", WRONG, out="/tmp/gavel-test-out"),
        page.call("bid list", node="http://127.0.0.1:1", auction=WRONG),
        page.call("bid list", passphrase_file="/etc/passwd", auction=WRONG),
        page.call("restore", texts={"ca": "https://127.0.0.1:1"}),
        page.call("auction show", "--help"),
        page.call("auction show", "--out=x"),
        page.call("auction show", WRONG, "--json"),
        page.call("auction show"),
        page.call("auction list", open={"a": 1}),
        page.call("auction list", owner="me"),  # the reader has no wallet
        page.call("bid list"),
        page.call("auction relist", WRONG, attach="/etc/passwd"),
        page.call("auction relist", WRONG, text="/etc/passwd"),
        page.call("auction simulate", allowed="/etc/passwd"),
        page.call("auction show", WRONG, check_attachment="/etc/passwd"),
        page.call("auction open", WRONG, proxy="socks5://127.0.0.1:1"),
        page.call("auction accept", WRONG),
        page.call("settle", WRONG, "paid"),
        page.call("record", "me"),
        page.call("words"),
        page.call("confirm", texts={"typed": "a b c"}),
    ]
    for answer in refused:
        assert answer["result"] is None and answer["error"]["message"], answer
    # With the wallet's own name in it an error still names no file.
    assert "root:" not in json.dumps(refused)


def test_the_page_is_told_what_its_form_needs(page):
    """Presets, and what a simulation says, with its currency."""
    presets = page.call("auction simulate", preset="help")["result"]
    assert {"english", "dutch"} <= {p["preset"] for p in presets}
    said = page.call("auction simulate", currency="JPY", exponent=0,
                     rounds=20, allowed="allowed", texts={"allowed": "02" * 32})
    assert said["result"] is None  # a text is named by the page alone
    said = page.call("auction simulate", currency="JPY", exponent=0,
                     rounds=20, texts={"allowed": "02" * 32 + "\n"})
    assert (said["result"]["currency"], said["result"]["exponent"]) == (
        "JPY", 0), said
    assert said["result"]["void"]["not-allowed"] > 0
    assert page.ask("GET", "/api/wallet").json["sells"] == []


def test_what_may_be_given_several_times_comes_as_an_array(page):
    hashes = [f"sha256:{n:064x}" for n in range(1, 17)]
    lots = [f"Lot,, {n}" for n in range(64)]
    said = page.call("auction create", title="x", dry_run=True, attach=hashes,
                     lot=lots)["result"]["terms_text"]
    assert [t.split()[1] for t in said if t.startswith("attachment")] == [
        h[7:] for h in hashes]
    assert [t.split(maxsplit=2)[2] for t in said if t.startswith("lot ")] == [
        f"Lot, {n}" for n in range(64)]
    for options, says in (
            ({"attach": hashes[:1] * 2}, "is the same as"),
            ({"attach": [*hashes, hashes[0]]}, "at most 16"),
            ({"attach": ["sha256:12"]}, "command line alone"),
            ({"attach": ["/etc/passwd"]}, "command line alone"),
            ({"lot": lots[:1]}, "2 to 64 lots"),
            ({"lot": [*lots, "y"]}, "2 to 64 lots"),
            ({"lot": [["x"], "y"]}, "neither text, number nor bool"),
            ({"lot": lots * 4}, "too many words")):
        told = page.call("auction create", title="x", dry_run=True, **options)
        assert told["result"] is None
        assert says in told["error"]["message"], told


def test_the_page_may_do_nothing_but_itself(page):
    for path in ("/", "/main.js", "/style.css", "/icon.svg", "/api.js"):
        a = page.ask("GET", path, X_Gavel_Session=None)
        assert a.status == 200 and a.body, path
        policy = a.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert a.headers["Cache-Control"] == "no-store"
        assert a.headers["X-Content-Type-Options"] == "nosniff"
        assert a.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in a.headers
        assert page.session.encode() not in a.body
    html = page.ask("GET", "/").body.decode()
    assert "<style" not in html and "onclick" not in html
    assert "//" not in html.replace("<!doctype html>", "")  # nothing from away
    a = page.ask("GET", "/api/wallet")
    assert a.headers["Cache-Control"] == "no-store"
    assert {i["name"] for i in a.json["identities"]} == {"ann"}


def stop_all_threads(node):
    """SIGSTOP; a thread may still answer a question before it stands still."""
    node.process.child.send_signal(signal.SIGSTOP)
    threads = Path(f"/proc/{node.process.pid}/task")
    wait_for("the node to stand still", lambda: all(
        "State:\tT" in (t / "status").read_text()
        for t in threads.iterdir()))


def test_a_long_call_does_not_stop_the_page(page):
    """One call at a time with the wallet; the rest goes on."""
    told = page.call("auction create", title="A hat", attach="/etc/passwd")
    assert "command line alone" in told["error"]["message"], told
    made = page.call("auction create", title="A hat", texts={"text": "Grey."})
    auction = made["result"]["auction"]
    shown = page.call("auction show", auction)["result"]
    assert shown["text"] == "Grey." and shown["terms_text"]
    node = page.wallet.node
    try:
        stop_all_threads(node)
        with socket.create_connection(page.host.split(":")) as s:
            body = json.dumps({"call": "auction close", "arguments": [auction]})
            s.sendall((f"POST /api/call HTTP/1.1\r\nHost: {page.host}\r\n"
                       f"Origin: http://{page.host}\r\n"
                       "Content-Type: application/json\r\n"
                       f"X-Gavel-Session: {page.session}\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
            progress = wait_for("the call to run", lambda: [
                p for p in [page.ask("GET", "/api/progress").json]
                if p["busy"]])[0]
            assert progress["call"] == "auction close"
            assert page.ask("GET", "/").status == 200
            assert page.ask("GET", "/api/wallet").status == 200
            node.process.child.send_signal(signal.SIGCONT)
            assert b" 200 " in s.recv(4096)
    finally:
        node.process.child.send_signal(signal.SIGCONT)
    wait_for("the wallet to be idle", lambda: not page.ask(
        "GET", "/api/progress").json["busy"])


def test_it_listens_on_loopback_alone(page):
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:80", "127.0.0.1",
                    "localhost:0", "128.0.0.1:0", ":0", ""):
        done = page.wallet.run("web", "--bind", address)
        assert done.returncode == 2, (address, done.stderr)
        assert "loopback" in done.stderr
    done = Wallet(page.wallet.directory.parent / "nobody", page.wallet.node) \
        .run("web", "--bind", "127.0.0.1:99999")
    assert done.returncode == 2 and "65535" in done.stderr
    # The wallet's front is gone again: the error is for whom it was asked.
    assert json.loads(done.stderr.splitlines()[-1])["error"]["code"] == 2
    done = Wallet(page.wallet.directory.parent / "nobody", page.wallet.node) \
        .run("web", "--bind", "127.0.0.1:99999", as_json=False)
    assert done.stderr.splitlines()[-1].startswith("gavel: cannot listen")


def test_other_commands_of_the_wallet_wait_and_say_so(page):
    waiting = page.wallet.spawn("bid", "list")
    line = waiting.stderr.readline()
    waiting.kill()
    waiting.communicate()
    assert "waiting" in line and "open" in line, line


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_asked_also_while_it_works(stage, page, how):
    web = Web(stage, f"end-{how.name}", page.wallet.node)
    web.wallet.init()
    web.wallet.enrol(web.wallet.directory.name)
    wrong = Web(stage, "wrong", page.wallet.node)
    wrong.wallet.directory = web.wallet.directory
    wrong.wallet.secret.write_text("not the passphrase\n")
    done = wrong.wallet.run("web")
    assert done.returncode == 4 and "passphrase" in done.stderr
    web.start()
    web.login()
    node = page.wallet.node
    try:
        stop_all_threads(node)
        with socket.create_connection(web.host.split(":")) as s:
            body = '{"call": "bid place", "arguments": ["%s", "1"]}' % WRONG
            s.sendall((f"POST /api/call HTTP/1.1\r\nHost: {web.host}\r\n"
                       f"Origin: http://{web.host}\r\n"
                       "Content-Type: application/json\r\n"
                       f"X-Gavel-Session: {web.session}\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
            wait_for("the call to run", lambda: web.ask(
                "GET", "/api/progress").json["busy"])
            began = time.monotonic()
            web.process.child.send_signal(how)
            assert web.process.wait() == 0
            assert time.monotonic() - began < 25
    finally:
        node.process.child.send_signal(signal.SIGCONT)
    # The wallet is free again.
    assert web.wallet("bid", "list")["bids"] == []


def test_a_node_tells_people_how_to_begin(page):
    node = page.wallet.node
    for path, kind in (("/", "text/html"), ("/style.css", "text/css")):
        with urllib.request.urlopen(node.url + path, timeout=20) as a:
            text = a.read().decode()
            assert a.headers["Content-Type"].startswith(kind)
            assert "default-src 'none'" in a.headers["Content-Security-Policy"]
        assert path != "/" or "gavel web" in text
    with pytest.raises(urllib.error.HTTPError) as e:
        urllib.request.urlopen(node.url, b"{}", timeout=20)
    assert e.value.code == 401
    with pytest.raises(urllib.error.HTTPError) as e:
        urllib.request.urlopen(node.url + "/main.js", timeout=20)
    assert e.value.code == 404
