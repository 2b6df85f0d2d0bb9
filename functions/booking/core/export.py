"""GDPR export: a user's bookings with their history."""

from common.export import RecordSource, export_records
from common.rpc.export import ExportUserRequest, ExportUserResponse

_BOOKINGS = RecordSource("bookings", frozenset({"booking"}), index="by_user", owner="user_id")


def for_user(request: ExportUserRequest) -> ExportUserResponse:
    return export_records(request, _BOOKINGS)
