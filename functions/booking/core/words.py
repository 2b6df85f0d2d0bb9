"""The honest word about an event type: what a buyer may expect of it at this moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from booking.core.terms import Terms, TypeOnSale

Word = Literal["available", "few_left", "all_held", "sold_out", "paused", "not_on_sale_yet", "ended"]
_FEW = 10  # the last tenth of the places


@dataclass(frozen=True)
class Places:
    """The places of one type: free ones, those that are held and may return, and those that are sold."""

    capacity: int
    available: int
    held: int
    sold: int

    @classmethod
    def of(cls, available: int, capacity: int, sold: int) -> Self:
        """Divide what is taken; a count that lags behind never makes a number negative."""
        taken = capacity - available
        sold = min(max(sold, 0), taken)
        return cls(capacity, available, taken - sold, sold)


def word(terms: Terms, one: TypeOnSale, places: Places, now: datetime) -> Word:
    """What is to be said of the type."""
    if not terms.open or terms.over(now) or one.closed(now):
        return "ended"
    if not one.on_sale:
        return "paused"
    if one.sale_from and now < one.sale_from:
        return "not_on_sale_yet"
    if not places.available:
        return "all_held" if places.held else "sold_out"
    return "few_left" if places.available * _FEW <= places.capacity else "available"
