"""The time-stamping service asks the system whether its clock is kept."""

import ctypes

from ledger import curl, openssl

TIME_ERROR, STA_UNSYNC = 5, 0x40


class Timex(ctypes.Structure):
    """The beginning of struct timex, and room for the rest."""
    _fields_ = [("modes", ctypes.c_uint), ("offset", ctypes.c_long),
                ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
                ("esterror", ctypes.c_long), ("status", ctypes.c_int),
                ("rest", ctypes.c_char * 400)]


def system_keeps_its_clock():
    t = Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(t))
    return 0 <= state < TIME_ERROR and not t.status & STA_UNSYNC


def stamped(world, node):
    """Does the service give a time stamp over HTTP? And its words."""
    data, query, answer = (world.path(n) for n in ("data", "q", "r"))
    data.write_bytes(b"x")
    openssl("ts", "-query", "-sha256", "-data", data, "-out", query)
    url = node.rpc.status()["ttp"]["tsa"]["url"]
    got = curl(url, "-H", "Content-Type: application/timestamp-query",
               ca=node.datadir / "gavel-root.pem", data=query.read_bytes())
    answer.write_bytes(got.body)
    text = openssl("ts", "-reply", "-in", answer, "-text").stdout.decode()
    return "Status: Granted" in text, text


def test_a_clock_nobody_keeps_stops_the_stamps_if_that_is_asked(world):
    kept = system_keeps_its_clock()
    node = world.node("node", "--tsa-require-sync", "yes")
    node.wait_services()
    clock = node.rpc.status()["ttp"]["tsa"]["clock"]
    granted, text = stamped(world, node)
    assert granted == kept == (clock == "")
    shown = world.wallet("ann", node).text("status")
    assert ("no stamps" in shown) == (not kept)
    if not kept:
        assert "synchronised" in clock and clock in shown
        assert "time source is not available" in text
        assert node.log.count("no time stamps") == 1


def test_on_regtest_nobody_need_keep_the_clock(world):
    node = world.node("node")
    node.wait_services()
    assert node.rpc.status()["ttp"]["tsa"]["clock"] == ""
    assert stamped(world, node)[0]
