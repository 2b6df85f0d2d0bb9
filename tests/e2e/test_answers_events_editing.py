"""What the calls answer that edit, cancel and clone events, beside what their form brings."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.client import Client
from tests.support.answers import Asking, Reply
from tests.support.house import FREE, PAID, House
from tests.support.redeploy import redeployed

SOME = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"
EDITED = (
    "category_id", "name", "venue", "city", "zone", "starts_at", "ends_at",
    "max_per_user", "hold_seconds", "refund_percent", "refund_hours",
)  # fmt: skip
RUNNING = {"starts_at": "2021-05-01T18:00:00.000Z"}


@pytest.fixture
def me(house: House) -> Client:
    return house.organiser.client


@pytest.fixture
def draft(house: House) -> dict[str, Any]:
    return house.draft()


@pytest.fixture
def public(house: House, me: Client) -> dict[str, Any]:
    event = house.draft(refund_percent=50, refund_hours=24)
    return dict(me.must("POST", f"/v1/events/{event['id']}/publish"))


def edit(ask: Asking, by: Client, event: dict[str, Any], seen: str | None = "*", **fields: Any) -> Reply:
    wanted = {name: event[name] for name in EDITED} | fields
    return ask(by, f"PUT /v1/events/{event['id']}", wanted, headers={"If-Match": seen} if seen else {})


def edit_type(ask: Asking, by: Client, event: dict[str, Any], seen: str | None = "*", **fields: Any) -> Reply:
    one = event["types"][0]
    wanted = {name: one[name] for name in ("name", "prices", "currency", "status")} | fields
    call = f"PUT /v1/events/{event['id']}/types/{fields.pop('id', one['id'])}"
    wanted.pop("id", None)
    return ask(by, call, wanted, headers={"If-Match": seen} if seen else {})


def test_an_event_is_edited_by_its_organiser_at_the_revision_that_was_read(
    ask: Asking, me: Client, public: dict[str, Any]
) -> None:
    read = ask(me, f"GET /v1/users/{public['organiser_id']}/events/{public['id']}")

    done = edit(ask, me, public, read.headers["ETag"], venue="Elsewhere")
    stale = edit(ask, me, public, read.headers["ETag"], venue="Nowhere")

    assert (read.told, done.told, done.json["venue"]) == ((200, "done"), (200, "done"), "Elsewhere")
    assert (stale.told, edit(ask, me, public, None).told) == ((412, "changed"), (428, "revision-missing"))
    assert edit(ask, me, public | {"id": SOME}).told == (404, "event-unknown")


@pytest.mark.parametrize(
    ("told", "fields"),
    [
        ((409, "refund-reduced"), {"refund_percent": 49}),
        ((422, "not-in-future"), {"starts_at": "2021-05-01T18:00:00Z"}),
        ((422, "category-unknown"), {"category_id": SOME}),
        ((422, "price-too-high"), {"max_per_user": 50}),
        ((422, "sale-beyond-end"), {"ends_at": "2031-05-01T19:30:00Z"}),
    ],
)
def test_what_was_promised_or_cannot_be_is_refused(
    told: tuple[int, str], fields: dict[str, Any], ask: Asking, me: Client, house: House
) -> None:
    seat = {"name": "Seat"} | PAID | {"prices": 9_000_000, "sale_until": "2031-05-01T20:00:00Z"}
    event = house.draft(refund_percent=50, types=[seat])
    me.must("POST", f"/v1/events/{event['id']}/publish")

    assert edit(ask, me, event, **fields).told == told


def test_what_is_free_stays_so_and_what_has_prices_is_not(ask: Asking, me: Client, house: House) -> None:
    free, paid = house.draft(category_id=house.free, types=[{"name": "Entry"} | FREE]), house.draft()
    me.must("POST", f"/v1/events/{free['id']}/publish")

    assert edit(ask, me, free, category_id=house.paid).told == (409, "no-longer-free")
    assert edit(ask, me, paid, category_id=house.free).told == (422, "not-free")
    assert edit_type(ask, me, free, prices=1).told == (422, "not-free")


def test_a_running_event_is_not_moved_and_a_past_one_not_edited(
    ask: Asking, me: Client, house: House, public: dict[str, Any]
) -> None:
    with house.altered("events", public["id"], "event", **RUNNING):
        moved = edit(ask, me, public)
        ended = edit(ask, me, public | RUNNING, ends_at="2021-05-01T19:00:00Z")
    with house.altered("events", public["id"], "event", status="ENDED"):
        over = edit(ask, me, public)
        types, cancelled = edit_type(ask, me, public), ask(me, f"POST /v1/events/{public['id']}/cancel", {})

    assert (moved.told, ended.told) == ((409, "already-started"), (422, "ends-in-past"))
    assert (over.told, types.told, cancelled.told) == (
        (409, "not-editable"), (409, "not-editable"), (409, "event-ended"),
    )  # fmt: skip


def test_a_short_hold_is_for_practice_only(ask: Asking, me: Client, house: House, draft: dict[str, Any]) -> None:
    real = {"events/core/drafts.py": ('env.setting("SHORT_HOLDS") == "1"', "False")}

    with redeployed(house.stack, "events.update_event", real):
        assert edit(ask, me, draft, hold_seconds=5).told == (422, "hold-too-short")


def test_of_many_edits_of_what_was_read_one_is_made(me: Client, public: dict[str, Any]) -> None:
    call, wanted = f"/v1/events/{public['id']}", {name: public[name] for name in EDITED}

    def rename(number: int) -> int:
        return me.call("PUT", call, wanted | {"name": f"Name {number}"}, If_Match='"2"').status

    with ThreadPoolExecutor(8) as people:
        told = sorted(people.map(rename, range(8)))

    read = me.call("GET", call)
    assert told[0] == 200
    assert set(told[1:]) <= {409, 412}
    assert read.headers["ETag"].startswith('"3.')


@pytest.mark.parametrize(("function", "call"), [("events.update_event", edit), ("events.update_type", edit_type)])
def test_what_changed_meanwhile_is_not_overwritten(
    function: str, call: Any, ask: Asking, me: Client, house: House, draft: dict[str, Any]
) -> None:
    seen = 'return {"seen": event["version"]'
    with redeployed(house.stack, function, {"events/core/repository.py": (seen, f"{seen} - 1")}):
        assert call(ask, me, draft, name="Other").told == (409, "changed-meanwhile")


def test_a_type_is_edited_paused_and_closed(ask: Asking, me: Client, public: dict[str, Any]) -> None:
    for status in ("PAUSED", "ON_SALE", "CLOSED"):
        assert edit_type(ask, me, public, status=status).json["status"] == status
    assert edit_type(ask, me, public).told == (409, "type-closed")


def test_a_type_is_edited_within_what_was_promised(
    ask: Asking, me: Client, house: House, public: dict[str, Any]
) -> None:
    two = house.draft(types=[{"name": name} | PAID for name in ("Seat", "Box")])

    assert edit_type(ask, me, public, prices=2600).told == (200, "done")
    assert edit_type(ask, me, public, currency="CHF").told == (409, "currency-fixed")
    assert edit_type(ask, me, public, capacity=1).told == (409, "capacity-elsewhere")
    assert edit_type(ask, me, public, prices=90_000_000).told == (422, "price-too-high")
    assert edit_type(ask, me, public, sale_until="2041-05-01T18:00:00Z").told == (422, "sale-beyond-end")
    assert edit_type(ask, me, two, currency="CHF").told == (422, "mixed-currencies")
    assert edit_type(ask, me, public, id=SOME).told == (404, "type-unknown")
    assert edit_type(ask, me, public | {"id": SOME}).told == (404, "event-unknown")
    assert edit_type(ask, me, public, '"1"').told == (412, "changed")
    assert edit_type(ask, me, public, None).told == (428, "revision-missing")


def test_an_event_is_cancelled_by_its_organiser(ask: Asking, me: Client, public: dict[str, Any]) -> None:
    call = f"POST /v1/events/{public['id']}/cancel"

    first, again = ask(me, call, {"message": "Rain"}), ask(me, call, {"message": "Snow"})

    assert (first.told, again.json) == ((200, "done"), first.json)
    assert ask(me, f"POST /v1/events/{SOME}/cancel", {}).told == (404, "event-unknown")


def test_an_event_is_cloned_once_per_key(ask: Asking, me: Client, public: dict[str, Any]) -> None:
    call, key = f"POST /v1/events/{public['id']}/clone", {"Idempotency-Key": secrets.token_hex(8)}
    times = {"starts_at": "2032-05-01T18:00:00Z", "ends_at": "2032-05-01T21:00:00Z"}

    made = ask(me, call, times, headers=key)
    other = ask(me, call, times | {"name": "Other"}, headers=key)

    assert (made.told, other.told) == ((201, "done"), (422, "key-reused"))
    assert ask(me, f"GET {made.headers['Location']}").json == made.json
    assert ask(me, call, times | {"starts_at": "2021-05-01T18:00:00Z"}).told == (422, "not-in-future")
    assert ask(me, f"POST /v1/events/{SOME}/clone", times).told == (404, "event-unknown")


def test_ones_own_events_are_ones_own(ask: Asking, me: Client, house: House, draft: dict[str, Any]) -> None:
    mine, theirs = f"GET /v1/users/{house.organiser.id}/events", f"GET /v1/users/{house.buyer.id}/events"

    assert ask(me, mine).json["items"][0]["id"] == draft["id"]
    assert ask(me, f"{mine}?next_token=x").told == (400, "bad-token")
    assert ask(me, theirs).told == ask(me, f"{theirs}/{draft['id']}").told == (404, "organiser-unknown")
    assert ask(me, f"{mine}/{SOME}").told == (404, "event-unknown")


def test_a_category_is_read_by_everybody_and_renamed_by_admins(ask: Asking, house: House) -> None:
    new, other = ({"name": f"Named {secrets.token_hex(4)}", "type": "paid"} for _ in "12")
    call = f"/v1/categories/{house.admin.must('POST', '/v1/categories', new)['id']}"
    house.admin.must("POST", "/v1/categories", other)
    named, any_version = {"name": f"Renamed {secrets.token_hex(4)}"}, {"If-Match": "*"}

    read = ask(house.nobody, f"GET {call}")
    stale = {"If-Match": read.headers["ETag"]}

    assert (read.told, ask(house.admin, f"PUT {call}", named, headers=stale).told) == ((200, "done"), (200, "done"))
    assert ask(house.admin, f"PUT {call}", new, headers=any_version).told == (422, "invalid")
    assert ask(house.admin, f"PUT {call}", {"name": new["name"]}, headers=stale).told == (412, "changed")
    assert ask(house.admin, f"PUT {call}", named).told == (428, "revision-missing")
    taken = ask(house.admin, f"PUT {call}", {"name": other["name"]}, headers=any_version)
    assert taken.told == (409, "category-exists")
    for method in ("GET", "PUT"):
        body = named if method == "PUT" else None
        gone = ask(house.admin, f"{method} /v1/categories/{SOME}", body, headers=any_version)
        assert gone.told == (404, "no-such-category")


def test_a_category_that_changed_meanwhile_is_not_renamed(ask: Asking, house: House) -> None:
    seen = 'values={"seen": category["version"]'
    made = house.admin.must("POST", "/v1/categories", {"name": f"Late {secrets.token_hex(4)}", "type": "paid"})
    named = {"name": f"Too late {secrets.token_hex(4)}"}

    with redeployed(house.stack, "events.update_category", {"events/core/categories.py": (seen, f"{seen} - 1")}):
        answer = ask(house.admin, f"PUT /v1/categories/{made['id']}", named, headers={"If-Match": "*"})

    assert answer.told == (409, "changed-meanwhile")
