"""Idempotency keys: a client's key belongs to the request that it first came with."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel

from common import ids
from common.problems import Invalid


class KeyReused(Invalid):
    """The Idempotency-Key was used for another request."""


@dataclass(frozen=True)
class Claim:
    """The id that a request's result has, and the fingerprint that tells its repetition.

    Equal kind, owner and key give the same id, so that a repetition finds what the first request made.
    Without a key every request is a new one.
    """

    id: str
    request_hash: str
    keyed: bool

    @classmethod
    def of(cls, kind: str, owner: str, key: str | None, request: BaseModel) -> Self:
        """The claim of `owner`'s key on a result of this kind."""
        # Fields that were not sent do not count: a default that a later version adds changes no fingerprint.
        sent = request.model_dump_json(exclude_unset=True).encode()
        fingerprint = hashlib.sha256(sent).hexdigest()[:32]
        return cls(ids.derive(kind, owner, key) if key else ids.new(), fingerprint, key is not None)

    def repeats(self, earlier: Mapping[str, Any] | None) -> bool:
        """Whether the stored result is this request's own. Raises KeyReused if it is another's."""
        if earlier is None or not self.keyed:
            return False
        if earlier["request_hash"] != self.request_hash:
            raise KeyReused
        return True
