"""What is written of refunds: each is a row of its payment's item, so that one condition bounds them all.

Whatever is written here fails if the payment changed since it was read: no two refunds can be
decided upon the same rest of the money.
"""

from common import clock
from common.bus.payment import PaymentRefunded, PaymentRefundFailed, RefundRequested
from common.outbox import entry
from common.store import Update
from payment.core.model import Payment, State, Trigger
from payment.core.refund import FAILED, PENDING, SUCCEEDED, Refund, RefundStatus
from payment.core.repository import move


def asked(payment: Payment, refund: Refund) -> Update:
    """The money shall go back, and whoever asks the provider hears of it."""
    told = entry(RefundRequested, refund_id=refund.id, amount=refund.amount)
    return move(payment, Trigger.REFUND, refund.by, [told], _rows((*payment.refunds, refund)))


def sent(payment: Payment, refund: Refund | None) -> Update | None:
    """The provider has accepted to send the money back; None where that is known."""
    if refund is None or refund.status != PENDING:
        return None
    back = payment.refunded + refund.amount
    whole = Trigger.FINISH_REFUND if back == payment.prices else Trigger.PART_REFUND
    trigger = Trigger.FINISH_ONE if _others(payment, refund) else whole
    told = entry(PaymentRefunded, amount=refund.amount)
    return move(payment, trigger, "provider", [told], {"refunded": back} | _ended(payment, refund, SUCCEEDED))


def refused(payment: Payment, refund: Refund | None) -> Update | None:
    """The provider will not send the money back, whatever it said before; None where that is known."""
    if refund is None or refund.status == FAILED:
        return None
    back = payment.refunded - (refund.amount if refund.status == SUCCEEDED else 0)
    trigger = Trigger.FAIL_ONE if _others(payment, refund) else Trigger.FAIL_REFUND
    told = entry(PaymentRefundFailed, amount=refund.amount)
    return move(payment, trigger, "provider", [told], {"refunded": back} | _ended(payment, refund, FAILED))


def returned(payment: Payment) -> Update | None:
    """Nothing was paid, so nothing is left to send: two steps, for no state is skipped."""
    step = {State.SUCCEEDED: Trigger.REFUND, State.REFUNDING: Trigger.FINISH_REFUND}.get(payment.status)
    return move(payment, step, "booking") if step else None


def _others(payment: Payment, refund: Refund) -> bool:
    return any(one.status == PENDING for one in payment.refunds if one.id != refund.id)


def _ended(payment: Payment, refund: Refund, status: RefundStatus) -> dict[str, object]:
    now = clock.iso(clock.now())
    accepted = {"accepted_at": now} if status == SUCCEEDED else {}
    ended = refund.model_copy(update={"status": status, "ended_at": now} | accepted)
    return _rows(tuple(ended if one.id == refund.id else one for one in payment.refunds))


def _rows(refunds: tuple[Refund, ...]) -> dict[str, object]:
    return {"refunds": [one.stored() for one in refunds]}
