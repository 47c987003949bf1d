"""A network of gaveld processes, each in a network namespace of its own, that
are joined by nothing but the switch (switch.c). What passes between them is
delayed, lost, doubled, reordered or cut as a test says. Nothing leaves the
namespaces, and they are removed at the end, however it ends.

Needs root, /dev/net/tun and the `ip` program. Where one is missing the tests
are skipped, or fail if GAVEL_NEED_NETLAB=1.
"""

import contextlib
import ctypes
import http.client
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "functional"))

import gavel  # noqa: E402
from gavel import RpcError, wait_for  # noqa: E402

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
SWITCH = gavel.BUILD / "tests/netlab/switch"
RUN = Path("/run/netns")
MILLION = 1_000_000
PERFECT = dict(up=1, delay=0, jitter=0, loss=0, dup=0, reorder=0)
# More than any node of the lab takes by far, less than a leak or a queue
# without a bound would take.
MEMORY_MAX = 300 << 20
GROWTH_MAX = 128 << 20  # since a node was first seen
# A call during trouble; the next one is made anyway.
PATIENCE_S = 3


def why_not():
    """What this machine lacks for a lab; None: nothing."""
    if os.geteuid() != 0:
        return "namespaces need root"
    if not Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    name = f"gvprobe{os.getpid()}"
    try:
        done = ip("netns", "add", name, check=False)
    except FileNotFoundError:
        return "there is no program ip (package iproute2)"
    if done.returncode != 0:
        return f"no namespace can be made: {done.stderr.strip()}"
    ip("netns", "del", name)
    return None


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True,
                          text=True, timeout=20)


@contextlib.contextmanager
def inside(netns):
    """This thread is in that namespace; sockets stay where they were made."""
    def enter(fd):
        if LIBC.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {netns}")
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(netns, os.O_RDONLY)
    try:
        enter(there)
        try:
            yield
        finally:
            enter(home)
    finally:
        os.close(home)
        os.close(there)


def sweep():
    """Remove the namespaces of test processes that no longer are."""
    for path in RUN.glob("gvlab*n*"):
        pid = path.name[5:].split("n")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            ip("netns", "del", path.name, check=False)


def peer_key():
    """(secret in hex, public in Z85) of a node's CURVE key."""
    import zmq
    from zmq.utils import z85
    public, secret = zmq.curve_keypair()
    return z85.decode(secret).hex(), public.decode()


class LabRpc(gavel.Rpc):
    """Calls to a node in a namespace."""

    netns = None

    def open(self):
        made = super().open()
        with inside(self.netns):
            made.connect()
        return made


class LabNode(gavel.Node):
    """A node with a namespace and an address of its own, and with the same
    ports as every other."""

    RPC, P2P, TLS = 18332, 18330, 18335

    def __init__(self, lab, number, *options, env=None):
        super().__init__(lab.directory / f"node{number}", *options, env=env)
        self.number = number
        self.netns = lab.netns[number]
        self.prefix = ("nsenter", f"--net={self.netns}")
        self.address = f"10.77.0.{number + 1}"
        secret, self.public = peer_key()
        path = self.datadir / "peer.key"
        path.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
        path.write_text(secret + "\n")

    def args(self, options=()):
        return [*self.prefix, gavel.program("gaveld"), "--network", "regtest",
                "--datadir", self.datadir, "--rpc-bind",
                f"127.0.0.1:{self.RPC}", "--p2p-bind",
                f"{self.address}:{self.P2P}", "--tls-bind",
                f"{self.address}:{self.TLS}", "--discover", self.discover,
                *self.options, *options]

    @property
    def peer(self):
        return f"tcp://{self.address}:{self.P2P}#{self.public}"

    def connect(self, ports, seconds=gavel.CALL_S):
        rpc = LabRpc(ports["rpc"], self.cookie, seconds)
        rpc.netns = self.netns
        return rpc

    def rpc_now(self, seconds=PATIENCE_S):
        """A connection of one's own, whether or not the node runs."""
        return self.connect({"rpc": self.RPC}, seconds)


AWAY = (OSError, http.client.HTTPException, ValueError)


class Watcher(threading.Thread):
    """Asks every node again and again for its outcomes and its memory.
    What was final once must never change, at no node."""

    def __init__(self, lab):
        super().__init__(daemon=True)
        self.lab = lab
        self.over = threading.Event()
        self.auctions = []
        self.final = {}  # auction -> (number of the node, outcome)
        self.memory = {}  # number of the node -> most bytes
        self.first = {}  # and those at first
        self.answers = 0
        self.broken = []

    def run(self):
        rpcs = {}
        while not self.over.wait(0.2):
            for node in list(self.lab.nodes):
                try:
                    self.look(node, rpcs)
                except AWAY:
                    rpcs.pop(node.number, None)
                except RpcError:
                    pass  # starting, or the auction has not come

    def look(self, node, rpcs):
        if not node.process.running() or node.number in self.lab.asleep:
            return
        with contextlib.suppress(OSError):
            now = node.memory()
            self.first.setdefault(node.number, now)
            self.memory[node.number] = max(self.memory.get(node.number, 0),
                                           now)
        rpc = rpcs.get(node.number) or node.rpc_now()
        rpcs[node.number] = rpc
        for auction in list(self.auctions):
            try:
                outcome = rpc.getoutcome(auction)
            except RpcError as e:
                if e.code != -5:
                    raise
                continue
            self.answers += 1
            if outcome["final"]:
                self.compare(node.number, auction, outcome)

    def compare(self, number, auction, outcome):
        new = {k: outcome[k] for k in ("status", "winner", "price",
                                       "fold_hash", "height", "sealed")}
        first = self.final.setdefault(auction, (number, new))
        if first[1] != new:
            self.broken.append(f"{auction}: final at node {first[0]} was "
                               f"{first[1]}, at node {number} {new}")

    def stop(self):
        self.over.set()
        self.join(60)


class Lab:
    """`count` namespaces and the switch between them. Nodes are added by
    node(); who dials whom is said by `edges`, pairs (who, whom)."""

    def __init__(self, directory, count, edges, seed=1):
        self.directory = Path(directory)
        self.things = []
        self.nodes = []
        self.asleep = set()  # numbers of stopped nodes
        self.edges = edges
        self.seed = seed
        self.control = None
        self.switch = gavel.Process(self.directory / "switch.log")
        sweep()
        names = [f"gvlab{os.getpid()}n{os.urandom(2).hex()}{i}"
                 for i in range(count)]
        self.netns = [RUN / name for name in names]
        self.watcher = Watcher(self)

    def open(self):
        for path in self.netns:
            ip("netns", "add", path.name)
        where = self.directory / "switch.sock"
        self.switch.spawn([SWITCH, where, self.seed, *self.netns])

        def ready():
            assert self.switch.running(), self.switch.text()
            self.control = socket.socket(socket.AF_UNIX,
                                         socket.SOCK_SEQPACKET)
            try:
                self.control.connect(str(where))
            except OSError:
                self.control.close()
                return False
            return True
        wait_for("the switch", ready, 10)
        return self

    def close(self):
        self.watcher.over.set()
        for thing in reversed(self.things):
            thing.kill()
        if self.watcher.is_alive():
            self.watcher.join(60)
        if self.control is not None:
            self.control.close()
        self.switch.kill()
        for path in self.netns:
            ip("netns", "del", path.name, check=False)

    # --- nodes

    def node(self, *options, ttp=False, start=True, env=None):
        """The next one. The first is made with ttp=True."""
        if ttp:
            options = ("--ttp", "all", *options)
        n = LabNode(self, len(self.nodes), *options, env=env)
        self.nodes.append(n)
        self.things.append(n)
        if start:
            n.start()
        return n

    def introduce(self):
        """Let the nodes know each other, before they start."""
        for a, b in self.edges:
            if max(a, b) >= len(self.nodes):
                continue
            dials, hears = self.nodes[a], self.nodes[b]
            dials.options += ["--connect", hears.peer]
            hears.options += ["--peer-key", dials.public]

    def start(self, count, *options, envs=None):
        """Make and start `count` nodes, the first with every TTP role."""
        for i in range(count):
            self.node(*options, ttp=i == 0, start=False,
                      env=(envs or {}).get(i))
        self.introduce()
        for n in self.nodes:
            n.start(wait=False)
        for n in self.nodes:
            n.wait_ready()
        self.nodes[0].wait_services()
        self.watcher.start()
        return self

    def degree(self, number):
        """With how many nodes it is to have a session."""
        up = range(len(self.nodes))
        return len({frozenset(e) for e in self.edges
                    if number in e and e[0] in up and e[1] in up})

    def wait_met(self, seconds=60):
        """Everybody has one session with everybody he is to meet."""
        def met():
            for n in self.nodes:
                keys = [p["key"] for p in n.rpc.getpeerinfo()]
                if len(keys) != self.degree(n.number) or \
                        len(set(keys)) != len(keys):
                    return False
            return True
        wait_for(lambda: f"one session a pair, not {self.sessions()}", met,
                 seconds, step=0.3)

    def sessions(self):
        return [n.rpc.status()["peers"] for n in self.nodes]

    # --- links

    def command(self, text):
        self.control.send(text.encode())
        answer = self.control.recv(512).decode()
        assert not answer.startswith("error"), (text, answer)
        return answer

    def link(self, a="*", b="*", both=True, **how):
        """Percentages for loss, dup and reorder, seconds for delay and
        jitter, up or not."""
        scale = {"loss": MILLION // 100, "dup": MILLION // 100,
                 "reorder": MILLION // 100, "delay": MILLION,
                 "jitter": MILLION, "up": 1}
        words = " ".join(f"{k}={int(v * scale[k])}" for k, v in how.items())
        self.command(f"link {a} {b} {words}")
        if both:
            self.command(f"link {b} {a} {words}")

    def part(self, *groups):
        """Cut every link between nodes of different groups. A node in no
        group is alone."""
        self.link(up=0)
        for group in groups:
            for a in group:
                for b in group:
                    self.link(a, b, both=False, up=1)

    def heal(self):
        """Every link is perfect."""
        self.link(**PERFECT)

    def stats(self):
        words = self.command("stats").split()
        return dict(zip(words[::2], map(int, words[1::2])))

    # --- what must hold

    def check_alive(self):
        for n in self.nodes:
            assert n.process.running(), (
                f"node {n.number} ended with {n.process.child.returncode}:\n"
                f"{n.process.tail()}")
        assert self.switch.running(), self.switch.text()

    def dumps(self):
        """The dump of every node, taken together."""
        running = [subprocess.Popen(
            [str(a) for a in (*n.prefix, gavel.program("gavel-explorer"),
                              "--node", n.url, "--cookie", n.cookie, "dump")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) for n in self.nodes]
        out = []
        for child in running:
            raw, err = child.communicate(timeout=gavel.COMMAND_S)
            assert child.returncode == 0, err.decode()
            out.append(raw)
        return out

    def check_dumps(self, seconds=90):
        """Byte-identical from every node, and good."""
        def equal():
            kept[:] = self.dumps()
            return len(set(kept)) == 1
        kept = []
        wait_for(lambda: f"equal dumps: {self.heights()}", equal, seconds,
                 step=0.4)
        path = self.directory / "dump.jsonl"
        path.write_bytes(kept[0])
        done = gavel.Explorer().verify(path)
        assert done.returncode == 0, done.stdout + done.stderr

    def heights(self):
        """Where every chain stands at every node."""
        return [{c["chain"][:8]: (c["height"], c["justified_height"],
                                  c["final_height"], c["sealed"][:8])
                 for c in n.rpc.getchains(limit=1000)["chains"]}
                for n in self.nodes]

    def check(self, seconds=90):
        """What must hold whenever the network has been good for a while."""
        self.check_alive()
        self.check_dumps(seconds)
        w = self.watcher
        assert not w.broken, w.broken
        big = {n: b >> 20 for n, b in list(w.memory.items())
               if b > min(MEMORY_MAX, w.first[n] + GROWTH_MAX)}
        assert not big, f"megabytes of nodes: {big}"

    # --- for a test that failed

    def logs(self):
        out = []
        for thing in self.things:
            p = thing.process
            out.append(f"--- {p.log.name}\n{p.tail(25)}")
        return "\n".join(out) + f"\n{self.switch.text()}"

    def keep_logs(self, name):
        return gavel.World.keep_logs(self, name)

    def path(self, name):
        return self.directory / name
