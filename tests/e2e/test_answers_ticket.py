"""What the calls of ticket and notify answer, beside what their form brings."""

import secrets
from typing import Any

import pytest

from local.people import until
from tests.support.answers import Asking
from tests.support.house import FREE, House

SOME = "8d4b8d3e-6d0c-4a51-9d1a-0f0d5c1f2a3b"

FORMS = ("/qr", "/pdf", "/calendar")


def scan(house: House, ticket: int, **fields: Any) -> dict[str, Any]:
    """A scan at the party's door; each test has tickets of its own."""
    nonce = secrets.token_hex(8)
    return {"event_id": house.party["id"], "code": house.tickets[ticket]["code"], "nonce": nonce} | fields


@pytest.mark.parametrize("call", ["GET /v1/tickets", "GET /v1/notifications"])
def test_ones_own_are_listed(call: str, house: House, ask: Asking) -> None:
    assert ask(house.buyer.client, call).told == (200, "done")


@pytest.mark.parametrize("what", ["", *FORMS])
def test_ones_own_ticket_is_shown_and_others_are_unknown(what: str, house: House, ask: Asking) -> None:
    address = f"GET /v1/tickets/{house.tickets[0]['id']}{what}"

    assert ask(house.buyer.client, address).told == (200, "done")
    assert ask(house.stranger.client, address).told == (404, "ticket-unknown")


@pytest.mark.parametrize("what", FORMS)
@pytest.mark.parametrize(("status", "problem"), [("PENDING", "not-issued"), ("VOID", "ticket-void")])
def test_a_ticket_that_admits_nobody_is_not_handed_out(
    status: str, problem: str, what: str, house: House, ask: Asking
) -> None:
    ticket = house.tickets[1]["id"]

    with house.altered("tickets", ticket, "ticket", status=status):
        answer = ask(house.buyer.client, f"GET /v1/tickets/{ticket}{what}")

    assert answer.told == (409, problem)


def test_a_ticket_admits_once(house: House, ask: Asking) -> None:
    first = scan(house, 2)

    admitted = ask(house.staff.client, "POST /v1/check-ins", first)
    again = ask(house.staff.client, "POST /v1/check-ins", scan(house, 2))
    reused = ask(house.staff.client, "POST /v1/check-ins", first | {"code": house.tickets[3]["code"]})

    assert (admitted.told, again.told) == ((201, "done"), (409, "already-checked-in"))
    assert reused.told == (422, "nonce-reused")


def test_a_ticket_admits_nowhere_else(house: House, ask: Asking) -> None:
    other = ask(house.staff.client, "POST /v1/check-ins", scan(house, 4, event_id=house.concert["id"]))
    unknown = ask(house.staff.client, "POST /v1/check-ins", scan(house, 4, code="NO-SUCH-CODE"))
    no_staff = ask(house.stranger.client, "POST /v1/check-ins", scan(house, 4))

    assert (other.told, unknown.told) == ((409, "other-event"), (404, "unknown-code"))
    assert no_staff.told == (404, "event-unknown")


def test_a_void_ticket_admits_nobody(house: House, ask: Asking) -> None:
    with house.altered("tickets", house.tickets[5]["id"], "ticket", status="VOID"):
        answer = ask(house.staff.client, "POST /v1/check-ins", scan(house, 5))

    assert answer.told == (409, "ticket-void")


def test_a_check_in_is_undone_once(house: House, ask: Asking) -> None:
    made = scan(house, 6)
    ask(house.staff.client, "POST /v1/check-ins", made)
    undo = f"POST /v1/check-ins/{made['nonce']}/undo"

    with house.altered("tickets", house.tickets[6]["id"], "ticket", status="VOID"):
        void = ask(house.staff.client, undo)
    undone = ask(house.staff.client, undo)
    again = ask(house.staff.client, "POST /v1/check-ins", made)

    assert (void.told, undone.told, again.told) == ((409, "ticket-void"), (200, "done"), (410, "check-in-undone"))


def test_what_was_not_admitted_is_not_undone(house: House, ask: Asking) -> None:
    undo = f"POST /v1/check-ins/{secrets.token_hex(8)}/undo"

    assert ask(house.staff.client, undo).told == (404, "check-in-unknown")


def test_who_admits_no_longer_undoes_nothing(house: House, ask: Asking) -> None:
    made = scan(house, 7)
    ask(house.staff.client, "POST /v1/check-ins", made)

    with house.altered("tickets", house.party["id"], "event", staff=[]):
        answer = ask(house.staff.client, f"POST /v1/check-ins/{made['nonce']}/undo")

    assert answer.told == (404, "event-unknown")


def test_the_door_knows_its_event(house: House, ask: Asking) -> None:
    # An event of its own: at the party other tests change tickets, some of them later than they end.
    show = house.organiser.publishes(house.free, "Own door", [{"name": "Entry"} | FREE], staff=(house.staff.id,))
    call = f"GET /v1/events/{show['id']}/door"

    first = until(lambda: answer if (answer := ask(house.staff.client, call)).told[0] == 200 else None, "the door")
    again = ask(house.staff.client, call, headers={"If-None-Match": first.headers["ETag"]})

    assert (first.told, again.told) == ((200, "done"), (304, "unchanged"))
    assert ask(house.stranger.client, call).told == (404, "event-unknown")
