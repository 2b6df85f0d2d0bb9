"""Invoked by user: export a user's payments."""

from common.rpc.export import ExportUserRequest, ExportUserResponse
from common.rpc.invocation import rpc_handler
from payment.core import export


@rpc_handler
def handler(request: ExportUserRequest) -> ExportUserResponse:
    return export.for_user(request)
