"""When AWS says "not now": which errors mean it, and how long to wait before the next try."""

import random
import time
from collections.abc import Callable

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as Unconnected

_CONFLICTS = {"TransactionConflict", "TransactionConflictException"}
_THROTTLES = {
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionInProgressException",
}


class NotNow(Exception):
    """The tables are too busy for this at the moment."""


class Conflicted(NotNow):
    """Another write to the same items was the only hindrance: the SDK does not repeat on that."""


def conflicted(error: ClientError) -> bool:
    """Whether another write to the same items was the only hindrance: the SDK does not retry that."""
    return _reasons(error) <= _CONFLICTS


def busy(error: Exception) -> bool:
    """Whether the same request may well succeed in a moment."""
    if isinstance(error, ClientError):
        return _reasons(error) <= _CONFLICTS | _THROTTLES
    return isinstance(error, NotNow | Unconnected | HTTPClientError)  # no answer to any of the SDK's tries


def pause(tried: int) -> None:
    """Wait before the try after number `tried` (from 0): up to 10 ms, twice that after each more."""
    (_source or [_sleep])[-1](random.uniform(0, 0.01 * 2**tried))  # noqa: S311 - jitter, not a secret


def _reasons(error: ClientError) -> set[str]:
    code = error.response["Error"]["Code"]
    if code != "TransactionCanceledException":
        return {code}
    reasons = {reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])}
    return reasons - {"None"} or {code}


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


_source: list[Callable[[float], None]] = []  # what stands in for it, in simulations


def use(source: Callable[[float], None] | None = None) -> None:
    """Spend the waiting in `source`, or asleep again."""
    _source[:] = [source] if source else []
