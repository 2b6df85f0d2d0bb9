"""Open, extend and close payments. A started payment is closed only after its checkout has ended at the provider."""

from datetime import datetime

from common import clock, ids, log, outbox, store
from common.bus.booking import BookingOrdered
from common.bus.payment import PaymentSucceeded
from common.consumer import RetryAt
from common.outbox import event_entry
from common.store import ConditionFailed, Update
from payment.core import refunds, repository, settlement
from payment.core.model import CapturedPayment, Payment, State
from payment.core.providers import registry
from payment.core.providers.port import ProviderRejected


class PaymentChanged(Exception):
    """The payment changed between being read and being written."""


def open_payment(order: BookingOrdered) -> None:
    """Open the payment of a booking, once. A free booking's payment succeeds immediately."""
    payment_id = ids.derive("payment", order.booking_id)
    now = clock.iso(clock.now())
    card_fields = {"status": State.PENDING, "method": "card"}
    free_fields = {"status": State.SUCCEEDED, "method": "free", "succeeded_at": now, "paid_at": now}
    fields = {
        "id": payment_id,
        "user_id": order.user_id,
        "booking_id": order.booking_id,
        "event_id": order.event_id,
        "items": [item.model_dump() for item in order.items],
        "prices": order.prices,
        "currency": order.currency,
        "pay_before": clock.iso(order.pay_before),
        "attempt": 0,
        "idempotency_key": f"{payment_id}:0",
        "refunded": 0,
        "refunds": [],
    }
    repository.create(
        fields | (card_fields if order.prices else free_fields), [] if order.prices else [event_entry(PaymentSucceeded)]
    )


def extend_deadline(booking_id: str, deadline: datetime) -> None:
    """Move a pending payment's deadline to a later one, never back. Raises PaymentNotOpenYet.

    The timer reads the deadline from the payment, and the provider's page is open for 24 hours, longer
    than any hold: neither needs an update. A payment that has ended stays ended.
    """

    def build_update(payment: Payment) -> Update | None:
        if payment.status is not State.PENDING or deadline <= payment.pay_before:
            return None
        return outbox.versioned_update(
            repository.TABLE,
            repository.key(payment.id),
            trigger="extend",
            actor="booking",
            sets={"pay_before": clock.iso(deadline)},
            condition="#version = :seen",
            values={"seen": payment.version},
        )

    repository.update_with_retry(repository.get_by_booking(booking_id).id, build_update)


def close_at_deadline(order: BookingOrdered) -> None:
    """Fail the payment at its own deadline, unless the provider reports that it was paid.

    Raises RetryAt before the deadline; PaymentNotOpenYet, PaymentChanged or ProviderUnreachable if a
    retry is needed. A started payment never fails without an answer of the provider.
    """
    payment = repository.find_by_booking(order.booking_id)
    if payment is None and clock.now() < order.pay_before:
        raise RetryAt(order.pay_before)  # BookingOrdered is still being processed
    payment = payment or repository.get_by_booking(order.booking_id)
    if payment.status is not State.PENDING:
        return
    if clock.now() < payment.pay_before:
        raise RetryAt(payment.pay_before)
    log.seconds("HoldLateness", (clock.now() - payment.pay_before).total_seconds())
    captured = _expire_checkout(payment)
    reason = "declined" if payment.declined_at else "expired"
    _record_capture_or_write(payment, captured, repository.fail(payment, reason, actor="timer"))


def on_cancelled(booking_id: str, refund_amount: int | None) -> None:
    """Close the payment of a cancelled booking and refund `refund_amount` minor units, or all if it is None."""
    payment = repository.get_by_booking(booking_id)
    if payment.status is State.PENDING:
        captured = _expire_checkout(payment)
        _record_capture_or_write(payment, captured, repository.cancel(payment))
    refunds.refund_booking(payment.id, refund_amount)


def on_failed(booking_id: str, reason: str) -> None:
    """Close and refund the payment of a failed booking, unless it failed because of our own PaymentFailed.

    After our own failure, booking answers a late payment with another event, which causes the refund.
    """
    is_own_failure = reason in ("declined", "amount_mismatch")
    if not is_own_failure or repository.get_by_booking(booking_id).status is State.PENDING:
        on_cancelled(booking_id, None)


def _expire_checkout(payment: Payment) -> CapturedPayment | None:
    """End the checkout: nothing can be paid afterwards. Returns what was paid before."""
    if not payment.has_open_attempt:
        return None
    try:
        checkout = payment.checkout or registry.get_provider().create_checkout(payment)  # its reply was lost
    except ProviderRejected:
        return None
    return registry.get_provider().expire_checkout(checkout.session_id).captured


def _record_capture_or_write(payment: Payment, captured: CapturedPayment | None, unpaid_update: Update) -> None:
    if captured:
        settlement.record_capture(payment, captured)
        return
    try:
        store.write(unpaid_update)
    except ConditionFailed as failure:
        raise PaymentChanged(payment.id) from failure
    log.count("PaymentsClosed")
