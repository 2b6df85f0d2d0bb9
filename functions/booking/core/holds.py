"""Use cases of a hold: place it, extend it, confirm it by a payment, also a late one. `release` ends bookings."""

import hashlib
from datetime import datetime

from booking.core import event_copy, inventory, repository
from booking.core.errors import AlreadyExtended, HoldAtMaximum, HoldExpired, NotExtendable
from booking.core.model import Booking, State, Trigger
from booking.core.schemas import BookingRequest
from common import clock, log
from common.bus.booking import BookingConfirmed, BookingExtended, BookingFailed, BookingOrdered
from common.idempotency import IdempotentRequest
from common.outbox import event_entry
from common.problems import DomainError
from common.store import ConditionFailed

_MAX_KEY_LENGTH = 40  # longer keys are stored hashed, so that the item fits one write unit


def place_hold(user_id: str, request: BookingRequest, idempotency_key: str | None) -> tuple[Booking, bool]:
    """Hold every requested place or none. Returns the booking, and whether it is a replay of an earlier request.

    A replay returns the earlier booking even where a new order would be refused now. Raises ORDER_ERRORS.
    """
    idempotency, now = IdempotentRequest.from_key("booking", user_id, idempotency_key, request), clock.now()
    try:
        terms = event_copy.get_terms(request.event_id)
        quantities = terms.validate_order(request.requested_quantities(), now)
        booking = Booking.new(
            user_id, terms, quantities, idempotency=idempotency, idempotency_key=_stored_key(idempotency_key), now=now
        )
        hold = repository.create_hold(booking, terms, [event_entry(BookingOrdered)])
    except DomainError:
        earlier = repository.find(idempotency.id) if idempotency.has_key else None
        if earlier is None or not idempotency.is_replay_of(earlier.model_dump()):
            raise
        return earlier, True
    log.count("PlacesHeld", booking.quantity)
    return hold, False


def extend(booking_id: str, user_id: str) -> Booking:
    """Extend the hold once, within its limits. Raises AlreadyExtended, HoldExpired, NotExtendable or HoldAtMaximum."""
    booking = repository.get_owned(booking_id, user_id)
    deadline = booking.extended_deadline(event_copy.get_terms(booking.event_id))
    while True:
        _require_extendable(booking, deadline)
        try:
            return repository.extend(booking, clock.iso(deadline), [event_entry(BookingExtended)])
        except ConditionFailed:
            previous, booking = booking, repository.get_owned(booking_id, user_id)
            if previous.version == booking.version:
                raise


def _require_extendable(booking: Booking, deadline: datetime) -> None:
    if booking.was_extended:
        raise AlreadyExtended(pay_before=clock.iso(booking.pay_before))
    if booking.status is State.EXPIRED or (booking.status is State.PENDING and clock.now() >= booking.pay_before):
        raise HoldExpired
    if booking.status is not State.PENDING:
        raise NotExtendable(booking_status=booking.status)
    if deadline <= booking.pay_before:
        raise HoldAtMaximum(pay_before=clock.iso(booking.pay_before))


def confirm(booking_id: str, payment_id: str) -> None:
    """Apply a successful payment: confirm the booking, or reject the payment so that it is refunded."""
    booking = repository.get(booking_id)
    if booking.payment_id == payment_id:
        return  # already applied
    if booking.status is State.PENDING:
        try:
            repository.answer_payment(booking, Trigger.CONFIRM, [event_entry(BookingConfirmed)], payment_id=payment_id)
            log.count("BookingsConfirmed")
            return
        except ConditionFailed:
            booking = repository.get(booking_id)  # ended or answered concurrently
    if booking.payment_id is None:
        _confirm_late(booking, payment_id)


def _confirm_late(booking: Booking, payment_id: str) -> None:
    """The hold has ended: reacquire its places if possible, else reject the payment."""
    reason = _reacquire_or_reason(booking, payment_id)
    if reason is None:
        log.count("BookingsConfirmedLate")
        return
    failed_events = [event_entry(BookingFailed, reason=reason)]
    repository.answer_payment(booking, Trigger.REJECT_LATE_PAYMENT, failed_events, payment_id=payment_id)
    log.count("LatePaymentsRejected")


def _reacquire_or_reason(booking: Booking, payment_id: str) -> str | None:
    """None if the booking is confirmed, else the reason of its BookingFailed."""
    terms = event_copy.get_terms(booking.event_id)
    if booking.status is State.CANCELLED or 0 < booking.prices <= booking.refunded:
        return "cancelled"
    if not terms.is_published or terms.has_ended(clock.now()):
        return "sale_closed"
    try:
        repository.reacquire_places(booking, terms, [event_entry(BookingConfirmed)], payment_id=payment_id)
    except ConditionFailed as failure:
        if 0 in failure.failed_indexes or inventory.has_stale_terms(failure, terms, first=2):
            raise  # another payment event won, or the terms are changing: the retry reads again
        return "limit_reached" if 1 in failure.failed_indexes else "no_room"
    return None


def _stored_key(key: str | None) -> str | None:
    return hashlib.sha256(key.encode()).hexdigest()[:_MAX_KEY_LENGTH] if key and len(key) > _MAX_KEY_LENGTH else key
