"""Registration of users and of the first admin."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from auth.core import email_requests, passwords, repository, uniqueness
from auth.core.email_requests import EmailKind
from auth.core.errors import UserNameTaken
from auth.core.model import Role
from auth.core.schemas import AccountView, CreateAdmin, RegisterRequest
from common import clock, ids, log
from common.bus.auth import UserRegistered
from common.idempotency import IdempotencyKeyReused, IdempotentRequest
from common.outbox import event_entry, new_item
from common.store import ConditionFailed, Item, Put

_USERNAME_WRITE = 0  # its index in the transaction
_RECEIPT_RETENTION = timedelta(days=1)


def register(request: RegisterRequest, idempotency_key: str | None) -> tuple[AccountView, bool]:
    """Return the account, and whether this replays an earlier request. The address is verified by e-mail later.

    Raises UserNameTaken, WeakPassword, IdempotencyKeyReused.
    """
    # The request's hash is fast to brute-force, so it excludes the password: the password's own hash is compared.
    idempotent_request = IdempotentRequest.from_key(
        "user", request.email.lower(), idempotency_key, request.model_copy(update={"password": ""})
    )
    account = _new_account(request, idempotent_request.id) | {"locale": request.locale}
    receipts = (
        [uniqueness.registration_receipt(idempotent_request, account["password"], clock.now() + _RECEIPT_RETENTION)]
        if idempotent_request.has_key
        else []
    )
    replayed = _create_or_replay(
        account,
        [email_requests.request_email(EmailKind.EMAIL_VERIFICATION, account_id=idempotent_request.id), *receipts],
        idempotent_request,
        request.password,
    )
    return AccountView(id=idempotent_request.id, **request.model_dump(exclude={"password"})), replayed


def ensure_admin(request: CreateAdmin) -> str:
    """Return the first admin's id; create it if there is none. Raises UserNameTaken if its name or address is taken."""
    admin_ids = repository.admin_ids()
    if admin_ids:
        return min(admin_ids)
    account = _new_account(request, ids.new(), Role.ADMIN) | {"email_verified": True}  # vouched for by the operator
    email_claim = uniqueness.claim_email(request.email, account["id"])
    try:
        repository.create(account, email_claim, uniqueness.claim_first_admin(account["id"]))
    except ConditionFailed:
        admin_ids = repository.admin_ids()
        if admin_ids:  # created concurrently
            return min(admin_ids)
        raise UserNameTaken from None
    return str(account["id"])


def _new_account(request: RegisterRequest | CreateAdmin, user_id: str, *roles: Role) -> Item:
    password_hash = passwords.hash_validated(request.password, email=request.email, user_name=request.user_name)
    profile: dict[str, Any] = request.model_dump(include={"user_name", "first_name", "last_name", "mobile_phone"})
    item: Item = {"pk": user_id, "sk": "profile", "id": user_id}
    item |= {
        "email": request.email,
        "username": request.user_name,
        "password": password_hash,
        "roles": list(map(str, roles)),
    }
    item |= {"email_verified": False, "min_session_version": 0}
    return new_item(item, actor=user_id, trigger="register", publish=[event_entry(UserRegistered, **profile)])


def _create_or_replay(
    account: Item, other_writes: Sequence[Put], idempotent_request: IdempotentRequest, password: str
) -> bool:
    try:
        repository.create(account, *other_writes)
    except ConditionFailed as failure:
        _require_replay(failure, idempotent_request, password)
        return True
    log.count("UsersRegistered")
    return False


def _require_replay(failure: ConditionFailed, idempotent_request: IdempotentRequest, password: str) -> None:
    # The receipt is the last write; a replay takes precedence over any error.
    earlier = failure.old_items[-1] if idempotent_request.has_key else None
    if earlier and idempotent_request.is_replay_of(earlier) and passwords.verify(earlier["password"], password):
        return
    if (
        earlier or _USERNAME_WRITE not in failure.failed_indexes
    ):  # the key's account exists, its receipt may have expired
        raise IdempotencyKeyReused
    raise UserNameTaken(pointer="/user_name") from None
