"""What auth holds about a person: the account, and the sessions that were opened with it."""

from common.calls.export import Exported, ExportUser
from common.export import Source, exported

_SECRETS = ("password", "family", "counter", "token_hash", "previous_hash")
_OWN = Source("auth", frozenset({"profile", "session"}), hidden=_SECRETS)


def of_user(request: ExportUser) -> Exported:
    return exported(request, _OWN)
