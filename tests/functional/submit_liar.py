"""Both ends of a submit socket (docs/spec/network.md N29) in Python: a stranger
who asks, and a node with a will of its own, which stands at the address and has
the key of a node that is on the registry and has been stopped."""

import struct
import threading

import zmq
from zmq.utils import z85

GETTIPS, TIPS, SUBMIT, SUBMITTED, REJECT = 20, 21, 30, 31, 32
ENROL, WRONG_PHASE = 17, 6


def submit(place, curve, raw, seconds=40):
    """Hand a transaction in: the kind of the answer, and its body."""
    context = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
    socket.curve_serverkey = curve.encode()
    try:
        socket.connect(place)
        socket.send(bytes([SUBMIT]) + struct.pack("<IQI", 1, 5, len(raw)) + raw)
        assert socket.poll(seconds * 1000), "no answer"
        frame = socket.recv()
    finally:
        socket.close()
        context.term()
    return frame[0], frame[5:]


class Liar:
    """Says that it has every auction and takes every ENROL, and refuses every
    bid, unsigned. on_enrol and on_bid get the transactions' bytes first."""

    def __init__(self, node, submit, on_enrol=None, on_bid=None):
        self.enrols, self.bids, self.failed = [], [], []
        self.on_enrol, self.on_bid = on_enrol, on_bid
        secret = bytes.fromhex((node.datadir / "peer.key").read_text().strip())
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.curve_server = True
        self.socket.curve_secretkey = z85.encode(secret)
        self.socket.curve_publickey = zmq.curve_public(z85.encode(secret))
        self.socket.bind(submit)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.stopped.set()
        self.thread.join(60)
        self.socket.close()
        self.context.term()
        assert not self.failed, self.failed

    def _serve(self):
        while not self.stopped.is_set():
            if not self.socket.poll(50):
                continue
            who, frame = self.socket.recv_multipart()
            try:
                kind, body = self._answer(frame[0], frame[5:])
                self.socket.send_multipart(
                    [who, bytes([kind]) + frame[1:5] + body])
            except Exception as e:  # pylint: disable=broad-except
                self.failed.append(repr(e))

    def _answer(self, kind, body):
        if kind == GETTIPS:
            row = body[2:34] + bytes(4 + 32 + 4 + 32)
            return TIPS, bytes(40) + struct.pack("<IH", 1, 1) + row
        assert kind == SUBMIT
        raw = body[12:]
        assert len(raw) == struct.unpack_from("<I", body, 8)[0]
        if raw[0] == ENROL:
            self.enrols.append(raw)
            if self.on_enrol:
                self.on_enrol(raw)
            return SUBMITTED, b"\0"
        self.bids.append(raw)
        if self.on_bid:
            self.on_bid(raw)
        return REJECT, struct.pack("<HBIQQ", WRONG_PHASE, 0, 0xffffffff, 0, 0) \
            + b"\2no\0"
