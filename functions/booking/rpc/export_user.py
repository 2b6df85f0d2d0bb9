"""RPC from user: export the user's bookings."""

from booking.core import export
from common.rpc.export import ExportUserRequest, ExportUserResponse
from common.rpc.invocation import rpc_handler


@rpc_handler
def handler(request: ExportUserRequest) -> ExportUserResponse:
    return export.for_user(request)
