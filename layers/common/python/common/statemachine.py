"""A state machine is a table `(state, trigger) → state`; conditions, docs and tests derive from it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)
T = TypeVar("T", bound=StrEnum)


class StateMachine(Generic[S, T]):
    """Every trigger has one target, so a conditional write can set it without reading the current state."""

    def __init__(self, table: Mapping[tuple[S, T], S]) -> None:
        self.table = dict(table)
        self._targets: dict[T, S] = {}
        for (_, trigger), target in self.table.items():
            if self._targets.setdefault(trigger, target) != target:
                raise ValueError(f"{trigger} leads to two states")

    def sources(self, trigger: T) -> tuple[S, ...]:
        """The states in which the trigger is allowed, in the table's order."""
        return tuple(state for (state, row_trigger) in self.table if row_trigger == trigger)

    def target(self, trigger: T) -> S:
        """The state after the trigger."""
        return self._targets[trigger]

    def allows(self, state: S, trigger: T) -> bool:
        return (state, trigger) in self.table

    def mermaid(self) -> str:
        """The state diagram in Mermaid syntax."""
        lines = (f"    {state} --> {target}: {trigger}" for (state, trigger), target in self.table.items())
        return "\n".join(("stateDiagram-v2", *lines))
