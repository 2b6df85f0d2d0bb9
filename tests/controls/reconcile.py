"""Each guard of the reconciler taken out in a copy of the sources: the test that stands for it goes red."""

from tests.support.mutation import Change

HOLES, SOUND = "tests/saga/test_reconcile_holes.py", "tests/saga/test_reconcile.py"
CORE, PAYMENT = "functions/reconcile/core", "functions/payment/core"
HEARS = f"{HOLES}::test_a_booking_that_never_heard_of_its_tickets_hears_all_of_it"
LOST = f"{SOUND}::test_whatever_is_lost_for_good_is_told_again_and_all_ends_as_it_must"

CONTROLS = {
    "what was given back is owed until it has arrived": (
        Change(
            "functions/booking/core/ending.py",
            'entry(BookingCancelled, reason="refunded")',
            'entry(BookingCancelled, reason="refunded", refund=0)',
        ),
        f"{HOLES}::test_what_the_organiser_gave_back_and_the_provider_could_not_deliver_goes_back_once_more",
    ),
    "the young are not judged": (
        Change(f"{CORE}/judging.py", "return any(clock.parse(one) > now - grace for one in moments)", "return False"),
        f"{HOLES}::test_what_is_young_is_not_judged",
    ),
    "what no message mends is for people": (
        Change(f"{CORE}/judging.py", "return said.startswith(_MENDED)", "return True"),
        f"{HOLES}::test_stock_that_is_not_conserved_is_told_to_people_and_left",
    ),
    "what does not mend is for people": (
        Change(f"{CORE}/mending.py", "if tries <= _TRIES else said", "if tries else said"),
        f"{HOLES}::test_what_mending_does_not_mend_is_told_to_people_after_three_rounds",
    ),
    "an operator's round begins with the first event": (
        Change(f"{CORE}/rounds.py", 'KEY | {"step": at["step"]}, False', "at, False"),
        f"{HOLES}::test_an_operator_s_round_is_whole_wherever_the_clock_s_own_has_come_to",
    ),
    "a round has all parts of the index": (
        Change(f"{CORE}/rounds.py", "ROLLS = 4  #", "ROLLS = 1  #"),
        f"{LOST}[BookingConfirmed]",
    ),
    "ids are the old ones": (
        Change(f"{CORE}/past.py", '"outbox_version": version,', '"outbox_version": version + 1,'),
        f"{SOUND}::test_what_is_told_again_has_the_id_and_the_words_that_it_had",
    ),
    "tellings before the last are rebuilt": (
        Change(f"{CORE}/past.py", "[one for one in found if one] + [dict", "[dict"),
        f"{LOST}[BookingOrdered]",
    ),
    "earlier pages are asked for": (
        Change(f"{PAYMENT}/asking.py", "for attempt in range(1, known):", "for attempt in range(1, 1):"),
        f"{HOLES}::test_money_of_a_page_that_was_over_is_found_too",
    ),
    "refunds are looked up": (
        Change(f"{PAYMENT}/asking.py", "for about in (_pages, _refunds)]", "for about in (_pages,)]"),
        f"{HOLES}::test_a_refund_that_counts_as_sent_and_was_not_is_noted_and_asked_for_again",
    ),
    "a booking hears again who came in": (
        Change(f"{CORE}/past.py", '    ("ticket",  "admit"):         TicketCheckedIn,\n', ""),
        f"{HEARS}[passed_on_and_called_off]",
    ),
    "a booking knows what its tickets are": (
        Change(f"{CORE}/invariants.py", "    Rule(uses_are_known, About.BOOKING),\n", ""),
        f"{HOLES}::test_a_booking_that_has_not_heard_who_came_in_hears_it",
    ),
    "whose a ticket was is known later": (
        Change("functions/ticket/core/transfers.py", '"from_user_id": old["user_id"], "issued_at"', '"issued_at"'),
        f"{HEARS}[passed_on_and_called_off]",
    ),
    "one booking stops nobody": (
        Change(f"{CORE}/run.py", "except BROKEN:", "except ZeroDivisionError:"),
        (
            f"{HOLES}::test_a_booking_that_cannot_be_read_is_for_people_and_stops_nobody",
            f"{HOLES}::test_an_event_that_is_gone_is_for_people_and_stops_nobody",
        ),
    ),
    "bookings are read by themselves where they cannot be together": (
        Change(f"{CORE}/rounds.py", "    with suppress(*BROKEN):\n        return", "    return"),
        f"{HOLES}::test_a_booking_that_cannot_be_read_is_for_people_and_stops_nobody",
    ),
    "nobody is waited for twice": (
        Change(f"{CORE}/run.py", "return self.vain[service] < VAIN and clock", "return clock"),
        f"{HOLES}::test_whoever_does_not_answer_keeps_a_run_waiting_no_longer",
    ),
    "one payment without an answer is not the provider": (
        Change(f"{CORE}/run.py", "VAIN = 3", "VAIN = 1"),
        f"{HOLES}::test_a_payment_that_is_not_answered_for_keeps_no_other_from_being_asked_for",
    ),
    "who is silent is one service": (
        Change(f"{CORE}/run.py", "self.vain[service] < VAIN", "max(self.vain.values(), default=0) < VAIN"),
        f"{HOLES}::test_a_provider_that_does_not_answer_keeps_nobody_from_being_mended",
    ),
    "asking ends in time": (
        Change(f"{CORE}/run.py", " and clock.now() < self.now + ASKING", ""),
        f"{HOLES}::test_what_takes_too_long_is_mended_in_another_round",
    ),
    "images go in parts": (
        Change(f"{CORE}/mending.py", "if part and size + more > _BYTES:", "if not part and size + more < 0:"),
        f"{HOLES}::test_what_is_told_again_goes_in_parts_that_one_call_takes",
    ),
    "who cannot be asked at the moment has not answered": (
        Change("layers/common/call.py", "except BotoCoreError as", "except ZeroDivisionError as"),
        "tests/component/test_common_call.py::test_a_callee_that_answers_too_late_is_a_failure_here",
    ),
    "refunds are looked up whatever is said of pages": (
        Change(f"{PAYMENT}/asking.py", "(Unreachable, Declined, ConditionFailed, NotNow)", "Unreachable"),
        f"{HOLES}::test_a_refund_is_looked_up_although_the_provider_knows_the_page_no_more",
    ),
    "late money is looked up": (
        Change(f"{CORE}/judging.py", '("PENDING", "FAILED", "CANCELLED")', '("PENDING",)'),
        f"{HOLES}::test_late_money_that_no_webhook_told_of_is_found_at_the_provider_and_buys_the_places",
    ),
}  # fmt: skip
