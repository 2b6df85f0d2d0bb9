"""Who gives up has the time to: the silence of whomever it asks ends before the function does."""

from collections.abc import Mapping
from typing import Any

from common import env
from infra.constructs.queues import batch_size
from infra.topology import PROVIDER, ROWS, SES
from infra.vocabulary import Grant, On, Trigger
from payment.core import stripe_provider
from tests.support.gateway import load

CONSUMERS = {row.function: row for row in ROWS if isinstance(row, On)}
GIVING_UP = {name: row for name, row in CONSUMERS.items() if load(row).gives_up}
SECONDS: Mapping[str, int] = {row.function: row.seconds for row in ROWS}
CLOSING = 2  # calls of the provider in a row: to close a page, and to ask what became of it


def sdk_silence() -> float:
    """Seconds until an AWS service that does not answer is an error, all repetitions and their pauses included."""
    config: Any = env._CONFIG
    attempts = config.retries["total_max_attempts"]
    return float(attempts * (config.connect_timeout + config.read_timeout) + sum(2**at for at in range(attempts - 1)))


def provider_silence() -> float:
    """Seconds until the payment provider's silence is an error."""
    tries = stripe_provider._RETRIES + 1
    return float(tries * sum(stripe_provider._TIMEOUT) + stripe_provider._RETRIES)


def worst(row: Trigger) -> float:
    """Seconds that one message may take before it is known to have failed, if one of those it asks is silent."""
    asked = {one.resource for one in row.may if isinstance(one, Grant)}
    if PROVIDER in asked:
        return CLOSING * provider_silence()
    return sum(SECONDS[name] for name in row.calls) + sdk_silence()


def slow(row: On) -> bool:
    return bool(row.calls) or bool({PROVIDER, SES} & {one.resource for one in row.may if isinstance(one, Grant)})


def late(rows: Mapping[str, On]) -> list[str]:
    """Functions that are killed before the silence that they wait for is over."""
    return [name for name, row in rows.items() if batch_size(row) * worst(row) > row.seconds]


def test_who_asks_others_or_gives_up_has_one_message_at_a_time() -> None:
    alone = {name for name, row in CONSUMERS.items() if batch_size(row) == 1}

    assert {name for name, row in CONSUMERS.items() if slow(row)} | GIVING_UP.keys() == alone
    assert alone < CONSUMERS.keys()


def test_a_batch_of_the_worst_messages_ends_within_the_functions_time() -> None:
    assert late({name: row for name, row in CONSUMERS.items() if slow(row)} | GIVING_UP) == []


def test_a_function_that_is_too_short_is_seen() -> None:
    row = CONSUMERS["notify.on_noti_pending"]
    short = On(row.heard, row.function, may=row.may, seconds=10)

    assert late({short.function: short}) == ["notify.on_noti_pending"]
