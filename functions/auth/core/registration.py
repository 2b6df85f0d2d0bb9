"""New accounts: of whoever registers, and of the first admin."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from auth.core import claims, letters, passwords, repository
from auth.core.admins import AdminWanted
from auth.core.errors import UserNameTaken
from auth.core.letters import Matter
from auth.core.model import Role
from auth.core.schemas import RegisteredView, RegisterRequest
from common import clock, ids, log
from common.bus.auth import UserRegistered
from common.idempotency import Claim, KeyReused
from common.outbox import born, entry
from common.store import ConditionFailed, Item, Put

_NAME = 0  # where it stands in the transactions
_KEPT = timedelta(days=1)  # receipts


def register(request: RegisterRequest, key: str | None) -> tuple[RegisteredView, bool]:
    """An account, and whether an earlier call had made it. Whose address it is, a mail finds out.

    Raises UserNameTaken, PasswordRefused, KeyReused.
    """
    # The password is no part of the fingerprint, which is quick to guess against: its hash is compared.
    claim = Claim.of("user", request.email.lower(), key, request.model_copy(update={"password": ""}))
    account = _account(request, claim.id) | {"locale": request.locale}
    receipt = [claims.receipt(claim, account["password"], clock.now() + _KEPT)] if claim.keyed else []
    replayed = _opened(account, [letters.wanted(Matter.VERIFY, account_id=claim.id), *receipt], claim, request.password)
    return RegisteredView(id=claim.id, **request.model_dump(exclude={"password"})), replayed


def ensure_admin(wanted: AdminWanted) -> str:
    """The id of the first admin: this one, unless there is one. Raises UserNameTaken for a taken name or address."""
    existing = repository.admins()
    if existing:
        return min(existing)
    account = _account(wanted, ids.new(), Role.ADMIN) | {"email_verified": True}  # the operator's word is enough
    owns = claims.own_email(wanted.email, account["id"])
    try:
        repository.create(account, owns, claims.first_admin(account["id"]))
    except ConditionFailed:
        existing = repository.admins()
        if existing:  # another call was quicker
            return min(existing)
        raise UserNameTaken from None
    return str(account["id"])


def _account(request: RegisterRequest | AdminWanted, user_id: str, *roles: Role) -> Item:
    hashed = passwords.accept(request.password, email=request.email, user_name=request.user_name)
    named: dict[str, Any] = request.model_dump(include={"user_name", "first_name", "last_name", "mobile_phone"})
    item: Item = {"pk": user_id, "sk": "profile", "id": user_id}
    item |= {"email": request.email, "username": request.user_name, "password": hashed, "roles": list(map(str, roles))}
    item |= {"email_verified": False, "sessions_from": 0}
    return born(item, actor=user_id, trigger="register", publish=[entry(UserRegistered, **named)])


def _opened(account: Item, also: Sequence[Put], claim: Claim, password: str) -> bool:
    try:
        repository.create(account, *also)
    except ConditionFailed as failure:
        _repeated(failure, claim, password)
        return True
    log.count("UsersRegistered")
    return False


def _repeated(failure: ConditionFailed, claim: Claim, password: str) -> None:
    # The receipt is the last write; it is looked at before any refusal.
    earlier = failure.old[-1] if claim.keyed else None
    if earlier and claim.repeats(earlier) and passwords.matches(earlier["password"], password):
        return
    if earlier or _NAME not in failure.failed:  # the key's account is there, its receipt may be gone
        raise KeyReused
    raise UserNameTaken(pointer="/user_name") from None
