"""A small JSON client for the API, for the sample data and the demo."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.message import Message
from typing import Any


@dataclass(frozen=True)
class Answer:
    """An answer of the API, whatever its status."""

    status: int
    headers: Message
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


class Refused(Exception):
    """The API answered with another status than 2xx."""

    def __init__(self, call: str, answer: Answer) -> None:
        super().__init__(f"{call} was answered {answer.status}: {answer.content.decode(errors='replace')[:500]}")
        self.answer = answer


@dataclass(frozen=True)
class Client:
    """Calls the API as one person, or as nobody."""

    api: str
    token: str | None = None
    mailbox: str | None = None  # where this system's mails can be read, if they can

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Any answer, refusals included; underscores in header names stand for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is None:
            return self.send(method, path, None, sent)
        return self.send(method, path, json.dumps(body).encode(), sent | {"Content-Type": "application/json"})

    def send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        """As `call`, with a body and headers that are sent as they are."""
        sent = dict(headers) | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        request = urllib.request.Request(self.api + path, data=data, method=method, headers=sent)  # noqa: S310 - our own API
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=35) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as refusal:
            return Answer(refusal.code, refusal.headers, refusal.read())

    def must(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON of a 2xx answer; raises `Refused` otherwise."""
        answer = self.call(method, path, body, **headers)
        if not 200 <= answer.status < 300:
            raise Refused(f"{method} {path}", answer)
        return answer.json if answer.content else None

    def login(self, name: str, password: str) -> "Client":
        """The same API, as the person of that user name or verified address."""
        kind = "email" if "@" in name else "username"
        tokens = self.must("POST", "/v1/login", {kind: name, "password": password})
        return replace(self, token=tokens["access_token"])
