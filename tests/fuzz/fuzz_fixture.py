"""The users of a fuzz run and their data: each role has every kind of item.

No other test uses these users, the admin included: fuzzing changes their sessions and data.
"""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from local.actors import (
    Actor,
    Organiser,
    choose_outcome,
    find_payment,
    hold_places,
    open_checkout,
    wait_for_booking,
    wait_for_tickets,
)
from local.client import Client
from local.stack import Stack
from tests.support.fixtures.e2e_fixture import FREE, PAID

_LARGE_CAPACITY = {"capacity": 1_000_000}
_TICKETS = 20


@dataclass(frozen=True)
class OrganiserEvents:
    """One organiser's events: two with places, one that is not booked, one that is cancelled."""

    owner: str
    paid: dict[str, Any]
    free: dict[str, Any]
    spare: dict[str, Any]
    cancelled: dict[str, Any]

    @classmethod
    def create(
        cls, name: str, owner: Organiser, categories: dict[str, str], staff: tuple[str, ...] = ()
    ) -> "OrganiserEvents":
        limit: dict[str, Any] = {"staff": staff, "max_per_user": 50}
        paid = owner.publish_event(
            categories["paid"], "Fuzz concert", [{"name": "Seat"} | PAID | _LARGE_CAPACITY], **limit
        )
        free = owner.publish_event(
            categories["free"], "Fuzz party", [{"name": "Entry"} | FREE | _LARGE_CAPACITY], **limit
        )
        spare = owner.publish_event(categories["free"], "Fuzz reserve", [{"name": "Entry"} | FREE])
        cancelled = owner.publish_event(categories["free"], "Fuzz flop", [{"name": "Entry"} | FREE])
        owner.client.request_json("POST", f"/v1/events/{cancelled['id']}/cancel", {})
        return cls(name, paid, free, spare, cancelled)


@dataclass(frozen=True)
class RoleData:
    """The items of a role, and the events that it uses."""

    id: str
    events: OrganiserEvents
    booking: str
    payment: str
    tickets: list[dict[str, str]]
    transfer: str  # the id of a pending transfer to it

    @classmethod
    def create(cls, person: Actor, events: OrganiserEvents, owner: Organiser, giver: Actor) -> "RoleData":
        booking = wait_for_booking(person, hold_places(person, events.free["id"], _TICKETS), "CONFIRMED")
        tickets = wait_for_tickets(person, booking)
        for _ in range(3):  # creates notifications that can be resent
            owner.client.request_json("POST", f"/v1/tickets/{tickets[-1]['id']}/reissue")
        bought = hold_places(person, events.paid["id"], _TICKETS)
        choose_outcome(open_checkout(person, bought), "paid")
        wait_for_booking(person, bought, "CONFIRMED")
        return cls(
            id=person.id,
            events=events,
            booking=booking["id"],
            payment=find_payment(person, bought)["id"],
            tickets=[{"id": one["id"], "code": one["code"]} for one in tickets],
            transfer=_create_transfer(giver, person, events),
        )


@dataclass(frozen=True)
class FuzzFixture:
    """All of it as plain data, to be passed to other processes."""

    api: str
    mailbox: str
    provider_key: str  # signs webhooks
    verification_code: str  # a used code, which stays valid
    bystander: str  # the id of a user who does nothing
    logins: dict[str, dict[str, str]]  # by role, and of the host, at whose events buyer and staff are; empty for anyone
    categories: dict[str, str]  # by kind
    roles: dict[str, Any]  # by role

    @classmethod
    def create(cls, stack: Stack, admin_login: dict[str, str]) -> "FuzzFixture":
        api = Client(stack.api, mailbox=stack.mailbox)
        admin = api.login(admin_login["email"], admin_login["password"])
        with ThreadPoolExecutor(6) as pool:
            return cls._create(stack, api, admin, pool)

    @classmethod
    def _create(cls, stack: Stack, api: Client, admin: Client, pool: ThreadPoolExecutor) -> "FuzzFixture":
        kinds = {kind: _create_category(admin, kind) for kind in ("paid", "free")}
        staff, buyer, giver, *others = pool.map(
            lambda name: Actor.register(api, name), ("sven", "ulla", "gerd", "hanna", "orla", "alma")
        )
        host, organiser, chief = pool.map(lambda one: Organiser.appoint(admin, one), others)
        admin.request_json("PUT", f"/v1/users/{chief.id}/roles", {"roles": ["admin"]})
        chief = Organiser(**vars(chief.log_in_again()))
        owners = {"host": host, "organiser": organiser, "admin": chief}

        def create_events(name: str) -> OrganiserEvents:
            return OrganiserEvents.create(name, owners[name], kinds, (staff.id,) if name == "host" else ())

        events = dict(zip(owners, pool.map(create_events, owners), strict=True))
        actors: dict[str, Actor] = {"buyer": buyer, "staff": staff, "organiser": organiser, "admin": chief}
        hosts = {role: role if role in owners else "host" for role in actors}
        role_data = pool.map(
            lambda role: RoleData.create(actors[role], events[hosts[role]], owners[hosts[role]], giver), actors
        )
        return cls(
            api=api.api,
            mailbox=stack.mailbox,
            provider_key=_provider_key(stack),
            verification_code=organiser.wait_for_code("confirm your e-mail"),
            bystander=giver.id,
            logins={"anyone": {}} | {name: _login(one) for name, one in (actors | {"host": host}).items()},
            categories=kinds,
            roles=dict(zip(actors, map(asdict, role_data), strict=True)),
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def _create_transfer(giver: Actor, to: Actor, events: OrganiserEvents) -> str:
    booking = wait_for_booking(giver, hold_places(giver, events.free["id"], 1), "CONFIRMED")
    address = f"/v1/tickets/{wait_for_tickets(giver, booking)[0]['id']}/transfer"
    return str(giver.client.request_json("POST", address, {"to_user_id": to.id})["id"])


def _provider_key(stack: Stack) -> str:
    login = stack.client("secretsmanager").get_secret_value(SecretId="ticketing/local/provider")
    return str(json.loads(login["SecretString"])["api_key"])


def _create_category(admin: Client, kind: str) -> str:
    created = admin.request_json(
        "POST", "/v1/categories", {"name": f"Fuzz {kind} {secrets.token_hex(3)}", "type": kind}
    )
    return str(created["id"])


def _login(person: Actor) -> dict[str, str]:
    return {"username": person.user_name, "password": person.password}
