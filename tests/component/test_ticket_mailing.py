"""What the mail shows of a booking's tickets: whose they are, which are meant, and how the event calls them."""

import base64
import io
from typing import Any

from PIL import Image

from common.calls.ticket import RenderedTickets
from local import scanner
from tests.component.test_ticket_desk import booking, ticket
from tests.component.test_ticket_issuing import at_noon, items, terms
from tests.component.test_ticket_showing import OWNER, issued, rendered
from tests.component.test_ticket_transfers import FRIEND, accept, offer
from tests.support.system import System

__all__ = ["at_noon", "booking", "ticket"]


def mailed(system: System, booking: Any, **whose: Any) -> set[str]:
    """The tickets of a mail about the booking."""
    answer = system.invoke("ticket.render_tickets", {"booking_id": booking.booking_id} | whose)
    return {one.ticket_id for one in RenderedTickets.model_validate(answer).tickets}


def test_a_mail_about_some_tickets_has_those_of_its_reader_only(
    system: System, booking: Any, ticket: dict[str, Any]
) -> None:
    taken = accept(system, offer(system, ticket)).json["id"]
    [kept] = [one["id"] for one in items(system, "ticket") if one["status"] == "CREATED" and one["id"] != taken]

    assert mailed(system, booking) == {taken, kept}
    assert mailed(system, booking, user_id=FRIEND.user_id) == {taken}
    assert mailed(system, booking, user_id=OWNER.user_id) == {kept}
    assert mailed(system, booking, ticket_ids=[taken]) == {taken}
    assert mailed(system, booking, user_id=OWNER.user_id, ticket_ids=[taken]) == set()
    assert mailed(system, booking, user_id=FRIEND.user_id, ticket_ids=[taken, kept]) == {taken}


def test_a_type_that_the_event_does_not_name_is_a_ticket(system: System) -> None:
    system.deliver(terms(types=()), "ticket.keep_event")

    [one] = rendered(system, issued(system).booking_id).tickets

    assert one.type_name == "Ticket"


def test_the_qr_code_is_readable_on_any_ground_and_with_a_scratch(system: System, booking: Any) -> None:
    one, _ = rendered(system, booking.booking_id).tickets

    picture = Image.open(io.BytesIO(base64.b64decode(one.qr_png)))

    [found] = scanner.codes(picture)
    assert found.ec_level in ("M", "Q", "H")
    assert picture.convert("RGBA").getchannel("A").getextrema() == (255, 255)
    left, top, right, bottom = picture.convert("L").point(lambda shade: 255 - shade).getbbox() or (0, 0, 0, 0)
    assert (left, top, picture.width - right, picture.height - bottom) == (32, 32, 32, 32)  # 4 modules of 8 pixels
