"""Auctions told and tried: why it ended as it did, what terms do before they
bind anybody, and what goes with an OPEN."""

import csv
import hashlib
import http.client
import io
import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gavel import ROOT, Explorer, RpcError, Wallet

QUICK = ("--d", "1s", "--notice", "2s", "--difficulty", "1")


@pytest.fixture(scope="module")
def market(stage):
    node = stage.node()
    node.wait_services()
    return {"node": node, "stage": stage,
            "seller": stage.wallet("seller", node),
            "ann": stage.wallet("ann", node), "bob": stage.wallet("bob", node)}


def refused(wallet, *words, code, says):
    done = wallet.run(*words, as_json=False)
    assert done.returncode == code, (words, done.stdout, done.stderr)
    assert says in done.stderr, done.stderr
    assert done.stdout == ""


def verify_again(dump):
    """By the second verifier, in Python."""
    done = subprocess.run([sys.executable, ROOT / "tests/verifier/verify.py",
                           dump], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr


class Liar:
    """Looks like `node`, but for what `lie(method, result)` makes of it."""

    def __init__(self, node, lie):
        self.network, self.build, self.node = node.network, node.build, node
        self.cookie = node.cookie
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                port = int(node.url.rsplit(":", 1)[1].strip("/"))
                link = http.client.HTTPConnection("127.0.0.1", port)
                link.request("POST", "/", body, {
                    k: v for k, v in self.headers.items() if k != "Host"})
                answer = link.getresponse()
                data = json.loads(answer.read())
                link.close()
                method = json.loads(body)["method"]
                if data.get("result") is not None:
                    data["result"] = lie(method, data["result"])
                raw = json.dumps(data).encode()
                self.send_response(answer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        outer.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


# --- why it ended so ---------------------------------------------------------


def test_an_outcome_is_explained_bid_by_bid(market):
    seller, ann, bob = market["seller"], market["ann"], market["bob"]
    node = market["node"]
    auction = seller.create("Explained", *QUICK, "--pricing", "second",
                            "--min-first", "5", "--min-step", "1",
                            "--reserve", "6")
    empty = seller("auction", "outcome", auction, "--explain")
    assert empty["steps"] == [] and empty["provisional"]
    assert "no bid is accepted" in " ".join(empty["story"])
    first = ann.bid(auction, "10")
    done = bob.run("bid", "place", auction, "10.50", "--force")
    low = json.loads(done.stdout)
    last = bob.bid(auction, "20")
    seller.close_auction(auction)
    outcome = seller.outcome(auction)
    told = bob("auction", "outcome", auction, "--explain")
    assert told["final"] and not told["provisional"]
    assert told["fold_hash"] == outcome["fold_hash"]
    assert (told["status"], told["price"]) == ("sold", outcome["price"])
    assert told["winner"] == outcome["winner"]
    assert [s["bid"] for s in told["steps"]] == [
        first["bid"], low["bid"], last["bid"]]
    assert [s["code_name"] for s in told["steps"]] == [
        "accepted", "below-step", "accepted"]
    assert [s["price"] for s in told["steps"]] == [600, 600, 1050]
    assert [s["leader"] for s in told["steps"]] == [
        first["bid"], first["bid"], last["bid"]]
    void = told["steps"][1]
    assert (void["reference"], void["have"], void["want"]) == (
        1000, 1050, 1100)
    assert "have 10.50 EUR, want at least 11.00 EUR" in void["clause"]
    assert [s["clause"] is None for s in told["steps"]] == [True, False, True]
    for step in told["steps"]:
        proof = node.rpc.getproof(auction=auction, bid=step["bid"])
        at = step["proof"]
        assert (at["height"], at["index"], at["count"]) == (
            proof["height"], proof["index"], proof["count"])
        assert proof["header"].find(at["tx_root"]) > 0
        assert step["t_us"] == node.rpc.getbid(step["bid"])["t_us"]
    assert told["runner_up"] == 1000
    text = bob.text("auction", "outcome", auction, "--explain")
    for says in ("void, below-step", "#2 void", "measured against 10.00 EUR",
                 "the best of another bidder", "that comes to 10.50 EUR",
                 "final", outcome["fold_hash"]):
        assert says in text, text


def test_why_names_the_clause_and_the_numbers_of_every_void_bid(market):
    seller, ann, bob = market["seller"], market["ann"], market["bob"]
    world, node = market["stage"], market["node"]
    # Once what ends them is in a block the node dates no other bid.
    slow = ("--d", "120s", "--t", "60s", "--notice", "240s", "--difficulty",
            "1")
    steps = seller.create("Steps", *slow, "--min-first", "10", "--min-step",
                          "1", "--max-step", "5", "--per-bidder", "2",
                          "--total-cap", "3")
    taken = seller.create("Buy now", *slow, "--buy-now", "50")
    clock = seller.create("Clock", *QUICK, "--direction", "dutch", "--start",
                          "100", "--floor", "20", "--drop", "5", "--every",
                          "1h")
    key = node.rpc.getbid(ann.bid(seller.create("Any", *QUICK), 1)["bid"])[
        "bidder"]
    world.path("guests").write_text(key + "\n")
    closed = seller.create("Guests", *QUICK, "--allowed", world.path("guests"))
    accepted = "is accepted"
    for who, auction, amount, says, measured in [
            (ann, steps, "9.99", "below-first: .*: have 9.99 EUR, want at "
             "least 10.00 EUR", None),
            (ann, steps, "10", accepted, None),
            (bob, steps, "10.99", "below-step: .*: have 10.99 EUR, want at "
             "least 11.00 EUR", "10.00"),
            (bob, steps, "15.01", "above-step: .*: have 15.01 EUR, want at "
             "most 15.00 EUR", "10.00"),
            (ann, steps, "11", accepted, None),
            (ann, steps, "12", "bidder-cap: .*: accepted so far 2, cap 2",
             None),
            (bob, steps, "12", accepted, None),
            (bob, steps, "13", "total-cap: .*: accepted so far 3, cap 3",
             None),
            (ann, taken, "50", accepted, None),
            (bob, taken, "60", "wrong-phase: .*, closed 20", None),
            (ann, clock, "99.99", "below-clock: .*: have 99.99 EUR, want at "
             "least 100.00 EUR", None),
            (bob, closed, "5", "not-allowed: ", None)]:
        done = who.run("bid", "place", auction, amount, "--force")
        assert done.returncode == 0, done.stderr
        why = ann.text("bid", "why", json.loads(done.stdout)["bid"])
        assert re.search(says, why.splitlines()[0]), why
        told = re.findall("measured against the bid of (.*) EUR", why)
        assert told == [measured] * (measured is not None), why


def test_what_explain_refuses(market):
    ann = market["ann"]
    refused(ann, "auction", "outcome", "--explain", code=2, says="AUCTION")
    refused(ann, "auction", "outcome", "ab" * 32, "--explain", "--proof",
            code=2, says="neither --proof")
    refused(ann, "auction", "outcome", "ab" * 32, "--explain", code=1,
            says="unknown")
    refused(ann, "auction", "outcome", "zz", "--explain", code=2,
            says="64 hex digits")


def test_explain_believes_no_node(market):
    seller, ann = market["seller"], market["ann"]
    node = market["node"]
    auction = seller.create("Lied about", *QUICK)
    ann.bid(auction, "7")
    seller.close_auction(auction)
    seller.outcome(auction)

    def short(blocks):
        return [b for i, b in enumerate(blocks) if i != 1]

    def touched(blocks):
        last = "00" if blocks[1][-2:] != "00" else "01"
        return [blocks[0], blocks[1][:-2] + last] + blocks[2:]

    def first_again(blocks):
        return [blocks[0]] * len(blocks)

    def nonsense(blocks):
        return ["zz"]

    for lie, code, says in ((short, 1, "a block is missing"),
                            (touched, 3, "malformed"),
                            (first_again, 1, "a block is missing"),
                            (nonsense, 3, "malformed"),
                            (lambda _: [], 1, "no block 0")):
        liar = Liar(node, lambda method, r, lie=lie: dict(
            r, blocks=lie(r["blocks"])) if method == "getblocks" else r)
        wallet = Wallet(ann.directory, liar)
        refused(wallet, "auction", "outcome", auction, "--explain",
                code=code, says=says)
        liar.stop()
    liar = Liar(node, lambda method, r: dict(r, final=None)
                if method == "getproof" else r)
    told = Wallet(ann.directory, liar)("auction", "outcome", auction,
                                       "--explain")
    liar.stop()
    assert not told["final"], "no votes were seen"


# --- calling it off ----------------------------------------------------------


def test_an_auction_without_a_bid_is_cancelled(market):
    seller, ann, node = market["seller"], market["ann"], market["node"]
    auction = seller.create("Called off", "--d", "2s", "--notice", "1h",
                            "--difficulty", "1")
    refused(ann, "auction", "close", auction, "--cancel", code=1,
            says="not the seller")
    done = seller("auction", "close", auction, "--cancel")
    assert done["effective_us"] == done["t_us"]
    node.wait_phase(auction, "closing")
    refused(ann, "bid", "place", auction, "5", code=1, says="wrong-phase")
    outcome = seller.outcome(auction)
    assert outcome["final"] and outcome["status"] == "cancelled"
    assert (outcome["winner"], outcome["price"]) == (None, 0)
    assert node.rpc.getauction(auction)["cancel_us"] == done["t_us"]
    assert ann("auction", "outcome", auction, "--verify")["verified_height"]
    told = ann("auction", "outcome", auction, "--explain")
    assert (told["status"], told["final"]) == ("cancelled", True)
    assert "cancelled before the first bid" in " ".join(told["story"])
    assert "cancelled" in ann.text("auction", "outcome", auction)
    refused(seller, "auction", "close", auction, "--cancel", code=1,
            says="it is final")


def test_after_a_bid_it_is_closed_and_not_cancelled(market):
    seller, ann, node = market["seller"], market["ann"], market["node"]
    auction = seller.create("Too late to call off", *QUICK)
    ann.bid(auction, "5")
    refused(seller, "auction", "close", auction, "--cancel", code=1,
            says="not be cancelled")
    # A node that hides the bid makes the wallet try; the bid counts.
    liar = Liar(node, lambda method, r: dict(r, bids=dict(r["bids"],
                                                          accepted=0))
                if method == "getauction" else r)
    tricked = Wallet(seller.directory, liar)
    tricked("auction", "close", auction, "--cancel")
    liar.stop()
    outcome = seller.outcome(auction)
    assert (outcome["status"], outcome["price"]) == ("sold", 500)


def test_both_verifiers_accept_cancellations(market):
    for title in ("One more", "Another"):
        auction = market["seller"].create(title, *QUICK)
        if title == "Another":
            market["ann"].bid(auction, "3")
            market["seller"]("auction", "close", auction)
        else:
            market["seller"]("auction", "close", auction, "--cancel")
        market["seller"].outcome(auction)
    dump = market["stage"].path("cancelled.jsonl")
    explorer = Explorer(market["node"])
    explorer.dump(dump)
    done = explorer.verify(dump)
    assert done.returncode == 0, done.stderr
    assert "cancelled" in done.stdout
    verify_again(dump)


# --- traps -------------------------------------------------------------------


def test_bidders_are_warned_of_traps_and_see_the_operators(market):
    seller, node = market["seller"], market["node"]
    trap = seller.run("auction", "create", "--title", "A trap", *QUICK,
                      "--max-step", "1", "--total-cap", "9", "--reserve",
                      "100", "--reference", "last", as_json=False)
    assert trap.returncode == 0, trap.stderr
    auction = trap.stdout.strip()
    texts = ("anyone can start at the smallest amount", "more than twenty",
             "use up the total cap", "displace all bids after it")
    shown = market["ann"].text("auction", "show", auction)
    told = market["ann"]("auction", "show", auction)["warnings"]
    for says in texts:
        assert says in trap.stderr, trap.stderr
        assert says in shown, shown
        assert any(says in line for line in told), told
    assert "dated by  " in shown
    fair = seller.create("No trap", *QUICK, "--min-first", "1", "--d", "30s",
                         "--notice", "60s")
    assert market["ann"]("auction", "show", fair)["warnings"] == []
    assert node.rpc.getauction(fair)["phase"] == "open"


def test_one_operator_with_the_notaries_is_a_question_of_its_own(market):
    seller = market["seller"]
    done = seller.run("auction", "create", "--title", "One notary", *QUICK,
                      "--identity", "anonymous", "--notaries", "1of1",
                      as_json=False)
    assert done.returncode == 0, done.stderr
    assert "1 of the 1 notaries" in done.stderr, done.stderr
    shown = seller.text("auction", "show", done.stdout.strip())
    assert "1 of the 1 notaries" in shown and "opened by 1 of 1" in shown


# --- common kinds ------------------------------------------------------------


def lines(wallet, *words):
    return wallet("auction", "create", "--title", "T", "--dry-run",
                  *words)["terms_text"]


def test_every_preset_is_good_and_flags_override_it(market):
    seller = market["seller"]
    kinds = seller("auction", "create", "--preset", "help")
    assert {k["preset"] for k in kinds} >= {
        "english", "timed-softclose", "proxy", "vickrey", "first-price",
        "reverse", "buy-now"}
    told = seller.text("auction", "create", "--preset", "help")
    for kind in kinds:
        assert kind["preset"] in told and kind["help"] in told
        more = (f"--{kind['needs']}", "50") if kind["needs"] else ()
        assert lines(seller, "--preset", kind["preset"], *more)
        assert lines(seller, "--preset", kind["preset"], "--currency", "JPY",
                     "--exponent", "0", *more)
    soft = " ".join(lines(seller, "--preset", "timed-softclose",
                          "--soft-close", "1m", "--min-step", "2.50"))
    assert "open 60 s after the last accepted bid, up to 3600 s" in soft
    assert "2.50 EUR" in soft and "never" in soft and "86400.000 s" in soft


@pytest.mark.parametrize("words, says", [
    (("--preset", "dutch-ish"), "--preset help lists them"),
    (("--preset", "buy-now"), "it needs --buy-now"),
    (("--preset", "reverse"), "it needs --min-first"),
    (("--preset", "dutch"), "it needs --start"),
    (("--preset", "timed-softclose", "--soft-close", "2h"),
     "--soft-cap: these terms are refused"),
], ids=str)
def test_presets_that_are_refused(market, words, says):
    refused(market["seller"], "auction", "create", "--title", "T", *words,
            code=2, says=says)


def test_an_auction_by_preset(market):
    auction = market["seller"].create("By preset", *QUICK, "--preset",
                                      "english")
    refused(market["ann"], "bid", "place", auction, "0.99", code=1,
            says="below-first")
    market["ann"].bid(auction, "1")
    refused(market["bob"], "bid", "place", auction, "1.99", code=1,
            says="below-step")


# --- trying terms ------------------------------------------------------------


def test_terms_are_simulated_without_a_node(world):
    wallet = Wallet(world.path("nobody"), None)
    words = ("auction", "simulate", "--preset", "timed-softclose",
             "--rounds", "300")
    first, again = wallet(*words), wallet(*words)
    assert first == again, "a seed says all"
    assert first != wallet(*words, "--seed", "2")
    assert first["sold"] == 300 and first["extended"] > 0
    price = first["price"]
    assert (100 <= price["least"] <= price["p10"] <= price["median"] <=
            price["p90"] <= price["most"] <= 15000)
    assert price["least"] <= price["mean"] <= price["most"]
    high = wallet(*words, "--reserve", "140")
    assert high["reserve_not_met"] > first["reserve_not_met"] == 0
    assert sum(high[k] for k in ("sold", "no_bid", "reserve_not_met")) == 300
    capped = wallet("auction", "simulate", "--total-cap", "2", "--strategy",
                    "truthful")
    assert capped["void"] == {"total-cap": 6000}
    cheap = wallet("auction", "simulate", "--direction", "reverse",
                   "--strategy", "truthful")
    assert cheap["price"]["median"] < 10000
    text = wallet.text(*words)
    for says in ("300 of 300 auctions", "half pay up to", "EUR", "extended"):
        assert says in text, text
    assert not (wallet.directory / "wallet.json").exists()


def test_lots_and_final_rounds_are_simulated(world):
    wallet = Wallet(world.path("nobody"), None)
    lots = ("auction", "simulate", "--lot", "Vase,min=151", "--lot",
            "Clock,reserve=140", "--limit", "1h", "--rounds", "100")
    got = wallet(*lots)
    vase, clock = got["lots"]
    assert (vase["title"], vase["sold"], vase["no_bid"]) == ("Vase", 0, 100)
    assert vase["void"]["below-first"] > 0 and clock["void"] == {}
    assert 0 < clock["sold"] == 100 - clock["reserve_not_met"] < 100
    assert clock["price"]["least"] >= 14000
    assert got["total"]["least"] == 0 and got["total"]["most"] == clock[
        "price"]["most"]
    rows = list(csv.DictReader(io.StringIO(wallet.text(
        *lots, "--csv"))))
    assert [(r["lot"], r["title"], r["sold"]) for r in rows] == [
        ("1", "Vase", "0"), ("2", "Clock", str(clock["sold"])),
        ("all", "-", str(clock["sold"]))]
    assert rows[0]["most"] == "-" and rows[2]["least"] == "0.00 EUR"
    assert "Clock" in wallet.text(*lots)
    refused(wallet, *lots[:2], "--lot", "a", "--lot", "b", "--rounds",
            "100000", code=2, says="times lots: at most 1000000")

    final = ("auction", "simulate", "--limit", "1h", "--soft-close", "10m",
             "--soft-cap", "10m", "--final-round", "10m", "--strategy", "step")
    got = wallet(*final)
    assert got["final_rounds"] >= got["final_won"] > 0 and got["void"] == {}
    text = wallet.text(*final)
    assert f"{got['final_rounds']} times, {got['final_won']} of them" in text
    hidden = wallet(*final, "--hidden-reserve", "140")
    assert hidden["reserve_not_met"] > 0 and (
        hidden["price"]["least"] >= 14000)


@pytest.mark.parametrize("words, says", [
    (("--value-low", "9", "--value-high", "8"), "above --value-high"),
    (("--value-low", "0"), "above zero"),
    (("--rounds", "100000", "--bidders", "11"), "at most 1000000"),
    (("--bidders", "0"), "from 1 to 1000"),
    (("--strategy", "clever"), "truthful|step|snipe|mixed"),
    (("--min-step", "2", "--max-step", "1"), "terms.min_step"),
    (("--seed", "-1"), "--seed"),
], ids=str)
def test_simulations_that_are_refused(market, words, says):
    refused(market["ann"], "auction", "simulate", *words, code=2, says=says)


# --- asking before signing ---------------------------------------------------


def test_a_dry_run_asks_the_nodes_own_rules(market):
    seller, ann, bob = market["seller"], market["ann"], market["bob"]
    node = market["node"]
    auction = seller.create("Asked", *QUICK, "--min-first", "5", "--min-step",
                            "1", "--per-bidder", "1")
    low = ann.bid(auction, "4.99", "--dry-run")
    assert low["node_asked"] and low["node_void"] == low["void"]
    assert "want at least 5.00 EUR" in low["node_void"]
    good = ann.bid(auction, "5", "--dry-run")
    assert good["void"] is None and good["node_void"] is None
    assert node.rpc.listbids(auction=auction)["bids"] == []
    assert node.rpc.getauction(auction)["bidders"] == 0, "nobody enrolled"
    ann.bid(auction, "5")
    again = ann.bid(auction, "9", "--dry-run")
    assert "bidder-cap" in again["void"] and again["node_void"] == again["void"]
    step = bob.text("bid", "place", auction, "5.99", "--dry-run")
    assert step.count("void: below-step") == 2, step
    key = node.rpc.getbid(node.rpc.listbids(auction=auction)["bids"][0][
        "bid"])["bidder"]
    said = node.rpc.trybid(auction=auction, bidder="ab" * 32, amount=600)
    assert (said["accepted"], said["leading"], said["reference"]) == (
        True, True, 500)
    assert node.rpc.trybid(auction=auction, bidder=key,
                           amount=900)["code_name"] == "bidder-cap"
    most = bob.bid(auction, "184467440737095516.15", "--dry-run")
    assert (most["amount"], most["node_void"]) == (str(2**64 - 1), None)
    liar = Liar(node, lambda method, r: dict(r, accepted=False, code=6,
                                             have=2, want=1)
                if method == "trybid" else r)
    wallet = Wallet(bob.directory, liar)
    done = wallet.run("bid", "place", auction, "6", "--dry-run")
    liar.stop()
    assert "judges otherwise" in done.stderr
    assert json.loads(done.stdout)["void"] is None
    refused(bob, "bid", "place", auction, "0", "--dry-run", code=2,
            says="no amount")
    for bad in ({"amount": 0}, {"amount": 2**64}, {"amount": 5, "bidder": "x"}):
        with pytest.raises(RpcError):
            node.rpc.trybid(**{"auction": auction, "bidder": key, **bad})


def test_a_pseudonyms_bid_is_not_told_to_the_node(market):
    auction = market["seller"].create("Unasked", *QUICK, "--identity",
                                      "anonymous", "--notaries", "1of1")
    asked = []
    liar = Liar(market["node"], lambda method, r: asked.append(method) or r)
    wallet = Wallet(market["ann"].directory, liar)
    dry = wallet.bid(auction, "5", "--dry-run")
    liar.stop()
    assert (dry["void"], dry["node_asked"]) == (None, False)
    assert "listbids" in asked and "trybid" not in asked


# --- what goes with an auction -----------------------------------------------


def test_files_are_bound_by_their_hash(market):
    seller, ann, stage = market["seller"], market["ann"], market["stage"]
    picture, deed = stage.path("picture.png"), stage.path("deed.pdf")
    picture.write_bytes(bytes(range(256)) * 1000)
    deed.write_bytes(b"")
    auction = seller.create("With papers", *QUICK, "--attach", picture,
                            "--attach", deed)
    hashes = [hashlib.sha256(p.read_bytes()).hexdigest()
              for p in (picture, deed)]
    shown = ann("auction", "show", auction, "--check-attachment", deed,
                "--check-attachment", picture)
    assert shown["attachments"] == hashes
    assert [c["attachment"] for c in shown["checked"]] == [2, 1]
    text = ann.text("auction", "show", auction, "--check-attachment", picture)
    assert hashes[0] in text and "is attachment 1" in text
    other = stage.path("other.png")
    other.write_bytes(picture.read_bytes()[:-1])
    refused(ann, "auction", "show", auction, "--check-attachment", other,
            code=1, says="none of the 2 attachments")
    refused(ann, "auction", "show", auction, "--check-attachment",
            stage.path("no such"), code=2, says="No such file")
    dry = seller.text("auction", "create", "--title", "T", *QUICK, "--attach",
                      deed, "--dry-run")
    assert hashes[1] in dry
    for more, says in (((deed, deed), "is the same as"),
                       ((stage.path("no such"),), "No such file"),
                       ((stage.path("."),), "no regular file"),
                       ((deed,) * 17, "at most 16 files")):
        words = [w for path in more for w in ("--attach", path)]
        refused(seller, "auction", "create", "--title", "T", *QUICK, *words,
                code=2, says=says)
    assert market["node"].rpc.getauction(auction)["phase"] == "open"


def test_what_ended_unsold_is_relisted(market):
    seller, ann, node = market["seller"], market["ann"], market["node"]
    paper, text = market["stage"].path("p"), market["stage"].path("text")
    paper.write_text("paper")
    text.write_text("A fine thing.\n")
    old = seller.create("Nobody came", *QUICK, "--min-first", "9", "--reserve",
                        "20", "--pricing", "second", "--attach", paper,
                        "--text", text)
    refused(seller, "auction", "relist", old, code=1, says="it is open")
    refused(ann, "auction", "relist", old, code=1, says="not the seller")
    ann.bid(old, "10")
    seller.close_auction(old)
    assert seller.outcome(old)["status"] == "reserve-not-met"
    dry = seller("auction", "relist", old, "--dry-run")
    assert any("20.00 EUR" in line for line in dry["terms_text"])
    new = seller("auction", "relist", old)["auction"]
    was, now = (ann("auction", "show", a) for a in (old, new))
    assert new != old and now["phase"] == "open"
    for same in ("title", "terms", "attachments", "seller"):
        assert now[same] == was[same], same
    assert (was["relists"], now["relists"]) == (None, old)
    assert now["text"] == f"A fine thing.\n\nRelisted from auction {old}"
    assert f"relists          {old}" in ann.text("auction", "show", new)
    ann.bid(new, "25")
    seller.close_auction(new)
    assert seller.outcome(new)["status"] == "sold"
    refused(seller, "auction", "relist", new, code=1, says="it was sold")
    refused(seller, "auction", "relist", code=2, says="missing arguments")
    refused(seller, "auction", "relist", "ab" * 32, code=1, says="unknown")
    text.write_text("x" * 8192)
    refused(seller, "auction", "relist", old, "--text", text, code=2,
            says="at most 8192")
    again = seller("auction", "relist", old, "--title", "Once more")["auction"]
    assert node.rpc.getauction(again)["title"] == "Once more"
