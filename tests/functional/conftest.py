"""Fixtures of the functional tests. A test takes `world`, starts real
processes through it (see gavel.py), and need not end them: that is done here,
also when the test fails, and then their logs are shown and kept."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import gavel  # noqa: E402
from web import browsers  # noqa: E402,F401


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "long: takes more than a few seconds; not in `make check`")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.gavel_failed = report.failed


def show_logs(world, name):
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    print(world.logs())
    print(f"logs kept in {world.keep_logs(name)}")


@pytest.fixture
def world(request, tmp_path):
    w = gavel.World(tmp_path)
    yield w
    failed = getattr(request.node, "gavel_failed", True)
    w.end()
    if failed:
        show_logs(w, request.node.name)


@pytest.fixture(scope="module")
def stage(request, tmp_path_factory):
    """A world that the tests of a module share."""
    before = request.session.testsfailed
    w = gavel.World(tmp_path_factory.mktemp("stage"))
    yield w
    w.end()
    if request.session.testsfailed > before:
        show_logs(w, request.node.name)


@pytest.fixture
def node(world):
    """One running node with every TTP role."""
    return world.node()


@pytest.fixture(scope="session")
def recorded():
    """The recorded auctions, or a skipped test that says so."""
    path = gavel.SHARED / "data/ebay-auctions.csv"
    if not path.exists():
        pytest.skip(f"SKIP: {path} is not on this machine")
    return path
