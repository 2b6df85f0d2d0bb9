"""A user's data export: their payments, with the log of each."""

from common.export import RecordSource, export_records
from common.rpc.export import ExportUserRequest, ExportUserResponse

_HIDDEN = ("idempotency_key",)  # internal: our key at the provider
_PAYMENTS = RecordSource("payments", frozenset({"payment"}), index="by_user", owner="user_id", hidden=_HIDDEN)


def for_user(request: ExportUserRequest) -> ExportUserResponse:
    return export_records(request, _PAYMENTS)
