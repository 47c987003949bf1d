"""Auctions with sealed bids whose authorities see only hashes: wallets have
their bids dated and hand them in with the tokens."""

import json

import pytest
from time_server import Authority
from ledger import ARC, openssl
from test_sealed import AMOUNTS, both_verify, in_blocks, text_of
from test_submit import Socks5

TERMS = ("--sealed", "--d", "3s", "--notice", "6s", "--difficulty", "1")


def told(node, auction, bid):
    return next(b for b in node.rpc.listbids(auction=auction)["bids"]
                if b["bid"] == bid)


def sold(world, node, sam, auction, name, price):
    sam.close_auction(auction)
    got = node.wait_final(auction, 60)
    assert (got["status"], got["price"]) == ("sold", price), name
    both_verify(world, node, "", f"{text_of(price)} EUR")


@pytest.mark.long
def test_the_networks_own_authority_dates_hashes(world):
    node = world.node()
    node.wait_services()
    sam, ann, bob = (world.wallet(n, node) for n in ("sam", "ann", "bob"))
    done = sam.run("auction", "create", "--title", "Open", "--blind")
    assert done.returncode == 2 and "only with --sealed" in done.stderr
    auction = sam.create("A letter", *TERMS, "--blind")
    first = ann.bid(auction, text_of(AMOUNTS["ann"]))
    second = bob.bid(auction, text_of(AMOUNTS["bob"]))
    assert first["receipt"] is None and len(first["stamps"]) == 1
    assert 0 < first["t_us"] < second["t_us"]
    # The policy is the token's, and one leaf stands in each STAMP.
    for bid in (first, second):
        raw = bytes.fromhex(bid["stamp"])
        assert raw[-34:-32] == b"\1\0"
        token = raw[37:37 + int.from_bytes(raw[35:37], "little")]
        text = openssl("ts", "-reply", "-token_in", "-in", "/dev/stdin",
                       "-token_out", "-text", data=token).stdout.decode()
        assert f"Policy OID: {ARC}.1.2" in text
    in_blocks(node, auction)
    # Without tokens nothing is taken, and known ones are told again.
    row = json.dumps(node.rpc.listbids(auction=auction))
    assert first["bid"] in row and second["bid"] in row
    again = ann("bid", "send", first["bid"])
    assert again["t_us"] == first["t_us"]
    sold(world, node, sam, auction, "ann", AMOUNTS["ann"])


@pytest.mark.long
def test_an_authority_outside_of_the_network_dates_bids(world):
    tsa = Authority(world.directory, "chronos")
    node = world.node("node", "--time-authority", tsa.file())
    node.wait_services()
    sam, ann = world.wallet("sam", node), world.wallet("ann", node)
    auction = sam.create("A letter", *TERMS, "--time-authority", tsa.file())
    bid = ann.bid(auction, text_of(AMOUNTS["ann"]))
    assert bid["receipt"] is None and len(tsa.queries) == 1
    path, query = tsa.queries[0]
    assert path == "/stamp?x=1" and len(query) < 80
    assert not {"Authorization", "Cookie", "User-Agent"} & set(tsa.headers[0])
    in_blocks(node, auction)

    # Each fault has its own words, and the bid stays.
    def swapped(query):
        at = query.index(b"\x04\x20") + 2
        return query[:at] + bytes(32) + query[at + 32:]

    other = tsa.certify("other")
    for change, word in (
            ({"policy": "1.2.3.4", "swap": lambda q: q[:q.index(
                b"\x06\x09\x2b")].replace(q[:2], bytes((
                    0x30, len(q[:q.index(b"\x06\x09\x2b")]) - 2)), 1)},
             "another policy"),
            ({"signer": other}, "another certificate"),
            ({"swap": swapped}, "another hash"),
            ({"accuracy": 900}, "900000 us"),
            ({"ordering": "no"}, "in order"),
            ({"status": 503}, "it answered 503")):
        before = dict(tsa.__dict__)
        tsa.__dict__.update(change)
        done = ann.run("bid", "place", auction, "12")
        tsa.__dict__.update({k: before[k] for k in change})
        assert done.returncode == 1, (change, done)
        assert "chronos Ltd.: " in done.stderr and word in done.stderr, \
            (word, done.stderr)
        assert "is kept and was not sent" in done.stderr
    tsa.stop()
    done = ann.run("bid", "place", auction, text_of(AMOUNTS["bob"]))
    assert done.returncode == 1 and "cannot reach" in done.stderr
    kept = done.stderr.split("bid send ")[1].split()[0]
    assert len(node.rpc.listbids(auction=auction)["bids"]) == 1
    tsa.restart()
    sent = ann("bid", "send", kept)
    assert told(node, auction, kept)["t_us"] == sent["t_us"]
    in_blocks(node, auction)
    sold(world, node, sam, auction, "ann", AMOUNTS["ann"])
    tsa.stop()


@pytest.mark.long
def test_one_of_three_may_be_away_and_a_proxy_hides_who_asks(world):
    """One authority of the network, two of others, of which one is away."""
    near, away = (Authority(world.directory, n) for n in ("near", "away"))
    files = ("--time-authority", near.file(), "--time-authority", away.file())
    node = world.node("node", *files)
    node.wait_services()
    sam, ann = world.wallet("sam", node), world.wallet("ann", node)
    auction = sam.create("A letter", *TERMS, "--authorities", "1", *files)
    away.stop()
    proxy = Socks5()
    try:
        done = ann.run_ok("bid", "place", auction, text_of(AMOUNTS["ann"]),
                          "--proxy", f"socks5://127.0.0.1:{proxy.port}")
    finally:
        proxy.close()
    bid = json.loads(done.stdout)
    assert len(bid["stamps"]) == 2 and "away Ltd.: " in done.stderr
    assert ("127.0.0.1", near.port) in proxy.targets
    assert len(proxy.targets) >= 2
    near.stop()
    done = ann.run("bid", "place", auction, "12")
    assert done.returncode == 1 and "2 are needed" in done.stderr
    near.restart()
    in_blocks(node, auction)
    sold(world, node, sam, auction, "ann", AMOUNTS["ann"])
    near.stop()


def test_what_is_no_authority_is_refused(world):
    """By the seller's wallet, by the CA that was not told, by a node."""
    tsa = Authority(world.directory, "chronos")
    node = world.node()
    node.wait_services()
    sam = world.wallet("sam", node)
    done = sam.run("auction", "create", "--title", "A letter", *TERMS,
                   "--time-authority", tsa.file())
    assert done.returncode == 1 and "none that this CA accepts" in done.stderr
    for changes, word in (({"policy": "x"}, "policy"),
                          ({"policy": f"{ARC}.1.2"}, "network's own"),
                          ({"url": "https://a"}, "url"),
                          ({"url": "http://a b"}, "url"),
                          ({"accuracy_ms": 0}, "accuracy_ms"),
                          ({"certificate": "none.pem"}, "certificate"),
                          ({"certificate": "ts.conf"}, "certificate"),
                          ({"more": 1}, "no more")):
        done = sam.run("auction", "create", "--title", "A letter", *TERMS,
                       "--time-authority", tsa.file(**changes))
        assert done.returncode == 2 and word in done.stderr, done.stderr
    path = tsa.file()
    done = sam.run("auction", "create", "--title", "A letter", *TERMS,
                   "--time-authority", path, "--authorities", "1")
    assert done.returncode == 2 and "odd number" in done.stderr
    done = sam.run("auction", "create", "--title", "A letter",
                   "--time-authority", path)
    assert done.returncode == 2 and "only with --sealed" in done.stderr
    path.write_text("{")
    code, said = world.node("other", start=False).fails(
        "--time-authority", path)
    assert code == 1 and "time authority" in said
    tsa.stop()
