"""A deployed system of its own whose functions reach AWS through the weather, for all tests here."""

import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.client import Client
from local.people import Organiser, Person
from local.stack import HOST, Ports, Stack
from tests.support.renewing import Renewing
from tests.support.stack import ADMIN, deployed
from tests.support.weather import Weather, weather

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: item.get_closest_marker("spoils") is not None)


@pytest.fixture(scope="session")
def ports() -> Ports:
    return Ports.free()


@pytest.fixture(scope="session")
def sky(ports: Ports) -> Iterator[Weather]:
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    with weather(f"http://{HOST}:{ports.emulator}", port) as clear:
        yield clear


@pytest.fixture(scope="session")
def stack(ports: Ports, sky: Weather, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with deployed(tmp_path_factory.mktemp("stack"), ports, through=sky.address) as running:
        yield running


@pytest.fixture(scope="session")
def api(stack: Stack) -> Client:
    """The API as nobody; whoever logs in by it stays logged in."""
    return Renewing(stack.api, mailbox=stack.mailbox)


@pytest.fixture(scope="module")
def admin(api: Client) -> Client:
    """The API as the one admin."""
    return api.login(ADMIN["email"], ADMIN["password"])


@pytest.fixture(scope="module")
def organiser(api: Client, admin: Client) -> Organiser:
    return Organiser.appointed(admin, Person.registers(api, "olga"))


@pytest.fixture(scope="module")
def category(admin: Client) -> str:
    return str(admin.must("POST", "/v1/categories", {"name": f"Storm {secrets.token_hex(3)}", "type": "paid"})["id"])
