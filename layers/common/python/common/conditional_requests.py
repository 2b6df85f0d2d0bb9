"""Conditional requests (RFC 9110, section 13): ETag, If-Match for edits, If-None-Match for reads.

An item's ETag is its version. A view's ETag is the version plus a hash of the whole view, which may show other data,
too. An edit accepts both and compares the version only.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from common.problems import DomainError, PreconditionFailed
from common.responses import NotModified, Ok, ResponseModel
from common.store import Item

V = TypeVar("V", bound=ResponseModel)


class StaleVersion(PreconditionFailed):
    """The thing has changed since it was read: read it again, then repeat the edit."""


class IfMatchRequired(DomainError):
    """This edit needs If-Match with the ETag that the thing was read with."""

    status = 428


@dataclass(frozen=True)
class IfMatch:
    """The If-Match header of an edit; `etag` is None without the header."""

    etag: str | None

    def require_match(self, item: Item) -> None:
        """Raises IfMatchRequired without the header, StaleVersion if the item has another version; `*` matches."""
        if self.etag is None:
            raise IfMatchRequired
        if self.etag != "*" and _version(self.etag) != etag(item):
            raise StaleVersion


@dataclass(frozen=True)
class IfNoneMatch:
    """The If-None-Match header of a read."""

    etags: frozenset[str]

    def matches(self, tag: str) -> bool:
        """Whether the client has cached the response with this ETag."""
        return bool(self.etags & {tag, "*"})


def etag(item: Item) -> str:
    """The ETag of an item: its version, the same for every reader."""
    return f'"{item["version"]}"'


def parse_if_match(headers: Mapping[str, str]) -> IfMatch:
    """Parse If-Match."""
    return IfMatch(headers.get("if-match"))


def parse_if_none_match(headers: Mapping[str, str]) -> IfNoneMatch:
    """Parse If-None-Match; weak tags compare as strong ones (RFC 9110, section 13.1.2)."""
    tags = (one.strip().removeprefix("W/") for one in headers.get("if-none-match", "").split(","))
    return IfNoneMatch(frozenset(filter(None, tags)))


def etag_header(item: Item) -> dict[str, str]:
    """The ETag header of a view of the item."""
    return {"etag": etag(item)}


def not_modified_or(
    view: V, if_none_match: IfNoneMatch, *, item: Item | None = None, cache_control: str = "private, no-cache"
) -> Ok[V] | NotModified:
    """Return 304 if the client has cached this view, else 200 with the view and its ETag.

    `item` is the item whose version an edit with this ETag must match.
    """
    version_prefix = f"{item['version']}." if item else ""
    tag = f'"{version_prefix}{hashlib.sha256(view.model_dump_json().encode()).hexdigest()[:20]}"'
    headers = {"etag": tag, "cache-control": cache_control}
    return NotModified(headers) if if_none_match.matches(tag) else Ok(view, headers)


def _version(tag: str) -> str:
    version, dot, _ = tag.partition(".")
    return f'{version}"' if dot else tag
