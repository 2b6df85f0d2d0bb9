"""Password reset by an e-mailed code, and password change with the current password."""

from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from time import process_time
from typing import Any

import pytest

from common import clock, env, store
from common.store import Delete, Put
from infra.topology import AUTH
from tests.support.drivers.auth_driver import ADDRESS, NEW_PASSWORD, OLD_PASSWORD, PasswordDriver
from tests.support.drivers.auth_mail_driver import body_text, read_codes
from tests.support.faults.aws_errors import interleaved
from tests.support.system.lambda_events import row
from tests.support.system.system import HttpResponse, Person, System, create_admin

pytestmark = pytest.mark.moto

OTHER_PASSWORD = "and one more phrase"


@pytest.fixture
def driver(system: System) -> Iterator[PasswordDriver]:
    yield PasswordDriver(system)
    clock.use()


def error_fields(response: HttpResponse) -> tuple[int, str, str]:
    return response.status, response.problem, response.json["errors"][0]["pointer"]


INVALID_CODE = (422, "invalid-code", "/token")


def test_reset_code_sets_password_and_ends_sessions(driver: PasswordDriver) -> None:
    assert driver.request_password_reset("Anna@EXAMPLE.com").status == 202
    (mail,) = driver.mail_driver.send_pending()

    assert driver.reset_password(read_codes(mail)[0]).status == 204

    assert (mail["To"], mail["Subject"]) == (ADDRESS, "Set another password")
    assert [driver.tokens_accepted(one) for one in (driver.phone, driver.laptop)] == [(False, False)] * 2
    assert [driver.login_with_password(one).status for one in (OLD_PASSWORD, NEW_PASSWORD)] == [401, 200]
    assert [one["Subject"] for one in driver.mail_driver.send_pending()] == ["Your password was changed"]


def test_reset_password_allows_first_login(driver: PasswordDriver) -> None:
    driver.register(user_name="ben", email="b@example.com")
    driver.mail_driver.send_pending()
    driver.request_password_reset("b@example.com")
    driver.reset_password(driver.mail_driver.send_and_read_code())

    assert driver.system.http("POST /v1/login", {"username": "ben", "password": NEW_PASSWORD}).status == 200


def test_reset_code_works_once(driver: PasswordDriver) -> None:
    driver.request_password_reset()
    code = driver.mail_driver.send_and_read_code()
    driver.reset_password(code)

    assert error_fields(driver.reset_password(code, OTHER_PASSWORD)) == INVALID_CODE
    assert driver.login_with_password(NEW_PASSWORD).status == 200


def test_concurrent_resets_have_one_winner(driver: PasswordDriver) -> None:
    driver.request_password_reset()
    code = driver.mail_driver.send_and_read_code()

    with interleaved("TransactWriteItems", lambda: driver.reset_password(code, OTHER_PASSWORD)):
        late = driver.reset_password(code)

    assert error_fields(late) == INVALID_CODE
    assert [driver.login_with_password(one).status for one in (NEW_PASSWORD, OTHER_PASSWORD)] == [401, 200]


def test_reset_succeeds_despite_concurrent_role_change(driver: PasswordDriver) -> None:
    driver.request_password_reset()
    code = driver.mail_driver.send_and_read_code()
    role, admin = {"roles": ["organiser"]}, create_admin(driver.system)

    with interleaved(
        "TransactWriteItems",
        lambda: driver.system.http(f"PUT /v1/users/{driver.anna.user_id}/roles", role, by=admin),
    ):
        response = driver.reset_password(code)

    assert response.status == 204
    assert driver.profile(driver.anna)["roles"] == ["organiser"]
    assert driver.login_with_password(NEW_PASSWORD).status == 200


@pytest.mark.parametrize("other", ["change", "reset"])
def test_password_change_invalidates_older_reset_codes(driver: PasswordDriver, other: str) -> None:
    driver.request_password_reset()
    first = driver.mail_driver.send_and_read_code()
    if other == "reset":
        driver.request_password_reset()
        driver.reset_password(driver.mail_driver.send_and_read_code(), OTHER_PASSWORD)
    else:
        driver.change_password(new=OTHER_PASSWORD)

    assert error_fields(driver.reset_password(first)) == INVALID_CODE


def test_reset_code_expires_after_an_hour(driver: PasswordDriver) -> None:
    driver.request_password_reset()
    code = driver.mail_driver.send_and_read_code()

    driver.now += timedelta(hours=1)

    assert error_fields(driver.reset_password(code)) == INVALID_CODE


def test_code_is_valid_for_its_kind_only(driver: PasswordDriver) -> None:
    driver.register(user_name="ben", email="ben@example.com")
    verify = driver.mail_driver.send_and_read_code()
    driver.request_password_reset()
    reset = driver.mail_driver.send_and_read_code()

    assert error_fields(driver.reset_password(verify)) == INVALID_CODE
    assert error_fields(driver.system.http("POST /v1/email/verify", {"token": reset})) == INVALID_CODE


@pytest.mark.parametrize("password", ["anna@example.com 1", "aaaaaaaaaaaaaaaaaaaa"])
def test_weak_password_does_not_consume_the_code(driver: PasswordDriver, password: str) -> None:
    driver.request_password_reset()
    code = driver.mail_driver.send_and_read_code()

    assert error_fields(driver.reset_password(code, password)) == (422, "weak-password", "/password")
    assert driver.reset_password(code).status == 204


def test_reset_of_unknown_address_looks_identical(driver: PasswordDriver) -> None:
    known, unknown = driver.request_password_reset(), driver.request_password_reset("nobody@example.com")

    assert (known.status, known.text) == (unknown.status, unknown.text) == (202, "")
    assert known.headers.keys() == unknown.headers.keys()
    assert [one["To"] for one in driver.mail_driver.send_pending()] == [ADDRESS]


def test_reset_request_costs_one_write_for_any_address(driver: PasswordDriver) -> None:
    calls: list[str] = []
    env.client("dynamodb").meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))

    def seconds(email: str) -> float:
        started = process_time()
        driver.request_password_reset(email)
        return process_time() - started

    pairs = [(seconds(ADDRESS), seconds("nobody@example.com")) for _ in range(15)]

    assert calls == ["PutItem"] * 30
    assert median(one for one, _ in pairs) == pytest.approx(median(two for _, two in pairs), rel=0.5)


def test_reset_emails_are_limited_to_five_an_hour(driver: PasswordDriver) -> None:
    for _ in range(7):
        driver.request_password_reset()

    assert len(driver.mail_driver.send_pending()) == 5


def test_unverified_address_resets_every_account_using_it(driver: PasswordDriver) -> None:
    for name in ("ben", "bea"):
        driver.register(user_name=name, email="b@example.com")
    driver.mail_driver.send_pending()
    driver.request_password_reset("b@example.com")

    (mail,) = driver.mail_driver.send_pending()

    assert {"For the account ben:", "For the account bea:"} <= set(body_text(mail).splitlines())
    assert [driver.reset_password(code).status for code in read_codes(mail)] == [204, 204]


def test_verified_address_resets_its_owner_only(driver: PasswordDriver) -> None:
    driver.register(user_name="thief", password=OTHER_PASSWORD)
    driver.mail_driver.send_pending()
    driver.request_password_reset()

    (mail,) = driver.mail_driver.send_pending()

    assert len(read_codes(mail)) == 1
    driver.reset_password(read_codes(mail)[0])
    assert driver.login_with_password(NEW_PASSWORD).status == 200
    impostor = driver.system.http("POST /v1/login", {"username": "thief", "password": OTHER_PASSWORD})
    assert impostor.status == 200


def test_password_change_ends_all_other_sessions(driver: PasswordDriver) -> None:
    assert driver.change_password().status == 204

    assert [driver.tokens_accepted(one) for one in (driver.phone, driver.laptop)] == [(True, True), (False, False)]
    assert [driver.login_with_password(one).status for one in (OLD_PASSWORD, NEW_PASSWORD)] == [401, 200]
    (mail,) = driver.mail_driver.send_pending()
    assert (mail["To"], mail["Subject"], read_codes(mail)) == (ADDRESS, "Your password was changed", [])


def test_login_during_password_change_is_rejected(driver: PasswordDriver) -> None:
    with interleaved("PutItem", driver.change_password):
        response = driver.login_with_password(OLD_PASSWORD)

    assert (response.status, response.problem) == (401, "invalid-credentials")


def test_interrupted_password_change_still_ends_sessions(driver: PasswordDriver) -> None:
    """If the sessions were not ended, refreshing still checks the password, and sending the e-mail ends them."""
    events = env.client("dynamodb").meta.events

    def die(**_: Any) -> None:
        raise KeyboardInterrupt

    events.register_first("before-call.dynamodb.Query", die)
    with pytest.raises(KeyboardInterrupt):
        driver.change_password()
    events.unregister("before-call.dynamodb.Query", die)

    assert driver.tokens_accepted(driver.laptop) == (True, False)
    driver.mail_driver.send_pending()
    assert [driver.tokens_accepted(one) for one in (driver.phone, driver.laptop)] == [(True, True), (False, False)]


def test_wrong_current_password_counts_as_failed_attempt(driver: PasswordDriver) -> None:
    errors = [error_fields(driver.change_password(old=OTHER_PASSWORD)) for _ in range(10)]
    after = driver.change_password()

    assert errors == [(422, "wrong-password", "/old")] * 10
    assert (after.status, after.problem, after.headers["retry-after"]) == (429, "too-many-attempts", "1")
    assert driver.login_with_password(OLD_PASSWORD).status == 429


def test_correct_current_password_resets_attempts(driver: PasswordDriver) -> None:
    for _ in range(9):
        driver.change_password(old=OTHER_PASSWORD)
    driver.change_password()

    assert driver.change_password(old=OTHER_PASSWORD).problem == "wrong-password"


def test_concurrent_changes_have_one_winner(driver: PasswordDriver) -> None:
    with interleaved("TransactWriteItems", lambda: driver.change_password(new=OTHER_PASSWORD)):
        late = driver.change_password()

    assert error_fields(late) == (422, "wrong-password", "/old")
    assert driver.login_with_password(OTHER_PASSWORD).status == 200


@pytest.mark.parametrize("new", ["anna@example.com 1", "aaaaaaaaaaaaaaaaaaaa"])
def test_new_password_must_not_be_weak(driver: PasswordDriver, new: str) -> None:
    assert error_fields(driver.change_password(new=new)) == (422, "weak-password", "/new")
    assert driver.login_with_password(OLD_PASSWORD).status == 200


def test_missing_account_cannot_change_password(driver: PasswordDriver) -> None:
    response = driver.system.http("PUT /v1/password", {"old": OLD_PASSWORD, "new": NEW_PASSWORD}, by=Person())

    assert error_fields(response) == (422, "wrong-password", "/old")


@pytest.mark.parametrize("call", ["POST /v1/password/reset", "PUT /v1/password"])
def test_unknown_password_field_is_unprocessable(driver: PasswordDriver, call: str) -> None:
    body = (
        {"token": "x", "password": NEW_PASSWORD}
        if call.startswith("POST")
        else {"old": OLD_PASSWORD, "new": NEW_PASSWORD}
    )

    response = driver.system.http(call, body | {"user_id": driver.anna.user_id}, by=driver.anna)

    assert (response.status, response.problem) == (422, "unprocessable")


def test_plain_passwords_are_not_stored(driver: PasswordDriver) -> None:
    driver.change_password()
    driver.request_password_reset()
    driver.reset_password(
        next(read_codes(one)[0] for one in driver.mail_driver.send_pending() if read_codes(one)), OTHER_PASSWORD
    )

    assert not [one for one in (OLD_PASSWORD, NEW_PASSWORD, OTHER_PASSWORD) if one in str(driver.system.scan(AUTH))]


def test_sessions_are_revoked_in_batches(driver: PasswordDriver) -> None:
    sessions = [one for one in driver.system.scan(AUTH) if one["sk"].startswith("session#")]
    for number in range(250):
        _store(driver, sessions[0] | {"sk": f"session#{number}", "id": str(number)})
    writes: list[str] = []
    for kind in ("UpdateItem", "TransactWriteItems"):
        env.client("dynamodb").meta.events.register(
            f"before-call.dynamodb.{kind}", lambda model, **_: writes.append(model.name)
        )

    assert driver.change_password().status == 204

    assert [one["id"] for one in _open_sessions(driver)] == [driver.phone["refresh_token"].split(".")[1]]
    assert writes.count("TransactWriteItems") == 1 + 3  # the password's, and three for 251 sessions


def test_disappearing_session_does_not_stop_revocation(driver: PasswordDriver) -> None:
    laptop = driver.laptop["refresh_token"].split(".")[1]
    driver.log_in_device()
    writes: list[str] = []

    def delete_session(**_: Any) -> None:
        writes.append("write")
        if len(writes) == 2:  # after the password's own write
            with driver.system.as_function(row("auth.on_user_erased")):
                store.write(Delete("auth", {"pk": driver.anna.user_id, "sk": f"session#{laptop}"}))

    env.client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", delete_session)

    assert driver.change_password().status == 204

    assert [one["id"] for one in _open_sessions(driver)] == [driver.phone["refresh_token"].split(".")[1]]
    assert laptop not in {one.get("id") for one in driver.system.scan(AUTH)}


def _open_sessions(driver: PasswordDriver) -> list[dict[str, Any]]:
    sessions = (one for one in driver.system.scan(AUTH) if one["sk"].startswith("session#"))
    return [one for one in sessions if "revoked_at" not in one]


def _store(driver: PasswordDriver, item: dict[str, Any]) -> None:
    with driver.system.as_function(row("auth.login")):
        store.write(Put("auth", item))
