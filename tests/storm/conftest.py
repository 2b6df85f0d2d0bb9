"""A separate deployed system whose functions call AWS through the chaos proxy."""

import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.actors import Actor, Organiser
from local.client import Client
from local.stack import HOST, Ports, Stack
from tests.support.drivers.renewing_client import RenewingClient
from tests.support.faults.chaos_proxy import ChaosProxy, run_chaos_proxy
from tests.support.system.e2e_stack import ADMIN, deployed_stack

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: item.get_closest_marker("spoils") is not None)


@pytest.fixture(scope="session")
def ports() -> Ports:
    return Ports.find_free()


@pytest.fixture(scope="session")
def proxy(ports: Ports) -> Iterator[ChaosProxy]:
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    with run_chaos_proxy(f"http://{HOST}:{ports.emulator}", port) as running:
        yield running


@pytest.fixture(scope="session")
def stack(ports: Ports, proxy: ChaosProxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with deployed_stack(tmp_path_factory.mktemp("stack"), ports, aws_proxy=proxy.address) as running:
        yield running


@pytest.fixture(scope="session")
def api(stack: Stack) -> Client:
    """The API without a token; clients that log in stay logged in."""
    return RenewingClient(stack.api, mailbox=stack.mailbox)


@pytest.fixture(scope="module")
def admin(api: Client) -> Client:
    """The API as the admin."""
    return api.login(ADMIN["email"], ADMIN["password"])


@pytest.fixture(scope="module")
def organiser(api: Client, admin: Client) -> Organiser:
    return Organiser.appoint(admin, Actor.register(api, "olga"))


@pytest.fixture(scope="module")
def category(admin: Client) -> str:
    return str(
        admin.request_json("POST", "/v1/categories", {"name": f"Storm {secrets.token_hex(3)}", "type": "paid"})["id"]
    )
