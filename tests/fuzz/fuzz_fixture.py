"""The users of a fuzz run and their data: every role has items of every kind.

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
    """One organiser's events: two with places, one without bookings, one cancelled."""

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
    transfer: str  # the id of a pending transfer to the role

    @classmethod
    def create(cls, actor: Actor, events: OrganiserEvents, owner: Organiser, sender: Actor) -> "RoleData":
        booking = wait_for_booking(actor, hold_places(actor, events.free["id"], _TICKETS), "CONFIRMED")
        tickets = wait_for_tickets(actor, booking)
        for _ in range(3):  # creates notifications that can be resent
            owner.client.request_json("POST", f"/v1/tickets/{tickets[-1]['id']}/reissue")
        paid_booking = hold_places(actor, events.paid["id"], _TICKETS)
        choose_outcome(open_checkout(actor, paid_booking), "paid")
        wait_for_booking(actor, paid_booking, "CONFIRMED")
        return cls(
            id=actor.id,
            events=events,
            booking=booking["id"],
            payment=find_payment(actor, paid_booking)["id"],
            tickets=[{"id": one["id"], "code": one["code"]} for one in tickets],
            transfer=_create_transfer(sender, actor, events),
        )


@dataclass(frozen=True)
class FuzzFixture:
    """The whole fixture as plain data, which can be passed to other processes."""

    api: str
    mailbox: str
    provider_key: str  # signs webhooks
    verification_code: str  # a used code; codes are reusable
    bystander: str  # the id of a user without a role in the run
    logins: dict[str, dict[str, str]]  # by role; `host` owns the events of buyer and staff
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
        categories = {kind: _create_category(admin, kind) for kind in ("paid", "free")}
        staff, buyer, sender, *others = pool.map(
            lambda name: Actor.register(api, name), ("sven", "ulla", "gerd", "hanna", "orla", "alma")
        )
        host, organiser, other_admin = pool.map(lambda one: Organiser.appoint(admin, one), others)
        admin.request_json("PUT", f"/v1/users/{other_admin.id}/roles", {"roles": ["admin"]})
        other_admin = Organiser(**vars(other_admin.log_in_again()))
        owners = {"host": host, "organiser": organiser, "admin": other_admin}

        def create_events(name: str) -> OrganiserEvents:
            return OrganiserEvents.create(name, owners[name], categories, (staff.id,) if name == "host" else ())

        events = dict(zip(owners, pool.map(create_events, owners), strict=True))
        actors: dict[str, Actor] = {"buyer": buyer, "staff": staff, "organiser": organiser, "admin": other_admin}
        hosts = {role: role if role in owners else "host" for role in actors}
        role_data = pool.map(
            lambda role: RoleData.create(actors[role], events[hosts[role]], owners[hosts[role]], sender), actors
        )
        return cls(
            api=api.api,
            mailbox=stack.mailbox,
            provider_key=_provider_key(stack),
            verification_code=organiser.wait_for_code("confirm your e-mail"),
            bystander=sender.id,
            logins={"anyone": {}} | {name: _login(one) for name, one in (actors | {"host": host}).items()},
            categories=categories,
            roles=dict(zip(actors, map(asdict, role_data), strict=True)),
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def _create_transfer(sender: Actor, recipient: Actor, events: OrganiserEvents) -> str:
    booking = wait_for_booking(sender, hold_places(sender, events.free["id"], 1), "CONFIRMED")
    path = f"/v1/tickets/{wait_for_tickets(sender, booking)[0]['id']}/transfer"
    return str(sender.client.request_json("POST", path, {"to_user_id": recipient.id})["id"])


def _provider_key(stack: Stack) -> str:
    secret = stack.client("secretsmanager").get_secret_value(SecretId="ticketing/local/provider")
    return str(json.loads(secret["SecretString"])["api_key"])


def _create_category(admin: Client, kind: str) -> str:
    category = admin.request_json(
        "POST", "/v1/categories", {"name": f"Fuzz {kind} {secrets.token_hex(3)}", "type": kind}
    )
    return str(category["id"])


def _login(actor: Actor) -> dict[str, str]:
    return {"username": actor.user_name, "password": actor.password}
