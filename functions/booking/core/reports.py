"""What is shown of an event's places: to anyone, and to its organiser."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from booking.core import stock, tally, words
from booking.core.terms import Terms
from booking.core.words import Places, Word
from common import store
from common.api import View
from common.store import Item

Money = Annotated[int, Field(examples=[9000], description="in minor units")]
Currency = Annotated[str, Field(examples=["EUR"], description="ISO 4217")]


class TypePlaces(View):
    event_type_id: str
    name: str = Field(examples=["Seat"])
    prices: Money
    currency: Currency
    capacity: int = Field(examples=[500])
    available: int = Field(examples=[120], description="free at this moment")
    held: int = Field(examples=[30], description="held for those who are paying: they may return")
    sold: int = Field(examples=[350], description="a moment behind the last payment")


class TypeAvailability(TypePlaces):
    word: Word = Field(examples=["available"], description="what a buyer may expect, in one word")


class Availability(View):
    event_id: str
    types: tuple[TypeAvailability, ...]

    @classmethod
    def of(cls, terms: Terms, now: datetime) -> Self:
        types = []
        for shown, places in _types(terms):
            word = words.word(terms, terms.types[shown["event_type_id"]], places, now)
            types.append(TypeAvailability.model_validate(shown | {"word": word}))
        return cls(event_id=terms.event_id, types=tuple(types))


class TypeSales(TypePlaces):
    revenue: Money = Field(description="of confirmed bookings, at the prices that were held, in minor units")


class Total(View):
    currency: Currency
    revenue: Money = Field(description="of confirmed bookings, in minor units")
    refunded: Money = Field(description="what has gone back to buyers, whatever became of their bookings")


class Sales(View):
    event_id: str
    types: tuple[TypeSales, ...]
    totals: tuple[Total, ...]

    @classmethod
    def of(cls, terms: Terms) -> Self:
        counted = stock.tallies(list(terms.types))
        types = [
            TypeSales.model_validate(shown | {"revenue": counted.get(shown["event_type_id"], {}).get("revenue", 0)})
            for shown, _ in _types(terms)
        ]
        back = refunded(terms.event_id)
        totals = [
            Total(currency=one, refunded=back.get(one, 0), revenue=sum(t.revenue for t in types if t.currency == one))
            for one in sorted({t.currency for t in types} | back.keys())
        ]
        return cls(event_id=terms.event_id, types=tuple(types), totals=tuple(totals))


def refunded(event_id: str) -> dict[str, int]:
    """What has gone back for the event, by currency."""
    return by_currency(store.get(stock.TABLE, {"pk": event_id, "sk": "sales"}) or {}, "refunded_")


def by_currency(item: Item, prefix: str) -> dict[str, int]:
    """The item's sums whose names begin so."""
    return {name.removeprefix(prefix): value for name, value in sorted(item.items()) if name.startswith(prefix)}


def _types(terms: Terms) -> list[tuple[dict[str, Any], Places]]:
    divided = tally.places(list(terms.types))
    found = []
    for one in terms.types.values():
        fixed = {"event_type_id": one.id, "name": one.name, "prices": one.prices, "currency": one.currency}
        found.append((fixed | vars(divided[one.id]), divided[one.id]))
    return found


class Refunds(View):
    currency: Currency
    due: Money = Field(description="what goes back to the buyers of bookings that the cancellation ended")
    refunded: Money = Field(description="how much of that has gone back so far")


class CancellationView(View):
    event_id: str
    state: Literal["RUNNING", "FINISHED"]
    found: int = Field(examples=[350], description="bookings of the event, in any state")
    cancelled: int = Field(examples=[320], description="bookings that had places, and have been ended")
    refunds: tuple[Refunds, ...]
    started_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, item: Item) -> Self:
        back = by_currency(item, "refunded_")
        sums = [
            Refunds(currency=one, due=due, refunded=back.get(one, 0)) for one, due in by_currency(item, "owed_").items()
        ]
        found = max(item["found"], item.get("seen", 0))
        finished = {"finished_at": item.get("finished_at")}
        return cls.model_validate(dict(item) | finished | {"event_id": item["pk"], "found": found, "refunds": sums})
