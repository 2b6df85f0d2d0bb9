"""A tag opens nothing: whoever may not see a thing, or may no more, gets 404 and no 304, whatever they say."""

import pytest

from tests.saga import journeys
from tests.saga.journeys import Journey
from tests.saga.stage import Stage
from tests.support.gateway import Person, Reply
from tests.support.saga import Saga


def poll(saga: Saga, call: str, by: Person, tag: str = "") -> Reply:
    return saga.http(f"GET {call}", by=by, headers={"if-none-match": tag} if tag else {})


def of_the_buyer(saga: Saga) -> dict[str, str]:
    """The calls with which a buyer polls what is theirs."""
    ids = {
        (table, one["sk"]): one["pk"]
        for table in ("bookings", "payments", "tickets")
        for one in saga.tables()[table]
        if one["sk"] in ("booking", "payment", "ticket")
    }
    return {f"/v1/{table}/{ids[table, table[:-1]]}": table for table in ("bookings", "payments", "tickets")}


@pytest.mark.parametrize("claimed", ["the tag", "*"])
def test_what_is_anothers_is_not_confirmed(stage: Stage, claimed: str) -> None:
    stage.walk(Journey("paid", (journeys.paid_in_time,)))
    saga, house = stage.saga, stage.house
    saga.rest()

    for call in of_the_buyer(saga):
        tag = poll(saga, call, house.buyer).headers["etag"]
        assert poll(saga, call, house.buyer, tag).status == 304, call
        assert poll(saga, call, house.other, claimed.replace("the tag", tag)).status == 404, call


def test_who_is_no_staff_any_more_is_told_nothing_of_the_door(stage: Stage) -> None:
    stage.walk(Journey("paid", (journeys.paid_in_time,)))
    saga, house = stage.saga, stage.house
    call, event = f"/v1/events/{house.gala.id}/door", f"/v1/events/{house.gala.id}"
    tag = poll(saga, call, house.door).headers["etag"]
    saga.rest()
    still = poll(saga, call, house.door, poll(saga, call, house.door).headers["etag"])

    saga.http(f"PUT {event}/staff", {"user_ids": []}, by=house.organiser, headers={"if-match": "*"}, expect=200)
    saga.settle()

    assert still.status == 304
    assert [poll(saga, call, house.door, one).status for one in (tag, "*")] == [404, 404]


def test_the_buyer_and_the_organiser_have_tags_of_their_own_of_one_ticket(stage: Stage) -> None:
    stage.walk(Journey("paid", (journeys.paid_in_time,)))
    saga, house = stage.saga, stage.house
    saga.rest()
    call = next(one for one, table in of_the_buyer(saga).items() if table == "tickets")

    tags = [poll(saga, call, by).headers["etag"] for by in (house.buyer, house.organiser)]

    assert tags[0] != tags[1]
    assert [poll(saga, call, house.organiser, one).status for one in tags] == [200, 304]
    assert "code" not in {name for name, value in poll(saga, call, house.organiser, tags[0]).json.items() if value}
