"""What the fuzzing begins with: people who have everything that their role can have, on the deployed system.

Nobody here is known to another test, the admin included: whatever becomes of their sessions and things is theirs.
"""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from local.client import Client
from local.people import Organiser, Person, checkout, choose, held, payment_of, settled, tickets_of
from local.stack import Stack
from tests.support.house import FREE, PAID

_MANY = {"capacity": 1_000_000}
_TICKETS = 20


@dataclass(frozen=True)
class House:
    """One organiser's events: two with places, one that is not booked, one that is cancelled."""

    owner: str
    paid: dict[str, Any]
    free: dict[str, Any]
    spare: dict[str, Any]
    gone: dict[str, Any]

    @classmethod
    def opened(cls, name: str, owner: Organiser, kinds: dict[str, str], staff: tuple[str, ...] = ()) -> "House":
        limit: dict[str, Any] = {"staff": staff, "max_per_user": 50}
        paid = owner.publishes(kinds["paid"], "Fuzz concert", [{"name": "Seat"} | PAID | _MANY], **limit)
        free = owner.publishes(kinds["free"], "Fuzz party", [{"name": "Entry"} | FREE | _MANY], **limit)
        spare = owner.publishes(kinds["free"], "Fuzz reserve", [{"name": "Entry"} | FREE])
        gone = owner.publishes(kinds["free"], "Fuzz flop", [{"name": "Entry"} | FREE])
        owner.client.must("POST", f"/v1/events/{gone['id']}/cancel", {})
        return cls(name, paid, free, spare, gone)


@dataclass(frozen=True)
class Part:
    """What a role has of its own, and whose events it is at."""

    id: str
    house: House
    booking: str
    payment: str
    tickets: list[dict[str, str]]
    transfer: str  # a ticket that is offered to it

    @classmethod
    def of(cls, person: Person, house: House, owner: Organiser, giver: Person) -> "Part":
        booking = settled(person, held(person, house.free["id"], _TICKETS), "CONFIRMED")
        tickets = tickets_of(person, booking)
        for _ in range(3):  # mails that can be sent again
            owner.client.must("POST", f"/v1/tickets/{tickets[-1]['id']}/reissue")
        bought = held(person, house.paid["id"], _TICKETS)
        choose(checkout(person, bought), "paid")
        settled(person, bought, "CONFIRMED")
        return cls(
            id=person.id,
            house=house,
            booking=booking["id"],
            payment=payment_of(person, bought)["id"],
            tickets=[{"id": one["id"], "code": one["code"]} for one in tickets],
            transfer=_offered(giver, person, house),
        )


@dataclass(frozen=True)
class World:
    """Everything by name, as plain data: it is handed to other processes."""

    api: str
    mailbox: str
    provider_key: str  # what the sandbox signs with
    verified: str  # the code that proved an address; it says so as often as it is brought
    bystander: str  # the id of somebody who does nothing
    logins: dict[str, dict[str, str]]  # by role, and of the host of buyer and staff; nobody's is empty
    categories: dict[str, str]  # by kind
    parts: dict[str, Any]  # by role

    @classmethod
    def made(cls, stack: Stack, admin_login: dict[str, str]) -> "World":
        api = Client(stack.api, mailbox=stack.mailbox)
        admin = api.login(admin_login["email"], admin_login["password"])
        with ThreadPoolExecutor(6) as pool:
            return cls._made(stack, api, admin, pool)

    @classmethod
    def _made(cls, stack: Stack, api: Client, admin: Client, pool: ThreadPoolExecutor) -> "World":
        kinds = {kind: _category(admin, kind) for kind in ("paid", "free")}
        staff, buyer, giver, *others = pool.map(
            lambda name: Person.registers(api, name), ("sven", "ulla", "gerd", "hanna", "orla", "alma")
        )
        host, organiser, chief = pool.map(lambda one: Organiser.appointed(admin, one), others)
        admin.must("PUT", f"/v1/users/{chief.id}/roles", {"roles": ["admin"]})
        chief = Organiser(**vars(chief.again()))
        owners = {"host": host, "organiser": organiser, "admin": chief}

        def opened(name: str) -> House:
            return House.opened(name, owners[name], kinds, (staff.id,) if name == "host" else ())

        houses = dict(zip(owners, pool.map(opened, owners), strict=True))
        people: dict[str, Person] = {"buyer": buyer, "staff": staff, "organiser": organiser, "admin": chief}
        where = {role: role if role in owners else "host" for role in people}
        parts = pool.map(lambda role: Part.of(people[role], houses[where[role]], owners[where[role]], giver), people)
        return cls(
            api=api.api,
            mailbox=stack.mailbox,
            provider_key=_provider_key(stack),
            verified=organiser.code("confirm your e-mail"),
            bystander=giver.id,
            logins={"anyone": {}} | {name: _login(one) for name, one in (people | {"host": host}).items()},
            categories=kinds,
            parts=dict(zip(people, map(asdict, parts), strict=True)),
        )

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def _offered(giver: Person, to: Person, house: House) -> str:
    booking = settled(giver, held(giver, house.free["id"], 1), "CONFIRMED")
    address = f"/v1/tickets/{tickets_of(giver, booking)[0]['id']}/transfer"
    return str(giver.client.must("POST", address, {"to_user_id": to.id})["id"])


def _provider_key(stack: Stack) -> str:
    known = stack.client("secretsmanager").get_secret_value(SecretId="ticketing/local/provider")
    return str(json.loads(known["SecretString"])["api_key"])


def _category(admin: Client, kind: str) -> str:
    made = admin.must("POST", "/v1/categories", {"name": f"Fuzz {kind} {secrets.token_hex(3)}", "type": kind})
    return str(made["id"])


def _login(person: Person) -> dict[str, str]:
    return {"username": person.user_name, "password": person.password}
