"""Responses of e-mail verification, with the codes of real mails."""

from local.actors import Actor, wait_for, wait_for_code
from local.client import Client
from tests.e2e.test_answers_auth import new_account
from tests.support.fixtures.answers import RecordingClient
from tests.support.fixtures.e2e_fixture import E2EFixture

CONFIRM = "confirm your e-mail"


def test_verification_code_is_reusable_and_resend_is_limited(e2e: E2EFixture, send: RecordingClient) -> None:
    nora = Actor.register(e2e.anonymous, "nora")
    code = {"token": nora.wait_for_code(CONFIRM)}

    resend_outcomes = [send(nora.client, "POST /v1/email/verification").outcome for _ in range(2)]
    verify_outcomes = [send(e2e.anonymous, "POST /v1/email/verify", code).outcome for _ in range(2)]
    late_resend = send(nora.log_in_again().client, "POST /v1/email/verification")

    assert resend_outcomes == [(202, "done"), (429, "too-many-emails")]
    assert verify_outcomes == [(204, "done")] * 2
    assert late_resend.outcome == (409, "already-verified")
    assert e2e.anonymous.login(nora.email, nora.password).token


def test_unknown_code_is_rejected(e2e: E2EFixture, send: RecordingClient) -> None:
    assert send(e2e.anonymous, "POST /v1/email/verify", {"token": "invented"}).outcome == (422, "invalid-code")


def test_first_verification_claims_the_address(api: Client, send: RecordingClient) -> None:
    account, mailbox = new_account(), api.mailbox or ""
    codes: list[str] = []
    for name in ("a", "b"):
        api.request_json("POST", "/v1/register", account | {"user_name": f"{name}-{account['user_name']}"[:30]})
        known_codes = list(codes)
        codes.append(wait_for(lambda: next_code(mailbox, account["email"], known_codes), "the next code"))  # noqa: B023 - called at once

    outcomes = [send(api, "POST /v1/email/verify", {"token": code}).outcome for code in codes]

    assert outcomes == [(204, "done"), (409, "email-taken")]


def next_code(mailbox: str, address: str, known_codes: list[str]) -> str | None:
    code = wait_for_code(mailbox, address, CONFIRM)
    return None if code in known_codes else code


def test_publishing_requires_verified_email(e2e: E2EFixture, send: RecordingClient) -> None:
    otto = Actor.register(e2e.anonymous, "otto")
    e2e.admin.request_json("PUT", f"/v1/users/{otto.id}/roles", {"roles": ["organiser"]})
    event = e2e.create_draft()["id"]

    unverified = send(otto.log_in_again().client, f"POST /v1/events/{event}/publish")
    otto.verify_email()

    assert unverified.outcome == (403, "email-not-verified")
    assert send(otto.log_in_again().client, f"POST /v1/events/{event}/publish").outcome == (404, "event-not-found")
