"""Invoked by user: a user's tickets for their data export."""

from common.rpc.export import ExportUserRequest, ExportUserResponse
from common.rpc.invocation import rpc_handler
from ticket.core import export


@rpc_handler
def handler(request: ExportUserRequest) -> ExportUserResponse:
    return export.for_user(request)
