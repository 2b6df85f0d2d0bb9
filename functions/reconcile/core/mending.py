"""Mending: the messages that were lost are told again, and the provider is asked what it knows.

Nothing is written here but that a case was found: its owners' consumers do the rest, as with any message that
comes twice. What mending does not mend, and what no lost message breaks, is for people.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

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


def mend(name: str, said: Sequence[str], items: Iterable[Item]) -> None:
    """Tell again what the items told; call people where that cannot help, or has not helped."""
    tries = _counted(name, said)
    lasting = [one for one in said if not mendable(one)] if tries <= _TRIES else said
    for one in lasting:
        log.count("InvariantViolations")
        log.count_by("ViolationsByInvariant", invariant=one.split(" ")[0])
        log.logger.error("invariant violated", extra={"said": one, "tries": tries})
    if any(mendable(one) for one in said):
        log.logger.warning("mending", extra={"said": list(said), "tries": tries})
        _tell_again(items)


def learn(payment_id: str) -> bool:
    """Have the provider asked. Whether anything was learnt."""
    try:
        return ask("payment.ask_provider", AskProvider(payment_id=payment_id), Asked).learnt
    except CallFailed:
        log.logger.warning("payment does not answer", exc_info=True)
        return False


def _tell_again(items: Iterable[Item]) -> None:
    images = tuple(image for item in items for image in past.images(item))
    if not images:
        return
    try:
        said = ask("cdc.say_again", SayAgain(images=images), Said)
    except CallFailed:
        log.logger.warning("cdc does not answer", exc_info=True)
        return
    log.count("BusEventsToldAgain", said.published)


def _counted(name: str, said: Sequence[str]) -> int:
    """In how many rounds this case was met, this one included."""
    before = store.get(TABLE, {"pk": name, "sk": "case"}) or {"tries": 0, "since": clock.iso(clock.now())}
    case = {"pk": name, "sk": "case", "tries": before["tries"] + 1, "since": before["since"], "said": list(said)}
    store.write(Put(TABLE, case | {"expires_at": int((clock.now() + _KEPT).timestamp())}))
    return int(case["tries"])
