"""Pagination by an index, and the query parameters and responses of all lists."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from common import store
from common.pagination import tokens
from common.responses import ResponseModel
from common.store import Item, Key

V = TypeVar("V", bound=ResponseModel)
Limit = Annotated[int, Field(ge=1, le=100)]
PageToken = Annotated[str, Field(min_length=1, max_length=1024, json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"})]


@dataclass(frozen=True)
class Page:
    """The items of one page and the tokens of the neighbouring pages, None where there is none."""

    items: list[Item]
    next_token: str | None
    previous_token: str | None


@dataclass(frozen=True)
class IndexPaginator:
    """The list of an owner's items in an index with the partition key `pk` and the sort key `sk`."""

    table: str
    index: str
    pk: str
    sk: str
    newest_first: bool = True

    def page(self, owner: str, *, limit: int, token: str | None) -> Page:
        """The page at `token`, with whole items from the table. Raises InvalidPageToken."""
        scope = f"{self.table}/{self.index}/{owner}"
        position: Any = tokens.decode(token, scope) if token else {"forward": True, "at": None}
        forward = bool(position["forward"])
        keys = self._keys(owner, limit + 1, position["at"], forward=forward)
        has_more, keys = len(keys) > limit, keys[:limit]
        if not forward:
            keys.reverse()
        # The read is strongly consistent; an item that was deleted since it was indexed is left out.
        items = store.batch_get(self.table, [{"pk": key["pk"], "sk": key["sk"]} for key in keys])
        has_earlier = position["at"] is not None
        has_next, has_previous = (has_more, has_earlier) if forward else (has_earlier, has_more)
        # An empty page is past the list's end; the way back starts at the end.
        last, first = (keys[-1], keys[0]) if keys else (None, None)
        return Page(
            items,
            tokens.encode({"forward": True, "at": last}, scope) if has_next else None,
            tokens.encode({"forward": False, "at": first}, scope) if has_previous else None,
        )

    def _keys(self, owner: str, count: int, start: Key | None, *, forward: bool) -> list[Item]:
        keys: list[Item] = []
        while len(keys) < count:
            page, start = store.query(
                self.table,
                "#owner = :owner".replace("owner", self.pk),
                {self.pk: owner},
                index=self.index,
                limit=count - len(keys),
                start=start,
                forward=forward != self.newest_first,
            )
            keys += page
            if start is None:
                break
        return [{name: item[name] for name in {"pk", "sk", self.pk, self.sk}} for item in keys]


@dataclass(frozen=True)
class ShardedPaginator(IndexPaginator):
    """A list over several partition keys of its index, to avoid a hot partition; `sk` is unique in the list.

    A page merges the next items of all shards.
    """

    shards: int = 8

    def shard_key(self, owner: str, item_id: str) -> str:
        """The index partition key of an item in the owner's list."""
        return f"{owner}#{zlib.crc32(item_id.encode()) % self.shards}"

    def _keys(self, owner: str, count: int, start: Key | None, *, forward: bool) -> list[Item]:
        keys: list[Item] = []
        for shard in (f"{owner}#{number}" for number in range(self.shards)):
            keys += super()._keys(shard, count, {**start, self.pk: shard} if start else None, forward=forward)
        return sorted(keys, key=itemgetter(self.sk), reverse=forward == self.newest_first)[:count]


class PageParams(BaseModel):
    """The query parameters of every list; a handler that names this type gets all three."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True, hide_input_in_errors=True)

    limit: Annotated[Limit, Field(description="page size, at most 100")] = 20
    next_token: Annotated[PageToken | None, Field(description="the page after the one that gave it")] = None
    previous_token: Annotated[PageToken | None, Field(description="the page before the one that gave it")] = None

    @model_validator(mode="after")
    def _only_one_direction(self) -> Self:
        if self.next_token and self.previous_token:
            raise ValueError("give next_token or previous_token, not both")
        return self

    @property
    def token(self) -> str | None:
        """The page's token, if any; it includes the direction."""
        return self.next_token or self.previous_token


class PageResponse(ResponseModel, Generic[V]):
    """One page of a list; a token is null where there is nothing more that way."""

    items: tuple[V, ...]
    next_token: str | None
    previous_token: str | None

    @classmethod
    def from_page(cls, page: Page, to_view: Callable[[Item], V]) -> Self:
        """The page with each item converted by `to_view`."""
        items = tuple(to_view(item) for item in page.items)
        return cls(items=items, next_token=page.next_token, previous_token=page.previous_token)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """`PageResponse[TicketView]` is called TicketPage in OpenAPI."""
        return f"{params[0].__name__.removesuffix('View')}Page"
