"""Erasure and export at booking: a buyer's own text is redacted, their bookings stay and are exported."""

import pytest

from common.bus.user import UserErased
from common.rpc.export import ExportUserRequest, ExportUserResponse
from tests.support.drivers.booking_driver import START, BookingDriver
from tests.support.system.system import Person

ANNA, BEN = Person(), Person()
TOKEN_GRACE_SECONDS = 120  # seconds
PAGE_SIZE = 25  # records


def erase(driver: BookingDriver, by: Person = ANNA) -> None:
    fixed = {"bus_event_id": "1", "correlation_id": "c", "causation_id": "c", "user_id": by.user_id}
    answer = driver.system.deliver(UserErased.model_validate(fixed | {"occurred_at": START}), "booking.on_user_erased")
    assert answer == {"booking.on_user_erased": {"batchItemFailures": []}}


def export_pages(driver: BookingDriver, by: Person = ANNA) -> list[ExportUserResponse]:
    """All pages of the user's export."""
    pages, token = list[ExportUserResponse](), None
    while not pages or token:
        request = ExportUserRequest(user_id=by.user_id, token=token)
        pages.append(
            ExportUserResponse.model_validate(driver.system.invoke("booking.export_user", request.model_dump()))
        )
        token = pages[-1].next_token
    return pages


def test_erasure_removes_only_idempotency_keys(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    booking = driver.hold(ANNA, event, 2, key="anna's secret")
    driver.payment_succeeded(booking)
    before = driver.booking(booking)

    erase(driver)

    after = driver.booking(booking)
    line = {"action": "erase", "actor": "user", "at": "2026-05-01T12:00:00.000Z"}
    changed = {"version": 3, "logs": [*before["logs"], line]}
    unchanged = {name: value for name, value in before.items() if name != "idempotency_key"}
    assert after | {"operation": "", "updated_at": ""} == unchanged | changed | {"operation": "", "updated_at": ""}
    assert "secret" not in str(driver.items())
    assert (driver.available(event), driver.held_places(event, ANNA), driver.violations()) == ([8], 2, [])


def test_erasure_keeps_other_buyers_bookings(driver: BookingDriver) -> None:
    booking = driver.hold(BEN, driver.publish_event(10), 1, key="ben's")
    before = driver.items()

    erase(driver)

    assert driver.items() == before
    assert driver.booking(booking)["idempotency_key"] == "ben's"


def test_erasure_skips_bookings_without_key(driver: BookingDriver) -> None:
    driver.hold(ANNA, driver.publish_event(10), 1)
    before = driver.items()

    erase(driver)

    assert driver.items() == before


def test_repeated_erasure_changes_nothing(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 1, key="k1")

    for _ in range(2):
        erase(driver)

    assert driver.actions(booking) == ["order", "erase"]


def test_order_within_token_grace_is_erased(driver: BookingDriver) -> None:
    event = driver.publish_event(10)
    erase(driver)
    assert [(name, delay) for name, _, delay in driver.system.delayed_messages] == [
        ("booking.on_user_erased", TOKEN_GRACE_SECONDS)
    ]
    booking = driver.hold(ANNA, event, 1, key="late key")
    driver.system.delayed_messages.clear()
    driver.advance(TOKEN_GRACE_SECONDS)

    erase(driver)

    assert (driver.actions(booking), driver.system.delayed_messages) == (["order", "erase"], [])


def test_erasure_covers_all_pages_of_bookings(driver: BookingDriver) -> None:
    event = driver.publish_event(100, max_per_user=100)
    bookings = [driver.hold(ANNA, event, 1, key=f"k{at}") for at in range(PAGE_SIZE + 2)]

    erase(driver)

    assert not [one for one in bookings if "idempotency_key" in driver.booking(one)]


def test_export_contains_bookings_with_history(driver: BookingDriver) -> None:
    booking = driver.hold(ANNA, driver.publish_event(10), 2, key="k1")
    driver.payment_succeeded(booking)
    driver.hold(BEN, driver.publish_event(10), 1)

    (page,) = export_pages(driver)

    (record,) = page.records
    assert (record.kind, record.data["id"], record.data["user_id"]) == ("booking", booking, ANNA.user_id)
    fields = {name: record.data[name] for name in ("status", "quantity", "prices", "currency", "idempotency_key")}
    assert fields == {"status": "CONFIRMED", "quantity": 2, "prices": 5000, "currency": "EUR", "idempotency_key": "k1"}
    assert [(one["action"], one["actor"]) for one in record.data["logs"]] == [
        ("order", "buyer"),
        ("confirm", "payment"),
    ]
    assert not {"pk", "sk", "outbox", "operation", "request_hash"} & set(record.data)


@pytest.mark.parametrize("count", [0, PAGE_SIZE, PAGE_SIZE + 1])
def test_export_contains_each_booking_once(driver: BookingDriver, count: int) -> None:
    event = driver.publish_event(100, max_per_user=100)
    bookings = [driver.hold(ANNA, event, 1) for _ in range(count)]

    pages = export_pages(driver)

    assert sorted(one.data["id"] for page in pages for one in page.records) == sorted(bookings)
