"""What booking hears of its tickets: it is kept with the booking, for the day on which its buyer cancels."""

from booking.core import repository, uses
from booking.core.model import Booking, Trigger
from booking.core.uses import Uses
from common import log
from common.bus.ticket import TicketCheckedIn, TicketCheckInUndone, TicketTransferred
from common.patience import NotNow
from common.store import ConditionFailed

Word = TicketCheckedIn | TicketCheckInUndone | TicketTransferred

_TRIES = 8  # a family comes through the door within a second


def follow(word: Word) -> None:
    """Keep it. Raises NotNow if others do so all the time."""
    for _ in range(_TRIES):
        booking = repository.existing(word.booking_id)
        now = _told(booking, word)
        if now == booking.uses:
            return
        try:
            repository.keep_uses(booking, booking.model_copy(update={"uses": now}))
        except ConditionFailed:
            continue
        if _given_back(booking) and (uses.inside(now) or uses.others(now)):
            log.count("UsesHeardTooLate")
        return
    raise NotNow(f"the tickets of booking {word.booking_id} do not come to rest")


def _given_back(booking: Booking) -> bool:
    return any(line["did"] == Trigger.WITHDRAW for line in booking.logs)


def _told(booking: Booking, word: Word) -> Uses:
    if isinstance(word, TicketTransferred):
        away = word.user_id != booking.user_id
        return uses.handed_on(booking.uses, word.from_ticket_id, word.ticket_id, away=away)
    came_in = isinstance(word, TicketCheckedIn)
    return uses.admitted(booking.uses, word.ticket_id, word.version, came_in=came_in)
