"""The API's port adds what the emulated gateway lacks, and changes nothing else."""

import json
import urllib.request
from pathlib import Path

import pytest

from local.client import Client
from local.progress import CannotGoOn
from local.stack import Ports, Stack


def test_a_body_above_the_gateways_limit_is_refused_as_the_gateway_does(api: Client) -> None:
    answer = api.call("POST", "/v1/login", "x" * (10 * 1024 * 1024))

    assert (answer.status, answer.json) == (413, {"message": "Request Entity Too Large"})


def test_a_path_and_query_arrive_as_they_were_sent(api: Client) -> None:
    answer = api.call("GET", "/v1/events?q=a%2Bb%20c&limit=nonsense%26")

    assert answer.status == 422
    assert "limit" in answer.content.decode()


def test_the_mailbox_answers_with_every_mail_that_was_sent(stack: Stack) -> None:
    with urllib.request.urlopen(f"{stack.mailbox}/messages?to=nobody@example.com") as answer:
        assert json.load(answer) == {"messages": []}


def test_a_port_that_is_in_use_is_told_in_one_sentence(stack: Stack, tmp_path: Path) -> None:
    with pytest.raises(CannotGoOn, match=f"^Port {stack.ports.emulator} is in use by another program: .*$"):
        Stack(stack.ports, tmp_path).start()

    assert stack.is_alive()


def test_a_stack_that_cannot_start_leaves_nothing_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = Ports.free()
    monkeypatch.setenv("NODE_OPTIONS", "--no-such-option")  # the CDK command line fails

    with pytest.raises(CannotGoOn, match=r"cdk .* failed"):
        Stack(ports, tmp_path).start()

    assert ports.busy() == []
