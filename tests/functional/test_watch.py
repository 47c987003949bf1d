"""gavel agenda and gavel watch: what comes when, and what has happened."""

import json
import os
import re
import subprocess

import pytest
from gavel import CommandError, wait_for

QUICK = ("--difficulty", "1", "--d", "2s", "--notice", "4s")
UNKNOWN = "ab" * 32


def refused(wallet, *words, code, says):
    with pytest.raises(CommandError) as e:
        wallet(*words)
    assert e.value.code == code and says in e.value.stderr, e.value.stderr


def test_an_agenda_of_what_opens_closes_and_expires(world):
    node = world.node()
    node.wait_services()
    ann, tom = world.wallet("ann", node), world.wallet("tom", node)
    limited = tom.create("A lamp; or two", *QUICK[:4], "--limit", "1h",
                         "--close", "never")
    endless = tom.create("No end", *QUICK)
    ann.bid(limited, 5)
    got = ann("agenda")["agenda"]
    assert [(e["what"], e["standing"]) for e in got] == [
        ("closes", "leading"), ("expires", "")]
    assert got[0]["id"] == limited and got[0]["title"] == "A lamp; or two"
    assert got[1]["title"] == "certificate of ann"
    assert [e["standing"] for e in tom("agenda")["agenda"]] == ["sells", ""]

    # Watching: what has no end is in no agenda, a slip is told at once.
    ann("agenda", "add", endless)
    assert len(ann("agenda")["agenda"]) == 2
    tom.close_auction(endless)
    wait_for("the close in the agenda", lambda: [
        (e["id"], e["standing"]) for e in ann("agenda")["agenda"]][0] == (
            endless, "watches"), 20)
    ann("agenda", "drop", endless)
    refused(ann, "agenda", "drop", endless, code=1, says="is not watched")
    refused(ann, "agenda", "add", UNKNOWN, code=1, says="auction: unknown here")
    refused(ann, "agenda", "add", "xyz", code=2, says="64 hex digits")
    assert limited in {e["id"] for e in ann("agenda")["agenda"]}

    # In the zone of whoever asks, and in UTC for the calendar.
    os.environ["TZ"] = "America/New_York"
    try:
        text = ann.text("agenda")
    finally:
        del os.environ["TZ"]
    assert re.search(r" \d\d:\d\d:\d\d E[SD]T \(-0[45]00\)  closes", text), text
    path = world.path("gavel.ics")
    ann("agenda", "--ics", path, "--alarm", "5m")
    ics = path.read_bytes().decode()
    assert ics.startswith("BEGIN:VCALENDAR\r\n")
    assert "SUMMARY:A lamp\\; or two closes\r\n" in ics
    assert ics.count("BEGIN:VEVENT") == 2 == ics.count("TRIGGER:-PT300S")
    assert f"UID:closes-{limited}@gavel"[:75] in ics
    # On standard output it is alone, and no file has that name.
    done = ann.run_ok("agenda", "--ics", "-", "--alarm", "5m", as_json=False)
    assert [x for x in done.stdout.split("\n") if "DTSTAMP" not in x] == [
        x for x in ics.replace("\r\n", "\n").split("\n")
        if "DTSTAMP" not in x]
    assert not os.path.exists("-")
    refused(ann, "agenda", "--ics", "-", code=2, says="not with --json")
    refused(ann, "agenda", "--ics", world.path("no/such/place"), code=1,
            says="no/such/place")


@pytest.mark.long
def test_watching_tells_what_happens_and_runs_a_program(world):
    node = world.node("node", fixed_ports=True)
    node.wait_services()
    ann, bob = world.wallet("ann", node), world.wallet("bob", node)
    tom = world.wallet("tom", node)
    refused(ann, "watch", code=1, says="nothing to watch")
    auction = tom.create("$(touch pwned) `x`", *QUICK)
    ann.bid(auction, 5)
    log = world.path("events")
    program = world.path("note")
    program.write_text(f'#!/bin/sh\necho "$GAVEL_EVENT $GAVEL_EVENT_AMOUNT '
                       f'$GAVEL_EVENT_CURRENCY $GAVEL_EVENT_TITLE" >> {log}\n')
    program.chmod(0o755)
    watch = ann.spawn("watch", "--every", "200ms", "--exec", program,
                      as_json=True)

    def events():
        return log.read_text().splitlines() if log.exists() else []
    title = "EUR $(touch pwned) `x`"
    wait_for("the first look", lambda: events() == [f"leading 500 {title}"])
    bob.bid(auction, 6)  # the wallet is free meanwhile
    wait_for("the other bid", lambda: events()[1:] == [f"outbid 600 {title}"])
    ann.bid(auction, 7)
    wait_for("the lead", lambda: events()[2:] == [f"leading 700 {title}"])
    # The node goes away and comes back: said once, and nothing is lost.
    node.restart()
    tom.close_auction(auction)
    out, err = watch.communicate(timeout=60)
    assert watch.returncode == 0, err
    assert err.count("the node answers again") <= 1
    told = [json.loads(line) for line in out.splitlines()]
    names = [t["event"] for t in told]
    assert names[:3] == ["leading", "outbid", "leading"]
    assert names[3:] in (["closing", "closed", "won"], ["closing", "won"],
                         ["closed", "won"])
    assert told[-1]["figures"] == "7.00 EUR" and told[-1]["auction"] == auction
    assert [e.split()[0] for e in events()] == names
    # Whoever comes later hears how it ended, as seller or by name.
    text = tom.text("watch", auction)
    assert re.match(r"sold +20\d\d-.* 7.00 EUR, ends: ", text), text
    assert "won" in ann.text("watch")
    # A program that fails is a warning, and the watching goes on.
    done = ann.run("watch", "--exec", "/no/such/program", as_json=False)
    assert done.returncode == 2 and "/no/such/program" in done.stderr
    done = ann.run("watch", "--exec", "/bin/false", as_json=False)
    assert done.returncode == 0 and "failed for the event won" in done.stderr


@pytest.mark.long
def test_watching_ends_after_its_time(world):
    node = world.node()
    node.wait_services()
    tom = world.wallet("tom", node)
    auction = tom.create("Long", *QUICK)
    done = tom.run("watch", "--for", "1s", as_json=False)
    assert done.returncode == 0 and done.stdout == ""
    done = tom.run("watch", UNKNOWN, auction, "--for", "1s", as_json=False)
    assert done.returncode == 0
    assert done.stderr.count("auction: unknown here") == 1
    done = subprocess.run([str(a) for a in tom.args("watch", "--before")],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
