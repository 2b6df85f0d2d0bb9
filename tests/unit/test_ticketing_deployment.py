"""A deployed system as the operators' commands find it: there, whole, and given the time that it needs."""

import socket
from pathlib import Path

import pytest

from infra import topology
from local.progress import CannotGoOn
from local.stack import HOST, Ports, Stack
from local.up import write
from tools.ticketing import deployment
from tools.ticketing.deployment import LOCAL, Deployment


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ports:
    """The ports of a system that ran here once; nobody listens there."""
    ports = Ports.free()
    write(tmp_path, Stack(ports, tmp_path), "sources", {})
    monkeypatch.setattr(deployment, "STATE", tmp_path)
    monkeypatch.delenv("TICKETING_EMULATOR_PORT", raising=False)
    return ports


def test_a_system_that_was_stopped_is_not_asked(stopped: Ports) -> None:
    with pytest.raises(CannotGoOn, match="Nothing runs here"):
        Deployment(LOCAL)
    with socket.create_server((HOST, stopped.emulator)):
        assert Deployment(LOCAL).stage == LOCAL


def test_what_an_older_version_does_not_tell_is_named(stopped: Ports) -> None:
    with socket.create_server((HOST, stopped.emulator)):
        here = Deployment(LOCAL)
    here.__dict__["_told"] = {"BusName": "bus"}

    assert here.bus == "bus"
    with pytest.raises(CannotGoOn, match="Stage local has no output DlqBookingExpireHold: start it afresh"):
        here.dead_letters("booking.expire_hold")


def test_a_function_is_asked_once_and_waited_for_until_its_own_time_is_out(stopped: Ports) -> None:
    with socket.create_server((HOST, stopped.emulator)):
        asking = Deployment(LOCAL).client("lambda").meta.config

    assert asking.retries["total_max_attempts"] == 1
    assert asking.read_timeout > max(one.seconds for one in topology.ROWS)
