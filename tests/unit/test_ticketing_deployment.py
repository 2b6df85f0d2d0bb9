"""How the operators' commands find a deployed system and its resources."""

import socket
from pathlib import Path

import pytest

from infra import topology
from local.progress import CommandError
from local.stack import HOST, Ports, Stack
from local.up import write_endpoints
from tools.ticketing import deployment
from tools.ticketing.deployment import LOCAL, Deployment


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ports:
    """The ports of a system that has stopped."""
    ports = Ports.find_free()
    write_endpoints(tmp_path, Stack(ports, tmp_path), "sources", {})
    monkeypatch.setattr(deployment, "STATE", tmp_path)
    monkeypatch.delenv("TICKETING_EMULATOR_PORT", raising=False)
    return ports


def test_stopped_system_is_not_called(stopped: Ports) -> None:
    with pytest.raises(CommandError, match="Nothing runs here"):
        Deployment(LOCAL)
    with socket.create_server((HOST, stopped.emulator)):
        assert Deployment(LOCAL).stage == LOCAL


def test_missing_stack_output_is_reported(stopped: Ports) -> None:
    with socket.create_server((HOST, stopped.emulator)):
        here = Deployment(LOCAL)
    here.__dict__["_outputs"] = {"BusName": "bus"}

    assert here.bus == "bus"
    with pytest.raises(CommandError, match="Stage local has no output DlqBookingExpireHoldBackstop: start it again"):
        here.dead_letters("booking.expire_hold_backstop")


def test_lambda_client_waits_without_retries(stopped: Ports) -> None:
    with socket.create_server((HOST, stopped.emulator)):
        config = Deployment(LOCAL).client("lambda").meta.config

    assert config.retries["total_max_attempts"] == 1
    assert config.read_timeout > max(one.timeout for one in topology.ROWS)
