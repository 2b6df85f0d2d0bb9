"""What passwords and sessions answer, with the codes of real mails."""

from dataclasses import replace

from local.people import Person, until
from tests.support.answers import Asking
from tests.support.house import House

NEXT, LAST = "the second sentence of all", "the third sentence of all"


def test_a_forgotten_password_is_set_by_the_code_of_a_mail_once(house: House, ask: Asking) -> None:
    nora = Person.registers(house.nobody, "nora")

    asked = [ask(house.nobody, "POST /v1/password/forgot", {"email": one}) for one in (nora.email, "n@no.example")]
    code = nora.code("set another password")
    weak = ask(house.nobody, "POST /v1/password/reset", {"token": code, "password": "a" * 15})
    told = [ask(house.nobody, "POST /v1/password/reset", {"token": code, "password": NEXT}).told for _ in range(2)]

    assert [one.told for one in asked] == [(202, "done")] * 2
    assert weak.told == (422, "password-refused")
    assert told == [(204, "done"), (422, "code-invalid")]
    assert replace(nora, password=NEXT).again().client.token
    assert house.nobody.call("POST", "/v1/login", {"username": nora.user_name, "password": nora.password}).status == 401


def test_a_password_is_changed_by_whoever_knows_it(house: House, ask: Asking) -> None:
    nora = Person.registers(house.nobody, "nora")
    call = "PUT /v1/password"

    weak = ask(nora.client, call, {"old": nora.password, "new": "a" * 15})
    done = ask(nora.client, call, {"old": nora.password, "new": NEXT})
    guess = {"old": "some other words", "new": LAST}
    wrong = ask(nora.client, call, guess)
    # Each guess doubles the wait: however slow the calls are, one of them comes before its wait is over.
    refused = until(lambda: late if (late := ask(nora.client, call, guess)).told[0] != 422 else None, "the refusal")

    assert (weak.told, done.told) == ((422, "password-refused"), (204, "done"))
    assert wrong.told == (422, "wrong-password")
    assert refused.told == (429, "too-many-attempts")
    assert refused.headers["Retry-After"]


def test_sessions_are_seen_and_ended_by_their_owner(house: House, ask: Asking) -> None:
    nora, call = Person.registers(house.nobody, "nora"), "GET /v1/sessions"
    other = nora.again()

    page = ask(other.client, call)
    elsewhere = next(one["id"] for one in page.json["items"] if not one["current"])
    ended = [ask(other.client, f"DELETE /v1/sessions/{elsewhere}").told for _ in range(2)]
    foreign = ask(house.buyer.client, f"DELETE /v1/sessions/{elsewhere}")

    assert page.told == (200, "done")
    assert ended == [(204, "done")] * 2
    assert foreign.told == (404, "session-unknown")
    assert ask(other.client, f"{call}?next_token=invented").told == (400, "bad-token")
