"""Faults that emerge from the actors' timing and are not injected.

They are counted from the trace, the tables and the lost races.
"""

import re
from collections import Counter

from tests.simulation.world import World

EMERGENT_FAULTS = {
    "F15": "a payment arrives after its booking ended",
    "F17": "a hold expires during its payment",
    "F19": "refunds are requested repeatedly",
    "F20": "an event is cancelled during checkout",
    "F21": "capacity is set below the sold places",
}
_REFUND = re.compile(r"POST /v1/payments/([^/ ]+)/refund ->")
_CAPACITY_REDUCTION = re.compile(r"takes places from: PUT /v1/events/[^ ]+/capacity -> (200|409)")


def count_emergent_faults(world: World) -> Counter[str]:
    """How often each emergent fault happened in this world."""
    bookings = [one for one in world.cloud.tables.items("bookings") if one["sk"] == "booking"]
    actions_by_booking = [[step["action"] for step in one["logs"]] for one in bookings]
    trace = world.schedule.trace
    refunds_by_payment = Counter(found[1] for line in trace if (found := _REFUND.search(line)))
    return Counter(
        F15=sum("reject_late_payment" in one or "confirm_late" in one for one in actions_by_booking),
        F17=world.cloud.lost_races,
        F19=sum(count > 1 for count in refunds_by_payment.values()),
        F20=sum(one[:2] == ["order", "event_cancelled"] for one in actions_by_booking),
        F21=sum(bool(_CAPACITY_REDUCTION.search(line)) for line in trace),
    )
