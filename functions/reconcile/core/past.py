"""What an item has told, rebuilt from its history: the same bus events under the same ids.

The latest telling stands in the item's outbox, word for word. Those before it are rebuilt from the log, whose
places are the versions, and from what the item holds now; what cannot be rebuilt is not told again.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from common.bus import BusEvent
from common.bus.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingExtended,
    BookingFailed,
    BookingOrdered,
)
from common.bus.payment import PaymentFailed, PaymentRefunded, PaymentRefundFailed, PaymentSucceeded, RefundRequested
from common.bus.ticket import (
    TicketCheckedIn,
    TicketCheckInUndone,
    TicketCreated,
    TicketOffered,
    TicketReissued,
    TicketTransferred,
    TicketVoided,
)
from common.outbox import bus_event_id
from reconcile.core import refunds
from reconcile.core.snapshot import Item

# fmt: off
_TOLD: Mapping[tuple[str, str], type[BusEvent]] = {
    ("booking", "order"):         BookingOrdered,
    ("booking", "extend"):        BookingExtended,
    ("booking", "confirm"):       BookingConfirmed,
    ("booking", "confirm_late"):  BookingConfirmed,
    ("booking", "expire"):        BookingExpired,
    ("booking", "fail"):          BookingFailed,
    ("booking", "refuse"):        BookingFailed,
    ("booking", "cancel"):        BookingCancelled,
    ("booking", "withdraw"):      BookingCancelled,
    ("booking", "revoke"):        BookingCancelled,
    ("booking", "refund"):        BookingCancelled,
    ("booking", "call_off"):      BookingCancelled,
    ("payment", "succeed"):       PaymentSucceeded,
    ("payment", "fail"):          PaymentFailed,
    ("payment", "refund"):        RefundRequested,
    ("payment", "part_refund"):   PaymentRefunded,
    ("payment", "finish_refund"): PaymentRefunded,
    ("payment", "finish_one"):    PaymentRefunded,
    ("payment", "fail_refund"):   PaymentRefundFailed,
    ("payment", "fail_one"):      PaymentRefundFailed,
    ("issue",   "issue"):         TicketCreated,
    ("issue",   "withdraw"):      TicketVoided,
    ("ticket",  "transfer"):      TicketTransferred,
    ("ticket",  "reissue"):       TicketReissued,
    ("ticket",  "admit"):         TicketCheckedIn,
    ("ticket",  "undo"):          TicketCheckInUndone,
    ("ticket",  "void"):          TicketVoided,
    ("transfer", "offer"):        TicketOffered,
}
# fmt: on
_PASSED_ON = {"transferred_from", "from_user_id"}
_WHY = {
    "cancel": "buyer",
    "withdraw": "buyer",
    "revoke": "ticket_rejected",
    "refund": "refunded",
    "call_off": "event_cancelled",
}


def tellings(item: Item) -> Iterator[tuple[int, str, type[BusEvent]]]:
    """(version, trigger, bus event) of every step of its history that told something."""
    kind = item["sk"].split("#")[0]
    for version, log in enumerate(item.get("logs", ()), start=1):
        event = _TOLD.get((kind, log["did"]))
        if event:
            yield version, log["did"], event


def ids(item: Item) -> Iterator[tuple[type[BusEvent], str]]:
    """What the item has told, by the ids of its bus events."""
    for version, _, event in tellings(item):
        yield event, bus_event_id(event, item, version)


def images(item: Item) -> list[dict[str, Any]]:
    """The item as it was at each telling that can be told again, the latest last."""
    if "outbox_version" not in item:
        return []
    latest, logs = int(item["outbox_version"]), item.get("logs", ())
    found = [_image(item, *one) for one in tellings(item) if one[0] < latest]
    at = {"updated_at": logs[latest - 1]["at"]} if latest <= len(logs) else {}
    return [one for one in found if one] + [dict(item) | at]


def _image(item: Item, version: int, did: str, event: type[BusEvent]) -> dict[str, Any] | None:
    extra = _extra(item, version, did)
    if extra is None:
        return None
    trace = next(iter(item["outbox"]))
    entry = {"bus_event": event.wire_name(), "correlation": trace["correlation"], "cause": trace["cause"]} | extra
    return dict(item) | {"outbox": [entry], "outbox_version": version, "updated_at": item["logs"][version - 1]["at"]}


def _extra(item: Item, version: int, did: str) -> dict[str, Any] | None:
    """What the item's fields do not say; None where nobody knows it any more."""
    if item["sk"] == "payment":
        return {} if did in ("succeed", "fail") else refunds.of_step(item, version, did)
    if item["sk"] in ("issue", "ticket", "transfer"):
        known: dict[str, dict[str, Any] | None] = {
            "issue": {"user_id": item.get("buyer_id")},
            "reissue": {},
            # Of two words about one admission the version tells which is the newer.
            "admit": {"version": version},
            "undo": {"version": version},
            "transfer": {"from_ticket_id": item["transferred_from"]} if item.keys() >= _PASSED_ON else None,
            "offer": {"user_id": item.get("to_user_id")},
        }
        return known.get(did)
    if did in ("fail", "refuse"):
        return {"reason": "declined" if did == "fail" else "no_room"}
    return {"reason": _WHY[did]} if did in _WHY else {}
