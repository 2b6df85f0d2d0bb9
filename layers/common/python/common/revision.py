"""Edits that do not overwrite each other: ETag out, If-Match in (RFC 9110, section 13)."""

from collections.abc import Mapping
from dataclasses import dataclass

from common.problems import DomainError, Precondition
from common.store import Item


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
        if self.etag not in ("*", etag(item)):
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
