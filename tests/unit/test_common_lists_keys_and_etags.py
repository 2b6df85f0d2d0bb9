"""What many calls have in common: pages, keys, and edits that do not overwrite each other."""

from typing import Any

import pytest

from common.api import (
    Created,
    IdempotencyKey,
    IfMatch,
    IfNoneMatch,
    NotModified,
    Ok,
    PageParams,
    PageResponse,
    Request,
    ResponseModel,
    endpoint,
)
from common.conditional_requests import etag, etag_header
from common.idempotency import IdempotencyKeyReused, IdempotentRequest
from common.pagination.paginator import Page
from common.problems import Conflict, ServiceUnavailable, TooManyRequests
from tests.support.system.system import HttpResponse

ITEM = {"id": "i1", "version": 3}


class ThingView(ResponseModel):
    id: str


class ThingRequest(Request):
    name: str
    colour: str = "red"


@endpoint()
def list_things(paging: PageParams) -> PageResponse[ThingView]:
    """List things."""
    items = [{"id": f"{paging.token or 'start'}-{paging.limit}"}]
    return PageResponse[ThingView].from_page(Page(items, "on", None), ThingView.model_validate)


@endpoint()
def get_thing(if_none_match: IfNoneMatch) -> Ok[ThingView] | NotModified:
    """Read a thing again and again."""
    return (
        NotModified(etag_header(ITEM))
        if if_none_match.matches(etag(ITEM))
        else Ok(ThingView(id="i1"), etag_header(ITEM))
    )


@endpoint()
def update_thing(match: IfMatch) -> ThingView:
    """Edit a thing."""
    match.require_match(ITEM)
    return ThingView(id="i1")


def call(handler: Any, query: dict[str, str] | None = None, **headers: str) -> HttpResponse:
    header_names = {name.replace("_", "-"): value for name, value in headers.items()}
    event = {"requestContext": {"requestId": "r1"}, "headers": header_names, "queryStringParameters": query}
    return HttpResponse(handler(event))


def test_list_accepts_limit_and_page_tokens() -> None:
    assert call(list_things).json == {"items": [{"id": "start-20"}], "next_token": "on", "previous_token": None}
    assert call(list_things, {"limit": "7", "previous_token": "t"}).json["items"] == [{"id": "t-7"}]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"next_token": ""}, {"page": "2"}])
def test_invalid_page_parameters_are_422(query: dict[str, str]) -> None:
    response = call(list_things, query)

    assert (response.problem, response.json["errors"][0]["pointer"]) == ("unprocessable", f"/{next(iter(query))}")


def test_both_page_tokens_together_are_422() -> None:
    assert call(list_things, {"next_token": "a", "previous_token": "b"}).problem == "unprocessable"


def test_page_response_is_named_after_its_items() -> None:
    assert PageResponse[ThingView].__name__ == "ThingPage"


def test_matching_etag_returns_304() -> None:
    first = call(get_thing)
    second = call(get_thing, if_none_match=f'W/"9", {first.headers["etag"]}')

    assert (first.status, first.headers["etag"]) == (200, '"3"')
    assert (second.status, second.text, second.headers["etag"]) == (304, "", '"3"')
    assert call(get_thing, if_none_match='"2"').status == 200


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({}, (428, "if-match-required")),
        ({"if_match": '"2"'}, (412, "stale-version")),
        ({"if_match": '"33"'}, (412, "stale-version")),
    ],
)
def test_edit_without_current_etag_is_rejected(headers: dict[str, str], outcome: tuple[int, str]) -> None:
    response = call(update_thing, None, **headers)

    assert (response.status, response.problem) == outcome


@pytest.mark.parametrize("tag", ['"3"', "*"])
def test_edit_with_current_etag_succeeds(tag: str) -> None:
    assert call(update_thing, if_match=tag).status == 200


def test_idempotent_id_depends_on_owner_kind_and_key() -> None:
    claim = IdempotentRequest.from_key("thing", "u1", "k1", ThingRequest(name="a"))

    assert claim == IdempotentRequest.from_key("thing", "u1", "k1", ThingRequest(name="a"))
    others = [("thing", "u2", "k1"), ("thing", "u1", "k2"), ("stone", "u1", "k1")]
    assert claim.id not in {IdempotentRequest.from_key(*other, ThingRequest(name="a")).id for other in others}


def test_replay_is_distinguished_from_a_reused_key() -> None:
    claim = IdempotentRequest.from_key("thing", "u1", "k1", ThingRequest(name="a"))

    assert claim.is_replay_of({"request_hash": claim.request_hash})
    assert not claim.is_replay_of(None)
    with pytest.raises(IdempotencyKeyReused):
        claim.is_replay_of(
            {"request_hash": IdempotentRequest.from_key("thing", "u1", "k1", ThingRequest(name="b")).request_hash}
        )


def test_requests_without_a_key_are_distinct() -> None:
    first, second = (IdempotentRequest.from_key("thing", "u1", None, ThingRequest(name="a")) for _ in range(2))

    assert first.id != second.id
    assert not first.is_replay_of({"request_hash": first.request_hash})


def test_new_default_does_not_change_the_request_hash() -> None:
    class Earlier(Request):
        name: str

    assert IdempotentRequest.from_key("t", "u", "k", Earlier(name="a")) == IdempotentRequest.from_key(
        "t", "u", "k", ThingRequest(name="a")
    )


@pytest.mark.parametrize(
    ("refusal", "final"), [(Conflict(), True), (ServiceUnavailable(), False), (TooManyRequests(retry_after=1), False)]
)
def test_retryable_problem_is_not_permanent(refusal: Conflict, final: bool) -> None:
    assert refusal.is_permanent is final


def test_created_response_marks_a_replay() -> None:
    @endpoint()
    def create(key: IdempotencyKey) -> Created[ThingView]:
        """Create a thing."""
        return Created(ThingView(id="i1"), "/v1/things/i1", replayed=key == "again")

    assert "idempotency-replayed" not in call(create, idempotency_key="first").headers
    assert call(create, idempotency_key="again").headers["idempotency-replayed"] == "true"
