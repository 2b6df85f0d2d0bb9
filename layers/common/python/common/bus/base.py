"""What every bus event has: its envelope, its wire name and its place in the registry."""

import importlib
import re
from datetime import datetime
from functools import cache
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

PUBLISHERS = ("auth", "booking", "events", "notify", "payment", "ticket", "user")
Locale = Literal["en", "de"]  # the languages that people are written to in
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class Part(BaseModel):
    """A frozen piece of a bus event; unknown fields are ignored, for fields are only ever added.

    Errors do not repeat what was read, here and in views and requests: it may be personal, and errors are logged.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True, hide_input_in_errors=True)


class BusEvent(Part):
    """One fact that other services may act upon.

    `bus_event_id` is derived from item, version and name, so a repeated publication repeats it.
    `correlation_id` is that of the HTTP request that began it all (of a booking, that ordered it),
    `causation_id` the message or request that caused this very event. `user_id` is whom it concerns.
    """

    source: ClassVar[str]  # who publishes it, e.g. `ticketing.booking`
    entity: ClassVar[str]  # `<entity>_id` is the publishing item's own `id`
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
        """The name as files and queues spell it, e.g. `booking_ordered`."""
        return _CAPITAL.sub("_", cls.__name__).lower()


@cache
def registry() -> dict[str, type[BusEvent]]:
    """Every bus event by its wire name."""
    found: dict[str, type[BusEvent]] = {}
    for publisher in PUBLISHERS:
        module = importlib.import_module(f"common.bus.{publisher}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, BusEvent) and hasattr(value, "entity"):
                found[value.wire_name()] = value
    return found
