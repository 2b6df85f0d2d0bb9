"""What events holds about a person: the events that they organise."""

from common.calls.export import Exported, ExportUser
from common.export import Source, exported

_ORGANISED = Source("events", frozenset({"event"}), index="by_organiser", owner="organiser_id")


def of_user(request: ExportUser) -> Exported:
    return exported(request, _ORGANISED)
