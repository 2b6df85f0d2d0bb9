"""What differs between stages, and what no stage may be."""

import json
from pathlib import Path

import pytest

from infra.stacks.stage import BadStage, Stage
from infra.topology import SECRETS, TABLES
from tests.infra.cloud import Cloud, NotSynthesised, synthesised

PROD = {"stage": "prod", "stages": {"prod": {"provider": "stripe", "retain": True}}, "sender": "a@b.example"}
KEPT = ("DynamoDB::Table", "KMS::Key", "SecretsManager::Secret")


def sandbox_parts(cloud: Cloud) -> list[str]:
    """Whatever of the provider's sandbox the stage has."""
    functions = [one.name for one in cloud.of("Lambda::Function") if one.props["Handler"].startswith("sandbox.")]
    routes = [one.name for one in cloud.of("ApiGatewayV2::Route") if "/sandbox" in one.props["RouteKey"]]
    return functions + routes + [name for name in cloud.outputs if "Sandbox" in name]


def test_the_sandbox_is_never_where_money_is_real(local: Cloud, prod: Cloud) -> None:
    assert sandbox_parts(prod) == []
    assert len(sandbox_parts(local)) > 2


def test_prod_refuses_the_sandbox() -> None:
    assert Stage.of(PROD).sandbox is False

    with pytest.raises(BadStage, match="real money"):
        Stage.of(PROD | {"provider": "sandbox"})


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (PROD | {"sender": ""}, "needs a sender"),
        (PROD | {"provider": "cash"}, "sandbox or stripe"),
        (PROD | {"stage": "nowhere"}, "no stage nowhere"),
        ({"stage": "x", "stages": {"x": {"colour": "red"}}}, "no setting colour"),
    ],
)
def test_a_stage_that_cannot_be_is_refused_in_one_sentence(context: dict[str, object], said: str) -> None:
    with pytest.raises(BadStage, match=said):
        Stage.of(context)


def test_a_setting_from_the_command_line_wins_over_the_stages_own() -> None:
    stage = Stage.of(PROD | {"hold_backstop_seconds": "7", "retain": "false", "public_url": "https://tickets.example"})

    assert (stage.hold_backstop_seconds, stage.retain, stage.public_url) == (7, False, "https://tickets.example")


def test_what_prod_keeps_outlives_its_stacks(local: Cloud, prod: Cloud) -> None:
    kept = [one for kind in KEPT for one in prod.of(kind)]
    gone = [one for kind in KEPT for one in local.of(kind)]

    assert {one.whole["DeletionPolicy"] for one in kept} == {"Retain"}
    assert {one.whole["DeletionPolicy"] for one in gone} == {"Delete"}
    assert all(table.props["DeletionProtectionEnabled"] for table in prod.of("DynamoDB::Table"))


def test_every_table_is_as_the_topology_says_and_can_be_restored(local: Cloud) -> None:
    for table in TABLES:
        props = local.table(table.name).props
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


def test_a_given_secret_has_no_value_in_a_template_and_the_others_are_generated(prod: Cloud) -> None:
    built = {one.props["Name"]: one.props for one in prod.of("SecretsManager::Secret")}

    assert built.keys() == {f"ticketing/prod/{secret.name}" for secret in SECRETS}
    for secret in SECRETS:
        props = built[f"ticketing/prod/{secret.name}"]
        assert "SecretString" not in props
        assert ("GenerateSecretString" in props) != secret.given


def test_only_the_local_api_has_a_fixed_address_and_all_are_throttled_and_logged(local: Cloud, prod: Cloud) -> None:
    tags = [cloud.of("ApiGatewayV2::Api")[0].props.get("Tags", {}) for cloud in (local, prod)]
    stages = [cloud.of("ApiGatewayV2::Stage")[0].props for cloud in (local, prod)]

    assert [one.get("ms-custom-id") for one in tags] == ["71c4e700", None]
    assert all(one["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0 for one in stages)
    assert all("DestinationArn" in one["AccessLogSettings"] for one in stages)


def test_every_service_is_watched_by_the_sum_of_its_functions_errors(prod: Cloud) -> None:
    watched = [
        metric["MetricStat"]["Metric"]["Dimensions"][0]["Value"]
        for alarm in prod.of("CloudWatch::Alarm")
        for metric in alarm.props.get("Metrics", [])
        if metric.get("MetricStat", {}).get("Metric", {}).get("MetricName") == "Errors"
    ]
    sizes = [len(alarm.props["Metrics"]) for alarm in prod.of("CloudWatch::Alarm") if "Metrics" in alarm.props]

    assert sorted(watched) == sorted(function.name for function in prod.of("Lambda::Function"))
    assert max(sizes) <= 11  # ten metrics, CloudWatch's limit, and their sum


def test_the_api_and_the_stream_have_their_alarms(cloud: Cloud) -> None:
    assert cloud.alarms(Namespace="AWS/Lambda", MetricName="IteratorAge", Threshold=5 * 60 * 1000)
    assert cloud.alarms(Namespace="AWS/ApiGateway", MetricName="5xx")
    assert cloud.alarms(Namespace="AWS/ApiGateway", MetricName="Latency")


def test_tests_and_tools_find_physical_names_in_the_outputs(cloud: Cloud) -> None:
    def output(kind: str, function: str) -> str:
        service, file = function.split(".")
        return str(cloud.outputs[f"{kind}{service.title()}{file.title().replace('_', '')}"])

    assert {"ApiId", "ApiUrl", "BusName", "Sender"} <= cloud.outputs.keys()
    for row in cloud.rows:
        assert output("Function", row.function) == cloud.function(row.function).name


def test_the_stage_chooses_topic_concurrency_and_address(tmp_path: Path) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:alarms"
    reserved = {"booking.create_booking": 50}

    cloud = synthesised(
        tmp_path / "cdk.out",
        "dev",
        sender="a@b.example",
        prebuilt=False,
        alarm_topic=topic,
        reserved_concurrency=reserved,
    )

    assert all(alarm.props["AlarmActions"] == [topic] for alarm in cloud.of("CloudWatch::Alarm"))
    assert cloud.function("booking.create_booking").props["ReservedConcurrentExecutions"] == 50
    assert cloud.outputs["ApiUrl"] == f"{cloud.of('ApiGatewayV2::Api')[0].name}:ApiEndpoint"


def test_synthesis_looks_nothing_up_and_names_no_account(cloud: Cloud) -> None:
    manifest = json.loads((cloud.folder / "manifest.json").read_text())

    assert "missing" not in manifest
    assert {one["environment"] for one in manifest["artifacts"].values() if "environment" in one} == {
        "aws://unknown-account/unknown-region"
    }


def test_a_prod_with_the_sandbox_is_not_even_synthesised(tmp_path: Path) -> None:
    with pytest.raises(NotSynthesised, match="real money"):
        synthesised(tmp_path / "cdk.out", "prod", provider="sandbox", sender="a@b.example")


def test_what_is_beneath_the_services_is_exported_whether_used_or_not(cloud: Cloud) -> None:
    parts = [f"{table.name}{part}" for table in cloud.of("DynamoDB::Table") for part in ("", ":Arn")]
    parts += [f"{key.name}{part}" for key in cloud.of("KMS::Key") for part in ("", ":Arn")]
    parts += [
        f"{table.name}:StreamArn" for table in cloud.of("DynamoDB::Table") if "StreamSpecification" in table.props
    ]

    assert set(parts) <= set(cloud.outputs.values())
