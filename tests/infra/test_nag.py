"""cdk-nag finds nothing but what is acknowledged with a reason."""

import json
from pathlib import Path

import pytest

from tests.infra.cloud import Cloud, NotSynthesised, synthesised

PACKS = {"AwsSolutions", "Serverless"}


def violations(cloud: Cloud) -> list[str]:
    report = json.loads((cloud.folder / "validation-report.json").read_text())
    packs = [one for one in report["pluginReports"] if one["pluginName"] in PACKS]
    assert {one["pluginName"] for one in packs} == PACKS
    return [finding["ruleName"] for one in packs for finding in one["violations"]]


def test_the_aws_solutions_and_serverless_packs_find_nothing(cloud: Cloud) -> None:
    assert violations(cloud) == []


def test_without_the_acknowledgements_they_do(tmp_path: Path) -> None:
    silent = "from aws_cdk import Validations; Validations.acknowledge = lambda self, *rules: None"

    with pytest.raises(NotSynthesised, match=r"AwsSolutions-SMG4[\s\S]*Serverless-LambdaDLQ"):
        synthesised(tmp_path / "cdk.out", "local", nag=True, before=silent)
