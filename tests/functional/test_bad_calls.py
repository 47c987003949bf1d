"""Every malformed, wrong or damaged call, transaction and block gets one clear
error, and nothing of it is stored."""

import json
import time

import pytest

import gavel
from gavel import RpcError, wait_for
from ledger import OPEN, Est, h_tag, u8

ZERO = "00" * 32

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
    ("trybid", {"auction": ZERO, "bidder": ZERO, "amount": 1}, -5),
    ("getproof", {"auction": ZERO, "outcome": True}, -5),
], ids=str)
def test_unknown_things_have_their_codes(shop, method, params, code):
    with pytest.raises(RpcError) as e:
        shop.rpc.call(method, **params)
    assert e.value.code == code, str(e.value)


# --- transactions ---


def refused_once(shop, method, tx, name=None, code=-26, **more):
    """A verdict that names what is wrong, and whether nothing changed."""
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
    return e.value, stored(shop) == before


def refused(shop, method, tx, name=None, code=-26, **more):
    """A verdict that names what is wrong, and nothing stored. A block may just
    take what waits; what was stored itself would not be refused again."""
    for _ in range(5):
        verdict, unchanged = refused_once(shop, method, tx, name, code, **more)
        if unchanged:
            return verdict
    raise AssertionError("refused, and yet something changed each time")


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
        # Not the seal's free fields (F11): a change there is another search
        # for work, which one in sixteen changes would win.
        seal = 118
        for at in sorted({*range(0, seal, 3), *range(seal + 36, seal + 68, 5),
                          *range(seal + 80, len(block), 97), len(block) - 1}):
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
    auction = seller.create("Too many", "--d", "3s", "--notice", "6s",
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
    seller.close_auction(auction)
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
    bids = [ann.bid_tx(auction, seq, seq, recent)[1] for seq in range(1, 41)]
    busy = None
    began = time.monotonic()
    for stamped, tx in enumerate(bids):
        try:
            node.rpc.submitbid(tx.hex())
        except RpcError as e:
            busy = e
            break
    gained = int(time.monotonic() - began)  # one for each second
    assert busy is not None and busy.code == -10, busy
    assert 5 <= stamped <= 5 + gained
    assert 0 < busy.data["retry_ms"] <= 1000
    time.sleep(busy.data["retry_ms"] / 1000 + 0.05)
    assert node.rpc.submitbid(tx.hex())["receipt"]
