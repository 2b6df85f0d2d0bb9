"""The responses of endpoints: a plain view is 200, each other status is a class."""

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

V = TypeVar("V")


class ResponseModel(BaseModel):
    """A response body: snake_case JSON, times in UTC, money in minor units."""

    model_config = ConfigDict(frozen=True, defer_build=True, hide_input_in_errors=True)


class Response(Generic[V]):
    """A body with headers; the class determines the status."""

    status: ClassVar[int] = 200

    def __init__(self, body: V, headers: Mapping[str, str] | None = None) -> None:
        self.body = body
        self.headers = dict(headers or {})


class Ok(Response[V]):
    """200 with headers."""


class Created(Response[V]):
    """201, with `Location` if the resource has a URL; `replayed` if an earlier request with the same key created it."""

    status = 201

    def __init__(self, body: V, location: str | None = None, *, replayed: bool = False) -> None:
        headers = {"location": location, "idempotency-replayed": "true" if replayed else None}
        super().__init__(body, {name: value for name, value in headers.items() if value})


class Accepted(Response[None]):
    """202: the request is processed asynchronously."""

    status = 202

    def __init__(self) -> None:
        super().__init__(None)


class NoContent(Response[None]):
    """204."""

    status = 204

    def __init__(self) -> None:
        super().__init__(None)


class NotModified(Response[None]):
    """304: the client's cached response is current."""

    status = 304

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(None, headers)


class BinaryResponse(Response[bytes]):
    """200 with a body that is not JSON."""

    def __init__(self, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(body, dict(headers or {}) | {"content-type": content_type})


class SeeOther(Response[None]):
    """303: the response is at another URL."""

    status = 303

    def __init__(self, location: str) -> None:
        super().__init__(None, {"location": location})


HandlerResult = BaseModel | Response[Any]
