"""The terms of a published event: what may be ordered, by how many, at which price and until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from booking.core.errors import EventTypeUnknown, LimitReached, NotOnSale, TypeNeeded


@dataclass(frozen=True)
class TypeOnSale:
    """One event type as booking sells it; `prices` in minor units, fees included."""

    id: str
    name: str
    prices: int
    currency: str
    on_sale: bool


@dataclass(frozen=True)
class Terms:
    """What booking knows of a published event, copied from the catalogue."""

    event_id: str
    version: int
    open: bool  # published, and neither cancelled nor ended by the catalogue's word
    max_per_user: int
    hold_seconds: int
    starts_at: datetime
    ends_at: datetime
    types: Mapping[str, TypeOnSale]

    def over(self, now: datetime) -> bool:
        """Places are sold while the event goes on, too; the sale ends with it, at `ends_at`."""
        return now >= self.ends_at

    def chosen(self, wanted: Mapping[str, int] | int, now: datetime) -> dict[str, int]:
        """Type ids and quantities. A bare number is enough where one type is on sale.

        Raises NotOnSale (also from `ends_at` on), TypeNeeded, EventTypeUnknown or LimitReached.
        """
        on_sale = [one.id for one in self.types.values() if one.on_sale]
        if not self.open or self.over(now) or not on_sale:
            raise NotOnSale
        if isinstance(wanted, int):
            if len(on_sale) > 1:
                raise TypeNeeded
            wanted = {on_sale[0]: wanted}
        for type_id in wanted:
            if type_id not in self.types:
                raise EventTypeUnknown(type_id)
            if type_id not in on_sale:
                raise NotOnSale
        if sum(wanted.values()) > self.max_per_user:
            raise LimitReached(self.max_per_user)
        return dict(wanted)
