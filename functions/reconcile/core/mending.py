"""Mending: the messages that were lost are told again, and the provider is asked what it knows.

Nothing is written here but that a case was found: its owners' consumers do the rest, as with any message that
comes twice. What mending does not mend, and what no lost message breaks, is for people.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from common import clock, log, store
from common.call import CallFailed, ask
from common.calls.cdc import Said, SayAgain
from common.calls.payment import Asked, AskProvider
from common.store import Put
from reconcile.core import past
from reconcile.core.judging import mendable
from reconcile.core.snapshot import Item

TABLE = "rounds"
_TRIES = 3  # rounds in which a case may be mended before people are called
_KEPT = timedelta(days=2)
_BYTES = 1_000_000  # of images told together: a call of Lambda takes six times as much


def mend(name: str, said: Sequence[str], items: Iterable[Item]) -> bool:
    """Tell again what the items told; call people where that cannot help, or has not helped.

    False if whoever publishes does not answer.
    """
    tries = _counted(name, said)
    lasting = [one for one in said if not mendable(one)] if tries <= _TRIES else said
    for one in lasting:
        log.count("InvariantViolations")
        log.count_by("ViolationsByInvariant", invariant=one.split(" ")[0])
        log.logger.error("invariant violated", extra={"said": one, "tries": tries})
    if not any(mendable(one) for one in said):
        return True
    log.logger.warning("mending", extra={"said": list(said), "tries": tries})
    return _told_again([image for item in items for image in past.images(item)])


def learn(payment_id: str) -> Asked:
    """Have the provider asked."""
    try:
        return ask("payment.ask_provider", AskProvider(payment_id=payment_id), Asked)
    except CallFailed:
        log.logger.warning("payment does not answer", exc_info=True)
        return Asked(learnt=False, answered=False)


def _told_again(images: Sequence[dict[str, Any]]) -> bool:
    try:
        for part in _parts(images):
            log.count("BusEventsToldAgain", ask("cdc.say_again", SayAgain(images=part), Said).published)
    except CallFailed:
        log.logger.warning("cdc does not answer", exc_info=True)
        return False
    return True


def _parts(images: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], ...]]:
    part: list[dict[str, Any]] = []
    size = 0
    for image in images:
        more = len(json.dumps(image, default=str))
        if part and size + more > _BYTES:
            yield tuple(part)
            part, size = [], 0
        part.append(image)
        size += more
    if part:
        yield tuple(part)


def _counted(name: str, said: Sequence[str]) -> int:
    """In how many rounds this case was met, this one included."""
    before = store.get(TABLE, {"pk": name, "sk": "case"}) or {"tries": 0, "since": clock.iso(clock.now())}
    case = {"pk": name, "sk": "case", "tries": before["tries"] + 1, "since": before["since"], "said": list(said)}
    store.write(Put(TABLE, case | {"expires_at": int((clock.now() + _KEPT).timestamp())}))
    return int(case["tries"])
