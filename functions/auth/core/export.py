"""The user's data held by auth: the account and its sessions, without secrets."""

from common.export import RecordSource, export_records
from common.rpc.export import ExportUserRequest, ExportUserResponse

_SECRETS = ("password", "family", "counter", "token_hash", "previous_hash")
_SOURCE = RecordSource("auth", frozenset({"profile", "session"}), hidden=_SECRETS)


def for_user(request: ExportUserRequest) -> ExportUserResponse:
    return export_records(request, _SOURCE)
