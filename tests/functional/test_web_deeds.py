"""What a person does on the page beside bidding: terms tried before they bind,
an outcome explained, and what comes after a sale or instead of one. The
wallets are made by commands; test_web_browser.py makes one by the page."""

import hashlib
import re

import pytest

from gavel import ROOT, wait_for
from test_sealed import Quorum, in_blocks, opening
from web import Web

pytestmark = pytest.mark.long

QUICK = ("--d", "1s", "--notice", "2s", "--difficulty", "1")
CHOSEN = "Begin with a common kind of auction"


class Reader:
    """Somebody with a certified wallet; `page` once it is opened."""

    def __init__(self, world, name, node, browsers):
        self.web = Web(world, name, node)
        self.wallet = self.web.wallet
        self.wallet.init()
        self.wallet.enrol(name)
        self.browsers = browsers

    def open(self):
        self.web.start()
        self.page = self.browsers().open(self.web.links[0])
        self.page.sees("Auctions")
        return self.page

    def visit(self, auction, sees):
        self.page.driver.execute_script("location.hash = arguments[0]",
                                        f"#/auction/{auction}")
        self.page.sees(sees, 60)

    def finish(self):
        assert self.page.complaints() == []
        self.web.stop()


def sees_no_more(page, text):
    wait_for(lambda: f"{text!r} to go; the page shows:\n{page.text()}",
             lambda: text not in page.text(), 60, 0.1)


def fits_a_phone(page):
    """Nothing is wider than a screen of 360 pixels."""
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": False})
    wide = page.driver.execute_script(
        "return document.documentElement.scrollWidth")
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= 360


def values(page):
    """What the form of terms says now, by option."""
    return page.driver.execute_script("""
        const out = {};
        for (const e of document.querySelectorAll("form [name]"))
            out[e.name] = e.value + (e.closest(".row")?.querySelector("select")
                ?.value ?? "");
        return out;""")


def try_terms(sam, presets):
    """Every preset fills the form as the wallet says; what was typed stays."""
    page = sam.page
    page.click("Sell")
    page.sees(CHOSEN)
    page.types("Title", "A clock")
    page.types("Reserve", "70")
    choose = page.field(CHOSEN)
    for preset in presets:
        page.driver.execute_script(
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('change'));", choose,
            preset["preset"])
        now = values(page)
        wanted = {name: "1" if value == "yes" else value  # a choice of two
                  for name, value in preset["options"].items()}
        assert wanted.items() <= now.items(), (wanted, now)
        assert (now["title"], now["reserve"]) == ("A clock", "70")
    # The last one of its own: what another preset had set is gone.
    assert (now["per-bidder"], now["start"], now["close"]) == (
        "", "", "owner")
    page.types("Least step", "x")
    page.click("Review …")
    page.sees("is no amount of EUR")
    page.types("Least step", "2")
    page.click("Review …")
    page.sees("The terms cannot be changed")
    page.sees("2.00 EUR")
    page.click("Try these terms with made-up bidders")
    page.types("Bidders in each", "none")
    page.click("Play")
    page.sees("Bidders in each: none: expected a number")
    page.types("Bidders in each", "6")
    page.click("Play")
    page.sees("Mean price")
    page.sees("of 1000")
    fits_a_phone(page)
    page.click("Change something")
    assert values(page)["min-step"] == "2"  # nothing is lost
    assert sam.web.wallet.node.rpc.listauctions()["auctions"] == []


def test_terms_are_tried_and_a_slip_of_a_digit_is_seen(world, browsers):
    node = world.node()
    node.wait_services()
    sam = Reader(world, "sam", node, browsers)
    ann = Reader(world, "ann", node, browsers)
    presets = sam.wallet("auction", "simulate", "--preset", "help")
    sam.open()
    try_terms(sam, presets)
    sam.web.stop()

    paper = world.path("deed.txt")
    paper.write_text("a deed")
    other = world.path("other.txt")
    other.write_text("another")
    auction = sam.wallet.create("A lens", *QUICK, "--min-first", "10",
                                "--min-step", "1", "--pricing", "second",
                                "--attach", paper)
    page = ann.open()
    ann.visit(auction, "Place a bid")
    page.sees("As seller")
    page.sees("bids tell what others are ready to pay")  # the linter
    choose = page.field("Is this file one of them?")
    choose.send_keys(str(other))
    page.sees("is none of them")
    choose.send_keys(str(paper))
    page.sees("is attachment 1")

    # Enter twice is no bid, nor is a digit too many without a second word.
    page.types("Amount in EUR", "1250\n")
    page.sees("at least ten times")
    page.sees("one thousand two hundred fifty and 00/100 EUR")
    page.driver.switch_to.active_element.send_keys("\n")
    assert page.driver.find_element(
        "css selector", "dialog button.main").get_attribute("disabled")
    page.click("Cancel")
    page.sees("Nothing was sent")
    assert page.field("Amount in EUR").get_attribute("value") == "1250"
    assert node.rpc.listbids(auction=auction)["bids"] == []
    page.types("Amount in EUR", "1250\n")
    page.find("label", "I mean 1250.00 EUR, with no digit too many").click()
    page.click("Bid 1250.00 EUR")
    page.sees("was received and stamped", 60)
    page.types("Amount in EUR", "1250.50")
    page.click("Bid …")
    page.click("Send anyway")
    page.sees("below-step", 60)
    wait_for("blocks", lambda: node.rpc.getauction(auction)["bids"][
        "unmined"] == 0)
    page.click("Explain step by step")
    page.sees("blocks were read and checked here", 60)
    page.sees("Why: below-step: the amount is not the minimum step")
    page.sees("measured against 1 250.00 EUR")
    page.sees("Then leads")
    fits_a_phone(page)
    ann.finish()


def test_what_comes_after_a_sale(world, browsers):
    node = world.node()
    node.wait_services()
    sam, ann = (Reader(world, n, node, browsers) for n in ("sam", "ann"))
    bob = world.wallet("bob", node)
    sold = sam.wallet.create("Sold", *QUICK, "--pay-within", "2s",
                             "--pricing", "vickrey", "--min-first", "5")
    ann.wallet.bid(sold, "50")
    bob.bid(sold, "90")
    sam.wallet.close_auction(sold)
    node.wait_final(sold, 60)

    def awards():
        return node.rpc.getauction(sold)["awards"]

    wait_for("the award", awards)
    sam.open()
    sam.visit(sold, "What became of it")
    page = sam.page
    page.click("It was not paid …")
    page.sees("cannot be taken back")
    page.click("Cancel")
    assert awards()[0]["seller_says"] == []
    page.click("It was not paid …")
    page.click("Say it")
    page.sees("Not paid 50.00 EUR", 60)
    page.sees("A second chance is open to")
    assert "It was paid …" not in page.text()

    ann.open()
    ann.page.click("My bids")
    ann.page.sees("a second chance is open to you")
    ann.visit(sold, "The winner did not pay, and you are next")
    page = ann.page
    page.click("Buy it for 5.00 EUR …")
    page.sees("five and 00/100 EUR")
    page.click("Buy for 5.00 EUR")
    page.sees("Second chance taken by", 60)
    page.click("I have paid …")
    page.click("Say it")
    wait_for("the word", lambda: awards()[1]["winner_says"] == ["paid"])
    sees_no_more(page, "I have paid …")
    page.click("I have received it …")
    page.click("Say it")
    wait_for("the word", lambda: awards()[1]["standing"] == "delivered")
    fits_a_phone(page)
    page.driver.refresh()
    page.sees("Track record of the seller")
    page.sees("As seller\t2\t0\t1\t1\t0\t0")
    ann.finish()
    sam.finish()


def test_what_is_not_sold_is_cancelled_or_offered_again(world, browsers):
    node = world.node()
    node.wait_services()
    sam = Reader(world, "sam", node, browsers)
    bare = sam.wallet.create("Withdrawn", *QUICK, "--min-first", "10")
    page = sam.open()
    sam.visit(bare, "Cancel it …")
    page.click("Cancel it …")
    page.sees("a bid has beaten")
    page.click("Cancel the auction")
    assert node.wait_final(bare, 60)["status"] == "cancelled"
    page.sees("Offer it again", 60)
    page.types("Title", " ")
    page.click("Review …")
    page.sees("Title: expected 1 to 200 bytes")
    page.types("Title", "Once more")
    page.types("Description", "<b>as new</b>")
    page.click("Review …")
    page.sees("Open it once more?")
    page.sees("10.00 EUR")
    assert len(node.rpc.listauctions()["auctions"]) == 1
    page.click("Open it")
    page.sees("by the seller's word", 60)
    assert "<b>as new</b>" in page.text()  # text, and no markup
    again = page.driver.current_url.rsplit("/", 1)[1]
    assert node.rpc.getauction(again)["title"] == "Once more"
    page.click("the older auction")
    page.sees("Withdrawn")
    sam.finish()


def test_a_reserve_and_a_bid_are_opened_when_notaries_are_gone(
        world, browsers):
    q = Quorum(world)
    auction = q.create("2of3", "--min-first", "5", "--hidden-reserve", "7")
    for other in q.others:
        other.kill()
    q.ann.bid(auction, "40")
    in_blocks(q.node, auction)
    q.sam.close_auction(auction)
    opening(q.node, auction)
    for who, button, says in ((q.ann, "Open my bid", "Published. It counts"),
                              (q.sam, "Open my reserve",
                               "the reserve is 7.00 EUR")):
        web = Web(world, who.directory.name, q.node).start()
        page = browsers().open(web.links[0])
        page.driver.execute_script("location.hash = arguments[0]",
                                   f"#/auction/{auction}")
        page.sees("Should the others be gone", 60)
        page.click(button)
        page.sees(says, 30)
        assert page.complaints() == []
        web.stop()
    wait_for("the opening in a block", lambda: q.node.rpc.getauction(
        auction)["sealed"]["openings"] == 1)


def test_who_sells_under_a_pseudonym_is_the_seller_to_his_own_page(
        world, browsers):
    node = world.node(fixed_ports=True)
    node.wait_services()
    sam = Reader(world, "sam", node, browsers)
    sam.wallet("epoch", "create")
    wait_for("the epoch in a final block", lambda: [
        e for e in node.rpc.listepochs() if e["final"]])
    page = sam.open()
    page.click("Sell")
    page.types("Title", "Nameless")
    page.types("Your name", "A pseudonym")
    page.click("Review …")
    page.sees("only with")
    page.types("Names of bidders", "Anonymous")
    page.click("Review …")
    page.click("Open the auction")
    page.sees("Close early …", 60)
    page.sees("it has no past")
    auction = page.driver.current_url.rsplit("/", 1)[1]
    assert node.rpc.getauction(auction)["seller_pseudonym"]
    page.click("Auctions")
    page.click("Mine")
    page.click("Nameless")
    page.click("Close early …")
    page.click("Close it")
    assert node.wait_final(auction, 60)["status"] == "no-bid"
    page.sees("Offer it again", 60)
    sam.finish()


def warnings_have_fields(page):
    """Each trap in the terms is shown at a field that the form has."""
    source = (ROOT / "chain/rules/terms_warn.c").read_text()
    traps = ["".join(re.findall(r'"([^"\n]*)"', run)) for run in re.findall(
        r'(?:"[^"\n]*"\s*){2,}', source.split("{", 1)[1])]
    assert len(traps) > 20
    fields = page.driver.execute_async_script("""
        const [traps, done] = arguments;
        import("/fields.js").then((m) => done(traps.map(m.fieldOf)));""", traps)
    assert set(fields) <= set(values(page)), fields


def test_several_lots_are_sold_by_the_form_and_what_is_left_again(
        world, browsers):
    node = world.node()
    node.wait_services()
    sam = Reader(world, "sam", node, browsers)
    ann = world.wallet("ann", node)
    page = sam.open()
    page.click("Sell")
    page.sees(CHOSEN)
    warnings_have_fields(page)
    page.types("Title", "Estate")
    page.click("Sell several lots …")
    page.types("Lot 1", "Vase, blue")
    page.click("Review …")
    page.sees("an auction has 2 to 64 lots")
    page.types("Lot 2", "Clock")
    page.types("Lot 2: first bid", "five")
    page.click("Review …")
    page.sees("Lot 2, first bid: 'five' is no amount of EUR")
    assert page.field("Lot 2: first bid").get_attribute("aria-invalid")
    fits_a_phone(page)
    page.types("Lot 2: first bid", "5,50")
    page.click("Add a lot")
    page.types("Lot 3: reserve", "3")
    page.click("Review …")
    page.sees("Lot 3, ',reserve=3': expected TITLE")
    page.types("Lot 3", "Chair")
    page.click("More terms")
    page.types("Buy now", "4")
    page.click("Review …")
    page.sees("Buy now: these terms are refused: lot 2, Clock")
    page.types("Buy now", "")
    page.types("Greatest step", "20")
    paper = world.path("deed.txt")
    paper.write_text("a deed")
    page.field("Pictures and documents").send_keys(str(paper))
    page.sees("In this order: deed.txt.")
    page.click("Review …")
    page.sees("Lot 1, Vase, blue: A maximum step")
    page.driver.find_element("css selector", ".sheet .note button").click()
    sees_no_more(page, "The terms cannot be changed")
    page.sees("Lot 1, Vase, blue: A maximum step")  # at its field
    assert page.driver.switch_to.active_element.get_attribute(
        "name") == "max-step"
    page.types("Greatest step", "")
    page.types("D: longest time into a block", "1")
    page.click("Review …")
    page.sees("Clock, first bid from 5.50 EUR")
    page.click("Try these terms with made-up bidders")
    page.click("Play")
    page.sees("All together")
    page.sees("2. Clock")
    fits_a_phone(page)
    page.click("Open the auction")
    page.sees("Your auction", 60)
    auction = page.driver.current_url.rsplit("/", 1)[1]
    info = node.rpc.getauction(auction)
    assert [(l["title"], l["min_first"], l["reserve"])
            for l in info["terms"]["lots"]] == [
                ("Vase, blue", 0, 0), ("Clock", 550, 0), ("Chair", 0, 300)]
    attached = [hashlib.sha256(b"a deed").hexdigest()]
    assert ann("auction", "show", auction)["attachments"] == attached
    ann.bid(auction, "9", "--lot", "1")
    page.click("Close early …")
    page.click("Close it")
    assert node.wait_final(auction, 60)["lots"][0]["status"] == "sold"
    page.sees("Offer it again", 60)
    page.sees("2 lots are left, with these numbers")
    page.sees("Clock, lot 2 before")
    page.click("Review …")
    page.sees("lot 3 is now lot 2")
    page.click("Open it")
    page.sees("by the seller's word", 60)
    again = page.driver.current_url.rsplit("/", 1)[1]
    assert [l["title"] for l in node.rpc.getauction(again)["terms"]["lots"]
            ] == ["Clock", "Chair"]
    assert ann("auction", "show", again)["attachments"] == attached
    sam.finish()


def test_a_page_without_its_node_or_session_says_what_is_wrong(
        world, browsers):
    node = world.node()
    node.wait_services()
    sam = Reader(world, "sam", node, browsers)
    page = sam.open()
    page.click("Sell")
    page.sees(CHOSEN)
    page.types("Title", "A hat")
    node.kill()
    page.click("Review …")
    page.sees("The terms cannot be changed")
    page.click("Open the auction")
    wait_for("the error beside the button", lambda: [
        e for e in page.driver.find_elements("css selector", ".note.bad")
        if "cannot reach node at" in e.text])
    page.click("Change something")
    assert page.field("Title").get_attribute("value") == "A hat"
    page.driver.execute_script(
        "sessionStorage.setItem('gavel-session', '0'.repeat(64))")
    page.driver.refresh()
    page.sees("This page needs a fresh link")
    sam.web.stop()


def test_lots_have_their_own_leaders_bids_and_results(world, browsers):
    node = world.node()
    node.wait_services()
    sam = world.wallet("sam", node)
    ann = Reader(world, "ann", node, browsers)
    auction = sam.create("Estate", "--d", "1s", "--difficulty", "1",
                         "--limit", "40s", "--close", "never", "--identity",
                         "anonymous", "--lot", "Vase", "--lot", "Clock,min=5")
    page = ann.open()
    page.sees("2 lots")
    ann.visit(auction, "Place a bid")
    page.sees("2. Clock")
    page.types("Lot", "2. Clock")
    page.sees("To lead, at least 5.00 EUR")
    page.types("Amount in EUR", "6\n")
    page.sees("For lot 2: Clock")
    assert "in all" not in page.text()
    page.click("Bid 6.00 EUR")
    page.sees("was received and stamped", 60)
    page.sees("You lead")
    row, = node.rpc.listbids(auction=auction)["bids"]
    assert (row["lot"], row["amount"], row["leading"]) == (2, 600, True)
    # What another lot would add is told with what this one comes to.
    page.driver.find_element("css selector",
                             "[aria-label='Bid for lot 1']").click()
    page.types("Amount in EUR", "7.50\n")
    page.sees("For lot 1: Vase")
    page.sees("in all: 13.50 EUR (thirteen and 50/100 EUR)")
    page.click("Cancel")
    fits_a_phone(page)
    page.sees("1 sold of 2", 90)
    page.sees("Final and verified here", 60)
    page.sees("You won")
    page.sees("Nobody bid")
    page.sees("Lot 2 sold to", 60)
    page.click("I have paid …")
    page.click("Say it")
    page.sees("Said.", 60)
    wait_for("the word", lambda: node.rpc.getoutcome(auction)["awards"][0][
        "winner_says"] == ["paid"], 60)
    sam("identity", "disclose", auction, "--out", world.path("sold"))
    page.click("Open the identity: 2. Clock")
    page.sees("CN=sam", 60)
    page.click("Explain step by step")
    page.sees("blocks were read and checked here", 60)
    row = page.driver.execute_script(
        "return [...document.querySelectorAll('.steps tbody tr')].map("
        "r => [...r.cells].map(c => c.textContent))")[0]
    assert row[:2] == ["1", "2"], row
    page.click("My bids")
    page.sees("Estate, lot 2: Clock")
    page.sees("Won")
    ann.finish()
