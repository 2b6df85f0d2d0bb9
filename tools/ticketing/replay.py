"""Republish a booking's bus events under their original ids: consumers ignore those that they have handled.

An item holds the bus events of its latest step. Those of earlier steps are not republished: a consumer that
handles the latest has nothing left to do for those before.
"""

from typing import Any

from common.outbox import outbox_events
from local.progress import CommandError
from tools.ticketing import booking_trace
from tools.ticketing.deployment import Deployment


def replay(deployment: Deployment, booking_id: str) -> list[dict[str, Any]]:
    """Republish through cdc. Returns the name and id of each event. Raises CommandError."""
    images = list(booking_trace.booking_items(deployment, booking_id).values())
    response = deployment.invoke("cdc.republish_events", {"images": images})
    if response["failed"]:
        raise CommandError(f"The bus rejected {response['failed']} of them; try again.")
    events = [event for image in images for event in outbox_events(image)]
    return [{"bus_event": one.wire_name(), "bus_event_id": one.bus_event_id} for one in events]
