"""Alarms: they tell the stage's topic, where it names one."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import (
    Alarm,
    CfnAlarm,
    ComparisonOperator,
    IMetric,
    MathExpression,
    Metric,
    TreatMissingData,
)
from aws_cdk.aws_lambda import IFunction
from aws_cdk.aws_sqs import IQueue
from constructs import Construct

from infra.constructs.alarms_table import WATCHED, Watched
from infra.stacks.stage import Stage

PERIOD = Duration.minutes(1)
METRICS_PER_ALARM = 10  # CloudWatch's limit for one expression


def alarm(scope: Construct, construct_id: str, *, metric: IMetric, at_least: float, stage: Stage, why: str) -> Alarm:
    """Raise when the metric is `at_least` that much over its period; silence is good."""
    raised = Alarm(
        scope,
        construct_id,
        metric=metric,
        threshold=at_least,
        comparison_operator=ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluation_periods=1,
        treat_missing_data=TreatMissingData.NOT_BREACHING,
        alarm_description=why,
    )
    if stage.alarm_topic:
        cast(CfnAlarm, raised.node.default_child).alarm_actions = [stage.alarm_topic]
    return raised


def depth_alarm(scope: Construct, construct_id: str, *, queue: IQueue, stage: Stage, why: str) -> Alarm:
    """Raise as soon as anything lies in a dead-letter queue."""
    metric = queue.metric_approximate_number_of_messages_visible(period=PERIOD, statistic="Maximum")
    return alarm(scope, construct_id, metric=metric, at_least=1, stage=stage, why=why)


class ServiceAlarms(Construct):
    """A service's errors as one sum (in parts, where CloudWatch needs them), and what it counts that needs people."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: str,
        functions: Sequence[IFunction],
        stage: Stage,
    ) -> None:
        super().__init__(scope, construct_id)
        # The local emulator has neither Lambda's metrics nor metric math.
        summed = () if stage.local else range(0, len(functions), METRICS_PER_ALARM)
        parts = [functions[at : at + METRICS_PER_ALARM] for at in summed]
        for number, part in enumerate(parts, start=1):
            alarm(self, f"Errors{number}", metric=_errors(part), at_least=1, stage=stage, why=f"{service} crashed")
        for one in WATCHED.get(service, ()):
            why = f"{service}: {one.why}"
            alarm(self, one.metric, metric=_own(service, one), at_least=one.at_least, stage=stage, why=why)


def _own(service: str, one: Watched) -> Metric:
    return Metric(
        namespace="Ticketing",
        metric_name=one.metric,
        dimensions_map={"service": service},
        statistic=one.statistic,
        period=PERIOD,
    )


def _errors(functions: Sequence[IFunction]) -> MathExpression:
    metrics: dict[str, IMetric] = {
        f"errors{at}": function.metric_errors(period=PERIOD, statistic="Sum") for at, function in enumerate(functions)
    }
    return MathExpression(expression=" + ".join(metrics), using_metrics=metrics, period=PERIOD, label="errors")
