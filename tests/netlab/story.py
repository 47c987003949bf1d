"""What the tests of the lab do on the ledger: a seller with auctions, bidders
that bid at any node, and the promise to keep: a bid with a receipt counts."""

import threading
import time

from gavel import CALL_S, RpcError, Wallet, wait_for
from lab import AWAY
from ledger import Est

BUSY = (-10, -27, -28)  # a rate limit, no service within reach, starting


class Story:
    """The people of one lab. Identities are enrolled once, at node 0."""

    def __init__(self, lab, bidders=4):
        self.lab = lab
        home = lab.nodes[0]
        self.seller = Wallet(lab.path("seller"), home)
        self.seller.init()
        self.seller.enrol("seller")
        self.est = Est(home, lab.path("est"))
        self.bidders = [self.est.enrol(home, f"bidder-{i}")
                        for i in range(bidders)]
        self.sales = []

    def sale(self, title, d=10, t=1, panel=()):
        """A new auction, in which all bidders are enrolled. Its outcome is
        final somewhat more than 3 D after the call to close it. `panel`: who
        dates it and votes, if not node 0 alone."""
        auction = self.seller.create(title, "--d", f"{d}s", "--t", f"{t}s",
                                     "--notice", f"{2 * d}s",
                                     "--difficulty", "1", *panel)
        home = self.lab.nodes[0]
        for who in self.bidders:
            home.rpc.sendrawtransaction(who.enrol_tx(auction).hex())
        recent = home.rpc.getauction(auction)["final_sealed"]
        self.lab.watcher.auctions.append(auction)
        self.sales.append(Sale(self, auction, recent))
        return self.sales[-1]

    def close_all(self):
        for sale in self.sales:
            sale.close()

    def check_all(self, seconds=40):
        for sale in self.sales:
            sale.check_counted(seconds)


class Sale:
    """One auction. `receipts`: bids that a node acknowledged."""

    def __init__(self, story, auction, recent):
        self.story, self.lab = story, story.lab
        self.auction, self.recent = auction, recent
        self.receipts = {}  # bid -> amount
        self.refused = 0
        self.lock = threading.Lock()
        self.seq = 0
        self.closed = False

    def wait_known(self, *nodes, seconds=30):
        """The auction and its enrolments are there."""
        for n in nodes or self.lab.nodes:
            wait_for(f"the auction at node {n.number}",
                     lambda: self.enrolled(n) >= len(self.story.bidders),
                     seconds)
        return self

    def enrolled(self, node):
        try:
            return node.rpc.getauction(self.auction)["bidders"]
        except RpcError as e:
            if e.code != -5:
                raise
            return 0

    def make(self, who=0):
        """(bid, amount, BID): one that no other bid is like."""
        with self.lock:
            self.seq += 1
            seq = self.seq
        amount = 1000 + 10 * seq
        bid, tx = self.story.bidders[who].bid_tx(self.auction, amount, seq,
                                                 self.recent)
        return bid, amount, tx

    def submit(self, rpc, made):
        """True: there is a receipt now. False: the node says that it cannot
        now."""
        bid, amount, tx = made
        try:
            answer = rpc.submitbid(tx.hex())
        except RpcError as e:
            if e.code not in BUSY:
                raise
            self.refused += 1
            return False
        # A repeated bid may be answered by a node that knows its stamp alone.
        assert answer["stamp"] and answer["bid"] == bid, answer
        with self.lock:
            self.receipts[bid] = amount
        return True

    def bid(self, node, who=0, seconds=40):
        """Bid at a node until there is a receipt."""
        made, rpc = self.make(who), node.rpc_now(CALL_S)
        wait_for(f"a receipt at node {node.number}",
                 lambda: self.submit(rpc, made), seconds, step=0.2)
        rpc.close()
        return made[0]

    def rows(self, node):
        rows, after = {}, None
        while True:
            more = {"after": after} if after else {}
            page = node.rpc.listbids(auction=self.auction, limit=1000, **more)
            rows.update({r["bid"]: r for r in page["bids"]})
            after = page["next"]
            if after is None:
                return rows

    def missing(self, node, *states):
        """The bids with a receipt that are in none of these states there.
        The newest block of an open auction is final once it has a child."""
        rows = self.rows(node)
        return [bid for bid, amount in self.receipts.items()
                if bid not in rows or rows[bid]["state"] not in states or
                rows[bid]["amount"] != amount]

    def check_counted(self, seconds=40, nodes=None,
                      states=("included", "final")):
        """Every bid with a receipt is in a block, at every node."""
        for n in nodes or self.lab.nodes:
            wait_for(lambda: f"{len(self.missing(n, *states))} of "
                     f"{len(self.receipts)} bids of {self.auction[:8]} at "
                     f"node {n.number}",
                     lambda: not self.missing(n, *states), seconds)

    def settle(self):
        """One more bid, now that the links are good: when the validator was
        away, nothing decides between newest blocks of the same work until
        there is another. Then every node has the same."""
        self.bid(self.lab.nodes[0])
        self.check_counted()
        self.lab.check()

    def close(self):
        if not self.closed:
            self.story.seller.close_auction(self.auction)
            self.closed = True

    def check_outcome(self, seconds=40):
        """The same final outcome everywhere, of the bids with receipts."""
        # What is said of the sale afterwards waits for a block, not for votes.
        later = ("awards", "second_chance")
        outcomes = [{name: value for name, value in
                     n.wait_final(self.auction, seconds).items()
                     if name not in later} for n in self.lab.nodes]
        first = outcomes[0]
        for o in outcomes[1:]:
            assert o == first
        if self.receipts:
            assert first["status"] == "sold"
            assert first["price"] == max(self.receipts.values())
        self.check_counted(seconds, states=("final",))


class Crowd:
    """Bidders that bid at given nodes for as long as it lasts, each on a
    thread. An answer that does not come is no receipt; the bid is sent again
    as it is."""

    def __init__(self, sale, nodes, pause=0.3):
        self.sale, self.nodes, self.pause = sale, nodes, pause
        self.over = threading.Event()
        self.errors = []
        self.threads = [threading.Thread(target=self.run, args=(i, n),
                                         daemon=True)
                        for i, n in enumerate(nodes)]

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *failure):
        self.over.set()
        for t in self.threads:
            t.join(3 * CALL_S)
        if failure[0] is None:
            assert not any(t.is_alive() for t in self.threads), "one hangs"
            assert not self.errors, self.errors[0]

    def run(self, i, node):
        who = i % len(self.sale.story.bidders)
        try:
            while not self.over.wait(self.pause):
                self.persist(node, self.sale.make(who))
        except BaseException as e:  # noqa: B902, told at the end
            self.errors.append(e)

    def persist(self, node, made):
        while not self.over.is_set():
            rpc = node.rpc_now(CALL_S)
            try:
                if self.sale.submit(rpc, made):
                    return
            except AWAY:
                pass
            finally:
                rpc.close()
            time.sleep(0.2)
