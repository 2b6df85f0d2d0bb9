"""How a cancelled event's bookings are gone through: slice by slice, and again until a pass finds nothing more."""

import pytest

from booking.core import cancellation
from booking.core.model import ROLLS
from common.store import Item
from infra import topology
from tests.component.test_booking_cancellation import call_off, progress, sold, states, to_the_end
from tests.support.box_office import BoxOffice, Show
from tests.support.refusals import meanwhile

A_PASS = ROLLS  # wakings, where each index key holds one slice at most
ASIDE = 2  # wakings that do nothing: one before the second pass is due, and one that finds all done


def kept(office: BoxOffice, show: Show) -> Item:
    """Where it has come to."""
    return next(one for one in office.items() if (one["pk"], one["sk"]) == (show.id, "cancellation"))


def moved(office: BoxOffice, booking: str, roll: str) -> None:
    """The index shows the booking there."""
    office.system.alter(topology.BOOKINGS, booking, "booking", roll=roll)


def test_after_the_end_only_what_is_shown_is_left(office: BoxOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancellation, "SLICE", 1)
    show, _ = sold(office)

    wakings = to_the_end(office, show)

    left = kept(office, show)
    times = {name: left.pop(name) for name in ("started_at", "finished_at")}
    assert times["started_at"] == "2026-05-01T12:00:00.000Z" < times["finished_at"]
    name = {"pk": show.id, "sk": "cancellation", "state": "FINISHED"}
    assert left == name | {"step": wakings - ASIDE, "found": 6, "cancelled": 5, "owed_EUR": 5000}


def test_a_second_pass_that_finds_nothing_more_is_the_last(office: BoxOffice) -> None:
    show, made = sold(office, 1)
    moved(office, made[0], f"{show.id}#{ROLLS - 1}")  # it ends in the first pass's last slice

    assert to_the_end(office, show) == 2 * A_PASS + ASIDE


def test_an_event_without_bookings_is_gone_through_twice_too(office: BoxOffice) -> None:
    show = office.show(10)

    wakings = to_the_end(office, show)

    told = progress(office, show)
    assert wakings == 2 * A_PASS + ASIDE
    assert (told["state"], told["found"], told["cancelled"], told["refunds"]) == ("FINISHED", 0, 0, [])


def test_what_no_index_showed_in_the_first_pass_is_found_in_the_second(office: BoxOffice) -> None:
    show, made = sold(office, 1)
    shown_at = office.booking(made[0])["roll"]
    moved(office, made[0], "elsewhere")
    for _ in range(A_PASS):
        call_off(office, show)
    moved(office, made[0], shown_at)

    to_the_end(office, show)

    assert (states(office, made), progress(office, show)["found"]) == (["CANCELLED"], 1)


def test_what_had_ended_before_is_found_whenever_the_index_shows_it(office: BoxOffice) -> None:
    show, made = sold(office, 2)
    office.fail(made[1])
    shown_at = office.booking(made[1])["roll"]
    moved(office, made[1], "elsewhere")
    for _ in range(A_PASS):
        call_off(office, show)
    moved(office, made[1], shown_at)

    to_the_end(office, show)

    told = progress(office, show)
    assert (told["found"], told["cancelled"], states(office, made)) == (2, 1, ["CANCELLED", "EXPIRED"])


def test_what_was_found_grows_and_is_never_shown_as_less(office: BoxOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancellation, "SLICE", 1)
    show, _ = sold(office)
    found = []

    for _ in range(60):
        call_off(office, show)
        told = progress(office, show)
        found.append(told["found"])
        if told["state"] == "FINISHED":
            break
        office.wait(office.system.sent[-1][2])

    assert found == sorted(found)
    assert set(found) == set(range(found[0], 7))
    assert found.count(6) > A_PASS, "it is shown all through the second pass"


def test_between_two_passes_it_waits_until_the_index_has_caught_up(office: BoxOffice) -> None:
    show, _ = sold(office, 1)
    for _ in range(A_PASS):
        call_off(office, show)
    before = kept(office, show)
    office.system.sent.clear()

    call_off(office, show)

    assert kept(office, show) == before
    assert [delay for _, _, delay in office.system.sent] == [cancellation.SETTLED.total_seconds()]


def test_two_instances_that_begin_at_once_begin_it_once(office: BoxOffice) -> None:
    show, made = sold(office)
    for at, one in enumerate(made):
        moved(office, one, f"{show.id}#{at % ROLLS}")

    with meanwhile("PutItem", lambda: call_off(office, show)) as acted:
        call_off(office, show)

    assert acted
    assert (kept(office, show)["step"], kept(office, show)["shard"]) == (2, 2)
    to_the_end(office, show)
    assert progress(office, show)["cancelled"] == 5


def test_an_instance_that_was_overtaken_takes_nothing_back(office: BoxOffice) -> None:
    show, _ = sold(office)
    call_off(office, show)

    def two_more() -> None:
        for _ in range(2):
            call_off(office, show)

    with meanwhile("UpdateItem", two_more) as acted:
        call_off(office, show)

    assert acted
    assert (kept(office, show)["step"], kept(office, show)["shard"]) == (3, 3)
