"""What the catalogue's calls answer, beside what their form brings."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.answers import Asking
from tests.support.house import FREE, PAID, House
from tests.support.redeploy import redeployed

SOME = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"
SEAT = {"name": "Another"} | PAID


@contextmanager
def reading_late(house: House, function: str) -> Iterator[None]:
    """The function, as if another had changed the event between its reading and its writing."""
    seen = 'return {"seen": event["version"]'
    changes = {"events/core/repository.py": (seen, f"{seen} - 1")}
    with redeployed(house.stack, function, changes):
        yield


def test_a_category_is_made_once(house: House, ask: Asking) -> None:
    new = {"name": f"Category {secrets.token_hex(4)}", "type": "paid"}
    key = {"Idempotency-Key": secrets.token_hex(8)}

    made = ask(house.admin, "POST /v1/categories", new, headers=key)
    other = ask(house.admin, "POST /v1/categories", new | {"name": "Quite another"}, headers=key)
    again = ask(house.admin, "POST /v1/categories", new)

    assert (made.told, other.told, again.told) == ((201, "done"), (422, "key-reused"), (409, "category-exists"))


@pytest.mark.parametrize("call", ["GET /v1/categories", "GET /v1/events"])
def test_everybody_sees_the_catalogue(call: str, house: House, ask: Asking) -> None:
    assert ask(house.nobody, call).told == (200, "done")


def test_an_event_is_made_once_per_key(house: House, ask: Asking) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}

    made = ask(house.organiser.client, "POST /v1/events", house.plan(), headers=key)
    other = ask(house.organiser.client, "POST /v1/events", house.plan(name="Other"), headers=key)

    assert (made.told, other.told) == ((201, "done"), (422, "key-reused"))


@pytest.mark.parametrize(
    ("problem", "fields"),
    [
        ("category-unknown", {"category_id": SOME}),
        ("mixed-currencies", {"types": [SEAT, SEAT | {"name": "Pit", "currency": "CHF"}]}),
        ("price-too-high", {"types": [SEAT | {"prices": 90_000_000}], "max_per_user": 50}),
        ("not-in-future", {"starts_at": "2021-05-01T18:00:00Z"}),
        ("sale-beyond-end", {"types": [SEAT | {"sale_until": "2031-05-01T21:00:01Z"}]}),
    ],
)
def test_an_event_that_cannot_be_is_refused(problem: str, fields: dict[str, object], house: House, ask: Asking) -> None:
    assert ask(house.organiser.client, "POST /v1/events", house.plan(**fields)).told == (422, problem)


def test_what_is_free_has_no_price(house: House, ask: Asking) -> None:
    plan = house.plan(category_id=house.free)
    event = house.draft(category_id=house.free, types=[{"name": "Entry"} | FREE])

    assert ask(house.organiser.client, "POST /v1/events", plan).told == (422, "not-free")
    assert ask(house.organiser.client, f"POST /v1/events/{event['id']}/types", SEAT).told == (422, "not-free")


def test_a_hold_of_seconds_is_for_practice_only(house: House, ask: Asking) -> None:
    real = {"events/core/drafts.py": ('env.setting("SHORT_HOLDS") == "1"', "False")}

    with redeployed(house.stack, "events.create_event", real):
        answer = ask(house.organiser.client, "POST /v1/events", house.plan(hold_seconds=5))

    assert answer.told == (422, "hold-too-short")


def test_types_are_added_to_ones_own_drafts(house: House, ask: Asking) -> None:
    draft, key = house.draft(), {"Idempotency-Key": secrets.token_hex(8)}
    call, me = f"POST /v1/events/{draft['id']}/types", house.organiser.client

    made = ask(me, call, SEAT, headers=key)
    other = ask(me, call, SEAT | {"name": "Other"}, headers=key)
    mixed = ask(me, call, SEAT | {"currency": "CHF"})
    long = ask(me, call, SEAT | {"sale_until": "2031-05-01T21:00:01Z"})
    with house.altered("events", draft["id"], "event", status="CANCELLED"):
        over = ask(me, call, SEAT)
    unknown = ask(me, f"POST /v1/events/{SOME}/types", SEAT)
    dear = ask(me, call, SEAT | {"prices": 90_000_000})

    assert (made.told, other.told) == ((201, "done"), (422, "key-reused"))
    assert (mixed.told, over.told) == ((422, "mixed-currencies"), (409, "not-editable"))
    assert long.told == (422, "sale-beyond-end")
    assert (unknown.told, dear.told) == ((404, "event-unknown"), (422, "price-too-high"))


def test_an_event_has_so_many_types_and_no_more(house: House, ask: Asking) -> None:
    draft = house.draft(types=[SEAT | {"name": f"Seat {n}"} for n in range(20)])

    answer = ask(house.organiser.client, f"POST /v1/events/{draft['id']}/types", SEAT)

    assert answer.told == (409, "too-many-types")


def test_staff_is_named_for_ones_own_events(house: House, ask: Asking) -> None:
    draft, staff, me = house.draft(), {"user_ids": [house.staff.id]}, house.organiser.client
    call = f"PUT /v1/events/{draft['id']}/staff"
    seen = {"If-Match": ask(me, f"GET /v1/users/{house.organiser.id}/events/{draft['id']}").headers["ETag"]}

    assert ask(me, call, staff, headers=seen).told == (200, "done")
    assert ask(me, call, {"user_ids": []}, headers=seen).told == (412, "changed")
    assert ask(me, call, staff).told == (428, "revision-missing")
    assert ask(me, f"PUT /v1/events/{SOME}/staff", staff, headers=seen).told == (404, "event-unknown")


def test_an_event_is_published_by_its_organiser(house: House, ask: Asking) -> None:
    ready, bare = house.draft(), house.draft(types=[])
    me = house.organiser.client

    assert ask(me, f"POST /v1/events/{ready['id']}/publish").told == (200, "done")
    assert ask(me, f"POST /v1/events/{bare['id']}/publish").told == (409, "no-types")
    assert ask(me, f"POST /v1/events/{SOME}/publish").told == (404, "event-unknown")


@pytest.mark.parametrize(
    ("problem", "fields"),
    [("already-started", {"starts_at": "2021-05-01T18:00:00Z"}), ("not-publishable", {"status": "CANCELLED"})],
)
def test_an_event_whose_time_has_passed_is_not_published(
    problem: str, fields: dict[str, str], house: House, ask: Asking
) -> None:
    draft = house.draft()

    with house.altered("events", draft["id"], "event", **fields):
        answer = ask(house.organiser.client, f"POST /v1/events/{draft['id']}/publish")

    assert answer.told == (409, problem)


@pytest.mark.parametrize(
    ("function", "call", "body"),
    [
        ("events.create_type", "POST /v1/events/{}/types", SEAT),
        ("events.set_staff", "PUT /v1/events/{}/staff", {"user_ids": [SOME]}),
        ("events.publish_event", "POST /v1/events/{}/publish", None),
        ("events.cancel_event", "POST /v1/events/{}/cancel", {"message": "Rain"}),
    ],
)
def test_an_event_that_changed_meanwhile_is_not_overwritten(
    function: str, call: str, body: dict[str, object] | None, house: House, ask: Asking
) -> None:
    draft = house.draft()

    with reading_late(house, function):
        answer = ask(house.organiser.client, call.format(draft["id"]), body, headers={"If-Match": "*"})

    assert answer.told == (409, "changed-meanwhile")


def test_everybody_sees_a_published_event_and_its_free_places(house: House, ask: Asking) -> None:
    for what in ("", "/availability"):
        assert ask(house.nobody, f"GET /v1/events/{house.concert['id']}{what}").told == (200, "done")
        assert ask(house.nobody, f"GET /v1/events/{SOME}{what}").told == (404, "event-unknown")
