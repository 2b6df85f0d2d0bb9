"""Bookings in their table: how they are held, moved and found again."""

from collections.abc import Mapping
from typing import Any

from booking.core import stock
from booking.core.errors import BookingUnknown, KeyReused, LimitReached
from booking.core.model import LIFECYCLE, Booking, Item, State, Terms, Trigger
from common import clock, outbox, store
from common.cursor import Listing, Page
from common.problems import DomainError
from common.store import ConditionFailed, Put, Update

Stored = Mapping[str, Any]

TABLE = "bookings"
MINE = Listing(TABLE, "by_user", "user_id", "created_at")


def key(booking_id: str) -> dict[str, str]:
    return {"pk": booking_id, "sk": "booking"}


def find(booking_id: str) -> Stored | None:
    return store.get(TABLE, key(booking_id))


def existing(booking_id: str) -> Booking:
    """The booking of a message. Raises LookupError, so that the message comes again."""
    stored = find(booking_id)
    if stored is None:
        raise LookupError(f"booking {booking_id}")
    return read(stored)


def owned(booking_id: str, user_id: str) -> Stored:
    """The user's own booking. Raises BookingUnknown."""
    stored = find(booking_id)
    if stored is None or stored["user_id"] != user_id:
        raise BookingUnknown
    return stored


def list_of(user_id: str, *, limit: int, token: str | None) -> Page:
    return MINE.page(user_id, limit=limit, token=token)


def read(stored: Stored) -> Booking:
    """The booking behind the stored attributes."""
    items = tuple(Item(i["event_type_id"], i["qty"], i["unit_price"], i["taken"]) for i in stored["items"])
    known = {name: stored.get(name) for name in ("id", "user_id", "event_id", "prices", "currency")}
    return Booking(
        **known,  # type: ignore[arg-type] # the table holds what `hold` wrote
        status=State(stored["status"]),
        items=items,
        pay_before=clock.parse(stored["pay_before"]),
        idempotency_key=stored.get("idempotency_key"),
        request_hash=stored["request_hash"],
        payment_id=stored.get("payment_id"),
    )


def hold(booking: Booking, terms: Terms, publish: list[dict[str, Any]]) -> Stored:
    """Stock, limit and booking in one transaction, or none of them.

    Raises SoldOut, LimitReached, NotOnSale or TermsChanging, and KeyReused where there is a booking
    of that id already.
    """
    item = outbox.born(_item(booking), actor="buyer", trigger="order", publish=publish)
    new = Put(TABLE, item, condition="attribute_not_exists(#pk)")
    limit = _limit(booking, booking.quantity, terms.max_per_user)
    try:
        store.transact([new, limit, *stock.take(booking.places(), terms)])
    except ConditionFailed as failure:
        raise _refusal(failure, booking, terms) from None
    return item


def settle(booking: Booking, trigger: Trigger, publish: list[dict[str, Any]], *, payment_id: str) -> None:
    """Answer for a payment without touching stock. Raises ConditionFailed."""
    store.write(_answer(booking, trigger, publish, payment_id))


def retake(booking: Booking, terms: Terms, publish: list[dict[str, Any]], *, payment_id: str) -> None:
    """Confirm late: the places that went back are taken once more. Raises ConditionFailed."""
    answer = _answer(booking, Trigger.CONFIRM_LATE, publish, payment_id)
    limit = _limit(booking, booking.quantity, terms.max_per_user)
    store.transact([answer, limit, *stock.retake(booking.places(), terms)])


def release(booking: Booking, trigger: Trigger, publish: list[dict[str, Any]], *, actor: str) -> None:
    """End the booking and give places and limit back, exactly once. Raises ConditionFailed."""
    ended = outbox.transition(TABLE, key(booking.id), LIFECYCLE, trigger, actor=actor, publish=publish)
    back = Update(TABLE, _limit_key(booking), "ADD #held :back", values={"back": -booking.quantity})
    store.transact([ended, back, *stock.give_back(booking.places())])


def _answer(booking: Booking, trigger: Trigger, publish: list[dict[str, Any]], payment_id: str) -> Update:
    # A payment is answered once: the second PaymentSucceeded finds its payment there.
    return outbox.transition(
        TABLE,
        key(booking.id),
        LIFECYCLE,
        trigger,
        actor="payment",
        publish=publish,
        sets={"payment_id": payment_id},
        also="attribute_not_exists(#payment_id)",
    )


def _limit_key(booking: Booking) -> dict[str, str]:
    return {"pk": f"{booking.event_id}#{booking.user_id}", "sk": "limit"}


def _limit(booking: Booking, more: int, max_per_user: int) -> Update:
    return Update(
        TABLE,
        _limit_key(booking),
        "ADD #held :more",
        condition="attribute_not_exists(#held) OR #held <= :room",
        values={"more": more, "room": max_per_user - more},
    )


def _refusal(failure: ConditionFailed, booking: Booking, terms: Terms) -> DomainError:
    if 0 in failure.failed:
        return KeyReused()
    if 1 in failure.failed:
        return LimitReached(terms.max_per_user, (failure.old[1] or {}).get("held", 0))
    return stock.refusal(failure, booking.places(), terms, first=2)


def _item(booking: Booking) -> dict[str, Any]:
    items = [
        {"event_type_id": i.event_type_id, "qty": i.qty, "unit_price": i.unit_price, "taken": dict(i.taken)}
        for i in booking.items
    ]
    return key(booking.id) | {
        "id": booking.id,
        "user_id": booking.user_id,
        "event_id": booking.event_id,
        "status": str(booking.status),
        "quantity": booking.quantity,
        "items": items,
        "prices": booking.prices,
        "currency": booking.currency,
        "pay_before": clock.iso(booking.pay_before),
        "idempotency_key": booking.idempotency_key,
        "request_hash": booking.request_hash,
    }
