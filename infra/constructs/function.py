"""One Lambda function: its own role, log group, environment and limits, all from its row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk.aws_iam import PolicyDocument, PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_lambda import Function, Tracing
from aws_cdk.aws_logs import LogGroup, RetentionDays
from constructs import Construct

from infra.constructs.code import ServiceCode
from infra.constructs.estate import Estate
from infra.constructs.grants import allow, environment, statements
from infra.constructs.nag import FUNCTION, acknowledge
from infra.vocabulary import Trigger


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a trigger asks of its function beyond the row's own grants."""

    statements: Sequence[PolicyStatement] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


NOTHING = Needs()


class RowFunction(Construct):
    """The function of a row, allowed exactly what the row grants and what its trigger needs."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        row: Trigger,
        estate: Estate,
        code: ServiceCode,
        needs: Needs = NOTHING,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        removal = RemovalPolicy.RETAIN if estate.stage.retain else RemovalPolicy.DESTROY
        logs = LogGroup(self, "Logs", retention=RetentionDays.ONE_MONTH, removal_policy=removal)
        allowed = [*_running(logs), *needs.statements, *statements(row, estate=estate, stack=stack)]
        role = Role(
            self,
            "Role",
            assumed_by=ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Grants": PolicyDocument(statements=allowed)},
        )
        self.function = Function(
            self,
            "Function",
            description=row.function,
            runtime=code.runtime,
            architecture=code.architecture,
            code=code.code,
            layers=code.layers,
            handler=f"{row.function}.handler",
            # Nothing may be added to the role but what stands above.
            role=role.without_policy_updates(),
            environment=environment(row, estate=estate) | dict(needs.environment),
            memory_size=row.memory,
            timeout=Duration.seconds(row.seconds),
            tracing=Tracing.ACTIVE,
            log_group=logs,
            reserved_concurrent_executions=estate.stage.reserved_concurrency.get(row.function),
        )
        self.function.node.add_dependency(role)
        acknowledge(self, FUNCTION)
        estate.functions[row.function] = self.function


def _running(logs: LogGroup) -> list[PolicyStatement]:
    return [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [logs.log_group_arn]),
        allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),  # X-Ray knows no resources
    ]
