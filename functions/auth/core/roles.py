"""Assignment of roles."""

from auth.core import repository, session_repository
from auth.core.errors import UserNotFound
from auth.core.model import Role
from auth.core.schemas import RolesView


def assign(user_id: str, requested: list[Role], actor: str) -> RolesView:
    """Replace the user's roles. Raises UserNotFound, LastAdmin, ConcurrentModification, RoleMissing."""
    account = repository.find(user_id)
    if not account:
        raise UserNotFound
    roles = tuple(sorted({str(role) for role in requested}))
    if roles != account.roles:
        before, account = account, account.with_roles(roles)
        repository.set_roles(before, account, actor)
    # Even if unchanged: an earlier call may have been interrupted after the change.
    session_repository.invalidate_tokens_before(user_id, account.min_token_version)
    return RolesView(id=user_id, roles=roles)
