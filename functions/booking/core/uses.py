"""What became of a booking's tickets: whether they were admitted, and whether others have them by now.

Messages about them come twice and in any order. Of two words about an admission the ticket's version tells which
is the newer; a ticket that was handed on is nobody's for good, and its successor is told of by its own id.
"""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from booking.core.errors import TicketPassedOn, TicketUsed


class Use(BaseModel):
    """One ticket's."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True, hide_input_in_errors=True)

    version: int = 0  # the ticket's, when the door was last heard of
    inside: bool = False
    others: bool = False  # somebody else has it
    gone: bool = False  # handed on: another ticket stands for it


Uses = Mapping[str, Use]


def admitted(uses: Uses, ticket_id: str, version: int, *, came_in: bool) -> Uses:
    """With this word about the ticket's admission, unless a newer one is known."""
    known = uses.get(ticket_id, Use())
    if known.version >= version:
        return uses
    return {**uses, ticket_id: known.model_copy(update={"version": version, "inside": came_in})}


def handed_on(uses: Uses, before: str, now: str, *, away: bool) -> Uses:
    """With one ticket in the place of another: somebody else's, or the buyer's again."""
    gone = uses.get(before, Use()).model_copy(update={"gone": True, "others": False})
    new = uses.get(now, Use())
    new = new.model_copy(update={"others": away and not new.gone})
    return {**uses, before: gone, now: new}


def inside(uses: Uses) -> list[str]:
    """The tickets that were admitted."""
    return sorted(ticket_id for ticket_id, use in uses.items() if use.inside)


def others(uses: Uses) -> list[str]:
    """The tickets that are somebody else's."""
    return sorted(ticket_id for ticket_id, use in uses.items() if use.others)


def unused(uses: Uses) -> None:
    """Raises TicketUsed or TicketPassedOn where the buyer cannot give all of it back."""
    if used := inside(uses):
        raise TicketUsed(used)
    if passed_on := others(uses):
        raise TicketPassedOn(passed_on)
