"""Personal data that events holds: the events that a user organises."""

from common.export import RecordSource, export_records
from common.rpc.export import ExportUserRequest, ExportUserResponse

_ORGANISED_EVENTS = RecordSource("events", frozenset({"event"}), index="by_organiser", owner="organiser_id")


def for_user(request: ExportUserRequest) -> ExportUserResponse:
    return export_records(request, _ORGANISED_EVENTS)
