"""The base class of bus events: envelope, wire name and registry."""

import importlib
import re
from datetime import datetime
from functools import cache
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

PUBLISHERS = ("auth", "booking", "events", "notify", "payment", "ticket", "user")
Locale = Literal["en", "de"]  # languages of e-mails
_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


class EventPart(BaseModel):
    """A frozen part of a bus event. Unknown fields are ignored, because later versions only add fields.

    Validation errors hide the input, as in requests and responses: it may be personal data, and errors are logged.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True, hide_input_in_errors=True)


class BusEvent(EventPart):
    """A fact that a service publishes for other services.

    `bus_event_id` derives from item, version and event name, so it is the same when the event is published again.
    `correlation_id` is the id of the first HTTP request of the chain (for a booking, its order), `causation_id` that of
    the request or message that caused this event. `user_id` is the user whom the event concerns.
    """

    source: ClassVar[str]  # the publisher, e.g. `ticketing.booking`
    entity: ClassVar[str]  # the event's field `<entity>_id` is the `id` of the publishing item
    revision: ClassVar[int] = 1

    bus_event_id: str
    occurred_at: datetime
    correlation_id: str
    causation_id: str
    user_id: str | None = None

    @classmethod
    def wire_name(cls) -> str:
        """The EventBridge detail-type, e.g. `BookingOrdered.v1`."""
        return f"{cls.__name__}.v{cls.revision}"

    @classmethod
    def snake_name(cls) -> str:
        """The name in snake case, e.g. `booking_ordered`."""
        return _WORD_START.sub("_", cls.__name__).lower()


@cache
def registry() -> dict[str, type[BusEvent]]:
    """All bus events by wire name."""
    events: dict[str, type[BusEvent]] = {}
    for publisher in PUBLISHERS:
        module = importlib.import_module(f"common.bus.{publisher}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, BusEvent) and hasattr(value, "entity"):
                events[value.wire_name()] = value
    return events
