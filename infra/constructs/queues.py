"""Queues: encrypted, TLS only, each with a dead-letter queue that outlives it and an alarm on that."""

from aws_cdk import Duration
from aws_cdk.aws_sqs import DeadLetterQueue, Queue, QueueEncryption
from constructs import Construct

from infra.constructs.alarms import depth_alarm
from infra.constructs.grants import MAX_RECEIVES
from infra.constructs.nag import DEAD_LETTERS, acknowledge
from infra.stacks.stage import Stage
from infra.vocabulary import Grant, Mail, On, Secret

KEPT = Duration.days(4)
DEAD_KEPT = Duration.days(14)  # longer than the source's, and counted from the first sending
VISIBILITY_FACTOR = 6  # times the function's time-out, as Lambda's poller wants it


def batch_size(row: On) -> int:
    """Messages that wake the row's function at once: one where it asks somebody who may take seconds over each.

    So a slow answer delays no other message, and leaves the last try the time to give up.
    """
    asks = [one.resource for one in row.may if isinstance(one, Grant) and isinstance(one.resource, Secret | Mail)]
    return 1 if asks or row.calls else row.batch


class DeadLetters(Construct):
    """Where messages end that could not be delivered or handled; one is enough for the alarm."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, why: str) -> None:
        super().__init__(scope, construct_id)
        self.queue = Queue(
            self,
            "Queue",
            retention_period=DEAD_KEPT,
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        acknowledge(self, DEAD_LETTERS)
        depth_alarm(self, "Alarm", queue=self.queue, stage=stage, why=why)


class WorkQueue(Construct):
    """One consumer's queue and its dead-letter queue."""

    def __init__(self, scope: Construct, construct_id: str, *, seconds: int, stage: Stage, consumer: str) -> None:
        super().__init__(scope, construct_id)
        self.dead = DeadLetters(self, "Dead", stage=stage, why=f"{consumer} failed on a message {MAX_RECEIVES} times")
        self.queue = Queue(
            self,
            "Queue",
            retention_period=KEPT,
            visibility_timeout=Duration.seconds(VISIBILITY_FACTOR * seconds),
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            dead_letter_queue=DeadLetterQueue(queue=self.dead.queue, max_receive_count=MAX_RECEIVES),
        )
