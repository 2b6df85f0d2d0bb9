"""What a door needs to check tickets offline: the event, its public keys, revoked serials and counts."""

import base64

from common import env
from common.store import Item
from ticket.core import door_counters, signature
from ticket.core.schemas import DoorCounts, DoorEvent, DoorKey, DoorView, Revocation


def for_event(event: Item) -> DoorView:
    counts, revoked_serials = door_counters.read(event["pk"])
    return DoorView(
        event=DoorEvent.model_validate(event | {"id": event["pk"]}),
        keys=tuple(_door_key(env.secret("ticket-seed"), kid, event["pk"]) for kid in signature.KEY_IDS),
        revoked=tuple(
            Revocation(ticket_id=ticket_id, serial=serial) for ticket_id, serial in sorted(revoked_serials.items())
        ),
        counts=DoorCounts.model_validate(counts),
    )


def _door_key(secret: str, kid: str, event_id: str) -> DoorKey:
    raw = signature.public_key(secret, event_id, kid).public_bytes_raw()
    return DoorKey(kid=kid, x=base64.urlsafe_b64encode(raw).decode().rstrip("="))
