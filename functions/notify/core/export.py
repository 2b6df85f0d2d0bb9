"""Personal data that notify holds: the contact and the notifications of a user."""

from common.export import RecordSource, export_records
from common.rpc.export import ExportUserRequest, ExportUserResponse

_CONTACT = RecordSource("notifications", frozenset({"contact"}))
_NOTIFICATIONS = RecordSource("notifications", frozenset({"notification"}), index="by_user", owner="user_id")


def for_user(request: ExportUserRequest) -> ExportUserResponse:
    return export_records(request, _CONTACT, _NOTIFICATIONS)
