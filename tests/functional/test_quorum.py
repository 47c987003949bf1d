"""Several time-stamping authorities and several validators, each a node of its
own."""

import pytest

from gavel import CommandError, wait_for
from quorum import TERMS, Network


@pytest.mark.long
def test_bids(world):
    net = Network(world, stamps=3)
    seller = net.seller()
    ann = world.wallet("ann", net.ca)
    auction = net.auction(seller)
    net.wait_everywhere(auction)
    print(ann.bid(auction, 10))
    net.stamps[0].kill()
    print(ann.bid(auction, 11))
    net.stamps[1].kill()
    done = ann.run("bid", "place", auction, "12")
    print(done.stdout, done.stderr)
    assert done.returncode != 0
    net.stamps[1].start()
    wait_for("all bids", lambda: net.ca.rpc.getauction(auction)["bids"]["total"]
             == 3, 60)
