"""How a booking comes about: held, held longer, paid for. How it ends: ending.py."""

import hashlib
from datetime import datetime

from booking.core import catalogue, repository, stock
from booking.core.errors import AlreadyExtended, HoldAtItsLongest, HoldOver, NotExtendable
from booking.core.model import Booking, State, Trigger
from booking.core.schemas import BookingRequest
from common import clock, log
from common.bus.booking import BookingConfirmed, BookingExtended, BookingFailed, BookingOrdered
from common.idempotency import Claim
from common.outbox import entry
from common.problems import DomainError
from common.store import ConditionFailed

_SHORT_KEY = 40  # longer keys are kept hashed: the item stays below one write unit


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


def extend(booking_id: str, user_id: str) -> Booking:
    """Hold the places longer: once, and within every cap."""
    booking = repository.owned(booking_id, user_id)
    longest = booking.longest(catalogue.terms(booking.event_id))
    while True:
        _may_extend(booking, longest)
        try:
            return repository.extend(booking, clock.iso(longest), [entry(BookingExtended)])
        except ConditionFailed:
            before, booking = booking, repository.owned(booking_id, user_id)
            if before.version == booking.version:
                raise


def _may_extend(booking: Booking, longest: datetime) -> None:
    if booking.extended:
        raise AlreadyExtended(pay_before=clock.iso(booking.pay_before))
    if booking.status is State.EXPIRED or (booking.status is State.PENDING and clock.now() >= booking.pay_before):
        raise HoldOver
    if booking.status is not State.PENDING:
        raise NotExtendable(booking_status=booking.status)
    if longest <= booking.pay_before:
        raise HoldAtItsLongest(pay_before=clock.iso(booking.pay_before))


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
    if booking.status is State.CANCELLED or 0 < booking.prices <= booking.refunded:
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


def _short(key: str | None) -> str | None:
    return hashlib.sha256(key.encode()).hexdigest()[:_SHORT_KEY] if key and len(key) > _SHORT_KEY else key
