"""Failed logins in a row, per name: whoever guesses waits longer and longer.

An attempt is counted before the password is looked at, so parallel guesses gain nothing. The wait
has a longest, and refreshing is not affected: a guesser can delay the owner, never lock them out.
"""

import hashlib
import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from auth.core.errors import TooManyAttempts
from auth.core.model import FREE_ATTEMPTS, wait_after
from common import clock, store, trace
from common.outbox import mine
from common.store import ConditionFailed, Update

_FORGOTTEN = timedelta(days=1)


def charge(name: str, now: datetime) -> None:
    """Count an attempt under this name. Raises TooManyAttempts."""
    seen = store.get("auth", key(name)) or {}
    left = _left(seen, now)
    if left > 0:
        raise TooManyAttempts(retry_after=math.ceil(left))
    try:
        store.write(_one_more(name, seen, now))
    except ConditionFailed as failure:
        if not mine(failure):
            raise TooManyAttempts(retry_after=1) from None


def forgive(name: str) -> None:
    """The password was right, or is another; where nothing was counted there is nothing to forget."""
    known = "attribute_exists(#pk)"
    with suppress(ConditionFailed):
        store.write(Update("auth", key(name), "SET #failures = :none", condition=known, values={"none": 0}))


def _left(seen: Mapping[str, Any], now: datetime) -> float:
    if not seen:
        return 0
    return (clock.parse(seen["last_at"]) + wait_after(seen["failures"]) - now).total_seconds()


def _one_more(name: str, seen: Mapping[str, Any], now: datetime) -> Update:
    # The first attempts may come at once, each counted; after them only one can follow what was seen.
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
            "seen": seen.get("failures", 0),
            "now": clock.iso(now),
            "gone": int((now + _FORGOTTEN).timestamp()),
            "operation": trace.current().operation,
        },
    )


def key(name: str) -> dict[str, str]:
    # Hashed: people type passwords into the wrong field.
    return {"pk": f"attempts#{hashlib.sha256(name.encode()).hexdigest()}", "sk": "attempts"}
