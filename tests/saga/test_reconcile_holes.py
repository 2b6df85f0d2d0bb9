"""What only the provider knows, what no message mends, and what is not judged."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from common import log
from infra.vocabulary import Trigger
from reconcile.core import mending, rounds, run
from reconcile.core.invariants import violations
from tests.saga import journeys
from tests.saga.journeys import Journey, Play, Steps
from tests.saga.stage import Stage
from tests.saga.test_reconcile import OLD, ROUND, judged, losing, make_round, mended
from tests.support.builders import House
from tests.support.gateway import load
from tests.support.saga import Saga
from tools.ticketing.rounds import whole_round


def walk(stage: Stage, play: Play) -> Saga:
    stage.walk(Journey(play.__name__, (play,)))
    return stage.saga


def the(saga: Saga, table: str, kind: str) -> dict[str, Any]:
    """The only item of its kind."""
    (found,) = (one for one in saga.tables()[table] if one["sk"] == kind)
    return found


def broken(saga: Saga, table: str, kind: str, **fields: Any) -> None:
    """A hand in the table: the items of this kind have these fields, or are gone."""
    kept = saga.system.tables.kept()
    for place in [one for one in kept[table] if one[1].split("#")[0] == kind]:
        item = kept[table].pop(place)
        if fields:
            kept[table][place] = item | fields
    saga.system.tables.put_back(kept)


def unheard(saga: Saga, house: House, show: str) -> str:
    """Money comes to a page that has ended, and the webhook never does. Returns the booking."""
    booking = journeys.order(saga, getattr(house, show), house.buyer)
    saga.settle()
    page = journeys.start(saga, booking, house.buyer)
    saga.rest()
    saga.provider.lost_webhooks += 3
    journeys.late(saga, page)
    saga.rest()
    return str(booking["id"])


def late_and_unheard(saga: Saga, house: House) -> Steps:
    unheard(saga, house, "solo")
    yield saga.settle


def late_and_unheard_of_a_page_before(saga: Saga, house: House) -> Steps:
    """The first page is closed by the provider, the second is open when money comes to the first."""
    booking = journeys.order(saga, house.gala, house.buyer)
    yield saga.settle
    first = journeys.start(saga, booking, house.buyer)
    broken(saga, "sandbox", "session", status="expired")
    journeys.start(saga, booking, house.buyer)
    saga.provider.lost_webhooks += 3
    journeys.late(saga, first)
    yield saga.rest


def test_late_money_that_no_webhook_told_of_is_found_at_the_provider_and_buys_the_places(stage: Stage) -> None:
    saga = walk(stage, late_and_unheard)
    assert the(saga, "payments", "payment")["status"] == "FAILED"
    assert any("I11" in one for one in violations(saga.tables(), now=saga.now))

    mended(saga)

    assert the(saga, "bookings", "booking")["status"] == "CONFIRMED"
    assert the(saga, "payments", "payment")["status"] == "SUCCEEDED"
    assert violations(saga.tables(), now=saga.now) == []


def test_money_of_a_page_that_was_over_is_found_too(stage: Stage) -> None:
    saga = walk(stage, late_and_unheard_of_a_page_before)

    mended(saga)

    assert the(saga, "payments", "payment")["attempt"] == 2
    assert violations(saga.tables(), now=saga.now) == []
    assert the(saga, "bookings", "booking")["status"] == "CONFIRMED"


def test_asking_the_provider_again_learns_nothing_more(stage: Stage) -> None:
    saga = walk(stage, late_and_unheard)
    mended(saga)
    before = judged(saga)

    assert make_round(saga)["learnt"] == 0
    assert judged(saga) == before


def test_a_provider_that_does_not_answer_is_asked_again_in_the_next_round(stage: Stage) -> None:
    saga = walk(stage, late_and_unheard)
    saga.now += OLD
    saga.provider.lost_replies = 1

    silent, answered = make_round(saga), make_round(saga)

    assert (silent["learnt"], answered["learnt"]) == (0, 1)


def test_a_refund_that_counts_as_sent_and_was_not_is_noted_and_asked_for_again(stage: Stage) -> None:
    saga = walk(stage, journeys.late_without_room)
    broken(saga, "sandbox", "refund", status="failed")
    broken(saga, "sandbox", "session", amount_refunded=0, refund_ids=[the(saga, "sandbox", "refund")["pk"]])

    rounds_made = mended(saga)

    refunds = [row["status"] for one in saga.tables()["payments"] for row in one.get("refunds", ())]
    assert rounds_made > 1
    assert sorted(refunds) == ["FAILED", "SUCCEEDED"]


def test_a_refund_is_looked_up_although_the_provider_knows_the_page_no_more(stage: Stage) -> None:
    saga = walk(stage, journeys.late_without_room)
    broken(saga, "sandbox", "refund", status="failed")
    broken(saga, "sandbox", "session", amount_refunded=0, refund_ids=[the(saga, "sandbox", "refund")["pk"]])
    saga.now += OLD
    saga.provider.refusals.append(("checkout/sessions", {"type": "invalid_request_error", "message": "no such page"}))

    counts = make_round(saga)

    assert saga.provider.refusals == []
    assert counts["learnt"] == 1


def test_what_the_organiser_gave_back_and_the_provider_could_not_deliver_goes_back_once_more(stage: Stage) -> None:
    saga = walk(stage, all_of_it_bounces)

    mended(saga)

    refunds = the(saga, "payments", "payment")["refunds"]
    assert [(one["by"] == "booking", one["status"]) for one in refunds] == [(False, "FAILED"), (True, "SUCCEEDED")]
    assert violations(saga.tables(), now=saga.now) == []


def all_of_it_bounces(saga: Saga, house: House) -> Steps:
    """The organiser gives all of it back, so the booking ends; days later the money has not arrived."""
    booking = journeys.order(saga, house.gala, house.buyer)
    yield saga.settle
    page = journeys.start(saga, booking, house.buyer)
    saga.press(page, "paid")
    yield saga.settle
    journeys.refund(saga, booking, house.organiser, "The singer is ill.")
    yield saga.rest
    saga.press(page, "bounced")
    yield saga.rest


def test_a_refund_that_the_provider_refused_is_asked_for_again(stage: Stage) -> None:
    saga = stage.saga
    stage.walk(Journey("paid", (journeys.paid_in_time,)))
    (session,) = (one for one in saga.tables()["sandbox"] if one["sk"] == "session")
    broken(saga, "sandbox", "session", refuses=1)
    booking = the(saga, "bookings", "booking")
    with saga.writing("booking.on_ticket_rejected"):
        _revoked(booking["id"])
    saga.rest()
    assert [one["status"] for one in the(saga, "payments", "payment")["refunds"]] == ["FAILED"]

    mended(saga)

    assert [one["status"] for one in the(saga, "payments", "payment")["refunds"]] == ["FAILED", "SUCCEEDED"]
    assert violations(saga.tables(), now=saga.now) == []
    assert session["payment_status"] == "paid"


def _revoked(booking_id: str) -> None:
    from booking.core import ending  # noqa: PLC0415 - the test writes as booking would

    ending.revoke(booking_id)


@pytest.mark.parametrize(
    ("table", "kind"),
    [("payments", "payment"), ("tickets", "issue"), ("notifications", "notification")],
)
def test_what_is_gone_from_a_table_is_made_again(stage: Stage, table: str, kind: str) -> None:
    saga = walk(stage, journeys.free)
    before = [one["pk"] for one in saga.tables()[table] if one["sk"] == kind]
    if kind == "issue":
        broken(saga, "tickets", "ticket")
        broken(saga, "tickets", "count")
    broken(saga, table, kind)

    mended(saga)

    assert [one["pk"] for one in saga.tables()[table] if one["sk"] == kind] == before


def test_a_hold_that_nobody_ended_ends(stage: Stage) -> None:
    saga = stage.saga
    stage.walk(Journey("held", (_held,)))
    assert the(saga, "bookings", "booking")["status"] == "PENDING"

    mended(saga)

    assert the(saga, "bookings", "booking")["status"] == "EXPIRED"
    assert violations(saga.tables(), now=saga.now) == []


def _held(saga: Saga, house: House) -> Steps:
    journeys.order(saga, house.gala, house.buyer)
    yield saga.settle
    saga.queue.clear()  # both timers are lost


def test_stock_that_is_not_conserved_is_told_to_people_and_left(stage: Stage, counted: dict[str, float]) -> None:
    saga = walk(stage, journeys.paid_in_time)
    broken(saga, "bookings", "stock", available=1)
    saga.now += OLD

    make_round(saga)

    assert counted["InvariantViolations"] == 3  # one for each type
    assert {one["available"] for one in saga.tables()["bookings"] if one["sk"] == "stock#0"} == {1}


def test_what_mending_does_not_mend_is_told_to_people_after_three_rounds(
    stage: Stage, counted: dict[str, float]
) -> None:
    saga = walk(stage, journeys.paid_in_time)
    broken(saga, "notifications", "notification")
    saga.outages.add(("notify.on_ticket_created", "PutItem"))
    told = []
    for _ in range(5):
        saga.now += OLD
        make_round(saga)
        told.append(counted.get("InvariantViolations", 0))

    assert told == [0, 0, 0, 1, 2]


def test_what_is_young_is_not_judged(stage: Stage) -> None:
    saga = walk(stage, journeys.paid_in_time)
    broken(saga, "notifications", "notification")

    young, old = make_round(saga), make_round(saga, {"grace_seconds": 0})

    assert (young["wrong"], young["judged"]) == (0, 0)
    assert old["wrong"] == 1


def test_a_run_ends_in_time_and_the_next_goes_on_from_there(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    saga = walk(stage, journeys.paid_in_time)
    saga.now += OLD
    monkeypatch.setattr(rounds, "AT_ONCE", timedelta(microseconds=1))
    whole = make_round(saga)
    steps = the(saga, "rounds", "round")["step"]

    monkeypatch.undo()

    assert whole == make_round(saga)
    assert steps > 10


class ByHand:
    """The deployed system as the operators' command sees it."""

    def __init__(self, saga: Saga) -> None:
        self._saga = saga

    def invoke(self, function: str, payload: dict[str, Any]) -> Any:
        assert function == ROUND.function
        with self._saga.writing(function):
            return load(ROUND)(payload, None)


def halfway(saga: Saga) -> dict[str, Any]:
    """Where a run leaves the round that has dealt with the last event of the catalogue's index."""
    last = max((one for one in saga.tables()["events"] if one["sk"] == "event"), key=lambda one: one["listed_as"])
    return {"start": {name: last[name] for name in ("pk", "sk", "listed", "listed_as")}}


def test_an_operator_s_round_is_whole_wherever_the_clock_s_own_has_come_to(
    stage: Stage,
) -> None:
    saga = walk(stage, journeys.paid_in_time)
    saga.now += OLD
    whole = make_round(saga)
    assert whole["judged"]
    broken(saga, "rounds", "round", **halfway(saga))

    assert Counter(whole_round(ByHand(saga), 0)) == whole


def test_a_round_of_several_pages_is_whole(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    saga = stage.saga
    stage.walk(Journey("many", (journeys.free, journeys.paid_in_time)))
    saga.now += OLD
    whole = make_round(saga)
    monkeypatch.setattr(rounds, "SLICE", 1)

    assert make_round(saga) == whole
    assert whole["judged"] >= 2


def passed_on_and_admitted(saga: Saga, house: House) -> Steps:
    """The buyer's only ticket goes to somebody else, who comes in with it."""
    yield from journeys.passed_on(saga, house)
    (ticket,) = [one for one in saga.tables()["tickets"] if "transferred_from" in one]
    scan = {"event_id": ticket["event_id"], "code": ticket["code"], "nonce": f"scan-{ticket['id']}"}
    saga.http("POST /v1/check-ins", scan, by=house.organiser, expect=201)
    yield saga.settle


def passed_on_and_called_off(saga: Saga, house: House) -> Steps:
    """The same, and the event is cancelled after all: that is the last that the ticket tells."""
    yield from passed_on_and_admitted(saga, house)
    (ticket,) = [one for one in saga.tables()["tickets"] if "transferred_from" in one]
    saga.http(f"POST /v1/events/{ticket['event_id']}/cancel", {"message": "Rain"}, by=house.organiser, expect=200)
    yield saga.settle


def test_a_booking_that_has_not_heard_who_came_in_hears_it(stage: Stage) -> None:
    with losing(stage.saga, "TicketCheckedIn") as lost:
        saga = walk(stage, journeys.admitted)
    assert lost == {"booking.follow_tickets": 1}

    mended(saga)

    assert [one["inside"] for one in the(saga, "bookings", "booking")["uses"].values()] == [True]


@pytest.mark.parametrize("play", [passed_on_and_admitted, passed_on_and_called_off])
def test_a_booking_that_never_heard_of_its_tickets_hears_all_of_it(stage: Stage, play: Play) -> None:
    with losing(stage.saga, "TicketTransferred", "TicketCheckedIn") as lost:
        saga = walk(stage, play)
    assert lost["booking.follow_tickets"] == 2

    mended(saga)

    uses = the(saga, "bookings", "booking")["uses"].values()
    assert sorted((one["inside"], one["others"], one["gone"]) for one in uses) == [
        (False, False, True),
        (True, True, False),
    ]
    assert violations(saga.tables(), now=saga.now) == []


def test_a_booking_that_cannot_be_read_is_for_people_and_stops_nobody(stage: Stage, counted: dict[str, float]) -> None:
    saga = stage.saga
    stage.walk(Journey("two", (journeys.free, journeys.number_slot)))
    first, second = (one["pk"] for one in saga.tables()["bookings"] if one["sk"] == "booking")
    kept = saga.system.tables.kept()
    kept["bookings"][first, "booking"] = {
        name: value for name, value in kept["bookings"][first, "booking"].items() if name != "items"
    }
    for place in [one for one in kept["notifications"] if one[1] == "notification"]:
        del kept["notifications"][place]
    saga.system.tables.put_back(kept)
    saga.now += OLD

    told = make_round(saga)

    assert told["wrong"] == 3  # of its event's sums it is missing, too
    assert counted["InvariantViolations"] >= 1
    assert {one["booking_id"] for one in saga.tables()["notifications"] if one["sk"] == "notification"} == {second}


def test_an_event_that_is_gone_is_for_people_and_stops_nobody(stage: Stage, counted: dict[str, float]) -> None:
    saga = walk(stage, journeys.free)
    saga.now += OLD
    make_round(saga)
    first = next(one for one in saga.tables()["events"] if one.get("listed") == "event")
    start = {name: first[name] for name in ("pk", "sk", "listed", "listed_as")}
    broken(saga, "rounds", "round", event="gone", start=start | {"listed_as": "2031"}, shard=0, sums={}, seen="")

    told = make_round(saga)

    assert counted["InvariantViolations"] == 1
    assert (told["wrong"], told["judged"]) == (1, 3)


def test_a_payment_that_is_not_answered_for_keeps_no_other_from_being_asked_for(stage: Stage) -> None:
    saga = stage.saga
    stage.walk(Journey("two", (late_and_unheard, late_and_unheard_of_another)))
    saga.now += OLD
    saga.provider.lost_replies = 1

    assert make_round(saga)["learnt"] == 1


def test_a_provider_that_does_not_answer_keeps_nobody_from_being_mended(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    saga = stage.saga
    stage.walk(Journey("two", (late_and_unheard, late_and_unheard_of_another)))
    broken(saga, "notifications", "notification")
    saga.now += OLD
    saga.provider.lost_replies = 99
    monkeypatch.setattr(run, "VAIN", 1)

    make_round(saga)
    saga.settle()

    assert [one for one in saga.tables()["notifications"] if one["sk"] == "notification"]


def test_whoever_does_not_answer_keeps_a_run_waiting_no_longer(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "VAIN", 1)
    saga = stage.saga
    stage.walk(Journey("two", (late_and_unheard, late_and_unheard_of_another)))
    saga.now += OLD
    saga.provider.lost_replies = 99

    make_round(saga)

    assert saga.provider.lost_replies == 98


def late_and_unheard_of_another(saga: Saga, house: House) -> Steps:
    unheard(saga, house, "gala")
    yield saga.settle


def test_what_takes_too_long_is_mended_in_another_round(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    saga = walk(stage, journeys.free)
    broken(saga, "notifications", "notification")
    saga.now += OLD
    monkeypatch.setattr(run, "ASKING", timedelta(0))
    make_round(saga)
    unmended = [one for one in saga.tables()["notifications"] if one["sk"] == "notification"]
    monkeypatch.undo()

    mended(saga)

    assert not unmended
    assert violations(saga.tables(), now=saga.now) == []


def test_what_is_told_again_goes_in_parts_that_one_call_takes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    saga = walk(stage, journeys.refunded_in_parts)
    broken(saga, "notifications", "notification")
    monkeypatch.setattr(mending, "_BYTES", 10_000)
    sizes, invoke = [], saga.system.invoke

    def weighed(one: Trigger | str, event: Any) -> Any:
        if "images" in event:
            sizes.append(len(json.dumps(event)))
        return invoke(one, event)

    monkeypatch.setattr(saga.system, "invoke", weighed)

    mended(saga)

    assert len(sizes) > 1
    assert max(sizes) < 11_000
    assert violations(saga.tables(), now=saga.now) == []


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """What was counted in the test."""
    found: dict[str, float] = {}

    def count(name: str, value: float = 1) -> None:
        found[name] = found.get(name, 0) + value

    monkeypatch.setattr(log, "count", count)
    return found
