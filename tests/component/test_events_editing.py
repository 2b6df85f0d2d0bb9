"""Editing events and their types, cancelling, cloning and ending them: every answer, and what others are told."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from common import clock, ids
from common.bus.booking import CapacityChanged
from common.bus.events import EventCancelled, EventChanged, EventPublished
from events.core.model import TYPES, TypeStatus
from infra import topology
from tests.support.organising import (
    BUYER,
    NOW,
    ORGANISER,
    a_category,
    a_type,
    add_type,
    an_event,
    drafted,
    etag,
    item_of,
    now_is,
    own,
    publish,
    published,
    told,
)
from tests.support.system import Person, Reply, System
from tools.docs.examples import example

BLIND = {"if-match": "*"}  # whatever became of it since it was read


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    clock.use(lambda: NOW)
    yield
    clock.use()


def edit(system: System, event: dict[str, Any], by: Person = ORGANISER, seen: str | None = "", **changes: Any) -> Reply:
    """Replace the event as a client does that has just read it; `seen` None sends no If-Match."""
    kept = ("category_id", "name", "venue", "city", "zone", "starts_at", "ends_at", "max_per_user", "hold_seconds")
    wanted = {name: event[name] for name in (*kept, "refund_percent", "refund_hours")} | changes
    tag = etag(system, event["id"]) if seen == "" else seen
    headers = {} if tag is None else {"if-match": tag}
    return system.http(f"PUT /v1/events/{event['id']}", wanted, by=by, headers=headers)


def edit_type(
    system: System, event: dict[str, Any], by: Person = ORGANISER, seen: str | None = "", at: int = 0, **changes: Any
) -> Reply:
    """Replace one of its types alike."""
    one = own(system, event["id"]).json["types"][at]
    wanted = {name: one[name] for name in ("name", "prices", "currency", "status")} | changes
    tag = etag(system, event["id"]) if seen == "" else seen
    headers = {} if tag is None else {"if-match": tag}
    return system.http(f"PUT /v1/events/{event['id']}/types/{one['id']}", wanted, by=by, headers=headers)


def cancel(system: System, event_id: str, message: str = "Rain", by: Person = ORGANISER) -> Reply:
    return system.http(f"POST /v1/events/{event_id}/cancel", {"message": message}, by=by)


def clone(system: System, event_id: str, by: Person = ORGANISER, key: str | None = None, **changes: Any) -> Reply:
    times = {"starts_at": "2026-07-01T18:00:00Z", "ends_at": "2026-07-01T20:00:00Z"}
    return system.http(f"POST /v1/events/{event_id}/clone", times | changes, by=by, key=key)


def refused(answer: Reply) -> tuple[int, str | None]:
    return answer.status, answer.problem


# -- attributes --------------------------------------------------------------------------------------

MORE = {
    "address": "Hauptstraße 1",
    "image_url": "https://images.example/a.jpg",
    "doors_at": "2026-06-01T17:00:00Z",
    "refund_percent": 80,
    "refund_hours": 48,
}
WINDOW: dict[str, Any] = {"sale_from": "2026-03-02T10:00:00Z", "sale_until": "2026-06-01T18:00:00Z"}


def test_an_event_has_all_that_it_was_made_with_everywhere(system: System) -> None:
    event = drafted(system, **MORE, types=[a_type(**WINDOW)])
    publish(system, event["id"])
    system.invoke("events.rebuild_index", {})

    [message] = told(system, event["id"])
    page = system.http(f"GET /v1/events/{event['id']}")
    [found] = system.http("GET /v1/events").json["items"]
    for shown in (event, page.json, found):
        assert {name: shown[name] for name in MORE} == MORE
        assert {name: shown["types"][0][name] for name in WINDOW} == WINDOW
    assert isinstance(message, EventPublished)
    assert (message.refund_percent, message.refund_hours, message.doors_at) == (
        80,
        48,
        datetime(2026, 6, 1, 17, tzinfo=UTC),
    )
    assert message.types[0].sale_from == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert page.headers["etag"].startswith('"2.')


@pytest.mark.parametrize(
    "changes",
    [
        {"image_url": "http://images.example/a.jpg"},
        {"image_url": "https://user:word@images.example/a.jpg"},
        {"image_url": "https://user@images.example/a.jpg"},
        {"image_url": "https:///a.jpg"},
        {"image_url": "https://localhost/a.jpg"},
        {"image_url": "javascript:alert(1)"},
        {"image_url": "https://images.example/a b.jpg"},
        {"image_url": 'https://images.example/"onload="x'},
        {"image_url": "https://images.example/\n"},
        {"image_url": "https://ïmages.example/a"},
        {"image_url": "https://images.example:99999/a"},
        {"image_url": "https://[images.example/a"},
        {"image_url": "https://images.example/" + "x" * 500},
        {"image_url": ""},
        {"address": "x" * 201},
        {"address": "a\nb"},
        {"doors_at": "2026-06-01T18:00:01Z"},
        {"refund_percent": 101},
        {"refund_percent": -1},
        {"refund_hours": 8761},
        {"types": [a_type(sale_from="2026-03-02T10:00:00Z", sale_until="2026-03-02T10:00:00Z")]},
    ],
    ids=repr,
)
def test_a_wrong_attribute_is_refused(system: System, changes: dict[str, Any]) -> None:
    answer = system.http("POST /v1/events", an_event(a_category(system), **changes), by=ORGANISER)

    assert refused(answer) == (422, "invalid")


@pytest.mark.parametrize("window", [{"sale_from": "2026-06-01T21:00:00Z"}, {"sale_until": "2026-06-01T21:00:01Z"}])
def test_places_are_sold_no_longer_than_the_event_lasts(system: System, window: dict[str, Any]) -> None:
    made = system.http("POST /v1/events", an_event(a_category(system), types=[a_type(**window)]), by=ORGANISER)
    event = drafted(system)

    assert refused(made) == refused(add_type(system, event["id"], **window)) == (422, "sale-beyond-end")
    assert refused(edit_type(system, event, **window)) == (422, "sale-beyond-end")


# -- one's own ---------------------------------------------------------------------------------------


def test_an_organiser_reads_drafts_that_nobody_else_sees(system: System) -> None:
    event = drafted(system)

    mine = own(system, event["id"])
    others = own(system, event["id"], by=Person("organiser"))
    foreign = system.http(f"GET /v1/users/{ORGANISER.user_id}/events/{event['id']}", by=Person("organiser"))

    assert (mine.json, mine.headers["etag"][:3]) == (event, '"1.')
    assert refused(others) == (404, "event-unknown")
    assert refused(foreign) == (404, "organiser-unknown")


def test_ones_own_events_are_listed_newest_first_in_pages_both_ways(system: System) -> None:
    seconds = iter(range(1000))
    clock.use(lambda: NOW.replace(second=next(seconds) % 60, minute=next(seconds) // 60))
    ids = [drafted(system)["id"] for _ in range(5)]
    publish(system, ids[1])
    call = f"GET /v1/users/{ORGANISER.user_id}/events"

    pages = [system.http(call, by=ORGANISER, query={"limit": "2"}).json]
    while token := pages[-1]["next_token"]:
        pages.append(system.http(call, by=ORGANISER, query={"limit": "2", "next_token": token}).json)
    token = pages[-1]["previous_token"]
    back = system.http(call, by=ORGANISER, query={"limit": "2", "previous_token": token}).json

    assert [one["id"] for page in pages for one in page["items"]] == ids[::-1]
    assert back["items"] == pages[-2]["items"]
    assert [one["status"] for one in pages[1]["items"]] == ["DRAFT", "PUBLISHED"]


def test_the_list_of_somebody_else_is_not_there(system: System) -> None:
    drafted(system)

    answer = system.http(f"GET /v1/users/{ORGANISER.user_id}/events", by=BUYER)

    assert refused(answer) == (404, "organiser-unknown")
    assert system.http(f"GET /v1/users/{BUYER.user_id}/events", by=BUYER).json["items"] == []


@pytest.mark.parametrize("nobody", ["null,null", "otto", "0" * 36])
def test_the_list_of_what_cannot_be_a_user_is_not_there_for_an_admin_either(system: System, nobody: str) -> None:
    admin, unused = Person("admin"), ids.new()

    answer = system.http(f"GET /v1/users/{nobody}/events", by=admin)

    assert refused(answer) == (404, "organiser-unknown")
    assert system.http(f"GET /v1/users/{unused}/events", by=admin).json["items"] == []


def test_a_token_of_the_own_list_was_issued_for_it(system: System) -> None:
    answer = system.http(f"GET /v1/users/{BUYER.user_id}/events", by=BUYER, query={"next_token": "x"})

    assert refused(answer) == (400, "bad-token")


# -- editing an event --------------------------------------------------------------------------------


def test_a_draft_is_replaced_whole_and_nobody_is_told(system: System) -> None:
    event = drafted(system, **MORE, description="Long")

    answer = edit(system, event, name="Other", refund_percent=0, refund_hours=0)

    assert answer.status == 200
    assert (answer.json["name"], answer.json["description"]) == ("Other", "")
    assert [answer.json[name] for name in MORE] == [None, None, None, 0, 0]
    assert answer.headers["etag"] == '"2"'
    assert own(system, event["id"]).json == answer.json
    assert told(system, event["id"]) == []


def test_a_draft_can_be_changed_in_every_way(system: System) -> None:
    event = drafted(system, refund_percent=50, types=[a_type(prices=0)])
    free = a_category(system, "Free", "free")

    assert edit(system, event, category_id=free, refund_percent=0).json["category"] == "Free"
    assert edit(system, event, zone="Europe/Berlin", hold_seconds=60).json["hold_seconds"] == 60
    assert edit_type(system, event, currency="CHF", capacity=3, prices=0).json["capacity"] == 3


@pytest.mark.parametrize(
    ("changes", "sold"),
    [
        ({"name": "Other"}, False),
        ({"venue": "Elsewhere", "city": "Bern"}, False),
        ({"doors_at": "2026-06-01T17:00:00Z"}, False),
        ({"description": "More"}, False),
        ({"starts_at": "2026-06-01T17:00:00Z"}, True),
        ({"ends_at": "2026-06-01T22:00:00Z"}, True),
        ({"max_per_user": 2}, True),
        ({"hold_seconds": 300}, True),
        ({"refund_percent": 10}, True),
        ({"refund_hours": 10}, True),
    ],
    ids=repr,
)
def test_every_change_of_a_published_event_is_told_and_new_terms_as_such(
    system: System, changes: dict[str, Any], sold: bool
) -> None:
    event = published(system)

    answer = edit(system, event, **changes)

    [message] = told(system, event["id"])
    assert answer.status == 200
    assert isinstance(message, EventChanged)
    assert (message.terms_version, message.event_version) == (2 if sold else 1, 3)
    assert answer.json["terms_version"] == message.terms_version
    for name, value in changes.items():
        assert getattr(message, name, value) in (
            value,
            datetime.fromisoformat(value) if name.endswith("_at") else value,
        )


def test_an_edit_that_changes_nothing_writes_nothing(system: System) -> None:
    event = published(system)
    before = system.scan(topology.EVENTS)

    answer = edit(system, event)

    assert (answer.status, answer.headers["etag"]) == (200, '"2"')
    assert system.scan(topology.EVENTS) == before


def test_an_edit_needs_the_revision_that_it_is_of(system: System) -> None:
    event = drafted(system)

    for call in (edit, edit_type):
        assert refused(call(system, event, seen=None)) == (428, "revision-missing")
        assert refused(call(system, event, seen='"7"')) == (412, "changed")
        assert call(system, event, seen="*").status == 200


def test_what_is_not_ones_own_is_not_edited(system: System) -> None:
    event = published(system)

    by = Person("organiser")
    assert refused(edit(system, event, by=by)) == (404, "event-unknown")
    assert refused(edit_type(system, event, by=by)) == (404, "event-unknown")
    assert refused(cancel(system, event["id"], by=by)) == (404, "event-unknown")
    assert refused(clone(system, event["id"], by=by)) == (404, "event-unknown")


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("PUT /v1/events/x", {}),
        ("PUT /v1/events/x/types/y", {}),
        ("POST /v1/events/x/cancel", {}),
        ("POST /v1/events/x/clone", {}),
    ],
)
def test_only_an_organiser_edits(system: System, call: str, body: Any) -> None:
    assert refused(system.http(call, body, by=BUYER)) == (403, "role-missing")


@pytest.mark.parametrize("status", ["CANCELLED", "ENDED"])
def test_what_is_no_more_is_not_edited(system: System, status: str) -> None:
    event = published(system)
    now_is(system, event["id"], status)

    assert refused(edit(system, event, name="Other")) == (409, "not-editable")
    assert refused(edit_type(system, event, name="Other")) == (409, "not-editable")


def test_what_is_over_is_not_edited_even_before_its_timer_has_come(system: System) -> None:
    event = published(system)
    clock.use(lambda: datetime(2026, 6, 1, 21, tzinfo=UTC))

    assert refused(edit(system, event, ends_at="2026-06-02T20:00:00Z")) == (409, "not-editable")


@pytest.mark.parametrize(("percent", "hours"), [(79, 48), (80, 49), (100, 49), (0, 0)])
def test_refunds_only_become_more_generous(system: System, percent: int, hours: int) -> None:
    event = published(system, refund_percent=80, refund_hours=48)

    worse = edit(system, event, refund_percent=percent, refund_hours=hours)
    better = edit(system, event, refund_percent=90, refund_hours=24)

    assert refused(worse) == (409, "refund-reduced")
    assert (better.json["refund_percent"], better.json["refund_hours"]) == (90, 24)


def test_who_refunded_nothing_chooses_its_hours_freely(system: System) -> None:
    event = published(system, refund_hours=1)

    assert edit(system, event, refund_percent=10, refund_hours=100).status == 200


def test_what_is_free_stays_free(system: System) -> None:
    free = a_category(system, "Free", "free")
    event = published(system, category_id=free, types=[a_type(prices=0)])
    other = a_category(system, "Open", "free")

    assert refused(edit(system, event, category_id=a_category(system, "Paid"))) == (409, "no-longer-free")
    assert edit(system, event, category_id=other).json["category"] == "Open"


def test_what_has_prices_comes_into_no_free_category(system: System) -> None:
    event = published(system)

    assert refused(edit(system, event, category_id=a_category(system, "Free", "free"))) == (422, "not-free")


def test_an_edit_obeys_the_rules_of_a_new_event(system: System) -> None:
    event = published(system, types=[a_type(prices=10_000_000, sale_until="2026-06-01T20:30:00Z")])

    assert refused(edit(system, event, max_per_user=10)) == (422, "price-too-high")
    assert refused(edit(system, event, category_id="nothing")) == (422, "category-unknown")
    assert refused(edit(system, event, ends_at="2026-06-01T20:00:00Z")) == (422, "sale-beyond-end")
    assert refused(edit(system, event, starts_at="2026-02-01T20:00:00Z")) == (422, "not-in-future")
    assert refused(edit(system, event, ends_at=event["starts_at"])) == (422, "invalid")
    assert refused(edit(system, event, status="DRAFT")) == (422, "invalid")
    system.values["SHORT_HOLDS"] = "0"
    assert refused(edit(system, event, hold_seconds=59)) == (422, "hold-too-short")


def test_what_has_begun_is_described_anew_but_not_moved(system: System) -> None:
    event = published(system)
    clock.use(lambda: datetime(2026, 6, 1, 19, tzinfo=UTC))

    assert edit(system, event, description="It runs").status == 200
    assert refused(edit(system, event, starts_at="2026-06-01T20:00:00Z")) == (409, "already-started")
    assert refused(edit(system, event, ends_at="2026-06-01T18:30:00Z")) == (422, "ends-in-past")
    assert edit(system, event, ends_at="2026-06-01T22:00:00Z").status == 200


# -- editing a type ----------------------------------------------------------------------------------


def test_new_prices_of_a_published_event_are_new_terms(system: System) -> None:
    event = published(system)

    answer = edit_type(system, event, prices=5000, name="Stalls", **WINDOW)

    [message] = told(system, event["id"])
    assert (answer.status, answer.json["prices"], answer.headers["etag"]) == (200, 5000, '"3"')
    assert (message.terms_version, message.event_version) == (2, 3)
    assert (message.types[0].name, message.types[0].prices, message.types[0].capacity) == ("Stalls", 5000, 100)
    assert message.types[0].sale_until == datetime(2026, 6, 1, 18, tzinfo=UTC)
    assert edit_type(system, event).json["sale_until"] is None


@pytest.mark.parametrize(("before", "after"), list(product(TypeStatus, TypeStatus)))
def test_a_type_moves_as_its_table_says(system: System, before: TypeStatus, after: TypeStatus) -> None:
    event = published(system)
    edit_type(system, event, status=str(before))
    leads = any(state == before and target == after for (state, _), target in TYPES.table.items())

    answer = edit_type(system, event, status=str(after))

    if leads or before == after != TypeStatus.CLOSED:
        assert (answer.status, answer.json["status"]) == (200, after)
        assert told(system, event["id"])[0].types[0].status == after
    else:
        assert refused(answer) == (409, "type-closed")


def test_what_was_bought_under_is_kept(system: System) -> None:
    event = published(system)

    assert refused(edit_type(system, event, currency="CHF")) == (409, "currency-fixed")
    assert refused(edit_type(system, event, capacity=101)) == (409, "capacity-elsewhere")
    assert edit_type(system, event, capacity=100).status == 200


def test_a_type_obeys_the_rules_of_all(system: System) -> None:
    event = drafted(system, types=[a_type(), a_type()])
    free = drafted(system, category_id=a_category(system, "Free", "free"), types=[a_type(prices=0)])

    assert refused(edit_type(system, event, prices=90_000_000)) == (422, "price-too-high")
    assert refused(edit_type(system, event, currency="CHF")) == (422, "mixed-currencies")
    assert refused(edit_type(system, free, prices=1)) == (422, "not-free")
    assert refused(edit_type(system, event, status="SOLD")) == (422, "invalid")


def test_a_type_that_is_not_there_is_not_edited(system: System) -> None:
    event = drafted(system)

    answer = system.http(
        f"PUT /v1/events/{event['id']}/types/x",
        {"name": "A", "prices": 1, "currency": "EUR", "status": "ON_SALE"},
        by=ORGANISER,
        headers={"if-match": "*"},
    )

    assert refused(answer) == (404, "type-unknown")


# -- what booking says -------------------------------------------------------------------------------


def capacity_is(system: System, event: dict[str, Any], capacity: int, version: int) -> None:
    of = {"event_id": event["id"], "event_type_id": event["types"][0]["id"], "capacity": capacity, "version": version}
    system.deliver(example(CapacityChanged).model_copy(update=of), "events.on_capacity_changed")


def test_the_newest_capacity_is_shown_and_edits_do_not_undo_it(system: System) -> None:
    event = published(system)
    for capacity, version in ((120, 2), (150, 4), (150, 4), (130, 3)):
        capacity_is(system, event, capacity, version)

    edit_type(system, event, prices=1)
    edit(system, event, name="Other")

    page = system.http(f"GET /v1/events/{event['id']}").json
    assert (page["types"][0]["capacity"], own(system, event["id"]).json["types"][0]["capacity"]) == (150, 150)
    assert refused(edit_type(system, event, capacity=100)) == (409, "capacity-elsewhere")
    assert clone(system, event["id"]).json["types"][0]["capacity"] == 150


# -- cancelling --------------------------------------------------------------------------------------


def test_cancelling_tells_the_whole_terms_and_the_message(system: System) -> None:
    event = published(system)

    answer = cancel(system, event["id"], "The singer is ill.")

    [message] = told(system, event["id"])
    assert (answer.status, answer.json["status"], answer.json["message"]) == (200, "CANCELLED", "The singer is ill.")
    assert isinstance(message, EventCancelled)
    assert (message.status, message.message) == ("CANCELLED", "The singer is ill.")
    assert (message.terms_version, message.event_version, len(message.types), message.by) == (2, 3, 1, "organiser")
    assert system.http(f"GET /v1/events/{event['id']}").json["message"] == "The singer is ill."


def test_cancelling_again_changes_nothing(system: System) -> None:
    event = published(system)
    first = cancel(system, event["id"])
    before = system.scan(topology.EVENTS)

    again = cancel(system, event["id"], "Something else")

    assert (again.status, again.json) == (200, first.json)
    assert system.scan(topology.EVENTS) == before


def test_a_cancelled_draft_was_never_there(system: System) -> None:
    event = drafted(system)

    answer = cancel(system, event["id"])
    staffed = system.http(f"PUT /v1/events/{event['id']}/staff", {"user_ids": ["a"]}, by=ORGANISER, headers=BLIND)

    assert (answer.json["status"], answer.json["terms_version"], staffed.status) == ("CANCELLED", 0, 200)
    assert told(system, event["id"]) == []
    assert system.http(f"GET /v1/events/{event['id']}").status == 404
    assert refused(publish(system, event["id"])) == (409, "not-publishable")


def test_what_is_over_is_not_cancelled(system: System) -> None:
    event, other = published(system), published(system)
    now_is(system, event["id"], "ENDED")
    assert refused(cancel(system, event["id"])) == (409, "event-ended")

    clock.use(lambda: datetime(2026, 6, 1, 21, tzinfo=UTC))
    assert refused(cancel(system, other["id"])) == (409, "event-ended")


@pytest.mark.parametrize("message", ["x" * 501, "a\x00", 7, None])
def test_a_message_is_some_plain_words(system: System, message: Any) -> None:
    assert refused(cancel(system, "x", message)) == (422, "invalid")


# -- cloning -----------------------------------------------------------------------------------------


def test_a_clone_is_a_draft_with_ids_of_its_own_and_everything_moved(system: System) -> None:
    event = published(system, **MORE, types=[a_type(**WINDOW), a_type(name="Box", sale_until="2026-06-01T21:00:00Z")])
    system.http(f"PUT /v1/events/{event['id']}/staff", {"user_ids": ["a"]}, by=ORGANISER, headers=BLIND)
    edit_type(system, event, at=1, status="CLOSED")

    answer = clone(system, event["id"], name="Again")

    copy = answer.json
    assert answer.status == 201
    assert system.http(f"GET {answer.headers['location']}", by=ORGANISER).json == copy
    assert (copy["status"], copy["name"], copy["staff"], copy["terms_version"]) == ("DRAFT", "Again", [], 0)
    assert (copy["starts_at"], copy["ends_at"]) == ("2026-07-01T18:00:00Z", "2026-07-01T20:00:00Z")
    kept = ("category_id", "description", "venue", "address", "city", "image_url", "refund_percent", "refund_hours")
    assert [copy[name] for name in kept] == [event[name] for name in kept]
    assert copy["doors_at"] == "2026-07-01T17:00:00Z"
    assert [one["sale_from"] for one in copy["types"]] == ["2026-04-01T10:00:00Z", None]
    assert [one["sale_until"] for one in copy["types"]] == ["2026-07-01T18:00:00Z", None]
    assert [one["status"] for one in copy["types"]] == ["ON_SALE"] * 2
    assert not {one["id"] for one in copy["types"]} & {one["id"] for one in event["types"]}


def test_an_event_is_cloned_once_per_key(system: System) -> None:
    event = drafted(system)

    first, again = clone(system, event["id"], key="k"), clone(system, event["id"], key="k")
    other = clone(system, event["id"], key="k", name="Other")

    assert (first.json, again.headers["idempotency-replayed"]) == (again.json, "true")
    assert refused(other) == (422, "key-reused")


def test_a_cancelled_event_can_be_cloned_and_published(system: System) -> None:
    event = published(system)
    cancel(system, event["id"])

    copy = clone(system, event["id"]).json

    assert (copy["name"], copy["message"]) == (event["name"], "")
    assert publish(system, copy["id"]).json["status"] == "PUBLISHED"


def test_a_clone_lies_ahead(system: System) -> None:
    event = drafted(system)

    past = clone(system, event["id"], starts_at="2026-02-01T18:00:00Z", ends_at="2026-02-01T20:00:00Z")
    backwards = clone(system, event["id"], ends_at="2026-07-01T18:00:00Z")

    assert refused(past) == (422, "not-in-future")
    assert refused(backwards) == (422, "invalid")


# -- ending ------------------------------------------------------------------------------------------


def test_an_event_ends_at_the_time_that_it_has_by_then(system: System) -> None:
    event = published(system)
    [message] = told(system, event["id"])
    edit(system, event, ends_at="2026-06-01T21:30:00Z")
    clock.use(lambda: datetime(2026, 6, 1, 21, tzinfo=UTC))

    system.deliver(message, "events.end_event")
    [(function, _, delay)] = system.sent
    early = system.http(f"GET /v1/events/{event['id']}").json["status"]
    clock.use(lambda: datetime(2026, 6, 1, 21, 30, tzinfo=UTC))
    system.deliver(message, "events.end_event")

    [ended] = told(system, event["id"])
    assert (function, delay, early) == ("events.end_event", 900, "PUBLISHED")
    assert isinstance(ended, EventChanged)
    assert (ended.status, ended.terms_version, ended.event_version) == ("ENDED", 3, 4)
    before = system.scan(topology.EVENTS)
    system.deliver(message, "events.end_event")
    assert system.scan(topology.EVENTS) == before


def test_a_cancelled_event_does_not_end(system: System) -> None:
    event = published(system)
    [message] = told(system, event["id"])
    cancel(system, event["id"])
    clock.use(lambda: datetime(2026, 6, 2, tzinfo=UTC))

    answers = system.deliver(message, "events.end_event")

    assert answers == {"events.end_event": {"batchItemFailures": []}}
    assert item_of(system, event["id"])["status"] == "CANCELLED"
    assert system.sent == []
