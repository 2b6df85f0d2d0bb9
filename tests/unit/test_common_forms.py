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
    PageOf,
    Paging,
    Request,
    View,
    endpoint,
)
from common.cursor import Page
from common.idempotency import Claim, KeyReused
from common.problems import Busy, Conflict, TooMany
from common.revision import etag, tagged
from tests.support.system import Reply

ITEM = {"id": "i1", "version": 3}


class ThingView(View):
    id: str


class ThingRequest(Request):
    name: str
    colour: str = "red"


@endpoint()
def listing(paging: Paging) -> PageOf[ThingView]:
    """List things."""
    items = [{"id": f"{paging.token or 'start'}-{paging.limit}"}]
    return PageOf[ThingView].of(Page(items, "on", None), ThingView.model_validate)


@endpoint()
def polled(seen: IfNoneMatch) -> Ok[ThingView] | NotModified:
    """Read a thing again and again."""
    return NotModified(tagged(ITEM)) if seen.has(etag(ITEM)) else Ok(ThingView(id="i1"), tagged(ITEM))


@endpoint()
def edited(match: IfMatch) -> ThingView:
    """Edit a thing."""
    match.check(ITEM)
    return ThingView(id="i1")


def ask(handler: Any, query: dict[str, str] | None = None, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    event = {"requestContext": {"requestId": "r1"}, "headers": named, "queryStringParameters": query}
    return Reply(handler(event))


def test_a_list_takes_limit_and_tokens_and_gives_one_shape() -> None:
    assert ask(listing).json == {"items": [{"id": "start-20"}], "next_token": "on", "previous_token": None}
    assert ask(listing, {"limit": "7", "previous_token": "t"}).json["items"] == [{"id": "t-7"}]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"next_token": ""}, {"page": "2"}])
def test_a_list_refuses_what_it_cannot_follow(query: dict[str, str]) -> None:
    answer = ask(listing, query)

    assert (answer.problem, answer.json["errors"][0]["pointer"]) == ("invalid", f"/{next(iter(query))}")


def test_a_list_goes_one_way_at_a_time() -> None:
    assert ask(listing, {"next_token": "a", "previous_token": "b"}).problem == "invalid"


def test_a_page_is_named_for_what_it_lists() -> None:
    assert PageOf[ThingView].__name__ == "ThingPage"


def test_what_has_not_changed_is_not_sent_again() -> None:
    first = ask(polled)
    again = ask(polled, if_none_match=f'W/"9", {first.headers["etag"]}')

    assert (first.status, first.headers["etag"]) == (200, '"3"')
    assert (again.status, again.text, again.headers["etag"]) == (304, "", '"3"')
    assert ask(polled, if_none_match='"2"').status == 200


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({}, (428, "revision-missing")),
        ({"if_match": '"2"'}, (412, "changed")),
        ({"if_match": '"33"'}, (412, "changed")),
    ],
)
def test_an_edit_of_another_version_is_refused(headers: dict[str, str], outcome: tuple[int, str]) -> None:
    answer = ask(edited, None, **headers)

    assert (answer.status, answer.problem) == outcome


@pytest.mark.parametrize("tag", ['"3"', "*"])
def test_an_edit_of_this_version_is_made(tag: str) -> None:
    assert ask(edited, if_match=tag).status == 200


def test_a_key_belongs_to_its_owner_kind_and_request() -> None:
    claim = Claim.of("thing", "u1", "k1", ThingRequest(name="a"))

    assert claim == Claim.of("thing", "u1", "k1", ThingRequest(name="a"))
    others = [("thing", "u2", "k1"), ("thing", "u1", "k2"), ("stone", "u1", "k1")]
    assert claim.id not in {Claim.of(*other, ThingRequest(name="a")).id for other in others}


def test_a_repetition_is_told_from_another_request_with_its_key() -> None:
    claim = Claim.of("thing", "u1", "k1", ThingRequest(name="a"))

    assert claim.repeats({"request_hash": claim.request_hash})
    assert not claim.repeats(None)
    with pytest.raises(KeyReused):
        claim.repeats({"request_hash": Claim.of("thing", "u1", "k1", ThingRequest(name="b")).request_hash})


def test_without_a_key_every_request_is_new() -> None:
    first, second = (Claim.of("thing", "u1", None, ThingRequest(name="a")) for _ in range(2))

    assert first.id != second.id
    assert not first.repeats({"request_hash": first.request_hash})


def test_a_default_that_came_later_changes_no_fingerprint() -> None:
    class Earlier(Request):
        name: str

    assert Claim.of("t", "u", "k", Earlier(name="a")) == Claim.of("t", "u", "k", ThingRequest(name="a"))


@pytest.mark.parametrize(("refusal", "final"), [(Conflict(), True), (Busy(), False), (TooMany(retry_after=1), False)])
def test_a_refusal_that_may_pass_is_not_final(refusal: Conflict, final: bool) -> None:
    assert refusal.final is final


def test_a_created_thing_says_whether_it_was_there() -> None:
    @endpoint()
    def create(key: IdempotencyKey) -> Created[ThingView]:
        """Create a thing."""
        return Created(ThingView(id="i1"), "/v1/things/i1", replayed=key == "again")

    assert "idempotency-replayed" not in ask(create, idempotency_key="first").headers
    assert ask(create, idempotency_key="again").headers["idempotency-replayed"] == "true"
