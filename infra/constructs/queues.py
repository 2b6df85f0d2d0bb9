"""Queues: encrypted, TLS only, each with a DLQ of longer retention and an alarm on the DLQ."""

from aws_cdk import Duration
from aws_cdk.aws_sqs import DeadLetterQueue, Queue, QueueEncryption
from constructs import Construct

from infra.constructs.alarms import depth_alarm
from infra.constructs.grants import MAX_RECEIVES
from infra.constructs.nag_suppressions import DEAD_LETTERS, acknowledge
from infra.resource_types import Grant, Mail, Secret
from infra.stacks.stage import Stage
from infra.topology_types import Subscription

RETENTION = Duration.days(4)
DLQ_RETENTION = Duration.days(14)  # longer than RETENTION: SQS counts it from the first enqueueing, not from the move
VISIBILITY_FACTOR = 6  # times the function's timeout, as AWS recommends for event source mappings


def batch_size(row: Subscription) -> int:
    """Messages per invocation: one if the function may call a slow service (SES, the provider, another function).

    A slow response then delays no other message, and the last attempt has time to run `on_exhausted`.
    """
    slow_resources = [
        grant.resource for grant in row.grants if isinstance(grant, Grant) and isinstance(grant.resource, Secret | Mail)
    ]
    return 1 if slow_resources or row.invokes else row.batch_size


class DeadLetters(Construct):
    """A dead-letter queue with an alarm on any message."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, description: str) -> None:
        super().__init__(scope, construct_id)
        self.queue = Queue(
            self,
            "Queue",
            retention_period=DLQ_RETENTION,
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        acknowledge(self, DEAD_LETTERS)
        depth_alarm(self, "Alarm", queue=self.queue, stage=stage, description=description)


class WorkQueue(Construct):
    """A consumer's queue and its dead-letter queue."""

    def __init__(
        self, scope: Construct, construct_id: str, *, timeout_seconds: int, stage: Stage, consumer: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = DeadLetters(
            self, "Dead", stage=stage, description=f"{consumer} failed on a message {MAX_RECEIVES} times"
        )
        self.queue = Queue(
            self,
            "Queue",
            retention_period=RETENTION,
            visibility_timeout=Duration.seconds(VISIBILITY_FACTOR * timeout_seconds),
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            dead_letter_queue=DeadLetterQueue(queue=self.dead_letters.queue, max_receive_count=MAX_RECEIVES),
        )
