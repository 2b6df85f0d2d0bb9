"""Responses of DELETE /v1/users/{user_id}, except those to invalid requests."""

from local.actors import Actor, Organiser, wait_for
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import E2EFixture

PLACES = {"currency": "EUR", "capacity": 5}


def test_users_erase_themselves_and_admins_anyone(e2e: E2EFixture, send: RecordingClient) -> None:
    leaver, other = (Actor.register(e2e.anonymous, name) for name in ("lea", "leo"))
    wait_for(lambda: (_has_profile(leaver) and _has_profile(other)) or None, "the profiles")

    assert send(leaver.client, f"DELETE /v1/users/{other.id}").outcome == (404, "user-not-found")
    assert send(leaver.client, f"DELETE /v1/users/{leaver.id}").outcome == (204, "done")
    assert send(e2e.admin, f"DELETE /v1/users/{leaver.id}").outcome == (204, "done")
    assert send(e2e.admin, f"DELETE /v1/users/{other.id}").outcome == (204, "done")


def test_organiser_of_open_event_cannot_be_erased(e2e: E2EFixture, send: RecordingClient) -> None:
    person = Actor.register(e2e.anonymous, "olga")
    wait_for(lambda: _has_profile(person) or None, "the profile")
    organiser = Organiser.appoint(e2e.admin, person)
    event = organiser.publish_event(e2e.free_category, "Farewell", [{"name": "Entry", "prices": 0} | PLACES])
    call = f"DELETE /v1/users/{organiser.id}"

    refused = [send(by, call) for by in (organiser.client, e2e.admin)]
    organiser.client.request_json("POST", f"/v1/events/{event['id']}/cancel", {"message": "Goodbye"})

    assert [(one.outcome, one.json["event_ids"]) for one in refused] == [((409, "has-open-events"), [event["id"]])] * 2
    assert send(organiser.client, call).outcome == (204, "done")


def test_admin_cannot_be_erased(e2e: E2EFixture, send: RecordingClient) -> None:
    assert send(e2e.admin, f"DELETE /v1/users/{e2e.admin_id}").outcome == (409, "admin-cannot-be-erased")


def _has_profile(person: Actor) -> bool:
    return person.client.request("GET", f"/v1/users/{person.id}").status == 200
