"""Transfer of a ticket to another user: the owner offers it, the recipient accepts.

A ticket's owner is an index key and never changes. So the recipient gets a new ticket with the next serial,
and the old one becomes void, in one transaction. An offer does not disclose whether the recipient exists.
"""

from common import clock, env, ids, log, store
from common.api import Caller
from common.bus.ticket import TicketOffered, TicketTransferred
from common.idempotency import IdempotentRequest
from common.outbox import event_entry, new_item, transition, versioned_update
from common.problems import ServiceUnavailable
from common.store import ConditionFailed, Item, Put, Update
from ticket.core import attendees, door_counters, issuance, repository, signature
from ticket.core.errors import TransferClosed, TransferNotFound, TransferPending, TransferToSelf
from ticket.core.model import (
    LIFECYCLE,
    TRANSFER_LIFECYCLE,
    State,
    TransferState,
    TransferTrigger,
    Trigger,
    require_admissible,
)
from ticket.core.repository import IS_NEW, TABLE, key
from ticket.core.schemas import TransferRequest

_MAX_ATTEMPTS = 4  # reads of a ticket that changes concurrently
_CORRELATION_FIELDS = ("correlation_id",)  # one id for the whole booking
# Neither holder name nor note: they concern the previous owner.
_COPIED_FIELDS = ("booking_id", "booking_item_id", "event_type_id", "event_id", "seat", *_CORRELATION_FIELDS)


def create(caller: Caller, ticket_id: str, request: TransferRequest, idempotency_key: str | None) -> tuple[Item, bool]:
    """Offer the ticket. Returns the transfer, and whether it is the replay of an earlier call's."""
    ticket = repository.get_owned(ticket_id, caller.user_id)
    idempotent_request = IdempotentRequest.from_key(
        "transfer", f"{caller.user_id}/{ticket_id}", idempotency_key, request
    )
    existing = _find(idempotent_request.id)
    if existing and idempotent_request.is_replay_of(existing):
        return existing, True
    require_admissible(ticket)
    if request.to_user_id == caller.user_id:
        raise TransferToSelf(pointer="/to_user_id")
    transfer = _new_transfer(idempotent_request, caller, ticket, request)
    update = versioned_update(
        TABLE, key(ticket_id, "ticket"),
        trigger="offer", actor=caller.user_id, sets={"transfer_id": idempotent_request.id},
        condition="#status = :created AND attribute_not_exists(#transfer_id)",
        values={"created": str(State.CREATED)},
    )  # fmt: skip
    try:
        store.transact([update, Put(TABLE, transfer, condition=IS_NEW)])
    except ConditionFailed:
        existing = _find(idempotent_request.id)  # the same request, sent twice concurrently
        if existing and idempotent_request.is_replay_of(existing):
            return existing, True
        require_admissible(repository.get_owned(ticket_id, caller.user_id))
        raise TransferPending from None
    return transfer, False


def cancel(caller: Caller, ticket_id: str) -> None:
    """Cancel the offer of the ticket, if there is one. Idempotent. Raises TransferClosed once it is accepted."""
    ticket = repository.get_owned(ticket_id, caller.user_id)
    if "transfer_id" not in ticket:
        return
    update = versioned_update(
        TABLE, key(ticket_id, "ticket"),
        trigger="cancel", actor=caller.user_id, removes=["transfer_id"],
        condition="#transfer_id = :transfer", values={"transfer": ticket["transfer_id"]},
    )  # fmt: skip
    try:
        store.transact([update, _close_transfer(ticket["transfer_id"], TransferTrigger.CANCEL, actor=caller.user_id)])
    except ConditionFailed:
        transfer = _find(ticket["transfer_id"])
        if transfer and transfer["status"] == TransferState.ACCEPTED:
            raise TransferClosed from None


def accept(caller: Caller, transfer_id: str) -> Item:
    """Accept the offer. Idempotent. Returns the caller's new ticket."""
    new_id = ids.derive("transferred", transfer_id)
    for _ in range(_MAX_ATTEMPTS):
        transfer = _find(transfer_id)
        if transfer is None or transfer["to_user_id"] != caller.user_id:
            raise TransferNotFound
        if transfer["status"] == TransferState.CANCELLED:
            raise TransferClosed
        if transfer["status"] == TransferState.ACCEPTED:
            return repository.get_owned(new_id, caller.user_id)
        if _try_accept(caller, transfer, new_id):
            log.count("TicketsTransferred")
    raise ServiceUnavailable


def get_visible(caller: Caller, transfer_id: str) -> Item:
    """The transfer, if the caller made or received the offer. Raises TransferNotFound."""
    transfer = _find(transfer_id)
    if not transfer or caller.user_id not in (transfer["from_user_id"], transfer["to_user_id"]):
        raise TransferNotFound
    return transfer


def _find(transfer_id: str) -> Item | None:
    return store.get(TABLE, key(transfer_id, "transfer"))


def _try_accept(caller: Caller, transfer: Item, new_id: str) -> bool:
    """False if the ticket or the offer has changed since it was read."""
    ticket = repository.get_owned(transfer["ticket_id"], transfer["from_user_id"])
    if "transferred_to" in ticket:
        return False
    require_admissible(ticket)
    actor = caller.user_id
    void_update = transition(
        TABLE, key(ticket["id"], "ticket"), LIFECYCLE, Trigger.VOID,
        actor=actor, sets={"transferred_to": new_id},
        extra_condition="#transfer_id = :transfer AND #version = :seen",
        values={"transfer": transfer["id"], "seen": ticket["version"]},
    )  # fmt: skip
    new_ticket = Put(TABLE, _new_owner_ticket(caller, ticket, new_id), condition=IS_NEW)
    revocation = door_counters.revoke(ticket["event_id"], ticket["id"], [ticket["id"]])
    issuance_update = issuance.replace_ticket(ticket, new_id, actor=actor)
    transfer_update = _close_transfer(transfer["id"], TransferTrigger.ACCEPT, actor=actor)
    try:
        store.transact([void_update, new_ticket, issuance_update, transfer_update, revocation])
    except ConditionFailed:
        return False
    return True


def _new_owner_ticket(caller: Caller, ticket: Item, new_id: str) -> Item:
    item = key(new_id, "ticket") | {name: ticket[name] for name in _COPIED_FIELDS if name in ticket}
    item |= {"id": new_id, "user_id": caller.user_id, "serial": ticket["serial"] + 1, "status": str(State.CREATED)}
    item |= signature.credentials(env.secret("ticket-seed"), item, item["serial"])
    item |= {"transferred_from": ticket["id"], "from_user_id": ticket["user_id"], "issued_at": clock.iso(clock.now())}
    item |= attendees.list_keys(item)
    transferred_entry = event_entry(TicketTransferred, from_ticket_id=ticket["id"])
    return new_item(item, actor=caller.user_id, trigger="transfer", publish=[transferred_entry])


def _new_transfer(
    idempotent_request: IdempotentRequest, caller: Caller, ticket: Item, request: TransferRequest
) -> Item:
    # The recipient is `to_user_id`: an item with `user_id` would be listed among the user's tickets.
    item = key(idempotent_request.id, "transfer") | {
        "id": idempotent_request.id,
        "request_hash": idempotent_request.request_hash,
        "ticket_id": ticket["id"],
        "event_id": ticket["event_id"],
        "from_user_id": caller.user_id,
        "to_user_id": request.to_user_id,
        "status": str(TransferState.OFFERED),
    }
    offered_entry = event_entry(TicketOffered, user_id=request.to_user_id)
    item |= {name: ticket[name] for name in _CORRELATION_FIELDS if name in ticket}
    return new_item(item, actor=caller.user_id, trigger="offer", publish=[offered_entry])


def _close_transfer(transfer_id: str, trigger: TransferTrigger, *, actor: str) -> Update:
    return transition(TABLE, key(transfer_id, "transfer"), TRANSFER_LIFECYCLE, trigger, actor=actor)
