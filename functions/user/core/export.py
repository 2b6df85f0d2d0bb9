"""Export of all data held about a user: profile and settings, then each other service's records."""

from typing import Any

from common.api import Caller
from common.export import RecordSource, export_records
from common.pagination.tokens import decode, encode
from common.problems import ServiceUnavailable
from common.rpc import invocation
from common.rpc.export import ExportUserRequest, ExportUserResponse
from user.core import service
from user.core.schemas import ExportView, RecordView

_SOURCE = RecordSource("users", frozenset({"profile", "settings"}))
# The order of the pages. Append new services, so that issued tokens stay valid.
_SERVICES = ("user", "auth", "booking", "payment", "ticket", "notify", "events")


def page(user_id: str, caller: Caller, token: str | None) -> ExportView:
    """Return a page of one service's records. Raises UserNotFound, InvalidPageToken, ServiceUnavailable."""
    scope = f"export/{user_id}"
    position: Any = decode(token, scope) if token else {"service": "user", "from": None}
    service.get_profile(user_id, caller)
    response = _fetch(position["service"], ExportUserRequest(user_id=user_id, token=position["from"]))
    records = tuple(
        RecordView(service=position["service"], kind=record.kind, data=record.data) for record in response.records
    )
    next_position = _next_position(position["service"], response.next_token)
    return ExportView(records=records, next_token=encode(next_position, scope) if next_position else None)


def _fetch(service_name: str, request: ExportUserRequest) -> ExportUserResponse:
    if service_name == "user":
        return export_records(request, _SOURCE)
    try:
        return invocation.invoke(f"{service_name}.export_user", request, ExportUserResponse)
    except invocation.InvocationFailed:
        raise ServiceUnavailable from None


def _next_position(service_name: str, next_token: str | None) -> dict[str, Any] | None:
    if next_token:
        return {"service": service_name, "from": next_token}
    remaining = _SERVICES[_SERVICES.index(service_name) + 1 :]
    return {"service": remaining[0], "from": None} if remaining else None
