"""Real processes for the functional tests: nodes, wallets, miners, explorers.

Everything runs on 127.0.0.1 with ports the system chooses, in directories the
test gives. Every wait has a limit and says what it waited for. Processes are
ended through their own handles, never by name. The binaries come from
$GAVEL_BUILD (build/release without it).
"""

import base64
import contextlib
import http.client
import itertools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from amounts import unnamed_amounts

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("GAVEL_BUILD", ROOT / "build/release"))
SHARED = Path(os.environ.get("GAVEL_SHARED", ROOT.parent / "shared"))

# Sanitizers make everything slower.
SLOW = 6 if BUILD.name in ("asan", "tsan") else 1
START_S = 20 * SLOW  # for a process to be ready
STOP_S = 20 * SLOW  # for a process to end when asked
CALL_S = 30 * SLOW  # for one answer
COMMAND_S = 90 * SLOW  # for one wallet command


class RpcError(Exception):
    """The node answered with an error."""

    def __init__(self, method, error):
        super().__init__(f"{method}: {error.get('code')}: "
                         f"{error.get('message')} {error.get('data')}")
        self.code = error.get("code")
        self.message = error.get("message")
        self.data = error.get("data")


class CommandError(Exception):
    """A program ended with another exit code than 0."""

    def __init__(self, args, done):
        super().__init__(f"{' '.join(map(str, args))}: exit code "
                         f"{done.returncode}\n{done.stdout}{done.stderr}")
        self.code = done.returncode
        self.stdout = done.stdout
        self.stderr = done.stderr

    @property
    def error(self):
        """The `error` object that --json prints."""
        return json.loads(self.stderr.strip().splitlines()[-1])["error"]


def wait_for(what, check, seconds=20, step=0.05):
    """The first true value of check(), or AssertionError naming `what`. A
    string for `what`, or a function that makes one at the end."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            text = what() if callable(what) else what
            raise AssertionError(f"waited {seconds * SLOW} s for {text}")
        time.sleep(step)


def program(name, build=None):
    path = (build or BUILD) / name
    assert path.exists(), f"{path} is not built: run make"
    return path


class Process:
    """A child with its output in a file. `log` grows over restarts."""

    def __init__(self, log):
        self.log = Path(log)
        self.child = None

    def spawn(self, args, env=None):
        assert not self.running(), f"{args[0]} runs already"
        with self.log.open("ab") as out:
            self.child = subprocess.Popen(
                [str(a) for a in args], stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})

    def running(self):
        return self.child is not None and self.child.poll() is None

    @property
    def pid(self):
        return self.child.pid

    def wait(self, seconds=STOP_S):
        """The exit code of a process that ends by itself."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"pid {self.child.pid} did not end in {seconds} s:\n"
                f"{self.tail()}") from None

    def stop(self, expect=0):
        """SIGTERM, and the exit code is `expect` (None: any)."""
        if self.running():
            self.child.send_signal(signal.SIGTERM)
        if self.child is None:
            return None
        code = self.wait()
        assert expect is None or code == expect, (
            f"exit code {code}, expected {expect}:\n{self.tail()}")
        return code

    def kill(self):
        """SIGKILL, at once."""
        if self.running():
            self.child.kill()
        if self.child is not None:
            self.child.wait(STOP_S)

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def tail(self, lines=40):
        return "\n".join(self.text().splitlines()[-lines:])


class Rpc:
    """JSON-RPC over one keep-alive connection, as bitcoind's clients do it.
    The cookie is read again for every connection."""

    def __init__(self, port, cookie, seconds=CALL_S):
        self.port = port
        self.cookie = Path(cookie)
        self.seconds = seconds
        self.http = None

    def close(self):
        if self.http is not None:
            self.http.close()
        self.http = None

    def open(self):
        """The connection, which may be made by its first request."""
        return http.client.HTTPConnection("127.0.0.1", self.port,
                                          timeout=self.seconds)

    def post(self, body, headers=None, path="/"):
        """(status, headers, bytes) of one POST, sent once."""
        if self.http is None:
            self.http = self.open()
        login = base64.b64encode(self.cookie.read_bytes().strip()).decode()
        try:
            self.http.request("POST", path, body, {
                "Content-Type": "application/json",
                "Authorization": f"Basic {login}", **(headers or {})})
            answer = self.http.getresponse()
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def call(self, method, *args, **named):
        assert not (args and named), "positions or names, not both"
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                           "params": named or list(args)})
        kept = self.http is not None
        try:
            _, _, raw = self.post(body)
        except (ConnectionResetError, BrokenPipeError):
            # The node closes a connection that was idle for 10 s. It has not
            # read the call then.
            if not kept:
                raise
            _, _, raw = self.post(body)
        answer = json.loads(raw)
        if answer.get("error"):
            raise RpcError(method, answer["error"])
        return answer["result"]

    def __getattr__(self, method):
        if method.startswith("_"):
            raise AttributeError(method)
        return lambda *args, **named: self.call(method, *args, **named)


# Workers of a parallel run choose ports from ranges of their own, one after the
# other: a node that is stopped for a moment keeps its ports.
PORTS = 2000
FIRST_PORT = 20000 + PORTS * (
    int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 6)
PLACES = itertools.count(random.randrange(PORTS))


def free_ports(count):
    """The first of `count` free ports in a row, below the range from which
    the system gives ports to clients."""
    while True:
        place = next(PLACES) * count % (PORTS - count)
        with contextlib.ExitStack() as stack:
            try:
                for port in range(place, place + count):
                    s = stack.enter_context(socket.socket())
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind(("127.0.0.1", FIRST_PORT + port))
            except OSError:
                continue
        return FIRST_PORT + place


class Node:
    """gaveld, on regtest unless `network` is set. Ports are chosen by the
    system at each start and read from ports.json; with `fixed_ports` they are
    the same at every start, so that peers and clients find a restarted node
    again."""

    network = "regtest"
    build = None  # of programs that know the network
    discover = "no"  # tests say themselves who talks to whom
    prefix = ()  # words before every program that runs where the node does

    def __init__(self, datadir, *options, env=None, fixed_ports=False):
        self.datadir = Path(datadir)
        self.datadir.mkdir(parents=True, exist_ok=True)
        self.options = list(options)
        self.env = env
        self.fixed = {}
        if fixed_ports:
            first = free_ports(5)  # gossip is one above p2p
            self.fixed = {"rpc": first, "tls": first + 1, "p2p": first + 2,
                          "submit": first + 4}
        self.ports = None
        self.rpc = None
        self.process = Process(self.datadir.parent /
                               f"{self.datadir.name}.log")

    # --- life

    def args(self, options=()):
        binds = [("--rpc-bind", "rpc"), ("--p2p-bind", "p2p"),
                 ("--tls-bind", "tls"), ("--submit-bind", "submit")]
        out = [*self.prefix, program("gaveld", self.build), "--network",
               self.network, "--datadir", self.datadir]
        for flag, name in binds:
            out += [flag, f"127.0.0.1:{self.fixed.get(name, 0)}"]
        if "--discover" not in self.options:
            out += ["--discover", self.discover]
        return out + self.options + list(options)

    def start(self, *options, wait=True):
        """Start it, with options for this time only."""
        with contextlib.suppress(FileNotFoundError):
            (self.datadir / "ports.json").unlink()
        self.process.spawn(self.args(options), self.env)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=START_S):
        wait_for(lambda: f"the node to be ready:\n{self.process.tail()}",
                 self._ready, seconds / SLOW)

    def _ready(self):
        if not self.process.running():
            raise AssertionError(
                f"the node ended with {self.process.child.returncode}:\n"
                f"{self.process.tail()}")
        try:
            ports = json.loads((self.datadir / "ports.json").read_text())
            rpc = self.connect(ports)
            rpc.status()
        except (OSError, ValueError, http.client.HTTPException):
            return False
        except RpcError as e:
            if e.code == -28:
                return False
            raise
        self.ports, self.rpc = ports, rpc
        return True

    def connect(self, ports, seconds=CALL_S):
        return Rpc(ports["rpc"], self.cookie, seconds)

    def stop(self, expect=0):
        if self.rpc is not None:
            self.rpc.close()
        return self.process.stop(expect)

    def kill(self):
        if self.rpc is not None:
            self.rpc.close()
        self.process.kill()

    def restart(self, *options):
        self.stop()
        return self.start(*options)

    def fails(self, *options, seconds=START_S):
        """Start a node that must not come up: (exit code, its output)."""
        before = len(self.process.text())
        self.process.spawn(self.args(options), self.env)
        code = self.process.wait(seconds)
        return code, self.process.text()[before:]

    # --- where it is

    @property
    def cookie(self):
        return self.datadir / ".cookie"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.ports['rpc']}"

    @property
    def peer(self):
        """What --connect of another node takes."""
        p2p = self.rpc.status()["p2p"]
        return f"{p2p['endpoint']}#{p2p['key']}"

    @property
    def key(self):
        return self.rpc.status()["p2p"]["key"]

    @property
    def log(self):
        return self.process.text()

    def memory(self):
        """Resident bytes."""
        for line in Path(f"/proc/{self.process.pid}/status").open():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    # --- waiting for the ledger

    def find_cert(self, **by):
        """A credential on the ledger, or None."""
        try:
            return self.rpc.getcert(**by)
        except RpcError as e:
            if e.code != -5:
                raise
            return None

    def wait_height(self, chain, height, seconds=20):
        return wait_for(
            lambda: f"height {height} of {chain[:16]}, at "
                    f"{self.rpc.getblockcount(chain)}",
            lambda: self.rpc.getblockcount(chain) >= height, seconds)

    def wait_phase(self, auction, phase, seconds=30):
        return wait_for(
            lambda: f"phase {phase}, now "
                    f"{self.rpc.getauction(auction)['phase']}",
            lambda: self.rpc.getauction(auction)["phase"] == phase, seconds)

    def wait_final(self, auction, seconds=30):
        """The final outcome."""
        def check():
            outcome = self.rpc.getoutcome(auction)
            return outcome if outcome["final"] else None
        return wait_for(f"the final outcome of {auction[:16]}", check, seconds)

    def wait_services(self, seconds=20):
        """The services of a TTP's first start are in the directory."""
        def check():
            services = self.rpc.listservices()
            return services and all(s["height"] is not None for s in services)
        return wait_for("the services on the registry", check, seconds)

    def wait_peers(self, count, seconds=20):
        return wait_for(f"{count} peers",
                        lambda: self.rpc.status()["peers"] >= count, seconds)


def chain_ids(node):
    """Every chain the node has, over all pages."""
    out, after = [], None
    while True:
        page = node.rpc.call("getchains", **({"after": after} if after else {}))
        out += [c["chain"] for c in page["chains"]]
        after = page["next"]
        if after is None:
            return out


def same_tips(nodes):
    """Do all nodes have the same chains with the same final blocks?"""
    def tips(node):
        return {c["chain"]: (c["height"], c["sealed"])
                for c in node.rpc.getchains(limit=1000)["chains"]
                if c["kind"] == "auction"}
    first = tips(nodes[0])
    return all(tips(n) == first for n in nodes[1:])


class Wallet:
    """gavel, one command at a time."""

    def __init__(self, directory, node, passphrase="correct horse battery"):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.node = node
        self.secret = self.directory.parent / f"{self.directory.name}.pass"
        self.secret.write_text(passphrase + "\n")
        self.secret.chmod(0o600)

    def args(self, *words, as_json=True):
        network, build, prefix = "regtest", None, ()
        if self.node is not None:
            network, build = self.node.network, self.node.build
            prefix = getattr(self.node, "prefix", ())
        out = [*prefix, program("gavel", build)]
        if self.node is not None:
            out += ["--node", self.node.url, "--cookie", self.node.cookie]
        out += ["--network", network, "--wallet", self.directory,
                "--passphrase-file", self.secret, "--yes"]
        return out + (["--json"] if as_json else []) + list(words)

    def run(self, *words, seconds=COMMAND_S, as_json=True, stdin=None):
        """The finished process, whatever it answered."""
        return subprocess.run(
            [str(a) for a in self.args(*words, as_json=as_json)],
            input=stdin or "", capture_output=True, text=True,
            timeout=seconds)

    def __call__(self, *words, **options):
        """The JSON that a command prints; CommandError if it failed."""
        done = self.run(*words, **options)
        if done.returncode != 0:
            raise CommandError(words, done)
        if not done.stdout.strip():
            return None
        value = json.loads(done.stdout)
        assert not unnamed_amounts(value), (words, value)
        return value

    def text(self, *words, **options):
        """What a command prints for people."""
        done = self.run(*words, as_json=False, **options)
        if done.returncode != 0:
            raise CommandError(words, done)
        return done.stdout

    def spawn(self, *words, as_json=False):
        """A command that runs while the test goes on."""
        return subprocess.Popen(
            [str(a) for a in self.args(*words, as_json=as_json)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    # --- what tests do most

    def init(self):
        words = self.directory.parent / f"{self.directory.name}.words"
        self.run_ok("init", "--words-file", words)
        return words

    def run_ok(self, *words, **options):
        done = self.run(*words, **options)
        if done.returncode != 0:
            raise CommandError(words, done)
        return done

    def enrol(self, name):
        return self("enrol", "--name", name)

    def create(self, title, *terms):
        return self("auction", "create", "--title", title, *terms)["auction"]

    def bid(self, auction, amount, *options):
        return self("bid", "place", auction, str(amount), *options)

    def close_auction(self, auction):
        return self("auction", "close", auction)

    def outcome(self, auction, wait="60s"):
        return self("auction", "outcome", auction, "--wait", wait)


class Miner:
    """gavel-miner against a node."""

    def __init__(self, log, node, *options):
        self.node = node
        self.options = list(options)
        self.process = Process(log)

    def start(self):
        self.process.spawn([program("gavel-miner"), "--node", self.node.url,
                            "--cookie", self.node.cookie, *self.options])
        return self

    def stop(self, expect=0):
        return self.process.stop(expect)

    def kill(self):
        self.process.kill()


class Explorer:
    """gavel-explorer: dumps and their offline verification."""

    def __init__(self, node=None):
        self.node = node

    def run(self, *words, seconds=COMMAND_S, text=True):
        args = [program("gavel-explorer")]
        if self.node is not None:
            args = [*getattr(self.node, "prefix", ()), *args,
                    "--node", self.node.url, "--cookie", self.node.cookie]
        return subprocess.run([str(a) for a in args + list(words)],
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=text, timeout=seconds)

    def dump(self, path, *options, kind="jsonl"):
        """Write a dump to path; its bytes."""
        done = self.run("dump", "--format", kind, *options, text=False)
        if done.returncode != 0:
            done.stdout = ""
            done.stderr = done.stderr.decode(errors="replace")
            raise CommandError(["dump"], done)
        Path(path).write_bytes(done.stdout)
        return done.stdout

    def verify(self, path, *options):
        """The finished process: exit code 0 when the dump is good."""
        return self.run("verify", path, *options)


class World:
    """What one test runs: it starts things, and ends all of them."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.things = []

    def node(self, name="node", *options, ttp=True, start=True, **more):
        if ttp:
            options = ("--ttp", "all", *options)
        n = Node(self.directory / name, *options, **more)
        self.things.append(n)
        return n.start() if start else n

    def wallet(self, name, node, enrol=True):
        """A new wallet; enrolled under its own name unless told not to."""
        w = Wallet(self.directory / name, node)
        w.init()
        if enrol:
            w.enrol(name)
        return w

    def miner(self, node, *options, name="miner"):
        m = Miner(self.directory / f"{name}.log", node, *options)
        self.things.append(m)
        return m.start()

    def explorer(self, node=None):
        return Explorer(node)

    def path(self, name):
        return self.directory / name

    def logs(self):
        """The ends of all logs, for a test that failed."""
        out = []
        for thing in self.things:
            process = thing.process
            state = ("running" if process.running() else
                     f"ended with {process.child.returncode}"
                     if process.child else "never started")
            out.append(f"--- {process.log.name} ({state})\n{process.tail()}")
        return "\n".join(out)

    def end(self):
        for thing in reversed(self.things):
            thing.kill()

    def keep_logs(self, name):
        """Copy every log to $GAVEL_BUILD/functional-logs/name; where."""
        to = BUILD / "functional-logs" / name
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir(parents=True)
        for thing in self.things:
            if thing.process.log.exists():
                shutil.copy(thing.process.log, to)
        return to
