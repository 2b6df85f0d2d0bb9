"""What goes wrong in a schedule: the faults that its plan names, each counted when it really happens.

F1 to F34 are the numbers of the list of faults. Every fault here hinders, repeats, delays or loses something
that real services hinder, repeat, delay or lose; nothing does what they could not.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from common import env, trace
from common.patience import Conflicted
from infra.vocabulary import Trigger
from tests.simulation.cloud import Cloud, Faults, Message, Queue
from tests.simulation.schedule import Crash, Task

DAY = 86_400.0
_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")
_SENDS = ("SendEmail", "PutEvents", "SendMessage")
_BUSY = ("F23", "F24")  # with which a call answers "not now"; after any other it may know no answer

# How often each goes wrong where it can, in a schedule that has it.
RATES: Mapping[str, float] = {
    "F1": 0.15,  # a message is delivered twice
    "F2": 0.15,  # a message is overtaken by later ones
    "F3": 0.04,  # what a write was to tell is lost on the way to the bus, for good
    "F4": 0.04,  # a message comes days late
    "F5": 1.0,  # one message of a batch fails
    "F6": 0.03,  # a message that nobody can read lies in a queue
    "F7": 0.04,  # the function dies after a write, before what should follow
    "F16": 0.6,  # the tickets' key cannot be read
    "F22": 0.3,  # a function's clock is minutes wrong
    "F23": 0.04,  # the table throttles
    "F24": 0.1,  # a transaction meets another
    "F25": 0.06,  # a write is committed and its reply lost
    "F26": 0.2,  # the stream gives records again
    "F27": 0.1,  # an operator puts a message that was handled into its queue again, twice, weeks later
    "F28": 0.1,  # the bus cannot reach a queue for a while
    "F29": 0.1,  # the bus refuses an entry of a request that it accepts
    "F30": 0.7,  # an index has not heard of the last writes
    "F31": 0.3,  # a client sends its order again days later
    "F32": 0.1,  # a message is received again while it is being handled
    "F33": 0.1,  # a client goes away before it has its answer, comes again and repeats its call
}


class Chaos(Faults):
    """The faults of one plan; none once it is `healed`.

    They are numbered as they come: `most` says how many there are at the most, those that are `spared` do not happen.
    """

    def __init__(self, rates: Mapping[str, float], *, most: int | None = None, spared: Collection[int] = ()) -> None:
        self.rates = rates
        self.most = most
        self.spared = spared
        self.strokes = 0
        self.fired: Counter[str] = Counter()
        self.healed = False

    def strikes(self, cloud: Cloud, fault: str) -> bool:
        """Whether the fault happens here and now."""
        rate = self.rates.get(fault)
        if rate is None or self.healed or cloud.schedule.draw.random() >= rate:
            return False
        return self._struck(cloud, fault)

    def _struck(self, cloud: Cloud, fault: str) -> bool:
        stroke, self.strokes = self.strokes, self.strokes + 1
        if stroke in self.spared or (self.most is not None and stroke >= self.most):
            return False
        self.fired[fault] += 1
        cloud.schedule.tell(f"** {fault}")
        if cloud.schedule.current:
            cloud.schedule.current.hindered = True
            cloud.schedule.current.struck |= fault not in _BUSY
        return True

    def starts(self, cloud: Cloud, task: Task, row: Trigger) -> None:
        if _of_sandbox(row.function):
            return
        if self.strikes(cloud, "F22"):
            task.skew = (cloud.schedule.draw.random() - 0.5) * 600
        if "F16" in self.rates:
            env.secret.cache_clear()  # as on an instance that has just begun

    def before(self, cloud: Cloud, operation: str, target: str) -> None:
        if self._theirs(cloud):
            return
        task = cloud.schedule.current
        assert task is not None
        if task.victim is not None and task.victim == trace.current().operation and not self.healed:
            task.victim = None
            if self._struck(cloud, "F5"):
                raise ClientError({"Error": {"Code": "InternalServerError"}}, operation)
        if operation == "GetSecretValue":
            if target == "ticket-seed" and self.strikes(cloud, "F16"):
                raise ClientError({"Error": {"Code": "InternalServiceError"}}, operation)
            return
        if operation == "TransactWriteItems" and self.strikes(cloud, "F24"):
            raise Conflicted("TransactionConflict")
        if operation.endswith(("Item", "Items", "Query")) and self.strikes(cloud, "F23"):
            raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, operation)

    def after(self, cloud: Cloud, operation: str, target: str) -> bool:
        if self._theirs(cloud):
            return False
        if operation in (*_WRITES, *_SENDS) and self.strikes(cloud, "F7"):
            raise Crash
        return operation in (*_WRITES, "SendMessage") and self.strikes(cloud, "F25")

    def deliveries(self, cloud: Cloud, queue: Queue, what: str) -> Sequence[float]:
        draw = cloud.schedule.draw
        soon = draw.random() * 0.2
        if self.strikes(cloud, "F2"):
            soon += draw.random() * 60
        if self.strikes(cloud, "F4"):
            soon += (1 + draw.random() * 2) * DAY
        if self.strikes(cloud, "F28"):
            soon += draw.random() * 3600
        return (soon, soon + draw.random() * 30) if self.strikes(cloud, "F1") else (soon,)

    def unreadable(self, cloud: Cloud) -> bool:
        return self.strikes(cloud, "F6")

    def heard(self, cloud: Cloud) -> bool:
        return not self.strikes(cloud, "F30")

    def refused(self, cloud: Cloud, entry: Mapping[str, str]) -> str | None:
        return "InternalFailure" if self.strikes(cloud, "F29") else None

    def again(self, cloud: Cloud, task: Task, queue: Queue) -> float | None:
        return cloud.schedule.draw.random() * 0.05 if self.strikes(cloud, "F32") else None

    def victim(self, cloud: Cloud, batch: list[Message]) -> Message | None:
        draw = cloud.schedule.draw
        return draw.choice(batch) if "F5" in self.rates and draw.random() < self.rates["F5"] else None

    def relayed(self, cloud: Cloud, records: list[Any]) -> list[Any]:
        records = [one for one in records if not (_kept(one) and self.strikes(cloud, "F3"))]
        if cloud.relayed and self.strikes(cloud, "F26"):
            return (cloud.relayed + records)[-100:]
        return records

    def _theirs(self, cloud: Cloud) -> bool:
        # What the provider does within its own house is not ours to disturb.
        task = cloud.schedule.current
        return task is None or task.row is None or _of_sandbox(task.row.function)


@cache
def _of_sandbox(function: str) -> bool:
    return function.startswith("sandbox.")


def _kept(record: Any) -> bool:
    """Whether the reconciler looks at what this record tells of: bookings and what belongs to them, events."""
    image = record["dynamodb"]["NewImage"]
    kind, about = image["sk"]["S"], image.get("kind", {}).get("S", "")
    return kind in ("booking", "payment", "issue", "ticket", "event") or (
        kind == "notification" and about not in ("event_changed", "event_reminder", "ticket_offered")
    )
