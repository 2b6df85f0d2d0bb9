"""Rebuilds the bus events that an item has published, with their original ids and content.

The latest ones are in the item's outbox. Earlier ones are rebuilt from the log, where an entry's position is its
version, and from the item's current attributes; those that cannot be rebuilt are not republished.
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
from reconcile.core import refund_history
from reconcile.core.snapshot import Item

_EVENT_BY_ACTION: Mapping[tuple[str, str], type[BusEvent]] = {
    ("booking", "order"): BookingOrdered,
    ("booking", "extend"): BookingExtended,
    ("booking", "confirm"): BookingConfirmed,
    ("booking", "confirm_late"): BookingConfirmed,
    ("booking", "expire"): BookingExpired,
    ("booking", "fail"): BookingFailed,
    ("booking", "reject_late_payment"): BookingFailed,
    ("booking", "cancel"): BookingCancelled,
    ("booking", "cancel_by_policy"): BookingCancelled,
    ("booking", "revoke"): BookingCancelled,
    ("booking", "refund"): BookingCancelled,
    ("booking", "event_cancelled"): BookingCancelled,
    ("payment", "succeed"): PaymentSucceeded,
    ("payment", "fail"): PaymentFailed,
    ("payment", "refund"): RefundRequested,
    ("payment", "part_refund"): PaymentRefunded,
    ("payment", "finish_refund"): PaymentRefunded,
    ("payment", "refund_settled"): PaymentRefunded,
    ("payment", "fail_refund"): PaymentRefundFailed,
    ("payment", "refund_failed_while_others_pending"): PaymentRefundFailed,
    ("issue", "issue"): TicketCreated,
    ("issue", "withdraw"): TicketVoided,
    ("ticket", "transfer"): TicketTransferred,
    ("ticket", "reissue"): TicketReissued,
    ("ticket", "admit"): TicketCheckedIn,
    ("ticket", "undo"): TicketCheckInUndone,
    ("ticket", "void"): TicketVoided,
    ("transfer", "offer"): TicketOffered,
}
_TRANSFER_ATTRIBUTES = {"transferred_from", "from_user_id"}
_CANCELLATION_REASONS = {
    "cancel": "buyer",
    "cancel_by_policy": "buyer",
    "revoke": "ticket_rejected",
    "refund": "refunded",
    "event_cancelled": "event_cancelled",
}


def published_steps(item: Item) -> Iterator[tuple[int, str, type[BusEvent]]]:
    """(version, trigger, bus event class) of each step in its history that published an event."""
    kind = item["sk"].split("#")[0]
    for version, log in enumerate(item.get("logs", ()), start=1):
        event = _EVENT_BY_ACTION.get((kind, log["action"]))
        if event:
            yield version, log["action"], event


def published_event_ids(item: Item) -> Iterator[tuple[type[BusEvent], str]]:
    """Class and id of each bus event that the item has published."""
    for version, _, event in published_steps(item):
        yield event, bus_event_id(event, item, version)


def replay_images(item: Item) -> list[dict[str, Any]]:
    """The item as it was at each publication that can be repeated, the latest last."""
    if "outbox_version" not in item:
        return []
    latest, logs = int(item["outbox_version"]), item.get("logs", ())
    earlier_images = [_replay_image(item, *one) for one in published_steps(item) if one[0] < latest]
    at = {"updated_at": logs[latest - 1]["at"]} if latest <= len(logs) else {}
    return [one for one in earlier_images if one] + [dict(item) | at]


def _replay_image(item: Item, version: int, action: str, event: type[BusEvent]) -> dict[str, Any] | None:
    extra = _event_fields(item, version, action)
    if extra is None:
        return None
    latest = next(iter(item["outbox"]))
    entry = {"bus_event": event.wire_name(), "correlation": latest["correlation"], "cause": latest["cause"]} | extra
    return dict(item) | {"outbox": [entry], "outbox_version": version, "updated_at": item["logs"][version - 1]["at"]}


def _event_fields(item: Item, version: int, action: str) -> dict[str, Any] | None:
    """Event fields that the item's attributes do not hold; None if they can no longer be determined."""
    if item["sk"] == "payment":
        return {} if action in ("succeed", "fail") else refund_history.for_step(item, version, action)
    if item["sk"] in ("issue", "ticket", "transfer"):
        fields: dict[str, dict[str, Any] | None] = {
            "issue": {"user_id": item.get("buyer_id")},
            "reissue": {},
            # The version orders the check-in events of a ticket.
            "admit": {"version": version},
            "undo": {"version": version},
            "transfer": {"from_ticket_id": item["transferred_from"]} if item.keys() >= _TRANSFER_ATTRIBUTES else None,
            "offer": {"user_id": item.get("to_user_id")},
        }
        return fields.get(action)
    if action in ("fail", "reject_late_payment"):
        return {"reason": "declined" if action == "fail" else "no_room"}
    return {"reason": _CANCELLATION_REASONS[action]} if action in _CANCELLATION_REASONS else {}
