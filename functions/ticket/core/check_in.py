"""Check-in: admit a ticket by code, once, and undo it."""

import hashlib
from datetime import timedelta

from common import clock, env, ids, log
from common.api import Caller
from common.store import ConditionFailed, Item
from ticket.core import access, repository, signature
from ticket.core.errors import (
    AlreadyCheckedIn,
    CheckInNotFound,
    CheckInUndone,
    CodeNotFound,
    DoorsClosed,
    DoorsNotOpen,
    EventCancelled,
    NonceReused,
    TicketVoid,
    WrongEvent,
)
from ticket.core.model import State
from ticket.core.schemas import CheckInRequest

_GRACE_AFTER_END = timedelta(hours=6)  # events run late


def admit(caller: Caller, request: CheckInRequest) -> tuple[Item, bool]:
    """Check the ticket in, once. Returns the check-in, and whether it is the replay of an earlier call's."""
    event = access.event_for_staff(caller, request.event_id)
    scan_id, request_hash = ids.derive("scan", caller.user_id, request.nonce), _request_hash(request)
    existing = repository.find_scan(scan_id)
    if existing:
        return with_ticket_details(_replay(existing, request_hash), event), True
    ticket = _resolve_code(request.code)
    try:
        _require_valid(ticket, event)
    except AlreadyCheckedIn:
        existing = repository.find_scan(scan_id)  # the same scan, sent twice concurrently
        if not existing:
            raise
        return with_ticket_details(_replay(existing, request_hash), event), True
    _require_doors_open(event)
    scan = _new_scan(scan_id, request_hash, request, ticket)
    try:
        repository.create_check_in(ticket, scan, actor=caller.user_id)
    except ConditionFailed as failure:
        return with_ticket_details(_resolve_conflict(failure, request_hash, event), event), True
    log.count("TicketsCheckedIn")
    return with_ticket_details(scan, event, ticket), False


def get_check_in(caller: Caller, nonce: str) -> Item:
    """The caller's check-in with this nonce. Raises CheckInNotFound or EventNotFound."""
    scan = _get_own(caller, nonce)
    return with_ticket_details(scan, access.event_for_staff(caller, scan["event_id"]))


def with_ticket_details(scan: Item, event: Item, ticket: Item | None = None) -> Item:
    """The check-in with what door staff need to know: holder, seat, note and ticket type."""
    details = ticket or repository.find_ticket(scan["ticket_id"]) or {}
    shown_fields = {name: details.get(name) for name in ("holder_name", "seat", "note")}
    return scan | shown_fields | {"type_name": event["types"].get(scan["event_type_id"])}


def undo(caller: Caller, nonce: str) -> Item:
    """Undo the check-in: the ticket is valid again, the nonce stays used. Idempotent. Raises TicketVoid."""
    scan = _get_own(caller, nonce)
    event = access.event_for_staff(caller, scan["event_id"])
    if "undone_at" not in scan:
        _write_undo(scan, caller)
    return with_ticket_details(_get_own(caller, nonce), event)


def _write_undo(scan: Item, caller: Caller) -> None:
    try:
        repository.undo_check_in(scan, actor=caller.user_id)
    except ConditionFailed as failure:
        if failure.old_items[1] is None:  # otherwise a concurrent call has undone it
            raise TicketVoid from None
        return
    log.count("CheckInsUndone")


def _get_own(caller: Caller, nonce: str) -> Item:
    scan = repository.find_scan(ids.derive("scan", caller.user_id, nonce))
    if scan is None:
        raise CheckInNotFound
    return scan


def _require_valid(ticket: Item, event: Item) -> None:
    if ticket["event_id"] != event["pk"]:
        raise WrongEvent
    if event["status"] == "CANCELLED":  # before TicketVoid: it is the more specific reason
        raise EventCancelled
    if ticket["status"] == State.VOID:
        raise TicketVoid
    if ticket["status"] == State.CHECKED_IN:
        raise AlreadyCheckedIn(checked_in_at=ticket["checked_in_at"])


def _require_doors_open(event: Item) -> None:
    if event["status"] == "ENDED" and clock.now() > clock.parse(event["ends_at"]) + _GRACE_AFTER_END:
        raise DoorsClosed
    doors_at = event.get("doors_at")
    if doors_at and clock.now() < clock.parse(doors_at):
        raise DoorsNotOpen(f"The doors open at {doors_at}.", doors_at=doors_at)


def _new_scan(scan_id: str, request_hash: str, request: CheckInRequest, ticket: Item) -> Item:
    return {
        "id": scan_id,
        "nonce": request.nonce,
        "scanned": request_hash,
        "event_id": request.event_id,
        "ticket_id": ticket["id"],
        "event_type_id": ticket["event_type_id"],
        "checked_in_at": clock.iso(clock.now()),
    }


def _replay(existing: Item, request_hash: str) -> Item:
    if existing["scanned"] != request_hash:
        raise NonceReused(pointer="/nonce")
    if "undone_at" in existing:
        raise CheckInUndone
    return existing


def _resolve_conflict(failure: ConditionFailed, request_hash: str, event: Item) -> Item:
    """A concurrent call won: replay its result if it is the same scan, reject any other scan."""
    ticket, existing, *_ = failure.old_items
    if existing:
        return _replay(existing, request_hash)
    if ticket:
        _require_valid(ticket, event)
    raise CodeNotFound


def _request_hash(request: CheckInRequest) -> str:
    return hashlib.sha256(f"{request.event_id}\n{request.code}".encode()).hexdigest()


def _resolve_code(code: str) -> Item:
    """The issued ticket with this current code or QR payload. Raises CodeNotFound."""
    ticket = _find_by_qr_payload(code) if "." in code else _find_by_opaque_code(code)
    if not ticket or ticket["status"] in (State.PENDING, State.REJECTED):
        raise CodeNotFound
    return ticket


def _find_by_opaque_code(code: str) -> Item | None:
    normalised = signature.normalise_code(code)
    return repository.find_by_code(normalised) if len(normalised) == signature.CODE_LENGTH else None


def _find_by_qr_payload(payload: str) -> Item | None:
    try:
        claims = signature.verify(env.secret("ticket-seed"), payload)
    except signature.BadSignature:
        raise CodeNotFound from None
    ticket = repository.find_ticket(claims.ticket)
    # A reissue raises the serial and so revokes the earlier codes.
    return ticket if ticket and ticket["serial"] == claims.serial else None
