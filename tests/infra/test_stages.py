"""Differences between stages, and invalid stages."""

import json
from pathlib import Path

import pytest

from infra.stacks.stage import InvalidStage, Stage
from infra.topology import SECRETS, TABLES
from tests.infra.cloud_assembly import CloudAssembly, SynthesisFailed, synthesise

PROD = {"stage": "prod", "stages": {"prod": {"provider": "stripe", "retain": True}}, "sender": "a@b.example"}
RETAINED_TYPES = ("DynamoDB::Table", "KMS::Key", "SecretsManager::Secret")


def sandbox_resources(cloud: CloudAssembly) -> list[str]:
    """The resources of the sandbox on the stage."""
    functions = [
        one.name for one in cloud.by_type("Lambda::Function") if one.properties["Handler"].startswith("sandbox.")
    ]
    routes = [one.name for one in cloud.by_type("ApiGatewayV2::Route") if "/sandbox" in one.properties["RouteKey"]]
    return functions + routes + [name for name in cloud.outputs if "Sandbox" in name]


def test_sandbox_is_absent_from_prod(local: CloudAssembly, prod: CloudAssembly) -> None:
    assert sandbox_resources(prod) == []
    assert len(sandbox_resources(local)) > 2


def test_prod_refuses_the_sandbox() -> None:
    assert Stage.from_context(PROD).has_sandbox is False

    with pytest.raises(InvalidStage, match="real money"):
        Stage.from_context(PROD | {"provider": "sandbox"})


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (PROD | {"sender": ""}, "needs a sender"),
        (PROD | {"provider": "cash"}, "sandbox or stripe"),
        (PROD | {"stage": "nowhere"}, "no stage nowhere"),
        ({"stage": "x", "stages": {"x": {"colour": "red"}}}, "no setting colour"),
    ],
)
def test_invalid_stage_is_refused_with_its_reason(context: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidStage, match=said):
        Stage.from_context(context)


def test_command_line_setting_overrides_the_stage() -> None:
    stage = Stage.from_context(
        PROD | {"hold_backstop_seconds": "7", "retain": "false", "public_url": "https://tickets.example"}
    )

    assert (stage.hold_backstop_seconds, stage.retain, stage.public_url) == (7, False, "https://tickets.example")


def test_prod_data_is_retained(local: CloudAssembly, prod: CloudAssembly) -> None:
    retained = [one for kind in RETAINED_TYPES for one in prod.by_type(kind)]
    deleted = [one for kind in RETAINED_TYPES for one in local.by_type(kind)]

    assert {one.definition["DeletionPolicy"] for one in retained} == {"Retain"}
    assert {one.definition["DeletionPolicy"] for one in deleted} == {"Delete"}
    assert all(table.properties["DeletionProtectionEnabled"] for table in prod.by_type("DynamoDB::Table"))


def test_tables_match_the_topology_and_have_backups(local: CloudAssembly) -> None:
    for table in TABLES:
        props = local.table(table.name).properties
        indexes = {
            one["IndexName"]: [key["AttributeName"] for key in one["KeySchema"]]
            for one in props.get("GlobalSecondaryIndexes", [])
        }

        assert props["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert props["BillingMode"] == "PAY_PER_REQUEST"
        assert [key["AttributeName"] for key in props["KeySchema"]] == ["pk", "sk"]
        assert indexes == {one.name: [key for key in (one.pk, one.sk) if key] for one in table.indexes}
        assert ("StreamSpecification" in props) == table.stream
        assert props.get("TimeToLiveSpecification", {}).get("AttributeName") == table.ttl
        assert {one["Projection"]["ProjectionType"] for one in props.get("GlobalSecondaryIndexes", [])} <= {"KEYS_ONLY"}


def test_provided_secret_is_not_in_the_template(prod: CloudAssembly) -> None:
    secrets = {one.properties["Name"]: one.properties for one in prod.by_type("SecretsManager::Secret")}

    assert secrets.keys() == {f"ticketing/prod/{secret.name}" for secret in SECRETS}
    for secret in SECRETS:
        props = secrets[f"ticketing/prod/{secret.name}"]
        assert "SecretString" not in props
        assert ("GenerateSecretString" in props) != secret.provided


def test_api_is_throttled_logged_and_fixed_locally_only(local: CloudAssembly, prod: CloudAssembly) -> None:
    tags = [cloud.by_type("ApiGatewayV2::Api")[0].properties.get("Tags", {}) for cloud in (local, prod)]
    stages = [cloud.by_type("ApiGatewayV2::Stage")[0].properties for cloud in (local, prod)]

    assert [one.get("ms-custom-id") for one in tags] == ["71c4e700", None]
    assert all(one["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0 for one in stages)
    assert all("DestinationArn" in one["AccessLogSettings"] for one in stages)


def test_service_alarms_sum_all_function_errors(prod: CloudAssembly) -> None:
    alarmed = [
        metric["MetricStat"]["Metric"]["Dimensions"][0]["Value"]
        for alarm in prod.by_type("CloudWatch::Alarm")
        for metric in alarm.properties.get("Metrics", [])
        if metric.get("MetricStat", {}).get("Metric", {}).get("MetricName") == "Errors"
    ]
    sizes = [
        len(alarm.properties["Metrics"]) for alarm in prod.by_type("CloudWatch::Alarm") if "Metrics" in alarm.properties
    ]

    assert sorted(alarmed) == sorted(function.name for function in prod.by_type("Lambda::Function"))
    assert max(sizes) <= 11  # ten metrics, CloudWatch's limit, and their sum


def test_api_and_stream_have_alarms(cloud: CloudAssembly) -> None:
    assert cloud.alarms(Namespace="AWS/Lambda", MetricName="IteratorAge", Threshold=5 * 60 * 1000)
    assert cloud.alarms(Namespace="AWS/ApiGateway", MetricName="5xx")
    assert cloud.alarms(Namespace="AWS/ApiGateway", MetricName="Latency")


def test_outputs_hold_the_physical_names(cloud: CloudAssembly) -> None:
    def output(kind: str, function: str) -> str:
        service, file = function.split(".")
        return str(cloud.outputs[f"{kind}{service.title()}{file.title().replace('_', '')}"])

    assert {"ApiId", "ApiUrl", "BusName", "Sender"} <= cloud.outputs.keys()
    for row in cloud.rows:
        assert output("Function", row.function) == cloud.function(row.function).name


def test_stage_sets_alarm_topic_concurrency_and_url(tmp_path: Path) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:alarms"
    reserved = {"booking.create_booking": 50}

    cloud = synthesise(
        tmp_path / "cdk.out",
        "dev",
        sender="a@b.example",
        prebuilt=False,
        alarm_topic=topic,
        reserved_concurrency=reserved,
    )

    assert all(alarm.properties["AlarmActions"] == [topic] for alarm in cloud.by_type("CloudWatch::Alarm"))
    assert cloud.function("booking.create_booking").properties["ReservedConcurrentExecutions"] == 50
    assert cloud.outputs["ApiUrl"] == f"{cloud.by_type('ApiGatewayV2::Api')[0].name}:ApiEndpoint"


def test_synthesis_needs_no_lookup_or_account(cloud: CloudAssembly) -> None:
    manifest = json.loads((cloud.folder / "manifest.json").read_text())

    assert "missing" not in manifest
    assert {one["environment"] for one in manifest["artifacts"].values() if "environment" in one} == {
        "aws://unknown-account/unknown-region"
    }


def test_prod_with_the_sandbox_fails_synthesis(tmp_path: Path) -> None:
    with pytest.raises(SynthesisFailed, match="real money"):
        synthesise(tmp_path / "cdk.out", "prod", provider="sandbox", sender="a@b.example")


def test_data_stack_exports_everything(cloud: CloudAssembly) -> None:
    parts = [f"{table.name}{part}" for table in cloud.by_type("DynamoDB::Table") for part in ("", ":Arn")]
    parts += [f"{key.name}{part}" for key in cloud.by_type("KMS::Key") for part in ("", ":Arn")]
    parts += [
        f"{table.name}:StreamArn"
        for table in cloud.by_type("DynamoDB::Table")
        if "StreamSpecification" in table.properties
    ]

    assert set(parts) <= set(cloud.outputs.values())
