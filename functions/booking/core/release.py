"""Ends of a booking: by its buyer, payment, tickets or deadline. Places and limit are released exactly once."""

from datetime import timedelta
from typing import Any

from booking.core import event_copy, repository
from booking.core.errors import NotCancellable, NotRefundable, TicketTransferred, TicketUsed
from booking.core.model import (
    LIFECYCLE,
    Booking,
    State,
    Trigger,
    UsageByTicket,
    checked_in_tickets,
    transferred_tickets,
)
from common import clock, env, log, store
from common.bus.booking import BookingCancelled, BookingExpired, BookingFailed
from common.bus.payment import PaymentRefunded, PaymentRefundFailed
from common.consumer import RetryAt
from common.outbox import event_entry
from common.store import ConditionFailed, Update

_SAME_REFUND = (
    "(attribute_not_exists(#refunded) OR #refunded = :before)"
    " AND (attribute_not_exists(#refunded_as_of) OR #refunded_as_of = :known)"
)


class PaymentNotSettledYet(Exception):
    """A refund arrived before the payment's outcome; the message is retried."""


def cancel(booking_id: str, user_id: str) -> Booking:
    """Cancel for the buyer: freely while unpaid, by the event's refund terms once confirmed. Repeatable.

    Raises BookingNotFound, NotCancellable, NotRefundable, TicketUsed or TicketTransferred.
    """
    booking = repository.get_owned(booking_id, user_id)
    while booking.status is not State.CANCELLED:
        try:
            _cancel(booking)
        except ConditionFailed:
            previous, booking = booking, repository.get_owned(booking_id, user_id)
            if previous == booking:
                raise
        else:
            log.count("BookingsCancelled")
            return repository.get_owned(booking_id, user_id)
    return booking


def _cancel(booking: Booking) -> None:
    if booking.status is State.PENDING:
        repository.release(booking, Trigger.CANCEL, [event_entry(BookingCancelled, reason="buyer")], actor="buyer")
    elif booking.status is State.CONFIRMED:
        refund = _promised_refund(booking)
        cancelled_event = event_entry(BookingCancelled, reason="buyer")
        repository.release(booking, Trigger.CANCEL_BY_POLICY, [cancelled_event], actor="buyer", sets={"refund": refund})
    else:
        raise NotCancellable(booking_status=booking.status)


def _promised_refund(booking: Booking) -> int:
    """Minor units to refund if the buyer cancels now; at most what has not been refunded yet."""
    terms = event_copy.get_terms(booking.event_id)
    if terms.status == "CANCELLED":
        return booking.prices - booking.refunded
    refund = terms.refundable_amount(booking.prices, clock.now())
    if refund is None:
        raise NotRefundable(terms.refund_percent, terms.starts_at - timedelta(hours=terms.refund_hours))
    _require_unused(booking.ticket_usage)
    return min(refund, booking.prices - booking.refunded)


def end_booking(booking_id: str, trigger: Trigger, publish: dict[str, Any], *, actor: str) -> None:
    """End a booking and release its places and limit; no effect if the trigger does not apply to its state.

    Raises ConditionFailed if it changed concurrently, so that the message is retried.
    """
    booking = repository.get(booking_id)
    if not LIFECYCLE.allows(booking.status, trigger):
        return
    repository.release(booking, trigger, [publish], actor=actor)
    if booking.status is State.PENDING:
        log.seconds("HoldLateness", max(0.0, (clock.now() - booking.pay_before).total_seconds()))
    log.count("BookingsEnded")


def payment_failed(booking_id: str, reason: str) -> None:
    """End a booking that will not be paid."""
    if reason == "expired":
        end_booking(booking_id, Trigger.EXPIRE, event_entry(BookingExpired), actor="payment")
    else:
        end_booking(booking_id, Trigger.FAIL, event_entry(BookingFailed, reason=reason), actor="payment")


def revoke(booking_id: str) -> None:
    """Cancel a confirmed booking whose tickets were rejected."""
    end_booking(booking_id, Trigger.REVOKE, event_entry(BookingCancelled, reason="ticket_rejected"), actor="ticket")


def expire(booking_id: str) -> None:
    """End an overdue hold. Raises RetryAt before its deadline, which is read from the item (it may be extended)."""
    booking = repository.get(booking_id)
    due = booking.pay_before + timedelta(seconds=int(env.setting("HOLD_BACKSTOP_SECONDS")))
    if booking.status is State.PENDING and clock.now() < due:
        raise RetryAt(due)
    end_booking(booking_id, Trigger.EXPIRE, event_entry(BookingExpired), actor="backstop")


def apply_refund(payment: PaymentRefunded | PaymentRefundFailed) -> None:
    """Store the newest refunded sum; a confirmed booking that is refunded in full is cancelled.

    Raises PaymentNotSettledYet while the booking is PENDING.
    """
    if not payment.amount:
        return  # free booking
    booking = repository.get(payment.booking_id)
    if booking.status is State.PENDING:
        raise PaymentNotSettledYet(booking.id)
    refunded, as_of = _latest_refunded(booking, payment), max(booking.refunded_as_of, payment.version)
    if booking.status is State.CONFIRMED and refunded >= booking.prices:
        # No `refund` in the event: all is owed, so a refund that bounces later is sent again when this is republished.
        cancelled_event = event_entry(BookingCancelled, reason="refunded")
        sets, totals = {"refunded": refunded, "refunded_as_of": as_of}, _refund_totals(booking, refunded)
        repository.release(
            booking, Trigger.REFUND, [cancelled_event], actor="payment", sets=sets, additional_writes=totals
        )
    elif (refunded, as_of) != (booking.refunded, booking.refunded_as_of):
        update = Update(
            repository.TABLE,
            repository.key(booking.id),
            "SET #refunded = :sums, #refunded_as_of = :as_of",
            condition=_SAME_REFUND,
            values={"sums": refunded, "as_of": as_of, "before": booking.refunded, "known": booking.refunded_as_of},
        )
        store.transact([update, *_refund_totals(booking, refunded)])


def _latest_refunded(booking: Booking, payment: PaymentRefunded | PaymentRefundFailed) -> int:
    if not payment.version:
        return max(booking.refunded, payment.refunded)  # event without a version: sums could only rise
    return payment.refunded if payment.version > booking.refunded_as_of else booking.refunded


def _refund_totals(booking: Booking, refunded: int) -> list[Update]:
    """Add the difference to the event's refund total, and to its cancellation's if that owes the refund."""
    expression, values = f"ADD #refunded_{booking.currency} :more", {"more": refunded - booking.refunded}
    keys = ("sales", "cancellation") if _is_owed_by_cancellation(booking) else ("sales",)
    return [Update(repository.TABLE, {"pk": booking.event_id, "sk": one}, expression, values=values) for one in keys]


def _is_owed_by_cancellation(booking: Booking) -> bool:
    """Whether the booking was confirmed when its event was cancelled."""
    actions = {line["action"] for line in booking.logs}
    return Trigger.EVENT_CANCELLED in actions and not actions.isdisjoint((Trigger.CONFIRM, Trigger.CONFIRM_LATE))


def _require_unused(usages: UsageByTicket) -> None:
    """Raises TicketUsed or TicketTransferred if a ticket is checked in or held by another user."""
    if used := checked_in_tickets(usages):
        raise TicketUsed(used)
    if transferred := transferred_tickets(usages):
        raise TicketTransferred(transferred)
