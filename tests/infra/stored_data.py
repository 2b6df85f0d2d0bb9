"""The contract of stored data: `make snapshot` writes stored_data.json, a test compares it.

A difference means that data stored by an earlier version would be lost or unreadable: change it only with a migration.
"""

import importlib
import json
import pkgutil
import tempfile
from pathlib import Path
from typing import Any

from common import states
from common.statemachine import StateMachine
from infra.topology import SECRETS, TABLES
from tests.infra.cloud_assembly import CloudAssembly, synthesise

FILE = Path(__file__).with_name("stored_data.json")
SETTINGS: dict[str, Any] = {"sender": "tickets@example.com", "prebuilt": False}


def stored_data(cloud: CloudAssembly) -> dict[str, Any]:
    """Logical ids and exports of the Data stack, tables with their keys, secret names, and stored state values."""
    template = json.loads(next(cloud.folder.glob("*-Data.template.json")).read_text())
    exports = [output["Export"]["Name"] for output in template["Outputs"].values() if "Export" in output]
    return {
        "logical_ids": {name: resource["Type"] for name, resource in sorted(template["Resources"].items())},
        "exports": sorted(exports),
        "tables": {
            table.name: {
                "ttl": table.ttl,
                "stream": table.stream,
                "indexes": {index.name: [index.pk, index.sk] for index in table.indexes},
            }
            for table in TABLES
        },
        "secrets": sorted(secret.name for secret in SECRETS),
        "states": state_values(),
    }


def state_values() -> dict[str, dict[str, list[str]]]:
    """States and triggers of every machine in common.states, as they are stored."""
    found: dict[str, dict[str, list[str]]] = {}
    for module in pkgutil.iter_modules(states.__path__):
        names = vars(importlib.import_module(f"common.states.{module.name}"))
        for name, machine in names.items():
            if isinstance(machine, StateMachine):
                table = machine.table
                states_found = {str(state) for state, _ in table} | {str(target) for target in table.values()}
                found[f"{module.name}.{name}"] = {
                    "states": sorted(states_found),
                    "triggers": sorted({str(trigger) for _, trigger in table}),
                }
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        cloud = synthesise(Path(folder) / "cdk.out", "prod", **SETTINGS)
        FILE.write_text(json.dumps(stored_data(cloud), indent=2) + "\n")


if __name__ == "__main__":
    main()
