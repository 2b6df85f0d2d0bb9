"""PUT /v1/users/{user_id}/settings: replace the settings."""

from common.api import Caller, IfMatch, Ok, endpoint
from common.revision import Changed, RevisionMissing, tagged
from user.core import service
from user.core.errors import UserUnknown
from user.core.schemas import SettingsRequest, SettingsView


@endpoint(refuses=[UserUnknown, Changed, RevisionMissing])
def handler(user_id: str, request: SettingsRequest, caller: Caller, seen: IfMatch) -> Ok[SettingsView]:
    """Replace all settings.

    What is about one's own bookings, payments, tickets and account is sent whatever `channels` says.
    """
    settings = service.rearranged(user_id, request, caller, seen)
    return Ok(SettingsView.of(settings), tagged(settings))
