"""docs/states.md: every state machine, as a diagram and as its table."""

import importlib
from typing import Any

from common.statemachine import StateMachine
from tools.docs import read


def machines() -> list[tuple[str, str, StateMachine[Any, Any]]]:
    """(service, name in its model, machine), in the order of the topology."""
    found = []
    for service in read.services():
        if (read.ROOT / "functions" / service / "core" / "model.py").exists():
            model = importlib.import_module(f"{service}.core.model")
            found += [(service, name, one) for name, one in vars(model).items() if isinstance(one, StateMachine)]
    return found


def page() -> str:
    """The whole file."""
    sections = [_section(*one) for one in machines()]
    intro = "A write that moves a state holds only in the states that its trigger may leave; else it is refused."
    return "\n\n".join(["# States", read.NOTICE, intro, *sections]) + "\n"


def _section(service: str, name: str, machine: StateMachine[Any, Any]) -> str:
    title = service.capitalize() + ("" if name == "LIFECYCLE" else f": {name.lower().replace('_', ' ')}")
    rows = [(f"`{state}`", trigger, f"`{target}`") for (state, trigger), target in machine.table.items()]
    shared = (read.ROOT / "layers/common/python/common/states" / f"{service}.py").exists()
    home = f"layers/common/python/common/states/{service}.py" if shared else f"functions/{service}/core/model.py"
    source = f"`{home}`, `{name}`"
    return "\n\n".join(
        [f"## {title}", source, f"```mermaid\n{machine.mermaid()}\n```", read.table(("from", "trigger", "to"), rows)]
    )
