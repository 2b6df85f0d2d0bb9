"""Bookings and terms as plain values, for what needs neither events nor buyers."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from booking.core.model import Booking
from booking.core.terms import Terms, TypeOnSale
from common.idempotency import Claim

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


def terms_of(*prices: int, max_per_user: int = 4) -> Terms:
    """Published terms with one type on sale for each price."""
    kinds = [
        TypeOnSale(id=str(uuid.uuid4()), name="Seat", prices=one, currency="EUR", status="ON_SALE") for one in prices
    ]
    types = {one.id: one for one in kinds}
    when: dict[str, Any] = {"starts_at": NOW + timedelta(days=30), "ends_at": NOW + timedelta(days=31)}
    fixed: dict[str, Any] = {"organiser_id": "o1", "status": "PUBLISHED", "max_per_user": max_per_user}
    return Terms(event_id=str(uuid.uuid4()), version=1, types=types, hold_seconds=600, **fixed, **when)


def paused(terms: Terms, at: int = 0) -> Terms:
    """The same terms with one type's sale stopped."""
    name = list(terms.types)[at]
    return replace(terms, types=dict(terms.types) | {name: replace(terms.types[name], status="PAUSED")})


def a_booking(terms: Terms | None = None, quantity: int = 2, key: str | None = None) -> Booking:
    """A hold of so many places of every type of the terms."""
    terms = terms or terms_of(2500)
    wanted = dict.fromkeys(terms.types, quantity)
    claim = Claim(str(uuid.uuid4()), "h" * 32, keyed=key is not None)
    return Booking.order(str(uuid.uuid4()), terms, wanted, claim=claim, key=key, now=NOW)
