"""Idempotency keys of buyers: a key belongs to the request that it first came with."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from common import clock, ids, store
from common.store import ConditionFailed, Put
from payment.core.errors import KeyReused
from payment.core.schemas import PaymentRequest

_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Claim:
    """A buyer's key and the hash of its request."""

    id: str
    request_hash: str

    @classmethod
    def of(cls, user_id: str, request: PaymentRequest, key: str) -> Self:
        digest = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
        return cls(ids.derive("payment-claim", user_id, key), digest)

    @property
    def key(self) -> dict[str, str]:
        return {"pk": self.id, "sk": "claim"}


def made(claim: Claim) -> bool:
    """Whether the same request came with this key before. Raises KeyReused for another request."""
    before = store.get("payments", claim.key)
    if before and before["request_hash"] != claim.request_hash:
        raise KeyReused
    return before is not None


def make(claim: Claim) -> None:
    """The key belongs to this request now. Raises KeyReused if another was quicker."""
    expires = int((clock.now() + _KEPT).timestamp())
    item = claim.key | {"request_hash": claim.request_hash, "expires_at": expires}
    try:
        store.write(Put("payments", item, condition="attribute_not_exists(#pk)"))
    except ConditionFailed as failure:
        if (failure.old[0] or {}).get("request_hash") != claim.request_hash:
            raise KeyReused from None
