"""An offer and its acceptance, when somebody else is quicker: one transfer, or a refusal that says why."""

from typing import Any

import pytest

from common import ids
from tests.component.test_ticket_desk import booking, do, now, ticket
from tests.component.test_ticket_door import overtaken
from tests.component.test_ticket_issuing import at_noon, items
from tests.component.test_ticket_races import between
from tests.component.test_ticket_transfers import accept, offer, retract
from tests.component.test_ticket_undoing import unsound
from tests.support.system import Reply, System

__all__ = ["at_noon", "booking", "ticket"]


@pytest.mark.parametrize("key", ["one", None])
def test_the_same_offer_sent_twice_at_once_is_made_once(
    system: System, ticket: dict[str, Any], key: str | None
) -> None:
    first: list[Reply] = []

    with overtaken(lambda: first.append(offer(system, ticket, key=key))):
        second = offer(system, ticket, key=key)

    assert first[0].status == 201
    assert "idempotency-replayed" not in first[0].headers
    if key:
        assert (second.status, second.json, second.headers["idempotency-replayed"]) == (201, first[0].json, "true")
    else:
        assert (second.status, second.problem) == (409, "already-offered")
    assert len(items(system, "transfer")) == 1


def test_of_two_offers_at_once_with_one_key_the_other_is_refused(system: System, ticket: dict[str, Any]) -> None:
    with overtaken(lambda: offer(system, ticket, key="one")):
        other = offer(system, ticket, key="one", to=ids.new())

    assert (other.status, other.problem) == (422, "key-reused")


def test_an_offer_of_a_ticket_withdrawn_meanwhile_says_so(system: System, ticket: dict[str, Any]) -> None:
    with overtaken(lambda: do(system, "void", ticket)):
        answer = offer(system, ticket)

    assert (answer.status, answer.problem) == (409, "ticket-void")


def test_an_offer_taken_back_twice_at_once_is_taken_back(system: System, ticket: dict[str, Any]) -> None:
    offer(system, ticket)

    with overtaken(lambda: retract(system, ticket)):
        answer = retract(system, ticket)

    assert answer.status == 204
    assert [one["did"] for one in now(system, ticket)["logs"]].count("retract") == 1


def test_an_offer_accepted_while_it_is_taken_back_is_accepted(system: System, ticket: dict[str, Any]) -> None:
    offered = offer(system, ticket)

    with overtaken(lambda: accept(system, offered)):
        answer = retract(system, ticket)

    assert (answer.status, answer.problem) == (410, "transfer-over")
    assert items(system, "transfer")[0]["status"] == "ACCEPTED"


def test_accepting_again_between_the_offer_s_reading_and_the_ticket_s_gives_the_same_ticket(
    system: System, ticket: dict[str, Any]
) -> None:
    offered, first = offer(system, ticket), list[Reply]()

    with between("transfer", "ticket", lambda: first.append(accept(system, offered))):
        second = accept(system, offered)

    assert (first[0].status, second.status, second.json) == (200, 200, first[0].json)
    assert unsound(system) == []
