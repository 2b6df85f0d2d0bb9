"""IAM statements and environment of a function; both derive from the grants of its row."""

from collections.abc import Iterable

from aws_cdk import Stack
from aws_cdk.aws_iam import PolicyStatement

from common.bus import registry
from infra.constructs.deployed_resources import DeployedResources
from infra.resource_types import Bucket, Grant, Key, Mail, Secret, Setting, Table
from infra.topology_types import FunctionSpec, Route, Subscription, puts_events

MAX_RECEIVES = 7  # then the DLQ; the first two retries come after seconds, the others after the visibility timeout
IAM_PREFIXES: dict[type[Table | Bucket | Secret | Key | Mail], str] = {
    Table: "dynamodb",
    Bucket: "s3",
    Secret: "secretsmanager",
    Key: "kms",
    Mail: "ses",
}


def allow(actions: Iterable[str], resources: Iterable[str], **conditions: dict[str, object]) -> PolicyStatement:
    """An Allow statement; `conditions` by IAM operator."""
    return PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions or None)


def statements(row: FunctionSpec, *, resources: DeployedResources, stack: Stack) -> list[PolicyStatement]:
    """The IAM statements of the row, one per grant."""
    granted = [_grant_statement(grant, resources, stack) for grant in row.grants if isinstance(grant, Grant)]
    invoked_arns = [resources.functions[name].function_arn for name in row.invokes]
    if invoked_arns:
        granted.append(allow(["lambda:InvokeFunction"], invoked_arns))
    if puts_events(row):
        granted.append(_put_events_statement(resources))
    return granted


def environment(row: FunctionSpec, *, resources: DeployedResources) -> dict[str, str]:
    """The environment variables of the row's function: granted resource names, service and function name."""
    variables = {
        "SERVICE": row.service,
        "FUNCTION": row.function,
        "STAGE": resources.stage.name,
        "LOG_LEVEL": "INFO",
        "POWERTOOLS_SERVICE_NAME": row.service,
        "POWERTOOLS_METRICS_NAMESPACE": "Ticketing",
    }
    for grant in row.grants:
        if isinstance(grant, Setting):
            variables[grant.env] = resources.settings[grant.env]
        else:
            variables[grant.resource.env] = resources.environment_value(grant.resource)
    for name in row.invokes:
        variables[f"FUNCTION_{name.upper().replace('.', '_')}"] = resources.functions[name].function_name
    return variables | _trigger_environment(row, resources)


def _trigger_environment(row: FunctionSpec, resources: DeployedResources) -> dict[str, str]:
    if isinstance(row, Route):
        return {"ACCESS": row.access.value, "ROUTE": row.route_key}
    if isinstance(row, Subscription):
        return {"MAX_RECEIVES": str(MAX_RECEIVES)}
    return {"BUS_NAME": resources.bus.event_bus_name} if puts_events(row) else {}


def _grant_statement(grant: Grant, resources: DeployedResources, stack: Stack) -> PolicyStatement:
    actions = [f"{IAM_PREFIXES[type(grant.resource)]}:{action}" for action in grant.actions]
    arns = resources.arns(grant, stack)
    if isinstance(grant.resource, Mail):
        return allow(actions, arns, StringEquals={"ses:FromAddress": resources.stage.sender})
    return allow(actions, arns)


def _put_events_statement(resources: DeployedResources) -> PolicyStatement:
    # Restrict `events:source` to our publishers, so that no other source can be forged.
    sources = sorted({event.source for event in registry().values()})
    return allow(["events:PutEvents"], [resources.bus.event_bus_arn], StringEquals={"events:source": sources})
