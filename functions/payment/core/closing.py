"""Ending a payment that was not made: only the provider knows that it was not."""

from common import clock, log, store
from common.bus.booking import BookingOrdered
from common.consumer import Later
from common.store import ConditionFailed, Update
from payment.core import provider, refunds, repository, takings
from payment.core.model import Payment, State
from payment.core.provider import Declined, Money


class Overtaken(Exception):
    """The payment changed while it was being decided upon."""


def at_deadline(order: BookingOrdered) -> None:
    """The hold is over: the payment fails, unless the provider says that it was made.

    Raises Later before the deadline, which is the payment's own; NotOpenYet, Overtaken or
    Unreachable where the next try may know more. Time alone never fails a payment that was begun.
    """
    payment = repository.of_booking(order.booking_id)
    if payment is None and clock.now() < order.pay_before:
        raise Later(order.pay_before)  # the payment is being opened at this moment
    payment = payment or repository.existing(order.booking_id)
    if payment.status is not State.PENDING:
        return
    if clock.now() < payment.pay_before:
        raise Later(payment.pay_before)
    log.seconds("HoldLateness", (clock.now() - payment.pay_before).total_seconds())
    money = _close(payment)
    reason = "declined" if payment.declined_at else "expired"
    _settle(payment, money, repository.failure(payment, reason, actor="timer"))


def cancelled(booking_id: str, refund: int | None) -> None:
    """The booking is cancelled: nothing is due any more, and of what was paid so much goes back, or all."""
    payment = repository.existing(booking_id)
    if payment.status is State.PENDING:
        money = _close(payment)
        _settle(payment, money, repository.cancellation(payment))
    refunds.give_back(payment.id, refund)


def failed(booking_id: str, reason: str) -> None:
    """The booking failed. Where it answers for money that came, that goes back.

    Where it answers for our own failure, money that came since has its own answer on the way.
    """
    ours = reason in ("declined", "amount_mismatch")
    if not ours or repository.existing(booking_id).status is State.PENDING:
        cancelled(booking_id, None)


def _close(payment: Payment) -> Money | None:
    """Nothing can be paid from here on. Returns what was paid before."""
    if not payment.begun:
        return None
    try:
        checkout = payment.checkout or provider.current().open(payment)  # begun, and its reply lost
    except Declined:
        return None
    return provider.current().close(checkout.session_id).money


def _settle(payment: Payment, money: Money | None, otherwise: Update) -> None:
    if money:
        takings.take(payment, money)
        return
    try:
        store.write(otherwise)
    except ConditionFailed as failure:
        raise Overtaken(payment.id) from failure
    log.count("PaymentsClosed")
