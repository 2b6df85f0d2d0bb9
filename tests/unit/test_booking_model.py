"""A booking before any table: what may be ordered, what it costs, and how its states follow."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from booking.core import repository
from booking.core.model import LIFECYCLE, Booking, State, Trigger
from booking.core.order_errors import (
    ORDER_REFUSALS,
    EventTypeUnknown,
    LimitReached,
    NotOnSale,
    SaleEnded,
    SoldOut,
    TermsChanging,
    TypeNeeded,
)
from booking.core.schemas import BookingRequest
from booking.core.stock import refusal
from booking.core.terms import Terms
from common.idempotency import Claim
from common.store import ConditionFailed
from tests.support.statements import NOW, a_booking, paused, terms_of

SOME = "x" * 36


def test_the_table_of_states_is_the_one_that_was_agreed() -> None:
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


def test_only_what_ended_without_places_can_take_them_again() -> None:
    assert set(LIFECYCLE.sources(Trigger.CONFIRM_LATE)) == {State.EXPIRED, State.FAILED}


@pytest.mark.parametrize("wanted", [2, None])
def test_one_type_on_sale_needs_no_name(wanted: int | None) -> None:
    terms = terms_of(100)
    (only,) = terms.types

    assert terms.chosen(wanted or {only: 2}, NOW) == {only: 2}


def test_with_one_of_two_types_on_sale_a_bare_number_is_of_that_one() -> None:
    terms = terms_of(100, 200)

    assert paused(terms).chosen(1, NOW) == {list(terms.types)[1]: 1}


REFUSED: list[tuple[Terms, Any, type[Exception]]] = [
    (replace(terms_of(1), status="CANCELLED"), 1, NotOnSale),
    (replace(terms_of(1), status="ENDED"), 1, SaleEnded),
    (paused(terms_of(1)), 1, NotOnSale),
    (terms_of(), 1, NotOnSale),
    (terms_of(1, 2), 1, TypeNeeded),
    (terms_of(1, 2), {SOME: 1}, EventTypeUnknown),
    (terms_of(1, max_per_user=3), 4, LimitReached),
]


@pytest.mark.parametrize(("terms", "wanted", "error"), REFUSED)
def test_what_cannot_be_chosen_is_refused_by_its_reason(terms: Terms, wanted: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        terms.chosen(wanted, NOW)


def test_the_sale_lasts_as_long_as_the_event_and_no_longer() -> None:
    terms = terms_of(1)
    moment = timedelta(milliseconds=1)

    for now in (terms.starts_at, terms.ends_at - moment):
        assert sum(terms.chosen(1, now).values()) == 1
    for now in (terms.ends_at, terms.ends_at + moment):
        with pytest.raises(SaleEnded):
            terms.chosen(1, now)


def test_the_limit_is_over_all_types_together() -> None:
    terms = terms_of(1, 1, max_per_user=3)

    assert sum(terms.chosen(dict.fromkeys(terms.types, 1), NOW).values()) == 2
    with pytest.raises(LimitReached):
        terms.chosen(dict.fromkeys(terms.types, 2), NOW)


def test_the_price_is_that_of_the_terms_and_whole() -> None:
    booking = a_booking(terms_of(1999, 1), quantity=3)

    assert (booking.prices, booking.quantity, booking.currency) == (6000, 6, "EUR")
    assert sum(item.qty * item.unit_price for item in booking.items) == booking.prices


def test_the_hold_ends_when_the_terms_say() -> None:
    assert a_booking().pay_before == NOW + timedelta(seconds=600)


def test_a_booking_has_the_id_and_the_fingerprint_of_its_claim() -> None:
    terms, claim = terms_of(1), Claim("b1", "h", keyed=True)

    booking = Booking.order("u1", terms, dict.fromkeys(terms.types, 1), claim=claim, key="k", now=NOW)

    assert (booking.id, booking.request_hash, booking.idempotency_key) == ("b1", "h", "k")


def test_a_booking_is_what_its_item_holds() -> None:
    booking = a_booking(terms_of(1999, 1), quantity=3)

    assert Booking.of(repository._item(booking)) == booking


def test_what_goes_back_is_what_was_taken() -> None:
    booking = a_booking(terms_of(1, 1), quantity=2)

    assert booking.places() == {(item.event_type_id, "0"): 2 for item in booking.items}


def shard(available: int, *, on_sale: bool = True, version: int = 1) -> dict[str, Any]:
    return {"available": available, "capacity": 9, "on_sale": on_sale, "terms_version": version}


STOCK: list[tuple[dict[int, Any], type[Exception]]] = [
    ({0: shard(1)}, SoldOut),
    ({0: shard(1), 1: shard(0)}, SoldOut),
    ({0: shard(1), 1: shard(9, version=2)}, SoldOut),
    ({0: shard(9, version=2)}, TermsChanging),
    ({0: shard(0, version=2)}, TermsChanging),
    ({0: None}, TermsChanging),
    ({0: shard(9, on_sale=False), 1: shard(9, version=2)}, TermsChanging),
    ({0: shard(9, on_sale=False)}, NotOnSale),
    ({1: shard(0, on_sale=False)}, NotOnSale),
]


@pytest.mark.parametrize(("found", "error"), STOCK)
def test_why_stock_refused_is_told_from_the_shards_that_did(found: dict[int, Any], error: type[Exception]) -> None:
    """DynamoDB shows only the items whose own condition failed."""
    terms = terms_of(1, 1)
    booking = a_booking(terms)
    failure = ConditionFailed([2 + at for at in found], [None, None, found.get(0), found.get(1)])

    assert type(refusal(failure, booking.places(), terms, first=2)) is error


def test_every_refusal_of_an_order_is_declared() -> None:
    raised = {SoldOut, TermsChanging, NotOnSale, LimitReached, TypeNeeded, EventTypeUnknown}

    assert raised <= set(ORDER_REFUSALS)


def test_a_request_wants_a_number_or_items() -> None:
    event = {"event_id": SOME}

    assert BookingRequest.model_validate(event | {"number_slot": 2}).wanted() == 2
    items = [{"event_type_id": "a" * 36, "qty": 1}, {"event_type_id": "b" * 36, "qty": 3}]
    assert BookingRequest.model_validate(event | {"items": items}).wanted() == {"a" * 36: 1, "b" * 36: 3}
    wrongs: list[dict[str, Any]] = [{}, {"number_slot": 1, "items": items}, {"items": []}, {"items": items + items[:1]}]
    for wrong in wrongs:
        with pytest.raises(ValidationError):
            BookingRequest.model_validate(event | wrong)
