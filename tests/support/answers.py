"""What the deployed API answered to the end-to-end tests, so that every documented answer has a test that got it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from local.client import Answer, Client
from tests.support.gateway import route
from tools.docs.answers_page import Cell

Told = tuple[int, str]


@dataclass(frozen=True)
class Reply:
    """An answer, and in two words what it was: its status, and the problem or what else told it."""

    told: Told
    headers: Message
    content: bytes
    json: Any


@dataclass
class Heard:
    """Which tests got which answer of which call."""

    tests: dict[Cell, set[str]] = field(default_factory=dict)

    def keep(self, cell: Cell, test: str) -> None:
        self.tests.setdefault(cell, set()).add(test)

    def first(self) -> Mapping[Cell, str]:
        """One test for each answer: the first by name, so that the order of a run does not matter."""
        return {cell: min(tests) for cell, tests in sorted(self.tests.items())}


@dataclass(frozen=True)
class Asking:
    """One test's calls."""

    heard: Heard
    test: str

    def __call__(
        self, by: Client, call: str, body: Any = None, *, raw: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> Reply:
        """Ask `METHOD /path?query` as this client."""
        method, address = call.split(" ", 1)
        data = json.dumps(body).encode() if body is not None else raw
        sent = ({"Content-Type": "application/json"} if data is not None else {}) | dict(headers)
        answer = by.send(method, address, data, sent)
        told = (answer.status, word(answer))
        self.heard.keep(Cell(template(method, address), *told), self.test)
        is_json = "json" in (answer.headers.get_content_type() or "") and answer.content
        return Reply(told, answer.headers, answer.content, answer.json if is_json else None)


def word(answer: Answer) -> str:
    """The problem's slug, or whose answer it is."""
    if answer.headers.get_content_type() == "application/problem+json":
        return str(answer.json["type"]).removeprefix("/problems/")
    if answer.status == 304:
        return "unchanged"
    return "done" if answer.status < 400 else "gateway"


def template(method: str, address: str) -> str:
    """The call of the topology that an address belongs to."""
    try:
        return route(f"{method} {address.partition('?')[0]}")[0].call
    except LookupError:
        return "$default"
