"""What every service answers that holds anything about people: `<service>.export_user`."""

from typing import Any

from common.call import CallAnswer, CallRequest


class ExportUser(CallRequest):
    """The records held about a user; `token` goes on from an answer's `next`."""

    user_id: str
    token: str | None = None


class Record(CallAnswer):
    """One thing that is held: what it is, and all of it but the service's own bookkeeping and secrets."""

    kind: str
    data: dict[str, Any]


class Exported(CallAnswer):
    """Some of the records, at most about a megabyte of them; `next` is null after the last."""

    records: tuple[Record, ...]
    next: str | None
