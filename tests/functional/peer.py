"""A node in plain Python, written from docs/spec/network.md alone: it says to
a node whatever a test wants said. Needs python3-zmq (Debian)."""

import hashlib
import time

import zmq
from zmq.utils import z85

ANN, BLOCK, TXS, VOTE = 1, 2, 3, 4
HELLO, WELCOME, PING, PONG = 16, 17, 18, 19
GETTIPS, TIPS, GETHEADERS, HEADERS, GETBLOCKS, BLOCKS = 20, 21, 22, 23, 24, 25
GETPOOL, POOL, GETVOTES, VOTES, ERROR = 26, 27, 28, 29, 33
MAGIC = 0x524C5647  # of regtest
IDLE_S = 0.02


def le(n, size):
    return n.to_bytes(size, "little")


def listed(items):
    return le(len(items), 2) + b"".join(le(len(i), 4) + i for i in items)


def tip(chain, height, sealed, justified=0, work=0):
    return (chain + le(height, 4) + sealed + le(justified, 4) +
            le(work, 32))


def tips(rows=(), epoch=7, seq=None):
    seq = len(rows) if seq is None else seq
    return (le(epoch, 8) + le(seq, 8) * 2 + le(0, 8) +
            le(int(time.time() * 1000), 8) + le(len(rows), 4) +
            le(len(rows), 2) + b"".join(rows))


class Peer:
    """One CURVE key, one DEALER to a node, one PUB that the node hears.
    `answer`: kind of a question -> function of its body, which gives (kind,
    body), or None for no answer. At first it knows no chain."""

    def __init__(self):
        self.public, self.secret = zmq.curve_keypair()
        self.context = zmq.Context()
        self.asked = []  # kinds of the node's questions
        self.replies = {}
        self.number = 0
        self.welcome = None
        self.dealer = self.pub = None
        self.answer = {
            GETTIPS: lambda body: (TIPS, tips()),
            GETPOOL: lambda body: (POOL, bytes(37) + le(0, 2)),
            GETVOTES: lambda body: (VOTES, le(0, 2)),
            GETHEADERS: lambda body: (HEADERS, body[:32] + b"\0" + le(0, 2)),
            GETBLOCKS: lambda body: (BLOCKS, body[:32] + le(0, 2))}

    def close(self):
        self.context.destroy(linger=0)

    @property
    def key(self):
        return self.public.decode()

    def socket(self, kind, node_key=None):
        s = self.context.socket(kind)
        s.linger = 0
        s.curve_publickey, s.curve_secretkey = self.public, self.secret
        if node_key is None:
            s.curve_server = 1
        else:
            s.curve_serverkey = node_key
        return s

    def dial(self, node):
        """One more connection; the last one is used."""
        endpoint, _, key = node.peer.partition("#")
        self.registry = bytes.fromhex(node.rpc.status()["registry"])
        self.dealer = self.socket(zmq.DEALER, key.encode())
        self.dealer.connect(endpoint)
        return self

    def meet(self, node, seconds=10, **change):
        """Dial and say HELLO; the body of WELCOME, or None."""
        if self.pub is None:
            self.pub = self.socket(zmq.PUB)
            self.pub_port = self.pub.bind_to_random_port("tcp://127.0.0.1")
        self.dial(node)
        field = {"version": le(1, 2), "magic": le(MAGIC, 4),
                 "registry": self.registry, "p2p": le(0, 2),
                 "pub": le(self.pub_port, 2), "roles": le(0, 4),
                 "agent": b"\x04test", **change}
        self.welcome = None
        self.send(HELLO, b"".join(field.values()), number=0)
        self.run(seconds, until=lambda: self.welcome is not None)
        return self.welcome

    def send(self, kind, body, number=None):
        if number is None:
            self.number += 1
            number = self.number
        self.raw(le(kind, 1) + le(number, 4) + body)
        return number

    def raw(self, *frames):
        try:
            self.dealer.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:
            pass

    def tell(self, kind, body, topic=None):
        """Gossip."""
        chain = body[2:34] if kind == BLOCK else body
        self.pub.send((topic or chain[:8]) + le(kind, 1) + body)

    def ask(self, kind, body, seconds=10):
        """(kind, body) of the reply, or None."""
        number = self.send(kind, body)
        self.run(seconds, until=lambda: number in self.replies)
        return self.replies.get(number)

    def run(self, seconds, until=lambda: False):
        """Read and answer for so long."""
        end = time.monotonic() + seconds
        while not until() and time.monotonic() < end:
            if self.dealer.poll(int(IDLE_S * 1000)):
                self.take(self.dealer.recv())

    def take(self, frame):
        kind, number, body = frame[0], frame[1:5], frame[5:]
        if kind == PING:
            self.raw(le(PONG, 1) + number + body)
        elif kind == WELCOME:
            self.welcome = body
        elif kind in self.answer:
            self.asked.append(kind)
            reply = self.answer[kind](body)
            if reply is not None:
                self.raw(le(reply[0], 1) + number + reply[1])
        else:
            self.replies[int.from_bytes(number, "little")] = (kind, body)


# --- blocks (format.md), with seals of a chain that is alone in the work


def tagged(tag, *parts):
    half = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(half + half + b"".join(parts)).digest()


def tx_root(txs):
    """F12: RFC 6962 over the transactions."""
    if len(txs) < 2:
        return hashlib.sha256(*(b"\0" + tx for tx in txs)).digest()
    split = 1 << (len(txs) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tx_root(txs[:split]) +
                          tx_root(txs[split:])).digest()


EASY = 0x200FFFFF  # 16 hashes a block


class Sealed:
    """A sealed block, good but for what is in it and for its time."""

    def __init__(self, chain, prev, height, time_ms, txs=(), root=None,
                 target=EASY):
        header = (le(1, 2) + chain + le(height, 4) + prev +
                  (root or tx_root(txs)) + le(len(txs), 4) +
                  le(time_ms, 8) + le(target, 4))
        block = tagged("gavel/block", header)
        work = hashlib.sha256(b"\0" + chain + block).digest()
        limit = (target & 0xFFFFFF) << 8 * ((target >> 24) - 3)
        nonce = 0
        while True:
            seal = (le(1, 4) + bytes(32) + work +
                    le(time_ms // 1000, 4) + bytes(4) + le(nonce, 4))
            found = hashlib.sha256(hashlib.sha256(seal).digest()).digest()
            if int.from_bytes(found, "little") <= limit:
                break
            nonce += 1
        self.height, self.time_ms = height, time_ms
        self.raw = header + seal + b"\0" + b"".join(
            le(len(tx), 4) + tx for tx in txs)
        self.sealed = tagged("gavel/sealed", block, seal)


def branch(chain, prev, height, time_ms, count):
    """`count` empty blocks, one after the other, a second apart."""
    out = []
    for i in range(count):
        out.append(Sealed(chain, prev, height + i, time_ms + 1000 * i))
        prev = out[-1].sealed
    return out
