"""What can be done with a booking, by its buyer and by what becomes of its payment."""

import hashlib
from datetime import timedelta
from typing import Any

from booking.core import catalogue, repository, stock
from booking.core.errors import NotCancellable
from booking.core.model import LIFECYCLE, Booking, State, Trigger
from booking.core.schemas import BookingRequest
from common import clock, env, log
from common.bus.booking import BookingCancelled, BookingConfirmed, BookingExpired, BookingFailed, BookingOrdered
from common.consumer import Later
from common.idempotency import Claim
from common.outbox import entry
from common.problems import DomainError
from common.store import ConditionFailed

_SHORT_KEY = 64  # longer keys are kept hashed: the item stays below one write unit


def order(user_id: str, request: BookingRequest, key: str | None) -> tuple[Booking, bool]:
    """Hold every requested place or none. Returns the booking, and whether it had been made before.

    Before any refusal an equal order is looked for: whoever repeats a request gets its answer.
    """
    claim, now = Claim.of("booking", user_id, key, request), clock.now()
    try:
        terms = catalogue.terms(request.event_id)
        wanted = terms.chosen(request.wanted(), now)
        booking = Booking.order(user_id, terms, wanted, claim=claim, key=_short(key), now=now)
        held = repository.hold(booking, terms, [entry(BookingOrdered)])
    except DomainError:
        before = repository.find(claim.id) if claim.keyed else None
        if before is None or not claim.repeats(before.model_dump()):
            raise
        return before, True
    log.count("PlacesHeld", booking.quantity)
    return held, False


def cancel(booking_id: str, user_id: str) -> Booking:
    """Give the places back before they are paid; once cancelled, the answer stays the same."""
    booking = repository.owned(booking_id, user_id)
    if booking.status is State.CANCELLED:
        return booking
    try:
        repository.release(booking, Trigger.CANCEL, [entry(BookingCancelled, reason="buyer")], actor="buyer")
    except ConditionFailed:
        after = repository.owned(booking_id, user_id)
        if after.status is State.CANCELLED:
            return after
        raise NotCancellable(booking_status=after.status) from None
    return repository.owned(booking_id, user_id)


def confirm(booking_id: str, payment_id: str) -> None:
    """Answer for money that came: the places are the buyer's, or it goes back."""
    booking = repository.existing(booking_id)
    if booking.payment_id == payment_id:
        return  # answered before
    if booking.status is State.PENDING:
        try:
            repository.settle(booking, Trigger.CONFIRM, [entry(BookingConfirmed)], payment_id=payment_id)
            log.count("BookingsConfirmed")
            return
        except ConditionFailed:
            booking = repository.existing(booking_id)  # the hold ended, or was answered, meanwhile
    if booking.payment_id is None:
        _confirm_late(booking, payment_id)


def _confirm_late(booking: Booking, payment_id: str) -> None:
    """The hold was over: retake the places if there is room, else have the money sent back."""
    reason = _late(booking, payment_id)
    if reason is None:
        log.count("BookingsConfirmedLate")
        return
    refused = [entry(BookingFailed, reason=reason)]
    repository.settle(booking, Trigger.REFUSE, refused, payment_id=payment_id)
    log.count("LatePaymentsRefused")


def _late(booking: Booking, payment_id: str) -> str | None:
    terms = catalogue.terms(booking.event_id)
    if booking.status is State.CANCELLED:
        return "cancelled"
    if not terms.open or terms.over(clock.now()):
        return "sale_closed"
    try:
        repository.retake(booking, terms, [entry(BookingConfirmed)], payment_id=payment_id)
    except ConditionFailed as failure:
        if 0 in failure.failed or stock.stale(failure, terms, first=2):
            raise  # another payment event won, or the terms are changing: the next try sees which
        return "limit_reached" if 1 in failure.failed else "no_room"
    return None


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


def _short(key: str | None) -> str | None:
    return hashlib.sha256(key.encode()).hexdigest() if key and len(key) > _SHORT_KEY else key
