"""Four nodes that do not agree on the time, by libfaketime: the services and
one more are right, one is half a minute ahead and mines, one is behind."""

import glob
import time

import pytest

from story import Crowd, Story

pytestmark = pytest.mark.long

COUNT = 4
AHEAD, BEHIND = 2, 3
EDGES = [(a, b) for a in range(COUNT) for b in range(a)]
LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"


def skewed(seconds):
    """The environment of a process whose UTC is off; timers are not."""
    found = glob.glob(LIBRARY)
    assert found, f"{LIBRARY} is missing (package faketime)"
    return {"LD_PRELOAD": found[0], "FAKETIME": f"{seconds:+d}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@pytest.fixture(scope="module")
def lab(make_lab):
    one = make_lab(COUNT, EDGES)
    return one.start(COUNT, envs={AHEAD: skewed(30), BEHIND: skewed(-8)})


def test_wrong_clocks_stop_nobody_else(lab):
    """The node ahead mines blocks that the others hold (R1); their chains go
    on meanwhile. The node behind has everything a little later. 10 T is more
    than the clocks differ, so the node ahead takes no vote for a late one
    (V3)."""
    story = Story(lab, bidders=2)
    sale = story.sale("clocks", d=5, t=4).wait_known()
    ahead = lab.nodes[AHEAD]
    assert ahead.rpc.status()["time_ms"] > time.time() * 1000 + 20_000
    ahead.restart("--mine")
    height = lab.nodes[1].rpc.getblockcount("registry")
    with Crowd(sale, lab.nodes[:2]):
        time.sleep(8)
    for n in lab.nodes[:2]:
        n.wait_height("registry", height + 6, 10)
    sale.check_counted()
    sale.close()
    sale.check_outcome()
    ahead.restart()
    lab.check()
