"""GET /v1/users/{user_id}/settings: how a user wants to be addressed and told."""

from common.api import Caller, Ok, endpoint
from common.conditional_requests import etag_header
from user.core import service
from user.core.errors import UserNotFound
from user.core.schemas import SettingsView


@endpoint(errors=[UserNotFound])
def handler(user_id: str, caller: Caller) -> Ok[SettingsView]:
    """The settings, the caller's own or anybody's for an admin."""
    settings = service.get_settings(user_id, caller)
    return Ok(SettingsView.from_item(settings), etag_header(settings))
