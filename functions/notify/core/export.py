"""What notify holds about a person: their contact, and what they were told."""

from common.calls.export import Exported, ExportUser
from common.export import Source, exported

_CONTACT = Source("notifications", frozenset({"contact"}))
_TOLD = Source("notifications", frozenset({"notification"}), index="by_user", owner="user_id")


def of_user(request: ExportUser) -> Exported:
    return exported(request, _CONTACT, _TOLD)
