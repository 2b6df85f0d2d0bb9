"""Who may see and change a profile and its settings, and erase them: their user, and an admin."""

from common import call
from common.api import Caller, IfMatch
from common.bus.user import SettingsChanged, UserUpdated
from common.calls.events import FindOpenEvents, OpenEvents
from common.problems import Busy
from common.store import Item
from user.core import erasing, repository
from user.core.errors import AdminStays, StillOrganising, UserUnknown
from user.core.schemas import SettingsRequest, UserRequest


def profile(user_id: str, caller: Caller) -> Item:
    """Raises UserUnknown."""
    _may(user_id, caller)
    return repository.get(user_id, "profile")


def replaced(user_id: str, request: UserRequest, caller: Caller, seen: IfMatch) -> Item:
    """The profile as it now is. Raises UserUnknown, RevisionMissing and Changed."""
    before = profile(user_id, caller)
    seen.check(before)
    return repository.replace(before, request.model_dump(mode="json"), caller.user_id, UserUpdated)


def settings(user_id: str, caller: Caller) -> Item:
    """Raises UserUnknown."""
    _may(user_id, caller)
    return repository.get(user_id, "settings")


def rearranged(user_id: str, request: SettingsRequest, caller: Caller, seen: IfMatch) -> Item:
    """The settings as they now are. Raises UserUnknown, RevisionMissing and Changed."""
    before = settings(user_id, caller)
    seen.check(before)
    return repository.replace(before, request.model_dump(mode="json"), caller.user_id, SettingsChanged)


def erase(user_id: str, caller: Caller) -> None:
    """Raises UserUnknown, AdminStays, StillOrganising and Busy."""
    _may(user_id, caller)
    # Who is the last admin only auth knows: it refuses to take the role from them.
    if user_id == caller.user_id and "admin" in caller.roles:
        raise AdminStays
    _leaves_nothing_open(user_id)
    erasing.erase(user_id, caller.user_id)


def _leaves_nothing_open(user_id: str) -> None:
    found = repository.find(user_id, "profile")
    if not found or "erased_at" in found:
        return  # nobody, or gone already
    try:
        answer = call.ask("events.find_open_events", FindOpenEvents(organiser_id=user_id), OpenEvents)
    except call.CallFailed:
        raise Busy from None
    if answer.event_ids:
        raise StillOrganising(answer.event_ids)


def _may(user_id: str, caller: Caller) -> None:
    if not caller.manages(user_id):
        raise UserUnknown
