"""The organiser's refunds: bounded by what was paid and has not gone back, each once."""

from common import clock, log
from common.api import Caller
from common.idempotency import Claim
from common.store import Update
from payment.core import access, ledger, repository
from payment.core.errors import NotRefundable, RefundExceedsPayment, TooManyRefunds
from payment.core.model import Payment
from payment.core.refund import Refund
from payment.core.schemas import RefundRequest

MOST = 50  # refunds of one payment: they are kept in its item


def grant(caller: Caller, payment_id: str, wanted: RefundRequest, key: str | None) -> tuple[Refund, bool]:
    """Write down the refund. Returns it, and whether an earlier call with this key had."""
    by = access.actor(caller, payment_id)
    claim = Claim.of("refund", f"{caller.user_id}/{payment_id}", key, wanted)

    def decided(payment: Payment) -> Update | None:
        known = payment.refund(claim.id)
        if known:
            claim.repeats(known.model_dump())
            return None
        refund = Refund(
            id=claim.id,
            amount=_bounded(payment, wanted.amount),
            reason=wanted.reason,
            by=by,
            requested_at=clock.iso(clock.now()),
            request_hash=claim.request_hash,
        )
        return ledger.asked(payment, refund)

    payment = repository.decide(payment_id, decided)
    if payment:
        log.count("RefundsRequested")
    after = payment or access.organised(caller, payment_id)
    return next(one for one in after.refunds if one.id == claim.id), payment is None


def _bounded(payment: Payment, wanted: int | None) -> int:
    if payment.provider_payment is None:
        raise NotRefundable
    if not payment.left or (wanted or 0) > payment.left:
        raise RefundExceedsPayment(payment.left, payment.currency)
    if len(payment.refunds) >= MOST:
        raise TooManyRefunds
    return wanted or payment.left
