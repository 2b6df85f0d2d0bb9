"""The people of the demo and of the end-to-end tests, and what each does over HTTP."""

import re
import secrets
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from local.client import Answer, Client, Refused

Found = TypeVar("Found")
CODE = re.compile(r"^[\w-]{43}(?=\r?$)", re.MULTILINE)  # as it stands in a mail, alone in its line
PATIENCE = 120.0  # seconds: a deadline, not a wait; two retries of a message (35 s) and a busy machine fit in


def until(look: Callable[[], Found | None], what: str, *, seconds: float | None = None) -> Found:
    """What `look` finds, once it finds something. Raises TimeoutError."""
    seconds = PATIENCE if seconds is None else seconds
    deadline = time.monotonic() + seconds
    while True:
        last = time.monotonic() >= deadline  # the last look begins after the deadline, however long the others took
        found = look()
        if found is not None:
            return found
        if last:
            raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.1)


@dataclass(frozen=True)
class Person:
    """Somebody with an account, logged in."""

    id: str
    email: str
    password: str
    client: Client

    @classmethod
    def registers(cls, api: Client, name: str) -> "Person":
        """A new account with a unique address and user name, logged in."""
        unique = f"{name}-{secrets.token_hex(4)}"
        account = {"email": f"{unique}@people.example", "password": secrets.token_urlsafe(15), "user_name": unique}
        names = {"first_name": name.capitalize(), "last_name": "Example", "mobile_phone": "+4915112345678"}
        made = api.must("POST", "/v1/register", account | names)
        client = api.login(unique, account["password"])
        return cls(made["id"], account["email"], account["password"], client)

    def again(self) -> "Person":
        """The same person after another login, which picks up new roles."""
        client = replace(self.client, token=None).login(self.user_name, self.password)
        return Person(self.id, self.email, self.password, client)

    @property
    def user_name(self) -> str:
        return self.email.partition("@")[0]

    def verifies(self) -> None:
        """The person proves the address, with the code that came to the mailbox."""
        self.client.must("POST", "/v1/email/verify", {"token": self.code("confirm your e-mail")})

    def code(self, subject: str) -> str:
        """The code in the newest mail of this subject to the person."""
        return code_in(self.client.mailbox or "", self.email, subject)


@dataclass(frozen=True)
class Organiser(Person):
    """Somebody who may create events."""

    @classmethod
    def appointed(cls, admin: Client, person: Person) -> "Organiser":
        """The person, after they have verified the address and the admin has given them the role."""
        person.verifies()
        admin.must("PUT", f"/v1/users/{person.id}/roles", {"roles": ["organiser"]})
        return cls(**vars(person.again()))

    def publishes(
        self,
        category: str,
        name: str,
        types: list[dict[str, Any]],
        *,
        staff: tuple[str, ...] = (),
        **terms: int,
    ) -> dict[str, Any]:
        """A published event, whose places can be booked; `terms` as the API names them."""
        starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
        about = {"venue": "Kulturhaus", "city": "Berlin", "zone": "Europe/Berlin"}
        times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=3)).isoformat()}
        agreed = {"max_per_user": 6, "hold_seconds": 600} | terms
        asked = {"category_id": category, "name": name, "types": types} | about | times | agreed
        event: dict[str, Any] = self.client.must("POST", "/v1/events", asked)
        if staff:
            self.client.must("PUT", f"/v1/events/{event['id']}/staff", {"user_ids": list(staff)}, If_Match="*")
        self.client.must("POST", f"/v1/events/{event['id']}/publish")
        until(lambda: free(self.client, event["id"]), "the stock of a published event")
        return event


def free(client: Client, event_id: str) -> dict[str, int] | None:
    """Free places by event type; None until booking knows the event."""
    answer = client.call("GET", f"/v1/events/{event_id}/availability")
    if answer.status == 404:
        return None
    return {one["event_type_id"]: one["available"] for one in answer.json["types"]}


def book(who: Person, event_id: str, places: dict[str, int] | int, key: str | None = None) -> Answer:
    """An order for so many places of one type, or by type."""
    wanted: dict[str, Any] = {"event_id": event_id}
    if isinstance(places, int):
        wanted["number_slot"] = places
    else:
        wanted["items"] = [{"event_type_id": one, "qty": qty} for one, qty in places.items()]
    return who.client.call("POST", "/v1/bookings", wanted, **({"Idempotency_Key": key} if key else {}))


def held(who: Person, event_id: str, places: dict[str, int] | int) -> dict[str, Any]:
    """The booking of an order that must succeed."""
    answer = book(who, event_id, places)
    if answer.status != 201:
        raise Refused("POST /v1/bookings", answer)
    booking: dict[str, Any] = answer.json
    return booking


def checkout(who: Person, booking: dict[str, Any]) -> str:
    """The provider's hosted page for a booking's payment, which opens within a moment."""
    asked = {"order_id": booking["id"], "price": booking["prices"]}

    def started() -> str | None:
        answer = who.client.call("POST", "/v1/payments", asked)
        if answer.status == 404 and answer.headers.get("Retry-After"):
            return None
        if answer.status != 201:
            raise Refused("POST /v1/payments", answer)
        return str(answer.json["checkout_url"])

    return until(started, "the payment's opening")


def choose(page: str, outcome: str, faults: str = "") -> int:
    """Press a button on the provider's hosted page, which may misbehave (docs/sandbox.md); where that leads."""
    form = urllib.parse.urlencode({"outcome": outcome, "faults": faults}).encode()

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any, **__: Any) -> None:
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    try:
        with opener.open(urllib.request.Request(page, data=form), timeout=35) as answer:  # noqa: S310 - our own sandbox
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        return answer.code


def settled(who: Person, booking: dict[str, Any], status: str, *, seconds: float | None = None) -> dict[str, Any]:
    """The booking once it has come to that state."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = who.client.must("GET", f"/v1/bookings/{booking['id']}")
        return found if found["status"] == status else None

    return until(look, f"booking {status.lower()}", seconds=seconds)


def payment_of(who: Person, booking: dict[str, Any]) -> dict[str, Any]:
    """The booking's payment, from the list of the person's payments."""
    page = who.client.must("GET", "/v1/payments?limit=100")
    found: dict[str, Any] = next(one for one in page["items"] if one["booking_id"] == booking["id"])
    return found


def tickets_of(who: Person, booking: dict[str, Any]) -> list[dict[str, Any]]:
    """The valid tickets of a booking, once there are as many as places."""

    def look() -> list[dict[str, Any]] | None:
        page = who.client.must("GET", "/v1/tickets?limit=100")
        found = [one for one in page["items"] if one["booking_id"] == booking["id"] and one["status"] == "CREATED"]
        return found if len(found) == booking["quantity"] else None

    return until(look, "the tickets")


def mails_to(mailbox: Client, person: Person, subject: str = "") -> list[dict[str, Any]]:
    """The mails that have come for the person, the oldest first."""
    return mails(mailbox, person.email, subject)


def mails(mailbox: Client, address: str, subject: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = mailbox.must("GET", f"/messages?to={urllib.parse.quote(address)}")["messages"]
    return [mail for mail in found if subject.lower() in mail["subject"].lower()]


def code_in(mailbox: str, address: str, subject: str) -> str:
    """The code in the newest mail of this subject to the address, which comes within a moment."""

    def look() -> str | None:
        found = mails(Client(mailbox), address, subject)
        return CODE.findall(found[-1]["text"])[0] if found else None

    return until(look, f"a mail of subject {subject!r}")
