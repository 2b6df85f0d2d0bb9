"""Admission: whom an event's door lets in, that each ticket admits once, and taking it back."""

import hashlib
from datetime import timedelta

from common import clock, ids, log
from common.api import Caller
from common.store import ConditionFailed, Item
from ticket.core import access, codes, repository
from ticket.core.door_schemas import CheckInRequest
from ticket.core.errors import (
    AlreadyCheckedIn,
    CheckInUndone,
    CheckInUnknown,
    EventCancelled,
    EventEnded,
    NonceReused,
    OtherEvent,
    TicketVoid,
    TooEarly,
    UnknownCode,
)
from ticket.core.model import State

_OVERRUN = timedelta(hours=6)  # events begin and end late: for so long after its time one lets people in


def check_in(caller: Caller, request: CheckInRequest) -> tuple[Item, bool]:
    """Admit the ticket once. Returns the admission, and whether an earlier call with this nonce had made it."""
    event = access.at_door(caller, request.event_id)
    scan_id, scanned = ids.derive("scan", caller.user_id, request.nonce), _hash(request)
    known = repository.scan(scan_id)
    if known:
        return told(_repeated(known, scanned), event), True
    ticket = codes.ticket_of(request.code)
    try:
        _admits(ticket, event)
    except AlreadyCheckedIn:
        known = repository.scan(scan_id)  # this very scan, sent twice at once, may have been the one
        if not known:
            raise
        return told(_repeated(known, scanned), event), True
    _open(event)
    scan = _scan(scan_id, scanned, request, ticket)
    try:
        repository.admit(ticket, scan, by=caller.user_id)
    except ConditionFailed as failure:
        return told(_lost(failure, scanned, event), event), True
    log.count("TicketsAdmitted")
    return told(scan, event, ticket), False


def made(caller: Caller, nonce: str) -> Item:
    """The admission that the caller made with this nonce. Raises CheckInUnknown or EventUnknown."""
    scan = _own(caller, nonce)
    return told(scan, access.at_door(caller, scan["event_id"]))


def told(scan: Item, event: Item, ticket: Item | None = None) -> Item:
    """The admission with what the person at the door is to know: who comes, on what ticket, and the note."""
    found = ticket or repository.ticket(scan["ticket_id"]) or {}
    shown = {name: found.get(name) for name in ("holder_name", "seat", "note")}
    return scan | shown | {"type_name": event["types"].get(scan["event_type_id"])}


def undo(caller: Caller, nonce: str) -> Item:
    """The admission, taken back: the ticket is as if not scanned, the nonce is spent. Harmless to repeat."""
    scan = _own(caller, nonce)
    event = access.at_door(caller, scan["event_id"])
    if "undone_at" not in scan:
        _take_back(scan, caller)
    return told(_own(caller, nonce), event)


def _take_back(scan: Item, caller: Caller) -> None:
    try:
        repository.take_back(scan, by=caller.user_id)
    except ConditionFailed as failure:
        if failure.old[1] is None:  # else another call has taken it back meanwhile
            raise TicketVoid from None
        return
    log.count("AdmissionsUndone")


def _own(caller: Caller, nonce: str) -> Item:
    scan = repository.scan(ids.derive("scan", caller.user_id, nonce))
    if scan is None:
        raise CheckInUnknown
    return scan


def _admits(ticket: Item, event: Item) -> None:
    if ticket["event_id"] != event["pk"]:
        raise OtherEvent
    if event["status"] == "CANCELLED":  # which says more than that the ticket is void, as it will be
        raise EventCancelled
    if ticket["status"] == State.VOID:
        raise TicketVoid
    if ticket["status"] == State.CHECKED_IN:
        raise AlreadyCheckedIn(checked_in_at=ticket["checked_in_at"])


def _open(event: Item) -> None:
    if event["status"] == "ENDED" and clock.now() > clock.parse(event["ends_at"]) + _OVERRUN:
        raise EventEnded
    opens = event.get("doors_at")
    if opens and clock.now() < clock.parse(opens):
        raise TooEarly(f"The doors open at {opens}.", doors_at=opens)


def _scan(scan_id: str, scanned: str, request: CheckInRequest, ticket: Item) -> Item:
    return {
        "id": scan_id,
        "nonce": request.nonce,
        "scanned": scanned,
        "event_id": request.event_id,
        "ticket_id": ticket["id"],
        "event_type_id": ticket["event_type_id"],
        "checked_in_at": clock.iso(clock.now()),
    }


def _repeated(known: Item, scanned: str) -> Item:
    if known["scanned"] != scanned:
        raise NonceReused(pointer="/nonce")
    if "undone_at" in known:
        raise CheckInUndone
    return known


def _lost(failure: ConditionFailed, scanned: str, event: Item) -> Item:
    """Another call was quicker: the same scan is answered alike, any other is refused."""
    ticket, known, *_ = failure.old
    if known:
        return _repeated(known, scanned)
    if ticket:
        _admits(ticket, event)
    raise UnknownCode


def _hash(request: CheckInRequest) -> str:
    return hashlib.sha256(f"{request.event_id}\n{request.code}".encode()).hexdigest()
