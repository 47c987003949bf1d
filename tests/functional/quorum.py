"""A regtest network of many nodes, each a process of its own with few roles:
a ca, stamping services, validators. Every node knows every other one."""

from concurrent.futures import ThreadPoolExecutor

from gavel import wait_for

TERMS = ("--d", "8s", "--notice", "16s", "--difficulty", "1")


class Network:
    """`ca` has the CA, the registry's validator and nothing else; `stamps`
    and `votes` are nodes with the roles tsa and validator."""

    def __init__(self, world, stamps=3, votes=0, ca_roles="ca", options=()):
        self.world, self.options = world, options
        self.ca = self._node("ca", ca_roles, "House of Order")
        self.stamps = [self._node(f"stamp{i}", "tsa", f"Clock {i}")
                       for i in range(stamps)]
        self.votes = [self._node(f"vote{i}", "validator", f"Judge {i}")
                      for i in range(votes)]
        self.nodes = [self.ca, *self.stamps, *self.votes]
        self._introduce()
        self._each(lambda node: node.start())
        for node in self.nodes:
            node.wait_peers(len(self.nodes) - 1, 60)
        self.wait_services(self.nodes)

    def _node(self, name, roles, operator):
        return self.world.node(name, "--ttp", roles, "--operator", operator,
                               *self.options, ttp=False, start=False,
                               fixed_ports=True)

    def _each(self, work):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, self.nodes))

    def _introduce(self):
        """Nodes make their keys by a first start, and then learn them."""
        peer = {}

        def learn(node):
            node.start()
            peer[node] = node.peer
            node.stop()

        self._each(learn)
        for i, node in enumerate(self.nodes):
            for other in self.nodes:
                if other is not node:
                    node.options += ["--peer-key", peer[other].split("#", 1)[1]]
            for other in self.nodes[:i]:
                node.options += ["--connect", peer[other]]

    # --- services

    def services(self, role, node=None):
        """{operator: ledger key} of a role, by the registry."""
        return {s["operator"]: s["cred"][64:128]
                for s in (node or self.ca).rpc.listservices()
                if s["role"] == role}

    def wait_services(self, nodes, seconds=30):
        clocks = {f"Clock {i}" for i in range(len(self.stamps))}
        judges = {f"Judge {i}" for i in range(len(self.votes))}

        def check():
            return all(clocks <= set(self.services("tsa", n))
                       and judges <= set(self.services("validator", n))
                       for n in nodes)
        wait_for("the services on the registry", check, seconds)

    def stamp_keys(self):
        """Ledger keys of the stamping services, in their order."""
        known = self.services("tsa")
        return [known[f"Clock {i}"] for i in range(len(self.stamps))]

    def vote_keys(self):
        known = self.services("validator")
        return [known[f"Judge {i}"] for i in range(len(self.votes))]

    # --- auctions

    def seller(self, name="seller", node=None):
        return self.world.wallet(name, node or self.ca)

    def auction(self, seller, *terms, title="Many hands", stamps=None):
        """An auction dated by the stamping services, or the first `stamps` of
        them, and, if there are any, voted on by the validators."""
        panel = ["--authorities", ",".join(self.stamp_keys()[:stamps])]
        if self.votes:
            panel += ["--validators", ",".join(self.vote_keys())]
        return seller.create(title, *(terms or TERMS), *panel)

    def wait_everywhere(self, auction, nodes=None):
        for node in nodes or self.nodes:
            wait_for(f"the auction on {node.datadir.name}",
                     lambda: auction in {c["chain"] for c in
                                         node.rpc.getchains(limit=1000)
                                         ["chains"]})
