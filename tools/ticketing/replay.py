"""A booking's bus events once more, under their old ids: whoever has heard one does nothing, whoever missed it acts.

An item holds the bus events of its latest step. Those of earlier steps are not told again, and need not be: a
consumer that acts on the latest has nothing left to do for those before.
"""

from typing import Any

from common.outbox import published
from local.progress import CannotGoOn
from tools.ticketing import saga
from tools.ticketing.deployment import Deployment

_AT_ONCE = 10  # entries that PutEvents takes


def replay(deployment: Deployment, booking_id: str) -> list[dict[str, Any]]:
    """Put them onto the bus. Returns name and id of each. Raises CannotGoOn."""
    told = [event for item in saga.items(deployment, booking_id).values() for event in published(item)]
    for first in range(0, len(told), _AT_ONCE):
        entries = [
            {
                "Source": one.source,
                "DetailType": one.wire_name(),
                "Detail": one.model_dump_json(),
                "EventBusName": deployment.bus,
            }
            for one in told[first : first + _AT_ONCE]
        ]
        answer = deployment.client("events").put_events(Entries=entries)
        if answer["FailedEntryCount"]:
            codes = sorted({one["ErrorCode"] for one in answer["Entries"] if "ErrorCode" in one})
            raise CannotGoOn(f"The bus refused {answer['FailedEntryCount']} of them ({', '.join(codes)}); try again.")
    return [{"bus_event": one.wire_name(), "bus_event_id": one.bus_event_id} for one in told]
