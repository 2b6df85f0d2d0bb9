"""What verifying an address answers, with the codes of real mails."""

from local.client import Client
from local.people import Person, code_in, until
from tests.e2e.test_answers_auth import account
from tests.support.answers import Asking
from tests.support.house import House

CONFIRM = "confirm your e-mail"


def test_a_code_verifies_once_and_for_all_and_another_is_sent_once_a_minute(house: House, ask: Asking) -> None:
    nora = Person.registers(house.nobody, "nora")
    code = {"token": nora.code(CONFIRM)}

    asked = [ask(nora.client, "POST /v1/email/verification").told for _ in range(2)]
    verified = [ask(house.nobody, "POST /v1/email/verify", code).told for _ in range(2)]
    after = ask(nora.again().client, "POST /v1/email/verification")

    assert asked == [(202, "done"), (429, "too-many-mails")]
    assert verified == [(204, "done")] * 2
    assert after.told == (409, "already-verified")
    assert house.nobody.login(nora.email, nora.password).token


def test_an_invented_code_verifies_nothing(house: House, ask: Asking) -> None:
    assert ask(house.nobody, "POST /v1/email/verify", {"token": "invented"}).told == (422, "code-invalid")


def test_an_address_is_the_first_ones_who_verifies_it(api: Client, ask: Asking) -> None:
    one, mailbox = account(), api.mailbox or ""
    found: list[str] = []
    for name in ("a", "b"):
        api.must("POST", "/v1/register", one | {"user_name": f"{name}-{one['user_name']}"[:30]})
        earlier = list(found)
        found.append(until(lambda: new(mailbox, one["email"], earlier), "the next code"))  # noqa: B023 - at once

    told = [ask(api, "POST /v1/email/verify", {"token": code}).told for code in found]

    assert told == [(204, "done"), (409, "email-taken")]


def new(mailbox: str, address: str, known: list[str]) -> str | None:
    code = code_in(mailbox, address, CONFIRM)
    return None if code in known else code


def test_an_event_is_published_by_whoever_has_verified_the_address(house: House, ask: Asking) -> None:
    otto = Person.registers(house.nobody, "otto")
    house.admin.must("PUT", f"/v1/users/{otto.id}/roles", {"roles": ["organiser"]})
    event = house.draft()["id"]

    early = ask(otto.again().client, f"POST /v1/events/{event}/publish")
    otto.verifies()

    assert early.told == (403, "email-not-verified")
    assert ask(otto.again().client, f"POST /v1/events/{event}/publish").told == (404, "event-unknown")
