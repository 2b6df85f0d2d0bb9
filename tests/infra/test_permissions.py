"""Every function has exactly the permissions of its row."""

import json
from typing import Any

from common.bus import registry
from infra.resource_types import Bucket, Grant, Key, Secret, Table
from infra.topology_types import DelayedEvent, FunctionSpec, Stream, Subscription, puts_events
from tests.infra.cloud_assembly import CloudAssembly, Resource, as_list

# X-Ray's write actions have no resource-level permissions (AWS Service Authorization Reference).
ALLOWED_WILDCARDS = {("xray:PutTelemetryRecords", "xray:PutTraceSegments")}
Statement = tuple[tuple[str, ...], tuple[str, ...], str]


def faults(cloud: CloudAssembly) -> list[str]:
    problems = []
    for row in cloud.rows:
        actual, expected = _actual_statements(cloud, row), _expected_statements(cloud, row)
        problems += [f"{row.function} may {_text(one)}" for one in sorted(actual) if one not in expected]
        problems += [f"{row.function} may not {_text(one)}" for one in sorted(expected) if one not in actual]
    return problems + wildcards(cloud) + _grants_besides_rows(cloud)


def wildcards(cloud: CloudAssembly) -> list[str]:
    """Wildcard actions and resources, except the documented ones."""
    problems = []
    for row in cloud.rows:
        for actions, resources, _ in _actual_statements(cloud, row):
            allowed = actions in ALLOWED_WILDCARDS and resources == ("*",)
            if not allowed and any("*" in word for word in actions + resources):
                problems.append(f"{row.function} has a star: {_text((actions, resources, ''))}")
    return problems


def _actual_statements(cloud: CloudAssembly, row: FunctionSpec) -> list[Statement]:
    role = _role(cloud, row)
    statements = [one for policy in role.properties["Policies"] for one in policy["PolicyDocument"]["Statement"]]
    assert all(one.keys() <= {"Action", "Resource", "Effect", "Condition"} for one in statements)
    assert all(one["Effect"] == "Allow" for one in statements)
    return [_statement(one["Action"], one["Resource"], one.get("Condition", {})) for one in statements]


def _expected_statements(cloud: CloudAssembly, row: FunctionSpec) -> list[Statement]:
    function = cloud.function(row.function)
    logs = cloud.resolve(function.properties["LoggingConfig"]["LogGroup"]).arn
    expected = [
        _statement(["logs:CreateLogStream", "logs:PutLogEvents"], logs),
        _statement(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
        *(_grant_statement(cloud, grant) for grant in row.grants if isinstance(grant, Grant)),
    ]
    if row.invokes:
        expected.append(_statement("lambda:InvokeFunction", [cloud.function(name).arn for name in row.invokes]))
    return expected + _trigger_statements(cloud, row)


def _trigger_statements(cloud: CloudAssembly, row: FunctionSpec) -> list[Statement]:
    if isinstance(row, Stream):
        return [*_stream_statements(cloud, row), _put_events_statement(cloud)]
    if puts_events(row):
        return [_put_events_statement(cloud)]
    if not isinstance(row, Subscription):
        return []
    queue = cloud.mappings(cloud.function(row.function))[0].properties["EventSourceArn"]
    read = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
    requeue = [_statement("sqs:SendMessage", queue)] if isinstance(row, DelayedEvent) else []
    purge_actions = [f"sqs:{action}" for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")]
    purge = (
        [_statement(purge_actions, [_dead_letter_queue(cloud, one) for one in row.purges_dlq_of])]
        if row.purges_dlq_of
        else []
    )
    return [_statement([f"sqs:{action}" for action in read], queue), *requeue, *purge]


def _dead_letter_queue(cloud: CloudAssembly, function: str) -> str:
    queue = cloud.mappings(cloud.function(function))[0].properties["EventSourceArn"].split(":")[0]
    return str(cloud.resolve(queue).properties["RedrivePolicy"]["deadLetterTargetArn"])


def _stream_statements(cloud: CloudAssembly, row: Stream) -> list[Statement]:
    streams = [f"{cloud.table(table.name).name}:StreamArn" for table in row.tables]
    read = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    destination = cloud.mappings(cloud.function(row.function))[0].properties["DestinationConfig"]["OnFailure"][
        "Destination"
    ]
    return [
        _statement([f"dynamodb:{action}" for action in read], streams),
        _statement("sqs:SendMessage", destination),
    ]


def _put_events_statement(cloud: CloudAssembly) -> Statement:
    (bus,) = cloud.by_type("Events::EventBus")
    sources = sorted({event.source for event in registry().values()})
    return _statement("events:PutEvents", bus.arn, {"StringEquals": {"events:source": sources}})


def _grant_statement(cloud: CloudAssembly, grant: Grant) -> Statement:
    resource, actions = grant.resource, grant.actions
    if isinstance(resource, Table):
        arn = cloud.table(resource.name).arn + (f"/index/{grant.index}" if grant.index else "")
        return _statement([f"dynamodb:{action}" for action in actions], arn)
    if isinstance(resource, Bucket):
        arn = cloud.bucket(resource.name).arn + ("" if actions == ("ListBucket",) else f"/{resource.key}")
        return _statement([f"s3:{action}" for action in actions], arn)
    if isinstance(resource, Secret):
        name = f"ticketing/{cloud.stage}/{resource.name}-??????"
        arn = f"arn:aws:secretsmanager:region:account:secret:{name}"
        return _statement([f"secretsmanager:{action}" for action in actions], arn)
    if isinstance(resource, Key):
        keys = [key.arn for key in cloud.by_type("KMS::Key")]
        return _statement([f"kms:{action}" for action in actions], keys)
    sender = cloud.outputs["Sender"]
    condition = {"StringEquals": {"ses:FromAddress": sender}}
    return _statement([f"ses:{one}" for one in actions], f"arn:aws:ses:region:account:identity/{sender}", condition)


def _grants_besides_rows(cloud: CloudAssembly) -> list[str]:
    # Each role belongs to one function, only Lambda assumes it, and no other policy is attached.
    roles = [_role(cloud, row).name for row in cloud.rows]
    shared = [name for name in roles if roles.count(name) > 1]
    attached = [one.name for kind in ("IAM::Policy", "IAM::ManagedPolicy") for one in cloud.by_type(kind)]
    unknown = [one.name for one in cloud.by_type("IAM::Role") if one.name not in roles or not _is_lambda_role(one)]
    return [f"{name} grants besides the rows" for name in shared + attached + unknown]


def _is_lambda_role(role: Resource) -> bool:
    trust = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    return (
        role.properties["AssumeRolePolicyDocument"]["Statement"] == [trust]
        and "ManagedPolicyArns" not in role.properties
    )


def _role(cloud: CloudAssembly, row: FunctionSpec) -> Resource:
    return cloud.resolve(cloud.function(row.function).properties["Role"])


def _statement(actions: Any, resources: Any, condition: Any = None) -> Statement:
    return (
        tuple(sorted(as_list(actions))),
        tuple(sorted(as_list(resources))),
        json.dumps(condition or {}, sort_keys=True),
    )


def _text(statement: Statement) -> str:
    return f"{', '.join(statement[0])} on {', '.join(statement[1])}"


def test_iam_statements_match_the_grants(cloud: CloudAssembly) -> None:
    assert faults(cloud) == []


def test_extra_statement_is_detected(local: CloudAssembly) -> None:
    broken = local.copy()
    payments = broken.table("payments").arn
    _add_statement(broken, "booking.get_booking", "dynamodb:GetItem", payments)

    assert faults(broken) == [f"booking.get_booking may dynamodb:GetItem on {payments}"]


def test_extra_and_missing_actions_are_detected(local: CloudAssembly) -> None:
    broken = local.copy()
    table = broken.table("bookings").arn
    _statements(broken, "booking.get_booking")[-1]["Action"] = ["dynamodb:GetItem", "dynamodb:DeleteItem"]

    assert faults(broken) == [
        f"booking.get_booking may dynamodb:DeleteItem, dynamodb:GetItem on {table}",
        f"booking.get_booking may not dynamodb:GetItem on {table}",
    ]


def test_wildcard_is_detected(local: CloudAssembly) -> None:
    action, resource = local.copy(), local.copy()
    _add_statement(action, "events.get_event", "dynamodb:*", local.table("events").arn)
    _add_statement(resource, "events.get_event", "s3:GetObject", "*")

    assert len(wildcards(action)) == len(wildcards(resource)) == 1


def test_unconditioned_put_events_and_foreign_policy_are_detected(local: CloudAssembly) -> None:
    broken = local.copy()
    publishing = next(one for one in _statements(broken, "cdc.publish_outbox") if one["Action"] == "events:PutEvents")
    del publishing["Condition"]
    broken.resources.append(Resource("Auth.Extra", "AWS::IAM::Policy", {}, {}))

    assert [fault.split(" ", 2)[1] for fault in faults(broken)] == ["may", "may", "grants"]


def _statements(cloud: CloudAssembly, function: str) -> list[dict[str, Any]]:
    role = cloud.resolve(cloud.function(function).properties["Role"])
    statements: list[dict[str, Any]] = role.properties["Policies"][0]["PolicyDocument"]["Statement"]
    return statements


def _add_statement(cloud: CloudAssembly, function: str, action: str, resource: str) -> None:
    _statements(cloud, function).append({"Action": action, "Resource": resource, "Effect": "Allow"})
