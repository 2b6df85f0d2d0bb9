"""Passes of an event cancellation: batch by batch, repeated until one finds nothing more to cancel."""

import pytest

from booking.core import event_cancellation
from booking.core.model import EVENT_SHARDS
from common.store import Item
from infra import topology
from tests.component.booking.test_event_cancellation import (
    deliver_cancellation,
    event_with_bookings,
    progress,
    run_to_completion,
    states,
)
from tests.support.drivers.booking_driver import BookingDriver
from tests.support.faults.aws_errors import interleaved
from tests.support.fixtures.event_fixture import EventFixture

DELIVERIES_PER_PASS = EVENT_SHARDS  # if each index key has at most one batch
IDLE_DELIVERIES = 2  # one before the second pass is due, and one after the end


def stored_progress(driver: BookingDriver, event: EventFixture) -> Item:
    """The progress item of the cancellation."""
    return next(one for one in driver.items() if (one["pk"], one["sk"]) == (event.id, "cancellation"))


def move_in_index(driver: BookingDriver, booking: str, event_shard: str) -> None:
    """Move the booking to another index key."""
    driver.system.update_item(topology.BOOKINGS, booking, "booking", shard=event_shard)


def test_finished_cancellation_keeps_only_displayed_attributes(
    driver: BookingDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_cancellation, "BATCH_SIZE", 1)
    event, _ = event_with_bookings(driver)

    deliveries = run_to_completion(driver, event)

    progress_item = stored_progress(driver, event)
    times = {name: progress_item.pop(name) for name in ("started_at", "finished_at")}
    assert times["started_at"] == "2026-05-01T12:00:00.000Z" < times["finished_at"]
    name = {"pk": event.id, "sk": "cancellation", "state": "FINISHED"}
    assert progress_item == name | {"step": deliveries - IDLE_DELIVERIES, "found": 6, "cancelled": 5, "owed_EUR": 5000}


def test_second_pass_without_cancellations_is_last(driver: BookingDriver) -> None:
    event, bookings = event_with_bookings(driver, 1)
    move_in_index(
        driver, bookings[0], f"{event.id}#{EVENT_SHARDS - 1}"
    )  # cancelled by the last batch of the first pass

    assert run_to_completion(driver, event) == 2 * DELIVERIES_PER_PASS + IDLE_DELIVERIES


def test_event_without_bookings_takes_two_passes(driver: BookingDriver) -> None:
    event = driver.publish_event(10)

    deliveries = run_to_completion(driver, event)

    body = progress(driver, event)
    assert deliveries == 2 * DELIVERIES_PER_PASS + IDLE_DELIVERIES
    assert (body["state"], body["found"], body["cancelled"], body["refunds"]) == ("FINISHED", 0, 0, [])


def test_second_pass_finds_bookings_missing_from_index(driver: BookingDriver) -> None:
    event, bookings = event_with_bookings(driver, 1)
    event_shard = driver.booking(bookings[0])["shard"]
    move_in_index(driver, bookings[0], "elsewhere")
    for _ in range(DELIVERIES_PER_PASS):
        deliver_cancellation(driver, event)
    move_in_index(driver, bookings[0], event_shard)

    run_to_completion(driver, event)

    assert (states(driver, bookings), progress(driver, event)["found"]) == (["CANCELLED"], 1)


def test_second_pass_counts_already_ended_bookings(driver: BookingDriver) -> None:
    event, bookings = event_with_bookings(driver, 2)
    driver.payment_failed(bookings[1])
    event_shard = driver.booking(bookings[1])["shard"]
    move_in_index(driver, bookings[1], "elsewhere")
    for _ in range(DELIVERIES_PER_PASS):
        deliver_cancellation(driver, event)
    move_in_index(driver, bookings[1], event_shard)

    run_to_completion(driver, event)

    body = progress(driver, event)
    assert (body["found"], body["cancelled"], states(driver, bookings)) == (2, 1, ["CANCELLED", "EXPIRED"])


def test_found_count_never_decreases(driver: BookingDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_cancellation, "BATCH_SIZE", 1)
    event, _ = event_with_bookings(driver)
    found = []

    for _ in range(60):
        deliver_cancellation(driver, event)
        body = progress(driver, event)
        found.append(body["found"])
        if body["state"] == "FINISHED":
            break
        driver.advance(driver.system.delayed_messages[-1][2])

    assert found == sorted(found)
    assert set(found) == set(range(found[0], 7))
    assert found.count(6) > DELIVERIES_PER_PASS, "shown throughout the second pass"


def test_next_pass_waits_for_index(driver: BookingDriver) -> None:
    event, _ = event_with_bookings(driver, 1)
    for _ in range(DELIVERIES_PER_PASS):
        deliver_cancellation(driver, event)
    before = stored_progress(driver, event)
    driver.system.delayed_messages.clear()

    deliver_cancellation(driver, event)

    assert stored_progress(driver, event) == before
    assert [delay for _, _, delay in driver.system.delayed_messages] == [
        event_cancellation.PASS_INTERVAL.total_seconds()
    ]


def test_concurrent_starts_create_one_cancellation(driver: BookingDriver) -> None:
    event, bookings = event_with_bookings(driver)
    for at, one in enumerate(bookings):
        move_in_index(driver, one, f"{event.id}#{at % EVENT_SHARDS}")

    with interleaved("PutItem", lambda: deliver_cancellation(driver, event)) as acted:
        deliver_cancellation(driver, event)

    assert acted
    assert (stored_progress(driver, event)["step"], stored_progress(driver, event)["shard_index"]) == (2, 2)
    run_to_completion(driver, event)
    assert progress(driver, event)["cancelled"] == 5


def test_stale_checkpoint_is_discarded(driver: BookingDriver) -> None:
    event, _ = event_with_bookings(driver)
    deliver_cancellation(driver, event)

    def deliver_twice() -> None:
        for _ in range(2):
            deliver_cancellation(driver, event)

    with interleaved("UpdateItem", deliver_twice) as acted:
        deliver_cancellation(driver, event)

    assert acted
    assert (stored_progress(driver, event)["step"], stored_progress(driver, event)["shard_index"]) == (3, 3)
