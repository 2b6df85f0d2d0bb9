"""Bookings in their table: how they are held, moved and found again."""

from collections.abc import Mapping, Sequence
from typing import Any

from booking.core import limits, stock, tally
from booking.core.errors import BookingUnknown
from booking.core.model import LIFECYCLE, Booking, State, Trigger
from booking.core.order_errors import LimitReached, SoldOut
from booking.core.terms import Terms
from common import clock, outbox, store
from common.idempotency import KeyReused
from common.problems import DomainError
from common.store import ConditionFailed, Item, Put, Update, Write

TABLE = "bookings"
# What payment and the doors tell counts no version, so it is looked at, too.
_SAME_USES = "(attribute_not_exists(#uses) OR #uses = :uses)"
_SEEN = f"#version = :seen AND (attribute_not_exists(#refunded) OR #refunded = :back) AND {_SAME_USES}"


def key(booking_id: str) -> dict[str, str]:
    return {"pk": booking_id, "sk": "booking"}


def find(booking_id: str) -> Booking | None:
    item = store.get(TABLE, key(booking_id))
    return Booking.of(item) if item else None


def existing(booking_id: str) -> Booking:
    """The booking of a message. Raises LookupError, so that the message comes again."""
    booking = find(booking_id)
    if booking is None:
        raise LookupError(f"booking {booking_id}")
    return booking


def owned(booking_id: str, user_id: str) -> Booking:
    """The user's own booking. Raises BookingUnknown."""
    booking = find(booking_id)
    if booking is None or booking.user_id != user_id:
        raise BookingUnknown
    return booking


def hold(booking: Booking, terms: Terms, publish: list[dict[str, Any]]) -> Booking:
    """Stock, limit and booking in one transaction, or none of them.

    Raises SoldOut, AllHeld, LimitReached, NotOnSale or TermsChanging, and KeyReused where there is a
    booking of that id already.
    """
    item = outbox.born(_item(booking), actor="buyer", trigger="order", publish=publish, followed=True)
    new = Put(TABLE, item, condition="attribute_not_exists(#pk)")
    limit = limits.taken(booking, terms.max_per_user)
    try:
        store.transact([new, limit, *stock.take(booking.places(), terms)])
    except ConditionFailed as failure:
        raise _refusal(failure, booking, terms) from None
    return Booking.of(item)


def settle(booking: Booking, trigger: Trigger, publish: list[dict[str, Any]], *, payment_id: str) -> None:
    """Answer for a payment without touching stock. Raises ConditionFailed."""
    store.write(_answer(booking, trigger, publish, payment_id))


def retake(booking: Booking, terms: Terms, publish: list[dict[str, Any]], *, payment_id: str) -> None:
    """Confirm late: the places that went back are taken once more. Raises ConditionFailed."""
    answer = _answer(booking, Trigger.CONFIRM_LATE, publish, payment_id)
    limit = limits.taken(booking, terms.max_per_user)
    store.transact([answer, limit, *stock.retake(booking.places(), terms)])


def release(
    booking: Booking,
    trigger: Trigger,
    publish: list[dict[str, Any]],
    *,
    actor: str,
    sets: Mapping[str, Any] | None = None,
    beside: Sequence[Write] = (),
) -> None:
    """End the booking as it was read and give places and limit back, exactly once. Raises ConditionFailed."""
    named: dict[str, Any] = {"actor": actor, "publish": publish, "sets": sets}
    named |= {"also": _SEEN, "values": {"seen": booking.version, "back": booking.refunded, "uses": _uses(booking)}}
    ended = outbox.transition(TABLE, key(booking.id), LIFECYCLE, trigger, **named)
    store.transact([ended, limits.given_back(booking), *stock.give_back(booking.places()), *beside])


def extend(booking: Booking, pay_before: str, publish: list[dict[str, Any]]) -> Booking:
    """Hold the places longer. Raises ConditionFailed."""
    longer = outbox.change(
        TABLE,
        key(booking.id),
        trigger="extend",
        actor="buyer",
        sets={"pay_before": pay_before},
        publish=publish,
        condition="#status = :pending AND #version = :seen",
        values={"pending": State.PENDING, "seen": booking.version},
    )
    try:
        return Booking.of(store.write(longer))
    except ConditionFailed as failure:
        done = outbox.mine(failure)  # and the reply was lost
        if done is None:
            raise
        return Booking.of(done)


def keep_uses(before: Booking, now: Booking) -> None:
    """Keep what became of its tickets. Raises ConditionFailed if more has become known since it was read."""
    values = {"now": _uses(now), "uses": _uses(before)}
    store.write(Update(TABLE, key(now.id), "SET #uses = :now", condition=_SAME_USES, values=values))


def _uses(booking: Booking) -> dict[str, Any]:
    return {ticket_id: use.model_dump() for ticket_id, use in booking.uses.items()}


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


def _refusal(failure: ConditionFailed, booking: Booking, terms: Terms) -> DomainError:
    if 0 in failure.failed:
        return KeyReused()
    if 1 in failure.failed:
        return LimitReached(terms.max_per_user, (failure.old[1] or {}).get("held", 0))
    refusal = stock.refusal(failure, booking.places(), terms, first=2)
    return tally.judged(refusal.short) if isinstance(refusal, SoldOut) else refusal


def _item(booking: Booking) -> Item:
    times = {name: clock.iso(getattr(booking, name)) for name in ("pay_before", "created_at", "updated_at")}
    fixed = booking.model_dump(
        mode="json", exclude={"logs", "refunded", "refunded_as_of", "uses", "version", *times}, exclude_none=True
    )
    return key(booking.id) | fixed | times | {"quantity": booking.quantity, "roll": booking.roll}
