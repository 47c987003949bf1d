"""Several time-stamping authorities and several validators, each a node of its
own."""

import pytest

from quorum import TERMS, Network


@pytest.mark.long
def test_open(world):
    net = Network(world, stamps=3, votes=4)
    seller = net.seller()
    auction = net.auction(seller)
    info = net.ca.rpc.getauction(auction, True)
    print(info)
    net.wait_everywhere(auction)
