"""cdk-nag has no findings except those acknowledged with a reason."""

import json
from pathlib import Path

import pytest

from tests.infra.cloud_assembly import CloudAssembly, SynthesisFailed, synthesise

PACKS = {"AwsSolutions", "Serverless"}


def violations(cloud: CloudAssembly) -> list[str]:
    report = json.loads((cloud.folder / "validation-report.json").read_text())
    packs = [one for one in report["pluginReports"] if one["pluginName"] in PACKS]
    assert {one["pluginName"] for one in packs} == PACKS
    return [finding["ruleName"] for one in packs for finding in one["violations"]]


def test_cdk_nag_packs_find_nothing(cloud: CloudAssembly) -> None:
    assert violations(cloud) == []


def test_cdk_nag_packs_fail_without_acknowledgements(tmp_path: Path) -> None:
    silent = "from aws_cdk import Validations; Validations.acknowledge = lambda self, *rules: None"

    with pytest.raises(SynthesisFailed, match=r"AwsSolutions-SMG4[\s\S]*Serverless-LambdaDLQ"):
        synthesise(tmp_path / "cdk.out", "local", nag=True, before=silent)
