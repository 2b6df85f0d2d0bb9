"""Idempotency keys of buyers: remembered by themselves, for a payment is there before its first start."""

from datetime import timedelta

from common import clock, store
from common.idempotency import Claim, KeyReused
from common.store import ConditionFailed, Put
from payment.core.schemas import PaymentRequest

_KEPT = timedelta(days=30)


def of(user_id: str, request: PaymentRequest, key: str) -> Claim:
    """The claim of the buyer's key on this request."""
    return Claim.of("payment-claim", user_id, key, request)


def made(claim: Claim) -> bool:
    """Whether the same request came with this key before. Raises KeyReused for another request."""
    return claim.repeats(store.get("payments", _key(claim)))


def make(claim: Claim) -> None:
    """The key belongs to this request now. Raises KeyReused if another was quicker."""
    expires = int((clock.now() + _KEPT).timestamp())
    item = _key(claim) | {"request_hash": claim.request_hash, "expires_at": expires}
    try:
        store.write(Put("payments", item, condition="attribute_not_exists(#pk)"))
    except ConditionFailed as failure:
        if not claim.repeats(failure.old[0]):
            raise KeyReused from None


def _key(claim: Claim) -> dict[str, str]:
    return {"pk": claim.id, "sk": "claim"}
