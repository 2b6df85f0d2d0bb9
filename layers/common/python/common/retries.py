"""Retries: which AWS errors are transient, and the backoff between attempts."""

import random
import time
from collections.abc import Callable

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as Unconnected

_CONFLICT_CODES = {"TransactionConflict", "TransactionConflictException"}
_THROTTLING_CODES = {
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionInProgressException",
}


class Contention(Exception):
    """DynamoDB could not serve the request now; a retry may succeed."""


class TransactionConflict(Contention):
    """Another transaction is writing to the same items. The SDK does not retry this error."""


def is_conflict(error: ClientError) -> bool:
    """Whether a concurrent write to the same items is the only cause. The SDK does not retry this error."""
    return _error_codes(error) <= _CONFLICT_CODES


def is_retryable(error: Exception) -> bool:
    """Whether the same request may succeed when retried."""
    if isinstance(error, ClientError):
        return _error_codes(error) <= _CONFLICT_CODES | _THROTTLING_CODES
    return isinstance(error, Contention | Unconnected | HTTPClientError)  # no response to any SDK attempt


def backoff(attempt: int) -> None:
    """Sleep after failed attempt number `attempt` (from 0): a random time up to 10 ms × 2^attempt (full jitter)."""
    (_override or [_sleep])[-1](random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - jitter, not a secret


def _error_codes(error: ClientError) -> set[str]:
    code = error.response["Error"]["Code"]
    if code != "TransactionCanceledException":
        return {code}
    reasons = {reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])}
    return reasons - {"None"} or {code}


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


_override: list[Callable[[float], None]] = []  # replaces time.sleep in simulations


def use(source: Callable[[float], None] | None = None) -> None:
    """Wait by calling `source` with the seconds; restore `time.sleep` if None."""
    _override[:] = [source] if source else []
