"""Telling people, each thing once."""

from collections.abc import Callable

from common import log, mail
from common.bus.ticket import TicketCreated
from common.call import ask
from common.calls.ticket import RenderedTickets, RenderTickets
from common.mail import Letter
from notify.core import repository, templates
from notify.core.model import Contact, Notification, State, Telling


def tell(event: Telling) -> None:
    """Tell the user of the bus event, in words that need nothing beside it."""
    _tell(event, lambda contact: templates.letter(event, contact))


def send_tickets(created: TicketCreated) -> None:
    """Send the buyer the tickets, which ticket renders; none where they were void before they could be sent."""
    _tell(created, lambda contact: _tickets(created.booking_id, contact))


def give_up(event: Telling) -> None:
    """The mail could not be sent in all the tries."""
    notification = Notification.of(event)
    repository.begin(notification)
    if repository.failed(notification.id):
        log.count("MailsFailed")


def _tell(event: Telling, write: Callable[[Contact], Letter | None]) -> None:
    notification = Notification.of(event)
    if repository.begin(notification) is not State.PENDING:
        return
    contact = repository.contact(notification.user_id)
    letter = write(contact) if contact else None
    if contact is None or letter is None:
        repository.dropped(notification.id)
        return
    # A death between these two lines repeats the mail: a mail twice is better than none.
    message_id = mail.send(contact.email, letter)
    if repository.sent(notification.id, message_id):
        log.count("MailsSent")


def _tickets(booking_id: str, contact: Contact) -> Letter | None:
    rendered = ask("ticket.render_tickets", RenderTickets(booking_id=booking_id), RenderedTickets)
    return templates.tickets(booking_id, rendered, contact) if rendered.tickets else None
