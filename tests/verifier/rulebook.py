"""What the tests of single rules share: chains that are well made but for
one fault, and their verdict.

When GAVEL_EXPLORER names the program gavel-explorer, every ledger that a test
judges goes through it too, and both verdicts must be alike.
"""

import os
import subprocess
import tempfile
import unittest

import codec
import make_sample as sample
from desk import Desk
from make_sample import DAY, World, stamps
from verify import Invalid, verify
from wire import Bad
from writer import Key, Stamper, bid_tx, cutoff_tx, dump, final_tx, tst_leaf

WORLD = World()
EXPLORER = os.environ.get("GAVEL_EXPLORER")


def explorer_accepts(lines):
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.writelines(lines)
        file.flush()
        done = subprocess.run([EXPLORER, "verify", file.name], text=True,
                              capture_output=True, check=False, timeout=60)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr or done.stdout)
    return done.returncode == 0, done.stdout + done.stderr


class RuleCase(unittest.TestCase):
    """Makes auctions of one authority and one validator, unless told."""

    def setUp(self):
        self.at = WORLD.start + DAY
        self.us = self.at * 1000
        self.end = self.us + 65000000
        self.stamper = Stamper("only authority")

    # Verdicts

    def judge(self, registry, auctions):
        """Why the ledger is refused, or None."""
        lines = dump(WORLD.net, registry, auctions, codec.block)
        try:
            verify(lines)
            reason = None
        except Invalid as error:
            reason = error.args[1]
        if EXPLORER:
            accepts, said = explorer_accepts(lines)
            self.assertEqual(accepts, reason is None, (reason, said))
        return reason

    def check(self, c, rule):
        """rule is what the reason begins with, or None for a good chain."""
        reason = self.judge(WORLD.registry(), [c])
        if rule is None:
            self.assertIsNone(reason)
        else:
            self.assertTrue(reason is not None and reason.startswith(rule),
                            f"{reason!r}, not {rule!r}")

    def good(self, c):
        """The ledger as this verifier has read it."""
        self.check(c, None)
        return verify(dump(WORLD.net, WORLD.registry(), [c], codec.block))

    def bad(self, c, rule):
        self.assertIsNotNone(rule)
        self.check(c, rule)

    def refused(self, word, make, *arguments, **named):
        """The encoding fails, with this word in the reason."""
        with self.assertRaisesRegex(Bad, word):
            make(*arguments, **named)

    # Chains

    def market(self, stampers=None, **terms):
        terms = dict(dict(flags=64, limit_ms=60000), **terms)
        return WORLD.open(b"Lot", self.at, stampers or [self.stamper],
                          [Key("validator 0")], **terms)

    def anonymous(self, desk=None, **terms):
        return self.market(desk=desk or Desk(2), **terms)

    def enrolled(self, **terms):
        c = self.market(**terms)
        c.add([c.enrol(WORLD.alice)], self.at + 250)
        return c

    def bid(self, c, t=500000, seq=0, recent=0, index=0, key=None):
        b = bid_tx(c.chain, key or WORLD.alice, seq, 10 + seq,
                   c.sealed[recent])
        return b, stamps(c, {index: self.us + t}, [tst_leaf(b)])[0]

    def ended(self, **terms):
        """A chain with one bid, ready for its CUTOFF."""
        c = self.enrolled(**terms)
        b, s = self.bid(c)
        c.add([b, s], self.at + 600)
        self.good(c)
        return c, b, s

    def cut(self, c, offset=1, policy=None, parent=None, indices=(0,)):
        return cutoff_tx(c.chain, parent or c.sealed[-1],
                         [(i, c.stampers[i], self.end + offset, policy)
                          for i in indices])

    def fixed_set(self, **terms):
        """A chain up to X, and the bids for its OUTCOME."""
        c, b, s = self.ended(**terms)
        c.add([self.cut(c)], self.at + 66000)
        return c, [(b, self.us + 500000, sample.identity(s))]

    def vote(self, c, source, target):
        return final_tx(c.chain, [Key("validator 0")], [0], c.here(source),
                        c.here(target))
