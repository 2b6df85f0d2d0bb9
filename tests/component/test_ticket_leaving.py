"""What ticket holds about a person: all of it in their copy, and none of it once they have left."""

from typing import Any

from common.bus.user import UserErased
from common.calls.export import Exported
from infra import topology
from tests.component.test_ticket_desk import WORDS, booking, describe, now, ticket
from tests.component.test_ticket_door import scan
from tests.component.test_ticket_issuing import CONFIRMED, at_noon, confirmed, envelope, items
from tests.component.test_ticket_showing import OWNER
from tests.component.test_ticket_transfers import FRIEND
from tests.component.test_ticket_undoing import unsound
from tests.support.system import System

__all__ = ["at_noon", "booking", "ticket"]
BOOKKEEPING = {"pk", "sk", "operation", "correlation_id", "outbox", "outbox_version"}


def leave(system: System, user_id: str = OWNER.user_id) -> None:
    system.deliver(UserErased(**envelope(), user_id=user_id), "ticket.on_user_erased")


def copied(system: System, user_id: str) -> list[dict[str, Any]]:
    """The copy, from its first page to its last."""
    found, token = list[dict[str, Any]](), None
    while True:
        page = Exported.model_validate(system.invoke("ticket.export_user", {"user_id": user_id, "token": token}))
        found += [one.data for one in page.records]
        assert {one.kind for one in page.records} <= {"ticket"}
        if page.next is None:
            return found
        token = page.next


def test_of_whoever_has_left_no_name_and_no_note_is_on_a_ticket(system: System, ticket: dict[str, Any]) -> None:
    for one in items(system, "ticket"):
        describe(system, one, WORDS)

    leave(system)

    left = items(system, "ticket")
    assert [(one.get("holder_name"), one.get("note"), one["seat"]) for one in left] == [(None, None, WORDS["seat"])] * 2
    assert {(one["logs"][-1]["did"], one["logs"][-1]["by"]) for one in left} == {("erase", "user")}
    assert not any(WORDS[word] in str(system.scan(topology.TICKETS)) for word in ("holder_name", "note"))
    assert scan(system, ticket["code"]).status == 201
    assert unsound(system) == []


def test_the_tickets_of_others_keep_their_words(system: System, ticket: dict[str, Any]) -> None:
    describe(system, ticket, WORDS)
    before = items(system, "ticket")

    leave(system, FRIEND.user_id)

    assert items(system, "ticket") == before


def test_a_ticket_without_words_is_left_as_it_is(system: System, ticket: dict[str, Any]) -> None:
    before = items(system, "ticket")

    leave(system)

    assert items(system, "ticket") == before


def test_the_copy_has_each_ticket_of_the_person_whole_and_nothing_else(system: System, ticket: dict[str, Any]) -> None:
    describe(system, ticket, WORDS)
    for _ in range(14):
        system.deliver(confirmed(2, user_id=OWNER.user_id), CONFIRMED)
    system.deliver(confirmed(2, user_id=FRIEND.user_id), CONFIRMED)

    found = {one["id"]: one for one in copied(system, OWNER.user_id)}

    stored = now(system, ticket)
    assert found[ticket["id"]] == {name: stored[name] for name in stored if name not in BOOKKEEPING}
    assert set(found) == {one["id"] for one in items(system, "ticket") if one["user_id"] == OWNER.user_id}
    assert len(found) == 30
