"""Sync a payment with the provider: find captures and failed refunds that no webhook reported."""

from collections.abc import Callable, Iterator

from common import clock, log
from common.retries import Contention
from common.rpc.payment import SyncPaymentResponse
from common.store import ConditionFailed
from payment.core import refunds, repository, settlement
from payment.core.model import REFUND_SUCCEEDED, CapturedPayment, Payment
from payment.core.providers import registry
from payment.core.providers.port import KEY_LIFETIME, ProviderRejected, ProviderUnreachable


def sync_payment(payment_id: str) -> SyncPaymentResponse:
    """Apply what the provider knows of the payment. A repetition changes nothing more."""
    payment = repository.find(payment_id)
    if payment is None or not payment.attempt:
        return SyncPaymentResponse(updated=False)
    # Without an answer about checkouts, refunds are still synced.
    results = [_run(payment, sync) for sync in (_sync_checkouts, _sync_refunds)]
    if any(results):
        log.count("PaymentsCorrected")
    return SyncPaymentResponse(updated=any(results), complete=None not in results)


def _run(payment: Payment, sync: Callable[[Payment], bool]) -> bool | None:
    """Whether anything was updated; None if the provider gave no answer."""
    try:
        return sync(payment)
    except (ProviderUnreachable, ProviderRejected, ConditionFailed, Contention):
        log.logger.warning("provider sync failed", exc_info=True, extra={"payment_id": payment.id})
        return None


def _sync_checkouts(payment: Payment) -> bool:
    """Whether an unreported capture was found."""
    results = [_sync_session(payment, session_id) for session_id in _session_ids(payment)]
    return any(results)


def _session_ids(payment: Payment) -> Iterator[str]:
    """All sessions of the payment: the latest is stored, earlier ones are found by their attempts' keys."""
    if payment.checkout:
        yield payment.checkout.session_id
    if clock.now() - payment.created_at > KEY_LIFETIME:
        return
    end_attempt = payment.attempt if payment.checkout else payment.attempt + 1
    for attempt in range(1, end_attempt):
        earlier_attempt = payment.model_copy(update={"idempotency_key": f"{payment.id}:{attempt}"})
        yield registry.get_provider().create_checkout(earlier_attempt).session_id


def _sync_session(payment: Payment, session_id: str) -> bool:
    outcome = registry.get_provider().get_checkout(session_id)
    captured = outcome.captured if outcome else None
    current = repository.find(payment.id)
    if (
        captured is None
        or current is None
        or current.provider_payment == captured.provider_payment
        or _was_refunded(current, captured)
    ):
        return False
    settlement.record_capture(current, captured)
    if captured.covers(current):
        refunds.refund_unapplied(current.id, captured)
    return True


def _was_refunded(payment: Payment, captured: CapturedPayment) -> bool:
    return registry.get_provider().has_refunded(captured, refunds.unapplied_refund_key(payment, captured))


def _sync_refunds(payment: Payment) -> bool:
    """Whether a succeeded refund was found to have failed, which is stored now."""
    any_failed = False
    for refund in payment.refunds:
        captured = CapturedPayment(str(payment.provider_payment), refund.amount, payment.currency)
        if refund.status != REFUND_SUCCEEDED or not registry.get_provider().refund_failed(
            captured, payment.refund_key(refund)
        ):
            continue
        if _mark_failed(payment.id, refund.id):
            refunds.report_failure(payment, payment.refund_key(refund))
            any_failed = True
    return any_failed


def _mark_failed(payment_id: str, refund_id: str) -> bool:
    return (
        repository.update_with_retry(payment_id, lambda now: refunds.fail_refund(now, now.find_refund(refund_id)))
        is not None
    )
