"""How the catalogue refuses."""

from common.problems import Conflict, Invalid, NotFound


class EventUnknown(NotFound):
    """There is no such event, or it is not yours."""


class CategoryUnknown(Invalid):
    """There is no such category."""


class CategoryExists(Conflict):
    """There is a category of that name already."""


class NotInFuture(Invalid):
    """An event must start in the future, within ten years."""


class HoldTooShort(Invalid):
    """Places are held for at least one minute."""


class NotFree(Invalid):
    """In a category of type free every price is 0."""


class PriceTooHigh(Invalid):
    """All places that one person may book cost at most 99,999,999 minor units together."""


class MixedCurrencies(Invalid):
    """All types of an event have one currency."""


class TooManyTypes(Conflict):
    """An event has at most 20 types."""


class TypesFixed(Conflict):
    """Types are added before the event is published."""


class NoTypes(Conflict):
    """An event needs at least one type before it is published."""


class AlreadyStarted(Conflict):
    """The event's start has passed."""


class NotPublishable(Conflict):
    """The event has been cancelled."""


class ChangedMeanwhile(Conflict):
    """Somebody else changed it at the same moment; read it again."""


DRAFT_REFUSALS = (CategoryUnknown, HoldTooShort, MixedCurrencies, NotFree, NotInFuture, PriceTooHigh)
