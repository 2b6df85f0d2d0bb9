"""Bus consumers: rule → queue → function, with a DLQ for the rule and one for the queue."""

from aws_cdk import Duration
from aws_cdk.aws_events import EventPattern, Rule
from aws_cdk.aws_events_targets import SqsQueue
from aws_cdk.aws_lambda import EventSourceMapping
from aws_cdk.aws_sqs import IQueue
from constructs import Construct

from infra.constructs.code import ServiceCode
from infra.constructs.deployed_resources import DeployedResources
from infra.constructs.function import ExtraPermissions, TopologyFunction
from infra.constructs.grants import allow
from infra.constructs.nag_suppressions import QUEUE_MAPPING, acknowledge
from infra.constructs.queues import DeadLetters, WorkQueue, batch_size
from infra.topology_types import DelayedEvent, Subscription

CONSUME_ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
PURGE_ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")


class EventConsumer(Construct):
    """Delivers the bus events of a row to its function through a queue of its own."""

    def __init__(
        self, scope: Construct, construct_id: str, *, row: Subscription, resources: DeployedResources, code: ServiceCode
    ) -> None:
        super().__init__(scope, construct_id)
        work = WorkQueue(self, "Work", timeout_seconds=row.timeout, stage=resources.stage, consumer=row.function)
        self.queue, self.dead_letter_queue = work.queue, work.dead_letters.queue
        resources.dead_letter_queues[row.function] = self.dead_letter_queue
        purged_queues = [resources.dead_letter_queues[function] for function in row.purges_dlq_of]
        self.function = TopologyFunction(
            self,
            "Row",
            row=row,
            resources=resources,
            code=code,
            extra_permissions=self._extra_permissions(row, purged_queues),
        ).function
        mapping = EventSourceMapping(
            self,
            "Mapping",
            target=self.function,
            event_source_arn=self.queue.queue_arn,
            batch_size=batch_size(row),
            max_batching_window=Duration.seconds(row.batch_window),
            max_concurrency=row.max_concurrency,
            report_batch_item_failures=True,
        )
        acknowledge(mapping, QUEUE_MAPPING)
        description = f"the bus could not reach {row.function}"
        self.undelivered_queue = DeadLetters(self, "Undelivered", stage=resources.stage, description=description).queue
        self._add_rule(row, resources)

    def _extra_permissions(self, row: Subscription, purged_queues: list[IQueue]) -> ExtraPermissions:
        statements = [allow([f"sqs:{action}" for action in CONSUME_ACTIONS], [self.queue.queue_arn])]
        environment = {"QUEUE_URL": self.queue.queue_url}
        if isinstance(row, DelayedEvent):
            statements.append(allow(["sqs:SendMessage"], [self.queue.queue_arn]))
        if purged_queues:
            arns = [queue.queue_arn for queue in purged_queues]
            statements.append(allow([f"sqs:{action}" for action in PURGE_ACTIONS], arns))
            environment["DEAD_LETTERS"] = ",".join(queue.queue_url for queue in purged_queues)
        return ExtraPermissions(statements=statements, environment=environment)

    def _add_rule(self, row: Subscription, resources: DeployedResources) -> None:
        target = SqsQueue(
            self.queue,
            dead_letter_queue=self.undelivered_queue,
            retry_attempts=185,
            max_event_age=Duration.hours(24),
        )
        Rule(
            self,
            "Rule",
            event_bus=resources.bus,
            description=f"{', '.join(event.__name__ for event in row.events)} → {row.function}",
            event_pattern=EventPattern(
                source=sorted({event.source for event in row.events}),
                detail_type=[event.wire_name() for event in row.events],
            ),
            targets=[target],
        )
