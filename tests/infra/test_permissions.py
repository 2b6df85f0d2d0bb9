"""Every function may do what its row says and nothing else."""

import json
from typing import Any

from common.bus import registry
from infra.vocabulary import Bucket, Grant, Key, On, Secret, Stream, Table, Timer, Trigger, publishes
from tests.infra.cloud import Cloud, Resource, alike

# X-Ray's writing actions know no resources (AWS Service Authorization Reference).
STARS = {("xray:PutTelemetryRecords", "xray:PutTraceSegments")}
Statement = tuple[tuple[str, ...], tuple[str, ...], str]


def faults(cloud: Cloud) -> list[str]:
    found = []
    for row in cloud.rows:
        may, ought = _found(cloud, row), _wanted(cloud, row)
        found += [f"{row.function} may {_told(one)}" for one in sorted(may) if one not in ought]
        found += [f"{row.function} may not {_told(one)}" for one in sorted(ought) if one not in may]
    return found + stars(cloud) + _elsewhere(cloud)


def stars(cloud: Cloud) -> list[str]:
    """Actions or resources with a star, but the documented ones."""
    found = []
    for row in cloud.rows:
        for actions, resources, _ in _found(cloud, row):
            free = actions in STARS and resources == ("*",)
            if not free and any("*" in word for word in actions + resources):
                found.append(f"{row.function} has a star: {_told((actions, resources, ''))}")
    return found


def _found(cloud: Cloud, row: Trigger) -> list[Statement]:
    role = _role(cloud, row)
    statements = [one for policy in role.props["Policies"] for one in policy["PolicyDocument"]["Statement"]]
    assert all(one.keys() <= {"Action", "Resource", "Effect", "Condition"} for one in statements)
    assert all(one["Effect"] == "Allow" for one in statements)
    return [_statement(one["Action"], one["Resource"], one.get("Condition", {})) for one in statements]


def _wanted(cloud: Cloud, row: Trigger) -> list[Statement]:
    function = cloud.function(row.function)
    logs = cloud.named(function.props["LoggingConfig"]["LogGroup"]).arn
    wanted = [
        _statement(["logs:CreateLogStream", "logs:PutLogEvents"], logs),
        _statement(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
        *(_granted(cloud, grant) for grant in row.may if isinstance(grant, Grant)),
    ]
    if row.calls:
        wanted.append(_statement("lambda:InvokeFunction", [cloud.function(name).arn for name in row.calls]))
    return wanted + _woken(cloud, row)


def _woken(cloud: Cloud, row: Trigger) -> list[Statement]:
    if isinstance(row, Stream):
        return [*_read(cloud, row), _published(cloud)]
    if publishes(row):
        return [_published(cloud)]
    if not isinstance(row, On):
        return []
    queue = cloud.mappings(cloud.function(row.function))[0].props["EventSourceArn"]
    read = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
    again = [_statement("sqs:SendMessage", queue)] if isinstance(row, Timer) else []
    sweep = [f"sqs:{action}" for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")]
    swept = [_statement(sweep, [_dead(cloud, one) for one in row.sweeps])] if row.sweeps else []
    return [_statement([f"sqs:{action}" for action in read], queue), *again, *swept]


def _dead(cloud: Cloud, function: str) -> str:
    queue = cloud.mappings(cloud.function(function))[0].props["EventSourceArn"].split(":")[0]
    return str(cloud.named(queue).props["RedrivePolicy"]["deadLetterTargetArn"])


def _read(cloud: Cloud, row: Stream) -> list[Statement]:
    streams = [f"{cloud.table(table.name).name}:StreamArn" for table in row.tables]
    read = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    destination = cloud.mappings(cloud.function(row.function))[0].props["DestinationConfig"]["OnFailure"]["Destination"]
    return [
        _statement([f"dynamodb:{action}" for action in read], streams),
        _statement("sqs:SendMessage", destination),
    ]


def _published(cloud: Cloud) -> Statement:
    (bus,) = cloud.of("Events::EventBus")
    sources = sorted({event.source for event in registry().values()})
    return _statement("events:PutEvents", bus.arn, {"StringEquals": {"events:source": sources}})


def _granted(cloud: Cloud, grant: Grant) -> Statement:
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
        keys = [key.arn for key in cloud.of("KMS::Key")]
        return _statement([f"kms:{action}" for action in actions], keys)
    sender = cloud.outputs["Sender"]
    condition = {"StringEquals": {"ses:FromAddress": sender}}
    return _statement([f"ses:{one}" for one in actions], f"arn:aws:ses:region:account:identity/{sender}", condition)


def _elsewhere(cloud: Cloud) -> list[str]:
    # A role is one function's, assumed by Lambda alone, and nothing is attached to it from outside.
    roles = [_role(cloud, row).name for row in cloud.rows]
    shared = [name for name in roles if roles.count(name) > 1]
    attached = [one.name for kind in ("IAM::Policy", "IAM::ManagedPolicy") for one in cloud.of(kind)]
    strange = [one.name for one in cloud.of("IAM::Role") if one.name not in roles or not _plain(one)]
    return [f"{name} grants besides the rows" for name in shared + attached + strange]


def _plain(role: Resource) -> bool:
    trust = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    return role.props["AssumeRolePolicyDocument"]["Statement"] == [trust] and "ManagedPolicyArns" not in role.props


def _role(cloud: Cloud, row: Trigger) -> Resource:
    return cloud.named(cloud.function(row.function).props["Role"])


def _statement(actions: Any, resources: Any, condition: Any = None) -> Statement:
    return (
        tuple(sorted(alike(actions))),
        tuple(sorted(alike(resources))),
        json.dumps(condition or {}, sort_keys=True),
    )


def _told(statement: Statement) -> str:
    return f"{', '.join(statement[0])} on {', '.join(statement[1])}"


def test_every_statement_is_exactly_what_the_row_grants(cloud: Cloud) -> None:
    assert faults(cloud) == []


def test_a_statement_too_much_is_seen(local: Cloud) -> None:
    broken = local.copy()
    payments = broken.table("payments").arn
    _added(broken, "booking.get_booking", "dynamodb:GetItem", payments)

    assert faults(broken) == [f"booking.get_booking may dynamodb:GetItem on {payments}"]


def test_an_action_too_much_and_one_too_few_are_seen(local: Cloud) -> None:
    broken = local.copy()
    table = broken.table("bookings").arn
    _statements(broken, "booking.get_booking")[-1]["Action"] = ["dynamodb:GetItem", "dynamodb:DeleteItem"]

    assert faults(broken) == [
        f"booking.get_booking may dynamodb:DeleteItem, dynamodb:GetItem on {table}",
        f"booking.get_booking may not dynamodb:GetItem on {table}",
    ]


def test_a_star_is_seen(local: Cloud) -> None:
    action, resource = local.copy(), local.copy()
    _added(action, "events.get_event", "dynamodb:*", local.table("events").arn)
    _added(resource, "events.get_event", "s3:GetObject", "*")

    assert len(stars(action)) == len(stars(resource)) == 1


def test_a_bus_grant_without_its_sources_and_a_policy_from_outside_are_seen(local: Cloud) -> None:
    broken = local.copy()
    publishing = next(one for one in _statements(broken, "cdc.publish_outbox") if one["Action"] == "events:PutEvents")
    del publishing["Condition"]
    broken.resources.append(Resource("Auth.Extra", "AWS::IAM::Policy", {}, {}))

    assert [fault.split(" ", 2)[1] for fault in faults(broken)] == ["may", "may", "grants"]


def _statements(cloud: Cloud, function: str) -> list[dict[str, Any]]:
    role = cloud.named(cloud.function(function).props["Role"])
    statements: list[dict[str, Any]] = role.props["Policies"][0]["PolicyDocument"]["Statement"]
    return statements


def _added(cloud: Cloud, function: str, action: str, resource: str) -> None:
    _statements(cloud, function).append({"Action": action, "Resource": resource, "Effect": "Allow"})
