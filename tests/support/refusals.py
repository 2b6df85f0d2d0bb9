"""AWS as it refuses or repeats: answers that the emulators never give, put in at the SDK's own hooks."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from common import env
from tests.support.memory import RUNNING

Answer = Any  # as botocore parses it; its own type is a private one


def refused(code: str, **members: Any) -> Answer:
    """An error answer, e.g. of throttling."""
    return {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400}} | members


def cancelled(*codes: str, items: dict[int, Answer] | None = None) -> Answer:
    """A transaction that was cancelled for these reasons, one for each write, in order."""
    reasons = [{"Code": code} | ({"Item": items[at]} if items and at in items else {}) for at, code in enumerate(codes)]
    return refused("TransactionCanceledException", CancellationReasons=reasons)


class Scripted:
    """Answers the next calls of an operation from a list (None lets a call through) and keeps all of them."""

    def __init__(self, answers: Sequence[Answer | None]) -> None:
        self.answers = list(answers)
        self.calls: list[Any] = []

    def __call__(self, params: Any, **_: Any) -> tuple[Any, Answer] | None:
        self.calls.append(params)
        answer = self.answers.pop(0) if self.answers else None
        if answer is None:
            return None
        return SimpleNamespace(status_code=400 if "Error" in answer else 200, headers={}, raw=None), answer


@contextmanager
def answering(service: str, operation: str, *answers: Answer | None) -> Iterator[Scripted]:
    """Within the block the operation's first calls get these answers; the calls after them go through."""
    script, events = Scripted(answers), env.client(service).meta.events
    name = f"before-call.{_prefix(service)}.{operation}"
    events.register_first(name, script)
    try:
        yield script
    finally:
        events.unregister(name, script)


@contextmanager
def losing_a_reply(service: str, operation: str) -> Iterator[list[int]]:
    """Within the block the operation's first reply is lost, so that the SDK sends the request again."""
    events, name, sent = env.client(service).meta.events, f"needs-retry.{_prefix(service)}.{operation}", list[int]()

    def again(attempts: int, **_: Any) -> int | None:
        sent.append(attempts)
        return 0 if attempts == 1 else None

    events.register_first(name, again)
    try:
        yield sent
    finally:
        events.unregister(name, again)


@contextmanager
def meanwhile(operation: str, act: Callable[[], object]) -> Iterator[list[str]]:
    """Within the block somebody acts after all reads and just before the first write of this DynamoDB operation."""
    if RUNNING:
        with RUNNING[-1].meanwhile(operation, act) as acted:
            yield acted
        return
    events, name, acted = env.client("dynamodb").meta.events, f"before-call.dynamodb.{operation}", list[str]()

    def first(**_: Any) -> None:
        if not acted:
            acted.append(operation)
            act()

    events.register_first(name, first)
    try:
        yield acted
    finally:
        events.unregister(name, first)


def _prefix(service: str) -> str:
    return {"events": "eventbridge"}.get(service, service)
