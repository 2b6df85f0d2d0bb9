"""Edits that do not overwrite each other, and reads that are not repeated: ETag out, If-Match and If-None-Match in.

RFC 9110, section 13. An item's tag is its version; a view's tells what else it shows, too. Both are good for an edit.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from common.problems import DomainError, Precondition
from common.reply import NotModified, Ok, View
from common.store import Item

V = TypeVar("V", bound=View)


class Changed(Precondition):
    """The thing has changed since it was read: read it again, then repeat the edit."""


class RevisionMissing(DomainError):
    """This edit needs If-Match with the ETag that the thing was read with."""

    status = 428


@dataclass(frozen=True)
class IfMatch:
    """The If-Match header of an edit, None where there was none."""

    etag: str | None

    def check(self, item: Item) -> None:
        """Raises RevisionMissing without the header, Changed where the item is at another version."""
        if self.etag is None:
            raise RevisionMissing
        if self.etag != "*" and _version(self.etag) != etag(item):
            raise Changed


@dataclass(frozen=True)
class IfNoneMatch:
    """The If-None-Match header of a read that is polled."""

    etags: frozenset[str]

    def has(self, tag: str) -> bool:
        """Whether the client has this very answer already."""
        return bool(self.etags & {tag, "*"})


def etag(item: Item) -> str:
    """The entity tag of an item: it changes with every version, whoever reads it."""
    return f'"{item["version"]}"'


def if_match(headers: Mapping[str, str]) -> IfMatch:
    """What the request asks of the item's version."""
    return IfMatch(headers.get("if-match"))


def if_none_match(headers: Mapping[str, str]) -> IfNoneMatch:
    """What the request has already; weak tags count as strong ones."""
    told = (one.strip().removeprefix("W/") for one in headers.get("if-none-match", "").split(","))
    return IfNoneMatch(frozenset(filter(None, told)))


def tagged(item: Item) -> dict[str, str]:
    """The header of a view of the item."""
    return {"etag": etag(item)}


def polled(
    view: V, known: IfNoneMatch, *, of: Item | None = None, cache: str = "private, no-cache"
) -> Ok[V] | NotModified:
    """The view, or that the client has it; `of` is the item that an edit with this tag must find unchanged."""
    seen = f"{of['version']}." if of else ""
    tag = f'"{seen}{hashlib.sha256(view.model_dump_json().encode()).hexdigest()[:20]}"'
    headers = {"etag": tag, "cache-control": cache}
    return NotModified(headers) if known.has(tag) else Ok(view, headers)


def _version(tag: str) -> str:
    version, dot, _ = tag.partition(".")
    return f'{version}"' if dot else tag
