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
from infra.vocabulary import Trigger

ROOT = Path(__file__).parents[2]
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "region", "AWS::AccountId": "account"}


class NotSynthesised(Exception):
    """What the app said when it refused."""


@dataclass(frozen=True)
class Resource:
    """One resource; `name` and `arn` are how others refer to it."""

    name: str
    kind: str
    props: dict[str, Any]
    whole: dict[str, Any]

    @property
    def arn(self) -> str:
        return f"{self.name}:Arn"


@dataclass
class Cloud:
    """Everything that a stage deploys."""

    stage: str
    resources: list[Resource]
    outputs: dict[str, Any]
    folder: Path

    @property
    def rows(self) -> list[Trigger]:
        """The topology's rows that this stage ought to have."""
        return [row for row in ROWS if row.service != "sandbox" or self.stage == "local"]

    def of(self, kind: str) -> list[Resource]:
        return [one for one in self.resources if one.kind == f"AWS::{kind}"]

    def functions(self, name: str) -> list[Resource]:
        """The functions whose entry is that of the topology's name."""
        return [one for one in self.of("Lambda::Function") if one.props["Handler"] == f"{name}.handler"]

    def function(self, name: str) -> Resource:
        (found,) = self.functions(name)
        return found

    def named(self, reference: str) -> Resource:
        """What a reference points at."""
        return next(one for one in self.resources if one.name == reference.split(":", maxsplit=1)[0])

    def table(self, name: str) -> Resource:
        return self.named(self.outputs[f"Table{name.title()}"])

    def bucket(self, name: str) -> Resource:
        return self.named(self.outputs[f"Bucket{name.title()}"])

    def mappings(self, function: Resource) -> list[Resource]:
        """What Lambda polls for the function."""
        return [one for one in self.of("Lambda::EventSourceMapping") if one.props["FunctionName"] == function.name]

    def alarms(self, **wanted: object) -> list[Resource]:
        return [one for one in self.of("CloudWatch::Alarm") if wanted.items() <= one.props.items()]

    def copy(self) -> "Cloud":
        """Another one, to be broken."""
        return deepcopy(self)


def synthesised(folder: Path, stage: str, *, before: str = "", **context: object) -> Cloud:
    """Run the app as the CDK command line does; `before` is Python that is executed first."""
    given = json.loads((ROOT / "cdk.json").read_text())["context"] | {"stage": stage} | context
    told = {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(given), "PYTHONDONTWRITEBYTECODE": "1"}
    path = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers/common/python")])}
    program = f"{before}\nimport runpy\nrunpy.run_path('app.py', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | told | path,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise NotSynthesised(done.stderr)
    return read(folder, stage)


def read(folder: Path, stage: str) -> Cloud:
    """The stage that was synthesised into the folder."""
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
        for logical, whole in template["Resources"].items():
            props = _resolved(whole.get("Properties", {}), stack, exports)
            resources.append(Resource(f"{stack}.{logical}", whole["Type"], props, whole))
        for name, output in template.get("Outputs", {}).items():
            outputs[name] = _resolved(output["Value"], stack, exports)
    return Cloud(stage, resources, outputs, folder)


def _resolved(value: Any, stack: str, exports: dict[str, tuple[str, Any]]) -> Any:
    if isinstance(value, list):
        return [_resolved(one, stack, exports) for one in value]
    return _reference(value, stack, exports) if isinstance(value, dict) else value


def _reference(value: dict[str, Any], stack: str, exports: dict[str, tuple[str, Any]]) -> Any:
    match next(iter(value.items()), None):
        case ("Ref", str(name)):
            return PSEUDO.get(name, f"{stack}.{name}")
        case ("Fn::GetAtt", [name, attribute]):
            return f"{stack}.{name}:{attribute}"
        case ("Fn::ImportValue", str(name)):
            return _resolved(exports[name][1], exports[name][0], exports)
        case ("Fn::Join", [by, parts]):
            return by.join(_resolved(parts, stack, exports))
        case _:
            return {key: _resolved(one, stack, exports) for key, one in value.items()}


def alike(found: list[Any] | str) -> Iterator[str]:
    """One or many, as IAM writes them."""
    yield from [found] if isinstance(found, str) else found
