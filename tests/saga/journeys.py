"""The paths of a booking, as its people walk them: each `yield` says what they wait for.

A journey is played from a house at rest (`tests.support.builders.house`), alone or beside another. It
says only what people do; whatever follows comes from the driver's queues.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from common import ids
from common.bus.booking import AvailabilityChanged, CapacityChanged
from tests.support.builders import PASSWORD, PRICE, House, Show, kind, register, show
from tests.support.gateway import Person
from tests.support.post import Post, codes
from tests.support.saga import Saga
from tools.docs.examples import example

Steps = Generator[Callable[[], None], None, None]
Play = Callable[[Saga, House], Steps]


def play(saga: Saga, house: House, *plays: Play) -> None:
    """Walk the journeys, side by side, and let everything come to rest."""
    walking = [one(saga, house) for one in plays]
    while walking:
        waits = []
        for one in list(walking):
            try:
                waits.append(next(one))
            except StopIteration:
                walking.remove(one)
        for wait in dict.fromkeys(waits):
            wait()
    saga.rest()


def order(saga: Saga, at: Show, by: Person, *, places: int = 1, of: int = 0) -> dict[str, Any]:
    """A held booking of so many places of the show's type."""
    wanted = {"event_id": at.id, "items": [{"event_type_id": at.types[of], "qty": places}]}
    found: dict[str, Any] = saga.http("POST /v1/bookings", wanted, by=by, expect=201).json
    return found


def start(saga: Saga, booking: dict[str, Any], by: Person) -> str:
    """The provider's page where the booking is paid."""
    asked = {"order_id": booking["id"], "price": booking["prices"]}
    return str(saga.http("POST /v1/payments", asked, by=by, expect=201).json["checkout_url"])


def cancel(saga: Saga, booking: dict[str, Any], by: Person) -> None:
    saga.http(f"POST /v1/bookings/{booking['id']}/cancel", by=by, expect=200)


def late(saga: Saga, page: str) -> None:
    """Let money arrive that was under way when the page expired."""
    session = page.rsplit("/", 1)[-1]
    while not any(one["pk"] == session and one["status"] == "expired" for one in saga.tables()["sandbox"]):
        assert saga.progress(), "the page stays open"
    saga.press(page, "late")


def paid_in_time(saga: Saga, house: House) -> Steps:
    booking = order(saga, house.gala, house.buyer, places=2)
    yield saga.settle
    page = start(saga, booking, house.buyer)
    yield saga.settle
    saga.press(page, "paid")


def admitted(saga: Saga, house: House) -> Steps:
    """The door admits one of two tickets, and refuses to admit it again."""
    booking = order(saga, house.gala, house.buyer, places=2)
    yield saga.settle
    saga.press(start(saga, booking, house.buyer), "paid")
    yield from _mails(saga, booking)
    ticket = next(one for one in saga.tables()["tickets"] if one.get("booking_id") == booking["id"])
    for nonce, status in (("first-scan", 201), ("second-scan", 409)):
        scan = {"event_id": house.gala.id, "code": ticket["code"], "nonce": f"{nonce}-{ticket['id']}"}
        saga.http("POST /v1/check-ins", scan, by=house.door, expect=status)


def free(saga: Saga, house: House) -> Steps:
    order(saga, house.gala, house.buyer, of=1)
    yield saga.settle


def number_slot(saga: Saga, house: House) -> Steps:
    booking = saga.http("POST /v1/bookings", {"event_id": house.solo.id, "number_slot": 1}, by=house.buyer, expect=201)
    yield saga.settle
    saga.press(start(saga, booking.json, house.buyer), "paid")


def declined(saga: Saga, house: House) -> Steps:
    booking = order(saga, house.gala, house.buyer, places=2)
    yield saga.settle
    saga.press(start(saga, booking, house.buyer), "declined")
    yield saga.rest


def expired(saga: Saga, house: House) -> Steps:
    order(saga, house.gala, house.buyer, places=2)
    yield saga.rest


def abandoned(saga: Saga, house: House) -> Steps:
    booking = order(saga, house.gala, house.buyer)
    yield saga.settle
    start(saga, booking, house.buyer)
    yield saga.rest


def cancelled(saga: Saga, house: House) -> Steps:
    booking = order(saga, house.gala, house.buyer, places=2)
    yield saga.settle
    cancel(saga, booking, house.buyer)


def cancelled_at_checkout(saga: Saga, house: House) -> Steps:
    booking = order(saga, house.gala, house.buyer)
    yield saga.settle
    start(saga, booking, house.buyer)
    cancel(saga, booking, house.buyer)


def cancelled_while_paying(saga: Saga, house: House) -> Steps:
    """The provider's word that it was paid is lost, and the buyer cancels."""
    booking = order(saga, house.gala, house.buyer)
    yield saga.settle
    page = start(saga, booking, house.buyer)
    saga.provider.lost_webhooks += 9
    saga.press(page, "paid")
    cancel(saga, booking, house.buyer)


def webhook_lost(saga: Saga, house: House) -> Steps:
    """The provider's word never comes: the closing timer asks for it."""
    booking = order(saga, house.gala, house.buyer)
    yield saga.settle
    page = start(saga, booking, house.buyer)
    saga.provider.lost_webhooks += 9
    saga.press(page, "paid")
    yield saga.rest


def late_with_room(saga: Saga, house: House) -> Steps:
    booking = order(saga, house.solo, house.buyer)
    yield saga.settle
    page = start(saga, booking, house.buyer)
    yield saga.rest
    late(saga, page)


def late_without_room(saga: Saga, house: House) -> Steps:
    booking = order(saga, house.solo, house.buyer)
    yield saga.settle
    page = start(saga, booking, house.buyer)
    yield saga.rest
    left = saga.http(f"GET /v1/events/{house.solo.id}/availability").json["types"][0]["available"]
    if left:
        taken = order(saga, house.solo, house.other, places=left)
        yield saga.settle
        saga.press(start(saga, taken, house.other), "paid")
    yield saga.settle
    late(saga, page)


def late_on_cancelled(saga: Saga, house: House) -> Steps:
    booking = order(saga, house.gala, house.buyer)
    yield saga.settle
    page = start(saga, booking, house.buyer)
    cancel(saga, booking, house.buyer)
    yield saga.settle
    late(saga, page)


def given_back(saga: Saga, house: House) -> Steps:
    """A confirmed booking is cancelled as the event's terms allow, for all that was paid."""
    night = yield from _refundable(saga, house)
    booking = order(saga, night, house.buyer, places=2)
    yield saga.settle
    saga.press(start(saga, booking, house.buyer), "paid")
    yield from _mails(saga, booking)
    cancel(saga, booking, house.buyer)


def free_given_back(saga: Saga, house: House) -> Steps:
    booking = order(saga, house.gala, house.buyer, of=1)
    yield from _mails(saga, booking)
    cancel(saga, booking, house.buyer)


def refunded_whole(saga: Saga, house: House) -> Steps:
    """All that was paid goes back although nobody cancelled the booking."""
    booking = order(saga, house.gala, house.buyer, places=2)
    yield saga.settle
    saga.press(start(saga, booking, house.buyer), "paid")
    yield saga.settle
    refund(saga, booking, house.organiser, "The hall was too small.")


def resized(saga: Saga, house: House) -> Steps:
    """There are more places, and then fewer of them."""
    order(saga, house.solo, house.buyer)
    yield saga.settle
    call = f"PUT /v1/events/{house.solo.id}/types/{house.solo.types[0]}/capacity"
    for capacity in (20, 4):
        saga.http(call, {"capacity": capacity}, by=house.organiser, expect=200)
    yield saga.settle


def tickets_rejected(saga: Saga, house: House) -> Steps:
    """The key of the tickets cannot be read, however often it is tried."""
    saga.outages.add(("ticket.on_booking_confirmed", "GetSecretValue"))
    booking = order(saga, house.gala, house.buyer, places=2)
    yield saga.settle
    saga.press(start(saga, booking, house.buyer), "paid")
    yield saga.rest


def free_tickets_rejected(saga: Saga, house: House) -> Steps:
    saga.outages.add(("ticket.on_booking_confirmed", "GetSecretValue"))
    order(saga, house.gala, house.buyer, of=1)
    yield saga.rest


def held_longer(saga: Saga, house: House) -> Steps:
    """A hold is extended, and runs out all the same."""
    booking = order(saga, house.gala, house.buyer, places=2)
    yield saga.settle
    saga.http(f"POST /v1/bookings/{booking['id']}/extend", by=house.buyer, expect=200)
    yield saga.rest


def refunded_in_parts(saga: Saga, house: House) -> Steps:
    """The organiser gives a part back, and another when that was sent."""
    booking = order(saga, house.gala, house.buyer, places=2)
    yield saga.settle
    saga.press(start(saga, booking, house.buyer), "paid")
    yield saga.settle
    for reason in ("The bar was shut.", "So was the cloakroom."):
        refund(saga, booking, house.organiser, reason, amount=1000)
        yield saga.rest


def bounced(saga: Saga, house: House) -> Steps:
    """A part goes back, comes to nothing days later, and is sent again."""
    booking = order(saga, house.gala, house.buyer, places=2)
    yield saga.settle
    page = start(saga, booking, house.buyer)
    saga.press(page, "paid")
    yield saga.settle
    refund(saga, booking, house.organiser, "The bar was shut.", amount=1000)
    yield from _mails(saga, booking, wanted=2)
    saga.press(page, "bounced")
    yield saga.settle
    refund(saga, booking, house.organiser, "The bar was shut, once more.", amount=700)
    yield saga.rest


def refund(saga: Saga, booking: dict[str, Any], by: Person, reason: str, **fields: Any) -> None:
    """The organiser gives money of the booking's payment back."""
    payment_id = ids.derive("payment", booking["id"])
    saga.http(f"POST /v1/payments/{payment_id}/refund", {"reason": reason} | fields, by=by, expect=201)


def newcomer(saga: Saga, house: House) -> Steps:
    """Somebody registers, changes the profile twice, the settings once, and takes a free place."""
    person = register(saga, f"nora{saga.count('nora')}")
    yield saga.settle
    for name in ("Nora", "Eleonora"):
        named = {"user_name": "nora", "first_name": name, "last_name": "Example", "mobile_phone": "+4915112345678"}
        saga.http(f"PUT /v1/users/{person.user_id}", named, by=person, expect=200, headers={"if-match": "*"})
    wanted = {"locale": "de", "zone": "Europe/Berlin", "channels": []}
    saga.http(f"PUT /v1/users/{person.user_id}/settings", wanted, by=person, expect=200, headers={"if-match": "*"})
    order(saga, house.gala, person, of=1)
    yield saga.settle


def leaver(saga: Saga, house: House) -> Steps:
    """Somebody with a ticket that bears their name, a part of its price back and a draft goes for good."""
    person = register(saga, name := f"lea{saga.count('lea')}")
    saga.http("POST /v1/login", {"username": name, "password": PASSWORD}, expect=200)
    yield saga.settle
    wanted = {"event_id": house.gala.id, "items": [{"event_type_id": house.gala.types[0], "qty": 1}]}
    booking = saga.http("POST /v1/bookings", wanted, by=person, key="for Lea", expect=201).json
    yield saga.settle
    asked = {"order_id": booking["id"], "price": booking["prices"]}
    payment = saga.http("POST /v1/payments", asked, by=person, expect=201).json
    saga.press(payment["checkout_url"], "paid")
    yield from _mails(saga, booking)
    back = {"amount": 100, "reason": "Lea had no drink"}
    saga.http(f"POST /v1/payments/{payment['id']}/refund", back, by=house.organiser, expect=201)
    yield from _mails(saga, booking, wanted=2)
    ticket = next(one["id"] for one in saga.tables()["tickets"] if one.get("user_id") == person.user_id)
    words = {"holder_name": "Lea Example", "seat": "Row 1", "note": "Lea, wheelchair"}
    saga.http(f"PUT /v1/tickets/{ticket}", words, by=house.organiser, headers={"If-Match": "*"}, expect=200)
    saga.http("POST /v1/events", _draft(saga), by=Person("organiser", user_id=person.user_id), expect=201)
    saga.http(f"DELETE /v1/users/{person.user_id}", by=person, expect=204)
    yield saga.rest


def _draft(saga: Saga) -> dict[str, Any]:
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    about = {"category_id": category, "name": "Plans of Lea", "venue": "Hall", "city": "Bremen"}
    return about | {"zone": "Europe/Berlin", "starts_at": "2031-09-01T19:00:00Z", "ends_at": "2031-09-01T22:00:00Z"}


def _mails(saga: Saga, booking: dict[str, Any], *, wanted: int = 1) -> Steps:
    """Until so many mails about the booking were sent: from then on whoever acts knows what became of it."""
    yield saga.settle
    while sum(one.get("booking_id") == booking["id"] for one in _sent(saga)) < wanted:
        assert saga.progress(), "no mail comes"


def _sent(saga: Saga) -> list[dict[str, Any]]:
    return [one for one in saga.tables()["notifications"] if one.get("status") == "CREATED"]


def forgetful(saga: Saga, house: House) -> Steps:
    """Somebody forgets the password, sets another with the code of a mail, and changes that one."""
    name = f"fritz{saga.count('fritz')}"
    person = register(saga, name)
    person.session_id = f"session of {name}"
    yield saga.rest
    saga.http("POST /v1/password/forgot", {"email": f"{name}@example.org"}, expect=202)
    yield saga.rest
    letter = Post(saga.system).newest(f"{name}@example.org", "Set another password")
    first, second = "eight horses in a meadow", "nine horses in a meadow"
    saga.http("POST /v1/password/reset", {"token": codes(letter)[0], "password": first}, expect=204)
    saga.http("PUT /v1/password", {"old": first, "new": second}, by=person, expect=204)
    yield saga.settle


def premiere(saga: Saga, house: House) -> Steps:
    """An event is published, its staff changes twice, and somebody books at once."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    night = show(saga, house.organiser, category, "Premiere", kind("Seat", 3, PRICE), kind("Companion", 2, 0))
    for staff in ([house.door.user_id], [house.door.user_id, house.other.user_id]):
        saga.http(
            f"PUT /v1/events/{night.id}/staff",
            {"user_ids": staff},
            by=house.organiser,
            expect=200,
            headers={"if-match": "*"},
        )
    order(saga, night, house.buyer, of=1)
    yield saga.settle


def repriced(saga: Saga, house: House) -> Steps:
    """An event goes on sale, and the prices of its places change twice."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    night = show(saga, house.organiser, category, "Gala night", kind("Seat", 3), kind("Companion", 2, 0))
    for more in (100, 200):
        reprice(saga, night, house.organiser, PRICE + more)
    yield saga.rest


def reprice(saga: Saga, at: Show, by: Person, prices: int) -> None:
    """A new price of an event's first type, on sale."""
    seen = saga.http(f"GET /v1/events/{at.id}")
    wanted = {"name": seen.json["types"][0]["name"], "prices": prices, "currency": "EUR", "status": "ON_SALE"}
    tagged = {"if-match": seen.headers["etag"]}
    saga.http(f"PUT /v1/events/{at.id}/types/{at.types[0]}", wanted, by=by, headers=tagged, expect=200)


def edit(saga: Saga, at: Show, by: Person, **fields: Any) -> None:
    """The event with these fields, all others as they were."""
    seen = saga.http(f"GET /v1/users/{by.user_id}/events/{at.id}", by=by)
    kept = ("category_id", "name", "venue", "city", "zone", "starts_at", "ends_at", "max_per_user", "hold_seconds")
    wanted = {name: seen.json[name] for name in kept} | fields
    saga.http(f"PUT /v1/events/{at.id}", wanted, by=by, headers={"if-match": seen.headers["etag"]}, expect=200)


def over(saga: Saga, house: House) -> Steps:
    """An event ends later than it was to when it was published; nothing is sold there any more."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    tonight = {"starts_at": "2031-05-01T18:00:00Z", "ends_at": "2031-05-01T21:00:00Z"}
    night = show(saga, house.organiser, category, "Serenade", kind("Seat", 3), **tonight)
    edit(saga, night, house.organiser, ends_at="2031-05-01T22:00:00Z")
    yield saga.tomorrow
    seat = {"event_id": night.id, "number_slot": 1}
    assert saga.http(f"GET /v1/events/{night.id}").json["status"] == "ENDED"
    assert saga.http("POST /v1/bookings", seat, by=house.buyer).problem == "sale-ended"


def enlarged(saga: Saga, house: House) -> Steps:
    """An event has more places than it was published with, then a few less, and is all but sold out."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    night = show(saga, house.organiser, category, "Nocturne", kind("Seat", 3))
    yield saga.settle
    of = {"event_id": night.id, "event_type_id": night.types[0]}
    for version, capacity in enumerate((9, 7), start=2):
        saga.hear(example(CapacityChanged).model_copy(update=of | {"capacity": capacity, "version": version}))
    saga.hear(example(AvailabilityChanged).model_copy(update=of | {"word": "few_left"}))
    yield saga.settle
    assert saga.http(f"GET /v1/events/{night.id}").json["types"][0]["capacity"] == 7


def called_off(saga: Saga, house: House) -> Steps:
    """An event is cancelled: one of its bookings is paid, one is free, one is being paid, one has ended."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    night = show(saga, house.organiser, category, "Requiem", kind("Seat", 9), kind("Companion", 2, 0), max_per_user=9)
    yield saga.settle
    paid, paying, ended = (order(saga, night, house.buyer) for _ in range(3))
    free = order(saga, night, house.other, of=1)
    yield saga.settle
    saga.press(start(saga, paid, house.buyer), "paid")
    page = start(saga, paying, house.buyer)
    cancel(saga, ended, house.buyer)
    for booking in (paid, free, ended):
        yield from _mails(saga, booking)
    saga.http(f"POST /v1/events/{night.id}/cancel", {"message": "Rain"}, by=house.organiser, expect=200)
    yield saga.rest
    late(saga, page)


def handed_on(saga: Saga, house: House) -> Steps:
    """Of two tickets one goes to somebody else, and the other gets a new code."""
    given, kept = yield from _two_tickets(saga, house)
    to = {"to_user_id": house.other.user_id}
    offer = saga.http(f"POST /v1/tickets/{given}/transfer", to, by=house.buyer, expect=201).json
    yield saga.settle
    saga.http(f"POST /v1/transfers/{offer['id']}/accept", by=house.other, expect=200)
    saga.http(f"POST /v1/tickets/{kept}/reissue", by=house.organiser, expect=200)
    yield saga.settle


def taken_back(saga: Saga, house: House) -> Steps:
    """A ticket is admitted, that is taken back, it is admitted again; another goes to somebody else and back."""
    night = yield from _refundable(saga, house)
    booking = order(saga, night, house.buyer, places=2)
    yield saga.settle
    saga.press(start(saga, booking, house.buyer), "paid")
    yield from _mails(saga, booking)
    came, given = [one for one in saga.tables()["tickets"] if one.get("booking_id") == booking["id"]]
    for nonce in (f"scan-one-{came['id']}", f"scan-two-{came['id']}"):
        scan = {"event_id": night.id, "code": came["code"], "nonce": nonce}
        saga.http("POST /v1/check-ins", scan, by=house.organiser, expect=201)
        if nonce.startswith("scan-one"):
            saga.http(f"POST /v1/check-ins/{nonce}/undo", by=house.organiser, expect=200)
    for by, to in ((house.buyer, house.other), (house.other, house.buyer)):
        given = _pass_on(saga, given, by, to)
    yield saga.settle


def passed_on(saga: Saga, house: House) -> Steps:
    """A ticket that could have been given back goes to somebody else."""
    night = yield from _refundable(saga, house)
    booking = order(saga, night, house.buyer)
    yield saga.settle
    saga.press(start(saga, booking, house.buyer), "paid")
    yield from _mails(saga, booking)
    (given,) = [one for one in saga.tables()["tickets"] if one.get("booking_id") == booking["id"]]
    _pass_on(saga, given, house.buyer, house.other)
    yield saga.settle


def _pass_on(saga: Saga, ticket: dict[str, Any], by: Person, to: Person) -> dict[str, Any]:
    """The ticket that the other has from then on."""
    asked = {"to_user_id": to.user_id}
    offer = saga.http(f"POST /v1/tickets/{ticket['id']}/transfer", asked, by=by, expect=201).json
    taken: dict[str, Any] = saga.http(f"POST /v1/transfers/{offer['id']}/accept", by=to, expect=200).json
    return taken


def _refundable(saga: Saga, house: House) -> Generator[Callable[[], None], None, Show]:
    """A night of which all money goes back until two days before."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    policy = {"refund_percent": 100, "refund_hours": 48}
    night = show(saga, house.organiser, category, "Matinee", kind("Seat", 3), **policy)
    yield saga.settle
    return night


def withdrawn(saga: Saga, house: House) -> Steps:
    """Of two tickets the organiser withdraws one."""
    gone, _ = yield from _two_tickets(saga, house)
    saga.http(f"POST /v1/tickets/{gone}/void", by=house.organiser, expect=200)
    yield saga.settle


def _two_tickets(saga: Saga, house: House) -> Generator[Callable[[], None], None, list[str]]:
    booking = order(saga, house.gala, house.buyer, places=2)
    yield saga.settle
    saga.press(start(saga, booking, house.buyer), "paid")
    yield saga.settle
    while not (found := _tickets(saga, booking)):
        assert saga.progress(), "no ticket comes"
    return found


def _tickets(saga: Saga, booking: dict[str, Any]) -> list[str]:
    made = (one for one in saga.tables()["tickets"] if one.get("booking_id") == booking["id"])
    return [one["id"] for one in made if one["status"] == "CREATED"]


def relocated(saga: Saga, house: House) -> Steps:
    """An event for which somebody has a ticket moves to another hall, and its beginning moves, too."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    night = show(saga, house.organiser, category, "Serenade", kind("Companion", 2, 0))
    order(saga, night, house.buyer)
    yield saga.settle
    edit(saga, night, house.organiser, venue="Barn")
    edit(saga, night, house.organiser, starts_at="2031-09-01T20:00:00Z")
    yield saga.rest


def reminded(saga: Saga, house: House) -> Steps:
    """Somebody has a ticket for an event, and its day comes near."""
    category = saga.http("GET /v1/categories").json["items"][0]["id"]
    soon = {"starts_at": "2031-05-02T20:00:00Z", "ends_at": "2031-05-02T22:00:00Z"}
    night = show(saga, house.organiser, category, "Serenade", kind("Companion", 2, 0), **soon)
    order(saga, night, house.buyer)
    yield saga.tomorrow


@dataclass(frozen=True)
class Journey:
    """One path, or the same path walked twice side by side by the same person."""

    name: str
    plays: tuple[Play, ...]

    def __str__(self) -> str:
        return self.name

    def walk(self, saga: Saga, house: House) -> None:
        play(saga, house, *self.plays)


# Of equal situations the first is tried: terms that change stand before staff that does.
PLAYS: tuple[Play, ...] = (
    paid_in_time, admitted, free, number_slot, declined, expired, abandoned, cancelled, cancelled_at_checkout,
    given_back, free_given_back, refunded_whole, resized,
    cancelled_while_paying, webhook_lost, late_with_room, late_without_room, late_on_cancelled,
    tickets_rejected, free_tickets_rejected, newcomer, forgetful, leaver, repriced, premiere, over, enlarged,
    called_off, refunded_in_parts, bounced, held_longer, handed_on, taken_back, withdrawn, relocated, reminded,
)  # fmt: skip
ALONE = tuple(Journey(one.__name__, (one,)) for one in PLAYS)
BESIDE = tuple(Journey(f"{one.__name__}_twice", (one, one)) for one in PLAYS)
