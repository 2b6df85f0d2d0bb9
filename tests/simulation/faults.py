"""Fault injection in a schedule: the faults of its plan, each counted when it happens.

F1 to F34 number all faults. Each is a failure, repetition, delay or loss that occurs in the real services.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from common import correlation, env
from common.retries import TransactionConflict
from infra.topology_types import FunctionSpec
from tests.simulation.fake_cloud import FakeCloud, FaultHooks, Queue, SqsMessage
from tests.simulation.schedule import Task
from tests.support.faults.fault_points import Crash

DAY = 86_400.0
_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")
_SENDS = ("SendEmail", "PutEvents", "SendMessage")
_RETRYABLE_FAULTS = ("F23", "F24")  # routes respond 503 to these; the others may cause a 500

# Probability of each fault at each opportunity, in a schedule that has it.
RATES: Mapping[str, float] = {
    "F1": 0.15,  # a message is delivered twice
    "F2": 0.15,  # a message is overtaken by later ones
    "F3": 0.04,  # a stream record is lost for good
    "F4": 0.04,  # a message arrives days late
    "F5": 1.0,  # one message of a batch fails
    "F6": 0.03,  # a queue holds an unreadable message
    "F7": 0.04,  # a function crashes after a write
    "F16": 0.6,  # the signing key of tickets cannot be read
    "F22": 0.3,  # a function's clock is off by up to five minutes
    "F23": 0.04,  # the table throttles
    "F24": 0.1,  # a transaction conflicts with another
    "F25": 0.06,  # a write is committed and its response is lost
    "F26": 0.2,  # the stream delivers records again
    "F27": 0.1,  # an operator redrives a handled message twice, two weeks later
    "F28": 0.1,  # the bus cannot reach a queue for a while
    "F29": 0.1,  # the bus rejects one entry of a request
    "F30": 0.7,  # an index lacks the latest writes
    "F31": 0.3,  # a client repeats its order two days later
    "F32": 0.1,  # a message is received again while it is being handled
    "F33": 0.1,  # a client repeats a request whose response it did not read
}


class FaultInjector(FaultHooks):
    """The faults of one plan; none once it is `healed`.

    They are numbered from 0 as they occur; only the first `max_faults` happen, without the numbers in `skipped`.
    """

    def __init__(
        self, rates: Mapping[str, float], *, max_faults: int | None = None, skipped: Collection[int] = ()
    ) -> None:
        self.rates = rates
        self.max_faults = max_faults
        self.skipped = skipped
        self.fault_count = 0
        self.fired: Counter[str] = Counter()
        self.healed = False

    def should_inject(self, cloud: FakeCloud, fault: str) -> bool:
        """Whether the fault happens here and now."""
        rate = self.rates.get(fault)
        if rate is None or self.healed or cloud.schedule.draw.random() >= rate:
            return False
        return self._inject(cloud, fault)

    def _inject(self, cloud: FakeCloud, fault: str) -> bool:
        number, self.fault_count = self.fault_count, self.fault_count + 1
        if number in self.skipped or (self.max_faults is not None and number >= self.max_faults):
            return False
        self.fired[fault] += 1
        cloud.schedule.record(f"** {fault}")
        if cloud.schedule.current:
            cloud.schedule.current.faulted = True
            cloud.schedule.current.may_answer_500 |= fault not in _RETRYABLE_FAULTS
        return True

    def on_start(self, cloud: FakeCloud, task: Task, row: FunctionSpec) -> None:
        if _is_sandbox(row.function):
            return
        if self.should_inject(cloud, "F22"):
            task.clock_skew_seconds = (cloud.schedule.draw.random() - 0.5) * 600
        if "F16" in self.rates:
            env.secret.cache_clear()  # as on a new instance

    def before_call(self, cloud: FakeCloud, operation: str, target: str) -> None:
        if self._is_sandbox_call(cloud):
            return
        task = cloud.schedule.current
        assert task is not None
        if (
            task.failing_operation is not None
            and task.failing_operation == correlation.current().operation
            and not self.healed
        ):
            task.failing_operation = None
            if self._inject(cloud, "F5"):
                raise ClientError({"Error": {"Code": "InternalServerError"}}, operation)
        if operation == "GetSecretValue":
            if target == "ticket-seed" and self.should_inject(cloud, "F16"):
                raise ClientError({"Error": {"Code": "InternalServiceError"}}, operation)
            return
        if operation == "TransactWriteItems" and self.should_inject(cloud, "F24"):
            raise TransactionConflict("TransactionConflict")
        if operation.endswith(("Item", "Items", "Query")) and self.should_inject(cloud, "F23"):
            raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, operation)

    def after_call(self, cloud: FakeCloud, operation: str, target: str) -> bool:
        if self._is_sandbox_call(cloud):
            return False
        if operation in (*_WRITES, *_SENDS) and self.should_inject(cloud, "F7"):
            raise Crash
        return operation in (*_WRITES, "SendMessage") and self.should_inject(cloud, "F25")

    def delivery_delays(self, cloud: FakeCloud, queue: Queue, label: str) -> Sequence[float]:
        draw = cloud.schedule.draw
        delay = draw.random() * 0.2
        if self.should_inject(cloud, "F2"):
            delay += draw.random() * 60
        if self.should_inject(cloud, "F4"):
            delay += (1 + draw.random() * 2) * DAY
        if self.should_inject(cloud, "F28"):
            delay += draw.random() * 3600
        return (delay, delay + draw.random() * 30) if self.should_inject(cloud, "F1") else (delay,)

    def adds_poison_message(self, cloud: FakeCloud) -> bool:
        return self.should_inject(cloud, "F6")

    def indexes_are_current(self, cloud: FakeCloud) -> bool:
        return not self.should_inject(cloud, "F30")

    def entry_error(self, cloud: FakeCloud, entry: Mapping[str, str]) -> str | None:
        return "InternalFailure" if self.should_inject(cloud, "F29") else None

    def redelivery_delay(self, cloud: FakeCloud, task: Task, queue: Queue) -> float | None:
        return cloud.schedule.draw.random() * 0.05 if self.should_inject(cloud, "F32") else None

    def failing_message(self, cloud: FakeCloud, batch: list[SqsMessage]) -> SqsMessage | None:
        draw = cloud.schedule.draw
        return draw.choice(batch) if "F5" in self.rates and draw.random() < self.rates["F5"] else None

    def stream_batch(self, cloud: FakeCloud, records: list[Any]) -> list[Any]:
        records = [one for one in records if not (_is_reconciled(one) and self.should_inject(cloud, "F3"))]
        if cloud.last_batch and self.should_inject(cloud, "F26"):
            return (cloud.last_batch + records)[-100:]
        return records

    def _is_sandbox_call(self, cloud: FakeCloud) -> bool:
        # No faults inside the provider.
        task = cloud.schedule.current
        return task is None or task.row is None or _is_sandbox(task.row.function)


@cache
def _is_sandbox(function: str) -> bool:
    return function.startswith("sandbox.")


def _is_reconciled(record: Any) -> bool:
    """Whether the reconciler checks the item of this record: an event, a booking, or an item of a booking."""
    image = record["dynamodb"]["NewImage"]
    kind, notification_kind = image["sk"]["S"], image.get("kind", {}).get("S", "")
    return kind in ("booking", "payment", "issue", "ticket", "event") or (
        kind == "notification" and notification_kind not in ("event_changed", "event_reminder", "ticket_offered")
    )
