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
    auction = net.auction(seller, "--d", "3s", "--notice", "6s", "--difficulty", "1")
    net.wait_everywhere(auction)
    ann.bid(auction, 10)
    net.stamps[0].kill()
    ann.bid(auction, 11)
    seller.close_auction(auction)
    net.ca.wait_final(auction, 40)
    print(net.ca.log[-1500:])
