"""Who may do what beside what everybody may."""

from auth.core import repository, session_repository
from auth.core.errors import UserUnknown
from auth.core.model import Role
from auth.core.schemas import RolesView


def assign(user_id: str, wanted: list[Role], actor: str) -> RolesView:
    """Raises UserUnknown, LastAdmin, ChangedMeanwhile, RoleMissing."""
    account = repository.account(user_id)
    if not account:
        raise UserUnknown
    roles = tuple(sorted({str(role) for role in wanted}))
    if roles != account.roles:
        before, account = account, account.with_roles(roles)
        repository.set_roles(before, account, actor)
    # Also where nothing has changed: an earlier call may have come no further than the change.
    session_repository.outdate(user_id, account.tokens_from)
    return RolesView(id=user_id, roles=roles)
