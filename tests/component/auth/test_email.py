"""POST /v1/email/verify and /v1/email/verification: verification of an address by an e-mailed code."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from common import clock, ids
from common.bus.user import SettingsChanged
from infra.topology import AUTH
from tests.support.drivers.auth_driver import ADDRESS, ANNA, AccountDriver
from tests.support.drivers.auth_mail_driver import body_text, read_codes
from tests.support.faults.aws_errors import error_response, interleaved, scripted_responses
from tests.support.system.system import Person, System

pytestmark = pytest.mark.moto

IMPOSTOR = ANNA | {"user_name": "thief", "password": "what others would take"}


@pytest.fixture
def driver(system: System) -> Iterator[AccountDriver]:
    yield AccountDriver(system)
    clock.use()


def test_emailed_code_verifies_address_and_refreshed_token(driver: AccountDriver) -> None:
    anna = driver.register()
    before = driver.login(username="anna").json

    assert driver.verify(driver.mail_driver.send_and_read_code()).status == 204

    after = driver.system.http("POST /v1/token/refresh", {"refresh_token": before["refresh_token"]}).json
    assert (before["email_verified"], driver.authorized_email_verified(before)) == (False, "")
    assert (after["email_verified"], driver.authorized_email_verified(after)) == (True, "yes")
    assert driver.login(email="Anna@Example.com").json["email_verified"] is True
    assert [one["action"] for one in driver.profile(anna)["logs"]] == ["register", "verify_email"]


def test_verification_email_uses_the_registered_locale(driver: AccountDriver) -> None:
    driver.register(locale="de")

    (mail,) = driver.mail_driver.send_pending()

    assert (mail["To"], mail["Subject"]) == (ADDRESS, "Bestätige deine E-Mail-Adresse")
    assert "Hallo anna," in body_text(mail)
    assert '<html lang="de">' in body_text(mail, "html")
    assert len(read_codes(mail)) == 1


def test_newest_locale_is_used_for_the_next_email(driver: AccountDriver) -> None:
    anna = driver.register()
    driver.mail_driver.send_pending()
    envelope = {"bus_event_id": ids.new(), "occurred_at": driver.now, "correlation_id": "c", "causation_id": "c"}
    for version, locale in ((3, "de"), (2, "en")):
        fields = envelope | {"locale": locale, "zone": "Europe/Berlin", "channels": (), "version": version}
        event = SettingsChanged.model_validate(fields | {"user_id": anna.user_id})
        driver.system.deliver(event, "auth.on_settings_changed")

    driver.request_code(anna)

    assert driver.mail_driver.send_pending()[0]["Subject"] == "Bestätige deine E-Mail-Adresse"


def test_settings_of_a_missing_account_are_ignored(driver: AccountDriver) -> None:
    fields = {"bus_event_id": ids.new(), "occurred_at": driver.now, "correlation_id": "c", "causation_id": "c"}
    fields |= {"locale": "de", "zone": "Europe/Berlin", "channels": (), "version": 2, "user_id": ids.new()}

    response = driver.system.deliver(SettingsChanged.model_validate(fields), "auth.on_settings_changed")

    assert response["auth.on_settings_changed"]["batchItemFailures"] == []
    assert driver.system.scan(AUTH) == []


def test_repeated_code_succeeds_without_changes(driver: AccountDriver) -> None:
    driver.register()
    code = driver.mail_driver.send_and_read_code()
    driver.verify(code)
    before = driver.system.scan(AUTH)

    assert driver.verify(code).status == 204
    assert driver.system.scan(AUTH) == before


@pytest.mark.parametrize("code", ["x", "A" * 43, "é" * 43, "../../x", "nul \x00"])
def test_unknown_code_is_invalid(driver: AccountDriver, code: str) -> None:
    driver.register()
    driver.mail_driver.send_pending()

    response = driver.verify(code)

    assert (response.status, response.problem) == (422, "invalid-code")
    assert response.json["errors"][0]["pointer"] == "/token"


def test_verification_code_expires_after_a_day(driver: AccountDriver) -> None:
    driver.register()
    code = driver.mail_driver.send_and_read_code()

    driver.advance(hours=24)

    assert driver.verify(code).problem == "invalid-code"


def test_code_is_stored_as_expiring_hash(driver: AccountDriver) -> None:
    driver.register()
    code = driver.mail_driver.send_and_read_code()

    (item,) = [candidate for candidate in driver.system.scan(AUTH) if candidate["sk"] == "code"]
    assert item["pk"] == f"code#{hashlib.sha256(code.encode()).hexdigest()}"
    assert item["expires_at"] == int((driver.now + timedelta(hours=24)).timestamp())
    assert code not in json.dumps(driver.system.scan(AUTH), default=str)


def test_bus_event_has_no_code_or_address(driver: AccountDriver) -> None:
    driver.register()
    (event,) = driver.mail_driver.pending_requests()

    code = driver.mail_driver.send_and_read_code()

    assert code not in event.model_dump_json()
    assert ADDRESS not in event.model_dump_json()


def test_first_account_to_verify_owns_the_address(driver: AccountDriver) -> None:
    """Registering the address first does not reserve it."""
    impostor = driver.register(**IMPOSTOR)
    anna = driver.register()
    mails = {mail: read_codes(mail)[0] for mail in driver.mail_driver.send_pending()}
    owner_code = next(code for mail, code in mails.items() if "Hello anna," in body_text(mail))
    impostor_code = next(code for mail, code in mails.items() if "Hello thief," in body_text(mail))

    assert driver.verify(owner_code).status == 204
    late = driver.verify(impostor_code)

    assert (late.status, late.problem) == (409, "email-taken")
    assert driver.login(email=ADDRESS).status == 200
    assert (driver.profile(anna)["email_verified"], driver.profile(impostor)["email_verified"]) == (True, False)


def test_concurrent_verifications_of_an_address_have_one_winner(driver: AccountDriver) -> None:
    for name in ("anna", "thief"):
        driver.register(user_name=name)
    first, second = (read_codes(mail)[0] for mail in driver.mail_driver.send_pending())

    with interleaved("TransactWriteItems", lambda: driver.verify(second)):
        late = driver.verify(first)

    assert (late.status, late.problem) == (409, "email-taken")
    assert sorted(one["email_verified"] for one in driver.system.scan(AUTH) if one["sk"] == "profile") == [False, True]


def test_registering_a_verified_address_notifies_its_owner(driver: AccountDriver) -> None:
    driver.register(locale="de")
    driver.mail_driver.verify_address(ADDRESS)

    driver.register(**IMPOSTOR)

    (mail,) = driver.mail_driver.send_pending()
    assert (mail["To"], mail["Subject"]) == (ADDRESS, "Du hast schon ein Konto")
    assert "Hallo anna," in body_text(mail)
    assert "thief" not in body_text(mail) + body_text(mail, "html")
    assert read_codes(mail) == []


def test_resend_is_limited_to_once_a_minute(driver: AccountDriver) -> None:
    anna = driver.register()
    first = driver.mail_driver.send_and_read_code()

    assert driver.request_code(anna).status == 202
    driver.advance(seconds=20.5)
    early = driver.request_code(anna)
    driver.advance(seconds=39.5)
    assert driver.request_code(anna).status == 202

    assert (early.status, early.problem, early.headers["retry-after"]) == (429, "too-many-emails", "40")
    second, third = (read_codes(mail)[0] for mail in driver.mail_driver.send_pending())
    assert len({first, second, third}) == 3
    assert driver.verify(second).status == 204


def test_verified_user_gets_no_new_code(driver: AccountDriver) -> None:
    anna = driver.register()
    driver.mail_driver.verify_address(ADDRESS)
    driver.request_code(anna)
    anna.email_verified = True

    response = driver.request_code(anna)

    assert (response.status, response.problem) == (409, "already-verified")
    assert driver.mail_driver.send_pending() == []


def test_emails_to_an_address_are_rate_limited(driver: AccountDriver) -> None:
    for number in range(8):
        driver.register(user_name=f"stranger{number}")
    assert len(driver.mail_driver.send_pending()) == 5

    driver.advance(hours=1)
    driver.register()

    assert len(driver.mail_driver.send_pending()) == 1


def test_email_request_delivered_twice_is_sent_once(driver: AccountDriver) -> None:
    driver.register()
    (event,) = driver.mail_driver.pending_requests()

    for _ in range(2):
        driver.system.deliver(event, "auth.send_email")

    assert len(driver.mail_driver.mails()) == 1


def test_resent_email_contains_the_same_code(driver: AccountDriver) -> None:
    """The e-mail was sent, but marking it as sent failed."""
    driver.register()
    (event,) = driver.mail_driver.pending_requests()
    with scripted_responses("dynamodb", "UpdateItem", None, error_response("InternalFailure")):
        driver.system.deliver(event, "auth.send_email")

    driver.system.deliver(event, "auth.send_email")

    first, second = (read_codes(mail) for mail in driver.mail_driver.mails())
    assert first == second


def test_failed_email_can_be_requested_again(driver: AccountDriver) -> None:
    anna = driver.register()
    (event,) = driver.mail_driver.pending_requests()
    with scripted_responses("sesv2", "SendEmail", error_response("MessageRejected")):
        early = driver.system.deliver(event, "auth.send_email", tries=6)
    with scripted_responses("sesv2", "SendEmail", error_response("MessageRejected")):
        last = driver.system.deliver(event, "auth.send_email", tries=7)

    assert [len(one["auth.send_email"]["batchItemFailures"]) for one in (early, last)] == [1, 0]
    assert driver.mail_driver.send_pending() == []
    driver.request_code(anna)
    assert len(driver.mail_driver.send_pending()) == 1


def test_missing_account_gets_no_email(driver: AccountDriver) -> None:
    driver.request_code(_unverified_person())

    assert driver.mail_driver.send_pending() == []
    assert driver.mail_driver.pending_requests() == []


def _unverified_person() -> Person:
    person = Person()
    person.email_verified = False
    return person


def test_publishing_requires_a_verified_email(driver: AccountDriver) -> None:
    organiser = Person("organiser")
    organiser.email_verified = False

    response = driver.system.http(f"POST /v1/events/{ids.new()}/publish", by=organiser)

    assert (response.status, response.problem) == (403, "email-not-verified")
