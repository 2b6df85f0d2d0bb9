"""The ticket content of emails: whose tickets, which tickets, type names and QR codes."""

import base64
import io
from typing import Any

from PIL import Image

from common.rpc.ticket import RenderTicketsResponse
from local import qr_reader
from tests.support.drivers.ticket_driver import (
    OWNER,
    RECIPIENT,
    accept_transfer,
    create_transfer,
    event_terms,
    issue_tickets,
    render_tickets,
    stored_items,
)
from tests.support.system.system import System


def emailed_ticket_ids(system: System, booking: Any, **filters: Any) -> set[str]:
    """The ids of the tickets in an email about the booking."""
    response = system.invoke("ticket.render_tickets", {"booking_id": booking.booking_id} | filters)
    return {one.ticket_id for one in RenderTicketsResponse.model_validate(response).tickets}


def test_email_shows_only_tickets_of_its_recipient(system: System, booking: Any, ticket: dict[str, Any]) -> None:
    accepted = accept_transfer(system, create_transfer(system, ticket)).json["id"]
    [kept] = [
        one["id"] for one in stored_items(system, "ticket") if one["status"] == "CREATED" and one["id"] != accepted
    ]

    assert emailed_ticket_ids(system, booking) == {accepted, kept}
    assert emailed_ticket_ids(system, booking, user_id=RECIPIENT.user_id) == {accepted}
    assert emailed_ticket_ids(system, booking, user_id=OWNER.user_id) == {kept}
    assert emailed_ticket_ids(system, booking, ticket_ids=[accepted]) == {accepted}
    assert emailed_ticket_ids(system, booking, user_id=OWNER.user_id, ticket_ids=[accepted]) == set()
    assert emailed_ticket_ids(system, booking, user_id=RECIPIENT.user_id, ticket_ids=[accepted, kept]) == {accepted}


def test_missing_type_name_falls_back_to_ticket(system: System) -> None:
    system.deliver(event_terms(types=()), "ticket.on_event_changed")

    [one] = render_tickets(system, issue_tickets(system).booking_id).tickets

    assert one.type_name == "Ticket"


def test_qr_code_has_background_quiet_zone_and_error_correction(system: System, booking: Any) -> None:
    one, _ = render_tickets(system, booking.booking_id).tickets

    image = Image.open(io.BytesIO(base64.b64decode(one.qr_png)))

    [barcode] = qr_reader.read_codes(image)
    assert barcode.ec_level in ("M", "Q", "H")
    assert image.convert("RGBA").getchannel("A").getextrema() == (255, 255)
    left, top, right, bottom = image.convert("L").point(lambda shade: 255 - shade).getbbox() or (0, 0, 0, 0)
    assert (left, top, image.width - right, image.height - bottom) == (32, 32, 32, 32)  # 4 modules of 8 pixels
