"""What booking holds about a person: their bookings, with what happened to each."""

from common.calls.export import Exported, ExportUser
from common.export import Source, exported

_BOOKINGS = Source("bookings", frozenset({"booking"}), index="by_user", owner="user_id")


def of_user(request: ExportUser) -> Exported:
    return exported(request, _BOOKINGS)
