"""Each guard of booking taken out in a copy of the sources: the test that stands for it goes red."""

import pytest

from tests.support.mutation import Change, failures

STOCK, REPOSITORY = "functions/booking/core/stock.py", "functions/booking/core/repository.py"
SERVICE, CATALOGUE = "functions/booking/core/service.py", "functions/booking/core/catalogue.py"
ORDERING, ANSWERS = "tests/component/test_booking_ordering.py", "tests/component/test_booking_answers.py"
READING, LIFECYCLE = "tests/component/test_booking_reading.py", "tests/component/test_booking_lifecycle.py"
ON_SALE = "functions/booking/core/terms.py"
TERMS = "tests/component/test_booking_catalogue.py"

CONTROLS = {
    "enough places": (
        Change(STOCK, '"#available >= :qty AND #on_sale = :yes AND', '"#on_sale = :yes AND'),
        f"{ORDERING}::test_the_last_place_can_be_had_and_no_more",
    ),
    "these very terms": (
        Change(STOCK, "AND #on_sale = :yes AND #terms_version = :version", "AND #on_sale = :yes"),
        f"{ORDERING}::test_terms_that_change_during_the_order_are_not_sold_under",
    ),
    "these very terms, late": (
        Change(STOCK, '"#available >= :qty AND #terms_version = :version"', '"#available >= :qty"'),
        f"{ANSWERS}::test_a_cancelled_event_is_not_confirmed_over",
    ),
    "the limit of each person": (
        Change(REPOSITORY, "OR #held <= :room", "OR attribute_exists(#held)"),
        f"{ORDERING}::test_the_limit_counts_all_of_a_persons_bookings",
    ),
    "one booking per key": (
        Change(REPOSITORY, 'Put(TABLE, item, condition="attribute_not_exists(#pk)")', "Put(TABLE, item)"),
        f"{ORDERING}::test_the_same_key_and_body_give_the_same_booking",
    ),
    "the look before a refusal": (
        Change(SERVICE, "repository.find(claim.id) if claim.keyed else None", "None"),
        f"{ORDERING}::test_whoever_repeats_an_order_gets_its_answer_whatever_happened_since",
    ),
    "the same request": (
        Change(SERVICE, " or not claim.repeats(before.model_dump())", ""),
        f"{ORDERING}::test_the_same_key_with_another_body_is_refused",
    ),
    "one answer to each payment": (
        Change(REPOSITORY, '        also="attribute_not_exists(#payment_id)",\n', ""),
        f"{LIFECYCLE}::test_a_payment_is_answered_once_whatever_the_state_allows",
    ),
    "places go back": (
        Change(REPOSITORY, "[ended, back, *stock.give_back(booking.places())]", "[ended, back]"),
        f"{ANSWERS}::test_what_is_not_paid_gives_its_places_back_once",
    ),
    "the limit goes back": (
        Change(REPOSITORY, "[ended, back, *stock", "[ended, *stock"),
        f"{ANSWERS}::test_what_is_not_paid_gives_its_places_back_once",
    ),
    "no refusal while terms change": (
        Change(SERVICE, " or stock.stale(failure, terms, first=2)", ""),
        f"{ANSWERS}::test_a_late_payment_waits_while_the_terms_change",
    ),
    "the second look at what was overtaken": (
        Change(SERVICE, "booking = repository.existing(booking_id)  # the hold ended", "return  # the hold ended"),
        f"{ANSWERS}::test_a_hold_that_ends_while_it_is_paid_is_taken_once_more",
    ),
    "the deadline of the back-stop": (
        Change(SERVICE, "if booking.status is State.PENDING and clock.now() < due:", "if False:"),
        f"{ANSWERS}::test_the_back_stop_waits_for_payment_to_answer_first",
    ),
    "one's own only": (
        Change(REPOSITORY, " or booking.user_id != user_id", ""),
        f"{READING}::test_another_persons_booking_looks_like_none",
    ),
    "no sale after the end": (
        Change(ON_SALE, "or self.over(now) or", "or"),
        f"{ORDERING}::test_an_event_that_is_over_is_not_sold",
    ),
    "no late sale after the end": (
        Change(SERVICE, " or terms.over(clock.now())", ""),
        f"{ANSWERS}::test_a_late_payment_that_cannot_be_honoured_is_answered_with_failure[expired-event_over-sale_closed]",
    ),
    "the newest terms win": (
        Change(CATALOGUE, "OR #terms_version < :version", "OR #terms_version <> :version"),
        f"{TERMS}::test_in_any_order_the_newest_terms_win",
    ),
    "terms and shards together": (
        Change(CATALOGUE, "store.transact([copied, *(", "any(store.write(one) for one in [copied, *("),
        f"{TERMS}::test_a_copy_that_dies_at_any_of_its_writes_stops_no_sale[1]",
    ),
}


@pytest.mark.parametrize("guard", CONTROLS)
def test_without_its_guard_the_test_is_red(guard: str) -> None:
    change, node = CONTROLS[guard]

    failed, said = failures([node], change)

    assert failed == [node], said
