"""The custom metrics that raise alarms, by service. Metrics that only count outcomes are not listed."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class MetricAlarm:
    """A metric, and its alarm threshold per minute."""

    metric: str
    description: str
    threshold: float = 1
    statistic: str = "Sum"


_HOLD_LATENESS = MetricAlarm("HoldLateness", "a hold ended a minute late or more", threshold=60, statistic="Maximum")
_MESSAGES_REFUSED = MetricAlarm("MessagesRefused", "a bus event was refused for good, and is not kept")

METRIC_ALARMS: Mapping[str, tuple[MetricAlarm, ...]] = {
    "auth": (
        _MESSAGES_REFUSED,
        MetricAlarm("RefreshTokensReused", "refresh tokens are used twice: somebody may have stolen them", threshold=5),
        MetricAlarm("EmailsFailed", "people wait for codes that do not come", threshold=5),
    ),
    "user": (_MESSAGES_REFUSED,),
    "events": (_MESSAGES_REFUSED,),
    "booking": (
        _HOLD_LATENESS,
        _MESSAGES_REFUSED,
        MetricAlarm("LateTicketUsage", "buyers give back what they are using, before booking hears of the use"),
    ),
    "payment": (
        _HOLD_LATENESS,
        _MESSAGES_REFUSED,
        MetricAlarm("RefundsFailed", "the provider will not send money back that is not ours"),
        MetricAlarm("ProviderAmountMismatch", "the provider received another amount than was due"),
        MetricAlarm("ProviderEventsForged", "one event id of the provider came with two contents"),
        MetricAlarm("CheckoutsRefused", "the provider refuses to sell an order at all"),
        MetricAlarm("CheckoutsFailed", "the provider does not answer buyers", threshold=5),
    ),
    "ticket": (
        _MESSAGES_REFUSED,
        MetricAlarm("IssuancesFailed", "tickets could not be made, and their booking is undone"),
    ),
    "notify": (_MESSAGES_REFUSED, MetricAlarm("EmailsFailed", "somebody was not told")),
    "cdc": (MetricAlarm("RecordsParked", "a bus event was not published, and will not be"),),
    "reconcile": (MetricAlarm("InvariantViolations", "what must be true of the tables is not, and does not mend"),),
}
