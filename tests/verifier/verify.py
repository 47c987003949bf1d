#!/usr/bin/env python3
"""Verifies a ledger dump (format.md F16 to F19) against every rule of the
specification, without any of the node's code: a second opinion.

Exit status 0: valid; 1: invalid, with the line and the reason; 2: wrong use.
"""

import argparse
import json
import os
import sys
from multiprocessing import Pool

import codec
import render
from bip340 import h_start, h_tag
from chain import Checks, run_jobs
from market import Auction
from registry import Registry, load_network
from wire import Bad, need

HERE = os.path.dirname(os.path.abspath(__file__))
GENESIS = os.path.join(HERE, "..", "..", "genesis")
NETWORKS = ("main", "test", "regtest")
CHUNK = 128


class Invalid(Exception):
    """(line, reason)"""


class Dump:
    """Everything a dump says, checked but for signatures."""

    def __init__(self, genesis=GENESIS):
        self.genesis = genesis
        self.checks = Checks()
        self.network = self.registry = None
        self.only_final = False
        self.auctions = []
        self.size = 0
        self.ended = False
        self.commit = h_start("gavel/dump")

    def read(self, lines):
        """Checks lines in their order; raises Invalid."""
        number = 0
        for number, line in enumerate(lines, 1):
            self.checks.line = number
            try:
                self._line(number, line)
            except Bad as error:
                raise Invalid(number, str(error)) from None
        if not self.ended:
            raise Invalid(number + 1, "the last line is missing")

    def _line(self, number, line):
        need(not self.ended, "bytes after the last line")
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            raise Bad("no JSON") from None
        need(isinstance(data, dict), "no JSON object")
        if number == 1:
            self._first(data, line)
        elif "end" in data:
            self._last(number, line)
        else:
            self._block(data, line)
        self.size += len(line)
        self.commit.update(line)

    def _first(self, data, line):
        name = data.get("network")
        need(name in NETWORKS, "unknown network")
        self.network = load_network(
            os.path.join(self.genesis, name + ".json"))
        self.only_final = data.get("final") is True
        need(line == render.first_line(self.network, self.only_final),
             "first line is not canonical, or of another registry")
        self.registry = Registry(self.network, self.checks)

    def _block(self, data, line):
        try:
            raw = bytes.fromhex(data["block"])
        except (KeyError, TypeError, ValueError):
            raise Bad("no block in the line") from None
        block = codec.block(raw)
        need(line == render.block_line(block, raw),
             "line is not canonical, or differs from its block")
        if not self.auctions and (not self.registry.sealed or block.height):
            self.registry.add(block)
        elif block.height:
            self.auctions[-1].add(block)
            need(not self.only_final or not self.auctions[-1].ended(),
                 "F18: a block that no later FINAL can make final")
        else:
            self._auction(block)

    def _auction(self, block):
        need(len(block.txs) == 1 and block.txs[0].name == "OPEN",
             "F13: block 0 of an auction without OPEN")
        auction = Auction(self.network, block.txs[0], self.checks)
        before = self.auctions[-1].rules.id if self.auctions else b""
        need(before < auction.rules.id, "F17: auctions out of order")
        auction.start(block)
        self.auctions.append(auction)

    def chains(self):
        return [self.registry] + self.auctions

    def _last(self, number, line):
        need(self.registry.sealed, "F17: no registry")
        tips = [(chain.rules.id, len(chain.sealed) - 1, chain.sealed[-1])
                for chain in self.chains()]
        need(line == render.last_line(number - 1, self.size, tips,
                                      self.commit.digest()),
             "last line: lines, bytes, tips or commit")
        self.ended = True

    def csv(self):
        """The CSV dump (F20) of the same chains."""
        out = ["auction,height,bid,bidder,amount,t_us,code,seq,tie,lot\n"]
        for auction in self.auctions:
            out += auction.csv_rows()
        commit = h_tag("gavel/dump", "".join(out).encode("ascii"))
        return "".join(out) + f"commit,{len(out) - 1},{commit.hex()},,,,,,,\n"


def verify_signatures(jobs, processes):
    """Raises Invalid for the first signature that does not verify."""
    chunks = [jobs[i:i + CHUNK] for i in range(0, len(jobs), CHUNK)]
    if processes < 2 or len(chunks) < 2:
        failures = map(run_jobs, chunks)
        return _raise_first(failures)
    with Pool(processes) as pool:
        return _raise_first(pool.imap(run_jobs, chunks))


def _raise_first(failures):
    for failure in failures:
        if failure is not None:
            raise Invalid(*failure)


def verify(lines, processes=1, genesis=GENESIS):
    """The Dump of these lines; raises Invalid with the earliest fault."""
    dump, fault = Dump(genesis), None
    try:
        dump.read(lines)
    except Invalid as error:
        fault = error
    verify_signatures(dump.checks.jobs, processes)
    if fault is not None:
        raise fault
    return dump


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("dump", help="a dump in JSON lines")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(),
                        help="processes that verify signatures")
    parser.add_argument("--csv", help="write the CSV dump to this file")
    parser.add_argument("--genesis", default=GENESIS,
                        help="folder of the networks' files")
    options = parser.parse_args()
    try:
        with open(options.dump, "rb") as file:
            dump = verify(file, options.jobs, options.genesis)
    except OSError as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    except Invalid as error:
        print(f"INVALID: {options.dump}: line {error.args[0]}: "
              f"{error.args[1]}")
        return 1
    for chain in dump.chains():
        print(chain.summary())
    print(f"VALID: {dump.network.name}, {len(dump.chains())} chains, "
          f"{sum(len(chain.sealed) for chain in dump.chains())} blocks, "
          f"{len(dump.checks.jobs)} signatures")
    if options.csv:
        with open(options.csv, "w", encoding="ascii", newline="") as file:
            file.write(dump.csv())
    return 0


if __name__ == "__main__":
    sys.exit(main())
