"""Several time-stamping authorities and several validators, each a node of its
own: what goes on when some are away, and what stops."""

import http.client
import http.server
import json
import ssl
import sys
import threading

import pytest

from gavel import ROOT, CommandError, RpcError, wait_for
from quorum import Network
from test_verifier import verify

sys.path.insert(0, str(ROOT / "tests/verifier"))

import codec  # noqa: E402

pytestmark = pytest.mark.long

SHORT = ("--d", "4s", "--notice", "8s", "--difficulty", "1")


def blocks_of(dump, chain):
    rows = (json.loads(line) for line in dump.decode().splitlines())
    return [codec.block(bytes.fromhex(row["block"])) for row in rows
            if row.get("chain") == chain and "block" in row]


def stamps_of(blocks):
    """{bid id: {authority: its earliest genTime}} of an auction's chain."""
    txs = [tx for block in blocks for tx in block.txs]
    out = {}
    for bid in (tx for tx in txs if tx.name == "BID"):
        times = out[bid.digest.hex()] = {}
        for tx in txs:
            if tx.name == "STAMP" and bid.leaf in tx.leaves:
                times[tx.authority] = min(
                    tx.token.time_us, times.get(tx.authority, 2**64))
    return out


def check_dump(world, node, auction):
    """Both verifiers accept the node's ledger; its blocks of the auction."""
    path = world.path(f"{node.datadir.name}.jsonl")
    dump = world.explorer(node).dump(path)
    done = world.explorer().verify(path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = verify(path)
    assert done.returncode == 0, done.stdout + done.stderr
    return blocks_of(dump, auction)


def check_middle(net, blocks, auction):
    """t of every bid is the second of three times, or of what there is."""
    rows = net.ca.rpc.listbids(auction=auction)["bids"]
    stamps = stamps_of(blocks)
    assert {row["bid"] for row in rows} == set(stamps)
    for row in rows:
        times = sorted(stamps[row["bid"]].values())
        assert len(times) >= 2 and row["t_us"] == times[1], (row, times)
    return stamps


def bid_refused(wallet, auction, amount):
    """The error of a bid that too few have stamped."""
    with pytest.raises(CommandError) as caught:
        wallet.bid(auction, amount)
    assert "it is kept" in caught.value.stderr
    return json.loads(caught.value.stderr.splitlines()[0])["error"]


def test_S5_three_authorities_of_which_one_may_be_away(world):
    net = Network(world, stamps=3)
    seller, ann = net.seller(), world.wallet("ann", net.ca)
    bob = world.wallet("bob", net.stamps[1])  # who stamps by itself too
    auction = net.auction(seller, *SHORT)
    net.wait_everywhere(auction)
    for wallet, amount in ((ann, 10), (bob, 11)):
        told = wallet.bid(auction, amount)
        times = sorted(s["t_us"] for s in told["stamps"])
        assert len(times) >= 2 and told["t_us"] == times[1]
        assert all(s["receipt"] for s in told["stamps"])
    net.stamps[0].kill()
    told = ann.bid(auction, 12)
    assert {s["authority"] for s in told["stamps"]} == {1, 2}
    seller.close_auction(auction)
    outcome = net.ca.wait_final(auction, 60)
    assert outcome["status"] == "sold" and outcome["price"] == 1200
    blocks = check_dump(world, net.stamps[1], auction)
    stamps = check_middle(net, blocks, auction)
    # The third stamp of the first bids came as well.
    assert sorted(len(s) for s in stamps.values()) == [2, 3, 3]
    tokens = [tx for b in blocks for tx in b.txs if tx.name == "CUTOFF"]
    assert [i for i, _ in tokens[0].tokens] == [1, 2]
    # The one that was away follows when it is back.
    net.stamps[0].start()
    back = net.stamps[0].wait_final(auction, 60)
    assert back["fold_hash"] == outcome["fold_hash"]


def test_two_of_three_away_stop_bids_and_cutoff_until_one_is_back(world):
    """A fourth service, which the auction does not pin, is of no help."""
    net = Network(world, stamps=4)
    seller, ann = net.seller(), world.wallet("ann", net.ca)
    auction = net.auction(seller, *SHORT, stamps=3)
    net.wait_everywhere(auction)
    ann.bid(auction, 10)
    for node in net.stamps[:2]:
        node.kill()
    error = bid_refused(ann, auction, 11)
    assert error["code"] == -27
    assert error["data"] == {"role": "tsa", "stamped": 1, "needed": 2}
    late = {r["bid"]: r for r in net.ca.rpc.listbids(auction=auction)["bids"]}
    assert len(late) == 1, "one that too few have stamped is no bid yet"
    net.stamps[1].start()
    net.stamps[1].wait_peers(3, 60)
    wait_for("the bid that was kept", lambda: net.ca.rpc.getauction(
        auction)["bids"]["total"] == 2, 60)
    # It counts, and the wallet learns so before its next bid.
    done = ann.run_ok("bid", "place", auction, "12")
    assert "did arrive" in done.stderr
    seller.close_auction(auction)
    net.stamps[1].kill()
    net.ca.wait_phase(auction, "closing", 60)
    wait_for("a word of who is missing",
             lambda: "too few time-stamping authorities" in net.ca.log, 60)
    assert not net.ca.rpc.getoutcome(auction)["final"]
    net.stamps[0].start()
    outcome = net.ca.wait_final(auction, 90)
    assert outcome["price"] == 1200
    check_middle(net, check_dump(world, net.ca, auction), auction)


class Liar:
    """In the place of a stamping service: its TLS certificate, another
    service's tokens."""

    def __init__(self, node, truth):
        self.asked = 0
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                size = int(self.headers["Content-Length"])
                body = liar.tokens_of(truth, self.rfile.read(size))
                liar.asked += 1
                self.send_response(200)
                self.send_header("Content-Type",
                                 "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        ttp = node.datadir / "ttp"
        self.root = node.datadir / "gavel-root.pem"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(ttp / "tls-cert.pem", ttp / "tls-key.pem")
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", node.fixed["tls"]), Handler)
        self.server.socket = context.wrap_socket(self.server.socket,
                                                 server_side=True)
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def tokens_of(self, node, query):
        context = ssl.create_default_context(cafile=str(self.root))
        there = http.client.HTTPSConnection(
            "127.0.0.1", node.fixed["tls"], timeout=10, context=context)
        there.request("POST", "/tsa", query,
                      {"Content-Type": "application/timestamp-query"})
        body = there.getresponse().read()
        there.close()
        return body

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def test_tokens_by_a_key_that_is_not_pinned_do_not_count(world):
    """One authority is away; in the place of another somebody answers with
    the third one's tokens."""
    net = Network(world, stamps=3)
    seller, ann = net.seller(), world.wallet("ann", net.ca)
    auction = net.auction(seller, *SHORT)
    net.wait_everywhere(auction)
    ann.bid(auction, 10)
    seller.close_auction(auction)
    for node in net.stamps[1:]:
        node.kill()
    liar = Liar(net.stamps[1], net.stamps[0])
    try:
        wait_for("a refusal of its tokens",
                 lambda: "its token is not good" in net.ca.log, 60)
        assert liar.asked > 0
        assert net.ca.rpc.getauction(auction)["phase"] == "closing"
    finally:
        liar.stop()
    net.stamps[2].start()
    assert net.ca.wait_final(auction, 90)["price"] == 1000
    blocks = check_dump(world, net.ca, auction)
    tokens = [tx for b in blocks for tx in b.txs if tx.name == "CUTOFF"]
    assert [i for i, _ in tokens[0].tokens] == [0, 2]


def test_S4_75_S4_90_S5_four_validators_make_an_outcome_final(world):
    net = Network(world, stamps=1, votes=4)
    seller, ann = net.seller(), world.wallet("ann", net.votes[0])
    auction = net.auction(seller, *SHORT)
    net.wait_everywhere(auction)
    ann.bid(auction, 10)
    net.votes[3].kill()
    ann.bid(auction, 11)
    seller.close_auction(auction)
    outcome = net.ca.wait_final(auction, 90)
    assert outcome["status"] == "sold" and outcome["price"] == 1100
    net.votes[3].start()
    assert net.votes[3].wait_final(auction, 60)["winner"] == outcome["winner"]
    check_dump(world, net.votes[3], auction)


def test_two_of_four_validators_away_leave_it_open_until_one_is_back(world):
    net = Network(world, stamps=1, votes=4)
    seller, ann = net.seller(), world.wallet("ann", net.ca)
    auction = net.auction(seller, *SHORT)
    net.wait_everywhere(auction)
    ann.bid(auction, 10)
    for node in net.votes[:2]:
        node.kill()
    seller.close_auction(auction)
    wait_for("an outcome on the chain", lambda: net.ca.rpc.getauction(
        auction)["outcome_height"], 60)
    assert not net.ca.rpc.getoutcome(auction)["final"]
    net.votes[1].start()
    assert net.ca.wait_final(auction, 90)["price"] == 1000
    check_dump(world, net.ca, auction)


def test_wrong_wishes_are_refused_with_a_reason(world):
    net = Network(world, stamps=3, votes=2)
    seller = net.seller()
    keys, votes = net.stamp_keys(), net.vote_keys()
    for option, value, code, says in (
            ("authorities", "2", 2, "an odd number from 1 to 15"),
            ("authorities", "17", 2, "an odd number from 1 to 15"),
            ("authorities", "5", 1, "5 time-stamping authorities are wished "
                                    "and 3 are on the registry"),
            ("authorities", ",".join(keys[:2]), 2, "an odd number of them"),
            ("authorities", ",".join(keys[:2] + keys[:1]), 2, "twice"),
            ("authorities", ",".join(keys[:2] + votes[:1]), 1,
             "no service of role tsa"),
            ("validators", "0", 2, "a number from 1 to 64"),
            ("validators", "x", 2, "a number from 1 to 64"),
            ("validators", keys[0], 1, "no service of role validator")):
        done = seller.run("auction", "create", "--title", "x",
                          f"--{option}", value, as_json=False)
        assert done.returncode == code and says in done.stderr, (
            option, value, done.stderr)
    with pytest.raises(RpcError) as caught:
        net.ca.rpc.getwarrant(authorities="ab" * 32)
    assert caught.value.code == -5
    with pytest.raises(RpcError) as caught:
        net.ca.rpc.getwarrant()
    assert caught.value.code == -27 and caught.value.data == {"role": "tsa"}
    # A number takes as many operators as there are.
    done = seller.run_ok("auction", "create", "--title", "x",
                         "--authorities", "3", "--validators", "2",
                         as_json=False)
    for name in ("Clock 0", "Clock 1", "Clock 2", "with fewer than four"):
        assert name in done.stderr, done.stderr
