"""The actors of the demo and the end-to-end tests, and their requests over HTTP."""

import re
import secrets
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from local.client import ApiResponse, Client, UnexpectedStatus

Result = TypeVar("Result")
CODE_PATTERN = re.compile(r"^[\w-]{43}(?=\r?$)", re.MULTILINE)  # a line of its own in a mail
DEFAULT_TIMEOUT_SECONDS = 120.0  # long enough for two retries of a message (35 s) on a busy machine


def wait_for(poll: Callable[[], Result | None], description: str, *, seconds: float | None = None) -> Result:
    """Poll until the result is not None, and return it. Raises TimeoutError after `seconds`."""
    seconds = DEFAULT_TIMEOUT_SECONDS if seconds is None else seconds
    deadline = time.monotonic() + seconds
    while True:
        is_last_poll = time.monotonic() >= deadline  # starts after the deadline
        result = poll()
        if result is not None:
            return result
        if is_last_poll:
            raise TimeoutError(f"{description} did not happen within {seconds:.0f} s")
        time.sleep(0.1)


@dataclass(frozen=True)
class Actor:
    """A logged-in user."""

    id: str
    email: str
    password: str
    client: Client

    @classmethod
    def register(cls, api: Client, name: str) -> "Actor":
        """Register an account with a unique address and user name, and log in."""
        unique = f"{name}-{secrets.token_hex(4)}"
        account = {"email": f"{unique}@people.example", "password": secrets.token_urlsafe(15), "user_name": unique}
        names = {"first_name": name.capitalize(), "last_name": "Example", "mobile_phone": "+4915112345678"}
        registered = api.request_json("POST", "/v1/register", account | names)
        client = api.login(unique, account["password"])
        return cls(registered["id"], account["email"], account["password"], client)

    def log_in_again(self) -> "Actor":
        """Log in again, for a token with the current roles."""
        client = replace(self.client, token=None).login(self.user_name, self.password)
        return Actor(self.id, self.email, self.password, client)

    @property
    def user_name(self) -> str:
        return self.email.partition("@")[0]

    def verify_email(self) -> None:
        """Verify the address with the code from the mailbox."""
        self.client.request_json("POST", "/v1/email/verify", {"token": self.wait_for_code("confirm your e-mail")})

    def wait_for_code(self, subject: str) -> str:
        """Wait for a mail with this subject to the user, and return the code in the latest one."""
        return wait_for_code(self.client.mailbox or "", self.email, subject)


@dataclass(frozen=True)
class Organiser(Actor):
    """A user with the role organiser."""

    @classmethod
    def appoint(cls, admin: Client, actor: Actor) -> "Organiser":
        """Verify the actor's address and give them the role as the admin."""
        actor.verify_email()
        admin.request_json("PUT", f"/v1/users/{actor.id}/roles", {"roles": ["organiser"]})
        return cls(**vars(actor.log_in_again()))

    def publish_event(
        self,
        category: str,
        name: str,
        types: list[dict[str, Any]],
        *,
        staff: tuple[str, ...] = (),
        **terms: int,
    ) -> dict[str, Any]:
        """Publish an event and wait until booking has its inventory; `terms` are fields of the request body."""
        starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
        location = {"venue": "Kulturhaus", "city": "Berlin", "zone": "Europe/Berlin"}
        times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=3)).isoformat()}
        sale_terms = {"max_per_user": 6, "hold_seconds": 600} | terms
        event_request = {"category_id": category, "name": name, "types": types} | location | times | sale_terms
        event: dict[str, Any] = self.client.request_json("POST", "/v1/events", event_request)
        if staff:
            self.client.request_json("PUT", f"/v1/events/{event['id']}/staff", {"user_ids": list(staff)}, If_Match="*")
        self.client.request_json("POST", f"/v1/events/{event['id']}/publish")
        wait_for(lambda: available_places(self.client, event["id"]), "the inventory of a published event")
        return event


def available_places(client: Client, event_id: str) -> dict[str, int] | None:
    """Available places by event type; None until booking knows the event."""
    response = client.request("GET", f"/v1/events/{event_id}/availability")
    if response.status == 404:
        return None
    return {one["event_type_id"]: one["available"] for one in response.json["types"]}


def book(actor: Actor, event_id: str, places: dict[str, int] | int, key: str | None = None) -> ApiResponse:
    """Order places: a number for an event with one type, or quantities by type id. Returns any response."""
    booking_request: dict[str, Any] = {"event_id": event_id}
    if isinstance(places, int):
        booking_request["number_slot"] = places
    else:
        booking_request["items"] = [{"event_type_id": one, "qty": qty} for one, qty in places.items()]
    return actor.client.request("POST", "/v1/bookings", booking_request, **({"Idempotency_Key": key} if key else {}))


def hold_places(actor: Actor, event_id: str, places: dict[str, int] | int) -> dict[str, Any]:
    """Order places and return the booking. Raises UnexpectedStatus."""
    response = book(actor, event_id, places)
    if response.status != 201:
        raise UnexpectedStatus("POST /v1/bookings", response)
    booking: dict[str, Any] = response.json
    return booking


def open_checkout(actor: Actor, booking: dict[str, Any]) -> str:
    """Start the payment of a booking, with retries until payment has it. Returns the provider's checkout URL."""
    payment_request = {"order_id": booking["id"], "price": booking["prices"]}

    def start_payment() -> str | None:
        response = actor.client.request("POST", "/v1/payments", payment_request)
        if response.status == 404 and response.headers.get("Retry-After"):
            return None
        if response.status != 201:
            raise UnexpectedStatus("POST /v1/payments", response)
        return str(response.json["checkout_url"])

    return wait_for(start_payment, "the open payment")


def choose_outcome(checkout_url: str, outcome: str, faults: str = "") -> int:
    """Submit the provider's checkout page; `faults` as in docs/sandbox.md. Returns the HTTP status."""
    form = urllib.parse.urlencode({"outcome": outcome, "faults": faults}).encode()

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any, **__: Any) -> None:
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
    try:
        with opener.open(urllib.request.Request(checkout_url, data=form), timeout=35) as response:  # noqa: S310 - our own sandbox
            return int(response.status)
    except urllib.error.HTTPError as response:
        return response.code


def wait_for_booking(
    actor: Actor, booking: dict[str, Any], status: str, *, seconds: float | None = None
) -> dict[str, Any]:
    """Wait until the booking has this status, and return it."""

    def poll() -> dict[str, Any] | None:
        current: dict[str, Any] = actor.client.request_json("GET", f"/v1/bookings/{booking['id']}")
        return current if current["status"] == status else None

    return wait_for(poll, f"booking {status.lower()}", seconds=seconds)


def find_payment(actor: Actor, booking: dict[str, Any]) -> dict[str, Any]:
    """The booking's payment in the actor's list of payments."""
    page = actor.client.request_json("GET", "/v1/payments?limit=100")
    payment: dict[str, Any] = next(one for one in page["items"] if one["booking_id"] == booking["id"])
    return payment


def wait_for_tickets(actor: Actor, booking: dict[str, Any]) -> list[dict[str, Any]]:
    """Wait until every place of the booking has an issued ticket, and return the tickets."""

    def poll() -> list[dict[str, Any]] | None:
        page = actor.client.request_json("GET", "/v1/tickets?limit=100")
        tickets = [one for one in page["items"] if one["booking_id"] == booking["id"] and one["status"] == "CREATED"]
        return tickets if len(tickets) == booking["quantity"] else None

    return wait_for(poll, "the tickets")


def list_mails_to(mailbox: Client, actor: Actor, subject: str = "") -> list[dict[str, Any]]:
    """The mails to the actor, oldest first."""
    return list_mails(mailbox, actor.email, subject)


def list_mails(mailbox: Client, address: str, subject: str) -> list[dict[str, Any]]:
    mails: list[dict[str, Any]] = mailbox.request_json("GET", f"/messages?to={urllib.parse.quote(address)}")["messages"]
    return [mail for mail in mails if subject.lower() in mail["subject"].lower()]


def wait_for_code(mailbox: str, address: str, subject: str) -> str:
    """Wait for a mail with this subject to the address, and return the code in the latest one."""

    def poll() -> str | None:
        mails = list_mails(Client(mailbox), address, subject)
        return CODE_PATTERN.findall(mails[-1]["text"])[0] if mails else None

    return wait_for(poll, f"a mail of subject {subject!r}")
