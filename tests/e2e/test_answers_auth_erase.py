"""Responses of DELETE /v1/users/{user_id}, except those to invalid requests."""

from local.actors import Actor, Organiser, wait_for
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import E2EFixture

PLACES = {"currency": "EUR", "capacity": 5}


def test_users_erase_themselves_and_admins_anyone(e2e: E2EFixture, send: RecordingClient) -> None:
    user, other = (Actor.register(e2e.anonymous, name) for name in ("lea", "leo"))
    wait_for(lambda: (_has_profile(user) and _has_profile(other)) or None, "the profiles")

    assert send(user.client, f"DELETE /v1/users/{other.id}").outcome == (404, "user-not-found")
    assert send(user.client, f"DELETE /v1/users/{user.id}").outcome == (204, "done")
    assert send(e2e.admin, f"DELETE /v1/users/{user.id}").outcome == (204, "done")
    assert send(e2e.admin, f"DELETE /v1/users/{other.id}").outcome == (204, "done")


def test_organiser_of_open_event_cannot_be_erased(e2e: E2EFixture, send: RecordingClient) -> None:
    actor = Actor.register(e2e.anonymous, "olga")
    wait_for(lambda: _has_profile(actor) or None, "the profile")
    organiser = Organiser.appoint(e2e.admin, actor)
    event = organiser.publish_event(e2e.free_category, "Open event", [{"name": "Entry", "prices": 0} | PLACES])
    call = f"DELETE /v1/users/{organiser.id}"

    rejected = [send(by, call) for by in (organiser.client, e2e.admin)]
    organiser.client.request_json("POST", f"/v1/events/{event['id']}/cancel", {"message": "Cancelled"})

    assert [(one.outcome, one.json["event_ids"]) for one in rejected] == [((409, "has-open-events"), [event["id"]])] * 2
    assert send(organiser.client, call).outcome == (204, "done")


def test_admin_cannot_be_erased(e2e: E2EFixture, send: RecordingClient) -> None:
    assert send(e2e.admin, f"DELETE /v1/users/{e2e.admin_id}").outcome == (409, "admin-cannot-be-erased")


def _has_profile(actor: Actor) -> bool:
    return actor.client.request("GET", f"/v1/users/{actor.id}").status == 200
