"""The deployed system, started once for all tests, and clients of its API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.actors import Actor, Organiser
from local.client import Client
from local.stack import Stack
from tests.support.drivers.renewing_client import RenewingClient
from tests.support.fixtures.answers import RecordingClient, ResponseRecorder
from tests.support.fixtures.e2e_fixture import E2EFixture
from tests.support.system.e2e_stack import ADMIN, deployed_stack

HERE = Path(__file__).parent
FILLS_LISTS = "test_fuzz.py"  # fills every list, so no other test may follow
RUNS_LAST = "test_every_answer.py"  # checks the responses that the other tests received
assert all((HERE / name).is_file() for name in (FILLS_LISTS, RUNS_LAST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
    items.sort(key=_order)


def _order(item: pytest.Item) -> tuple[bool, bool, bool]:
    return item.path.name == RUNS_LAST, item.path.name == FILLS_LISTS, item.get_closest_marker("spoils") is not None


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with deployed_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def api(stack: Stack) -> Client:
    """The API without a token; clients that log in stay logged in."""
    return RenewingClient(stack.api, mailbox=stack.mailbox)


@pytest.fixture(scope="session")
def admin(api: Client) -> Client:
    """The API as the admin."""
    return api.login(ADMIN["email"], ADMIN["password"])


@pytest.fixture(scope="session")
def other_organiser(api: Client, admin: Client) -> Organiser:
    """Another organiser, who owns none of the shared events."""
    return Organiser.appoint(admin, Actor.register(api, "rita"))


@pytest.fixture(scope="session")
def recorder() -> ResponseRecorder:
    """Every response, and the tests that received it."""
    return ResponseRecorder()


@pytest.fixture
def send(request: pytest.FixtureRequest, recorder: ResponseRecorder) -> RecordingClient:
    """Calls the API and records the responses for this test."""
    return RecordingClient(recorder, request.node.nodeid)


@pytest.fixture(scope="session")
def e2e(stack: Stack, api: Client, admin: Client) -> E2EFixture:
    """Shared actors, events on sale and tickets, for tests that do not consume them."""
    return E2EFixture.create(stack, api, admin)
