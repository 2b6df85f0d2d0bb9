"""GET /v1/users/{user_id}/settings: how a user wants to be addressed and told."""

from common.api import Caller, Ok, endpoint
from common.revision import tagged
from user.core import service
from user.core.errors import UserUnknown
from user.core.schemas import SettingsView


@endpoint(refuses=[UserUnknown])
def handler(user_id: str, caller: Caller) -> Ok[SettingsView]:
    """The settings, the caller's own or anybody's for an admin."""
    settings = service.settings(user_id, caller)
    return Ok(SettingsView.of(settings), tagged(settings))
