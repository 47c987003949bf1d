"""getwork as stock SHA-256d miners use it, by a miner of forty lines that
behaves as the common ones were seen to behave."""

import base64
import hashlib
import json
import os
import threading
import time

import pytest

import gavel
from gavel import wait_for
from ledger import sha256d

USER = "miner:a secret for mining only"


class StockMiner:
    """One connection and what such a miner knows."""

    def __init__(self, node, login=USER):
        self.rpc = gavel.Rpc(node.ports["rpc"], node.cookie)
        self.login = {"Authorization": "Basic " + base64.b64encode(
            login.encode()).decode()}

    def call(self, method, *params, path="/", version=None):
        body = {"method": method, "params": list(params), "id": 0}
        if version:
            body["jsonrpc"] = version
        status, headers, raw = self.rpc.post(json.dumps(body), self.login,
                                             path)
        return status, headers, json.loads(raw)

    def work(self, path="/"):
        status, headers, answer = self.call("getwork", path=path)
        assert status == 200 and answer["error"] is None, answer
        assert set(answer["result"]) >= {"data", "target"}
        return Work(answer["result"], headers)

    def submit(self, data):
        status, headers, answer = self.call("getwork", data)
        assert status == 200 and answer["error"] is None, answer
        return answer["result"], headers.get("X-Reject-Reason")


def swap_words(data):
    """Each 4-byte word reversed, as getwork transports bytes."""
    return b"".join(data[i:i + 4][::-1] for i in range(0, len(data), 4))


class Work:
    def __init__(self, result, headers):
        assert len(result["data"]) == 256 and len(result["target"]) == 64
        self.headers = headers
        raw = swap_words(bytes.fromhex(result["data"]))
        assert raw[80:] == b"\x80" + bytes(39) + (640).to_bytes(8, "big")
        self.seal = raw[:80]
        self.target = int.from_bytes(bytes.fromhex(result["target"]),
                                     "little")

    @property
    def field(self):
        """Bytes 4 to 35: what a miner compares to see whether its work is
        still the newest."""
        return self.seal[4:36]

    def solve(self, good=True, first=0):
        """data of a submission whose hash is at or below the target, or
        just is not."""
        nonce = first
        while True:
            seal = self.seal[:76] + nonce.to_bytes(4, "little")
            value = int.from_bytes(sha256d(seal), "little")
            if (value <= self.target) == good:
                whole = seal + b"\x80" + bytes(39) + (640).to_bytes(8, "big")
                return swap_words(whole).hex()
            nonce += 1


@pytest.fixture
def mined(world):
    """A node that has no miner of its own, alone, and a login for miners. Its
    registry wants a heartbeat every second."""
    return world.node(ttp=False, env={"GAVEL_RPC_MINER_USER": USER})


def fresh(miner):
    """Work that is sealed; until the next heartbeat is due old work is stale.
    """
    def sealed():
        work = miner.work()
        result, why = miner.submit(work.solve())
        assert result or why == "stale", why
        return work if result else None
    return wait_for("a sealed block", sealed, 10)


def test_S4_82_a_stock_miner_falls_back_to_getwork_and_seals_blocks(mined):
    node, miner = mined, StockMiner(mined)
    # Its first call is getblocktemplate; only this makes it fall back.
    status, _, answer = miner.call("getblocktemplate", {"capabilities": []})
    assert status == 404 and answer["error"]["code"] == -32601
    height = node.rpc.getblockcount("registry")
    work = fresh(miner)
    assert work.headers["X-Long-Polling"].startswith("/")
    assert "midstate" not in work.headers
    assert node.rpc.getblockcount("registry") > height
    for _ in range(3):
        fresh(miner)
    # 1.0 in, 1.0 out; 2.0 in, 2.0 out.
    _, _, answer = miner.call("getwork")
    assert "jsonrpc" not in answer and answer["error"] is None
    _, _, answer = miner.call("getwork", version="2.0")
    assert answer["jsonrpc"] == "2.0" and "error" not in answer


def test_S4_73_getwork_refuses_what_is_no_solution(mined):
    miner = StockMiner(mined)
    work = miner.work()
    result, why = miner.submit(work.solve(good=False))
    assert result is False and why
    # Somebody else's header, at or below the target.
    stranger = Work({"data": swap_words(
        os.urandom(80) + b"\x80" + bytes(39) +
        (640).to_bytes(8, "big")).hex(), "target": "ff" * 32}, {})
    result, why = miner.submit(stranger.solve())
    assert result is False and why
    # Wrong padding, wrong length, no hex: errors, never a 500.
    good = work.solve()
    for bad in (good[:-2], good + "00", "zz" * 128, "", good[:160] + "11" * 48):
        status, headers, answer = miner.call("getwork", bad)
        assert status != 500
        assert answer.get("error") or answer["result"] is False, bad[:8]
    assert mined.rpc.uptime() >= 0


def test_getwork_stale_work_has_another_miner_field(mined):
    miner = StockMiner(mined)
    work = miner.work()
    again = miner.work()
    if again.field == work.field:
        assert again.seal[:4] != work.seal[:4] or again.seal == work.seal, (
            "callers differ in the version alone")

    def newer():
        other = miner.work()
        return other if other.field != work.field else None
    assert miner.submit(work.solve())[0] in (True, False)
    wait_for("new work: the registry has its heartbeat", newer, 10)
    result, why = miner.submit(work.solve())
    assert (result, why) == (False, "stale")
    # A flood of stale answers costs the node little.
    rotten = work.solve()
    began = time.monotonic()
    for _ in range(300):
        assert miner.submit(rotten)[0] is False
    assert time.monotonic() - began < 10 * gavel.SLOW
    fresh(miner)


def test_getwork_long_poll_answers_with_other_work(mined):
    miner, poller = StockMiner(mined), StockMiner(mined)
    path = poller.work().headers["X-Long-Polling"]
    seen = [poller.work()]
    done = threading.Event()

    def poll():
        while len(seen) < 4:
            seen.append(poller.work(path))
        done.set()
    threading.Thread(target=poll, daemon=True).start()
    for _ in range(3):
        fresh(miner)
        time.sleep(0.1)
    assert done.wait(20 * gavel.SLOW), f"{len(seen)} answers to 3 long polls"
    fields = [w.field for w in seen]
    assert all(a != b for a, b in zip(fields, fields[1:])), (
        "a long poll never answers with the work the caller has")
    fresh(miner)


def test_getworktemplate_and_submitwork(mined):
    rpc = mined.rpc
    end = time.monotonic() + 10 * gavel.SLOW
    while time.monotonic() < end:
        t = rpc.getworktemplate()
        seal, target = bytes.fromhex(t["seal"]), int(t["target"], 16)
        assert len(seal) == 80 and t["chains"] >= 1
        nonce = 0
        while True:
            seal = seal[:76] + nonce.to_bytes(4, "little")
            if int.from_bytes(sha256d(seal), "little") <= target:
                break
            nonce += 1
        answer = rpc.submitwork(template=t["template"], seal=seal.hex())
        if answer["accepted"]:
            break
    assert answer["accepted"], "never in time"
    began = time.monotonic()
    newer = rpc.getworktemplate(longpoll=t["template"], timeout_ms=10000)
    assert newer["template"] != t["template"]
    same = rpc.getworktemplate(longpoll=newer["template"], timeout_ms=0)
    assert time.monotonic() - began < 10 * gavel.SLOW
    assert same["template"]


def test_S4_73_the_miners_login_may_only_get_work(mined):
    miner = StockMiner(mined)
    for method, params in (("stop", []), ("status", []),
                           ("getauction", ["00" * 32]),
                           ("sendrawtransaction", ["00"])):
        status, _, answer = miner.call(method, *params)
        assert status == 403, method
        assert answer["error"]["code"] == -32604
    assert miner.call("getworktemplate")[0] == 200
    stranger = StockMiner(mined, "miner:wrong password")
    status, _, _ = stranger.rpc.post('{"method":"getwork","params":[]}',
                                     stranger.login)
    assert status == 401
    assert hashlib.sha256(USER.encode()).hexdigest() not in mined.log
    assert USER.split(":")[1] not in mined.log
