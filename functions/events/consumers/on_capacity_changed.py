"""CapacityChanged: store the new capacity of the event type."""

from common.bus.booking import CapacityChanged
from common.consumer import consumer
from events.core import live_view


@consumer
def handler(change: CapacityChanged) -> None:
    """Ignore it if a newer capacity is stored."""
    live_view.apply_live_update(change)
