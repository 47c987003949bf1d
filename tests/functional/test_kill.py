"""kill -9 at random moments while bids arrive. Whatever the node acknowledged
is there after the restart, in the mempool or on the chain, with the same
answer; the chain goes on to the final outcome without any repair.

D is 30 s: a kill must not make bids miss their deadline.
"""

import http.client
import random
import threading
import time
from hashlib import sha256

import pytest

import gavel
from gavel import RpcError, wait_for
from ledger import Est, Identity

MAX_BIDS = 256  # of one bidder, by the terms
PAUSE_S = 0.12  # between bids of one bidder: MAX_BIDS last for the test
AWAY = (OSError, http.client.HTTPException, ValueError)


class Bidders:
    """Clients that place bids for as long as the test lasts. A bid without an
    answer is sent again, the same bytes, until there is one."""

    def __init__(self, node, auction, identities):
        self.node, self.auction = node, auction
        self.done = threading.Event()
        self.lock = threading.Lock()
        self.answers = {}  # bid -> (amount, first answer)
        self.repeated = 0
        self.errors = []
        self.threads = [
            threading.Thread(target=self.run, args=(i, number), daemon=True)
            for number, i in enumerate(identities)]

    def start(self):
        for t in self.threads:
            t.start()
        return self

    def stop(self):
        self.done.set()
        for t in self.threads:
            t.join(60 * gavel.SLOW)
            assert not t.is_alive(), "a bidder hangs"
        assert not self.errors, self.errors[0]

    def run(self, identity, number):
        rpc, seq = None, 0
        try:
            recent = self.node.rpc_now().getauction(self.auction)[
                "final_sealed"]
            while seq < MAX_BIDS and not self.done.wait(PAUSE_S):
                seq += 1
                amount = 1000 * seq + number
                bid, tx = identity.bid_tx(self.auction, amount, seq, recent)
                rpc, answer = self.send(rpc, tx)
                assert answer["bid"] == bid
                with self.lock:
                    self.answers[bid] = (amount, answer)
        except BaseException as e:  # noqa: B902, told by stop()
            self.errors.append(e)

    def send(self, rpc, tx):
        tries, end = 0, time.monotonic() + 40 * gavel.SLOW
        while True:
            try:
                rpc = rpc or self.node.rpc_now()
                answer = rpc.submitbid(tx.hex())
                if tries:
                    with self.lock:
                        self.repeated += 1
                return rpc, answer
            except RpcError as e:
                if e.code not in (-10, -28):
                    raise
            except AWAY:
                pass
            assert time.monotonic() < end, "the node is away for too long"
            tries, rpc = tries + 1, None
            time.sleep(0.02)


class KilledNode(gavel.Node):
    """A node on fixed ports, with connections for clients that do not know
    whether it runs."""

    def rpc_now(self):
        return gavel.Rpc(self.ports["rpc"], self.cookie, seconds=10)


def every_bid(node, auction):
    rows, after = {}, None
    while True:
        more = {"after": after} if after else {}
        page = node.rpc.listbids(auction=auction, limit=1000, **more)
        rows.update({r["bid"]: r for r in page["bids"]})
        after = page["next"]
        if after is None:
            return rows


def check_acknowledged(node, auction, answers):
    """Each acknowledged bid is known, with its amount and trusted time."""
    rows = every_bid(node, auction)
    lost = [bid for bid in answers if bid not in rows]
    assert not lost, f"{len(lost)} of {len(answers)} acknowledged bids lost"
    for bid, (amount, answer) in answers.items():
        assert rows[bid]["amount"] == amount
        assert rows[bid]["t_us"] <= answer["t_us"]
        assert rows[bid]["deadline_us"] <= answer["deadline_us"]


class Story:
    """A node, an auction and three bidders that never rest."""

    def __init__(self, world):
        self.seed = random.randrange(2**32)
        print(f"seed {self.seed}")
        self.rng = random.Random(self.seed)
        self.node = KilledNode(world.path("node"), "--ttp", "all",
                               fixed_ports=True)
        world.things.append(self.node)
        self.node.start()
        self.node.wait_services()
        seller = world.wallet("seller", self.node)
        self.auction = seller.create("Killed", "--d", "30s", "--difficulty",
                                     "1")
        est = Est(self.node, world.path("est"))
        names = [est.enrol(self.node, f"bidder-{i}") for i in range(3)]
        for i in names:
            self.node.rpc.sendrawtransaction(i.enrol_tx(self.auction).hex())
        self.bidders = Bidders(self.node, self.auction, names).start()

    def kill(self):
        """Kill it at a random moment, start it, see that nothing is lost."""
        time.sleep(self.rng.uniform(0.0, 0.4))
        self.node.kill()
        with self.bidders.lock:
            answers = dict(self.bidders.answers)
        self.node.start()
        check_acknowledged(self.node, self.auction, answers)

    def end(self, kills):
        """The bidders rest; every bid they have an answer for."""
        time.sleep(0.3)
        self.bidders.stop()
        answers = self.bidders.answers
        print(f"{len(answers)} bids acknowledged, {self.bidders.repeated} of "
              f"them after another try, over {kills} kills")
        assert len(answers) >= kills
        return answers

    def all_mined(self, answers):
        def check():
            rows = every_bid(self.node, self.auction)
            return all(rows[bid]["state"] != "received" for bid in answers)
        wait_for("every acknowledged bid in a block", check, 30)


def test_S0_16_killed_ten_times_loses_nothing_acknowledged(world):
    story = Story(world)
    for _ in range(10):
        story.kill()
    answers = story.end(10)
    check_acknowledged(story.node, story.auction, answers)
    rows = every_bid(story.node, story.auction)
    assert any(r["state"] != "received" for r in rows.values()), (
        "blocks were mined between the kills")


def test_S4_71_killed_before_and_after_a_missed_deadline(world):
    """Bids are acknowledged, and the node is killed before a block takes them
    and away until their deadline has passed; then killed again while they are
    stamped anew. They are known at every start, and get into blocks."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    node = world.node("node", fixed_ports=True)
    node.wait_services()
    auction = world.wallet("seller", node).create(
        "Missed", "--d", "2s", "--notice", "4s", "--difficulty", "1")
    bidder = Est(node, world.path("est")).enrol(node, "bidder")
    node.rpc.sendrawtransaction(bidder.enrol_tx(auction).hex())
    recent = node.rpc.getauction(auction)["final_sealed"]
    first = {}
    for round_ in range(4):
        txs = [bidder.bid_tx(auction, 100 + i, 1 + i, recent)
               for i in range(5 * round_, 5 * round_ + 5)]
        for bid, tx in txs:
            first[bid] = node.rpc.submitbid(tx.hex())["t_us"]
        node.kill()
        time.sleep(2.1)
        for _ in range(3):
            node.start()
            rows = every_bid(node, auction)
            assert not set(first) - set(rows), "acknowledged bids are lost"
            time.sleep(rng.uniform(0.0, 0.3))
            node.kill()
        node.start()

    def included():
        rows = every_bid(node, auction)
        assert not set(first) - set(rows), "acknowledged bids are lost"
        return all(rows[b]["state"] in ("included", "final") for b in first)
    wait_for("every acknowledged bid in a block", included, 30)
    rows = every_bid(node, auction)
    missed = sum(rows[b]["t_us"] > t for b, t in first.items())
    print(f"{missed} of {len(first)} bids were stamped again")
    assert missed > 0


@pytest.mark.long
def test_S0_16_killed_fifty_times_during_a_replay(world):
    """The replay waits for the node, accounts for every recorded bid and gets
    its final outcomes; beside it bidders bid. Then the chains verify."""
    story = Story(world)
    table = gavel.SHARED / "data/ebay-auctions.csv"
    if not table.exists():
        table = gavel.ROOT / "tests/demo/auction.csv"
    replay = world.wallet("recorded", story.node, enrol=False).spawn(
        "replay", table, "--limit", "12", "--d", "30s", "--rate", "6")
    for _ in range(50):
        story.kill()
    answers = story.end(50)
    story.all_mined(answers)
    out, err = replay.communicate(timeout=200 * gavel.SLOW)
    print(out, err)
    assert replay.returncode == 0, err
    assert "not-final" not in out
    dump, explorer = world.path("dump.jsonl"), world.explorer(story.node)
    explorer.dump(dump)
    done = explorer.verify(dump)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_S0_01_certificates_issued_before_a_kill_reach_the_ledger(world):
    """An enrolment that was answered is not forgotten with the process."""
    node = world.node(fixed_ports=True)
    node.wait_services()
    for round_ in range(5):
        est = Est(node, world.path("est"))
        names = [f"early-{round_}-{i}" for i in range(3)]
        prints = []
        for name in names:
            answer = est.send(est.request(Identity(name)))
            assert answer.status == 200, answer.text
            prints.append(sha256(est.certificate(answer)).hexdigest())
        node.kill()
        node.start()
        for name, fingerprint in zip(names, prints):
            wait_for(f"the certificate of {name} on the ledger",
                     lambda: node.find_cert(fingerprint=fingerprint))
