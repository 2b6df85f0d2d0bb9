"""What a code at the door stands for: the signed text of the QR code, or the opaque code."""

from common import env
from common.store import Item
from ticket.core import repository, signature
from ticket.core.errors import UnknownCode
from ticket.core.model import State


def ticket_of(code: str) -> Item:
    """The ticket whose code it is now. Raises UnknownCode."""
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
