"""The terms of a published event: what may be ordered, by how many, at which price and until when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.core.order_errors import EventTypeUnknown, LimitReached, NotOnSale, NotOnSaleYet, SaleEnded, TypeNeeded
from common.problems import DomainError


@dataclass(frozen=True)
class TypeOnSale:
    """One event type as booking sells it; `prices` in minor units, fees included."""

    id: str
    name: str
    prices: int
    currency: str
    status: str
    sale_from: datetime | None = None
    sale_until: datetime | None = None

    @property
    def on_sale(self) -> bool:
        return self.status == "ON_SALE"

    def closed(self, now: datetime) -> bool:
        """Whether its sale is over for good."""
        return self.status == "CLOSED" or (self.sale_until is not None and now >= self.sale_until)

    def refusal(self, now: datetime) -> DomainError | None:
        """Why it is not sold at this moment; None if it is."""
        if self.closed(now):
            return SaleEnded(self.sale_until)
        if not self.on_sale:
            return NotOnSale()
        if self.sale_from and now < self.sale_from:
            return NotOnSaleYet(self.sale_from)
        return None


@dataclass(frozen=True)
class Terms:
    """What booking knows of a published event, copied from the catalogue."""

    event_id: str
    version: int
    organiser_id: str
    status: str  # PUBLISHED, CANCELLED or ENDED, by the catalogue's word
    max_per_user: int
    hold_seconds: int
    starts_at: datetime
    ends_at: datetime
    types: Mapping[str, TypeOnSale]
    refund_percent: int = 0
    refund_hours: int = 0

    @property
    def open(self) -> bool:
        return self.status == "PUBLISHED"

    def over(self, now: datetime) -> bool:
        """Places are sold while the event goes on, too; the sale ends with it, at `ends_at`."""
        return now >= self.ends_at

    def sold_until(self, type_ids: Iterable[str]) -> datetime:
        """When the sale of these types ends: the earliest of their ends."""
        ends = (self.types[one].sale_until for one in type_ids if one in self.types)
        return min([self.ends_at, *(end for end in ends if end)])

    def refund(self, prices: int, now: datetime) -> int | None:
        """What goes back of `prices` minor units where the buyer cancels now; None if it is too late for that."""
        if not prices:
            return 0 if now < self.starts_at else None
        if not self.refund_percent or now > self.starts_at - timedelta(hours=self.refund_hours):
            return None
        return prices * self.refund_percent // 100

    def chosen(self, wanted: Mapping[str, int] | int, now: datetime) -> dict[str, int]:
        """Type ids and quantities. A bare number is enough where one type is on sale.

        Raises NotOnSale, NotOnSaleYet, SaleEnded (also from `ends_at` on), TypeNeeded, EventTypeUnknown or
        LimitReached.
        """
        if self.status == "CANCELLED":
            raise NotOnSale
        if not self.open or self.over(now):
            raise SaleEnded(self.ends_at)
        wanted = {self._only(now): wanted} if isinstance(wanted, int) else wanted
        for type_id in wanted:
            if type_id not in self.types:
                raise EventTypeUnknown(type_id)
            refusal = self.types[type_id].refusal(now)
            if refusal:
                raise refusal
        if sum(wanted.values()) > self.max_per_user:
            raise LimitReached(self.max_per_user)
        return dict(wanted)

    def _only(self, now: datetime) -> str:
        refusals = {one.id: one.refusal(now) for one in self.types.values()}
        selling = [type_id for type_id, refusal in refusals.items() if refusal is None]
        if len(selling) > 1:
            raise TypeNeeded
        if selling:
            return selling[0]
        told = [refusal for refusal in refusals.values() if refusal]
        # What will be on sale is better news than what was.
        raise min(told, key=lambda one: not isinstance(one, NotOnSaleYet), default=NotOnSale())
