"""RPC contract of `<service>.export_user`, implemented by every service that stores personal data."""

from typing import Any

from common.rpc.base import RpcRequest, RpcResponse


class ExportUserRequest(RpcRequest):
    """Export the records about a user; `token` is the `next_token` of the previous response."""

    user_id: str
    token: str | None = None


class ExportedRecord(RpcResponse):
    """One stored item without internal and secret attributes; `kind` is its type."""

    kind: str
    data: dict[str, Any]


class ExportUserResponse(RpcResponse):
    """One page of records, about 1 MB at most; `next_token` is null on the last page."""

    records: tuple[ExportedRecord, ...]
    next_token: str | None
