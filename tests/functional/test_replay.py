"""Recorded auctions through a node: the project's real input."""

import csv
import io
import time

import pytest

import gavel

HEAD = ["auctionid", "winner", "price", "bids", "accepted", "status"]


class Recorded:
    """What a file of recorded auctions says must come out (data/README.md):
    by independent arithmetic in whole cents."""

    def __init__(self, path, limit=None):
        self.bids, self.price, self.opening, self.order = {}, {}, {}, []
        with open(path, newline="") as f:
            for row in csv.DictReader(f):
                name = row["auctionid"]
                if name not in self.bids:
                    if limit is not None and len(self.order) == limit:
                        break
                    self.order.append(name)
                    self.bids[name] = []
                    self.opening[name] = cents(row["opening_bid"])
                self.bids[name].append((cents(row["bid"]), row["bidder"]))
                self.price[name] = cents(row["final_price"])

    def highest(self, name):
        return max(amount for amount, _ in self.bids[name])

    def winner(self, name):
        """The first of those who bid the most."""
        top = self.highest(name)
        return next(b for amount, b in self.bids[name] if amount == top)

    def second(self, name, table):
        """One increment above the best bid of somebody else, and no more
        than the highest; who is alone pays the opening bid."""
        others = [amount for amount, bidder in self.bids[name]
                  if bidder != self.winner(name)]
        if not others:
            return self.opening[name]
        step = next(step for below, step in table if max(others) < below)
        return min(self.highest(name), max(others) + step)

    @property
    def total(self):
        return sum(len(b) for b in self.bids.values())


def cents(text):
    whole, _, part = text.strip().partition(".")
    return int(whole or 0) * 100 + int((part + "00")[:2])


# data/README.md, in cents.
TABLE = [(100, 5), (500, 25), (2500, 50), (10000, 100), (25000, 250),
         (50000, 500), (100000, 1000), (250000, 2500), (500000, 5000),
         (float("inf"), 10000)]


def check_rows(out, recorded, price_of=Recorded.highest, accepted_of=None):
    """Every auction in the order of the file, sold to its highest bidder,
    every bid accepted, or as many as accepted_of says. How many came to the
    recorded price."""
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == HEAD
    assert [r[0] for r in rows[1:]] == recorded.order
    for name, winner, price, bids, accepted, status in rows[1:]:
        count = len(recorded.bids[name])
        good = accepted_of(name) if accepted_of else count
        assert (int(bids), int(accepted), status) == (count, good, "sold"), (
            name)
        assert int(price) == price_of(recorded, name), name
        assert winner == recorded.winner(name), name
    return sum(int(r[2]) == recorded.price[r[0]] for r in rows[1:])


def replay(world, path, *options, seconds=60):
    node = world.node()
    node.wait_services()
    wallet = gavel.Wallet(world.path("w"), node)
    began = time.monotonic()
    done = wallet.run("replay", path, *options, as_json=False,
                      seconds=seconds * gavel.SLOW)
    took = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    print(done.stderr.strip())
    return node, done, took


def test_replay_of_the_demo_file(world):
    path = gavel.ROOT / "tests/demo/auction.csv"
    recorded = Recorded(path)
    node, done, _ = replay(world, path, "--d", "2s")
    check_rows(done.stdout, recorded)
    page = node.rpc.listauctions(limit=1000)
    assert len(page["auctions"]) == len(recorded.order)


@pytest.mark.long
def test_replay_of_a_slice_of_the_recorded_auctions(world, recorded):
    expect = Recorded(recorded, limit=12)
    _, done, _ = replay(world, recorded, "--limit", "12", "--d", "2s")
    assert check_rows(done.stdout, expect) >= 10


@pytest.mark.long
def test_replay_of_all_479_recorded_auctions(world, recorded):
    expect = Recorded(recorded)
    assert (len(expect.order), expect.total) == (479, 7870)
    node, done, took = replay(world, recorded, seconds=180)
    right = check_rows(done.stdout, expect)
    print(f"{right} of 479 at the recorded price, in {took:.1f} s")
    assert right == 477
    assert took < 180 * gavel.SLOW
    dump, explorer = world.path("dump.jsonl"), world.explorer(node)
    began = time.monotonic()
    explorer.dump(dump)
    verified = explorer.verify(dump)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    print(f"dumped and verified in {time.monotonic() - began:.1f} s")


@pytest.mark.long
def test_second_price_gives_449_recorded_prices(world, recorded):
    """In 28 of the other 30 the recorded price is the winner's own bid, though
    the next bidder's is more than an increment below it, as where a reserve is
    kept from us. Two did not end at a recorded bid of the winner's at all."""
    expect = Recorded(recorded)
    _, done, took = replay(world, recorded, "--rules", "opening", "--pricing",
                           "second", seconds=180)
    print(f"479 auctions at second price in {took:.1f} s")
    assert check_rows(done.stdout, expect,
                      lambda r, name: r.second(name, TABLE)) == 449
    others = [name for name in expect.order
              if expect.second(name, TABLE) != expect.price[name]]
    assert sum(expect.price[name] == expect.highest(name) >
               expect.second(name, TABLE) for name in others) == 28
    assert sum(expect.price[name] != expect.highest(name)
               for name in others) == 2


@pytest.mark.long
def test_vickrey_prices_of_recorded_bids(world, recorded):
    expect = Recorded(recorded, limit=40)
    _, done, _ = replay(world, recorded, "--limit", "40", "--d", "2s",
                        "--rules", "opening", "--pricing", "vickrey")
    check_rows(done.stdout, expect,
               lambda r, name: r.second(name, [(float("inf"), 0)]))


@pytest.mark.long
def test_vickrey_prices_of_all_recorded_bids_sealed(world, recorded):
    """The same prices, though nobody sees an amount before the close. Sealed,
    every bid must reach the opening bid, not the first alone."""
    expect = Recorded(recorded)
    low = {name: [b for b in bids if b[0] < expect.opening[name]]
           for name, bids in expect.bids.items()}
    node, done, took = replay(world, recorded, "--rules", "opening",
                              "--pricing", "vickrey", "--sealed", seconds=300)
    check_rows(done.stdout, expect,
               lambda r, name: r.second(name, [(float("inf"), 0)]),
               lambda name: len(expect.bids[name]) - len(low[name]))
    print(f"479 sealed auctions in {took:.1f} s")
    dump, explorer = world.path("dump.jsonl"), world.explorer(node)
    explorer.dump(dump)
    verified = explorer.verify(dump)
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.parametrize("change, says", [
    (lambda rows: [], "empty"),
    (lambda rows: ["a,b,c"] + rows[1:], ":1"),
    (lambda rows: rows[:2] + ["1,2"] + rows[2:], ":3"),
    (lambda rows: rows[:2] + [rows[2].replace(",", ",x", 1)] + rows[3:],
     ":3"),
    (lambda rows: rows[:1] + [rows[1].replace(",", ",-", 1)] + rows[2:],
     ":2"),
    (lambda rows: rows[:2] + [rows[2] + "," * 3000] + rows[3:], ":3"),
], ids=["empty", "head", "short row", "no number", "negative", "long row"])
def test_replay_names_the_line_of_a_bad_row(world, change, says):
    rows = (gavel.ROOT / "tests/demo/auction.csv").read_text().splitlines()
    bad = world.path("bad.csv")
    bad.write_text("".join(r + "\n" for r in change(rows)))
    wallet = gavel.Wallet(world.path("w"), None)
    done = wallet.run("--node", "http://127.0.0.1:1", "replay", bad,
                      as_json=False)
    assert done.returncode == 2, done
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and "bad.csv" in lines[0] and says in lines[0], (
        done.stderr)
    assert done.stdout == ""
