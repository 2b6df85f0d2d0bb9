"""The clock: a rule that wakes a function so often, with a dead-letter queue for what it could not deliver."""

from aws_cdk import Duration
from aws_cdk.aws_events import Rule, Schedule
from aws_cdk.aws_events_targets import LambdaFunction
from constructs import Construct

from infra.constructs.code import ServiceCode
from infra.constructs.estate import Estate
from infra.constructs.function import RowFunction
from infra.constructs.nag import CLOCK, acknowledge
from infra.constructs.queues import DeadLetters
from infra.vocabulary import Every


class Clockwork(Construct):
    """One run is as good as the next: what failed is not repeated by Lambda, but by the clock."""

    def __init__(self, scope: Construct, construct_id: str, *, row: Every, estate: Estate, code: ServiceCode) -> None:
        super().__init__(scope, construct_id)
        self.function = RowFunction(self, "Row", row=row, estate=estate, code=code).function
        self.function.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(row.minutes))
        acknowledge(self.function, CLOCK)
        missed = DeadLetters(self, "Missed", stage=estate.stage, why=f"the clock could not wake {row.function}")
        self.dead = missed.queue
        target = LambdaFunction(
            self.function,
            dead_letter_queue=self.dead,
            retry_attempts=0,
            max_event_age=Duration.minutes(row.minutes),
        )
        Rule(
            self,
            "Rule",
            description=f"every {row.minutes} minutes wakes {row.function}",
            schedule=Schedule.rate(Duration.minutes(row.minutes)),
            targets=[target],
        )
