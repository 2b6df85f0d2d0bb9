"""A user's tickets, codes included, for their data export."""

from common.export import RecordSource, export_records
from common.rpc.export import ExportUserRequest, ExportUserResponse

_TICKETS = RecordSource("tickets", frozenset({"ticket"}), index="by_user", owner="user_id")


def for_user(request: ExportUserRequest) -> ExportUserResponse:
    return export_records(request, _TICKETS)
