"""What is held and sold is counted once, in any order, and the word about it is told when it changes."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from booking.core.words import Places
from common import outbox
from common.bus.booking import BookingConfirmed
from infra import topology
from tests.support.box_office import ENDS, START, BoxOffice, Show
from tests.support.gateway import batch, eventbridge
from tests.support.refusals import meanwhile
from tests.support.system import Person

ANNA, BEN = Person(), Person()
OLGA = Person("organiser", user_id="o1")


def shown(office: BoxOffice, show: Show, at: int = 0) -> tuple[int, int, int, str]:
    """Free, held and sold places, and the word."""
    one = office.system.http(f"GET /v1/events/{show.id}/availability").json["types"][at]
    return one["available"], one["held"], one["sold"], one["word"]


def tally(office: BoxOffice, show: Show) -> dict[str, Any]:
    return next(one for one in office.items() if (one["pk"], one["sk"]) == (show.types[0], "tally"))


def test_places_are_free_then_held_then_sold_and_come_back(office: BoxOffice) -> None:
    show = office.show(3, refund_percent=100)
    booking = office.held(ANNA, show, 3)
    assert office.counted(booking)
    assert shown(office, show) == (0, 3, 0, "all_held")

    office.pay(booking)
    assert office.counted(booking)
    assert shown(office, show) == (0, 0, 3, "sold_out")

    office.cancel(ANNA, booking)
    assert office.counted(booking)
    assert shown(office, show) == (3, 0, 0, "available")


def test_what_is_counted_goes_up_by_what_is_sold_and_down_by_what_comes_back(office: BoxOffice) -> None:
    show = office.show(10, refund_percent=100)
    before = tally(office, show)
    named = {"pk": show.types[0], "sk": "tally", "id": show.types[0], "event_id": show.id, "currency": "EUR"}
    assert before == named | {"word": "available", "sold": 0, "revenue": 0, "version": 0}

    sums = []
    bookings = [office.held(ANNA, show, qty) for qty in (3, 1)]
    for at, one in enumerate(bookings):
        office.pay(one, f"p{at}")
        assert [office.counted(one), office.counted(one)] == [True, True], "a second time it is known already"
        sums.append((tally(office, show)["sold"], tally(office, show)["revenue"]))
    office.cancel(ANNA, bookings[0])
    assert [office.counted(bookings[0]), office.counted(bookings[0])] == [True, True]

    assert sums == [(3, 7500), (4, 10000)]
    assert tally(office, show) == before | {"sold": 1, "revenue": 2500}


def test_a_type_of_which_nothing_is_known_yet_shows_no_places(office: BoxOffice) -> None:
    show = office.show(10, 10)
    for kind in ("stock#0", "tally"):
        office.system.remove(topology.BOOKINGS, show.types[1], kind)

    sales = office.system.http(f"GET /v1/events/{show.id}/sales", by=OLGA).json

    assert shown(office, show, 1) == (0, 0, 0, "sold_out")
    names = ("capacity", "available", "held", "sold", "revenue")
    assert [[one[name] for name in names] for one in sales["types"]] == [[10, 10, 0, 0, 0], [0] * 5]
    assert sales["totals"] == [{"currency": "EUR", "revenue": 0, "refunded": 0}]


def test_a_word_that_another_has_said_meanwhile_is_not_said_again(office: BoxOffice) -> None:
    show = office.show(2)
    booking = office.held(ANNA, show, 2)

    with meanwhile("UpdateItem", lambda: office.counted(booking)) as acted:
        assert office.counted(booking)

    assert acted
    assert (tally(office, show)["word"], tally(office, show)["version"]) == ("all_held", 1)


def story(office: BoxOffice, show: Show) -> list[Any]:
    """A booking that was confirmed and given back, and one that was confirmed: all that was told of them."""
    told = []
    for given_back in (True, False):
        booking = office.held(ANNA, show, 2)
        told += outbox.published(office.booking(booking))
        office.pay(booking)
        told += outbox.published(office.booking(booking))
        if given_back:
            office.cancel(ANNA, booking)
            told += outbox.published(office.booking(booking))
    return told


@pytest.mark.parametrize("seed", range(12))
def test_messages_in_any_order_and_twice_count_once(office: BoxOffice, seed: int) -> None:
    show = office.show(10, refund_percent=100)
    told = story(office, show)
    orders = list(itertools.permutations(told))

    for event in [*orders[seed * len(orders) // 12], *told[::-1]]:
        office.system.deliver(event, "booking.count_places")

    assert shown(office, show) == (8, 0, 2, "available")
    assert tally(office, show)["revenue"] == 5000


def test_a_burst_is_counted_whole(office: BoxOffice) -> None:
    show = office.show(100, max_per_user=100)
    bookings = [office.held(ANNA, show, 1) for _ in range(45)]
    for at, one in enumerate(bookings):
        office.pay(one, f"p{at}")
    told = [event for one in bookings for event in outbox.published(office.booking(one))]
    records = [batch(eventbridge(event))["Records"][0] | {"messageId": str(at)} for at, event in enumerate(told)]

    assert office.system.invoke("booking.count_places", {"Records": records}) == {"batchItemFailures": []}

    assert shown(office, show) == (55, 0, 45, "available")


def test_who_read_an_older_state_does_not_count_it_afterwards(office: BoxOffice) -> None:
    show = office.show(10, refund_percent=100)
    booking = office.held(ANNA, show, 2)
    office.pay(booking)
    (confirmed,) = outbox.published(office.booking(booking))

    def given_back() -> None:
        office.cancel(ANNA, booking)
        office.counted(booking)

    with meanwhile("TransactWriteItems", given_back) as acted:
        answer = office.system.deliver(confirmed, "booking.count_places")

    assert acted
    assert answer["booking.count_places"]["batchItemFailures"], "it has to come again"
    office.system.deliver(confirmed, "booking.count_places")
    assert shown(office, show)[1:3] == (0, 0)
    assert isinstance(confirmed, BookingConfirmed)


def test_a_word_is_told_when_it_changes_and_only_then(office: BoxOffice) -> None:
    show = office.show(4)
    first = office.held(ANNA, show, 2)
    office.counted(first)
    assert "outbox" not in tally(office, show)

    last = office.held(BEN, show, 2)
    for _ in range(2):
        office.counted(last)

    (event,) = outbox.published(tally(office, show))
    told = event.model_dump(include={"event_type_id", "event_id", "word", "changed_at"})
    assert told == {"event_type_id": show.types[0], "event_id": show.id, "word": "all_held", "changed_at": office.now}
    assert tally(office, show)["version"] == 1


def test_a_word_that_is_overtaken_while_it_is_said_is_put_right(office: BoxOffice) -> None:
    show = office.show(2)
    booking = office.held(ANNA, show, 2)
    ordered = outbox.published(office.booking(booking))[0]

    with meanwhile("UpdateItem", lambda: office.fail(booking)) as acted:
        office.system.deliver(ordered, "booking.count_places")

    assert acted
    assert tally(office, show)["word"] == "available"


def test_new_terms_bring_new_words(office: BoxOffice) -> None:
    show = office.show(10)
    paused, early = {"statuses": {0: "PAUSED"}}, {"windows": {"sale_from": ENDS}}
    changes: list[dict[str, Any]] = [paused, {}, early, {"status": "CANCELLED"}]

    words = []
    for version, terms in enumerate(changes, 2):
        office.change_terms(show, version=version, **terms)
        words.append(tally(office, show)["word"])

    assert words == ["paused", "available", "not_on_sale_yet", "ended"]


def test_more_places_bring_new_words(office: BoxOffice) -> None:
    show = office.show(2)
    office.counted(office.held(ANNA, show, 2))
    office.resize(OLGA, show, 20)
    (resized,) = outbox.published(tally(office, show))

    office.system.deliver(resized, "booking.count_places")

    assert (tally(office, show)["word"], shown(office, show)[3]) == ("available", "available")


@pytest.mark.parametrize(
    ("terms", "word"),
    [
        ({}, "available"),
        ({"statuses": {0: "PAUSED"}}, "paused"),
        ({"statuses": {0: "CLOSED"}}, "ended"),
        ({"windows": {"sale_from": START + timedelta(seconds=1)}}, "not_on_sale_yet"),
        ({"windows": {"sale_from": START}}, "available"),
        ({"windows": {"sale_until": START}}, "ended"),
        ({"windows": {"sale_until": START + timedelta(seconds=1)}}, "available"),
        ({"status": "ENDED"}, "ended"),
        ({"status": "CANCELLED"}, "ended"),
    ],
)
def test_the_word_is_honest(office: BoxOffice, terms: dict[str, Any], word: str) -> None:
    show = office.show(10)
    office.change_terms(show, **terms)

    assert shown(office, show) == (10, 0, 0, word)


def test_a_count_that_lags_makes_no_number_negative() -> None:
    assert Places.of(5, 10, 9) == Places(10, 5, 0, 5)
    assert Places.of(5, 10, -1) == Places(10, 5, 5, 0)


def test_an_answer_that_is_known_is_not_sent_again(office: BoxOffice) -> None:
    show = office.show(10)
    call = f"GET /v1/events/{show.id}/availability"
    first = office.system.http(call)

    same = office.system.http(call, headers={"if-none-match": first.headers["etag"]})
    office.held(ANNA, show, 1)
    other = office.system.http(call, headers={"if-none-match": first.headers["etag"]})

    assert (same.status, same.headers["etag"], same.headers["cache-control"]) == (
        304,
        first.headers["etag"],
        "public, max-age=1",
    )
    assert (other.status, other.headers["etag"] != first.headers["etag"]) == (200, True)


def test_an_organiser_sees_what_was_sold(office: BoxOffice) -> None:
    show = office.show(10, 5)
    sold, held = office.held(ANNA, show, 2, 1), office.held(BEN, show, 1)
    office.pay(sold)
    office.counted(sold, held)
    office.refund(sold, 700)

    sales = office.system.http(f"GET /v1/events/{show.id}/sales", by=OLGA).json

    numbers = [(t["capacity"], t["available"], t["held"], t["sold"], t["revenue"]) for t in sales["types"]]
    assert numbers == [(10, 7, 1, 2, 5000), (5, 4, 0, 1, 2500)]
    assert sales["totals"] == [{"currency": "EUR", "revenue": 7500, "refunded": 700}]
