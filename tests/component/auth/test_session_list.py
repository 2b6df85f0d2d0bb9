"""GET /v1/sessions and DELETE /v1/sessions/{session_id}: list and revoke sessions."""

from collections.abc import Iterator

import pytest

from common import clock
from tests.support.drivers.auth_driver import PasswordDriver
from tests.support.system.system import HttpResponse, Person, System

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0 Safari/537.36 Edg/125.0"


class SessionListDriver(PasswordDriver):
    def current_person(self) -> Person:
        person = Person(user_id=self.anna.user_id)
        person.session_id = self.phone["refresh_token"].split(".")[1]
        return person

    def sessions(self, **query: str) -> HttpResponse:
        return self.system.http("GET /v1/sessions", by=self.current_person(), query=query)

    def revoke(self, session_id: str, by: Person | None = None) -> HttpResponse:
        return self.system.http(f"DELETE /v1/sessions/{session_id}", by=by or self.current_person())


@pytest.fixture
def driver(system: System) -> Iterator[SessionListDriver]:
    yield SessionListDriver(system)
    clock.use()


def test_session_list_shows_only_documented_fields(driver: SessionListDriver) -> None:
    found = driver.sessions().json["items"]

    assert len(found) == 2
    assert [one["current"] for one in found if one["id"] == driver.current_person().session_id] == [True]
    assert sorted(one["current"] for one in found) == [False, True]
    fields = {"id", "device", "current", "created_at", "last_used_at", "expires_at", "ended_at"}
    assert all(one.keys() == fields for one in found)
    assert {one["ended_at"] for one in found} == {None}


def test_session_list_pages_both_ways(driver: SessionListDriver) -> None:
    for _ in range(3):
        driver.advance(minutes=1)
        driver.log_in_device()
    first = driver.sessions(limit="2").json
    second = driver.sessions(limit="2", next_token=first["next_token"]).json

    back = driver.sessions(limit="2", previous_token=second["previous_token"]).json

    times = [one["created_at"] for page in (first, second) for one in page["items"]]
    assert times == sorted(times, reverse=True)
    assert back["items"] == first["items"]
    assert len({one["id"] for page in (first, second) for one in page["items"]}) == 4


def test_page_token_of_another_user_is_rejected(driver: SessionListDriver) -> None:
    token = driver.sessions(limit="1").json["next_token"]

    response = driver.system.http("GET /v1/sessions", by=Person(), query={"next_token": token})

    assert (response.status, response.problem) == (400, "invalid-page-token")


def test_refresh_updates_last_used_at(driver: SessionListDriver) -> None:
    driver.advance(minutes=7)
    driver.system.http("POST /v1/token/refresh", {"refresh_token": driver.laptop["refresh_token"]})

    found = {one["current"]: one for one in driver.sessions().json["items"]}

    assert found[True]["last_used_at"] == found[True]["created_at"]
    assert found[False]["last_used_at"] > found[False]["created_at"]


def test_revoked_session_shows_ended_at(driver: SessionListDriver) -> None:
    laptop = driver.laptop["refresh_token"].split(".")[1]

    assert [driver.revoke(laptop).status for _ in range(2)] == [204, 204]

    assert [driver.tokens_accepted(one) for one in (driver.phone, driver.laptop)] == [(True, True), (False, False)]
    ended = {one["id"]: one["ended_at"] for one in driver.sessions().json["items"]}
    assert ended[laptop]
    assert ended[driver.current_person().session_id] is None


@pytest.mark.parametrize("which", ["another's", "invented", "the profile"])
def test_foreign_session_is_not_found(driver: SessionListDriver, which: str) -> None:
    own_session = driver.laptop["refresh_token"].split(".")[1]
    session_id, by = {"another's": (own_session, Person()), "invented": ("x", None), "the profile": ("profile", None)}[
        which
    ]

    response = driver.revoke(session_id, by)

    assert (response.status, response.problem) == (404, "session-not-found")
    assert driver.tokens_accepted(driver.laptop) == (True, True)


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox on Linux"),
        (SAFARI, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        ("curl/8.5.0", "curl"),
        pytest.param("<script>alert(1)</script>" * 500, "unknown", id="hostile"),
        ("", "unknown"),
    ],
)
def test_device_description_uses_known_terms_only(driver: SessionListDriver, user_agent: str, device: str) -> None:
    driver.advance(minutes=1)
    body = {"username": "anna", "password": "a rather long phrase"}
    driver.system.http("POST /v1/login", body, headers={"user-agent": user_agent})

    assert driver.sessions().json["items"][0]["device"] == device
