"""Lists of bookings, the newest first, by state if asked."""

from typing import Literal

from booking.core.model import ROLLS, roll
from common.cursor import Page
from common.paging import Paging
from common.sifted import Sifted

TABLE = "bookings"
Status = Literal["PENDING", "CONFIRMED", "FAILED", "EXPIRED", "CANCELLED"]


def of_user(user_id: str, paging: Paging, status: Status | None) -> Page:
    return _page(Sifted(TABLE, "by_user", "user_id", (user_id,)), paging, status)


def of_event(event_id: str, paging: Paging, status: Status | None) -> Page:
    owners = tuple(roll(event_id, shard) for shard in range(ROLLS))
    return _page(Sifted(TABLE, "by_event", "roll", owners), paging, status)


def _page(bookings: Sifted, paging: Paging, status: Status | None) -> Page:
    return bookings.page(paging, about=status, fits=lambda item: item["status"] == status)
