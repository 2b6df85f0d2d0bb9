"""Table streams: changes with an outbox invoke one function, in order per key."""

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
from infra.constructs.deployed_resources import DeployedResources
from infra.constructs.function import ExtraPermissions, TopologyFunction
from infra.constructs.grants import allow
from infra.constructs.queues import DeadLetters
from infra.topology_types import Stream

READ_ACTIONS = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
# Event filters match scalars only; `outbox_version` is the scalar that exists exactly on items with an outbox.
OUTBOX_FILTER = json.dumps({"dynamodb": {"NewImage": {"outbox_version": {"N": [{"exists": True}]}}}})
MAX_ITERATOR_AGE_MILLISECONDS = 5 * 60 * 1000


class StreamReader(Construct):
    """One event source mapping per table; records that fail for 12 hours go to a DLQ with an alarm."""

    def __init__(
        self, scope: Construct, construct_id: str, *, row: Stream, resources: DeployedResources, code: ServiceCode
    ) -> None:
        super().__init__(scope, construct_id)
        tables = {table.name: resources.tables[table.name] for table in row.tables}
        dead_letters = DeadLetters(
            self, "Failed", stage=resources.stage, description=f"{row.function} gave up on stream records"
        )
        self.dead_letter_queue = dead_letters.queue
        extra_permissions = ExtraPermissions(statements=_stream_statements(tables, self.dead_letter_queue))
        self.function = TopologyFunction(
            self, "Row", row=row, resources=resources, code=code, extra_permissions=extra_permissions
        ).function
        for name, table in tables.items():
            self._add_mapping(name.title(), table)
        description = "the outbox is published five minutes late"
        alarm(
            self,
            "Late",
            metric=_iterator_age(self.function),
            threshold=MAX_ITERATOR_AGE_MILLISECONDS,
            stage=resources.stage,
            description=description,
        )

    def _add_mapping(self, construct_id: str, table: ITable) -> None:
        on_failure = CfnEventSourceMapping.OnFailureProperty(destination=self.dead_letter_queue.queue_arn)
        CfnEventSourceMapping(
            self,
            f"{construct_id}Mapping",
            function_name=self.function.function_name,
            event_source_arn=table.table_stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=100,
            filter_criteria={"filters": [{"pattern": OUTBOX_FILTER}]},
            function_response_types=["ReportBatchItemFailures"],
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=1000,
            maximum_record_age_in_seconds=Duration.hours(12).to_seconds(),
            destination_config=CfnEventSourceMapping.DestinationConfigProperty(on_failure=on_failure),
        )


def _stream_statements(tables: Mapping[str, ITable], failed: Queue) -> list[PolicyStatement]:
    streams = [str(table.table_stream_arn) for table in tables.values()]
    return [
        allow([f"dynamodb:{action}" for action in READ_ACTIONS], streams),
        allow(["sqs:SendMessage"], [failed.queue_arn]),
    ]


def _iterator_age(function: IFunction) -> Metric:
    return function.metric("IteratorAge", period=PERIOD, statistic="Maximum")
