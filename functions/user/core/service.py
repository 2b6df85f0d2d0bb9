"""Read, update and erase a profile and its settings; allowed to the user and to admins."""

from common.api import Caller, IfMatch
from common.bus.user import SettingsChanged, UserUpdated
from common.problems import ServiceUnavailable
from common.rpc import invocation
from common.rpc.events import ListOpenEventsRequest, ListOpenEventsResponse
from common.store import Item
from user.core import erasure, repository
from user.core.errors import AdminCannotBeErased, HasOpenEvents, UserNotFound
from user.core.schemas import SettingsRequest, UserRequest


def get_profile(user_id: str, caller: Caller) -> Item:
    """Return the profile. Raises UserNotFound."""
    _require_access(user_id, caller)
    return repository.get(user_id, "profile")


def update_profile(user_id: str, request: UserRequest, caller: Caller, if_match: IfMatch) -> Item:
    """Return the updated profile. Raises UserNotFound, IfMatchRequired, StaleVersion."""
    current = get_profile(user_id, caller)
    if_match.require_match(current)
    return repository.replace(current, request.model_dump(mode="json"), caller.user_id, UserUpdated)


def get_settings(user_id: str, caller: Caller) -> Item:
    """Return the settings. Raises UserNotFound."""
    _require_access(user_id, caller)
    return repository.get(user_id, "settings")


def update_settings(user_id: str, request: SettingsRequest, caller: Caller, if_match: IfMatch) -> Item:
    """Return the updated settings. Raises UserNotFound, IfMatchRequired, StaleVersion."""
    current = get_settings(user_id, caller)
    if_match.require_match(current)
    return repository.replace(current, request.model_dump(mode="json"), caller.user_id, SettingsChanged)


def erase(user_id: str, caller: Caller) -> None:
    """Erase the user. Raises UserNotFound, AdminCannotBeErased, HasOpenEvents, ServiceUnavailable."""
    _require_access(user_id, caller)
    # Only auth knows the last admin, and refuses to remove their role; so admins must give it up first.
    if user_id == caller.user_id and "admin" in caller.roles:
        raise AdminCannotBeErased
    _require_no_open_events(user_id)
    erasure.erase(user_id, caller.user_id)


def _require_no_open_events(user_id: str) -> None:
    profile = repository.find(user_id, "profile")
    if not profile or "erased_at" in profile:
        return  # unknown or already erased
    try:
        response = invocation.invoke(
            "events.list_open_events", ListOpenEventsRequest(organiser_id=user_id), ListOpenEventsResponse
        )
    except invocation.InvocationFailed:
        raise ServiceUnavailable from None
    if response.event_ids:
        raise HasOpenEvents(response.event_ids)


def _require_access(user_id: str, caller: Caller) -> None:
    if not caller.can_manage(user_id):
        raise UserNotFound
