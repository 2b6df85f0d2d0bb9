"""New accounts: of whoever registers, and of the first admin."""

from datetime import timedelta
from typing import Any

from auth.core import passwords, repository
from auth.core.errors import UserNameTaken
from auth.core.model import Role
from auth.core.schemas import AdminWanted, RegisteredView, RegisterRequest
from common import clock, ids, log
from common.bus.auth import UserRegistered
from common.outbox import born, entry
from common.store import ConditionFailed, Item

_NAME, _EMAIL = 0, 1  # where they stand in the transaction
_RESERVED = timedelta(days=1)


def register(request: RegisterRequest) -> RegisteredView:
    """An account, or what looks like one where the address has one. Raises UserNameTaken."""
    account = _account(request)
    try:
        repository.create(account)
        log.count("UsersRegistered")
    except ConditionFailed as failure:
        if _NAME in failure.failed:
            raise UserNameTaken(pointer="/user_name") from None
        _pretend(request.user_name)
    return RegisteredView(id=account["id"], **request.model_dump(exclude={"password"}))


def ensure_admin(wanted: AdminWanted) -> str:
    """The id of the first admin: this one, unless there is one. Raises UserNameTaken for a taken name or address."""
    existing = repository.admins()
    if existing:
        return min(existing)
    account = _account(wanted, Role.ADMIN)
    try:
        repository.create(account, repository.first_admin(account["id"]))
    except ConditionFailed:
        existing = repository.admins()
        if existing:  # another call was quicker
            return min(existing)
        raise UserNameTaken from None
    return str(account["id"])


def _account(request: RegisterRequest | AdminWanted, *roles: Role) -> Item:
    user_id = ids.new()
    hashed = passwords.accept(request.password, email=request.email, user_name=request.user_name)
    named: dict[str, Any] = request.model_dump(include={"user_name", "first_name", "last_name", "mobile_phone"})
    item: Item = {"pk": user_id, "sk": "profile", "id": user_id}
    item |= {"email": request.email, "username": request.user_name, "password": hashed, "roles": list(map(str, roles))}
    return born(item, actor=user_id, trigger="register", publish=[entry(UserRegistered, **named)])


def _pretend(user_name: str) -> None:
    # The address has an account, which is nobody's business. The name is taken for a while as a
    # registration would take it, or a second try with the same name would tell.
    try:
        repository.reserve_name(user_name, clock.now() + _RESERVED)
    except ConditionFailed:
        raise UserNameTaken(pointer="/user_name") from None
