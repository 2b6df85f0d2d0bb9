"""Telling people, each thing once: first it is written down, then it is sent."""

from datetime import timedelta

from common import clock, log, mail
from common.api import Caller
from common.bus.booking import BookingCancelled, BookingExpired, BookingFailed
from common.bus.notify import NotiPending
from common.bus.ticket import TicketCreated
from common.store import ConditionFailed, Item
from notify.core import contacts, letters, repository, shows, tellings
from notify.core.errors import NotificationUnknown, NotResendable, ResentLately
from notify.core.model import LIFECYCLE, RULES, Kind, State, Trigger
from notify.core.tellings import Telling

RESEND_EVERY = timedelta(minutes=5)


def tell(event: Telling) -> None:
    """Write down what is to be told; sending follows from that."""
    if isinstance(event, TicketCreated | BookingExpired | BookingFailed | BookingCancelled):
        shows.remember(event.booking_id, event.event_id)  # any money that goes back comes after one of these
    for notification in tellings.of(event):
        repository.begin(notification)


def send(pending: NotiPending) -> None:
    """Mail the notification, in words made of its ids, unless its user does not want it mailed."""
    notice = repository.find(pending.notification_id) or {}
    if notice.get("status") != State.PENDING:
        return
    contact = contacts.find(notice["user_id"])
    if contact and not contact.wants(Kind(notice["kind"])):
        repository.ended(notice["id"], Trigger.KEEP)
        return
    letter = letters.letter(notice, contact) if contact else None
    if contact is None or letter is None:
        repository.ended(notice["id"], Trigger.DROP)
        return
    # A death between these two lines repeats the mail: a mail twice is better than none.
    message_id = mail.send(contact.email, letter)
    if repository.sent(notice["id"], message_id):
        log.count("MailsSent")


def give_up(pending: NotiPending) -> None:
    """The mail could not be sent in all the tries."""
    if _to_nobody(repository.find(pending.notification_id) or {}):
        repository.ended(pending.notification_id, Trigger.DROP)
    elif repository.ended(pending.notification_id, Trigger.FAIL):
        log.count("MailsFailed")


def _to_nobody(notice: Item) -> bool:
    """An offer names whom its maker likes, known or not: that nobody has this id is no failure to look into."""
    return notice.get("kind") == Kind.TICKET_OFFERED and not contacts.known(notice["user_id"])


def owned(caller: Caller, notification_id: str) -> Item:
    """The caller's notification. Raises NotificationUnknown."""
    found = repository.find(notification_id)
    if found is None or found["user_id"] != caller.user_id:
        raise NotificationUnknown
    return found


def resend(caller: Caller, notification_id: str) -> Item:
    """The notification, PENDING again. Raises NotResendable, ResentLately."""
    notice = owned(caller, notification_id)
    _resendable(notice)
    try:
        return repository.again(notification_id, by=caller.user_id, unless_since=clock.now() - RESEND_EVERY)
    except ConditionFailed as failure:
        found = failure.old[0] or notice
    _resendable(found)
    left = clock.parse(found["pending_at"]) + RESEND_EVERY - clock.now()
    raise ResentLately(retry_after=max(1, int(left.total_seconds()) + 1))


def _resendable(notice: Item) -> None:
    if notice["status"] == State.CREATED and not RULES[Kind(notice["kind"])].tickets:
        raise NotResendable("It was sent, and carries no tickets.")
    if not LIFECYCLE.allows(State(notice["status"]), Trigger.RESEND):
        raise NotResendable(f"It is {notice['status']}.")
