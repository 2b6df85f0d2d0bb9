"""The deployed system, started once for all tests here, and its API as nobody and as the admin."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.client import Client
from local.people import Organiser, Person
from local.stack import Stack
from tests.support.answers import Asking, Heard
from tests.support.house import House
from tests.support.renewing import Renewing
from tests.support.stack import ADMIN, deployed

HERE = Path(__file__).parent
LEAVES_MUCH = "test_fuzz.py"  # thousands of things in every list, so nobody comes after it
LAST = "test_every_answer.py"  # looks back at what the others were answered


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
    items.sort(key=_order)


def _order(item: pytest.Item) -> tuple[bool, bool, bool]:
    return item.path.name == LAST, item.path.name == LEAVES_MUCH, item.get_closest_marker("spoils") is not None


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with deployed(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def api(stack: Stack) -> Client:
    """The API as nobody; whoever logs in by it stays logged in."""
    return Renewing(stack.api, mailbox=stack.mailbox)


@pytest.fixture(scope="session")
def admin(api: Client) -> Client:
    """The API as the one admin."""
    return api.login(ADMIN["email"], ADMIN["password"])


@pytest.fixture(scope="session")
def rival(api: Client, admin: Client) -> Organiser:
    """Another organiser: nothing of the house is theirs."""
    return Organiser.appointed(admin, Person.registers(api, "rita"))


@pytest.fixture(scope="session")
def heard() -> Heard:
    """Every answer that a test has asked for, and by which test."""
    return Heard()


@pytest.fixture
def ask(request: pytest.FixtureRequest, heard: Heard) -> Asking:
    """Calls the API and keeps what it answered, under this test's name."""
    return Asking(heard, request.node.nodeid)


@pytest.fixture(scope="session")
def house(stack: Stack, api: Client, admin: Client) -> House:
    """An organiser, a buyer, staff, events on sale and tickets, for tests that ask but do not use them up."""
    return House.opened(stack, api, admin)
