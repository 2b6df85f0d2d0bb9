"""Each guard of refunds and receipts taken out in a copy of the sources: the test that stands for it goes red."""

from tests.support.mutation import Change

CORE = "functions/payment/core"
AGAIN = "tests/component/test_payment_again.py"
REFUNDING, RECEIPTS = "tests/component/test_payment_refunding.py", "tests/component/test_payment_receipts.py"
FORGOTTEN = f"{REFUNDING}::test_a_message_that_comes_again_when_the_provider_has_forgotten_its_key_doubles_nothing"

FAULTS, DRAWN = "functions/sandbox/core/faults.py", "tests/component/test_sandbox_faults.py"

CONTROLS = {
    "what was drawn ends with the next request": (
        Change(FAULTS, 'if "asked" in planned or not planned:', "if not planned:"),
        f"{DRAWN}::test_what_was_drawn_for_a_session_ends_with_the_next_request",
    ),
    "what was chosen on the page stays": (
        Change(FAULTS, 'if "asked" in planned or not planned:', "if True:"),
        f"{DRAWN}::test_what_was_chosen_on_the_page_stays_whatever_is_asked_for_all",
    ),
    "no more than is left": (
        Change(f"{CORE}/granting.py", " or (wanted or 0) > payment.left:", ":"),
        f"{REFUNDING}::test_more_than_was_paid_is_refused_naming_what_is_left[5001]",
    ),
    "what waits is not left": (
        Change(f"{CORE}/model.py", "self.prices - self.refunded - asked", "self.prices - self.refunded"),
        f"{REFUNDING}::test_what_was_asked_for_before_is_no_longer_left_though_it_was_not_sent_yet",
    ),
    "the payment as it was decided upon": (
        Change(
            f"{CORE}/repository.py", '        also="#version = :seen",\n        values={"seen": payment.version},\n', ""
        ),
        f"{REFUNDING}::test_a_refund_that_another_overtakes_sees_what_it_left",
    ),
    "a second look at what was overtaken": (
        Change(f"{CORE}/repository.py", "_TRIES = 8", "_TRIES = 1"),
        f"{REFUNDING}::test_a_cancelling_that_a_refund_overtakes_gives_back_the_rest",
    ),
    "one refund per key": (
        Change(f"{CORE}/granting.py", "        if known:\n", "        if known and not key:\n"),
        f"{REFUNDING}::test_a_key_gives_back_once",
    ),
    "the same request": (
        Change(f"{CORE}/granting.py", "            claim.repeats(known.model_dump())\n", ""),
        f"{REFUNDING}::test_a_key_belongs_to_one_request[{{'amount': 999}}]",
    ),
    "only who organises it": (
        Change(f"{CORE}/access.py", 'caller.manages(event["organiser_id"])', '({"organiser", "admin"} & caller.roles)'),
        f"{REFUNDING}::test_only_the_organiser_of_the_event_gives_back[another organiser]",
    ),
    "the organiser of now": (
        Change(f"{CORE}/catalogue.py", "#event_version < :event_version", "#event_version <> :event_version"),
        f"{REFUNDING}::test_the_newest_terms_say_who_organises_in_any_order",
    ),
    "only what was received": (
        Change(f"{CORE}/granting.py", "    if payment.provider_payment is None:\n        raise NotRefundable\n", ""),
        f"{REFUNDING}::test_only_money_that_was_received_goes_back[open]",
    ),
    "an item that stays small": (
        Change(f"{CORE}/granting.py", "MOST = 50", "MOST = 51"),
        f"{REFUNDING}::test_a_payment_has_no_end_of_refunds",
    ),
    "one key at the provider": (
        Change(f"{CORE}/model.py", ":refund:{refund.id}", ":refund:{__import__('uuid').uuid4()}"),
        f"{REFUNDING}::test_an_outage_loses_no_refund_and_doubles_none",
    ),
    "a key that may be forgotten": (
        Change(f"{CORE}/refunds.py", "    return provider.current().has_refunded(money, key)\n", "    return False\n"),
        f"{FORGOTTEN}[its reply was lost]",
    ),
    "what booking has given back": (
        Change(f"{CORE}/refunds.py", "min(amount - given, payment.left)", "min(amount, payment.left)"),
        f"{REFUNDING}::test_a_cancelled_booking_gives_back_what_it_says_and_never_more_than_is_left[None-2500-after2]",
    ),
    "the buyer's page": (
        Change(f"{CORE}/access.py", '.model_copy(update={"checkout": None})', ""),
        f"{REFUNDING}::test_the_organiser_sees_the_payment_but_not_the_page_to_pay_on",
    ),
    "a look at the page": (
        Change(f"{CORE}/starting.py", "_looked_at(_due(user_id, request))", "_due(user_id, request)"),
        f"{AGAIN}::test_a_page_that_the_provider_has_ended_is_replaced_by_one_that_works[None]",
    ),
    "what was paid on it": (
        Change(f"{CORE}/starting.py", "        if ended and ended.money:\n", "        if ended and not ended:\n"),
        f"{AGAIN}::test_a_page_that_was_paid_and_nobody_told_us_is_not_paid_again",
    ),
    "a deadline that only moves on": (
        Change(f"{CORE}/service.py", " or until <= payment.pay_before", ""),
        f"{AGAIN}::test_a_deadline_never_moves_back",
    ),
    "no receipt before it is paid": (
        Change(
            f"{CORE}/receipt.py",
            "    raise NotPaid\n",
            "    payment = payment.model_copy(update={'paid_at': payment.created_at})\n",
        ),
        f"{RECEIPTS}::test_before_it_is_paid_there_is_none[open]",
    ),
    "a receipt for its own people": (
        Change(
            f"{CORE}/access.py",
            "    if not payment or not event or not caller",
            "    if not payment or not event or False and not caller",
        ),
        f"{RECEIPTS}::test_it_is_the_buyers_and_the_organisers_only",
    ),
    "only what was sent": (
        Change(f"{CORE}/receipt.py", " if one.status == SUCCEEDED)", " if one.ended_at)"),
        f"{RECEIPTS}::test_what_went_back_stands_on_it_and_what_did_not_does_not",
    ),
}
