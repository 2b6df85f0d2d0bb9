"""Exponential lockout after consecutive failed logins, per user name or address.

An attempt is counted before the password is verified, so parallel guesses gain nothing. The lockout is
bounded and does not affect refreshing: an attacker can delay the owner, but not lock them out.
"""

import hashlib
import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from auth.core.errors import TooManyAttempts
from auth.core.model import FREE_ATTEMPTS, lockout_delay
from common import clock, correlation, store
from common.outbox import own_write
from common.store import ConditionFailed, Update

_RETENTION = timedelta(days=1)


def record_attempt(name: str, now: datetime) -> None:
    """Count an attempt for the key of a name. Raises TooManyAttempts during a lockout."""
    previous = store.get("auth", key(name)) or {}
    wait_seconds = _remaining_seconds(previous, now)
    if wait_seconds > 0:
        raise TooManyAttempts(retry_after=math.ceil(wait_seconds))
    try:
        store.write(_increment(name, previous, now))
    except ConditionFailed as failure:
        if not own_write(failure):
            raise TooManyAttempts(retry_after=1) from None


def reset(name: str) -> None:
    """Clear the failures, after a successful login or a password change."""
    exists = "attribute_exists(#pk)"
    with suppress(ConditionFailed):
        store.write(Update("auth", key(name), "SET #failures = :none", condition=exists, values={"none": 0}))


def _remaining_seconds(previous: Mapping[str, Any], now: datetime) -> float:
    if not previous:
        return 0
    return (clock.parse(previous["last_at"]) + lockout_delay(previous["failures"]) - now).total_seconds()


def _increment(name: str, previous: Mapping[str, Any], now: datetime) -> Update:
    # The free attempts may run concurrently, each is counted; later ones must have read the latest count.
    return Update(
        "auth",
        key(name),
        "SET #failures = if_not_exists(#failures, :none) + :one, "
        "#last_at = :now, #expires_at = :gone, #operation = :operation",
        condition="attribute_not_exists(#failures) OR #failures < :free OR #failures = :seen",
        values={
            "none": 0,
            "one": 1,
            "free": FREE_ATTEMPTS,
            "seen": previous.get("failures", 0),
            "now": clock.iso(now),
            "gone": int((now + _RETENTION).timestamp()),
            "operation": correlation.current().operation,
        },
    )


def key(name: str) -> dict[str, str]:
    # Hashed, because people type passwords into the name field.
    return {"pk": f"attempts#{hashlib.sha256(name.encode()).hexdigest()}", "sk": "attempts"}
