"""Responses of passwords and sessions, with the codes of real mails."""

from dataclasses import replace

from local.actors import Actor, wait_for
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import E2EFixture

NEXT, LAST = "the second sentence of all", "the third sentence of all"


def test_reset_code_sets_password_once(e2e: E2EFixture, send: RecordingClient) -> None:
    nora = Actor.register(e2e.anonymous, "nora")

    reset_requests = [
        send(e2e.anonymous, "POST /v1/password/forgot", {"email": one}) for one in (nora.email, "n@no.example")
    ]
    code = nora.wait_for_code("set another password")
    weak = send(e2e.anonymous, "POST /v1/password/reset", {"token": code, "password": "a" * 15})
    outcomes = [
        send(e2e.anonymous, "POST /v1/password/reset", {"token": code, "password": NEXT}).outcome for _ in range(2)
    ]

    assert [one.outcome for one in reset_requests] == [(202, "done")] * 2
    assert weak.outcome == (422, "weak-password")
    assert outcomes == [(204, "done"), (422, "invalid-code")]
    assert replace(nora, password=NEXT).log_in_again().client.token
    assert (
        e2e.anonymous.request("POST", "/v1/login", {"username": nora.user_name, "password": nora.password}).status
        == 401
    )


def test_password_change_requires_current_password(e2e: E2EFixture, send: RecordingClient) -> None:
    nora = Actor.register(e2e.anonymous, "nora")
    call = "PUT /v1/password"

    weak = send(nora.client, call, {"old": nora.password, "new": "a" * 15})
    changed = send(nora.client, call, {"old": nora.password, "new": NEXT})
    guess = {"old": "some other words", "new": LAST}
    wrong = send(nora.client, call, guess)
    # Each failure doubles the delay, so that one call falls within it on any machine.
    throttled = wait_for(
        lambda: response if (response := send(nora.client, call, guess)).outcome[0] != 422 else None, "the 429 response"
    )

    assert (weak.outcome, changed.outcome) == ((422, "weak-password"), (204, "done"))
    assert wrong.outcome == (422, "wrong-password")
    assert throttled.outcome == (429, "too-many-attempts")
    assert throttled.headers["Retry-After"]


def test_owner_lists_and_revokes_sessions(e2e: E2EFixture, send: RecordingClient) -> None:
    nora, call = Actor.register(e2e.anonymous, "nora"), "GET /v1/sessions"
    other = nora.log_in_again()

    page = send(other.client, call)
    other_session = next(one["id"] for one in page.json["items"] if not one["current"])
    revoke_outcomes = [send(other.client, f"DELETE /v1/sessions/{other_session}").outcome for _ in range(2)]
    foreign = send(e2e.buyer.client, f"DELETE /v1/sessions/{other_session}")

    assert page.outcome == (200, "done")
    assert revoke_outcomes == [(204, "done")] * 2
    assert foreign.outcome == (404, "session-not-found")
    assert send(other.client, f"{call}?next_token=invented").outcome == (400, "invalid-page-token")
