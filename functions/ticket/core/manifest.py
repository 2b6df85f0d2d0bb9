"""What a door takes along to admit without asking: the event, its keys, and which codes are dead."""

import base64

from common import env
from common.store import Item
from ticket.core import ledger, signature
from ticket.core.door_schemas import DoorCounts, DoorEvent, DoorKey, DoorView, Revocation


def of(event: Item) -> DoorView:
    """All of it as it is at this moment."""
    counts, dead = ledger.read(event["pk"])
    return DoorView(
        event=DoorEvent.model_validate(event | {"id": event["pk"]}),
        keys=tuple(_key(env.secret("ticket-seed"), kid, event["pk"]) for kid in signature.KIDS),
        revoked=tuple(Revocation(ticket_id=one, serial=serial) for one, serial in sorted(dead.items())),
        counts=DoorCounts.model_validate(counts),
    )


def _key(secret: str, kid: str, event_id: str) -> DoorKey:
    raw = signature.public_key(secret, event_id, kid).public_bytes_raw()
    return DoorKey(kid=kid, x=base64.urlsafe_b64encode(raw).decode().rstrip("="))
