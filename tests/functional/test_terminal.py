"""What gavel asks a person, and in which order, on a terminal."""

import contextlib
import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time

import gavel
import pytest


class Terminal:
    """A program on a terminal of its own, and somebody who answers."""

    def __init__(self, args):
        self.fd, inner = pty.openpty()
        self.text = ""
        self.child = subprocess.Popen(
            [str(a) for a in args], stdin=inner, stdout=inner, stderr=inner,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(inner)

    def _read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return None
        try:
            return os.read(self.fd, 4096).decode(errors="replace")
        except OSError:  # the other side is closed
            return ""

    def answer(self, prompt, line):
        """Wait for the prompt, then type the line."""
        end = time.monotonic() + gavel.COMMAND_S
        while prompt not in self.text:
            got = self._read(end - time.monotonic())
            assert got, f"no {prompt!r} in {self.text!r}"
            self.text += got
        before, _, self.text = self.text.partition(prompt)
        os.write(self.fd, line.encode() + b"\n")
        return before

    def finish(self):
        """(exit code, what was written since the last answer)."""
        while True:
            got = self._read(gavel.COMMAND_S)
            assert got is not None, f"it does not end: {self.text!r}"
            if not got:
                break
            self.text += got
        return self.child.wait(gavel.STOP_S), self.text

    def close(self):
        self.child.kill()
        self.child.wait()
        os.close(self.fd)


@contextlib.contextmanager
def init(world, name):
    terminal = Terminal([gavel.program("gavel"), "--network", "regtest",
                         "--wallet", world.path(name), "init"])
    try:
        yield terminal
    finally:
        terminal.close()


def words_in(text):
    return re.search(r"(?:\b[a-z]{3,8}\b[ \r\n]+){24}", text) is not None


def test_init_shows_its_words_when_the_passphrase_is_good(world):
    with init(world, "typo") as t:
        told = t.answer("New wallet passphrase: ", "one")
        told += t.answer("New wallet passphrase (again): ", "two")
        code, rest = t.finish()
        assert code == 4 and "the two passphrases differ" in rest, rest
        assert not words_in(told + rest), told + rest
    assert not (world.path("typo") / "wallet.json").exists()

    with init(world, "good") as t:
        told = t.answer("New wallet passphrase: ", "one")
        told += t.answer("New wallet passphrase (again): ", "one")
        assert not words_in(told), told
        assert words_in(t.answer("Have you written them down? [y/N] ", "y"))
        code, rest = t.finish()
        assert code == 0 and "gavel enrol" in rest, rest
    assert (world.path("good") / "wallet.json").exists()


def test_init_makes_no_wallet_of_words_nobody_wrote_down(world):
    with init(world, "hasty") as t:
        t.answer("New wallet passphrase: ", "one")
        t.answer("New wallet passphrase (again): ", "one")
        t.answer("Have you written them down? [y/N] ", "n")
        code, rest = t.finish()
        assert code == 1 and "nothing was done" in rest, rest
    assert not (world.path("hasty") / "wallet.json").exists()


def test_init_keeps_a_file_that_is_there(world):
    taken = world.path("words")
    taken.write_text("dear diary\n")
    wallet = gavel.Wallet(world.path("w"), None)
    done = wallet.run("init", "--words-file", taken, as_json=False)
    assert done.returncode == 2 and "is not replaced" in done.stderr, done
    assert taken.read_text() == "dear diary\n"
    assert not (wallet.directory / "wallet.json").exists()


@pytest.mark.parametrize("where, words, says", (
    ("wallet", (), "say --words-file"),
    ("/proc/wallet", ("--yes",), "cannot make directory"),
    ("wallet", ("--words-file", "-"), "say a file")), ids=str)
def test_no_words_are_shown_that_make_no_wallet(tmp_path, where, words, says):
    (tmp_path / "pass").write_text("secret\n")
    done = subprocess.run(
        [gavel.program("gavel"), "--network", "regtest", "--wallet",
         tmp_path / where, "--passphrase-file", tmp_path / "pass", "init",
         *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60)
    assert done.returncode in (2, 4) and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and says in done.stderr
