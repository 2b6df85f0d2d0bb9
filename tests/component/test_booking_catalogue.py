"""The copied terms: the newest win, in any order, and stock is opened once."""

from itertools import permutations

import pytest

from booking.core import catalogue
from infra import topology
from tests.support.box_office import BoxOffice, Show
from tests.support.refusals import answering, refused
from tests.support.system import Person, row

ANNA = Person()


def known(office: BoxOffice, show: Show) -> tuple[int, list[tuple[int, bool]]]:
    """The version of the terms, and of each shard its version and whether it is on sale."""
    items = {item["pk"]: item for item in office.items() if item["sk"] in ("terms", "stock#0")}
    shards = [(items[one]["terms_version"], items[one]["on_sale"]) for one in show.types]
    return items[show.id]["terms_version"], shards


def test_a_publication_opens_the_stock(office: BoxOffice) -> None:
    show = office.show(10, 0)

    assert (office.free(show), known(office, show)) == ([10, 0], (1, [(1, True), (1, True)]))


def test_a_publication_that_is_told_twice_opens_it_once(office: BoxOffice) -> None:
    show = office.show(10)
    office.held(ANNA, show, 2)
    before = office.items()

    office.tell_terms(show, [10])

    assert office.items() == before


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_in_any_order_the_newest_terms_win(office: BoxOffice, order: tuple[int, ...]) -> None:
    show = Show("e" * 36, ("t" * 36,))

    for version in order:
        if version == 1:
            office.tell_terms(show, [10])
        else:
            office.change_terms(show, version=version, prices=version, statuses={0: "PAUSED"} if version == 2 else {})

    with office.system.acting(row("booking.create_booking")):
        terms = catalogue.terms(show.id)
    assert (known(office, show), terms.types[show.types[0]].prices) == ((3, [(3, True)]), 3)
    assert office.free(show) == [10]


def test_a_change_keeps_what_was_sold(office: BoxOffice) -> None:
    show = office.show(10)
    office.held(ANNA, show, 3)

    office.change_terms(show, [99])

    assert (office.free(show), office.violations()) == ([7], [])


def test_a_type_that_came_later_opens_its_own_stock(office: BoxOffice) -> None:
    show = office.show(10)
    more = Show(show.id, (*show.types, "n" * 36))

    office.change_terms(more, [10, 5])

    assert office.free(more) == [10, 5]


def test_a_cancelled_event_closes_every_shard(office: BoxOffice) -> None:
    show = office.show(10, 10)

    office.change_terms(show, [10, 10], status="CANCELLED")

    assert known(office, show) == (2, [(2, False), (2, False)])


@pytest.mark.moto
@pytest.mark.parametrize("survived", [0, 1, 2])
def test_a_copy_that_dies_at_any_of_its_writes_stops_no_sale(office: BoxOffice, survived: int) -> None:
    """Terms and shards change together: until the message comes again, places are sold as before."""
    show = office.show(10, 10)

    with answering("dynamodb", "*", *[None] * survived, refused("ThrottlingException")):
        office.change_terms(show, [10, 10], prices=9900)

    version, shards = known(office, show)
    assert shards == [(version, True)] * 2
    assert office.order(ANNA, show, 1, 1).json["prices"] == {1: 5000, 2: 19800}[version]
    office.change_terms(show, [10, 10], prices=9900)
    assert known(office, show) == (2, [(2, True)] * 2)


def test_shards_that_went_ahead_of_their_terms_are_brought_together(office: BoxOffice) -> None:
    """Wherever a shard stands, it follows the terms: they alone say which are the newer."""
    show = office.show(10, 10, 10)
    for one, version in zip(show.types, (2, 3, 1), strict=True):
        office.stands_at(one, version)

    office.change_terms(show, [10, 10, 10], version=2, prices=9900)
    assert known(office, show) == (2, [(2, True)] * 3)
    office.change_terms(show, [10, 10, 10], version=3)
    assert known(office, show) == (3, [(3, True)] * 3)


def test_an_event_of_twenty_types_is_copied_whole(office: BoxOffice) -> None:
    show = office.show(*range(1, 21))

    office.change_terms(show, list(range(1, 21)), prices=9900)

    assert (known(office, show), office.free(show)) == ((2, [(2, True)] * 20), list(range(1, 21)))


@pytest.mark.moto
def test_a_copy_that_fails_comes_again(office: BoxOffice) -> None:
    show = office.show(10)

    with answering("dynamodb", "TransactWriteItems", refused("ThrottlingException")) as calls:
        office.change_terms(show, status="CANCELLED")
    assert (len(calls.calls), known(office, show)) == (1, (1, [(1, True)]))

    office.change_terms(show, status="CANCELLED")
    assert known(office, show) == (2, [(2, False)])


def test_booking_writes_no_other_table(office: BoxOffice) -> None:
    office.held(ANNA, office.show(10), 1)

    others = [table for table in topology.TABLES if table is not topology.BOOKINGS]
    assert all(office.system.scan(table) == [] for table in others)
