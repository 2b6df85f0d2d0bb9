"""A client whose access token does not expire while a slow run goes on."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from local.client import Answer, Client

_MARGIN = 300.0  # seconds before its expiry from which on a token is renewed


@dataclass(frozen=True)
class Renewing(Client):
    """Logs in again before the token expires; what `login` returns does so, too."""

    name: str | None = None
    password: str | None = None

    def login(self, name: str, password: str) -> "Renewing":
        """The same API, as the person of that user name or verified address."""
        return replace(self, token=super().login(name, password).token, name=name, password=password)

    def send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        """As `Client.send`, with a token that is still good."""
        if self.token and self.name and self.password and _expiry(self.token) - time.time() < _MARGIN:
            fresh = Client(self.api).login(self.name, self.password)
            object.__setattr__(self, "token", fresh.token)
        return super().send(method, path, data, headers)


def _expiry(token: str) -> float:
    """When the token expires, in seconds since the epoch."""
    claims = token.split(".")[1]
    return float(json.loads(base64.urlsafe_b64decode(claims + "=="))["exp"])
