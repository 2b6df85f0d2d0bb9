"""Invoked by user: export the contact and the notifications of a user."""

from common.rpc.export import ExportUserRequest, ExportUserResponse
from common.rpc.invocation import rpc_handler
from notify.core import export


@rpc_handler
def handler(request: ExportUserRequest) -> ExportUserResponse:
    return export.for_user(request)
