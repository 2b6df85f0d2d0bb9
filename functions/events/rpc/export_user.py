"""Invoked by user: export the events that a user organises."""

from common.rpc.export import ExportUserRequest, ExportUserResponse
from common.rpc.invocation import rpc_handler
from events.core import export


@rpc_handler
def handler(request: ExportUserRequest) -> ExportUserResponse:
    return export.for_user(request)
