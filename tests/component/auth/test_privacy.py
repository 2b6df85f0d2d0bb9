"""Log lines, exceptions and problem documents of auth and user contain no personal data and no secrets."""

import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from auth.core.model import Account
from auth.core.refresh_tokens import RefreshToken
from auth.core.schemas import (
    ChangePasswordRequest,
    CreateAdmin,
    ForgotPasswordRequest,
    LoginRequest,
    RefreshTokenRequest,
    RegisterRequest,
    ResetPasswordRequest,
    TokensView,
    VerifyEmailRequest,
)
from common import env, log
from common.bus.auth import UserRegistered
from common.outbox import outbox_events
from infra.topology import AUTH
from tests.support.drivers.auth_mail_driver import AuthMailDriver, read_codes
from tests.support.system.system import HttpResponse, Person, System, create_admin, eventbridge_event, sqs_batch

pytestmark = pytest.mark.moto

NEW_USER = {
    "email": "marker.mail@example.com",
    "user_name": "markername",
    "first_name": "Markerfirst",
    "last_name": "Markerlast",
    "password": "markerword, rather long",
    "mobile_phone": "+491709998887",
}
PROFILE = {name: NEW_USER[name] for name in ("first_name", "last_name", "mobile_phone")}
PROFILE |= {"user_name": "Markershown", "birth_day": "1987-06-05"}
MARKERS = {*NEW_USER.values(), *PROFILE.values(), "marker", "9998887"}


class LeakDetector:
    """The system, and all its output except successful responses: logs, exceptions, problems, stdout."""

    def __init__(self, system: System, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
        self.system, self.caplog, self.capfd = system, caplog, capfd
        self.outputs: list[str] = []
        self.secrets: set[str] = set()

    def http(
        self, call: str, body: object = None, *, status: int, by: Person | None = None, **more: Any
    ) -> HttpResponse:
        response = self.system.http(call, body, by=by, **more)
        assert response.status == status, response.text
        if status >= 400:
            self.outputs.append(response.text + str(response.headers))
        return response

    def expect_failure(self, function: str, event: object) -> None:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - any exception: its text is searched
            self.system.invoke(function, event)
        self.outputs += traceback.format_exception(raised.value)

    def leaks(self) -> list[str]:
        lines = [str(vars(record) | {"text": self.caplog.handler.format(record)}) for record in self.caplog.records]
        everything = "\n".join([*self.outputs, *lines, *self.capfd.readouterr()]).lower()
        assert len(lines) > 0
        return sorted(marker for marker in MARKERS | self.secrets if marker.lower() in everything)


@pytest.fixture
def detector(system: System, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> LeakDetector:
    caplog.set_level("DEBUG", logger=log.logger.name)
    return LeakDetector(system, caplog, capfd)


@contextmanager
def outage(*services: str) -> Iterator[None]:
    """Within the block, every call of these AWS services fails."""
    fault = SimpleNamespace(status_code=400, headers={}, raw=None), {"Error": {"Code": "InternalFailure"}}

    def respond(**_: Any) -> Any:
        return fault

    for service in services:
        env.client(service).meta.events.register_first(f"before-call.{service}", respond)
    yield
    for service in services:
        env.client(service).meta.events.unregister(f"before-call.{service}", respond)


def register(detector: LeakDetector) -> Person:
    user_id = detector.http("POST /v1/register", NEW_USER, status=201, key="marker-key").json["id"]
    return Person("admin", user_id=user_id)


def login(detector: LeakDetector) -> dict[str, str]:
    body = {"username": "markername", "password": NEW_USER["password"]}
    tokens: dict[str, str] = detector.http("POST /v1/login", body, status=200).json
    detector.secrets |= {tokens["access_token"], tokens["access_token"].rpartition(".")[2]}
    detector.secrets |= {tokens["refresh_token"], tokens["refresh_token"].rpartition(".")[2]}
    return tokens


def exercise_registration(detector: LeakDetector) -> None:
    register(detector)
    detector.http("POST /v1/register", NEW_USER, status=201, key="marker-key")
    detector.http("POST /v1/register", NEW_USER | {"first_name": "Markerother"}, status=422, key="marker-key")
    detector.http("POST /v1/register", NEW_USER, status=409)
    detector.http("POST /v1/register", NEW_USER | {"user_name": "markerother"}, status=201)
    detector.http("POST /v1/register", NEW_USER | {"password": "markername is my name"}, status=422)
    detector.http("POST /v1/register", NEW_USER, status=400, headers={"idempotency-key": "marker\u00e9"})
    for field, value in NEW_USER.items():
        detector.http(
            "POST /v1/register", NEW_USER | {field: f"{value}\u202e"}, status=409 if field == "password" else 422
        )
        detector.http("POST /v1/register", NEW_USER | {field: {"marker": value}}, status=422)
        detector.http("POST /v1/register", NEW_USER | {field: f"{value}" * 200}, status=422)


def exercise_malformed_registration(detector: LeakDetector) -> None:
    for raw in (json.dumps(NEW_USER)[:-9], json.dumps(NEW_USER)[:-1] + ',"email":"marker.mail@example.com"}'):
        detector.http("POST /v1/register", raw=raw.encode(), status=400)
    with outage("dynamodb"):
        detector.http("POST /v1/register", NEW_USER, status=500, key="marker-key")


def exercise_login(detector: LeakDetector) -> None:
    register(detector)
    login(detector)
    wrong = {"email": NEW_USER["email"], "password": "markerword, but wrong"}
    for _ in range(10):
        detector.http("POST /v1/login", wrong, status=401)
    detector.http("POST /v1/login", wrong, status=429)
    detector.http("POST /v1/login", wrong | {"username": "markername"}, status=422)
    detector.http("POST /v1/login", {"username": NEW_USER["email"], "password": "markerword"}, status=422)
    for service in ("dynamodb", "kms"):
        with outage(service):
            detector.http("POST /v1/login", {"username": "markername", "password": NEW_USER["password"]}, status=500)


def exercise_refresh(detector: LeakDetector) -> None:
    anna, tokens = register(detector), login(detector)
    token = {"refresh_token": tokens["refresh_token"]}
    for service in ("dynamodb", "kms"):
        with outage(service):
            detector.http("POST /v1/token/refresh", token, status=500)
    detector.http("POST /v1/token/refresh", {"refresh_token": tokens["refresh_token"][:-1] + "!"}, status=401)
    detector.http("POST /v1/token/refresh", {"refresh_token": [tokens["refresh_token"]]}, status=422)
    detector.http("POST /v1/token/refresh", {"refresh_token": tokens["access_token"]}, status=422)
    with outage("dynamodb"):
        detector.http("POST /v1/logout", token, status=500, by=anna)
    detector.http("POST /v1/logout", token, status=404, by=Person())
    detector.http("POST /v1/logout", token, status=204, by=anna)
    detector.http("POST /v1/token/refresh", token, status=401)


def exercise_authorization(detector: LeakDetector) -> None:
    anna, tokens = register(detector), login(detector)
    event = {"headers": {"authorization": f"Bearer {tokens['access_token']}"}}
    assert detector.system.invoke("auth.authorize", event)["isAuthorized"]
    with outage("dynamodb"):
        detector.expect_failure("auth.authorize", event)
    detector.http("POST /v1/logout", {"refresh_token": tokens["refresh_token"]}, status=204, by=anna)
    for token in (tokens["access_token"], tokens["access_token"][:-4], tokens["refresh_token"], "marker\u00e9"):
        headers = {"authorization": f"Bearer {token}"}
        assert not detector.system.invoke("auth.authorize", {"headers": headers})["isAuthorized"]


def exercise_role_assignment(detector: LeakDetector) -> None:
    anna = register(detector)
    path = f"PUT /v1/users/{anna.user_id}/roles"
    detector.http(path, {"roles": ["organiser"]}, status=403, by=anna)
    admin = create_admin(detector.system)
    detector.http(path, {"roles": ["organiser"]}, status=200, by=admin)
    detector.http(path, {"roles": ["marker"]}, status=422, by=admin)
    detector.http(f"PUT /v1/users/{NEW_USER['email']}/roles", {"roles": []}, status=404, by=admin)
    with outage("dynamodb"):
        detector.http(path, {"roles": []}, status=500, by=admin)


def exercise_admin_bootstrap(detector: LeakDetector) -> None:
    detector.expect_failure("auth.ensure_admin", NEW_USER | {"email": "marker.mail"})
    detector.expect_failure(
        "auth.ensure_admin", {name: value for name, value in NEW_USER.items() if name != "last_name"}
    )
    with outage("dynamodb"):
        detector.expect_failure("auth.ensure_admin", NEW_USER)
    detector.system.http("POST /v1/register", NEW_USER)
    detector.expect_failure("auth.ensure_admin", NEW_USER)


def exercise_profiles(detector: LeakDetector) -> None:
    anna = register(detector)
    (event,) = outbox_events(next(item for item in detector.system.scan(AUTH) if item["sk"] == "profile"))
    assert isinstance(event, UserRegistered)
    path = f"/v1/users/{anna.user_id}"
    with outage("dynamodb"):
        detector.system.deliver(event, "user.on_user_registered")
    unreadable = eventbridge_event(event)
    del unreadable["detail"]["last_name"]
    detector.system.invoke("user.on_user_registered", sqs_batch(unreadable))
    detector.system.deliver(event, "user.on_user_registered")
    with outage("dynamodb"):
        detector.http(f"GET {path}", status=500, by=anna)
        detector.http(f"PUT {path}", PROFILE, status=500, by=anna)
    detector.http(f"PUT {path}", PROFILE, status=200, by=anna, headers={"if-match": "*"})
    detector.http(f"PUT {path}", PROFILE, status=404, by=Person())
    detector.http(f"GET /v1/users/{NEW_USER['email']}", status=404, by=anna)
    for field, value in PROFILE.items():
        detector.http(f"PUT {path}", PROFILE | {field: f"{value}\u202e"}, status=422, by=anna)


def exercise_password_changes(detector: LeakDetector) -> None:
    anna, mail_driver = register(detector), AuthMailDriver(detector.system)
    mail_driver.send_pending()
    for email in (NEW_USER["email"], "marker.other@example.com"):
        detector.http("POST /v1/password/forgot", {"email": email}, status=202)
    detector.http("POST /v1/password/forgot", {"email": "marker.mail"}, status=422)
    (mail,) = mail_driver.send_pending()
    code = read_codes(mail)[0]
    detector.secrets |= {code}
    detector.http("POST /v1/password/reset", {"token": code, "password": "markername once more"}, status=422)
    with outage("dynamodb"):
        detector.http("POST /v1/password/reset", {"token": code, "password": "markerword, the next"}, status=500)
    detector.http("POST /v1/password/reset", {"token": code, "password": "markerword, the next"}, status=204)
    detector.http("POST /v1/password/reset", {"token": code, "password": "markerword, the next"}, status=422)
    detector.http("PUT /v1/password", {"old": "markerword, wrong", "new": NEW_USER["password"]}, status=422, by=anna)
    detector.http("PUT /v1/password", {"old": "markerword, the next", "new": NEW_USER["password"]}, status=204, by=anna)
    event = mail_driver.pending_requests()[-1]
    with outage("sesv2"):
        detector.system.deliver(event, "auth.send_email")


EXERCISES: list[Callable[[LeakDetector], None]] = [
    exercise_registration,
    exercise_malformed_registration,
    exercise_login,
    exercise_refresh,
    exercise_authorization,
    exercise_role_assignment,
    exercise_password_changes,
    exercise_admin_bootstrap,
    exercise_profiles,
]


@pytest.mark.parametrize("act", EXERCISES, ids=lambda one: one.__name__)
def test_functions_leak_no_personal_data_or_secret(detector: LeakDetector, act: Callable[[LeakDetector], None]) -> None:
    act(detector)

    assert detector.leaks() == []


def leak_by_log(detector: LeakDetector) -> None:
    log.access(email=NEW_USER["email"])


def leak_by_exception(detector: LeakDetector) -> None:
    try:
        int(NEW_USER["email"])
    except ValueError:
        log.logger.exception("unexpected")


def leak_by_print(detector: LeakDetector) -> None:
    log.access()
    print(NEW_USER["email"])  # noqa: T201 - what must be found


@pytest.mark.parametrize("leak", [leak_by_log, leak_by_exception, leak_by_print], ids=lambda one: one.__name__)
def test_leak_detector_finds_leaks(detector: LeakDetector, leak: Callable[[LeakDetector], None]) -> None:
    """The control."""
    leak(detector)

    assert detector.leaks() == ["marker", NEW_USER["email"]]


SENSITIVE_OBJECTS = [
    Account("u", NEW_USER["email"], "markername", NEW_USER["password"], (), version=1),
    RefreshToken("u", "s", 1, "marker"),
    RegisterRequest.model_validate(NEW_USER),
    LoginRequest(email=NEW_USER["email"], password=NEW_USER["password"]),
    RefreshTokenRequest(refresh_token="marker"),
    CreateAdmin.model_validate(NEW_USER),
    TokensView(access_token="marker", refresh_token="marker", email_verified=True),
    VerifyEmailRequest(token="marker"),
    ForgotPasswordRequest(email=NEW_USER["email"]),
    ResetPasswordRequest(token="marker", password=NEW_USER["password"]),
    ChangePasswordRequest(old="marker", new=NEW_USER["password"]),
]


@pytest.mark.parametrize("one", SENSITIVE_OBJECTS, ids=lambda one: type(one).__name__)
def test_repr_hides_secrets(one: object) -> None:
    assert "marker" not in f"{one!r}".lower()
