"""No line of the log, exception or problem document of auth and user repeats who somebody is, or a secret."""

import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from auth.core.admins import AdminWanted
from auth.core.model import Account
from auth.core.refresh import RefreshToken
from auth.core.schemas import (
    CodeRequest,
    ForgottenRequest,
    LoginRequest,
    PasswordRequest,
    RegisterRequest,
    ResetRequest,
    TokenRequest,
    TokensView,
)
from common import env, log
from common.bus.auth import UserRegistered
from common.outbox import published
from infra.topology import AUTH
from tests.support.post import Post, codes
from tests.support.system import Person, Reply, System, batch, eventbridge, the_admin

pytestmark = pytest.mark.moto

NEWCOMER = {
    "email": "marker.mail@example.com",
    "user_name": "markername",
    "first_name": "Markerfirst",
    "last_name": "Markerlast",
    "password": "markerword, rather long",
    "mobile_phone": "+491709998887",
}
PROFILE = {name: NEWCOMER[name] for name in ("first_name", "last_name", "mobile_phone")}
PROFILE |= {"user_name": "Markershown", "birth_day": "1987-06-05"}
MARKERS = {*NEWCOMER.values(), *PROFILE.values(), "marker", "9998887"}


class Watched:
    """The system, and everything that its functions let out but for the answers that are wanted."""

    def __init__(self, system: System, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
        self.system, self.caplog, self.capfd = system, caplog, capfd
        self.said: list[str] = []
        self.secrets: set[str] = set()

    def http(self, call: str, body: object = None, *, status: int, by: Person | None = None, **more: Any) -> Reply:
        reply = self.system.http(call, body, by=by, **more)
        assert reply.status == status, reply.text
        if status >= 400:
            self.said.append(reply.text + str(reply.headers))
        return reply

    def fails(self, function: str, event: object) -> None:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever it is, its text is looked at
            self.system.invoke(function, event)
        self.said += traceback.format_exception(raised.value)

    def leaks(self) -> list[str]:
        lines = [str(vars(record) | {"text": self.caplog.handler.format(record)}) for record in self.caplog.records]
        everything = "\n".join([*self.said, *lines, *self.capfd.readouterr()]).lower()
        assert len(lines) > 0
        return sorted(one for one in MARKERS | self.secrets if one.lower() in everything)


@pytest.fixture
def watched(system: System, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Watched:
    caplog.set_level("DEBUG", logger=log.logger.name)
    return Watched(system, caplog, capfd)


@contextmanager
def down(*services: str) -> Iterator[None]:
    """Within the block these services answer nothing but a fault."""
    fault = SimpleNamespace(status_code=400, headers={}, raw=None), {"Error": {"Code": "InternalFailure"}}

    def answer(**_: Any) -> Any:
        return fault

    for service in services:
        env.client(service).meta.events.register_first(f"before-call.{service}", answer)
    yield
    for service in services:
        env.client(service).meta.events.unregister(f"before-call.{service}", answer)


def register(w: Watched) -> Person:
    user_id = w.http("POST /v1/register", NEWCOMER, status=201, key="marker-key").json["id"]
    return Person("admin", user_id=user_id)


def log_in(w: Watched) -> dict[str, str]:
    body = {"username": "markername", "password": NEWCOMER["password"]}
    tokens: dict[str, str] = w.http("POST /v1/login", body, status=200).json
    w.secrets |= {tokens["access_token"], tokens["access_token"].rpartition(".")[2]}
    w.secrets |= {tokens["refresh_token"], tokens["refresh_token"].rpartition(".")[2]}
    return tokens


def registering(w: Watched) -> None:
    register(w)
    w.http("POST /v1/register", NEWCOMER, status=201, key="marker-key")
    w.http("POST /v1/register", NEWCOMER | {"first_name": "Markerother"}, status=422, key="marker-key")
    w.http("POST /v1/register", NEWCOMER, status=409)
    w.http("POST /v1/register", NEWCOMER | {"user_name": "markerother"}, status=201)
    w.http("POST /v1/register", NEWCOMER | {"password": "markername is my name"}, status=422)
    w.http("POST /v1/register", NEWCOMER, status=400, headers={"idempotency-key": "marker\u00e9"})
    for field, value in NEWCOMER.items():
        w.http("POST /v1/register", NEWCOMER | {field: f"{value}\u202e"}, status=409 if field == "password" else 422)
        w.http("POST /v1/register", NEWCOMER | {field: {"marker": value}}, status=422)
        w.http("POST /v1/register", NEWCOMER | {field: f"{value}" * 200}, status=422)


def registering_wrongly(w: Watched) -> None:
    for raw in (json.dumps(NEWCOMER)[:-9], json.dumps(NEWCOMER)[:-1] + ',"email":"marker.mail@example.com"}'):
        w.http("POST /v1/register", raw=raw.encode(), status=400)
    with down("dynamodb"):
        w.http("POST /v1/register", NEWCOMER, status=500, key="marker-key")


def logging_in(w: Watched) -> None:
    register(w)
    log_in(w)
    wrong = {"email": NEWCOMER["email"], "password": "markerword, but wrong"}
    for _ in range(10):
        w.http("POST /v1/login", wrong, status=401)
    w.http("POST /v1/login", wrong, status=429)
    w.http("POST /v1/login", wrong | {"username": "markername"}, status=422)
    w.http("POST /v1/login", {"username": NEWCOMER["email"], "password": "markerword"}, status=422)
    for service in ("dynamodb", "kms"):
        with down(service):
            w.http("POST /v1/login", {"username": "markername", "password": NEWCOMER["password"]}, status=500)


def refreshing(w: Watched) -> None:
    anna, tokens = register(w), log_in(w)
    token = {"refresh_token": tokens["refresh_token"]}
    for service in ("dynamodb", "kms"):
        with down(service):
            w.http("POST /v1/token/refresh", token, status=500)
    w.http("POST /v1/token/refresh", {"refresh_token": tokens["refresh_token"][:-1] + "!"}, status=401)
    w.http("POST /v1/token/refresh", {"refresh_token": [tokens["refresh_token"]]}, status=422)
    w.http("POST /v1/token/refresh", {"refresh_token": tokens["access_token"]}, status=422)
    with down("dynamodb"):
        w.http("POST /v1/logout", token, status=500, by=anna)
    w.http("POST /v1/logout", token, status=404, by=Person())
    w.http("POST /v1/logout", token, status=204, by=anna)
    w.http("POST /v1/token/refresh", token, status=401)


def authorizing(w: Watched) -> None:
    anna, tokens = register(w), log_in(w)
    event = {"headers": {"authorization": f"Bearer {tokens['access_token']}"}}
    assert w.system.invoke("auth.authorize", event)["isAuthorized"]
    with down("dynamodb"):
        w.fails("auth.authorize", event)
    w.http("POST /v1/logout", {"refresh_token": tokens["refresh_token"]}, status=204, by=anna)
    for token in (tokens["access_token"], tokens["access_token"][:-4], tokens["refresh_token"], "marker\u00e9"):
        headers = {"authorization": f"Bearer {token}"}
        assert not w.system.invoke("auth.authorize", {"headers": headers})["isAuthorized"]


def giving_roles(w: Watched) -> None:
    anna = register(w)
    path = f"PUT /v1/users/{anna.user_id}/roles"
    w.http(path, {"roles": ["organiser"]}, status=403, by=anna)
    admin = the_admin(w.system)
    w.http(path, {"roles": ["organiser"]}, status=200, by=admin)
    w.http(path, {"roles": ["marker"]}, status=422, by=admin)
    w.http(f"PUT /v1/users/{NEWCOMER['email']}/roles", {"roles": []}, status=404, by=admin)
    with down("dynamodb"):
        w.http(path, {"roles": []}, status=500, by=admin)


def making_the_admin(w: Watched) -> None:
    w.fails("auth.ensure_admin", NEWCOMER | {"email": "marker.mail"})
    w.fails("auth.ensure_admin", {name: value for name, value in NEWCOMER.items() if name != "last_name"})
    with down("dynamodb"):
        w.fails("auth.ensure_admin", NEWCOMER)
    w.system.http("POST /v1/register", NEWCOMER)
    w.fails("auth.ensure_admin", NEWCOMER)


def keeping_profiles(w: Watched) -> None:
    anna = register(w)
    (event,) = published(next(item for item in w.system.scan(AUTH) if item["sk"] == "profile"))
    assert isinstance(event, UserRegistered)
    path = f"/v1/users/{anna.user_id}"
    with down("dynamodb"):
        w.system.deliver(event, "user.on_user_registered")
    unreadable = eventbridge(event)
    del unreadable["detail"]["last_name"]
    w.system.invoke("user.on_user_registered", batch(unreadable))
    w.system.deliver(event, "user.on_user_registered")
    with down("dynamodb"):
        w.http(f"GET {path}", status=500, by=anna)
        w.http(f"PUT {path}", PROFILE, status=500, by=anna)
    w.http(f"PUT {path}", PROFILE, status=200, by=anna, headers={"if-match": "*"})
    w.http(f"PUT {path}", PROFILE, status=404, by=Person())
    w.http(f"GET /v1/users/{NEWCOMER['email']}", status=404, by=anna)
    for field, value in PROFILE.items():
        w.http(f"PUT {path}", PROFILE | {field: f"{value}\u202e"}, status=422, by=anna)


def changing_passwords(w: Watched) -> None:
    anna, post = register(w), Post(w.system)
    post.deliver()
    for email in (NEWCOMER["email"], "marker.other@example.com"):
        w.http("POST /v1/password/forgot", {"email": email}, status=202)
    w.http("POST /v1/password/forgot", {"email": "marker.mail"}, status=422)
    (letter,) = post.deliver()
    code = codes(letter)[0]
    w.secrets |= {code}
    w.http("POST /v1/password/reset", {"token": code, "password": "markername once more"}, status=422)
    with down("dynamodb"):
        w.http("POST /v1/password/reset", {"token": code, "password": "markerword, the next"}, status=500)
    w.http("POST /v1/password/reset", {"token": code, "password": "markerword, the next"}, status=204)
    w.http("POST /v1/password/reset", {"token": code, "password": "markerword, the next"}, status=422)
    w.http("PUT /v1/password", {"old": "markerword, wrong", "new": NEWCOMER["password"]}, status=422, by=anna)
    w.http("PUT /v1/password", {"old": "markerword, the next", "new": NEWCOMER["password"]}, status=204, by=anna)
    due = post.due()[-1]
    with down("sesv2"):
        w.system.deliver(due, "auth.on_letter_due")


ACTS: list[Callable[[Watched], None]] = [
    registering,
    registering_wrongly,
    logging_in,
    refreshing,
    authorizing,
    giving_roles,
    changing_passwords,
    making_the_admin,
    keeping_profiles,
]


@pytest.mark.parametrize("act", ACTS, ids=lambda one: one.__name__)
def test_nothing_personal_and_no_secret_leaves_a_function(watched: Watched, act: Callable[[Watched], None]) -> None:
    act(watched)

    assert watched.leaks() == []


def logged(w: Watched) -> None:
    log.access(email=NEWCOMER["email"])


def raised(w: Watched) -> None:
    try:
        int(NEWCOMER["email"])
    except ValueError:
        log.logger.exception("unexpected")


def printed(w: Watched) -> None:
    log.access()
    print(NEWCOMER["email"])  # noqa: T201 - what must be found


@pytest.mark.parametrize("leak", [logged, raised, printed], ids=lambda one: one.__name__)
def test_what_is_repeated_is_found(watched: Watched, leak: Callable[[Watched], None]) -> None:
    """The control."""
    leak(watched)

    assert watched.leaks() == ["marker", NEWCOMER["email"]]


SPOKEN = [
    Account("u", NEWCOMER["email"], "markername", NEWCOMER["password"], (), version=1),
    RefreshToken("u", "s", 1, "marker"),
    RegisterRequest.model_validate(NEWCOMER),
    LoginRequest(email=NEWCOMER["email"], password=NEWCOMER["password"]),
    TokenRequest(refresh_token="marker"),
    AdminWanted.model_validate(NEWCOMER),
    TokensView(access_token="marker", refresh_token="marker", email_verified=True),
    CodeRequest(token="marker"),
    ForgottenRequest(email=NEWCOMER["email"]),
    ResetRequest(token="marker", password=NEWCOMER["password"]),
    PasswordRequest(old="marker", new=NEWCOMER["password"]),
]


@pytest.mark.parametrize("one", SPOKEN, ids=lambda one: type(one).__name__)
def test_what_is_secret_is_not_in_the_form_that_errors_and_debuggers_show(one: object) -> None:
    assert "marker" not in f"{one!r}".lower()
