"""The copy of all that is held about a person: their profile and settings, then what each other service answers."""

from typing import Any

from common import call
from common.api import Caller
from common.calls.export import Exported, ExportUser
from common.cursor import decode, encode
from common.export import Source, exported
from common.problems import Busy
from user.core import service
from user.core.schemas import ExportView, RecordView

_OWN = Source("users", frozenset({"profile", "settings"}))
# The order of the pages. A service that is added comes last: a token's place in it stays right.
_SERVICES = ("user", "auth", "booking", "payment", "ticket", "notify", "events")


def page(user_id: str, caller: Caller, token: str | None) -> ExportView:
    """What one service answers. Raises UserUnknown, BadToken and Busy."""
    scope = f"export/{user_id}"
    place: Any = decode(token, scope) if token else {"service": "user", "from": None}
    service.profile(user_id, caller)
    answer = _asked(place["service"], ExportUser(user_id=user_id, token=place["from"]))
    records = tuple(RecordView(service=place["service"], kind=one.kind, data=one.data) for one in answer.records)
    onward = _onward(place["service"], answer.next)
    return ExportView(records=records, next_token=encode(onward, scope) if onward else None)


def _asked(name: str, request: ExportUser) -> Exported:
    if name == "user":
        return exported(request, _OWN)
    try:
        return call.ask(f"{name}.export_user", request, Exported)
    except call.CallFailed:
        raise Busy from None


def _onward(name: str, more: str | None) -> dict[str, Any] | None:
    if more:
        return {"service": name, "from": more}
    later = _SERVICES[_SERVICES.index(name) + 1 :]
    return {"service": later[0], "from": None} if later else None
