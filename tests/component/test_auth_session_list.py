"""GET /v1/sessions and DELETE /v1/sessions/{session_id}: where one is logged in, and an end to it."""

from collections.abc import Iterator

import pytest

from common import clock
from tests.component.test_auth_passwords import House
from tests.support.system import Person, Reply, System

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0 Safari/537.36 Edg/125.0"


class Devices(House):
    def me(self) -> Person:
        me = Person(user_id=self.anna.user_id)
        me.session_id = self.phone["refresh_token"].split(".")[1]
        return me

    def sessions(self, **query: str) -> Reply:
        return self.system.http("GET /v1/sessions", by=self.me(), query=query)

    def end(self, session_id: str, by: Person | None = None) -> Reply:
        return self.system.http(f"DELETE /v1/sessions/{session_id}", by=by or self.me())


@pytest.fixture
def devices(system: System) -> Iterator[Devices]:
    yield Devices(system)
    clock.use()


def test_sessions_are_listed_with_what_one_needs_to_know_them_and_no_more(devices: Devices) -> None:
    found = devices.sessions().json["items"]

    assert len(found) == 2
    assert [one["current"] for one in found if one["id"] == devices.me().session_id] == [True]
    assert sorted(one["current"] for one in found) == [False, True]
    fields = {"id", "device", "current", "created_at", "last_used_at", "expires_at", "ended_at"}
    assert all(one.keys() == fields for one in found)
    assert {one["ended_at"] for one in found} == {None}


def test_the_list_goes_both_ways(devices: Devices) -> None:
    for _ in range(3):
        devices.passes(minutes=1)
        devices.device()
    first = devices.sessions(limit="2").json
    second = devices.sessions(limit="2", next_token=first["next_token"]).json

    back = devices.sessions(limit="2", previous_token=second["previous_token"]).json

    times = [one["created_at"] for page in (first, second) for one in page["items"]]
    assert times == sorted(times, reverse=True)
    assert back["items"] == first["items"]
    assert len({one["id"] for page in (first, second) for one in page["items"]}) == 4


def test_a_token_of_another_s_list_is_refused(devices: Devices) -> None:
    token = devices.sessions(limit="1").json["next_token"]

    reply = devices.system.http("GET /v1/sessions", by=Person(), query={"next_token": token})

    assert (reply.status, reply.problem) == (400, "bad-token")


def test_last_used_is_when_the_tokens_were_renewed(devices: Devices) -> None:
    devices.passes(minutes=7)
    devices.system.http("POST /v1/token/refresh", {"refresh_token": devices.desk["refresh_token"]})

    found = {one["current"]: one for one in devices.sessions().json["items"]}

    assert found[True]["last_used_at"] == found[True]["created_at"]
    assert found[False]["last_used_at"] > found[False]["created_at"]


def test_a_session_that_one_ends_is_over_and_says_so(devices: Devices) -> None:
    desk = devices.desk["refresh_token"].split(".")[1]

    assert [devices.end(desk).status for _ in range(2)] == [204, 204]

    assert [devices.lives(one) for one in (devices.phone, devices.desk)] == [(True, True), (False, False)]
    ended = {one["id"]: one["ended_at"] for one in devices.sessions().json["items"]}
    assert ended[desk]
    assert ended[devices.me().session_id] is None


@pytest.mark.parametrize("which", ["another's", "invented", "the profile"])
def test_a_session_that_is_not_ones_own_is_unknown(devices: Devices, which: str) -> None:
    mine = devices.desk["refresh_token"].split(".")[1]
    session, by = {"another's": (mine, Person()), "invented": ("x", None), "the profile": ("profile", None)}[which]

    reply = devices.end(session, by)

    assert (reply.status, reply.problem) == (404, "session-unknown")
    assert devices.lives(devices.desk) == (True, True)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (FIREFOX, "Firefox on Linux"),
        (SAFARI, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        ("curl/8.5.0", "curl"),
        pytest.param("<script>alert(1)</script>" * 500, "unknown", id="hostile"),
        ("", "unknown"),
    ],
)
def test_a_device_is_named_in_our_words(devices: Devices, agent: str, device: str) -> None:
    devices.passes(minutes=1)
    body = {"username": "anna", "password": "a rather long phrase"}
    devices.system.http("POST /v1/login", body, headers={"user-agent": agent})

    assert devices.sessions().json["items"][0]["device"] == device
