"""What an order asked for and there was not."""

from typing import Any, NamedTuple


class Short(NamedTuple):
    """Of an event type fewer places are free than were wanted."""

    event_type_id: str
    wanted: int
    available: int
    capacity: int

    def shown(self) -> dict[str, Any]:
        """What the client is told of it."""
        return {"event_type_id": self.event_type_id, "available": self.available}
