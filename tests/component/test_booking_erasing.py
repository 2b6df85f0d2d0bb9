"""UserErased and the person's copy at booking: what a buyer wrote goes, what was sold to them stays and can be had."""

import pytest

from common.bus.user import UserErased
from common.calls.export import Exported, ExportUser
from tests.support.box_office import START, BoxOffice
from tests.support.system import Person

ANNA, BEN = Person(), Person()
LAST_WORDS = 120  # seconds
PAGE = 25  # records


def forget(office: BoxOffice, by: Person = ANNA) -> None:
    fixed = {"bus_event_id": "1", "correlation_id": "c", "causation_id": "c", "user_id": by.user_id}
    answer = office.system.deliver(UserErased.model_validate(fixed | {"occurred_at": START}), "booking.on_user_erased")
    assert answer == {"booking.on_user_erased": {"batchItemFailures": []}}


def copied(office: BoxOffice, by: Person = ANNA) -> list[Exported]:
    """The person's bookings, page by page."""
    pages, token = list[Exported](), None
    while not pages or token:
        asked = ExportUser(user_id=by.user_id, token=token)
        pages.append(Exported.model_validate(office.system.invoke("booking.export_user", asked.model_dump())))
        token = pages[-1].next
    return pages


def test_the_keys_that_a_buyer_chose_go_and_all_else_stays(office: BoxOffice) -> None:
    show = office.show(10)
    booking = office.held(ANNA, show, 2, key="anna's secret")
    office.pay(booking)
    before = office.booking(booking)

    forget(office)

    after = office.booking(booking)
    line = {"did": "erase", "by": "user", "at": "2026-05-01T12:00:00.000Z"}
    changed = {"version": 3, "logs": [*before["logs"], line]}
    stays = {name: value for name, value in before.items() if name != "idempotency_key"}
    assert after | {"operation": "", "updated_at": ""} == stays | changed | {"operation": "", "updated_at": ""}
    assert "secret" not in str(office.items())
    assert (office.free(show), office.limit(show, ANNA), office.violations()) == ([8], 2, [])


def test_nothing_of_another_buyer_goes(office: BoxOffice) -> None:
    booking = office.held(BEN, office.show(10), 1, key="ben's")
    before = office.items()

    forget(office)

    assert office.items() == before
    assert office.booking(booking)["idempotency_key"] == "ben's"


def test_what_had_no_key_is_left_alone(office: BoxOffice) -> None:
    office.held(ANNA, office.show(10), 1)
    before = office.items()

    forget(office)

    assert office.items() == before


def test_told_again_nothing_is_erased_twice(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 1, key="k1")

    for _ in range(2):
        forget(office)

    assert office.did(booking) == ["order", "erase"]


def test_a_last_order_is_blanked_when_the_last_access_token_has_died(office: BoxOffice) -> None:
    show = office.show(10)
    forget(office)
    assert [(name, delay) for name, _, delay in office.system.sent] == [("booking.on_user_erased", LAST_WORDS)]
    booking = office.held(ANNA, show, 1, key="last words")
    office.system.sent.clear()
    office.wait(LAST_WORDS)

    forget(office)

    assert (office.did(booking), office.system.sent) == (["order", "erase"], [])


def test_a_person_with_more_bookings_than_a_page_is_forgotten_in_all_of_them(office: BoxOffice) -> None:
    show = office.show(100, max_per_user=100)
    made = [office.held(ANNA, show, 1, key=f"k{at}") for at in range(PAGE + 2)]

    forget(office)

    assert not [one for one in made if "idempotency_key" in office.booking(one)]


def test_a_copy_holds_every_booking_with_its_history(office: BoxOffice) -> None:
    booking = office.held(ANNA, office.show(10), 2, key="k1")
    office.pay(booking)
    office.held(BEN, office.show(10), 1)

    (page,) = copied(office)

    (record,) = page.records
    assert (record.kind, record.data["id"], record.data["user_id"]) == ("booking", booking, ANNA.user_id)
    told = {name: record.data[name] for name in ("status", "quantity", "prices", "currency", "idempotency_key")}
    assert told == {"status": "CONFIRMED", "quantity": 2, "prices": 5000, "currency": "EUR", "idempotency_key": "k1"}
    assert [(one["did"], one["by"]) for one in record.data["logs"]] == [("order", "buyer"), ("confirm", "payment")]
    assert not {"pk", "sk", "outbox", "operation", "request_hash"} & set(record.data)


@pytest.mark.parametrize("count", [0, PAGE, PAGE + 1])
def test_a_copy_of_any_length_holds_each_booking_once(office: BoxOffice, count: int) -> None:
    show = office.show(100, max_per_user=100)
    made = [office.held(ANNA, show, 1) for _ in range(count)]

    pages = copied(office)

    assert sorted(one.data["id"] for page in pages for one in page.records) == sorted(made)
