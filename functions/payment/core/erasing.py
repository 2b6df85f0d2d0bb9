"""Money that moved stays on record, under the payer's id; what people wrote about it goes."""

from common.erasing import listed
from common.outbox import change
from common.store import Update
from payment.core import repository
from payment.core.model import Payment
from payment.core.refund import BOOKING, Refund


def forget(user_id: str) -> None:
    """Blank the organisers' words about each of the user's refunds."""
    for item in listed(repository.TABLE, user_id):
        repository.decide(item["id"], _blanked)


def _blanked(payment: Payment) -> Update | None:
    if not any(map(_said, payment.refunds)):
        return None
    rows = [one.model_copy(update={"reason": ""}) if _said(one) else one for one in payment.refunds]
    return change(
        repository.TABLE,
        repository.key(payment.id),
        trigger="erase",
        actor="user",
        sets={"refunds": [one.stored() for one in rows]},
        condition="#version = :seen",
        values={"seen": payment.version},
    )


def _said(refund: Refund) -> bool:
    return refund.by != BOOKING and bool(refund.reason)
