"""What the organiser of an event does with its tickets: new codes, withdrawal, and what is printed on them.

Money is payment's matter: a ticket that is withdrawn here is not paid back by that.
"""

from typing import Any

from common import clock, env, log
from common.api import Caller
from common.bus.ticket import TicketReissued, TicketVoided
from common.outbox import change, entry, mine, transition
from common.problems import Busy
from common.revision import Changed, IfMatch
from common.store import ConditionFailed, Item, Put, Write, transact, write
from ticket.core import access, issues, ledger, repository, signature
from ticket.core.errors import TicketVoid
from ticket.core.model import LIFECYCLE, State, Trigger, admissible
from ticket.core.repository import NEW, TABLE, key
from ticket.core.schemas import TicketRequest


def reissue(caller: Caller, ticket_id: str, tries: int = 3) -> Item:
    """The ticket with a code of the next serial; what it showed before admits nobody any more."""
    ticket, by = access.organised(caller, ticket_id)
    admissible(ticket)
    shown = signature.shown(env.secret("ticket-seed"), ticket, ticket["serial"] + 1)
    update = change(
        TABLE, key(ticket_id, "ticket"),
        trigger="reissue",
        actor=by,
        # `code` is a key of the index, written once: a later one has an item of its own there.
        sets={"serial": ticket["serial"] + 1, "latest_code": shown["code"], "qr_payload": shown["qr_payload"],
              "issued_at": clock.iso(clock.now())},
        publish=[entry(TicketReissued)],
        condition="#status = :created AND #version = :seen",
        values={"created": str(State.CREATED), "seen": ticket["version"]},
    )  # fmt: skip
    alias = key(ticket_id, f"code#{ticket['serial'] + 1}") | {"code": shown["code"]}
    dead = ledger.revoked(ticket["event_id"], ticket_id, [ticket_id], ticket["serial"])
    if not _written([update, Put(TABLE, alias, condition=NEW), dead], tries):
        return reissue(caller, ticket_id, tries - 1)
    log.count("TicketsReissued")
    return repository.ticket(ticket_id) or ticket


def void(caller: Caller, ticket_id: str, tries: int = 3) -> Item:
    """The ticket, which admits nobody any more; the others of its booking do. Harmless to repeat."""
    ticket, by = access.organised(caller, ticket_id)
    if ticket["status"] == State.VOID:
        return ticket
    if ticket["status"] != State.CHECKED_IN:
        admissible(ticket)
    update = transition(
        TABLE, key(ticket_id, "ticket"), LIFECYCLE, Trigger.VOID,
        actor=by, sets={"withdrawn_by": by}, also="#version = :seen", values={"seen": ticket["version"]},
    )  # fmt: skip
    told = {"publish": [entry(TicketVoided, user_id=ticket["user_id"], ticket_ids=[ticket_id])]}
    dead = ledger.revoked(ticket["event_id"], ticket_id, [ticket_id])
    counted = ledger.counted(ticket["event_id"], ticket_id, void=1)
    if not _written([update, issues.without(ticket, by=by, **told), dead, counted], tries):
        return void(caller, ticket_id, tries - 1)
    log.count("TicketsVoided")
    return repository.ticket(ticket_id) or ticket


def describe(caller: Caller, ticket_id: str, request: TicketRequest, seen: IfMatch) -> Item:
    """The ticket with this holder, seat and note and no others. Raises Changed."""
    ticket, by = access.organised(caller, ticket_id)
    seen.check(ticket)
    if ticket["status"] == State.VOID:
        raise TicketVoid
    said = request.model_dump()
    sets: dict[str, Any] = {name: text for name, text in said.items() if text is not None}
    update = change(
        TABLE, key(ticket_id, "ticket"),
        trigger="describe",
        actor=by,
        sets=sets,
        removes=[name for name in said if name not in sets],
        condition="#version = :seen",
        values={"seen": ticket["version"]},
    )  # fmt: skip
    try:
        return write(update)
    except ConditionFailed as failure:
        done = mine(failure)  # and the reply was lost
        if done is None:
            raise Changed from None
        return done


def _written(writes: list[Write], tries: int) -> bool:
    """False if the ticket has changed meanwhile, and is to be looked at again. Raises Busy."""
    try:
        transact(writes)
    except ConditionFailed:
        if not tries:
            raise Busy from None
        return False
    return True
