"""Fixtures of the network lab (lab.py). Tests of a module share one lab: its
nodes start once, and every test leaves the network whole."""

import os
import re

import pytest

import lab as labs


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "long: takes more than a few seconds; not in `make check`")


@pytest.fixture(scope="session")
def permitted():
    """Skips, with the reason, where no lab can be made."""
    why = labs.why_not()
    if why is None:
        return
    if os.environ.get("GAVEL_NEED_NETLAB") == "1":
        pytest.fail(f"the network lab is needed, but {why}")
    pytest.skip(f"SKIP: no network lab: {why}")


@pytest.fixture(scope="module")
def make_lab(request, permitted, tmp_path_factory):
    """make_lab(count, edges): an open lab with so many namespaces."""
    made = []
    before = request.session.testsfailed

    def make(count, edges):
        seed = int(os.environ.get("GAVEL_LAB_SEED", "0")) or \
            int.from_bytes(os.urandom(4), "little")
        print(f"GAVEL_LAB_SEED={seed}")
        made.append(labs.Lab(tmp_path_factory.mktemp("lab"), count, edges,
                             seed))
        return made[-1].open()
    yield make
    for one in made:
        one.close()
        if request.session.testsfailed > before:
            name = re.sub(r"[^A-Za-z0-9_.-]", "_", request.node.name)
            print(one.logs())
            print(f"logs kept in {one.keep_logs(name)}")


def pytest_terminal_summary(terminalreporter):
    """Figures, which are printed and never judged."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name} {value}")
