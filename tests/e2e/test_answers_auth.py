"""What the calls of auth answer, beside what their form brings."""

import json
import secrets

from auth.core.model import FREE_ATTEMPTS
from local.client import Client
from local.people import Person, until
from tests.support.answers import Asking
from tests.support.house import House
from tests.support.redeploy import redeployed

SOME = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"


def account(**fields: str) -> dict[str, str]:
    name = f"new-{secrets.token_hex(4)}"
    names = {"first_name": "Nora", "last_name": "New", "mobile_phone": "+4915112345678"}
    return names | {"email": f"{name}@people.example", "user_name": name, "password": "a long enough sentence"} | fields


def tokens(house: House, person: Person) -> dict[str, str]:
    found: dict[str, str] = house.nobody.must(
        "POST", "/v1/login", {"username": person.user_name, "password": person.password}
    )
    return found


def test_an_account_is_made_once_per_user_name(api: Client, ask: Asking) -> None:
    first = account()

    assert ask(api, "POST /v1/register", first).told == (201, "done")
    taken = ask(api, "POST /v1/register", account(user_name=first["user_name"]))
    assert taken.told == (409, "user-name-taken")


def test_a_key_makes_one_account(api: Client, ask: Asking) -> None:
    first, key = account(), {"Idempotency-Key": secrets.token_hex(8)}
    api.send("POST", "/v1/register", json.dumps(first).encode(), key | {"Content-Type": "application/json"})

    other = ask(api, "POST /v1/register", first | {"first_name": "Other"}, headers=key)

    assert other.told == (422, "key-reused")


def test_a_password_that_is_easy_to_guess_is_refused(api: Client, ask: Asking) -> None:
    assert ask(api, "POST /v1/register", account(password="a" * 15)).told == (422, "password-refused")


def test_a_login_needs_the_right_password(house: House, ask: Asking) -> None:
    right = {"username": house.buyer.user_name, "password": house.buyer.password}

    assert ask(house.nobody, "POST /v1/login", right).told == (200, "done")
    wrong = ask(house.nobody, "POST /v1/login", right | {"password": "some other words"})
    assert wrong.told == (401, "invalid-credentials")


def test_whoever_guesses_has_to_wait(house: House, ask: Asking) -> None:
    guess = {"email": f"{secrets.token_hex(4)}@people.example", "password": "some other words"}

    # Each guess doubles the wait: however slow the calls are, one of them comes before its wait is over.
    answers = [ask(house.nobody, "POST /v1/login", guess) for _ in range(FREE_ATTEMPTS)]
    refused = until(
        lambda: late if (late := ask(house.nobody, "POST /v1/login", guess)).told[0] != 401 else None, "the refusal"
    )

    assert {one.told for one in answers} == {(401, "invalid-credentials")}
    assert refused.told == (429, "too-many-attempts")
    assert refused.headers["Retry-After"]


def test_a_refresh_token_brings_the_next_and_an_invented_one_nothing(house: House, ask: Asking) -> None:
    given = tokens(house, house.stranger)["refresh_token"]

    assert ask(house.nobody, "POST /v1/token/refresh", {"refresh_token": given}).told == (200, "done")
    invented = ask(house.nobody, "POST /v1/token/refresh", {"refresh_token": "invented"})
    assert invented.told == (401, "invalid-token")


def test_a_logout_ends_ones_own_session_only(house: House, ask: Asking) -> None:
    mine, other = tokens(house, house.stranger), tokens(house, house.staff)
    me = Client(house.nobody.api, mine["access_token"])

    invented = ask(me, "POST /v1/logout", {"refresh_token": "invented"})
    foreign = ask(me, "POST /v1/logout", {"refresh_token": other["refresh_token"]})
    own = ask(me, "POST /v1/logout", {"refresh_token": mine["refresh_token"]})

    assert (invented.told, foreign.told, own.told) == (
        (401, "invalid-token"),
        (404, "session-unknown"),
        (204, "done"),
    )


def test_the_keys_of_access_tokens_are_public(api: Client, ask: Asking) -> None:
    assert ask(api, "GET /v1/jwks").told == (200, "done")


def test_roles_are_given_to_users_that_there_are(house: House, ask: Asking) -> None:
    given = {"roles": ["organiser"]}

    assert ask(house.admin, f"PUT /v1/users/{house.organiser.id}/roles", given).told == (200, "done")
    assert ask(house.admin, f"PUT /v1/users/{SOME}/roles", given).told == (404, "user-unknown")


def test_the_last_admin_stays_one(house: House, ask: Asking) -> None:
    answer = ask(house.admin, f"PUT /v1/users/{house.admin_id}/roles", {"roles": []})

    assert answer.told == (409, "last-admin")


def test_roles_that_changed_meanwhile_are_not_overwritten(house: House, ask: Asking) -> None:
    late = {"auth/core/repository.py": ('values={"seen": before.version}', 'values={"seen": before.version - 1}')}

    with redeployed(house.stack, "auth.set_roles", late):
        answer = ask(house.admin, f"PUT /v1/users/{house.stranger.id}/roles", {"roles": ["organiser"]})

    assert answer.told == (409, "changed-meanwhile")
