"""gavel agent: bids for its owner, up to a limit, across restarts."""

import json
import signal

import pytest
from gavel import CommandError, wait_for

QUICK = ("--difficulty", "1", "--d", "2s", "--notice", "6s", "--min-step", "1")


def refused(wallet, *words, code):
    with pytest.raises(CommandError) as e:
        wallet(*words)
    assert e.value.code == code, e.value.stderr
    return e.value.stderr


def events(out):
    return [(e["event"], e["text"]) for e in map(json.loads, out.splitlines())]


@pytest.mark.long
def test_two_agents_go_up_to_the_lower_limit(world):
    node = world.node()
    node.wait_services()
    tom, ann, bob = (world.wallet(n, node) for n in ("tom", "ann", "bob"))
    auction = tom.create("A lamp", *QUICK)
    other = tom.create("A chair", *QUICK)
    assert "bids nowhere" in refused(ann, "agent", "run", code=1)
    for words, says in ((("--limit", "0"), "above zero"), ((), "--limit"),
                        (("--limit", "5.001"), "2 decimals")):
        assert says in refused(ann, "agent", "set", auction, *words, code=2)
    ann("agent", "set", auction, "--limit", "12.50")
    bob("agent", "set", auction, "--limit", "20", "--step", "3")
    assert "20.00 EUR" in bob.text("agent", "show")
    running = [w.spawn("agent", "run", "--every", "100ms", as_json=True)
               for w in (ann, bob)]
    first, _ = running[0].communicate(timeout=60)
    assert events(first)[-1][0] == "beaten", first
    rows = node.rpc.listbids(auction=auction)["bids"]
    key = {w: w("bid", "list")["bids"][0]["bidder"] for w in (ann, bob)}
    amounts = {w: [r["amount"] for r in rows if r["bidder"] == key[w]]
               for w in (ann, bob)}
    assert max(amounts[ann]) <= 1250 and max(amounts[bob]) <= 2000
    lead = wait_for("bob to lead", lambda: (lambda r: r if r["bidder"] == key[
        bob] else None)(node.rpc.getauction(auction)["leader"]))
    assert lead["amount"] + 100 > 1250
    # The wallet is free meanwhile, and what it says counts for the next bid.
    bob("agent", "drop", auction)
    assert "does not bid" in refused(bob, "agent", "drop", auction, code=1)
    ann.bid(auction, "19")
    out, err = running[1].communicate(timeout=60)
    assert running[1].returncode == 0, err
    assert node.rpc.getauction(auction)["leader"]["amount"] == 1900
    assert [e for e in events(out) if e[0] == "bid"][-1][1] != "20.00 EUR"

    # Ended and started again, it stays below its limit.
    bob("agent", "set", other, "--limit", "7")
    ann.bid(other, "5")
    run = bob.spawn("agent", "run", "--every", "100ms", as_json=True)
    wait_for("bob's bid", lambda: node.rpc.getauction(other)["leader"][
        "amount"] == 600)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    ann.bid(other, "7")
    again = bob.run("agent", "run", "--every", "100ms")
    assert events(again.stdout) == [
        ("bidding", "up to 7.00 EUR"),
        ("beaten", "what could lead is beyond the limit")]
    rows = node.rpc.listbids(auction=other)["bids"]
    assert max(b["amount"] for b in rows if b["bidder"] == key[bob]) == 600


@pytest.mark.long
def test_a_late_agent_waits_and_the_limits_of_the_wallet_hold(world):
    node = world.node("node", fixed_ports=True)
    node.wait_services()
    tom, ann, bob = (world.wallet(n, node) for n in ("tom", "ann", "bob"))
    auction = tom.create("A lamp", *QUICK)
    ann.bid(auction, 5)
    bob("agent", "set", auction, "--limit", "50", "--strategy", "late",
        "--before", "4s")
    run = bob.spawn("agent", "run", "--every", "100ms", as_json=True)
    first = run.stdout.readline()
    assert events(first) == [("bidding", "up to 50.00 EUR")]
    node.restart()  # said once, and it goes on
    assert node.rpc.getauction(auction)["leader"]["amount"] == 500
    tom.close_auction(auction)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0, err
    assert events(out) == [("bid", "6.00 EUR"), ("ended", "the own bid leads")]
    assert err.count("trying again") <= 1
    got = bob.outcome(auction)
    assert (got["status"], got["price"]) == ("sold", 600)

    second = tom.create("A chair", *QUICK, "--min-first", "30")
    bob("limit", "set", "EUR", "--bid", "20")
    bob("agent", "drop", auction)
    bob("agent", "set", second, "--limit", "40")
    out = bob.run("agent", "run", "--every", "100ms", "--for", "1s").stdout
    assert [name for name, _ in events(out)] == ["bidding", "failed"]
    assert "limit of 20.00 EUR" in out
    # What does not pass ends it; a change of the wallet begins it anew.
    run = bob.spawn("agent", "run", "--every", "100ms", as_json=True)
    lines = [run.stdout.readline() for _ in range(2)]
    assert [name for name, _ in events("".join(lines))] == [
        "bidding", "failed"]
    bob("limit", "drop", "EUR")
    wait_for("the bid", lambda: (node.rpc.getauction(second)["leader"] or {}
                                 ).get("amount") == 3000, 30)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert "is the seller" in refused(tom, "agent", "set", second, "--limit",
                                      "50", code=1)
    down = tom.create("Lowest wins", *QUICK[:6], "--direction", "reverse")
    assert "nothing to start from" in refused(
        bob, "agent", "set", down, "--limit", "5", code=1)


@pytest.mark.long
def test_each_lot_has_an_agent_and_a_limit_of_its_own(world):
    """And the wallet's limit for all that leads holds for both, also when it
    runs again."""
    node = world.node()
    node.wait_services()
    tom, ann, bob = (world.wallet(n, node) for n in ("tom", "ann", "bob"))
    auction = tom.create("Lots", *QUICK, "--lot", "Vase,min=5", "--lot",
                         "Clock,min=2")

    def leads(lot, amount):
        wait_for(f"{amount} for lot {lot}", lambda: (node.rpc.getauction(
            auction)["lots"][lot - 1]["leader"] or {}).get("amount") == amount)

    assert "1 to 2" in refused(ann, "agent", "set", auction, "--limit", "9",
                               code=2)
    ann("limit", "set", "EUR", "--total", "15")
    ann("agent", "set", auction, "--lot", "1", "--limit", "12")
    ann("agent", "set", auction, "--lot", "2", "--limit", "7")
    shown = ann.text("agent", "show").split("\n")
    assert [row.split()[1:3] for row in shown[1:3]] == [["1", "12.00"],
                                                        ["2", "7.00"]]
    run = ann.spawn("agent", "run", "--every", "100ms", as_json=True)
    leads(1, 500)
    leads(2, 200)
    bob.bid(auction, 6, "--lot", "2")
    leads(2, 700)
    bob.bid(auction, 9, "--lot", "1")
    told = []
    while not told or told[-1]["event"] != "failed":
        told.append(json.loads(run.stdout.readline()))
    assert told[-1]["lot"] == 1
    assert "17.00 EUR, with what leads elsewhere" in told[-1]["text"]
    run.send_signal(signal.SIGKILL)
    run.communicate()

    ann("limit", "drop", "EUR")
    run = ann.spawn("agent", "run", "--every", "100ms", as_json=True)
    leads(1, 1000)
    bob.bid(auction, 12, "--lot", "1")
    bob.bid(auction, 8, "--lot", "2")
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0, err
    told = [(e["event"], e["lot"]) for e in map(json.loads, out.splitlines())]
    assert sorted(told) == [("beaten", 1), ("beaten", 2), ("bid", 1),
                            ("bidding", 1), ("bidding", 2)]
    rows = node.rpc.listbids(auction=auction)["bids"]
    own = node.rpc.getbid(ann("bid", "list")["bids"][0]["bid"])["bidder"]
    assert sorted((r["lot"], r["amount"]) for r in rows
                  if r["bidder"] == own) == [(1, 500), (1, 1000), (2, 200),
                                             (2, 700)]
    ann("agent", "drop", auction, "--lot", "1")
    assert "for that lot" in refused(ann, "agent", "drop", auction, "--lot",
                                     "1", code=1)
    ann("agent", "drop", auction)
    assert "bids nowhere" in ann.text("agent", "show")


@pytest.mark.long
def test_each_sealed_lot_gets_one_bid(world):
    """Whatever the other lot got, also when it runs again."""
    node = world.node()
    node.wait_services()
    tom, ann = world.wallet("tom", node), world.wallet("ann", node)
    auction = tom.create("Lots", *QUICK[:6], "--sealed", "--lot", "Vase",
                         "--lot", "Clock,min=5")
    ann("agent", "set", auction, "--lot", "1", "--limit", "12")
    ann("agent", "set", auction, "--lot", "2", "--limit", "4.99")

    def run():
        done = ann.run("agent", "run", "--every", "100ms")
        assert done.returncode == 0, done.stderr
        return sorted((e["lot"], e["event"]) for e in map(
            json.loads, done.stdout.splitlines()))
    assert run() == [(1, "bid"), (1, "bidding"), (2, "beaten"),
                     (2, "bidding")]
    ann("agent", "set", auction, "--lot", "2", "--limit", "7")
    assert run() == [(1, "placed"), (2, "bid"), (2, "bidding")]
    assert run() == [(1, "placed"), (2, "placed")]
    assert "makes but one" in refused(ann, "agent", "set", auction, "--lot",
                                      "2", "--limit", "9", code=1)
    rows = node.rpc.listbids(auction=auction)["bids"]
    assert sorted((r["lot"], r["seal"]) for r in rows) == [(1, "sealed"),
                                                           (2, "sealed")]
