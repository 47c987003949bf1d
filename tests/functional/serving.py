"""Peers in Python that serve a long chain, or stall, or withhold it."""

import time

from peer import (BLOCKS, GETBLOCKS, GETHEADERS, GETTIPS, HEADERS, TIPS, Peer,
                  branch, le, listed, tip, tips)

HEADERS_MAX = 2000
STEP_MS = 1000  # R8: an empty block of the registry waits for it


def long_branch(registry, block0, count):
    """`count` blocks of the registry over its block 0, the last one a minute
    old."""
    start = int(time.time() * 1000) - count * STEP_MS - 60_000
    return branch(registry, block0, 1, start, count)


def ids_in(body):
    """Of a locator or a GETBLOCKS."""
    n = int.from_bytes(body[32:34], "little")
    return [body[34 + 32 * i:66 + 32 * i] for i in range(n)]


class Server(Peer):
    """Tells the tip of `blocks`. `headers`, `bodies`: does it answer for
    them? It counts what it gave in `given`."""

    def __init__(self, headers=True, bodies=True):
        super().__init__()
        self.headers, self.bodies = headers, bodies
        self.given = 0
        self.most = None  # blocks it gives; None: all
        self.answer.update({GETTIPS: self.tell_tips,
                            GETHEADERS: self.give_headers,
                            GETBLOCKS: self.give_blocks})

    def have(self, registry, blocks):
        self.chain, self.blocks = registry, blocks
        self.place = {b.sealed: i for i, b in enumerate(blocks)}

    def tell_tips(self, body):
        last = self.blocks[-1]
        return TIPS, tips([tip(self.chain, last.height, last.sealed)])

    def give_headers(self, body):
        if not self.headers:
            return None
        known = [self.place[i] for i in ids_in(body) if i in self.place]
        first = known[0] + 1 if known else 0
        rows = self.blocks[first:first + HEADERS_MAX]
        more = first + len(rows) < len(self.blocks)
        return HEADERS, (self.chain + le(more, 1) +
                         listed([b.raw for b in rows]))

    def give_blocks(self, body):
        wanted = [self.place[i] for i in ids_in(body)]
        if not self.bodies:
            return None
        if self.most is not None and self.given + len(wanted) > self.most:
            return None
        self.given += len(wanted)
        return BLOCKS, (self.chain +
                        listed([self.blocks[i].raw for i in wanted]))

    def serve(self):
        """Answer what has come."""
        while self.dealer.poll(0):
            self.take(self.dealer.recv())


def serve_until(servers, check, seconds=60):
    """All of them answer until check(); its value."""
    end = time.monotonic() + seconds
    looked = 0.0
    while time.monotonic() < end:
        for server in servers:
            server.serve()
        if time.monotonic() > looked + 0.02:
            looked = time.monotonic()
            value = check()
            if value:
                return value
        time.sleep(0.001)
    raise AssertionError("the servers have waited in vain")
