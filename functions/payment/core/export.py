"""What payment holds about a person: their payments, with what happened to each."""

from common.calls.export import Exported, ExportUser
from common.export import Source, exported

_OURS = ("idempotency_key",)  # towards the provider
_PAYMENTS = Source("payments", frozenset({"payment"}), index="by_user", owner="user_id", hidden=_OURS)


def of_user(request: ExportUser) -> Exported:
    return exported(request, _PAYMENTS)
