"""Create notifications, then send them: each is stored first and e-mailed by a consumer of NotiPending."""

from datetime import timedelta

from common import clock, log, mail
from common.api import Caller
from common.bus.booking import BookingCancelled, BookingExpired, BookingFailed
from common.bus.notify import NotiPending
from common.bus.ticket import TicketCreated
from common.store import ConditionFailed, Item
from notify.core import contacts, email_rendering, event_copy, notification_mapping, repository
from notify.core.errors import NotificationNotFound, NotResendable, ResendTooSoon
from notify.core.model import DELIVERY_RULES, LIFECYCLE, Kind, State, Trigger
from notify.core.notification_mapping import NotifiableEvent

RESEND_INTERVAL = timedelta(minutes=5)


def create_notifications(event: NotifiableEvent) -> None:
    """Create the notifications for a bus event; NotiPending triggers their delivery."""
    if isinstance(event, TicketCreated | BookingExpired | BookingFailed | BookingCancelled):
        event_copy.link_booking(event.booking_id, event.event_id)  # a refund always follows one of these
    for notification in notification_mapping.notifications_for(event):
        repository.create_pending(notification)


def send(pending: NotiPending) -> None:
    """E-mail the notification, unless the user's settings suppress it. Raises ContactMissing or EventCopyMissing."""
    notification = repository.find(pending.notification_id) or {}
    if notification.get("status") != State.PENDING:
        return
    contact = contacts.find(notification["user_id"])
    if contact and not contact.wants_email(Kind(notification["kind"])):
        repository.finish(notification["id"], Trigger.SUPPRESS)
        return
    email = email_rendering.render(notification, contact) if contact else None
    if contact is None or email is None:
        repository.finish(notification["id"], Trigger.DISCARD)
        return
    # A crash between these two lines repeats the e-mail: twice is better than never.
    message_id = mail.send(contact.email, email)
    if repository.mark_sent(notification["id"], message_id):
        log.count("EmailsSent")


def mark_failed(pending: NotiPending) -> None:
    """End a notification whose retries are exhausted."""
    if _is_offer_to_unknown_user(repository.find(pending.notification_id) or {}):
        repository.finish(pending.notification_id, Trigger.DISCARD)
    elif repository.finish(pending.notification_id, Trigger.FAIL):
        log.count("EmailsFailed")


def _is_offer_to_unknown_user(notification: Item) -> bool:
    """Whether it offers a ticket to an unknown user id: senders may name any id, so this raises no alarm."""
    return notification.get("kind") == Kind.TICKET_OFFERED and not contacts.exists(notification["user_id"])


def get_owned(caller: Caller, notification_id: str) -> Item:
    """Return the caller's notification. Raises NotificationNotFound."""
    notification = repository.find(notification_id)
    if notification is None or notification["user_id"] != caller.user_id:
        raise NotificationNotFound
    return notification


def resend(caller: Caller, notification_id: str) -> Item:
    """Return the notification, PENDING again. Raises NotificationNotFound, NotResendable or ResendTooSoon."""
    notification = get_owned(caller, notification_id)
    _require_resendable(notification)
    try:
        return repository.requeue(
            notification_id, actor=caller.user_id, unless_requested_since=clock.now() - RESEND_INTERVAL
        )
    except ConditionFailed as failure:
        current = failure.old_items[0] or notification
    _require_resendable(current)
    remaining = clock.parse(current["pending_at"]) + RESEND_INTERVAL - clock.now()
    raise ResendTooSoon(retry_after=max(1, int(remaining.total_seconds()) + 1))


def _require_resendable(notification: Item) -> None:
    if notification["status"] == State.SENT and not DELIVERY_RULES[Kind(notification["kind"])].has_tickets:
        raise NotResendable("It was sent, and carries no tickets.")
    if not LIFECYCLE.allows(State(notification["status"]), Trigger.RESEND):
        raise NotResendable(f"It is {notification['status']}.")
