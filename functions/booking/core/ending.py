"""How a booking ends: by its buyer, by its payment, by its tickets, by time. Places and limit go back once."""

from datetime import timedelta
from typing import Any

from booking.core import catalogue, repository, uses
from booking.core.errors import NotCancellable, NotRefundable
from booking.core.model import LIFECYCLE, Booking, State, Trigger
from common import clock, env, log, store
from common.bus.booking import BookingCancelled, BookingExpired, BookingFailed
from common.bus.payment import PaymentRefunded, PaymentRefundFailed
from common.consumer import Later
from common.outbox import entry
from common.store import ConditionFailed, Update

_SAME_SUM = (
    "(attribute_not_exists(#refunded) OR #refunded = :before)"
    " AND (attribute_not_exists(#refunded_as_of) OR #refunded_as_of = :known)"
)


class NotAnswered(Exception):
    """The booking has not heard yet how its payment ended; the message comes again."""


def cancel(booking_id: str, user_id: str) -> Booking:
    """Give the places back: freely before they are paid, by the event's terms after; once, with one answer."""
    booking = repository.owned(booking_id, user_id)
    while booking.status is not State.CANCELLED:
        try:
            _cancel(booking)
        except ConditionFailed:
            before, booking = booking, repository.owned(booking_id, user_id)
            if before == booking:
                raise
        else:
            log.count("BookingsCancelled")
            return repository.owned(booking_id, user_id)
    return booking


def _cancel(booking: Booking) -> None:
    if booking.status is State.PENDING:
        repository.release(booking, Trigger.CANCEL, [entry(BookingCancelled, reason="buyer")], actor="buyer")
    elif booking.status is State.CONFIRMED:
        refund = _promised(booking)
        told = entry(BookingCancelled, reason="buyer")
        repository.release(booking, Trigger.WITHDRAW, [told], actor="buyer", sets={"refund": refund})
    else:
        raise NotCancellable(booking_status=booking.status)


def _promised(booking: Booking) -> int:
    """What goes back to the buyer who cancels now; never more than has not gone back before."""
    terms = catalogue.terms(booking.event_id)
    if terms.status == "CANCELLED":
        return booking.prices - booking.refunded
    refund = terms.refund(booking.prices, clock.now())
    if refund is None:
        raise NotRefundable(terms.refund_percent, terms.starts_at - timedelta(hours=terms.refund_hours))
    uses.unused(booking.uses)
    return min(refund, booking.prices - booking.refunded)


def end(booking_id: str, trigger: Trigger, publish: dict[str, Any], *, actor: str) -> None:
    """End a booking that is not to be: places and limit go back, once. Ended before: nothing to do.

    Raises ConditionFailed if it changed meanwhile; the next try sees how.
    """
    booking = repository.existing(booking_id)
    if not LIFECYCLE.allows(booking.status, trigger):
        return
    repository.release(booking, trigger, [publish], actor=actor)
    if booking.status is State.PENDING:
        log.seconds("HoldLateness", max(0.0, (clock.now() - booking.pay_before).total_seconds()))
    log.count("BookingsEnded")


def unpaid(booking_id: str, reason: str) -> None:
    """Payment has ended without money."""
    if reason == "expired":
        end(booking_id, Trigger.EXPIRE, entry(BookingExpired), actor="payment")
    else:
        end(booking_id, Trigger.FAIL, entry(BookingFailed, reason=reason), actor="payment")


def revoke(booking_id: str) -> None:
    """The tickets cannot be made."""
    end(booking_id, Trigger.REVOKE, entry(BookingCancelled, reason="ticket_rejected"), actor="ticket")


def expire(booking_id: str) -> None:
    """End an overdue hold. Raises Later before its time: the deadline is the item's own."""
    booking = repository.existing(booking_id)
    due = booking.pay_before + timedelta(seconds=int(env.setting("HOLD_BACKSTOP_SECONDS")))
    if booking.status is State.PENDING and clock.now() < due:
        raise Later(due)
    end(booking_id, Trigger.EXPIRE, entry(BookingExpired), actor="backstop")


def refunded(payment: PaymentRefunded | PaymentRefundFailed) -> None:
    """Keep the sum that has gone back, as the newest word has it; with all of it the places go back, too."""
    if not payment.amount:
        return  # a free booking's
    booking = repository.existing(payment.booking_id)
    if booking.status is State.PENDING:
        raise NotAnswered(booking.id)
    sums, as_of = _newest(booking, payment), max(booking.refunded_as_of, payment.version)
    if booking.status is State.CONFIRMED and sums >= booking.prices:
        # Owed is all of it: what the provider sent and could not deliver goes back once more when this is told again.
        told = entry(BookingCancelled, reason="refunded")
        sets, beside = {"refunded": sums, "refunded_as_of": as_of}, _summed(booking, sums)
        repository.release(booking, Trigger.REFUND, [told], actor="payment", sets=sets, beside=beside)
    elif (sums, as_of) != (booking.refunded, booking.refunded_as_of):
        kept = Update(
            repository.TABLE,
            repository.key(booking.id),
            "SET #refunded = :sums, #refunded_as_of = :as_of",
            condition=_SAME_SUM,
            values={"sums": sums, "as_of": as_of, "before": booking.refunded, "known": booking.refunded_as_of},
        )
        store.transact([kept, *_summed(booking, sums)])


def _newest(booking: Booking, payment: PaymentRefunded | PaymentRefundFailed) -> int:
    if not payment.version:
        return max(booking.refunded, payment.refunded)  # told before sums had versions, and could not fall
    return payment.refunded if payment.version > booking.refunded_as_of else booking.refunded


def _summed(booking: Booking, sums: int) -> list[Update]:
    """The event's own sum, for its organiser; and how much of what its cancellation owes has gone back."""
    expression, more = f"ADD #refunded_{booking.currency} :more", {"more": sums - booking.refunded}
    items = ("sales", "cancellation") if _called_off(booking) else ("sales",)
    return [Update(repository.TABLE, {"pk": booking.event_id, "sk": one}, expression, values=more) for one in items]


def _called_off(booking: Booking) -> bool:
    """Whether it was confirmed until its event was cancelled."""
    did = {line["did"] for line in booking.logs}
    return Trigger.CALL_OFF in did and not did.isdisjoint((Trigger.CONFIRM, Trigger.CONFIRM_LATE))
