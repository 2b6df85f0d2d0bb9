"""One Lambda function with its own role, log group, environment and limits, derived from its row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk.aws_iam import PolicyDocument, PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_lambda import Function, Tracing
from aws_cdk.aws_logs import LogGroup, RetentionDays
from constructs import Construct

from infra.constructs.code import ServiceCode
from infra.constructs.deployed_resources import DeployedResources
from infra.constructs.grants import allow, environment, statements
from infra.constructs.nag_suppressions import FUNCTION, acknowledge
from infra.topology_types import FunctionSpec


@dataclass(frozen=True, kw_only=True)
class ExtraPermissions:
    """Permissions and variables that the trigger requires in addition to the row's grants."""

    statements: Sequence[PolicyStatement] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


NO_EXTRA_PERMISSIONS = ExtraPermissions()


class TopologyFunction(Construct):
    """The function of a row; its role allows exactly the row's grants and what the trigger requires."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        row: FunctionSpec,
        resources: DeployedResources,
        code: ServiceCode,
        extra_permissions: ExtraPermissions = NO_EXTRA_PERMISSIONS,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        removal_policy = RemovalPolicy.RETAIN if resources.stage.retain else RemovalPolicy.DESTROY
        logs = LogGroup(self, "Logs", retention=RetentionDays.ONE_MONTH, removal_policy=removal_policy)
        all_statements = [
            *_runtime_statements(logs),
            *extra_permissions.statements,
            *statements(row, resources=resources, stack=stack),
        ]
        role = Role(
            self,
            "Role",
            assumed_by=ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Grants": PolicyDocument(statements=all_statements)},
        )
        self.function = Function(
            self,
            "Function",
            description=row.function,
            runtime=code.runtime,
            architecture=code.architecture,
            code=code.code,
            layers=code.layers(row),
            handler=f"{row.module}.handler",
            # CDK must not add statements to the role.
            role=role.without_policy_updates(),
            environment=environment(row, resources=resources) | dict(extra_permissions.environment),
            memory_size=row.memory,
            timeout=Duration.seconds(row.timeout),
            tracing=Tracing.ACTIVE,
            log_group=logs,
            reserved_concurrent_executions=resources.stage.reserved_concurrency.get(row.function),
        )
        self.function.node.add_dependency(role)
        acknowledge(self, FUNCTION)
        resources.functions[row.function] = self.function


def _runtime_statements(logs: LogGroup) -> list[PolicyStatement]:
    return [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [logs.log_group_arn]),
        allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),  # X-Ray has no resource-level permissions
    ]
