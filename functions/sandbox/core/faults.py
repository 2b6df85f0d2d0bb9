"""What goes wrong at this provider when it is asked to, on the local stage only (docs/sandbox.md).

Asked for one payment on its page, or drawn for all of them by a seed: the n-th session that comes to a place
meets there what seed, place and n say, whoever it belongs to.

pk           sk              what
faults       control         the rates and the seed, how many were drawn, how often each fault struck
session id   faults#<place>  what is still to strike this session there; if drawn, by which request (`asked`)
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from common import clock, env, ids, store
from common.store import ConditionFailed, Item, Put, Update
from sandbox.core.errors import Broken, Missing, Unavailable

TABLE: Final = "sandbox"
CONTROL: Final = {"pk": "faults", "sk": "control"}
DEFAULTS: Final = {"seed": 0, "rates": {}, "times": 2, "slow_ms": 2_000, "late_ms": 6_000}
_KEPT = 30 * 24 * 3600  # seconds


class Place(StrEnum):
    OPEN = "open"  # a session is created
    LOOK = "look"  # a session or its refunds are read
    CLOSE = "close"  # a session is expired
    PAY = "pay"  # the buyer pays, and the merchant is told
    REFUND = "refund"  # money goes back


class Fault(StrEnum):
    SLOW = "slow"  # the answer takes a while
    UNAVAILABLE = "unavailable"  # 503, and nothing is done
    ANSWER_LOST = "answer_lost"  # it is done, and a 500 is all that is heard of it
    ANSWER_LATE = "answer_late"  # it is done, and answered when nobody waits any more
    REFUSED = "refused"  # no funds for this refund, as a merchant's empty account would say
    WEBHOOK_EARLY = "webhook_early"  # the event comes before the answer of the call that caused it
    WEBHOOK_LOST = "webhook_lost"  # the event never comes
    WEBHOOK_TWICE = "webhook_twice"  # it comes again
    WEBHOOK_REORDERED = "webhook_reordered"  # an older event, a declined card's, comes after it
    OTHER_AMOUNT = "other_amount"  # more is paid than was asked for
    OTHER_CURRENCY = "other_currency"  # and in another currency


_CALL = (Fault.SLOW, Fault.UNAVAILABLE, Fault.ANSWER_LOST, Fault.ANSWER_LATE)  # one of them strikes a call
_TOLD = (Fault.WEBHOOK_LOST, Fault.WEBHOOK_TWICE, Fault.WEBHOOK_REORDERED)
AT: Mapping[Place, tuple[Fault, ...]] = {
    Place.OPEN: (*_CALL, Fault.WEBHOOK_EARLY),
    Place.LOOK: _CALL,
    Place.CLOSE: _CALL,
    Place.PAY: (*_TOLD, Fault.OTHER_AMOUNT, Fault.OTHER_CURRENCY),
    Place.REFUND: (*_CALL, Fault.REFUSED, Fault.WEBHOOK_EARLY),
}
NAMES = tuple(f"{place}.{fault}" for place, faults in AT.items() for fault in faults)
Struck = frozenset[Fault]
NONE: Struck = frozenset()


def on() -> bool:
    """Whether this stage knows faults at all."""
    return env.setting("PROVIDER_FAULTS") == "1"


def control() -> Item:
    """What is asked for at this moment. Raises Refusal where nothing can be."""
    if not on():
        raise Missing("This provider has no faults.", code="resource_missing")
    return dict(DEFAULTS) | (store.get(TABLE, CONTROL) or {})


def set_to(wanted: Mapping[str, Any]) -> Item:
    """From now on these rates, and counters at nought. Raises Refusal."""
    control()
    rates = {name: str(rate) for name, rate in wanted["rates"].items()}
    store.write(Put(TABLE, CONTROL | dict(wanted) | {"rates": rates, "asked": ids.new()}))
    return control()


def plan(session_id: str, names: Sequence[str]) -> None:
    """These faults shall strike the session. Raises ValueError."""
    if not names:
        return
    if not on() or not set(names) <= set(NAMES):
        raise ValueError(names)
    for place in Place:
        mine = [Fault(name.removeprefix(f"{place}.")) for name in names if name.startswith(f"{place}.")]
        if mine:
            store.write(Put(TABLE, _planned(session_id, place, mine, control()["times"])))


def suffering(session_id: str, place: Place, work: Callable[[Struck], Item]) -> Item:
    """The call's work, with what goes wrong before it, in it and after it. Raises Refusal."""
    struck = strikes(session_id, place)
    if Fault.UNAVAILABLE in struck:
        raise Unavailable("The provider is not available.")
    _wait(Fault.SLOW in struck, "slow_ms")
    done = work(struck)
    if Fault.ANSWER_LOST in struck:
        raise Broken("Something went wrong at the provider's end.")
    _wait(Fault.ANSWER_LATE in struck, "late_ms")
    return done


def strikes(session_id: str, place: Place) -> Struck:
    """What strikes the session here this time, which is counted."""
    left = _left(session_id, place) if on() else []
    call = [fault for fault in left if fault in _CALL][:1]
    rest = [fault for fault in left if fault not in _CALL and Fault.UNAVAILABLE not in call]
    struck = frozenset(fault for fault in (*call, *rest) if _taken(session_id, place, fault))
    for fault in struck:
        _count(f"struck_{place}_{fault}")
    return struck


def _left(session_id: str, place: Place) -> list[Fault]:
    planned = store.get(TABLE, _key(session_id, place)) or {}
    if "asked" in planned or not planned:  # not by the buyer, on the page
        planned = _drawn(session_id, place, planned)
    return [fault for fault in AT[place] if planned.get(f"left_{fault}")]


def _taken(session_id: str, place: Place, fault: Fault) -> bool:
    left = f"left_{fault}"
    less = Update(
        TABLE,
        _key(session_id, place),
        f"SET #{left} = #{left} - :one",
        condition=f"#{left} >= :one",
        values={"one": 1},
    )
    try:
        store.write(less)
    except ConditionFailed:
        return False  # another call at this moment has it
    return True


def _drawn(session_id: str, place: Place, before: Item) -> Item:
    """What the rates of this moment have for the session, for which others may have had something before."""
    wanted = control()
    rates = {fault: float(wanted["rates"].get(f"{place}.{fault}", 0)) for fault in AT[place]}
    if not any(rates.values()):
        return {}
    if before.get("asked") == wanted["asked"]:
        return before
    asked = _count(f"drawn_{place}")
    number = f"{asked['seed']}:{place}:{asked[f'drawn_{place}']}"
    mine = [fault for fault, rate in rates.items() if random.Random(f"{number}:{fault}").random() < rate]  # noqa: S311
    drawn = _planned(session_id, place, mine, asked["times"]) | {"asked": asked["asked"]}
    unless = {"asked": asked["asked"]}
    condition = "attribute_not_exists(#pk) OR (attribute_exists(#asked) AND #asked <> :asked)"
    try:
        return store.write(Put(TABLE, drawn, condition=condition, values=unless))
    except ConditionFailed as failure:
        return failure.old[0] or {}


def _planned(session_id: str, place: Place, mine: Sequence[Fault], times: int) -> Item:
    # A call is struck as often as the merchant's SDK repeats it at once, or nobody would notice.
    left = {f"left_{fault}": times if fault in _CALL else 1 for fault in mine}
    return _key(session_id, place) | left | {"expires_at": int(clock.now().timestamp()) + _KEPT}


def _count(name: str) -> Item:
    counted = f"SET #{name} = if_not_exists(#{name}, :none) + :one"
    return store.write(Update(TABLE, CONTROL, counted, values={"none": 0, "one": 1}))


def _wait(struck: bool, how_long: str) -> None:  # noqa: FBT001 - whether the fault is among them
    if struck:
        time.sleep(control()[how_long] / 1000)


def _key(session_id: str, place: Place) -> dict[str, str]:
    return {"pk": session_id, "sk": f"faults#{place}"}
