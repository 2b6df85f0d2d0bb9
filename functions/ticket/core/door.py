"""Admission: what a code stands for, that each ticket admits once, and taking it back."""

import hashlib

from common import clock, env, ids, log
from common.api import Caller
from common.store import ConditionFailed, Item
from ticket.core import access, repository, signature
from ticket.core.errors import (
    AlreadyCheckedIn,
    CheckInUndone,
    CheckInUnknown,
    NonceReused,
    OtherEvent,
    TicketVoid,
    UnknownCode,
)
from ticket.core.model import State
from ticket.core.schemas import CheckInRequest


def check_in(caller: Caller, request: CheckInRequest) -> tuple[Item, bool]:
    """Admit the ticket once. Returns the scan, and whether an earlier call with this nonce had made it."""
    access.at_door(caller, request.event_id)
    scan_id, scanned = ids.derive("scan", caller.user_id, request.nonce), _hash(request)
    known = repository.scan(scan_id)
    if known:
        return _repeated(known, scanned), True
    ticket = _found(request.code)
    try:
        _admits(ticket, request.event_id)
    except AlreadyCheckedIn:
        known = repository.scan(scan_id)  # this very scan, sent twice at once, may have been the one
        if not known:
            raise
        return _repeated(known, scanned), True
    scan = _scan(scan_id, scanned, request, ticket)
    try:
        repository.admit(ticket, scan, by=caller.user_id)
    except ConditionFailed as failure:
        return _lost(failure, scanned, request.event_id), True
    log.count("TicketsAdmitted")
    return scan, False


def undo(caller: Caller, nonce: str) -> None:
    """The ticket is as if it had not been scanned, and the nonce is spent. Harmless to repeat."""
    scan = repository.scan(ids.derive("scan", caller.user_id, nonce))
    if scan is None:
        raise CheckInUnknown
    access.at_door(caller, scan["event_id"])
    if "undone_at" in scan:
        return
    try:
        repository.take_back(scan, by=caller.user_id)
    except ConditionFailed as failure:
        if failure.old[1] is None:  # else another call has taken it back meanwhile
            raise TicketVoid from None
        return
    log.count("AdmissionsUndone")


def _found(code: str) -> Item:
    found = _signed(code) if "." in code else _typed(code)
    if not found or found["status"] in (State.PENDING, State.REJECTED):
        raise UnknownCode
    return found


def _typed(code: str) -> Item | None:
    meant = signature.typed(code)
    return repository.by_code(meant) if len(meant) == signature.CODE_LENGTH else None


def _signed(code: str) -> Item | None:
    try:
        claims = signature.verify(env.secret("ticket-seed"), code)
    except signature.BadSignature:
        raise UnknownCode from None
    found = repository.ticket(claims.ticket)
    # A reissued ticket has a higher serial: the code before it is dead.
    return found if found and found["serial"] == claims.serial else None


def _admits(ticket: Item, event_id: str) -> None:
    if ticket["event_id"] != event_id:
        raise OtherEvent
    if ticket["status"] == State.VOID:
        raise TicketVoid
    if ticket["status"] == State.CHECKED_IN:
        raise AlreadyCheckedIn(checked_in_at=ticket["checked_in_at"])


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


def _lost(failure: ConditionFailed, scanned: str, event_id: str) -> Item:
    """Another call was quicker: the same scan is answered alike, any other is refused."""
    ticket, known, *_ = failure.old
    if known:
        return _repeated(known, scanned)
    if ticket:
        _admits(ticket, event_id)
    raise UnknownCode


def _hash(request: CheckInRequest) -> str:
    return hashlib.sha256(f"{request.event_id}\n{request.code}".encode()).hexdigest()
