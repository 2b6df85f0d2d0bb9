"""What people read, and the calls that no path of a booking needs: with the journeys, every function runs."""

from datetime import timedelta
from typing import Any

from common import ids
from common.bus.auth import UserRegistered
from tests.saga.journeys import ALONE, Journey, Steps, cancel, late, order, refund, start
from tests.support.builders import PASSWORD, House, kind, register, show
from tests.support.gateway import Person
from tests.support.post import codes
from tests.support.saga import Saga
from tools.docs.examples import example

_HOUR = 3600.0  # seconds after which the reconciler judges everything
_QUIET = 2
_LATER = timedelta(minutes=10)  # a mail may be sent again
_ADMIN = Person("admin", user_id="the-admin")


def read(saga: Saga, *calls: str, by: Person | None = None, headers: dict[str, str] | None = None) -> list[Any]:
    """What each of these answers."""
    return [saga.http(f"GET {one}", by=by, headers=headers or {}, expect=200) for one in calls]


def pages(saga: Saga, *calls: str, by: Person | None = None) -> None:
    """The first two pages of these lists, of one item each."""
    for one in calls:
        first = saga.http(f"GET {one}", by=by, query={"limit": "1"}, expect=200).json
        saga.http(f"GET {one}", by=by, query={"limit": "1", "next_token": first["next_token"]}, expect=200)


def looks_around(saga: Saga, house: House) -> Steps:
    """Somebody without an account."""
    category = read(saga, "/v1/categories")[0].json["items"][0]["id"]
    saga.ask("events.rebuild_index", {})
    pages(saga, "/v1/events")
    read(saga, f"/v1/events/{house.gala.id}", f"/v1/events/{house.gala.id}/availability")
    read(saga, f"/v1/categories/{category}", "/v1/jwks")
    yield saga.rest


def settles_in(saga: Saga, house: House) -> Steps:
    """Somebody proves an address, logs in on two devices, looks at everything, and logs out of both."""
    name = f"vera{saga.count('vera')}"
    person = register(saga, name)
    person.email_verified = False
    yield saga.rest
    saga.http("POST /v1/email/verification", by=person, expect=202)
    yield saga.rest
    letters = [one for one in saga.system.mails() if one["To"] == f"{name}@example.org"]
    saga.http("POST /v1/email/verify", {"token": codes(letters[-1])[0]}, expect=204)
    yield saga.rest
    tokens = [_logs_in(saga, name), _logs_in(saga, name)]
    again = saga.http("POST /v1/token/refresh", {"refresh_token": tokens[0]["refresh_token"]}, expect=200).json
    assert saga.ask("auth.authorize", _with(again["access_token"]))["isAuthorized"]
    mine = f"/v1/users/{person.user_id}"
    pages(saga, "/v1/sessions", by=person)
    read(saga, mine, f"{mine}/settings", by=person)
    _export(saga, person)
    saga.http("POST /v1/logout", {"refresh_token": again["refresh_token"]}, by=person, expect=204)
    saga.http(f"DELETE /v1/sessions/{tokens[1]['refresh_token'].split('.')[1]}", by=person, expect=204)
    assert not saga.ask("auth.authorize", _with(again["access_token"]))["isAuthorized"]
    yield saga.rest


def _logs_in(saga: Saga, name: str) -> dict[str, Any]:
    tokens: dict[str, Any] = saga.http("POST /v1/login", {"username": name, "password": PASSWORD}, expect=200).json
    return tokens


def _with(token: str) -> dict[str, Any]:
    return {"version": "2.0", "headers": {"authorization": f"Bearer {token}"}, "requestContext": {"requestId": "r"}}


def _export(saga: Saga, person: Person) -> None:
    token = None
    while True:
        page = saga.http(
            f"GET /v1/users/{person.user_id}/export",
            by=person,
            query={"next_token": token} if token else None,
            expect=200,
        )
        token = page.json["next_token"]
        if not token:
            return


def administers(saga: Saga, house: House) -> Steps:
    """The first admin is made, and looks after people."""
    about = {"user_name": "root", "first_name": "Anna", "last_name": "Example", "mobile_phone": "+4915112345678"}
    made = saga.ask("auth.ensure_admin", about | {"email": "anna@example.org", "password": PASSWORD})
    admin = Person("admin", user_id=made["id"])
    pages(saga, "/v1/users", by=admin)
    other = register(saga, f"ruth{saga.count('ruth')}")
    yield saga.settle
    for roles in (["organiser"], ["admin"]):
        saga.http(f"PUT /v1/users/{other.user_id}/roles", {"roles": roles}, by=admin, expect=200)
    saga.http(f"DELETE /v1/users/{other.user_id}", by=other, expect=204)
    yield saga.rest


def plans(saga: Saga, house: House) -> Steps:
    """An organiser makes an event in all its parts, copies it, enlarges it at once, and cancels it."""
    category = saga.http("POST /v1/categories", {"name": "Opera", "type": "paid"}, by=_ADMIN, expect=201).json["id"]
    saga.http(f"PUT /v1/categories/{category}", {"name": "Operas"}, by=_ADMIN, headers={"if-match": "*"}, expect=200)
    night = show(saga, house.organiser, category, "Norma", kind("Seat", 3))
    capacity = f"PUT /v1/events/{night.id}/types/{night.types[0]}/capacity"
    saga.http(capacity, {"capacity": 5}, by=house.organiser, expect=200)
    again = {"starts_at": "2031-10-01T19:00:00Z", "ends_at": "2031-10-01T22:00:00Z"}
    copy = saga.http(f"POST /v1/events/{night.id}/clone", again, by=house.organiser, expect=201).json["id"]
    saga.http(f"POST /v1/events/{copy}/types", kind("Box", 1, 9000), by=house.organiser, expect=201)
    own = f"/v1/users/{house.organiser.user_id}/events"
    pages(saga, own, by=house.organiser)
    read(saga, f"{own}/{copy}", by=house.organiser)
    pages(saga, "/v1/categories")
    saga.http(f"POST /v1/events/{night.id}/cancel", {"message": "Rain"}, by=house.organiser, expect=200)
    yield saga.rest
    read(saga, f"/v1/events/{night.id}/cancellation", by=house.organiser)


def thinks_better_of_it(saga: Saga, house: House) -> Steps:
    """A booking is cancelled before its tickets can be begun."""
    saga.outages.add(("ticket.on_booking_confirmed", "TransactWriteItems"))
    booking = order(saga, house.gala, house.buyer, of=1)
    yield saga.settle
    saga.outages.clear()
    cancel(saga, booking, house.buyer)
    yield saga.rest


def comes_too_late(saga: Saga, house: House) -> Steps:
    """The last places are gone; what an hour before was asked for is asked for again, and is still there."""
    held = order(saga, house.solo, house.other, places=2)
    wanted = {"event_id": house.solo.id, "items": [{"event_type_id": house.solo.types[0], "qty": 1}]}
    saga.http("POST /v1/bookings", wanted, by=house.buyer, expect=409)
    yield saga.settle
    read(saga, f"/v1/bookings/{held['id']}", by=house.other)


def looks_after(saga: Saga, house: House) -> Steps:
    """A buyer looks at everything bought, offers a ticket and keeps it, and wants the mail once more."""
    order(saga, house.gala, house.buyer, of=1)
    booking = order(saga, house.gala, house.buyer, places=2)
    yield saga.settle
    page = start(saga, booking, house.buyer)
    read(saga, "/" + page.split("/", 3)[3])
    saga.press(page, "paid")
    yield saga.settle
    payment = ids.derive("payment", booking["id"])
    pages(saga, "/v1/bookings", "/v1/payments", "/v1/tickets", "/v1/notifications", by=house.buyer)
    mine = [one for one in saga.tables()["tickets"] if one["sk"] == "ticket" and one["booking_id"] == booking["id"]]
    kept, given = [one["id"] for one in mine]
    read(
        saga,
        f"/v1/bookings/{booking['id']}",
        f"/v1/payments/{payment}",
        f"/v1/payments/{payment}/receipt",
        by=house.buyer,
    )
    read(saga, *(f"/v1/tickets/{kept}{part}" for part in ("", "/qr", "/pdf", "/calendar")), by=house.buyer)
    to = {"to_user_id": house.other.user_id}
    offer = saga.http(f"POST /v1/tickets/{given}/transfer", to, by=house.buyer, expect=201).json["id"]
    read(saga, f"/v1/transfers/{offer}", by=house.other)
    saga.http(f"DELETE /v1/tickets/{given}/transfer", by=house.buyer, expect=204)
    yield saga.settle
    notice = read(saga, "/v1/notifications", by=house.buyer)[0].json["items"][0]["id"]
    saga.http(f"PUT /v1/notifications/{notice}", {"read": True}, by=house.buyer, expect=200)
    saga.now += _LATER
    saga.http(f"POST /v1/notifications/{notice}/resend", by=house.buyer, expect=200)
    _export(saga, house.buyer)
    yield saga.settle


def counts(saga: Saga, house: House) -> Steps:
    """The door admits somebody; it and the organiser look at how many came, and what came in and went back."""
    order(saga, house.gala, house.other, of=1)
    booking = order(saga, house.gala, house.buyer)
    yield saga.settle
    saga.press(start(saga, booking, house.buyer), "paid")
    yield saga.settle
    refund(saga, booking, house.organiser, "The bar was shut.", amount=100)
    yield saga.settle
    ticket = saga.http("GET /v1/tickets", by=house.buyer, expect=200).json["items"][0]
    nonce = f"scan-of-{ticket['id']}"
    # As a door without a network shows it: the signed text, not the code.
    shown = next(one["qr_payload"] for one in saga.tables()["tickets"] if one["pk"] == ticket["id"] and "code" in one)
    scan = {"event_id": house.gala.id, "code": shown, "nonce": nonce}
    saga.http("POST /v1/check-ins", scan, by=house.door, expect=201)
    read(saga, f"/v1/check-ins/{nonce}", f"/v1/events/{house.gala.id}/door", by=house.door)
    about = f"/v1/events/{house.gala.id}"
    pages(saga, f"{about}/bookings", f"{about}/attendees", by=house.organiser)
    read(saga, f"{about}/sales", f"{about}/attendees/csv", by=house.organiser)
    saga.ask("payment.ask_provider", {"payment_id": ids.derive("payment", booking["id"])})
    _export(saga, house.organiser)


def leaves_letters_behind(saga: Saga, house: House) -> Steps:
    """Somebody goes for good of whom messages lie in dead-letter queues."""
    person = register(saga, f"leo{saga.count('leo')}")
    yield saga.rest
    saga.outages |= {("user.on_user_registered", "PutItem"), ("notify.on_settings_changed", "UpdateItem")}
    saga.outages.add(("auth.on_settings_changed", "UpdateItem"))
    saga.hear(example(UserRegistered).model_copy(update={"user_id": person.user_id}))
    wanted = {"locale": "de", "zone": "Europe/Berlin", "channels": []}
    saga.http(f"PUT /v1/users/{person.user_id}/settings", wanted, by=person, expect=200, headers={"if-match": "*"})
    yield saga.rest
    saga.outages.clear()
    assert len(saga.dead) == 3
    saga.http(f"DELETE /v1/users/{person.user_id}", by=person, expect=204)
    yield saga.rest
    assert not saga.dead


def stumbles(saga: Saga, house: House) -> Steps:
    """The provider fails once wherever it is asked, over a booking that is paid and one that is not."""
    wrong = ("open.unavailable", "look.slow", "look.unavailable", "close.unavailable", "refund.unavailable")
    rates = dict.fromkeys((*wrong, "pay.webhook_twice"), 1.0)
    with saga.system.set("PROVIDER_FAULTS", "1"):
        saga.http("PUT /sandbox/faults", {"rates": rates, "times": 1, "slow_ms": 0}, expect=200)
        read(saga, "/sandbox/faults")
        paid, unpaid = (order(saga, house.gala, by) for by in (house.buyer, house.other))
        yield saga.settle
        start(saga, unpaid, house.other)
        saga.press(start(saga, paid, house.buyer), "paid")
        yield saga.settle
        refund(saga, paid, house.organiser, "The bar was shut.", amount=100)
        yield saga.rest
        saga.ask("payment.ask_provider", {"payment_id": ids.derive("payment", paid["id"])})


def forgotten(saga: Saga, house: House) -> Steps:
    """Nobody hears of an order, nor that its time is up: the reconciler tells it again."""
    order(saga, house.gala, house.buyer)
    saga.queue.clear()
    yield saga.rest
    _reconciled(saga)


def untold(saga: Saga, house: House) -> Steps:
    """Nobody is told of tickets, for the word of them is lost: the reconciler has it said again."""
    saga.outages.add(("notify.on_ticket_created", "PutItem"))
    order(saga, house.gala, house.buyer, of=1)
    yield saga.rest
    saga.outages.clear()
    saga.dead.clear()
    _reconciled(saga)


def unheard(saga: Saga, house: House) -> Steps:
    """Late money, of which no webhook tells: the reconciler asks the provider."""
    booking = order(saga, house.solo, house.buyer)
    yield saga.settle
    page = start(saga, booking, house.buyer)
    yield saga.rest
    saga.provider.lost_webhooks += 9
    late(saga, page)
    yield saga.rest
    _reconciled(saga)


def _reconciled(saga: Saga) -> None:
    """The clock wakes the reconciler until two rounds had nothing to mend: in one, somebody may not answer."""
    quiet = 0
    while quiet < _QUIET:
        saga.wait(_HOUR)
        mended, finished = 0, False
        while not finished:
            told = saga.ask("reconcile.make_round", {})
            mended, finished = mended + told["wrong"] + told["learnt"], told["finished"]
        saga.rest()
        quiet = 0 if mended else quiet + 1


PLAYS = (
    looks_around, settles_in, administers, plans, thinks_better_of_it, comes_too_late, looks_after, counts,
    leaves_letters_behind, stumbles, forgotten, untold, unheard,
)  # fmt: skip
VISITS = tuple(Journey(one.__name__, (one,)) for one in PLAYS)
EVERYTHING = (*ALONE, *VISITS)
