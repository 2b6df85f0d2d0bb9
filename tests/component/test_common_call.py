"""One function asking another: what is sent, what comes back, and what a failure looks like."""

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pydantic import ValidationError

from common import env, trace
from common.call import CallAnswer, CallFailed, CallRequest, answers, ask
from common.env import NotGranted
from tests.support.lines import logged
from tests.support.refusals import Scripted, answering, refused
from tests.support.system import environment


class Double(CallRequest):
    number: int


class Doubled(CallAnswer):
    number: int
    journey: str = ""


@answers
def double(asked: Double) -> Doubled:
    """Twice the number."""
    return Doubled(number=asked.number * 2, journey=f"{trace.current().correlation_id} {trace.current().operation}")


@pytest.fixture(autouse=True)
def callee() -> Iterator[None]:
    with environment({"FUNCTION_MATHS_DOUBLE": "test-maths-double"}):
        env.forget()
        yield
        env.forget()


def returned(content: Any, **members: Any) -> Any:
    payload = BytesIO(content if isinstance(content, bytes) else json.dumps(content).encode())
    return {"StatusCode": 200, "Payload": payload, "ResponseMetadata": {}} | members


def asked(answer: Any) -> tuple[Callable[[], Doubled], Any]:
    return lambda: ask("maths.double", Double(number=2), Doubled), answering("lambda", "Invoke", answer)


def sent(script: Scripted) -> dict[str, Any]:
    (call,) = script.calls
    assert "/functions/test-maths-double/" in call["url_path"]
    return dict(json.loads(call["body"]))


def test_the_question_is_sent_with_its_journey_and_the_answer_is_typed() -> None:
    question, answer = asked(returned({"number": 4, "more": "ignored"}))

    with answer as script, trace.following("c1", "m1"):
        assert question() == Doubled(number=4)

    assert sent(script) == {"number": 2, "correlation_id": "c1", "operation": "m1"}


def test_a_callee_that_failed_is_a_failure_here() -> None:
    question, answer = asked(returned({"errorMessage": "secret", "errorType": "X"}, FunctionError="Unhandled"))

    with answer, pytest.raises(CallFailed, match=r"^maths\.double failed$"):
        question()


@pytest.mark.parametrize("content", [{"number": "many"}, {}, None, [], b"", b"not json"])
def test_an_answer_of_another_shape_is_an_error(content: Any) -> None:
    question, answer = asked(returned(content))

    with answer, pytest.raises(ValidationError):
        question()


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ServiceException"])
def test_a_callee_that_cannot_be_asked_at_this_moment_is_a_failure_here(code: str) -> None:
    question, answer = asked(refused(code))

    with answer, pytest.raises(CallFailed, match=r"^maths\.double could not be asked$"):
        question()


def test_a_callee_that_answers_too_late_is_a_failure_here(monkeypatch: pytest.MonkeyPatch) -> None:
    question, _ = asked(returned({"number": 4}))
    late = ReadTimeoutError(endpoint_url="https://lambda")
    monkeypatch.setattr(env, "client", lambda _: SimpleNamespace(invoke=Mock(side_effect=late)))

    with pytest.raises(CallFailed, match=r"^maths\.double could not be asked$"):
        question()


def test_a_refused_invocation_propagates() -> None:
    question, answer = asked(refused("AccessDeniedException"))

    with answer, pytest.raises(ClientError):
        question()


def test_who_may_not_ask_does_not_know_the_name() -> None:
    with pytest.raises(NotGranted, match="FUNCTION_MATHS_TRIPLE"):
        ask("maths.triple", Double(number=2), Doubled)


def test_the_callee_answers_plain_json_within_the_callers_journey() -> None:
    event = {"number": 2, "correlation_id": "c1", "operation": "m1", "unknown": 1}

    assert double(event) == {"number": 4, "journey": "c1 m1"}


def test_an_operator_may_ask_without_a_journey() -> None:
    journey = double({"number": 2})["journey"].split(" ")

    assert journey[0] == journey[1] != "none"


def test_a_wrong_question_fails_the_invocation() -> None:
    with pytest.raises(ValidationError):
        double({"number": "two"})


def test_an_answer_leaves_one_line() -> None:
    with logged() as lines:
        double({"number": 2, "correlation_id": "c1"})

    assert [vars(line)["correlation_id"] for line in lines.said("handled")] == ["c1"]
