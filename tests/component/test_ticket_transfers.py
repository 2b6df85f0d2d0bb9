"""A ticket goes to another person by offer and acceptance."""

from typing import Any, get_args

import pytest

from common import ids, outbox
from common.bus.booking import BookingCancelled
from common.bus.ticket import TicketOffered, TicketTransferred, TicketVoided
from infra import topology
from tests.component.test_ticket_desk import booking, do, now, shown, ticket
from tests.component.test_ticket_door import overtaken, scan
from tests.component.test_ticket_issuing import CANCELLED, CONFIRMED, at_noon, cancelled, confirmed, dying, items, terms
from tests.component.test_ticket_showing import OWNER
from tests.component.test_ticket_undoing import door, unsound
from tests.support.system import Person, Reply, System

__all__ = ["at_noon", "booking", "ticket"]
FRIEND = Person()


def offer(
    system: System, ticket: dict[str, Any], *, by: Person = OWNER, to: str = FRIEND.user_id, key: str | None = None
) -> Reply:
    return system.http(f"POST /v1/tickets/{ticket['id']}/transfer", {"to_user_id": to}, by=by, key=key)


def retract(system: System, ticket: dict[str, Any], *, by: Person = OWNER) -> Reply:
    return system.http(f"DELETE /v1/tickets/{ticket['id']}/transfer", by=by)


def accept(system: System, offered: Reply | str, *, by: Person = FRIEND) -> Reply:
    transfer_id = offered if isinstance(offered, str) else offered.json["id"]
    return system.http(f"POST /v1/transfers/{transfer_id}/accept", by=by)


def test_an_accepted_ticket_is_the_other_s_and_the_old_one_is_dead(system: System, ticket: dict[str, Any]) -> None:
    offered = offer(system, ticket)

    taken = accept(system, offered)

    assert (offered.status, offered.json["status"], offered.json["ticket_id"]) == (201, "OFFERED", ticket["id"])
    assert offered.headers["location"] == f"/v1/transfers/{offered.json['id']}"
    assert (taken.status, taken.json["user_id"], taken.json["serial"]) == (200, FRIEND.user_id, 2)
    same = ("booking_id", "booking_item_id", "event_type_id", "event_id")
    assert {name: taken.json[name] for name in same} == {name: ticket[name] for name in same}
    assert scan(system, ticket["code"]).problem == "ticket-void"
    assert scan(system, ticket["qr_payload"], nonce="nonce-02").problem == "ticket-void"
    assert scan(system, taken.json["qr_payload"], nonce="nonce-03").status == 201
    assert door(system).json["revoked"] == [{"ticket_id": ticket["id"], "serial": None}]
    assert door(system).json["counts"] == {"issued": 2, "void": 0, "checked_in": 1}
    assert shown(system, ticket)["status"] == "VOID"
    listed = system.http("GET /v1/tickets", by=FRIEND).json["items"]
    assert [one["id"] for one in listed] == [taken.json["id"]]
    assert unsound(system) == []


def told(system: System, sk: str, pk: str) -> list[Any]:
    """The bus events that an item published last."""
    return [one for item in items(system, sk) if item["pk"] == pk for one in outbox.published(item)]


def test_of_an_offer_and_its_acceptance_the_bus_hears_ids_only(system: System, ticket: dict[str, Any]) -> None:
    offered = offer(system, ticket)
    transfer = offered.json["id"]
    [first] = told(system, "transfer", transfer)

    taken = accept(system, offered).json

    assert isinstance(first, TicketOffered)
    assert (first.transfer_id, first.ticket_id, first.user_id) == (transfer, ticket["id"], FRIEND.user_id)
    assert (first.from_user_id, first.event_id) == (OWNER.user_id, ticket["event_id"])
    [then] = told(system, "ticket", taken["id"])
    assert isinstance(then, TicketTransferred)
    assert (then.ticket_id, then.user_id, then.from_user_id) == (taken["id"], FRIEND.user_id, OWNER.user_id)
    assert (then.booking_id, then.from_ticket_id) == (ticket["booking_id"], ticket["id"])
    said = first.model_dump_json() + then.model_dump_json()
    assert not any(one[name] in said for one in (ticket, taken) for name in ("code", "qr_payload"))


def test_the_end_of_an_offer_is_told_by_nobody_else(system: System, ticket: dict[str, Any]) -> None:
    """The outbox of an item is that of its latest publishing: what comes after it adds none."""
    offered = offer(system, ticket)
    accept(system, offered)

    [transfer] = items(system, "transfer")
    assert (transfer["version"], transfer["outbox_version"], transfer["status"]) == (2, 1, "ACCEPTED")


def test_a_cancelled_booking_is_told_to_whoever_took_a_ticket_over(
    system: System, booking: Any, ticket: dict[str, Any]
) -> None:
    taken = accept(system, offer(system, ticket)).json

    system.deliver(cancelled(booking), CANCELLED)

    [issue] = items(system, "issue")
    [all_of_it], [theirs] = outbox.published(issue), told(system, "ticket", taken["id"])
    assert isinstance(all_of_it, TicketVoided)
    assert isinstance(theirs, TicketVoided)
    assert (all_of_it.user_id, all_of_it.ticket_ids) == (OWNER.user_id, ())
    assert (theirs.user_id, theirs.ticket_ids, theirs.booking_id) == (FRIEND.user_id, (taken["id"],), issue["id"])
    assert all_of_it.bus_event_id != theirs.bus_event_id


def test_an_offer_is_shown_to_those_two_only(system: System, ticket: dict[str, Any]) -> None:
    offered = offer(system, ticket)
    call = f"GET {offered.headers['location']}"

    shown_to = [system.http(call, by=one) for one in (OWNER, FRIEND)]
    others = [system.http(call, by=one) for one in (Person(), Person("admin"))]
    others.append(system.http(f"GET /v1/transfers/{ids.new()}", by=FRIEND))

    assert [(one.status, one.json) for one in shown_to] == [(200, offered.json)] * 2
    assert {(one.status, one.problem) for one in others} == {(404, "transfer-unknown")}


def test_a_ticket_that_is_offered_is_valid_until_it_is_accepted(system: System, ticket: dict[str, Any]) -> None:
    offered = offer(system, ticket)

    assert scan(system, ticket["code"]).status == 201
    late = accept(system, offered)

    assert (late.status, late.problem) == (409, "already-checked-in")
    assert len(items(system, "ticket")) == 2


def test_accepting_twice_gives_the_same_ticket(system: System, ticket: dict[str, Any]) -> None:
    offered = offer(system, ticket)
    first = accept(system, offered)
    before = system.scan(topology.TICKETS)

    again = accept(system, offered)

    assert (again.status, again.json) == (200, first.json)
    assert system.scan(topology.TICKETS) == before


def test_accepting_twice_at_once_is_one_transfer(system: System, ticket: dict[str, Any]) -> None:
    offered, first = offer(system, ticket), []

    with overtaken(lambda: first.append(accept(system, offered))):
        second = accept(system, offered)

    assert (second.status, second.json) == (200, first[0].json)
    assert len(items(system, "ticket")) == 3
    assert unsound(system) == []


def test_a_ticket_can_be_passed_on_again(system: System, ticket: dict[str, Any]) -> None:
    taken = accept(system, offer(system, ticket))

    back = accept(system, offer(system, taken.json, by=FRIEND, to=OWNER.user_id), by=OWNER)

    assert (back.status, back.json["serial"], back.json["user_id"]) == (200, 3, OWNER.user_id)
    assert scan(system, back.json["code"]).status == 201
    assert unsound(system) == []


@pytest.mark.parametrize("reason", get_args(BookingCancelled.model_fields["reason"].annotation))
def test_the_cancelled_booking_s_ticket_is_void_in_the_hands_of_the_other(
    system: System, booking: Any, ticket: dict[str, Any], reason: str
) -> None:
    taken = accept(system, offer(system, ticket))

    system.deliver(cancelled(booking).model_copy(update={"reason": reason}), CANCELLED)

    assert {one["status"] for one in items(system, "ticket")} == {"VOID"}
    assert scan(system, taken.json["code"]).problem == "ticket-void"
    assert door(system).json["counts"] == {"issued": 2, "void": 2, "checked_in": 0}
    assert unsound(system) == []


@pytest.mark.parametrize("quicker", ["accept", "void", "scan"])
def test_a_ticket_that_changes_while_its_booking_is_cancelled_dies_all_the_same(
    system: System, booking: Any, ticket: dict[str, Any], quicker: str
) -> None:
    offered = offer(system, ticket)
    deeds = {
        "accept": lambda: accept(system, offered),
        "void": lambda: do(system, "void", ticket),
        "scan": lambda: scan(system, ticket["code"]),
    }

    with overtaken(deeds[quicker]):
        first = system.deliver(cancelled(booking), CANCELLED)[CANCELLED]
    again = system.deliver(cancelled(booking), CANCELLED)[CANCELLED]

    assert bool(first["batchItemFailures"]) == (quicker != "scan")  # it is delivered again
    assert again["batchItemFailures"] == []
    assert {one["status"] for one in items(system, "ticket")} == {"VOID"}
    assert door(system).json["counts"] == {"issued": 2, "void": 2, "checked_in": int(quicker == "scan")}
    assert unsound(system) == []


def test_only_the_person_of_the_offer_accepts(system: System, ticket: dict[str, Any]) -> None:
    offered = offer(system, ticket)

    answers = [accept(system, offered, by=one) for one in (Person(), OWNER, Person("admin"))]
    answers.append(accept(system, ids.new()))

    assert {(one.status, one.problem) for one in answers} == {(404, "transfer-unknown")}
    assert now(system, ticket)["status"] == "CREATED"


def test_one_offer_is_open_at_a_time(system: System, ticket: dict[str, Any]) -> None:
    offer(system, ticket)

    second = offer(system, ticket, to=ids.new())

    assert (second.status, second.problem) == (409, "already-offered")


def test_nobody_offers_a_ticket_to_themselves(system: System, ticket: dict[str, Any]) -> None:
    answer = offer(system, ticket, to=OWNER.user_id)

    assert (answer.status, answer.problem, answer.json["errors"][0]["pointer"]) == (
        422,
        "offered-to-oneself",
        "/to_user_id",
    )
    assert offer(system, ticket).status == 201


def test_an_offer_with_a_key_is_made_once(system: System, ticket: dict[str, Any]) -> None:
    first = offer(system, ticket, key="one")

    again, other = offer(system, ticket, key="one"), offer(system, ticket, key="one", to=ids.new())

    assert (again.status, again.json, again.headers["idempotency-replayed"]) == (201, first.json, "true")
    assert (other.status, other.problem) == (422, "key-reused")


def test_an_offer_with_a_key_is_answered_again_whatever_became_of_it(system: System, ticket: dict[str, Any]) -> None:
    first = offer(system, ticket, key="one")
    accept(system, first)

    again = offer(system, ticket, key="one")

    assert (again.status, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json == first.json | {"status": "ACCEPTED"}


def test_a_key_is_of_one_person_and_one_ticket(system: System, booking: Any) -> None:
    first, second = items(system, "ticket")

    offers = [offer(system, one, key="one") for one in (first, second)]
    offers.append(offer(system, accept(system, offers[0]).json, by=FRIEND, to=OWNER.user_id, key="one"))

    assert [one.status for one in offers] == [201] * 3
    assert len({one.json["id"] for one in offers}) == 3


def test_an_offer_that_is_taken_back_cannot_be_accepted_and_another_can(system: System, ticket: dict[str, Any]) -> None:
    first = offer(system, ticket)

    back, harmless = retract(system, ticket), retract(system, ticket)
    late, second = accept(system, first), offer(system, ticket)

    assert (back.status, harmless.status) == (204, 204)
    assert (late.status, late.problem) == (410, "transfer-over")
    assert accept(system, second).status == 200
    assert unsound(system) == []


def test_an_accepted_offer_cannot_be_taken_back(system: System, ticket: dict[str, Any]) -> None:
    accept(system, offer(system, ticket))

    answer = retract(system, ticket)

    assert (answer.status, answer.problem) == (410, "transfer-over")


def test_a_ticket_reissued_between_reading_and_accepting_is_handed_over_as_it_then_is(
    system: System, ticket: dict[str, Any]
) -> None:
    offered = offer(system, ticket)

    with overtaken(lambda: do(system, "reissue", ticket)):
        answer = accept(system, offered)

    assert (answer.status, answer.json["serial"]) == (200, 3)
    assert unsound(system) == []


def test_an_offer_of_a_withdrawn_ticket_leads_nowhere(system: System, ticket: dict[str, Any]) -> None:
    offered = offer(system, ticket)
    do(system, "void", ticket)

    answers = [accept(system, offered), offer(system, ticket)]

    assert {(one.status, one.problem) for one in answers} == {(409, "ticket-void")}


def test_a_ticket_that_admitted_or_is_being_made_is_not_offered(system: System, ticket: dict[str, Any]) -> None:
    scan(system, ticket["code"])
    system.deliver(terms(), "ticket.keep_event")
    with dying("TransactWriteItems"):
        system.deliver(confirmed(1, user_id=OWNER.user_id), CONFIRMED)
    [pending] = [one for one in items(system, "ticket") if one["status"] == "PENDING"]

    answers = [offer(system, ticket), offer(system, pending)]

    assert [one.problem for one in answers] == ["already-checked-in", "not-issued"]


@pytest.mark.parametrize("call", [offer, retract])
def test_a_foreign_and_an_invented_ticket_are_answered_alike(system: System, ticket: dict[str, Any], call: Any) -> None:
    answers = [call(system, ticket, by=FRIEND), call(system, {"id": ids.new()})]

    assert {(one.status, one.problem) for one in answers} == {(404, "ticket-unknown")}
