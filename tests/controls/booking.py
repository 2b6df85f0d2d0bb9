"""Each guard of booking taken out in a copy of the sources: the test that stands for it goes red."""

from tests.support.mutation import Change

LIMITS = "functions/booking/core/limits.py"
STOCK, REPOSITORY = "functions/booking/core/stock.py", "functions/booking/core/repository.py"
ENDING, TALLY = "functions/booking/core/ending.py", "functions/booking/core/tally.py"
LISTS, CAPACITY = "layers/common/sifted.py", "functions/booking/core/capacity.py"
EXTENDING, SIZES = "tests/component/test_booking_extending.py", "tests/component/test_booking_capacity.py"
BACK, COUNTS = "tests/component/test_booking_giving_back.py", "tests/component/test_booking_tally.py"
LISTED = "tests/component/test_booking_lists.py"
SERVICE, CATALOGUE = "functions/booking/core/service.py", "functions/booking/core/catalogue.py"
ORDERING, ANSWERS = "tests/component/test_booking_ordering.py", "tests/component/test_booking_answers.py"
READING, LIFECYCLE = "tests/component/test_booking_reading.py", "tests/component/test_booking_lifecycle.py"
ON_SALE = "functions/booking/core/terms.py"
TERMS, ENDED = "tests/component/test_booking_catalogue.py", "tests/component/test_booking_cancellation.py"
USES, USED = "functions/booking/core/uses.py", "tests/component/test_booking_used.py"
OFF = "functions/booking/core/cancellation.py"

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
        Change(LIMITS, "OR #held <= :room", "OR attribute_exists(#held)"),
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
        Change(
            REPOSITORY,
            "[ended, limits.given_back(booking), *stock.give_back(booking.places()), *beside]",
            "[ended, limits.given_back(booking), *beside]",
        ),
        f"{ANSWERS}::test_what_is_not_paid_gives_its_places_back_once",
    ),
    "the limit goes back": (
        Change(REPOSITORY, "[ended, limits.given_back(booking), *stock", "[ended, *stock"),
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
        Change(ENDING, "if booking.status is State.PENDING and clock.now() < due:", "if False:"),
        f"{ANSWERS}::test_the_back_stop_waits_for_payment_to_answer_first",
    ),
    "one's own only": (
        Change(REPOSITORY, " or booking.user_id != user_id", ""),
        f"{READING}::test_another_persons_booking_looks_like_none",
    ),
    "no sale after the end": (
        Change(ON_SALE, "if not self.open or self.over(now):", "if not self.open:"),
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
        Change(
            CATALOGUE, "store.transact([copied, *opened, *shown])", "any(map(store.write, [copied, *opened, *shown]))"
        ),
        f"{TERMS}::test_a_copy_that_dies_at_any_of_its_writes_stops_no_sale[1]",
    ),
    "one extension": (
        Change(SERVICE, "    if booking.extended:\n", "    if False:\n"),
        f"{EXTENDING}::test_a_hold_is_extended_once",
    ),
    "one extension at once": (
        Change(REPOSITORY, '"#status = :pending AND #version = :seen"', '"attribute_exists(#pk)"'),
        f"{EXTENDING}::test_a_hold_that_is_paid_meanwhile_stays_as_it_is",
    ),
    "the caps of a hold": (
        Change("functions/booking/core/model.py", "terms.hold_seconds), *caps)", "terms.hold_seconds))"),
        f"{EXTENDING}::test_a_hold_at_its_longest_is_not_extended",
    ),
    "no extension of what is over": (
        Change(SERVICE, "clock.now() >= booking.pay_before", "False"),
        f"{EXTENDING}::test_a_hold_that_is_over_is_not_extended",
    ),
    "what is taken stays": (
        Change(STOCK, '"#capacity = :before AND #available >= :fewer"', '"#capacity = :before"'),
        f"{SIZES}::test_an_order_in_between_is_neither_lost_nor_oversold",
    ),
    "the capacity that was read": (
        Change(STOCK, '"#capacity = :before AND #available', '"#available'),
        f"{SIZES}::test_two_changes_at_once_end_with_the_later_number",
    ),
    "drafts of one's own only": (
        Change(
            "functions/events/core/event_types.py",
            "own = has and asked.organiser_id in",
            "own = has or asked.organiser_id in",
        ),
        "tests/component/test_booking_unsold_types.py::test_of_the_drafts_of_others_nobody_hears",
    ),
    "the organiser only": (
        Change(CATALOGUE, "if not caller.manages(found.organiser_id):", "if False:"),
        f"{SIZES}::test_only_the_events_organiser_may",
    ),
    "the booking as it was read": (
        Change(REPOSITORY, "OR #refunded = :back)", "OR #refunded >= :back)"),
        f"{BACK}::test_a_partial_refund_while_it_is_given_back_is_not_paid_twice",
    ),
    "the event's policy": (
        Change(
            ENDING,
            "    if refund is None:\n        raise",
            "    if refund is None:\n        refund = 0\n    if False:\n        raise",
        ),
        f"{BACK}::test_without_a_policy_a_paid_booking_stays",
    ),
    "a refund waits for its payment": (
        Change(ENDING, "        raise NotAnswered(booking.id)", "        pass"),
        f"{BACK}::test_a_refund_before_the_payment_was_heard_of_waits_for_it",
    ),
    "the highest sum": (
        Change(ENDING, "return max(booking.refunded, payment.refunded)", "return booking.refunded + payment.amount"),
        f"{BACK}::test_the_sum_that_went_back_is_shown",
    ),
    "what the cancellation owes": (
        Change(ENDING, ' if _called_off(booking) else ("sales",)', ""),
        f"{ENDED}::test_only_what_the_cancellation_owes_counts_as_gone_back_by_it",
    ),
    "counted once": (
        Change(TALLY, 'step = (one.status is State.CONFIRMED) - bool(marks.get(one.id, {}).get("sold"))', "step = 1"),
        f"{COUNTS}::test_messages_in_any_order_and_twice_count_once[0]",
    ),
    "no older state counted": (
        Change(
            TALLY,
            '"attribute_not_exists(#seen) OR #seen < :version"',
            '"attribute_not_exists(#seen) OR #seen <> :version"',
        ),
        f"{COUNTS}::test_who_read_an_older_state_does_not_count_it_afterwards",
    ),
    "only when the word changes": (
        Change(
            TALLY,
            "        if not changed:\n            return\n",
            "        if not changed:\n            changed = list(told.values())\n",
        ),
        f"{COUNTS}::test_a_word_is_told_when_it_changes_and_only_then",
    ),
    "another look after a word": (
        Change(
            TALLY,
            '            _say(item, due[item["pk"]])\n',
            '            _say(item, due[item["pk"]])\n        return\n',
        ),
        f"{COUNTS}::test_a_word_that_is_overtaken_while_it_is_said_is_put_right",
    ),
    "so many looks": (
        Change(LISTS, "for _ in range(_LOOKS):", "while True:"),
        f"{LISTED}::test_a_page_that_looks_at_too_many_is_short_and_goes_on",
    ),
    "the sale closes first": (
        Change(OFF, "    catalogue.learn(event)\n", ""),
        f"{ENDED}::test_the_sale_is_closed_before_the_first_booking_ends",
    ),
    "a later pass": (
        Change(OFF, """now["cancelled"] > now["before"] or begun["pass_at"] == begun["started_at"]:""", "False:"),
        f"{ENDED}::test_what_the_index_shows_only_later_is_found_by_a_later_pass",
    ),
    "each end is counted with it": (
        Change(OFF, ", beside=[counted])", ")"),
        f"{ENDED}::test_two_instances_at_once_end_each_booking_once",
    ),
    "what was paid meanwhile is owed": (
        Change(OFF, "if booking.status is State.CONFIRMED else 0", "if booking.payment_id is False else 0"),
        f"{ENDED}::test_a_booking_that_is_paid_while_it_ends_is_owed_its_money",
    ),
    "only what has places ends": (
        Change(OFF, "        if booking.status not in TAKING:\n            return\n", ""),
        f"{ENDED}::test_the_organiser_sees_how_far_it_is",
    ),
    "the newest sum": (
        Change(
            ENDING,
            "payment.refunded if payment.version > booking.refunded_as_of else booking.refunded",
            "payment.refunded",
        ),
        f"{BACK}::test_what_did_not_go_back_after_all_is_not_shown_in_whatever_order_it_is_heard[order5]",
    ),
    "what was admitted stays": (
        Change(USES, "    if used := inside(uses):\n", "    if used := inside({}):\n"),
        f"{USED}::test_an_admitted_ticket_is_not_given_back",
    ),
    "what is somebody else's stays": (
        Change(USES, "    if passed_on := others(uses):\n", "    if passed_on := others({}):\n"),
        f"{USED}::test_a_ticket_of_somebody_else_is_not_given_back",
    ),
    "the newest word of the door": (
        Change(USES, "    if known.version >= version:\n        return uses\n", ""),
        f"{USED}::test_in_whatever_order_and_how_often_the_words_come_the_newest_stands[order6]",
    ),
    "a ticket that was handed on is nobody's": (
        Change(USES, "away and not new.gone", "away"),
        f"{USED}::test_in_whatever_order_and_how_often_the_words_come_the_newest_stands[order1]",
    ),
    "no word overwrites another": (
        Change(REPOSITORY, "condition=_SAME_USES, values=values", 'values=values | {"uses": {}}'),
        f"{USED}::test_two_words_at_once_are_both_kept",
    ),
    "the tickets as they were read": (
        Change(REPOSITORY, " AND {_SAME_USES}", " AND (:uses = :uses)"),
        f"{USED}::test_a_ticket_that_is_admitted_while_it_is_given_back_stays",
    ),
    "its organiser alone sees the progress": (
        Change(
            "functions/booking/get_cancellation.py",
            "catalogue.organised(event_id, caller)",
            "catalogue.terms(event_id)",
        ),
        f"{ENDED}::test_an_event_that_is_not_cancelled_shows_nothing",
    ),
    "an extension whose reply was lost": (
        Change(REPOSITORY, "done = outbox.mine(failure)  # and", "done = None  # and"),
        f"{EXTENDING}::test_an_extension_whose_reply_was_lost_is_done",
    ),
}
