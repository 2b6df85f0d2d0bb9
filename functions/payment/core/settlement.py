"""Captured money: it pays for the payment, or fails it and is refunded."""

from common import log, store
from common.store import Update
from payment.core import refunds, repository
from payment.core.model import LIFECYCLE, CapturedPayment, Payment, State, Trigger


def record_capture(payment: Payment, captured: CapturedPayment) -> None:
    """Apply captured money that the provider reported on request; a wrong amount is refunded.

    Raises ConditionFailed if the payment has changed meanwhile, and ProviderUnreachable.
    """
    if not captured.covers(payment):
        # Before the state is written: after a crash in between this runs again, with the same key at the provider.
        refunds.refund_unapplied(payment.id, captured)
    update = capture_update(payment, captured)
    if update:
        store.write(update)
        count_capture(payment, captured)


def capture_update(payment: Payment, captured: CapturedPayment) -> Update | None:
    """The update that this money causes; None if it changes nothing."""
    if not LIFECYCLE.allows(payment.status, Trigger.SUCCEED):
        return None
    if captured.covers(payment):
        return repository.succeed(payment, captured)
    if payment.status is State.PENDING:
        return repository.fail(payment, "amount_mismatch", actor="provider")
    return None


def count_capture(before: Payment, captured: CapturedPayment) -> None:
    """Count a capture of the amount due; `before` is the payment before the capture."""
    if captured.covers(before):
        log.count("PaymentsReceived" if before.status is State.PENDING else "PaymentsReceivedLate")
