"""Sale terms of a published event: what may be ordered, how many, at which price, until when, and its refunds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.core.errors import EventTypeRequired, InvalidEventType, LimitReached, NotOnSale, NotOnSaleYet, SaleEnded
from common.problems import DomainError


@dataclass(frozen=True)
class TypeOnSale:
    """One event type as it is sold; `prices` is the unit price in minor units, fees included."""

    id: str
    name: str
    prices: int
    currency: str
    status: str
    sale_from: datetime | None = None
    sale_until: datetime | None = None

    @property
    def is_on_sale(self) -> bool:
        return self.status == "ON_SALE"

    def is_closed(self, now: datetime) -> bool:
        """Whether the sale of the type has ended for good."""
        return self.status == "CLOSED" or (self.sale_until is not None and now >= self.sale_until)

    def sale_error(self, now: datetime) -> DomainError | None:
        """Why the type cannot be ordered now; None if it can."""
        if self.is_closed(now):
            return SaleEnded(self.sale_until)
        if not self.is_on_sale:
            return NotOnSale()
        if self.sale_from and now < self.sale_from:
            return NotOnSaleYet(self.sale_from)
        return None


@dataclass(frozen=True)
class Terms:
    """Sale terms of one event, copied from the events service."""

    event_id: str
    version: int
    organiser_id: str
    status: str  # PUBLISHED, CANCELLED or ENDED
    max_per_user: int
    hold_seconds: int
    starts_at: datetime
    ends_at: datetime
    types: Mapping[str, TypeOnSale]
    refund_percent: int = 0
    refund_hours: int = 0

    @property
    def is_published(self) -> bool:
        return self.status == "PUBLISHED"

    def has_ended(self, now: datetime) -> bool:
        """Places are sold until `ends_at`, also while the event is running."""
        return now >= self.ends_at

    def sale_end(self, type_ids: Iterable[str]) -> datetime:
        """The earliest end of sale of these types, at most `ends_at`."""
        ends = (self.types[one].sale_until for one in type_ids if one in self.types)
        return min([self.ends_at, *(end for end in ends if end)])

    def refundable_amount(self, prices: int, now: datetime) -> int | None:
        """Refund in minor units if a buyer who paid `prices` cancels now; None if not refundable (any more)."""
        if not prices:
            return 0 if now < self.starts_at else None
        if not self.refund_percent or now > self.starts_at - timedelta(hours=self.refund_hours):
            return None
        return prices * self.refund_percent // 100

    def validate_order(self, requested: Mapping[str, int] | int, now: datetime) -> dict[str, int]:
        """Quantities by event type id; a plain number is accepted if exactly one type is on sale.

        Raises NotOnSale, NotOnSaleYet, SaleEnded, EventTypeRequired, InvalidEventType or LimitReached.
        """
        if self.status == "CANCELLED":
            raise NotOnSale
        if not self.is_published or self.has_ended(now):
            raise SaleEnded(self.ends_at)
        requested = {self._only_type_on_sale(now): requested} if isinstance(requested, int) else requested
        for type_id in requested:
            if type_id not in self.types:
                raise InvalidEventType(type_id)
            error = self.types[type_id].sale_error(now)
            if error:
                raise error
        if sum(requested.values()) > self.max_per_user:
            raise LimitReached(self.max_per_user)
        return dict(requested)

    def _only_type_on_sale(self, now: datetime) -> str:
        errors = {one.id: one.sale_error(now) for one in self.types.values()}
        on_sale = [type_id for type_id, error in errors.items() if error is None]
        if len(on_sale) > 1:
            raise EventTypeRequired
        if on_sale:
            return on_sale[0]
        sale_errors = [error for error in errors.values() if error]
        # Prefer "not on sale yet" to "sale ended".
        raise min(sale_errors, key=lambda one: not isinstance(one, NotOnSaleYet), default=NotOnSale())
