"""Invoked by the operator: create the first admin."""

from auth.core import registration
from auth.core.schemas import CreateAdmin, CreatedAdmin
from common.rpc.invocation import rpc_handler


@rpc_handler
def handler(request: CreateAdmin) -> CreatedAdmin:
    """Create the first admin, or return the existing one."""
    return CreatedAdmin(id=registration.ensure_admin(request))
