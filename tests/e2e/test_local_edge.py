"""The API proxy adds what the emulated gateway lacks; a failed start of a stack leaves nothing running."""

import json
import urllib.request
from pathlib import Path

import pytest

from local.client import Client
from local.progress import CommandError
from local.stack import Ports, Stack


def test_body_above_gateway_limit_is_413(api: Client) -> None:
    response = api.request("POST", "/v1/login", "x" * (10 * 1024 * 1024))

    assert (response.status, response.json) == (413, {"message": "Request Entity Too Large"})


def test_path_and_query_are_forwarded_unchanged(api: Client) -> None:
    response = api.request("GET", "/v1/events?q=a%2Bb%20c&limit=nonsense%26")

    assert response.status == 422
    assert "limit" in response.content.decode()


def test_mailbox_lists_sent_mails(stack: Stack) -> None:
    with urllib.request.urlopen(f"{stack.mailbox}/messages?to=nobody@example.com") as response:
        assert json.load(response) == {"messages": []}


def test_port_in_use_is_reported_in_one_sentence(stack: Stack, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=f"^Port {stack.ports.emulator} is in use: stop that program, or .*$"):
        Stack(stack.ports, tmp_path).start()

    assert stack.is_alive()


def test_failed_start_leaves_nothing_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = Ports.find_free()
    monkeypatch.setenv("NODE_OPTIONS", "--no-such-option")  # makes the CDK CLI fail

    with pytest.raises(CommandError, match=r"cdk .* failed"):
        Stack(ports, tmp_path).start()

    assert ports.in_use() == []
