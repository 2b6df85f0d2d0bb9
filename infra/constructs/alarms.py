"""CloudWatch alarms; they notify the stage's SNS topic, if any."""

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

from infra.constructs.alarm_definitions import METRIC_ALARMS, MetricAlarm
from infra.stacks.stage import Stage

PERIOD = Duration.minutes(1)
MAX_METRICS_PER_ALARM = 10  # CloudWatch's limit for one expression


def alarm(
    scope: Construct, construct_id: str, *, metric: IMetric, threshold: float, stage: Stage, description: str
) -> Alarm:
    """An alarm for the metric at or above `threshold` in one period; missing data is not breaching."""
    created = Alarm(
        scope,
        construct_id,
        metric=metric,
        threshold=threshold,
        comparison_operator=ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluation_periods=1,
        treat_missing_data=TreatMissingData.NOT_BREACHING,
        alarm_description=description,
    )
    if stage.alarm_topic:
        cast(CfnAlarm, created.node.default_child).alarm_actions = [stage.alarm_topic]
    return created


def depth_alarm(scope: Construct, construct_id: str, *, queue: IQueue, stage: Stage, description: str) -> Alarm:
    """An alarm for any message in a dead-letter queue."""
    metric = queue.metric_approximate_number_of_messages_visible(period=PERIOD, statistic="Maximum")
    return alarm(scope, construct_id, metric=metric, threshold=1, stage=stage, description=description)


class ServiceAlarms(Construct):
    """Alarms of a service: the sum of its functions' errors (one per ten functions), and its METRIC_ALARMS."""

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
        offsets = () if stage.is_local else range(0, len(functions), MAX_METRICS_PER_ALARM)
        chunks = [functions[offset : offset + MAX_METRICS_PER_ALARM] for offset in offsets]
        for number, chunk in enumerate(chunks, start=1):
            alarm(
                self,
                f"Errors{number}",
                metric=_errors_sum(chunk),
                threshold=1,
                stage=stage,
                description=f"{service} crashed",
            )
        for definition in METRIC_ALARMS.get(service, ()):
            description = f"{service}: {definition.description}"
            alarm(
                self,
                definition.metric,
                metric=_service_metric(service, definition),
                threshold=definition.threshold,
                stage=stage,
                description=description,
            )


def _service_metric(service: str, definition: MetricAlarm) -> Metric:
    return Metric(
        namespace="Ticketing",
        metric_name=definition.metric,
        dimensions_map={"service": service},
        statistic=definition.statistic,
        period=PERIOD,
    )


def _errors_sum(functions: Sequence[IFunction]) -> MathExpression:
    metrics: dict[str, IMetric] = {
        f"errors{index}": function.metric_errors(period=PERIOD, statistic="Sum")
        for index, function in enumerate(functions)
    }
    return MathExpression(expression=" + ".join(metrics), using_metrics=metrics, period=PERIOD, label="errors")
