"""What every call answers to a request of the wrong form: one case for each of them, from the documentation."""

import re

import pytest

from infra.vocabulary import Route, Who
from local.client import Client
from tests.support.answers import Asking
from tests.support.house import House
from tools.docs import read
from tools.docs.answers import documented

SOME = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"
CALLS = {row.call: row for row in read.routes()}


def answering(status: int, word: str) -> list[str]:
    """The calls that document the answer."""
    return [call for call, row in CALLS.items() if (status, word) in documented(row)]


def address(call: str, given: str = SOME) -> str:
    return re.sub(r"{\w+}", given, call)


def body(row: Route) -> dict[str, object] | None:
    return {} if read.endpoint(row).body else None


@pytest.mark.parametrize("call", answering(422, "invalid"))
def test_a_parameter_that_nobody_knows_is_refused(call: str, house: House, ask: Asking) -> None:
    answer = ask(house.admin, f"{address(call)}?no_such=1", body(CALLS[call]))

    assert answer.told == (422, "invalid")
    assert answer.json["errors"][0]["pointer"] == "/no_such"


@pytest.mark.parametrize("call", [call for call in answering(400, "malformed") if CALLS[call].who is not Who.PROVIDER])
def test_a_body_that_is_not_json_is_refused(call: str, house: House, ask: Asking) -> None:
    assert ask(house.admin, address(call), raw=b'{"half":').told == (400, "malformed")


@pytest.mark.parametrize("call", answering(400, "too-large"))
def test_a_body_of_unlikely_size_is_refused(call: str, house: House, ask: Asking) -> None:
    assert ask(house.admin, address(call), {"much": "x" * 70_000}).told == (400, "too-large")


@pytest.mark.parametrize("call", answering(415, "unsupported"))
def test_a_body_that_says_it_is_not_json_is_refused(call: str, house: House, ask: Asking) -> None:
    answer = ask(house.admin, address(call), raw=b"{}", headers={"Content-Type": "text/plain"})

    assert answer.told == (415, "unsupported")


@pytest.mark.parametrize("call", answering(401, "gateway"))
def test_without_a_token_the_gateway_refuses(call: str, house: House, ask: Asking) -> None:
    assert ask(house.nobody, address(call), body(CALLS[call])).told == (401, "gateway")


@pytest.mark.parametrize("call", answering(403, "gateway"))
def test_with_a_token_that_is_none_the_gateway_refuses(call: str, house: House, ask: Asking) -> None:
    impostor = Client(house.nobody.api, "no.such.token")

    assert ask(impostor, address(call), body(CALLS[call])).told == (403, "gateway")


@pytest.mark.parametrize("call", answering(403, "role-missing"))
def test_without_the_role_the_call_is_refused(call: str, house: House, ask: Asking) -> None:
    assert ask(house.stranger.client, address(call), body(CALLS[call])).told == (403, "role-missing")


@pytest.mark.parametrize("call", answering(404, "not-found"))
def test_what_no_thing_can_be_called_is_not_found(call: str, house: House, ask: Asking) -> None:
    assert ask(house.admin, address(call, "a%01b"), body(CALLS[call])).told == (404, "not-found")


@pytest.mark.parametrize("call", answering(400, "bad-token"))
def test_a_page_token_that_was_not_issued_is_refused(call: str, house: House, ask: Asking) -> None:
    found = address(call.replace("{event_id}", house.party["id"]).replace("{user_id}", house.admin_id))
    by = house.organiser.client if "{event_id}" in call else house.admin  # a list of the caller's own

    assert ask(by, f"{found}?next_token=invented").told == (400, "bad-token")


@pytest.mark.parametrize("call", answering(400, "bad-key"))
def test_a_key_of_unlikely_length_is_refused(call: str, house: House, ask: Asking) -> None:
    headers = {"Idempotency-Key": "k" * 256}

    assert ask(house.admin, address(call), body(CALLS[call]), headers=headers).told == (400, "bad-key")
