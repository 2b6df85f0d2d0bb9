"""Who may see and change a profile: its user, and an admin."""

from common.api import Caller
from common.store import Item
from user.core import repository
from user.core.errors import UserUnknown
from user.core.schemas import UserRequest


def profile(user_id: str, caller: Caller) -> Item:
    """Raises UserUnknown."""
    _may(user_id, caller)
    return repository.get(user_id)


def replaced(user_id: str, request: UserRequest, caller: Caller) -> Item:
    """Raises UserUnknown."""
    _may(user_id, caller)
    return repository.replace(user_id, request, caller.user_id)


def _may(user_id: str, caller: Caller) -> None:
    if user_id != caller.user_id and "admin" not in caller.roles:
        raise UserUnknown
