"""Refunds: stored in the payment first, then sent to the provider under one idempotency key.

A request only adds a pending refund; the consumer of RefundRequested sends it. So neither a crash nor an
outage loses a refund: the queue tries again.
"""

from common import clock, ids, log
from common.api import Caller
from common.bus.payment import PaymentRefunded, PaymentRefundFailed, RefundRequested
from common.idempotency import IdempotentRequest
from common.outbox import event_entry
from common.store import Update
from payment.core import access, repository
from payment.core.errors import NothingToRefund, RefundExceedsPayment, TooManyRefunds
from payment.core.model import (
    BOOKING_ACTOR,
    REFUND_FAILED,
    REFUND_PENDING,
    REFUND_SUCCEEDED,
    CapturedPayment,
    Payment,
    Refund,
    RefundStatus,
    State,
    Trigger,
)
from payment.core.providers import registry
from payment.core.providers.port import KEY_LIFETIME, ProviderRejected
from payment.core.schemas import RefundRequest

MAX_REFUNDS = 50  # of one payment: they are stored in its item
_UNAPPLIED = ":unapplied:"  # in the idempotency key of a refund that is no row of the payment
_BOOKING_ENDED = "booking_ended"  # one reason for all endings: their messages may arrive in any order


def request_refund(
    caller: Caller, payment_id: str, request: RefundRequest, idempotency_key: str | None
) -> tuple[Refund, bool]:
    """Add a pending refund. Returns it, and whether an earlier request with this key added it.

    Raises the errors of REFUND_ERRORS.
    """
    actor = access.audit_name(caller, payment_id)
    idempotent_request = IdempotentRequest.from_key(
        "refund", f"{caller.user_id}/{payment_id}", idempotency_key, request
    )

    def build_update(payment: Payment) -> Update | None:
        existing = payment.find_refund(idempotent_request.id)
        if existing:
            idempotent_request.is_replay_of(existing.model_dump())
            return None
        refund = Refund(
            id=idempotent_request.id,
            amount=_validated_amount(payment, request.amount),
            reason=request.reason,
            by=actor,
            requested_at=clock.iso(clock.now()),
            request_hash=idempotent_request.request_hash,
        )
        return add_refund(payment, refund)

    payment = repository.update_with_retry(payment_id, build_update)
    if payment:
        log.count("RefundsRequested")
    current = payment or access.get_managed(caller, payment_id)
    return next(refund for refund in current.refunds if refund.id == idempotent_request.id), payment is None


def _validated_amount(payment: Payment, requested_amount: int | None) -> int:
    if payment.provider_payment is None:
        raise NothingToRefund
    if not payment.refundable or (requested_amount or 0) > payment.refundable:
        raise RefundExceedsPayment(payment.refundable, payment.currency)
    if len(payment.refunds) >= MAX_REFUNDS:
        raise TooManyRefunds
    return requested_amount or payment.refundable


def refund_booking(payment_id: str, max_amount: int | None) -> None:
    """Request the refund of an ended booking: `max_amount` minor units, or all that is refundable if it is None.

    Refunds by the organiser do not count towards `max_amount`, but the total never exceeds the payment.
    A redelivery requests nothing more, unless the provider rejected the earlier refund.
    """

    def build_update(payment: Payment) -> Update | None:
        if not payment.prices:
            return close_free_payment(payment)
        refund = _booking_refund(payment, payment.prices if max_amount is None else max_amount)
        return add_refund(payment, refund) if refund else None

    payment = repository.update_with_retry(payment_id, build_update)
    if payment and not payment.prices:
        repository.update_with_retry(payment_id, build_update)


def _booking_refund(payment: Payment, amount: int) -> Refund | None:
    booking_refunds = [refund for refund in payment.refunds if refund.by == BOOKING_ACTOR]
    already_refunded = sum(refund.amount for refund in booking_refunds if refund.status != REFUND_FAILED)
    remaining = min(amount - already_refunded, payment.refundable)
    if remaining <= 0:
        return None
    refund_id = ids.derive("refund", payment.id, BOOKING_ACTOR, len(booking_refunds) + 1)
    return Refund(
        id=refund_id, amount=remaining, reason=_BOOKING_ENDED, by=BOOKING_ACTOR, requested_at=clock.iso(clock.now())
    )


def send_refund(payment_id: str, refund_id: str) -> None:
    """Send a pending refund to the provider and store the outcome. Raises ProviderUnreachable."""
    payment = repository.find(payment_id)
    refund = payment.find_refund(refund_id) if payment else None
    if not payment or not refund or refund.status != REFUND_PENDING:
        return  # settled or failed before
    captured = CapturedPayment(str(payment.provider_payment), refund.amount, payment.currency)
    try:
        if not _already_sent(refund, captured, payment.refund_key(refund)):
            registry.get_provider().refund(captured, payment.refund_key(refund), payment)
    except ProviderRejected:
        if repository.update_with_retry(payment_id, lambda now: fail_refund(now, now.find_refund(refund_id))):
            report_failure(payment, payment.refund_key(refund))
        return
    if repository.update_with_retry(payment_id, lambda now: settle_refund(now, now.find_refund(refund_id))):
        log.count("PaymentsRefunded")


def _already_sent(refund: Refund, captured: CapturedPayment, key: str) -> bool:
    # A message may be redriven after days, when the provider has forgotten the key.
    if clock.now() - clock.parse(refund.requested_at) < KEY_LIFETIME:
        return False
    return registry.get_provider().has_refunded(captured, key)


def refund_unapplied(payment_id: str, captured: CapturedPayment) -> None:
    """Refund money that pays for nothing: a wrong amount, or a second payment. Safe to repeat.

    Raises ProviderUnreachable.
    """
    payment = repository.find(payment_id)
    if payment is None or payment.provider_payment == captured.provider_payment:
        return
    if not captured.covers(payment):
        log.count("ProviderAmountMismatch")
    log.logger.error("unapplied money", extra={"payment_id": payment.id, "provider_payment": captured.provider_payment})
    try:
        registry.get_provider().refund(captured, unapplied_refund_key(payment, captured), payment)
    except ProviderRejected:
        log.count("RefundsFailed")
        log.logger.exception("unapplied money not refunded", extra={"payment_id": payment.id})


def unapplied_refund_key(payment: Payment, captured: CapturedPayment) -> str:
    """The idempotency key of the refund of money that pays for nothing."""
    return f"{payment.id}{_UNAPPLIED}{captured.provider_payment}"


def is_unapplied_refund_key(refund_key: str) -> bool:
    """Whether the key is of a refund of unapplied money: the payment has no row for it."""
    return _UNAPPLIED in refund_key


def report_failure(payment: Payment, refund_key: str) -> None:
    """Count and log a refund that failed permanently: it raises an alarm."""
    log.count("RefundsFailed")
    log.logger.error("refund failed", extra={"payment_id": payment.id, "refund_key": refund_key})


def add_refund(payment: Payment, refund: Refund) -> Update:
    """Add a pending refund and publish RefundRequested."""
    event = event_entry(RefundRequested, refund_id=refund.id, amount=refund.amount)
    return repository.transition(
        payment, Trigger.REFUND, refund.by, [event], _refunds_attribute((*payment.refunds, refund))
    )


def settle_refund(payment: Payment, refund: Refund | None) -> Update | None:
    """The provider has accepted the refund. None if it is not pending."""
    if refund is None or refund.status != REFUND_PENDING:
        return None
    refunded = payment.refunded + refund.amount
    last_pending_trigger = Trigger.FINISH_REFUND if refunded == payment.prices else Trigger.PART_REFUND
    trigger = Trigger.REFUND_SETTLED if _has_other_pending(payment, refund) else last_pending_trigger
    event = event_entry(PaymentRefunded, amount=refund.amount)
    return repository.transition(
        payment, trigger, "provider", [event], {"refunded": refunded} | _with_status(payment, refund, REFUND_SUCCEEDED)
    )


def fail_refund(payment: Payment, refund: Refund | None) -> Update | None:
    """The provider has rejected the refund, or it failed after it was accepted. None if it has failed before."""
    if refund is None or refund.status == REFUND_FAILED:
        return None
    refunded = payment.refunded - (refund.amount if refund.status == REFUND_SUCCEEDED else 0)
    trigger = Trigger.REFUND_FAILED_WHILE_OTHERS_PENDING if _has_other_pending(payment, refund) else Trigger.FAIL_REFUND
    event = event_entry(PaymentRefundFailed, amount=refund.amount)
    return repository.transition(
        payment, trigger, "provider", [event], {"refunded": refunded} | _with_status(payment, refund, REFUND_FAILED)
    )


def close_free_payment(payment: Payment) -> Update | None:
    """The next of two transitions that end a free payment: SUCCEEDED, REFUNDING, REFUNDED. None after the last."""
    trigger = {State.SUCCEEDED: Trigger.REFUND, State.REFUNDING: Trigger.FINISH_REFUND}.get(payment.status)
    return repository.transition(payment, trigger, "booking") if trigger else None


def _has_other_pending(payment: Payment, refund: Refund) -> bool:
    return any(other.status == REFUND_PENDING for other in payment.refunds if other.id != refund.id)


def _with_status(payment: Payment, refund: Refund, status: RefundStatus) -> dict[str, object]:
    now = clock.iso(clock.now())
    accepted = {"accepted_at": now} if status == REFUND_SUCCEEDED else {}
    ended = refund.model_copy(update={"status": status, "ended_at": now} | accepted)
    return _refunds_attribute(tuple(ended if other.id == refund.id else other for other in payment.refunds))


def _refunds_attribute(refunds: tuple[Refund, ...]) -> dict[str, object]:
    return {"refunds": [refund.to_item() for refund in refunds]}
