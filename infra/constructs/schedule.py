"""Schedules: a rate rule that invokes a function, with a dead-letter queue for failed deliveries."""

from aws_cdk import Duration, aws_events
from aws_cdk.aws_events import Rule
from aws_cdk.aws_events_targets import LambdaFunction
from constructs import Construct

from infra.constructs.code import ServiceCode
from infra.constructs.deployed_resources import DeployedResources
from infra.constructs.function import TopologyFunction
from infra.constructs.nag_suppressions import SCHEDULE, acknowledge
from infra.constructs.queues import DeadLetters
from infra.topology_types import Schedule


class ScheduledFunction(Construct):
    """A function on a schedule. A failed run is not retried: the next run does its work."""

    def __init__(
        self, scope: Construct, construct_id: str, *, row: Schedule, resources: DeployedResources, code: ServiceCode
    ) -> None:
        super().__init__(scope, construct_id)
        every = Duration.seconds(int(row.every.total_seconds()))
        self.function = TopologyFunction(self, "Row", row=row, resources=resources, code=code).function
        self.function.configure_async_invoke(retry_attempts=0, max_event_age=every)
        acknowledge(self.function, SCHEDULE)
        dead_letters = DeadLetters(
            self, "Missed", stage=resources.stage, description=f"the schedule could not invoke {row.function}"
        )
        self.dead_letter_queue = dead_letters.queue
        target = LambdaFunction(
            self.function,
            dead_letter_queue=self.dead_letter_queue,
            retry_attempts=0,
            max_event_age=every,
        )
        Rule(
            self,
            "Rule",
            description=f"every {row.every} invokes {row.function}",
            schedule=aws_events.Schedule.rate(every),
            targets=[target],
        )
