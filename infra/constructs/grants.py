"""IAM statements and environment of a function: both from its row's grants, so neither exceeds them."""

from collections.abc import Iterable

from aws_cdk import Stack
from aws_cdk.aws_iam import PolicyStatement

from common.bus import registry
from infra.constructs.estate import Estate
from infra.vocabulary import Bucket, Grant, Key, Mail, On, Route, Secret, Setting, Table, Trigger, publishes

MAX_RECEIVES = 7  # two soon after a failure, the others when the queue's time is over; then the DLQ
PREFIXES: dict[type[Table | Bucket | Secret | Key | Mail], str] = {
    Table: "dynamodb",
    Bucket: "s3",
    Secret: "secretsmanager",
    Key: "kms",
    Mail: "ses",
}


def allow(actions: Iterable[str], resources: Iterable[str], **conditions: dict[str, object]) -> PolicyStatement:
    """One Allow statement; `conditions` by operator."""
    return PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions or None)


def statements(row: Trigger, *, estate: Estate, stack: Stack) -> list[PolicyStatement]:
    """What the row may do, one statement per grant."""
    found = [_granted(grant, estate, stack) for grant in row.may if isinstance(grant, Grant)]
    called = [estate.functions[name].function_arn for name in row.calls]
    if called:
        found.append(allow(["lambda:InvokeFunction"], called))
    if publishes(row):
        found.append(_publishing(estate))
    return found


def environment(row: Trigger, *, estate: Estate) -> dict[str, str]:
    """What the row's function is told: the names behind its grants, and who it is."""
    told = {
        "SERVICE": row.service,
        "FUNCTION": row.function,
        "STAGE": estate.stage.name,
        "LOG_LEVEL": "INFO",
        "POWERTOOLS_SERVICE_NAME": row.service,
        "POWERTOOLS_METRICS_NAMESPACE": "Ticketing",
    }
    for grant in row.may:
        if isinstance(grant, Setting):
            told[grant.env] = estate.settings[grant.env]
        else:
            told[grant.resource.env] = estate.name(grant.resource)
    for name in row.calls:
        told[f"FUNCTION_{name.upper().replace('.', '_')}"] = estate.functions[name].function_name
    return told | _of_kind(row, estate)


def _of_kind(row: Trigger, estate: Estate) -> dict[str, str]:
    if isinstance(row, Route):
        return {"WHO": row.who.value, "ROUTE": row.call}
    if isinstance(row, On):
        return {"MAX_RECEIVES": str(MAX_RECEIVES)}
    return {"BUS_NAME": estate.bus.event_bus_name} if publishes(row) else {}


def _granted(grant: Grant, estate: Estate, stack: Stack) -> PolicyStatement:
    actions = [f"{PREFIXES[type(grant.resource)]}:{action}" for action in grant.actions]
    arns = estate.arns(grant, stack)
    if isinstance(grant.resource, Mail):
        return allow(actions, arns, StringEquals={"ses:FromAddress": estate.stage.sender})
    return allow(actions, arns)


def _publishing(estate: Estate) -> PolicyStatement:
    # Whatever is on the bus under our sources was published by the one service that may.
    sources = sorted({event.source for event in registry().values()})
    return allow(["events:PutEvents"], [estate.bus.event_bus_arn], StringEquals={"events:source": sources})
