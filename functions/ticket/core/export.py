"""What ticket holds about a person: their tickets, with the codes that admit."""

from common.calls.export import Exported, ExportUser
from common.export import Source, exported

_TICKETS = Source("tickets", frozenset({"ticket"}), index="by_user", owner="user_id")


def of_user(request: ExportUser) -> Exported:
    return exported(request, _TICKETS)
