"""Another password: forgotten and set by the code of a mail, or changed by whoever knows the old one."""

from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from time import process_time
from typing import Any

import pytest

from common import clock, env, store
from common.store import Delete, Put
from infra.topology import AUTH
from tests.component.test_auth_email import ADDRESS, Home
from tests.component.test_auth_register import ANNA
from tests.support.gateway import row
from tests.support.post import codes, text
from tests.support.refusals import meanwhile
from tests.support.system import Person, Reply, System, the_admin

pytestmark = pytest.mark.moto

OLD, NEW, OTHER = ANNA["password"], "another long phrase", "and one more phrase"


class House(Home):
    """Anna, with a verified address, logged in on two devices."""

    def __init__(self, system: System) -> None:
        super().__init__(system)
        self.anna = self.registers()
        self.post.verify(ADDRESS)
        self.phone, self.desk = self.device(), self.device()

    def device(self, password: str = OLD) -> dict[str, str]:
        tokens: dict[str, str] = self.enter(password).json
        return tokens

    def enter(self, password: str) -> Reply:
        return self.system.http("POST /v1/login", {"username": "anna", "password": password})

    def forgets(self, email: str = ADDRESS) -> Reply:
        return self.system.http("POST /v1/password/forgot", {"email": email})

    def resets(self, code: str, password: str = NEW) -> Reply:
        return self.system.http("POST /v1/password/reset", {"token": code, "password": password})

    def changes(self, old: str = OLD, new: str = NEW, on: dict[str, str] | None = None) -> Reply:
        me = Person(user_id=self.anna.user_id)
        me.session_id = (on or self.phone)["refresh_token"].split(".")[1]
        return self.system.http("PUT /v1/password", {"old": old, "new": new}, by=me)

    def lives(self, device: dict[str, str]) -> tuple[bool, bool]:
        """Whether the device's access token is believed, and its refresh token brings another."""
        headers = {"authorization": f"Bearer {device['access_token']}"}
        believed = self.system.invoke("auth.authorize", {"headers": headers})["isAuthorized"]
        renewed = self.system.http("POST /v1/token/refresh", {"refresh_token": device["refresh_token"]})
        return believed, renewed.status == 200


@pytest.fixture
def house(system: System) -> Iterator[House]:
    yield House(system)
    clock.use()


def refused(reply: Reply) -> tuple[int, str, str]:
    return reply.status, reply.problem, reply.json["errors"][0]["pointer"]


CODE_INVALID = (422, "code-invalid", "/token")


def test_the_code_of_the_mail_sets_another_password_and_every_session_ends(house: House) -> None:
    assert house.forgets("Anna@EXAMPLE.com").status == 202
    (mail,) = house.post.deliver()

    assert house.resets(codes(mail)[0]).status == 204

    assert (mail["To"], mail["Subject"]) == (ADDRESS, "Set another password")
    assert [house.lives(one) for one in (house.phone, house.desk)] == [(False, False)] * 2
    assert [house.enter(one).status for one in (OLD, NEW)] == [401, 200]
    assert [one["Subject"] for one in house.post.deliver()] == ["Your password was changed"]


def test_whoever_never_logged_in_can_do_so_with_the_password_that_was_set(house: House) -> None:
    house.registers(user_name="ben", email="b@example.com")
    house.post.deliver()
    house.forgets("b@example.com")
    house.resets(house.post.code())

    assert house.system.http("POST /v1/login", {"username": "ben", "password": NEW}).status == 200


def test_a_code_sets_one_password(house: House) -> None:
    house.forgets()
    code = house.post.code()
    house.resets(code)

    assert refused(house.resets(code, OTHER)) == CODE_INVALID
    assert house.enter(NEW).status == 200


def test_of_two_resets_at_once_one_wins(house: House) -> None:
    house.forgets()
    code = house.post.code()

    with meanwhile("TransactWriteItems", lambda: house.resets(code, OTHER)):
        late = house.resets(code)

    assert refused(late) == CODE_INVALID
    assert [house.enter(one).status for one in (NEW, OTHER)] == [401, 200]


def test_a_change_of_something_else_at_the_same_moment_is_no_hindrance(house: House) -> None:
    house.forgets()
    code = house.post.code()
    role, admin = {"roles": ["organiser"]}, the_admin(house.system)

    with meanwhile(
        "TransactWriteItems",
        lambda: house.system.http(f"PUT /v1/users/{house.anna.user_id}/roles", role, by=admin),
    ):
        reply = house.resets(code)

    assert reply.status == 204
    assert house.profile(house.anna)["roles"] == ["organiser"]
    assert house.enter(NEW).status == 200


@pytest.mark.parametrize("other", ["change", "reset"])
def test_a_code_of_before_another_change_is_worth_nothing(house: House, other: str) -> None:
    house.forgets()
    first = house.post.code()
    if other == "reset":
        house.forgets()
        house.resets(house.post.code(), OTHER)
    else:
        house.changes(new=OTHER)

    assert refused(house.resets(first)) == CODE_INVALID


def test_a_code_is_good_for_an_hour(house: House) -> None:
    house.forgets()
    code = house.post.code()

    house.at += timedelta(hours=1)

    assert refused(house.resets(code)) == CODE_INVALID


def test_a_code_for_one_thing_does_no_other(house: House) -> None:
    house.registers(user_name="ben", email="ben@example.com")
    verify = house.post.code()
    house.forgets()
    reset = house.post.code()

    assert refused(house.resets(verify)) == CODE_INVALID
    assert refused(house.system.http("POST /v1/email/verify", {"token": reset})) == CODE_INVALID


@pytest.mark.parametrize("password", ["anna@example.com 1", "aaaaaaaaaaaaaaaaaaaa"])
def test_a_password_that_is_guessed_first_leaves_the_code_as_it_is(house: House, password: str) -> None:
    house.forgets()
    code = house.post.code()

    assert refused(house.resets(code, password)) == (422, "password-refused", "/password")
    assert house.resets(code).status == 204


def test_whoever_forgot_it_gets_no_mail_where_nobody_has_the_address_and_is_answered_alike(house: House) -> None:
    known, unknown = house.forgets(), house.forgets("nobody@example.com")

    assert (known.status, known.text) == (unknown.status, unknown.text) == (202, "")
    assert known.headers.keys() == unknown.headers.keys()
    assert [one["To"] for one in house.post.deliver()] == [ADDRESS]


def test_asking_makes_the_same_one_write_for_known_and_unknown(house: House) -> None:
    calls: list[str] = []
    env.client("dynamodb").meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))

    def seconds(email: str) -> float:
        started = process_time()
        house.forgets(email)
        return process_time() - started

    pairs = [(seconds(ADDRESS), seconds("nobody@example.com")) for _ in range(15)]

    assert calls == ["PutItem"] * 30
    assert median(one for one, _ in pairs) == pytest.approx(median(two for _, two in pairs), rel=0.5)


def test_no_more_than_five_mails_an_hour_go_to_an_address(house: House) -> None:
    for _ in range(7):
        house.forgets()

    assert len(house.post.deliver()) == 5


def test_an_address_that_nobody_has_verified_opens_every_account_that_says_to_have_it(house: House) -> None:
    for name in ("ben", "bea"):
        house.registers(user_name=name, email="b@example.com")
    house.post.deliver()
    house.forgets("b@example.com")

    (mail,) = house.post.deliver()

    assert {"For the account ben:", "For the account bea:"} <= set(text(mail).splitlines())
    assert [house.resets(code).status for code in codes(mail)] == [204, 204]


def test_of_a_verified_address_its_owner_alone_is_asked(house: House) -> None:
    house.registers(user_name="thief", password=OTHER)
    house.post.deliver()
    house.forgets()

    (mail,) = house.post.deliver()

    assert len(codes(mail)) == 1
    house.resets(codes(mail)[0])
    assert house.enter(NEW).status == 200
    thief = house.system.http("POST /v1/login", {"username": "thief", "password": OTHER})
    assert thief.status == 200


def test_a_change_ends_every_session_but_ones_own(house: House) -> None:
    assert house.changes().status == 204

    assert [house.lives(one) for one in (house.phone, house.desk)] == [(True, True), (False, False)]
    assert [house.enter(one).status for one in (OLD, NEW)] == [401, 200]
    (mail,) = house.post.deliver()
    assert (mail["To"], mail["Subject"], codes(mail)) == (ADDRESS, "Your password was changed", [])


def test_a_login_that_meets_the_change_opens_no_session(house: House) -> None:
    with meanwhile("PutItem", house.changes):
        reply = house.enter(OLD)

    assert (reply.status, reply.problem) == (401, "invalid-credentials")


def test_a_change_that_broke_off_ends_the_sessions_all_the_same(house: House) -> None:
    """The password is another, and nobody has ended the sessions: refreshing finds it, and the mail ends them."""
    events = env.client("dynamodb").meta.events

    def dies(**_: Any) -> None:
        raise KeyboardInterrupt

    events.register_first("before-call.dynamodb.Query", dies)
    with pytest.raises(KeyboardInterrupt):
        house.changes()
    events.unregister("before-call.dynamodb.Query", dies)

    assert house.lives(house.desk) == (True, False)
    house.post.deliver()
    assert [house.lives(one) for one in (house.phone, house.desk)] == [(True, True), (False, False)]


def test_a_wrong_old_password_is_refused_and_counts_as_an_attempt(house: House) -> None:
    told = [refused(house.changes(old=OTHER)) for _ in range(10)]
    after = house.changes()

    assert told == [(422, "wrong-password", "/old")] * 10
    assert (after.status, after.problem, after.headers["retry-after"]) == (429, "too-many-attempts", "1")
    assert house.enter(OLD).status == 429


def test_the_right_old_password_forgives(house: House) -> None:
    for _ in range(9):
        house.changes(old=OTHER)
    house.changes()

    assert house.changes(old=OTHER).problem == "wrong-password"


def test_of_two_changes_at_once_one_is_made(house: House) -> None:
    with meanwhile("TransactWriteItems", lambda: house.changes(new=OTHER)):
        late = house.changes()

    assert refused(late) == (422, "wrong-password", "/old")
    assert house.enter(OTHER).status == 200


@pytest.mark.parametrize("new", ["anna@example.com 1", "aaaaaaaaaaaaaaaaaaaa"])
def test_a_new_password_obeys_the_rules(house: House, new: str) -> None:
    assert refused(house.changes(new=new)) == (422, "password-refused", "/new")
    assert house.enter(OLD).status == 200


def test_whoever_has_no_account_any_more_changes_nothing(house: House) -> None:
    reply = house.system.http("PUT /v1/password", {"old": OLD, "new": NEW}, by=Person())

    assert refused(reply) == (422, "wrong-password", "/old")


@pytest.mark.parametrize("call", ["POST /v1/password/reset", "PUT /v1/password"])
def test_more_than_is_asked_for_is_refused(house: House, call: str) -> None:
    body = {"token": "x", "password": NEW} if call.startswith("POST") else {"old": OLD, "new": NEW}

    reply = house.system.http(call, body | {"user_id": house.anna.user_id}, by=house.anna)

    assert (reply.status, reply.problem) == (422, "invalid")


def test_no_password_is_kept(house: House) -> None:
    house.changes()
    house.forgets()
    house.resets(next(codes(one)[0] for one in house.post.deliver() if codes(one)), OTHER)

    assert not [one for one in (OLD, NEW, OTHER) if one in str(house.system.scan(AUTH))]


def test_very_many_sessions_end_in_few_writes(house: House) -> None:
    sessions = [one for one in house.system.scan(AUTH) if one["sk"].startswith("session#")]
    for at in range(250):
        _stored(house, sessions[0] | {"sk": f"session#{at}", "id": str(at)})
    writes: list[str] = []
    for kind in ("UpdateItem", "TransactWriteItems"):
        env.client("dynamodb").meta.events.register(
            f"before-call.dynamodb.{kind}", lambda model, **_: writes.append(model.name)
        )

    assert house.changes().status == 204

    assert [one["id"] for one in _open(house)] == [house.phone["refresh_token"].split(".")[1]]
    assert writes.count("TransactWriteItems") == 1 + 3  # the password's, and three for 251 sessions


def test_a_session_that_goes_while_all_end_keeps_none_of_the_others(house: House) -> None:
    desk = house.desk["refresh_token"].split(".")[1]
    house.device()
    asked: list[str] = []

    def goes(**_: Any) -> None:
        asked.append("write")
        if len(asked) == 2:  # the password is changed by then
            with house.system.acting(row("auth.on_user_erased")):
                store.write(Delete("auth", {"pk": house.anna.user_id, "sk": f"session#{desk}"}))

    env.client("dynamodb").meta.events.register("before-call.dynamodb.TransactWriteItems", goes)

    assert house.changes().status == 204

    assert [one["id"] for one in _open(house)] == [house.phone["refresh_token"].split(".")[1]]
    assert desk not in {one.get("id") for one in house.system.scan(AUTH)}


def _open(house: House) -> list[dict[str, Any]]:
    sessions = (one for one in house.system.scan(AUTH) if one["sk"].startswith("session#"))
    return [one for one in sessions if "revoked_at" not in one]


def _stored(house: House, item: dict[str, Any]) -> None:
    with house.system.acting(row("auth.login")):
        store.write(Put("auth", item))
