"""More places, or fewer: never fewer than are taken, whatever happens at the same moment."""

from common import outbox
from tests.support.box_office import BoxOffice, Show
from tests.support.refusals import meanwhile
from tests.support.system import Person

ANNA, BEN = Person(), Person()
OLGA = Person("organiser", user_id="o1")


def stock(office: BoxOffice, show: Show) -> tuple[int, int]:
    """Capacity and free places."""
    item = next(one for one in office.items() if (one["pk"], one["sk"]) == (show.types[0], "stock#0"))
    return item["capacity"], item["available"]


def tally(office: BoxOffice, show: Show) -> dict[str, object]:
    return next(one for one in office.items() if (one["pk"], one["sk"]) == (show.types[0], "tally"))


def test_places_are_added_and_taken_away(office: BoxOffice) -> None:
    show = office.show(10)
    office.held(ANNA, show, 3)

    for capacity in (25, 3, 7):
        answer = office.resize(OLGA, show, capacity)

        told = {"event_id": show.id, "event_type_id": show.types[0], "capacity": capacity, "available": capacity - 3}
        assert (answer.status, answer.json, stock(office, show)) == (200, told, (capacity, capacity - 3))
    assert office.violations() == []


def test_a_change_is_told_with_a_higher_version_each_time(office: BoxOffice) -> None:
    show, versions = office.show(10), []
    for capacity in (11, 12):
        office.resize(OLGA, show, capacity)
        (event,) = outbox.published(tally(office, show))
        told = event.model_dump()
        assert (told["event_type_id"], told["event_id"], told["capacity"]) == (show.types[0], show.id, capacity)
        versions.append(told["version"])

    assert versions == sorted(set(versions))


def test_fewer_than_are_taken_are_refused_and_named(office: BoxOffice) -> None:
    show = office.show(10)
    office.held(ANNA, show, 3)
    before = office.items()

    answer = office.resize(OLGA, show, 2)

    assert (answer.status, answer.problem, answer.json["taken"]) == (409, "below-taken", 3)
    assert answer.json["errors"][0]["pointer"] == "/capacity"
    assert office.items() == before


def test_the_same_number_again_changes_nothing(office: BoxOffice) -> None:
    show = office.show(10)
    office.resize(OLGA, show, 12)
    before = office.items()

    assert office.resize(OLGA, show, 12).status == 200
    assert office.items() == before


def test_an_order_in_between_is_neither_lost_nor_oversold(office: BoxOffice) -> None:
    show = office.show(4)

    with meanwhile("TransactWriteItems", lambda: office.held(ANNA, show, 3)) as acted:
        answer = office.resize(OLGA, show, 2)

    assert acted
    assert (answer.status, answer.problem, answer.json["taken"]) == (409, "below-taken", 3)
    assert (stock(office, show), office.violations()) == ((4, 1), [])


def test_an_order_that_comes_too_late_for_its_places_is_refused(office: BoxOffice) -> None:
    show = office.show(4)

    with meanwhile("TransactWriteItems", lambda: office.resize(OLGA, show, 2)):
        answer = office.order(ANNA, show, 3)

    assert (answer.status, stock(office, show), office.violations()) == (409, (2, 2), [])


def test_two_changes_at_once_end_with_the_later_number(office: BoxOffice) -> None:
    show = office.show(10)

    with meanwhile("TransactWriteItems", lambda: office.resize(OLGA, show, 20)):
        answer = office.resize(OLGA, show, 15)

    assert (answer.json["available"], stock(office, show), office.violations()) == (15, (15, 15), [])


def test_new_terms_leave_the_capacity_as_it_was_set(office: BoxOffice) -> None:
    show = office.show(10)
    office.resize(OLGA, show, 12)

    office.change_terms(show, [10])

    assert stock(office, show) == (12, 12)


def test_only_the_events_organiser_may(office: BoxOffice) -> None:
    show = office.show(10)

    answer = office.resize(Person("organiser"), show, 20)
    assert (answer.status, answer.problem) == (404, "event-unknown")
    assert (office.resize(Person(), show, 20).status, stock(office, show)) == (403, (10, 10))


def test_an_admin_may_in_the_organisers_place(office: BoxOffice) -> None:
    show = office.show(10)

    assert office.resize(Person("admin"), show, 20).status == 200
    assert stock(office, show) == (20, 20)


def test_a_type_of_another_event_is_unknown(office: BoxOffice) -> None:
    show, other = office.show(10), office.show(10)

    answer = office.resize(OLGA, Show(show.id, other.types), 20)

    assert (answer.status, answer.problem, stock(office, other)) == (404, "type-unknown", (10, 10))


def test_the_capacity_is_a_whole_number_within_reason(office: BoxOffice) -> None:
    show = office.show(10)

    for wrong in (-1, 1_000_001, 1.5, "20", None, True):
        call = f"PUT /v1/events/{show.id}/types/{show.types[0]}/capacity"
        assert office.system.http(call, {"capacity": wrong}, by=OLGA).status == 422
