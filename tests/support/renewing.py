"""A client for slow runs: its token does not expire, and what must succeed is repeated after a function's time-out."""

import base64
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from local.client import Answer, Client, Refused

_TRIES = 5
_MARGIN = 300.0  # seconds before its expiry from which on a token is renewed


@dataclass(frozen=True)
class Renewing(Client):
    """Logs in again before the token expires; what `login` returns does so, too."""

    name: str | None = None
    password: str | None = None

    def login(self, name: str, password: str) -> "Renewing":
        """The same API, as the person of that user name or verified address."""
        return replace(self, token=super().login(name, password).token, name=name, password=password)

    def must(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """As `Client.must`; a POST bears a key, so that it can be repeated."""
        keyed = ({"Idempotency_Key": secrets.token_hex(8)} if method == "POST" else {}) | headers
        answer = self.call(method, path, body, **keyed)
        for _ in range(_TRIES - 1):
            if not _cut_off(answer):
                break
            answer = self.call(method, path, body, **keyed)
        if not 200 <= answer.status < 300:
            raise Refused(f"{method} {path}", answer)
        return answer.json if answer.content else None

    def send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        """As `Client.send`, with a token that is still good."""
        if self.token and self.name and self.password and _expiry(self.token) - time.time() < _MARGIN:
            fresh = Client(self.api).login(self.name, self.password)
            object.__setattr__(self, "token", fresh.token)
        return super().send(method, path, data, headers)


def _cut_off(answer: Answer) -> bool:
    """Whether the gateway gave up on a function; where ours refuses, it says so in a problem document."""
    return answer.status in (503, 504) and answer.headers.get_content_type() != "application/problem+json"


def _expiry(token: str) -> float:
    """When the token expires, in seconds since the epoch."""
    claims = token.split(".")[1]
    return float(json.loads(base64.urlsafe_b64decode(claims + "=="))["exp"])
