"""An organiser's changes to single tickets: reissue, void, and edit the details. Nothing is refunded here."""

from typing import Any

from common import clock, env, log
from common.api import Caller
from common.bus.ticket import TicketReissued, TicketVoided
from common.conditional_requests import IfMatch, StaleVersion
from common.outbox import event_entry, own_write, transition, versioned_update
from common.problems import ServiceUnavailable
from common.store import ConditionFailed, Item, Put, Write, transact, write
from ticket.core import access, door_counters, issuance, repository, signature
from ticket.core.errors import TicketVoid
from ticket.core.model import LIFECYCLE, State, Trigger, require_admissible
from ticket.core.repository import IS_NEW, TABLE, key
from ticket.core.schemas import TicketRequest


def reissue(caller: Caller, ticket_id: str, retries: int = 3) -> Item:
    """Give the ticket codes of the next serial and revoke the earlier ones. Returns the ticket."""
    ticket, actor = access.get_managed_ticket(caller, ticket_id)
    require_admissible(ticket)
    credentials = signature.credentials(env.secret("ticket-seed"), ticket, ticket["serial"] + 1)
    update = versioned_update(
        TABLE, key(ticket_id, "ticket"),
        trigger="reissue",
        actor=actor,
        # `code` is an index key and never changes: later codes have their own item in the index.
        sets={
            "serial": ticket["serial"] + 1,
            "latest_code": credentials["code"],
            "qr_payload": credentials["qr_payload"],
            "issued_at": clock.iso(clock.now()),
        },
        publish=[event_entry(TicketReissued)],
        condition="#status = :created AND #version = :seen",
        values={"created": str(State.CREATED), "seen": ticket["version"]},
    )  # fmt: skip
    alias = key(ticket_id, f"code#{ticket['serial'] + 1}") | {"code": credentials["code"]}
    revocation = door_counters.revoke(ticket["event_id"], ticket_id, [ticket_id], ticket["serial"])
    if not _try_write([update, Put(TABLE, alias, condition=IS_NEW), revocation], retries):
        return reissue(caller, ticket_id, retries - 1)
    log.count("TicketsReissued")
    return repository.find_ticket(ticket_id) or ticket


def void(caller: Caller, ticket_id: str, retries: int = 3) -> Item:
    """Void this ticket of its booking. Idempotent. Returns the ticket."""
    ticket, actor = access.get_managed_ticket(caller, ticket_id)
    if ticket["status"] == State.VOID:
        return ticket
    if ticket["status"] != State.CHECKED_IN:
        require_admissible(ticket)
    update = transition(
        TABLE, key(ticket_id, "ticket"), LIFECYCLE, Trigger.VOID,
        actor=actor, sets={"withdrawn_by": actor},
        extra_condition="#version = :seen", values={"seen": ticket["version"]},
    )  # fmt: skip
    voided_entry = event_entry(TicketVoided, user_id=ticket["user_id"], ticket_ids=[ticket_id])
    issuance_update = issuance.remove_ticket(ticket, actor=actor, publish=[voided_entry])
    revocation = door_counters.revoke(ticket["event_id"], ticket_id, [ticket_id])
    counter_update = door_counters.count(ticket["event_id"], ticket_id, void=1)
    if not _try_write([update, issuance_update, revocation, counter_update], retries):
        return void(caller, ticket_id, retries - 1)
    log.count("TicketsVoided")
    return repository.find_ticket(ticket_id) or ticket


def update_details(caller: Caller, ticket_id: str, request: TicketRequest, if_match: IfMatch) -> Item:
    """Replace holder name, seat and note. Raises StaleVersion, IfMatchRequired or TicketVoid."""
    ticket, actor = access.get_managed_ticket(caller, ticket_id)
    if_match.require_match(ticket)
    if ticket["status"] == State.VOID:
        raise TicketVoid
    details = request.model_dump()
    sets: dict[str, Any] = {name: text for name, text in details.items() if text is not None}
    update = versioned_update(
        TABLE, key(ticket_id, "ticket"),
        trigger="describe",
        actor=actor,
        sets=sets,
        removes=[name for name in details if name not in sets],
        condition="#version = :seen",
        values={"seen": ticket["version"]},
    )  # fmt: skip
    try:
        return write(update)
    except ConditionFailed as failure:
        already_written = own_write(failure)  # its response was lost
        if already_written is None:
            raise StaleVersion from None
        return already_written


def _try_write(writes: list[Write], retries: int) -> bool:
    """False if the ticket has changed since it was read. Raises ServiceUnavailable when no retries are left."""
    try:
        transact(writes)
    except ConditionFailed:
        if not retries:
            raise ServiceUnavailable from None
        return False
    return True
