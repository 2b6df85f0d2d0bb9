"""Which of a service's own metrics call for people; what merely counts outcomes stands nowhere here."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Watched:
    """A metric, and how much of it within a minute is too much."""

    metric: str
    why: str
    at_least: float = 1
    statistic: str = "Sum"


_LATE = Watched("HoldLateness", "a hold ended a minute late or more", at_least=60, statistic="Maximum")
_REFUSED = Watched("MessagesRefused", "a bus event was refused for good, and is not kept")

WATCHED: Mapping[str, tuple[Watched, ...]] = {
    "auth": (
        _REFUSED,
        Watched("RefreshTokensReused", "refresh tokens are used twice: somebody may have stolen them", at_least=5),
        Watched("MailsFailed", "people wait for codes that do not come", at_least=5),
    ),
    "user": (_REFUSED,),
    "events": (_REFUSED,),
    "booking": (
        _LATE,
        _REFUSED,
        Watched("UsesHeardTooLate", "buyers give back what they are using, before booking hears of the use"),
    ),
    "payment": (
        _LATE,
        _REFUSED,
        Watched("RefundsFailed", "the provider will not send money back that is not ours"),
        Watched("ProviderAmountMismatch", "the provider received another amount than was due"),
        Watched("ProviderEventsForged", "one event id of the provider came with two contents"),
        Watched("CheckoutsRefused", "the provider refuses to sell an order at all"),
        Watched("CheckoutsFailed", "the provider does not answer buyers", at_least=5),
    ),
    "ticket": (_REFUSED, Watched("IssuesGivenUp", "tickets could not be made, and their booking is undone")),
    "notify": (_REFUSED, Watched("MailsFailed", "somebody was not told")),
    "cdc": (Watched("RecordsParked", "a bus event was not published, and will not be"),),
    "reconcile": (Watched("InvariantViolations", "what must be true of the tables is not, and does not mend"),),
}
