"""Auctions with sealed bids, for those who use them: wallets that seal, what
everybody sees before and after the opening, notaries that publish their keys,
go away and come back, and bidders who open their own bids."""

import json
import secrets
import shutil

import pytest
from anonymous import TERMS, codec, disclose
from gavel import CommandError, Wallet, wait_for
from ledger import Est
from sealing import Sealing
from test_capture import capture  # noqa: F401
from test_ceremony import backup
from test_two_nodes import join
from test_verifier import verify as verify_in_python

pytestmark = pytest.mark.long

SEALED = ("--sealed", "--pricing", "vickrey", "--d", "2s", "--notice", "4s",
          "--difficulty", "1")
# In cents. No such number occurs by chance.
AMOUNTS = {"ann": 73164998351, "bob": 51203377219, "eve": 62418744907}


def text_of(cents):
    return f"{cents // 100}.{cents % 100:02}"


def spellings(cents):
    """How an amount could stand in text and bytes."""
    raw = [cents.to_bytes(8, order) for order in ("little", "big")]
    words = [str(cents), text_of(cents), text_of(cents)[:-3]]
    return [*raw, *(r.hex().encode() for r in raw),
            *(w.encode() for w in words)]


def found_in(data, amounts):
    return {name for name, cents in amounts.items()
            if any(s in data for s in spellings(cents))}


def files_of(node):
    """Everything a node keeps, and its log."""
    paths = [p for p in node.datadir.rglob("*") if p.is_file()]
    return b"".join(p.read_bytes() for p in paths) + node.log.encode()


def answers_of(node, auction):
    """What the node tells of an auction."""
    rpc = node.rpc
    rows = rpc.listbids(auction=auction)["bids"]
    height = rpc.getblockcount(auction)
    return json.dumps([
        rows, [rpc.getbid(r["bid"]) for r in rows], rpc.getoutcome(auction),
        rpc.getauction(auction=auction, verbose=True), rpc.listauctions(),
        [rpc.listoutcomes(bidder=r["bidder"]) for r in rows],
        rpc.call("getblocks", **{"chain": auction, "from": 0, "count": 64}),
        [rpc.getblock(chain=auction, height=h, verbosity=1)
         for h in range(height + 1)]]).encode()


def seals(node, auction):
    return {r["bid"]: r["seal"]
            for r in node.rpc.listbids(auction=auction)["bids"]}


def in_blocks(node, auction):
    wait_for("all bids in blocks",
             lambda: node.rpc.getauction(auction)["bids"]["unmined"] == 0)


def opening(node, auction):
    """Wait until the auction's bids may be opened."""
    return wait_for(
        "the opening",
        lambda: node.rpc.getauction(auction)["sealed"]["settled_height"], 60)


def both_verify(world, node, status, price):
    """The verifier in C and the one in Python, on what the node has."""
    path, explorer = world.path("sealed.jsonl"), world.explorer(node)
    explorer.dump(path)
    done = explorer.verify(path)
    assert done.returncode == 0, done.stderr
    assert f"{status}  {price}" in done.stdout, done.stdout
    done = verify_in_python(path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def market(stage):
    node = stage.node()
    node.wait_services()
    return {"world": stage, "node": node,
            **{n: stage.wallet(n, node) for n in ("sam", *AMOUNTS)}}


def test_second_price_and_no_amount_before_the_opening(market,
                                                       capture):  # noqa: F811
    """Three wallets, of which one is deleted after its bid."""
    world, node = market["world"], market["node"]
    auction = market["sam"].create("A sealed letter", *SEALED, "--min-first",
                                   "10")
    for name, amount in AMOUNTS.items():  # nor does judging tell it
        dry = market[name].bid(auction, text_of(amount), "--dry-run")
        assert (dry["void"], dry["node_asked"]) == (None, False)
    bids = {n: market[n].bid(auction, text_of(a)) for n, a in AMOUNTS.items()}
    for name, bid in bids.items():
        assert bid["amount"] == AMOUNTS[name] and bid["receipt"]
    shutil.rmtree(market["ann"].directory)
    in_blocks(node, auction)
    assert set(seals(node, auction).values()) == {"sealed"}
    told = answers_of(node, auction)
    dump = world.explorer(node).dump(world.path("before.jsonl"))
    table = world.explorer(node).dump(world.path("before.csv"), kind="csv")
    assert bids["bob"]["bid"].encode() in told and b"BID" in dump
    flows = b"".join(bytes(f) for f in list(capture.flows.values()))
    assert auction.encode() in flows and auction.encode() in table
    for where, data in (("answers", told), ("dump", dump), ("csv", table),
                        ("files", files_of(node)), ("packets", flows)):
        assert found_in(data, AMOUNTS) == set(), where

    market["sam"].close_auction(auction)
    got = node.wait_final(auction, 60)
    assert (got["status"], got["price"]) == ("sold", AMOUNTS["eve"])
    rows = {r["bid"]: r for r in node.rpc.listbids(auction=auction)["bids"]}
    for name, bid in bids.items():
        row = rows[bid["bid"]]
        assert (row["seal"], row["amount"], row["code_name"]) == (
            "opened", AMOUNTS[name], "accepted")
    assert rows[bids["ann"]["bid"]]["bidder"] == got["winner"]
    assert market["bob"]("auction", "outcome", auction,
                         "--verify")["verified_height"] > 0
    both_verify(world, node, "", f"{text_of(AMOUNTS['eve'])} EUR")
    assert not list((node.datadir / "ttp/notary-seals").glob("*.key")) or \
        wait_for("the key to be destroyed", lambda: not list(
            (node.datadir / "ttp/notary-seals").glob("*.key")))


def test_what_people_see(market):
    node, bob, eve = market["node"], market["bob"], market["eve"]
    auction = market["sam"].create("A sealed jar", *SEALED)
    own, other = (w.bid(auction, a)["bid"] for w, a in ((bob, "31.50"),
                                                       (eve, "20")))
    shown = bob.text("auction", "show", auction)
    assert "sealed until the auction is closed" in shown
    assert "0 of 1 notaries" in shown and "2 sealed, 0 void" in shown
    assert "none yet: the bids are sealed" in bob.text("auction", "outcome",
                                                       auction)
    assert "31.50 EUR (sealed)" in bob.text("bid", "list")
    told = bob.text("bid", "list", "--auction", auction)
    assert "31.50" not in told and "20.00" not in told
    assert "31.50 EUR (sealed)" in bob.text("bid", "show", own)
    assert "20.00" not in bob.text("bid", "show", other)
    assert "nobody can judge it" in bob.text("bid", "why", own)
    with pytest.raises(CommandError) as e:
        bob("bid", "open", other)
    assert "this bid is not this wallet's" in e.value.error["message"]
    with pytest.raises(CommandError) as e:
        bob("bid", "open", own)  # the set is not final
    assert e.value.code == 1
    market["sam"].close_auction(auction)
    node.wait_phase(auction, "opening")
    assert "opening" in bob.text("auction", "outcome", auction)
    node.wait_final(auction, 60)
    assert "31.50 EUR is accepted and leads" in bob.text("bid", "why", own)
    assert "20.00 EUR is accepted" in bob.text("bid", "why", other)


def test_a_restored_wallet_knows_its_amounts(market):
    world, node = market["world"], market["node"]
    auction = market["sam"].create("A sealed vase", *SEALED)
    bid = market["bob"].bid(auction, "77.77")["bid"]
    in_blocks(node, auction)
    again = Wallet(world.path("bob-again"), node)
    again.run_ok("restore", "--words-file", world.path("bob.words"))
    rows = again("bid", "list")["bids"]
    assert [r["own_amount"] for r in rows if r["bid"] == bid] == [7777]
    # Nor does it need the words again to open it.
    market["sam"].close_auction(auction)
    node.wait_final(auction, 60)
    assert again("bid", "show", bid)["amount"] == 7777


def test_a_reverse_auction_with_a_reserve(market):
    auction = market["sam"].create(
        "A roof to mend", *SEALED, "--direction", "reverse", "--min-first",
        "1000", "--reserve", "950")
    for name, amount in (("bob", "900"), ("eve", "720.50")):
        market[name].bid(auction, amount)
    with pytest.raises(CommandError) as e:
        market["bob"].bid(auction, "1000.01")
    assert "below-first" in e.value.error["message"]
    market["bob"].bid(auction, "1000.01", "--force")
    market["sam"].close_auction(auction)
    got = market["sam"].outcome(auction)
    assert (got["status"], got["price"]) == ("sold", 90000)
    rows = market["node"].rpc.listbids(auction=auction)["bids"]
    assert sorted(r["code_name"] for r in rows) == ["accepted", "accepted",
                                                    "below-first"]
    both_verify(market["world"], market["node"], "", "900.00 EUR")


def test_nobody_reaches_the_reserve(market):
    auction = market["sam"].create("Too dear", *SEALED, "--reserve", "100",
                                   "--pricing", "first")
    market["bob"].bid(auction, "99.99")
    market["sam"].close_auction(auction)
    assert market["sam"].outcome(auction)["status"] == "reserve-not-met"


def test_a_hidden_reserve(market):
    """It is sealed with the bids, and is part of the price."""
    world, node, sam = (market[n] for n in ("world", "node", "sam"))
    secret = {"reserve": 83164998353}
    sold, kept = (sam.create("Hidden", *SEALED, "--hidden-reserve",
                             text_of(secret["reserve"])) for _ in range(2))
    high, low = secret["reserve"] + 5, secret["reserve"] - 1
    market["bob"].bid(sold, text_of(high))
    market["bob"].bid(kept, text_of(low))
    in_blocks(node, sold)
    in_blocks(node, kept)
    assert found_in(answers_of(node, sold) + files_of(node), secret) == set()
    assert "sealed, opened with the bids" in sam.text("auction", "show", sold)
    with pytest.raises(CommandError) as e:
        sam("auction", "open", sold)  # the set is not final
    assert e.value.code == 1
    with pytest.raises(CommandError) as e:
        market["bob"]("auction", "open", sold)
    assert "only its seller" in e.value.error["message"]
    for auction in (sold, kept):
        sam.close_auction(auction)
    got = node.wait_final(sold, 60)
    assert (got["status"], got["price"]) == ("sold", secret["reserve"])
    assert node.wait_final(kept, 60)["status"] == "reserve-not-met"
    for auction in (sold, kept):
        assert sam("auction", "outcome", auction, "--verify")[
            "verified_height"] > 0
    assert f"{text_of(secret['reserve'])} EUR" in sam.text("auction", "show",
                                                           kept)
    both_verify(world, node, "", f"{text_of(secret['reserve'])} EUR")
    # Once more, with the same reserve, which nobody else is told before.
    again = sam("auction", "relist", kept)["auction"]
    sam.close_auction(again)
    assert node.wait_final(again, 60)["status"] == "no-bid"
    assert node.rpc.getauction(again)["sealed"]["reserve"] == secret["reserve"]


@pytest.mark.parametrize("terms, says", [
    (("--hidden-reserve", "0"), "--hidden-reserve: expected an amount above"),
    (("--hidden-reserve", "5", "--reserve", "5"), "not with --reserve"),
    (("--min-step", "1"), "--min-step: not with --sealed"),
    (("--max-step", "1"), "--max-step: not with --sealed"),
    (("--total-cap", "3"), "--total-cap: not with --sealed"),
    (("--limit", "1h", "--soft-close", "10s"), "--soft-close: not with"),
    (("--buy-now", "3"), "--buy-now: not with --sealed"),
    (("--pricing", "second"), "--pricing: not with --sealed"),
    (("--opening-period", "1s"), "terms.opening_period_ms"),
    (("--opening-period", "31d"), "terms.opening_period_ms"),
    (("--notaries", "1of1"), "--notaries: these open identities"),
    (("--bid-notaries", "2of1"), "--bid-notaries: '2of1'"),
    (("--bid-notaries", "1of17"), "--bid-notaries: '1of17'"),
    (("--bid-notaries", "2of3"), "3 notaries are wished and 1 are on"),
], ids=str)
def test_terms_that_have_no_sense_with_sealed_bids(market, terms, says):
    with pytest.raises(CommandError) as e:
        market["sam"].create("Refused", *SEALED, *terms)
    assert says in e.value.stderr


def test_a_sealed_preset_and_how_its_terms_play_out(market):
    sam = market["sam"]
    shown = "\n".join(sam("auction", "create", "--title", "x", "--preset",
                          "sealed", "--dry-run")["terms_text"])
    assert "sealed" in shown and "best" in shown, shown
    play = ("auction", "simulate", "--preset", "sealed", "--rounds", "200",
            "--strategy", "truthful")
    best = sam(*play)
    assert (best["sold"], best["best_won"]) == (200, 200)
    assert best["accepted"] == 200 * best["bidders"] and best["void"] == {}
    first = sam(*play, "--pricing", "first")
    assert first["price"]["mean"] > best["price"]["mean"]
    hidden = sam(*play, "--hidden-reserve", "145")
    assert hidden["reserve_not_met"] > 0
    assert hidden["price"]["least"] >= 14500


def test_an_agent_makes_one_sealed_bid(market):
    """And says nowhere how much: not when it runs, nor when it runs again."""
    world, node, sam = (market[n] for n in ("world", "node", "sam"))
    tia, limit = world.wallet("tia", node), 91827364553
    auction = sam.create("A sealed box", *SEALED, "--min-first", "10")
    for words, code, says in (
            (("--limit", "5", "--step", "1"), 2, "no leading one to beat"),
            (("--limit", "0"), 2, "above zero")):
        with pytest.raises(CommandError) as e:
            tia("agent", "set", auction, *words)
        assert e.value.code == code and says in e.value.error["message"]

    def run(*words):
        done = tia.run("agent", "run", "--every", "100ms", *words)
        assert done.returncode == 0, done.stderr
        assert found_in((done.stdout + done.stderr).encode(),
                        {"limit": limit}) == set()
        return [(e["event"], e["text"])
                for e in map(json.loads, done.stdout.splitlines())]

    # Below the minimum it does not bid; limits of the wallet hold, too.
    tia("agent", "set", auction, "--limit", "9.99")
    assert run() == [("bidding", "one sealed bid"), (
        "beaten", "what could lead is beyond the limit")]
    tia("agent", "set", auction, "--limit", text_of(limit))
    tia("limit", "set", "EUR", "--bid", "20")
    assert [name for name, _ in run("--for", "1s")] == ["bidding", "failed"]
    tia("limit", "drop", "EUR")
    assert run() == [("bidding", "one sealed bid"), ("bid", "one sealed bid")]
    assert run() == [("placed", "the sealed bid stands")]
    with pytest.raises(CommandError) as e:
        tia("agent", "set", auction, "--limit", "12")
    assert "makes but one" in e.value.error["message"]
    market["bob"].bid(auction, "12.50")
    in_blocks(node, auction)
    assert found_in(answers_of(node, auction), {"limit": limit}) == set()
    sam.close_auction(auction)
    got = node.wait_final(auction, 60)
    assert (got["status"], got["price"]) == ("sold", 1250)
    own = [r for r in node.rpc.listbids(auction=auction)["bids"]
           if r["bidder"] == got["winner"]]
    assert [r["amount"] for r in own] == [limit]
    assert run() == [("placed", "the sealed bid stands")]


def test_who_could_read_the_bids_is_said(market):
    """And nothing is opened with --dry-run."""
    done = market["sam"].run("auction", "create", "--title", "x", *SEALED,
                             "--dry-run", as_json=False)
    assert done.returncode == 0, done.stderr
    assert ("holds 1 of the 1 keys that bids are sealed to, and 1 open them"
            in done.stderr)
    auction = market["sam"].create("Who could read it", *SEALED)
    assert any("holds 1 of the 1 keys" in line for line in market["sam"](
        "auction", "show", auction)["warnings"])


@pytest.mark.parametrize("option", (("--opening-period", "1h"),
                                    ("--bid-notaries", "1of1")))
def test_options_of_sealed_auctions_alone(market, option):
    with pytest.raises(CommandError) as e:
        market["sam"].create("Refused", *option)
    assert f"{option[0]}: only with --sealed" in e.value.stderr


# --- bids that no wallet makes ---


def test_a_bid_that_does_not_fit_its_commitment_is_void_for_all(market):
    """Sealed in Python: a good one, one with the commitment of another amount,
    and one with a share that is noise."""
    world, node = market["world"], market["node"]
    auction = market["sam"].create("A sealed trap", *SEALED)
    market["eve"].bid(auction, "20")
    raw = node.rpc.getauction(auction=auction, verbose=True)["open"]
    terms = codec.transaction(bytes.fromhex(raw))
    seal = Sealing(bytes.fromhex(auction), terms.bid_escrow_t,
                   [holder.key for holder in terms.holders])
    est = Est(node, world.path("est"))
    who = [est.enrol(node, name) for name in ("good", "liar", "noisy")]
    parts = [seal.make(w.key.public, secrets.token_bytes(32), 5000)
             for w in who]
    other = seal.make(who[1].key.public, secrets.token_bytes(32), 9000)
    parts[1] = parts[1][:1] + other[1:33] + parts[1][33:]
    parts[2] = parts[2][:33] + secrets.token_bytes(80) + parts[2][113:]
    bids = []
    for w, part in zip(who, parts):
        node.rpc.sendrawtransaction(tx=w.enrol_tx(auction).hex())
        recent = node.rpc.getauction(auction)["final_sealed"]
        bid, tx = w.bid_tx(auction, part, 1, recent, kind=1)
        assert node.rpc.submitbid(tx=tx.hex())["bid"] == bid
        bids.append(bid)
    market["sam"].close_auction(auction)
    got = node.wait_final(auction, 60)
    assert (got["winner"], got["price"]) == (who[0].public, 2000)
    rows = [node.rpc.getbid(bid) for bid in bids]
    assert [(r["code_name"], r["seal"], r["amount"]) for r in rows] == [
        ("accepted", "opened", 5000), ("bad-seal", "bad-seal", 0),
        ("bad-seal", "bad-seal", 0)]
    assert "void: bad-seal" in market["bob"].text("bid", "why", bids[1])
    assert market["bob"]("auction", "outcome", auction,
                         "--verify")["verified_height"] > 0
    both_verify(world, node, "", "20.00 EUR")


# --- notaries that go away ---


class Quorum:
    """A node with all roles, a node without one, and two notaries."""

    def __init__(self, world):
        self.world = world
        self.node = world.node("first", fixed_ports=True)
        self.node.wait_services()
        self.relay = join(world, self.node, "relay")
        self.others = [join(world, self.node, name, "--ttp", "notary")
                       for name in ("north", "south")]
        wait_for("all notaries on the registry", lambda: sum(
            s["role"] == "notary" and s["final"]
            for s in self.node.rpc.listservices()) == 3)
        self.sam, self.ann, self.bob = (
            world.wallet(n, self.node) for n in ("sam", "ann", "bob"))

    def create(self, wish, *terms):
        return self.sam.create("Three keys", *SEALED, "--bid-notaries", wish,
                               *terms)


def test_notaries_away_killed_and_restored(world):
    q = Quorum(world)
    node, (north, south) = q.node, q.others
    short = q.create("2of3", "--opening-period", "12s", "--min-first", "5",
                     "--hidden-reserve", "7")
    long, whole = q.create("2of3"), q.create("3of3")
    north.kill()  # before it knows that there is an OPEN
    south.kill()
    bids = {a: [w.bid(a, amount)["bid"] for w, amount in ((q.ann, "40"),
                                                         (q.bob, "60"))]
            for a in (short, long, whole)}
    for auction in bids:
        in_blocks(node, auction)

    # One key of two: who opens the own bid saves it, and no one else is.
    q.sam.close_auction(short)
    opening(node, short)
    assert "gavel bid open" in q.ann.text("auction", "show", short)
    assert q.ann("bid", "open", bids[short][0])["amount"] == 4000
    q.ann("bid", "open", bids[short][0])  # once more changes nothing
    assert q.sam("auction", "open", short)["reserve"] == 700
    got = node.wait_final(short, 90)
    assert (got["status"], got["price"]) == ("sold", 700)
    assert seals(node, short) == dict(zip(bids[short],
                                          ("opened", "not-opened")))
    assert "void: not-opened" in q.bob.text("bid", "why", bids[short][1])

    # One comes back: its key opens everybody's bid.
    q.sam.close_auction(long)
    opening(node, long)
    north.start()
    got = node.wait_final(long, 60)
    assert (got["status"], got["price"]) == ("sold", 4000)
    assert node.rpc.getauction(long)["sealed"]["released"] == [
        i for i in range(3)
        if i in node.rpc.getauction(long)["sealed"]["released"]]
    assert set(seals(node, long).values()) == {"opened"}

    # The other one only comes back in another place, from a backup.
    q.sam.close_auction(whole)
    opening(node, whole)
    file = world.path("south.backup")
    backup(south, world, "--out", file)
    shutil.rmtree(south.datadir / "ttp")
    shutil.rmtree(south.datadir / "chain")
    backup(south, world, "--in", file, command="restore")
    south.start()
    got = node.wait_final(whole, 60)
    assert (got["status"], got["price"]) == ("sold", 4000)
    assert node.rpc.getauction(whole)["sealed"]["released"] == [0, 1, 2]
    both_verify(world, node, "", "40.00 EUR")


def test_anonymous_and_sealed(world):
    """Pseudonyms seal, and one opens its bid without telling whose it is."""
    q = Quorum(world)
    node = q.node
    for wallet in (q.ann, q.bob):
        wallet.node = q.relay
    terms = (*TERMS, "--sealed", "--pricing", "vickrey", "--notaries", "1of1",
             "--cut", "3")
    sure = q.sam.create("Secret chair", *terms, "--bid-notaries", "2of3")
    lost = q.sam.create("Secret table", *terms, "--bid-notaries", "2of3",
                        "--opening-period", "12s")
    wait_for("the auctions on the second node", lambda: {sure, lost} <= {
        c["chain"] for c in q.relay.rpc.getchains(limit=9)["chains"]})
    bids = {a: [w.bid(a, amount)["bid"] for w, amount in ((q.ann, "15"),
                                                         (q.bob, "12"))]
            for a in (sure, lost)}
    for auction in bids:
        in_blocks(node, auction)
        assert set(seals(q.relay, auction).values()) == {"sealed"}
    assert q.ann("bid", "show", bids[sure][0])["own_amount"] == 1500
    again = Wallet(world.path("ann-again"), q.relay)
    again.run_ok("restore", "--words-file", world.path("ann.words"))
    assert again("bid", "show", bids[lost][0])["own_amount"] == 1500

    q.sam.close_auction(sure)
    got = node.wait_final(sure, 90)
    assert (got["status"], got["price"]) == ("sold", 1200)
    done = disclose(q.sam, sure, world.path("winner"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["subject"] == "CN=ann"

    for other in q.others:
        other.kill()
    q.sam.close_auction(lost)
    opening(q.relay, lost)
    assert again("bid", "open", bids[lost][0])["amount"] == 1500
    got = node.wait_final(lost, 90)
    assert got["status"] == "sold"
    assert seals(node, lost) == dict(zip(bids[lost],
                                         ("opened", "not-opened")))


def test_a_pseudonym_sells_sealed_and_opens_its_reserve(world):
    node = world.node()
    node.wait_services()
    sam, ann = world.wallet("sam", node), world.wallet("ann", node)
    sam("epoch", "create")
    wait_for("the epoch", lambda: [
        e for e in node.rpc.listepochs() if e["final"]])
    auction = sam.create("Nobody's", *TERMS, "--sealed", "--seller",
                         "pseudonym", "--hidden-reserve", "6", "--pricing",
                         "vickrey", "--cut", "3")
    assert node.rpc.getauction(auction)["seller_pseudonym"]
    ann.bid(auction, "12")
    sam.close_auction(auction)
    opening(node, auction)
    done = sam.run("auction", "open", auction)
    if done.returncode == 0:  # else the notary was quicker
        assert json.loads(done.stdout)["reserve"] == 600
    got = node.wait_final(auction, 60)
    assert (got["status"], got["price"]) == ("sold", 600)
