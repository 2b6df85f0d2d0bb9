"""A client for slow runs: it renews its token, and repeats a request that must succeed after a function's time-out."""

import base64
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from local.client import ApiResponse, Client, UnexpectedStatus

_TRIES = 5
_RENEWAL_SECONDS = 300.0  # a token is renewed that long before it expires


@dataclass(frozen=True)
class RenewingClient(Client):
    """Logs in again before the token expires; so do the clients that `login` returns."""

    name: str | None = None
    password: str | None = None

    def login(self, name: str, password: str) -> "RenewingClient":
        """The same API, logged in with a user name or verified address."""
        return replace(self, token=super().login(name, password).token, name=name, password=password)

    def request_json(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """As `Client.request_json`; a POST carries an Idempotency-Key, so that it can be repeated."""
        keyed = ({"Idempotency_Key": secrets.token_hex(8)} if method == "POST" else {}) | headers
        response = self.request(method, path, body, **keyed)
        for _ in range(_TRIES - 1):
            if not _timed_out(response):
                break
            response = self.request(method, path, body, **keyed)
        if not 200 <= response.status < 300:
            raise UnexpectedStatus(f"{method} {path}", response)
        return response.json if response.content else None

    def send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> ApiResponse:
        """As `Client.send`, with a token that has not expired."""
        if self.token and self.name and self.password and _expiry(self.token) - time.time() < _RENEWAL_SECONDS:
            fresh = Client(self.api).login(self.name, self.password)
            object.__setattr__(self, "token", fresh.token)
        return super().send(method, path, data, headers)


def _timed_out(response: ApiResponse) -> bool:
    """Whether the gateway gave up on a function: errors of the function itself are problem documents."""
    return response.status in (503, 504) and response.headers.get_content_type() != "application/problem+json"


def _expiry(token: str) -> float:
    """When the token expires, in seconds since the epoch."""
    claims = token.split(".")[1]
    return float(json.loads(base64.urlsafe_b64decode(claims + "=="))["exp"])
