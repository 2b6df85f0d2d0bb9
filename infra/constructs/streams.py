"""Table streams: every change that carries an outbox wakes one function, in order per key."""

import json
from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import Metric
from aws_cdk.aws_dynamodb import ITable
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_lambda import CfnEventSourceMapping, IFunction
from aws_cdk.aws_sqs import Queue
from constructs import Construct

from infra.constructs.alarms import PERIOD, alarm
from infra.constructs.code import ServiceCode
from infra.constructs.estate import Estate
from infra.constructs.function import Needs, RowFunction
from infra.constructs.grants import allow
from infra.constructs.queues import DeadLetters
from infra.vocabulary import Stream

READ = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
# The outbox's version is the scalar that only an item with an outbox has; filters match scalars only.
CHANGED = json.dumps({"dynamodb": {"NewImage": {"outbox_version": {"N": [{"exists": True}]}}}})
LATE_MILLISECONDS = 5 * 60 * 1000


class StreamReader(Construct):
    """One mapping per table; what cannot be published after hours of trying is set aside with an alarm."""

    def __init__(self, scope: Construct, construct_id: str, *, row: Stream, estate: Estate, code: ServiceCode) -> None:
        super().__init__(scope, construct_id)
        tables = {table.name: estate.tables[table.name] for table in row.tables}
        aside = DeadLetters(self, "Failed", stage=estate.stage, why=f"{row.function} gave up on stream records")
        self.dead = aside.queue
        needs = Needs(statements=_needs(tables, self.dead))
        self.function = RowFunction(self, "Row", row=row, estate=estate, code=code, needs=needs).function
        for name, table in tables.items():
            self._map(name.title(), table)
        why = "the outbox is published five minutes late"
        alarm(self, "Late", metric=_age(self.function), at_least=LATE_MILLISECONDS, stage=estate.stage, why=why)

    def _map(self, construct_id: str, table: ITable) -> None:
        on_failure = CfnEventSourceMapping.OnFailureProperty(destination=self.dead.queue_arn)
        CfnEventSourceMapping(
            self,
            f"{construct_id}Mapping",
            function_name=self.function.function_name,
            event_source_arn=table.table_stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=100,
            filter_criteria={"filters": [{"pattern": CHANGED}]},
            function_response_types=["ReportBatchItemFailures"],
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=1000,
            maximum_record_age_in_seconds=Duration.hours(12).to_seconds(),
            destination_config=CfnEventSourceMapping.DestinationConfigProperty(on_failure=on_failure),
        )


def _needs(tables: Mapping[str, ITable], failed: Queue) -> list[PolicyStatement]:
    streams = [str(table.table_stream_arn) for table in tables.values()]
    return [
        allow([f"dynamodb:{action}" for action in READ], streams),
        allow(["sqs:SendMessage"], [failed.queue_arn]),
    ]


def _age(function: IFunction) -> Metric:
    return function.metric("IteratorAge", period=PERIOD, statistic="Maximum")
