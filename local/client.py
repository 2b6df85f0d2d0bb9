"""A small JSON client of the API for sample data, demo and end-to-end tests."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.message import Message
from typing import Any


@dataclass(frozen=True)
class ApiResponse:
    """A response of the API, of any status."""

    status: int
    headers: Message
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


class UnexpectedStatus(Exception):
    """The API returned a status other than 2xx."""

    def __init__(self, call: str, response: ApiResponse) -> None:
        super().__init__(f"{call} returned {response.status}: {response.content.decode(errors='replace')[:500]}")
        self.response = response


@dataclass(frozen=True)
class Client:
    """Calls the API as one user, or without a token."""

    api: str
    token: str | None = None
    mailbox: str | None = None  # the local system's mailbox URL

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> ApiResponse:
        """Make a request and return any response; underscores in header names become hyphens."""
        request_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is None:
            return self.send(method, path, None, request_headers)
        return self.send(
            method, path, json.dumps(body).encode(), request_headers | {"Content-Type": "application/json"}
        )

    def send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> ApiResponse:
        """Like `request`, with an encoded body and unchanged headers."""
        request_headers = dict(headers) | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        request = urllib.request.Request(self.api + path, data=data, method=method, headers=request_headers)  # noqa: S310 - our own API
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=35) as response:
                return ApiResponse(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return ApiResponse(error.code, error.headers, error.read())

    def request_json(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON of a 2xx response. Raises UnexpectedStatus."""
        response = self.request(method, path, body, **headers)
        if not 200 <= response.status < 300:
            raise UnexpectedStatus(f"{method} {path}", response)
        return response.json if response.content else None

    def login(self, name: str, password: str) -> "Client":
        """Log in with a user name or verified address. Returns a client with the access token."""
        kind = "email" if "@" in name else "username"
        tokens = self.request_json("POST", "/v1/login", {kind: name, "password": password})
        return replace(self, token=tokens["access_token"])
