"""Domain errors of the events service."""

from common.problems import ConcurrentModification, Conflict, NotFound, Unprocessable


class EventNotFound(NotFound):
    """There is no such event, or it is not yours."""


class OrganiserNotFound(NotFound):
    """There is no such organiser, or it is not you."""


class EventTypeNotFound(NotFound):
    """The event has no such type."""


class CategoryNotFound(NotFound):
    """There is no category at this address."""


class InvalidCategory(Unprocessable):
    """There is no such category."""


class CategoryExists(Conflict):
    """There is a category of that name already."""


class NotInFuture(Unprocessable):
    """An event must start in the future, within ten years."""


class HoldTooShort(Unprocessable):
    """Places are held for at least one minute."""


class NotFree(Unprocessable):
    """In a category of type free every price is 0."""


class PriceTooHigh(Unprocessable):
    """All places that one person may book cost at most 99,999,999 minor units together."""


class MixedCurrencies(Unprocessable):
    """All types of an event have one currency."""


class TooManyTypes(Conflict):
    """An event has at most 20 types."""


class SaleBeyondEnd(Unprocessable):
    """Places are sold no longer than the event lasts."""


class EndsInPast(Unprocessable):
    """An event cannot be made to end in the past."""


class NotEditable(Conflict):
    """A cancelled or ended event is not edited."""


class RefundReduced(Conflict):
    """Once published, an event refunds no less than it promised, and no earlier than that."""


class NoLongerFree(Conflict):
    """Once published, an event of a free category stays free."""


class CurrencyFixed(Conflict):
    """Once published, an event keeps the currency of its places."""


class CapacityEndpointRequired(Conflict):
    """Once published, a capacity is changed by PUT /v1/events/{event_id}/types/{type_id}/capacity only."""


class TypeClosed(Conflict):
    """A closed type is not edited, and not sold again."""


class EventEnded(Conflict):
    """The event is over and cannot be cancelled."""


class NoTypes(Conflict):
    """An event needs at least one type before it is published."""


class AlreadyStarted(Conflict):
    """The event's start has passed."""


class NotPublishable(Conflict):
    """The event has been cancelled."""


TYPE_ERRORS = (MixedCurrencies, NotFree, PriceTooHigh, SaleBeyondEnd)
DRAFT_ERRORS = (InvalidCategory, HoldTooShort, NotInFuture, *TYPE_ERRORS)
EDIT_ERRORS = (EventNotFound, NotEditable, ConcurrentModification)
