"""Fault injection at this provider, on the local stage only (docs/sandbox.md).

Faults are planned for one session on its page, or drawn for all sessions from rates and a seed: the faults of
the n-th session at an operation depend on seed, operation and n only.

pk           sk                  content
faults       control             rates and seed, sessions drawn per operation, hits per fault
session id   faults#<operation>  how often each fault still hits; if drawn, for which settings (`asked`)
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from common import clock, env, ids, store
from common.store import ConditionFailed, Item, Put, Update
from sandbox.core.errors import ApiFailure, ResourceMissing, Unavailable

TABLE: Final = "sandbox"
SETTINGS_KEY: Final = {"pk": "faults", "sk": "control"}
DEFAULTS: Final = {"seed": 0, "rates": {}, "times": 2, "slow_ms": 2_000, "late_ms": 6_000}
_RETENTION_SECONDS = 30 * 24 * 3600


class Operation(StrEnum):
    OPEN = "open"  # a session is created
    LOOK = "look"  # a session or its refunds are read
    CLOSE = "close"  # a session is expired
    PAY = "pay"  # the buyer pays, and the webhook is sent
    REFUND = "refund"  # a refund is created


class Fault(StrEnum):
    SLOW = "slow"  # the response is delayed
    UNAVAILABLE = "unavailable"  # 503, nothing is done
    ANSWER_LOST = "answer_lost"  # it is done, but the response is a 500
    ANSWER_LATE = "answer_late"  # it is done, but the response comes after the client's time-out
    REFUSED = "refused"  # the merchant account has no funds for this refund
    WEBHOOK_EARLY = "webhook_early"  # the event arrives before the response of the call that caused it
    WEBHOOK_LOST = "webhook_lost"  # the event never arrives
    WEBHOOK_TWICE = "webhook_twice"  # it arrives twice
    WEBHOOK_REORDERED = "webhook_reordered"  # an older event (card declined) arrives after it
    OTHER_AMOUNT = "other_amount"  # more is paid than the amount due
    OTHER_CURRENCY = "other_currency"  # in another currency


_CALL_FAULTS = (Fault.SLOW, Fault.UNAVAILABLE, Fault.ANSWER_LOST, Fault.ANSWER_LATE)  # at most one per call
_WEBHOOK_FAULTS = (Fault.WEBHOOK_LOST, Fault.WEBHOOK_TWICE, Fault.WEBHOOK_REORDERED)
FAULTS_BY_OPERATION: Mapping[Operation, tuple[Fault, ...]] = {
    Operation.OPEN: (*_CALL_FAULTS, Fault.WEBHOOK_EARLY),
    Operation.LOOK: _CALL_FAULTS,
    Operation.CLOSE: _CALL_FAULTS,
    Operation.PAY: (*_WEBHOOK_FAULTS, Fault.OTHER_AMOUNT, Fault.OTHER_CURRENCY),
    Operation.REFUND: (*_CALL_FAULTS, Fault.REFUSED, Fault.WEBHOOK_EARLY),
}
FAULT_NAMES = tuple(f"{operation}.{fault}" for operation, faults in FAULTS_BY_OPERATION.items() for fault in faults)
ActiveFaults = frozenset[Fault]
NO_FAULTS: ActiveFaults = frozenset()


def is_enabled() -> bool:
    """Whether faults can be injected on this stage."""
    return env.setting("PROVIDER_FAULTS") == "1"


def get_settings() -> Item:
    """The current settings and counters. Raises StripeProblem if faults are disabled."""
    if not is_enabled():
        raise ResourceMissing("This provider has no faults.", code="resource_missing")
    return dict(DEFAULTS) | (store.get(TABLE, SETTINGS_KEY) or {})


def update_settings(request: Mapping[str, Any]) -> Item:
    """Replace the settings and reset the counters. Raises StripeProblem."""
    get_settings()
    rates = {name: str(rate) for name, rate in request["rates"].items()}
    store.write(Put(TABLE, SETTINGS_KEY | dict(request) | {"rates": rates, "asked": ids.new()}))
    return get_settings()


def plan_faults(session_id: str, names: Sequence[str]) -> None:
    """Plan faults for one session. Raises ValueError for an unknown fault, or if faults are disabled."""
    if not names:
        return
    if not is_enabled() or not set(names) <= set(FAULT_NAMES):
        raise ValueError(names)
    for operation in Operation:
        operation_faults = [
            Fault(name.removeprefix(f"{operation}.")) for name in names if name.startswith(f"{operation}.")
        ]
        if operation_faults:
            store.write(Put(TABLE, _plan_item(session_id, operation, operation_faults, get_settings()["times"])))


def with_faults(session_id: str, operation: Operation, work: Callable[[ActiveFaults], Item]) -> Item:
    """Run `work` with the faults that are active before, in and after it. Raises StripeProblem."""
    active = consume_faults(session_id, operation)
    if Fault.UNAVAILABLE in active:
        raise Unavailable("The provider is not available.")
    _sleep_if(Fault.SLOW in active, "slow_ms")
    result = work(active)
    if Fault.ANSWER_LOST in active:
        raise ApiFailure("Something went wrong at the provider's end.")
    _sleep_if(Fault.ANSWER_LATE in active, "late_ms")
    return result


def consume_faults(session_id: str, operation: Operation) -> ActiveFaults:
    """The faults that hit this call; each is counted and has one hit less."""
    remaining = _remaining(session_id, operation) if is_enabled() else []
    call_fault = [fault for fault in remaining if fault in _CALL_FAULTS][:1]
    other_faults = [fault for fault in remaining if fault not in _CALL_FAULTS and Fault.UNAVAILABLE not in call_fault]
    active = frozenset(fault for fault in (*call_fault, *other_faults) if _consume(session_id, operation, fault))
    for fault in active:
        _increment(f"struck_{operation}_{fault}")
    return active


def _remaining(session_id: str, operation: Operation) -> list[Fault]:
    item = store.get(TABLE, _key(session_id, operation)) or {}
    if "asked" in item or not item:  # drawn, not planned on the page
        item = _draw(session_id, operation, item)
    return [fault for fault in FAULTS_BY_OPERATION[operation] if item.get(f"left_{fault}")]


def _consume(session_id: str, operation: Operation, fault: Fault) -> bool:
    attribute = f"left_{fault}"
    decrement = Update(
        TABLE,
        _key(session_id, operation),
        f"SET #{attribute} = #{attribute} - :one",
        condition=f"#{attribute} >= :one",
        values={"one": 1},
    )
    try:
        store.write(decrement)
    except ConditionFailed:
        return False  # a concurrent call has taken it
    return True


def _draw(session_id: str, operation: Operation, earlier: Item) -> Item:
    """Draw the session's faults from the current rates, once per settings; `earlier` holds an earlier draw."""
    settings = get_settings()
    rates = {fault: float(settings["rates"].get(f"{operation}.{fault}", 0)) for fault in FAULTS_BY_OPERATION[operation]}
    if not any(rates.values()):
        return {}
    if earlier.get("asked") == settings["asked"]:
        return earlier
    counters = _increment(f"drawn_{operation}")
    seed = f"{counters['seed']}:{operation}:{counters[f'drawn_{operation}']}"
    drawn_faults = [fault for fault, rate in rates.items() if random.Random(f"{seed}:{fault}").random() < rate]  # noqa: S311
    item = _plan_item(session_id, operation, drawn_faults, counters["times"]) | {"asked": counters["asked"]}
    values = {"asked": counters["asked"]}
    condition = "attribute_not_exists(#pk) OR (attribute_exists(#asked) AND #asked <> :asked)"
    try:
        return store.write(Put(TABLE, item, condition=condition, values=values))
    except ConditionFailed as failure:
        return failure.old_items[0] or {}


def _plan_item(session_id: str, operation: Operation, planned_faults: Sequence[Fault], times: int) -> Item:
    # A call fails as often as the merchant's SDK retries it, or the fault would have no effect.
    remaining = {f"left_{fault}": times if fault in _CALL_FAULTS else 1 for fault in planned_faults}
    return _key(session_id, operation) | remaining | {"expires_at": int(clock.now().timestamp()) + _RETENTION_SECONDS}


def _increment(name: str) -> Item:
    expression = f"SET #{name} = if_not_exists(#{name}, :none) + :one"
    return store.write(Update(TABLE, SETTINGS_KEY, expression, values={"none": 0, "one": 1}))


def _sleep_if(is_active: bool, setting: str) -> None:  # noqa: FBT001 - whether the fault is active
    if is_active:
        time.sleep(get_settings()[setting] / 1000)


def _key(session_id: str, operation: Operation) -> dict[str, str]:
    return {"pk": session_id, "sk": f"faults#{operation}"}
