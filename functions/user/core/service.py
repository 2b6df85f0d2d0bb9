"""Who may see and change a profile and its settings: its user, and an admin."""

from common.api import Caller, IfMatch
from common.bus.user import SettingsChanged, UserUpdated
from common.store import Item
from user.core import repository
from user.core.errors import UserUnknown
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


def _may(user_id: str, caller: Caller) -> None:
    if user_id != caller.user_id and "admin" not in caller.roles:
        raise UserUnknown
