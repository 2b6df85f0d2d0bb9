"""docs/states.md: every state machine as a diagram and as a table."""

import importlib
from typing import Any

from common.statemachine import StateMachine
from tools.docs import introspection


def machines() -> list[tuple[str, str, StateMachine[Any, Any]]]:
    """All state machines in the order of the topology: (service, variable name in its model, machine)."""
    result = []
    for service in introspection.services():
        if (introspection.ROOT / "functions" / service / "core" / "model.py").exists():
            model = importlib.import_module(f"{service}.core.model")
            result += [(service, name, value) for name, value in vars(model).items() if isinstance(value, StateMachine)]
    return result


def page() -> str:
    """The page's Markdown."""
    sections = [_section(*one) for one in machines()]
    intro = "A write that moves a state holds only in the states that its trigger may leave; else it is refused."
    return "\n\n".join(["# States", introspection.NOTICE, intro, *sections]) + "\n"


def _section(service: str, name: str, machine: StateMachine[Any, Any]) -> str:
    title = service.capitalize() + ("" if name == "LIFECYCLE" else f": {name.lower().replace('_', ' ')}")
    rows = [(f"`{state}`", trigger, f"`{target}`") for (state, trigger), target in machine.table.items()]
    shared = (introspection.ROOT / "layers/common/python/common/states" / f"{service}.py").exists()
    home = f"layers/common/python/common/states/{service}.py" if shared else f"functions/{service}/core/model.py"
    source = f"`{home}`, `{name}`"
    return "\n\n".join(
        [
            f"## {title}",
            source,
            f"```mermaid\n{machine.mermaid()}\n```",
            introspection.markdown_table(("from", "trigger", "to"), rows),
        ]
    )
