"""Bookings in DynamoDB: reads, and writes with their conditions."""

from collections.abc import Mapping, Sequence
from typing import Any

from booking.core import availability, inventory
from booking.core.errors import BookingNotFound, LimitReached, SoldOut
from booking.core.model import LIFECYCLE, Booking, State, Trigger
from booking.core.sale_terms import Terms
from common import clock, outbox, store
from common.idempotency import IdempotencyKeyReused
from common.problems import DomainError
from common.store import ConditionFailed, Item, Put, Update, Write

TABLE = "bookings"
# Refunds and ticket usage do not count a version, so they are compared, too.
_SAME_TICKET_USAGE = "(attribute_not_exists(#ticket_usage) OR #ticket_usage = :usage)"
_UNCHANGED = f"#version = :seen AND (attribute_not_exists(#refunded) OR #refunded = :known) AND {_SAME_TICKET_USAGE}"


def key(booking_id: str) -> dict[str, str]:
    return {"pk": booking_id, "sk": "booking"}


def find(booking_id: str) -> Booking | None:
    item = store.get(TABLE, key(booking_id))
    return Booking.from_item(item) if item else None


def get(booking_id: str) -> Booking:
    """The booking of a message. Raises LookupError, so that the message is retried."""
    booking = find(booking_id)
    if booking is None:
        raise LookupError(f"booking {booking_id}")
    return booking


def get_owned(booking_id: str, user_id: str) -> Booking:
    """The user's own booking. Raises BookingNotFound."""
    booking = find(booking_id)
    if booking is None or booking.user_id != user_id:
        raise BookingNotFound
    return booking


def create_hold(booking: Booking, terms: Terms, publish: list[dict[str, Any]]) -> Booking:
    """Reserve inventory, count the limit and store the booking in one transaction.

    Raises SoldOut, AllHeld, LimitReached, NotOnSale or TermsConflict, and IdempotencyKeyReused if a booking with
    this id exists.
    """
    item = outbox.new_item(_to_item(booking), actor="buyer", trigger="order", publish=publish, keep_correlation=True)
    new = Put(TABLE, item, condition="attribute_not_exists(#pk)")
    limit = inventory.consume_limit(booking, terms.max_per_user)
    try:
        store.transact([new, limit, *inventory.reserve(booking.quantities_by_shard(), terms)])
    except ConditionFailed as failure:
        raise _creation_error(failure, booking, terms) from None
    return Booking.from_item(item)


def answer_payment(booking: Booking, trigger: Trigger, publish: list[dict[str, Any]], *, payment_id: str) -> None:
    """Apply a payment's outcome without touching inventory. Raises ConditionFailed."""
    store.write(_payment_answer(booking, trigger, publish, payment_id))


def reacquire_places(booking: Booking, terms: Terms, publish: list[dict[str, Any]], *, payment_id: str) -> None:
    """Confirm a late payment: reserve the released places again. Raises ConditionFailed."""
    answer = _payment_answer(booking, Trigger.CONFIRM_LATE, publish, payment_id)
    limit = inventory.consume_limit(booking, terms.max_per_user)
    store.transact([answer, limit, *inventory.reserve_late(booking.quantities_by_shard(), terms)])


def release(
    booking: Booking,
    trigger: Trigger,
    publish: list[dict[str, Any]],
    *,
    actor: str,
    sets: Mapping[str, Any] | None = None,
    additional_writes: Sequence[Write] = (),
) -> None:
    """End the booking as it was read and release places and limit exactly once. Raises ConditionFailed."""
    transition = outbox.transition(
        TABLE,
        key(booking.id),
        LIFECYCLE,
        trigger,
        actor=actor,
        sets=sets,
        publish=publish,
        extra_condition=_UNCHANGED,
        values={"seen": booking.version, "known": booking.refunded, "usage": _ticket_usage(booking)},
    )
    releases = [inventory.restore_limit(booking), *inventory.release(booking.quantities_by_shard())]
    store.transact([transition, *releases, *additional_writes])


def extend(booking: Booking, pay_before: str, publish: list[dict[str, Any]]) -> Booking:
    """Move the hold's deadline. Raises ConditionFailed."""
    extension = outbox.versioned_update(
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
        return Booking.from_item(store.write(extension))
    except ConditionFailed as failure:
        stored = outbox.own_write(failure)  # written, but the reply was lost
        if stored is None:
            raise
        return Booking.from_item(stored)


def save_ticket_usage(previous: Booking, updated: Booking) -> None:
    """Store the booking's ticket usage. Raises ConditionFailed if it changed since `previous` was read."""
    values = {"updated": _ticket_usage(updated), "usage": _ticket_usage(previous)}
    expression = "SET #ticket_usage = :updated"
    store.write(Update(TABLE, key(updated.id), expression, condition=_SAME_TICKET_USAGE, values=values))


def _ticket_usage(booking: Booking) -> dict[str, Any]:
    # Only what is not the default: a booking's size decides the price of each write.
    return {ticket_id: usage.model_dump(exclude_defaults=True) for ticket_id, usage in booking.ticket_usage.items()}


def _payment_answer(booking: Booking, trigger: Trigger, publish: list[dict[str, Any]], payment_id: str) -> Update:
    # A payment is applied once: a second PaymentSucceeded finds payment_id set.
    return outbox.transition(
        TABLE,
        key(booking.id),
        LIFECYCLE,
        trigger,
        actor="payment",
        publish=publish,
        sets={"payment_id": payment_id},
        extra_condition="attribute_not_exists(#payment_id)",
    )


def _creation_error(failure: ConditionFailed, booking: Booking, terms: Terms) -> DomainError:
    if 0 in failure.failed_indexes:
        return IdempotencyKeyReused()
    if 1 in failure.failed_indexes:
        return LimitReached(terms.max_per_user, (failure.old_items[1] or {}).get("held", 0))
    error = inventory.explain_failure(failure, booking.quantities_by_shard(), terms, first=2)
    return availability.sold_out_or_held(error.shortages) if isinstance(error, SoldOut) else error


def _to_item(booking: Booking) -> Item:
    times = {name: clock.iso(getattr(booking, name)) for name in ("pay_before", "created_at", "updated_at")}
    not_stored = {"logs", "refunded", "refunded_as_of", "ticket_usage", "version", *times}
    fixed = booking.model_dump(mode="json", exclude=not_stored, exclude_none=True)
    # The name `shard` is short on purpose: an order of four types must fit one write unit (1,024 bytes).
    return key(booking.id) | fixed | times | {"quantity": booking.quantity, "shard": booking.event_shard}
