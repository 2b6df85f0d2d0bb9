"""The bus's consumers: rule → queue → function, each with its own dead-letter queues."""

from aws_cdk import Duration
from aws_cdk.aws_events import EventPattern, Rule
from aws_cdk.aws_events_targets import SqsQueue
from aws_cdk.aws_lambda import EventSourceMapping
from aws_cdk.aws_sqs import IQueue
from constructs import Construct

from infra.constructs.code import ServiceCode
from infra.constructs.estate import Estate
from infra.constructs.function import Needs, RowFunction
from infra.constructs.grants import allow
from infra.constructs.nag import QUEUE_MAPPING, acknowledge
from infra.constructs.queues import DeadLetters, WorkQueue, batch_size
from infra.vocabulary import On, Timer

CONSUME = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
SWEEP = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")


class Subscription(Construct):
    """The bus events of a row wake its function, through a queue that only this function reads."""

    def __init__(self, scope: Construct, construct_id: str, *, row: On, estate: Estate, code: ServiceCode) -> None:
        super().__init__(scope, construct_id)
        work = WorkQueue(self, "Work", seconds=row.seconds, stage=estate.stage, consumer=row.function)
        self.queue, self.dead = work.queue, work.dead.queue
        estate.dead[row.function] = self.dead
        needs = self._needs(row, [estate.dead[swept] for swept in row.sweeps])
        self.function = RowFunction(self, "Row", row=row, estate=estate, code=code, needs=needs).function
        mapping = EventSourceMapping(
            self,
            "Mapping",
            target=self.function,
            event_source_arn=self.queue.queue_arn,
            batch_size=batch_size(row),
            max_batching_window=Duration.seconds(row.window),
            max_concurrency=row.at_once,
            report_batch_item_failures=True,
        )
        acknowledge(mapping, QUEUE_MAPPING)
        why = f"the bus could not reach {row.function}"
        self.undelivered = DeadLetters(self, "Undelivered", stage=estate.stage, why=why).queue
        self._listen(row, estate)

    def _needs(self, row: On, swept: list[IQueue]) -> Needs:
        statements = [allow([f"sqs:{action}" for action in CONSUME], [self.queue.queue_arn])]
        environment = {"QUEUE_URL": self.queue.queue_url}
        if isinstance(row, Timer):
            statements.append(allow(["sqs:SendMessage"], [self.queue.queue_arn]))
        if swept:
            statements.append(allow([f"sqs:{action}" for action in SWEEP], [one.queue_arn for one in swept]))
            environment["DEAD_LETTERS"] = ",".join(one.queue_url for one in swept)
        return Needs(statements=statements, environment=environment)

    def _listen(self, row: On, estate: Estate) -> None:
        target = SqsQueue(
            self.queue,
            dead_letter_queue=self.undelivered,
            retry_attempts=185,
            max_event_age=Duration.hours(24),
        )
        Rule(
            self,
            "Rule",
            event_bus=estate.bus,
            description=f"{', '.join(event.__name__ for event in row.events)} wakes {row.function}",
            event_pattern=EventPattern(
                source=sorted({event.source for event in row.events}),
                detail_type=[event.wire_name() for event in row.events],
            ),
            targets=[target],
        )
