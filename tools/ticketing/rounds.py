"""The reconciler's round, woken by an operator; in an account the clock wakes it every few minutes, too."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol


class Invokes(Protocol):
    """A deployed system whose functions can be called by the topology's names."""

    def invoke(self, function: str, payload: dict[str, Any]) -> Any: ...


def whole_round(system: Invokes, grace_seconds: int) -> Mapping[str, int]:
    """How many subjects were judged, too young, or wrong, and of how many payments the provider knew more.

    It begins with the first event, wherever the clock's own round has come to.
    """
    counts: Counter[str] = Counter()
    asked: dict[str, Any] = {"grace_seconds": grace_seconds, "afresh": True}
    while True:
        told: dict[str, Any] = system.invoke("reconcile.make_round", asked)
        asked["afresh"] = False
        finished = told.pop("finished")
        counts.update(told)
        if finished:
            return dict(counts)
