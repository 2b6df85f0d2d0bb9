"""What an endpoint may answer beside a plain view (200)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

V = TypeVar("V")


class View(BaseModel):
    """A body that goes out: snake_case JSON, times in UTC, money in minor units."""

    model_config = ConfigDict(frozen=True, defer_build=True, hide_input_in_errors=True)


class Reply(Generic[V]):
    """A view with headers; its class is its status."""

    status: ClassVar[int] = 200

    def __init__(self, view: V, headers: Mapping[str, str] | None = None) -> None:
        self.view = view
        self.headers = dict(headers or {})


class Ok(Reply[V]):
    """200 with headers."""


class Created(Reply[V]):
    """201, with `Location` where what was made has an address; `replayed` says that an earlier call had made it."""

    status = 201

    def __init__(self, view: V, location: str | None = None, *, replayed: bool = False) -> None:
        headers = {"location": location, "idempotency-replayed": "true" if replayed else None}
        super().__init__(view, {name: value for name, value in headers.items() if value})


class Accepted(Reply[None]):
    """202: it will be seen to; what comes of it is not answered."""

    status = 202

    def __init__(self) -> None:
        super().__init__(None)


class NoContent(Reply[None]):
    """204."""

    status = 204

    def __init__(self) -> None:
        super().__init__(None)


class NotModified(Reply[None]):
    """304: the client has this answer already."""

    status = 304

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(None, headers)


class Binary(Reply[bytes]):
    """200 with a body that is not JSON."""

    def __init__(self, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(body, dict(headers or {}) | {"content-type": content_type})


class SeeOther(Reply[None]):
    """303: the answer is at another address."""

    status = 303

    def __init__(self, location: str) -> None:
        super().__init__(None, {"location": location})


Answer = BaseModel | Reply[Any]
