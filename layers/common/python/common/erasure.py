"""Erasure of a user's personal data (GDPR): the parts that all services share.

Each service erases twice: at once, and again after TOKEN_GRACE, when the user's last access token has expired and the
eventually consistent indexes list all that was written meanwhile. docs/adr says which data is kept and why.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta

from common import clock, store
from common.bus.user import UserErased
from common.consumer import RetryAt
from common.outbox import versioned_update
from common.store import ConditionFailed, Item, Key

TOKEN_GRACE = timedelta(minutes=2)  # API Gateway caches the authorizer's response for a minute


def erase_now_and_after_grace(event: UserErased, erase: Callable[[str], None]) -> None:
    """Call `erase` with the user id now and again after TOKEN_GRACE. Raises RetryAt until the second run."""
    erase(event.user_id)
    second_run = event.occurred_at + TOKEN_GRACE
    if clock.now() < second_run:
        raise RetryAt(second_run)


def items_of_user(table: str, user_id: str, index: str = "by_user", owner_attribute: str = "user_id") -> Iterator[Item]:
    """Yield the user's items as whole items, read from the table through its index."""
    start: Key | None = None
    while True:
        keys, start = store.query(
            table, f"#{owner_attribute} = :{owner_attribute}", {owner_attribute: user_id}, index=index, start=start
        )
        yield from store.batch_get(table, [{"pk": key["pk"], "sk": key["sk"]} for key in keys])
        if start is None:
            return


def redact(table: str, item: Item, attributes: Sequence[str]) -> None:
    """Remove these attributes from the item; the log records the removal but not the values."""
    present = [name for name in attributes if name in item]
    if not present:
        return
    update = versioned_update(
        table,
        {"pk": item["pk"], "sk": item["sk"]},
        trigger="erase",
        actor="user",
        removes=present,
        condition=" OR ".join(f"attribute_exists(#{name})" for name in present),
    )
    with suppress(ConditionFailed):  # another delivery has removed them
        store.write(update)
