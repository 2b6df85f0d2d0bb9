"""If-None-Match does not bypass authorization: a caller without access gets 404, never 304."""

import pytest

from tests.saga import journeys
from tests.saga.harness import Harness
from tests.saga.journeys import Journey
from tests.support.drivers.saga_driver import Saga
from tests.support.system.lambda_events import HttpResponse, Person


def poll(saga: Saga, call: str, by: Person, tag: str = "") -> HttpResponse:
    return saga.http(f"GET {call}", by=by, headers={"if-none-match": tag} if tag else {})


def buyer_paths(saga: Saga) -> dict[str, str]:
    """The routes that a buyer polls."""
    ids = {
        (table, one["sk"]): one["pk"]
        for table in ("bookings", "payments", "tickets")
        for one in saga.tables()[table]
        if one["sk"] in ("booking", "payment", "ticket")
    }
    return {f"/v1/{table}/{ids[table, table[:-1]]}": table for table in ("bookings", "payments", "tickets")}


@pytest.mark.parametrize("if_none_match", ["the tag", "*"])
def test_etag_of_foreign_resource_is_not_confirmed(harness: Harness, if_none_match: str) -> None:
    harness.run_journey(Journey("paid", (journeys.paid_before_deadline,)))
    saga, scenario = harness.saga, harness.scenario
    saga.drain_until_idle()

    for call in buyer_paths(saga):
        tag = poll(saga, call, scenario.buyer).headers["etag"]
        assert poll(saga, call, scenario.buyer, tag).status == 304, call
        assert poll(saga, call, scenario.other, if_none_match.replace("the tag", tag)).status == 404, call


def test_removed_staff_cannot_poll_the_door(harness: Harness) -> None:
    harness.run_journey(Journey("paid", (journeys.paid_before_deadline,)))
    saga, scenario = harness.saga, harness.scenario
    call, event = f"/v1/events/{scenario.gala.id}/door", f"/v1/events/{scenario.gala.id}"
    tag = poll(saga, call, scenario.staff).headers["etag"]
    saga.drain_until_idle()
    before_removal = poll(saga, call, scenario.staff, poll(saga, call, scenario.staff).headers["etag"])

    saga.http(f"PUT {event}/staff", {"user_ids": []}, by=scenario.organiser, headers={"if-match": "*"}, expect=200)
    saga.drain()

    assert before_removal.status == 304
    assert [poll(saga, call, scenario.staff, one).status for one in (tag, "*")] == [404, 404]


def test_buyer_and_organiser_get_different_ticket_etags(harness: Harness) -> None:
    harness.run_journey(Journey("paid", (journeys.paid_before_deadline,)))
    saga, scenario = harness.saga, harness.scenario
    saga.drain_until_idle()
    call = next(one for one, table in buyer_paths(saga).items() if table == "tickets")

    tags = [poll(saga, call, by).headers["etag"] for by in (scenario.buyer, scenario.organiser)]

    assert tags[0] != tags[1]
    assert [poll(saga, call, scenario.organiser, one).status for one in tags] == [200, 304]
    assert "code" not in {name for name, value in poll(saga, call, scenario.organiser, tags[0]).json.items() if value}
