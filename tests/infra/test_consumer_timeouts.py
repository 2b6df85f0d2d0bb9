"""Consumers with `on_exhausted` have time to run it: calls of unresponsive services fail before the time-out."""

from collections.abc import Mapping
from typing import Any

from common import env
from infra.constructs.queues import batch_size
from infra.resource_types import Grant
from infra.topology import PROVIDER, ROWS, SES
from infra.topology_types import FunctionSpec, Subscription
from payment.core.providers import stripe
from tests.support.system.lambda_events import load_handler

CONSUMERS = {row.function: row for row in ROWS if isinstance(row, Subscription)}
ON_EXHAUSTED = {name: row for name, row in CONSUMERS.items() if load_handler(row).on_exhausted}
TIMEOUTS: Mapping[str, int] = {row.function: row.timeout for row in ROWS}
PROVIDER_CALLS = 2  # consecutive calls of the provider: expire a checkout, then get its state


def sdk_timeout() -> float:
    """Seconds until a call of an unresponsive AWS service fails, with all retries and their pauses."""
    config: Any = env._SDK_CONFIG
    attempts = config.retries["total_max_attempts"]
    return float(attempts * (config.connect_timeout + config.read_timeout) + sum(2**at for at in range(attempts - 1)))


def provider_timeout() -> float:
    """Seconds until a call of an unresponsive payment provider fails."""
    tries = stripe._MAX_RETRIES + 1
    return float(tries * sum(stripe._TIMEOUT_SECONDS) + stripe._MAX_RETRIES)


def worst_case_seconds(row: FunctionSpec) -> float:
    """Seconds until a message fails if one of the called services is unresponsive."""
    granted = {one.resource for one in row.grants if isinstance(one, Grant)}
    if PROVIDER in granted:
        return PROVIDER_CALLS * provider_timeout()
    return sum(TIMEOUTS[name] for name in row.invokes) + sdk_timeout()


def calls_external_service(row: Subscription) -> bool:
    return bool(row.invokes) or bool({PROVIDER, SES} & {one.resource for one in row.grants if isinstance(one, Grant)})


def timing_out(rows: Mapping[str, Subscription]) -> list[str]:
    """The functions that time out before their calls fail."""
    return [name for name, row in rows.items() if batch_size(row) * worst_case_seconds(row) > row.timeout]


def test_slow_consumers_take_one_message_at_a_time() -> None:
    alone = {name for name, row in CONSUMERS.items() if batch_size(row) == 1}

    assert {name for name, row in CONSUMERS.items() if calls_external_service(row)} | ON_EXHAUSTED.keys() == alone
    assert alone < CONSUMERS.keys()


def test_worst_case_batch_fits_the_function_timeout() -> None:
    assert (
        timing_out({name: row for name, row in CONSUMERS.items() if calls_external_service(row)} | ON_EXHAUSTED) == []
    )


def test_too_short_consumer_timeout_is_detected() -> None:
    row = CONSUMERS["notify.send_notification"]
    short = Subscription(row.event_types, row.function, grants=row.grants, timeout=10)

    assert timing_out({short.function: short}) == ["notify.send_notification"]
