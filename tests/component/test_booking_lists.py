"""Lists of bookings by state and by event: right in both directions, and never much work at once."""

import pytest

from common import sifted
from tests.support.box_office import BoxOffice, Show
from tests.support.system import Person

ANNA, BEN = Person(), Person()
OLGA = Person("organiser", user_id="o1")


def made(office: BoxOffice, show: Show, count: int, *, apart: float = 1) -> list[str]:
    """Bookings of two people, the newest first; every third is cancelled."""
    found = []
    for at in range(count):
        office.wait(apart)
        who = (ANNA, BEN)[at % 2]
        found.append(office.held(who, show, 1))
        if at % 3 == 0:
            office.cancel(who, found[-1])
    return found[::-1]


def walk(office: BoxOffice, call: str, by: Person, **query: str) -> tuple[list[list[str]], list[list[str]]]:
    """The pages to the end, and those back to the beginning."""
    onward, back, answer = [], [], office.system.http(call, by=by, query=query)
    while True:
        assert answer.status == 200, answer.text
        onward.append([one["id"] for one in answer.json["items"]])
        if not answer.json["next_token"]:
            break
        answer = office.system.http(call, by=by, query=query | {"next_token": answer.json["next_token"]})
    while answer.json["previous_token"]:
        answer = office.system.http(call, by=by, query=query | {"previous_token": answer.json["previous_token"]})
        back.append([one["id"] for one in answer.json["items"]])
    return onward, back


@pytest.mark.parametrize("apart", [1, 0], ids=["one after the other", "all in one moment"])
@pytest.mark.parametrize("limit", ["1", "3", "100"])
def test_an_events_bookings_are_all_there_and_each_once(office: BoxOffice, limit: str, apart: float) -> None:
    show = office.show(100, max_per_user=100)
    ids = made(office, show, 11, apart=apart)
    office.held(ANNA, office.show(10), 1)

    onward, back = walk(office, f"GET /v1/events/{show.id}/bookings", OLGA, limit=limit)

    flat = [one for page in onward for one in page]
    assert sorted(flat) == sorted(ids)
    assert flat == ids if apart else True
    assert [one for page in back[::-1] for one in page] == flat[: len(flat) - len(onward[-1])]
    assert all(len(page) == int(limit) for page in onward[:-1])


@pytest.mark.parametrize("status", ["PENDING", "CANCELLED", "CONFIRMED"])
@pytest.mark.parametrize("call", ["GET /v1/bookings", "event"])
def test_pages_by_state_hold_that_state_only(office: BoxOffice, call: str, status: str) -> None:
    show = office.show(100, max_per_user=100)
    ids = made(office, show, 12)
    call, by = (f"GET /v1/events/{show.id}/bookings", OLGA) if call == "event" else (call, ANNA)
    wanted = [one for one in ids if office.booking(one)["status"] == status]
    wanted = wanted if by is OLGA else [one for one in wanted if office.booking(one)["user_id"] == ANNA.user_id]

    onward, back = walk(office, call, by, status=status, limit="2")

    flat = [one for page in onward for one in page]
    assert flat == wanted
    assert [one for page in back[::-1] for one in page] == flat[: len(flat) - len(onward[-1])]


def test_a_page_that_looks_at_too_many_is_short_and_goes_on(office: BoxOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sifted, "_LOOKED_AT", 2)
    monkeypatch.setattr(sifted, "_LOOKS", 2)
    show = office.show(100, max_per_user=100)
    ids = made(office, show, 20)
    for one in ids[3:17]:
        if office.booking(one)["status"] == "PENDING":
            office.fail(one)

    onward, back = walk(office, f"GET /v1/events/{show.id}/bookings", OLGA, status="PENDING", limit="2")

    wanted = [one for one in ids if office.booking(one)["status"] == "PENDING"]
    assert [one for page in onward for one in page] == wanted
    assert [] in onward
    assert [one for page in back[::-1] for one in page] == wanted[: len(wanted) - len(onward[-1])]


def test_a_token_belongs_to_its_state(office: BoxOffice) -> None:
    show = office.show(100, max_per_user=100)
    made(office, show, 6)
    call = f"GET /v1/events/{show.id}/bookings"
    token = office.system.http(call, by=OLGA, query={"limit": "1", "status": "PENDING"}).json["next_token"]

    for query in ({}, {"status": "CANCELLED"}):
        answer = office.system.http(call, by=OLGA, query=query | {"next_token": token})
        assert (answer.status, answer.problem) == (400, "bad-token")


def test_a_state_that_there_is_not_is_refused(office: BoxOffice) -> None:
    answer = office.system.http("GET /v1/bookings", by=ANNA, query={"status": "SOLD"})

    assert (answer.status, answer.problem) == (422, "invalid")


def test_the_organiser_does_not_see_the_buyers_keys(office: BoxOffice) -> None:
    show = office.show(10)
    office.held(ANNA, show, 1, key="secret")

    (seen,) = office.system.http(f"GET /v1/events/{show.id}/bookings", by=OLGA).json["items"]

    assert (seen["user_id"], seen["logs"][0]["by"]) == (ANNA.user_id, "buyer")
    assert "idempotency_key" not in seen


@pytest.mark.parametrize("view", ["bookings", "sales"])
def test_an_event_is_its_organisers_and_the_admins_only(office: BoxOffice, view: str) -> None:
    show = office.show(10)

    for who, status in ((Person("organiser"), 404), (Person("admin"), 200), (Person(), 403), (OLGA, 200)):
        assert office.system.http(f"GET /v1/events/{show.id}/{view}", by=who).status == status
