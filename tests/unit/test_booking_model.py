"""Booking domain without a table: valid orders, prices, state machine and errors."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from booking.core import repository
from booking.core.errors import (
    ORDER_ERRORS,
    EventTypeRequired,
    InvalidEventType,
    LimitReached,
    NotOnSale,
    SaleEnded,
    SoldOut,
    TermsConflict,
)
from booking.core.inventory import explain_failure
from booking.core.model import LIFECYCLE, Booking, State, Trigger
from booking.core.sale_terms import Terms
from booking.core.schemas import BookingRequest
from common.idempotency import IdempotentRequest
from common.store import ConditionFailed
from tests.support.fixtures.booking_values import NOW, a_booking, published_terms, with_paused_type

SOME_ID = "x" * 36


def test_state_machine_has_the_agreed_transitions() -> None:
    assert {(str(a), str(b)) for (a, _), b in LIFECYCLE.table.items()} == {
        ("PENDING", "CONFIRMED"),
        ("PENDING", "FAILED"),
        ("PENDING", "EXPIRED"),
        ("PENDING", "CANCELLED"),
        ("CONFIRMED", "CANCELLED"),
        ("EXPIRED", "CONFIRMED"),
        ("FAILED", "CONFIRMED"),
        ("EXPIRED", "FAILED"),
        ("FAILED", "FAILED"),
        ("CANCELLED", "FAILED"),
    }


def test_only_expired_or_failed_bookings_reacquire_places() -> None:
    assert set(LIFECYCLE.sources(Trigger.CONFIRM_LATE)) == {State.EXPIRED, State.FAILED}


@pytest.mark.parametrize("requested", [2, None])
def test_single_type_on_sale_needs_no_id(requested: int | None) -> None:
    terms = published_terms(100)
    (only,) = terms.types

    assert terms.validate_order(requested or {only: 2}, NOW) == {only: 2}


def test_number_selects_the_type_on_sale() -> None:
    terms = published_terms(100, 200)

    assert with_paused_type(terms).validate_order(1, NOW) == {list(terms.types)[1]: 1}


INVALID_ORDERS: list[tuple[Terms, Any, type[Exception]]] = [
    (replace(published_terms(1), status="CANCELLED"), 1, NotOnSale),
    (replace(published_terms(1), status="ENDED"), 1, SaleEnded),
    (with_paused_type(published_terms(1)), 1, NotOnSale),
    (published_terms(), 1, NotOnSale),
    (published_terms(1, 2), 1, EventTypeRequired),
    (published_terms(1, 2), {SOME_ID: 1}, InvalidEventType),
    (published_terms(1, max_per_user=3), 4, LimitReached),
]


@pytest.mark.parametrize(("terms", "requested", "error"), INVALID_ORDERS)
def test_invalid_order_raises_its_reason(terms: Terms, requested: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        terms.validate_order(requested, NOW)


def test_sale_ends_with_event() -> None:
    terms = published_terms(1)
    millisecond = timedelta(milliseconds=1)

    for now in (terms.starts_at, terms.ends_at - millisecond):
        assert sum(terms.validate_order(1, now).values()) == 1
    for now in (terms.ends_at, terms.ends_at + millisecond):
        with pytest.raises(SaleEnded):
            terms.validate_order(1, now)


def test_purchase_limit_spans_all_types() -> None:
    terms = published_terms(1, 1, max_per_user=3)

    assert sum(terms.validate_order(dict.fromkeys(terms.types, 1), NOW).values()) == 2
    with pytest.raises(LimitReached):
        terms.validate_order(dict.fromkeys(terms.types, 2), NOW)


def test_total_is_sum_of_item_prices() -> None:
    booking = a_booking(published_terms(1999, 1), quantity=3)

    assert (booking.prices, booking.quantity, booking.currency) == (6000, 6, "EUR")
    assert sum(item.qty * item.unit_price for item in booking.items) == booking.prices


def test_hold_length_follows_terms() -> None:
    assert a_booking().pay_before == NOW + timedelta(seconds=600)


def test_booking_takes_id_and_hash_from_idempotency() -> None:
    terms, request = published_terms(1), IdempotentRequest("b1", "h", has_key=True)

    booking = Booking.new("u1", terms, dict.fromkeys(terms.types, 1), idempotency=request, idempotency_key="k", now=NOW)

    assert (booking.id, booking.request_hash, booking.idempotency_key) == ("b1", "h", "k")


def test_booking_survives_item_round_trip() -> None:
    booking = a_booking(published_terms(1999, 1), quantity=3)

    assert Booking.from_item(repository._to_item(booking)) == booking


def test_quantities_by_shard_match_items() -> None:
    booking = a_booking(published_terms(1, 1), quantity=2)

    assert booking.quantities_by_shard() == {(item.event_type_id, "0"): 2 for item in booking.items}


def shard_item(available: int, *, on_sale: bool = True, version: int = 1) -> dict[str, Any]:
    return {"available": available, "capacity": 9, "on_sale": on_sale, "terms_version": version}


RESERVATION_FAILURES: list[tuple[dict[int, Any], type[Exception]]] = [
    ({0: shard_item(1)}, SoldOut),
    ({0: shard_item(1), 1: shard_item(0)}, SoldOut),
    ({0: shard_item(1), 1: shard_item(9, version=2)}, SoldOut),
    ({0: shard_item(9, version=2)}, TermsConflict),
    ({0: shard_item(0, version=2)}, TermsConflict),
    ({0: None}, TermsConflict),
    ({0: shard_item(9, on_sale=False), 1: shard_item(9, version=2)}, TermsConflict),
    ({0: shard_item(9, on_sale=False)}, NotOnSale),
    ({1: shard_item(0, on_sale=False)}, NotOnSale),
]


@pytest.mark.parametrize(("found", "error"), RESERVATION_FAILURES)
def test_reservation_failure_is_explained_by_failed_shards(found: dict[int, Any], error: type[Exception]) -> None:
    """DynamoDB returns only the items whose own condition failed."""
    terms = published_terms(1, 1)
    booking = a_booking(terms)
    failure = ConditionFailed([2 + at for at in found], [None, None, found.get(0), found.get(1)])

    assert type(explain_failure(failure, booking.quantities_by_shard(), terms, first=2)) is error


def test_every_order_error_is_declared() -> None:
    raised = {SoldOut, TermsConflict, NotOnSale, LimitReached, EventTypeRequired, InvalidEventType}

    assert raised <= set(ORDER_ERRORS)


def test_request_takes_number_or_items() -> None:
    event = {"event_id": SOME_ID}

    assert BookingRequest.model_validate(event | {"number_slot": 2}).requested_quantities() == 2
    items = [{"event_type_id": "a" * 36, "qty": 1}, {"event_type_id": "b" * 36, "qty": 3}]
    assert BookingRequest.model_validate(event | {"items": items}).requested_quantities() == {"a" * 36: 1, "b" * 36: 3}
    invalid_requests: list[dict[str, Any]] = [
        {},
        {"number_slot": 1, "items": items},
        {"items": []},
        {"items": items + items[:1]},
    ]
    for invalid in invalid_requests:
        with pytest.raises(ValidationError):
            BookingRequest.model_validate(event | invalid)
