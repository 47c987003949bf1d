"""Bad input and broken surroundings: one plain message that says what and
where, nothing lost, nothing stored."""

import json
import os
import re
import subprocess
import time

import pytest

import gavel
from gavel import RpcError, wait_for
from ledger import OPEN, Est, h_tag, u8

ZERO = "00" * 32


def plain(text):
    """The one line that says why a node did not start."""
    lines = [line for line in text.strip().splitlines()
             if "cannot start" in line or line.startswith("gaveld: ")]
    assert len(lines) == 1, text
    assert "ssert" not in text, text
    return lines[0]


def refuses(node, *options, code=1, says=()):
    got, text = node.fails(*options)
    line = plain(text)
    assert got == code, (got, text)
    for word in [says] if isinstance(says, str) else says:
        assert str(word) in line, text
    return line


# --- surroundings ---


def test_a_second_node_on_one_datadir(world, node):
    second = gavel.Node(node.datadir, "--ttp", "all")
    second.process = gavel.Process(world.path("second.log"))
    world.things.append(second)
    refuses(second, says=("in use by another process", node.datadir))
    assert node.rpc.uptime() >= 0, "the first one does not notice"
    assert node.stop() == 0


def test_ports_in_use(world, node):
    other = world.node("other", start=False)
    for flag, name in (("--rpc-bind", "rpc"), ("--p2p-bind", "p2p"),
                       ("--tls-bind", "tls")):
        where = f"127.0.0.1:{node.ports[name]}"
        refuses(other, flag, where, says=(where, "Address already in use"))


BAD_FLAGS = [
    (["--no-such-thing"], "--no-such-thing: no such option"),
    (["--network", "moon"], "expected one of main|test|regtest"),
    (["--rpc-bind", "here"], "here"),
    (["--rpc-bind", "127.0.0.1:99999"], "127.0.0.1:99999"),
    (["--p2p-bind", "127.0.0.1:99999"], "127.0.0.1:99999"),
    (["--ttp", "ca,nobody"], "nobody"),
    (["--connect", "tcp://127.0.0.1:1"], "tcp://HOST:PORT#KEY"),
    (["--connect", "tcp://127.0.0.1:1#short"], "short"),
    (["--peer-key", "short"], "short"),
    (["--verify-threads", "-1"], "from 0 to 256"),
    (["--verify-threads", "many"], "from 0 to 256"),
    (["--follow", "zz"], "64 hex digits"),
    (["--mine=perhaps"], "yes or no"),
    (["--datadir"], "missing"),
    (["extra"], "no such command"),
]


@pytest.mark.parametrize("flags, says", BAD_FLAGS,
                         ids=[" ".join(f) for f, _ in BAD_FLAGS])
def test_bad_flags(world, flags, says):
    got, text = world.node(start=False).fails(*flags)
    assert got in (1, 2) and says in plain(text), text


BAD_LINES = [
    ("rpc-bnd = 1", "rpc-bnd: no such option"),
    ("rpc-bind", "NAME = VALUE"),
    ("log-level = loud", "error|warn|info|debug"),
    ("mine = perhaps", "yes or no"),
    ("stamp-burst = -1", "from 0 to"),
    ("peer-key = short", "short"),
    ("peer-key = #bc", "#bc"),
    ("ttp = nobody", "nobody"),
    ("connect = tcp://127.0.0.1:1", "tcp://HOST:PORT#KEY"),
    ("follow = zz", "64 hex digits"),
    ("rpc-miner-user = nocolon", "rpc-miner-user"),
    ("tls-suites = TLS_NO_SUCH", "tls-suites"),
    ("log-modules = chain=loud", "log-modules"),
]


@pytest.mark.parametrize("line, says", BAD_LINES,
                         ids=[line for line, _ in BAD_LINES])
def test_bad_lines_in_gavel_conf_are_named(world, line, says):
    node = world.node(ttp=False, start=False)
    (node.datadir / "gavel.conf").write_text(f"# a comment\n\n{line}\n")
    got, text = node.fails()
    assert got in (1, 2)
    assert "gavel.conf:3" in plain(text) and says in plain(text), text


def test_a_key_given_twice_and_a_file_that_is_no_text(world):
    node = world.node(start=False)
    conf = node.datadir / "gavel.conf"
    conf.write_text("log-level = info\nlog-level = debug\n")
    refuses(node, code=2, says=("gavel.conf:2", "already given"))
    conf.write_bytes(b"mine = 1\0\n")
    refuses(node, code=2, says="gavel.conf")
    conf.unlink()
    conf.mkdir()
    got, text = node.fails()
    assert got in (1, 2) and "gavel.conf" in plain(text)


def test_flag_wins_over_environment_over_file(world):
    node = world.node(start=False)
    node.datadir.joinpath("gavel.conf").write_text(
        "log-level = error\noperator = file\nverify-threads = 3\n")
    done = subprocess.run(
        [str(a) for a in node.args(["--log-level", "debug", "config",
                                    "check"])],
        env={**os.environ, "GAVEL_LOG_LEVEL": "warn",
             "GAVEL_OPERATOR": "environment"},
        capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr

    def effective(name):
        return next(line for line in done.stdout.splitlines()
                    if line.startswith(f"{name} ="))
    assert re.match(r"log-level = debug\b", effective("log-level"))
    assert re.match(r"operator = environment\b", effective("operator"))
    assert re.match(r"verify-threads = 3\b", effective("verify-threads"))
    assert "gavel.conf" in effective("verify-threads")


def test_version_and_help():
    for name in ("gaveld", "gavel", "gavel-miner", "gavel-explorer"):
        for flag in ("--version", "--help"):
            done = subprocess.run([gavel.program(name), flag],
                                  capture_output=True, text=True, timeout=20)
            assert done.returncode == 0 and name in done.stdout
            assert done.stderr == ""


# --- disks ---


def mount(*args):
    done = subprocess.run(["mount", *map(str, args)], capture_output=True,
                          text=True)
    if done.returncode != 0:
        pytest.skip(f"SKIP: may not mount here: {done.stderr.strip()}")


@pytest.fixture
def unmount():
    """Folders to unmount at the end."""
    folders = []
    yield folders
    for folder in reversed(folders):
        subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.mark.long
def test_a_full_disk_stops_the_node_and_loses_nothing(world, unmount):
    small = world.path("small")
    small.mkdir()
    mount("-t", "tmpfs", "-o", "size=200m", "tmpfs", small)
    unmount.append(small)
    node = gavel.Node(small / "node", "--ttp", "all")
    node.process = gavel.Process(world.path("node.log"))
    world.things.append(node)
    node.start()
    node.wait_services()
    wallet = world.wallet("ann", node)
    auction = wallet.create("On a small disk", "--difficulty", "1")
    height = node.rpc.getblockcount("registry")
    filler = small / "filler"
    free = os.statvfs(small)
    with filler.open("wb") as f:
        left = free.f_bavail * free.f_frsize - 40 * 1024
        while left > 0:
            left -= f.write(bytes(min(left, 1 << 20)))
    code = node.process.wait(30 * gavel.SLOW)
    assert code == 1, (code, node.process.tail())
    assert re.search("space|full|free", node.process.tail(3)), node.log
    assert "ssert" not in node.log
    refuses(node, says="free")
    filler.unlink()
    node.start()
    assert node.rpc.getblockcount("registry") >= height
    assert node.rpc.getauction(auction)["auction"] == auction
    node.wait_height("registry", height + 2)


def test_a_read_only_mount(world, unmount):
    node = world.node()
    node.stop()
    mount("--bind", node.datadir, node.datadir)
    unmount.append(node.datadir)
    mount("-o", "remount,ro,bind", node.datadir)
    refuses(node, says="ead-only")
    subprocess.run(["umount", str(node.datadir)], check=True)
    node.start()


def test_a_file_where_the_store_should_be(world):
    node = world.node(start=False)
    (node.datadir / "chain").write_text("not a folder")
    refuses(node, says=("not a directory", node.datadir / "chain"))


def test_a_flipped_byte_in_the_log_is_told(world):
    """Never start silently without what was acknowledged."""
    node = world.node()
    node.wait_services()
    node.wait_height("registry", 3)
    node.kill()
    log = max((node.datadir / "chain").glob("*.log"),
              key=lambda p: p.stat().st_size)
    data = bytearray(log.read_bytes())
    assert len(data) > 1000
    whole = bytes(data)
    data[len(data) // 3] ^= 0x20
    log.write_bytes(data)
    refuses(node, says=("damaged", log.name, node.datadir))
    log.write_bytes(whole)
    node.start()
    assert node.rpc.getblockcount("registry") >= 3


@pytest.mark.long
def test_a_torn_end_of_the_log_is_no_corruption(world):
    node = world.node()
    node.wait_height("registry", 3)
    node.kill()
    log = max((node.datadir / "chain").glob("*.log"),
              key=lambda p: p.stat().st_size)
    log.write_bytes(log.read_bytes()[:-7])
    node.start()
    height = node.rpc.getblockcount("registry")
    node.wait_height("registry", height + 2)


def test_a_lost_part_of_the_store_is_told(world):
    node = world.node()
    node.wait_height("registry", 2)
    node.stop()
    (node.datadir / "chain" / "CURRENT").unlink()
    refuses(node, says="chain")
    tables = list((node.datadir / "chain").glob("*.sst"))
    assert tables


def test_an_unreadable_key_file_is_told(world):
    node = world.node()
    node.stop()
    (node.datadir / "peer.key").write_text("zz")
    refuses(node, says="peer.key")


# --- calls ---


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """One node with an auction and an enrolled Python bidder, for all tests
    that send it nonsense: it must be well at the end."""
    world = gavel.World(tmp_path_factory.mktemp("shop"))
    s = type("Shop", (), {})()
    s.world = world
    try:
        s.node = world.node()
        s.rpc = s.node.rpc
        s.node.wait_services()
        s.seller = world.wallet("seller", s.node)
        s.auction = s.seller.create("A lamp", "--min-first", "1", "--d",
                                    "30s", "--difficulty", "1")
        s.est = Est(s.node, world.path("est"))
        s.ann = s.est.enrol(s.node, "ann")
        s.bob = s.est.enrol(s.node, "bob")
        s.rpc.sendrawtransaction(s.ann.enrol_tx(s.auction).hex())
        s.recent = s.rpc.getauction(s.auction)["final_sealed"]
        yield s
        assert s.node.stop() == 0
    finally:
        world.end()


def stored(shop):
    """What must not change by bad input."""
    info = shop.rpc.getauction(shop.auction)["bids"]
    return info["total"], shop.rpc.status()["chains"], sorted(
        shop.rpc.getrawmempool(chain=shop.auction))


def error_of(shop, body, status=None, headers=None):
    code, _, raw = shop.rpc.post(body, headers)
    answer = json.loads(raw)
    assert status is None or code == status, (code, raw)
    assert code != 500, "stock miners hang on 500"
    error = answer["error"]
    assert isinstance(error["message"], str) and error["message"]
    assert "\n" not in error["message"]
    return error


BAD_BODIES = [
    (b"", -32700), (b"{", -32700), (b"\xff\xfe", -32700), (b"nonsense", -32700),
    (b'{"method":"status"', -32700), (b"[" * 5000, -32700),
    (b'{"method":"status"} x', -32700),
    (b"1", -32600), (b'"status"', -32600), (b"[]", -32600), (b"{}", -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":5}', -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":"status","params":5}', -32602),
    (b'{"jsonrpc":"2.0","id":{},"method":"status"}', -32600),
]


@pytest.mark.parametrize("body, code", BAD_BODIES,
                         ids=[repr(b[:40]) for b, _ in BAD_BODIES])
def test_bodies_that_are_no_call(shop, body, code):
    assert error_of(shop, body)["code"] == code


def test_unknown_methods_answer_404(shop):
    for method in ("getblocktemplate", "nonsense", "", "x" * 5000):
        error = error_of(shop, json.dumps({
            "jsonrpc": "2.0", "id": 1, "method": method}), status=404)
        assert error["code"] == -32601
    status, _, _ = shop.rpc.post("{}", path="/nowhere")
    assert status == 404


def test_an_oversized_body_is_refused(shop):
    big = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "submitblock",
                      "params": ["00" * (20 << 20)]})
    rpc = gavel.Rpc(shop.rpc.port, shop.node.cookie)
    try:
        status, _, raw = rpc.post(big)
        assert status in (400, 413), (status, raw[:200])
    except OSError:
        pass  # closed while we were still sending: as good an answer
    many = json.dumps([{"jsonrpc": "2.0", "id": i, "method": "uptime"}
                       for i in range(101)])
    assert error_of(shop, many)["code"] == -32600
    assert shop.rpc.uptime() >= 0


def test_wrong_login(shop):
    for login in ("Basic AAAA", "Basic !!!", "Bearer x", "Basic",
                  "Basic " + "QUFB" * 2000):
        rpc = gavel.Rpc(shop.rpc.port, shop.node.cookie)
        status, _, _ = rpc.post('{"method":"stop"}',
                                {"Authorization": login})
        assert status == 401, login
    assert shop.rpc.uptime() >= 0


WRONG = [
    ("getauction", {}, "auction"),
    ("getauction", {"auction": 5}, "auction"),
    ("getauction", {"auction": "zz"}, "auction"),
    ("getauction", {"auction": ZERO + "00"}, "auction"),
    ("getauction", {"auction": "here", "verbose": "yes"}, "verbose"),
    ("getauction", {"auction": ZERO, "surplus": 1}, "surplus"),
    ("getblockhash", {"chain": "registry"}, "height"),
    ("getblockhash", {"chain": "registry", "height": -1}, "height"),
    ("getblockhash", {"chain": "registry", "height": 1.5}, "height"),
    ("getblockhash", {"chain": "registry", "height": "one"}, "height"),
    ("getblockhash", {"chain": "registry", "height": 2**32}, "height"),
    ("getblocks", {"chain": "registry", "from": 0, "count": 0}, "count"),
    ("getblocks", {"chain": "registry", "from": 0, "count": 65}, "count"),
    ("listauctions", {"status": "ajar"}, "status"),
    ("listauctions", {"limit": 0}, "limit"),
    ("listauctions", {"limit": 1001}, "limit"),
    ("listauctions", {"after": 7}, "after"),
    ("listauctions", {"from_ms": "soon"}, "from_ms"),
    ("listbids", {"bidder": ZERO, "mined": "maybe"}, "mined"),
    ("sendrawtransaction", {"tx": "0"}, "tx"),
    ("sendrawtransaction", {"tx": "xy"}, "tx"),
    ("sendrawtransaction", {"tx": "00" * 65537}, "tx"),
    ("submitbid", {"tx": "00", "force": 1}, "force"),
    ("submitopen", {"open": "0g"}, "open"),
    ("signwarrant", {"open": ""}, "open"),
    ("submitblock", {"block": None}, "block"),
    ("submitwork", {"template": ZERO, "seal": "00"}, "seal"),
    ("getworktemplate", {"timeout_ms": 60001}, "timeout_ms"),
    ("getwork", {"data": "00"}, "data"),
]


@pytest.mark.parametrize("method, params, name", WRONG,
                         ids=[f"{m} {str(p)[:40]}" for m, p, _ in WRONG])
def test_wrong_parameters_are_named(shop, method, params, name):
    before = stored(shop)
    if params.get("auction") == "here":
        params = {**params, "auction": shop.auction}
    with pytest.raises(RpcError) as e:
        shop.rpc.call(method, **params)
    if not (e.value.code == -26 and params.get(name) == ""):
        assert e.value.code == -32602, str(e.value)
        assert name in e.value.message, e.value.message
    assert stored(shop) == before


def test_surplus_positions_are_refused(shop):
    with pytest.raises(RpcError) as e:
        shop.rpc.uptime(1)
    assert e.value.code == -32602


@pytest.mark.parametrize("method, params, code", [
    ("getauction", {"auction": ZERO}, -5),
    ("getblockcount", {"chain": ZERO}, -5),
    ("getblockhash", {"chain": "registry", "height": 99999999}, -5),
    ("getbid", {"bid": ZERO}, -5),
    ("gettransaction", {"chain": "registry", "tx": ZERO}, -5),
    ("getcert", {"key": ZERO}, -5),
    ("getcert", {}, -8),
    ("getcert", {"key": ZERO, "fingerprint": ZERO}, -8),
    ("listbids", {}, -8),
    ("getblockheader", {"chain": "registry"}, -8),
    ("getoutcome", {"auction": ZERO}, -5),
    ("getproof", {"auction": ZERO, "outcome": True}, -5),
], ids=str)
def test_unknown_things_have_their_codes(shop, method, params, code):
    with pytest.raises(RpcError) as e:
        shop.rpc.call(method, **params)
    assert e.value.code == code, str(e.value)


# --- transactions ---


def refused(shop, method, tx, name=None, code=-26, **more):
    """A verdict that names what is wrong, and nothing stored."""
    before = stored(shop)
    with pytest.raises(RpcError) as e:
        shop.rpc.call(method, **{
            "open" if "open" in method else "tx": tx.hex(), **more})
    assert e.value.code == code, str(e.value)
    if code == -26:
        assert set(e.value.data) >= {"code", "code_name", "field", "have",
                                     "want", "index"}
        assert name is None or e.value.data["code_name"] in (
            (name,) if isinstance(name, str) else name), str(e.value)
    assert stored(shop) == before
    return e.value


def test_S0_07_any_flipped_bit_of_a_bid_is_refused(shop):
    bid, tx = shop.ann.bid_tx(shop.auction, 500, 1, shop.recent)
    shop.rpc.testtransaction(tx=tx.hex())
    for at in range(len(tx)):
        bad = bytearray(tx)
        bad[at] ^= 1 << (at % 8)
        refused(shop, "submitbid", bytes(bad))
    for length in range(len(tx)):
        if length % 7 == 0:
            refused(shop, "submitbid", tx[:length],
                    code=-26 if length else -32602)
    refused(shop, "submitbid", tx + b"\0")
    assert shop.rpc.submitbid(tx.hex())["bid"] == bid


def test_bids_that_are_well_formed_and_wrong(shop):
    ann, bob, a = shop.ann, shop.bob, shop.auction
    # Not enrolled; signed by another; amount 0; a block that is not there.
    refused(shop, "submitbid", bob.bid_tx(a, 500, 1, shop.recent)[1])
    core = ann.bid_core(a, 500, 2, shop.recent)
    refused(shop, "submitbid",
            core + bob.key.sign(h_tag("gavel/bid", core)), "bad-signature")
    refused(shop, "submitbid", ann.bid_tx(a, 0, 3, shop.recent)[1])
    refused(shop, "submitbid", ann.bid_tx(a, 500, 4, "77" * 32)[1])
    refused(shop, "submitbid", ann.bid_tx(ZERO, 500, 5, shop.recent)[1],
            ("unknown-auction", "wrong-chain"))
    # A BID without a stamp is for submitbid; OPEN is for submitopen.
    refused(shop, "sendrawtransaction",
            ann.bid_tx(a, 500, 7, shop.recent)[1], "bad-stamp")
    opened = bytes.fromhex(shop.rpc.getauction(auction=a, verbose=True)["open"])
    refused(shop, "sendrawtransaction", opened)
    refused(shop, "submitbid", opened)
    # CLOSE by somebody who is not the seller.
    refused(shop, "submitbid", ann.close_tx(a))


def test_S0_05_an_enrolment_is_checked(shop):
    a, bob = shop.auction, shop.bob
    good = bob.enrol_tx(a)
    for at in range(0, len(good), 11):
        bad = bytearray(good)
        bad[at] ^= 0x10
        refused(shop, "sendrawtransaction", bytes(bad))
    # Somebody else's credential; a form that there is not; another auction.
    refused(shop, "sendrawtransaction", bob.enrol_tx(a, cred=shop.ann.cred))
    refused(shop, "sendrawtransaction", bob.enrol_tx(a, form=u8(1)))
    refused(shop, "sendrawtransaction", bob.enrol_tx(ZERO))
    assert shop.rpc.testtransaction(tx=good.hex())["accepted"]
    # Once more is the same answer (P5), another ENROL of the key is not.
    again = shop.ann.enrol_tx(a)
    refused(shop, "sendrawtransaction", again, "duplicate")


def test_repeated_calls_get_their_first_answer(shop):
    """P5: a client that lost the answer sends the same bytes again."""
    bid, tx = shop.ann.bid_tx(shop.auction, 700, 70, shop.recent)
    first = shop.rpc.submitbid(tx.hex())
    again = shop.rpc.submitbid(tx.hex())
    for name in ("bid", "t_us", "deadline_us", "receipt", "stamp"):
        assert again[name] == first[name], name
    wait_for("the bid in a block", lambda: shop.rpc.getbid(
        bid)["state"] != "received")
    mined = shop.rpc.submitbid(tx.hex())
    assert mined["t_us"] == first["t_us"]
    enrol = shop.bob.enrol_tx(shop.auction).hex()
    assert shop.rpc.sendrawtransaction(enrol) == shop.rpc.sendrawtransaction(
        enrol)


def test_an_open_of_another_network_or_with_a_wrong_signature(shop):
    """Sent to a node that does not know the auction; then the good one."""
    good = bytes.fromhex(shop.rpc.getauction(
        auction=shop.auction, verbose=True)["open"])
    assert good[0] == OPEN
    fresh = shop.world.node("fresh", ttp=False)
    bad = {"bad-encoding": [good[:cut] for cut in
                            (1, 2, 33, 34, 100, len(good) - 1)],
           "wrong-network": [flipped(good, 2)],
           "bad-signature": [flipped(good, len(good) - back)
                             for back in (1, 65, 129)],
           None: [good + b"\0", flipped(good, 34),
                  flipped(good, len(good) // 2)]}
    for name, damaged in bad.items():
        for raw in damaged:
            with pytest.raises(RpcError) as e:
                fresh.rpc.submitopen(raw.hex())
            assert e.value.code == -26, str(e.value)
            assert name in (None, e.value.data["code_name"]), str(e.value)
            assert e.value.data["field"], str(e.value)
    assert fresh.rpc.status()["chains"] == 1, "nothing is stored"
    assert fresh.rpc.submitopen(good.hex())["auction"] == shop.auction
    assert fresh.rpc.status()["chains"] == 2
    fresh.stop()


def flipped(raw, at):
    out = bytearray(raw)
    out[at] ^= 1
    return bytes(out)


def test_blocks_that_are_damaged(shop):
    """Another node takes the registry's blocks by submitblock, but none with
    a changed, missing or surplus byte."""
    shop.node.wait_height("registry", 2)
    other = shop.world.node("other", ttp=False)
    for height in (1, 2):
        block = bytes.fromhex(shop.rpc.getblock(
            chain="registry", height=height, verbosity=0))
        bad = [block[:cut] for cut in (1, 117, 118, 198, len(block) - 1)]
        bad.append(block + b"\0")
        for at in sorted({*range(0, 118, 3), *range(150, len(block), 97),
                          len(block) - 1}):
            changed = bytearray(block)
            changed[at] ^= 0x04
            bad.append(bytes(changed))
        for raw in bad:
            try:
                answer = other.rpc.submitblock(raw.hex())
            except RpcError as e:
                assert e.code == -26 and e.data["code_name"], str(e)
            else:  # a block of an unknown parent, height or time waits
                assert answer["status"] == "held", answer
        assert other.rpc.getblockcount("registry") == height - 1
        answer = other.rpc.submitblock(block.hex())
        assert answer["status"] == "accepted"
        assert other.rpc.getblockcount("registry") == height
        assert other.rpc.submitblock(block.hex())["status"] == "known"
    other.stop()


def test_one_bidder_cannot_stop_an_auction_by_bidding_too_often(world, node):
    """max_bids (256) of one bidder: what is beyond is refused, what was
    acknowledged gets into a block, and the auction ends."""
    node.wait_services()
    seller = world.wallet("seller", node)
    auction = seller.create("Too many", "--d", "1s", "--limit", "6s",
                            "--difficulty", "1")
    ann = Est(node, world.path("est")).enrol(node, "ann")
    node.rpc.sendrawtransaction(ann.enrol_tx(auction).hex())
    recent = node.rpc.getauction(auction)["final_sealed"]
    bids = [ann.bid_tx(auction, seq, seq, recent) for seq in range(1, 261)]
    answers = []
    for bid, tx in bids:
        try:
            answers.append(node.rpc.submitbid(tx.hex())["bid"])
        except RpcError as e:
            assert e.code == -26, str(e)
    assert len(answers) == 256
    assert node.wait_final(auction)["price"] == 256
    rows = node.rpc.listbids(auction=auction, limit=1000)["bids"]
    assert {r["bid"] for r in rows} == set(answers)


def test_the_rate_of_one_bidder_is_limited(world):
    node = world.node("slow", "--stamp-burst", "5", "--stamp-refill", "1")
    node.wait_services()
    seller = world.wallet("seller", node)
    auction = seller.create("Slowly", "--d", "30s", "--difficulty", "1")
    ann = Est(node, world.path("est")).enrol(node, "ann")
    node.rpc.sendrawtransaction(ann.enrol_tx(auction).hex())
    recent = node.rpc.getauction(auction)["final_sealed"]
    busy = None
    for seq in range(1, 9):
        _, tx = ann.bid_tx(auction, seq, seq, recent)
        try:
            node.rpc.submitbid(tx.hex())
        except RpcError as e:
            busy = e
            break
    assert busy is not None and busy.code == -10, busy
    assert seq == 6 and 0 < busy.data["retry_ms"] <= 1000
    time.sleep(busy.data["retry_ms"] / 1000 + 0.05)
    assert node.rpc.submitbid(tx.hex())["receipt"]


def test_clean_stop_by_signal_and_by_call(world):
    node = world.node()
    assert node.stop() == 0
    node.start()
    assert node.rpc.stop() == "stopping"
    assert node.process.wait() == 0
    assert not (node.datadir / ".cookie").exists()
