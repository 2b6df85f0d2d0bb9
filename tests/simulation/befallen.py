"""What went wrong by itself: faults that nobody puts into a schedule, because people and clocks bring them about.

They are read from how the schedule went: the story, the tables, and who lost which race.
"""

import re
from collections import Counter

from tests.simulation.world import World

KINDS = {
    "F15": "money comes when its booking is over",
    "F17": "the end of a hold and its payment meet: one of them loses its condition",
    "F19": "money is asked back more than once",
    "F20": "an event is cancelled while a booking of it is being paid",
    "F21": "capacity is lowered while places are held or sold",
}
_REFUND = re.compile(r"POST /v1/payments/([^/ ]+)/refund ->")
_LOWERED = re.compile(r"takes places from: PUT /v1/events/[^ ]+/capacity -> (200|409)")


def befallen(world: World) -> Counter[str]:
    """How often each of them happened."""
    bookings = [one for one in world.cloud.tables.items("bookings") if one["sk"] == "booking"]
    deeds = [[step["did"] for step in one["logs"]] for one in bookings]
    story = world.schedule.story
    asked = Counter(found[1] for line in story if (found := _REFUND.search(line)))
    return Counter(
        F15=sum("refuse" in one or "confirm_late" in one for one in deeds),
        F17=world.cloud.races,
        F19=sum(count > 1 for count in asked.values()),
        F20=sum(one[:2] == ["order", "call_off"] for one in deeds),
        F21=sum(bool(_LOWERED.search(line)) for line in story),
    )
