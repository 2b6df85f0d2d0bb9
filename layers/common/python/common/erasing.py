"""How a service forgets a person: the parts that every eraser has.

An eraser works at once, and once more when the person's last access token has died and every index
has caught up: what was written in between goes too. What is kept, and why: docs/adr.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta

from common import clock, store
from common.bus.user import UserErased
from common.consumer import Later
from common.outbox import change
from common.store import ConditionFailed, Item, Key

LAST_WORDS = timedelta(minutes=2)  # the gateway believes a token for a minute after its session has ended


def twice(erased: UserErased, forget: Callable[[str], None]) -> None:
    """Forget the person now, and again after their last words. Raises Later in between."""
    forget(erased.user_id)
    again = erased.occurred_at + LAST_WORDS
    if clock.now() < again:
        raise Later(again)


def listed(table: str, user_id: str, index: str = "by_user", owner: str = "user_id") -> Iterator[Item]:
    """All items that the table's index lists as the person's."""
    start: Key | None = None
    while True:
        found, start = store.query(table, f"#{owner} = :{owner}", {owner: user_id}, index=index, start=start)
        yield from store.batch_get(table, [{"pk": one["pk"], "sk": one["sk"]} for one in found])
        if start is None:
            return


def blank(table: str, item: Item, names: Sequence[str]) -> None:
    """The item without these attributes; its history tells that they went, not what they said."""
    held = [name for name in names if name in item]
    if not held:
        return
    update = change(
        table,
        {"pk": item["pk"], "sk": item["sk"]},
        trigger="erase",
        actor="user",
        removes=held,
        condition=" OR ".join(f"attribute_exists(#{name})" for name in held),
    )
    with suppress(ConditionFailed):  # another delivery was quicker
        store.write(update)
