"""`gavel web` for the tests: the process, its API, and browsers."""

import http.client
import json
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from gavel import CALL_S, SLOW, Process, Wallet, wait_for

ARGUMENTS = """--headless --no-sandbox --disable-gpu --disable-quic
--no-first-run --disable-background-networking --disable-component-update
--disable-sync --disable-dev-shm-usage""".split()


class Answer:
    def __init__(self, reply):
        self.status = reply.status
        self.headers = reply.headers
        self.body = reply.read()

    @property
    def json(self):
        return json.loads(self.body)


class Web:
    """One wallet's page. `links` are what it has printed so far."""

    def __init__(self, world, name, node):
        self.wallet = Wallet(world.path(name), node)
        self.process = Process(world.path(f"{name}-web.log"))
        self.session = None
        world.things.append(self)

    def start(self, *options):
        self.process.spawn(self.wallet.args("web", *options, as_json=False))
        wait_for("the link", lambda: self.links or
                 not self.process.running(), 20)
        assert self.links, self.process.text()
        return self

    @property
    def links(self):
        return re.findall(r"^http://\S+/#[0-9a-f]{64}$", self.process.text(),
                          re.M)

    @property
    def host(self):
        return self.links[-1].split("/")[2]

    @property
    def token(self):
        return self.links[-1].split("#")[1]

    def stop(self, expect=0):
        return self.process.stop(expect)

    def kill(self):
        self.process.kill()

    def ask(self, method, path, body=None, host=True, **headers):
        """One request as the page sends it, but for what is said otherwise; a
        header of None is left out."""
        address = self.host
        sent = {"Host": address if host is True else host,
                "Origin": f"http://{address}",
                "Content-Type": "application/json",
                "X-Gavel-Session": self.session}
        sent.update({name.replace("_", "-"): value
                     for name, value in headers.items()})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        c = http.client.HTTPConnection(address, timeout=CALL_S)
        try:
            c.putrequest(method, path, skip_host=True,
                         skip_accept_encoding=True)
            for name, value in sent.items():
                if value is not None:
                    c.putheader(name, value)
            if body is not None:
                c.putheader("Content-Length", str(len(body)))
            c.endheaders(body.encode() if body is not None else None)
            return Answer(c.getresponse())
        finally:
            c.close()

    def login(self, token=None):
        a = self.ask("POST", "/api/login", {"token": token or self.token})
        if a.status == 200:
            self.session = a.json["session"]
        return a

    def call(self, name, /, *arguments, texts=None, **options):
        """The answer to a call of a page that is logged in."""
        options = {k.replace("_", "-"): v for k, v in options.items()}
        a = self.ask("POST", "/api/call", {
            "call": name, "arguments": list(arguments), "options": options,
            "texts": texts or {}})
        assert a.status == 200, (a.status, a.body)
        return a.json


class Browser:
    """A person in front of a headless Chromium with a profile of his own, who
    finds things by what is written on them."""

    def __init__(self, driver, profile):
        self.driver = driver
        self.profile = profile

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def open(self, address):
        self.driver.get(address)
        return self

    def text(self):
        text = self.driver.execute_script("return document.body.innerText")
        return text.replace("\u00a0", " ").replace("\u202f", " ")

    def sees(self, text, seconds=30):
        wait_for(lambda: f"{text!r} on the page; it shows:\n{self.text()}",
                 lambda: text in self.text(), seconds, 0.1)

    def find(self, css, name):
        """What can be used now and has this name."""
        script = """
            const [css, name] = arguments;
            return [...document.querySelectorAll(css)].find((e) =>
                e.innerText.trim().replace(/[\\u00a0\\u202f]/g, " ") === name &&
                e.checkVisibility() && !e.disabled);"""
        return wait_for(lambda: f"{css} {name!r}; the page shows:\n"
                        f"{self.text()}",
                        lambda: self.driver.execute_script(script, css, name),
                        30, 0.1)

    def click(self, name):
        """What is made anew just then is looked for again."""
        from selenium.common.exceptions import StaleElementReferenceException

        for _ in range(5):
            try:
                self.find("button, a, summary", name).click()
                return
            except StaleElementReferenceException:
                pass
        raise AssertionError(f"{name!r} is never there for long")

    def field(self, label):
        target = self.find("label", label).get_attribute("for")
        return self.driver.find_element("id", target)

    def types(self, label, text):
        field = self.field(label)
        if field.tag_name != "select":
            field.clear()
        field.send_keys(text)

    def download(self, css):
        """Click a link that saves a file; its bytes."""
        to = Path(self.profile) / "downloads"
        to.mkdir()
        self.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {
            "behavior": "allow", "downloadPath": str(to)})
        self.driver.find_element("css selector", css).click()
        return wait_for("the file", lambda: [
            f for f in to.iterdir() if f.suffix != ".crdownload" and
            f.stat().st_size])[0].read_bytes()

    def complaints(self):
        """What the console says was wrong: also a breach of the policy."""
        return [line for line in self.driver.get_log("browser")
                if line["level"] == "SEVERE"]


@pytest.fixture
def browsers():
    """A function that starts a browser, or a skipped test that says so."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="SKIP: python3-selenium is not "
        "installed: make deps-web")
    if chromium is None or driver is None:
        pytest.skip("SKIP: chromium or chromium-driver is not installed: "
                    "make deps-web")
    from selenium.webdriver.chrome.service import Service
    started = []

    def start():
        options = webdriver.ChromeOptions()
        profile = tempfile.mkdtemp(prefix="gavel-browser-")
        for argument in ARGUMENTS:
            options.add_argument(argument)
        options.add_argument(f"--user-data-dir={profile}")
        options.binary_location = chromium
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        b = Browser(webdriver.Chrome(service=Service(driver),
                                     options=options), profile)
        b.driver.set_page_load_timeout(30 * SLOW)
        started.append(b)
        return b

    yield start
    for b in started:
        b.close()
