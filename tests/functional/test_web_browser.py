"""Two people, each with a wallet and a browser, who type no command."""

import re

import pytest

from web import Web

pytestmark = pytest.mark.long


class Person:
    """Somebody with a page of his own wallet."""

    def __init__(self, world, name, node, browser):
        self.web = Web(world, name.lower(), node).start()
        self.name = name
        self.page = browser.open(self.web.links[0])

    def make_wallet(self):
        page = self.page
        page.sees("There is no wallet here yet")
        page.click("Make a wallet")
        page.sees("Write these words down")
        words = [e.text.split(". ")[1] for e in
                 page.driver.find_elements("css selector", ".words li")]
        assert len(words) == 24
        page.click("I have written them down")
        page.sees("Type three of them")
        asked = [int(n) for n in re.findall(r"Word (\d+)", page.text())]
        assert len(set(asked)) == 3
        for n in asked:
            page.types(f"Word {n}", "wrong")
        page.click("Make the wallet")
        page.sees("not the words that were asked for")
        for n in asked:
            page.types(f"Word {n}", words[n - 1])
        page.click("Make the wallet")
        page.sees("No name yet")
        return words

    def enrol(self):
        self.page.types("Name", self.name)
        self.page.click("Get a certificate")
        self.page.sees(f"{self.name} is certified", 60)

    def arrive(self):
        self.make_wallet()
        self.enrol()
        return self

    def finish(self):
        assert self.page.complaints() == []
        self.web.stop()


def open_auction(sam, title, **choices):
    sam.click("Sell")
    sam.types("Title", title)
    sam.types("Description", "In its box.\n<b>One lens</b> has a scratch.")
    sam.types("First bid must reach", "10")
    sam.types("Least step", "one")
    for label, text in choices.items():
        sam.types(label.replace("_", " "), text)
    sam.click("Review …")
    sam.sees("Least step: 'one' is no amount of EUR")
    sam.types("Least step", "1")
    sam.click("Review …")
    sam.sees("The terms cannot be changed")
    assert "10.00 EUR" in sam.text()
    sam.click("Open the auction")
    sam.sees("Your auction", 60)
    assert "<b>One lens</b>" in sam.text()  # text, and no markup
    return sam.driver.current_url.rsplit("/", 1)[1]


def close_auction(sam):
    sam.click("Close early …")
    sam.sees("This cannot be undone")
    sam.click("Close it")
    sam.sees("It closes at")


def test_S0_17_list_create_bid_and_outcome_from_a_browser(world, browsers):
    node = world.node()
    node.wait_services()
    sam = Person(world, "Sam", node, browsers()).arrive()
    ann = Person(world, "Ann", node, browsers()).arrive()
    auction = open_auction(sam.page, "A brass telescope")

    # Ann lists what is open, and finds it.
    ann.page.click("Auctions")
    ann.page.sees("certified bidders")
    ann.page.click("A brass telescope")
    ann.page.sees("Place a bid")
    # Too little: the page says why, and she thinks better of it.
    ann.page.types("Amount in EUR", "9")
    ann.page.click("Bid …")
    ann.page.sees("want at least 10.00 EUR")
    ann.page.click("Cancel")
    ann.page.sees("Nothing was sent")
    ann.page.types("Amount in EUR", "ten")
    ann.page.click("Bid …")
    ann.page.sees("'ten' is no amount of EUR")
    ann.page.types("Amount in EUR", "12.50")
    ann.page.click("Bid …")
    ann.page.sees("twelve and 50/100 EUR")
    ann.page.sees("cannot be withdrawn")
    assert node.rpc.listbids(auction=auction)["bids"] == []
    ann.page.click("Bid 12.50 EUR")
    ann.page.sees("was received and stamped", 60)
    ann.page.sees("You lead")
    # She insists on one that is void: the list says why.
    ann.page.types("Amount in EUR", "12.60")
    ann.page.click("Bid …")
    ann.page.click("Send anyway")
    ann.page.sees("below-step")
    # Sam sees it without doing anything.
    sam.page.sees("1 accepted, 1 void")
    ann.page.click("My bids")
    ann.page.sees("below-step")
    ann.page.sees("Leading")
    assert "Won" not in ann.page.text()

    close_auction(sam.page)
    sam.page.sees("Final and verified here", 90)
    assert "12.50 EUR" in sam.page.text()
    ann.page.sees("Won", 60)
    assert "Lost" not in ann.page.text()
    ann.page.click("Auctions")
    ann.page.click("Closed")
    ann.page.click("A brass telescope")
    ann.page.sees("You won")
    ann.page.sees("Final and verified here")
    ann.page.click("Check the proof")
    ann.page.sees("Proof verified")
    outcome = node.rpc.getoutcome(auction)
    assert (outcome["status"], outcome["price"], outcome["final"]) == (
        "sold", 1250, True)

    # The page lasts over a reload, its link does not.
    used = ann.web.links[0]
    ann.page.driver.refresh()
    ann.page.sees("You won")
    stranger = browsers().open(used)
    stranger.sees("needs a fresh link")
    assert "telescope" not in stranger.text()
    for who in (sam, ann):
        who.finish()
    # The same wallets, for the commands.
    assert len(ann.web.wallet("bid", "list")["bids"]) == 2


def test_sealed_bids_in_the_browser(world, browsers):
    node = world.node()
    node.wait_services()
    sam = Person(world, "Sam", node, browsers()).arrive()
    ann = Person(world, "Ann", node, browsers()).arrive()
    sam.page.click("Sell")
    sam.page.types("Title", "A sealed letter")
    sam.page.types("Amounts", "Sealed")
    sam.page.types("Least step", "1")
    sam.page.click("Review …")
    sam.page.sees("Least step: not with “Sealed”")
    sam.page.types("Least step", "")
    sam.page.types("What the winner pays", "The next best")
    sam.page.click("Review …")
    sam.page.sees("sealed until the auction is closed")
    sam.page.click("Open the auction")
    sam.page.sees("Your auction", 60)
    auction = sam.page.driver.current_url.rsplit("/", 1)[1]

    ann.page.click("Auctions")
    ann.page.click("A sealed letter")
    for amount in ("40", "30"):
        ann.page.types("Amount in EUR", amount)
        ann.page.click("Bid …")
        ann.page.click(f"Bid {amount}.00 EUR")
        ann.page.sees(f"Your bid of {amount}.00 EUR was received", 60)
    ann.page.sees("40.00 EUR (sealed)")
    ann.page.sees("2 sealed")
    sam.page.sees("2 sealed")
    assert "40.00" not in sam.page.text()
    ann.page.click("My bids")
    ann.page.sees("30.00 EUR (sealed)")
    close_auction(sam.page)
    sam.page.sees("Final and verified here", 90)
    sam.page.sees("40.00 EUR")
    ann.page.sees("Won", 60)
    assert node.rpc.getoutcome(auction)["price"] == 1
    for who in (sam, ann):
        who.finish()


def test_an_anonymous_winner_is_opened_to_the_seller_in_the_browser(
        world, browsers):
    node = world.node()
    node.wait_services()
    sam = Person(world, "Sam", node, browsers()).arrive()
    ann = Person(world, "Ann", node, browsers())
    words = ann.make_wallet()
    ann.enrol()
    auction = open_auction(sam.page, "A letter", Names_of_bidders="Anonymous")
    ann.page.click("Auctions")
    ann.page.click("A letter")
    ann.page.types("Amount in EUR", "20")
    ann.page.click("Bid …")
    ann.page.click("Bid 20.00 EUR")
    ann.page.sees("was received and stamped", 90)
    assert node.rpc.getauction(auction)["identity"] == "anonymous"
    close_auction(sam.page)
    sam.page.sees("Final and verified here", 90)
    sam.page.click("Open the identity")
    sam.page.sees("CN=Ann", 60)
    pack = sam.page.download("a[download$=pack]")
    ann.page.sees("You won", 60)
    ann.page.click("Open the identity")
    ann.page.sees("CN=Sam", 60)
    # Ann's machine is lost: the words are enough, on another one.
    ann.finish()
    again = Person(world, "Ann-again", node, browsers())
    again.page.sees("There is no wallet here yet")
    again.page.click("Restore a wallet")
    again.page.types("The words, with blanks between them", "  ".join(words))
    again.page.click("Restore")
    again.page.sees("Valid", 60)
    again.page.click("My bids")
    again.page.sees("Won", 60)
    again.page.sees("20.00 EUR")
    again.finish()
    sam.finish()
    path = world.path("winner.pack")
    path.write_bytes(pack)
    shown = sam.web.wallet("identity", "verify", path)
    assert shown["proven"] and shown["subject"] == "CN=Ann"
