"""Lists over HTTP: what they take, and the one shape of what they give."""

from collections.abc import Callable
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from common.cursor import Page
from common.reply import View
from common.store import Item

V = TypeVar("V", bound=View)

Limit = Annotated[int, Field(ge=1, le=100)]
Token = Annotated[str, Field(min_length=1, max_length=1024, json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"})]


class Paging(BaseModel):
    """The query parameters of every list; a handler that names this type gets all three."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True, hide_input_in_errors=True)

    limit: Annotated[Limit, Field(description="how many at the most")] = 20
    next_token: Annotated[Token | None, Field(description="the page after the one that gave it")] = None
    previous_token: Annotated[Token | None, Field(description="the page before the one that gave it")] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.next_token and self.previous_token:
            raise ValueError("give next_token or previous_token, not both")
        return self

    @property
    def token(self) -> str | None:
        """Where to go on from; which way is in the token itself."""
        return self.next_token or self.previous_token


class PageOf(View, Generic[V]):
    """One page of a list; a token is null where there is nothing more that way."""

    items: tuple[V, ...]
    next_token: str | None
    previous_token: str | None

    @classmethod
    def of(cls, page: Page, show: Callable[[Item], V]) -> Self:
        """The page with each of its items as it is shown."""
        items = tuple(show(item) for item in page.items)
        return cls(items=items, next_token=page.next_token, previous_token=page.previous_token)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """`PageOf[TicketView]` is a TicketPage in the documents."""
        return f"{params[0].__name__.removesuffix('View')}Page"
