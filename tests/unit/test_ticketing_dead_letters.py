"""Dead letters are found and given back whole, although a queue may answer with nothing while something lies there."""

from typing import Any

from tools.ticketing import dead_letters

NAMED = ["booking.expire_hold"]


class Queues:
    """A queue whose short polls find nothing every other time, as SQS may; and the one that messages go to."""

    def __init__(self, lying: int) -> None:
        self.lying = [str(at) for at in range(lying)]
        self.seen: dict[str, str] = {}
        self.given: list[str] = []
        self.polls = 0

    def client(self, _: str) -> "Queues":
        return self

    def queue(self, function: str) -> str:
        return f"queue of {function}"

    def dead_letters(self, function: str) -> str:
        return f"dead letters of {function}"

    def receive_message(self, *, MaxNumberOfMessages: int, WaitTimeSeconds: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.polls += 1
        if not WaitTimeSeconds and self.polls % 2:
            return {}
        found = [one for one in self.lying if one not in self.seen][:MaxNumberOfMessages]
        self.seen |= {one: one for one in found}
        return {"Messages": [{"MessageId": one, "Body": one, "ReceiptHandle": one} for one in found]}

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(self.lying) - len(self.seen))}}

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        assert QueueUrl == "queue of booking.expire_hold"
        self.given.append(MessageBody)

    def delete_message(self, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803
        self.lying.remove(ReceiptHandle)
        del self.seen[ReceiptHandle]


def test_all_are_given_back_although_a_poll_found_none() -> None:
    queues = Queues(35)
    deployment: Any = queues

    given, again = (dead_letters.redrive(deployment, NAMED) for _ in range(2))

    assert (given, again) == ({"booking.expire_hold": 35}, {"booking.expire_hold": 0})
    assert len(set(queues.given)) == 35
    assert queues.lying == []
