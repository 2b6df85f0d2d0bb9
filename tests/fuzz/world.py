"""What the fuzzing begins with: a house on the deployed system, and for each role whose token and whose things."""

import json
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from local.client import Client
from local.people import Organiser, Person, checkout, choose, held, payment_of, settled, tickets_of, until
from local.stack import Stack
from tests.support.house import FREE, PAID

ROLES = ("anyone", "user", "staff", "organiser", "admin")


@dataclass(frozen=True)
class World:
    """Everything by name, as plain data: it is handed to another process."""

    api: str
    mailbox: str
    provider_key: str  # what the sandbox signs with
    verified: str  # the code that proved the organiser's address; it says so as often as it is brought
    logins: dict[str, dict[str, str]]  # by role; nobody's is empty
    people: dict[str, str]  # their ids, by role
    categories: dict[str, str]  # by kind
    events: dict[str, dict[str, Any]]
    bookings: list[str]
    payments: list[str]
    tickets: list[dict[str, str]]

    @classmethod
    def made(cls, stack: Stack, admin: dict[str, str]) -> "World":
        api = Client(stack.api, mailbox=stack.mailbox)
        return cls._made(stack, api, api.login(admin["email"], admin["password"]), admin)

    @classmethod
    def _made(cls, stack: Stack, api: Client, admin: Client, admin_login: dict[str, str]) -> "World":
        organiser = Organiser.appointed(admin, Person.registers(api, "orla"))
        staff, buyer = Person.registers(api, "sven"), Person.registers(api, "ulla")
        kinds = {kind: _category(admin, kind) for kind in ("paid", "free")}
        many = {"capacity": 1_000_000}
        paid = organiser.publishes(
            kinds["paid"], "Fuzz concert", [{"name": "Seat"} | PAID | many], staff=(staff.id,), max_per_user=50
        )
        free = organiser.publishes(
            kinds["free"], "Fuzz party", [{"name": "Entry"} | FREE | many], staff=(staff.id,), max_per_user=50
        )
        spare = organiser.publishes(kinds["free"], "Fuzz reserve", [{"name": "Entry"} | FREE])
        gone = organiser.publishes(kinds["free"], "Fuzz flop", [{"name": "Entry"} | FREE])
        organiser.client.must("POST", f"/v1/events/{gone['id']}/cancel", {})
        booking = settled(buyer, held(buyer, free["id"], 20), "CONFIRMED")
        more = settled(buyer, held(buyer, free["id"], 30), "CONFIRMED")
        tickets = tickets_of(buyer, booking) + tickets_of(buyer, more)
        known = stack.client("secretsmanager").get_secret_value(SecretId="ticketing/local/provider")
        bought = held(buyer, paid["id"], 20)
        choose(checkout(buyer, bought), "paid")
        settled(buyer, bought, "CONFIRMED")
        until(lambda: buyer.client.must("GET", "/v1/payments")["items"] or None, "the payment of a free booking")
        return cls(
            api=api.api,
            mailbox=stack.mailbox,
            verified=organiser.code("confirm your e-mail"),
            provider_key=json.loads(known["SecretString"])["api_key"],
            logins={"anyone": {}, "admin": admin_login}
            | {
                name: {"username": one.user_name, "password": one.password}
                for name, one in _named(buyer, staff, organiser)
            },
            people={name: one.id for name, one in _named(buyer, staff, organiser)},
            categories=kinds,
            events={"paid": paid, "free": free, "spare": spare, "gone": gone},
            bookings=[booking["id"]],
            payments=[payment_of(buyer, bought)["id"]],
            tickets=[{"id": one["id"], "code": one["code"]} for one in tickets],
        )

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def _category(admin: Client, kind: str) -> str:
    made = admin.must("POST", "/v1/categories", {"name": f"Fuzz {kind} {secrets.token_hex(3)}", "type": kind})
    return str(made["id"])


def _login(person: Person) -> dict[str, str]:
    return {"username": person.user_name, "password": person.password}


def _named(buyer: Person, staff: Person, organiser: Person) -> tuple[tuple[str, Person], ...]:
    return (("user", buyer), ("staff", staff), ("organiser", organiser))
