"""Idempotency keys: a key identifies one request; its reuse for another request is rejected."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel

from common import ids
from common.problems import Unprocessable


class IdempotencyKeyReused(Unprocessable):
    """The Idempotency-Key was used for another request."""


@dataclass(frozen=True)
class IdempotentRequest:
    """The id of the resource that a request creates, and the hash that identifies a repetition of the request.

    The id derives from kind, owner and key, so a repetition finds the resource of the first request. Without a key
    the id is random.
    """

    id: str
    request_hash: str
    has_key: bool

    @classmethod
    def from_key(cls, kind: str, owner: str, key: str | None, request: BaseModel) -> Self:
        """Derive id and hash for the owner's request to create a resource of this kind."""
        # Unset fields are excluded: a field with a default that a later version adds must not change the hash.
        sent = request.model_dump_json(exclude_unset=True).encode()
        digest = hashlib.sha256(sent).digest()[:16]
        request_hash = base64.urlsafe_b64encode(digest).decode().rstrip("=")  # shorter than hexadecimal in each item
        return cls(ids.derive(kind, owner, key) if key else ids.new(), request_hash, key is not None)

    def is_replay_of(self, earlier: Mapping[str, Any] | None) -> bool:
        """Whether this request created `earlier`. Raises IdempotencyKeyReused if a different request did."""
        if earlier is None or not self.has_key:
            return False
        if earlier["request_hash"] != self.request_hash:
            raise IdempotencyKeyReused
        return True
