"""Random trouble without a pause: nodes are killed and started, links are cut
and come back, are slow or lose packets, while bidders bid at every node. In the
end, on good links, every node has the same chains and every bid with a receipt
is in them. GAVEL_SOAK_MINUTES says how long (2), GAVEL_LAB_SEED which trouble.
"""

import os
import random
import time

import pytest

from story import Crowd, Story

pytestmark = pytest.mark.long

COUNT = 5
EDGES = [(a, b) for a in range(COUNT) for b in range(COUNT) if a != b]
MINUTES = float(os.environ.get("GAVEL_SOAK_MINUTES", "2"))
# Of the time, for the network to become good and the outcomes final.
END_S = 50


@pytest.fixture(scope="module")
def lab(make_lab):
    return make_lab(COUNT, EDGES).start(COUNT, "--mine")


class Trouble:
    """One thing after the other, none for longer than a node's D allows."""

    def __init__(self, lab):
        self.lab = lab
        self.rng = random.Random(lab.seed)
        self.done = []

    def next(self):
        what = self.rng.choice([self.kill, self.kill, self.cut, self.lossy,
                                self.slow])
        self.done.append(what.__name__)
        what()
        time.sleep(self.rng.uniform(0.5, 2))

    def kill(self):
        node = self.rng.choice(self.lab.nodes)
        node.kill()
        time.sleep(self.rng.uniform(0, 2))
        node.start()

    def cut(self):
        one = self.rng.sample(range(COUNT), self.rng.choice([1, 2]))
        self.lab.part(one, [i for i in range(COUNT) if i not in one])
        time.sleep(self.rng.uniform(1, 4))
        self.lab.heal()

    def lossy(self):
        self.lab.link(loss=20, dup=5, reorder=10)
        time.sleep(self.rng.uniform(1, 4))
        self.lab.heal()

    def slow(self):
        a = self.rng.randrange(COUNT)
        self.lab.link(a, delay=0.2, jitter=0.2)
        time.sleep(self.rng.uniform(1, 4))
        self.lab.heal()


def test_random_trouble(lab):
    end = time.monotonic() + max(10, 60 * MINUTES - END_S)
    story = Story(lab)
    trouble = Trouble(lab)
    while time.monotonic() < end:
        sale = story.sale(f"soak {len(story.sales)}")
        stop = min(end, time.monotonic() + 60)
        with Crowd(sale, lab.nodes, pause=0.6):
            while time.monotonic() < stop:
                trouble.next()
                lab.check_alive()
        print(f"{len(sale.receipts)} receipts, {sale.refused} refusals, "
              f"{trouble.done}")
        lab.wait_met(90)
        sale.settle()
        sale.close()
        trouble.done.clear()
    for sale in story.sales:
        sale.check_outcome(90)
    lab.check()
    lab.watcher.stop()
    assert not lab.watcher.broken
    assert len(lab.watcher.final) == len(story.sales)
