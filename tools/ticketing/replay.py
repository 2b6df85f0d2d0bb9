"""A booking's bus events once more, under their old ids: whoever has heard one does nothing, whoever missed it acts.

An item holds the bus events of its latest step. Those of earlier steps are not told again, and need not be: a
consumer that acts on the latest has nothing left to do for those before.
"""

from typing import Any

from common.outbox import published
from local.progress import CannotGoOn
from tools.ticketing import saga
from tools.ticketing.deployment import Deployment


def replay(deployment: Deployment, booking_id: str) -> list[dict[str, Any]]:
    """Have them published by the one function that publishes. Returns name and id of each. Raises CannotGoOn."""
    images = list(saga.items(deployment, booking_id).values())
    answer = deployment.invoke("cdc.say_again", {"images": images})
    if answer["refused"]:
        raise CannotGoOn(f"The bus refused {answer['refused']} of them; try again.")
    told = [event for image in images for event in published(image)]
    return [{"bus_event": one.wire_name(), "bus_event_id": one.bus_event_id} for one in told]
