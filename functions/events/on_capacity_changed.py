"""CapacityChanged: the event shows how many places there are now."""

from common.bus.booking import CapacityChanged
from common.consumer import consumer
from events.core import standing


@consumer
def handler(capacity: CapacityChanged) -> None:
    """Keep the newest capacity of the type."""
    standing.learn(capacity)
