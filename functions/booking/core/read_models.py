"""Read models: availability, sales and cancellation of an event, and pages of bookings."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from booking.core import availability, inventory
from booking.core.availability import AvailabilityStatus, PlaceCounts
from booking.core.model import EVENT_SHARDS, event_shard_key
from booking.core.sale_terms import Terms
from common import store
from common.api import ResponseModel
from common.pagination.filtered import FilteredPaginator
from common.pagination.paginator import Page, PageParams
from common.store import Item

MinorUnits = Annotated[int, Field(examples=[9000], description="in minor units")]
Currency = Annotated[str, Field(examples=["EUR"], description="ISO 4217")]
Status = Literal["PENDING", "CONFIRMED", "FAILED", "EXPIRED", "CANCELLED"]


class TypeCounts(ResponseModel):
    event_type_id: str
    name: str = Field(examples=["Seat"])
    prices: MinorUnits
    currency: Currency
    capacity: int = Field(examples=[500])
    available: int = Field(examples=[120], description="free at this moment")
    held: int = Field(examples=[30], description="held for those who are paying: they may return")
    sold: int = Field(examples=[350], description="a moment behind the last payment")


class TypeAvailability(TypeCounts):
    availability: AvailabilityStatus = Field(examples=["available"], description="what a buyer may expect, in one word")


class Availability(ResponseModel):
    event_id: str
    types: tuple[TypeAvailability, ...]

    @classmethod
    def from_terms(cls, terms: Terms, now: datetime) -> Self:
        types = []
        for fields, counts in _type_rows(terms):
            status = availability.availability_status(terms, terms.types[fields["event_type_id"]], counts, now)
            types.append(TypeAvailability.model_validate(fields | {"availability": status}))
        return cls(event_id=terms.event_id, types=tuple(types))


class TypeSales(TypeCounts):
    revenue: MinorUnits = Field(description="of confirmed bookings, at the prices that were held, in minor units")


class CurrencyTotal(ResponseModel):
    currency: Currency
    revenue: MinorUnits = Field(description="of confirmed bookings, in minor units")
    refunded: MinorUnits = Field(description="what has gone back to buyers, whatever became of their bookings")


class Sales(ResponseModel):
    event_id: str
    types: tuple[TypeSales, ...]
    totals: tuple[CurrencyTotal, ...]

    @classmethod
    def from_terms(cls, terms: Terms) -> Self:
        counters = inventory.counters(list(terms.types))
        types = [
            TypeSales.model_validate(fields | {"revenue": counters.get(fields["event_type_id"], {}).get("revenue", 0)})
            for fields, _ in _type_rows(terms)
        ]
        refunds = refunded_by_currency(terms.event_id)
        totals = [
            CurrencyTotal(
                currency=one, refunded=refunds.get(one, 0), revenue=sum(t.revenue for t in types if t.currency == one)
            )
            for one in sorted({t.currency for t in types} | refunds.keys())
        ]
        return cls(event_id=terms.event_id, types=tuple(types), totals=tuple(totals))


def refunded_by_currency(event_id: str) -> dict[str, int]:
    """Refunded sums of the event by currency, in minor units."""
    return sums_by_currency(store.get(inventory.TABLE, {"pk": event_id, "sk": "sales"}) or {}, "refunded_")


def sums_by_currency(item: Item, prefix: str) -> dict[str, int]:
    """The item's sums whose attribute is the prefix and a currency."""
    return {name.removeprefix(prefix): value for name, value in sorted(item.items()) if name.startswith(prefix)}


def _type_rows(terms: Terms) -> list[tuple[dict[str, Any], PlaceCounts]]:
    counts = availability.place_counts(list(terms.types))
    rows = []
    for event_type in terms.types.values():
        fixed = {
            "event_type_id": event_type.id,
            "name": event_type.name,
            "prices": event_type.prices,
            "currency": event_type.currency,
        }
        rows.append((fixed | vars(counts[event_type.id]), counts[event_type.id]))
    return rows


class CancellationRefund(ResponseModel):
    currency: Currency
    due: MinorUnits = Field(description="what goes back to the buyers of bookings that the cancellation ended")
    refunded: MinorUnits = Field(description="how much of that has gone back so far")


class CancellationView(ResponseModel):
    event_id: str
    state: Literal["RUNNING", "FINISHED"]
    found: int = Field(examples=[350], description="bookings of the event, in any state")
    cancelled: int = Field(examples=[320], description="bookings that had places, and have been ended")
    refunds: tuple[CancellationRefund, ...]
    started_at: datetime
    finished_at: datetime | None

    @classmethod
    def from_item(cls, item: Item) -> Self:
        refunded = sums_by_currency(item, "refunded_")
        sums = [
            CancellationRefund(currency=one, due=due, refunded=refunded.get(one, 0))
            for one, due in sums_by_currency(item, "owed_").items()
        ]
        found = max(item["found"], item.get("seen", 0))
        finished = {"finished_at": item.get("finished_at")}
        return cls.model_validate(dict(item) | finished | {"event_id": item["pk"], "found": found, "refunds": sums})


def by_user(user_id: str, paging: PageParams, status: Status | None) -> Page:
    return _page(FilteredPaginator(inventory.TABLE, "by_user", "user_id", (user_id,)), paging, status)


def by_event(event_id: str, paging: PageParams, status: Status | None) -> Page:
    shard_keys = tuple(event_shard_key(event_id, shard) for shard in range(EVENT_SHARDS))
    return _page(FilteredPaginator(inventory.TABLE, "by_event", "shard", shard_keys), paging, status)


def _page(bookings: FilteredPaginator, paging: PageParams, status: Status | None) -> Page:
    return bookings.page(paging, filter_name=status, predicate=lambda item: item["status"] == status)
