"""What somebody learns who reads every packet between the programs."""

import socket
import struct
import threading
from collections import defaultdict

import pytest
from anonymous import BIDDERS, Sale
from gavel import wait_for

LOOPBACK, OUTGOING, IPV4, TCP = "lo", 4, 0x0800, 6


class Capture:
    """Every byte of TCP over loopback, by port: what went to and from it."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                    socket.htons(IPV4))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 26)
        self.socket.bind((LOOPBACK, IPV4))
        self.socket.settimeout(0.2)
        self.flows = defaultdict(bytearray)
        self.going = True
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while self.going:
            try:
                packet, where = self.socket.recvfrom(1 << 17)
            except TimeoutError:
                continue
            # Loopback shows each packet as it goes and as it comes.
            if where[2] != OUTGOING and packet[9] == TCP:
                self._take(packet)

    def _take(self, packet):
        tcp = packet[4 * (packet[0] & 15):struct.unpack("!H", packet[2:4])[0]]
        source, target = struct.unpack("!HH", tcp[:4])
        self.flows[source, target] += tcp[4 * (tcp[12] >> 4):]

    def end(self):
        self.going = False
        self.thread.join()
        self.socket.close()

    def of(self, port):
        """The streams of one port, one after the other."""
        return b"\0".join(bytes(data) for ports, data in self.flows.items()
                          if port in ports)


@pytest.fixture
def capture():
    try:
        c = Capture()
    except PermissionError:
        pytest.skip("SKIP: reading packets needs root here")
    yield c
    c.end()


@pytest.mark.long
def test_S0_13_S1_07_packets_tell_nobodys_name(world, capture):
    """From enrolment over bids to the disclosure to seller and winner."""
    sale = Sale(world)
    sale.finish()
    for short in ("sam", "ann"):
        done, _ = sale.disclose(short)
        assert done.returncode == 0, done.stderr
    refused, _ = sale.disclose("bob")
    assert refused.returncode == 1
    nodes = (sale.first, sale.second)
    rpc = b"".join(capture.of(n.ports["rpc"]) for n in nodes)
    wait_for("the last packets", lambda: sale.auction.encode() in rpc, 1)
    secret = {}
    for kind, ports in (("p2p", [n.ports["p2p"] for n in nodes]),
                        ("gossip", [n.ports["p2p"] + 1 for n in nodes]),
                        ("tls", [sale.first.ports["tls"]])):
        secret[kind] = b"".join(capture.of(port) for port in ports)
        assert len(secret[kind]) > 10_000, f"{kind}: {ports}"
        assert sale.auction.encode() not in secret[kind]
        assert bytes.fromhex(sale.auction) not in secret[kind], kind

    for short, person in sale.people.items():
        for kind, data in secret.items():
            assert not person.found_in(data), f"{short} by {kind}"
        # JSON-RPC is plain: it does not leave the machine, and what it
        # carries of a bidder is no name either.
        if short in BIDDERS:
            assert not person.found_in(rpc, person.secret_traits), short
