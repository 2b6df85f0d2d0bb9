"""The core of the journey through the typed client that is generated from the document, checked by mypy."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from ticketing_api import AuthenticatedClient, Client
from ticketing_api.api.auth import login, register, set_roles, verify_email
from ticketing_api.api.booking import create_booking, get_availability, get_booking
from ticketing_api.api.events import create_category, create_event, list_events, publish_event, set_staff
from ticketing_api.api.payment import start_payment
from ticketing_api.api.ticket import check_in, list_tickets
from ticketing_api.models import (
    Availability,
    BookingRequest,
    BookingView,
    CategoryRequest,
    CategoryType,
    CategoryView,
    CheckInRequest,
    CheckInView,
    CodeRequest,
    EventPage,
    EventRequest,
    LoginRequest,
    OrganisedEventView,
    PaymentRequest,
    PaymentView,
    Problem,
    RegisteredView,
    RegisterRequest,
    Role,
    RolesRequest,
    RolesView,
    StaffRequest,
    TicketPage,
    TicketState,
    TicketView,
    TokensView,
    TypeRequest,
)

from local.people import choose, code_in, until
from local.stack import Stack
from tests.support.stack import ADMIN

T = TypeVar("T")
PASSWORD = "a sentence for a client"
PLAIN: dict[str, Any] = {"trust_env": False}  # no proxy stands before this machine's own stack


def given(kind: type[T], answer: object) -> T:
    """The answer, which must be of this kind."""
    assert isinstance(answer, kind), answer
    return answer


@dataclass(frozen=True)
class Entrance:
    """Gives clients of the API, and closes them in the end."""

    api: str
    opened: ExitStack

    def nobody(self) -> Client:
        return self.opened.enter_context(Client(base_url=self.api, httpx_args=PLAIN))

    def person(self, name: str, password: str) -> AuthenticatedClient:
        names = LoginRequest(username=name, password=password)
        tokens = given(TokensView, login.sync(client=self.nobody(), body=names))
        client = AuthenticatedClient(base_url=self.api, token=tokens.access_token, httpx_args=PLAIN)
        return self.opened.enter_context(client)


@pytest.fixture
def entrance(stack: Stack) -> Iterator[Entrance]:
    with ExitStack() as opened:
        yield Entrance(stack.api, opened)


def joined(entrance: Entrance, name: str) -> tuple[str, str]:
    """A new person's id and user name."""
    unique = f"{name}-{secrets.token_hex(4)}"
    account = RegisterRequest(
        email=f"{unique}@people.example",
        user_name=unique,
        first_name=name.capitalize(),
        last_name="Client",
        password=PASSWORD,
        mobile_phone="+4915112345678",
    )
    made = given(RegisteredView, register.sync(client=entrance.nobody(), body=account))
    return made.id, account.user_name


def verified(entrance: Entrance, mailbox: str, name: str) -> None:
    """The person's address is proved with the code that comes to it."""
    code = code_in(mailbox, f"{name}@people.example", "confirm your e-mail")
    assert verify_email.sync_detailed(client=entrance.nobody(), body=CodeRequest(token=code)).status_code == 204


def on_sale(organiser: AuthenticatedClient, admin: AuthenticatedClient, staff: str) -> OrganisedEventView:
    """A published event with one type, at whose door this person stands."""
    kind = CategoryRequest(name=f"Client {secrets.token_hex(4)}", type_=CategoryType.PAID)
    category = given(CategoryView, create_category.sync(client=admin, body=kind))
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    plan = EventRequest(
        category_id=category.id,
        name=f"Recital {secrets.token_hex(4)}",
        venue="Kulturhaus",
        city="Berlin",
        zone="Europe/Berlin",
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        types=[TypeRequest(name="Seat", prices=2500, currency="EUR", capacity=10)],
    )
    event = given(OrganisedEventView, create_event.sync(client=organiser, body=plan))
    given(
        OrganisedEventView,
        set_staff.sync(event.id, client=organiser, body=StaffRequest(user_ids=[staff]), if_match="*"),
    )
    return given(OrganisedEventView, publish_event.sync(event.id, client=organiser))


def paid(buyer: AuthenticatedClient, booking: BookingView) -> None:
    due = PaymentRequest(order_id=booking.id, price=booking.prices)

    def started() -> PaymentView | None:
        answer = start_payment.sync(client=buyer, body=due)
        if isinstance(answer, Problem) and answer.type_ == "/problems/order-unknown":
            return None
        return given(PaymentView, answer)

    choose(given(str, until(started, "the payment's opening").checkout_url), "paid")


def tickets(buyer: AuthenticatedClient, booking: BookingView) -> list[TicketView]:
    def look() -> list[TicketView] | None:
        found = given(TicketPage, list_tickets.sync(client=buyer)).items
        mine = [one for one in found if one.booking_id == booking.id and one.status == TicketState.CREATED]
        return mine if len(mine) == booking.quantity else None

    return until(look, "the tickets")


def test_the_generated_client_goes_from_a_registration_to_the_door(entrance: Entrance, stack: Stack) -> None:
    admin = entrance.person("admin", ADMIN["password"])
    (organiser_id, organiser_name), (staff_id, staff_name), (_, buyer_name) = (
        joined(entrance, name) for name in ("olga", "stan", "berta")
    )
    verified(entrance, stack.mailbox, organiser_name)
    given(RolesView, set_roles.sync(organiser_id, client=admin, body=RolesRequest(roles=[Role.ORGANISER])))
    organiser, staff, buyer = (entrance.person(one, PASSWORD) for one in (organiser_name, staff_name, buyer_name))
    event = on_sale(organiser, admin, staff_id)

    def found() -> bool | None:
        page = given(EventPage, list_events.sync(client=buyer, q=event.name))
        return event.id in [one.id for one in page.items] or None

    until(found, "the event in the search")
    free = until(lambda: sold(buyer, event.id), "the event's sale")
    order = BookingRequest(event_id=event.id, number_slot=2)
    booking = given(BookingView, create_booking.sync(client=buyer, body=order, idempotency_key=secrets.token_hex(8)))
    paid(buyer, booking)
    ticket = tickets(buyer, booking)[0]
    scan = CheckInRequest(event_id=event.id, code=given(str, ticket.code), nonce=secrets.token_hex(8))
    admitted = given(CheckInView, check_in.sync(client=staff, body=scan))
    scan.nonce = secrets.token_hex(8)
    again = given(Problem, check_in.sync(client=staff, body=scan))

    assert free.types[0].available == 10
    assert given(BookingView, get_booking.sync(booking.id, client=buyer)).status == "CONFIRMED"
    assert admitted.ticket_id == ticket.id
    assert again.type_ == "/problems/already-checked-in"


def sold(buyer: AuthenticatedClient, event_id: str) -> Availability | None:
    """The event's places, once booking knows it."""
    answer = get_availability.sync(event_id, client=buyer)
    return answer if isinstance(answer, Availability) else None
