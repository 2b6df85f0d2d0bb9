"""A full sweep of the reconciler, started by an operator; a schedule starts it every few minutes, too."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol


class FunctionInvoker(Protocol):
    """A deployed system whose functions can be invoked by the topology's names."""

    def invoke(self, function: str, payload: dict[str, Any]) -> Any: ...


def run_full_sweep(system: FunctionInvoker, grace_seconds: int) -> Mapping[str, int]:
    """The counts of checked, skipped and violated subjects, and of synced payments.

    It starts with the first event, whatever the checkpoint of the scheduled sweep is.
    """
    counts: Counter[str] = Counter()
    request: dict[str, Any] = {"grace_seconds": grace_seconds, "restart": True}
    while True:
        result: dict[str, Any] = system.invoke("reconcile.run_reconciliation", request)
        request["restart"] = False
        finished = result.pop("finished")
        counts.update(result)
        if finished:
            return dict(counts)
