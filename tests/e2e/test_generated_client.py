"""The core journey with the typed client that is generated from the OpenAPI document."""

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
    AccountView,
    Availability,
    BookingRequest,
    BookingView,
    CategoryRequest,
    CategoryType,
    CategoryView,
    CheckInRequest,
    CheckInView,
    EventPage,
    EventRequest,
    LoginRequest,
    OrganiserEventView,
    PaymentRequest,
    PaymentView,
    Problem,
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
    VerifyEmailRequest,
)

from local.actors import choose_outcome, wait_for, wait_for_code
from local.stack import Stack
from tests.support.system.e2e_stack import ADMIN

T = TypeVar("T")
PASSWORD = "a sentence for a client"
PLAIN: dict[str, Any] = {"trust_env": False}  # the local stack needs no proxy


def expect_type(expected_type: type[T], response: object) -> T:
    """Assert the response's type, and return it."""
    assert isinstance(response, expected_type), response
    return response


@dataclass(frozen=True)
class ClientFactory:
    """Creates clients of the API; `exit_stack` closes them."""

    api: str
    exit_stack: ExitStack

    def anonymous(self) -> Client:
        return self.exit_stack.enter_context(Client(base_url=self.api, httpx_args=PLAIN))

    def log_in(self, name: str, password: str) -> AuthenticatedClient:
        credentials = LoginRequest(username=name, password=password)
        tokens = expect_type(TokensView, login.sync(client=self.anonymous(), body=credentials))
        client = AuthenticatedClient(base_url=self.api, token=tokens.access_token, httpx_args=PLAIN)
        return self.exit_stack.enter_context(client)


@pytest.fixture
def clients(stack: Stack) -> Iterator[ClientFactory]:
    with ExitStack() as exit_stack:
        yield ClientFactory(stack.api, exit_stack)


def register_user(clients: ClientFactory, name: str) -> tuple[str, str]:
    """Register a user. Returns the id and the user name."""
    unique = f"{name}-{secrets.token_hex(4)}"
    account = RegisterRequest(
        email=f"{unique}@people.example",
        user_name=unique,
        first_name=name.capitalize(),
        last_name="Client",
        password=PASSWORD,
        mobile_phone="+4915112345678",
    )
    registered = expect_type(AccountView, register.sync(client=clients.anonymous(), body=account))
    return registered.id, account.user_name


def verify_address(clients: ClientFactory, mailbox: str, name: str) -> None:
    """Verify the user's address with the code of the mail."""
    code = wait_for_code(mailbox, f"{name}@people.example", "confirm your e-mail")
    assert (
        verify_email.sync_detailed(client=clients.anonymous(), body=VerifyEmailRequest(token=code)).status_code == 204
    )


def publish_paid_event(organiser: AuthenticatedClient, admin: AuthenticatedClient, staff: str) -> OrganiserEventView:
    """Publish an event with one type and this staff member."""
    category_request = CategoryRequest(name=f"Client {secrets.token_hex(4)}", type_=CategoryType.PAID)
    category = expect_type(CategoryView, create_category.sync(client=admin, body=category_request))
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    event_request = EventRequest(
        category_id=category.id,
        name=f"Recital {secrets.token_hex(4)}",
        venue="Kulturhaus",
        city="Berlin",
        zone="Europe/Berlin",
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        types=[TypeRequest(name="Seat", prices=2500, currency="EUR", capacity=10)],
    )
    event = expect_type(OrganiserEventView, create_event.sync(client=organiser, body=event_request))
    expect_type(
        OrganiserEventView,
        set_staff.sync(event.id, client=organiser, body=StaffRequest(user_ids=[staff]), if_match="*"),
    )
    return expect_type(OrganiserEventView, publish_event.sync(event.id, client=organiser))


def pay(buyer: AuthenticatedClient, booking: BookingView) -> None:
    payment_request = PaymentRequest(order_id=booking.id, price=booking.prices)

    def poll() -> PaymentView | None:
        response = start_payment.sync(client=buyer, body=payment_request)
        if isinstance(response, Problem) and response.type_ == "/problems/order-not-found":
            return None
        return expect_type(PaymentView, response)

    choose_outcome(expect_type(str, wait_for(poll, "the open payment").checkout_url), "paid")


def wait_for_tickets(buyer: AuthenticatedClient, booking: BookingView) -> list[TicketView]:
    def poll() -> list[TicketView] | None:
        tickets = expect_type(TicketPage, list_tickets.sync(client=buyer)).items
        own = [one for one in tickets if one.booking_id == booking.id and one.status == TicketState.CREATED]
        return own if len(own) == booking.quantity else None

    return wait_for(poll, "the tickets")


def test_generated_client_completes_purchase_and_check_in(clients: ClientFactory, stack: Stack) -> None:
    admin = clients.log_in("admin", ADMIN["password"])
    (organiser_id, organiser_name), (staff_id, staff_name), (_, buyer_name) = (
        register_user(clients, name) for name in ("olga", "stan", "berta")
    )
    verify_address(clients, stack.mailbox, organiser_name)
    expect_type(RolesView, set_roles.sync(organiser_id, client=admin, body=RolesRequest(roles=[Role.ORGANISER])))
    organiser, staff, buyer = (clients.log_in(one, PASSWORD) for one in (organiser_name, staff_name, buyer_name))
    event = publish_paid_event(organiser, admin, staff_id)

    def search() -> bool | None:
        page = expect_type(EventPage, list_events.sync(client=buyer, q=event.name))
        return event.id in [one.id for one in page.items] or None

    wait_for(search, "the event in the search results")
    availability = wait_for(lambda: find_availability(buyer, event.id), "the event's availability")
    order = BookingRequest(event_id=event.id, number_slot=2)
    booking = expect_type(
        BookingView, create_booking.sync(client=buyer, body=order, idempotency_key=secrets.token_hex(8))
    )
    pay(buyer, booking)
    ticket = wait_for_tickets(buyer, booking)[0]
    scan = CheckInRequest(event_id=event.id, code=expect_type(str, ticket.code), nonce=secrets.token_hex(8))
    admitted = expect_type(CheckInView, check_in.sync(client=staff, body=scan))
    scan.nonce = secrets.token_hex(8)
    again = expect_type(Problem, check_in.sync(client=staff, body=scan))

    assert availability.types[0].available == 10
    assert expect_type(BookingView, get_booking.sync(booking.id, client=buyer)).status == "CONFIRMED"
    assert admitted.ticket_id == ticket.id
    assert again.type_ == "/problems/already-checked-in"


def find_availability(buyer: AuthenticatedClient, event_id: str) -> Availability | None:
    """The event's availability; None until booking knows the event."""
    response = get_availability.sync(event_id, client=buyer)
    return response if isinstance(response, Availability) else None
