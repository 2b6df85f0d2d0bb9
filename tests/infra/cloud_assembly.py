"""A synthesised stage as one flat list of resources, every reference between them resolved.

A reference reads `Stack.LogicalId` (its name or id) or `Stack.LogicalId:Arn`, across stacks too.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.topology import ROWS
from infra.topology_types import FunctionSpec

ROOT = Path(__file__).parents[2]
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "region", "AWS::AccountId": "account"}


class SynthesisFailed(Exception):
    """The output of the app that failed."""


@dataclass(frozen=True)
class Resource:
    """One resource; `name` and `arn` are how others refer to it."""

    name: str
    resource_type: str
    properties: dict[str, Any]
    definition: dict[str, Any]

    @property
    def arn(self) -> str:
        return f"{self.name}:Arn"


@dataclass
class CloudAssembly:
    """All resources that a stage deploys."""

    stage: str
    resources: list[Resource]
    outputs: dict[str, Any]
    folder: Path

    @property
    def rows(self) -> list[FunctionSpec]:
        """The topology's rows that the stage deploys."""
        return [row for row in ROWS if row.service != "sandbox" or self.stage == "local"]

    def by_type(self, kind: str) -> list[Resource]:
        return [one for one in self.resources if one.resource_type == f"AWS::{kind}"]

    def functions(self, name: str) -> list[Resource]:
        """The functions with the handler of this topology name."""
        return [one for one in self.by_type("Lambda::Function") if _variables(one).get("FUNCTION") == name]

    def function(self, name: str) -> Resource:
        (function,) = self.functions(name)
        return function

    def resolve(self, reference: str) -> Resource:
        """The resource of a reference."""
        return next(one for one in self.resources if one.name == reference.split(":", maxsplit=1)[0])

    def table(self, name: str) -> Resource:
        return self.resolve(self.outputs[f"Table{name.title()}"])

    def bucket(self, name: str) -> Resource:
        return self.resolve(self.outputs[f"Bucket{name.title()}"])

    def mappings(self, function: Resource) -> list[Resource]:
        """The event source mappings of the function."""
        return [
            one for one in self.by_type("Lambda::EventSourceMapping") if one.properties["FunctionName"] == function.name
        ]

    def alarms(self, **properties: object) -> list[Resource]:
        return [one for one in self.by_type("CloudWatch::Alarm") if properties.items() <= one.properties.items()]

    def copy(self) -> "CloudAssembly":
        """A copy that a test may modify."""
        return deepcopy(self)


def _variables(function: Resource) -> dict[str, Any]:
    found: dict[str, Any] = function.properties.get("Environment", {}).get("Variables", {})
    return found


def synthesise(folder: Path, stage: str, *, before: str = "", **context: object) -> CloudAssembly:
    """Run the app like the CDK CLI; `before` is Python code to execute first. Raises SynthesisFailed."""
    settings = json.loads((ROOT / "cdk.json").read_text())["context"] | {"stage": stage} | context
    cdk_environment = {
        "CDK_OUTDIR": str(folder),
        "CDK_CONTEXT_JSON": json.dumps(settings),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    path = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers/common/python")])}
    program = f"{before}\nimport runpy\nrunpy.run_path('app.py', run_name='__main__')"
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | cdk_environment | path,
        check=False,
        capture_output=True,
        text=True,
    )
    if result.returncode:
        raise SynthesisFailed(result.stderr)
    return read_assembly(folder, stage)


def read_assembly(folder: Path, stage: str) -> CloudAssembly:
    """Read the stage that was synthesised into the folder."""
    templates = {
        path.name.split("-")[-1].split(".")[0]: json.loads(path.read_text()) for path in folder.glob("*.template.json")
    }
    exports = {
        output["Export"]["Name"]: (stack, output["Value"])
        for stack, template in templates.items()
        for output in template.get("Outputs", {}).values()
        if "Export" in output
    }
    resources, outputs = [], {}
    for stack, template in templates.items():
        for logical, definition in template["Resources"].items():
            props = _resolve(definition.get("Properties", {}), stack, exports)
            resources.append(Resource(f"{stack}.{logical}", definition["Type"], props, definition))
        for name, output in template.get("Outputs", {}).items():
            outputs[name] = _resolve(output["Value"], stack, exports)
    return CloudAssembly(stage, resources, outputs, folder)


def _resolve(value: Any, stack: str, exports: dict[str, tuple[str, Any]]) -> Any:
    if isinstance(value, list):
        return [_resolve(one, stack, exports) for one in value]
    return _resolve_reference(value, stack, exports) if isinstance(value, dict) else value


def _resolve_reference(value: dict[str, Any], stack: str, exports: dict[str, tuple[str, Any]]) -> Any:
    match next(iter(value.items()), None):
        case ("Ref", str(name)):
            return PSEUDO.get(name, f"{stack}.{name}")
        case ("Fn::GetAtt", [name, attribute]):
            return f"{stack}.{name}:{attribute}"
        case ("Fn::ImportValue", str(name)):
            return _resolve(exports[name][1], exports[name][0], exports)
        case ("Fn::Join", [by, parts]):
            return by.join(_resolve(parts, stack, exports))
        case _:
            return {key: _resolve(one, stack, exports) for key, one in value.items()}


def as_list(value: list[Any] | str) -> Iterator[str]:
    """The values of an IAM member, which is a string or a list."""
    yield from [value] if isinstance(value, str) else value
