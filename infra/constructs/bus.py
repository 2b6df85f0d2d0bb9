"""The bus's consumers: rule → queue → function, each with its own dead-letter queues."""

from aws_cdk import Duration
from aws_cdk.aws_events import EventPattern, Rule
from aws_cdk.aws_events_targets import SqsQueue
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_lambda import EventSourceMapping
from constructs import Construct

from infra.constructs.code import ServiceCode
from infra.constructs.estate import Estate
from infra.constructs.function import RowFunction
from infra.constructs.grants import allow
from infra.constructs.queues import DeadLetters, WorkQueue
from infra.vocabulary import On, Timer

BATCH = 10
CONSUME = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")


class Subscription(Construct):
    """The bus events of a row wake its function, through a queue that only this function reads."""

    def __init__(self, scope: Construct, id: str, *, row: On, estate: Estate, code: ServiceCode) -> None:
        super().__init__(scope, id)
        work = WorkQueue(self, "Work", seconds=row.seconds, stage=estate.stage, consumer=row.function)
        self.queue, self.dead = work.queue, work.dead.queue
        told = {"QUEUE_URL": self.queue.queue_url} if isinstance(row, Timer) else {}
        self.function = RowFunction(
            self, "Row", row=row, estate=estate, code=code, needs=self._needs(row), told=told
        ).function
        EventSourceMapping(
            self,
            "Mapping",
            target=self.function,
            event_source_arn=self.queue.queue_arn,
            batch_size=BATCH,
            max_batching_window=Duration.seconds(0),
            report_batch_item_failures=True,
        )
        self._listen(row, estate)

    def _needs(self, row: On) -> list[PolicyStatement]:
        actions = [f"sqs:{action}" for action in CONSUME]
        again = [allow(["sqs:SendMessage"], [self.queue.queue_arn])] if isinstance(row, Timer) else []
        return [allow(actions, [self.queue.queue_arn]), *again]

    def _listen(self, row: On, estate: Estate) -> None:
        undelivered = DeadLetters(self, "Undelivered", stage=estate.stage, why=f"the bus could not reach {row.function}")
        target = SqsQueue(
            self.queue,
            dead_letter_queue=undelivered.queue,
            retry_attempts=185,
            max_event_age=Duration.hours(24),
        )
        Rule(
            self,
            "Rule",
            event_bus=estate.bus,
            description=f"{', '.join(event.__name__ for event in row.events)} → {row.function}",
            event_pattern=EventPattern(
                source=sorted({event.source for event in row.events}),
                detail_type=[event.wire_name() for event in row.events],
            ),
            targets=[target],
        )
