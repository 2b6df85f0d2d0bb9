"""A ticket goes to somebody else: its owner offers it, the other accepts.

Who owns a ticket is a key of an index and is written once. So the other gets a ticket of their own,
of the next serial, and the one before is void, in one transaction: no place is gained or lost.
Whether the other is registered is not said; only they can accept.
"""

from common import clock, env, ids, log, store
from common.api import Caller
from common.bus.ticket import TicketOffered, TicketTransferred
from common.idempotency import Claim
from common.outbox import born, change, entry, transition
from common.problems import Busy
from common.store import ConditionFailed, Item, Put, Update
from ticket.core import attendees, issues, ledger, repository, signature
from ticket.core.errors import AlreadyOffered, OfferedToOneself, TransferOver, TransferUnknown
from ticket.core.model import LIFECYCLE, OFFERS, Answer, Offer, State, Trigger, admissible
from ticket.core.repository import NEW, TABLE, key
from ticket.core.schemas import TransferRequest

_TRIES = 4  # looks at a ticket that changes under one's hands
_JOURNEY = ("correlation_id",)  # the booking's
_KEPT = ("booking_id", "booking_item_id", "event_type_id", "event_id", "seat", *_JOURNEY)  # no note: the other's


def offer(caller: Caller, ticket_id: str, request: TransferRequest, idempotency_key: str | None) -> tuple[Item, bool]:
    """Offer the ticket. Returns the transfer, and whether an earlier call with this key had made it."""
    ticket = repository.owned(ticket_id, caller.user_id)
    claim = Claim.of("transfer", f"{caller.user_id}/{ticket_id}", idempotency_key, request)
    known = find(claim.id)
    if known and claim.repeats(known):
        return known, True
    admissible(ticket)
    if request.to_user_id == caller.user_id:
        raise OfferedToOneself(pointer="/to_user_id")
    made = _transfer(claim, caller, ticket, request)
    update = change(
        TABLE, key(ticket_id, "ticket"),
        trigger="offer", actor=caller.user_id, sets={"transfer_id": claim.id},
        condition="#status = :created AND attribute_not_exists(#transfer_id)",
        values={"created": str(State.CREATED)},
    )  # fmt: skip
    try:
        store.transact([update, Put(TABLE, made, condition=NEW)])
    except ConditionFailed:
        known = find(claim.id)  # this very request, sent twice at once, may have been the one
        if known and claim.repeats(known):
            return known, True
        admissible(repository.owned(ticket_id, caller.user_id))
        raise AlreadyOffered from None
    return made, False


def retract(caller: Caller, ticket_id: str) -> None:
    """The ticket is offered to nobody. Harmless to repeat. Raises TransferOver once it is accepted."""
    ticket = repository.owned(ticket_id, caller.user_id)
    if "transfer_id" not in ticket:
        return
    update = change(
        TABLE, key(ticket_id, "ticket"),
        trigger="retract", actor=caller.user_id, removes=["transfer_id"],
        condition="#transfer_id = :transfer", values={"transfer": ticket["transfer_id"]},
    )  # fmt: skip
    try:
        store.transact([update, _ends(ticket["transfer_id"], Answer.RETRACT, by=caller.user_id)])
    except ConditionFailed:
        found = find(ticket["transfer_id"])
        if found and found["status"] == Offer.ACCEPTED:
            raise TransferOver from None


def accept(caller: Caller, transfer_id: str) -> Item:
    """The ticket that is the caller's from here on. Harmless to repeat."""
    new_id = ids.derive("transferred", transfer_id)
    for _ in range(_TRIES):
        found = find(transfer_id)
        if found is None or found["to_user_id"] != caller.user_id:
            raise TransferUnknown
        if found["status"] == Offer.CANCELLED:
            raise TransferOver
        if found["status"] == Offer.ACCEPTED:
            return repository.owned(new_id, caller.user_id)
        if _handed_over(caller, found, new_id):
            log.count("TicketsTransferred")
    raise Busy


def seen(caller: Caller, transfer_id: str) -> Item:
    """The offer, to those two between whom it is. Raises TransferUnknown."""
    found = find(transfer_id)
    if not found or caller.user_id not in (found["from_user_id"], found["to_user_id"]):
        raise TransferUnknown
    return found


def find(transfer_id: str) -> Item | None:
    return store.get(TABLE, key(transfer_id, "transfer"))


def _handed_over(caller: Caller, found: Item, new_id: str) -> bool:
    """False if the ticket or the offer has changed meanwhile: both are to be looked at again."""
    old = repository.owned(found["ticket_id"], found["from_user_id"])
    if "transferred_to" in old:
        return False
    admissible(old)
    by = caller.user_id
    void = transition(
        TABLE, key(old["id"], "ticket"), LIFECYCLE, Trigger.VOID,
        actor=by, sets={"transferred_to": new_id},
        also="#transfer_id = :transfer AND #version = :seen",
        values={"transfer": found["id"], "seen": old["version"]},
    )  # fmt: skip
    new = Put(TABLE, _successor(caller, old, new_id), condition=NEW)
    dead = ledger.revoked(old["event_id"], old["id"], [old["id"]])
    try:
        store.transact([void, new, issues.instead(old, new_id, by=by), _ends(found["id"], Answer.ACCEPT, by=by), dead])
    except ConditionFailed:
        return False
    return True


def _successor(caller: Caller, old: Item, new_id: str) -> Item:
    item = key(new_id, "ticket") | {name: old[name] for name in _KEPT if name in old}
    item |= {"id": new_id, "user_id": caller.user_id, "serial": old["serial"] + 1, "status": str(State.CREATED)}
    item |= signature.shown(env.secret("ticket-seed"), item, item["serial"])
    item |= {"transferred_from": old["id"], "from_user_id": old["user_id"], "issued_at": clock.iso(clock.now())}
    item |= attendees.place(item)
    told = entry(TicketTransferred, from_ticket_id=old["id"])
    return born(item, actor=caller.user_id, trigger="transfer", publish=[told])


def _transfer(claim: Claim, caller: Caller, ticket: Item, request: TransferRequest) -> Item:
    # To whom it goes stands in `to_user_id`: an item with `user_id` would be listed among the user's tickets.
    item = key(claim.id, "transfer") | {
        "id": claim.id,
        "request_hash": claim.request_hash,
        "ticket_id": ticket["id"],
        "event_id": ticket["event_id"],
        "from_user_id": caller.user_id,
        "to_user_id": request.to_user_id,
        "status": str(Offer.OFFERED),
    }
    told = entry(TicketOffered, user_id=request.to_user_id)
    item |= {name: ticket[name] for name in _JOURNEY if name in ticket}
    return born(item, actor=caller.user_id, trigger="offer", publish=[told])


def _ends(transfer_id: str, how: Answer, *, by: str) -> Update:
    return transition(TABLE, key(transfer_id, "transfer"), OFFERS, how, actor=by)
