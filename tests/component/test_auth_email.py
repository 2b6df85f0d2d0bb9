"""POST /v1/email/verify and /v1/email/verification: whose an address is, a code in its mailbox proves."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common import clock, ids
from common.bus.user import SettingsChanged
from infra.topology import AUTH
from tests.component.test_auth_register import ANNA
from tests.support.post import Post, codes, text
from tests.support.refusals import answering, meanwhile, refused
from tests.support.system import Person, Reply, System

pytestmark = pytest.mark.moto

THIEF = ANNA | {"user_name": "thief", "password": "what others would take"}
ADDRESS = ANNA["email"]


class Home:
    """A house with a mailbox, and a clock that stands until it is moved."""

    def __init__(self, system: System) -> None:
        self.system, self.post = system, Post(system)
        self.at = datetime(2026, 5, 1, 12, 10, tzinfo=UTC)
        clock.use(lambda: self.at)

    def passes(self, **time: float) -> None:
        self.at += timedelta(**time)

    def registers(self, **fields: str) -> Person:
        person = Person(user_id=self.system.http("POST /v1/register", ANNA | fields).json["id"])
        person.email_verified = False
        return person

    def verify(self, code: str) -> Reply:
        return self.system.http("POST /v1/email/verify", {"token": code})

    def login(self, **name: str) -> Reply:
        return self.system.http("POST /v1/login", name | {"password": ANNA["password"]})

    def ask(self, by: Person) -> Reply:
        return self.system.http("POST /v1/email/verification", by=by)

    def profile(self, person: Person) -> dict[str, Any]:
        found: dict[str, Any] = next(
            one for one in self.system.scan(AUTH) if (one["pk"], one["sk"]) == (person.user_id, "profile")
        )
        return found

    def let_in_as(self, tokens: Any) -> str:
        headers = {"authorization": f"Bearer {tokens['access_token']}"}
        context = self.system.invoke("auth.authorize", {"headers": headers})["context"]
        return str(context["email_verified"])


@pytest.fixture
def home(system: System) -> Iterator[Home]:
    yield Home(system)
    clock.use()


def test_the_code_of_the_mail_verifies_the_address_and_the_next_tokens_say_so(home: Home) -> None:
    anna = home.registers()
    before = home.login(username="anna").json

    assert home.verify(home.post.code()).status == 204

    after = home.system.http("POST /v1/token/refresh", {"refresh_token": before["refresh_token"]}).json
    assert (before["email_verified"], home.let_in_as(before)) == (False, "")
    assert (after["email_verified"], home.let_in_as(after)) == (True, "yes")
    assert home.login(email="Anna@Example.com").json["email_verified"] is True
    assert [one["did"] for one in home.profile(anna)["logs"]] == ["register", "verify_email"]


def test_the_mail_goes_to_the_address_in_words_that_are_its_owners(home: Home) -> None:
    home.registers(locale="de")

    (mail,) = home.post.deliver()

    assert (mail["To"], mail["Subject"]) == (ADDRESS, "Bestätige deine E-Mail-Adresse")
    assert "Hallo anna," in text(mail)
    assert '<html lang="de">' in text(mail, "html")
    assert len(codes(mail)) == 1


def test_a_language_that_was_chosen_later_is_that_of_the_next_mail(home: Home) -> None:
    anna = home.registers()
    home.post.deliver()
    about = {"bus_event_id": ids.new(), "occurred_at": home.at, "correlation_id": "c", "causation_id": "c"}
    for version, locale in ((3, "de"), (2, "en")):
        said = about | {"locale": locale, "zone": "Europe/Berlin", "channels": (), "version": version}
        changed = SettingsChanged.model_validate(said | {"user_id": anna.user_id})
        home.system.deliver(changed, "auth.on_settings_changed")

    home.ask(anna)

    assert home.post.deliver()[0]["Subject"] == "Bestätige deine E-Mail-Adresse"


def test_settings_of_an_account_that_is_gone_leave_nothing(home: Home) -> None:
    said = {"bus_event_id": ids.new(), "occurred_at": home.at, "correlation_id": "c", "causation_id": "c"}
    said |= {"locale": "de", "zone": "Europe/Berlin", "channels": (), "version": 2, "user_id": ids.new()}

    answer = home.system.deliver(SettingsChanged.model_validate(said), "auth.on_settings_changed")

    assert answer["auth.on_settings_changed"]["batchItemFailures"] == []
    assert home.system.scan(AUTH) == []


def test_the_same_code_again_is_answered_alike_and_changes_nothing(home: Home) -> None:
    home.registers()
    code = home.post.code()
    home.verify(code)
    before = home.system.scan(AUTH)

    assert home.verify(code).status == 204
    assert home.system.scan(AUTH) == before


@pytest.mark.parametrize("code", ["x", "A" * 43, "é" * 43, "../../x", "nul \x00"])
def test_a_code_that_nobody_sent_is_not_valid(home: Home, code: str) -> None:
    home.registers()
    home.post.deliver()

    reply = home.verify(code)

    assert (reply.status, reply.problem) == (422, "code-invalid")
    assert reply.json["errors"][0]["pointer"] == "/token"


def test_a_code_is_good_for_a_day(home: Home) -> None:
    home.registers()
    code = home.post.code()

    home.passes(hours=24)

    assert home.verify(code).problem == "code-invalid"


def test_a_code_is_kept_as_a_hash_that_goes_by_itself(home: Home) -> None:
    home.registers()
    code = home.post.code()

    (kept,) = [one for one in home.system.scan(AUTH) if one["sk"] == "code"]
    assert kept["pk"] == f"code#{hashlib.sha256(code.encode()).hexdigest()}"
    assert kept["expires_at"] == int((home.at + timedelta(hours=24)).timestamp())
    assert code not in json.dumps(home.system.scan(AUTH), default=str)


def test_no_code_and_no_address_rides_the_bus(home: Home) -> None:
    home.registers()
    (due,) = home.post.due()

    code = home.post.code()

    assert code not in due.model_dump_json()
    assert ADDRESS not in due.model_dump_json()


def test_an_address_that_somebody_else_registered_is_its_owners_who_verifies_it(home: Home) -> None:
    """The thief came first, and still holds nothing of it."""
    thief = home.registers(**THIEF)
    anna = home.registers()
    mails = {mail: codes(mail)[0] for mail in home.post.deliver()}
    hers = next(code for mail, code in mails.items() if "Hello anna," in text(mail))
    his = next(code for mail, code in mails.items() if "Hello thief," in text(mail))

    assert home.verify(hers).status == 204
    late = home.verify(his)

    assert (late.status, late.problem) == (409, "email-taken")
    assert home.login(email=ADDRESS).status == 200
    assert (home.profile(anna)["email_verified"], home.profile(thief)["email_verified"]) == (True, False)


def test_of_two_who_verify_one_address_at_once_one_has_it(home: Home) -> None:
    for name in ("anna", "thief"):
        home.registers(user_name=name)
    first, second = (codes(mail)[0] for mail in home.post.deliver())

    with meanwhile("TransactWriteItems", lambda: home.verify(second)):
        late = home.verify(first)

    assert (late.status, late.problem) == (409, "email-taken")
    assert sorted(one["email_verified"] for one in home.system.scan(AUTH) if one["sk"] == "profile") == [False, True]


def test_whoever_registers_a_verified_address_sends_its_owner_a_mail_without_a_code(home: Home) -> None:
    home.registers(locale="de")
    home.post.verify(ADDRESS)

    home.registers(**THIEF)

    (mail,) = home.post.deliver()
    assert (mail["To"], mail["Subject"]) == (ADDRESS, "Du hast schon ein Konto")
    assert "Hallo anna," in text(mail)
    assert "thief" not in text(mail) + text(mail, "html")
    assert codes(mail) == []


def test_another_mail_is_sent_once_a_minute_and_every_code_is_good(home: Home) -> None:
    anna = home.registers()
    first = home.post.code()

    assert home.ask(anna).status == 202
    home.passes(seconds=20.5)
    soon = home.ask(anna)
    home.passes(seconds=39.5)
    assert home.ask(anna).status == 202

    assert (soon.status, soon.problem, soon.headers["retry-after"]) == (429, "too-many-mails", "40")
    second, third = (codes(mail)[0] for mail in home.post.deliver())
    assert len({first, second, third}) == 3
    assert home.verify(second).status == 204


def test_whoever_is_verified_asks_in_vain(home: Home) -> None:
    anna = home.registers()
    home.post.verify(ADDRESS)
    home.ask(anna)
    anna.email_verified = True

    reply = home.ask(anna)

    assert (reply.status, reply.problem) == (409, "already-verified")
    assert home.post.deliver() == []


def test_strangers_fill_nobodys_mailbox(home: Home) -> None:
    for number in range(8):
        home.registers(user_name=f"stranger{number}")
    assert len(home.post.deliver()) == 5

    home.passes(hours=1)
    home.registers()

    assert len(home.post.deliver()) == 1


def test_a_letter_that_is_due_twice_is_sent_once(home: Home) -> None:
    home.registers()
    (due,) = home.post.due()

    for _ in range(2):
        home.system.deliver(due, "auth.on_letter_due")

    assert len(home.post.mails()) == 1


def test_a_letter_that_is_written_again_brings_the_same_code(home: Home) -> None:
    """Its reply was lost: nobody noted that it was sent."""
    home.registers()
    (due,) = home.post.due()
    with answering("dynamodb", "UpdateItem", None, refused("InternalFailure")):
        home.system.deliver(due, "auth.on_letter_due")

    home.system.deliver(due, "auth.on_letter_due")

    first, second = (codes(mail) for mail in home.post.mails())
    assert first == second


def test_a_mail_that_cannot_be_sent_is_given_up_and_another_can_be_asked_for(home: Home) -> None:
    anna = home.registers()
    (due,) = home.post.due()
    with answering("sesv2", "SendEmail", refused("MessageRejected")):
        early = home.system.deliver(due, "auth.on_letter_due", tries=6)
    with answering("sesv2", "SendEmail", refused("MessageRejected")):
        last = home.system.deliver(due, "auth.on_letter_due", tries=7)

    assert [len(one["auth.on_letter_due"]["batchItemFailures"]) for one in (early, last)] == [1, 0]
    assert home.post.deliver() == []
    home.ask(anna)
    assert len(home.post.deliver()) == 1


def test_a_letter_to_an_account_that_is_gone_is_not_written(home: Home) -> None:
    home.ask(_unverified())

    assert home.post.deliver() == []
    assert home.post.due() == []


def _unverified() -> Person:
    person = Person()
    person.email_verified = False
    return person


def test_publishing_needs_a_verified_address(home: Home) -> None:
    organiser = Person("organiser")
    organiser.email_verified = False

    reply = home.system.http(f"POST /v1/events/{ids.new()}/publish", by=organiser)

    assert (reply.status, reply.problem) == (403, "email-not-verified")
