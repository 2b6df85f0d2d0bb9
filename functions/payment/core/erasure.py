"""Erase a user: payments stay on record under the user id, refund reasons that people wrote are blanked."""

from common.erasure import items_of_user
from common.outbox import versioned_update
from common.store import Update
from payment.core import repository
from payment.core.model import BOOKING_ACTOR, Payment, Refund


def erase_user_data(user_id: str) -> None:
    """Blank the reasons that organisers gave for the user's refunds."""
    for item in items_of_user(repository.TABLE, user_id):
        repository.update_with_retry(item["id"], _redaction)


def _redaction(payment: Payment) -> Update | None:
    if not any(map(_has_personal_reason, payment.refunds)):
        return None
    refunds = [
        refund.model_copy(update={"reason": ""}) if _has_personal_reason(refund) else refund
        for refund in payment.refunds
    ]
    return versioned_update(
        repository.TABLE,
        repository.key(payment.id),
        trigger="erase",
        actor="user",
        sets={"refunds": [refund.to_item() for refund in refunds]},
        condition="#version = :seen",
        values={"seen": payment.version},
    )


def _has_personal_reason(refund: Refund) -> bool:
    return refund.by != BOOKING_ACTOR and bool(refund.reason)
