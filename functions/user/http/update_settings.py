"""PUT /v1/users/{user_id}/settings: replace the settings."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.conditional_requests import IfMatchRequired, StaleVersion, etag_header
from user.core import service
from user.core.errors import UserNotFound
from user.core.schemas import SettingsRequest, SettingsView


@endpoint(errors=[UserNotFound, StaleVersion, IfMatchRequired])
def handler(user_id: str, request: SettingsRequest, caller: Caller, if_match: IfMatch) -> Ok[SettingsView]:
    """Replace all settings.

    What is about one's own bookings, payments, tickets and account is sent whatever `channels` says.
    """
    settings = service.update_settings(user_id, request, caller, if_match)
    return Ok(SettingsView.from_item(settings), etag_header(settings))
