"""AWS errors and lost replies that the emulators never produce, injected through botocore's event hooks."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from common import env
from tests.support.system.in_memory_system import RUNNING_SYSTEMS

SdkResponse = Any  # a parsed response; botocore has no public type for it


def error_response(code: str, **members: Any) -> SdkResponse:
    """An error response, e.g. for throttling."""
    return {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400}} | members


def cancelled_transaction(*codes: str, items: dict[int, SdkResponse] | None = None) -> SdkResponse:
    """A TransactionCanceledException with one reason code per write, in order."""
    reasons = [{"Code": code} | ({"Item": items[at]} if items and at in items else {}) for at, code in enumerate(codes)]
    return error_response("TransactionCanceledException", CancellationReasons=reasons)


class ScriptedResponses:
    """Responds to the next calls of an operation from a list (None: to the emulator) and records all calls."""

    def __init__(self, responses: Sequence[SdkResponse | None]) -> None:
        self.responses = list(responses)
        self.calls: list[Any] = []

    def __call__(self, params: Any, **_: Any) -> tuple[Any, SdkResponse] | None:
        self.calls.append(params)
        response = self.responses.pop(0) if self.responses else None
        if response is None:
            return None
        return SimpleNamespace(status_code=400 if "Error" in response else 200, headers={}, raw=None), response


@contextmanager
def scripted_responses(service: str, operation: str, *responses: SdkResponse | None) -> Iterator[ScriptedResponses]:
    """Within the block the operation's first calls get these responses; later calls reach the emulator."""
    script, events = ScriptedResponses(responses), env.client(service).meta.events
    name = f"before-call.{_prefix(service)}.{operation}"
    events.register_first(name, script)
    try:
        yield script
    finally:
        events.unregister(name, script)


@contextmanager
def lost_reply(service: str, operation: str) -> Iterator[list[int]]:
    """Within the block the operation's first reply is lost, so that the SDK repeats the request."""
    events, name, attempt_numbers = (
        env.client(service).meta.events,
        f"needs-retry.{_prefix(service)}.{operation}",
        list[int](),
    )

    def retry_first_attempt(attempts: int, **_: Any) -> int | None:
        attempt_numbers.append(attempts)
        return 0 if attempts == 1 else None

    events.register_first(name, retry_first_attempt)
    try:
        yield attempt_numbers
    finally:
        events.unregister(name, retry_first_attempt)


@contextmanager
def interleaved(operation: str, action: Callable[[], object]) -> Iterator[list[str]]:
    """Within the block run `action` just before the first call of this DynamoDB operation, after all reads."""
    if RUNNING_SYSTEMS:
        with RUNNING_SYSTEMS[-1].interleaved(operation, action) as intercepted:
            yield intercepted
        return
    events, name, intercepted = env.client("dynamodb").meta.events, f"before-call.dynamodb.{operation}", list[str]()

    def before_call(**_: Any) -> None:
        if not intercepted:
            intercepted.append(operation)
            action()

    events.register_first(name, before_call)
    try:
        yield intercepted
    finally:
        events.unregister(name, before_call)


def _prefix(service: str) -> str:
    return {"events": "eventbridge"}.get(service, service)
