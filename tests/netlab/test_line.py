"""Five nodes in a line: what one end does reaches the other through three that
pass it on. The far end mines."""

import time

import pytest

from story import Crowd, Story

pytestmark = pytest.mark.long

COUNT = 5
EDGES = [(i + 1, i) for i in range(COUNT - 1)]


@pytest.fixture(scope="module")
def lab(make_lab):
    return make_lab(COUNT, EDGES).start(COUNT)


@pytest.fixture(scope="module")
def story(lab):
    return Story(lab)


def test_S1_20_everything_is_relayed_along_a_line(lab, story):
    """Bids at the service's own node and at its neighbour, blocks of the far
    end; every link takes its time."""
    lab.wait_met()
    lab.link(delay=0.05, jitter=0.02)
    sale = story.sale("line").wait_known()
    far = lab.nodes[4]
    height = lab.nodes[0].rpc.getblockcount("registry")
    far.restart("--mine")
    with Crowd(sale, lab.nodes[:2]):
        time.sleep(6)
    sale.check_counted()
    lab.nodes[0].wait_height("registry", height + 5)
    for n in lab.nodes[1:4]:
        assert n.rpc.status()["peers"] == 2
    lab.heal()
    sale.settle()
    sale.close()


def test_a_line_cut_in_the_middle_heals(lab, story):
    """Restarts on both sides of the cut, while it is cut."""
    sale = story.sale("cut").wait_known()
    lab.link(1, 2, up=0)
    with Crowd(sale, lab.nodes[:2]):
        time.sleep(3)
        lab.nodes[2].kill()
        lab.nodes[2].start()
    lab.nodes[1].restart()
    lab.heal()
    sale.settle()
    sale.close()
    for one in story.sales:
        one.check_outcome()
    lab.watcher.stop()
    assert not lab.watcher.broken
